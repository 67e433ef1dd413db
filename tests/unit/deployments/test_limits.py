"""How many runs may be carried out at once, and that a cancelled one gives up its place."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deployments.forking_worker import STOPPED
from deployments.player import Player
from deployments.stack import Stack
from tests.support.cancelling import is_alive, press_cancel
from tests.support.holding_flow import BEGUN, GATE
from tests.support.stack import LIMIT, PASSWORD
from tests.support.waiting import soon

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("stack")]


class Yard:
    """A stack whose runs begin, say so, and then wait for the gate."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        name, _, password = PASSWORD.partition(":")
        self.player = Player(stack.api_url, {}, auth=(name, password))
        self.folder = folder
        self._gate = (folder / GATE).open("a", encoding="ascii")

    def order(self, count: int) -> list[UUID]:
        deployment = self.player._call("GET", "/deployments/name/tahan/tahan")
        body = {"parameters": {"folder": str(self.folder)}, "state": {"type": "SCHEDULED"}}
        path = f"/deployments/{deployment['id']}/create_flow_run"
        return [UUID(self.player._call("POST", path, body)["id"]) for _ in range(count)]

    def change(self, method: str, path: str, **body: Any) -> None:
        self.player._call(method, path, body)

    @property
    def begun(self) -> int:
        path = self.folder / BEGUN
        return len(path.read_text().splitlines()) if path.exists() else 0

    def process_of(self, run_id: UUID) -> int:
        lines = (self.folder / BEGUN).read_text().splitlines()
        return next(int(pid) for pid, run in map(str.split, lines) if run == str(run_id))

    def polls(self, number: int) -> None:
        """Return when the worker has asked for work this often again."""
        for _ in range(number):
            before = self._last_polled()
            soon(lambda before=before: self._last_polled() != before, "a poll")  # type: ignore[misc]

    def _last_polled(self) -> str:
        return str(self.player._call("GET", "/work_pools/siar/queues/default")["last_polled"])

    @contextmanager
    def closed_gate(self) -> Iterator[None]:
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        (self.folder / BEGUN).unlink(missing_ok=True)
        try:
            yield
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def ended(self, run_ids: list[UUID]) -> None:
        for run_id in run_ids:
            assert self.player.finished(run_id)["type"] == "COMPLETED"


@pytest.fixture(scope="module")
def yard(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    made = Yard(stack, tmp_path_factory.mktemp("batas"))
    yield made
    made.player.close()


def test_the_worker_runs_no_more_at_once_than_its_setting_says(yard: Yard) -> None:
    with yard.closed_gate():
        runs = yard.order(LIMIT + 1)
        soon(lambda: yard.begun == LIMIT, "the first runs")
        yard.polls(3)
        assert yard.begun == LIMIT
    yard.ended(runs)


@pytest.mark.parametrize("path", ["/work_pools/siar", "/work_pools/siar/queues/default"])
def test_the_limit_of_pool_and_queue_holds(yard: Yard, path: str) -> None:
    yard.change("PATCH", path, concurrency_limit=1)
    with yard.closed_gate():
        runs = yard.order(2)
        soon(lambda: yard.begun == 1, "the first run")
        yard.polls(3)
        assert yard.begun == 1
    yard.ended(runs)
    yard.change("PATCH", path, concurrency_limit=None)


def test_the_limit_of_a_deployment_holds(yard: Yard) -> None:
    deployment = yard.player._call("GET", "/deployments/name/tahan/tahan")["id"]
    yard.change("PATCH", f"/deployments/{deployment}", concurrency_limit=1)
    with yard.closed_gate():
        runs = yard.order(2)
        soon(lambda: yard.begun == 1, "the first run")
        states = [yard.player.run(run_id)["state"] for run_id in runs]
        soon(lambda: "AwaitingConcurrencySlot" in names(yard, runs), "the second one's turn")
        assert yard.begun == 1
    yard.ended([run for run, state in zip(runs, states, strict=True) if state["type"] == "RUNNING"])
    for run_id in runs:
        press_cancel(yard.player, run_id)
    yard.change("PATCH", f"/deployments/{deployment}", concurrency_limit=None)


def names(yard: Yard, runs: list[UUID]) -> set[str]:
    return {yard.player.run(run_id)["state"]["name"] for run_id in runs}


def test_a_cancelled_run_gives_its_place_to_the_next_one(yard: Yard) -> None:
    with yard.closed_gate():
        runs = yard.order(LIMIT + 1)
        soon(lambda: yard.begun == LIMIT, "the first runs")
        running = [run for run in runs if yard.player.run(run)["state"]["type"] == "RUNNING"]
        pid = yard.process_of(running[0])
        press_cancel(yard.player, running[0])
        soon(lambda: yard.begun == LIMIT + 1, "the next run")
        state = yard.player.run(running[0])["state"]
        assert (state["type"], state["message"]) == ("CANCELLED", STOPPED)
        assert not is_alive(pid)
    yard.ended([run for run in runs if run != running[0]])


def test_a_run_that_will_not_stop_is_killed(yard: Yard) -> None:
    with yard.closed_gate():
        (run_id,) = yard.order(1)
        soon(lambda: yard.begun == 1, "the run")
        pid = yard.process_of(run_id)
        os.kill(pid, signal.SIGSTOP)  # it will not even hear the request
        press_cancel(yard.player, run_id)
        soon(lambda: yard.player.run(run_id)["state"]["type"] == "CANCELLED", "the cancellation")
        assert not is_alive(pid)
