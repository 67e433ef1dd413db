"""Prefect's SQLite configuration with write transactions that take their turn from the start.

Prefect begins them DEFERRED: a transaction that reads first and then writes is
refused at once ("database is locked", answered as 503) whenever another one
wrote in between, however long the busy time-out. Begun IMMEDIATE, it waits for
its turn instead, and no answer to a form is refused for having company.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database import dependencies
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.settings import get_current_settings
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


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


def use_turn_taking_sqlite() -> None:
    """Have this process's Prefect server use it, when its database is SQLite."""
    address = get_current_settings().server.database.connection_url
    if address is None:
        return
    url = address.get_secret_value()
    if url.startswith("sqlite"):
        dependencies.MODELS_DEPENDENCIES["database_config"] = TurnTakingSqlite(connection_url=url)
