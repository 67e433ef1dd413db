"""A table of the report: columns that know what they hold, rows of plain values.

One table serves every form. A column that only a sheet needs (the bare number) or
only a page needs (the number in words) says so in `where`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from babel.dates import format_datetime

from monev.render.wording import NOTHING, brief_duration, count, elapsed, one_line, percent
from sop.indonesian import LOCALE, WIB, day, number

Cell = str | int | float | date | datetime | None


class Kind(StrEnum):
    """What a column holds, and so how each form writes it."""

    TEXT = "text"
    CODE = "code"
    COUNT = "count"
    DECIMAL = "decimal"
    SHARE = "share"
    MINUTES = "minutes"
    WORKING = "working"
    HOURS = "hours"
    DAY = "day"
    MOMENT = "moment"


class Where(StrEnum):
    """Which forms have the column."""

    EVERYWHERE = "everywhere"
    PAGE = "page"
    SHEET = "sheet"


NUMERIC = frozenset({Kind.COUNT, Kind.DECIMAL, Kind.SHARE, Kind.MINUTES, Kind.WORKING, Kind.HOURS})


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is the column's part of a page's breadth, in per cent."""

    name: str
    kind: Kind = Kind.TEXT
    width: int = 10
    where: Where = Where.EVERYWHERE

    @property
    def title(self) -> str:
        """The name on a page, with the zone where the column holds times."""
        return f"{self.name.strip()} (WIB)" if self.kind is Kind.MOMENT else self.name.strip()

    @property
    def is_number(self) -> bool:
        return self.kind in NUMERIC


@dataclass(frozen=True, slots=True)
class Table:
    """`sheet` is its name in the workbook (at most 31 letters); `empty` is said without rows."""

    sheet: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = "Tidak ada."


def words(cell: Cell, kind: Kind) -> str:
    """A value as a page shows it."""
    if cell is None:
        return NOTHING
    if isinstance(cell, str):
        return one_line(cell)
    if isinstance(cell, date):
        return _moment(cell) if isinstance(cell, datetime) else day(cell)
    in_words = _NUMBERS.get(kind)
    if in_words is not None:
        return in_words(cell)
    return count(cell) if isinstance(cell, int) else number(cell)


def _moment(at: datetime) -> str:
    """ "23 Nov 2026 13.05"; that it is WIB stands once, in the column's head."""
    return str(format_datetime(at.astimezone(WIB), "d MMM y HH.mm", locale=LOCALE))


_NUMBERS: Mapping[Kind, Callable[[float], str]] = {
    Kind.MINUTES: brief_duration,
    Kind.WORKING: brief_duration,
    Kind.HOURS: elapsed,
    Kind.SHARE: percent,
}


def plain(text: str) -> str:
    """Text without the marks that only help a page to break its lines."""
    return text.replace("\u00ad", "").replace("\u00a0", " ")


def page_columns(table: Table) -> tuple[Column, ...]:
    """The columns that a page (PDF, HTML, Markdown) has."""
    return tuple(column for column in table.columns if column.where is not Where.SHEET)


def page_rows(table: Table, limit: int) -> Iterator[tuple[str, ...]]:
    """The first `limit` rows in words, in the order of `page_columns`."""
    shown = [
        (place, column.kind)
        for place, column in enumerate(table.columns)
        if column.where is not Where.SHEET
    ]
    for row in table.rows[:limit]:
        yield tuple(words(row[place], kind) for place, kind in shown)


def rest_after(table: Table, limit: int) -> str:
    """What a page says of the rows it leaves out; empty when it has them all."""
    left = len(table.rows) - limit
    return f"… dan {count(left)} lainnya, lihat XLSX" if left > 0 else ""


def records(table: Table, limit: int = 50) -> list[dict[str, str]]:
    """Rows as a Prefect table artifact takes them, in words, the rest told in a last row."""
    names = [plain(column.title) for column in page_columns(table)]
    found = [dict(zip(names, map(plain, row), strict=True)) for row in page_rows(table, limit)]
    if left := rest_after(table, limit):
        found.append({name: left if name == names[0] else "" for name in names})
    return found
