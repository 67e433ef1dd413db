"""The unit of work: one transaction that explains every change it makes."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update

from ledger import people, publications
from ledger.models import OFFICE_CHAIN, Event, Publication, Staff
from ledger.verify import verify
from ledger.work import Ledger, UncoveredRowError
from sop.model import Sop
from tests.unit.ledger.carrying import opened
from tests.unit.ledger.conftest import Clock, Team


def staff_row(number: int) -> Staff:
    return Staff(
        id=f"{number:032d}",
        nip=f"1900010120000{number:05d}",
        name="Nama",
        secret="x",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        revoked_at=None,
        revoked_reason="",
    )


def test_a_change_that_nobody_explains_is_refused_and_undone(ledger: Ledger) -> None:
    with pytest.raises(UncoveredRowError, match="staff:"), ledger.work() as work:
        work.session.add(staff_row(1))
    with ledger.read() as work:
        assert work.session.scalars(select(Staff)).all() == []


def test_an_event_of_another_chain_does_not_explain_a_change(ledger: Ledger) -> None:
    with pytest.raises(UncoveredRowError), ledger.work() as work:  # noqa: PT012
        work.session.add(staff_row(1))
        work.record("f" * 32, "uji", {})


def test_nothing_is_ever_deleted(ledger: Ledger, team: Team) -> None:
    with ledger.work() as work:
        work.session.delete(work.session.get_one(Staff, team.id("kepala")))
        with pytest.raises(UncoveredRowError, match="ever deleted"):
            work.session.flush()
        work.session.rollback()


def test_changing_many_rows_behind_the_chains_back_is_refused(ledger: Ledger, team: Team) -> None:
    with ledger.work() as work, pytest.raises(UncoveredRowError):
        work.session.execute(update(Staff).values(name="x"))


def test_an_error_undoes_all_of_the_work(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.work() as work:  # noqa: PT012
        people.add_staff(work, "190001012000010001", "Budi", ["humas"])
        raise ZeroDivisionError
    with ledger.read() as work:
        assert people.list_staff(work) == []
        assert work.session.scalars(select(Event)).all() == []
    assert verify(ledger) == []


def test_a_reading_unit_of_work_changes_nothing(ledger: Ledger, team: Team) -> None:
    with ledger.read() as work:
        with pytest.raises(UncoveredRowError):
            work.record(OFFICE_CHAIN, "uji", {})
        work.session.get_one(Staff, team.id("kepala")).name = "x"
        with pytest.raises(UncoveredRowError):
            work.session.flush()
        work.session.expire_all()
    with ledger.read() as work:
        assert work.session.get_one(Staff, team.id("kepala")).name == "Rahmat Hidayat"


def test_a_reader_sees_one_moment(ledger: Ledger, team: Team) -> None:
    with ledger.read() as work:
        before = work.session.execute(text("SELECT count(*) FROM events")).scalar_one()
        with ledger.work() as other:
            other.record(OFFICE_CHAIN, "uji", {})
        assert work.session.execute(text("SELECT count(*) FROM events")).scalar_one() == before


def test_work_inside_work_is_refused_at_once(ledger: Ledger) -> None:
    with (
        ledger.work(),
        pytest.raises(RuntimeError, match="inside another"),
        ledger.work(),
    ):
        pass
    with ledger.work() as work:
        work.record(OFFICE_CHAIN, "uji", {})


def test_rows_read_in_an_earlier_work_can_be_handed_on(
    ledger: Ledger, sop: Sop, clock: Clock
) -> None:
    with ledger.work() as work:
        earlier = opened(work, sop)
    with ledger.work() as work:
        publications.finish(work, earlier, reason="Selesai semua")
    with ledger.read() as work:
        now = publications.get(work, earlier.id)
        assert (now.status, now.finished_at) == ("selesai", clock.now)
    assert earlier.title == "Vaksinasi jemaah"  # readable after the work has ended
    assert verify(ledger) == []


def test_moments_come_back_in_utc_and_naive_ones_are_refused(ledger: Ledger, sop: Sop) -> None:
    wib = datetime.fromisoformat("2026-12-01T09:00:00+07:00")
    with ledger.work() as work:
        publication = opened(work, sop)
        publications.update_request(work, publication, wanted_at=wib)
    with ledger.read() as work:
        found = publications.get(work, publication.id).wanted_at
        assert found == wib
        assert found is not None
        assert found.utcoffset() == UTC.utcoffset(None)
    with pytest.raises(Exception, match="without a time zone"), ledger.work() as work:  # noqa: PT012
        naive = datetime(2026, 12, 1)  # noqa: DTZ001
        publications.update_request(work, publication, wanted_at=naive)


def test_whatever_was_typed_can_be_stored(ledger: Ledger, sop: Sop) -> None:
    typed = "nol \x00, separuh \ud800, 🚢, \u202eterbalik"
    with ledger.work() as work:
        publication = opened(work, sop)
        publications.update_request(work, publication, title=typed, facts={"apa": typed})
    with ledger.read() as work:
        row = work.session.get_one(Publication, publication.id)
        assert row.title == "nol ␀, separuh ?, 🚢, \u202eterbalik"
        assert row.facts == {"apa": typed.replace("\ud800", "?")}
    assert verify(ledger) == []


def test_a_forked_process_opens_connections_of_its_own(ledger: Ledger, team: Team) -> None:
    with ledger.read() as work:
        people.list_staff(work)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with ledger.work() as work:
                work.record(OFFICE_CHAIN, "dari-anak", {})
            os.write(writing, b"ok")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b"ok"
    with ledger.work() as work:
        work.record(OFFICE_CHAIN, "dari-induk", {})
    assert verify(ledger) == []


def test_identifiers_come_from_the_randomness_that_was_given(ledger: Ledger) -> None:
    fixed = Ledger(
        ledger.engine,
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        vault=ledger.vault,
        random_bytes=lambda size: b"\xff" * size,
    )
    with fixed.read() as work:
        assert work.new_id() == "ffffffffffff4fffbfffffffffffffff"
        assert work.now == datetime(2026, 1, 1, tzinfo=UTC)
