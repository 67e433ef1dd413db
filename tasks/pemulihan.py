"""Bringing the runs of open publications back to where the ledger says they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.states import Scheduled

from ledger import forms, publications, rounds
from ledger.models import Publication
from ledger.work import Work
from sop.model import Actor
from tasks.gate import not_before
from tasks.office import Office, office
from tasks.suspension import response_key, stored_input

DEPLOYMENT = "publikasi/publikasi"
MENDED = "run-dijalankan-kembali"
FINAL = frozenset({StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED})


@dataclass(frozen=True)
class Standing:
    """An open publication as the sweeper sees it."""

    publication_id: str
    reference: str
    run_id: str
    form_key: str | None
    waits_until: datetime | None
    is_handed_over: bool


def mend_open_publications() -> list[str]:
    """Re-run what does not wait as it should; the references of those publications."""
    here = office()
    log = get_run_logger()
    mended = []
    with get_client(sync_client=True) as client:
        for standing in standings_of_open(here):
            reason = mend(here, client, standing)
            if reason:
                mended.append(standing.reference)
                log.warning("Publikasi %s dijalankan kembali: %s", standing.reference, reason)
    return mended


def standings_of_open(here: Office) -> list[Standing]:
    """Every open publication whose run has something left to do."""
    with here.ledger.read() as work:
        return [
            standing
            for publication in publications.open_publications(work)
            if not (standing := _standing(work, publication)).is_handed_over
        ]


def _standing(work: Work, publication: Publication) -> Standing:
    current = rounds.current_round(work, publication)
    sop = publications.sop_of(work, publication)
    form = forms.waiting_form(work, publication)
    actor = sop.step(current.step_no).actor if current else Actor.ALUR
    return Standing(
        publication_id=publication.id,
        reference=publication.reference,
        run_id=publication.flow_run_id or "",
        form_key=form.key if form else None,
        waits_until=not_before(publication) if actor is Actor.KONEKTOR else None,
        is_handed_over=actor is Actor.ALUR,
    )


def mend(here: Office, client: SyncPrefectClient, standing: Standing) -> str:
    """Have the publication's run started again if it does not stand as it should; why, or ""."""
    run = _run_of(client, standing)
    if run is None or run.state is None:
        reason = "run-nya tidak ada lagi di Prefect"
        _record(here, standing, reason)
        start_anew(client, standing.reference)
        return reason
    reason = _trouble(here, client, standing, run)
    if reason:
        _record(here, standing, reason)
        client.set_flow_run_state(run.id, Scheduled(name="Dijalankan kembali"), force=True)
    return reason


def _run_of(client: SyncPrefectClient, standing: Standing) -> FlowRun | None:
    if not standing.run_id:
        return None
    try:
        return client.read_flow_run(UUID(standing.run_id))
    except ObjectNotFound:
        return None


def _trouble(here: Office, client: SyncPrefectClient, standing: Standing, run: FlowRun) -> str:
    """Why the run must be started again; "" when it stands as it should."""
    state = run.state
    if state is None or state.is_scheduled() or state.is_pending():
        return ""
    if not here.locks.is_free(standing.publication_id):
        return ""
    # A run that was just started may not hold its lock yet.
    if here.clock() - state.timestamp < here.settling and not state.is_paused():
        return ""
    if state.is_paused():
        return _trouble_while_paused(here, client, standing, run)
    if state.type in FINAL:
        return f"run-nya berakhir ({state.name}) padahal publikasi belum selesai"
    return f"tidak ada proses yang mengerjakannya, padahal keadaannya {state.name}"


def _trouble_while_paused(
    here: Office, client: SyncPrefectClient, standing: Standing, run: FlowRun
) -> str:
    key = run.state.state_details.pause_key if run.state else None
    if standing.form_key is None:
        due = standing.waits_until
        return "" if due is not None and due > here.clock() else "tidak ada yang ditunggunya lagi"
    if key != standing.form_key:
        return "formulir di Prefect bukan yang ditunggu catatan"
    if stored_input(client, run.id, response_key(standing.form_key)) is not None:
        return "ada jawaban tersimpan tanpa melanjutkan run"
    return ""


def _record(here: Office, standing: Standing, reason: str) -> None:
    with here.ledger.work() as work:
        work.record(standing.publication_id, MENDED, {"alasan": reason, "run": standing.run_id})


def start_anew(client: SyncPrefectClient, reference: str) -> None:
    """A new run for a publication whose run is gone; it reads from the ledger where to go on."""
    deployment = client.read_deployment_by_name(DEPLOYMENT)
    client.create_flow_run_from_deployment(
        deployment.id,
        parameters={"permintaan": {"judul": f"Pemulihan {reference}"}, "rujukan": reference},
    )
