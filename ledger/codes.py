"""One-time codes: used once, limited tries, a lock-out, one step of clock skew (law 2).

A code is checked inside a unit of work, so it is spent if and only if what it was
given for is recorded. It is judged by the moment at which it was sent in: a queue, a
full disk or a killed process between that and the check must not make it wrong. The
code itself is never kept.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp
from sqlalchemy import select

from ledger.models import OFFICE_CHAIN, CodeTry, Staff, UsedCode
from ledger.vault import VaultError
from ledger.work import Work
from sop.indonesian import short_moment

STEP_SECONDS = 30
SKEW_STEPS = 1
TRIES = 5
LOCK = timedelta(minutes=15)
# How long ago a code may have been right for its lateness to be told from a wrong code.
STALE = timedelta(minutes=30)
# How long an answer may lie unread with its code still good. Whoever has seen a code that
# was never used, and can write to Prefect's database, has no longer than this to use it.
UNREAD = timedelta(hours=1)


class CodeOutcome(StrEnum):
    """What became of a code."""

    BENAR = "benar"
    SALAH = "salah"
    TERPAKAI = "terpakai"
    KEDALUWARSA = "kedaluwarsa"
    FORMAT = "format"
    TERKUNCI = "terkunci"
    DICABUT = "dicabut"
    DIBUKA = "dibuka"  # not a try: the administrator ended a lock
    DIUBAH = "diubah"  # the person's row was altered outside of the software


SENTENCES = {
    CodeOutcome.BENAR: "",
    CodeOutcome.SALAH: (
        "Kode tidak cocok. Buka aplikasi autentikator, tunggu kode baru, lalu ketik 6 angkanya."
    ),
    CodeOutcome.TERPAKAI: (
        "Kode itu sudah pernah dipakai. Tunggu kode berikutnya di aplikasi autentikator, "
        "lalu ketik kode yang baru."
    ),
    CodeOutcome.KEDALUWARSA: (
        "Kode itu sudah lewat waktunya ketika dikirim, atau jawabannya lebih dari satu jam belum "
        "terbaca. Tunggu kode baru di aplikasi autentikator, lalu kirim segera setelah mengetiknya."
    ),
    CodeOutcome.FORMAT: "Kode harus 6 angka, seperti yang tampil di aplikasi autentikator.",
    CodeOutcome.DICABUT: (
        "Pegawai ini sudah tidak berhak mengisi formulir. Hubungi administrator bila keliru."
    ),
    CodeOutcome.DIUBAH: (
        "Data pegawai ini berubah di luar Siar, jadi kodenya tidak dapat dipercaya. "
        "Minta administrator menjalankan `siar verify`."
    ),
}


@dataclass(frozen=True, slots=True)
class CodeVerdict:
    """Whether a code was right, and if not, why, in a sentence for the form."""

    ok: bool
    reason: CodeOutcome
    sentence: str
    locked_until: datetime | None = None


def check_code(
    work: Work, staff_id: str, code: str, sent_at: datetime | None = None
) -> CodeVerdict:
    """Check a person's code and spend it. Every try is recorded.

    `sent_at` is when the code was sent in (UTC; None: now), by which it is judged for
    one hour. A moment still to come counts as now.

    Wrong tries count since the last right code; each fifth one locks the person
    for 15 minutes, during which a right code is refused as well. A code that is
    no six digits, was used, or came too late says nothing to a guesser and does not count.
    """
    staff = work.session.get_one(Staff, staff_id)
    last = _last_try(work, staff_id)
    failures = last.failures if last else 0
    if staff.revoked_at is not None:
        return _noted(work, staff_id, _verdict(CodeOutcome.DICABUT), failures)
    at = work.now if sent_at is None else min(sent_at, work.now)
    if (until := _locked_until(work, staff_id, at)) is not None:
        return _noted(work, staff_id, _verdict(CodeOutcome.TERKUNCI, until), failures)
    outcome, timestep = _judged(work, staff, "".join(code.split()), at)
    if outcome is CodeOutcome.BENAR and work.now - at > UNREAD:
        outcome, timestep = CodeOutcome.KEDALUWARSA, None
    if outcome is CodeOutcome.SALAH:
        failures += 1
        until = work.now + LOCK if failures % TRIES == 0 else None
        return _noted(work, staff_id, _verdict(outcome, until), failures)
    if timestep is not None:
        work.session.add(
            UsedCode(id=work.new_id(), staff_id=staff_id, timestep=timestep, used_at=work.now)
        )
        failures = 0
    return _noted(work, staff_id, _verdict(outcome), failures)


def locked_until(work: Work, staff_id: str) -> datetime | None:
    """Until when the person is locked out, or None."""
    return _locked_until(work, staff_id, work.now)


def _locked_until(work: Work, staff_id: str, at: datetime) -> datetime | None:
    last = _last_try(work, staff_id)
    if last is None or last.locked_until is None or last.locked_until <= at:
        return None
    return last.locked_until


def unlock(work: Work, staff_id: str, reason: str) -> bool:
    """End a lock before its time; False when there is none. The reason is recorded.

    For an administrator who knows who typed the wrong codes: somebody who only
    reaches the forms could otherwise keep the head locked out.
    """
    if locked_until(work, staff_id) is None:
        return False
    _try_noted(work, staff_id, CodeOutcome.DIBUKA, failures=0)
    work.record(OFFICE_CHAIN, "kunci-dibuka", {"staff_id": staff_id, "alasan": reason})
    return True


def _judged(work: Work, staff: Staff, typed: str, at: datetime) -> tuple[CodeOutcome, int | None]:
    """What the digits are worth, and the time step to spend when they are right."""
    if not (len(typed) == 6 and typed.isascii() and typed.isdecimal()):
        return CodeOutcome.FORMAT, None
    if not work.is_unaltered(staff):
        return CodeOutcome.DIUBAH, None
    try:
        secret = work.vault.decrypt(staff.secret)
    except VaultError:
        return CodeOutcome.DIUBAH, None
    present = int(at.timestamp()) // STEP_SECONDS
    timesteps = _timesteps_of(typed, secret, range(present - SKEW_STEPS, present + SKEW_STEPS + 1))
    if not timesteps:
        earliest = present - STALE // timedelta(seconds=STEP_SECONDS)
        late = _timesteps_of(typed, secret, range(earliest, present - SKEW_STEPS))
        return (CodeOutcome.KEDALUWARSA if late else CodeOutcome.SALAH), None
    unused = [step for step in timesteps if not _is_used(work, staff.id, step)]
    return (CodeOutcome.BENAR, unused[0]) if unused else (CodeOutcome.TERPAKAI, None)


def _timesteps_of(typed: str, secret: str, window: range) -> list[int]:
    """The time steps of the window whose code this is; nearly always one or none."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    # All are compared, whatever the first says: the time taken tells nothing.
    matches = [(step, hmac.compare_digest(totp.generate_otp(step), typed)) for step in window]
    return [step for step, matched in matches if matched]


def _is_used(work: Work, staff_id: str, timestep: int) -> bool:
    chosen = select(UsedCode.id).where(UsedCode.staff_id == staff_id, UsedCode.timestep == timestep)
    return work.session.scalar(chosen) is not None


def _last_try(work: Work, staff_id: str) -> CodeTry | None:
    chosen = select(CodeTry).where(CodeTry.staff_id == staff_id).order_by(CodeTry.no.desc())
    return work.session.scalars(chosen.limit(1)).first()


def _noted(work: Work, staff_id: str, verdict: CodeVerdict, failures: int) -> CodeVerdict:
    _try_noted(work, staff_id, verdict.reason, failures, verdict.locked_until)
    work.record(
        OFFICE_CHAIN,
        "kode-diperiksa",
        {"hasil": verdict.reason.value, "gagal_berturut": failures},
        actor=staff_id,
    )
    return verdict


def _try_noted(
    work: Work,
    staff_id: str,
    outcome: CodeOutcome,
    failures: int,
    until: datetime | None = None,
) -> None:
    last = _last_try(work, staff_id)
    work.session.add(
        CodeTry(
            id=work.new_id(),
            staff_id=staff_id,
            no=last.no + 1 if last else 1,
            at=work.now,
            outcome=outcome.value,
            failures=failures,
            locked_until=until,
        )
    )
    work.session.flush()


def _verdict(outcome: CodeOutcome, until: datetime | None = None) -> CodeVerdict:
    if until is None:
        return CodeVerdict(outcome is CodeOutcome.BENAR, outcome, SENTENCES[outcome])
    # Rounded up to the minute: when the minute shown has come, the lock is really over.
    over = until + timedelta(seconds=59, microseconds=999_999)
    lock = (
        "Terlalu banyak kode salah, jadi kode pegawai ini dikunci sampai "
        f"{short_moment(over)}. Coba lagi sesudah itu."
    )
    sentence = f"{SENTENCES[outcome]} {lock}" if outcome is CodeOutcome.SALAH else lock
    return CodeVerdict(False, outcome, sentence, until)
