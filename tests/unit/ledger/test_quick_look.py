"""The short look that doctor takes at the record, on SQLite and on PostgreSQL."""

from __future__ import annotations

from sqlalchemy import text

from ledger.db import WRITER
from ledger.models import OFFICE_CHAIN
from ledger.verify import quick_problems
from ledger.work import Ledger
from sop.model import Sop
from tests.unit.ledger.carrying import carried_to_approval
from tests.unit.ledger.conftest import Team


def alter(ledger: Ledger, *statements: str) -> None:
    """Change the database as its owner can, past the software."""
    with ledger.engine.connect().execution_options(**{WRITER: True}) as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def unguarded(ledger: Ledger, verb: str) -> str:
    table = "" if ledger.engine.dialect.name == "sqlite" else " ON events"
    return f"DROP TRIGGER events_no_{verb}{table}"


def test_a_whole_record_has_no_problems(ledger: Ledger, team: Team, sop: Sop) -> None:
    carried_to_approval(ledger, team, sop)
    assert quick_problems(ledger) == []


def test_an_altered_person_role_or_newest_publication_is_found(
    ledger: Ledger, team: Team, sop: Sop
) -> None:
    publication_id = carried_to_approval(ledger, team, sop)
    alter(
        ledger,
        "UPDATE staff SET secret = 'lain'",
        "UPDATE publications SET title = 'Judul lain'",
    )
    found = {(one.table, one.row) for one in quick_problems(ledger)}
    assert {("staff", one.staff_id) for one in team.people.values()} <= found
    assert ("publications", publication_id) in found


def test_missing_guards_are_found(ledger: Ledger, team: Team) -> None:
    alter(ledger, unguarded(ledger, "update"), unguarded(ledger, "delete"))
    found = [one.row for one in quick_problems(ledger)]
    assert found == ["events_no_update", "events_no_delete"]


def test_an_end_of_the_office_chain_that_was_cut_off_is_found(ledger: Ledger, team: Team) -> None:
    last = "(SELECT max(id) FROM events)"
    alter(ledger, unguarded(ledger, "delete"), f"DELETE FROM events WHERE id = {last}")
    assert OFFICE_CHAIN in {one.row for one in quick_problems(ledger)}


def test_only_the_newest_publications_are_read_through(
    ledger: Ledger, team: Team, sop: Sop
) -> None:
    publication_id = carried_to_approval(ledger, team, sop)
    alter(ledger, "UPDATE publications SET title = 'Judul lain'")
    assert quick_problems(ledger, newest=0) == []
    assert [one.row for one in quick_problems(ledger, newest=1)] == [publication_id]
