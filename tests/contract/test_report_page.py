"""A report's summary on a real WordPress: whole, once, and refused where the account may not."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup

from connectors.base import Order, RenderedPost
from connectors.errors import PerluOtorisasi, TidakPasti
from connectors.wordpress import WordPress, WordPressSettings
from connectors.wordpress_api import ContentKind
from monev.render.public import parts_of, public_page
from tests.contract.material import MemoryBlobs
from tests.support.wordpress import Account, WordPressServer
from tests.unit.monev_render import samples

pytestmark = pytest.mark.wordpress

BLOBS = MemoryBlobs()
# As a hosting company or a security plug-in sets it: nobody may write whatever HTML.
FILTERED = "define('DISALLOW_UNFILTERED_HTML', true);"
DIES_AFTER = """add_action('rest_after_insert_page', function ($page) {
    if ($page->post_status === 'publish') { http_response_code(500); exit; }
});"""


def connector(site: WordPressServer, account: Account, kind: ContentKind = "pages") -> WordPress:
    given = {
        "base_url": site.base_url,
        "username": account.username,
        "application_password": account.password,
    }
    settings = WordPressSettings.model_validate(given)
    return WordPress(settings, clock=lambda: datetime.now(UTC), kind=kind)


@pytest.fixture
def order() -> Order:
    """A summary as it is approved, with an address of its own."""
    data = public_page(samples.report(rehearsal=True))
    shown, reference = parts_of(data), uuid.uuid4().hex[:8]
    slug = f"laporan-monev-bulanan-2026-11-01-2026-11-30-{reference}"
    return Order(
        publication_id="",
        reference=f"laporan-{reference}",
        digest=hashlib.sha256(data).hexdigest(),
        post=RenderedPost("website", shown.title, "", html=shown.content, slug=slug),
        not_before=datetime.now(UTC),
    )


def live(site: WordPressServer, order: Order, kind: str = "pages") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.api(
        "GET", kind, params={"slug": order.post.slug, "context": "edit"}
    )
    return found


@pytest.fixture(params=["unfiltered", "filtered"])
def filtering(request: pytest.FixtureRequest, site: WordPressServer) -> Iterator[None]:
    if request.param == "unfiltered":
        yield
        return
    with site.plugin(FILTERED):
        yield


@pytest.mark.usefixtures("filtering")
def test_the_page_arrives_whole_with_its_tables_under_its_own_address(
    site: WordPressServer, order: Order
) -> None:
    pages = connector(site, site.editor)
    published = pages.publish(order, pages.prepare(order, BLOBS))
    assert published.url == f"{site.base_url}/{order.post.slug}/"
    (page,) = live(site, order)
    assert page["content"]["raw"].startswith(order.post.html)
    shown = BeautifulSoup(site.page(published.url).text, "html.parser")
    tables = shown.select("figure.wp-block-table table")
    assert len(tables) == 4
    heads = [cell.get_text() for cell in tables[0].select("th[scope=col]")]
    assert heads[:2] == ["Langkah", "Waktu tengah (baku)"]
    assert "96,3% (26 dari 27)" in tables[0].get_text(" ")
    assert "[GLADI] Ringkasan Monitoring" in shown.get_text(" ")
    # It is a page, not news.
    assert live(site, order, "posts") == []


def test_an_author_shows_it_as_an_article(site: WordPressServer, order: Order) -> None:
    articles = connector(site, site.author, "posts")
    published = articles.publish(order, articles.prepare(order, BLOBS))
    (article,) = live(site, order, "posts")
    assert article["content"]["raw"].startswith(order.post.html)
    assert "96,3% (26 dari 27)" in site.page(published.url).text


def test_an_author_may_make_no_page_and_is_told_which_role_may(
    site: WordPressServer, order: Order
) -> None:
    pages = connector(site, site.author)
    with pytest.raises(PerluOtorisasi) as caught:
        pages.prepare(order, BLOBS)
    assert "peran Editor (Penyunting)" in caught.value.action
    assert "Author" not in caught.value.action
    assert live(site, order) == []
    assert (pages.label, connector(site, site.author, "posts").label) == (
        "Halaman website",
        "Website",
    )
    health = pages.check()
    assert not health.ok
    assert "publish_pages" in health.sentence
    assert connector(site, site.editor).check().ok


def test_a_page_that_is_live_though_the_answer_was_500_is_found_and_not_made_twice(
    site: WordPressServer, order: Order
) -> None:
    pages = connector(site, site.editor)
    prepared = pages.prepare(order, BLOBS)
    with site.plugin(DIES_AFTER), pytest.raises(TidakPasti):
        pages.publish(order, prepared)
    found = pages.find(order, prepared, since=datetime.now(UTC))
    assert found is not None
    # Also by who knows nothing of the draft any more.
    again = pages.prepare(order, BLOBS)
    assert str(again.data["post_id"]) == found.remote_id
    assert len(live(site, order)) == 1


def test_preparing_twice_leaves_one_draft_and_a_lapsed_password_says_so(
    site: WordPressServer, order: Order
) -> None:
    account = site.new_password(site.editor)
    pages = connector(site, account)
    first, second = pages.prepare(order, BLOBS), pages.prepare(order, BLOBS)
    assert first.data["post_id"] == second.data["post_id"]
    assert pages.find(order, second, since=datetime.now(UTC)) is None
    wrong = connector(site, replace(account, password="salah salah salah salah"))
    for call in (
        lambda: wrong.find(order, second, since=datetime.now(UTC)),
        lambda: wrong.publish(order, second),
        lambda: wrong.prepare(order, BLOBS),
    ):
        with pytest.raises(PerluOtorisasi, match="sandi aplikasi"):
            call()
    assert live(site, order) == []
