"""What can go wrong at a call, and how a delivery has to end all the same.

Whatever happens at whichever call, in the end the channel holds exactly one post. If a
person has to be asked on the way there, "Kirim ulang" leads to that end, too, even when
the post was live all the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.base import LINK_MARK
from tests.unit.delivery.office import HANG, TRY_AGAIN, Desk

HTML = "<html><body><h1>Sedang dalam perbaikan</h1></body></html>"
MOVED = {"Location": "https://lain.example/"}


@dataclass(frozen=True)
class Call:
    """One of the calls that a delivery makes; `kind`: "prepare", "publish", "after" or "find"."""

    channel: str
    kind: str
    method: str
    path: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.channel} {self.kind} {self.method} {self.path.rpartition('/')[2]}{self.nth}"


FAULTS: Mapping[str, Mapping[str, Any]] = {
    "dropped before": {"action": "drop_before"},
    "dropped after effect": {"action": "drop_after"},
    "500 after effect": {"action": "answer_after", "status": 500, "body": HTML},
    "500 {}": {"action": "answer_before", "status": 500, "body": {}},
    "503 html": {"action": "answer_before", "status": 503, "body": HTML},
    "200 html": {"action": "answer_before", "status": 200, "body": HTML},
    "200 html after effect": {"action": "answer_after", "status": 200, "body": HTML},
    "2xx without id": {"action": "answer_after", "status": 201, "body": {"ok": 1}},
    "301": {"action": "answer_before", "status": 301, "body": HTML, "headers": MOVED},
    "401": {"action": "answer_before", "status": 401, "body": {}},
    "402": {"action": "answer_before", "status": 402, "body": {}},
    "403": {"action": "answer_before", "status": 403, "body": {}},
    "429": {"action": "answer_before", "status": 429, "body": {}},
    "429 with header": {
        "action": "answer_before",
        "status": 429,
        "body": {},
        "headers": {"Retry-After": "900"},
    },
    "throttled": {"action": "throttle", "seconds": 600},
    "hang": {"action": "answer_before", "status": 500, "seconds": HANG},
    "hang after effect": {"action": "delay_after", "seconds": HANG},
    "reset mid-body": {"action": "truncate", "bytes": 5},
}
# Nothing but a person helps: password, account, credit, address of the channel.
FOR_A_PERSON = frozenset({"301", "401", "402", "403"})


def cases(*calls: Call) -> list[Any]:
    """Each call with each fault."""
    return [
        pytest.param(call, name, id=f"{call}: {name}".replace("/", "-"))
        for call in calls
        for name in FAULTS
    ]


def a_person_is_asked(call: Call, fault: str) -> bool:
    """Where the channel must not go on by itself, or cannot."""
    if call.kind == "after":
        return False  # the post is live, whatever is asked about it
    if call.kind == "publish" and fault == "301":
        return False  # not clear whether it counted: read, then sent again
    if call.path.startswith("/wp-content"):
        # A file that cannot be opened yet; other bytes than the approved ones are refused.
        return fault.startswith("200 html")
    return fault in FOR_A_PERSON


def check(desk: Desk, call: Call, fault: str, token: str) -> None:
    """Deliver with the fault striking once, and look at the channel."""
    channels = ("website", "instagram") if call.channel == "instagram" else (call.channel,)
    publication_id = desk.approved(token, channels)
    if call.channel == "instagram":
        assert desk.deliver(publication_id, "website").state == "published"
    if call.kind == "find":
        # Reading happens only when the outcome is unknown.
        publishing = PUBLISHING[call.channel]
        strike(desk, publishing, {"action": "drop_after"})
    strike(desk, call, FAULTS[fault])

    sent = desk.settle(publication_id, call.channel)
    live = len(desk.posts(call.channel, token))
    assert sent.needs_person == a_person_is_asked(call, fault), sent
    if sent.needs_person:
        assert sent.sentence
        assert live == (1 if call.kind == "find" else 0)
        desk.answer(publication_id, call.channel, TRY_AGAIN)
        sent = desk.settle(publication_id, call.channel)
    assert sent.state == "published", sent
    assert len(desk.posts(call.channel, token)) == 1
    assert LINK_MARK not in str(desk.posts(call.channel, token))


def strike(desk: Desk, call: Call, fault: Mapping[str, Any]) -> None:
    """Put a fault in force for one call."""
    desk.gladi.fault(
        channel=call.channel, method=call.method, path=call.path, nth=call.nth, **fault
    )


PUBLISHING = {
    "website": Call("website", "publish", "POST", "/wp-json/wp/v2/posts/*", nth=2),
    "x": Call("x", "publish", "POST", "/2/tweets"),
    "facebook": Call("facebook", "publish", "POST", "*/feed"),
    "instagram": Call("instagram", "publish", "POST", "*/media_publish"),
}
