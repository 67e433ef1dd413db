"""What the head said ya to is written once; a page goes only ways that publish nothing twice."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger import report_pages, reports
from ledger.models import DeliveryState, ReportPage
from ledger.verify import verify
from ledger.work import Ledger, RecordAlteredError
from tests.unit.ledger.conftest import Clock, Team

S = DeliveryState


@pytest.fixture
def page(ledger: Ledger, team: Team) -> ReportPage:
    with ledger.work() as work:
        report = reports.keep(
            work,
            kind="bulanan",
            first_day=date(2026, 10, 1),
            last_day=date(2026, 10, 31),
            as_of=work.now,
            seal_digest="",
            model_sha256="d" * 64,
            folder="2026/bulanan",
            files={"publik.html": "a" * 64},
            flow_run_id="run",
        )
        reader = team.id("kepala")
        return report_pages.plan(
            work, report, digest="a" * 64, staff_id=reader, kind="halaman", slug="laporan"
        )


def moved(ledger: Ledger, page: ReportPage, to_state: DeliveryState, **fields: object) -> bool:
    with ledger.work() as work:
        return report_pages.move(work, work.own(page), to_state, **fields)


def stands(ledger: Ledger, page: ReportPage) -> ReportPage:
    with ledger.read() as work:
        found = report_pages.of_report(work, page.report_id)
        assert found is not None
        return found


@pytest.mark.parametrize("column", ["digest", "approved_by", "planned_at", "kind", "slug"])
def test_what_was_approved_cannot_be_rewritten(
    ledger: Ledger, page: ReportPage, column: str
) -> None:
    with (
        pytest.raises(DBAPIError, match="append-only"),
        ledger.engine.connect() as connection,
        connection.begin(),
    ):
        connection.execute(text(f"UPDATE report_pages SET {column} = {column}"))
    assert verify(ledger) == []


def test_of_two_workers_one_attempts(ledger: Ledger, page: ReportPage) -> None:
    moved(ledger, page, S.PREPARED, prepared={"post_id": 7})
    with ledger.work() as work:
        mine = work.own(page)
        report_pages.move(work, mine, S.ATTEMPTING)
    with ledger.work() as work:
        late = work.own(page)
        late.state = S.PREPARED.value  # as the other worker saw it
        work.session.expunge(late)
        assert not report_pages.move(work, late, S.ATTEMPTING)
    assert stands(ledger, page).attempts == 1
    assert verify(ledger) == []


def test_an_unknown_outcome_is_neither_given_up_nor_resent_unread(
    ledger: Ledger, page: ReportPage
) -> None:
    moved(ledger, page, S.PREPARED)
    moved(ledger, page, S.ATTEMPTING)
    moved(ledger, page, S.UNKNOWN)
    for to_state in (S.PLANNED, S.REJECTED):
        with pytest.raises(ValueError, match="read often enough"):
            moved(ledger, page, to_state)
    moved(ledger, page, S.UNKNOWN, readings=1)
    assert moved(ledger, page, S.PLANNED)


def test_a_live_page_leaves_its_trouble_behind_and_moves_no_more(
    ledger: Ledger, page: ReportPage, clock: Clock
) -> None:
    moved(ledger, page, S.HELD, error_sentence="Website mati.", tries=3, asked=True)
    moved(ledger, page, S.PREPARED)
    moved(ledger, page, S.ATTEMPTING)
    moved(ledger, page, S.PUBLISHED, url="https://kantor.example/laporan/", remote_id="7")
    found = stands(ledger, page)
    assert (found.error_sentence, found.tries, found.asked) == ("", 0, False)
    assert found.next_try_at is None
    assert found.published_at == clock.now
    with ledger.read() as work:
        assert report_pages.due(work) == []
    with pytest.raises(ValueError, match="does not go"):
        moved(ledger, page, S.PLANNED)


def test_a_page_that_was_altered_is_not_written_over(ledger: Ledger, page: ReportPage) -> None:
    with ledger.engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE report_pages SET state = 'published'"))
    with pytest.raises(RecordAlteredError), ledger.work() as work:
        report_pages.claim_telling(work, work.own(page), "tayang")
    (problem,) = verify(ledger)
    assert (problem.table, problem.row) == ("report_pages", page.id)
