"""The one client of a forked run: asks the Prefect server only what it must.

The engine reads its flow run twice, writes it its own settings and its name at
each start, and a person at a form waits for each of these calls. Ours answers from
what the worker has read, leaves out a write that changes nothing, and goes on with
the worker's CSRF token.

The server keeps one CSRF token for each client's name, and a new one makes the last one
wrong. Prefect's client asks for a new one whenever its own is refused, and only then
waits. Two that go by one name (a worker and its forks, or two requests of one worker)
would so take the token from each other until both give up. Here each asks under a name
that nobody has used before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from prefect.client.base import ServerType
from prefect.client.orchestration import PrefectClient, SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.context import SyncClientContext
from prefect.settings import get_current_settings

# What the engine writes at each start; nobody sets retries on our flows.
_UNCHANGING = frozenset({"flow_version", "empirical_policy"})


@dataclass(frozen=True, slots=True)
class CsrfPass:
    """A CSRF token of the worker's, good for an hour; a run outlives it only by asking anew."""

    client_id: UUID
    token: str | None
    expiration: datetime | None

    @classmethod
    def of(cls, client: PrefectClient) -> CsrfPass:
        """The token that this client uses now; an empty one when it has not asked yet."""
        inner = _inner_of(client)
        return cls(inner.csrf_client_id, inner.csrf_token, inner.csrf_token_expiration)


class RunClient(SyncPrefectClient):
    """Prefect's client, for the length of one flow run."""

    def __init__(self, flow_run: FlowRun, csrf: CsrfPass | None = None) -> None:
        api = get_current_settings().api
        secret = api.auth_string
        super().__init__(
            api.url or "",
            auth_string=secret.get_secret_value() if secret else None,
            server_type=ServerType.SERVER,
        )
        # For a run that names its deployment Prefect listens on a websocket for somebody
        # else's wish to suspend it, and waits for it at the start and at the end. Our runs
        # suspend themselves.
        self._flow_run = flow_run.model_copy(update={"deployment_id": None})
        self._name = flow_run.name
        if csrf is not None and csrf.token:
            inner = _inner_of(self)
            inner.csrf_client_id = csrf.client_id
            inner.csrf_token = csrf.token
            inner.csrf_token_expiration = csrf.expiration
        self._renew_under_new_names()

    def _renew_under_new_names(self) -> None:
        # The courier's thread speaks by this client as well.
        inner, turn = _inner_of(self), threading.Lock()
        ask = inner._add_csrf_headers

        def add(request: httpx.Request) -> None:
            with turn:
                _take_new_name(inner)
                ask(request)

        inner._add_csrf_headers = add

    def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        """This run as the worker read it (the engine keeps its state up to date); others anew."""
        if flow_run_id == self._flow_run.id:
            return self._flow_run
        return super().read_flow_run(flow_run_id)

    def update_flow_run(self, flow_run_id: UUID, *args: Any, **changes: Any) -> httpx.Response:
        """Write to a run; what the engine writes at each start is known already."""
        if flow_run_id == self._flow_run.id and not args and changes.keys() <= _UNCHANGING:
            return httpx.Response(httpx.codes.NO_CONTENT)
        return super().update_flow_run(flow_run_id, *args, **changes)

    def set_flow_run_name(self, flow_run_id: UUID, name: str) -> httpx.Response:
        """Name a run, unless it has that name."""
        if (flow_run_id, name) == (self._flow_run.id, self._name):
            return httpx.Response(httpx.codes.NO_CONTENT)
        return super().set_flow_run_name(flow_run_id, name)


def renew_under_new_names(client: PrefectClient) -> None:
    """The same for a worker's client, whose requests overlap."""
    inner, turn = _inner_of(client), asyncio.Lock()
    ask = inner._add_csrf_headers

    async def add(request: httpx.Request) -> None:
        async with turn:
            _take_new_name(inner)
            await ask(request)

    inner._add_csrf_headers = add


def _inner_of(client: PrefectClient | SyncPrefectClient) -> Any:
    return client._client  # Prefect's own kind of HTTP client


def _take_new_name(inner: Any) -> None:
    """Before Prefect asks for a token (it has none, or it was refused, or is over)."""
    ends = inner.csrf_token_expiration
    if not inner.csrf_token or (ends is not None and datetime.now(UTC) > ends):
        inner.csrf_client_id, inner.csrf_token = uuid4(), None


@contextmanager
def run_client(flow_run: FlowRun, csrf: CsrfPass | None = None) -> Iterator[RunClient]:
    """Make Prefect use one `RunClient` wherever this process asks for a synchronous client."""
    client = RunClient(flow_run, csrf)
    context = SyncClientContext.model_construct(client=client)
    with context:
        yield client
