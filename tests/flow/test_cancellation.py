"""Cancel ends a run and its process, never a publication."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from deployments.forking_worker import FELL, STOPPED
from deployments.giving_up import stop
from deployments.player import Player
from ledger import publications
from ledger.models import Event, Form
from ledger.restarts import RESTARTED
from tests.support.cancelling import is_alive, press_cancel
from tests.support.carrying import Crowd, bring, carried, complete
from tests.support.intruder import Intruder
from tests.support.kantor import TestOffice
from tests.support.processes import process_of
from tests.support.waiting import soon

pytestmark = pytest.mark.flow

CHANNELS = {"website", "x", "facebook", "instagram"}


@pytest.fixture(scope="module")
def here(here_in_haste: TestOffice) -> TestOffice:
    return here_in_haste


@pytest.fixture
def gladi(here: TestOffice) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{here.stack.rehearsal_url}", trust_env=False) as client:
        yield client
        client.delete("/gladi/gangguan").raise_for_status()


def restarts_of(here: TestOffice, publication_id: str) -> list[str]:
    with here.office.ledger.read() as work:
        rows = work.session.query(Event).filter_by(chain=publication_id, kind=RESTARTED)
        return [json.loads(row.data)["alasan"] for row in rows.order_by(Event.seq)]


def sweep(here: TestOffice) -> None:
    api = Intruder(here.stack.api_url)
    api.sweep()
    api.close()


def in_the_publishing_call(
    here: TestOffice, crowd: Crowd, gladi: httpx.Client, name: str
) -> tuple[str, UUID, int]:
    """A publication that X has taken and not yet answered for; its run; the process at it."""
    publication_id = carried(here, crowd, 6, folder=here.material(name), marked=name)
    (run_id,) = bring(here, publication_id)
    held = {"channel": "x", "method": "POST", "path": "/2/tweets", "nth": 1}
    slow = {**held, "action": "delay_after", "seconds": 60}
    gladi.post("/gladi/gangguan", json=slow).raise_for_status()
    here.answer(run_id, crowd.one("humas"), petugas_unggah=crowd.one("ppid"))
    soon(lambda: gladi.get("/gladi/gangguan").json()["gangguan"][0]["matched"] == 1, "the call")
    pid = process_of(run_id)
    assert is_alive(pid)
    return publication_id, run_id, pid


def is_published_once(
    here: TestOffice, crowd: Crowd, gladi: httpx.Client, run_id: UUID, name: str
) -> bool:
    """Let the run go on to its end, and count what readers see."""
    gladi.delete("/gladi/gangguan").raise_for_status()
    complete(here, crowd, run_id)
    times = {
        channel: sum(name in json.dumps(post) for post in posts)
        for channel, posts in here.posts().items()
    }
    return times == dict.fromkeys(CHANNELS, 1)


def test_cancel_in_the_middle_of_the_publishing_call_ends_the_run_and_publishes_once(
    here: TestOffice, crowd: Crowd, gladi: httpx.Client
) -> None:
    publication_id, run_id, pid = in_the_publishing_call(here, crowd, gladi, "batal")
    press_cancel(here.player, run_id)
    soon(lambda: here.player.run(run_id)["state"]["type"] == "CANCELLED", "the cancellation")
    assert here.player.run(run_id)["state"]["message"] == STOPPED
    assert not is_alive(pid)
    assert here.office.locks.is_free(publication_id)

    soon(lambda: _brought_back(here, publication_id, "Cancelled"), "the sweeper's restart")
    assert is_published_once(here, crowd, gladi, run_id, "batal")


def test_kill_9_of_the_process_is_told_in_indonesian_and_publishes_once(
    here: TestOffice, crowd: Crowd, gladi: httpx.Client
) -> None:
    publication_id, run_id, pid = in_the_publishing_call(here, crowd, gladi, "terbunuh")

    def steps() -> set[str]:
        # The server writes a task before it writes its first state.
        found = (one["state"] for one in here.player.task_runs(run_id))
        return {state["name"] for state in found if state}

    # A step that lasts is told within a second or so.
    soon(lambda: "Running" in steps(), "the step in the timeline")
    os.kill(pid, signal.SIGKILL)
    soon(lambda: _brought_back(here, publication_id, "Crashed"), "the sweeper's restart")
    said = FELL.format(how="sinyal 9")
    assert said in [state["message"] for state in states_of(here.player, run_id)]
    assert said in restarts_of(here, publication_id)[-1]
    assert is_published_once(here, crowd, gladi, run_id, "terbunuh")
    # Nor does a step of the dead process stand in the timeline as if it ran.
    soon(lambda: "Terhenti" in steps() and "Running" not in steps(), "the timeline")


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
