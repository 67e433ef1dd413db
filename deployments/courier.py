"""Takes a run's log lines and events to the Prefect server, a few at a time.

Prefect's own way starts, in each process, two threads with event loops, two more
clients and a websocket, and asks the server about flow, deployment, queue and pool
for each first event. A run of Siar is over in a fraction of a second: that was a
third of its time. Here both go by the client that the run already has, once a
second and at the end. What cannot be delivered is only said in the worker's log:
the ledger is the record (law 3), lines and events are for the eye.
"""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.events import utilities as emitting
from prefect.events.schemas.events import Event, RelatedResource
from prefect.events.worker import ProcessPoolForwardingEventsClient
from prefect.logging.handlers import set_api_log_sink

SECONDS = 1.0
PATIENCE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Courier:
    """Stands where Prefect's `EventsWorker` and `APILogWorker` would, for one process."""

    # `emit_event` asks what kind of client events go by, and sends none by an unknown kind.
    client_type = ProcessPoolForwardingEventsClient

    def __init__(self, client: SyncPrefectClient, flow_run_id: UUID) -> None:
        self._client = client
        # By it the server knows whose task runs they are.
        self._run = RelatedResource(
            {
                "prefect.resource.id": f"prefect.flow-run.{flow_run_id}",
                "prefect.resource.role": "flow-run",
            }
        )
        self._lock = threading.Lock()
        self._lines: list[dict[str, Any]] = []
        self._events: list[Event] = []
        self._over = threading.Event()
        self._rounds = threading.Thread(target=self._go_round, name="courier", daemon=True)

    def __enter__(self) -> Self:
        set_api_log_sink(self._take_line)
        emitting.EventsWorker = self  # type: ignore[assignment,attr-defined]
        self._rounds.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        # A server that has gone is asked again for a minute; nobody waits that long for lines.
        self._rounds.join(PATIENCE_SECONDS)

    def instance(self) -> Self:
        """What `emit_event` calls to find whom to give an event to."""
        return self

    def send(self, event: Event) -> None:
        """Take an event along."""
        event.related.append(self._run)
        with self._lock:
            self._events.append(event)

    def _take_line(self, line: dict[str, Any]) -> None:
        line.pop("__payload_size__", None)
        with self._lock:
            self._lines.append(line)

    def _go_round(self) -> None:
        while not self._over.wait(SECONDS):
            self._deliver()
        self._deliver()

    def _deliver(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
            events, self._events = _last_words(self._events), []
        try:
            if events:
                self._client.request(
                    "POST", "/events", json=[event.model_dump(mode="json") for event in events]
                )
            if lines:
                self._client.create_logs(lines)
        except Exception:
            _log.warning(
                "%d lines and %d events did not reach the server",
                len(lines),
                len(events),
                exc_info=True,
            )


def _last_words(events: list[Event]) -> list[Event]:
    """Of each task run only its newest state: it holds when the task began and ended.

    A step of Siar is pending, running and done within one round of the courier, and the
    server spends more on recording the first two than the step itself takes.
    """
    newest: dict[str, Event] = {}
    for event in events:
        of_task = event.event.startswith("prefect.task-run.")
        newest[event.resource.id if of_task else str(event.id)] = event
    return list(newest.values())
