"""What Prefect alone asks of the processors: the least that a publication can cost.

Siar's own server and worker carry flows of seven forms that do nothing else: no ledger,
no step, no channel, no archive. Prints JSON lines as `forms.py` (one after the other)
and `crowd.py` (SIAR_BENCH_AT_ONCE at the same time, each answered at once) do, so that
what Siar adds can be told from what it stands on.
"""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from _bare_flow import QUESTIONS
from _measuring import Watch, cpu_seconds, machine, report, summary
from forms import stack_in

from deployments.player import Player
from deployments.stack import SERVER, Stack, marked_processes

ALONE = int(os.environ.get("SIAR_BENCH_ALONE", "5"))
AT_ONCE = int(os.environ.get("SIAR_BENCH_AT_ONCE", "20"))
ANSWER = {"petugas": "A", "kode": "0"}


def carried(stack: Stack, every: float = 0.005) -> list[float]:
    """One run through its forms; seconds from each answer to the next form."""
    player = Player(stack.api_url, {})
    watch = Watch(stack.settings.prefect_home / "prefect.db")
    try:
        run_id: UUID = player.order("kosong/kosong", {})
        waits = []
        watch.until(run_id, "PAUSED", every=every)
        for number in range(1, QUESTIONS + 1):
            player.resume(run_id, ANSWER)
            answered = time.monotonic()
            wanted = "COMPLETED" if number == QUESTIONS else "PAUSED"
            watch.until(run_id, wanted, every=every)
            if number < QUESTIONS:
                waits.append(time.monotonic() - answered)
        return waits
    finally:
        player.close()


def measured(stack: Stack, how_many: int, at_once: int) -> None:
    """Carry so many, so many at a time, and print what they took."""
    # Twenty who look every 5 ms would take a fifth of a processor from what is measured.
    every = 0.005 * at_once
    pids = marked_processes(stack.environment["SIAR_STACK_ID"])
    server = [pid for pid in (stack.pid(SERVER),) if pid]
    before, served, begun = cpu_seconds(pids), cpu_seconds(server), time.monotonic()
    with ThreadPoolExecutor(at_once) as people:
        waits = [
            wait
            for one in people.map(lambda _: carried(stack, every), range(how_many))
            for wait in one
        ]
    seconds = time.monotonic() - begun
    report(
        "empty flow alone" if at_once == 1 else "empty flow, crowd",
        machine=machine(),
        cpu_s_per_publication=(cpu_seconds(pids) - before) / how_many,
        cpu_s_server=(cpu_seconds(server) - served) / how_many,
        publications_per_minute=60 * how_many / seconds,
        at_once=at_once,
        **summary(waits),
    )


def main() -> None:
    """Alone, then as a crowd."""
    with (
        tempfile.TemporaryDirectory(prefix="siar-bench-") as name,
        stack_in(Path(name), definitions="benchmarks._bare_flow") as stack,
    ):
        carried(stack)  # the first one warms caches
        measured(stack, ALONE, 1)
        measured(stack, AT_ONCE, AT_ONCE)


if __name__ == "__main__":
    main()
