"""Locks for offices whose ledger is on PostgreSQL: good for workers on any number of machines.

Session advisory locks of the ledger's own database, held on one connection. They end
with the process, with the connection, or, when the machine lost power, as soon as
the database notices that nobody is there any more (`_NOTICED_AFTER`). Who lost the
connection while at work does no harm: the turns of deliveries and the writers' turn
of the ledger are checked at every write (docs/adr/0011).

The database must be reached directly or through a pooler that keeps sessions: one that
gives a connection away after each transaction would give the locks away with it.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any, LiteralString

import psycopg
from sqlalchemy import Engine

# Seconds: idle, between probes, and how many probes; together below half a minute.
_NOTICED_AFTER = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    # A lock is held without a word for as long as a run takes.
    "idle_session_timeout": "0",
}


class DatabaseLocks:
    """Named locks in the database of `engine`, which must be PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection[Any] | None = None
        self._made_by = 0
        self._held: set[str] = set()

    @property
    def place(self) -> str:
        """The database itself: whoever can see a delivery sees these locks too."""
        return f"postgresql-{self._engine.url.database}"

    def acquire(self, name: str) -> bool:
        """Take the lock for the life of this process; False when another process holds it."""
        self._ask("SELECT true")  # forgets what was held on a connection that is gone
        if name not in self._held and self._ask("SELECT pg_try_advisory_lock(%s)", _key(name)):
            self._held.add(name)
        return name in self._held

    def release(self, name: str) -> None:
        """Give the lock back before the process ends."""
        if name in self._held:
            self._ask("SELECT pg_advisory_unlock(%s)", _key(name))
            self._held.discard(name)

    def is_free(self, name: str) -> bool:
        """Whether no process holds it now. Only looks: nobody is refused because of it."""
        key = _key(name) & 0xFFFFFFFFFFFFFFFF
        return not self._ask(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid = %s::bigint::oid AND objid = %s::bigint::oid AND objsubid = 1)",
            key >> 32,
            key & 0xFFFFFFFF,
        )

    def tidy(self) -> None:
        """Nothing is kept about a lock that nobody holds."""

    def close(self) -> None:
        """Give all locks back."""
        if self._connection is not None and self._made_by == os.getpid():
            self._connection.close()
        self._connection = None
        self._held.clear()

    def _ask(self, query: LiteralString, *values: int) -> bool:
        """A yes or no from the database; asked again on a new connection when the old one broke."""
        try:
            return _answer(self._connected(), query, values)
        except psycopg.OperationalError:
            if self._connection is None or not self._connection.closed:
                raise
        return _answer(self._connected(), query, values)

    def _connected(self) -> psycopg.Connection[Any]:
        connection = self._connection
        if connection is None or connection.closed or self._made_by != os.getpid():
            # A lost connection has lost its locks; a parent's is not ours to use.
            self._held.clear()
            connection = self._connection = _connection_of(self._engine)
            self._made_by = os.getpid()
        return connection


def _connection_of(engine: Engine) -> psycopg.Connection[Any]:
    """A connection outside of the engine's pool, each statement for itself."""
    arguments, options = engine.dialect.create_connect_args(engine.url)
    connection: psycopg.Connection[Any] = psycopg.connect(
        *arguments, **options, autocommit=True, application_name="siar-kunci"
    )
    for name, value in _NOTICED_AFTER.items():
        connection.execute(
            # Older servers lack some of them, and a socket file has no keep-alive.
            "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = %s",
            (value, name),
        )
    return connection


def _answer(
    connection: psycopg.Connection[Any], query: LiteralString, values: tuple[int, ...]
) -> bool:
    row = connection.execute(query, values).fetchone()
    return bool(row and row[0])


def _key(name: str) -> int:
    """A name as the signed 64-bit number that PostgreSQL's locks have instead of names."""
    digest = hashlib.sha256(f"siar-publikasi/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
