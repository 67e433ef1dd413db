"""A request whose process dies before the ledger knows of it is not lost."""

from __future__ import annotations

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.states import Crashed

from deployments.stack import WORKER
from ledger import publications
from tests.support.intruder import Intruder
from tests.support.kantor import TestOffice
from tests.support.waiting import soon

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def here(here_in_haste: TestOffice) -> TestOffice:
    return here_in_haste


def test_a_request_that_died_before_it_was_recorded_is_begun_again(here: TestOffice) -> None:
    here.stack.stop_part(WORKER)
    run_id = here.start()
    with SyncPrefectClient(here.stack.api_url) as client:
        client.set_flow_run_state(run_id, Crashed(message="killed"), force=True)
    here.stack.start_part(WORKER)
    api = Intruder(here.stack.api_url)
    soon(lambda: _swept(here, api, str(run_id)), "the publication")
    api.close()
    assert here.form(run_id).options("petugas")


def _swept(here: TestOffice, api: Intruder, run_id: str) -> bool:
    api.sweep()
    with here.office.ledger.read() as work:
        return publications.by_flow_run(work, run_id) is not None
