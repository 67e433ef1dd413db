"""Two stacks never get into each other's way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.ports import (
    PortTakenError,
    RunLock,
    StillRunningError,
    free_port,
    ports_of_running,
    require_free,
)

HOLDER = """
import sys, time
from pathlib import Path
from deployments.ports import RunLock
lock = RunLock(Path(sys.argv[1]))
lock.note("http://127.0.0.1:4200", 4200, 4280)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_taken_port_is_named_with_the_variable_that_sets_another() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"Porta {port} .*SIAR_PREFECT__PORT={port + 1}"):
            require_free("127.0.0.1", port, "SIAR_PREFECT__PORT")


def test_a_free_port_can_be_required() -> None:
    require_free("127.0.0.1", free_port(), "SIAR_PREFECT__PORT")


def test_the_lock_says_who_runs_and_falls_with_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "siar.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StillRunningError, match=f"4200 .proses {holder.pid}"):
            RunLock(path)
        assert ports_of_running(path) == (4200, 4280)
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate(timeout=10)
    assert ports_of_running(path) == (), "a dead stack has no ports"
    RunLock(path).release()


def test_without_a_lock_file_nothing_runs(tmp_path: Path) -> None:
    assert ports_of_running(tmp_path / "siar.lock") == ()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    RunLock(tmp_path / "siar.lock").release()
    RunLock(tmp_path / "siar.lock").release()
