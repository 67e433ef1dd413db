"""Log lines and events of a run: by the run's own client, or not at all, but never in its way."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import prefect.events.utilities
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import emit_event
from prefect.logging.handlers import emit_api_log, set_api_log_sink
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.courier import Courier

LINE = {"name": "prefect.flow_runs", "level": 20, "message": "Menunggu jawaban."}


class Desk(ThreadingHTTPServer):
    """Takes what is posted; knows no CSRF, as a server with that protection off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: list[tuple[str, Any]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api"


class _Taking(BaseHTTPRequestHandler):
    server: Desk

    def do_GET(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((self.path, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    serving = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    yield made
    made.shutdown()
    serving.join()
    made.server_close()


@contextmanager
def courier_to(address: str, flow_run_id: object) -> Iterator[None]:
    worker = prefect.events.utilities.EventsWorker  # type: ignore[attr-defined]
    try:
        with (
            temporary_settings({PREFECT_API_URL: address}),
            SyncPrefectClient(address) as client,
            Courier(client, flow_run_id),  # type: ignore[arg-type]
        ):
            yield
    finally:
        set_api_log_sink(None)
        prefect.events.utilities.EventsWorker = worker  # type: ignore[attr-defined]


def test_at_the_end_everything_has_arrived_in_order_and_names_its_run(desk: Desk) -> None:
    run = uuid4()
    with courier_to(desk.address, run):
        for number in range(3):
            emit_event(f"hal.{number}", {"prefect.resource.id": "siar.coba"})
            emit_api_log({**LINE, "message": f"Baris {number}"})

    events = [one for path, body in desk.taken if path == "/api/events" for one in body]
    lines = [one for path, body in desk.taken if path == "/api/logs/" for one in body]
    assert [event["event"] for event in events] == ["hal.0", "hal.1", "hal.2"]
    assert [line["message"] for line in lines] == ["Baris 0", "Baris 1", "Baris 2"]
    role = {"prefect.resource.id": f"prefect.flow-run.{run}", "prefect.resource.role": "flow-run"}
    assert all(event["related"] == [role] for event in events)


def test_a_server_that_is_not_there_stops_no_run(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.server_close()
    with (
        caplog.at_level(logging.WARNING, "deployments.courier"),
        courier_to(desk.address, uuid4()),
    ):
        emit_api_log(LINE)

    assert "1 lines and 0 events did not reach the server" in caplog.text


def test_of_a_task_run_only_its_newest_state_is_told(desk: Desk) -> None:
    steps, first, second = ("Pending", "Running", "Completed"), uuid4(), uuid4()
    with courier_to(desk.address, uuid4()):
        emit_event("siar.mulai", {"prefect.resource.id": "siar.coba"})
        for task in (first, second):
            for name in steps[: 3 if task is first else 2]:
                emit_event(f"prefect.task-run.{name}", {"prefect.resource.id": f"task.{task}"})
        emit_event("siar.selesai", {"prefect.resource.id": "siar.coba"})

    told = [one for path, body in desk.taken if path == "/api/events" for one in body]
    assert sorted(event["event"] for event in told) == [
        "prefect.task-run.Completed",
        "prefect.task-run.Running",
        "siar.mulai",
        "siar.selesai",
    ]
