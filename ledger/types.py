"""Column types that store the same text on SQLite and on PostgreSQL.

Row hashes are taken over what is stored, so a moment, a day and a JSON value are
kept as text of one fixed form: the same row has the same hash on both databases,
and no driver's reading of a type stands between the record and its proof.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from ledger.canonical import canonical_json, storable_text

WIB = ZoneInfo("Asia/Jakarta")

_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


def moment_text(value: datetime) -> str:
    """The fixed-width UTC form, which sorts as time does; a naive moment is refused."""
    if value.tzinfo is None:
        raise ValueError(f"a moment without a time zone cannot be recorded: {value!r}")
    # strftime does not pad years below 1000; a moment that early is a mistake anyway.
    return value.astimezone(UTC).strftime(_MOMENT)


def moment_of(text: str) -> datetime:
    """The aware UTC moment that `moment_text` wrote."""
    return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)


def wib_day(moment: datetime) -> date:
    """The calendar day in WIB on which a moment falls."""
    return moment.astimezone(WIB).date()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC to the microsecond."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else moment_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else moment_of(value)


class Day(TypeDecorator[date]):
    """A calendar day in WIB."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        if isinstance(value, datetime):
            raise TypeError(f"a day is wanted, not a moment: {value!r}")
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class CanonicalJson(TypeDecorator[Any]):
    """A JSON value, kept as its RFC 8785 text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class PlainText(TypeDecorator[str]):
    """Text from people: whatever was typed can be stored on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(value)
