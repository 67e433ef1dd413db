"""The rehearsal channels with room for a whole storm: real limits would end it after 100 posts."""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from connectors.rehearsal.app import create_app
from connectors.rehearsal.settings import RehearsalSettings

MANY = 100_000


def main() -> None:
    """Serve `argv[1]` on a free loopback port, which is printed, as long as stdin is open."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = RehearsalSettings(x_post_limit=MANY, ig_daily_quota=MANY, ig_processing_seconds=0.1)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(
        create_app(Path(sys.argv[1]), settings), log_level="error", timeout_graceful_shutdown=1
    )
    uvicorn.Server(config).run(sockets=[listener])


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
