"""What figures are made from: columns of the record, as `tasks` hands them over.

Frames have one row per publication, round, delivery or "tidak"; moments are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from monev.model import ArchiveFigures, Period, SealLine

MOMENT = pl.Datetime("us", "UTC")
# A publication is a small number within one report: a million rows are joined by it.
KEY = pl.UInt32

PUBLICATIONS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "id": KEY,
    "reference": pl.String,
    "title": pl.String,
    "unit": pl.String,
    "sop": pl.String,  # SHA-256 of the SOP revision it runs under
    "status": pl.String,
    "created_at": MOMENT,
    "finished_at": MOMENT,
    "rehearsal": pl.Int32,
    "not_before": pl.String,  # ISO; the time of publication that was asked for
    "monev_note": pl.String,
    "sealed": pl.Int32,
    "writer": pl.String,
    "officer": pl.String,
}
ROUNDS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "publication_id": KEY,
    "step_no": pl.Int32,
    "opened_at": MOMENT,
    "closed_at": MOMENT,
    "outcome": pl.String,
}
DELIVERIES: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "publication_id": KEY,
    "channel": pl.String,
    "state": pl.String,
    "planned_at": MOMENT,
    "published_at": MOMENT,
    "was_unknown": pl.Boolean,
}
REJECTIONS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "publication_id": KEY,
    "step_no": pl.Int32,
    "number": pl.Int32,
    "decided_at": MOMENT,
    "reason": pl.String,
}
ENDED: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "publication_id": KEY,
    "ordered_by": pl.String,
    "reason": pl.String,
}
ENGAGEMENT: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "channel": pl.String,
    "age_days": pl.Int32,
    "metric": pl.String,
    "posts": pl.Int64,
    "total": pl.Int64,
    "read_last": MOMENT,
}
# What stands in place of a metric's name where a post gave no number at all.
WHOLE_POST = "kiriman"
MISSING_METRICS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "channel": pl.String,
    "metric": pl.String,
    "posts": pl.Int64,
}
REMINDERS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,
    "outcome": pl.String,
    "count": pl.Int64,
}


def frame(schema: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    """No rows of this kind."""
    return pl.DataFrame(schema=dict(schema))


@dataclass(frozen=True)
class Rows:
    """All that one report counts.

    `fixity` is the last check of all bags (`sealed` and `missing` in it are not read);
    `metrics_due` posts are old enough to have been read, `metrics_read` were.
    """

    publications: pl.DataFrame
    rounds: pl.DataFrame
    deliveries: pl.DataFrame
    rejections: pl.DataFrame
    engagement: pl.DataFrame
    missing_metrics: pl.DataFrame
    reminders: pl.DataFrame
    ended: pl.DataFrame = field(default_factory=lambda: frame(ENDED))
    pictures: int = 0
    pictures_with_alt: int = 0
    metrics_due: int = 0
    metrics_read: int = 0
    fixity: ArchiveFigures | None = None
    seal: SealLine | None = None


def no_rows() -> Rows:
    """An empty record."""
    return Rows(
        publications=frame(PUBLICATIONS),
        rounds=frame(ROUNDS),
        deliveries=frame(DELIVERIES),
        rejections=frame(REJECTIONS),
        engagement=frame(ENGAGEMENT),
        missing_metrics=frame(MISSING_METRICS),
        reminders=frame(REMINDERS),
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A period as instants: from `start` up to, not at, `end` (UTC).

    A period that is not over when it is read ends at that moment.
    """

    start: datetime
    end: datetime


def span_of(period: Period, zone: ZoneInfo) -> Span:
    """The instants of a period in the office's zone."""
    return Span(
        _midnight(period.first_day, zone),
        min(midnight_after(period.last_day, zone), period.as_of),
    )


def midnight_after(day: date, zone: ZoneInfo) -> datetime:
    """When a day of this zone is over (UTC)."""
    return _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
