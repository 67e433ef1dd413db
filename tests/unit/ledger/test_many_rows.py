"""Whether many rows are as recorded is found with a few queries, not a few for each."""

from __future__ import annotations

from datetime import date

from sqlalchemy import event, text

from ledger import people
from ledger.models import Staff
from ledger.work import Ledger

DAY = date(2026, 11, 23)


def enrol(ledger: Ledger, count: int) -> None:
    for number in range(count):
        with ledger.work() as work:
            people.add_staff(work, f"19000101202001{number:04d}", f"Orang {number:02d}", ["ppid"])


def test_looking_up_who_holds_a_role_costs_no_query_for_each_person(ledger: Ledger) -> None:
    enrol(ledger, 30)
    statements: list[str] = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with ledger.read() as work:
        assert len(people.holders(work, "ppid", DAY)) == 30
    assert len(statements) < 15


def test_of_many_rows_only_the_altered_one_is_left_out(ledger: Ledger) -> None:
    enrol(ledger, 5)
    with ledger.engine.begin() as connection:
        connection.execute(text("UPDATE staff SET name = 'Orang Lain' WHERE name = 'Orang 03'"))
    with ledger.read() as work:
        rows = work.session.query(Staff).all()
        sound = work.unaltered(rows)
        assert {row.name for row in rows} - {row.name for row in sound} == {"Orang Lain"}
        assert [row for row in rows if work.is_unaltered(row)] == [
            row for row in rows if row in sound
        ]
        assert "Orang Lain" not in {one.name for one in people.holders(work, "ppid", DAY)}
