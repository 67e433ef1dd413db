"""X: what each answer means, one call to publish, and finding a post by reading."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import LINK_MARK, Order, Prepared, RenderedMedia
from connectors.errors import (
    ChannelError,
    Dibatasi,
    Ditolak,
    PerluOtorisasi,
    Sementara,
    TidakPasti,
)
from connectors.x import XChannel, XSettings, comparable, shown_text
from ledger.blobs import FileBlobStore
from tests.support.loopback import Asked, Loopback, Reply
from tests.unit.social.conftest import NOW, OrderMaker, manuscript, rendered

SECRETS = ("rahasia-konsumen-1", "rahasia-konsumen-2", "777-rahasia-token", "rahasia-token-2")
POST = "POST /2/tweets"
TIMELINE = "GET /2/users/777/tweets"
UPLOAD = "POST /2/media/upload"
READY = Prepared({"media_ids": []})

Maker = Callable[..., XChannel]


@pytest.fixture
def channel(server: Loopback, naps: list[float]) -> Maker:
    def made(**changed: Any) -> XChannel:
        keys = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        given: dict[str, Any] = dict(zip(keys, SECRETS, strict=True))
        given |= {"host": server.url, "username": "bkk", "read_timeout": 0.3}
        return XChannel(XSettings(**{**given, **changed}), clock=lambda: NOW, sleep=naps.append)

    return made


def problem(status: int, detail: str = "", kind: str = "about:blank") -> Reply:
    return Reply(status, {"title": "Masalah", "detail": detail, "type": kind, "status": status})


def refusal(call: Callable[[], object]) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        call()
    return caught.value


UNCLEAR = {
    "a 500 with a null body": Reply(500, None),
    "a 503 page": Reply(503, b"<html>maintenance</html>", {"content-type": "text/html"}),
    "a 200 that is no JSON": Reply(200, b"ok"),
    "a 201 that is a list": Reply(201, []),
    "a 201 without data": Reply(201, {"data": None}),
    "a 201 without a number": Reply(201, {"data": {"text": "x"}}),
    "silence": Reply(silent=True),
    "a cut connection": Reply(cut=True),
    "a redirect": Reply(301, {}, {"location": "/elsewhere"}),
    "a 404": Reply(404, {}),
    "a 408": Reply(408, {}),
}


@pytest.mark.parametrize("reply", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_an_unclear_answer_to_the_publishing_call_is_unknown_and_never_asked_again(
    reply: Reply, channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(POST, reply)
    error = refusal(lambda: channel().publish(order_of("x"), READY))
    assert type(error) is TidakPasti
    assert len(server.asked) == 1


CLEAR = {
    "400": (problem(400, "salah"), Ditolak),
    "401": (problem(401), PerluOtorisasi),
    "402": (problem(402), PerluOtorisasi),
    "403": (problem(403, "not allowed"), Ditolak),
    "403 suspended": (problem(403, "Your account is suspended"), PerluOtorisasi),
    "403 read-only app": (
        problem(403, "", "https://api.twitter.com/2/problems/oauth1-permissions"),
        PerluOtorisasi,
    ),
    "403 duplicate": (
        problem(403, "You are not allowed to create a Tweet with duplicate content."),
        TidakPasti,
    ),
    "429": (Reply(429, {}, {"x-rate-limit-reset": "1795417200"}), Dibatasi),
    "400 media": (
        Reply(400, {"errors": [{"message": "Your media IDs are invalid."}], "title": "Invalid"}),
        Sementara,
    ),
}


@pytest.mark.parametrize(("reply", "kind"), CLEAR.values(), ids=CLEAR.keys())
def test_a_clear_answer_to_the_publishing_call_has_its_own_kind(
    reply: Reply, kind: type[ChannelError], channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(POST, reply)
    error = refusal(lambda: channel().publish(order_of("x"), READY))
    assert type(error) is kind
    assert error.sentence.endswith(".")
    assert error.action.endswith(".")
    assert len(server.asked) == 1


def test_a_throttled_post_says_until_when(
    channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(POST, CLEAR["429"][0])
    error = refusal(lambda: channel().publish(order_of("x"), READY))
    assert isinstance(error, Dibatasi)
    assert error.until == datetime.fromtimestamp(1795417200, UTC)


def test_a_refused_connection_is_no_unknown_outcome(channel: Maker, order_of: OrderMaker) -> None:
    unused = channel(host="http://127.0.0.1:9")
    assert type(refusal(lambda: unused.publish(order_of("x"), READY))) is Sementara


def test_a_post_carries_text_media_and_a_signature_but_no_secret(
    channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(POST, Reply(201, {"data": {"id": "1900", "text": "x"}}))
    order = order_of("x", f"Kapal diperiksa.\n{LINK_MARK}", link="https://a.example.com/b/")
    published = channel().publish(order, Prepared({"media_ids": ["11", "12"]}))
    asked = server.calls(POST)[0]
    assert asked.json == {
        "text": "Kapal diperiksa.\nhttps://a.example.com/b/",
        "media": {"media_ids": ["11", "12"]},
    }
    assert asked.headers["authorization"].startswith("OAuth ")
    assert 'oauth_signature_method="HMAC-SHA1"' in asked.headers["authorization"]
    assert "rahasia-konsumen-2" not in asked.headers["authorization"]
    assert published.remote_id == "1900"
    assert published.url == "https://x.com/bkk/status/1900"


def test_a_post_without_its_article_waits_and_sends_nothing(
    channel: Maker, server: Loopback, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    order = order_of("x", f"Baca {LINK_MARK}", link="")
    assert type(refusal(lambda: channel().publish(order, READY))) is Sementara
    assert type(refusal(lambda: channel().prepare(order, blobs))) is Sementara
    assert server.asked == []


def test_a_text_that_the_real_link_makes_too_long_is_refused_before_anything_is_sent(
    channel: Maker, server: Loopback, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    order = order_of("x", "a" * 250 + LINK_MARK, link="tidak-dikenal-sebagai-tautan-oleh-x" * 2)
    assert type(refusal(lambda: channel().prepare(order, blobs))) is Ditolak
    assert server.asked == []


def test_expired_uploads_are_prepared_again_instead_of_posted(
    channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    old = Prepared({"media_ids": ["1"], "expires_at": (NOW - timedelta(seconds=1)).isoformat()})
    error = refusal(lambda: channel().publish(order_of("x"), old))
    assert type(error) is Sementara
    assert error.code == "persiapan-kedaluwarsa"
    assert server.asked == []


def test_pictures_are_uploaded_with_their_alternative_texts(
    channel: Maker, server: Loopback, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    server.answer(
        UPLOAD,
        Reply(200, {"data": {"id": "11", "expires_after_secs": 3600}}),
        Reply(200, {"data": {"id": "12", "expires_after_secs": 7200}}),
    )
    server.answer("POST /2/media/metadata", Reply(200, {"data": {}}))
    pictures = (rendered(blobs, "a.jpg", "Satu"), rendered(blobs, "b.jpg", "Dua"))
    prepared = channel().prepare(order_of("x", media=pictures), blobs)
    assert prepared.data["media_ids"] == ["11", "12"]
    assert prepared.data["expires_at"] == (NOW + timedelta(hours=1)).isoformat()
    sent = server.calls(UPLOAD)
    assert blobs.get(pictures[0].sha256) in sent[0].body
    assert b"tweet_image" in sent[0].body
    texts = [asked.json for asked in server.calls("POST /2/media/metadata")]
    assert texts == [
        {"id": "11", "metadata": {"alt_text": {"text": "Satu"}}},
        {"id": "12", "metadata": {"alt_text": {"text": "Dua"}}},
    ]
    assert server.calls(POST) == []


@pytest.mark.parametrize("reply", [Reply(503, None), Reply(silent=True), Reply(200, b"")])
def test_trouble_while_uploading_is_safe_to_try_again(
    reply: Reply, channel: Maker, server: Loopback, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    server.answer(UPLOAD, reply)
    order = order_of("x", media=(rendered(blobs),))
    assert type(refusal(lambda: channel().prepare(order, blobs))) is Sementara


def _video(blobs: FileBlobStore, length: int) -> RenderedMedia:
    data = bytes(range(256)) * (length // 256)
    return RenderedMedia(blobs.put(data), "video.mp4", "video/mp4", len(data), "", duration=10)


def test_a_video_goes_in_segments_and_is_polled_until_x_has_processed_it(
    channel: Maker,
    server: Loopback,
    order_of: OrderMaker,
    blobs: FileBlobStore,
    naps: list[float],
) -> None:
    length = 4 * 1024 * 1024 + 512
    server.answer("POST /2/media/upload/initialize", Reply(202, {"data": {"id": "7"}}))
    server.answer("POST /2/media/upload/7/append", Reply(200, {"data": {}}), Reply(204, b""))
    pending = {"id": "7", "processing_info": {"state": "pending", "check_after_secs": 3}}
    server.answer("POST /2/media/upload/7/finalize", Reply(200, {"data": pending}))
    done = {"id": "7", "processing_info": {"state": "succeeded"}}
    server.answer("GET /2/media/upload", Reply(200, {"data": pending}), Reply(200, {"data": done}))
    order = order_of("x", media=(_video(blobs, length),))
    assert channel(read_timeout=5.0).prepare(order, blobs).data["media_ids"] == ["7"]
    started = server.calls("POST /2/media/upload/initialize")[0].json
    assert started == {
        "media_type": "video/mp4",
        "total_bytes": length,
        "media_category": "tweet_video",
    }
    assert len(server.calls("POST /2/media/upload/7/append")) == 2
    assert naps == [3.0, 3.0]


def test_a_video_that_x_cannot_use_is_refused(
    channel: Maker, server: Loopback, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    server.answer("POST /2/media/upload/initialize", Reply(202, {"data": {"id": "7"}}))
    server.answer("POST /2/media/upload/7/append", Reply(204, b""))
    failed = {"id": "7", "processing_info": {"state": "failed", "error": {"message": "codec"}}}
    server.answer("POST /2/media/upload/7/finalize", Reply(200, {"data": failed}))
    order = order_of("x", media=(_video(blobs, 512),))
    error = refusal(lambda: channel().prepare(order, blobs))
    assert type(error) is Ditolak
    assert "codec" in error.detail


def test_each_try_of_a_read_is_signed_anew(
    channel: Maker, server: Loopback, naps: list[float]
) -> None:
    me = Reply(200, {"data": {"id": "777", "username": "bkk"}})
    server.answer("GET /2/users/me", Reply(503, None), Reply(cut=True), me)
    assert channel().check().ok
    nonces = [_nonce(asked) for asked in server.asked]
    assert len(set(nonces)) == len(nonces) == 3
    assert naps == [1.0, 2.0]


def _nonce(asked: Asked) -> str:
    found = re.search(r'oauth_nonce="([^"]+)"', asked.headers["authorization"])
    assert found
    return found.group(1)


def timeline(*posts: dict[str, Any], token: str = "") -> Reply:
    meta: dict[str, Any] = {"result_count": len(posts)}
    if token:
        meta["next_token"] = token
    return Reply(200, {"meta": meta, **({"data": list(posts)} if posts else {})})


LIVE = {
    "id": "1900",
    "text": "Muatan &lt;aman&gt; &amp; sehat, baca https://t.co/aaa https://t.co/bbb",
    "created_at": "2026-11-23T06:00:05.000Z",
    "entities": {
        "urls": [
            {"url": "https://t.co/aaa", "expanded_url": "https://Situs.example.com/berita/"},
            {
                "url": "https://t.co/bbb",
                "expanded_url": "https://x.com/bkk/status/1900/photo/1",
                "media_key": "3_1",
            },
        ]
    },
}


def _live_order(order_of: OrderMaker) -> Order:
    text = f"Muatan <aman> & sehat, baca {LINK_MARK}"
    return order_of("x", text, link="https://situs.example.com/berita/")


def test_a_post_is_found_behind_escapes_and_short_links(
    channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(TIMELINE, timeline({"id": "1", "text": "Lain", "created_at": "x"}, LIVE))
    found = channel().find(_live_order(order_of), READY, since=NOW)
    assert found is not None
    assert found.remote_id == "1900"
    assert found.published_at == datetime(2026, 11, 23, 6, 0, 5, tzinfo=UTC)
    assert server.asked[0].query["start_time"] == "2026-11-23T05:58:00Z"


def test_a_post_on_the_second_page_is_found(
    channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    other = {"id": "2", "text": "Lain"}
    server.answer(TIMELINE, timeline(other, token="n2"), timeline(LIVE))
    assert channel().find(_live_order(order_of), READY, since=NOW) is not None
    assert server.asked[1].query["pagination_token"] == "n2"


def test_an_empty_timeline_means_that_the_post_is_not_there(
    channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(TIMELINE, timeline())
    assert channel().find(_live_order(order_of), READY, since=NOW) is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {}),
        Reply(200, {"errors": [{"title": "Not Found Error"}]}),
        Reply(500, None),
        Reply(silent=True),
        timeline({"id": "2", "text": "Lain"}, token="lagi"),
    ],
    ids=["no meta", "errors", "500", "silence", "never ends"],
)
def test_a_timeline_that_cannot_be_read_to_its_end_never_reads_as_absent(
    reply: Reply, channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(TIMELINE, reply)
    error = refusal(lambda: channel().find(_live_order(order_of), READY, since=NOW))
    assert type(error) is Sementara


def test_a_lapsed_token_never_reads_as_absent(
    channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(TIMELINE, problem(401))
    error = refusal(lambda: channel().find(_live_order(order_of), READY, since=NOW))
    assert type(error) is PerluOtorisasi


def test_a_bare_domain_compares_equal_to_the_link_that_x_made_of_it() -> None:
    post = {
        "text": "Buka https://t.co/q ya",
        "entities": {"urls": [{"url": "https://t.co/q", "expanded_url": "http://kemkes.go.id"}]},
    }
    assert comparable(shown_text(post)) == comparable("Buka kemkes.go.id  ya")
    assert comparable("Buka kemkes.go.id/a") != comparable("Buka kemkes.go.id/b")


def test_the_state_of_a_post_is_live_or_missing(channel: Maker, server: Loopback) -> None:
    server.answer("GET /2/tweets/1900", Reply(200, {"data": {"id": "1900", "text": "x"}}))
    server.answer("GET /2/tweets/1901", Reply(200, {"errors": [{"title": "Not Found Error"}]}))
    assert channel().status("1900").state == "live"
    assert channel().status("1901").state == "missing"


def test_reposts_have_one_name_whichever_x_uses(channel: Maker, server: Loopback) -> None:
    for number, name in (("1", "retweet_count"), ("2", "repost_count")):
        counts = {name: 4, "like_count": 9}
        server.answer(f"GET /2/tweets/{number}", Reply(200, {"data": {"public_metrics": counts}}))
        assert channel().metrics(number) == {"repost_count": 4, "like_count": 9}


def test_withdrawing_twice_is_no_error(channel: Maker, server: Loopback) -> None:
    server.answer("DELETE /2/tweets/1900", Reply(200, {"data": {"deleted": True}}), Reply(404))
    channel().withdraw("1900")
    channel().withdraw("1900")


def test_a_post_that_x_did_not_delete_is_said_so(channel: Maker, server: Loopback) -> None:
    server.answer("DELETE /2/tweets/1900", Reply(200, {"data": {"deleted": False}}))
    server.answer("GET /2/tweets/1900", Reply(200, {"data": {"id": "1900"}}))
    assert type(refusal(lambda: channel().withdraw("1900"))) is Sementara


def test_check_tells_a_wrong_account_a_read_only_token_and_a_bad_key(
    channel: Maker, server: Loopback
) -> None:
    me = {"data": {"id": "777", "username": "Orang_Lain"}}
    server.answer(
        "GET /2/users/me",
        Reply(200, me),
        Reply(200, {"data": {"username": "BKK"}}, {"x-access-level": "read"}),
        problem(401),
    )
    other, read_only, bad = (channel().check() for _ in range(3))
    assert not other.ok
    assert "@Orang_Lain" in other.sentence
    assert not read_only.ok
    assert "membaca" in read_only.sentence
    assert not bad.ok
    assert bad.action


@pytest.mark.parametrize("reply", [problem(401), Reply(500, None), Reply(cut=True), Reply(301)])
def test_no_secret_ever_stands_in_an_error(
    reply: Reply, channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(POST, reply)
    made = channel()
    error = refusal(lambda: made.publish(order_of("x"), READY))
    text = "".join(traceback.format_exception(error)) + repr(error) + error.detail + repr(made)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert [secret for secret in SECRETS if secret in text] == []


def test_an_answer_that_repeats_a_secret_is_recorded_without_it(
    channel: Maker, server: Loopback, order_of: OrderMaker
) -> None:
    server.answer(POST, problem(400, f"bad token {SECRETS[2]}"))
    error = refusal(lambda: channel().publish(order_of("x"), READY))
    assert SECRETS[2] not in error.detail


def test_a_rendered_post_has_at_most_four_pictures_and_passes_its_own_checks(
    channel: Maker, blobs: FileBlobStore
) -> None:
    made = channel().render(manuscript(blobs, pictures=6), blobs, reference="a1b2c3d4")
    assert len(made.media) == 4
    assert made.text.startswith("Petugas memeriksa 12 kapal & awaknya")
    assert channel().validate(made) == []
    again = channel().render(manuscript(blobs, pictures=0), blobs, reference="a1b2c3d4")
    assert again.media == ()


def test_a_typed_text_that_is_too_long_is_a_blocking_finding(
    channel: Maker, order_of: OrderMaker
) -> None:
    findings = channel().validate(order_of("x", "kata " * 80).post)
    assert [finding.code for finding in findings if finding.blocking] == ["teks-panjang"]
    assert "280" in findings[0].sentence


def test_a_link_that_costs_money_is_pointed_out_without_blocking(
    channel: Maker, order_of: OrderMaker
) -> None:
    findings = channel().validate(order_of("x", "Buka kemkes.go.id").post)
    assert [(finding.code, finding.blocking) for finding in findings] == [
        ("tautan-berbayar", False)
    ]
    assert channel(link=True).validate(order_of("x", f"Baca {LINK_MARK}").post) == []
