"""Showing a report's approved summary on the website: once, or known to be unknown (law 4).

A pass (`show`) does what can be done now and never waits: the page is live, or the row
says when to go on, or a person is needed as well. It may die at any line. The run of the
report does the first pass and the sweeper the others; no reading waits for any of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.base import Connector, Order, Prepared, Published
from connectors.errors import ChannelError, Dibatasi, PerluOtorisasi, Sementara, TidakPasti
from ledger import report_pages
from ledger.models import DeliveryState, ReportPage
from ledger.report_pages import SETTLED
from sop.indonesian import short_moment
from tasks.gate import NotApprovedError, authorise_summary
from tasks.office import Office

_S = DeliveryState
_IN_DOUBT = frozenset({_S.ATTEMPTING.value, _S.UNKNOWN.value})
# More than any honest way through the states takes.
_MOST_STEPS = 8
# What surely is not live and was refused or unreachable for so long is given up.
GIVEN_UP_AFTER = timedelta(days=7)

NO_WEBSITE = "Website tidak ada lagi di pengaturan, jadi ringkasan laporan tidak dapat ditayangkan."
CONNECT = "Minta administrator mengisi [channels.website]; Siar mencoba lagi sendiri."
INTERRUPTED = "Penayangan ringkasan laporan terputus di tengah jalan."
UNREADABLE = "Jawaban website tidak terbaca."
LOOKS_FIRST = "Siar memeriksa website lebih dahulu sebelum mengirim lagi."
NOT_FOUND = "Belum diketahui apakah ringkasan laporan sudah tayang di website."
GOES_ON = "Siar mencoba lagi {when}."
LET_LOOK = "Minta petugas PPID memeriksa website; Siar terus membacanya."
GIVEN_UP = "Siar berhenti mencoba. Bila masih perlu, susun laporan khusus untuk hari yang sama."


@dataclass(frozen=True, slots=True)
class _Turn:
    """Leave to work on one page: its order was just authorised, and the lock is held."""

    office: Office
    connector: Connector
    order: Order
    report_id: str


def page_of(here: Office, report_id: str) -> ReportPage | None:
    """The page as it stands now; None when nobody said "ya" to it."""
    with here.ledger.read() as work:
        page = report_pages.of_report(work, report_id)
        work.session.expunge_all()
        return page


def show(here: Office, report_id: str) -> ReportPage | None:
    """One pass, if one is due and nobody else is at it; how the page stands then."""
    lock = f"ringkasan-{report_id}"
    if not here.locks.acquire(lock):
        return page_of(here, report_id)
    try:
        page = page_of(here, report_id)
        if page is not None and _is_due(here, page):
            _pass(here, page)
    finally:
        here.locks.release(lock)
    return page_of(here, report_id)


def show_due(here: Office) -> list[ReportPage]:
    """A pass for every page that is due; those that are live now."""
    with here.ledger.read() as work:
        waiting = [page.report_id for page in report_pages.due(work)]
    shown = []
    for report_id in waiting:
        try:
            page = show(here, report_id)
        except Exception:
            # One page's trouble never stops the others.
            logging.getLogger(__name__).exception("summary of report %s", report_id)
            continue
        if page is not None and page.state == _S.PUBLISHED:
            shown.append(page)
    return shown


def _is_due(here: Office, page: ReportPage) -> bool:
    due = page.next_try_at
    return page.state not in SETTLED and due is not None and due <= here.clock()


def _pass(here: Office, page: ReportPage) -> None:
    connector = here.summary_channels.get(page.kind)
    if connector is None:
        error = PerluOtorisasi(NO_WEBSITE, CONNECT, channel="website", code="tanpa-website")
        return _in_trouble(here, page, error)
    try:
        order = authorise_summary(here, page.report_id)
    except NotApprovedError as refused:
        return _in_trouble(here, page, _not_approved(refused))
    turn = _Turn(here, connector, order, page.report_id)
    for _ in range(_MOST_STEPS):
        now = page_of(here, page.report_id)
        if now is None or not _is_due(here, now):
            return None
        try:
            _step(turn, now)
        except NotApprovedError as refused:  # changed since this pass began
            return _in_trouble(here, now, _not_approved(refused))
    return None


def _not_approved(refused: NotApprovedError) -> ChannelError:
    return PerluOtorisasi(str(refused), "", channel="website", code="tanpa-persetujuan")


def _step(turn: _Turn, page: ReportPage) -> None:
    if page.state in _IN_DOUBT:
        _reconcile(turn, page)
    elif page.state == _S.PREPARED:
        _attempt(turn)
    else:
        _prepare(turn, page)


def _prepare(turn: _Turn, page: ReportPage) -> None:
    """Everything that is harmless to repeat: a draft, compared with what was approved."""
    try:
        prepared = turn.connector.prepare(turn.order, turn.office.blobs)
    except ChannelError as error:
        return _in_trouble(turn.office, page, error)
    except Exception as failure:
        return _in_trouble(turn.office, page, _unreadable(failure))
    _move(turn.office, page, _S.PREPARED, prepared=dict(prepared.data))
    return None


def _attempt(turn: _Turn) -> None:
    """The one publishing call. `attempting` is committed first; nothing retries it."""
    order = authorise_summary(turn.office, turn.report_id)
    page = _now(turn)
    if not _move(turn.office, page, _S.ATTEMPTING):
        return
    page = _now(turn)
    try:
        published = turn.connector.publish(order, Prepared(page.prepared))
    except TidakPasti as error:
        _in_doubt(turn, page, error)
    except ChannelError as error:
        # A clear no: nothing of it is live.
        _in_trouble(turn.office, page, error, may_be_live=False)
    except Exception as failure:
        _in_doubt(turn, page, _unreadable(failure))
    else:
        _live(turn, page, published)


def _reconcile(turn: _Turn, page: ReportPage) -> None:
    """Look at the website once: adopt the page, or leave it unknown, or let it be sent again."""
    if page.state == _S.ATTEMPTING:
        interrupted = TidakPasti(INTERRUPTED, LOOKS_FIRST, channel="website", code="terputus")
        return _in_doubt(turn, page, interrupted)
    prepared = Prepared(page.prepared)
    try:
        found = turn.connector.find(turn.order, prepared, since=page.planned_at)
    except ChannelError as error:
        return _in_trouble(turn.office, page, error)
    except Exception as failure:
        return _in_trouble(turn.office, page, _unreadable(failure))
    if found is not None:
        return _live(turn, page, found)
    return _not_there(turn, page)


def _not_there(turn: _Turn, page: ReportPage) -> None:
    """A clear "no such page": after enough readings, and long enough, it is sent again."""
    here, now, patience = turn.office, turn.office.clock(), turn.office.patience
    readings, since = page.readings + 1, page.since or now
    enough = readings >= patience.clear_readings
    helpless = page.attempts >= patience.most_attempts
    if enough and not helpless and now - since >= patience.resend_after:
        _move(here, page, _S.PLANNED, next_try_at=now, **report_pages.CALM)
        return
    due = patience.next_reading(page.tries + 1, now, since, to_watch=enough and helpless)
    asked = page.asked or (enough and helpless) or now - since >= patience.ask_after
    said = LET_LOOK if asked else GOES_ON.format(when=short_moment(due))
    _move(
        here,
        page,
        _S.UNKNOWN,
        readings=readings,
        tries=page.tries + 1,
        since=since,
        next_try_at=due,
        asked=asked,
        error_sentence=NOT_FOUND,
        error_action=said,
    )


def _in_doubt(turn: _Turn, page: ReportPage, error: ChannelError) -> None:
    """It may be live: only reading can tell, and that at once."""
    now = turn.office.clock()
    wait = {**report_pages.CALM, "since": now, "next_try_at": now}
    _move(turn.office, page, _S.UNKNOWN, **{**wait, **_told(error, error.action)})


def _in_trouble(
    here: Office, page: ReportPage, error: ChannelError, *, may_be_live: bool | None = None
) -> None:
    """Wait, longer each time; what only a person can mend is told to one at once."""
    now, patience = here.clock(), here.patience
    in_doubt = page.state in _IN_DOUBT if may_be_live is None else may_be_live
    tries, since = page.tries + 1, page.since or now
    passing = isinstance(error, Sementara)
    told = error.until if isinstance(error, Dibatasi) else None
    due = patience.due_after(tries, now, told) if passing else now + patience.waits[-1]
    over = not in_doubt and now - since >= GIVEN_UP_AFTER
    to_state = _S.UNKNOWN if in_doubt else _S.REJECTED if over else _S.HELD
    action = GIVEN_UP if over else f"{error.action} {GOES_ON.format(when=short_moment(due))}"
    _move(
        here,
        page,
        to_state,
        tries=tries,
        since=since,
        next_try_at=due,
        asked=page.asked or not passing or now - since >= patience.ask_after,
        **_told(error, action.strip()),
    )


def _live(turn: _Turn, page: ReportPage, published: Published) -> None:
    _move(
        turn.office,
        page,
        _S.PUBLISHED,
        remote_id=published.remote_id,
        url=published.url,
        published_at=published.published_at,
    )


def _told(error: ChannelError, action: str) -> Mapping[str, Any]:
    return {
        "error_sentence": error.sentence,
        "error_action": action,
        "error_detail": error.detail,
    }


def _unreadable(failure: Exception) -> Sementara:
    return Sementara(
        UNREADABLE,
        LOOKS_FIRST,
        channel="website",
        code="tak-terduga",
        detail=type(failure).__name__,
    )


def _move(here: Office, page: ReportPage, to_state: DeliveryState, **fields: Any) -> bool:
    with here.ledger.work() as work:
        return report_pages.move(work, work.own(page), to_state, **fields)


def _now(turn: _Turn) -> ReportPage:
    page = page_of(turn.office, turn.report_id)
    if page is None:  # a row is never deleted
        raise RuntimeError(f"ringkasan laporan {turn.report_id} tidak ada lagi")
    return page
