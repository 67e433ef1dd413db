"""What the benchmarks share: processor time of a process tree, percentiles, JSON lines."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

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


def machine() -> str:
    """What the figures were taken on; the machine is usually shared."""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
