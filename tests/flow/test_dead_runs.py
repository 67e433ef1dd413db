"""No run stands as if it ran when its process is gone, and none is started twice for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelling, Crashed, Running, Scheduled

from deployments.locks import FileLocks
from deployments.recover import recover
from ledger import publications
from tasks.dead_runs import move_on
from tasks.pemulihan import Sweep, mend, standings_of_open
from tests.support.carrying import Crowd, bring, carried, complete
from tests.support.intruder import Intruder
from tests.support.kantor import TestOffice
from tests.support.waiting import soon

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def here(here_in_haste: TestOffice) -> TestOffice:
    return here_in_haste


@pytest.fixture
def client(here: TestOffice) -> Iterator[SyncPrefectClient]:
    with SyncPrefectClient(here.stack.api_url) as found:
        yield found


@pytest.fixture
def api(here: TestOffice) -> Iterator[Intruder]:
    made = Intruder(here.stack.api_url)
    yield made
    made.close()


def ends_as(here: TestOffice, api: Intruder, run_id: UUID, wanted: str) -> None:
    """Sweep until the run has come to this end."""

    def is_over() -> bool:
        api.sweep()
        return bool(here.player.run(run_id)["state"]["type"] == wanted)

    soon(is_over, f"the run's end as {wanted}")


def put_off(client: SyncPrefectClient, deployment: str) -> UUID:
    """A run of this deployment that no worker takes up by itself."""
    found = client.read_deployment_by_name(deployment)
    later: State[None] = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=1))
    return client.create_flow_run_from_deployment(found.id, state=later).id


@pytest.mark.parametrize("state", [Running(), Crashed(message="killed")], ids=lambda one: one.name)
def test_a_run_killed_after_its_last_step_comes_to_its_end(
    here: TestOffice,
    crowd: Crowd,
    client: SyncPrefectClient,
    api: Intruder,
    state: State[None],
) -> None:
    name = f"akhir-{state.name.lower()}"
    publication_id = carried(here, crowd, 6, marked=name, channels=["website"])
    (run_id,) = bring(here, publication_id)
    complete(here, crowd, run_id)
    soon(lambda: here.office.locks.is_free(publication_id), "the end of the process")
    client.set_flow_run_state(run_id, state, force=True)
    ends_as(here, api, run_id, "COMPLETED")


def test_a_system_run_that_was_killed_is_run_again(
    here: TestOffice, client: SyncPrefectClient, api: Intruder
) -> None:
    run_id = put_off(client, "segel/segel")
    client.set_flow_run_state(run_id, Running(), force=True)
    ends_as(here, api, run_id, "COMPLETED")


def test_a_killed_system_run_that_was_to_be_stopped_is_stopped(
    here: TestOffice, client: SyncPrefectClient, api: Intruder
) -> None:
    run_id = put_off(client, "segel/segel")
    client.set_flow_run_state(run_id, Cancelling(), force=True)
    ends_as(here, api, run_id, "CANCELLED")


def test_a_run_that_begins_slowly_is_not_taken_for_dead(
    here: TestOffice, crowd: Crowd, client: SyncPrefectClient
) -> None:
    publication_id = carried(here, crowd, 2, marked="lambat")
    (run_id,) = bring(here, publication_id)
    here.form(run_id)
    soon(lambda: here.office.locks.is_free(publication_id), "the end of the process")
    beginning = FileLocks(here.stack.settings.run_path / "publikasi")
    assert beginning.acquire(f"run-{run_id}")
    client.set_flow_run_state(run_id, Running(), force=True)
    long_ago = Sweep(here.office, client, patient=False)
    (seen,) = [
        one for one in standings_of_open(here.office) if one.publication_id == publication_id
    ]
    assert mend(long_ago, seen) == ""
    beginning.release(f"run-{run_id}")
    assert "Running" in mend(long_ago, seen)


def test_the_sweeper_does_not_take_itself_for_dead(here: TestOffice, api: Intruder) -> None:
    assert here.player.run(api.sweep())["run_count"] == 1


def test_of_two_sweepers_that_saw_the_same_only_one_starts_the_run(
    here: TestOffice, client: SyncPrefectClient
) -> None:
    seen: FlowRun = client.read_flow_run(put_off(client, "segel/segel"))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    locks = here.office.locks
    assert move_on(client, locks, seen, Scheduled(scheduled_time=tomorrow))
    assert not move_on(client, locks, seen, Scheduled(scheduled_time=tomorrow))

    seen = client.read_flow_run(seen.id)
    other = FileLocks(here.stack.settings.run_path / "publikasi")
    assert other.acquire(f"lanjut-{seen.id}")
    assert not move_on(client, locks, seen, Scheduled(scheduled_time=tomorrow))
    other.release(f"lanjut-{seen.id}")
    assert move_on(client, locks, seen, Scheduled(scheduled_time=tomorrow))


def test_a_form_that_opened_since_the_sweeper_looked_is_left_alone(
    here: TestOffice, crowd: Crowd, client: SyncPrefectClient
) -> None:
    publication_id = carried(here, crowd, 2, marked="baru")
    (run_id,) = bring(here, publication_id)
    here.form(run_id)
    how = Sweep(here.office, client, patient=False)
    (seen,) = [
        one for one in standings_of_open(here.office) if one.publication_id == publication_id
    ]
    here.answer(run_id, crowd.one("humas"), penulis=crowd.one("humas"), catatan="Tulis singkat.")
    key = here.form(run_id).key
    soon(lambda: here.office.locks.is_free(publication_id), "the end of the process")

    assert mend(how, seen) == ""
    assert here.player.run(run_id)["state"]["state_details"]["pause_key"] == key


def test_recover_begins_again_what_died_before_it_was_recorded(
    here: TestOffice,
    client: SyncPrefectClient,
    api: Intruder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # For tomorrow: no worker takes it up meanwhile.
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    run_id = api.start({"judul": "Hilang sebelum tercatat"}, at=tomorrow)
    client.set_flow_run_state(run_id, Crashed(message="killed"), force=True)
    assert recover(here.stack.settings) == 0
    assert "DIMULAI “Hilang sebelum tercatat”" in capsys.readouterr().out
    assert here.form(run_id).options("petugas")
    with here.office.ledger.read() as work:
        assert publications.by_flow_run(work, str(run_id)) is not None
