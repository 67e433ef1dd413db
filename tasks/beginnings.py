"""Publications that were asked for and whose run died before the ledger knew of them.

Until a run has opened its publication, what was asked for stands only in the run's own
parameters, so the list of open publications does not lead to it. A run that was killed
in that moment, or whose worker died before it began, is started again from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Crashed, Scheduled

from ledger import publications
from tasks.dead_runs import STANDING, is_dead, move_on
from tasks.office import Office

FLOW = "publikasi"
# A request that never gets as far as the ledger is not tried for ever.
MOST_STARTS = 10
AGAIN = "Dimulai kembali: prosesnya mati sebelum publikasi ini tercatat. Tidak ada yang hilang."
STOPPED = "Run ini dihentikan atas permintaan sebelum publikasinya tercatat."
NOT_AGAIN = (
    "Prosesnya mati dan run ini tidak dijalankan lagi: publikasinya dilanjutkan run lain, atau "
    "sudah {most} kali dicoba. Bila publikasinya tidak ada di daftar, mulai dari awal."
)


def restart_lost_beginnings(here: Office, client: SyncPrefectClient) -> list[str]:
    """Start them again; the titles of what was asked for. Asking twice opens nothing twice.

    Dead runs that have nothing to begin are ended, so that none stands as if it ran.
    """
    begun = []
    for run in publication_runs(client, (*STANDING, StateType.CRASHED)):
        state = _next_state(here, run) if is_dead(here, run) else None
        if state is not None and move_on(client, here.locks, run, state) and state.is_scheduled():
            begun.append(_title(run))
    return begun


def _title(run: FlowRun) -> str:
    """What was asked for; a run that never began has only the name that Prefect gave it."""
    asked = run.parameters.get("permintaan")
    return str((asked.get("judul") if isinstance(asked, dict) else "") or run.name)


def _next_state(here: Office, run: FlowRun) -> State[Any] | None:
    """What becomes of a dead run; None when it is as it should be, or the sweeper's to mend."""
    assert run.state is not None
    with here.ledger.read() as work:
        if publications.by_flow_run(work, str(run.id)) is not None:
            return None
        is_replaced = publications.taken_from(work, str(run.id)) is not None
    if run.state.is_cancelling():
        return Cancelled(message=STOPPED)
    if not (is_replaced or run.parameters.get("rujukan") or run.run_count >= MOST_STARTS):
        return Scheduled(name="Dijalankan kembali", message=AGAIN)
    return None if run.state.is_crashed() else Crashed(message=NOT_AGAIN.format(most=MOST_STARTS))


def publication_runs(client: SyncPrefectClient, states: Iterable[StateType]) -> list[FlowRun]:
    """Runs of publications that stand in one of these states, the newest first."""
    wanted = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))
    return client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW])),
        flow_run_filter=FlowRunFilter(state=wanted),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=200,
    )
