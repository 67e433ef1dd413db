"""Doctor's look at the record: reachable, of this version, unaltered, with staff for every role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from deployments.doctor_clock import Lead
from deployments.finding import Finding, Patient, care, good, wrong
from deployments.settings import Settings
from ledger.codes import locked_until
from ledger.db import current_revision, newest_revision, open_engine
from ledger.models import Staff
from ledger.people import holders, list_staff
from ledger.vault import Vault, VaultError
from ledger.verify import quick_problems
from ledger.work import Ledger, Work
from sop.indonesian import short_moment, today

RECORD, WHOLE, STAFF = "Catatan", "Keutuhan catatan", "Pegawai"


class _UnreadableError(Exception):
    """The record cannot be looked at; why stands in the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


def record_findings(patient: Patient) -> Iterator[Finding]:
    """Revision, wholeness and staff of the record."""
    try:
        with _engine(patient.settings) as engine:
            revision = _revision_finding(engine)
            yield revision
            if not revision.ok or current_revision(engine) != newest_revision():
                return
            # Nothing is decrypted with it: a lost key file must not hide the record.
            vault = Vault(Fernet.generate_key())
            ledger = Ledger(engine, clock=patient.clock, vault=vault)
            yield _wholeness_finding(ledger)
            yield from _staff_findings(ledger, patient)
    except _UnreadableError as error:
        yield error.finding


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    """The database, opened for looking only: a missing SQLite file is not made."""
    try:
        url = make_url(settings.ledger_address)
    except ArgumentError:
        raise _UnreadableError(
            wrong(
                RECORD,
                "alamat basis data di ledger_url tidak dapat dibaca",
                "Tulis misalnya postgresql://siar:sandi@127.0.0.1/siar, atau hapus ledger_url.",
            )
        ) from None
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise _UnreadableError(_missing_file(settings, Path(url.database or "")))
    engine = open_engine(settings.ledger_address)
    try:
        yield engine
    except OperationalError as error:
        said = str(error.orig).strip().partition("\n")[0][:200]
        raise _UnreadableError(
            wrong(
                RECORD,
                f"basis data {shown} tidak dapat dibuka ({said})",
                "Periksa apakah basis datanya hidup, lalu alamat, nama pengguna, sandi dan hak "
                "akses foldernya.",
            )
        ) from None
    except DatabaseError as error:
        said = str(error.orig).strip().partition("\n")[0][:200]
        raise _UnreadableError(
            wrong(
                RECORD,
                f"basis data {shown} rusak atau bukan milik Siar ({said})",
                "Hentikan Siar dan pulihkan basis data dari cadangan terakhir.",
            )
        ) from None
    finally:
        engine.dispose()


def _missing_file(settings: Settings, path: Path) -> Finding:
    traces = [one for one in (settings.blobs_path, settings.key_path) if one.exists()]
    if traces:
        return wrong(
            RECORD,
            f"{path} tidak ada, padahal {traces[0].name} ada",
            "Pulihkan basis data dari cadangan, atau perbaiki data_dir bila salah tempat.",
        )
    return care(
        RECORD,
        f"{path} belum ada: pemasangan baru, belum ada pegawai yang terdaftar",
        "Dibuat sendiri oleh siar start atau siar staff add.",
    )


def _revision_finding(engine: Engine) -> Finding:
    found, wanted = current_revision(engine), newest_revision()
    kind = "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    if found == wanted:
        return good(RECORD, f"{kind}, bentuk terbaru (revisi {found})")
    if found is None:
        sentence = f"basis data {kind} masih kosong"
        return care(RECORD, sentence, "Tabelnya dibuat sendiri oleh siar start.")
    if found in _known_revisions():
        sentence = f"{kind}, revisi {found}; versi ini memakai {wanted}"
        return care(RECORD, sentence, "Buat cadangan, lalu siar start memutakhirkannya sendiri.")
    return wrong(
        RECORD,
        f"{kind} sudah dipakai versi Siar yang lebih baru (revisi {found})",
        "Pasang versi Siar terbaru, lalu jalankan lagi.",
    )


def _known_revisions() -> set[str]:
    from alembic.script import ScriptDirectory

    from ledger.db import migration_config

    scripts = ScriptDirectory.from_config(migration_config()).walk_revisions()
    return {script.revision for script in scripts}


def _wholeness_finding(ledger: Ledger) -> Finding:
    found = quick_problems(ledger)
    if not found:
        return good(
            WHOLE, "pemeriksaan singkat tidak menemukan perubahan (siar verify memeriksa semuanya)"
        )
    first, more = found[0], len(found) - 1
    sentence = f"{first.table} {first.row}: {first.sentence}"
    return wrong(
        WHOLE,
        sentence + (f" Masih ada {more} masalah lain." if more else ""),
        "Jalankan siar verify, simpan keluarannya, dan laporkan kepada Kepala.",
    )


def _staff_findings(ledger: Ledger, patient: Patient) -> Iterator[Finding]:
    from deployments.wiring import sop_in_force

    roles = {role.code: role.name for role in sop_in_force(patient.settings).roles}
    with ledger.read() as reading:
        active = [entry for entry in list_staff(reading) if not entry.is_revoked]
        day = today(patient.clock())
        empty = [name for code, name in roles.items() if not holders(reading, code, day)]
        strange = _unreadable_secrets(reading, patient.settings)
        locked = {
            entry.name: until
            for entry in active
            if (until := locked_until(reading, entry.staff_id)) is not None
        }
    if not active:
        yield wrong(
            STAFF,
            "belum ada pegawai yang terdaftar",
            "Jalankan: siar staff add NIP NAMA --peran KODE",
        )
        return
    if strange:
        yield wrong(
            STAFF,
            f"rahasia kode {strange} pegawai tidak dapat dibuka: berkas kuncinya lain atau hilang",
            "Pulihkan berkas kunci yang lama dari cadangan, atau daftarkan ulang pegawai itu.",
        )
    if empty:
        yield wrong(
            STAFF,
            f"tidak ada yang dapat bertindak hari ini sebagai {', '.join(empty)}",
            "Daftarkan pegawainya (siar staff add) atau tunjuk penggantinya (siar staff delegate).",
        )
    if locked:
        named = ", ".join(f"{name} (s.d. {short_moment(until)})" for name, until in locked.items())
        yield care(
            STAFF,
            f"kodenya terkunci karena lima kali salah: {named}",
            "Tanyakan apakah orangnya sendiri yang mencoba. Bila ya: siar staff buka-kunci NIP "
            '--alasan "…". Bila bukan, cari siapa yang dapat membuka formulir.',
        )
    if not strange and not empty:
        yield good(STAFF, f"{len(active)} pegawai aktif, semua peran terisi")


def _unreadable_secrets(reading: Work, settings: Settings) -> int:
    """How many active people's codes can never be right: their secret needs another key."""
    secrets = [row.secret for row in reading.session.query(Staff).filter_by(revoked_at=None)]
    if not settings.key_path.exists():
        return len(secrets)  # and opening the vault would make a new key
    try:
        vault = Vault.open(settings.key_path)
    except VaultError:
        return 0  # said by the key file's own line
    return sum(not _is_readable(vault, secret) for secret in secrets)


def _is_readable(vault: Vault, secret: str) -> bool:
    try:
        vault.decrypt(secret)
    except VaultError:
        return False
    return True


def database_lead(patient: Patient) -> list[Lead]:
    """This machine's clock against the database's; SQLite has none of its own."""
    if make_url(patient.settings.ledger_address).get_backend_name() != "postgresql":
        return []
    try:
        with _engine(patient.settings) as engine, engine.connect() as connection:
            theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return [Lead("basis data", patient.clock() - theirs.astimezone(UTC))]
    except (_UnreadableError, ArgumentError):
        return []  # said by the record's own line
