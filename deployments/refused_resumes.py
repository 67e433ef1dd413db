"""Writes into the record each resume that the Prefect server itself refuses (law 2).

An answer that does not fit its form (empty, without a code, with a name that is
not on the list) is turned away by Prefect before any run sees it. So it is noted
here, around the server's API, before the refusal is answered. Many at once are
written as one batch, alike ones as one event with their number, so that a flood
costs the record little and still counts whole.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.settings import load_settings
from ledger.forms import CODE_FIELDS, RefusedResume, record_refused_resumes
from ledger.work import Ledger

RESUME = re.compile(r"/api/flow_runs/([0-9a-fA-F-]{32,36})/resume/?$")
ACCEPTED, NOT_FOUND = "ACCEPT", 404
LONGEST_BODY = 1_000_000
_LONGEST_REASON, _LONGEST_NAME, _MOST_FIELDS = 400, 100, 30

_log = logging.getLogger(__name__)


class RefusedResumes:
    """ASGI middleware: passes everything on, and notes refused resumes with `note`."""

    def __init__(self, app: ASGIApp, note: Callable[[list[RefusedResume]], None]) -> None:
        self._app = app
        self._note = note
        self._waiting: list[RefusedResume] = []

    @cached_property
    def _turn(self) -> asyncio.Lock:
        return asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = RESUME.search(scope["path"]) if scope["type"] == "http" else None
        if path is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive)
        await self._app(_without_compression(scope), exchange.receive, exchange.send)
        reason = exchange.refusal()
        if reason is not None:
            await self._keep(_refused(path[1], reason, exchange.asked, _caller(scope)))
        for message in exchange.answer:
            await send(message)

    async def _keep(self, refused: RefusedResume) -> None:
        self._waiting.append(refused)
        async with self._turn:
            batch, self._waiting = self._waiting, []
            if not batch:
                return  # the one before took this along
            try:
                await asyncio.to_thread(self._note, batch)
            except Exception:
                # The answer to the caller does not depend on it; the log is all that is left.
                _log.exception("%d refused resumes could not be recorded", len(batch))


class _Exchange:
    """One request and its answer, held back until it is known what to do with it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._body = bytearray()
        self.answer: list[Message] = []

    async def receive(self) -> Message:
        message = await self._receive()
        if len(self._body) < LONGEST_BODY:
            self._body += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        self.answer.append(message)

    @property
    def asked(self) -> Mapping[str, Any]:
        """What was filled in, as far as it can be read."""
        found = _json(bytes(self._body))
        given = found.get("run_input") if isinstance(found, dict) else None
        return given if isinstance(given, dict) else {}

    def refusal(self) -> str | None:
        """Why the server refused; None when it accepted or knows no such run."""
        status = next((one["status"] for one in self.answer if "status" in one), 500)
        if status == NOT_FOUND:
            return None
        said = _json(b"".join(one.get("body", b"") for one in self.answer))
        if not isinstance(said, dict):
            said = {}
        if said.get("status") == ACCEPTED:
            return None
        details = said.get("details")
        reason = details.get("reason") if isinstance(details, dict) else None
        return str(reason or f"HTTP {status}")


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _without_compression(scope: Scope) -> Scope:
    kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": kept}


def _caller(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _refused(run_id: str, reason: str, asked: Mapping[str, Any], caller: str) -> RefusedResume:
    # Prefect's sentence quotes the value that did not fit, which may be a code.
    for name in CODE_FIELDS & asked.keys():
        reason = reason.replace(str(asked[name]) or "\0", "…")
    person = asked.get("petugas")
    return RefusedResume(
        flow_run_id=run_id.lower(),
        reason=reason[:_LONGEST_REASON],
        named_person=person[:_LONGEST_NAME] if isinstance(person, str) else "",
        fields=tuple(sorted(str(name)[:_LONGEST_NAME] for name in asked))[:_MOST_FIELDS],
        caller=caller,
    )


class RecordBook:
    """Opens the record at the first refusal; a server without one never pays for it."""

    @cached_property
    def _ledger(self) -> Ledger:
        # Not before it is needed: the server starts sooner without the whole office.
        from deployments.wiring import build_ledger

        return build_ledger(load_settings())

    def note(self, refused: list[RefusedResume]) -> None:
        """Write one event for each kind of refusal in this batch."""
        with self._ledger.work() as work:
            record_refused_resumes(work, Counter(refused))
