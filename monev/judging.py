"""Each round with its working time and the standard of the SOP it ran under."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import numpy as np
import polars as pl

from monev.model import Spread
from monev.rows import Rows, Span
from sop.calendar import OfficeCalendar
from sop.model import Actor, Sop, StepKind
from sop.working_minutes import Seconds, working_seconds

# Where P90 lies in a sorted sample, and that it is divided between two neighbours.
P90 = 0.9
P90_BETWEEN: Literal["linear"] = "linear"
NOTHING = Spread(0, None, None, None)

# Columns that `judged` adds to the rounds of `Rows`.
#   begun_at       when the clock of the standard starts
#   seconds        working seconds to its end, or to the end of the period while open
#   standard       the standard in minutes, of the publication's own SOP revision
#   kind, by_flow  what the step is; by_flow: a later flow does it
#   is_open        open at the end of the period
#   in_period      closed in the period

_STEPS = {
    "sop": pl.String,  # an Enum of the known revisions in `judged`
    "step_no": pl.Int32,
    "standard": pl.Int64,
    "kind": pl.String,
    "by_flow": pl.Boolean,
}


def steps_of(sops: Mapping[str, Sop]) -> pl.DataFrame:
    """One row per step of each SOP revision."""
    rows = [
        (sha256, step.no, step.standard_minutes, step.kind.value, step.actor is Actor.ALUR)
        for sha256, sop in sops.items()
        for step in sop.steps
    ]
    return pl.DataFrame(rows, schema=_STEPS, orient="row")


def judged(
    rows: Rows, sops: Mapping[str, Sop], calendar: OfficeCalendar, span: Span
) -> pl.DataFrame:
    """The rounds, each with how long it took and how long it may take."""
    # Small numbers instead of long texts: a million rounds are joined by it.
    revision = pl.Enum(list(sops))
    known = rows.publications.select(
        pl.col("id").alias("publication_id"),
        pl.col("sop").cast(revision, strict=False),
        "finished_at",
        asked_for=_moments(rows.publications),
    )
    found = rows.rounds.join(known, on="publication_id", how="inner", maintain_order="left").join(
        steps_of(sops).with_columns(pl.col("sop").cast(revision)),
        on=["sop", "step_no"],
        how="left",
        maintain_order="left",
    )
    end = pl.lit(span.end, dtype=pl.Datetime("us", "UTC"))
    closed = pl.col("closed_at").is_not_null() & (pl.col("closed_at") < end)
    until = pl.when(closed).then(pl.col("closed_at")).otherwise(end)
    # A post that is to appear tomorrow morning is not late the night before: the
    # standard of the publishing step starts at the time that was asked for.
    waits = (pl.col("kind") == StepKind.UNGGAH.value) & pl.col("asked_for").is_not_null()
    from_then_on = pl.max_horizontal("opened_at", pl.min_horizontal("asked_for", until))
    found = found.with_columns(
        begun_at=pl.when(waits).then(from_then_on).otherwise(pl.col("opened_at")),
        until=until,
        # What ended as a whole (refused, cancelled) waits for nobody.
        is_open=~closed
        & (pl.col("opened_at") < end)
        & (pl.col("finished_at").is_null() | (pl.col("finished_at") >= end)),
        in_period=closed & (pl.col("closed_at") >= span.start),
        postponed=waits & (pl.col("asked_for") > pl.col("opened_at")),
    )
    seconds = working_seconds(
        calendar, whole_seconds(found["begun_at"]), whole_seconds(found["until"])
    )
    # A clock that was put back must not shorten what others took; the report tells of it.
    counted = pl.Series(np.maximum(seconds, 0), dtype=pl.Int64)
    return found.with_columns(seconds=counted).drop("asked_for", "until", "finished_at")


def whole_seconds(moments: pl.Series) -> Seconds:
    """Moments (none may be null) as whole seconds since 1970, as the calendar counts them."""
    counted: Seconds = moments.dt.timestamp("us").to_numpy() // 1_000_000
    return counted.astype(np.int64, copy=False)


def spread_of(seconds: pl.Series, *, unit: int = 60) -> Spread:
    """The sample in minutes (or another unit, in seconds); see `Spread` for P90."""
    if not len(seconds):
        return NOTHING
    ordered = seconds.sort()
    middle, high = ordered.median(), ordered.quantile(P90, P90_BETWEEN)
    return Spread(
        len(ordered),
        float(middle) / unit,  # type: ignore[arg-type]
        float(high) / unit,  # type: ignore[arg-type]
        int(ordered[-1]) / unit,
    )


def _moments(publications: pl.DataFrame) -> pl.Series:
    """`not_before` as moments; most publications ask for no time at all."""
    texts = publications["not_before"]
    if texts.null_count() == len(texts):
        return pl.Series([None] * len(texts), dtype=pl.Datetime("us", "UTC"))
    return pl.Series([_moment(one) for one in texts.to_list()], dtype=pl.Datetime("us", "UTC"))


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
