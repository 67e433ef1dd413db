"""`siar monev`: the report of any period, on paper and without a form."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployments.cli.indonesian import Command

if TYPE_CHECKING:
    from monev.model import Period
    from tasks.office import Office

_DAY = click.DateTime(["%Y-%m-%d"])
BACKWARDS = "Tanggal --dari ({first}) sesudah --sampai ({last}). Tukar keduanya, lalu coba lagi."
FUTURE = "Periode itu belum mulai: hari ini {today}. Pilih --dari yang sudah lewat atau hari ini."
UNWRITABLE = (
    "Laporan tidak dapat ditulis ke {folder}: {why}. Perbaiki, atau pilih folder lain dengan "
    "--keluaran."
)
_WHY: Mapping[int, str] = {
    errno.EACCES: "akun ini tidak berhak menulis di situ",
    errno.EPERM: "akun ini tidak berhak menulis di situ",
    errno.EROFS: "disknya hanya dapat dibaca",
    errno.EEXIST: "itu berkas, bukan folder",
    errno.ENOTDIR: "itu berkas, bukan folder",
    errno.ENOENT: "folder itu tidak dapat dibuat",
    errno.ENOSPC: "disknya penuh",
}
OFFICIAL = (
    "Folder {folder} berisi laporan yang sudah tercatat dan tidak boleh ditimpa. "
    "Pilih folder lain dengan --keluaran."
)
UNFINISHED = "Periode belum berakhir: angkanya sampai saat ini saja."
NOT_LAID_BEFORE = (
    "Laporan ini hanya dibuat, belum disampaikan kepada Kepala. Untuk menyampaikannya, jalankan "
    "alur monev-khusus di layar Siar."
)


@click.command(
    cls=Command,
    example=(
        "siar monev --dari 2026-11-01 --sampai 2026-11-30",
        "siar monev --dari 2026-11-01 --sampai 2026-11-30 --keluaran laporan-november",
    ),
)
@click.option(
    "--dari", "first", type=_DAY, required=True, metavar="TANGGAL", help="Hari pertama (WIB)."
)
@click.option(
    "--sampai", "last", type=_DAY, required=True, metavar="TANGGAL", help="Hari terakhir (WIB)."
)
@click.option(
    "--keluaran",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Tempat berkasnya; bawaannya laporan/perintah/DARI_SAMPAI di folder data.",
)
def monev(first: datetime, last: datetime, folder: Path | None) -> int:
    """Membuat laporan monev (PDF, XLSX, HTML, Markdown) untuk periode mana pun."""
    from deployments.settings import load_settings
    from deployments.wiring import office_of, utc_now
    from monev.model import Period
    from sop.indonesian import today

    now = utc_now()
    period = Period(first.date(), last.date(), as_of=now)
    if (wrong := _what_is_wrong(period, today(now))) is not None:
        raise click.UsageError(wrong, click.get_current_context())
    settings = load_settings()
    with office_of(settings) as here:
        place = folder or _usual_place(settings.reports_path, period)
        return _written(here, period, place)


def _what_is_wrong(period: Period, day: date) -> str | None:
    from sop.indonesian import day as in_words
    from tasks.laporan import TOO_LONG, is_too_long

    if period.first_day > period.last_day:
        return BACKWARDS.format(first=period.first_day, last=period.last_day)
    if period.first_day > day:
        return FUTURE.format(today=in_words(day))
    if is_too_long(period.first_day, period.last_day, day):
        return TOO_LONG
    return None


def _usual_place(root: Path, period: Period) -> Path:
    return root / "perintah" / f"{period.first_day}_{period.last_day}"


def _written(here: Office, period: Period, folder: Path) -> int:
    from ledger.reports import all_reports
    from monev.render import write_all
    from monev.render.sections import opening
    from sop.indonesian import today
    from tasks.laporan import monev_report

    with here.ledger.read() as work:
        kept = [(here.reports_root / one.folder).resolve() for one in all_reports(work)]
    if folder.resolve() in kept:
        click.echo(OFFICIAL.format(folder=folder), err=True)
        return 1
    report = monev_report(here, period)
    try:
        files = write_all(report, folder)
    except OSError as error:
        why = _WHY.get(error.errno or 0, error.strerror or type(error).__name__)
        click.echo(UNWRITABLE.format(folder=folder, why=why), err=True)
        return 1
    top = opening(report)
    click.echo(f"{top.heading} · {top.period}")
    for sentence in top.summary:
        click.echo(f"  {sentence}")
    if top.decisions:
        click.echo("Yang memerlukan perhatian Kepala:")
        for sentence in top.decisions:
            click.echo(f"  - {sentence}")
    if period.last_day >= today(period.as_of):
        click.echo(UNFINISHED)
    click.echo("Berkas:")
    for name in files:
        click.echo(f"  {(folder / name).absolute()}")
    click.echo(NOT_LAID_BEFORE)
    return 0
