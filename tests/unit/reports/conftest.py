"""The office of the notifications, where reports wait beside publications."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.office import Office
from tasks.patience import Patience
from tests.support.rehearsal import Rehearsal, start_rehearsal
from tests.unit.notifications.conftest import book, clock, folder, inbox, migrated, office
from tests.unit.notifications.office import Clock
from tests.unit.reports.office import placed
from tests.unit.reports.summary import KINDS, SummaryDesk, website

__all__ = ["book", "clock", "folder", "inbox", "migrated", "office"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    gladi = start_rehearsal(tmp_path_factory.mktemp("gladi"))
    yield gladi
    gladi.stop()


@pytest.fixture
def gladi(running: Rehearsal) -> Iterator[Rehearsal]:
    yield running
    running.clear_faults()


@pytest.fixture
def desk(office: Office, clock: Clock, gladi: Rehearsal, tmp_path: Path) -> SummaryDesk:
    here = placed(
        office,
        reports_root=tmp_path / "laporan",
        public_summary="halaman",
        summary_channels={name: website(gladi, clock, kind) for name, kind in KINDS.items()},
        website_address=gladi.base_url,
        patience=Patience(ask_after=timedelta(hours=12)),
    )
    return SummaryDesk(here, clock, gladi)
