"""The one client of a forked run: asks the Prefect server only what it must.

The engine reads its flow run twice, writes it its own settings and its name at
each start, and a person at a form waits for each of these calls. Ours answers from
what it has read, and leaves out a write that changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from prefect.client.base import ServerType
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.context import SyncClientContext
from prefect.settings import get_current_settings

# What the engine writes at each start; nobody sets retries on our flows.
_UNCHANGING = frozenset({"flow_version", "empirical_policy"})


class RunClient(SyncPrefectClient):
    """Prefect's client, for the length of one flow run."""

    def __init__(self, flow_run_id: UUID) -> None:
        api = get_current_settings().api
        secret = api.auth_string
        super().__init__(
            api.url or "",
            auth_string=secret.get_secret_value() if secret else None,
            server_type=ServerType.SERVER,
        )
        self._flow_run_id = flow_run_id
        self._flow_run: FlowRun | None = None

    def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        """This run as it was first read (the engine keeps its state up to date); others anew."""
        if flow_run_id != self._flow_run_id:
            return super().read_flow_run(flow_run_id)
        if self._flow_run is None:
            self._flow_run = (
                super()
                .read_flow_run(flow_run_id)
                .model_copy(
                    # For a run that names its deployment Prefect listens on a websocket for
                    # somebody else's wish to suspend it, and waits for it at the start and at
                    # the end. Our runs suspend themselves.
                    update={"deployment_id": None}
                )
            )
        return self._flow_run

    def update_flow_run(self, flow_run_id: UUID, *args: Any, **changes: Any) -> httpx.Response:
        """Write to a run; what the engine writes at each start is known already."""
        if flow_run_id == self._flow_run_id and not args and changes.keys() <= _UNCHANGING:
            return httpx.Response(httpx.codes.NO_CONTENT)
        return super().update_flow_run(flow_run_id, *args, **changes)

    def set_flow_run_name(self, flow_run_id: UUID, name: str) -> httpx.Response:
        """Name a run, unless it has that name."""
        known = self._flow_run
        if flow_run_id == self._flow_run_id and known is not None and known.name == name:
            return httpx.Response(httpx.codes.NO_CONTENT)
        return super().set_flow_run_name(flow_run_id, name)


@contextmanager
def run_client(flow_run_id: UUID) -> Iterator[RunClient]:
    """Make Prefect use one `RunClient` wherever this process asks for a synchronous client."""
    client = RunClient(flow_run_id)
    context = SyncClientContext.model_construct(client=client)
    with context:
        yield client
