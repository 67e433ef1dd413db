"""The Facebook page: one call shows everything, and a post is found by reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import LINK_MARK, Prepared
from connectors.errors import ChannelError, Ditolak, Sementara, TidakPasti
from connectors.facebook_page import FacebookPage, FacebookPageSettings
from ledger.blobs import FileBlobStore
from tests.support.loopback import Loopback, Reply
from tests.unit.social.conftest import NOW, OrderMaker, manuscript, rendered

PAGE = "/v26.0/555"
FEED = f"POST {PAGE}/feed"
PHOTOS = f"POST {PAGE}/photos"
POSTS = f"GET {PAGE}/published_posts"
EMPTY = Prepared({"photos": []})


@pytest.fixture
def page(server: Loopback) -> Callable[..., FacebookPage]:
    def made(**changed: Any) -> FacebookPage:
        given: dict[str, Any] = {
            "page_id": "555",
            "page_access_token": "EAAGrahasia",
            "page_url": "https://facebook.example/bkk",
            "host": server.url,
            "read_timeout": 0.3,
        }
        return FacebookPage(FacebookPageSettings(**{**given, **changed}), clock=lambda: NOW)

    return made


Maker = Callable[..., FacebookPage]


def refusal(call: Callable[[], object]) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        call()
    return caught.value


def test_photos_go_up_unpublished_with_alternative_texts_and_nothing_is_shown(
    page: Maker, server: Loopback, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    server.answer(PHOTOS, Reply(200, {"id": "11"}), Reply(200, {"id": "12"}))
    media = (rendered(blobs, "a.jpg", "Satu"), rendered(blobs, "b.jpg", "Dua"))
    prepared = page().prepare(order_of("facebook", media=media), blobs)
    assert prepared.data["photos"] == ["11", "12"]
    first = server.calls(PHOTOS)[0].body
    assert blobs.get(media[0].sha256) in first
    assert b'name="published"\r\n\r\nfalse' in first
    assert b'name="alt_text_custom"\r\n\r\nSatu' in first
    assert server.calls(FEED) == []


def test_one_call_shows_text_and_photos_together(
    page: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(FEED, Reply(200, {"id": "555_9"}))
    seen = {"permalink_url": "https://f.example/9", "created_time": "2026-11-23T06:00:01+0000"}
    server.answer("GET /v26.0/555_9", Reply(200, seen))
    order = order_of("facebook", f"Halo\n\nSelengkapnya: {LINK_MARK}")
    published = page().publish(order, Prepared({"photos": ["11", "12"]}))
    form = server.calls(FEED)[0].form
    assert form["message"] == f"Halo\n\nSelengkapnya: {order.link}"
    assert json.loads(form["attached_media"]) == [{"media_fbid": "11"}, {"media_fbid": "12"}]
    assert "link" not in form
    assert published.url == "https://f.example/9"
    assert published.published_at == datetime(2026, 11, 23, 6, 0, 1, tzinfo=UTC)


def test_a_post_without_photos_shows_the_articles_card(
    page: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(FEED, Reply(200, {"id": "555_9"}))
    order = order_of("facebook", "Halo")
    page().publish(order, EMPTY)
    page(link=False).publish(order, EMPTY)
    with_link, without = (asked.form for asked in server.calls(FEED))
    assert with_link["link"] == order.link
    assert "link" not in without


@pytest.mark.parametrize("reply", [Reply(500, {}), Reply(silent=True), Reply(404, {})])
def test_a_live_post_stays_live_when_its_address_cannot_be_read(
    reply: Reply, page: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(FEED, Reply(200, {"id": "555_9"}))
    server.answer("GET /v26.0/555_9", reply)
    published = page().publish(order_of("facebook"), EMPTY)
    assert published.url == "https://facebook.example/bkk/posts/9"
    assert published.published_at == NOW
    assert len(server.calls(FEED)) == 1


def test_a_success_without_a_number_is_unknown(
    page: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(FEED, Reply(200, {}))
    assert type(refusal(lambda: page().publish(order_of("facebook"), EMPTY))) is TidakPasti


def test_photos_of_yesterday_are_uploaded_again(
    page: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    old = Prepared({"photos": ["1"], "expires_at": (NOW - timedelta(hours=1)).isoformat()})
    assert type(refusal(lambda: page().publish(order_of("facebook"), old))) is Sementara
    assert server.asked == []


def post(number: str, message: str, seconds: int, *photos: str) -> dict[str, Any]:
    moment = NOW + timedelta(seconds=seconds)
    targets = [{"target": {"id": photo}} for photo in photos]
    return {
        "id": f"555_{number}",
        "message": message,
        "created_time": f"{moment:%Y-%m-%dT%H:%M:%S}+0000",
        "permalink_url": f"https://f.example/{number}",
        "attachments": {"data": [{"subattachments": {"data": targets}}]},
    }


def test_the_post_with_our_photos_is_found_before_an_older_one_with_the_same_words(
    page: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    listed = [
        post("4", "Lain", 9),
        post("3", "Kapal  diperiksa.\n", 8, "11"),
        post("2", "Kapal diperiksa.", 5, "99"),
        post("1", "Kapal diperiksa.", -600, "11"),
    ]
    server.answer(POSTS, Reply(200, {"data": listed}))
    order = order_of("facebook", "Kapal diperiksa.")
    found = page().find(order, Prepared({"photos": ["11"]}), since=NOW)
    assert found is not None
    assert (found.remote_id, found.url) == ("555_3", "https://f.example/3")
    again = page().find(order, Prepared({"photos": ["77"]}), since=NOW)
    assert again is not None
    assert again.remote_id == "555_2"
    assert server.asked[0].query["since"] == str(int(NOW.timestamp()) - 120)


@pytest.mark.parametrize("reply", [Reply(500, {}), Reply(200, {}), Reply(200, {"data": None})])
def test_a_list_that_cannot_be_read_never_reads_as_absent(
    reply: Reply, page: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(POSTS, reply)
    call = refusal(lambda: page().find(order_of("facebook"), EMPTY, since=NOW))
    assert type(call) is Sementara


def test_an_older_post_with_the_same_words_is_not_ours(
    page: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(POSTS, Reply(200, {"data": [post("1", "Kapal diperiksa.", -600)]}))
    assert page().find(order_of("facebook", "Kapal diperiksa."), EMPTY, since=NOW) is None


GONE = Reply(400, {"error": {"message": "x", "code": 100, "error_subcode": 33}})


def test_a_deleted_post_is_missing_and_may_be_withdrawn_again(
    page: Maker, server: Loopback
) -> None:
    server.answer(f"GET {PAGE}", Reply(200, {"id": "555"}))
    server.answer("GET /v26.0/555_9", GONE)
    server.answer("DELETE /v26.0/555_9", Reply(200, {"success": True}), GONE)
    assert page().status("555_9").state == "missing"
    page().withdraw("555_9")
    page().withdraw("555_9")


def test_a_post_that_is_not_published_is_a_draft(page: Maker, server: Loopback) -> None:
    server.answer("GET /v26.0/555_9", Reply(200, {"id": "555_9", "is_published": False}))
    assert page().status("555_9").state == "draft"


def test_reactions_are_counted_by_kind_and_together(page: Maker, server: Loopback) -> None:
    data = [
        {"name": "post_clicks", "values": [{"value": 3}]},
        {"name": "post_reactions_by_type_total", "values": [{"value": {"like": 5, "love": 2}}]},
    ]
    server.answer("GET /v26.0/555_9/insights", Reply(200, {"data": data}))
    assert page().metrics("555_9") == {
        "post_clicks": 3,
        "post_reactions_total": 7,
        "post_reactions_like": 5,
        "post_reactions_love": 2,
    }


def test_a_rendered_post_passes_its_own_checks(page: Maker, blobs: FileBlobStore) -> None:
    made = page().render(manuscript(blobs, pictures=2), blobs, reference="a1b2c3d4")
    assert made.text == (
        "Petugas memeriksa 12 kapal & awaknya pada Senin pagi.\n\n"
        f"#KarantinaKesehatan #Palembang\n\nSelengkapnya: {LINK_MARK}"
    )
    assert page().validate(made) == []


def test_a_missing_alternative_text_blocks(
    page: Maker, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    found = page().validate(order_of("facebook", media=(rendered(blobs, alt=" "),)).post)
    assert [(finding.code, finding.blocking) for finding in found] == [("alt-kosong", True)]


def test_a_link_that_makes_the_text_too_long_is_refused_before_sending(
    page: Maker, server: Loopback, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    order = order_of("facebook", "a" * 63_000 + LINK_MARK, link="https://a.example/" + "b" * 300)
    assert type(refusal(lambda: page().prepare(order, blobs))) is Ditolak
    assert server.asked == []
