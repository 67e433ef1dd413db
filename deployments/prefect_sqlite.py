"""Prefect's SQLite configuration with write transactions that take their turn from the start.

Prefect begins them DEFERRED: a transaction that reads first and then writes is
refused at once ("database is locked", answered as 503) whenever another one
wrote in between, however long the busy time-out. Begun IMMEDIATE, it waits for
its turn instead, and no answer to a form is refused for having company.

SQLite's driver does its work in a thread beside the server's loop. SQLAlchemy sends each
statement there in four errands (open a cursor, execute, fetch, close), and every errand
wakes both sides; here it is one. Twenty runs at once are a tenth faster by it.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from typing import Any

from prefect.server.database import dependencies
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.settings import get_current_settings
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_ss_cursor,
)
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

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


def _cursor_of(
    connection: AsyncAdapt_aiosqlite_connection, server_side: bool = False
) -> AsyncAdapt_aiosqlite_cursor:
    if server_side:
        return AsyncAdapt_aiosqlite_ss_cursor(connection)
    return OneErrandCursor(connection)


def use_turn_taking_sqlite() -> None:
    """Have this process's Prefect server use it, when its database is SQLite."""
    address = get_current_settings().server.database.connection_url
    if address is None:
        return
    url = address.get_secret_value()
    if url.startswith("sqlite"):
        AsyncAdapt_aiosqlite_connection.cursor = _cursor_of  # type: ignore
        dependencies.MODELS_DEPENDENCIES["database_config"] = TurnTakingSqlite(connection_url=url)
