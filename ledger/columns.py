"""Reading many rows as columns: what a report over the whole record needs.

A million rows as Python objects take seconds and gigabytes. Here the database
itself writes them as CSV (PostgreSQL with COPY, SQLite with printf over slices of
its rows) and polars reads that, so that Python never touches a single value.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection

# Rows in one slice on SQLite: text of some ten megabytes.
SLICE = 100_000

MOMENT = "%Y-%m-%dT%H:%M:%S%.6fZ"


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


def as_columns(
    connection: Connection,
    table: str,
    wanted: Mapping[str, Wanted],
    where: str,
    values: Mapping[str, Any],
) -> pl.DataFrame:
    """The wanted columns of the rows of `table` (alias t) that `where` chooses.

    `where` and the expressions are our own SQL; values stand in it as `:name`.
    """
    if connection.dialect.name == "sqlite":
        slices = _sqlite_slices(connection, table, wanted, where, values)
    else:
        slices = _postgresql_copy(connection, table, wanted, where, values)
    schema = {name: pl.String if one.moment else one.kind for name, one in wanted.items()}
    frames = [pl.read_csv(part, has_header=False, schema=schema) for part in slices if part]
    found = pl.concat(frames, rechunk=True) if frames else pl.DataFrame(schema=schema)
    return found.with_columns(
        pl.col(name).str.to_datetime(MOMENT, time_unit="us", time_zone="UTC")
        for name, one in wanted.items()
        if one.moment
    )


def _sqlite_slices(
    connection: Connection,
    table: str,
    wanted: Mapping[str, Wanted],
    where: str,
    values: Mapping[str, Any],
) -> Iterator[bytes]:
    pattern = ",".join('"%w"' if one.free else "%s" for one in wanted.values())
    line = ", ".join(
        # An absent text is the empty one: only %s knows of NULL.
        f"coalesce({one.expression}, '')" if one.free else one.expression
        for one in wanted.values()
    )
    statement = (
        f"SELECT CAST(group_concat(printf('{pattern}', {line}), char(10)) AS BLOB) "  # noqa: S608
        f"FROM {table} AS t WHERE t.rowid BETWEEN :_from AND :_to AND ({where})"
    )
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}")  # noqa: S608
        (last,) = cursor.fetchone() or (0,)
        for begin in range(1, last + 1, SLICE):
            cursor.execute(statement, {**values, "_from": begin, "_to": begin + SLICE - 1})
            (part,) = cursor.fetchone() or (None,)
            if part:
                yield part
    finally:
        cursor.close()


def _postgresql_copy(
    connection: Connection,
    table: str,
    wanted: Mapping[str, Wanted],
    where: str,
    values: Mapping[str, Any],
) -> Iterator[bytes]:
    chosen = ", ".join(one.expression for one in wanted.values())
    select = f"SELECT {chosen} FROM {table} AS t WHERE {where}"  # noqa: S608
    statement = f"COPY ({_as_psycopg(select, values)}) TO STDOUT (FORMAT csv)"
    buffer = io.BytesIO()
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement, dict(values)) as copy:
        for part in copy:
            buffer.write(part)
    yield buffer.getvalue()


def _as_psycopg(statement: str, values: Mapping[str, Any]) -> str:
    """The statement with psycopg's marks for its values."""
    statement = statement.replace("%", "%%")
    for name in values:
        statement = statement.replace(f":{name}", f"%({name})s")
    return statement
