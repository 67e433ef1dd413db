"""Putting a form on the run, and reading what came back: the only Prefect glue of forms.

Prefect's own `suspend_flow_run` saves the form after the run is suspended and
never accepts a key twice; a process killed in between leaves a run that nobody
can resume. So here the form is saved first, each opening has a key of its own
from the ledger, and an answer is read by that key, whoever resumed the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound, Pause, PrefectHTTPStatusError
from prefect.input.run_input import keyset_from_base_key
from prefect.states import Suspended
from prefect.utilities.engine import propose_state_sync
from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Sent:
    """What was stored as the answer to a form: the fields, and when the server stored it (UTC)."""

    fields: dict[str, Any]
    at: datetime


def response_key(key: str) -> str:
    """The name under which the server keeps the answer to the form with this key."""
    return keyset_from_base_key(f"suspended-{key}")["response"]


def answer_to(flow_run_id: UUID, key: str) -> Sent | None:
    """What was stored as the answer to this form; None when nothing was.

    Anything may stand there: the server's schema check is easily passed by. What
    is not a mapping comes back as an empty one, to be refused like any other.
    """
    name = response_key(key)
    with get_client(sync_client=True) as client:
        # The plain reading of one input does not tell when it came.
        found = client.filter_flow_run_input(flow_run_id, name, limit=1, exclude_keys=set())
    stored = next((one for one in found if one.key == name), None)
    if stored is None:
        return None
    return Sent(_fields_in(stored.value), stored.created or datetime.now(UTC))


def _fields_in(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def run_exists(flow_run_id: UUID) -> bool:
    """Whether Prefect still knows this run."""
    with get_client(sync_client=True) as client:
        try:
            client.read_flow_run(flow_run_id)
        except ObjectNotFound:
            return False
    return True


def stored_input(client: SyncPrefectClient, flow_run_id: UUID, key: str) -> str | None:
    """The raw text of one of the run's inputs; None when there is none."""
    try:
        return client.read_flow_run_input(flow_run_id=flow_run_id, key=key)
    except PrefectHTTPStatusError as error:
        if error.response.status_code == 404:
            return None
        raise


def suspend_with_form(
    flow_run_id: UUID, key: str, model: type[BaseModel], description: str
) -> None:
    """Save the form, suspend the run and leave the process. Never returns."""
    keyset = keyset_from_base_key(f"suspended-{key}")
    state: State[Any] = Suspended(timeout_seconds=None, pause_key=key)
    state.state_details.run_input_keyset = {str(name): str(value) for name, value in keyset.items()}
    with get_client(sync_client=True) as client:
        for name, value in (("schema", model.model_json_schema()), ("description", description)):
            client.create_flow_run_input(flow_run_id, keyset[name], orjson.dumps(value).decode())  # type: ignore[index]
        _leave(client, flow_run_id, state)


def suspend_without_form(flow_run_id: UUID, key: str) -> None:
    """Suspend the run until something re-schedules it. Never returns."""
    with get_client(sync_client=True) as client:
        _leave(client, flow_run_id, Suspended(timeout_seconds=None, pause_key=key))


def _leave(client: SyncPrefectClient, flow_run_id: UUID, proposed: State[Any]) -> None:
    state = propose_state_sync(client=client, state=proposed, flow_run_id=flow_run_id)
    if not state.is_paused():
        raise RuntimeError(
            f"Prefect tidak mau menunda run ini (keadaannya {state.type.value}). "
            "Tidak ada yang hilang: alur rekonsiliasi akan menjalankannya kembali."
        )
    raise Pause(state=state)
