"""The server's memory for tokens against forged requests."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect.server.schemas.core import CsrfToken

from deployments.prefect_csrf import KEPT_SECONDS, UNSETTLED_SECONDS, RememberedTokens


class Database:
    """Stands for Prefect's two functions: tokens by client, and how often they were read."""

    def __init__(self) -> None:
        self.tokens: dict[str, CsrfToken] = {}
        self.reads = 0
        self.now = 0.0
        self.kept = RememberedTokens(self.read, self.renew, lambda: self.now)

    async def read(self, *, session: Any, client: str) -> CsrfToken | None:
        self.reads += 1
        return self.tokens.get(client)

    async def renew(self, *, session: Any, client: str) -> CsrfToken:
        self.give(client, f"baru-{len(self.tokens)}")
        # As Prefect does: it reads what it has written.
        found = await self.kept.read_token_for_client(session=session, client=client)
        assert found is not None
        return found

    def give(self, client: str, token: str) -> None:
        ends = datetime.now(UTC) + timedelta(hours=1)
        self.tokens[client] = CsrfToken(client=client, token=token, expiration=ends)

    def asked(self, client: str) -> str | None:
        found = asyncio.run(self.kept.read_token_for_client(session=None, client=client))
        return found and found.token

    def renewed(self, client: str) -> str:
        made = asyncio.run(self.kept.create_or_update_csrf_token(session=None, client=client))
        return made.token


@pytest.fixture
def database() -> Database:
    return Database()


def test_a_token_is_read_once_a_minute(database: Database) -> None:
    database.give("a", "satu")
    assert [database.asked("a") for _ in range(5)] == ["satu"] * 5
    assert database.reads == 1
    database.now = KEPT_SECONDS + 0.1
    database.tokens.clear()
    assert database.asked("a") is None


def test_a_new_token_ends_the_old_one_at_once(database: Database) -> None:
    database.give("a", "lama")
    assert database.asked("a") == "lama"
    made = database.renewed("a")
    assert made != "lama"
    assert database.asked("a") == made
    database.now += UNSETTLED_SECONDS
    database.reads = 0
    assert [database.asked("a") for _ in range(5)] == [made] * 5
    assert database.reads == 1


def test_a_reading_that_saw_the_old_token_is_not_kept(database: Database) -> None:
    database.give("a", "lama")
    seen, renewed = asyncio.Event(), asyncio.Event()

    async def slowly(*, session: Any, client: str) -> CsrfToken:
        found = database.tokens[client]
        seen.set()
        await renewed.wait()
        return found

    async def both() -> None:
        kept = RememberedTokens(slowly, database.renew, lambda: database.now)
        database.kept = kept
        reading = asyncio.create_task(kept.read_token_for_client(session=None, client="a"))
        await seen.wait()
        renewed.set()
        made = await kept.create_or_update_csrf_token(session=None, client="a")
        await reading
        after = await kept.read_token_for_client(session=None, client="a")
        assert after is not None
        assert after.token == made.token != "lama"

    asyncio.run(both())


def test_whoever_has_no_token_has_none_the_next_time_either(database: Database) -> None:
    assert database.asked("a") is None
    database.give("a", "ada")
    assert database.asked("a") == "ada"
    assert database.asked("b") is None


def test_a_flood_of_names_fills_no_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.prefect_csrf.MOST_KEPT", 3)
    for number in range(20):
        database.give(str(number), "x")
        assert database.asked(str(number)) == "x"
    assert len(database.kept._kept) <= 3
