"""Reading many rows as columns: what a report over the whole record needs.

A million rows as Python objects take seconds and gigabytes. Here the database joins
each column to one text, a slice of its own order of rows at a time, and numpy and
polars read that, so that Python touches next to no value. Keys become small numbers
on the way: a million of them are joined and kept at a fraction of their text's cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Connection, text

from ledger.numbering import Numbering, keys_in, lines_of
from ledger.readers import Readers

# Rows in one slice on SQLite and pages in one on PostgreSQL: some megabytes each.
SLICE_ROWS = 50_000
SLICE_PAGES = 1_500

MOMENT = pl.Datetime("us", "UTC")
NUMBER = pl.Int32
_MOMENT_LENGTH = 27
# As it is: SQLite would call char(10) anew for each value.
_LINE_BREAK = "'\n'"
_NO_MOMENT = " " * _MOMENT_LENGTH


class Kind(StrEnum):
    """What a column holds, and so how its texts are joined and read."""

    KEY = "key"  # always there; becomes its number in a `Numbering`
    MOMENT = "moment"  # in the record's form; becomes UTC
    NUMBER = "number"  # a small whole number
    WORD = "word"  # without a line break; the empty one counts as none
    TEXT = "text"  # whatever people typed


@dataclass(frozen=True, slots=True)
class Wanted:
    """One column: how the database says it, and what it holds.

    A key is numbered as one of `among`, a numbering's name; it is null when it is none.
    """

    expression: str
    kind: Kind = Kind.WORD
    among: str = ""

    @property
    def dtype(self) -> Any:
        """The type of the column that is made."""
        if self.kind is Kind.MOMENT:
            return MOMENT
        if self.kind is Kind.KEY:
            return pl.UInt32
        return NUMBER if self.kind is Kind.NUMBER else pl.String


@dataclass(frozen=True, slots=True)
class Question:
    """Columns of the rows of `table` (alias t) that `where` chooses.

    All of it is our own SQL; values stand in it as `:name`. `beside` is joined to each
    row, for what several columns are made from.
    """

    table: str
    wanted: Mapping[str, Wanted]
    where: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """Columns that are being read."""

    wanted: Mapping[str, Wanted]
    parts: tuple[Future[pl.DataFrame], ...]

    def frame(self) -> pl.DataFrame:
        """All rows, once they are there."""
        frames = [part.result() for part in self.parts]
        schema = {name: one.dtype for name, one in self.wanted.items()}
        return pl.concat([pl.DataFrame(schema=schema), *frames], rechunk=True)


def columns(
    readers: Readers,
    question: Question,
    slices: Iterable[str],
    values: Mapping[str, Any],
    numberings: Mapping[str, Numbering],
) -> Coming:
    """Start to read what is asked for; `slices` are those of `rows_in_slices`."""
    parts = [
        readers.submit(
            partial(_read, question=question, rows=rows, values=values, numberings=numberings)
        )
        for rows in slices
    ]
    return Coming(question.wanted, tuple(parts))


def numbering_of(connection: Connection, *, table: str, key: str) -> Numbering:
    """The numbering of all keys that stand in this column."""
    (found,) = joined(connection, (Wanted(f"t.{key}", Kind.KEY),), f"FROM {table} AS t", {})
    return Numbering.of_all(keys_in(found or b""))


def _read(
    connection: Connection,
    *,
    question: Question,
    rows: str,
    values: Mapping[str, Any],
    numberings: Mapping[str, Numbering],
) -> pl.DataFrame:
    chosen = f"FROM {question.table} AS t {question.beside} WHERE {rows} AND ({question.where})"
    found = joined(connection, tuple(question.wanted.values()), chosen, values)
    return pl.DataFrame(
        [
            column_of(name, one, part, numberings)
            for (name, one), part in zip(question.wanted.items(), found, strict=True)
        ]
    )


def column_of(
    name: str, wanted: Wanted, part: bytes | None, numberings: Mapping[str, Numbering]
) -> pl.Series:
    """The values of one column that `joined` has read."""
    if part is None:
        return pl.Series(name, [], dtype=wanted.dtype)
    if wanted.kind is Kind.KEY:
        return numberings[wanted.among].numbers_of(name, keys_in(part))
    if wanted.kind is Kind.MOMENT:
        return moments_in(name, part)
    if wanted.kind is Kind.TEXT:
        return pl.Series(name, json.loads(part), dtype=pl.String)
    words = pl.Series(name, [part.decode()]).str.split("\n").explode()
    words = words.set(words == "", None)
    return words if wanted.kind is Kind.WORD else words.cast(wanted.dtype)


def rows_in_slices(connection: Connection, table: str) -> Iterator[str]:
    """Conditions on t that together choose each row of the table once."""
    if connection.dialect.name == "sqlite":
        last = connection.execute(text(f"SELECT coalesce(max(rowid), 0) FROM {table}")).scalar_one()  # noqa: S608
        for begin in range(1, last + 1, SLICE_ROWS):
            yield f"t.rowid BETWEEN {begin} AND {begin + SLICE_ROWS - 1}"
        return
    pages = connection.execute(
        text(
            "SELECT pg_relation_size(CAST(:name AS regclass)) "
            "/ CAST(current_setting('block_size') AS bigint)"
        ),
        {"name": table},
    ).scalar_one()
    for begin in range(0, pages, SLICE_PAGES):
        yield f"t.ctid >= '({begin},0)'::tid AND t.ctid < '({begin + SLICE_PAGES},0)'::tid"


def joined(
    connection: Connection, wanted: Sequence[Wanted], chosen: str, values: Mapping[str, Any]
) -> list[bytes | None]:
    """For each column its values as one text, all in the same order of rows.

    `chosen` is the statement from FROM on. None where there is no row.
    """
    if connection.dialect.name == "sqlite":
        together = ", ".join(map(_together_on_sqlite, wanted))
        cursor = connection.connection.cursor()
        try:
            cursor.execute(f"SELECT {together} {chosen}", dict(values))
            return _only(cursor)
        finally:
            cursor.close()
    # One answer for all rows: COPY would hand each one over to Python by itself.
    together = ", ".join(map(_together_on_postgresql, wanted))
    driver: Any = connection.connection.driver_connection
    with driver.cursor(binary=True) as answer:
        answer.execute(_as_psycopg(f"SELECT {together} {chosen}", values), dict(values))
        return _only(answer)


def _only(cursor: Any) -> list[bytes | None]:
    """The one row of an aggregate."""
    return list(cursor.fetchone())


def _together_on_sqlite(one: Wanted) -> str:
    if one.kind is Kind.TEXT:
        # An array without elements is none, as with the others.
        return f"CAST(nullif(json_group_array({one.expression}), '[]') AS BLOB)"
    return f"CAST(group_concat({_never_null(one, one.expression)}, {_LINE_BREAK}) AS BLOB)"


def _together_on_postgresql(one: Wanted) -> str:
    if one.kind is Kind.TEXT:
        return f"convert_to(CAST(json_agg({one.expression}) AS text), 'UTF8')"
    each = _never_null(one, f"CAST({one.expression} AS text)")
    return f"convert_to(string_agg({each}, {_LINE_BREAK}), 'UTF8')"


def _never_null(one: Wanted, expression: str) -> str:
    """What is absent must take its place in the text, else the columns would not agree."""
    if one.kind is Kind.KEY:
        return expression
    return f"coalesce({expression}, '{_NO_MOMENT if one.kind is Kind.MOMENT else ''}')"


def _as_psycopg(statement: str, values: Mapping[str, Any]) -> str:
    """The statement with psycopg's marks for its values.

    All of them are moments, which sort by their letters: a locale's order, looked up
    for a million rows, would cost as much as all the rest.
    """
    statement = statement.replace("%", "%%")
    for name in values:
        statement = statement.replace(f":{name}", f'(%({name})s::text COLLATE "C")')
    return statement


def moments_in(name: str, part: bytes) -> pl.Series:
    """Moments in the record's form ("2026-11-23T03:00:00.000000Z"), one a line, as UTC.

    Blanks are no moment. All have the same length, so they are read as one block; a
    text of another form is an error, since then the record was altered.
    """
    try:
        block = lines_of(part, _MOMENT_LENGTH)
        digits = block[:, : _MOMENT_LENGTH - 1].copy()
        absent = block[:, 0] == ord(" ")
        if absent.any():
            digits[absent] = np.frombuffer(b"NaT".ljust(_MOMENT_LENGTH - 1, b"\0"), np.uint8)
        read = digits.view(f"S{_MOMENT_LENGTH - 1}").ravel().astype("datetime64[us]")
    except ValueError as error:
        raise ValueError(f"a moment in {name!r} is not in the record's form") from error
    return pl.Series(name, read).dt.replace_time_zone("UTC")


__all__ = [
    "Coming",
    "Kind",
    "Question",
    "Wanted",
    "column_of",
    "columns",
    "joined",
    "moments_in",
    "numbering_of",
    "rows_in_slices",
]
