"""Runs of the system's own flows whose process was killed: none is left standing as if it ran.

Such a run carries no publication. What it was to do is done by running it once more, or,
when that did not help, by the next one on schedule.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed, Scheduled

from tasks.dead_runs import STANDING, is_dead, move_on
from tasks.office import Office

TAG = "sistem"
MOST_STARTS = 3
LATE = timedelta(seconds=90)
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


def drop_missed_runs(client: SyncPrefectClient, now: datetime) -> int:
    """Remove scheduled runs that a later one of the same kind makes up for; how many.

    A machine that was off for a night finds an hour of minutely runs that were due, and
    would begin its day by doing the same a hundred times before anything else.
    """
    late = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            tags=FlowRunFilterTags(all_=[TAG]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=now - LATE),
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=200,
    )
    dropped = superseded(late)
    for run in dropped:
        with contextlib.suppress(ObjectNotFound):
            client.delete_flow_run(run.id)
    return len(dropped)


def superseded(late: Iterable[FlowRun]) -> list[FlowRun]:
    """Of runs that the schedule made and that never began, all but each deployment's newest."""
    newest_first = sorted(
        (run for run in late if run.auto_scheduled and run.run_count == 0),
        key=lambda run: str(run.expected_start_time),
        reverse=True,
    )
    kept: set[UUID | None] = set()
    dropped = []
    for run in newest_first:
        if run.deployment_id in kept:
            dropped.append(run)
        kept.add(run.deployment_id)
    return dropped


def _state_for(run: FlowRun) -> State[Any]:
    if run.state is not None and run.state.is_cancelling():
        return Cancelled(message=STOPPED)
    if run.run_count >= MOST_STARTS:
        return Crashed(message=GIVEN_UP.format(times=run.run_count))
    return Scheduled(name="Dijalankan kembali", message=AGAIN)
