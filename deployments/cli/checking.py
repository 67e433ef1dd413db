"""`siar verify` and `siar doctor`: is the record whole, is the installation fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deployments.cli.indonesian import Command
from deployments.cli.opening import opened_to_check
from deployments.settings import Settings

if TYPE_CHECKING:
    from ledger.work import Ledger

REPORT_THEM = (
    "{} masalah ditemukan. Simpan keluaran ini, jangan ubah apa pun, dan laporkan kepada Kepala."
)
BAGS_BACK = (
    "Paket arsip yang disebut dipulihkan utuh dari cadangan; setelah itu jalankan siar verify lagi."
)


@click.command(
    cls=Command,
    example=("siar verify", "siar verify --segel", "siar verify --pasang-penjaga"),
)
@click.option(
    "--segel",
    "listing",
    is_flag=True,
    help="Hanya menampilkan segel harian dan segel tiap paket arsip, untuk dicocokkan.",
)
@click.option(
    "--pasang-penjaga",
    "restoring",
    is_flag=True,
    help="Lebih dulu memasang lagi penjaga basis data yang hilang; hal itu ikut tercatat.",
)
def verify(*, listing: bool, restoring: bool) -> int:
    """Memeriksa bahwa catatan, berkas dan arsip tidak diubah; menyebut tiap yang salah.

    Yang dibaca ulang: rantai kejadian dan semua baris, penjaga basis data, berkas naskah dan
    gambar, berkas laporan monev, dan tiap paket arsip terhadap segelnya dalam catatan. Berakhir
    dengan kode 1 bila ada yang salah.
    """
    settings, ledger = opened_to_check()
    if listing:
        _list_seals(ledger)
        return 0
    if restoring:
        _restore_guards(ledger)
    count = _say_problems(settings, ledger)
    _say_newest_seal(ledger)
    if count:
        click.echo(REPORT_THEM.format(count))
        return 1
    click.echo("Catatan, berkas dan arsip utuh: tidak ada yang diubah.")
    return 0


def _say_problems(settings: Settings, ledger: Ledger) -> int:
    """Print whatever is wrong, then how much was read; the number of problems."""
    from ledger.blobs import FileBlobStore
    from ledger.verify import problems
    from tasks.keutuhan import archive_problems, recorded_seals

    count = 0
    blobs = FileBlobStore(settings.blobs_path)
    for problem in problems(ledger, blobs=blobs, reports=settings.reports_path):
        count += 1
        click.echo(f"{problem.table} {problem.row}: {problem.sentence}")
    whole = count
    for damage in archive_problems(ledger, settings.archive_path):
        count += 1
        click.echo(f"arsip {damage.path}: {damage.sentence}")
    if count > whole:
        click.echo(BAGS_BACK)
    files = sum(1 for _ in blobs.names())
    click.echo(
        f"Dibaca ulang: {_events(ledger)} kejadian, {files} berkas, "
        f"{len(recorded_seals(ledger))} paket arsip."
    )
    return count


def _events(ledger: Ledger) -> int:
    from ledger.models import Event

    with ledger.read() as work:
        return work.session.query(Event.id).count()


def _say_newest_seal(ledger: Ledger) -> None:
    from ledger.seals import daily_seals

    with ledger.read() as work:
        seals = daily_seals(work.session.connection())
    if not seals:
        click.echo("Segel harian: belum ada; alur segel membuatnya tiap malam.")
        return
    newest = seals[-1]
    click.echo(f"Segel harian terbaru: nomor {newest.number}, {newest.day}, {newest.digest}")


def _list_seals(ledger: Ledger) -> None:
    """The digests that a stranger compares: those on monev reports, those of bags."""
    from ledger.seals import daily_seals
    from tasks.keutuhan import end_of_events, recorded_seals

    with ledger.read() as work:
        click.echo("Segel harian (tercetak di laporan monev): nomor, hari, sidik")
        for daily in daily_seals(work.session.connection()):
            click.echo(f"  {daily.number}  {daily.day}  {daily.digest}")
        click.echo("Paket arsip (dicetak oleh verifikasi.py di dalam paket):")
        for sealed in recorded_seals(ledger):
            click.echo(f"  {sealed.path}")
            click.echo(f"    Segel paket      : {sealed.seal}")
            click.echo(f"    Ujung kejadian   : {end_of_events(work, sealed)}")


def _restore_guards(ledger: Ledger) -> None:
    from ledger.guards import restore_guards

    restored = restore_guards(ledger)
    if restored:
        click.echo(f"Penjaga dipasang lagi dan dicatat: {', '.join(restored)}.")
    else:
        click.echo("Semua penjaga basis data terpasang; tidak ada yang perlu dipasang lagi.")


@click.command(cls=Command, example=("siar doctor",))
def doctor() -> int:
    """Memeriksa setiap bagian: satu baris tiap bagian, dan cara membetulkannya.

    Tandanya: ✓ baik, ⚠ perlu perhatian, ✗ harus dibetulkan (perintah ini lalu berakhir dengan
    kode 1). Tidak ada yang diubah, dan Siar tidak harus sedang berjalan.
    """
    from deployments.doctor import diagnose
    from deployments.wiring import utc_now

    findings = diagnose(utc_now)
    width = max(len(finding.part) for finding in findings)
    for finding in findings:
        click.echo(f"{finding.mark}  {finding.part:<{width}}  {finding.sentence}")
        if finding.action:
            click.echo(f"{'':{width + 5}}→ {finding.action}")
    return 0 if all(finding.ok for finding in findings) else 1
