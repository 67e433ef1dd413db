"""Instagram: containers first, one publishing call, and what the container's state tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Order, Prepared
from connectors.errors import ChannelError, Dibatasi, Ditolak, Sementara, TidakPasti
from connectors.instagram import POLLS, Instagram, InstagramSettings
from ledger.blobs import FileBlobStore
from sop.manuscript import Manuscript
from tests.support.loopback import Loopback, Reply
from tests.unit.social.conftest import NOW, OrderMaker, manuscript, picture, rendered

USER = "/v26.0/178"
CREATE = f"POST {USER}/media"
PUBLISH = f"POST {USER}/media_publish"
LISTED = f"GET {USER}/media"
QUOTA = f"GET {USER}/content_publishing_limit"
STATE = "GET /v26.0/c1"
LATER = (NOW + timedelta(hours=1)).isoformat()
READY = Prepared({"container": "c1", "children": [], "expires_at": LATER})
GONE = Reply(400, {"error": {"message": "x", "code": 100, "error_subcode": 33}})

Maker = Callable[..., Instagram]


def state(code: str) -> Reply:
    return Reply(200, {"id": "c1", "status_code": code, "status": f"{code}: keterangan"})


def quota(used: int) -> Reply:
    return Reply(200, {"data": [{"quota_usage": used, "config": {"quota_total": 100}}]})


def refusal(call: Callable[[], object]) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        call()
    return caught.value


@pytest.fixture
def account(server: Loopback, naps: list[float]) -> Maker:
    server.answer(QUOTA, quota(1))
    server.answer(f"GET {USER}", Reply(200, {"id": "178", "username": "bkk"}))

    def made(**changed: Any) -> Instagram:
        given: dict[str, Any] = {
            "ig_user_id": "178",
            "access_token": "EAAGrahasia",
            "host": server.url,
            "read_timeout": 0.3,
        }
        settings = InstagramSettings(**{**given, **changed})
        return Instagram(settings, clock=lambda: NOW, sleep=naps.append)

    return made


@pytest.fixture
def order(order_of: OrderMaker, blobs: FileBlobStore) -> Order:
    return order_of("instagram", "Kapal diperiksa.", (rendered(blobs, "a.jpg", "Satu"),))


def test_one_picture_becomes_one_container_that_is_polled_until_it_is_finished(
    account: Maker, server: Loopback, order: Order, blobs: FileBlobStore, naps: list[float]
) -> None:
    server.answer(CREATE, Reply(200, {"id": "c1"}))
    server.answer(STATE, state("IN_PROGRESS"), state("IN_PROGRESS"), state("FINISHED"))
    prepared = account().prepare(order, blobs)
    assert prepared.data["container"] == "c1"
    assert prepared.data["expires_at"] == (NOW + timedelta(hours=23)).isoformat()
    assert server.calls(CREATE)[0].form == {
        "image_url": "https://situs.example/a.jpg",
        "alt_text": "Satu",
        "caption": "Kapal diperiksa.",
    }
    assert naps == [0.5, 1.0]
    assert server.calls(PUBLISH) == []


def test_several_pictures_become_children_of_a_carousel(
    account: Maker, server: Loopback, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    server.answer(CREATE, *(Reply(200, {"id": name}) for name in ("k1", "k2", "c1")))
    server.answer("GET /v26.0/k1", state("IN_PROGRESS"), state("FINISHED"))
    for name in ("k2", "c1"):
        server.answer(f"GET /v26.0/{name}", state("FINISHED"))
    media = (rendered(blobs, "a.jpg", "Satu"), rendered(blobs, "b.jpg", "Dua"))
    prepared = account().prepare(order_of("instagram", "Teks", media), blobs)
    assert prepared.data["children"] == ["k1", "k2"]
    first, second, parent = (asked.form for asked in server.calls(CREATE))
    assert first["is_carousel_item"] == second["is_carousel_item"] == "true"
    assert "caption" not in first
    assert (second["alt_text"], second["image_url"]) == ("Dua", "https://situs.example/b.jpg")
    assert parent == {"media_type": "CAROUSEL", "children": "k1,k2", "caption": "Teks"}
    # The carousel is made of children that are ready.
    asked = [f"{each.method} {each.path}" for each in server.asked]
    assert asked[-5:] == [
        "GET /v26.0/k1",
        "GET /v26.0/k1",
        "GET /v26.0/k2",
        CREATE,
        "GET /v26.0/c1",
    ]


def test_a_container_that_never_finishes_is_given_back_after_a_bounded_wait(
    account: Maker, server: Loopback, order: Order, blobs: FileBlobStore, naps: list[float]
) -> None:
    server.answer(CREATE, Reply(200, {"id": "c1"}))
    server.answer(STATE, state("IN_PROGRESS"))
    assert type(refusal(lambda: account().prepare(order, blobs))) is Sementara
    assert len(naps) == POLLS
    assert max(naps) == 5.0


def test_a_container_with_an_error_is_refused_with_the_reason_on_record(
    account: Maker, server: Loopback, order: Order, blobs: FileBlobStore
) -> None:
    server.answer(CREATE, Reply(200, {"id": "c1"}))
    server.answer(STATE, state("ERROR"))
    error = refusal(lambda: account().prepare(order, blobs))
    assert type(error) is Ditolak
    assert error.detail == "ERROR: keterangan"


def test_a_used_up_quota_stops_before_any_container(
    account: Maker, server: Loopback, order: Order, blobs: FileBlobStore
) -> None:
    made = account()
    server.answer(QUOTA, quota(100))
    error = refusal(lambda: made.prepare(order, blobs))
    assert isinstance(error, Dibatasi)
    assert error.until is not None
    assert server.calls(CREATE) == []


def test_a_picture_without_a_public_address_waits_for_the_website(
    account: Maker, server: Loopback, order: Order, blobs: FileBlobStore
) -> None:
    unhosted = Order(
        order.publication_id, order.reference, order.digest, order.post, order.not_before
    )
    error = refusal(lambda: account().prepare(unhosted, blobs))
    assert type(error) is Sementara
    assert error.code == "gambar-belum-ada"


def test_publishing_shows_the_container_once_and_reads_its_address(
    account: Maker, server: Loopback, order: Order
) -> None:
    server.answer(STATE, state("FINISHED"))
    server.answer(PUBLISH, Reply(200, {"id": "m1"}))
    seen = {"permalink": "https://i.example/p/1/", "timestamp": "2026-11-23T06:00:02+0000"}
    server.answer("GET /v26.0/m1", Reply(200, seen))
    published = account().publish(order, READY)
    assert (published.remote_id, published.url) == ("m1", "https://i.example/p/1/")
    assert [asked.form["creation_id"] for asked in server.calls(PUBLISH)] == ["c1"]


BEFORE = {
    "live already": (state("PUBLISHED"), TidakPasti),
    "expired": (state("EXPIRED"), Sementara),
    "broken": (state("ERROR"), Sementara),
    "gone": (GONE, Sementara),
    "unreadable": (Reply(500, {}), Sementara),
}


@pytest.mark.parametrize(("reply", "kind"), BEFORE.values(), ids=BEFORE)
def test_a_container_that_is_not_finished_is_not_published(
    reply: Reply, kind: type[ChannelError], account: Maker, server: Loopback, order: Order
) -> None:
    server.answer(STATE, reply)
    assert type(refusal(lambda: account().publish(order, READY))) is kind
    assert server.calls(PUBLISH) == []


def test_an_old_container_is_prepared_again(account: Maker, server: Loopback, order: Order) -> None:
    old = Prepared({"container": "c1", "expires_at": (NOW - timedelta(hours=1)).isoformat()})
    for prepared in (old, Prepared()):
        error = refusal(lambda prepared=prepared: account().publish(order, prepared))  # type: ignore[misc]
        assert error.code == "persiapan-kedaluwarsa"
    assert server.asked == []


MAY_BE_LIVE = {
    "4/2207051": Reply(400, {"error": {"message": "x", "code": 4, "error_subcode": 2207051}}),
    "24/2207006": Reply(400, {"error": {"message": "x", "code": 24, "error_subcode": 2207006}}),
    "500": Reply(500, {}),
    "silence": Reply(silent=True),
    "no number": Reply(200, {}),
}


@pytest.mark.parametrize("reply", MAY_BE_LIVE.values(), ids=MAY_BE_LIVE)
def test_an_answer_that_may_hide_a_live_post_is_unknown(
    reply: Reply, account: Maker, server: Loopback, order: Order
) -> None:
    server.answer(STATE, state("FINISHED"))
    server.answer(PUBLISH, reply)
    assert type(refusal(lambda: account().publish(order, READY))) is TidakPasti
    assert len(server.calls(PUBLISH)) == 1


def medium(number: str, caption: str, seconds: int) -> dict[str, Any]:
    moment = NOW + timedelta(seconds=seconds)
    return {
        "id": number,
        "caption": caption,
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}+0000",
        "permalink": f"https://i.example/p/{number}/",
    }


def test_a_live_post_is_found_by_caption_and_time(
    account: Maker, server: Loopback, order: Order
) -> None:
    listed = [
        medium("m3", "Lain", 9),
        medium("m2", "Kapal diperiksa.", 3),
        medium("m1", "Kapal diperiksa.", -600),
    ]
    server.answer(STATE, state("PUBLISHED"))
    server.answer(LISTED, Reply(200, {"data": listed}))
    found = account().find(order, READY, since=NOW)
    assert found is not None
    assert (found.remote_id, found.url) == ("m2", "https://i.example/p/m2/")


@pytest.mark.parametrize("reply", [state("FINISHED"), state("EXPIRED"), GONE])
def test_a_container_that_is_not_live_and_not_listed_means_absent(
    reply: Reply, account: Maker, server: Loopback, order: Order
) -> None:
    server.answer(STATE, reply)
    server.answer(LISTED, Reply(200, {"data": [medium("m1", "Kapal diperiksa.", -600)]}))
    assert account().find(order, READY, since=NOW) is None


def test_a_published_container_that_is_not_listed_yet_is_never_called_absent(
    account: Maker, server: Loopback, order: Order
) -> None:
    server.answer(STATE, state("PUBLISHED"))
    server.answer(LISTED, Reply(200, {"data": []}))
    assert type(refusal(lambda: account().find(order, READY, since=NOW))) is TidakPasti


def test_check_names_the_account_and_the_quota(account: Maker, server: Loopback) -> None:
    scopes = ["instagram_basic", "instagram_content_publish"]
    server.answer("GET /v26.0/debug_token", Reply(200, {"data": {"scopes": scopes}}))
    health = account().check()
    assert health.ok, health
    assert health.sentence == "Instagram siap sebagai @bkk; 1 dari 100 kiriman hari ini terpakai."


def test_all_pictures_of_a_carousel_have_the_first_ones_ratio(
    account: Maker, blobs: FileBlobStore
) -> None:
    given = manuscript(blobs, pictures=0)
    media = (
        picture(blobs, "lebar.jpg", (1200, 800)),
        picture(blobs, "tinggi.jpg", (600, 1200)),
        picture(blobs, "panjang.jpg", (1600, 400)),
    )
    post = account().render(
        Manuscript(given.title, given.lead, given.body, media=media), blobs, reference="a1b2c3d4"
    )
    ratios = [(item.width or 0) / (item.height or 1) for item in post.media]
    assert ratios == pytest.approx([1.5, 1.5, 1.5], abs=0.02)
    assert {item.mime for item in post.media} == {"image/jpeg"}
    assert account().validate(post) == []


def test_a_release_without_a_picture_cannot_go_to_instagram(
    account: Maker, blobs: FileBlobStore
) -> None:
    post = account().render(manuscript(blobs, pictures=0), blobs, reference="a1b2c3d4")
    assert [finding.code for finding in account().validate(post)] == ["tanpa-foto"]


def test_too_many_hashtags_and_letters_are_said_with_numbers(
    account: Maker, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    text = " ".join(f"#tanda{chr(97 + number % 26)}{number}" for number in range(31)) + "a" * 2200
    media = (rendered(blobs),)
    codes = {
        finding.code for finding in account().validate(order_of("instagram", text, media).post)
    }
    assert codes == {"tagar-banyak", "teks-panjang"}
