"""`siar start`, `siar demo`, `siar recover`."""

from __future__ import annotations

import importlib
import sys

import click

from deployments.cli.indonesian import Command
from deployments.cli.opening import opened


@click.command(cls=Command, example=("siar start", "SIAR_PREFECT__PORT=4300 siar start"))
def start() -> int:
    """Menjalankan Siar sampai dihentikan dengan Ctrl-C."""
    from deployments.sample_staff import ensure_sample_staff
    from deployments.stack import Stack, run_until_stopped

    settings, ledger = opened()
    if settings.is_rehearsal:
        ensure_sample_staff(ledger, settings)
    click.echo("Menjalankan Siar, tunggu sebentar …")
    with Stack(settings, say=click.echo) as stack:
        _announce(stack.ui_url, stack.rehearsal_url, str(settings.intake_path.absolute()))
        went_well = run_until_stopped(stack)
        click.echo("Menghentikan Siar; langkah yang sedang berjalan diselesaikan dahulu …")
    click.echo("Siar berhenti.")
    return 0 if went_well else 1


@click.command(cls=Command, example=("siar demo",))
def demo() -> int:
    """Memperagakan satu publikasi contoh melewati semua langkah SOP, lalu berhenti."""
    return int(importlib.import_module("deployments.demo").main() or 0)


@click.command(cls=Command, example=("siar recover",))
def recover() -> int:
    """Membuka kembali semua publikasi yang belum selesai bila basis data Prefect hilang."""
    return int(importlib.import_module("deployments.recover").main() or 0)


@click.command(
    cls=Command,
    example=(
        'siar hentikan 1b3d168b --alasan "Kegiatannya dibatalkan"',
        'siar hentikan 1b3d168b --alasan "Salah bahan" --atas-perintah "Kepala Balai" --ya',
    ),
)
@click.argument("rujukan", metavar="RUJUKAN")
@click.option(
    "--alasan",
    "reason",
    required=True,
    metavar="TEKS",
    help="Alasan; dicatat dan disebut di laporan monev.",
)
@click.option(
    "--atas-perintah",
    "ordered_by",
    default="",
    metavar="NAMA",
    help="Siapa yang memerintahkannya, bila diketahui; dicatat bersama alasannya.",
)
@click.option("--ya", "is_sure", is_flag=True, help="Tidak bertanya dahulu.")
def hentikan(rujukan: str, reason: str, ordered_by: str, is_sure: bool) -> int:
    """Menghentikan satu publikasi yang belum tayang di mana pun; tercatat sebagai dibatalkan."""
    main = importlib.import_module("deployments.giving_up").main
    # Who calls it from a script has nobody to ask.
    asks = not is_sure and sys.stdin.isatty()
    return int(main(rujukan, reason, ordered_by, asks=asks) or 0)


def _announce(ui: str, rehearsal: str | None, intake: str) -> None:
    click.echo("Siar siap dipakai." if rehearsal is None else "Siar siap dipakai (GLADI).")
    click.echo(f"  Formulir dan alur : {ui}")
    if rehearsal is not None:
        click.echo(f"  Saluran gladi     : {rehearsal}  (di sana juga kode pegawai contoh)")
    click.echo(f"  Taruh bahan di    : {intake}")
    click.echo("Tekan Ctrl-C untuk berhenti.")
