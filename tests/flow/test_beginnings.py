"""A request whose process dies before the ledger knows of it is not lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.states import Crashed

from ledger import publications
from tests.support.intruder import Intruder
from tests.support.kantor import TestOffice
from tests.support.waiting import soon

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def here(here_in_haste: TestOffice) -> TestOffice:
    return here_in_haste


def test_a_request_that_died_before_it_was_recorded_is_begun_again(here: TestOffice) -> None:
    api = Intruder(here.stack.api_url)
    # For tomorrow: no worker takes it up meanwhile.
    run_id = api.start({"judul": "Mati sebelum tercatat"}, at=tomorrow())
    with SyncPrefectClient(here.stack.api_url) as client:
        client.set_flow_run_state(run_id, Crashed(message="killed"), force=True)
    soon(lambda: _swept(here, api, str(run_id)), "the publication")
    api.close()
    assert here.form(run_id).options("petugas")


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def _swept(here: TestOffice, api: Intruder, run_id: str) -> bool:
    api.sweep()
    with here.office.ledger.read() as work:
        return publications.by_flow_run(work, run_id) is not None
