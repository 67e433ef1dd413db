"""Starts the rehearsal channels for a test: real HTTP on a free loopback port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
import uvicorn

from connectors.rehearsal.app import RehearsalSettings, StaffCode, create_app
from connectors.rehearsal.store import Clock

_SECONDS = 20
_TESTS_EACH = 20


@dataclass(slots=True)
class Rehearsal:
    """A running rehearsal. `settings` holds the credentials of every channel."""

    base_url: str
    settings: RehearsalSettings
    data_dir: Path
    _server: uvicorn.Server
    _thread: threading.Thread

    @property
    def wordpress_auth(self) -> tuple[str, str]:
        return self.settings.wp_username, self.settings.wp_application_password

    @property
    def graph_url(self) -> str:
        return f"{self.base_url}/v26.0"

    def posts(self, channel: str) -> list[dict[str, Any]]:
        """What readers see on "website", "x", "facebook" or "instagram", newest first."""
        answer = requests.get(f"{self.base_url}/gladi/isi.json", timeout=_SECONDS)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()[channel]
        return found

    def calls(self, channel: str, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """The vendor calls received so far, oldest first; `path` is a part of the path."""
        answer = requests.get(f"{self.base_url}/gladi/catatan.json", timeout=_SECONDS)
        answer.raise_for_status()
        return [
            call
            for call in answer.json()["panggilan"]
            if call["channel"] == channel
            and (not method or call["method"] == method)
            and path in call["path"]
        ]

    def fault(self, action: str, **fields: Any) -> None:
        """Put a fault in force; the fields are those of `connectors.rehearsal.faults.Fault`."""
        answer = requests.post(
            f"{self.base_url}/gladi/gangguan", json={"action": action, **fields}, timeout=_SECONDS
        )
        assert answer.status_code == 200, answer.text

    def clear_faults(self) -> None:
        requests.delete(f"{self.base_url}/gladi/gangguan", timeout=_SECONDS).raise_for_status()

    def stop(self) -> None:
        """End the server; the data stay, so a start on the same path goes on with them."""
        self._server.should_exit = True
        self._thread.join(_SECONDS)
        assert not self._thread.is_alive(), "the rehearsal did not stop"


def start_rehearsal(
    tmp_path: Path,
    *,
    staff_codes: Callable[[], list[StaffCode]] | None = None,
    clock: Clock | None = None,
    port: int = 0,
    **settings: Any,
) -> Rehearsal:
    """A rehearsal over `tmp_path/gladi`; `settings` are fields of RehearsalSettings."""
    chosen = replace(RehearsalSettings(ig_processing_seconds=0.0), **settings)
    data_dir = tmp_path / "gladi"
    extra = {} if clock is None else {"clock": clock}
    app = create_app(data_dir, chosen, staff_codes, **extra)
    # Listening before the server runs: early callers queue instead of being refused.
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        app, log_level="error", timeout_graceful_shutdown=1, lifespan="on", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="gladi", daemon=True
    )
    thread.start()
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return Rehearsal(base, chosen, data_dir, server, thread)


class Rehearsals:
    """A rehearsal that is soon replaced: each test reads all posts that it holds.

    `new_folder` makes a folder by name; `settings` are fields of RehearsalSettings.
    """

    def __init__(self, new_folder: Callable[[str], Path], **settings: Any) -> None:
        self._new_folder = new_folder
        self._settings = {"x_post_limit": 100_000, "ig_daily_quota": 100_000, **settings}
        self._started: list[Rehearsal] = []
        self._used = 0

    def one(self) -> Rehearsal:
        """The rehearsal of the next test."""
        if self._used % _TESTS_EACH == 0:
            self._started.append(start_rehearsal(self._new_folder("gladi"), **self._settings))
        self._used += 1
        return self._started[-1]

    def stop(self) -> None:
        for one in self._started:
            one.stop()
