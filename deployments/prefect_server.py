"""Runs the Prefect server in this process: what `prefect server start` does, without its CLI.

Host, port and the rest come from the environment that `prefect_environment` made.
"""

from __future__ import annotations

import gc
from pathlib import Path


def main() -> None:
    """Serve API, UI and background services until SIGTERM."""
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    from deployments.bell import RingingServer, bells_in
    from deployments.known_hosts import only_known_hosts
    from deployments.prefect_csrf import remember_tokens
    from deployments.prefect_look import improve_forms
    from deployments.prefect_sqlite import use_turn_taking_sqlite
    from deployments.refused_resumes import RecordBook, RefusedResumes
    from deployments.settings import load_settings

    use_turn_taking_sqlite()
    remember_tokens()
    server = get_current_settings().server
    api = server.api
    app = create_app(final=True)
    if server.ui.static_directory:
        improve_forms(Path(server.ui.static_directory))
    settings = load_settings()
    recording = RefusedResumes(app, RecordBook().note)
    # What is loaded now stays; looking through it for garbage, again and again, is one
    # part in twenty of the server's work.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvicorn.run(
        only_known_hosts(RingingServer(recording, bells_in(settings.run_path)), settings),
        host=api.host,
        port=api.port,
        log_level="warning",
        timeout_keep_alive=api.keepalive_timeout,
        timeout_graceful_shutdown=3,
        ws_ping_interval=api.websocket_ping_interval,
        ws_ping_timeout=api.websocket_ping_timeout,
    )


if __name__ == "__main__":
    main()
