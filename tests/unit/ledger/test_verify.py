"""Whatever is altered in the database, `verify` names the table and the row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError

from ledger import decisions, people, publications, report_pages, reports, revisions, rounds
from ledger.blobs import FileBlobStore
from ledger.db import WRITER
from ledger.files import RECORDED, RECORDING
from ledger.guards import guards
from ledger.models import (
    OFFICE_CHAIN,
    Base,
    Delivery,
    Engagement,
    Event,
    Reminder,
    Report,
    Round,
    Staff,
)
from ledger.seals import seal_today
from ledger.verify import Problem, head, heads, record_problems, verify
from ledger.work import Ledger, RecordAlteredError
from sop.model import Sop
from tests.unit.ledger.carrying import DIGEST, carried_to_approval, published
from tests.unit.ledger.conftest import Clock, Team

COLUMNS = [
    (table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns
]


def one_of_each(ledger: Ledger, publication_id: str) -> None:
    """A row of each table that is written after a publication is live."""
    with ledger.work() as work:
        delivery = work.session.scalars(select(Delivery)).first()
        opened = work.session.scalars(select(Round)).first()
        reader = work.session.scalars(select(Staff)).first()
        assert delivery is not None
        assert opened is not None
        assert reader is not None
        day = date(2026, 11, 22)
        work.session.add_all(
            [
                Engagement(
                    id=work.new_id(),
                    publication_id=publication_id,
                    delivery_id=delivery.id,
                    channel="x",
                    age_days=1,
                    read_at=work.now,
                    metrics={"like_count": 3},
                    missing={},
                ),
                Reminder(
                    id=work.new_id(),
                    publication_id=publication_id,
                    key="tayang:x",
                    kind="tayang",
                    step_no=7,
                    round_id=opened.id,
                    role="ppid",
                    due_at=work.now,
                    claimed_at=work.now,
                    settled_at=work.now,
                    outcome="terkirim",
                    detail="1 penerima",
                ),
                Report(
                    id=work.new_id(),
                    kind="mingguan",
                    first_day=day,
                    last_day=day,
                    as_of=work.now,
                    seal_digest="a" * 64,
                    model_sha256="b" * 64,
                    folder="laporan",
                    files={"laporan.pdf": "c" * 64},
                    flow_run_id="run-monev",
                    form_key="kunci",
                    form_attempt=1,
                    notice="Isi lagi.",
                    read_by=reader.id,
                    read_at=work.now,
                    note="Baik.",
                ),
            ]
        )
        work.record(publication_id, "dicatat", {})
        work.record(OFFICE_CHAIN, "dilaporkan", {})
        (report,) = reports.all_reports(work)
        digest = "c" * 64
        report_pages.plan(
            work, report, digest=digest, staff_id=reader.id, kind="halaman", slug="laporan"
        )
    seal_today(ledger)


@pytest.fixture
def full(ledger: Ledger, team: Team, sop: Sop, clock: Clock) -> Ledger:
    """A record with at least one row in every table."""
    publication_id = carried_to_approval(ledger, team, sop)
    published(ledger, publication_id)
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        publications.assign(
            work, publication, officer="Siti Aminah", channels=["x"], not_before=None
        )
        revisions.keep_preview(work, revisions.latest_freeze(work, publication), "artefak-1")
        day = clock.now.date()
        people.delegate(work, "kepala", team.nips["penulis"], "Plh.", day, day)
    one_of_each(ledger, publication_id)
    assert verify(ledger) == []
    return ledger


def database_owner(engine: Engine) -> Iterator[Connection]:
    """A connection that has put all triggers and foreign keys out of force."""
    with engine.connect().execution_options(**{WRITER: False}) as connection:
        if engine.dialect.name == "sqlite":
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA foreign_keys = OFF")
            names = driver.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in names.fetchall():
                driver.execute(f"DROP TRIGGER {name}")
            yield connection
            connection.commit()
            driver.execute("PRAGMA foreign_keys = ON")
        else:
            connection.rollback()
            driver = connection.connection.dbapi_connection
            driver.execute("SET session_replication_role = replica")
            driver.commit()
            connection.execution_options(**{WRITER: True})
            yield connection
            connection.commit()
            driver.execute("SET session_replication_role = origin")
            driver.commit()


@pytest.fixture
def owner(engine: Engine, full: Ledger) -> Iterator[Connection]:
    yield from database_owner(engine)


def altered_rows(ledger: Ledger) -> list[Problem]:
    """What is named, apart from the guards that the owner took away (on SQLite) to get in."""
    taken_away = {one.name for one in guards(ledger.engine.dialect.name)}
    return [problem for problem in verify(ledger) if problem.row not in taken_away]


def altered(value: Any, kind: str) -> Any:
    """Another value that the column takes."""
    if isinstance(value, bool) or kind == "BOOLEAN":
        return not value
    if isinstance(value, (int, float)) or kind in ("BIGINT", "INTEGER", "FLOAT"):
        return (value or 0) + 1000
    if value is None:
        return "x"
    return f"{value[:-1]}{'a' if value[-1:] != 'a' else 'b'}"


def alter(connection: Connection, table: str, column: str) -> tuple[str, str]:
    """Change one column of one row; returns the row's key before and after."""
    key = next(iter(Base.metadata.tables[table].primary_key.columns)).name
    # Of an optional column, a row that has it, so that its value is what changes.
    row = connection.execute(
        text(
            f"SELECT {key} AS k, {column} AS v FROM {table} "
            f"ORDER BY CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {key} LIMIT 1"
        )
    ).one()
    kind = str(Base.metadata.tables[table].columns[column].type.compile(connection.dialect))
    kind = "FLOAT" if kind.startswith(("FLOAT", "DOUBLE")) else kind
    new = altered(bool(row.v) if kind == "BOOLEAN" else row.v, kind)
    done = connection.execute(
        text(f"UPDATE {table} SET {column} = :new WHERE {key} = :key"),
        {"new": new, "key": row.k},
    )
    assert done.rowcount == 1
    return str(row.k), str(new if column == key else row.k)


def test_every_column_of_every_table_is_watched(
    full: Ledger, owner: Connection, engine: Engine
) -> None:
    # One database for all columns: making a full record a hundred times over would
    # take minutes. Each alteration is undone by rolling back to a savepoint's start.
    unnoticed = []
    for table, column in COLUMNS:
        with owner.begin_nested() as savepoint:
            before, after = alter(owner, table, column)
            found = list(record_problems(owner))
            savepoint.rollback()
        if not any(problem.table == table and problem.row in (before, after) for problem in found):
            unnoticed.append((table, column, found))
    assert unnoticed == []
    assert list(record_problems(owner)) == []


def test_a_committed_alteration_is_named_by_verify_itself(full: Ledger, owner: Connection) -> None:
    row = owner.execute(text("SELECT id FROM answers ORDER BY id LIMIT 1")).scalar_one()
    owner.execute(
        text("UPDATE answers SET fields = :fields WHERE id = :id"), {"id": row, "fields": '{"a":1}'}
    )
    owner.commit()
    (problem,) = altered_rows(full)
    assert (problem.table, problem.row) == ("answers", row)
    assert "cadangan" in problem.sentence


def test_a_row_that_vanished_is_named_whatever_its_table(full: Ledger, owner: Connection) -> None:
    unnoticed = []
    for table in (one.name for one in Base.metadata.sorted_tables):
        key = next(iter(Base.metadata.tables[table].primary_key.columns)).name
        row = owner.execute(text(f"SELECT {key} FROM {table} ORDER BY {key} LIMIT 1")).scalar_one()
        with owner.begin_nested() as savepoint:
            owner.execute(text(f"DELETE FROM {table} WHERE {key} = :row"), {"row": row})
            found = record_problems(owner)
            if not any(problem.table == table for problem in found):
                unnoticed.append((table, row))
            savepoint.rollback()
    assert unnoticed == []


def test_a_row_slipped_in_gives_nobody_a_role_and_is_named(
    full: Ledger, owner: Connection, team: Team, clock: Clock
) -> None:
    owner.execute(
        text(
            "INSERT INTO staff_roles (id, staff_id, role, valid_from, valid_to, reason, created_at)"
            " VALUES ('palsu', :staff, 'kepala', '2026-01-01', NULL, '', "
            "'2026-01-01T00:00:00.000000Z')"
        ),
        {"staff": team.id("subbag")},
    )
    owner.commit()
    with full.read() as work:
        assert not people.may_act(work, team.id("subbag"), "kepala", clock.now.date())
    found = [(problem.table, problem.row) for problem in altered_rows(full)]
    assert found == [("staff_roles", "palsu")]


def test_a_publication_that_vanished_with_its_whole_chain_is_missed(
    full: Ledger, owner: Connection
) -> None:
    publication = owner.execute(text("SELECT id FROM publications")).scalar_one()
    for table in reversed(Base.metadata.sorted_tables):
        if "publication_id" in table.columns:
            owner.execute(text(f"DELETE FROM {table.name}"))
    for table_name in ("events", "chain_heads", "row_heads"):
        owner.execute(
            text(f"DELETE FROM {table_name} WHERE chain = :chain"), {"chain": publication}
        )
    owner.execute(text("DELETE FROM publications"))
    named = {(problem.table, problem.row) for problem in record_problems(owner)}
    assert ("publications", publication) in named
    assert any(table == "events" for table, _ in named)


def test_a_chain_cut_short_with_its_rows_put_back_is_noticed(
    full: Ledger, owner: Connection
) -> None:
    last = owner.execute(
        text("SELECT id, chain FROM events WHERE chain <> 'kantor' ORDER BY id DESC LIMIT 1")
    ).one()
    owner.execute(text("DELETE FROM events WHERE id = :id"), {"id": last.id})
    named = {(problem.table, problem.row) for problem in record_problems(owner)}
    assert ("chain_heads", last.chain) in named


def test_an_altered_row_is_not_written_over(full: Ledger, owner: Connection) -> None:
    owner.execute(text("UPDATE publications SET title = 'Judul lain'"))
    owner.commit()
    with full.work() as work:
        (publication,) = publications.open_publications(work)
        publication.current_step = 9
        with pytest.raises(RecordAlteredError, match="siar verify"):
            work.seal()
        work.session.rollback()
    assert [problem.table for problem in altered_rows(full)] == ["publications"]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("revisions", "content", "{}"),
        ("media", "alt", "lain"),
        ("freezes", "posts", "{}"),
        ("decisions", "reason", "lain"),
        ("answers", "named_person", "lain"),
        ("events", "kind", "lain"),
    ],
)
def test_an_approval_whose_basis_was_altered_lets_nothing_out(
    full: Ledger, owner: Connection, table: str, column: str, value: str
) -> None:
    owner.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": value})
    owner.commit()
    with full.read() as work:
        (publication,) = publications.open_publications(work)
        assert decisions.approval(work, publication, DIGEST) is None
        assert decisions.approval_obstacles(work, publication, DIGEST)


def test_an_approval_moved_to_another_digest_lets_nothing_out(
    full: Ledger, owner: Connection
) -> None:
    other = "1" * 64
    owner.execute(text("UPDATE decisions SET digest = :digest"), {"digest": other})
    owner.execute(text("UPDATE freezes SET digest = :digest"), {"digest": other})
    owner.commit()
    with full.read() as work:
        (publication,) = publications.open_publications(work)
        assert decisions.approval(work, publication, other) is None
        assert decisions.approval(work, publication, DIGEST) is None


def test_text_that_is_no_text_is_named_and_does_not_stop_the_check(
    full: Ledger, owner: Connection
) -> None:
    if owner.dialect.name != "sqlite":
        with pytest.raises(DBAPIError):  # PostgreSQL itself refuses them
            owner.execute(text("UPDATE publications SET title = convert_from('\\xff', 'UTF8')"))
        owner.rollback()
        return
    owner.execute(text("UPDATE publications SET title = CAST(X'ff00fe' AS TEXT)"))
    owner.commit()
    assert [problem.table for problem in altered_rows(full)] == ["publications"]


def test_files_are_checked_too(full: Ledger, tmp_path: Any) -> None:
    blobs = FileBlobStore(tmp_path / "berkas")
    kept = blobs.put(b"foto")
    missing = {problem.table for problem in verify(full, blobs=blobs)}
    assert missing == {"media", "revisions"}
    path = blobs.path(kept)
    path.chmod(0o600)
    path.write_bytes(b"bukan foto")
    named = {(problem.table, problem.row) for problem in verify(full, blobs=blobs)}
    assert ("berkas", kept) in named


def test_a_lost_picture_that_only_an_approved_post_names_is_missed(
    full: Ledger, sop: Sop, team: Team, tmp_path: Any
) -> None:
    blobs = FileBlobStore(tmp_path / "berkas")
    drawn = blobs.put(b"kartu untuk Instagram")
    posts = {"instagram": {"channel": "instagram", "media": [{"sha256": drawn, "alt": "Kartu"}]}}
    with full.work() as work:
        (publication,) = publications.open_publications(work)
        revision = revisions.latest_revision(work, publication)
        assert revision is not None
        freeze = revisions.freeze(work, revision, digest="e" * 64, posts=posts)
        key = freeze.id
    assert ("freezes", key) not in named_in(full, blobs)

    blobs.path(drawn).unlink()

    assert ("freezes", key) in named_in(full, blobs)
    (said,) = [one.sentence for one in verify(full, blobs=blobs) if one.row == key]
    assert drawn in said
    assert "cadangan" in said


def test_a_lost_recording_that_only_an_event_names_is_missed(full: Ledger, tmp_path: Any) -> None:
    blobs = FileBlobStore(tmp_path / "berkas")
    reread, page = blobs.put(b'{"keadaan": "tayang"}'), blobs.put(b"WARC/1.1")
    said = {"at": "2026-11-23", "rereads": {"x": reread}, "warc": page, "missing": []}
    with full.work() as work:
        (publication,) = publications.open_publications(work)
        publications.keep_note(work, publication, RECORDED, {RECORDING: said})
    assert "events" not in {table for table, _ in named_in(full, blobs)}

    for name in (reread, page):
        blobs.path(name).unlink()

    found = [one for one in verify(full, blobs=blobs) if one.table == "events"]
    assert {name for name in (reread, page) for one in found if name in one.sentence} == {
        reread,
        page,
    }
    with full.read() as work:
        event = work.session.query(Event).filter_by(kind=RECORDED).one()
        assert {one.row for one in found} == {str(event.id)}


def test_a_recording_that_was_altered_is_named(full: Ledger, tmp_path: Any) -> None:
    blobs = FileBlobStore(tmp_path / "berkas")
    reread = blobs.put(b'{"keadaan": "tayang"}')
    said = {"at": "2026-11-23", "rereads": {"x": reread}, "warc": "", "missing": []}
    with full.work() as work:
        (publication,) = publications.open_publications(work)
        publications.keep_note(work, publication, RECORDED, {RECORDING: said})
    path = blobs.path(reread)
    path.chmod(0o600)
    path.write_bytes(b'{"keadaan": "hilang"}')

    assert ("berkas", reread) in named_in(full, blobs)


def test_a_lost_document_that_only_the_manuscript_names_is_missed(
    full: Ledger, tmp_path: Any
) -> None:
    named = {table for table, _ in named_in(full, FileBlobStore(tmp_path / "berkas"))}
    assert "revisions" in named


def named_in(ledger: Ledger, blobs: FileBlobStore) -> set[tuple[str, str]]:
    return {(one.table, one.row) for one in verify(ledger, blobs=blobs)}


def test_heads_are_given_for_every_chain(full: Ledger) -> None:
    with full.read() as work:
        (publication,) = publications.open_publications(work)
        assert [one.chain for one in heads(work)] == sorted([OFFICE_CHAIN, publication.id])
        newest = head(work, publication.id)
        assert newest in heads(work)
        assert newest.seq > 10
        assert head(work, "tidak-ada").seq == 0
        assert len(rounds.timeline(work, publication)) == 3


def test_a_new_record_is_whole(ledger: Ledger) -> None:
    assert verify(ledger) == []
