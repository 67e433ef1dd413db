"""Reminders, seal and engagement as a running office runs them: server, worker, real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL, temporary_settings

from ledger.verify import verify
from tests.support.kantor import CAREFUL, TestOffice, running_office
from tests.support.loopback import Loopback, Reply, loopback

pytestmark = pytest.mark.flow

SECRET = "jalur-sangat-rahasia"


@pytest.fixture(scope="module")
def inbox() -> Iterator[Loopback]:
    with loopback() as server:
        server.answer(f"POST /{SECRET}", Reply(200))
        yield server


@pytest.fixture(scope="module")
def kantor(tmp_path_factory: pytest.TempPathFactory, inbox: Loopback) -> Iterator[TestOffice]:
    folder = tmp_path_factory.mktemp("kantor") / "var"
    address = f"json://{inbox.url.removeprefix('http://')}/{SECRET}"
    with running_office(folder, notifications={"urls": [address]}) as here:
        yield here


def ran(kantor: TestOffice, name: str) -> FlowRun:
    with temporary_settings({PREFECT_API_URL: kantor.stack.api_url}):
        run: FlowRun = run_deployment(  # type: ignore[assignment]
            f"{name}/{name}", timeout=120, poll_interval=0.3, as_subflow=False
        )
    assert run.state is not None
    assert run.state.is_completed(), run.state
    return run


def messages(inbox: Loopback, run_id: UUID) -> list[str]:
    """Subjects of what was told about this run."""
    calls = inbox.calls(f"POST /{SECRET}")
    return [call.json["title"] for call in calls if str(run_id) in call.json["message"]]


def test_each_form_and_the_live_post_are_told_once_with_a_link_that_opens_the_run(
    kantor: TestOffice, inbox: Loopback
) -> None:
    ran(kantor, "pengingat")  # switches notifications on
    run_id = kantor.start(saluran=["Website"])
    for number, person, fields in CAREFUL:
        kantor.form(run_id)
        if number in (1, 8):
            ran(kantor, "pengingat")
            ran(kantor, "pengingat")
        kantor.answer(run_id, person, **fields)
    told = messages(inbox, run_id)
    assert len(told) == len(set(told))  # the minutely schedule may have told of steps between
    assert told[0] == "[GLADI] Formulir menunggu: Penyampaian data informasi dan kegiatan"
    assert "[GLADI] Publikasi sudah tayang" in told
    linked = inbox.calls(f"POST /{SECRET}")[0].json["message"]
    assert f"{kantor.stack.ui_url}/runs/flow-run/{run_id}" in linked


def test_the_seal_is_made_once_and_the_record_is_whole(kantor: TestOffice) -> None:
    first, second = ran(kantor, "segel"), ran(kantor, "segel")
    assert first.state is not None
    assert second.state is not None
    assert first.state.name == "Tersegel"
    assert first.state.message == second.state.message
    assert verify(kantor.office.ledger) == []


def test_engagement_of_a_young_post_is_not_read_yet(kantor: TestOffice) -> None:
    assert ran(kantor, "keterlibatan").state_name == "Tidak ada"


def test_the_address_stands_in_no_log(kantor: TestOffice) -> None:
    logs = list((kantor.stack.settings.data_dir / "jalan").glob("*.log"))
    assert logs
    assert not [path for path in logs if SECRET in path.read_text(errors="replace")]


def test_the_server_knows_nothing_of_the_address(kantor: TestOffice) -> None:
    home: Path = kantor.stack.settings.prefect_home
    kept = [path for path in home.rglob("*.db*") if path.is_file()]
    assert kept
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
