"""The daily seal: one per WIB day, recomputed from the events alone by `verify`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ledger import publications, seals
from ledger.chain import GENESIS
from ledger.models import OFFICE_CHAIN, Base
from ledger.seals import first_fault, newest_seal, newest_seal_until, seal_today
from ledger.verify import heads, record_problems, verify
from ledger.work import Ledger
from sop.model import Sop
from tests.unit.ledger.carrying import opened
from tests.unit.ledger.conftest import Clock
from tests.unit.ledger.test_verify import database_owner


def digest_by_hand(ledger: Ledger, previous: str = GENESIS) -> str:
    """As the module's docstring tells a stranger to do it."""
    with ledger.read() as work:
        known = sorted(heads(work), key=lambda head: head.chain.encode())
    lines = "".join(f"{head.chain}\t{head.seq}\t{head.hash}\n" for head in known)
    return hashlib.sha256(f"{previous}\n{lines}".encode()).hexdigest()


def publication(ledger: Ledger, sop: Sop, run: str) -> str:
    with ledger.work() as work:
        return opened(work, sop, run).id


@pytest.fixture
def sealed(ledger: Ledger, sop: Sop, clock: Clock) -> tuple[str, ...]:
    """Three publications, each sealed on its own day; their ids."""
    made = []
    for number in range(3):
        made.append(publication(ledger, sop, f"run-{number}"))
        seal_today(ledger)
        clock.pass_time(days=1)
    assert verify(ledger) == []
    return tuple(made)


@pytest.fixture
def owner(engine: Engine, sealed: tuple[str, ...]) -> Iterator[Connection]:
    yield from database_owner(engine)


def erase(owner: Connection, publication_id: str) -> None:
    """Everything of a publication, down to its pointers."""
    for table in reversed(Base.metadata.sorted_tables):
        column = "publication_id" if "publication_id" in table.columns else None
        column = "chain" if "chain" in table.columns else column
        column = "id" if table.name == "publications" else column
        if column is not None:
            owner.execute(
                text(f"DELETE FROM {table.name} WHERE {column} = :it"), {"it": publication_id}
            )


def test_a_stranger_can_compute_a_seal_with_a_few_lines(ledger: Ledger, sop: Sop) -> None:
    publication(ledger, sop, "run-1")
    expected = digest_by_hand(ledger)
    seal = seal_today(ledger)
    assert (seal.number, seal.previous, seal.digest) == (1, GENESIS, expected)
    assert seal.chains == 2  # the publication's and the office's


def test_each_seal_goes_on_from_the_one_before(ledger: Ledger, sop: Sop, clock: Clock) -> None:
    first = seal_today(ledger)
    publication(ledger, sop, "run-1")
    clock.pass_time(days=1)
    expected = digest_by_hand(ledger, first.digest)
    second = seal_today(ledger)
    assert (second.number, second.previous, second.digest) == (2, first.digest, expected)
    assert verify(ledger) == []


def test_a_second_run_on_the_same_day_makes_no_second_seal(ledger: Ledger, clock: Clock) -> None:
    first = seal_today(ledger)
    clock.pass_time(minutes=3)
    assert seal_today(ledger).id == first.id


def test_the_day_of_a_seal_is_the_day_in_wib(ledger: Ledger, clock: Clock) -> None:
    clock.pass_time(hours=13, minutes=55)  # 23.55 WIB
    assert seal_today(ledger).day == date(2026, 11, 23)
    clock.pass_time(minutes=10)  # 00.05 WIB, the same day in UTC
    assert seal_today(ledger).day == date(2026, 11, 24)


def test_days_without_a_run_get_no_seal_of_their_own(ledger: Ledger, clock: Clock) -> None:
    seal_today(ledger)
    clock.pass_time(days=5)
    seal = seal_today(ledger)
    assert (seal.number, seal.day) == (2, date(2026, 11, 28))
    assert verify(ledger) == []


def test_a_clock_set_back_does_not_seal_an_earlier_day(ledger: Ledger, clock: Clock) -> None:
    first = seal_today(ledger)
    clock.pass_time(days=-3)
    assert seal_today(ledger).id == first.id


def test_the_newest_seal_at_a_moment_is_found(ledger: Ledger, clock: Clock) -> None:
    with ledger.read() as work:
        assert newest_seal(work) is None
    first = seal_today(ledger)
    clock.pass_time(days=1)
    second = seal_today(ledger)
    with ledger.read() as work:
        assert newest_seal(work).id == second.id  # type: ignore[union-attr]
        assert newest_seal_until(work, first.sealed_at).id == first.id  # type: ignore[union-attr]


def test_the_seal_is_told_on_the_chain_of_the_office(ledger: Ledger) -> None:
    seal = seal_today(ledger)
    with ledger.read() as work:
        told = work.session.execute(
            text("SELECT data FROM events WHERE chain = :office AND kind = :kind"),
            {"office": OFFICE_CHAIN, "kind": seals.SEALED},
        ).scalar_one()
    assert seal.digest in told


def test_a_publication_deleted_with_all_its_events_is_named_by_the_first_seal_over_it(
    sealed: tuple[str, ...], owner: Connection
) -> None:
    erase(owner, sealed[1])
    fault = first_fault(owner)
    assert fault is not None
    assert fault.vanished == (sealed[1],)
    assert "Segel nomor 2 " in fault.sentence
    assert sealed[1] in fault.sentence
    named = {(problem.table, problem.row) for problem in record_problems(owner)}
    assert ("publications", sealed[1]) in named
    assert ("seals", fault.seal_id) in named


def test_a_chain_rewritten_with_right_hashes_is_still_betrayed_by_the_seal(
    ledger: Ledger, sealed: tuple[str, ...], owner: Connection
) -> None:
    # Whoever owns the database can recompute every hash of a chain; the seal remembers.
    owner.execute(
        text("UPDATE events SET hash = :other WHERE chain = :chain AND seq = 1"),
        {"other": "e" * 64, "chain": sealed[0]},
    )
    fault = first_fault(owner)
    assert fault is not None
    assert "Segel nomor 1 " in fault.sentence
    assert "tidak cocok" in fault.sentence


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_seal_taken_away_is_noticed(
    sealed: tuple[str, ...], owner: Connection, number: int
) -> None:
    owner.execute(text("DELETE FROM seals WHERE number = :number"), {"number": number})
    assert any(problem.table == "seals" for problem in record_problems(owner))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("digest", "d" * 64),
        ("previous", "d" * 64),
        ("chains", 7),
        ("last_event_id", 99_999),
        ("number", 12),
        ("day", "2026-11-01"),
    ],
)
def test_a_changed_seal_is_the_first_wrong_one(
    sealed: tuple[str, ...], owner: Connection, column: str, value: object
) -> None:
    changed = owner.execute(text("SELECT id FROM seals WHERE number = 2")).scalar_one()
    owner.execute(text(f"UPDATE seals SET {column} = :value WHERE id = :id"),
                  {"value": value, "id": changed})  # fmt: skip
    fault = first_fault(owner)
    assert fault is not None
    if column == "number":  # then the third stands where the second should
        assert "nomor 3" in fault.sentence
    else:
        assert fault.seal_id == changed


def test_a_seal_of_which_sqlite_kept_nonsense_is_named(
    sealed: tuple[str, ...], owner: Connection
) -> None:
    nonsense = text("UPDATE seals SET last_event_id = 'banyak' WHERE number = 2")
    if owner.dialect.name != "sqlite":
        with pytest.raises(DBAPIError):  # PostgreSQL itself refuses it
            owner.execute(nonsense)
        owner.rollback()
        return
    owner.execute(nonsense)
    fault = first_fault(owner)
    assert fault is not None
    assert "tidak terbaca" in fault.sentence


def test_every_publication_of_the_record_is_counted(
    ledger: Ledger, sealed: tuple[str, ...]
) -> None:
    with ledger.read() as work:
        seal = newest_seal(work)
        assert seal is not None
        assert seal.chains == len(publications.open_publications(work)) + 1
