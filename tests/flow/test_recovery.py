"""After trouble of every kind each publication goes on where the ledger says it stands."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.states import Failed, Pending

from deployments.ports import free_port
from deployments.recover import recover
from deployments.settings import Settings
from deployments.stack import SERVER, WORKER
from deployments.wiring import build_office
from ledger import deliveries, publications
from ledger.models import DeliveryState, Event
from ledger.restarts import RESTARTED, SLOWED_DOWN
from sop.forms.steps import TRY_AGAIN
from tasks.case import publication_in, read_case
from tasks.freezing import in_force
from tasks.pemulihan import Sweep, mend, standings_of_open
from tests.support.carrying import Crowd, bring, carried, complete, run_of
from tests.support.kantor import TestOffice
from tests.support.waiting import soon

pytestmark = pytest.mark.flow

CHANNELS = {"website", "x", "facebook", "instagram"}


@pytest.fixture
def faults(here: TestOffice) -> Iterator[httpx.Client]:
    """The fault controls of the rehearsal channels; all faults end with the test."""
    with httpx.Client(base_url=f"{here.stack.rehearsal_url}", trust_env=False) as client:
        yield client
        client.delete("/gladi/gangguan").raise_for_status()


def reference_of(here: TestOffice, publication_id: str) -> str:
    with here.office.ledger.read() as work:
        return publications.get(work, publication_id).reference


def times_visible(here: TestOffice, marker: str) -> dict[str, int]:
    """How often readers can see a post with this text, by channel."""
    return {
        channel: sum(marker in json.dumps(post, ensure_ascii=False) for post in posts)
        for channel, posts in here.posts().items()
    }


def ready_to_publish(here: TestOffice, crowd: Crowd, name: str) -> tuple[str, UUID]:
    """A publication whose form of step 6 waits; its text is found nowhere else."""
    publication_id = carried(here, crowd, 6, folder=here.material(name), marked=name)
    (run_id,) = bring(here, publication_id)
    here.form(run_id)
    return publication_id, run_id


def assign(here: TestOffice, crowd: Crowd, run_id: UUID) -> None:
    here.answer(run_id, crowd.one("humas"), petugas_unggah=crowd.one("ppid"))


def events_of(here: TestOffice, publication_id: str, kind: str) -> list[dict[str, Any]]:
    with here.office.ledger.read() as work:
        rows = work.session.query(Event).filter_by(chain=publication_id, kind=kind)
        return [json.loads(row.data) for row in rows.order_by(Event.seq)]


def test_a_channel_that_refuses_after_the_approval_is_sent_again_by_the_officer(
    here: TestOffice, crowd: Crowd, faults: httpx.Client
) -> None:
    _, run_id = ready_to_publish(here, crowd, "tolak")
    refusal = {"code": "rest_cannot_create", "message": "Sorry", "data": {"status": 401}}
    faults.post(
        "/gladi/gangguan",
        json={
            "action": "answer_before",
            "channel": "website",
            "method": "POST",
            "status": 401,
            "body": refusal,
        },
    ).raise_for_status()
    assign(here, crowd, run_id)
    form = here.form(run_id)
    assert TRY_AGAIN in form.options("tindakan_website")
    faults.delete("/gladi/gangguan").raise_for_status()

    here.answer(run_id, crowd.one("ppid"), tindakan_website=TRY_AGAIN)
    complete(here, crowd, run_id)
    assert times_visible(here, "tolak") == dict.fromkeys(CHANNELS, 1)


def test_a_run_that_failed_by_an_exception_is_completed_after_retry_in_the_ui(
    here: TestOffice, crowd: Crowd
) -> None:
    _, run_id = ready_to_publish(here, crowd, "gagal")
    with unreachable(here.stack.settings.data_dir / "siar.db"):
        assign(here, crowd, run_id)
        state = here.player.finished(run_id)
    assert state["type"] == "FAILED"
    assert "tidak dapat dibuka" in state["message"]

    retry(here, run_id)
    complete(here, crowd, run_id)
    assert times_visible(here, "gagal") == dict.fromkeys(CHANNELS, 1)


@contextlib.contextmanager
def unreachable(database: Path) -> Iterator[None]:
    """A folder stands where the database was: nobody can open it."""
    aside = database.with_name("siar-lain.db")
    database.rename(aside)
    database.mkdir()
    try:
        yield
    finally:
        database.rmdir()
        aside.rename(database)


def retry(here: TestOffice, run_id: UUID) -> None:
    """Press Retry as the UI does."""
    state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
    answer = here.player._call(
        "POST", f"/flow_runs/{run_id}/set_state", {"state": state, "force": False}
    )
    assert answer["status"] == "ACCEPT"


def test_four_publications_at_different_steps_survive_a_restart_of_server_and_worker(
    here: TestOffice, crowd: Crowd
) -> None:
    waiting = [
        carried(here, crowd, step, marked=f"ulang {step}", channels=["website"])
        for step in (3, 4, 5, 6)
    ]
    runs = bring(here, *waiting)
    keys = [here.form(run_id).key for run_id in runs]
    here.stack.stop_part(WORKER)
    here.stack.stop_part(SERVER)
    here.stack.start_part(SERVER)
    here.stack.start_part(WORKER)
    assert [here.form(run_id).key for run_id in runs] == keys
    complete(here, crowd, *runs)
    for publication_id in waiting:
        assert times_visible(here, reference_of(here, publication_id))["website"] == 1


def test_after_the_loss_of_the_prefect_database_recover_opens_each_publication_at_its_step(
    here: TestOffice, crowd: Crowd, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = [
        carried(here, crowd, step, folder=here.material(f"hilang-{step}"), marked=f"hilang {step}")
        for step in (5, 6)
    ]
    before = bring(here, *lost)
    for run_id in before:
        here.form(run_id)
    here.stack.stop_part(WORKER)
    here.stack.stop_part(SERVER)
    for file in here.stack.settings.prefect_home.glob("prefect.db*"):
        file.unlink()
    here.stack.start_part(SERVER)
    here.stack.start_part(WORKER)

    siar = subprocess.run(
        [sys.executable, "-c", "from deployments.cli import main; main()", "recover"],
        env=here.stack.environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert siar.returncode == 0, siar.stderr
    for publication_id, step in zip(lost, ("5 · Persetujuan", "6 · Penugasan"), strict=True):
        (line,) = [
            line for line in siar.stdout.splitlines() if reference_of(here, publication_id) in line
        ]
        assert line.startswith("DIBUKA")
        assert step in line
    runs = [run_of(here, publication_id) for publication_id in lost]
    assert not set(runs) & set(before)
    complete(here, crowd, *runs)
    for number in (5, 6):
        assert times_visible(here, f"hilang {number}") == dict.fromkeys(CHANNELS, 1)
    capsys.readouterr()
    assert recover(here.stack.settings) == 0
    assert capsys.readouterr().out.strip()


def test_kill_9_in_the_middle_of_the_publishing_call_posts_exactly_once(
    here: TestOffice, crowd: Crowd, faults: httpx.Client
) -> None:
    """Two publications at once, each in the middle of another channel's call."""
    calls = {"x": ("/2/tweets", 1), "website": ("/wp-json/wp/v2/posts/*", 2)}
    caught = {}
    for channel, (path, nth) in calls.items():
        publication_id, caught[channel] = ready_to_publish(here, crowd, f"bunuh-{channel}")
        held = {"channel": channel, "method": "POST", "path": path, "nth": nth}
        faults.post(
            "/gladi/gangguan", json={**held, "action": "delay_after", "seconds": 60}
        ).raise_for_status()
        assign(here, crowd, caught[channel])
        soon(lambda: is_attempting(here, publication_id, channel), "the call")  # noqa: B023
        soon(lambda: matched(faults, path) >= nth, "the call")  # noqa: B023

    worker = here.stack.pid(WORKER)
    assert worker is not None
    processes = descendants(worker)
    here.stack.stop_part(WORKER, kill=True)
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    faults.delete("/gladi/gangguan").raise_for_status()
    here.stack.start_part(WORKER)
    assert recover(here.stack.settings) == 0

    complete(here, crowd, *caught.values())
    for channel in calls:
        assert times_visible(here, f"bunuh-{channel}") == dict.fromkeys(CHANNELS, 1)


def matched(faults: httpx.Client, path: str) -> int:
    """How many calls the fault for this path has seen."""
    found = faults.get("/gladi/gangguan").json()["gangguan"]
    return sum(int(one["matched"]) for one in found if one["path"] == path)


def is_attempting(here: TestOffice, publication_id: str, channel: str) -> bool:
    """Whether the record says that the publishing call is being made."""
    with here.office.ledger.read() as work:
        publication = publication_in(work, publication_id)
        digest = in_force(work, publication).digest
        row = deliveries.delivery(work, publication, digest, channel)
        return row is not None and row.state == DeliveryState.ATTEMPTING


def descendants(pid: int) -> list[int]:
    """All processes below this one (Linux)."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(after_name[1])
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def test_a_run_that_was_lost_before_it_began_is_found_by_recover(
    here: TestOffice, crowd: Crowd
) -> None:
    publication_id = carried(here, crowd, 2, marked="tertahan")
    (run_id,) = bring(here, publication_id)
    key = here.form(run_id).key
    soon(lambda: here.office.locks.is_free(publication_id), "the end of the process")
    with SyncPrefectClient(here.stack.api_url) as client:
        client.set_flow_run_state(run_id, Pending(), force=True)
    assert recover(here.stack.settings) == 0
    assert here.player.form(run_id, after=key).key != key
    assert "Pending" in events_of(here, publication_id, RESTARTED)[-1]["alasan"]


def test_a_run_that_fails_again_and_again_is_started_less_and_less(
    here: TestOffice, crowd: Crowd
) -> None:
    publication_id = carried(here, crowd, 2, marked="berulang")
    now = [datetime.now(UTC)]
    office = build_office(here.stack.settings, clock=lambda: now[0])
    with SyncPrefectClient(here.stack.api_url) as client:
        # A run without a deployment: no worker takes it up, only this test fails it.
        flow_id = client.read_deployment_by_name("publikasi/publikasi").flow_id
        created = here.player._call("POST", "/flow_runs/", {"flow_id": str(flow_id)})
        run_id = UUID(created["id"])
        with office.ledger.work() as work:
            publications.bind_flow_run(work, publication_in(work, publication_id), str(run_id))
        how = Sweep(office, client)
        began, started = now[0], []
        for _ in range(70):
            client.set_flow_run_state(run_id, Failed(message="disk penuh"), force=True)
            now[0] += timedelta(minutes=1)
            (standing,) = [
                one for one in standings_of_open(office) if one.publication_id == publication_id
            ]
            if mend(how, standing):
                started.append(int((now[0] - began).total_seconds() // 60))
    office.ledger.engine.dispose()
    assert started[:6] == [1, 2, 3, 4, 5, 35]
    assert all(len([at for at in started if 0 <= at - first < 60]) <= 6 for first in started)
    (slowed,) = events_of(here, publication_id, SLOWED_DOWN)
    assert "disk penuh" in slowed["alasan"]
    assert "siar recover" in slowed["alasan"]
    case = read_case(here.office, publication_id)
    assert case is not None


def test_recover_says_when_the_server_is_not_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port("127.0.0.1")
    settings = Settings.model_validate({"data_dir": tmp_path, "prefect": {"port": port}})
    assert recover(settings) == 1
    assert "siar start" in capsys.readouterr().err
