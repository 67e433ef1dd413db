"""The article as it is approved: what stands in it, before any network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import RenderedMedia, RenderedPost
from connectors.wordpress_render import (
    differing_piece,
    findings,
    media_id_mark,
    media_mark,
    render_article,
    slug_of,
    upload_name,
    with_media,
)
from sop.manuscript import Manuscript, Media
from tests.contract.material import MemoryBlobs, media, picture, release

SHA = "ab" * 32
TEXT_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "blockquote"),
    *("ul", "ol", "li", "code", "pre", "a", "figure", "table", "thead", "tbody", "tr", "th", "td"),
}


def article(manuscript: Manuscript, blobs: MemoryBlobs, *, in_body: bool = False) -> RenderedPost:
    return render_article(
        manuscript,
        blobs,
        reference="a1b2c3d4",
        default_category="Berita",
        featured_in_body=in_body,
    )


def test_a_picture_in_the_text_becomes_a_figure_with_alt_and_mark() -> None:
    blobs = MemoryBlobs()
    post = article(release(blobs, "uji"), blobs)
    (image,) = BeautifulSoup(post.html, "html.parser").select("figure > img")
    assert image["src"] == media_mark(post.media[1].sha256)
    assert image["alt"] == post.media[1].alt


def test_the_first_picture_is_featured_and_its_maker_is_named() -> None:
    blobs = MemoryBlobs()
    post = article(release(blobs, "uji"), blobs)
    assert media_mark(post.media[0].sha256) not in post.html
    assert "Foto utama: Humas" in post.html
    shown = article(release(blobs, "uji"), blobs, in_body=True)
    assert media_mark(shown.media[0].sha256) in shown.html
    assert "<figcaption>Foto: Humas</figcaption>" in shown.html


def test_pictures_that_the_text_does_not_show_stand_at_its_end() -> None:
    blobs = MemoryBlobs()
    extra = media(blobs, "foto 3 (akhir).jpg", picture("tiga"), "Kapal ketiga", "Balai")
    manuscript = release(blobs, "uji")
    post = article(replace(manuscript, media=(*manuscript.media, extra)), blobs)
    last = BeautifulSoup(post.html, "html.parser").select("figure.wp-block-image")[-1]
    assert last.img is not None
    assert last.img["alt"] == "Kapal ketiga"
    assert last.figcaption is not None
    assert last.figcaption.text == "Foto: Balai"


def test_a_file_name_with_blanks_is_found_from_the_text() -> None:
    blobs = MemoryBlobs()
    photo = media(blobs, "foto kapal besar.jpg", picture("a"), "Kapal")
    for address in ("media:foto%20kapal%20besar.jpg", "<media:foto kapal besar.jpg>"):
        post = article(
            Manuscript("Judul", "Teras", f'![x]({address} "Di dermaga")', media=(photo,)), blobs
        )
        assert media_mark(post.media[0].sha256) in post.html
        assert "<figcaption>Di dermaga</figcaption>" in post.html


def test_a_video_is_shown_with_its_description_and_its_bytes_untouched() -> None:
    blobs = MemoryBlobs()
    data = b"\0\0\0\x18ftypmp42" + b"x" * 100
    video = Media(
        "liputan.mp4", blobs.put(data), blobs.put(data), "video/mp4", len(data), "Kapal sandar"
    )
    post = article(Manuscript("Judul", "Teras", "Isi", media=(video,)), blobs)
    assert blobs.get(post.media[0].sha256) == data
    assert f'src="{media_mark(post.media[0].sha256)}"' in post.html
    assert 'aria-label="Kapal sandar"' in post.html


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_a_slug_is_safe_bounded_and_ends_with_the_reference(title: str) -> None:
    slug = slug_of(title, "a1b2c3d4")
    assert slug.endswith("-a1b2c3d4")
    assert len(slug) <= 100
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not slug.startswith("-")


@given(name=st.text(max_size=80), mime=st.sampled_from(["image/jpeg", "image/png", "video/mp4"]))
@settings(max_examples=60, deadline=None)
def test_an_upload_name_is_safe_in_a_header_whatever_the_file_was_called(
    name: str, mime: str
) -> None:
    made = upload_name("a1b2c3d4", RenderedMedia(SHA, name, mime, 1, "alt"))
    assert made.isascii()
    assert not set(made) & set('"\\/\r\n; ')
    assert "a1b2c3d4-" + SHA[:12] in made


@given(title=st.text(max_size=60), lead=st.text(max_size=200), body=st.text(max_size=400))
@settings(max_examples=60, deadline=None)
def test_no_text_makes_anything_but_text(title: str, lead: str, body: str) -> None:
    post = article(Manuscript(title, lead, body), MemoryBlobs())
    soup = BeautifulSoup(post.html, "html.parser")
    assert {tag.name for tag in soup.find_all()} <= TEXT_TAGS
    assert "<!--" not in post.html


def test_marks_are_filled_and_a_missing_upload_is_an_error() -> None:
    html = f'<img class="wp-image-{media_id_mark(SHA)}" src="{media_mark(SHA)}"/>'
    filled = with_media(html, {SHA: 'https://x.test/a.jpg?b=1&c="2"'}, {SHA: 7})
    assert filled == '<img class="wp-image-7" src="https://x.test/a.jpg?b=1&amp;c=&quot;2&quot;"/>'
    with pytest.raises(KeyError):
        with_media(html, {}, {})


def test_every_finding_says_where_and_what_to_do() -> None:
    good = RenderedMedia(SHA, "foto.jpg", "image/jpeg", 10, "Kapal")
    post = RenderedPost("website", "Judul", "Isi", html="<p>Isi</p>", media=(good,))
    cases = {
        "judul": replace(post, title=""),
        "judul-panjang": replace(post, title="x" * 201),
        "isi": replace(post, text=""),
        "gambar": replace(post, html=media_mark("cd" * 32)),
        "jenis": replace(post, media=(replace(good, mime="image/tiff"),)),
        "ukuran": replace(post, media=(replace(good, size=5_000_000),)),
        "alt": replace(post, media=(replace(good, alt=" "),)),
        "alt-persen": replace(post, media=(replace(good, alt="naik 50%ab"),)),
    }
    assert findings(post, max_upload_bytes=4_000_000) == []
    for code, wrong in cases.items():
        (found,) = findings(wrong, max_upload_bytes=4_000_000)
        assert (found.code, found.blocking) == (code, True)
        assert found.place
        assert len(found.sentence) > 20


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("<p>a &amp; b</p>", "<p>a &#38; b</p>"),
        ('<a href="x" rel="noopener">y</a>', '<a rel="noopener nofollow" href="x">y</a>'),
        ('<td style="text-align:left">1</td>', '<td style="text-align: left;">1</td>'),
        ("<p>a</p>\n<p>b</p>", "<p>a</p>\r\n\r\n<p>b</p>"),
    ],
)
def test_another_spelling_of_the_same_html_is_no_difference(sent: str, got: str) -> None:
    assert differing_piece(sent, got) == ""


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("<p>a</p>", "<p>b</p>"),
        ("<p>a</p>", ""),
        ("<p>a</p>", "<p>a</p><p>iklan</p>"),
        ('<img src="1" alt="kapal">', '<img src="1" alt="">'),
        ("<p>a</p><!-- siar:x:y -->", "<p>a</p>"),
        ("<h2>a</h2>", "<p>a</p>"),
    ],
)
def test_a_change_of_content_is_named(sent: str, got: str) -> None:
    assert differing_piece(sent, got)


def test_a_mark_or_token_that_someone_typed_stays_text() -> None:
    blobs = MemoryBlobs()
    photo = media(blobs, "foto.jpg", picture("a"), "Kapal")
    sha256 = article(Manuscript("J", "T", "I", media=(photo,)), blobs).media[0].sha256
    typed = f'{media_mark(sha256)} x src="siar-media-{sha256}" {media_mark("0" * 64)}'
    post = article(Manuscript("J", typed, typed, media=(photo,)), blobs, in_body=True)
    assert post.html.count(media_mark(sha256)) == 1
    assert findings(post, max_upload_bytes=9_000_000) == []
    shown = BeautifulSoup(with_media(post.html, {sha256: "/a.jpg"}, {sha256: 1}), "html.parser")
    assert shown.p is not None
    assert shown.p.text == typed
