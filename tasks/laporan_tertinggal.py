"""Reports whose run died, was forced or is gone: brought back to where the record says.

As for publications (`tasks.pemulihan`): an unread report waits under its own form, or its
run is started again; and a run that died before its report was kept begins once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Crashed, Scheduled

from ledger import reports, restarts
from ledger.models import OFFICE_CHAIN, Report
from ledger.work import RecordAlteredError, Work
from tasks.dead_runs import STANDING, is_dead, move_on
from tasks.office import Office, office
from tasks.pelaporan import MONTHLY, SPECIAL, WEEKLY, lock_name, run_title
from tasks.pembacaan import period_of
from tasks.pemulihan import (
    NOT_REGISTERED,
    Mended,
    NotRegisteredError,
    Standing,
    Sweep,
    look_again_for,
    may_restart,
    record_once,
    rescheduling,
    run_of,
    state_id,
    tell_of,
    trouble_of,
)

FLOWS = tuple(f"monev-{kind}" for kind in (WEEKLY, MONTHLY, SPECIAL))
MOST_STARTS = 10
SHORT = 8
GONE = "run-nya tidak ada lagi di Prefect"
AGAIN = "Dimulai kembali: prosesnya mati sebelum laporannya selesai. Tidak ada yang hilang."
STOPPED = "Run ini dihentikan atas permintaan sebelum laporannya tercatat."
GIVEN_UP = (
    "Prosesnya mati {times} kali sebelum laporannya tercatat, jadi run ini tidak diulang lagi. "
    "Jalankan siar doctor, lalu tekan Retry pada run ini."
)


def mend_unread_reports() -> list[str]:
    """Start again what does not wait as it should; the titles of those reports."""
    log = get_run_logger()
    here = office()
    with get_client(sync_client=True) as client:
        how = Sweep(here, client)
        mended = mend_reports(how)
        begun = restart_lost_reports(here, client)
    look_again_for(how, "laporan")
    for name in begun:
        log.warning("%s dimulai kembali: prosesnya mati.", name)
    for one in mended:
        tell_of(log, one.title, one)
    return [one.title for one in mended if not one.obstacle] + begun


def mend_reports(how: Sweep) -> list[Mended]:
    """Look at every unread report once; one report's trouble never stops the others."""
    with how.office.ledger.read() as work:
        found = [_standing(work, row) for row in reports.unread(work)]
    looked = (_looked_at(how, standing) for standing in found)
    return [one for one in looked if one is not None]


def _standing(work: Work, report: Report) -> Standing:
    """The report as the sweeper sees it; restarts are told on the office's chain."""
    altered = "" if work.is_unaltered(report) else str(RecordAlteredError("reports", report.id))
    return Standing(
        publication_id=OFFICE_CHAIN,
        reference=report.id,
        title=run_title(period_of(report)),
        run_id=report.flow_run_id or "",
        round_id=report.id,
        step=report.kind,
        form_key=report.form_key,
        altered=altered,
        lock_name=lock_name(period_of(report)),
    )


def _looked_at(how: Sweep, standing: Standing) -> Mended | None:
    told = Mended(standing.reference[:SHORT], standing.title, "", "")
    turn = f"lanjut-{standing.reference}"
    try:
        if standing.altered:
            record_once(how, standing, restarts.BLOCKED, standing.altered)
            return replace(told, obstacle=standing.altered)
        if not how.office.locks.acquire(turn):
            return None  # another sweeper is at it
        try:
            reason = _mended(how, standing)
        finally:
            how.office.locks.release(turn)
    except Exception as error:
        logging.getLogger(__name__).exception("report %s", standing.reference)
        return replace(told, obstacle=f"{type(error).__name__}: {error}")
    return replace(told, reason=reason) if reason else None


def _mended(how: Sweep, standing: Standing) -> str:
    run = run_of(how.client, standing)
    gone = run is None or run.state is None
    reason = GONE if gone else trouble_of(how, standing, run)
    if not reason or _has_moved_on(how, standing, run) or not may_restart(how, standing, reason):
        return ""
    start = _starting_anew(how, standing) if gone else rescheduling(how, standing, reason)
    with how.office.ledger.work() as work:
        restarts.record_restart(
            work, OFFICE_CHAIN, standing.round_id, reason, run_id=standing.run_id
        )
    start()
    return reason


def _has_moved_on(how: Sweep, standing: Standing, run: FlowRun | None) -> bool:
    with how.office.ledger.read() as work:
        report = reports.get(work, standing.reference)
        if report.read_at is not None or _standing(work, report) != standing:
            return True
    return state_id(run_of(how.client, standing)) != state_id(run)


def _starting_anew(how: Sweep, standing: Standing) -> Callable[[], None]:
    """A new run for a report whose run is gone; asking twice gives the same run."""
    name = f"monev-{standing.step}"
    try:
        deployment = how.client.read_deployment_by_name(f"{name}/{name}")
    except ObjectNotFound:
        raise NotRegisteredError(NOT_REGISTERED) from None

    def start() -> None:
        run = how.client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"rujukan": standing.reference},
            idempotency_key=f"pulih-{standing.reference}-{standing.run_id or 'baru'}",
        )
        with how.office.ledger.work() as work:
            reports.bind_flow_run(work, reports.get(work, standing.reference), str(run.id))

    return start


def restart_lost_reports(here: Office, client: SyncPrefectClient) -> list[str]:
    """Begin again runs that died before their report was kept, or after it was read."""
    begun = []
    for run in _standing_runs(client):
        state = _next_state(here, run) if is_dead(here, run) else None
        if state is not None and move_on(client, here.locks, run, state) and state.is_scheduled():
            begun.append(run.name)
    return begun


def _next_state(here: Office, run: FlowRun) -> State[Any] | None:
    """What becomes of a dead run; None when `mend_reports` looks after it."""
    assert run.state is not None
    with here.ledger.read() as work:
        report = reports.of_run(work, str(run.id))
        if report is not None and report.read_at is None:
            return None
    if run.state.is_cancelling():
        return Cancelled(message=STOPPED)
    if run.run_count < MOST_STARTS:
        return Scheduled(name="Dijalankan kembali", message=AGAIN)
    return None if run.state.is_crashed() else Crashed(message=GIVEN_UP.format(times=run.run_count))


def _standing_runs(client: SyncPrefectClient) -> list[FlowRun]:
    wanted = FlowRunFilterState(type=FlowRunFilterStateType(any_=[*STANDING, StateType.CRASHED]))
    return client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=list(FLOWS))),
        flow_run_filter=FlowRunFilter(state=wanted),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=200,
    )
