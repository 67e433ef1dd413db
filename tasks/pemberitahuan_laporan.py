"""Telling the head that a monev report waits (once when it does, then once a week), and what
became of its summary for the public.

Each notice is claimed on the report's own row before it is sent, so it goes out once,
whoever dies in between; an office whose machine was off is told once, not for each week.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from prefect import task

from connectors.notifications import Address, Message
from ledger import people, reminders, report_pages, reports
from ledger.models import DeliveryState, Report, ReportPage
from ledger.reminders import ReminderOutcome
from monev.render.wording import period_title
from sop.indonesian import moment, today
from sop.model import StepKind
from tasks.office import Office, office
from tasks.pembacaan import period_of, reader_of
from tasks.pengingat import Reminded, outcome_of

EVERY = timedelta(days=7)
SHOWN, NEEDS_PERSON, GIVEN_UP = "tayang", "perlu-orang", "berhenti"
_SUMMARY_TITLES = {
    SHOWN: "Ringkasan laporan monev tayang di website",
    NEEDS_PERSON: "Ringkasan laporan monev belum dapat tayang di website",
    GIVEN_UP: "Ringkasan laporan monev tidak jadi tayang di website",
}
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
    sending: list[tuple[str, Callable[[], ReminderOutcome | None]]] = [
        (page.report_id, partial(_told_of_summary, here, page)) for page in _newsworthy(here)
    ]
    sending += [(one.report_id, partial(_told, here, one)) for one in due_notices(here)]
    outcomes: Counter[ReminderOutcome] = Counter()
    for report_id, tell in sending:
        try:
            outcome = tell()
        except Exception:
            # One report's trouble stops neither the others nor the reminders.
            logging.getLogger(__name__).exception("notice of report %s", report_id)
            continue
        if outcome is not None:
            outcomes[outcome] += 1
    return outcomes


def _newsworthy(here: Office) -> list[ReportPage]:
    """The summaries for the public of which there is something to tell; each news once."""
    if not here.notifier.is_configured:
        return []
    with here.ledger.read() as work:
        since = reminders.switched_on_since(work)
        found = [] if since is None else report_pages.all_pages(work)
        work.session.expunge_all()
    return [
        page
        for page in found
        if since is not None and page.planned_at >= since and _news(page) not in {"", page.told}
    ]


def _news(page: ReportPage) -> str:
    """What is to be told of it now; empty while it goes its usual way."""
    if page.state == DeliveryState.PUBLISHED:
        return SHOWN
    if page.state == DeliveryState.REJECTED:
        return GIVEN_UP
    return NEEDS_PERSON if page.asked else ""


def _told_of_summary(here: Office, page: ReportPage) -> ReminderOutcome | None:
    what = _news(page)
    with here.ledger.read() as work:
        report = reports.get(work, page.report_id)
    addresses = _addresses(here, _concerned(here, what))
    message = summary_message(here, report, page, what)
    with here.ledger.work() as work:
        if not report_pages.claim_telling(work, work.own(page), what):
            return None
    outcome, detail = outcome_of(here.notifier.send(addresses, message))
    with here.ledger.work() as work:
        report_pages.settle_telling(work, work.own(page), outcome=outcome.value, detail=detail)
    return outcome


def summary_message(here: Office, report: Report, page: ReportPage, what: str) -> Message:
    """The words: where it is live, or what keeps it and what to do."""
    lines = [f"{period_title(period_of(report))}."]
    if what == SHOWN:
        lines.append(f"Buka: {page.url}")
    else:
        lines.append(f"{page.error_sentence} {page.error_action}".strip())
    return _message(here, _SUMMARY_TITLES[what], lines)


def _concerned(here: Office, what: str) -> set[str]:
    """The role that looks after channels; of a live summary the reader's as well."""
    officers = next((step.role for step in here.sop.steps if step.kind is StepKind.UNGGAH), "")
    return {officers, reader_of(here.sop).role} if what == SHOWN else {officers}


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
    addresses = _addresses(here, {reader_of(here.sop).role})
    message = message_for(here, report, notice.number)
    with here.ledger.work() as work:
        if not reports.claim_notice(work, reports.get(work, report.id), number=notice.number):
            return None
    outcome, detail = outcome_of(here.notifier.send(addresses, message))
    with here.ledger.work() as work:
        reports.settle_notice(
            work, reports.get(work, report.id), outcome=outcome.value, detail=detail
        )
    return outcome


def _addresses(here: Office, roles: Collection[str]) -> tuple[Address, ...]:
    with here.ledger.read() as work:
        day = today(work.now)
        holders = [one for role in sorted(roles) for one in people.holders(work, role, day)]
    nips = dict.fromkeys(one.nip for one in holders)
    return here.notifier.book.of(tuple(sorted(roles)), nips, with_everyone=True)


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
    return _message(here, told, lines)


def _message(here: Office, title: str, lines: list[str]) -> Message:
    return Message(f"{'[GLADI] ' if here.rehearsal else ''}{title}", "\n".join(lines))
