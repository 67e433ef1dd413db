"""Monev reports in the record: kept once, laid before the head, read once, never rewritten."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from ledger import publications, reports, rounds
from ledger.forms import REFUSED_BY_SERVER, RefusedResume, record_refused_resumes
from ledger.models import OFFICE_CHAIN, Event, Report
from ledger.verify import verify
from ledger.work import Ledger, RecordAlteredError, Work
from sop.model import Sop
from tests.unit.ledger.carrying import opened
from tests.unit.ledger.conftest import Clock, Team

FIRST, LAST = date(2026, 11, 16), date(2026, 11, 22)
FILES = {"laporan-monev.pdf": "a" * 64, "laporan-monev.md": "b" * 64}
FROZEN = (
    "kind",
    "first_day",
    "last_day",
    "as_of",
    "seal_digest",
    "model_sha256",
    "folder",
    "files",
)


def kept(work: Work, run: str | None = "run-1", kind: str = "mingguan") -> Report:
    return reports.keep(
        work,
        kind=kind,
        first_day=FIRST,
        last_day=LAST,
        as_of=work.now,
        seal_digest="c" * 64,
        model_sha256="d" * 64,
        folder="2026/mingguan-2026-11-16_2026-11-22",
        files=FILES,
        flow_run_id=run,
    )


@pytest.fixture
def report_id(ledger: Ledger, team: Team) -> str:
    with ledger.work() as work:
        return kept(work).id


def told(ledger: Ledger, kind: str) -> list[dict[str, Any]]:
    """What the office's chain says of this kind, in order."""
    with ledger.read() as work:
        chosen = work.session.query(Event).filter_by(chain=OFFICE_CHAIN, kind=kind)
        return [json.loads(event.data) for event in chosen.order_by(Event.seq)]


def test_a_run_that_asks_again_is_given_the_report_it_kept(ledger: Ledger, report_id: str) -> None:
    with ledger.work() as work:
        assert kept(work).id == report_id
    with ledger.read() as work:
        assert [one.id for one in reports.all_reports(work)] == [report_id]
        of_run = reports.of_run(work, "run-1")
        assert of_run is not None
        assert of_run.id == report_id
        assert reports.of_run(work, "run-2") is None
    (event,) = told(ledger, reports.KEPT)
    assert event["berkas"] == FILES
    assert (event["dari"], event["sampai"]) == ("2026-11-16", "2026-11-22")
    assert verify(ledger) == []


def test_the_reports_of_a_period_are_told_apart_by_kind_and_stand_in_order(
    ledger: Ledger, report_id: str, clock: Clock
) -> None:
    clock.pass_time(hours=1)
    with ledger.work() as work:
        special = kept(work, "run-2", "khusus").id
    clock.pass_time(hours=1)
    with ledger.work() as work:
        second = kept(work, "run-3", "khusus").id
    with ledger.read() as work:
        of_week = reports.of_period(work, "mingguan", FIRST, LAST)
        of_days = reports.of_period(work, "khusus", FIRST, LAST)
        assert [one.id for one in of_week] == [report_id]
        assert [one.id for one in of_days] == [special, second]
        assert reports.of_period(work, "khusus", FIRST, FIRST) == []


def test_each_opening_of_the_form_has_a_key_of_its_own(ledger: Ledger, report_id: str) -> None:
    with ledger.work() as work:
        first = reports.open_form(work, reports.get(work, report_id))
    with ledger.work() as work:
        second = reports.open_form(work, reports.get(work, report_id))
    assert first != second
    with ledger.read() as work:
        report = reports.get(work, report_id)
        assert (report.form_key, report.form_attempt) == (second, 2)


def test_a_refused_answer_is_kept_with_its_reasons_and_what_was_typed(
    ledger: Ledger, report_id: str
) -> None:
    with ledger.work() as work:
        reports.open_form(work, reports.get(work, report_id))
    with ledger.work() as work:
        reports.refuse(
            work,
            reports.get(work, report_id),
            named_person="Rahmat Hidayat",
            staff_id=None,
            reasons=["Kode tidak cocok.", "Pilih satu."],
            draft="Percepat langkah 3.",
        )
    with ledger.read() as work:
        report = reports.get(work, report_id)
        assert report.form_key is None
        assert report.notice == "Kode tidak cocok.\nPilih satu."
        assert report.draft == "Percepat langkah 3."
        assert reports.unread(work) == [report]
    (event,) = told(ledger, reports.REFUSED)
    assert event["petugas"] == "Rahmat Hidayat"
    assert event["alasan"] == ["Kode tidak cocok.", "Pilih satu."]
    assert verify(ledger) == []


def read(ledger: Ledger, team: Team, report_id: str) -> None:
    with ledger.work() as work:
        reports.mark_read(
            work,
            reports.get(work, report_id),
            staff_id=team.id("kepala"),
            named_person="Rahmat Hidayat",
            note="Baik.",
            said={"selesai": ["abcd1234"]},
        )


def test_a_report_is_read_once(ledger: Ledger, report_id: str, team: Team) -> None:
    read(ledger, team, report_id)
    with pytest.raises(ValueError, match="read already"):
        read(ledger, team, report_id)
    with ledger.read() as work:
        report = reports.get(work, report_id)
        assert (report.read_by, report.note) == (team.id("kepala"), "Baik.")
        assert report.read_at == work.now
        assert reports.unread(work) == []
    (event,) = told(ledger, reports.READ)
    assert event["selesai"] == ["abcd1234"]
    assert verify(ledger) == []


def test_another_run_may_carry_a_report_and_the_record_says_so_once(
    ledger: Ledger, report_id: str
) -> None:
    for _ in range(2):
        with ledger.work() as work:
            reports.bind_flow_run(work, reports.get(work, report_id), "run-9")
    with ledger.read() as work:
        assert reports.of_run(work, "run-1") is None
        assert reports.get(work, report_id).flow_run_id == "run-9"
    (event,) = told(ledger, reports.REBOUND)
    assert (event["dari"], event["menjadi"]) == ("run-1", "run-9")


def test_a_notice_is_claimed_once_and_an_older_one_not_after_it(
    ledger: Ledger, report_id: str, team: Team
) -> None:
    def claimed(number: int) -> bool:
        with ledger.work() as work:
            return reports.claim_notice(work, reports.get(work, report_id), number=number)

    assert claimed(1)
    assert not claimed(1)
    assert claimed(3)
    assert not claimed(2)
    read(ledger, team, report_id)
    assert not claimed(4)
    assert [event["ke"] for event in told(ledger, reports.NOTIFYING)] == [1, 3]


def test_what_waits_is_told_by_the_moment_its_round_was_opened(
    ledger: Ledger, team: Team, sop: Sop, clock: Clock
) -> None:
    with ledger.work() as work:
        early = opened(work, sop, "run-a")
        rounds.open_round(work, early, 9, None)
    clock.pass_time(hours=2)
    between = clock.now
    clock.pass_time(hours=2)
    with ledger.work() as work:
        late = opened(work, sop, "run-b")
        rounds.open_round(work, late, 9, None)
    with ledger.read() as work:
        found = reports.waiting_since_before(work, between)
        assert [one.publication.id for one in found] == [early.id]
        assert [one.round.step_no for one in found] == [9]
        everything = reports.waiting_since_before(work, clock.now.replace(year=2027))
        assert [one.publication.id for one in everything] == [early.id, late.id]
    with ledger.work() as work:
        publication = publications.get(work, early.id)
        current = rounds.current_round(work, publication)
        assert current is not None
        rounds.close_round(work, current, "selesai")
        publications.finish(work, publication)
    with ledger.read() as work:
        assert reports.waiting_since_before(work, between) == []


def test_resumes_that_the_server_refused_stand_on_the_offices_chain(
    ledger: Ledger, report_id: str
) -> None:
    tried = RefusedResume("run-1", "tidak cocok", "Rahmat", ("kode",), "127.0.0.1")
    of_nobody = RefusedResume("run-x", "tidak cocok", "", (), "127.0.0.1")
    with ledger.work() as work:
        record_refused_resumes(work, {tried: 2, of_nobody: 1})
    (event,) = told(ledger, REFUSED_BY_SERVER)
    assert (event["run"], event["kali"]) == ("run-1", 2)


@pytest.mark.parametrize("column", FROZEN)
def test_the_database_itself_refuses_to_rewrite_what_a_report_says(
    engine: Engine, report_id: str, column: str
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(f"UPDATE reports SET {column} = {column}"))
        transaction.rollback()


def test_the_trigger_freezes_exactly_what_a_report_says() -> None:
    changing = {
        "id",
        "flow_run_id",
        "form_key",
        "form_attempt",
        "notice",
        "draft",
        "notified",
        "notified_at",
        "read_by",
        "read_at",
        "note",
    }
    assert set(Report.__table__.columns.keys()) == changing | set(FROZEN)


def test_a_changed_report_is_named_and_not_written_over(
    ledger: Ledger, engine: Engine, report_id: str, team: Team
) -> None:
    read(ledger, team, report_id)
    with engine.connect() as connection, connection.begin():
        connection.execute(
            text("UPDATE reports SET note = 'Tidak baik.' WHERE id = :id"), {"id": report_id}
        )
    (problem,) = verify(ledger)
    assert (problem.table, problem.row) == ("reports", report_id)
    with pytest.raises(RecordAlteredError), ledger.work() as work:
        reports.bind_flow_run(work, reports.get(work, report_id), "run-2")
