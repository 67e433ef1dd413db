"""Cancel ends a run and its process, never a publication; limits on running together hold."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from deployments.forking_worker import STOPPED
from deployments.giving_up import stop
from deployments.player import Player
from deployments.stack import Stack
from ledger import publications
from ledger.models import Event, Form
from ledger.restarts import RESTARTED
from tests.support.carrying import Crowd, bring, carried, complete
from tests.support.holding_flow import BEGUN, GATE
from tests.support.intruder import Intruder
from tests.support.kantor import TestOffice, running_office
from tests.support.processes import process_of
from tests.support.stack import loopback_channels, running_stack, settings_in
from tests.support.waiting import soon

pytestmark = pytest.mark.flow

CHANNELS = {"website", "x", "facebook", "instagram"}
HOLDING = "tests.support.holding_flow"
LIMIT = 2


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestOffice]:
    with running_office(
        tmp_path_factory.mktemp("kantor"),
        prefect={"port": 0, "settling_seconds": 0.5},
        delivery={"first_wait_seconds": 0.5, "resend_after_seconds": 2.0},
    ) as office:
        yield office


@pytest.fixture(scope="module")
def crowd(here: TestOffice) -> Crowd:
    return Crowd(here, each=20)


@pytest.fixture
def gladi(here: TestOffice) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{here.stack.rehearsal_url}", trust_env=False) as client:
        yield client
        client.delete("/gladi/gangguan").raise_for_status()


def press_cancel(player: Player, run_id: UUID) -> None:
    """What the Cancel button of the UI does."""
    state = {"type": "CANCELLING", "name": "Cancelling"}
    player._call("POST", f"/flow_runs/{run_id}/set_state", {"state": state, "force": False})


def is_alive(pid: int) -> bool:
    try:
        # An ended child may stay listed until it is reaped.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def restarts_of(here: TestOffice, publication_id: str) -> list[str]:
    with here.office.ledger.read() as work:
        rows = work.session.query(Event).filter_by(chain=publication_id, kind=RESTARTED)
        return [json.loads(row.data)["alasan"] for row in rows.order_by(Event.seq)]


def sweep(here: TestOffice) -> None:
    api = Intruder(here.stack.api_url)
    api.sweep()
    api.close()


def test_cancel_in_the_middle_of_the_publishing_call_ends_the_run_and_publishes_once(
    here: TestOffice, crowd: Crowd, gladi: httpx.Client
) -> None:
    publication_id = carried(here, crowd, 6, folder=here.material("batal"), marked="batal")
    (run_id,) = bring(here, publication_id)
    held = {"channel": "x", "method": "POST", "path": "/2/tweets", "nth": 1}
    slow = {**held, "action": "delay_after", "seconds": 60}
    gladi.post("/gladi/gangguan", json=slow).raise_for_status()
    here.answer(run_id, crowd.one("humas"), petugas_unggah=crowd.one("ppid"))
    soon(lambda: gladi.get("/gladi/gangguan").json()["gangguan"][0]["matched"] == 1, "the call")
    pid = process_of(run_id)
    assert is_alive(pid)

    press_cancel(here.player, run_id)
    soon(lambda: here.player.run(run_id)["state"]["type"] == "CANCELLED", "the cancellation")
    assert here.player.run(run_id)["state"]["message"] == STOPPED
    assert not is_alive(pid)
    assert here.office.locks.is_free(publication_id)

    gladi.delete("/gladi/gangguan").raise_for_status()
    soon(lambda: _brought_back(here, publication_id, "Cancelled"), "the sweeper's restart")
    complete(here, crowd, run_id)
    times = {
        channel: sum("batal" in json.dumps(post) for post in posts)
        for channel, posts in here.posts().items()
    }
    assert times == dict.fromkeys(CHANNELS, 1)


def _brought_back(here: TestOffice, publication_id: str, why: str) -> bool:
    sweep(here)
    # The first restart is of `bring`: the publication had no run at all.
    return why in restarts_of(here, publication_id)[-1]


def test_cancel_of_a_waiting_form_opens_it_again(here: TestOffice, crowd: Crowd) -> None:
    publication_id = carried(here, crowd, 2, marked="tunggu")
    (run_id,) = bring(here, publication_id)
    key = here.form(run_id).key
    soon(lambda: here.office.locks.is_free(publication_id), "the end of the process")
    press_cancel(here.player, run_id)
    assert here.player.run(run_id)["state"]["type"] == "CANCELLED"

    soon(lambda: _brought_back(here, publication_id, "Cancelled"), "the sweeper's restart")
    told = [state["message"] or "" for state in states_of(here.player, run_id)]
    assert any("run-nya berakhir (Cancelled)" in message for message in told)
    soon(lambda: here.player.run(run_id)["state"]["type"] == "PAUSED", "the form")
    form = here.player.form(run_id, after=key)
    here.player.answer(form, crowd.one("humas"), {"penulis": crowd.one("humas"), "catatan": "."})
    assert here.player.form(run_id, after=form.key).description != form.description


def states_of(player: Player, run_id: UUID) -> list[dict[str, Any]]:
    """Every state that the run went through."""
    found: list[dict[str, Any]] = player._call("GET", f"/flow_run_states/?flow_run_id={run_id}")
    return found


# --- limits ---------------------------------------------------------------------


class Yard:
    """A stack whose runs begin, say so, and then wait for the gate."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.player = Player(stack.api_url, {})
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
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("batas")
    settings = settings_in(folder, channels=loopback_channels(), worker_limit=LIMIT)
    with running_stack(settings, definitions=HOLDING) as stack:
        made = Yard(stack, folder)
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


def test_a_publication_that_was_given_up_asks_nobody_any_more_and_publishes_nothing(
    here: TestOffice, crowd: Crowd, capsys: pytest.CaptureFixture[str]
) -> None:
    publication_id = carried(here, crowd, 5, folder=here.material("urung"), marked="urung")
    (run_id,) = bring(here, publication_id)
    form = here.form(run_id)
    with here.office.ledger.read() as work:
        reference = publications.get(work, publication_id).reference

    assert stop(here.stack.settings, "tidakada", "Kegiatannya batal") == 1
    assert stop(here.stack.settings, reference, "  ") == 1
    assert stop(here.stack.settings, reference, "Kegiatannya batal", "dr. Hasan Contoh") == 0
    assert stop(here.stack.settings, reference, "Sekali lagi") == 1

    said = capsys.readouterr()
    assert f"{reference} “" in said.out
    assert "dihentikan di langkah 5 · Persetujuan pemuatan" in said.out
    assert "Kegiatannya batal" in said.out
    assert [line.split(".")[0] for line in said.err.splitlines()] == [
        "Tidak ada publikasi dengan rujukan 'tidakada'",
        "Alasan masih kosong",
        f"Publikasi {reference} sudah berakhir (dibatalkan), jadi tidak ada yang dihentikan",
    ]
    state = here.player.run(run_id)["state"]
    assert (state["type"], state["name"]) == ("CANCELLED", "Dihentikan")
    # Whoever still has the form on the screen, or forces the run on, changes nothing.
    intruder = Intruder(here.stack.api_url)
    intruder.force(run_id, "SCHEDULED")
    ended = here.player.finished(run_id)
    assert (ended["type"], ended["name"]) == ("COMPLETED", "Dihentikan")
    assert "Kegiatannya batal" in ended["message"]
    sweep(here)
    assert here.player.run(run_id)["state"]["type"] == "COMPLETED"
    with here.office.ledger.read() as work:
        found = publications.get(work, publication_id)
        assert (found.status, found.status_reason) == ("dibatalkan", "Kegiatannya batal")
        assert work.session.query(Form).filter_by(key=form.key).one().state == "ditinggalkan"
    assert not [post for posts in here.posts().values() for post in posts if "urung" in str(post)]
