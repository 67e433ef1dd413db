"""After a night without power the minutely runs of one hour are not all made up for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from prefect.client.schemas.objects import FlowRun

from tasks.system_runs import superseded

SWEEPER, SEAL = uuid4(), uuid4()
SIX = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def due(deployment: UUID, minute: int, *, by_schedule: bool = True, count: int = 0) -> FlowRun:
    return FlowRun(
        flow_id=uuid4(),
        deployment_id=deployment,
        expected_start_time=SIX + timedelta(minutes=minute),
        auto_scheduled=by_schedule,
        run_count=count,
    )


def test_of_each_kind_only_the_newest_missed_run_is_kept() -> None:
    sweeps = [due(SWEEPER, minute) for minute in (2, 0, 1)]
    seal = due(SEAL, 0)
    assert superseded([*sweeps, seal]) == [sweeps[2], sweeps[1]]


def test_what_a_person_or_a_wake_up_asked_for_and_what_had_begun_is_kept() -> None:
    asked = due(SWEEPER, 0, by_schedule=False)
    begun = due(SWEEPER, 1, count=1)
    assert superseded([asked, begun, due(SWEEPER, 2)]) == []
