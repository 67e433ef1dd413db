"""The office's record as this machine's settings place it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from deployments.settings import Settings
from ledger.blobs import FileBlobStore
from ledger.db import migrate, open_engine
from ledger.vault import Vault
from ledger.work import Ledger
from sop.load import find, load
from sop.model import Sop

SOP_NOMOR = "OT.02.02/1/229/2022"


def utc_now() -> datetime:
    """The wall clock; everything that needs the time is handed this or another one."""
    return datetime.now(UTC)


def open_ledger(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Ledger:
    """The ledger, brought up to the newest table layout; makes data folder and key on first use.

    Raises `ledger.db.DatabaseUnavailableError` and `ledger.vault.VaultError`.
    """
    # Names, NIPs and unpublished texts lie in there.
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(settings.ledger_address)
    migrate(engine)
    return Ledger(engine, clock=clock, vault=Vault.open(settings.key_path))


def open_blobs(settings: Settings) -> FileBlobStore:
    """The store of every file that a publication was made of."""
    return FileBlobStore(settings.blobs_path)


def office_sop(sop_file: Path | None) -> Sop:
    """The SOP in force: the office's own file, else the one that comes with Siar."""
    return load(sop_file) if sop_file is not None else find(SOP_NOMOR)
