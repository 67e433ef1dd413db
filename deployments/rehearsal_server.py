"""Runs the rehearsal channels with the sample staff's codes on their page.

Loopback only: codes are shown to whoever opens the page.
"""

from __future__ import annotations

from datetime import UTC, datetime

import uvicorn
from starlette.middleware.trustedhost import TrustedHostMiddleware

from connectors.rehearsal.app import create_app
from connectors.rehearsal.settings import RehearsalSettings
from deployments.known_hosts import LOOPBACK
from deployments.sample_staff import sample_codes
from deployments.settings import load_settings


def main() -> None:
    """Serve until SIGTERM."""
    settings = load_settings()
    app = create_app(
        settings.rehearsal_path,
        RehearsalSettings(office=settings.office.name),
        lambda: sample_codes(datetime.now(UTC)),
    )
    uvicorn.run(
        TrustedHostMiddleware(app, allowed_hosts=list(LOOPBACK)),
        host="127.0.0.1",
        port=settings.rehearsal.port,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
