"""The website against a real WordPress: the contract, the article, and sameness."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup

from connectors.base import Order
from connectors.errors import Ditolak
from sop.manuscript import Manuscript, Media
from tests.contract.material import release
from tests.contract.suite import ConnectorContract, order_for, publish
from tests.contract.wordpress_harness import WordPressHarness, states, stored
from tests.support.wordpress import WordPressServer

pytestmark = pytest.mark.wordpress


@pytest.fixture
def harness(site: WordPressServer) -> WordPressHarness:
    return WordPressHarness(site)


class TestRealWordPress(ConnectorContract):
    pass


@pytest.fixture
def manuscript(harness: WordPressHarness) -> Manuscript:
    return release(harness.blobs, "khusus")


@pytest.fixture
def order(harness: WordPressHarness, manuscript: Manuscript) -> Order:
    return order_for(harness, harness.connector(), manuscript)


# --- the article as readers see it --------------------------------------------


def test_an_article_arrives_whole(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    published = publish(harness, harness.connector(), order)
    post = stored(site, published.remote_id)
    assert published.url == f"{site.base_url}/{order.post.slug}/"
    assert order.reference in order.post.slug
    assert html.unescape(post["title"]["raw"]) == order.post.title
    assert html.unescape(post["excerpt"]["raw"]) == order.post.excerpt
    names = {
        kind: {
            html.unescape(term["name"])
            for term in site.api("GET", kind, params={"post": published.remote_id})
        }
        for kind in ("tags", "categories")
    }
    assert names == {"tags": {"Kekarantinaan", "Kapal & Awak"}, "categories": {"Berita"}}
    featured = site.api("GET", f"media/{post['featured_media']}", params={"context": "edit"})
    assert html.unescape(featured["alt_text"]) == order.post.media[0].alt
    assert featured["post"] == post["id"]
    page = BeautifulSoup(site.page(published.url).text, "html.parser")
    article = page.select_one(".entry-content")
    assert article is not None
    assert [cell.text for cell in article.select("td")] == [
        "Contoh Satu",
        "20",
        "Contoh Dua",
        "21",
    ]
    assert article.select_one("strong") is not None
    assert article.select_one("a[href='https://example.test/kapal?a=1&b=2']") is not None
    (picture,) = article.select("figure img")
    assert picture["alt"] == order.post.media[1].alt
    assert "😷" in article.text
    assert "{{" not in str(page)


def test_each_public_file_has_exactly_the_approved_bytes(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    published = publish(harness, harness.connector(), order)
    assert set(published.media_urls) == {item.sha256 for item in order.post.media}
    for sha256, url in published.media_urls.items():
        answer = site.page(url)
        assert answer.content == harness.blobs.get(sha256)
        assert answer.headers["Content-Type"].startswith("image/jpeg")


def test_media_of_other_channels_are_made_public_with_their_alt_text(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    square = replace(
        order.post.media[0], sha256=harness.blobs.put(harness.blobs.get(order.post.media[0].sha256))
    )
    other = harness.connector().render(
        release(harness.blobs, "instagram"), harness.blobs, reference="lain"
    )
    hosted = (*other.media, square)
    published = publish(harness, harness.connector(), replace(order, hosted=hosted))
    for item in other.media:
        assert site.page(published.media_urls[item.sha256]).content == harness.blobs.get(
            item.sha256
        )
    alts = {
        html.unescape(item["alt_text"]) for item in site.media() if order.reference in item["slug"]
    }
    assert alts == {item.alt for item in hosted}


def test_a_video_is_uploaded_and_shown_with_its_description(
    site: WordPressServer, harness: WordPressHarness
) -> None:
    data = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0\0\0\x08free" + b"\0" * 64
    sha256 = harness.blobs.put(data)
    video = Media("liputan.mp4", sha256, sha256, "video/mp4", len(data), "Kapal & petugas")
    manuscript = release(harness.blobs, "video")
    manuscript = replace(manuscript, media=(*manuscript.media, video))
    order = order_for(harness, harness.connector(), manuscript)
    published = publish(harness, harness.connector(), order)
    shown = BeautifulSoup(site.page(published.url).text, "html.parser").select_one("video")
    assert shown is not None
    assert shown["aria-label"] == "Kapal & petugas"
    assert site.page(str(shown["src"])).content == data


def test_text_that_looks_like_html_is_shown_and_never_carried_out(
    site: WordPressServer, harness: WordPressHarness
) -> None:
    harness = WordPressHarness(site, account=site.admin)  # may write any HTML: the worst case
    evil = "<script>alert(1)</script>"
    manuscript = release(harness.blobs, "skrip")
    alt = f"Kapal <b>besar</b> & {evil}"
    manuscript = replace(
        manuscript,
        media=(replace(manuscript.media[0], alt=alt),),
        title=f"Awas {evil} & <b>tebal</b>",
        lead=f"Teras {evil} **kuat**",
        body=f"{evil}\n\n<img src=x onerror=alert(1)>\n\n[klik](javascript:alert(1))",
        tags=("a <i>b</i>",),
    )
    order = order_for(harness, harness.connector(), manuscript)
    published = publish(harness, harness.connector(), order)
    page = BeautifulSoup(site.page(published.url).text, "html.parser")
    assert not [tag for tag in page.find_all("script") if "alert(1)" in tag.text]
    assert not page.select("[onerror], a[href^='javascript']")
    heading = page.select_one("h1")
    assert heading is not None
    assert evil in heading.text
    featured = page.select_one("figure.wp-block-post-featured-image img")
    assert featured is not None
    assert featured["alt"] == alt
    post = stored(site, published.remote_id)
    assert "<script" not in post["title"]["raw"] + post["excerpt"]["raw"] + post["content"]["raw"]


def test_a_shortcode_in_the_text_is_shown_and_never_carried_out(
    site: WordPressServer, harness: WordPressHarness
) -> None:
    manuscript = release(harness.blobs, "pintas")
    photo = replace(manuscript.media[1], alt="Kapal [rahasia]")
    manuscript = replace(
        manuscript,
        title="Judul [rahasia]",
        lead="Teras [rahasia] dan [gallery]",
        body="Isi [rahasia]\n\n![](media:foto-2.jpg)\n\n[caption]a[/caption]",
        media=(manuscript.media[0], photo),
    )
    with site.plugin("add_shortcode('rahasia', function () { return 'BOCOR'; });"):
        published = publish(
            harness, harness.connector(), order_for(harness, harness.connector(), manuscript)
        )
        page = site.page(published.url).text
    assert "BOCOR" not in page
    text = BeautifulSoup(page, "html.parser").get_text(" ")
    for shown in ("Teras [rahasia] dan [gallery]", "Isi [rahasia]", "[caption]a[/caption]"):
        assert shown in text
    assert 'alt="Kapal &#' in page


EVERY_KIND_OF_TEXT = """\
Baris satu\\
baris dua, ~~salah~~ `kode <b>` dan *miring **tebal** lagi*.

3. tiga
4. empat
   - anak
     - cucu

> Kutipan “petugas” & lainnya

---

| Kiri | Tengah | Kanan |
|:-----|:------:|------:|
| a\\|b | 1 < 2  | &copy; |

```python
if a < b and c > d:
    print("{{x}} [y]")
```

### Anak judul

https://example.test/tautan?x=1&y=2 dan humas@example.test — 30 °C, ½, “…”, 'a'
"""


def test_every_kind_of_text_arrives_unchanged_from_an_author(
    harness: WordPressHarness,
) -> None:
    manuscript = replace(release(harness.blobs, "ragam"), body=EVERY_KIND_OF_TEXT)
    order = order_for(harness, harness.connector(), manuscript)
    assert publish(harness, harness.connector(), order).url


def test_a_very_long_article_arrives_whole(
    site: WordPressServer, harness: WordPressHarness
) -> None:
    body = "\n\n".join(f"Alinea {n} tentang **kapal** dan awaknya. " * 8 for n in range(300))
    manuscript = replace(release(harness.blobs, "panjang"), body=body[:100_000])
    order = order_for(harness, harness.connector(), manuscript)
    published = publish(harness, harness.connector(), order)
    assert "Alinea 200" in site.page(published.url).text


@pytest.mark.parametrize(
    "title",
    [
        "😷😷😷",
        "مرحبا بالعالم",
        "x" * 200,
        'Kutip "ganda" dan \\garis\\ miring',
        "100% aman %20 ya",
    ],
)
def test_unusual_titles_arrive_as_they_were_approved(
    site: WordPressServer, harness: WordPressHarness, title: str
) -> None:
    manuscript = replace(release(harness.blobs, "judul"), title=title, media=(), body="Isi.")
    order = order_for(harness, harness.connector(), manuscript)
    published = publish(harness, harness.connector(), order)
    assert html.unescape(stored(site, published.remote_id)["title"]["raw"]) == title
    assert site.page(published.url).status_code == 200


# --- sameness -----------------------------------------------------------------


def test_publishing_the_same_draft_again_shows_no_second_article(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    prepared = connector.prepare(order, harness.blobs)
    first = connector.publish(order, prepared)
    again = connector.publish(order, connector.prepare(order, harness.blobs))
    assert (first.remote_id, first.url, first.media_urls) == (
        again.remote_id,
        again.url,
        again.media_urls,
    )
    assert states(site, order) == ["publish"]


def test_an_article_that_is_live_from_another_approval_is_not_touched(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    published = publish(harness, connector, order)
    before = stored(site, published.remote_id)
    with pytest.raises(Ditolak, match="ralat"):
        connector.prepare(replace(order, digest="f" * 64), harness.blobs)
    assert stored(site, published.remote_id) == before


def test_a_draft_that_someone_threw_away_is_taken_up_again(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    first = connector.prepare(order, harness.blobs)
    site.api("DELETE", f"posts/{first.data['post_id']}")
    second = connector.prepare(order, harness.blobs)
    assert second.data["post_id"] == first.data["post_id"]
    assert connector.publish(order, second).url.endswith(f"/{order.post.slug}/")
    assert states(site, order) == ["publish"]


def test_what_someone_wrote_into_the_draft_does_not_go_out(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    prepared = connector.prepare(order, harness.blobs)
    site.api(
        "POST",
        f"posts/{prepared.data['post_id']}",
        json={"title": "Judul liar", "content": "Isi liar", "slug": "alamat-liar"},
    )
    published = connector.publish(order, prepared)
    post = stored(site, published.remote_id)
    assert "liar" not in post["title"]["raw"] + post["content"]["raw"] + post["slug"]


def test_a_live_article_is_found_when_its_address_was_changed_by_hand(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    prepared = connector.prepare(order, harness.blobs)
    published = connector.publish(order, prepared)
    site.api("POST", f"posts/{published.remote_id}", json={"slug": "alamat-baru"})
    nothing_known = replace(prepared, data={})
    found = connector.find(order, nothing_known, since=datetime.now(UTC))
    assert found is not None
    assert found.url == f"{site.base_url}/alamat-baru/"


def test_a_live_article_is_found_when_it_was_given_to_another_account(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    prepared = connector.prepare(order, harness.blobs)
    published = connector.publish(order, prepared)
    site.api("POST", f"posts/{published.remote_id}", json={"author": site.admin.id})
    found = connector.find(order, replace(prepared, data={}), since=datetime.now(UTC))
    assert found is not None
    assert found.remote_id == published.remote_id
