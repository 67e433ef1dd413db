"""Several connections that see the record at one moment, each read by a thread of its own.

A report over the whole record is mostly the database's own work, during which Python
waits; with more than one connection the machine's cores share it. All of them see what
the first one sees: PostgreSQL hands its snapshot on, and on SQLite, where every change
writes an event, those that see the same newest event see the same record. One that
does not is not used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import TypeVar

from sqlalchemy import Connection, text

from ledger.db import WRITER

_Found = TypeVar("_Found")

# More than this would only wait for each other on the disk.
MOST_READERS = 3

_NEWEST_EVENT = text("SELECT max(id) FROM events")


class Readers:
    """Takes jobs, each of which has one of the connections for itself."""

    def __init__(self, connections: list[Connection], pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        for connection in connections:
            self._idle.put(connection)

    def submit(self, job: Callable[[Connection], _Found]) -> Future[_Found]:
        return self._pool.submit(self._run, job)

    def _run(self, job: Callable[[Connection], _Found]) -> _Found:
        connection = self._idle.get()
        try:
            return job(connection)
        finally:
            self._idle.put(connection)


@contextmanager
def readers_of(connection: Connection) -> Iterator[Readers]:
    """Readers of the moment that `connection` sees; it must not be used until they are done."""
    with ExitStack() as stack:
        more = min(MOST_READERS, os.cpu_count() or 1) - 1
        connections = [connection, *_others(connection, more, stack)]
        pool = stack.enter_context(ThreadPoolExecutor(len(connections), "pembaca"))
        try:
            yield Readers(connections, pool)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _others(connection: Connection, many: int, stack: ExitStack) -> Iterator[Connection]:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite and connection.engine.url.database in (None, "", ":memory:"):
        return  # another connection would be another database
    wanted = "SELECT pg_export_snapshot()"
    seen = connection.execute(_NEWEST_EVENT if sqlite else text(wanted)).scalar()
    for _ in range(many):
        other = stack.enter_context(connection.engine.connect())
        other.execution_options(**{WRITER: False})
        stack.enter_context(other.begin())
        if sqlite:
            if other.execute(_NEWEST_EVENT).scalar() == seen:
                yield other
        else:
            # The snapshot's name is the server's own: hexadecimal digits and dashes.
            other.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{seen}'")
            yield other
