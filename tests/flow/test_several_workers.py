"""Several workers on one PostgreSQL: the same promises as with one.

The second storm blows over the same office, with two more workers beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks._storm import Ground, Storm, blow_over, ground
from benchmarks._weather import Kills
from tests.support.postgres import PostgresServer, postgres_server  # noqa: F401

pytestmark = [pytest.mark.flow, pytest.mark.postgres, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def office(
    postgres_server: PostgresServer,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Ground]:
    ledger, prefect = (postgres_server.create_database() for _ in range(2))
    address = postgres_server.url(prefect).replace("postgresql:", "postgresql+asyncpg:")
    settings = {
        "ledger_url": postgres_server.url(ledger),
        "prefect": {"worker_limit": 2, "database_url": address},
    }
    with ground(tmp_path_factory.mktemp("kantor"), 3, settings) as running:
        yield running


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_that_share_a_database_publish_each_post_once(office: Ground, workers: int) -> None:
    storm = Storm(
        publications=3,
        seed=workers,
        kills=Kills(flows=2, workers=1, servers=0, everything=0),
        workers=workers,
        faults_per_channel=0.4,
        patience=480,
    )
    after = blow_over(office, storm)
    assert after.duplicates == []
    assert after.missing == []
    assert after.stuck == []
    assert after.standing == []
    assert after.record_problems == []
    assert after.runs == {"COMPLETED": 3}
    assert len(after.taken_up_by_worker) == workers
    assert all(after.taken_up_by_worker)
