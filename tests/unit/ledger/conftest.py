"""A ledger on SQLite and on PostgreSQL, a clock that only a test moves, and a full publication."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import Engine

from ledger.db import migrate, open_engine
from ledger.people import Enrolment, add_staff
from ledger.vault import Vault
from ledger.work import Ledger
from sop.load import find
from sop.model import Sop
from tests.support.postgres import PostgresServer, postgres_server

__all__ = ["postgres_server"]

NOMOR = "OT.02.02/1/229/2022"


@dataclass
class Clock:
    """Stands still until it is told otherwise."""

    now: datetime = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # Monday 10.00 WIB

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Team:
    """Enrolled people by a short name, and the codes their phones would show."""

    clock: Clock
    people: dict[str, Enrolment] = field(default_factory=dict)
    nips: dict[str, str] = field(default_factory=dict)

    def id(self, name: str) -> str:
        return self.people[name].staff_id

    def code(self, name: str, *, steps: int = 0) -> str:
        at = self.clock.now + timedelta(seconds=30 * steps)
        return pyotp.TOTP(self.people[name].secret).at(at)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """A migrated database to copy from: copying is much faster than migrating."""
    name = postgres_server.create_database()
    engine = open_engine(postgres_server.url(name))
    migrate(engine)
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy from."""
    path = tmp_path_factory.mktemp("templat") / "catatan.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()  # the last connection writes the WAL back into the file
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database of the test's own."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "catatan.db")
        yield f"sqlite:///{tmp_path / 'catatan.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create_database(request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database that has never been migrated, of the same kind as `url`."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'baru' / 'catatan.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "kunci" / "siar.key")


@pytest.fixture
def ledger(engine: Engine, clock: Clock, vault: Vault) -> Ledger:
    return Ledger(engine, clock=clock, vault=vault)


@pytest.fixture
def team(ledger: Ledger, clock: Clock) -> Team:
    """subbag, penulis (humas), pemeriksa (ppid), kepala, and serba (humas, ppid and kepala)."""
    team = Team(clock)
    wanted = {
        "subbag": ("Sari Melati", ["subbag"]),
        "penulis": ("Budi Santoso", ["humas"]),
        "pemeriksa": ("Siti Aminah", ["ppid"]),
        "kepala": ("Rahmat Hidayat", ["kepala"]),
        "serba": ("Dewi Lestari", ["humas", "ppid", "kepala"]),
    }
    with ledger.work() as work:
        for number, (name, (full_name, roles)) in enumerate(wanted.items(), start=1):
            team.nips[name] = f"19000101200001{number:04d}"
            team.people[name] = add_staff(work, team.nips[name], full_name, roles)
    return team


@pytest.fixture(scope="session")
def sop() -> Sop:
    return find(NOMOR)
