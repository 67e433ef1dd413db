"""A monev report from the record's rows: every figure of `monev.model` (SOP step 9).

The same rows, calendar and period give the same report. Durations are working time
by the office's calendar; each round is judged by the SOP revision of its publication.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from monev.channel_figures import (
    archive_figures,
    channel_figures,
    documented_in,
    notes_of,
    reminders_of,
)
from monev.flow_figures import (
    counts_of,
    ended_of,
    lead_time_of,
    open_items_of,
    published_in,
    weeks_of,
    with_lead_times,
    xmr_of,
)
from monev.judging import judged
from monev.model import Letterhead, MonevReport, Period
from monev.quality import quality_notes
from monev.rows import Rows, Span, no_rows, span_of
from monev.step_figures import bottleneck_of, rejections_of, step_figures
from sop.calendar import OfficeCalendar
from sop.model import Sop

__all__ = ["Rows", "Span", "no_rows", "report", "span_of"]


def report(
    rows: Rows,
    calendar: OfficeCalendar,
    sop_by_hash: Mapping[str, Sop],
    labels: Mapping[str, str],
    period: Period,
    letterhead: Letterhead,
) -> MonevReport:
    """The report over one period.

    `sop_by_hash` is in the order in which the revisions came into force: the last is
    the one whose steps and standards are printed. `labels` names the channels.
    """
    with _no_garbage():
        return _report(rows, calendar, sop_by_hash, labels, period, letterhead)


def _report(
    rows: Rows,
    calendar: OfficeCalendar,
    sop_by_hash: Mapping[str, Sop],
    labels: Mapping[str, str],
    period: Period,
    letterhead: Letterhead,
) -> MonevReport:
    span = span_of(period, calendar.zone)
    rounds = judged(rows, sop_by_hash, calendar, span)
    published = with_lead_times(published_in(rows, rounds), calendar)
    documented = documented_in(rows, rounds)
    steps = step_figures(rounds, sop_by_hash)
    found = MonevReport(
        period=period,
        letterhead=letterhead,
        counts=counts_of(rows, rounds, published, span),
        steps=steps,
        bottleneck=bottleneck_of(steps),
        rejections=rejections_of(rows),
        lead_time=lead_time_of(published),
        xmr=xmr_of(published),
        open_items=open_items_of(rows, rounds, sop_by_hash),
        weeks=weeks_of(rows, published, period, span, calendar.zone),
        channels=channel_figures(rows, labels, span),
        reminders=reminders_of(rows),
        pictures=rows.pictures,
        pictures_with_alt=rows.pictures_with_alt,
        archive=archive_figures(rows, documented),
        seal=rows.seal,
        notes=notes_of(rows, documented, published),
        quality=(),
        ended=ended_of(rows, sop_by_hash),
    )
    notes = quality_notes(found, rows, rounds, sop_by_hash, calendar, span)
    return replace(found, quality=notes)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Without looking for garbage: of hundreds of thousands of new rows, all are kept."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
