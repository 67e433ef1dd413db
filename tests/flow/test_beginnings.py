"""A request whose process dies before the ledger knows of it is not lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.states import Crashed

from deployments.stack import WORKER
from ledger import publications
from tests.support.intruder import Intruder
from tests.support.kantor import TestOffice, running_office
from tests.support.waiting import soon

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestOffice]:
    folder = tmp_path_factory.mktemp("kantor")
    with running_office(folder, prefect={"port": 0, "settling_seconds": 0.5}) as office:
        yield office


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
