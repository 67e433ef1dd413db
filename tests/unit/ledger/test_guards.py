"""The triggers that refuse to rewrite the record: whoever takes one away is noticed."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.db import WRITER
from ledger.guards import RESTORED, guards, restore_guards, unguarded
from ledger.models import Base, Event
from ledger.verify import quick_problems, verify
from ledger.work import Ledger
from tests.unit.ledger.conftest import Team


def alter(ledger: Ledger, *statements: str) -> None:
    """Change the database as its owner can, past the software."""
    with ledger.engine.connect().execution_options(**{WRITER: True}) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def is_sqlite(ledger: Ledger) -> bool:
    return ledger.engine.dialect.name == "sqlite"


def dropped(ledger: Ledger, table: str, name: str) -> str:
    return f"DROP TRIGGER {name}" + ("" if is_sqlite(ledger) else f" ON {table}")


def named(ledger: Ledger) -> list[str]:
    return [one.row for one in verify(ledger)]


def installed(ledger: Ledger) -> set[str]:
    asked = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[ledger.engine.dialect.name]
    with ledger.engine.connect().execution_options(**{WRITER: False}) as connection:
        return set(connection.execute(text(asked)).scalars())


def test_the_list_is_that_of_a_new_database_and_every_table_is_on_it(ledger: Ledger) -> None:
    listed = guards(ledger.engine.dialect.name)
    assert {one.name for one in listed} == installed(ledger)
    assert {one.table for one in listed} == set(Base.metadata.tables)
    # Statement by statement, and the refusing function: what the migrations installed.
    with ledger.engine.connect().execution_options(**{WRITER: False}) as connection:
        assert list(unguarded(connection)) == []
    assert verify(ledger) == []


def test_every_guard_that_was_taken_away_is_named_with_the_mend(ledger: Ledger) -> None:
    listed = guards(ledger.engine.dialect.name)
    for one in listed:
        alter(ledger, dropped(ledger, one.table, one.name))
    found = verify(ledger)
    assert [problem.row for problem in found] == [one.name for one in listed]
    assert all("siar verify --pasang-penjaga" in problem.sentence for problem in found)
    assert {problem.row for problem in quick_problems(ledger)} == {one.name for one in listed}


def test_a_guard_that_lets_everything_through_is_named(ledger: Ledger) -> None:
    if is_sqlite(ledger):
        harmless = (
            "CREATE TRIGGER seals_no_update BEFORE UPDATE ON seals BEGIN SELECT 'semua boleh'; END"
        )
        alter(ledger, "DROP TRIGGER seals_no_update", harmless)
        assert named(ledger) == ["seals_no_update"]
        return
    alter(
        ledger,
        "CREATE OR REPLACE FUNCTION siar_refuse() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RETURN NEW; END $$",
    )
    assert named(ledger) == ["siar_refuse"]
    restore_guards(ledger)
    assert named(ledger) == []


def test_a_guard_that_is_switched_off_is_named(ledger: Ledger) -> None:
    if is_sqlite(ledger):
        return  # which can only drop a trigger
    alter(ledger, "ALTER TABLE answers DISABLE TRIGGER answers_no_delete")
    (problem,) = verify(ledger)
    assert (problem.table, problem.row) == ("answers", "answers_no_delete")
    assert "dimatikan" in problem.sentence


def test_guards_that_were_put_back_refuse_again_and_the_chain_says_so(
    ledger: Ledger, team: Team
) -> None:
    alter(
        ledger,
        dropped(ledger, "events", "events_no_delete"),
        dropped(ledger, "staff", "staff_no_delete"),
    )
    assert restore_guards(ledger) == ("events_no_delete", "staff_no_delete")
    assert restore_guards(ledger) == ()
    assert named(ledger) == []
    with pytest.raises(DBAPIError, match="append-only"):
        alter(ledger, "DELETE FROM events")
    with ledger.read() as work:
        assert work.session.query(Event).filter_by(kind=RESTORED).count() == 1
