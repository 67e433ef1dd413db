"""Public summaries of reports: approved by the head, then carried to the website (law 4).

As a delivery, but for a report: a state is changed by compare-and-set, so of two
workers one goes on; everything that happens is an event of the office's chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from ledger.deliveries import FEWEST_READINGS, LEADS_TO
from ledger.models import OFFICE_CHAIN, DeliveryState, Report, ReportPage
from ledger.work import Work

_S = DeliveryState

PLANNED = "ringkasan-disetujui"
MOVED = "ringkasan-berpindah"
TELLING = "ringkasan-pemberitahuan-diambil"
TOLD = "ringkasan-pemberitahuan-selesai"

SETTLED = frozenset({_S.PUBLISHED.value, _S.REJECTED.value})
FIELDS = frozenset(
    {
        "prepared",
        "published_at",
        "remote_id",
        "url",
        "next_try_at",
        "since",
        "tries",
        "readings",
        "asked",
        "error_sentence",
        "error_action",
        "error_detail",
    }
)
# What is left behind when trouble is over.
CALM: Mapping[str, Any] = {
    "since": None,
    "tries": 0,
    "readings": 0,
    "asked": False,
    "error_sentence": "",
    "error_action": "",
    "error_detail": "",
}
_TOLD = ("url", "remote_id", "error_sentence")


def plan(
    work: Work, report: Report, *, digest: str, staff_id: str, kind: str, slug: str
) -> ReportPage:
    """Write down that this person said "ya" to exactly these bytes; once for each report."""
    page = ReportPage(
        id=work.new_id(),
        report_id=report.id,
        digest=digest,
        approved_by=staff_id,
        planned_at=work.now,
        kind=kind,
        slug=slug,
        state=_S.PLANNED.value,
        prepared={},
        attempts=0,
        attempted_at=None,
        published_at=None,
        remote_id="",
        url="",
        next_try_at=work.now,
        told="",
        **CALM,
    )
    work.session.add(page)
    work.session.flush()
    said = {"sidik": digest, "jenis": kind, "alamat": slug}
    _record(work, page, PLANNED, said, actor=staff_id)
    return page


def of_report(work: Work, report_id: str) -> ReportPage | None:
    """The page of this report; None when nobody said "ya" to it."""
    return work.session.scalars(
        select(ReportPage).where(ReportPage.report_id == report_id)
    ).one_or_none()


def all_pages(work: Work) -> list[ReportPage]:
    """Every page, the oldest first."""
    return list(
        work.session.scalars(select(ReportPage).order_by(ReportPage.planned_at, ReportPage.id))
    )


def due(work: Work) -> list[ReportPage]:
    """Pages with which Siar is to go on now, the oldest first."""
    chosen = select(ReportPage).where(
        ReportPage.state.not_in(sorted(SETTLED)), ReportPage.next_try_at <= work.now
    )
    return list(work.session.scalars(chosen.order_by(ReportPage.planned_at, ReportPage.id)))


def move(work: Work, page: ReportPage, to_state: DeliveryState, **fields: Any) -> bool:
    """Move the page on if it still stands where it was seen; writes `FIELDS` besides.

    Going to `attempting` counts an attempt. Raises ValueError for a move that a delivery
    cannot make, and for sending again what was not read often enough.
    """
    if unknown := set(fields) - FIELDS:
        raise TypeError(f"not part of an outcome: {', '.join(sorted(unknown))}")
    from_state = DeliveryState(page.state)
    if to_state not in LEADS_TO[from_state]:
        raise ValueError(f"a page does not go from {from_state} to {to_state}")
    if from_state is _S.UNKNOWN and to_state not in {_S.UNKNOWN, _S.PUBLISHED}:
        _refuse_to_resend_unread(page, to_state)
    changed: dict[str, Any] = {**fields, "state": to_state.value}
    if to_state is _S.ATTEMPTING:
        changed |= {"attempts": page.attempts + 1, "attempted_at": work.now}
    if to_state.value in SETTLED:
        changed["next_try_at"] = None
    if to_state is _S.PUBLISHED:
        changed = {"published_at": work.now, **changed, **CALM}
    seen = {"state": from_state.value, "attempts": page.attempts}
    done = work.compare_and_set(page, seen, changed)
    if done:
        said = {name: fields[name] for name in _TOLD if fields.get(name)}
        _record(work, page, MOVED, {"dari": from_state.value, "ke": to_state.value, **said})
    return done


def _refuse_to_resend_unread(page: ReportPage, to_state: DeliveryState) -> None:
    """What may be live is sent again only when it was read for often enough."""
    if to_state is not _S.PLANNED or page.readings + 1 < FEWEST_READINGS:
        raise ValueError("the website was not read often enough to send again")


def claim_telling(work: Work, page: ReportPage, what: str) -> bool:
    """Take the telling of `what` for oneself; False when it was told already."""
    if page.told == what:
        return False
    done = work.compare_and_set(page, {"told": page.told}, {"told": what})
    if done:
        _record(work, page, TELLING, {"tentang": what})
    return done


def settle_telling(work: Work, page: ReportPage, *, outcome: str, detail: str) -> None:
    """Write how the telling went."""
    _record(work, page, TOLD, {"hasil": outcome, "keterangan": detail})


def _record(
    work: Work, page: ReportPage, kind: str, said: Mapping[str, Any], actor: str | None = None
) -> None:
    work.record(OFFICE_CHAIN, kind, {"laporan_id": page.report_id, **said}, actor=actor)
