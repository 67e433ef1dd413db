"""Engagement over many posts: sums by channel, age and metric, from the stored JSON."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from ledger.engagements import AGES
from ledger.types import moment_of

# Posts of one channel mostly have the same metrics: these are looked at to learn the names.
_LOOKED_AT = 1000

_IN_THE_PERIOD = "t.read_at >= :start AND t.read_at < :end"


@dataclass(frozen=True, slots=True)
class _Group:
    """Readings of one channel at one age: when the last was, and (posts, sum) by metric."""

    channel: str
    age_days: int
    read_last: str
    sums: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice of the readings says; `posts` are the deliveries read for the first time."""

    groups: tuple[_Group, ...]
    posts: pl.Series


@dataclass(frozen=True, slots=True)
class Engagements:
    """`sums`: channel, age_days, metric, posts, total, read_last. `posts`: deliveries read."""

    sums: pl.DataFrame
    posts: pl.Series


def read_slice(connection: Connection, rows: str, period: Mapping[str, str]) -> Slice:
    """The readings of the period among `rows` (a condition on t)."""
    lines = (
        "string_agg({}, chr(10))"
        if connection.dialect.name == "postgresql"
        else "group_concat({}, char(10))"
    )
    # The first reading of a post is kept under the youngest age, whenever it was taken.
    first = f"CASE WHEN t.age_days = {AGES[0]} THEN t.delivery_id END"
    found = connection.execute(
        text(
            "SELECT t.channel, t.age_days, max(t.read_at) AS read_last, "  # noqa: S608
            f"{lines.format('t.metrics')} AS metrics, {lines.format(first)} AS posts "
            f"FROM engagements AS t WHERE {rows} AND {_IN_THE_PERIOD} "
            "GROUP BY t.channel, t.age_days"
        ),
        period,
    )
    groups, posts = [], []
    for row in found:
        sums = {name: (many, total) for name, many, total in _sums(row.metrics)}
        groups.append(_Group(row.channel, row.age_days, row.read_last, sums))
        if row.posts:
            posts.append(pl.Series([row.posts]).str.split("\n").explode())
    return Slice(tuple(groups), pl.concat(posts) if posts else pl.Series([], dtype=pl.String))


def summed_up(slices: Iterable[Slice]) -> Engagements:
    """All slices together, by channel, age and metric in their order."""
    posts, totals = Counter[tuple[str, int, str]](), Counter[tuple[str, int, str]]()
    last: dict[tuple[str, int], str] = {}
    ids = [pl.Series([], dtype=pl.String)]
    for one in slices:
        ids.append(one.posts)
        for group in one.groups:
            key = (group.channel, group.age_days)
            last[key] = max(group.read_last, last.get(key, ""))
            for name, (many, total) in group.sums.items():
                posts[*key, name] += many
                totals[*key, name] += total
    rows: list[tuple[str, int, str, int, int, datetime]] = [
        (channel, age, name, posts[channel, age, name], total, moment_of(last[channel, age]))
        for (channel, age, name), total in sorted(totals.items())
    ]
    schema: dict[str, Any] = {
        "channel": pl.String,
        "age_days": pl.Int32,
        "metric": pl.String,
        "posts": pl.Int64,
        "total": pl.Int64,
        "read_last": pl.Datetime("us", "UTC"),
    }
    return Engagements(pl.DataFrame(rows, schema=schema, orient="row"), pl.concat(ids))


def missing_metrics(connection: Connection, period: Mapping[str, str]) -> pl.DataFrame:
    """What channels did not give in readings of the period: channel, metric, posts."""
    found = connection.execute(
        text(
            "SELECT t.channel, t.missing, count(DISTINCT t.delivery_id) FROM engagements AS t "  # noqa: S608
            f"WHERE t.missing <> '{{}}' AND {_IN_THE_PERIOD} GROUP BY t.channel, t.missing"
        ),
        period,
    )
    posts: Counter[tuple[str, str]] = Counter()
    for channel, missing, many in found:
        for name in json.loads(missing):
            posts[channel, name] += many
    return pl.DataFrame(
        [(channel, name, many) for (channel, name), many in sorted(posts.items())],
        schema={"channel": pl.String, "metric": pl.String, "posts": pl.Int64},
        orient="row",
    )


def _sums(lines: str) -> Iterator[tuple[str, int, int]]:
    """Each metric of JSON lines by name, with how many lines gave it and their sum."""
    if not lines.replace("{}", "").strip():
        return
    # A name has its colon, and no metric's name or number has that sign sequence in it.
    given = lines.count('":')
    frame = _numbers(lines, _LOOKED_AT)
    if sum(frame[name].count() for name in frame.columns) != given:
        frame = _numbers(lines, None)  # a name that the first lines do not have
    for name in frame.columns:
        column = frame[name]
        if column.dtype.is_numeric():
            yield name, column.count(), int(column.sum())


def _numbers(lines: str, looked_at: int | None) -> pl.DataFrame:
    return pl.read_ndjson(io.BytesIO(lines.encode()), infer_schema_length=looked_at)
