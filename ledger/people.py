"""Staff, the roles they hold, and who stands in for whom.

All days are calendar days in WIB. Nobody is removed: a person is revoked, a role
gets a last day, a delegation is cancelled, and the old rows stay.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pyotp
from sqlalchemy import ColumnElement, or_, select

from ledger.models import OFFICE_CHAIN, Delegation, Staff, StaffRole
from ledger.types import wib_day
from ledger.work import Work

ISSUER = "Siar"
DELEGATION_KINDS = ("Plh.", "Plt.")
LONGEST_NAME = 150

_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_SECRET_BYTES = 20  # RFC 4226 asks for 160 bits


class PeopleError(Exception):
    """What was asked about staff cannot be done; the sentence is ready to be shown."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new person. `secret` and `otpauth_uri` are shown once and never kept in clear."""

    staff_id: str
    otpauth_uri: str
    secret: str

    def __repr__(self) -> str:
        return f"Enrolment(staff_id={self.staff_id!r}, …)"


@dataclass(frozen=True, slots=True)
class Holder:
    """A person who holds a role on some day; `label` is unique among that day's holders.

    `delegation` is "Plh." or "Plt." for one who stands in, else "".
    """

    staff_id: str
    nip: str
    name: str
    label: str
    delegation: str = ""


@dataclass(frozen=True, slots=True)
class StaffEntry:
    """One line of the staff list, as of now; roles and delegations in force or to come."""

    staff_id: str
    nip: str
    name: str
    revoked_reason: str | None
    roles: tuple[str, ...]
    delegations: tuple[str, ...]

    @property
    def is_revoked(self) -> bool:
        return self.revoked_reason is not None


def add_staff(
    work: Work, nip: str, name: str, roles: Iterable[str], *, secret: str | None = None
) -> Enrolment:
    """Enrol a person with roles that are valid from today.

    `secret` (base32) is for sample staff only; without it a random one is made.
    Raises PeopleError, with one sentence for each thing that is wrong.
    """
    nip = "".join(nip.split())
    name = " ".join(unicodedata.normalize("NFC", name).split(" ")).strip()
    codes = tuple(dict.fromkeys(role.strip() for role in roles))
    problems = [*_nip_problems(nip), *_name_problems(name), *_role_problems(codes)]
    if not codes:
        problems.append("Peran belum disebut. Tambahkan sedikitnya satu peran, misalnya humas.")
    if not problems and (existing := _find(work, nip)) is not None:
        problems.append(_already_enrolled(existing))
    if problems:
        raise PeopleError("\n".join(problems))
    secret = secret or base64.b32encode(work.token(_SECRET_BYTES)).decode("ascii")
    staff = Staff(
        id=work.new_id(),
        nip=nip,
        name=name,
        secret=work.vault.encrypt(secret),
        created_at=work.now,
        revoked_at=None,
        revoked_reason="",
    )
    work.session.add(staff)
    work.session.flush()
    today = wib_day(work.now)
    work.session.add_all(_new_role(work, staff, code, first=today, last=None) for code in codes)
    work.record(
        OFFICE_CHAIN,
        "pegawai-didaftarkan",
        {"staff_id": staff.id, "nip": nip, "nama": name, "peran": list(codes)},
    )
    return Enrolment(staff.id, otpauth_uri(nip, name, secret), secret)


def renew_secret(work: Work, nip: str, reason: str) -> Enrolment:
    """A new secret for somebody whose phone was lost or changed; the old one is void at once."""
    staff = _active(work, nip)
    reason = _required_reason(reason)
    secret = base64.b32encode(work.token(_SECRET_BYTES)).decode("ascii")
    staff.secret = work.vault.encrypt(secret)
    work.record(OFFICE_CHAIN, "kode-diganti", {"staff_id": staff.id, "alasan": reason})
    return Enrolment(staff.id, otpauth_uri(staff.nip, staff.name, secret), secret)


def otpauth_uri(nip: str, name: str, secret: str) -> str:
    """What an authenticator application reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=f"{name} ({nip[-4:]})", issuer_name=ISSUER)


def staff_by_nip(work: Work, nip: str) -> Staff:
    """The person with this NIP; raises PeopleError when there is none."""
    nip = "".join(nip.split())
    found = _find(work, nip)
    if found is None:
        raise PeopleError(
            f"Tidak ada pegawai dengan NIP {nip}. Lihat daftar pegawai dengan `siar staff list`."
        )
    return found


def list_staff(work: Work) -> list[StaffEntry]:
    """Everyone ever enrolled, by name."""
    today = wib_day(work.now)
    roles = list(work.session.scalars(select(StaffRole).order_by(StaffRole.role)))
    delegations = list(work.session.scalars(select(Delegation).order_by(Delegation.first_day)))
    return [
        StaffEntry(
            staff.id,
            staff.nip,
            staff.name,
            staff.revoked_reason if staff.revoked_at else None,
            tuple(
                row.role
                for row in roles
                if row.staff_id == staff.id and (row.valid_to is None or row.valid_to >= today)
            ),
            tuple(
                f"{row.kind} {row.role_name} {row.first_day:%d-%m-%Y} s.d. {row.last_day:%d-%m-%Y}"
                for row in delegations
                if row.staff_id == staff.id and row.cancelled_at is None and row.last_day >= today
            ),
        )
        for staff in work.session.scalars(select(Staff).order_by(Staff.name, Staff.nip))
    ]


def revoke(work: Work, nip: str, reason: str) -> None:
    """The person may do nothing any more, from now on."""
    staff = staff_by_nip(work, nip)
    reason = _required_reason(reason)
    if staff.revoked_at is not None:
        raise PeopleError(
            f"{staff.name} sudah dicabut sebelumnya ({staff.revoked_reason}). "
            "Tidak ada yang perlu dilakukan."
        )
    staff.revoked_at = work.now
    staff.revoked_reason = reason
    work.record(OFFICE_CHAIN, "pegawai-dicabut", {"staff_id": staff.id, "alasan": reason})


def grant_role(
    work: Work,
    nip: str,
    role: str,
    *,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> None:
    """Give a role from a day (today) to a last day (none: until it is withdrawn)."""
    staff = _active(work, nip)
    first = valid_from or wib_day(work.now)
    if problems := _role_problems((role,)):
        raise PeopleError("\n".join(problems))
    if valid_to is not None and valid_to < first:
        raise PeopleError(_days_reversed(first, valid_to))
    if any(row.valid_to is None or row.valid_to >= first for row in _roles_of(work, staff, role)):
        raise PeopleError(
            f"{staff.name} sudah memegang peran {role}. Cabut dulu peran itu bila masa "
            "berlakunya hendak diubah."
        )
    work.session.add(_new_role(work, staff, role, first=first, last=valid_to))
    work.record(
        OFFICE_CHAIN,
        "peran-diberikan",
        {
            "staff_id": staff.id,
            "peran": role,
            "mulai": first.isoformat(),
            "sampai": valid_to.isoformat() if valid_to else None,
        },
    )


def withdraw_role(
    work: Work, nip: str, role: str, *, last_day: date | None = None, reason: str = ""
) -> None:
    """End a role: at once, or after a last day."""
    staff = staff_by_nip(work, nip)
    end = last_day or wib_day(work.now) - timedelta(days=1)
    rows = [row for row in _roles_of(work, staff, role) if not row.valid_to or row.valid_to > end]
    if not rows:
        raise PeopleError(
            f"{staff.name} tidak memegang peran {role}. Lihat perannya dengan `siar staff list`."
        )
    for row in rows:
        row.valid_to = end
        row.reason = reason.strip()
    work.record(
        OFFICE_CHAIN,
        "peran-dicabut",
        {"staff_id": staff.id, "peran": role, "hari_terakhir": end.isoformat(), "alasan": reason},
    )


def delegate(
    work: Work,
    role: str,
    to_nip: str,
    kind: str,
    first_day: date,
    last_day: date,
    *,
    role_name: str = "",
) -> str:
    """Lend a role to a person from the first to the last day; returns the delegation's id.

    `kind` is "Plh." or "Plt."; `role_name` ("Kepala Balai") is what the label shows.
    """
    staff = _active(work, to_nip)
    problems = _role_problems((role,))
    if kind not in DELEGATION_KINDS:
        problems.append(f"Jenis {kind!r} tidak dikenal. Pakai Plh. atau Plt.")
    if last_day < first_day:
        problems.append(_days_reversed(first_day, last_day))
    elif last_day < wib_day(work.now):
        problems.append(
            f"Hari terakhir {last_day:%d-%m-%Y} sudah lewat. Sebutkan hari ini atau sesudahnya."
        )
    if any(
        row.first_day <= last_day and row.last_day >= first_day
        for row in _delegations_of(work, role, Delegation.staff_id == staff.id)
    ):
        problems.append(
            f"{staff.name} sudah menjadi {kind} untuk peran {role} pada sebagian hari itu. "
            "Batalkan dulu yang lama atau pilih hari lain."
        )
    if problems:
        raise PeopleError("\n".join(problems))
    row = Delegation(
        id=work.new_id(),
        staff_id=staff.id,
        role=role,
        role_name=role_name.strip() or role,
        kind=kind,
        first_day=first_day,
        last_day=last_day,
        created_at=work.now,
        cancelled_at=None,
        cancelled_reason="",
    )
    work.session.add(row)
    work.record(
        OFFICE_CHAIN,
        "pelaksana-ditunjuk",
        {
            "delegasi_id": row.id,
            "staff_id": staff.id,
            "peran": role,
            "jenis": kind,
            "mulai": first_day.isoformat(),
            "sampai": last_day.isoformat(),
        },
    )
    return row.id


def cancel_delegation(work: Work, to_nip: str, role: str, reason: str) -> int:
    """Cancel the person's delegations for a role that are in force or to come; how many."""
    staff = staff_by_nip(work, to_nip)
    reason = _required_reason(reason)
    rows = [
        row
        for row in _delegations_of(work, role, Delegation.staff_id == staff.id)
        if row.last_day >= wib_day(work.now)
    ]
    if not rows:
        raise PeopleError(f"{staff.name} tidak sedang ditunjuk untuk peran {role}.")
    for row in rows:
        row.cancelled_at = work.now
        row.cancelled_reason = reason
    work.record(
        OFFICE_CHAIN,
        "penunjukan-dibatalkan",
        {"delegasi": [row.id for row in rows], "staff_id": staff.id, "alasan": reason},
    )
    return len(rows)


def holders(work: Work, role: str, day: date, *, role_name: str = "") -> list[Holder]:
    """Who may act in a role on a WIB day, regular holders first, each with a unique label.

    Rows that were put in or altered outside of the software give nobody a role.
    """
    return holders_by_role(work, {role: role_name}, day)[role]


def holders_by_role(work: Work, roles: Mapping[str, str], day: date) -> dict[str, list[Holder]]:
    """The same for several roles (code to name) at the cost of one."""
    regular = list(
        work.session.execute(
            select(Staff, StaffRole)
            .join(StaffRole, StaffRole.staff_id == Staff.id)
            .where(
                StaffRole.role.in_(roles),
                StaffRole.valid_from <= day,
                or_(StaffRole.valid_to.is_(None), StaffRole.valid_to >= day),
            )
            .order_by(Staff.name, Staff.nip)
        ).tuples()
    )
    delegated = list(
        work.session.execute(
            select(Staff, Delegation)
            .join(Delegation, Delegation.staff_id == Staff.id)
            .where(
                Delegation.role.in_(roles),
                Delegation.cancelled_at.is_(None),
                Delegation.first_day <= day,
                Delegation.last_day >= day,
            )
            .order_by(Delegation.first_day, Delegation.id)
        ).tuples()
    )
    pairs: list[tuple[Staff, StaffRole | Delegation]] = [*regular, *delegated]
    sound = work.unaltered({row for pair in pairs for row in pair})
    people: dict[str, dict[str, tuple[Staff, str, str]]] = {role: {} for role in roles}
    for staff, row in pairs:
        if _is_revoked(staff, day) or staff not in sound or row not in sound:
            continue
        kind, suffix = "", ""
        if isinstance(row, Delegation):
            kind = row.kind
            suffix = f" ({kind} {roles[row.role] or row.role_name})"
        people[row.role].setdefault(staff.id, (staff, kind, suffix))
    return {role: _labelled(list(found.values())) for role, found in people.items()}


def _labelled(people: list[tuple[Staff, str, str]]) -> list[Holder]:
    same_name: dict[str, list[str]] = {}
    for staff, _, _ in people:
        same_name.setdefault(staff.name, []).append(staff.nip)
    return [
        Holder(
            staff.id,
            staff.nip,
            staff.name,
            _distinct_name(staff, same_name[staff.name]) + suffix,
            kind,
        )
        for staff, kind, suffix in people
    ]


def may_act(work: Work, staff_id: str, role: str, day: date) -> bool:
    """Whether a person holds a role on a WIB day, by right or by delegation, and is not revoked."""
    return any(holder.staff_id == staff_id for holder in holders(work, role, day))


def _is_revoked(staff: Staff, day: date) -> bool:
    # Revoking takes effect at once: the rest of that day counts as revoked.
    return staff.revoked_at is not None and wib_day(staff.revoked_at) <= day


def _distinct_name(staff: Staff, nips: list[str]) -> str:
    """The name, with as many last digits of the NIP as tell apart people of one name."""
    if len(nips) == 1:
        return staff.name
    length = next(
        size
        for size in range(4, len(staff.nip) + 1)
        if sum(nip.endswith(staff.nip[-size:]) for nip in nips) == 1
    )
    return f"{staff.name} (NIP …{staff.nip[-length:]})"


def _find(work: Work, nip: str) -> Staff | None:
    return work.session.scalars(select(Staff).where(Staff.nip == nip)).one_or_none()


def _active(work: Work, nip: str) -> Staff:
    staff = staff_by_nip(work, nip)
    if staff.revoked_at is not None:
        raise PeopleError(
            f"{staff.name} sudah dicabut ({staff.revoked_reason}), jadi tidak dapat diberi peran."
        )
    return staff


def _roles_of(work: Work, staff: Staff, role: str) -> list[StaffRole]:
    chosen = select(StaffRole).where(StaffRole.staff_id == staff.id, StaffRole.role == role)
    return list(work.session.scalars(chosen))


def _delegations_of(work: Work, role: str, *conditions: ColumnElement[bool]) -> list[Delegation]:
    chosen = select(Delegation).where(
        Delegation.role == role, Delegation.cancelled_at.is_(None), *conditions
    )
    return list(work.session.scalars(chosen.order_by(Delegation.first_day, Delegation.id)))


def _new_role(work: Work, staff: Staff, role: str, *, first: date, last: date | None) -> StaffRole:
    return StaffRole(
        id=work.new_id(),
        staff_id=staff.id,
        role=role,
        valid_from=first,
        valid_to=last,
        reason="",
        created_at=work.now,
    )


def _already_enrolled(existing: Staff) -> str:
    if existing.revoked_at is not None:
        return (
            f"NIP {existing.nip} pernah terdaftar atas nama {existing.name} dan sudah dicabut "
            f"({existing.revoked_reason}). NIP yang dicabut tidak dapat didaftarkan lagi."
        )
    return (
        f"NIP {existing.nip} sudah terdaftar atas nama {existing.name}. "
        "Periksa kembali NIP-nya, atau tambahkan peran pada pegawai itu."
    )


def _nip_problems(nip: str) -> list[str]:
    # isdecimal alone would let digits of other scripts pass.
    if len(nip) == 18 and nip.isascii() and nip.isdecimal():
        return []
    return [f"NIP harus 18 angka, sedangkan {nip[:30]!r} berisi {len(nip)} tanda. Periksa lagi."]


def _name_problems(name: str) -> list[str]:
    if not name:
        return ["Nama belum diisi. Tulis nama lengkap pegawai."]
    if len(name) > LONGEST_NAME:
        return [f"Nama paling panjang {LONGEST_NAME} huruf, sekarang {len(name)}. Singkatkan."]
    # Names become choices of a form, and Prefect's server runs Jinja in forms.
    if any(mark in name for mark in "{}<>|`") or name.startswith(("%", "#")):
        return ["Nama tidak boleh memuat tanda { } < > | ` . Tulis nama seperti pada SK."]
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for letter in name):
        return ["Nama memuat tanda yang tidak terlihat. Ketik ulang nama itu, jangan disalin."]
    return []


def _role_problems(codes: Iterable[str]) -> list[str]:
    return [
        f"Peran {code!r} tidak benar. Pakai kode peran pada SOP, misalnya subbag atau humas."
        for code in codes
        if not _ROLE.fullmatch(code)
    ]


def _days_reversed(first: date, last: date) -> str:
    return (
        f"Hari terakhir {last:%d-%m-%Y} lebih awal daripada hari pertama {first:%d-%m-%Y}. "
        "Tukar kedua tanggal itu."
    )


def _required_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise PeopleError("Alasan belum diisi. Tulis alasannya dalam satu kalimat.")
    return reason
