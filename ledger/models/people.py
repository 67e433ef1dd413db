"""Who may answer forms, in which role, and the codes that they used."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.base import Base, reference_to, row_id


class Staff(Base):
    """A person who may answer forms. `secret` is the TOTP secret, encrypted."""

    __tablename__ = "staff"

    id: Mapped[str] = row_id()
    nip: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str]
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str]


class StaffRole(Base):
    """A role held from one WIB day to another, both included; no last day means until withdrawn."""

    __tablename__ = "staff_roles"

    id: Mapped[str] = row_id()
    staff_id: Mapped[str] = reference_to("staff.id")
    role: Mapped[str] = mapped_column(String(64), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    reason: Mapped[str]
    created_at: Mapped[datetime]


class Delegation(Base):
    """Plh. or Plt.: a role lent to a person from the first to the last WIB day."""

    __tablename__ = "delegations"

    id: Mapped[str] = row_id()
    staff_id: Mapped[str] = reference_to("staff.id")
    role: Mapped[str] = mapped_column(String(64), index=True)
    role_name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(8))
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str]


class UsedCode(Base):
    """A TOTP time step that a person has spent; the unique pair makes a code work once."""

    __tablename__ = "used_codes"
    __table_args__ = (UniqueConstraint("staff_id", "timestep"),)

    id: Mapped[str] = row_id()
    staff_id: Mapped[str] = reference_to("staff.id")
    timestep: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[datetime]


class CodeTry(Base):
    """Every code that was tried, right or wrong; never the code itself."""

    __tablename__ = "code_tries"
    __table_args__ = (Index("ix_code_tries_staff_id_no", "staff_id", "no", unique=True),)

    id: Mapped[str] = row_id()
    staff_id: Mapped[str] = mapped_column(String(32), ForeignKey("staff.id"))
    no: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
