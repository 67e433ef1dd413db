"""`siar staff`: who may answer which form."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployments.cli.indonesian import Group
from deployments.cli.opening import opened
from deployments.settings import Settings

if TYPE_CHECKING:
    import segno

    from ledger.work import Work

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(
    cls=Group,
    example=(
        'siar staff add 190001012000012009 "Nama Lengkap" --peran humas',
        "siar staff list",
    ),
)
def staff() -> None:
    """Mendaftarkan pegawai, perannya, dan penggantinya (Plh./Plt.)."""


@staff.command(
    "add",
    example=(
        'siar staff add 190001012000012009 "Nama Lengkap" --peran humas',
        'siar staff add 190001012000013009 "Nama Lain" --peran ppid --peran humas',
    ),
)
@click.argument("nip", metavar="NIP")
@click.argument("nama", metavar="NAMA")
@click.option(
    "--peran",
    "roles",
    multiple=True,
    required=True,
    metavar="KODE",
    help="Kode peran menurut SOP (subbag, humas, ppid, kepala); boleh lebih dari satu.",
)
@click.option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="BERKAS",
    help="Tempat menyimpan kode QR; bawaannya kode-qr/NIP.png di folder data.",
)
def add(nip: str, nama: str, roles: tuple[str, ...], png: Path | None) -> None:
    """Mendaftarkan pegawai dan menampilkan kode QR untuk aplikasi autentikator."""
    from ledger.people import add_staff

    settings, ledger = opened()
    names = _require_known_roles(roles, settings)
    with ledger.work() as work:
        enrolment = add_staff(work, nip, nama, roles)
        others = _other_deciders(work, settings, roles, enrolment.staff_id)
    picture = _show_code(enrolment.otpauth_uri, png, settings, nip)
    click.echo(f"{nama} terdaftar dengan peran {', '.join(roles)}.")
    _say_scan(picture)
    _say_shared(others, names)


@staff.command(
    "ganti-hp", example=('siar staff ganti-hp 190001012000012009 --alasan "HP lama hilang"',)
)
@click.argument("nip", metavar="NIP")
@click.option("--alasan", "reason", required=True, metavar="TEKS", help="Alasan, dicatat.")
@click.option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="BERKAS",
    help="Tempat menyimpan kode QR; bawaannya kode-qr/NIP.png di folder data.",
)
def new_phone(nip: str, reason: str, png: Path | None) -> None:
    """Membuat kode QR baru bila HP pegawai hilang atau diganti; yang lama langsung mati."""
    from ledger.people import renew_secret

    settings, ledger = opened()
    with ledger.work() as work:
        enrolment = renew_secret(work, nip, reason)
    picture = _show_code(enrolment.otpauth_uri, png, settings, nip)
    click.echo(f"Kode pegawai dengan NIP {nip} diganti. Kode dari HP lama tidak berlaku lagi.")
    _say_scan(picture)


@staff.command(
    "peran",
    example=(
        "siar staff peran 190001012000012009 --tambah ppid",
        'siar staff peran 190001012000012009 --cabut humas --alasan "Pindah tim"',
    ),
)
@click.argument("nip", metavar="NIP")
@click.option("--tambah", "added", metavar="KODE", help="Peran yang diberikan mulai hari ini.")
@click.option("--cabut", "withdrawn", metavar="KODE", help="Peran yang dicabut mulai hari ini.")
@click.option("--alasan", "reason", default="", metavar="TEKS", help="Alasan, dicatat.")
def roles_(nip: str, added: str | None, withdrawn: str | None, reason: str) -> None:
    """Menambah atau mencabut peran seorang pegawai."""
    from ledger.people import grant_role, staff_by_nip, withdraw_role

    settings, ledger = opened()
    wanted = tuple(code for code in (added, withdrawn) if code)
    if not wanted:
        raise click.UsageError("Sebutkan --tambah atau --cabut.", click.get_current_context())
    names = _require_known_roles(wanted, settings)
    with ledger.work() as work:
        if added:
            grant_role(work, nip, added)
        if withdrawn:
            withdraw_role(work, nip, withdrawn, reason=reason)
        given = (added,) if added else ()
        others = _other_deciders(work, settings, given, staff_by_nip(work, nip).id)
    _say_shared(others, names)
    for code, said in ((added, "diberikan"), (withdrawn, "dicabut")):
        if code:
            click.echo(f"Peran {names[code]} {said} untuk NIP {nip}.")


@staff.command("list", example=("siar staff list",))
def list_() -> None:
    """Menampilkan semua pegawai, peran, dan penunjukan Plh./Plt."""
    from ledger.codes import locked_until
    from ledger.people import list_staff
    from sop.indonesian import short_moment

    _, ledger = opened()
    with ledger.read() as reading:
        entries = list_staff(reading)
        locks = {entry.nip: locked_until(reading, entry.staff_id) for entry in entries}
    if not entries:
        click.echo("Belum ada pegawai. Daftarkan dengan: siar staff add NIP NAMA --peran KODE.")
    for entry in entries:
        state = f"dicabut: {entry.revoked_reason}" if entry.is_revoked else ", ".join(entry.roles)
        click.echo(f"{entry.nip}  {entry.name}  ({state})")
        if (until := locks[entry.nip]) is not None:
            click.echo(f"{'':20}kode terkunci sampai {short_moment(until)}")
        for delegation in entry.delegations:
            click.echo(f"{'':20}{delegation}")


@staff.command("revoke", example=('siar staff revoke 190001012000012009 --alasan "Pindah tugas"',))
@click.argument("nip", metavar="NIP")
@click.option("--alasan", "reason", required=True, metavar="TEKS", help="Alasan, dicatat.")
def revoke(nip: str, reason: str) -> None:
    """Mencabut pegawai: mulai saat itu kodenya tidak berlaku lagi."""
    from ledger.people import revoke as revoke_person

    settings, ledger = opened()
    with ledger.work() as work:
        revoke_person(work, nip, reason)
    # The picture holds a secret; the record keeps what it needs of it.
    _kept_picture(settings, nip).unlink(missing_ok=True)
    click.echo(f"Pegawai dengan NIP {nip} dicabut. Kodenya tidak berlaku lagi.")


@staff.command(
    "buka-kunci",
    example=('siar staff buka-kunci 190001012000012009 --alasan "Salah ketik, orangnya hadir"',),
)
@click.argument("nip", metavar="NIP")
@click.option("--alasan", "reason", required=True, metavar="TEKS", help="Alasan, dicatat.")
def unlock(nip: str, reason: str) -> None:
    """Membuka kunci kode sebelum 15 menitnya habis; pastikan dulu siapa yang salah ketik."""
    from ledger.codes import unlock as end_lock
    from ledger.people import staff_by_nip

    _, ledger = opened()
    with ledger.work() as work:
        person = staff_by_nip(work, nip)
        ended = end_lock(work, person.id, reason)
    if ended:
        click.echo(f"Kunci kode {person.name} dibuka. Kode berikutnya dapat langsung dipakai.")
    else:
        click.echo(f"Kode {person.name} tidak sedang terkunci.")


@staff.command(
    "delegate",
    example=(
        "siar staff delegate 190001012000014002 --peran kepala --sebagai Plh. "
        "--dari 2026-12-01 --sampai 2026-12-05",
        'siar staff delegate 190001012000014002 --peran kepala --batal "Kepala sudah kembali"',
    ),
)
@click.argument("nip", metavar="NIP")
@click.option("--peran", "role", required=True, metavar="KODE", help="Kode peran yang diwakili.")
@click.option(
    "--sebagai", "kind", type=click.Choice(["Plh.", "Plt."]), help="Sebutan penggantinya."
)
@click.option("--dari", "first", type=_DAY, metavar="TANGGAL", help="Hari pertama.")
@click.option("--sampai", "last", type=_DAY, metavar="TANGGAL", help="Hari terakhir.")
@click.option("--batal", "cancelled", metavar="ALASAN", help="Batalkan penunjukan, dengan alasan.")
def delegate(
    nip: str,
    role: str,
    kind: str | None,
    first: datetime | None,
    last: datetime | None,
    cancelled: str | None,
) -> None:
    """Menunjuk Plh. atau Plt. untuk suatu peran selama beberapa hari."""
    from ledger.people import cancel_delegation
    from ledger.people import delegate as delegate_role

    settings, ledger = opened()
    roles = _require_known_roles((role,), settings)
    if cancelled is not None:
        with ledger.work() as work:
            count = cancel_delegation(work, nip, role, cancelled)
        click.echo(f"{count} penunjukan untuk peran {roles[role]} dibatalkan.")
        return
    if kind is None or first is None or last is None:
        raise click.UsageError(
            "Penunjukan memerlukan --sebagai, --dari dan --sampai.", click.get_current_context()
        )
    days: tuple[date, date] = (first.date(), last.date())
    with ledger.work() as work:
        delegate_role(work, role, nip, kind, *days, role_name=roles[role])
    click.echo(
        f"NIP {nip} ditunjuk sebagai {kind} {roles[role]} dari {days[0]:%d-%m-%Y} "
        f"sampai {days[1]:%d-%m-%Y}."
    )


@staff.command("contoh", example=("siar staff contoh",))
def contoh() -> None:
    """Mendaftarkan pegawai contoh untuk latihan (mode gladi saja)."""
    from deployments.sample_staff import SAMPLE_STAFF, ensure_sample_staff

    settings, ledger = opened()
    count = ensure_sample_staff(ledger, settings)
    if count:
        click.echo(f"{count} pegawai contoh didaftarkan ({len(SAMPLE_STAFF)} seluruhnya).")
    else:
        click.echo(f"Semua {len(SAMPLE_STAFF)} pegawai contoh sudah terdaftar.")
    click.echo("Kode mereka tampil di halaman saluran gladi setelah: siar start.")


def _require_known_roles(wanted: tuple[str, ...], settings: Settings) -> dict[str, str]:
    """The SOP's roles by code; UsageError when one that is wanted is not among them."""
    from deployments.wiring import sop_in_force

    roles = {role.code: role.name for role in sop_in_force(settings).roles}
    unknown = [code for code in wanted if code not in roles]
    if unknown:
        raise click.UsageError(
            f"Peran {', '.join(unknown)} tidak ada di SOP. Pilihannya: {', '.join(roles)}.",
            click.get_current_context(),
        )
    return roles


def _other_deciders(
    work: Work, settings: Settings, roles: tuple[str, ...], staff_id: str
) -> dict[str, list[str]]:
    """Who else holds one of these roles, where the role approves what goes out."""
    from deployments.wiring import sop_in_force
    from ledger.people import holders
    from sop.indonesian import today
    from sop.model import StepKind

    approving = {
        step.role for step in sop_in_force(settings).steps if step.kind is StepKind.PERSETUJUAN
    }
    found = {
        role: [
            one.label
            for one in holders(work, role, today(work.now))
            if one.staff_id != staff_id and not one.delegation
        ]
        for role in approving & set(roles)
    }
    return {role: others for role, others in found.items() if others}


def _say_shared(others: dict[str, list[str]], names: dict[str, str]) -> None:
    for role, people in others.items():
        click.echo(
            f"Perhatian: {names[role]} sekarang dipegang lebih dari satu orang "
            f"(juga {', '.join(people)}), dan masing-masing dapat menyetujui pemuatan. Bila hanya "
            f"menggantikan sementara, cabut peran itu (siar staff peran NIP --cabut {role}) dan "
            "pakai siar staff delegate."
        )


def _show_code(uri: str, png: Path | None, settings: Settings, nip: str) -> Path:
    """Draw the QR code in the terminal and as a picture; where the picture is."""
    import segno

    picture = png or _kept_picture(settings, nip)
    code: segno.QRCode = segno.make(uri, error="m", micro=False)
    code.terminal(out=sys.stdout, compact=True)
    _write_private(picture, code)
    return picture


def _kept_picture(settings: Settings, nip: str) -> Path:
    return settings.data_dir / "kode-qr" / f"{''.join(nip.split())}.png"


def _say_scan(picture: Path) -> None:
    click.echo("Pindai kode QR itu sekarang dengan aplikasi autentikator di HP pegawai.")
    click.echo(f"Gambarnya ada di {picture}; hapus setelah dipindai, karena berisi rahasia.")


def _write_private(path: Path, code: segno.QRCode) -> None:
    """Write the picture so that only this account can read it, from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        code.save(stream, kind="png", scale=8)
