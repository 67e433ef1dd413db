"""Reading many rows as columns: what a report over the whole record needs.

A million rows as Python objects take seconds and gigabytes. Here the database
itself writes them as CSV, in slices of its own order of rows, and polars reads that,
so that Python never touches a single value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Connection, text

from ledger.readers import Readers

# Rows in one slice on SQLite and pages in one on PostgreSQL: some megabytes each.
SLICE_ROWS = 50_000
SLICE_PAGES = 1_500

_MOMENT_LENGTH = 27


@dataclass(frozen=True, slots=True)
class Wanted:
    """One column: how the database says it, what polars makes of it.

    `free` text may hold anything and is quoted; other values have no comma, quote or
    line break in them. A moment is read as UTC.
    """

    expression: str
    kind: Any = pl.String
    free: bool = False
    moment: bool = False


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
        return pl.concat(frames) if frames else pl.DataFrame(schema=self._schema())

    def _schema(self) -> dict[str, Any]:
        moment = pl.Datetime("us", "UTC")
        return {name: moment if one.moment else one.kind for name, one in self.wanted.items()}


def columns(
    readers: Readers, question: Question, slices: Iterable[str], values: Mapping[str, Any]
) -> Coming:
    """Start to read what is asked for; `slices` are those of `rows_in_slices`."""
    parts = [
        readers.submit(partial(_read, question=question, rows=rows, values=values))
        for rows in slices
    ]
    return Coming(question.wanted, tuple(parts))


def _read(
    connection: Connection, *, question: Question, rows: str, values: Mapping[str, Any]
) -> pl.DataFrame:
    chosen = f"FROM {question.table} AS t {question.beside} WHERE {rows} AND ({question.where})"
    take = _from_sqlite if connection.dialect.name == "sqlite" else _from_postgresql
    return _parsed(take(connection, question.wanted, chosen, values), question.wanted)


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


def _from_sqlite(
    connection: Connection, wanted: Mapping[str, Wanted], chosen: str, values: Mapping[str, Any]
) -> bytes:
    pattern = ",".join('"%w"' if one.free else "%s" for one in wanted.values())
    line = ", ".join(
        # An absent text is the empty one: only %s knows of NULL.
        f"coalesce({one.expression}, '')" if one.free else one.expression
        for one in wanted.values()
    )
    cursor = connection.connection.cursor()
    try:
        cursor.execute(
            f"SELECT CAST(group_concat(printf('{pattern}', {line}), char(10)) AS BLOB) {chosen}",
            dict(values),
        )
        (part,) = cursor.fetchone() or (None,)
    finally:
        cursor.close()
    return part or b""


def _from_postgresql(
    connection: Connection, wanted: Mapping[str, Wanted], chosen: str, values: Mapping[str, Any]
) -> bytes:
    # One answer for all rows: COPY would hand each one over to Python by itself.
    line = ", ',', ".join(
        f"'\"', replace({one.expression}, '\"', '\"\"'), '\"'" if one.free else one.expression
        for one in wanted.values()
    )
    statement = f"SELECT convert_to(string_agg(concat({line}), chr(10)), 'UTF8') {chosen}"
    driver: Any = connection.connection.driver_connection
    with driver.cursor(binary=True) as cursor:
        cursor.execute(_as_psycopg(statement, values), dict(values))
        (part,) = cursor.fetchone() or (None,)
    return part or b""


def _as_psycopg(statement: str, values: Mapping[str, Any]) -> str:
    """The statement with psycopg's marks for its values."""
    statement = statement.replace("%", "%%")
    for name in values:
        statement = statement.replace(f":{name}", f"%({name})s")
    return statement


def _parsed(lines: bytes, wanted: Mapping[str, Wanted]) -> pl.DataFrame:
    schema = {name: pl.String if one.moment else one.kind for name, one in wanted.items()}
    found = (
        pl.read_csv(lines, has_header=False, schema=schema)
        if lines
        else pl.DataFrame(schema=schema)
    )
    return found.with_columns(moments_of(found[name]) for name, one in wanted.items() if one.moment)


def moments_of(texts: pl.Series) -> pl.Series:
    """Moments in the record's form ("2026-11-23T03:00:00.000000Z") as UTC; null stays null.

    All have the same length, so they are read as one block of digits; a text of
    another form is an error, since then the record was altered.
    """
    there = texts.drop_nulls()
    if (there.str.len_bytes() != _MOMENT_LENGTH).any():
        raise ValueError(f"a moment in {texts.name!r} is not in the record's form")
    block = np.frombuffer("".join(there.str.join("")).encode(), np.uint8)
    digits = np.ascontiguousarray(block.reshape(-1, _MOMENT_LENGTH)[:, :-1])
    read = digits.view(f"S{_MOMENT_LENGTH - 1}").ravel().astype("datetime64[us]")
    moments = pl.Series(texts.name, read).dt.replace_time_zone("UTC")
    if len(there) == len(texts):
        return moments
    places = pl.Series(texts.is_not_null()).arg_true()
    return (
        pl.Series(texts.name, [None], dtype=moments.dtype)
        .new_from_index(0, len(texts))
        .scatter(places, moments)
    )
