"""Runs that no process carries out, although Prefect believes so; and moving a run on just once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound

from tasks.office import Exclusive, Office, is_carried_out

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
