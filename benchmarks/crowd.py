"""Twenty publications at once on the default SQLite, each form answered the moment it opens.

Prints one JSON line: how many finish, publications per minute, answers that were refused
or had to be given again (503), seconds from an answer to the next form, and processor
seconds per publication by part. SIAR_BENCH_AT_ONCE chooses how many.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._desks import People, careful_fields, request
from benchmarks._measuring import cpu_seconds, machine, report, summary
from benchmarks._storm import FOLDER, material, rehearsal, settings_for, times_visible
from benchmarks._weather import forkers_of
from deployments.player import Player, PlayError
from deployments.stack import SERVER, WORKER, Stack
from deployments.wiring import office_of

AT_ONCE = int(os.environ.get("SIAR_BENCH_AT_ONCE", "20"))
PATIENCE = float(os.environ.get("SIAR_BENCH_PATIENCE", "900"))
# The step before publishing: what lies after its answer is the channels' time.
PUBLISHING = "petugas_unggah"
_SHOWN = """
SELECT run.id, run.state_type, state.state_details FROM flow_run AS run
JOIN flow_run_state AS state ON state.id = run.state_id
JOIN flow ON flow.id = run.flow_id WHERE flow.name = 'publikasi'
"""


@dataclass
class Crowded:
    """How it went. `refused` are answers that the server did not take, `busy` its 503s."""

    asked: int
    finished: int = 0
    duplicates: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    busy: int = 0
    answers: int = 0
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)


class Crowd:
    """People who each answer a form as soon as it opens."""

    def __init__(self, stack: Stack, people: People, number: int) -> None:
        self.result = Crowded(asked=number)
        self._player = Player(stack.api_url, {})
        self._player._http.event_hooks["response"].append(self._note)
        self._people = people
        self._database = stack.settings.prefect_home / "prefect.db"
        self._runs: dict[UUID, int] = {}
        self._answered: dict[UUID, tuple[str, float]] = {}
        self._at_publishing: set[UUID] = set()
        self._lock = threading.Lock()

    def _note(self, response: httpx.Response) -> None:
        self.result.busy += response.status_code == httpx.codes.SERVICE_UNAVAILABLE

    def go(self, patience: float) -> None:
        """Start all of them and answer until each run has come to an end."""
        until = time.monotonic() + patience
        with ThreadPoolExecutor(8) as hands:
            list(hands.map(self._start, range(self.result.asked)))
            while time.monotonic() < until and not self._step(hands):
                time.sleep(0.02)
        self.result.ends = dict(Counter(state for _, state, _ in self._shown()))
        self.result.finished = self.result.ends.get("COMPLETED", 0)
        self._player.close()

    def _start(self, number: int) -> None:
        run_id = self._player.start(request(number, FOLDER))
        with self._lock:
            self._runs[run_id] = number

    def _step(self, hands: ThreadPoolExecutor) -> bool:
        """Give out the forms that have opened; whether all runs are over."""
        shown = list(self._shown())
        for run_id, state, key in shown:
            before, at = self._answered.get(run_id, ("", 0.0))
            if state != "PAUSED" or not key or key == before:
                continue
            if before and run_id not in self._at_publishing:
                self.result.waits.append(time.monotonic() - at)
            self._answered[run_id] = (key, time.monotonic())
            hands.submit(self._answer, run_id, key)
        return all(state == "COMPLETED" for _, state, _ in shown)

    def _answer(self, run_id: UUID, key: str) -> None:
        try:
            form = self._player.form(run_id, patience=5)
            while (taken := self._people.take(form.options("petugas"), time.time())) is None:
                time.sleep(0.2)
            person, code = taken
            fields = careful_fields(form, self._runs[run_id])
            filled = {**form.defaults(), **fields, "petugas": person, "kode": code}
            (self._at_publishing.add if PUBLISHING in fields else self._at_publishing.discard)(
                run_id
            )
            self._player.resume(run_id, filled)
            self._answered[run_id] = (key, time.monotonic())
            self.result.answers += 1
        except (PlayError, httpx.HTTPError) as error:
            self.result.refused.append(str(error)[:200])

    def _shown(self) -> Iterator[tuple[UUID, str, str]]:
        """Each run with its state and, while it waits for an answer, its form's key."""
        address = f"{self._database.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=30)
        try:
            rows: list[tuple[str, str, str]] = connection.execute(_SHOWN).fetchall()
        finally:
            connection.close()
        for run_id, state, details in rows:
            said: dict[str, Any] = json.loads(details)
            yield UUID(run_id), state, said["pause_key"] if said.get("run_input_keyset") else ""


def crowd(number: int, folder: Path, patience: float = PATIENCE) -> Crowded:
    """Carry `number` publications through at once, on a stack of their own below `folder`."""
    with rehearsal(folder / "gladi") as gladi:
        settings = settings_for(folder, str(gladi.base_url))
        people = People(max(12, 3 * number))
        with office_of(settings) as office:
            with office.ledger.work() as work:
                people.enrol(work)
            material(office)
        with Stack(settings, say=lambda _line: None) as stack:
            group = Crowd(stack, people, number)
            before, began = _cpu(stack), time.monotonic()
            group.go(patience)
            group.result.seconds = time.monotonic() - began
            spent = _cpu(stack)
            group.result.cpu = {part: spent[part] - before[part] for part in spent}
        times = times_visible(gladi, range(number))
        group.result.duplicates = [place for place, count in times.items() if count > 1]
        group.result.missing = [place for place, count in times.items() if count < 1]
        return group.result


def _cpu(stack: Stack) -> dict[str, float]:
    """Processor seconds so far; the runs' own are counted by the fork server that reaps them."""
    server, worker = stack.pid(SERVER), stack.pid(WORKER)
    return {
        "server": cpu_seconds([server] if server else []),
        "worker": cpu_seconds([worker] if worker else []),
        "runs": cpu_seconds(forkers_of(worker)),
    }


def main() -> int:
    """0 when all of them finished, each on every channel once."""
    with tempfile.TemporaryDirectory(prefix="siar-crowd-") as folder:
        went = crowd(AT_ONCE, Path(folder))
    figures = asdict(went)
    waits, cpu = figures.pop("waits"), figures.pop("cpu")
    report(
        "crowd",
        machine=machine(),
        publications_per_minute=went.finished / went.seconds * 60,
        cpu_s_per_publication=sum(cpu.values()) / AT_ONCE,
        **{f"cpu_s_{part}": spent / AT_ONCE for part, spent in cpu.items()},
        **figures,
        **(summary(waits) if waits else {}),
    )
    lost = went.duplicates or went.missing or went.refused
    return int(bool(lost) or went.finished != AT_ONCE)


if __name__ == "__main__":
    sys.exit(main())
