"""Graph through facebook-sdk: what the SDK leaves open is closed."""

from __future__ import annotations

import hashlib
import hmac
import json
import traceback
from collections.abc import Callable
from datetime import timedelta

import facebook
import pytest

from connectors.errors import (
    ChannelError,
    Dibatasi,
    Ditolak,
    PerluOtorisasi,
    Sementara,
    TidakPasti,
)
from connectors.graph import Graph, GraphFailure, usage_of
from connectors.graph_account import GraphAccount
from connectors.http import Timeouts
from tests.support.loopback import Loopback, Reply
from tests.unit.social.conftest import NOW

TOKEN = "EAAGsangatRahasia123"
SECRET = "rahasia-aplikasi-456"
PAGE = "/v26.0/555"


@pytest.fixture
def account(server: Loopback) -> Callable[..., GraphAccount]:
    def made(app_secret: str = "", app_id: str = "") -> GraphAccount:
        return GraphAccount(
            channel="facebook",
            label="Facebook",
            host=server.url,
            access_token=TOKEN,
            app_id=app_id,
            app_secret=app_secret,
            timeouts=Timeouts(2.0, 0.3),
            clock=lambda: NOW,
        )

    return made


@pytest.fixture
def graph(account: Callable[..., GraphAccount]) -> Graph:
    return account().graph


def error_body(code: int, subcode: int | None = None, message: str = "Tidak boleh") -> Reply:
    error = {"message": message, "type": "OAuthException", "code": code}
    return Reply(400, {"error": error | ({"error_subcode": subcode} if subcode else {})})


def test_the_token_travels_in_a_header_and_never_in_an_address(
    graph: Graph, server: Loopback
) -> None:
    server.answer(f"GET {PAGE}", Reply(200, {"id": "555"}))
    server.answer(f"POST {PAGE}/feed", Reply(200, {"id": "555_1"}))
    server.answer(f"DELETE {PAGE}", Reply(200, {"success": True}))
    graph.get_object("555", fields="id")
    graph.put_object("555", "feed", message="Halo")
    graph.delete_object("555")
    for asked in server.asked:
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in json.dumps(dict(asked.query))
        assert "access_token" not in asked.query


def test_the_version_and_host_belong_to_the_instance(graph: Graph, server: Loopback) -> None:
    server.answer("GET /v26.0/me", Reply(200, {"id": "1"}, {"facebook-api-version": "v26.0"}))
    assert graph.get_version() == "26.0"
    assert facebook.FACEBOOK_GRAPH_URL == "https://graph.facebook.com/"


def test_lists_of_objects_and_booleans_are_sent_as_json(graph: Graph, server: Loopback) -> None:
    server.answer(f"POST {PAGE}/feed", Reply(200, {"id": "1"}))
    media = [{"media_fbid": "1"}, {"media_fbid": "2"}]
    graph.put_object("555", "feed", attached_media=media, published=False, message="Café")
    form = server.asked[0].form
    assert json.loads(form["attached_media"]) == media
    assert form["published"] == "false"
    assert form["message"] == "Café"


def test_a_photo_goes_up_as_multipart(graph: Graph, server: Loopback) -> None:
    server.answer(f"POST {PAGE}/photos", Reply(200, {"id": "9"}))
    graph.put_photo(
        ("foto.jpg", b"\xff\xd8isi", "image/jpeg"), album_path="555/photos", published=False
    )
    body = server.asked[0].body
    assert b"\xff\xd8isi" in body
    assert b'name="published"' in body


def test_an_app_secret_proves_every_call_of_the_own_token(
    account: Callable[..., GraphAccount], server: Loopback
) -> None:
    server.answer(f"GET {PAGE}", Reply(200, {"id": "555"}))
    server.answer(f"POST {PAGE}/feed", Reply(200, {"id": "1"}))
    graph = account(SECRET).graph
    graph.get_object("555")
    graph.put_object("555", "feed", message="x")
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert server.asked[0].query["appsecret_proof"] == proof
    assert server.asked[1].form["appsecret_proof"] == proof


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, {}),
        Reply(200, {"error": {"message": "x", "code": 100}}),
        Reply(200, b"<html>"),
        Reply(200, None),
        Reply(200, []),
        Reply(302, {}, {"location": "https://elsewhere.example/"}),
    ],
    ids=["500 {}", "200 with an error", "HTML", "null", "a list", "redirect"],
)
def test_what_is_no_readable_success_is_a_failure(
    reply: Reply, graph: Graph, server: Loopback
) -> None:
    server.answer(f"POST {PAGE}/feed", reply)
    with pytest.raises(GraphFailure):
        graph.put_object("555", "feed", message="x")
    assert len(server.asked) == 1


def test_pages_are_followed_without_the_token_in_their_addresses(
    graph: Graph, server: Loopback
) -> None:
    following = f"https://graph.facebook.com{PAGE}/posts?access_token={TOKEN}&after=B&limit=1"
    server.answer(
        f"GET {PAGE}/posts",
        Reply(200, {"data": [{"id": "1"}], "paging": {"next": following}}),
        Reply(200, {"data": [{"id": "2"}]}),
    )
    assert [post["id"] for post in graph.get_all_connections("555", "posts")] == ["1", "2"]
    assert server.asked[1].query == {"after": "B", "limit": "1"}


def test_a_list_that_never_ends_is_a_failure_not_a_short_list(
    graph: Graph, server: Loopback
) -> None:
    page = {"data": [{"id": "1"}], "paging": {"next": f"{server.url}{PAGE}/posts?after=B"}}
    server.answer(f"GET {PAGE}/posts", Reply(200, page))
    with pytest.raises(GraphFailure):
        list(graph.get_all_connections("555", "posts"))


def _asked(account: GraphAccount, publishing: bool) -> ChannelError:
    graph = account.graph
    door = graph.publish_object if publishing else graph.put_object
    with pytest.raises(ChannelError) as caught:
        account.ask(lambda: door("555", "feed", message="x"), publishing=publishing)
    return caught.value


CODES = {
    "unknown 1": (error_body(1), TidakPasti, Sementara),
    "unavailable 2": (error_body(2), TidakPasti, Sementara),
    "instagram -1": (error_body(-1, 2207001), TidakPasti, Sementara),
    "duplicate 506": (error_body(506), TidakPasti, Ditolak),
    "may be live": (error_body(4, 2207051), TidakPasti, PerluOtorisasi),
    "no container": (error_body(24, 2207006), TidakPasti, Sementara),
    "container expired": (error_body(-2, 2207020), Sementara, Sementara),
    "container not ready": (error_body(9007, 2207027), Sementara, Sementara),
    "throttle 4": (error_body(4), Dibatasi, Dibatasi),
    "throttle 17": (error_body(17), Dibatasi, Dibatasi),
    "throttle 32": (error_body(32), Dibatasi, Dibatasi),
    "throttle 613": (error_body(613), Dibatasi, Dibatasi),
    "throttle 80001": (error_body(80001), Dibatasi, Dibatasi),
    "throttle 80002": (error_body(80002), Dibatasi, Dibatasi),
    "daily limit 9": (error_body(9, 2207042), Dibatasi, Dibatasi),
    "token 190": (error_body(190, 463), PerluOtorisasi, PerluOtorisasi),
    "permission 10": (error_body(10), PerluOtorisasi, PerluOtorisasi),
    "permission 200": (error_body(200), PerluOtorisasi, PerluOtorisasi),
    "blocked 368": (error_body(368), PerluOtorisasi, PerluOtorisasi),
    "restricted 25": (error_body(25, 2207050), PerluOtorisasi, PerluOtorisasi),
    "parameter 100": (error_body(100), Ditolak, Ditolak),
    "ratio 36003": (error_body(36003, 2207009), Ditolak, Ditolak),
    "not fetched 9004": (error_body(9004, 2207052), Ditolak, Sementara),
    "500 {}": (Reply(500, {}), TidakPasti, Sementara),
    "200 HTML": (Reply(200, b"<html>"), TidakPasti, Sementara),
    "302": (Reply(302, {}), TidakPasti, PerluOtorisasi),
    "404 without a body": (Reply(404, {}), TidakPasti, Sementara),
    "401 without a body": (Reply(401, {}), PerluOtorisasi, PerluOtorisasi),
    "silence": (Reply(silent=True), TidakPasti, Sementara),
    "a cut connection": (Reply(cut=True), TidakPasti, Sementara),
}


@pytest.mark.parametrize(("reply", "when_publishing", "when_harmless"), CODES.values(), ids=CODES)
def test_each_answer_has_its_kind_for_the_publishing_call_and_for_harmless_calls(
    reply: Reply,
    when_publishing: type[ChannelError],
    when_harmless: type[ChannelError],
    account: Callable[..., GraphAccount],
    server: Loopback,
) -> None:
    server.answer(f"POST {PAGE}/feed", reply)
    assert type(_asked(account(), publishing=True)) is when_publishing
    assert len(server.asked) == 1
    error = _asked(account(), publishing=False)
    assert type(error) is when_harmless
    assert "{" not in str(error)
    assert len(server.asked) == 2


def test_a_throttled_call_says_when_the_allowance_comes_back(
    account: Callable[..., GraphAccount], server: Loopback
) -> None:
    usage = {"555": [{"call_count": 100, "estimated_time_to_regain_access": 7}]}
    headers = {"x-business-use-case-usage": json.dumps(usage)}
    server.answer(f"POST {PAGE}/feed", Reply(400, error_body(80001).body, headers))
    error = _asked(account(), publishing=True)
    assert isinstance(error, Dibatasi)
    assert error.until == NOW + timedelta(minutes=7)


def test_usage_headers_give_the_highest_share_and_bad_ones_give_none() -> None:
    assert usage_of({"x-app-usage": '{"call_count":28,"total_time":25}'}).percent == 28
    assert usage_of({"x-app-usage": "bukan json"}).percent == 0
    assert usage_of({"x-business-use-case-usage": '{"1":"?","2":[3]}'}).percent == 0


@pytest.mark.parametrize(
    "reply",
    [
        error_body(190, message=f"Malformed access token {TOKEN}"),
        Reply(500, {}),
        Reply(cut=True),
        Reply(silent=True),
    ],
)
@pytest.mark.parametrize("publishing", [True, False])
def test_no_secret_ever_stands_in_an_error(
    reply: Reply, publishing: bool, account: Callable[..., GraphAccount], server: Loopback
) -> None:
    server.answer(f"POST {PAGE}/feed", reply)
    made = account(SECRET, "app1")
    error = _asked(made, publishing=publishing)
    text = "".join(traceback.format_exception(error)) + repr(error) + error.detail + repr(made)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert TOKEN not in text
    assert SECRET not in text


def test_a_failure_of_the_sdk_itself_shows_no_token(graph: Graph, server: Loopback) -> None:
    server.answer(f"GET {PAGE}", error_body(190, message=f"Malformed access token {TOKEN}"))
    with pytest.raises(facebook.GraphAPIError) as caught:
        graph.get_object("555")
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert TOKEN not in json.dumps(caught.value.result)


def _debug(account: GraphAccount, server: Loopback, reply: Reply) -> tuple[bool, str]:
    server.answer("GET /v26.0/debug_token", reply)
    health = account.token_health("Kantor", frozenset({"pages_manage_posts"}), "Siap.")
    return health.ok, health.sentence


def test_a_token_is_judged_by_what_graph_says_of_it(
    account: Callable[..., GraphAccount], server: Loopback
) -> None:
    soon = int((NOW + timedelta(days=3)).timestamp())
    past = int((NOW - timedelta(days=3)).timestamp())
    scopes = ["pages_manage_posts"]

    def told(**data: object) -> tuple[bool, str]:
        return _debug(account(), server, Reply(200, {"data": {"is_valid": True, **data}}))

    assert told(scopes=scopes, expires_at=0) == (True, "Siap.")
    assert told(scopes=[])[0] is False
    assert "pages_manage_posts" in told(scopes=[])[1]
    assert told(scopes=scopes, expires_at=past)[0] is False
    assert told(scopes=scopes, is_valid=False)[0] is False
    healthy, sentence = told(scopes=scopes, expires_at=soon)
    assert healthy
    assert "26 Nov 2026" in sentence


def test_a_token_that_may_not_be_asked_about_is_not_called_bad(
    account: Callable[..., GraphAccount], server: Loopback
) -> None:
    assert _debug(account(), server, error_body(100)) == (True, "Siap.")
    assert _debug(account(), server, error_body(190))[0] is False


def test_a_missing_object_is_believed_only_while_the_account_is_readable(
    account: Callable[..., GraphAccount], server: Loopback
) -> None:
    gone = Ditolak("a.", "b.", channel="facebook", code="100/33")
    server.answer(f"GET {PAGE}", Reply(200, {"id": "555"}), error_body(190))
    assert account().is_gone(gone, "555")
    with pytest.raises(PerluOtorisasi):
        account().is_gone(gone, "555")
    assert not account().is_gone(Sementara("a.", "b.", channel="facebook"), "555")


def test_a_dropped_metric_name_does_not_cost_the_others(
    account: Callable[..., GraphAccount], server: Loopback
) -> None:
    clicks = {"data": [{"name": "post_clicks", "values": [{"value": 3}]}]}
    server.answer(f"GET {PAGE}/insights", error_body(100), error_body(100), Reply(200, clicks))
    values, missing = account().insights("555", ["post_impressions", "post_clicks"])
    assert values == {"post_clicks": 3}
    assert list(missing) == ["post_impressions"]
    assert missing["post_impressions"]
