"""A lock has one holder at a time and ends with it, in a folder or in a database."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

import pytest

from deployments.database_locks import DatabaseLocks
from deployments.locks import FileLocks
from ledger.db import open_engine
from tests.support.postgres import PostgresServer, postgres_server  # noqa: F401
from tests.support.waiting import soon

Locks = FileLocks | DatabaseLocks
Make = Callable[[], Locks]


def in_folder(folder: str) -> Locks:
    return FileLocks(Path(folder))


def in_database(url: str) -> Locks:
    return DatabaseLocks(open_engine(url))


@pytest.fixture(params=["folder", pytest.param("database", marks=pytest.mark.postgres)])
def kind(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Callable[[str], Locks], str]]:
    """How to make locks of one place, in any process."""
    if request.param == "folder":
        yield in_folder, str(tmp_path)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create_database()
    yield in_database, server.url(name)
    server.drop_database(name)


class Holder:
    """Another process that holds a lock until it is told otherwise."""

    def __init__(self, kind: tuple[Callable[[str], Locks], str], name: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process: Any = context.Process(target=_hold, args=(*kind, name, theirs), daemon=True)
        self.process.start()
        self.has_it: bool = self._pipe.recv()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()


def _hold(make: Callable[[str], Locks], where: str, name: str, pipe: Connection) -> None:
    locks = make(where)  # as long as the process lives
    pipe.send(locks.acquire(name))
    with suppress(EOFError):  # the test is over
        pipe.recv()


def test_a_lock_is_refused_to_others_and_ends_with_a_killed_holder(
    kind: tuple[Callable[[str], Locks], str],
) -> None:
    make, where = kind
    here = make(where)
    assert here.is_free("a")
    holder = Holder(kind, "a")
    assert holder.has_it
    assert not here.is_free("a")
    assert not here.acquire("a")
    assert here.is_free("b")
    holder.kill()
    soon(lambda: here.is_free("a"), "the end of the lock", 20)
    assert here.acquire("a")
    assert not Holder(kind, "a").has_it


def test_a_holder_keeps_its_lock_when_it_asks_again_and_may_give_it_back(
    kind: tuple[Callable[[str], Locks], str],
) -> None:
    make, where = kind
    one, other = make(where), make(where)
    assert one.acquire("a")
    assert one.acquire("a")
    assert not one.is_free("a")
    assert not other.acquire("a")
    one.release("a")
    assert other.is_free("a")
    assert other.acquire("a")


def test_a_look_is_never_taken_for_a_holder(kind: tuple[Callable[[str], Locks], str]) -> None:
    make, where = kind
    looking, working = make(where), make(where)
    for number in range(50):
        assert looking.is_free(str(number))
        assert working.acquire(str(number))


def test_the_same_folder_or_database_is_the_same_place(
    kind: tuple[Callable[[str], Locks], str], tmp_path: Path
) -> None:
    make, where = kind
    assert make(where).place == make(where).place
    assert make(where).place != FileLocks(tmp_path / "lain").place


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_server")
def test_a_lost_connection_loses_its_locks_and_is_made_again(
    postgres_server: PostgresServer,  # noqa: F811
) -> None:
    import psycopg

    name = postgres_server.create_database()
    one, other = (in_database(postgres_server.url(name)) for _ in range(2))
    assert one.acquire("a")
    with psycopg.connect(postgres_server.url(name), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'siar-kunci'"
        )
    soon(lambda: _acquired(other, "a"), "the lost lock", 20)
    assert not _acquired(one, "a")
    postgres_server.drop_database(name)


def _acquired(locks: Locks, name: str) -> bool:
    import psycopg

    try:
        return locks.acquire(name)
    except psycopg.OperationalError:
        return False


def test_files_of_locks_that_nobody_uses_are_removed_and_locks_in_use_stay(tmp_path: Path) -> None:
    here, other = FileLocks(tmp_path), FileLocks(tmp_path)
    for name in ("lama", "dipakai", "baru"):
        assert here.acquire(name)
    here.release("lama")
    here.release("baru")
    yesterday = time.time() - 86_400
    for name in ("lama", "dipakai"):
        os.utime(tmp_path / name, (yesterday, yesterday))
    here.tidy()
    assert {path.name for path in tmp_path.glob("[!.]*")} == {"dipakai", "baru"}
    assert not other.acquire("dipakai")
    assert other.acquire("lama")
    assert not here.acquire("lama")


def test_a_lock_whose_file_was_removed_in_that_moment_is_taken_on_the_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = FileLocks(tmp_path), FileLocks(tmp_path)
    opened = one._open

    def removed_meanwhile(name: str) -> IO[bytes]:
        file = opened(name)
        monkeypatch.undo()
        (tmp_path / name).unlink()
        return file

    monkeypatch.setattr(one, "_open", removed_meanwhile)
    assert one.acquire("a")
    assert not other.acquire("a")
