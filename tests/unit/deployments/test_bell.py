"""The bell between server and worker: over real datagrams, with and without a listener."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from deployments.bell import LOOPBACK, Bell, RingingServer, bells_in

RUN = "/api/flow_runs/0b5c3d3e-0000-4000-8000-000000000001"
NEW_RUN = "/api/deployments/0b5c3d3e-0000-4000-8000-000000000002/create_flow_run"
MARK = b"mark"


async def _echo(request: Request) -> JSONResponse:
    return JSONResponse({"got": len(await request.body())})


APP = Starlette(routes=[Route("/{path:path}", _echo, methods=["GET", "POST"])])


class Hearing(Bell):
    """Keeps what was heard until the mark."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[bytes] = []
        self.marked = asyncio.Event()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        super().datagram_received(data, addr)
        if data == MARK:
            self.marked.set()
        else:
            self.heard.append(data)


async def _status(folder: Path, method: str, path: str, body: object) -> int:
    transport = httpx.ASGITransport(app=RingingServer(APP, bells_in(folder)))
    async with httpx.AsyncClient(transport=transport, base_url="http://siar") as client:
        return (await client.request(method, path, json=body)).status_code


async def _rings(folder: Path, method: str, path: str, body: object) -> int:
    """How often the bell rang for this request."""
    bell = Hearing()
    transport = await bell.hang_up(bells_in(folder))
    try:
        assert await _status(folder, method, path, body) == 200
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marking:
            marking.sendto(MARK, (LOOPBACK, int((bells_in(folder) / str(os.getpid())).read_text())))
        await asyncio.wait_for(bell.marked.wait(), 30)
        assert bell.rung.is_set()
        return len(bell.heard)
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{RUN}/resume", {"run_input": {}}),
        (NEW_RUN, {"parameters": {}}),
        (f"{RUN}/set_state", {"state": {"type": "SCHEDULED"}}),
    ],
)
def test_what_makes_work_rings_once(tmp_path: Path, path: str, body: object) -> None:
    assert asyncio.run(_rings(tmp_path, "POST", path, body)) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", RUN, None),
        ("GET", f"{RUN}/resume", None),
        ("POST", f"{RUN}/set_state", {"state": {"type": "RUNNING"}}),
        ("POST", "/api/flow_runs/filter", {"state": {"type": {"any_": ["SCHEDULED"]}}}),
    ],
)
def test_what_makes_no_work_does_not_ring(
    tmp_path: Path, method: str, path: str, body: object
) -> None:
    assert asyncio.run(_rings(tmp_path, method, path, body)) == 0


@pytest.mark.parametrize("left", [None, "", "bukan angka", "0", "9", "99999999"])
def test_without_a_listener_the_server_answers_as_ever(tmp_path: Path, left: str | None) -> None:
    if left is not None:
        bells_in(tmp_path).mkdir()
        (bells_in(tmp_path) / "1").write_text(left)
    assert asyncio.run(_status(tmp_path, "POST", f"{RUN}/resume", {})) == 200


def test_every_worker_of_the_machine_is_rung_and_a_dead_one_forgotten(tmp_path: Path) -> None:
    bells = bells_in(tmp_path)
    bells.mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (bells / str(ended.pid)).write_text("9")

    async def rung() -> bool:
        bell, other = Bell(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        transport = await bell.hang_up(bells)
        with other:
            other.bind((LOOPBACK, 0))
            other.settimeout(30)
            (bells / "1").write_text(str(other.getsockname()[1]))
            await _status(tmp_path, "POST", f"{RUN}/resume", {})
            await asyncio.wait_for(bell.rung.wait(), 30)
            heard = other.recv(16) == b""
        transport.close()
        return heard

    assert asyncio.run(rung())
    assert {bell.name for bell in bells.iterdir()} == {"1", str(os.getpid())}
