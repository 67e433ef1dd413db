"""The triggers that keep the record from being rewritten (law 6): are all there, as installed?

Whoever owns the database can take them away, and nothing would stop until somebody
alters a row. The list here is that of the migrations; a test compares the two on
SQLite and on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ledger.models import OFFICE_CHAIN
from ledger.work import Ledger

RESTORED = "penjaga-dipasang"

WRITTEN_ONCE = (
    "events",
    "sop_texts",
    "used_codes",
    "code_tries",
    "answers",
    "revisions",
    "media",
    "seals",
    "engagements",
)
CHANGEABLE = (
    "chain_heads",
    "row_heads",
    "staff",
    "staff_roles",
    "delegations",
    "publications",
    "rounds",
    "forms",
    "freezes",
    "decisions",
    "deliveries",
    "delivery_waits",
    "reports",
    "report_pages",
    "reminders",
)
_REPORT_AS_LAID_BEFORE = (
    "kind, first_day, last_day, as_of, seal_digest, model_sha256, folder, files"
)
_PAGE_AS_APPROVED = "report_id, digest, approved_by, planned_at, kind, slug"
_REFUSING = "siar_refuse"
_REFUSAL = (
    " BEGIN RAISE EXCEPTION '%: % is refused, the record is append-only', TG_TABLE_NAME, TG_OP; "
    "END "
)


@dataclass(frozen=True, slots=True)
class Guard:
    """One trigger: the table it protects, what it forbids, and the statement that makes it."""

    name: str
    table: str
    forbids: str
    statement: str


@dataclass(frozen=True, slots=True)
class Unguarded:
    """A guard that does not stand as it was installed; `how` says in what way."""

    guard: Guard
    how: str


def guards(dialect: str) -> list[Guard]:
    """All triggers of the record for `sqlite` or `postgresql`."""
    deletes = ("DELETE",) if dialect == "sqlite" else ("DELETE", "TRUNCATE")
    found = [_guard(dialect, table, "UPDATE") for table in WRITTEN_ONCE]
    found += [_guard(dialect, one, verb) for one in WRITTEN_ONCE + CHANGEABLE for verb in deletes]
    found.append(_guard(dialect, "reports", "UPDATE", of=_REPORT_AS_LAID_BEFORE))
    found.append(_guard(dialect, "report_pages", "UPDATE", of=_PAGE_AS_APPROVED))
    if dialect == "sqlite":
        statement = (
            "CREATE TRIGGER events_no_replace BEFORE INSERT ON events "
            "WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id "
            "OR (chain = NEW.chain AND seq = NEW.seq)) BEGIN SELECT "
            "RAISE(ABORT, 'events: REPLACE is refused, the record is append-only'); END"
        )
        found.append(Guard("events_no_replace", "events", "diubah", statement))
    return found


def _guard(dialect: str, table: str, verb: str, *, of: str = "") -> Guard:
    name = f"{table}_no_rewriting" if of else f"{table}_no_{verb.lower()}"
    if dialect == "sqlite":
        refusal = f"'{table}: {verb} is refused, the record is append-only'"
        then = f"BEGIN SELECT RAISE(ABORT, {refusal}); END"
    else:
        then = f"FOR EACH STATEMENT EXECUTE FUNCTION {_REFUSING}()"
    event = f"{verb} OF {of}" if of else verb
    forbids = "diubah" if verb == "UPDATE" else "dihapus"
    return Guard(name, table, forbids, f"CREATE TRIGGER {name} BEFORE {event} ON {table} {then}")


def unguarded(connection: Connection) -> Iterator[Unguarded]:
    """Every guard that is gone, switched off or other than it was installed."""
    dialect = connection.dialect.name
    standing = _on_sqlite(connection) if dialect == "sqlite" else _on_postgresql(connection)
    for guard in guards(dialect):
        statement = standing.get((guard.table, guard.name))
        if statement is None:
            yield Unguarded(guard, "tidak ada")
        elif not statement:
            yield Unguarded(guard, "dimatikan")
        elif _one_line(statement) != guard.statement:
            yield Unguarded(guard, "isinya diganti")
    if dialect == "postgresql" and not _refuses(connection):
        everything = Guard(_REFUSING, "events", "diubah", "")
        yield Unguarded(everything, "isinya diganti")


def _on_sqlite(connection: Connection) -> dict[tuple[str, str], str]:
    found = connection.execute(
        text("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
    )
    return {(row.tbl_name, row.name): row.sql for row in found}


def _on_postgresql(connection: Connection) -> dict[tuple[str, str], str]:
    """The statements that made them; "" for one that is switched off."""
    found = connection.execute(
        text(
            "SELECT c.relname, t.tgname, t.tgenabled IN ('O', 'A') AS fires, "
            "pg_get_triggerdef(t.oid, true) AS statement "
            "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
        )
    )
    return {(row.relname, row.tgname): row.statement if row.fires else "" for row in found}


def _refuses(connection: Connection) -> bool:
    body = connection.execute(
        text(
            "SELECT prosrc FROM pg_proc "
            "WHERE proname = :name AND pronargs = 0 AND pg_function_is_visible(oid)"
        ),
        {"name": _REFUSING},
    ).scalar()
    return body is not None and _one_line(body) == _one_line(_REFUSAL)


def _one_line(statement: str) -> str:
    return " ".join(statement.split())


def restore_guards(ledger: Ledger) -> tuple[str, ...]:
    """Install again what `unguarded` names, say so on the office's chain; the names."""
    with ledger.work() as work:
        connection = work.session.connection()
        wanting = [one.guard for one in unguarded(connection)]
        if not wanting:
            return ()
        on_postgresql = connection.dialect.name == "postgresql"
        if on_postgresql:
            connection.exec_driver_sql(
                f"CREATE OR REPLACE FUNCTION {_REFUSING}() RETURNS trigger LANGUAGE plpgsql "
                f"AS $${_REFUSAL.replace('%', '%%')}$$"
            )
        for guard in wanting:
            if guard.statement:
                table = f" ON {guard.table}" if on_postgresql else ""
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {guard.name}{table}")
                connection.exec_driver_sql(guard.statement)
        names = tuple(guard.name for guard in wanting)
        work.record(OFFICE_CHAIN, RESTORED, {"penjaga": list(names)})
    return names


__all__ = ["RESTORED", "Guard", "Unguarded", "guards", "restore_guards", "unguarded"]
