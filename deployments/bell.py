"""A bell between the Prefect server and the worker beside it: there is work, look now.

Polling alone makes everybody who answers a form wait for the next poll. So the
server rings after each resume and each new run, and the worker looks at once. A
ring carries nothing and proves nothing: it only brings the next poll forward, and
a lost one costs no more than the wait for that poll. Datagrams on loopback; each
worker leaves its port in the run folder, and all of them are rung.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
_NEWS = re.compile(r"/(resume|create_flow_run|set_state)/?$")
_SCHEDULED = b'"SCHEDULED"'


def bells_in(run_path: Path) -> Path:
    """Where each worker leaves a file, named after its process, with the port it listens on."""
    return run_path / "lonceng"


class RingingServer:
    """ASGI middleware: rings when a request was answered that may have made work."""

    def __init__(self, app: ASGIApp, bells: Path) -> None:
        self._app = app
        self._bells = bells
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _NEWS.search(scope["path"]) if scope["type"] == "http" else None
        if path is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        schedules = path[1] != "set_state"

        async def listening() -> Message:
            nonlocal schedules
            message = await receive()
            schedules = schedules or _SCHEDULED in message.get("body", b"")
            return message

        await self._app(scope, listening, send)
        if schedules:
            self._ring()

    def _ring(self) -> None:
        for bell in self._bells.glob("*"):
            # Nobody may be there to hear it; then the next poll finds the work.
            with contextlib.suppress(OSError, ValueError, OverflowError):
                self._socket.sendto(b"", (LOOPBACK, int(bell.read_text())))


class Bell(asyncio.DatagramProtocol):
    """The worker's end: `rung` is set by each datagram, and may be set by hand."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.rung.set()

    def error_received(self, exc: Exception) -> None:
        self.rung.set()

    async def hang_up(self, bells: Path) -> asyncio.DatagramTransport:
        """Listen on a free port of loopback and write it down; bells of the dead are taken away."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, 0))
        bells.mkdir(parents=True, exist_ok=True)
        for bell in bells.glob("*"):
            if not _is_alive(bell.name):
                bell.unlink(missing_ok=True)
        port = transport.get_extra_info("sockname")[1]
        (bells / str(os.getpid())).write_text(str(port))
        return transport


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    return True
