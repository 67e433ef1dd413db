"""The same rules on both databases: triggers, migrations, one writer at a time."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import DBAPIError

from ledger import db, report_pages, reports
from ledger.db import (
    WRITER,
    DatabaseUnavailableError,
    current_revision,
    migrate,
    newest_revision,
    open_engine,
    reachable,
)
from ledger.models import (
    CHAIN_TABLES,
    OFFICE_CHAIN,
    Base,
    Delivery,
    Engagement,
    Reminder,
    Report,
    Seal,
    Staff,
)
from ledger.vault import Vault
from ledger.work import Ledger, LedgerBusyError
from sop.model import Sop
from tests.unit.ledger.carrying import carried_to_approval, published
from tests.unit.ledger.conftest import Clock, Team

TABLES = [table.name for table in Base.metadata.sorted_tables]
WRITTEN_ONCE = [
    "events",
    "sop_texts",
    "used_codes",
    "code_tries",
    "answers",
    "revisions",
    "media",
    "seals",
    "engagements",
]


@pytest.fixture
def filled(ledger: Ledger, team: Team, sop: Sop) -> None:
    published(ledger, carried_to_approval(ledger, team, sop))
    with ledger.work() as work:
        delivery = work.session.scalars(select(Delivery)).first()
        assert delivery is not None
        post = {"publication_id": delivery.publication_id, "delivery_id": delivery.id}
        work.session.add_all(
            [
                Seal(
                    id=work.new_id(),
                    number=1,
                    day=date(2026, 11, 23),
                    sealed_at=work.now,
                    last_event_id=1,
                    chains=1,
                    digest="a" * 64,
                    previous="0" * 64,
                ),
                Engagement(
                    id=work.new_id(),
                    **post,
                    channel=delivery.channel,
                    age_days=1,
                    read_at=work.now,
                    metrics={"suka": 3},
                    missing={},
                ),
                Reminder(
                    id=work.new_id(),
                    publication_id=delivery.publication_id,
                    key="coba",
                    kind="tayang",
                    step_no=None,
                    round_id=None,
                    role="",
                    due_at=work.now,
                    claimed_at=work.now,
                    settled_at=None,
                    outcome="",
                    detail="",
                ),
                Report(
                    id=work.new_id(),
                    kind="mingguan",
                    first_day=date(2026, 11, 16),
                    last_day=date(2026, 11, 22),
                    as_of=work.now,
                    seal_digest="a" * 64,
                    model_sha256="b" * 64,
                    folder="laporan",
                    files={},
                    flow_run_id=None,
                    form_key=None,
                    form_attempt=0,
                    notice="",
                    read_by=None,
                    read_at=None,
                    note="",
                ),
            ]
        )
        work.record(delivery.publication_id, "coba", {})
        work.record(OFFICE_CHAIN, "coba", {})
        (report,) = reports.all_reports(work)
        reader = work.session.scalars(select(Staff.id)).first()
        assert reader is not None
        report_pages.plan(
            work, report, digest="c" * 64, staff_id=reader, kind="halaman", slug="laporan"
        )


def refused(engine: Engine, statement: str) -> bool:
    with engine.connect() as connection, connection.begin() as transaction:
        try:
            connection.execute(text(statement))
        except DBAPIError as error:
            return "append-only" in str(error)
        finally:
            transaction.rollback()
    return False


@pytest.mark.usefixtures("filled")
def test_the_database_itself_refuses_to_rewrite_what_is_written_once(engine: Engine) -> None:
    for table in WRITTEN_ONCE:
        column = inspect(engine).get_columns(table)[1]["name"]
        assert refused(engine, f"UPDATE {table} SET {column} = {column}"), table


@pytest.mark.usefixtures("filled")
def test_the_database_itself_refuses_to_delete_any_row(engine: Engine) -> None:
    with engine.connect() as connection:
        counts = {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in TABLES
        }
    for table in TABLES:
        if table != "delegations":  # SQLite's triggers speak up for rows only
            assert counts[table] > 0, table
            assert refused(engine, f"DELETE FROM {table}"), table


@pytest.mark.usefixtures("filled")
def test_events_cannot_be_truncated_or_replaced(engine: Engine) -> None:
    if engine.dialect.name == "postgresql":
        assert refused(engine, "TRUNCATE events")
        assert refused(engine, "TRUNCATE publications CASCADE")
        return
    statement = "INSERT OR REPLACE INTO events SELECT * FROM events WHERE id = 1"
    assert refused(engine, statement)
    with engine.connect() as connection, connection.begin():
        connection.execute(text("PRAGMA recursive_triggers = OFF"))
    assert refused(engine, statement)


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    engine = open_engine(empty_url)
    assert current_revision(engine) is None
    migrate(engine)
    migrate(engine)
    assert current_revision(engine) == newest_revision()
    engine.dispose()


def test_the_migrations_make_exactly_the_models_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def migrate_at(url: str) -> str | None:
    engine = open_engine(url)
    migrate(engine)
    return current_revision(engine)


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(migrate_at, [empty_url] * 2, chunksize=1) == [newest_revision()] * 2


def test_several_threads_may_migrate_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(migrate_at, [empty_url] * 6)) == [newest_revision()] * 6


def test_a_database_of_a_newer_version_is_refused_with_what_to_do(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailableError, match="Pasang versi Siar terbaru"):
        migrate(engine)


def test_an_unknown_kind_of_database_is_refused_with_the_setting_named() -> None:
    with pytest.raises(DatabaseUnavailableError, match="SIAR_LEDGER_URL"):
        open_engine("mysql://server/siar")


def test_a_server_that_is_not_there_is_reported_without_its_password() -> None:
    engine = open_engine("postgresql://siar:rahasia@127.0.0.1:1/siar")
    assert not reachable(engine)
    with pytest.raises(DatabaseUnavailableError) as caught:
        migrate(engine)
    assert "rahasia" not in str(caught.value)


def test_readers_go_on_while_somebody_writes(ledger: Ledger, engine: Engine, team: Team) -> None:
    with ledger.work() as work:
        work.record("kantor", "uji", {})
        work.session.flush()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(count_staff, ledger).result(timeout=10) == len(team.people)


def count_staff(ledger: Ledger) -> int:
    with ledger.read() as work:
        return work.session.execute(text("SELECT count(*) FROM staff")).scalar_one()


def test_who_waits_in_vain_for_the_writers_turn_is_told_what_to_do(
    ledger: Ledger, clock: Clock, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "WAIT_SECONDS", 0.2)
    impatient = Ledger(open_engine(str(ledger.engine.url)), clock=clock, vault=vault)
    with ledger.work() as work:
        work.record("kantor", "uji", {})
        with pytest.raises(LedgerBusyError, match="siar doctor"), impatient.work():
            pass
    with impatient.work() as work:
        work.record("kantor", "uji", {})
    impatient.engine.dispose()


def test_writers_take_turns_and_lose_nothing(ledger: Ledger) -> None:
    def note(number: int) -> None:
        with ledger.work() as work:
            work.record("kantor", "uji", {"nomor": number})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(40)))
    with ledger.engine.connect().execution_options(**{WRITER: False}) as connection:
        seqs = connection.execute(text("SELECT seq FROM events ORDER BY seq")).scalars().all()
    assert list(seqs) == list(range(1, 41))


def test_every_table_but_the_chains_has_one_primary_key_column() -> None:
    for table in Base.metadata.sorted_tables:
        assert len(table.primary_key.columns) == 1, table.name
    assert set(TABLES) >= CHAIN_TABLES
