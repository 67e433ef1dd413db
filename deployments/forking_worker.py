"""A Prefect worker that forks each run from a process with everything already imported.

Prefect's process worker starts a fresh interpreter for each run: about three
seconds of CPU before the first line of a flow. Here a fork server imports the
flows once; each run is a fork of it, in a process of its own, supervised and
reported to Prefect like any other.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import MappingProxyType
from typing import Any
from uuid import UUID

import anyio
import anyio.abc
from prefect.client.schemas.objects import FlowRun
from prefect.workers.base import BaseJobConfiguration, BaseWorker, BaseWorkerResult

from deployments.forked_run import carry_out

PRELOADED = "deployments.forked_run"
OWN_WORDS = "PREFECT__"


class UnknownFlowError(Exception):
    """Somebody asked for a flow that is not one of ours; nothing of it is loaded."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Alur {name!r} bukan bagian dari Siar, jadi tidak dijalankan. "
            "Periksa siapa yang membuat deployment itu."
        )


class ForkingWorker(BaseWorker[BaseJobConfiguration, Any, BaseWorkerResult]):
    """Runs flow runs as forks of one warm process on this machine."""

    type = "process"
    job_configuration = BaseJobConfiguration
    # Flow name to "module.attribute": the only flows that this worker runs.
    entrypoints: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def __dispatch_key__(cls) -> str:
        # Prefect's registry of worker types keeps its own class under "process".
        return "siar-forking"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._forks: ForkServerContext = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload([PRELOADED])
        self._names: dict[UUID, str] = {}

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> BaseWorkerResult:
        """Fork, tell Prefect the process id, wait for the end, tell how it ended."""
        # Of what a run may bring along, only Prefect's own words about it: settings and
        # paths are this machine's, whatever `job_variables` say.
        environment = {
            name: str(value)
            for name, value in configuration.env.items()
            if value and name.startswith(OWN_WORDS)
        }
        name = await self._flow_name(flow_run.flow_id)
        if name not in self.entrypoints:
            raise UnknownFlowError(name)
        child = self._forks.Process(
            target=carry_out,
            args=(flow_run.id, self.entrypoints[name], environment),
            name=f"run-{flow_run.id}",
        )
        child.start()
        pid = child.pid or 0
        if task_status is not None:
            task_status.started(pid)
        code = await _end_of(child)
        return BaseWorkerResult(status_code=code, identifier=str(pid))

    async def _flow_name(self, flow_id: UUID) -> str:
        """The flow's name, asked of the server once."""
        if flow_id not in self._names:
            self._names[flow_id] = (await self.client.read_flow(flow_id)).name
        return self._names[flow_id]


async def _end_of(child: ForkServerProcess) -> int:
    """Wait for a child without a thread; its exit code (negative: killed by that signal)."""
    await anyio.wait_readable(child.sentinel)
    child.join()
    code = child.exitcode if child.exitcode is not None else 1
    child.close()
    return code
