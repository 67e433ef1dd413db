"""Prefect's SQLite configuration with write transactions that take their turn from the start.

Prefect begins them DEFERRED: a transaction that reads first and then writes is
refused at once ("database is locked", answered as 503) whenever another one
wrote in between, however long the busy time-out. Begun IMMEDIATE, it waits for
its turn instead, and no answer to a form is refused for having company.

SQLite's driver does its work in a thread beside the server's loop. SQLAlchemy sends each
statement there in four errands (open a cursor, execute, fetch, close), and every errand
wakes both sides; here it is one. Prefect reads a run, its state, its queue and the
queue's pool by four statements; here they are one. Together they are a quarter of the
server's work.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

from prefect.server.database import dependencies, orm_models
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.settings import get_current_settings
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_ss_cursor,
)
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction
from sqlalchemy.orm import class_mapper

_roll_back_by_errand = AsyncAdapt_aiosqlite_connection.rollback
Done = tuple[Any, int | None, int, deque[Any]]


class TurnTakingSqlite(AioSqliteConfiguration):
    """Every transaction that may write waits for the writers' turn before it reads."""

    @asynccontextmanager
    async def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = False,
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


class OneErrandCursor(AsyncAdapt_aiosqlite_cursor):
    """Has a statement carried out, and its rows brought back, by one errand."""

    __slots__ = ()

    def execute(self, operation: Any, parameters: Any = None) -> None:
        thread = self._connection
        try:
            done = self.await_(thread._execute(_carry_out, thread._conn, operation, parameters))
        except Exception as error:
            self._adapt_connection._handle_exception(error)
        self.description, self.lastrowid, self.rowcount, self._rows = done


def _carry_out(connection: sqlite3.Connection, operation: str, parameters: Any) -> Done:
    with closing(connection.cursor()) as cursor:
        cursor.execute(operation, () if parameters is None else parameters)
        if cursor.description:
            return cursor.description, -1, -1, deque(cursor.fetchall())
        return None, cursor.lastrowid, cursor.rowcount, deque()


def _roll_back(connection: AsyncAdapt_aiosqlite_connection) -> None:
    # Asked for whenever a connection is given back, whether or not there is anything to undo.
    with suppress(ValueError):  # a closed one: the errand says so
        if not connection._connection._conn.in_transaction:
            return
    _roll_back_by_errand(connection)


def _cursor_of(
    connection: AsyncAdapt_aiosqlite_connection, server_side: bool = False
) -> AsyncAdapt_aiosqlite_cursor:
    if server_side:
        return AsyncAdapt_aiosqlite_ss_cursor(connection)
    return OneErrandCursor(connection)


def _read_runs_at_once() -> None:
    # Before SQLAlchemy looks at them for the first time. Not on PostgreSQL: a row that is read
    # to be changed may not be read together with others there.
    relations = {
        orm_models.FlowRun: ("_state", "work_queue"),
        orm_models.Deployment: ("work_queue",),
        orm_models.WorkQueue: ("work_pool",),
    }
    for table, names in relations.items():
        mapper = class_mapper(table, configure=False)
        for name in names:
            relation: Any = mapper.get_property(name, _configure_mappers=False)
            relation.lazy = "joined"
            relation.strategy_key = (("lazy", "joined"),)


def use_turn_taking_sqlite() -> None:
    """Have this process's Prefect server use it, when its database is SQLite."""
    address = get_current_settings().server.database.connection_url
    if address is None:
        return
    url = address.get_secret_value()
    if url.startswith("sqlite"):
        _read_runs_at_once()
        AsyncAdapt_aiosqlite_connection.rollback = _roll_back  # type: ignore
        AsyncAdapt_aiosqlite_connection.cursor = _cursor_of  # type: ignore
        dependencies.MODELS_DEPENDENCIES["database_config"] = TurnTakingSqlite(connection_url=url)
