"""Runs that no process carries out, although Prefect believes so; and moving a run on just once."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from tasks.office import Exclusive, Office, is_carried_out

CUT = "Prosesnya berhenti di tengah langkah ini; langkahnya dikerjakan lagi dari catatan."
# Where the death of a process may leave its run.
STANDING = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)


def is_dead(here: Office, run: FlowRun) -> bool:
    """Whether the run was carried out by a process, or was to be, and surely is not any more."""
    state = run.state
    if state is None or is_carried_out(here, run.id):
        return False
    if state.is_crashed():
        return True
    return state.type in STANDING and here.clock() - state.timestamp >= usual_wait(here, state)


def usual_wait(here: Office, state: State[Any]) -> timedelta:
    """How long a run may stand so without a process; one that is being started, twice as long."""
    return here.settling * 2 if state.is_pending() else here.settling


def move_on(client: SyncPrefectClient, locks: Exclusive, seen: FlowRun, state: State[Any]) -> bool:
    """Force a run into this state, unless it left the one it was seen in; whether that was done.

    Two sweepers may have seen the same; Prefect itself has no compare-and-set.
    """
    turn = f"lanjut-{seen.id}"
    if seen.state is None or not locks.acquire(turn):
        return False
    try:
        now = client.read_flow_run(seen.id)
        if now.state is None or now.state.id != seen.state.id:
            return False
        client.set_flow_run_state(seen.id, state, force=True)
    except ObjectNotFound:
        return False
    finally:
        locks.release(turn)
    return True


def end_task_runs(client: SyncPrefectClient, flow_run_id: UUID) -> None:
    """End in the timeline what a dead process left "Running" there; for the eye only.

    Call it while nobody carries out the run. What cannot be ended stays as it is: the run
    itself must go on.
    """
    unended = TaskRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING])
    try:
        left = client.read_task_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])),
            task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=unended)),
        )
        for one in left:
            client.set_task_run_state(one.id, Crashed(name="Terhenti", message=CUT), force=True)
    except Exception:
        logging.getLogger(__name__).warning("task runs of %s", flow_run_id, exc_info=True)
