"""What goes wrong in a storm: faults of the channels and kill -9 of processes, chosen by a seed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.stack import MARK, SERVER, WORKER, Stack, marked_processes

CHANNELS = ("website", "x", "facebook", "instagram")
# How many calls a publication makes to a channel when all goes well, at the least.
CALLS = 3
# Shorter than `resend_after`: a call that takes longer may count after it was given up.
SLOWEST = 1.0

_HTML = "<html><h1>503 Service Unavailable</h1></html>"
_DUPLICATE = {
    "title": "Forbidden",
    "status": 403,
    "detail": "You are not allowed to create a Tweet with duplicate content.",
    "type": "about:blank",
}
_ANYWHERE: tuple[Mapping[str, Any], ...] = (
    {"action": "drop_before"},
    {"action": "drop_after"},
    {"action": "answer_before", "status": 503, "body": _HTML},
    {"action": "answer_before", "status": 500, "body": {}},
    {"action": "answer_after", "status": 500, "body": {}},
    {"action": "answer_after", "status": 502, "body": _HTML},
    {"action": "answer_after", "status": 200, "body": "<html>ok</html>"},
    {"action": "truncate", "bytes": 5},
    {"action": "delay", "seconds": SLOWEST},
    {"action": "delay_after", "seconds": SLOWEST},
    {"action": "throttle", "seconds": 2},
)
# After these a person has to do something, and here does so by “Kirim ulang”.
_FOR_A_PERSON: Mapping[str, Mapping[str, Any]] = {
    "website": {"action": "answer_before", "status": 401, "body": {"code": "rest_cannot_create"}},
    "x": {"action": "answer_before", "status": 402, "body": {"title": "CreditsDepleted"}},
    "facebook": {
        "action": "answer_before",
        "status": 400,
        "body": {"error": {"message": "Invalid token", "type": "OAuthException", "code": 190}},
    },
    "instagram": {
        "action": "answer_before",
        "status": 400,
        "body": {"error": {"message": "Invalid token", "type": "OAuthException", "code": 190}},
    },
}


def faults(chance: random.Random, publications: int, per_channel: float) -> list[dict[str, Any]]:
    """`per_channel` faults for each publication and channel, at calls that the seed chooses."""
    found: list[dict[str, Any]] = []
    number = max(1, round(publications * per_channel))
    for channel in CHANNELS:
        for _ in range(number):
            where = {"channel": channel, "method": chance.choice(["POST", "POST", "POST", "GET"])}
            nth = chance.randint(1, publications * CALLS)
            found.append({**where, "nth": nth, **chance.choice(_ANYWHERE)})
        for _ in range(max(1, number // 10)):
            nth = chance.randint(1, publications * CALLS)
            found.append(
                {"channel": channel, "method": "POST", "nth": nth, **_FOR_A_PERSON[channel]}
            )
    posts = {"channel": "x", "method": "POST", "path": "/2/tweets"}
    duplicate = {"action": "answer_after", "status": 403, "body": _DUPLICATE}
    found.append({**posts, "nth": chance.randint(1, publications), **duplicate})
    return found


# --- kill -9 ----------------------------------------------------------------------


@dataclass(frozen=True)
class Kills:
    """How often what is killed; `gap` are the seconds between two of them."""

    flows: int
    workers: int
    servers: int
    everything: int
    gap: tuple[float, float] = (0.3, 1.5)

    def in_order_of(self, chance: random.Random) -> list[str]:
        drawn = (
            ["flow"] * self.flows
            + ["worker"] * self.workers
            + ["server"] * self.servers
            + ["everything"] * self.everything
        )
        chance.shuffle(drawn)
        return drawn


class Extra:
    """One more worker beside the stack's own, as on a second machine."""

    def __init__(self, stack: Stack, number: int) -> None:
        self._stack = stack
        self._name = f"worker-{number}"
        self.log = stack.settings.run_path / f"{self._name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def pid(self) -> int | None:
        return None if self.process is None else self.process.pid

    def start(self) -> None:
        """Start it and return when it takes runs."""
        ready = self._stack.settings.run_path.absolute() / f"{self._name}.ready"
        ready.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deployments.worker", "--ready-file", str(ready)],
                env=self._stack.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + 120
        while not ready.exists():
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"{self._name} does not start")
            time.sleep(0.1)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Reaper:
    """Kills processes of a stack and of the workers beside it, and starts them again."""

    def __init__(self, stack: Stack, extras: Sequence[Extra], chance: random.Random) -> None:
        self._stack = stack
        self._extras = extras
        self._chance = chance
        self.done: dict[str, int] = {}

    def kill(self, what: str) -> None:
        actions: Mapping[str, Callable[[], None]] = {
            "flow": self._flow,
            "worker": self._worker,
            "server": lambda: self._restarted(SERVER),
            "everything": self._everything,
        }
        actions[what]()
        self.done[what] = self.done.get(what, 0) + 1

    def _flow(self) -> None:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            if running := self._flow_processes():
                _kill([self._chance.choice(running)])
                return
            time.sleep(0.01)

    def _flow_processes(self) -> list[int]:
        """The processes that carry runs out: what the workers' fork servers have made (Linux)."""
        workers = [self._stack.pid(WORKER), *(extra.pid for extra in self._extras)]
        return sorted(run for pid in workers for fork in forkers_of(pid) for run in _below(fork))

    def _worker(self) -> None:
        chosen = self._chance.randrange(len(self._extras) + 1)
        if chosen == 0:
            self._restarted(WORKER)
        else:
            self._extras[chosen - 1].kill()
            self._extras[chosen - 1].start()

    def _restarted(self, part: str) -> None:
        self._stack.stop_part(part, kill=True)
        self._stack.start_part(part)

    def _everything(self) -> None:
        """As when the power goes: server, workers and all that they do."""
        _kill(self._flow_processes())
        for extra in self._extras:
            extra.kill()
        self._stack.stop_part(WORKER, kill=True)
        self._stack.stop_part(SERVER, kill=True)
        _kill(marked_processes(self._stack.environment[MARK]))
        self._stack.start_part(SERVER)
        self._stack.start_part(WORKER)
        for extra in self._extras:
            extra.start()


def forkers_of(worker: int | None) -> list[int]:
    """A worker's fork server, and whatever else it started (Linux)."""
    return _below(worker) if worker else []


def _below(pid: int) -> list[int]:
    return [child for child, parent in _parents().items() if parent == pid]


def _parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text().rpartition(")")[2].split()
            found[int(stat.parent.name)] = int(after_name[1])
    return found


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def gaps(kills: Kills, chance: random.Random) -> Iterator[float]:
    """The seconds to wait before each kill."""
    while True:
        yield chance.uniform(*kills.gap)
