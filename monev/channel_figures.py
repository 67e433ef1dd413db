"""What left the office: channels with their readers, reminders, archive and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from monev.judging import spread_of, whole_seconds
from monev.model import ArchiveFigures, ChannelFigures, Engaged, MonevNote, Reminders
from monev.rows import WHOLE_POST, Rows, Span
from sop.model import StepKind

_ESCALATED = "eskalasi"
_SENT = frozenset({"terkirim", "tanpa-penerima"})
_NOTHING = ArchiveFigures(sealed=0, missing=(), checked_at=None, checked=0, damaged=())


def channel_figures(
    rows: Rows, labels: Mapping[str, str], span: Span
) -> tuple[ChannelFigures, ...]:
    """Channels in the office's order, then others that the record knows."""
    planned = rows.deliveries.filter(
        (pl.col("planned_at") >= span.start) & (pl.col("planned_at") < span.end)
    )
    seen = {*planned["channel"].unique(), *rows.engagement["channel"].unique()}
    order = [*(code for code in labels if code in seen), *sorted(seen - set(labels))]
    return tuple(
        _channel(
            rows, planned.filter(pl.col("channel") == code), code, labels.get(code, code), span
        )
        for code in order
    )


def _channel(
    rows: Rows, planned: pl.DataFrame, code: str, label: str, span: Span
) -> ChannelFigures:
    live = planned.filter(
        pl.col("published_at").is_not_null() & (pl.col("published_at") < span.end)
    )
    rejected = int((planned["state"] == "rejected").sum())
    # A channel may tell its time in whole seconds, or by a clock of its own.
    waited = pl.Series(
        whole_seconds(live["published_at"]) - whole_seconds(live["planned_at"]), dtype=pl.Int64
    ).clip(lower_bound=0)
    return ChannelFigures(
        channel=code,
        label=label,
        planned=len(planned),
        published=len(live),
        rejected=rejected,
        waiting=len(planned) - len(live) - rejected,
        was_unknown=int(planned["was_unknown"].sum()),
        to_publish=spread_of(waited),
        engagement=tuple(_engaged(rows, code)),
        missing_metrics=tuple(
            rows.missing_metrics.filter(
                (pl.col("channel") == code) & (pl.col("metric") != WHOLE_POST)
            )["metric"].sort()
        ),
    )


def _engaged(rows: Rows, code: str) -> Iterator[Engaged]:
    found = rows.engagement.filter(pl.col("channel") == code).sort("age_days", "metric")
    for row in found.drop("channel").iter_rows(named=True):
        yield Engaged(**row)


def reminders_of(rows: Rows) -> Reminders:
    """Notifications by kind; `failed` are all that surely or perhaps did not arrive."""
    kinds = rows.reminders.group_by("kind").agg(pl.col("count").sum()).sort("kind")
    failed = rows.reminders.filter(~pl.col("outcome").is_in(list(_SENT)))
    escalated = rows.reminders.filter(pl.col("kind") == _ESCALATED)
    return Reminders(
        by_kind=tuple((str(kind), int(count)) for kind, count in kinds.iter_rows()),
        failed=int(failed["count"].sum()),
        escalated=int(escalated["count"].sum()),
    )


def documented_in(rows: Rows, rounds: pl.DataFrame) -> pl.DataFrame:
    """Publications of which the documenting step was closed in the period.

    `documenting_at` is when it was first opened: what was sent later is a correction.
    """
    closed = (
        rounds.filter(pl.col("in_period") & (pl.col("kind") == StepKind.PENDOKUMENTASIAN.value))
        .group_by("publication_id")
        .agg(documenting_at=pl.col("opened_at").min())
    )
    return rows.publications.join(closed, left_on="id", right_on="publication_id", how="inner")


def archive_figures(rows: Rows, found: pl.DataFrame) -> ArchiveFigures:
    """Bags of what was documented in the period, those that lack one, and the last check."""
    missing = found.filter(pl.col("sealed") == 0)["reference"].sort()
    return replace(
        rows.fixity or _NOTHING, sealed=int(found["sealed"].sum()), missing=tuple(missing)
    )


def notes_of(
    rows: Rows, documented: pl.DataFrame, published: pl.DataFrame
) -> tuple[MonevNote, ...]:
    """The catatan monev given in the period, in the order of publication."""
    noted = documented.filter(pl.col("monev_note") != "").join(
        published.select("reference", "published_at"), on="reference", how="left"
    )
    found = (
        noted.join(_earlier(rows, noted), on="id", how="left")
        .with_columns(published_at=pl.coalesce("published_at", "live_at"))
        .sort("published_at", "reference", nulls_last=False)
    )
    return tuple(
        MonevNote(*row)
        for row in found.select("reference", "title", "published_at", "monev_note").iter_rows()
    )


def _earlier(rows: Rows, noted: pl.DataFrame) -> pl.DataFrame:
    """When those that were published before the period went live."""
    asked = noted.filter(pl.col("published_at").is_null()).select("id", "documenting_at")
    return (
        rows.deliveries.select(
            "planned_at", pl.col("publication_id").alias("id"), live_at="published_at"
        )
        .join(asked, on="id", how="inner")
        .filter(
            pl.col("live_at").is_not_null() & (pl.col("planned_at") <= pl.col("documenting_at"))
        )
        .group_by("id")
        .agg(pl.min_horizontal("live_at", "documenting_at").max().alias("live_at"))
    )
