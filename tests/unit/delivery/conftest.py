"""One rehearsal for some tests, a record of its own for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rehearsal import Rehearsal, Rehearsals
from tests.unit.delivery.office import Clock, Desk, Template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(tmp_path_factory.mktemp("catatan"))


@pytest.fixture(scope="module")
def rehearsals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsals]:
    made = Rehearsals(tmp_path_factory.mktemp)
    yield made
    made.stop()


@pytest.fixture
def gladi(rehearsals: Rehearsals) -> Iterator[Rehearsal]:
    running = rehearsals.one()
    yield running
    running.clear_faults()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def token() -> str:
    """A word that no other test's posts have."""
    return "t" + uuid.uuid4().hex[:10]


@pytest.fixture
def desk(template: Template, gladi: Rehearsal, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    ledger = template.copied_to(tmp_path, clock)
    desk = Desk(ledger, template.people, gladi, tmp_path, clock)
    yield desk
    desk.close()
