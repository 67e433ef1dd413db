"""The real Prefect server and worker, started and stopped as `siar start` does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from deployments.ports import free_port
from deployments.stack import MARK, SERVER, WORKER, Stack, StackError, marked_processes
from tests.support.prefect_database import lay_down_prefect_tables
from tests.support.stack import PASSWORD, SAMPLE_DEFINITIONS, loopback_channels, settings_in
from tests.support.waiting import soon

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("stack")]

ROOT = Path(__file__).resolve().parents[3]

# Runs a sample run to its form, answers it, and prints how it ended.
ANSWER_ONE_RUN = """
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from tests.support.waiting import soon
client = get_client(sync_client=True)
run = run_deployment("contoh/contoh", timeout=0)
state = lambda: client.read_flow_run(run.id).state
def answered():
    if not state().is_paused():
        return False
    return client.resume_flow_run(run.id, run_input={"word": "ya"}).status.value == "ACCEPT"
soon(answered, "the answer to the form")
soon(lambda: state().is_final(), "the end of the run")
print(state().name)
"""


def listened_on(pids: list[int]) -> set[str]:
    """The local addresses (hex, as in /proc/net/tcp) that these processes listen on."""
    sockets = {
        str(entry.readlink())
        for pid in pids
        for entry in Path(f"/proc/{pid}/fd").iterdir()
        if entry.is_symlink()
    }
    rows = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    listening = [row for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    return {row[1].partition(":")[0] for row in listening}


def test_a_form_is_answered_through_server_and_worker(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ANSWER_ONE_RUN],
        env={**stack.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "Completed", done.stderr


def test_the_api_wants_the_password_and_the_csrf_token(stack: Stack) -> None:
    assert httpx.get(f"{stack.api_url}/admin/version").status_code == 401
    name, _, password = PASSWORD.partition(":")
    without_token = httpx.post(f"{stack.api_url}/flow_runs/filter", json={}, auth=(name, password))
    assert without_token.status_code == 403


def test_the_ui_is_served_and_told_its_own_api_address(stack: Stack) -> None:
    page = httpx.get(stack.ui_url, follow_redirects=True)
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    told = httpx.get(f"{stack.ui_url}/ui-settings").json()
    assert told["api_url"] == stack.api_url
    assert told["csrf_enabled"] is True
    assert told["default_ui"] == "v1"


def test_everything_listens_on_loopback_only(stack: Stack) -> None:
    addresses = listened_on(marked_processes(stack.environment[MARK]))
    # As the kernel writes 127.0.0.1 and ::1.
    assert addresses <= {"0100007F", "00000000000000000000000001000000"}
    assert addresses


def test_a_second_stack_on_the_same_data_is_refused_with_the_address(stack: Stack) -> None:
    with pytest.raises(StackError, match=f"sudah berjalan di {stack.ui_url}"):
        Stack(stack.settings, definitions=SAMPLE_DEFINITIONS).__enter__()
    assert stack.pid(SERVER) is not None


def test_a_taken_port_is_refused_before_anything_starts(stack: Stack, tmp_path: Path) -> None:
    port = stack.settings.prefect.port
    settings = settings_in(tmp_path, channels=loopback_channels(), port=port)
    with pytest.raises(StackError, match=f"Porta {port} .* sudah dipakai"):
        Stack(settings, definitions=SAMPLE_DEFINITIONS).__enter__()


def test_a_part_that_is_killed_is_started_again_with_a_word(stack: Stack) -> None:
    said: list[str] = []
    stack._say = said.append
    old = stack.pid(WORKER)
    assert old is not None
    os.kill(old, signal.SIGKILL)
    soon(lambda: stack.pid(WORKER) not in (None, old), "another worker", 30.0)
    assert "Pekerja berhenti sendiri dan sedang dijalankan lagi" in said[0]


def test_a_stopped_part_stays_stopped_until_it_is_started(stack: Stack) -> None:
    stack.stop_part(WORKER)
    assert stack.pid(WORKER) is None
    stack.start_part(WORKER)
    assert stack.pid(WORKER) is not None


START = """
import sys
from pathlib import Path
from deployments.stack import Stack, run_until_stopped
from tests.support.stack import SAMPLE_DEFINITIONS, loopback_channels, settings_in
settings = settings_in(Path(sys.argv[1]), channels=loopback_channels(), port=int(sys.argv[2]))
with Stack(settings, definitions=SAMPLE_DEFINITIONS) as stack:
    print(stack.environment["SIAR_STACK_ID"], flush=True)
    run_until_stopped(stack)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_whatever_ends_the_stack(tmp_path: Path, number: signal.Signals) -> None:
    lay_down_prefect_tables(settings_in(tmp_path).prefect_home)
    parent = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path), str(free_port())], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    stack_id = parent.stdout.readline().decode().strip()
    assert len(marked_processes(stack_id)) >= 2
    parent.send_signal(number)
    parent.communicate(timeout=60)
    soon(lambda: not marked_processes(stack_id), "the end of every process", 30.0)
