"""How publications pass through: counts, lead time and its chart, throughput, what is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from monev.judging import spread_of, whole_seconds
from monev.model import Counts, Ended, LeadTime, OpenItem, Period, Week, Xmr, XmrPoint
from monev.rows import MOMENT, Rows, Span
from sop.calendar import OfficeCalendar
from sop.model import Sop, StepKind
from sop.working_minutes import working_seconds

# Shewhart's constants for moving ranges of two.
_LIMIT = 2.66
_RANGE_LIMIT = 3.268
# As many points on one side of the mean are no chance any more.
_RUN = 8

_PUBLISHING = (StepKind.PENULISAN, StepKind.UNGGAH, StepKind.PENDOKUMENTASIAN)


def published_in(rows: Rows, rounds: pl.DataFrame) -> pl.DataFrame:
    """Publications of which the publishing step was closed in the period with a channel live.

    In the order in which their last channel went live (`published_at`); deliveries that
    a later correction adds do not count. `uploaded_at` is when the step was closed: a
    publication is open up to then and published after it, so it is counted once, also
    when a person gives the last channel up in another month.
    """
    uploaded = (
        rounds.filter(
            (pl.col("kind") == StepKind.UNGGAH.value)
            & pl.col("in_period")
            & (pl.col("outcome") != "tidak")
        )
        .group_by("publication_id")
        .agg(uploaded_at=pl.col("closed_at").min())
    )
    live = (
        rows.deliveries.filter(pl.col("published_at").is_not_null())
        .join(uploaded, on="publication_id", how="inner")
        .filter(pl.col("planned_at") <= pl.col("uploaded_at"))
        # A channel's own clock may run ahead of ours.
        .with_columns(live_at=pl.min_horizontal("published_at", "uploaded_at"))
        .group_by("publication_id")
        .agg(published_at=pl.col("live_at").max(), uploaded_at=pl.col("uploaded_at").first())
    )
    return (
        rows.publications.rename({"id": "publication_id"})
        .join(live, on="publication_id", how="inner")
        .sort("published_at", "reference")
    )


def counts_of(rows: Rows, rounds: pl.DataFrame, published: pl.DataFrame, span: Span) -> Counts:
    """Publications by what became of them in the period."""
    ended = rows.publications.filter(_within("finished_at", span))["status"]
    open_now = rounds.filter(pl.col("is_open") & ~pl.col("by_flow").fill_null(value=False))
    return Counts(
        begun=int(rows.publications.select(_within("created_at", span).sum()).item()),
        published=len(published),
        open=open_now["publication_id"].n_unique(),
        rejected=int((ended == "ditolak").sum()),
        cancelled=int((ended == "dibatalkan").sum()),
        withdrawn=int((ended == "ditarik").sum()),
    )


def _within(name: str, span: Span) -> pl.Expr:
    moment = pl.col(name)
    return moment.is_not_null() & (moment >= span.start) & (moment < span.end)


def ended_of(rows: Rows, sops: Mapping[str, Sop]) -> tuple[Ended, ...]:
    """Those that ended otherwise than done, in order of time, with the step they stood at.

    The round of that step was never closed.
    """
    stood = rows.rounds.filter(pl.col("closed_at").is_null()).select("publication_id", "step_no")
    found = (
        rows.ended.join(rows.publications, left_on="publication_id", right_on="id", how="inner")
        .join(stood, on="publication_id", how="left")
        .sort("finished_at", "reference")
    )
    names = {(sha256, step.no): step.short for sha256, sop in sops.items() for step in sop.steps}
    return tuple(
        Ended(
            reference=row["reference"],
            title=row["title"],
            how=row["status"],
            step_no=row["step_no"],
            step_name=names.get((row["sop"], row["step_no"]), ""),
            ended_at=row["finished_at"],
            ordered_by=row["ordered_by"],
            reason=row["reason"],
        )
        for row in found.iter_rows(named=True)
    )


def with_lead_times(published: pl.DataFrame, calendar: OfficeCalendar) -> pl.DataFrame:
    """The published ones with `working` and `elapsed` seconds since step 1 was opened."""
    start, end = whole_seconds(published["created_at"]), whole_seconds(published["published_at"])
    return published.with_columns(
        working=pl.Series(working_seconds(calendar, start, end), dtype=pl.Int64),
        elapsed=pl.Series(end - start, dtype=pl.Int64),
    )


def lead_time_of(published: pl.DataFrame) -> LeadTime:
    return LeadTime(
        working=spread_of(published["working"]),
        calendar_hours=spread_of(published["elapsed"], unit=3600),
    )


def xmr_of(published: pl.DataFrame) -> Xmr:
    """The chart of lead times: is the process steady, and what stands out."""
    seconds = published["working"].to_numpy()
    points = tuple(
        XmrPoint(reference, title, at, value / 60)
        for reference, title, at, value in published.select(
            "reference", "title", "published_at", "working"
        ).iter_rows()
    )
    if len(points) < 2:
        return Xmr(points, None, None, None, None, None, ())
    mean = float(seconds.sum()) / len(points)
    mean_range = float(np.abs(np.diff(seconds)).sum()) / (len(points) - 1)
    upper, lower = mean + _LIMIT * mean_range, max(0.0, mean - _LIMIT * mean_range)
    beyond = (seconds > upper) | (seconds < lower)
    return Xmr(
        points=points,
        mean=mean / 60,
        upper=upper / 60,
        lower=lower / 60,
        mean_range=mean_range / 60,
        upper_range=_RANGE_LIMIT * mean_range / 60,
        signals=tuple(np.flatnonzero(beyond | _in_runs(np.sign(seconds - mean))).tolist()),
    )


def _in_runs(side: np.ndarray) -> np.ndarray:
    """Which points belong to a run of eight or more on one side (1 or -1) of the mean."""
    starts = np.flatnonzero(np.concatenate([[True], side[1:] != side[:-1]]))
    lengths = np.diff(np.concatenate([starts, [len(side)]]))
    long_enough = (lengths >= _RUN) & (side[starts] != 0)
    marked: np.ndarray = np.repeat(long_enough, lengths)
    return marked


def weeks_of(
    rows: Rows, published: pl.DataFrame, period: Period, span: Span, zone: ZoneInfo
) -> tuple[Week, ...]:
    """Begun and published week by week, from Monday on."""
    begun = _by_monday(rows.publications.filter(_within("created_at", span))["created_at"], zone)
    live = _by_monday(published["uploaded_at"], zone)
    monday = period.first_day - timedelta(days=period.first_day.weekday())
    found = []
    while monday <= period.last_day:
        found.append(Week(monday, begun.get(monday, 0), live.get(monday, 0)))
        monday += timedelta(days=7)
    return tuple(found)


def _by_monday(moments: pl.Series, zone: ZoneInfo) -> dict[object, int]:
    days = moments.dt.convert_time_zone(zone.key).dt.date().dt.truncate("1w")
    return dict(days.alias("monday").value_counts().iter_rows())


def open_items_of(
    rows: Rows, rounds: pl.DataFrame, sops: Mapping[str, Sop]
) -> tuple[OpenItem, ...]:
    """What is open, the longest waiting first; what only awaits this report is not."""
    named = rows.publications.select(
        pl.col("id").alias("publication_id"), "reference", "title", "unit", "writer", "officer"
    )
    waiting = rounds.filter(pl.col("is_open") & ~pl.col("by_flow").fill_null(value=False))
    found = waiting.join(named, on="publication_id", how="inner")
    ordered = found.sort("seconds", "opened_at", "reference", descending=[True, False, False])
    return tuple(_open_items(ordered, sops))


def _open_items(found: pl.DataFrame, sops: Mapping[str, Sop]) -> Iterator[OpenItem]:
    steps = {
        (sha256, step.no): (step.short, sop.role_name(step.role), step.kind)
        for sha256, sop in sops.items()
        for step in sop.steps
    }
    for row in found.iter_rows(named=True):
        name, role, kind = steps.get(
            (row["sop"], row["step_no"]), ("(langkah tak dikenal)", "–", None)
        )
        person = row["writer"] if kind is StepKind.PENULISAN else row["officer"]
        is_named = kind in _PUBLISHING and person
        standard = None if row["standard"] is None else float(row["standard"])
        waited = row["seconds"] / 60
        yield OpenItem(
            reference=row["reference"],
            title=row["title"],
            unit=row["unit"],
            step_no=row["step_no"],
            step_name=name,
            owner=f"{person} ({role})" if is_named else role,
            since=row["opened_at"],
            waited=waited,
            standard=standard,
            overdue=None if standard is None else max(0.0, waited - standard),
        )


__all__ = [
    "MOMENT",
    "counts_of",
    "ended_of",
    "lead_time_of",
    "open_items_of",
    "published_in",
    "weeks_of",
    "with_lead_times",
    "xmr_of",
]
