"""Engagement over many posts: sums by channel, age and metric, from the stored JSON."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from ledger.columns import MOMENT, NUMBER, Kind, Wanted, column_of, joined
from ledger.engagements import AGES
from ledger.numbering import Numbering, keys_in

# Posts of one channel mostly have the same metrics: these are looked at to learn the names.
_LOOKED_AT = 1000

_IN_THE_PERIOD = "t.read_at >= :start AND t.read_at < :end"


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice of the readings says; `posts` are the deliveries read for the first time.

    `sums`: channel, age_days, metric, posts, total. `last`: channel, age_days, read_last.
    """

    sums: pl.DataFrame
    last: pl.DataFrame
    posts: pl.Series


@dataclass(frozen=True, slots=True)
class Engagements:
    """`sums`: channel, age_days, metric, posts, total, read_last. `posts`: deliveries read."""

    sums: pl.DataFrame
    posts: pl.Series


_GROUP = ("channel", "age_days")
_READINGS: Mapping[str, Wanted] = {
    "channel": Wanted("t.channel"),
    "age_days": Wanted("t.age_days", Kind.NUMBER),
    "read_at": Wanted("t.read_at", Kind.MOMENT),
}
# One line of JSON each, and never an empty one.
_METRICS = Wanted("t.metrics")
# The first reading of a post is kept under the youngest age, whenever it was taken.
_FIRST = Wanted(f"CASE WHEN t.age_days = {AGES[0]} THEN t.delivery_id END", Kind.KEY)
_SUMS: Mapping[str, Any] = {
    "channel": pl.String,
    "age_days": NUMBER,
    "metric": pl.String,
    "posts": pl.Int64,
    "total": pl.Int64,
}


def read_slice(
    connection: Connection, rows: str, period: Mapping[str, str], deliveries: Numbering
) -> Slice:
    """The readings of the period among `rows` (a condition on t)."""
    *parts, metrics, first = joined(
        connection,
        (*_READINGS.values(), _METRICS, _FIRST),
        f"FROM engagements AS t WHERE {rows} AND {_IN_THE_PERIOD}",
        period,
    )
    read = pl.DataFrame(
        [
            column_of(name, one, part, {})
            for (name, one), part in zip(_READINGS.items(), parts, strict=True)
        ]
    )
    return Slice(
        _sums(read, metrics or b""),
        read.group_by(_GROUP).agg(read_last=pl.col("read_at").max()),
        deliveries.numbers_of("delivery_id", keys_in(first or b"")),
    )


def summed_up(slices: Iterable[Slice]) -> Engagements:
    """All slices together, by channel, age and metric in their order."""
    sums, last = [pl.DataFrame(schema=_SUMS)], []
    posts = [pl.Series("delivery_id", [], dtype=pl.UInt32)]
    for one in slices:
        sums.append(one.sums)
        last.append(one.last)
        posts.append(one.posts)
    if not last:
        none = pl.DataFrame(schema={**_SUMS, "read_last": MOMENT})
        return Engagements(none, posts[0])
    total = pl.concat(sums).group_by(*_GROUP, "metric").agg(pl.col("posts", "total").sum())
    newest = pl.concat(last).group_by(_GROUP).agg(pl.col("read_last").max())
    found = total.join(newest, on=_GROUP, how="left").sort(*_GROUP, "metric")
    return Engagements(found, pl.concat(posts))


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


def _sums(read: pl.DataFrame, lines: bytes) -> pl.DataFrame:
    """How many of the readings gave each metric, and their sum; `lines` are their JSON."""
    none = pl.DataFrame(schema=_SUMS)
    # A name has its colon, and no metric's name or number has that sign sequence in it.
    given = lines.count(b'":')
    if not given:
        return none
    frame = _numbers(lines, _LOOKED_AT)
    if sum(frame[name].count() for name in frame.columns) != given:
        frame = _numbers(lines, None)  # a name that the first lines do not have
    names = [name for name in frame.columns if frame[name].dtype.is_numeric()]
    groups = [read[name] for name in _GROUP]
    # A metric may have any name, so it gets another one for as long as it stands there.
    values = [frame[name].alias(f"metric {place}") for place, name in enumerate(names)]
    found = (
        pl.DataFrame([*groups, *values])
        .group_by(_GROUP)
        .agg(
            each
            for value in values
            for each in (
                pl.col(value.name).count().cast(pl.Int64).alias(f"posts of {value.name}"),
                pl.col(value.name).sum().cast(pl.Int64).alias(f"total of {value.name}"),
            )
        )
    )
    by_metric = [
        found.select(
            *_GROUP,
            metric=pl.lit(name),
            posts=pl.col(f"posts of {value.name}"),
            total=pl.col(f"total of {value.name}"),
        ).filter(pl.col("posts") > 0)
        for name, value in zip(names, values, strict=True)
    ]
    return pl.concat([none, *by_metric])


def _numbers(lines: bytes, looked_at: int | None) -> pl.DataFrame:
    return pl.read_ndjson(io.BytesIO(lines), infer_schema_length=looked_at)
