"""The people of the rehearsal: invented, with secrets that everybody may know.

Their secrets stand here in clear so that the rehearsal page can show the codes
and one person can play every role. They are enrolled in rehearsal only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyotp

from connectors.rehearsal.settings import StaffCode
from deployments.settings import Settings
from ledger.people import add_staff, list_staff
from ledger.work import Ledger

STEP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """An invented member of staff, told apart by one letter in a secret known to everybody."""

    nip: str
    name: str
    roles: tuple[str, ...]
    letter: str

    @property
    def secret(self) -> str:
        """Base32, as an authenticator application takes it."""
        return "GLADI".ljust(32, self.letter)

    def code(self, now: datetime) -> str:
        """The one-time code that is valid at `now`."""
        return pyotp.TOTP(self.secret).at(now)


SAMPLE_STAFF = (
    SamplePerson("190001012000011001", "Rahma Contoh", ("subbag",), "A"),
    SamplePerson("190001012000011002", "Dimas Contoh", ("subbag",), "B"),
    SamplePerson("190001012000012001", "Sari Contoh", ("humas",), "C"),
    SamplePerson("190001012000012002", "Yoga Contoh", ("humas",), "D"),
    SamplePerson("190001012000012003", "Mega Contoh", ("humas",), "E"),
    SamplePerson("190001012000013001", "Putri Contoh", ("ppid",), "F"),
    SamplePerson("190001012000013002", "Bayu Contoh", ("ppid",), "G"),
    SamplePerson("190001012000013003", "Laras Contoh", ("ppid",), "H"),
    SamplePerson("190001012000014001", "dr. Hasan Contoh", ("kepala",), "I"),
    # May be named Plh. Kepala Balai: writes and verifies nothing.
    SamplePerson("190001012000014002", "Wulan Contoh", ("subbag",), "J"),
)


class SampleStaffRefusedError(Exception):
    """Sample staff were asked for outside of rehearsal; an Indonesian sentence."""


def ensure_sample_staff(ledger: Ledger, settings: Settings) -> int:
    """Enrol the sample staff who are not enrolled yet; how many that were.

    Raises SampleStaffRefusedError in production: their codes are public.
    """
    if not settings.is_rehearsal:
        raise SampleStaffRefusedError(
            "Pegawai contoh hanya untuk mode gladi, karena kodenya diketahui semua orang. "
            "Daftarkan pegawai sungguhan dengan: siar staff add."
        )
    with ledger.read() as reading:
        enrolled = {entry.nip for entry in list_staff(reading)}
    missing = [person for person in SAMPLE_STAFF if person.nip not in enrolled]
    if missing:
        with ledger.work() as work:
            for person in missing:
                add_staff(work, person.nip, person.name, person.roles, secret=person.secret)
    return len(missing)


def sample_codes(now: datetime, people: Iterable[SamplePerson] = SAMPLE_STAFF) -> list[StaffCode]:
    """The sample staff with the codes that are valid at `now`, for the rehearsal page."""
    left = STEP_SECONDS - int(now.timestamp()) % STEP_SECONDS
    return [
        StaffCode(
            name=person.name,
            nip=person.nip,
            roles=person.roles,
            code=person.code(now),
            seconds_left=left,
        )
        for person in people
    ]
