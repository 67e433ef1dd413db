"""Publications that were asked for and whose run died before the ledger knew of them.

Until a run has opened its publication, what was asked for stands only in the run's own
parameters, so the list of open publications does not lead to it. A run that was killed
in that moment, or whose worker died before it began, is started again from here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Scheduled

from ledger import publications
from ledger.work import Ledger

FLOW = "publikasi"
# Opening a publication takes a moment; longer than its longest wait for the ledger.
UNUSUAL = timedelta(seconds=60)
# A request that never gets as far as the ledger is not tried for ever.
MOST_STARTS = 10
AGAIN = "Dimulai kembali: prosesnya mati sebelum publikasi ini tercatat. Tidak ada yang hilang."
_LOST = [StateType.PENDING, StateType.RUNNING, StateType.CRASHED]


def restart_lost_beginnings(
    ledger: Ledger, client: SyncPrefectClient, now: datetime, settling: timedelta
) -> list[str]:
    """Start them again; the titles of what was asked for. Asking twice opens nothing twice."""
    found = [run for run in _suspects(client) if _is_lost(ledger, run, now, settling)]
    for run in found:
        state = Scheduled(name="Dijalankan kembali", message=AGAIN)  # type: ignore[var-annotated]
        client.set_flow_run_state(run.id, state, force=True)
    return [run.name for run in found]


def _suspects(client: SyncPrefectClient) -> list[FlowRun]:
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=_LOST))
    return client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW])),
        flow_run_filter=FlowRunFilter(state=states),
        limit=200,
    )


def _is_lost(ledger: Ledger, run: FlowRun, now: datetime, settling: timedelta) -> bool:
    state = run.state
    if state is None or run.parameters.get("rujukan") or run.run_count >= MOST_STARTS:
        return False
    patience = settling if state.is_crashed() else max(settling, UNUSUAL)
    if now - state.timestamp < patience:
        return False
    with ledger.read() as work:
        known = publications.by_flow_run(work, str(run.id))
        return known is None and publications.taken_from(work, str(run.id)) is None
