"""A record for each test, copied from one that was migrated once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.notifications import AddressBook
from ledger.db import migrate, open_engine
from ledger.verify import verify
from tasks.office import Office
from tests.support.loopback import Loopback, Reply, loopback
from tests.unit.notifications.office import Clock, made_office

ROLES = ("subbag", "humas", "ppid", "kepala")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catatan") / "siar.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def folder(migrated: Path, tmp_path: Path) -> Path:
    shutil.copy(migrated, tmp_path / "siar.db")
    return tmp_path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox() -> Iterator[Loopback]:
    """Takes a message at /umum and at /CODE of each role."""
    with loopback() as server:
        for name in ("umum", *ROLES):
            server.answer(f"POST /{name}", Reply(200))
        yield server


def address(inbox: Loopback, name: str) -> str:
    return f"json://{inbox.url.removeprefix('http://')}/{name}"


@pytest.fixture
def book(inbox: Loopback) -> AddressBook:
    return AddressBook(roles={role: (address(inbox, role),) for role in ROLES})


@pytest.fixture
def office(folder: Path, clock: Clock, book: AddressBook) -> Iterator[Office]:
    here = made_office(folder, clock, book)
    yield here
    assert verify(here.ledger) == []
    here.ledger.engine.dispose()
