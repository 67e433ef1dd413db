"""Siar's running parts on one machine: Prefect server, rehearsal channels, worker.

`Stack` starts them as child processes, starts a part again when it dies, and
takes all of them down: on leaving the context, on Ctrl-C or SIGTERM (see
`run_until_stopped`), and, where the kernel can, even when this process is
killed with -9 (PR_SET_PDEATHSIG). Used by `siar start`, `siar demo` and tests.

Everything listens on loopback unless the settings say otherwise, keeps its data
below `data_dir`, and calls nobody outside (Prefect's telemetry is off).
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO
from uuid import uuid4

import httpx

from deployments.ports import (
    PortTakenError,
    RunLock,
    StillRunningError,
    free_port,
    ports_of_running,
    require_free,
)
from deployments.prefect_environment import prefect_environment
from deployments.settings import Settings

SERVER, REHEARSAL, WORKER = "server", "rehearsal", "worker"
LABELS = {SERVER: "Peladen Prefect", REHEARSAL: "Saluran gladi", WORKER: "Pekerja"}
MARK = "SIAR_STACK_ID"  # in the environment of every process of one stack
START_SECONDS = 90.0
# The worker first lets running steps come to their end.
GRACE_SECONDS = {SERVER: 10.0, REHEARSAL: 5.0, WORKER: 45.0}
LIVED_SECONDS = 30.0
MAX_QUICK_DEATHS = 5
LOG_BYTES = 10_000_000

# Asks the kernel for SIGTERM when the parent is gone, then becomes the part. A
# preexec_fn would run Python between fork and exec of a threaded process.
_LAUNCHER = """
import ctypes, os, signal, sys
parent = int(sys.argv[1])
try:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
except (OSError, AttributeError):
    pass
if os.getppid() != parent:
    sys.exit(0)
os.execv(sys.argv[2], sys.argv[2:])
"""


class StackError(Exception):
    """The stack cannot start or go on; the text is an Indonesian sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Part:
    """One child process: how it is started and how one knows that it serves."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready: Callable[[], bool]

    @property
    def label(self) -> str:
        return LABELS[self.name]


@dataclass(slots=True)
class _Running:
    part: Part
    process: subprocess.Popen[bytes] | None = None
    wanted: bool = False
    started_at: float = 0.0
    quick_deaths: int = 0
    start_again_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Request:
    part: str
    action: Callable[[_Running], None]
    done: Future[None] = field(default_factory=Future)


class Stack:
    """A context manager around the running parts.

    `definitions` names the module whose `register(settings)` makes the
    deployments; `say` receives Indonesian lines for the operator.
    Raises `StackError` when a port is taken, Siar already runs on this
    `data_dir`, or a part does not come up.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        definitions: str = "deployments.definitions",
        say: Callable[[str], None] = print,
    ) -> None:
        self._given = settings
        self._definitions = definitions
        self._say = say
        self._id = uuid4().hex
        self._running: dict[str, _Running] = {}
        self._requests: queue.Queue[_Request] = queue.Queue()
        self._ending = threading.Event()
        self._supervisor: threading.Thread | None = None
        self._lock: RunLock | None = None
        self.failed = threading.Event()
        self.settings = settings

    @property
    def ui_url(self) -> str:
        """Where staff open the forms."""
        return self.settings.prefect_url

    @property
    def api_url(self) -> str:
        """The Prefect API, called from this machine."""
        return self.settings.prefect_api_url

    @property
    def rehearsal_url(self) -> str | None:
        """Where the rehearsal channels show themselves; None when all channels are real."""
        return self.settings.rehearsal_url if self.settings.needs_rehearsal else None

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that belongs to this stack. Holds secrets."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "SIAR_"))}
        return {
            **kept,
            **self.settings.to_environment(),
            **prefect_environment(self.settings),
            MARK: self._id,
        }

    def __enter__(self) -> Stack:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def start_part(self, name: str) -> None:
        """Start one part and wait until it serves."""
        self._ask(name, self._spawn)
        self._wait_ready(self._running[name])

    def stop_part(self, name: str, *, kill: bool = False) -> None:
        """Stop one part and leave it stopped; `kill` is kill -9, as a crash would be."""
        self._ask(name, lambda running: self._end(running, kill=kill))

    def pid(self, name: str) -> int | None:
        """The process id of a part, None while it is stopped."""
        process = self._running[name].process
        return process.pid if process is not None and process.poll() is None else None

    def log_path(self, name: str) -> Path:
        return self.settings.run_path / f"{name}.log"

    def _start(self) -> None:
        self._given.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = self._given.run_path
        folder.mkdir(parents=True, exist_ok=True)
        self._given.intake_path.mkdir(parents=True, exist_ok=True)
        self._lock = self._acquired(_lock_file(self._given))
        self.settings = self._with_ports(self._given)
        ports = (self.settings.prefect.port, self.settings.rehearsal.port)
        self._lock.note(self.ui_url, *ports)
        for part in self._parts():
            self._running[part.name] = _Running(part)
        # One thread owns every child: PDEATHSIG follows the thread that forked.
        self._supervisor = threading.Thread(target=self._supervise, name="siar-supervisor")
        self._supervisor.start()
        for name in self._running:
            self._ask(name, self._spawn)
        for running in self._running.values():
            self._wait_ready(running)

    def _acquired(self, path: Path) -> RunLock:
        try:
            return RunLock(path)
        except StillRunningError as error:
            raise StackError(str(error)) from None

    def _with_ports(self, settings: Settings) -> Settings:
        """The settings with every port 0 replaced by a free one, and the others checked."""
        try:
            prefect = self._port(settings.prefect.host, settings.prefect.port, "PREFECT")
            rehearsal = settings.rehearsal.port
            if settings.needs_rehearsal:
                rehearsal = self._port("127.0.0.1", rehearsal, "REHEARSAL")
        except PortTakenError as error:
            raise StackError(str(error)) from None
        return _on_ports(settings, prefect, rehearsal)

    @staticmethod
    def _port(host: str, port: int, section: str) -> int:
        if port == 0:
            return free_port(host)
        require_free(host, port, f"SIAR_{section}__PORT")
        return port

    def _parts(self) -> list[Part]:
        settings, environment = self.settings, self.environment
        python = sys.executable
        ready_file = settings.run_path / "worker.ready"
        server = Part(
            SERVER,
            (python, "-m", "deployments.prefect_server"),
            environment,
            lambda: answers(f"{self.api_url}/health", settings),
        )
        worker = Part(
            WORKER,
            (
                python,
                "-m",
                "deployments.worker",
                *("--definitions", self._definitions),
                *("--ready-file", str(ready_file.absolute())),
            ),
            environment,
            ready_file.exists,
        )
        if not settings.needs_rehearsal:
            return [server, worker]
        rehearsal = Part(
            REHEARSAL,
            (python, "-m", "deployments.rehearsal_server"),
            environment,
            lambda: answers(f"{settings.rehearsal_url}/"),
        )
        return [server, rehearsal, worker]

    def _ask(self, name: str, action: Callable[[_Running], None]) -> None:
        request = _Request(name, action)
        self._requests.put(request)
        request.done.result(timeout=max(GRACE_SECONDS.values()) + 30)

    def _supervise(self) -> None:
        while not self._ending.is_set():
            try:
                request = self._requests.get(timeout=0.2)
            except queue.Empty:
                self._revive_dead()
                continue
            try:
                request.action(self._running[request.part])
            except BaseException as error:
                request.done.set_exception(error)
            else:
                request.done.set_result(None)
        for name in (WORKER, REHEARSAL, SERVER):
            if name in self._running:
                self._end(self._running[name], kill=False)

    def _revive_dead(self) -> None:
        for running in self._running.values():
            process = running.process
            if not running.wanted or process is None or process.poll() is None:
                continue
            now = time.monotonic()
            if running.start_again_at == 0.0:
                self._note_death(running, now)
            elif now >= running.start_again_at:
                self._spawn(running)

    def _note_death(self, running: _Running, now: float) -> None:
        quick = now - running.started_at < LIVED_SECONDS
        running.quick_deaths = running.quick_deaths + 1 if quick else 1
        label, log = running.part.label, self.log_path(running.part.name)
        if running.quick_deaths > MAX_QUICK_DEATHS:
            running.wanted = False
            self.failed.set()
            self._say(
                f"{label} terus-menerus berhenti dan tidak dijalankan lagi. "
                f"Baca {log}, perbaiki, lalu jalankan Siar lagi."
            )
            return
        running.start_again_at = now + min(2.0 ** (running.quick_deaths - 1), 15.0) - 1.0
        self._say(f"{label} berhenti sendiri dan sedang dijalankan lagi. Rinciannya di {log}.")

    def _spawn(self, running: _Running) -> None:
        if running.process is not None and running.process.poll() is None:
            return
        part = running.part
        if part.name == WORKER:
            (self.settings.run_path / "worker.ready").unlink(missing_ok=True)
        with _log_file(self.log_path(part.name)) as log:
            running.process = subprocess.Popen(  # noqa: S603 - our own modules only
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *part.command],
                env=dict(part.environment),
                cwd=self.settings.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running.wanted = True
        running.started_at = time.monotonic()
        running.start_again_at = 0.0

    def _end(self, running: _Running, *, kill: bool) -> None:
        running.wanted = False
        process = running.process
        if process is None or process.poll() is not None:
            return
        if kill:
            process.kill()
            process.wait()
            return
        process.terminate()
        try:
            process.wait(timeout=GRACE_SECONDS[running.part.name])
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
            process.wait()

    def _wait_ready(self, running: _Running) -> None:
        part, until = running.part, time.monotonic() + START_SECONDS
        while time.monotonic() < until and not self.failed.is_set():
            process = running.process
            if process is not None and process.poll() is not None and running.quick_deaths > 1:
                break
            if process is not None and process.poll() is None and part.ready():
                running.quick_deaths = 0
                return
            time.sleep(0.05)
        raise StackError(
            f"{part.label} tidak dapat dijalankan. Baca {self.log_path(part.name)}; "
            f"baris terakhirnya: {_last_line(self.log_path(part.name))}"
        )

    def _stop(self) -> None:
        self._ending.set()
        if self._supervisor is not None:
            self._supervisor.join()
            self._supervisor = None
        for pid in marked_processes(self._id):
            _kill_group(pid)
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def run_until_stopped(stack: Stack) -> bool:
    """Block until Ctrl-C, SIGTERM or a part that cannot be kept alive (then False)."""
    stopped = threading.Event()
    previous = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        while not stopped.wait(0.5):
            if stack.failed.is_set():
                return False
        return True
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def marked_processes(stack_id: str) -> list[int]:
    """Living processes of one stack, wherever they hang (Linux; elsewhere none)."""
    needle = f"{MARK}={stack_id}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if needle in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:  # gone, or somebody else's
            continue
    return [pid for pid in found if pid != os.getpid()]


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def as_it_runs(settings: Settings) -> Settings:
    """The settings with the ports of the stack that runs on this data, whoever started it.

    A port given to `siar start` alone (`SIAR_PREFECT__PORT=4300 siar start`) is not known
    in the window where `siar doctor` is typed.
    """
    ports = ports_of_running(_lock_file(settings))
    return _on_ports(settings, *ports) if len(ports) == 2 else settings


def _on_ports(settings: Settings, prefect: int, rehearsal: int) -> Settings:
    return settings.model_copy(
        update={
            "prefect": settings.prefect.model_copy(update={"port": prefect}),
            "rehearsal": settings.rehearsal.model_copy(update={"port": rehearsal}),
        }
    )


def _lock_file(settings: Settings) -> Path:
    return settings.run_path / "siar.lock"


def answers(url: str, settings: Settings | None = None) -> bool:
    """Whether an address answers 200 within two seconds."""
    auth = None
    if settings is not None and settings.prefect.auth is not None:
        name, _, password = settings.prefect.auth.get_secret_value().partition(":")
        auth = httpx.BasicAuth(name, password)
    # Reading the machine's list of authorities takes longer than the answer; without TLS
    # there is no certificate to verify.
    has_tls = not url.startswith("http://")
    try:
        answer = httpx.get(url, auth=auth, timeout=2.0, trust_env=False, verify=has_tls)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


def _log_file(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:300] if lines else "(kosong)"
