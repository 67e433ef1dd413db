"""`siar notifikasi`: try out who is told."""

from __future__ import annotations

import click

from deployments.cli.indonesian import Group

SUBJECT = "Pesan percobaan dari Siar"
TEXT = "Bila pesan ini sampai, pemberitahuan Siar akan sampai juga. Tidak ada yang perlu dilakukan."


@click.group(cls=Group, example=("siar notifikasi coba", "siar notifikasi coba --peran kepala"))
def notifikasi() -> None:
    """Memeriksa pemberitahuan kepada pegawai (surel, Telegram, WhatsApp, dan lain-lain)."""


@notifikasi.command("coba", example=("siar notifikasi coba", "siar notifikasi coba --peran kepala"))
@click.option("--peran", "role", metavar="KODE", help="Hanya alamat peran ini, tanpa daftar umum.")
def coba(role: str | None) -> int:
    """Mengirim satu pesan percobaan ke tiap alamat di [notifications], dan menyebut hasilnya."""
    from connectors.notifications import Message, Reached
    from deployments.settings import load_settings
    from deployments.wiring import build_notifier

    settings = load_settings()
    notifier = build_notifier(settings)
    book = notifier.book
    addresses = book.all() if role is None else book.of([role], [], with_everyone=False)
    if not addresses:
        whose = f"peran {role}" if role else "siapa pun"
        click.echo(f"Belum ada alamat untuk {whose}. Isi [notifications] di berkas pengaturan.")
        return 1
    rehearsed = "[GLADI] " if settings.is_rehearsal else ""
    receipts = notifier.send(addresses, Message(f"{rehearsed}{SUBJECT}", TEXT))
    for receipt in receipts:
        mark = "✓" if receipt.reached is Reached.TERKIRIM else "✗"
        why = f" ({receipt.why})" if receipt.why else ""
        click.echo(f"{mark}  {receipt.named}: {receipt.reached.value}{why}")
    if all(receipt.reached is Reached.TERKIRIM for receipt in receipts):
        return 0
    click.echo("Periksa alamat yang bertanda ✗, lalu coba lagi.")
    return 1
