"""A bell between the Prefect server and the worker beside it: there is work, look now.

Polling alone makes everybody who answers a form wait for the next poll. So the
server rings after each resume and each new run, and the worker looks at once. A
ring carries nothing and proves nothing: it only brings the next poll forward, and
a lost one costs no more than the wait for that poll. Datagrams on loopback; the
worker leaves its port in the run folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
_NEWS = re.compile(r"/(resume|create_flow_run|set_state)/?$")
_SCHEDULED = b'"SCHEDULED"'


def bell_file(run_path: Path) -> Path:
    """Where the worker writes the port it listens on."""
    return run_path / "lonceng.port"


class RingingServer:
    """ASGI middleware: rings when a request was answered that may have made work."""

    def __init__(self, app: ASGIApp, port_file: Path) -> None:
        self._app = app
        self._port_file = port_file
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
        # Nobody may be there to hear it; then the next poll finds the work.
        with contextlib.suppress(OSError, ValueError, OverflowError):
            port = int(self._port_file.read_text())
            self._socket.sendto(b"", (LOOPBACK, port))


class Bell(asyncio.DatagramProtocol):
    """The worker's end: `rung` is set by each datagram, and may be set by hand."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.rung.set()

    def error_received(self, exc: Exception) -> None:
        self.rung.set()

    async def hang_up(self, port_file: Path) -> asyncio.DatagramTransport:
        """Listen on a free port of loopback and write it down."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, 0))
        port_file.write_text(str(transport.get_extra_info("sockname")[1]))
        return transport
