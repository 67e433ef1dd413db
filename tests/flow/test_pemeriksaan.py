"""The daily check and doctor beside a running office: real server, worker and channels."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.doctor import diagnose
from deployments.finding import Finding, Mark
from deployments.wiring import utc_now
from tasks.pemeriksaan import ARTIFACT
from tests.support.kantor import TestOffice

pytestmark = pytest.mark.flow


@pytest.fixture(autouse=True)
def _settings_of_the_office(here: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("SIAR_"):
            monkeypatch.delenv(name)
    for name, value in here.stack.settings.to_environment().items():
        monkeypatch.setenv(name, value)


def client_of(here: TestOffice) -> SyncPrefectClient:
    return SyncPrefectClient(here.stack.api_url)


def daily_check(here: TestOffice) -> FlowRun:
    with temporary_settings({PREFECT_API_URL: here.stack.api_url}):
        return run_deployment(  # type: ignore[return-value]
            "pemeriksaan/pemeriksaan", timeout=120, poll_interval=0.5, as_subflow=False
        )


def doctor() -> dict[str, Finding]:
    return {one.part: one for one in diagnose(utc_now)}


def test_the_daily_check_ends_in_a_state_that_says_what_to_do(here: TestOffice) -> None:
    faults = f"{here.stack.rehearsal_url}/gladi/gangguan"
    refused = {"title": "Unauthorized", "status": 401}
    fault = {"channel": "x", "action": "answer_before", "status": 401, "body": refused}
    httpx.post(faults, json=fault, trust_env=False).raise_for_status()
    try:
        run = daily_check(here)
    finally:
        httpx.delete(faults, trust_env=False).raise_for_status()
    assert run.state is not None, run
    assert run.state.name == "Perlu tindakan", run.state.message
    assert "X menolak kunci atau token akses" in (run.state.message or "")
    with client_of(here) as client:
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        shown = client.read_artifacts(artifact_filter=of_run)
    artifact = next(one for one in shown if one.key == ARTIFACT)
    assert "✗ **X:**" in str(artifact.data)
    assert daily_check(here).state_name == "Baik"


def test_doctor_finds_a_running_office_well(here: TestOffice) -> None:
    lines = doctor()
    assert {part: one for part, one in lines.items() if one.mark is not Mark.GOOD} == {}
    assert {"Pekerja", "Alur dan jadwal", "Website", "Pegawai"} <= set(lines)


def test_doctor_notices_a_schedule_that_somebody_switched_off(here: TestOffice) -> None:
    with client_of(here) as client:
        found = client.read_deployment_by_name("rekonsiliasi/rekonsiliasi")
        client.pause_deployment(found.id)
        try:
            line = doctor()["Alur dan jadwal"]
        finally:
            client.resume_deployment(found.id)
    assert line.mark is Mark.WRONG
    assert "rekonsiliasi" in line.sentence


def test_doctor_notices_a_server_that_answers_with_another_database(
    here: TestOffice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another program on the port is not Siar, although it answers; here nothing runs."""
    monkeypatch.setenv("SIAR_DATA_DIR", str(tmp_path))
    port = here.stack.settings.rehearsal.port
    monkeypatch.setenv("SIAR_PREFECT", f'{{"port": {port}}}')
    assert doctor()["Peladen Prefect"].mark is Mark.WRONG
