"""An office around a record, with nothing but what a monev report asks of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from connectors.manual import ManualChannel
from deployments.locks import FileLocks
from ledger.blobs import FileBlobStore
from ledger.vault import Vault
from ledger.work import Ledger
from monev.model import Letterhead
from sop.calendar import OfficeCalendar
from sop.load import DATA, load, parse
from sop.model import Sop
from tasks.office import Office

SOP = load(DATA / "ot-02-02-1-229-2022.toml")
CALENDAR = OfficeCalendar.load()
CHANNELS = {
    "website": "Website",
    "x": "X",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "grup": "Grup WhatsApp",
}
PAPER = Letterhead(
    "Kementerian", "Direktorat", "Balai", "Jalan Contoh 1", "Palembang", "", "", "", "", "", False
)


def revised(changes: dict[str, tuple[str, str]]) -> Sop:
    """The SOP with other minutes: by the step's short name, what stands there and what shall."""
    text = SOP.source.replace('revisi = "3"', 'revisi = "2"')
    for short, (before, after) in changes.items():
        head, mark, tail = text.partition(f'nama_singkat = "{short}"')
        assert mark
        assert f"menit = {before}\n" in tail
        text = head + mark + tail.replace(f"menit = {before}\n", f"menit = {after}\n", 1)
    return parse(text, name="revisi 2")


# Verification had 90 minutes then, and documenting had no standard.
OLDER = revised(
    {
        "Verifikasi dan penyuntingan": ("60", "90"),
        "Pendokumentasian dan pengarsipan": ("15", '"tanpa baku"'),
    }
)


def office_of(engine: Engine, folder: Path, clock: Callable[[], datetime]) -> Office:
    return Office(
        ledger=Ledger(engine, clock=clock, vault=Vault.open(folder / "kunci" / "siar.key")),
        blobs=FileBlobStore(folder / "blob"),
        sop=SOP,
        calendar=CALENDAR,
        connectors={
            code: ManualChannel(code, label, clock=clock) for code, label in CHANNELS.items()
        },
        manual_channels=frozenset({"grup"}),
        intake_root=folder / "bahan",
        archive_root=folder / "arsip",
        units=("Tim Kerja 1",),
        own_domains=frozenset(),
        clock=clock,
        locks=FileLocks(folder / "kunci-alur"),
        link_status=lambda _address: None,
        settling=timedelta(seconds=1),
        rehearsal=False,
        letterhead=PAPER,
    )
