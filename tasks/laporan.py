"""From the record to a monev report: the rows of the period, the office's name, the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from ledger import people
from ledger.monev_rows import Fixity, LastSeal, MonevColumns, monev_columns
from ledger.work import Work
from monev import figures
from monev.model import ArchiveFigures, Letterhead, MonevReport, Period, SealLine
from monev.rows import Rows, span_of
from sop.errors import SopError
from sop.indonesian import today
from sop.load import parse
from sop.model import Sop, StepKind
from tasks.office import Office

# A report compares weeks: what spans decades is a slip of the hand.
LONGEST_YEARS = 10
TOO_LONG = (
    f"Periode paling panjang {LONGEST_YEARS} tahun, dan paling jauh sampai akhir tahun depan. "
    "Periksa tahunnya, lalu coba lagi."
)


def is_too_long(first: date, last: date, day: date) -> bool:
    """Whether a period reaches further than a report makes sense of; `day` is today."""
    return last.year > day.year + 1 or last.year - first.year > LONGEST_YEARS


def monev_report(office: Office, period: Period) -> MonevReport:
    """All figures of a period, as the record stands now."""
    span = span_of(period, office.calendar.zone)
    with office.ledger.read() as work:
        columns = monev_columns(
            work,
            span.start,
            span.end,
            as_of=period.as_of,
            unread_channels=office.manual_channels,
        )
        letterhead = letterhead_of(office, work)
    return figures.report(
        rows_of(columns),
        office.calendar,
        sops_of(columns.sop_sources, office.sop),
        office.channel_labels,
        period,
        letterhead,
    )


def rows_of(columns: MonevColumns) -> Rows:
    """The record's columns as the figures want them."""
    return Rows(
        publications=columns.publications,
        rounds=columns.rounds,
        deliveries=columns.deliveries,
        rejections=columns.rejections,
        ended=columns.ended,
        engagement=columns.engagement,
        missing_metrics=columns.missing_metrics,
        reminders=columns.reminders,
        pictures=columns.pictures,
        pictures_with_alt=columns.pictures_with_alt,
        metrics_due=columns.metrics_due,
        metrics_read=columns.metrics_read,
        fixity=_last_check(columns.fixity),
        seal=_seal_line(columns.seal),
    )


def _last_check(fixity: Fixity | None) -> ArchiveFigures | None:
    if fixity is None:
        return None
    return ArchiveFigures(0, (), fixity.checked_at, fixity.checked, fixity.damaged)


def _seal_line(seal: LastSeal | None) -> SealLine | None:
    return None if seal is None else SealLine(seal.number, seal.day, seal.digest, seal.chains)


def sops_of(sources: Mapping[str, str], in_force: Sop) -> dict[str, Sop]:
    """The SOP revisions by digest, the one in force last; an unreadable text is left out."""
    found: dict[str, Sop] = {}
    for sha256, source in sources.items():
        try:
            found[sha256] = parse(source, name="SOP pada catatan")
        except SopError:
            continue  # told of in the report's notes on its data
    found.pop(in_force.sha256, None)
    return {**found, in_force.sha256: in_force}


def letterhead_of(office: Office, work: Work) -> Letterhead:
    """The office's letterhead with the SOP in force and who heads the office today."""
    sop = office.sop
    step = next((one for one in sop.steps if one.kind is StepKind.PERSETUJUAN), sop.steps[-1])
    title = sop.role_name(step.role)
    holders = people.holders(work, step.role, today(work.now), role_name=title)
    head = holders[0] if holders else None
    acting = f"{head.delegation} " if head and head.delegation else ""
    return replace(
        office.letterhead,
        sop_number=sop.nomor,
        sop_name=sop.nama,
        head_title=f"{acting}{title}",
        head_name=head.name if head else "",
        head_nip=head.nip if head else "",
        rehearsal=office.rehearsal,
    )


def week_before(day: date) -> tuple[date, date]:
    """Monday and Sunday of the week before this day's."""
    monday = day - timedelta(days=day.weekday() + 7)
    return monday, monday + timedelta(days=6)


def month_before(day: date) -> tuple[date, date]:
    """First and last day of the month before this day's."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last
