"""Telling the head that a monev report waits: once when it does, then once a week.

Each notice is claimed on the report's own row before it is sent, so it goes out once,
whoever dies in between; an office whose machine was off is told once, not for each week.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from prefect import task

from connectors.notifications import Address, Message
from ledger import people, reminders, reports
from ledger.models import Report
from ledger.reminders import ReminderOutcome
from monev.render.wording import period_title
from sop.indonesian import moment, today
from tasks.office import Office, office
from tasks.pembacaan import period_of, reader_of
from tasks.pengingat import Reminded, outcome_of

EVERY = timedelta(days=7)
FIRST, AGAIN = "Laporan monev menunggu dibaca", "Laporan monev masih menunggu dibaca"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell of one report: the first, second, … notice."""

    report_id: str
    number: int


@task(name="Beritahukan laporan", task_run_name="Beritahukan laporan", persist_result=False)
def beritahukan_laporan(done: Reminded) -> Reminded:
    """Send what is due for reports; the outcomes are added to those of the reminders."""
    return replace(done, outcomes=Counter(done.outcomes) + tell_of_reports(office()))


def tell_of_reports(here: Office) -> Counter[ReminderOutcome]:
    """Send every notice that is due, and count how they went. Never raises for a notifier."""
    outcomes: Counter[ReminderOutcome] = Counter()
    for notice in due_notices(here):
        try:
            outcome = _told(here, notice)
        except Exception:
            # One report's trouble stops neither the others nor the reminders.
            logging.getLogger(__name__).exception("notice of report %s", notice.report_id)
            continue
        if outcome is not None:
            outcomes[outcome] += 1
    return outcomes


def due_notices(here: Office) -> list[Notice]:
    """The newest notice of each report whose form waits, where it did not go out yet."""
    if not here.notifier.is_configured:
        return []
    with here.ledger.read() as work:
        since = reminders.switched_on_since(work)
        if since is None:
            return []
        waiting = [one for one in reports.unread(work) if one.form_key is not None]
        found = (_newest(here, report, work.now, since) for report in waiting)
        return [one for one in found if one is not None]


def _newest(here: Office, report: Report, now: datetime, since: datetime) -> Notice | None:
    weeks = (now - report.as_of) // EVERY
    due = report.as_of + weeks * EVERY
    if weeks + 1 <= report.notified or due < since:
        return None
    # The first is told at once, the others while the office is open.
    if weeks and not here.calendar.is_working(now):
        return None
    return Notice(report.id, weeks + 1)


def _told(here: Office, notice: Notice) -> ReminderOutcome | None:
    with here.ledger.read() as work:
        report = reports.get(work, notice.report_id)
    addresses, message = _addresses(here), message_for(here, report, notice.number)
    with here.ledger.work() as work:
        if not reports.claim_notice(work, reports.get(work, report.id), number=notice.number):
            return None
    outcome, detail = outcome_of(here.notifier.send(addresses, message))
    with here.ledger.work() as work:
        reports.settle_notice(
            work, reports.get(work, report.id), outcome=outcome.value, detail=detail
        )
    return outcome


def _addresses(here: Office) -> tuple[Address, ...]:
    book, reader = here.notifier.book, reader_of(here.sop)
    with here.ledger.read() as work:
        holders = people.holders(work, reader.role, today(work.now))
    nips = dict.fromkeys(one.nip for one in holders)
    return book.of((reader.role,), nips, with_everyone=True)


def message_for(here: Office, report: Report, number: int) -> Message:
    """The words of a notice; nothing of the figures, which stand in the report."""
    reader = reader_of(here.sop)
    told = FIRST if number == 1 else AGAIN
    lines = [
        f"{period_title(period_of(report))}, disusun {moment(report.as_of)}.",
        f"Mohon dibaca oleh {reader.name}, lalu jawab formulirnya.",
    ]
    if report.flow_run_id and here.ui_address:
        lines.append(f"Buka: {here.ui_address}/runs/flow-run/{report.flow_run_id}")
    return Message(f"{'[GLADI] ' if here.rehearsal else ''}{told}", "\n".join(lines))
