"""Runs of the system's own flows whose process was killed: none is left standing as if it ran.

Such a run carries no publication. What it was to do is done by running it once more, or,
when that did not help, by the next one on schedule.
"""

from __future__ import annotations

from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Crashed, Scheduled

from tasks.dead_runs import STANDING, is_dead, move_on
from tasks.office import Office

TAG = "sistem"
MOST_STARTS = 3
AGAIN = "Dijalankan kembali: prosesnya mati sebelum selesai."
GIVEN_UP = (
    "Prosesnya mati {times} kali, jadi run ini tidak diulang lagi; pekerjaannya dilakukan run "
    "berikutnya. Bila terjadi terus, jalankan: siar doctor"
)
STOPPED = "Run ini dihentikan atas permintaan."


def end_dead_system_runs(here: Office, client: SyncPrefectClient) -> list[str]:
    """Have each run again, or end it; a sentence for each."""
    return [
        f"{run.name}: {state.message}"
        for run in _standing_runs(client)
        if is_dead(here, run) and move_on(client, here.locks, run, state := _state_for(run))
    ]


def _standing_runs(client: SyncPrefectClient) -> list[FlowRun]:
    return client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            tags=FlowRunFilterTags(all_=[TAG]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(STANDING))),
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=200,
    )


def _state_for(run: FlowRun) -> State[Any]:
    if run.state is not None and run.state.is_cancelling():
        return Cancelled(message=STOPPED)
    if run.run_count >= MOST_STARTS:
        return Crashed(message=GIVEN_UP.format(times=run.run_count))
    return Scheduled(name="Dijalankan kembali", message=AGAIN)
