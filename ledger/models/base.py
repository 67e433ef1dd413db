"""What all tables have: column types, names of keys, and the words for states."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ledger.types import CanonicalJson, Day, PlainText, UtcDateTime

OFFICE_CHAIN = "kantor"


class PublicationStatus(StrEnum):
    BERJALAN = "berjalan"
    SELESAI = "selesai"
    DITOLAK = "ditolak"
    DIBATALKAN = "dibatalkan"


class Outcome(StrEnum):
    """How a round ended, and what a decision says."""

    YA = "ya"
    TIDAK = "tidak"
    SELESAI = "selesai"


class FormState(StrEnum):
    MENUNGGU = "menunggu"
    DIJAWAB = "dijawab"
    DITINGGALKAN = "ditinggalkan"


class DeliveryState(StrEnum):
    """Law 4: planned → prepared → attempting → published | rejected | unknown."""

    PLANNED = "planned"
    PREPARED = "prepared"
    ATTEMPTING = "attempting"
    PUBLISHED = "published"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    HELD = "held"


class Base(DeclarativeBase):
    """Common column types; all primary keys are single columns."""

    # Names that a later migration can refer to, on both databases.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it from the class)
        datetime: UtcDateTime,
        date: Day,
        str: PlainText,
        dict[str, Any]: CanonicalJson,
        list[str]: CanonicalJson,
    }


def row_id() -> Mapped[str]:
    """The primary key of most tables: 32 hex digits."""
    return mapped_column(String(32), primary_key=True)


def reference_to(target: str) -> Mapped[str]:
    """A column that names a row of another table, with an index; `target` is "table.column"."""
    return mapped_column(String(32), ForeignKey(target), index=True)
