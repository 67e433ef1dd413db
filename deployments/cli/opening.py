"""What most commands begin with: this machine's settings and record."""

from __future__ import annotations

from pathlib import Path

from deployments.settings import Settings, load_settings
from ledger.work import Ledger

NO_RECORD = (
    "Belum ada catatan di {place}, jadi tidak ada yang diperiksa. Jalankan perintah ini di folder "
    "tempat Siar berjalan, atau periksa data_dir (SIAR_DATA_DIR)."
)


def opened() -> tuple[Settings, Ledger]:
    """The settings and the ledger they place; makes the data folder on first use."""
    from deployments.wiring import build_ledger

    settings = load_settings()
    # Names, NIPs and unpublished texts lie in there.
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings, build_ledger(settings)


def opened_to_check() -> tuple[Settings, Ledger]:
    """The same for who looks at a record that must be there: a wrong folder is no clean bill."""
    from ledger.db import DatabaseUnavailableError

    settings = load_settings()
    scheme, _, place = settings.ledger_address.partition(":///")
    if scheme == "sqlite" and not Path(place).exists():
        raise DatabaseUnavailableError(NO_RECORD.format(place=Path(place).absolute()))
    return opened()
