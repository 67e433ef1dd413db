"""A Prefect worker that forks each run from a process with everything already imported.

Prefect's process worker starts a fresh interpreter for each run: about three
seconds of CPU before the first line of a flow. Here a fork server imports the
flows once; each run is a fork of it, in a process of its own, supervised and
reported to Prefect like any other.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID

import anyio
import anyio.abc
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled
from prefect.workers.base import BaseJobConfiguration, BaseWorker, BaseWorkerResult

from deployments.forked_run import carry_out
from deployments.run_client import CsrfPass, renew_under_new_names

PRELOADED = "deployments.warm_template"
OWN_WORDS = "PREFECT__"
# Most runs are over before anybody can press Cancel; only longer ones are asked about.
LOOK_SECONDS = 1.0
ASK_SECONDS = 5.0
# What a run may still do after a request to stop; then it is killed.
GRACE_SECONDS = 10.0
STOPPED = (
    "Run ini dihentikan atas permintaan. Publikasi yang belum selesai tidak ikut batal: alur "
    "rekonsiliasi melanjutkannya dari catatan, kiriman yang terputus diperiksa dulu di salurannya."
)


FELL = (
    "Proses yang mengerjakannya berhenti tiba-tiba ({how}). Tidak ada yang hilang: alur "
    "rekonsiliasi melanjutkannya dari catatan, paling lama satu menit lagi."
)


class UnknownFlowError(Exception):
    """Somebody asked for a flow that is not one of ours; nothing of it is loaded."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Alur {name!r} bukan bagian dari Siar, jadi tidak dijalankan. "
            "Periksa siapa yang membuat deployment itu."
        )


class ForkConfiguration(BaseJobConfiguration):
    """What a fork is told: which run it is. Settings and paths are this machine's."""

    @classmethod
    async def resolve_for_flow_run(cls, flow_run: FlowRun, **_: Any) -> Self:
        """Made from the run alone: nothing that a deployment may say about it would be used."""
        configuration = cls()
        configuration.prepare_for_flow_run(flow_run=flow_run)
        return configuration


class ForkingWorker(BaseWorker[ForkConfiguration, Any, BaseWorkerResult]):
    """Runs flow runs as forks of one warm process on this machine."""

    type = "process"
    job_configuration = ForkConfiguration
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
        forkserver.ensure_running()  # so that the first run finds it warm
        self._names: dict[UUID, str] = {}
        # "Submitting", "submitted": English lines on staff's run page that say nothing.
        logging.getLogger("prefect.flow_runs.worker").setLevel(logging.WARNING)

    async def setup(self) -> None:
        """Make ready to run; from here on requests overlap."""
        await super().setup()
        renew_under_new_names(self.client)

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ForkConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> BaseWorkerResult:
        """Fork, wait for the end, tell how it ended."""
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
            args=(flow_run, CsrfPass.of(self.client), self.entrypoints[name], environment),
            name=f"run-{flow_run.id}",
        )
        child.start()
        pid = child.pid or 0
        if task_status is not None:
            task_status.started(pid)
        stopped = await self._stopped_on_request(child, flow_run.id)
        code = _exit_code(child)
        if stopped:
            await self.client.set_flow_run_state(
                flow_run.id, Cancelled(message=STOPPED), force=True
            )
        elif code != 0:
            said = FELL.format(how=_told(code))
            await self._propose_crashed_state(flow_run, said)
            self.get_flow_run_logger(flow_run).warning(said)
        # Either way it is told already, in words that staff read.
        return BaseWorkerResult(status_code=0, identifier=str(pid))

    async def _stopped_on_request(self, child: ForkServerProcess, flow_run_id: UUID) -> bool:
        """Wait for the child's end; True when it was ended because somebody cancelled the run."""
        while not await _ends_within(child, LOOK_SECONDS):
            if await self._is_to_be_cancelled(flow_run_id):
                await _end(child)
                return True
        return False

    async def _is_to_be_cancelled(self, flow_run_id: UUID) -> bool:
        """Whether Prefect wants this run ended; False as long as the server does not answer."""
        with anyio.move_on_after(ASK_SECONDS):
            try:
                state = (await self.client.read_flow_run(flow_run_id)).state
            except ObjectNotFound:
                return False  # deleted; the ledger will have another run made
            except Exception:
                logging.getLogger(__name__).warning("run %s", flow_run_id, exc_info=True)
                return False
            return state is not None and (state.is_cancelling() or state.is_cancelled())
        return False

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Claim a run and start it; the claim is the only word to the server.

        Prefect's own also asks whether the deployment still exists (a run of ours is known
        by its flow) and writes the process id, which nobody reads: `run` looks after its
        child and after Cancel.
        """
        try:
            if await self._propose_pending_state(flow_run):
                assert self._runs_task_group is not None
                self._logger.info("took up flow run %s", flow_run.id)
                await self._runs_task_group.start(self._submit_run_and_capture_errors, flow_run)
            else:
                self._release_limit_slot(flow_run.id)
        finally:
            self._submitting_flow_run_ids.discard(flow_run.id)
            if self._cancelling_observer is not None:
                self._cancelling_observer.remove_in_flight_flow_run_id(flow_run.id)

    def _emit_flow_run_submitted_event(self, configuration: BaseJobConfiguration) -> None:
        """Left out, and with it the event of the end: the run's own states say the same."""

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """Left out: a write that each person at a form would wait for, and nobody reads."""

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Left out: a fork is under way in milliseconds, not to be told apart from Pending."""

    async def _flow_name(self, flow_id: UUID) -> str:
        """The flow's name, asked of the server once."""
        if flow_id not in self._names:
            self._names[flow_id] = (await self.client.read_flow(flow_id)).name
        return self._names[flow_id]


async def _ends_within(child: ForkServerProcess, seconds: float) -> bool:
    """Wait for a child without a thread; whether it ended in time."""
    with anyio.move_on_after(seconds):
        await anyio.wait_readable(child.sentinel)
        return True
    return False


async def _end(child: ForkServerProcess) -> None:
    """Ask a child to stop, and kill it when it does not."""
    child.terminate()
    if not await _ends_within(child, GRACE_SECONDS):
        child.kill()
        await anyio.wait_readable(child.sentinel)


def _told(code: int) -> str:
    return f"sinyal {-code}" if code < 0 else f"kode keluar {code}"


def _exit_code(child: ForkServerProcess) -> int:
    """The exit code of a child that has ended (negative: killed by that signal)."""
    child.join()
    code = child.exitcode if child.exitcode is not None else 1
    child.close()
    return code
