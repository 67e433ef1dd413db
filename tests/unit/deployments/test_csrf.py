"""Tokens against forged requests: workers and runs never take them from each other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    temporary_settings,
)

from deployments.run_client import CsrfPass, RunClient, renew_under_new_names
from deployments.stack import Stack
from tests.support.stack import PASSWORD

pytestmark = pytest.mark.flow

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _at(stack: Stack) -> Iterator[None]:
    with temporary_settings(
        {
            PREFECT_API_URL: stack.api_url,
            PREFECT_API_AUTH_STRING: PASSWORD,
            PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: True,
        }
    ):
        yield


def refusals_of(client: PrefectClient) -> list[str]:
    """Fills with the paths of the client's requests that the server turns away."""
    seen: list[str] = []

    async def note(answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.FORBIDDEN:
            seen.append(answer.url.path)

    client._client.event_hooks["response"].append(note)
    return seen


def test_a_run_whose_token_is_refused_leaves_the_workers_as_it_is(stack: Stack) -> None:
    async def both() -> list[str]:
        async with PrefectClient(stack.api_url, auth_string=PASSWORD) as worker:
            renew_under_new_names(worker)
            await worker.read_flow_runs(limit=1)
            refused = refusals_of(worker)
            stale = CsrfPass(CsrfPass.of(worker).client_id, "basi", LATER)

            def speak() -> None:
                with RunClient(FlowRun(flow_id=uuid4()), stale) as run:
                    run.read_flow_runs(limit=1)

            await asyncio.to_thread(speak)
            await worker.read_flow_runs(limit=1)
            return refused

    assert asyncio.run(both()) == []


def test_a_run_goes_on_with_the_workers_token(stack: Stack) -> None:
    async def handed() -> CsrfPass:
        async with PrefectClient(stack.api_url, auth_string=PASSWORD) as worker:
            await worker.read_flow_runs(limit=1)
            return CsrfPass.of(worker)

    csrf = asyncio.run(handed())
    assert csrf.token
    asked: list[str] = []
    with RunClient(FlowRun(flow_id=uuid4()), csrf) as run:
        run._client.event_hooks["response"].append(lambda one: asked.append(one.url.path))
        run.read_flow_runs(limit=1)
    assert asked == ["/api/flow_runs/filter"]


def test_requests_of_a_worker_that_are_refused_together_are_refused_once(stack: Stack) -> None:
    async def together() -> list[str]:
        async with PrefectClient(stack.api_url, auth_string=PASSWORD) as worker:
            renew_under_new_names(worker)
            inner: Any = worker._client
            inner.csrf_token, inner.csrf_token_expiration = "basi", LATER
            refused = refusals_of(worker)
            await asyncio.gather(*(worker.read_flow_runs(limit=1) for _ in range(4)))
            return refused

    assert len(asyncio.run(together())) == 4
