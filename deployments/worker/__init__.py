"""The worker: registers the deployments, then runs what the server asks for.

Started by `deployments.stack`, or by itself on another machine with the same
settings and `PREFECT_API_URL`. On SIGTERM it takes no new runs and lets the
running ones come to the end of their step; a second SIGTERM ends it at once.
A file that fails to import is fatal here: a deployment that is missing without
a word would be found out by staff, too late.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import click
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.exceptions import ObjectNotFound
from prefect.workers.base import BaseWorker, BaseWorkerResult
from prefect.workers.process import ProcessWorker

from deployments.bell import Bell, bells_in
from deployments.forking_worker import ForkingWorker
from deployments.prefect_environment import WORK_POOL
from deployments.settings import Settings, load_settings

API_SECONDS = 90.0
# What a question for work may take before it is asked anew.
LOOK_SECONDS = 10.0
DRAIN_SECONDS = 40.0
# When the stack was killed the server is going too: no use in waiting long.
ORPHAN_DRAIN_SECONDS = 3.0


class Gated(BaseWorker[Any, Any, Any]):
    """A gate that closes on shutdown, and patience with runs that are answered too soon."""

    type = "process"
    draining = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bell = Bell()
        self._left_for_later = False

    @classmethod
    def __dispatch_key__(cls) -> str:
        # Prefect's registry of worker types keeps its own class under "process".
        return f"siar-{cls.__name__}"

    async def look_again_and_again(self, every: float) -> None:
        """Ask for work whenever the bell rings, and every so many seconds.

        Prefect's own loop asks too, and ends the worker in lasting trouble; but after a few
        calls that a busy server did not answer in time it waits up to a minute.
        """
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.bell.rung.wait(), every)
            self.bell.rung.clear()
            try:
                await self.get_and_submit_flow_runs()
            except Exception:
                # The server may be going down or up: the next look comes soon.
                logging.getLogger(__name__).debug("no work was learned of", exc_info=True)

    async def _submit_run_and_capture_errors(
        self,
        flow_run: FlowRun,
        task_status: anyio.abc.TaskStatus[int | Exception] | None = None,
    ) -> BaseWorkerResult | Exception:
        result = await super()._submit_run_and_capture_errors(flow_run, task_status)
        # There is a place free, and this very run may have been answered meanwhile.
        if self._left_for_later:
            self._left_for_later = False
            self.bell.rung.set()
        return result

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        if self.draining:
            return []
        # A call that hangs must not keep the next one from being made.
        with anyio.move_on_after(LOOK_SECONDS):
            return await super().get_and_submit_flow_runs()
        return []

    async def _submit_scheduled_flow_runs(
        self, flow_run_response: list[WorkerFlowRunResponse]
    ) -> list[FlowRun]:
        # A form can be answered before the process that opened it has ended.
        # Prefect 3.8 then asks for a second place for the same run, and the whole
        # worker dies of it. Such a run is simply left for the next poll.
        under_way = self.limiter.statistics().borrowers
        ready = [entry for entry in flow_run_response if entry.flow_run.id not in under_way]
        submitted = await super()._submit_scheduled_flow_runs(ready)
        if len(submitted) < len(flow_run_response):
            self._left_for_later = True
        return submitted

    async def idle(self) -> None:
        """Return when no run of this worker is under way."""
        while self.limiter.borrowed_tokens > 0:
            await asyncio.sleep(0.1)


class Worker(Gated, ForkingWorker):
    """Siar's own worker: runs are forks of a warm process."""


class PlainWorker(Gated, ProcessWorker):
    """Prefect's process worker, for whoever prefers a fresh interpreter per run."""


async def ensure_work_pool() -> None:
    """Make the work pool, or bring it up to this installation's way of starting runs."""
    template = ProcessWorker.get_default_base_job_template()
    properties = template["variables"]["properties"]
    # With a command given, Prefect starts the engine straight away instead of
    # preparing a workspace in a process of its own: about a second less a run.
    properties["command"]["default"] = f"{sys.executable} -m prefect.engine"
    properties["working_dir"]["default"] = str(Path.cwd())
    async with get_client() as client:
        try:
            await client.read_work_pool(WORK_POOL)
        except ObjectNotFound:
            await client.create_work_pool(
                WorkPoolCreate(name=WORK_POOL, type="process", base_job_template=template)
            )
        else:
            await client.update_work_pool(WORK_POOL, WorkPoolUpdate(base_job_template=template))


async def await_api(seconds: float) -> None:
    """Return once the API answers; TimeoutError after `seconds`."""
    until = time.monotonic() + seconds
    async with get_client() as client:
        while await client.api_healthcheck() is not None:
            if time.monotonic() > until:
                raise TimeoutError(f"the Prefect API did not answer within {seconds:.0f} s")
            await asyncio.sleep(0.1)


async def serve(
    settings: Settings, ready_file: Path | None, entrypoints: Mapping[str, str]
) -> None:
    """Poll and run until SIGTERM or SIGINT, then drain."""
    kind = Worker if settings.prefect.warm_worker else PlainWorker
    worker = kind(
        work_pool_name=WORK_POOL,
        # One line for each machine in the UI and in doctor: a silent one is not hidden by the rest.
        name=f"{WORK_POOL}-{socket.gethostname()}",
        limit=settings.prefect.worker_limit,
        create_pool_if_not_found=False,
    )
    if isinstance(worker, ForkingWorker):
        worker.entrypoints = entrypoints
    stopping = asyncio.Event()
    polling = asyncio.create_task(worker.start())
    looking = asyncio.create_task(
        worker.look_again_and_again(settings.prefect.worker_query_seconds)
    )
    hearing = await worker.bell.hang_up(bells_in(settings.run_path))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            polling.cancel()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if ready_file is not None:
        ready_file.touch()
    try:
        await _work_until(stopping, worker, polling)
    finally:
        looking.cancel()
        hearing.close()


async def _work_until(stopping: asyncio.Event, worker: Gated, polling: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({polling, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.is_set():
        waiting.cancel()
        await polling  # it ended by itself: let its error be seen
        return
    worker.draining = True
    patience = ORPHAN_DRAIN_SECONDS if os.getppid() == 1 else DRAIN_SECONDS
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(worker.idle(), patience)
    polling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await polling


@click.command()
@click.option("--definitions", default="deployments.definitions", show_default=True)
@click.option("--ready-file", type=click.Path(path_type=Path), default=None)
def main(definitions: str, ready_file: Path | None) -> None:
    """Register the deployments of DEFINITIONS and work."""
    settings = load_settings()
    module = importlib.import_module(definitions)  # while the server is still starting
    asyncio.run(await_api(API_SECONDS))
    asyncio.run(ensure_work_pool())
    module.register(settings)
    asyncio.run(serve(settings, ready_file, module.ENTRYPOINTS))
