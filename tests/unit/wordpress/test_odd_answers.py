"""Whatever a website answers, the connector raises `ChannelError` and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest

from connectors.base import Order, Prepared
from connectors.errors import ChannelError, PerluOtorisasi, TidakPasti
from connectors.wordpress import WordPress, WordPressSettings
from tests.contract.material import MemoryBlobs, release
from tests.unit.wordpress.loopback import answering, serving

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
BODIES = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"[null]",
    b"[{}]",
    b'{"id": "7"}',
    b'{"id": 7}',
    b'[{"id": 7}]',
    b'{"id": 7, "status": "publish"}',
    b'"teks"',
    b"<html>Warning</html>",
    b'{"code": 5, "data": []}',
    b'{"code": "term_exists", "data": {"term_id": "x"}}',
    b'{"code": "rest_invalid_param", "data": {"details": {"a": {"data": null}}}}',
    b"\xff\xfe\x00",
    b"[" * 100_000,
]
PREPARED = Prepared({"post_id": 7, "media_urls": {}, "media_ids": {}, "terms": {}})


def website(url: str) -> WordPress:
    return WordPress(
        WordPressSettings.model_validate(
            {
                "base_url": url,
                "username": "siar",
                "application_password": "abcd efgh ijkl mnop",
                "connect_timeout": 1.0,
                "read_timeout": 2.0,
            }
        ),
        clock=lambda: NOW,
    )


def order_without_media(connector: WordPress, blobs: MemoryBlobs) -> Order:
    manuscript = release(blobs, "aneh")
    post = connector.render(
        type(manuscript)(manuscript.title, manuscript.lead, "Isi"), blobs, reference="a1b2c3d4"
    )
    return Order("p", "a1b2c3d4", "d" * 64, post, NOW)


CALLS: dict[str, Callable[[WordPress, Order, MemoryBlobs], object]] = {
    "prepare": lambda connector, order, blobs: connector.prepare(order, blobs),
    "publish": lambda connector, order, _: connector.publish(order, PREPARED),
    "find": lambda connector, order, _: connector.find(order, PREPARED, since=NOW),
    "status": lambda connector, order, _: connector.status("7"),
    "withdraw": lambda connector, order, _: connector.withdraw("7"),
    "check": lambda connector, order, _: connector.check(),
}


def failure_of(call: Callable[[], object]) -> ChannelError | None:
    try:
        call()
    except ChannelError as error:
        return error
    return None


@pytest.mark.parametrize("status", [200, 204, 301, 400, 404, 500])
def test_no_answer_makes_anything_but_a_channel_error(status: int) -> None:
    blobs = MemoryBlobs()
    for body in BODIES:
        with serving(answering(status, b"" if status == 204 else body)) as (url, _):
            connector = website(url)
            order = order_without_media(connector, blobs)
            for call in CALLS.values():
                error = failure_of(partial(call, connector, order, blobs))
                if error is not None:
                    assert error.sentence
                    assert error.action
                    assert len(error.detail) < 1000


@pytest.mark.parametrize("status", [200, 201, 301, 404, 500])
def test_no_odd_answer_to_the_publishing_call_is_taken_for_a_clear_one(status: int) -> None:
    for body in BODIES:
        with serving(answering(status, body)) as (url, _):
            connector = website(url)
            with pytest.raises(TidakPasti):
                connector.publish(order_without_media(connector, MemoryBlobs()), PREPARED)


@pytest.mark.parametrize("status", [200, 301, 404, 500])
def test_an_odd_answer_to_a_look_is_never_read_as_absent(status: int) -> None:
    with serving(answering(status, b"{}")) as (url, _):
        connector = website(url)
        with pytest.raises(ChannelError):
            connector.find(order_without_media(connector, MemoryBlobs()), Prepared({}), since=NOW)


def test_a_firewall_is_told_apart_from_a_missing_role() -> None:
    with serving(answering(403, b"<html>Forbidden</html>")) as (url, _):
        connector = website(url)
        with pytest.raises(PerluOtorisasi, match="firewall"):
            connector.status("7")
