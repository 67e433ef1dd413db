"""What Siar changes in the Prefect server's way to SQLite: less asked, the same answered."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from deployments.prefect_sqlite import _cursor_of, _roll_back

HOW_A_RUN_IS_READ = """
from prefect.server.database.orm_models import FlowRun
from sqlalchemy import select
from deployments.prefect_sqlite import use_turn_taking_sqlite
use_turn_taking_sqlite()
print(select(FlowRun).where(FlowRun.name == "x"))
"""


@pytest.fixture
def errands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Siar's way in force; fills with what SQLite's thread is sent to do."""
    import aiosqlite.core

    sent: list[str] = []
    send = aiosqlite.core.Connection._execute

    async def noted(self: Any, errand: Callable[..., Any], *given: Any, **named: Any) -> Any:
        sent.append(errand.__name__)
        return await send(self, errand, *given, **named)

    monkeypatch.setattr(aiosqlite.core.Connection, "_execute", noted)
    monkeypatch.setattr(AsyncAdapt_aiosqlite_connection, "cursor", _cursor_of)
    monkeypatch.setattr(AsyncAdapt_aiosqlite_connection, "rollback", _roll_back)
    return sent


def connected(path: Path, work: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    async def run() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{path / 'x.db'}")
        try:
            async with engine.connect() as connection:
                await connection.execute(text("CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE)"))
                await work(connection)
        finally:
            await engine.dispose()

    asyncio.run(run())


def test_a_statement_is_one_errand_and_answers_as_before(
    tmp_path: Path, errands: list[str]
) -> None:
    async def work(connection: AsyncConnection) -> None:
        insert = text("INSERT INTO t (b) VALUES (:b)")
        made = await connection.execute(insert, {"b": "satu"})
        assert (made.rowcount, made.lastrowid) == (1, 1)
        await connection.execute(insert, [{"b": "dua"}, {"b": "tiga"}])
        errands.clear()
        found = await connection.execute(text("SELECT a, b FROM t ORDER BY a"))
        assert found.keys() == ["a", "b"]
        assert found.all() == [(1, "satu"), (2, "dua"), (3, "tiga")]
        assert len(errands) == 1
        assert (await connection.execute(text("SELECT a FROM t WHERE b = 'x'"))).all() == []
        gone = await connection.execute(text("DELETE FROM t WHERE a > 1"))
        assert gone.rowcount == 2
        streamed = await connection.stream(text("SELECT b FROM t"))
        assert [row async for row in streamed] == [("satu",)]

    connected(tmp_path, work)


def test_errors_are_told_by_their_kind_and_undo_what_was_begun(
    tmp_path: Path, errands: list[str]
) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.commit()
        await connection.execute(text("INSERT INTO t (b) VALUES ('satu')"))
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO t (b) VALUES ('satu')"))
        with pytest.raises(OperationalError, match="no such table"):
            await connection.execute(text("SELECT * FROM u"))
        await connection.rollback()
        assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar() == 0

    connected(tmp_path, work)
    assert "rollback" in errands


def test_nothing_is_undone_where_nothing_was_begun(tmp_path: Path, errands: list[str]) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.commit()
        errands.clear()
        await connection.execute(text("SELECT 1"))
        await connection.rollback()
        assert "rollback" not in errands

    connected(tmp_path, work)


def test_whoever_gives_up_waiting_for_a_turn_leaves_nobody_shut_out(
    tmp_path: Path, errands: list[str]
) -> None:
    path = tmp_path / "x.db"
    writer = sqlite3.connect(path, isolation_level=None, timeout=0.1)
    writer.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")

    async def run() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 30})

        async def take_a_turn() -> None:
            async with engine.connect() as connection:
                await connection.execute(text("BEGIN IMMEDIATE"))

        writer.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(take_a_turn())
        await until(lambda: "_carry_out" in errands)
        waiting.cancel()
        await asyncio.wait([waiting], timeout=0.2)
        writer.execute("ROLLBACK")
        await asyncio.wait([waiting])
        # Its BEGIN came through after all, when nobody waited for it any more.
        await until(is_free)
        async with engine.connect() as connection:
            await connection.execute(text("INSERT INTO t VALUES (1)"))
            await connection.commit()
        await engine.dispose()

    def is_free() -> bool:
        try:
            writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        writer.execute("ROLLBACK")
        return True

    asyncio.run(run())
    writer.close()


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.01)


def test_a_closed_connection_says_so(tmp_path: Path, errands: list[str]) -> None:
    async def work(connection: AsyncConnection) -> None:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.close()
        with pytest.raises(OperationalError, match="no active connection"):
            await connection.execute(text("SELECT 1"))

    connected(tmp_path, work)
    assert errands


@pytest.mark.parametrize(
    ("address", "joins"),
    [("sqlite+aiosqlite:///x.db", 3), ("postgresql+asyncpg://u:p@127.0.0.1:1/x", 0)],
)
def test_a_run_is_read_by_one_statement_on_sqlite_only(address: str, joins: int) -> None:
    said = subprocess.run(
        [sys.executable, "-c", HOW_A_RUN_IS_READ],
        env=os.environ | {"PREFECT_SERVER_DATABASE_CONNECTION_URL": address},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.count("LEFT OUTER JOIN") == joins
