"""Opening the ledger's database, SQLite or PostgreSQL, and bringing its tables up to date.

Both behave alike: one writer at a time, waiting up to 30 seconds for its turn,
and readers that see one moment. On SQLite that is BEGIN IMMEDIATE and the WAL,
on PostgreSQL an advisory lock and REPEATABLE READ. An office writes a few rows a
minute; what is gained is that no rule of the record depends on which database it is.
"""

from __future__ import annotations

import os
import weakref
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.util import LRUCache

WAIT_SECONDS = 30

# Execution option of a connection: True for writers, False for readers.
WRITER = "siar_writer"

# The key of the advisory lock that PostgreSQL writers queue for ("siar" in ASCII).
_WRITER_LOCK = 0x73696172

_COMPILED: LRUCache[Any, Any] = LRUCache(1000)
_COMPILED_FOR: dict[str, Dialect] = {}


class DatabaseUnavailableError(Exception):
    """The database cannot be opened; the sentence says where and what to do."""


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql://…`, set up as this module promises.

    The folder of a SQLite file is made when absent. Raises DatabaseUnavailableError
    for another kind of database.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(url)
    if backend == "postgresql":
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "siar"},
        )
        event.listen(engine, "begin", _begin_postgresql)
        _forget_connections_after_fork(engine)
        return engine
    raise DatabaseUnavailableError(
        f"Basis data {backend!r} tidak didukung. Pakai alamat yang diawali sqlite:/// atau "
        "postgresql:// pada pengaturan SIAR_LEDGER_URL."
    )


def _open_sqlite(url: str) -> Engine:
    name = make_url(url).database
    if name and name != ":memory:" and not name.startswith("file:"):
        folder = Path(name).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailableError(
                f"Folder basis data {folder} tidak dapat dibuat ({error.strerror}). "
                "Periksa hak akses folder itu atau pilih folder lain."
            ) from error
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})
    _share_what_is_compiled(engine)
    event.listen(engine, "connect", _prepare_sqlite_connection)
    event.listen(engine, "begin", _begin_sqlite)
    _forget_connections_after_fork(engine)
    return engine


def _share_what_is_compiled(engine: Engine) -> None:
    """Let all engines of a process know the statements that one of them has compiled.

    A run is a fork of a process that has used another ledger; compiling anew was a
    tenth of its time. The cache tells statements apart by their dialect object.
    """
    engine.dialect = _COMPILED_FOR.setdefault(engine.dialect.name, engine.dialect)
    engine.update_execution_options(compiled_cache=_COMPILED)


def _prepare_sqlite_connection(connection: Any, _record: Any) -> None:
    # None: the driver must not begin or commit by itself, `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {int(WAIT_SECONDS * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # With it, REPLACE fires the triggers that refuse DELETE.
        cursor.execute("PRAGMA recursive_triggers = ON")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when
    # another writer came between; one that starts as a writer waits for its turn.
    writer = connection.get_execution_options().get(WRITER, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITER, True):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(WAIT_SECONDS * 1000)}ms'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _forget_connections_after_fork(engine: Engine) -> None:
    # A worker may fork from a process that has used the ledger; a connection
    # must never be used from two processes.
    reference = weakref.ref(engine)

    def forget() -> None:
        inherited = reference()
        if inherited is not None:
            inherited.dispose(close=False)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)


def migration_config() -> Config:
    """Alembic's configuration without a file: the scripts are part of this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def current_revision(engine: Engine) -> str | None:
    """The migration that the database stands at; None for an empty one."""
    with engine.connect().execution_options(**{WRITER: False}) as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest_revision() -> str | None:
    """The migration that this version of the software needs; read from its files once."""
    return ScriptDirectory.from_config(migration_config()).get_current_head()


def migrate(engine: Engine) -> None:
    """Bring the tables up to date; harmless to repeat and safe from several processes at once.

    All migrations run in one transaction: either the database is at the newest
    revision afterwards, or it is as it was. Raises DatabaseUnavailableError when it
    cannot be reached or was made by a newer version of the software.
    """
    try:
        found = current_revision(engine)
    except OperationalError as error:
        cause = str(error.orig).strip().partition("\n")[0][:200]
        raise DatabaseUnavailableError(
            f"Basis data {engine.url.render_as_string(hide_password=True)} tidak dapat dibuka: "
            f"{cause}. Periksa alamat, nama pengguna, sandi, hak akses folder, dan ruang disk."
        ) from error
    if found == newest_revision():
        return
    known = {script.revision for script in _scripts()}
    if found is not None and found not in known:
        raise DatabaseUnavailableError(
            f"Basis data sudah dipakai versi Siar yang lebih baru (revisi {found}). "
            "Pasang versi Siar terbaru, lalu jalankan lagi."
        )
    # The writers' turn is taken at BEGIN, so whoever comes second finds it all done.
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_waiting_in_vain(error: OperationalError) -> bool:
    """Whether the writers' turn did not come in time, and nothing worse."""
    if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
        return True
    return "database is locked" in str(error.orig)


def _scripts() -> Any:
    return ScriptDirectory.from_config(migration_config()).walk_revisions()


def reachable(engine: Engine) -> bool:
    """Whether the database answers at all."""
    try:
        with engine.connect().execution_options(**{WRITER: False}) as connection:
            connection.execute(text("SELECT 1"))
    except OperationalError:
        return False
    return True
