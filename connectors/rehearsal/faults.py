"""Faults on demand (gangguan): what goes wrong, at which call, for training and tests.

A fault names a channel, a method, a path pattern and which of the matching calls it
strikes. "before" means that the call had no effect, "after" that it had, which is the
case that makes an outcome unknown to the caller.
"""

from __future__ import annotations

import asyncio
import fnmatch
import json
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Action = Literal[
    "delay",
    "delay_after",
    "drop_before",
    "drop_after",
    "answer_before",
    "answer_after",
    "throttle",
    "truncate",
]
CHANNELS = ("website", "x", "facebook", "instagram")


class Fault(BaseModel):
    """One fault. `path` is a glob (`/wp-json/wp/v2/posts*`) or, between slashes marked
    `re:`, a regular expression; it is compared with the path without the query.
    `nth` counts matching calls from 1; `times` is how many calls are struck from there
    (none given: one when `nth` is given, every call when not).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Literal["website", "x", "facebook", "instagram", "*"] = "*"
    method: str = "*"
    path: str = "*"
    nth: int | None = Field(default=None, ge=1)
    times: int | None = Field(default=None, ge=1)
    action: Action
    seconds: float = Field(default=0, ge=0, le=600)
    status: int = Field(default=500, ge=200, le=599)
    body: Any = None
    headers: dict[str, str] = Field(default_factory=dict)
    bytes: int = Field(default=0, ge=0)

    def matches(self, channel: str, method: str, path: str) -> bool:
        if self.channel not in ("*", channel) or self.method.upper() not in ("*", method):
            return False
        if self.path.startswith("re:"):
            return re.search(self.path[3:], path) is not None
        return fnmatch.fnmatchcase(path, self.path)

    def strikes(self, count: int) -> bool:
        """Is the `count`-th matching call struck?"""
        if self.nth is None:
            return self.times is None or count <= self.times
        return self.nth <= count < self.nth + (self.times or 1)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a vendor route received."""

    at: str
    channel: str
    method: str
    path: str
    status: int | None
    fault: str


@dataclass(slots=True)
class FaultPlan:
    """The faults in force, how often each matched, and the latest calls."""

    faults: list[Fault] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=2000))

    @classmethod
    def from_file(cls, path: Path | None) -> FaultPlan:
        plan = cls()
        if path is not None:
            plan.add(TypeAdapter(list[Fault]).validate_json(path.read_bytes()))
        return plan

    def add(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.faults.append(fault)
            self.counts.append(0)

    def clear(self) -> None:
        self.faults.clear()
        self.counts.clear()

    def struck(self, channel: str, method: str, path: str) -> Fault | None:
        """Count this call at every fault that matches; the first that strikes it."""
        found = None
        for index, fault in enumerate(self.faults):
            if fault.matches(channel, method, path):
                self.counts[index] += 1
                if found is None and fault.strikes(self.counts[index]):
                    found = fault
        return found


def channel_of(path: str, instagram_ids: tuple[str, ...] = ("178",)) -> str | None:
    """The channel whose vendor route this is; None for reader pages and /gladi."""
    if path.startswith(("/wp-json", "/wp-content/")):
        return "website"
    if path.startswith("/2/"):
        return "x"
    match = re.match(r"/v\d+\.\d+/(\w*)", path)
    if match is None:
        return None
    return "instagram" if match.group(1).startswith(instagram_ids) else "facebook"


class _Captured:
    """Holds an answer back so that it can be dropped, replaced, delayed or cut."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int | None:
        return next(
            (int(m["status"]) for m in self.messages if m["type"] == "http.response.start"), None
        )

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        start = next(m for m in self.messages if m["type"] == "http.response.start")
        return [(bytes(name), bytes(value)) for name, value in start["headers"]]

    @property
    def body(self) -> bytes:
        return b"".join(
            m.get("body", b"") for m in self.messages if m["type"] == "http.response.body"
        )


async def carry_out(
    fault: Fault,
    channel: str,
    now: datetime,
    *,
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> int | None:
    """Let the fault happen to one call; the status that was answered, None for none."""
    captured = _Captured()
    effect = fault.action in {"delay_after", "drop_after", "answer_after", "truncate"}
    if effect:
        await app(scope, receive, captured.send)
    if fault.seconds and fault.action != "throttle":
        await asyncio.sleep(fault.seconds)
    match fault.action:
        case "delay":
            return await observed(app, scope, receive, send)
        case "delay_after":
            for message in captured.messages:
                await send(message)
            return captured.status
        case "drop_before" | "drop_after":
            await hang_up(receive, send)
            return None
        case "truncate":
            await _answer(
                send, captured.status or 200, captured.headers, captured.body, fault.bytes
            )
            await hang_up(receive, send)
            return captured.status
        case "throttle":
            status, headers, body = _throttled(channel, now, int(fault.seconds) or 900)
            await _answer(send, status, headers, body)
            return status
        case "answer_before" | "answer_after":
            body = _encoded(fault.body)
            kind = {"content-type": "text/html" if isinstance(fault.body, str) else _JSON}
            headers = [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in (kind | fault.headers).items()
            ]
            await _answer(send, fault.status, headers, body)
            return fault.status


_JSON = "application/json; charset=UTF-8"


def _encoded(body: Any) -> bytes:
    if body is None:
        return b""
    return (body if isinstance(body, str) else json.dumps(body)).encode()


async def observed(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> int | None:
    """Pass a call on untouched and tell what it was answered."""
    status: int | None = None

    async def watch(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = int(message["status"])
        await send(message)

    await app(scope, receive, watch)
    return status


async def _answer(
    send: Send,
    status: int,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    cut_at: int | None = None,
) -> None:
    """One answer; with `cut_at`, only that many bytes of what Content-Length promises."""
    kept = [item for item in headers if item[0].lower() != b"content-length"]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*kept, length]})
    part = body if cut_at is None else body[:cut_at]
    more = cut_at is not None
    await send({"type": "http.response.body", "body": part, "more_body": more})


def _throttled(
    channel: str, now: datetime, seconds: int
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """How each vendor says "too many calls"."""
    content = (b"content-type", _JSON.encode())
    if channel == "x":
        reset = str(int(now.timestamp()) + seconds).encode()
        limits = [
            (b"x-rate-limit-limit", b"100"),
            (b"x-rate-limit-remaining", b"0"),
            (b"x-rate-limit-reset", reset),
        ]
        body: dict[str, Any] = {
            "title": "Too Many Requests",
            "detail": "Too Many Requests",
            "type": "about:blank",
            "status": 429,
        }
        return 429, [content, *limits], json.dumps(body).encode()
    if channel in {"facebook", "instagram"}:
        code = 32 if channel == "facebook" else 4
        text = "Page request limit reached" if code == 32 else "Application request limit reached"
        error = {"message": f"(#{code}) {text}", "type": "OAuthException", "code": code}
        body = {"error": error | {"is_transient": True, "fbtrace_id": "Agladi"}}
        return 403, [content], json.dumps(body).encode()
    retry = (b"retry-after", str(seconds).encode())
    return 429, [(b"content-type", b"text/html"), retry], b"<h1>429 Too Many Requests</h1>"


async def hang_up(receive: Receive, send: Send) -> None:
    """Close the connection without another byte.

    ASGI has no word for it. uvicorn's `send` is a method of the object that owns the
    socket, whose `transport` can be aborted; without one (a test client) the call ends
    in an error, which is as near as it gets.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("gladi: sambungan diputus")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
