"""What the benchmarks share: processor time of a process tree, percentiles, JSON lines."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes and of the children they have reaped (seconds)."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # gone; its time is in its parent's
            continue
        total += sum(int(value) for value in fields[11:15])
    return total / TICKS


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(name: str, **figures: Any) -> None:
    """One JSON line; floats with three decimals."""
    rounded = {
        key: round(value, 3) if isinstance(value, float) else value
        for key, value in figures.items()
    }
    machine = {"cores": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 2)}
    print(json.dumps({"benchmark": name, **rounded, **machine}), flush=True)


def summary(values: Sequence[float]) -> dict[str, float | int]:
    """Sample size, median and 95th percentile of seconds."""
    return {
        "n": len(values),
        "p50_s": statistics.median(values),
        "p95_s": percentile(values, 0.95),
    }


class Watch:
    """Sees in the Prefect server's SQLite file when a run has come to a state."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)

    def until(
        self, run_id: UUID, wanted: str, *, patience: float = 300.0, every: float = 0.005
    ) -> str:
        """Wait for this type of state, looking every so many seconds.

        RuntimeError when it cannot come.
        """
        until = time.monotonic() + patience
        while (found := self._state(run_id)) != wanted:
            if found in {"FAILED", "CRASHED", "COMPLETED"} or time.monotonic() > until:
                raise RuntimeError(f"run {run_id} is {found}, not {wanted}")
            time.sleep(every)
        return found

    def _state(self, run_id: UUID) -> str | None:
        query = "SELECT state_type FROM flow_run WHERE id = ?"
        row = self._connection.execute(query, (str(run_id),)).fetchone()
        return None if row is None else str(row[0])


def machine() -> str:
    """What the figures were taken on; the machine is usually shared."""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
