"""What most commands begin with: this machine's settings and record."""

from __future__ import annotations

from deployments.settings import Settings, load_settings
from ledger.work import Ledger


def opened() -> tuple[Settings, Ledger]:
    """The settings and the ledger they place; makes the data folder on first use."""
    from deployments.wiring import build_ledger

    settings = load_settings()
    # Names, NIPs and unpublished texts lie in there.
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings, build_ledger(settings)
