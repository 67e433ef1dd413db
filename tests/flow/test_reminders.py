"""Reminders, seal and engagement as a running office runs them: server, worker, real HTTP."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL, temporary_settings

from ledger.verify import verify
from tests.support.kantor import CAREFUL, TestOffice
from tests.support.loopback import Loopback

pytestmark = pytest.mark.flow

# The path of the address that the shared office tells.
SECRET = "jalur-sangat-rahasia"


def ran(here: TestOffice, name: str) -> FlowRun:
    with temporary_settings({PREFECT_API_URL: here.stack.api_url}):
        run: FlowRun = run_deployment(  # type: ignore[assignment]
            f"{name}/{name}", timeout=120, poll_interval=0.3, as_subflow=False
        )
    assert run.state is not None
    assert run.state.is_completed(), run.state
    return run


def messages(inbox: Loopback, run_id: UUID, part: str = "title") -> list[str]:
    """Subjects (or another part) of what was told about this run."""
    calls = inbox.calls(f"POST /{SECRET}")
    return [call.json[part] for call in calls if str(run_id) in call.json["message"]]


def test_each_form_and_the_live_post_are_told_once_with_a_link_that_opens_the_run(
    here: TestOffice, inbox: Loopback
) -> None:
    ran(here, "pengingat")  # switches notifications on
    run_id = here.start(saluran=["Website"])
    for number, person, fields in CAREFUL:
        here.form(run_id)
        if number in (1, 8):
            ran(here, "pengingat")
            ran(here, "pengingat")
        here.answer(run_id, person, **fields)
    told = messages(inbox, run_id)
    assert len(told) == len(set(told))  # the minutely schedule may have told of steps between
    assert told[0] == "[GLADI] Formulir menunggu: Penyampaian data informasi dan kegiatan"
    assert "[GLADI] Publikasi sudah tayang" in told
    linked = messages(inbox, run_id, "message")
    assert all(f"{here.stack.ui_url}/runs/flow-run/{run_id}" in one for one in linked)


def test_the_seal_is_made_once_and_the_record_is_whole(here: TestOffice) -> None:
    first, second = ran(here, "segel"), ran(here, "segel")
    assert first.state is not None
    assert second.state is not None
    assert first.state.name == "Tersegel"
    assert first.state.message == second.state.message
    assert verify(here.office.ledger) == []


def test_engagement_of_a_young_post_is_not_read_yet(here: TestOffice) -> None:
    assert ran(here, "keterlibatan").state_name == "Tidak ada"


def test_the_address_stands_in_no_log(here: TestOffice) -> None:
    logs = list((here.stack.settings.data_dir / "jalan").glob("*.log"))
    assert logs
    assert not [path for path in logs if SECRET in path.read_text(errors="replace")]


def test_the_server_knows_nothing_of_the_address(here: TestOffice) -> None:
    home: Path = here.stack.settings.prefect_home
    kept = [path for path in home.rglob("*.db*") if path.is_file()]
    assert kept
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
