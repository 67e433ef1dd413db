"""The shared HTTP door: what is retried, what is cut short, what an outcome is called."""

from __future__ import annotations

import gzip
import socket
import threading
import traceback
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ChannelError, PerluOtorisasi, Sementara, TidakPasti
from connectors.http import ChannelHttp, Timeouts, redact, retry_after
from tests.unit.wordpress.loopback import Script, answering, serving

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TOKEN = "EAAsangat-rahasia+123/=="


def hanging_up(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


def silent(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    request.connection.settimeout(5)
    request.connection.recv(1)  # returns when the client gives up


def cut_short(request: BaseHTTPRequestHandler) -> None:
    answering(200, b'{"id"', Content_Length="500")(request)
    request.close_connection = True


def chunked(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b'5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n')


def trickling(request: BaseHTTPRequestHandler) -> None:
    """A byte for each time the client takes one; far more than it should wait for."""
    request.send_response(200)
    request.send_header("Content-Length", "1000000")
    request.end_headers()
    request.close_connection = True
    gone = threading.Event()
    for _ in range(400):
        try:
            request.wfile.write(b" ")
        except OSError:
            return
        gone.wait(0.01)


def refused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def door(**options: object) -> ChannelHttp:
    settings: dict[str, object] = {
        "timeouts": Timeouts(connect=0.5, read=0.2, total=0.3),
        "backoff": 0.0,
        **options,
    }
    return ChannelHttp(
        channel="website",
        label="Website",
        clock=lambda: NOW,
        secrets=(TOKEN,),
        **settings,  # type: ignore[arg-type]
    )


def test_a_read_is_tried_again_after_a_gateway_error() -> None:
    with serving(answering(502), answering(503), answering(200, b'{"a": 1}')) as (url, seen):
        assert door().read(url).json() == {"a": 1}
        assert len(seen) == 3


def test_a_read_gives_back_the_last_answer_when_the_gateway_stays_broken() -> None:
    with serving(answering(502, b"<h1>rusak</h1>")) as (url, seen):
        answer = door().read(url)
        assert (answer.status, len(seen)) == (502, 3)


def test_a_read_waits_no_longer_than_the_cap_and_hands_the_time_back() -> None:
    with serving(answering(503, Retry_After="600")) as (url, seen):
        answer = door().read(url)
        assert len(seen) == 1
        assert door().throttled(answer).until == NOW + timedelta(seconds=600)


def test_a_read_honours_a_short_retry_after() -> None:
    with serving(answering(429, Retry_After="0"), answering(200)) as (url, seen):
        assert door().read(url).status == 200
        assert len(seen) == 2


@pytest.mark.parametrize("call", ["send", "publish"])
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_write_is_made_once_whatever_the_answer(call: str, status: int) -> None:
    with serving(answering(status, Retry_After="0")) as (url, seen):
        assert getattr(door(), call)("POST", url, json={}).status == status
        assert len(seen) == 1


@pytest.mark.parametrize("script", [hanging_up, silent, cut_short, trickling])
def test_a_lost_answer_to_the_publishing_call_is_an_unknown_outcome(script: Script) -> None:
    with serving(script) as (url, seen):
        with pytest.raises(TidakPasti) as caught:
            door().publish("POST", url, json={})
        assert "Jangan terbitkan ulang" in caught.value.action
        assert len(seen) == 1


@pytest.mark.parametrize("script", [hanging_up, silent, cut_short, trickling])
def test_a_lost_answer_to_a_harmless_write_is_temporary_and_not_repeated(script: Script) -> None:
    with serving(script) as (url, seen):
        with pytest.raises(Sementara):
            door().send("POST", url, json={})
        assert len(seen) == 1


def test_a_refused_connection_is_surely_not_published() -> None:
    with pytest.raises(Sementara):
        door().publish("POST", f"http://127.0.0.1:{refused_port()}/", json={})


def test_a_name_that_does_not_resolve_is_surely_not_published() -> None:
    with pytest.raises(Sementara):
        door().publish("POST", "http://tidak-ada.invalid/", json={})


def test_an_address_that_is_none_asks_for_the_administrator() -> None:
    with pytest.raises(PerluOtorisasi):
        door().publish("POST", "bukan-alamat", json={})


def test_a_redirect_is_shown_and_not_followed() -> None:
    with serving(answering(301, Location="/lain")) as (url, seen):
        assert door().send("POST", url, json={}).status == 301
        assert door().read(url).status == 301
        assert len(seen) == 2


def test_an_answer_that_never_ends_is_cut_at_the_cap() -> None:
    with (
        serving(answering(200, b"x" * 5000)) as (url, _),
        pytest.raises(Sementara) as caught,
    ):
        door(max_answer_bytes=1000).read(url)
    assert "1000" in caught.value.detail


def test_a_gzip_bomb_is_cut_at_the_cap_too() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with (
        serving(answering(200, bomb, Content_Encoding="gzip")) as (url, _),
        pytest.raises(Sementara),
    ):
        door(timeouts=Timeouts(1, 5, 30)).read(url)


def test_chunked_and_compressed_answers_are_read_whole() -> None:
    packed = gzip.compress(b'{"a": 1}')
    with serving(chunked, answering(200, packed, Content_Encoding="gzip")) as (url, _):
        assert door().read(url).json() == {"a": 1}
        assert door().read(url).json() == {"a": 1}


def test_an_error_carries_no_secret_in_any_spelling() -> None:
    url = f"http://127.0.0.1:{refused_port()}/x"
    with pytest.raises(ChannelError) as caught:
        door().send("POST", url, params={"access_token": TOKEN, "q": TOKEN})
    whole = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__dict__)
    for spelling in (TOKEN, "EAAsangat", "rahasia"):
        assert spelling not in whole


def test_a_password_in_netrc_is_not_sent_to_an_address_that_a_channel_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login siapa password rahasia")
    monkeypatch.setenv("NETRC", str(netrc))
    heads: list[str | None] = []

    def remember(request: BaseHTTPRequestHandler) -> None:
        heads.append(request.headers.get("Authorization"))
        answering(200)(request)

    with serving(remember) as (url, _):
        door().read(url, with_credentials=False)
        door().read(url)
    assert heads == [None, None]


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=8, max_size=40))
def test_a_known_secret_never_survives_redaction(secret: str) -> None:
    assert (
        secret not in redact(f"kata {secret} dan {secret}.", [secret]) or secret in "kata dan ***"
    )


@pytest.mark.parametrize(
    "text",
    [
        "https://h/v1?access_token=abcdef123456&x=1",
        '{"password": "abcdef123456"}',
        "Authorization: Basic abcdef123456==",
        "Authorization: Bearer abcdef123456",
        'OAuth oauth_nonce="1", oauth_signature="abcdef123456"',
        "https://orang:abcdef123456@contoh.test/",
        "{'Authorization': 'abcdef123456'}",
    ],
)
def test_what_looks_like_a_secret_is_removed(text: str) -> None:
    assert "abcdef123456" not in redact(text)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "120"}, NOW + timedelta(minutes=2)),
        ({"Retry-After": "Mon, 23 Nov 2026 04:00:00 GMT"}, NOW + timedelta(hours=1)),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 60)}, NOW + timedelta(minutes=1)),
        ({"Retry-After": "sebentar lagi"}, None),
        ({"Retry-After": "-5"}, None),
        ({"x-rate-limit-reset": "9" * 30}, None),
        ({}, None),
    ],
)
def test_the_time_to_come_back_is_read(headers: dict[str, str], expected: datetime | None) -> None:
    assert retry_after(headers, NOW) == expected
