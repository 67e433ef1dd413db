"""Everything that Siar deploys, as a list: a deployment is added or lost on purpose only."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deployments import entrypoints
from deployments.definitions import DEFINITIONS, ROOT, schema_of, summary
from deployments.settings import Settings

SNAPSHOT = [
    {"name": "publikasi", "tags": ["sop"], "schedule": None},
    {"name": "rekonsiliasi", "tags": ["sistem"], "schedule": "every 0:01:00"},
    {"name": "pemeriksaan", "tags": ["sistem"], "schedule": "0 7 * * * Asia/Jakarta"},
    {"name": "arsip", "tags": ["sistem"], "schedule": "every 1:00:00"},
    {"name": "keutuhan", "tags": ["sistem"], "schedule": "30 6 1 * * Asia/Jakarta"},
    {"name": "segel", "tags": ["sistem"], "schedule": "55 23 * * * Asia/Jakarta"},
    {"name": "pengingat", "tags": ["sistem"], "schedule": "every 0:01:00"},
    {"name": "keterlibatan", "tags": ["sistem"], "schedule": "45 6 * * * Asia/Jakarta"},
    {
        "name": "monev-mingguan",
        "tags": ["sop", "monev"],
        "schedule": "15 7 * * 1 Asia/Jakarta",
    },
    {"name": "monev-bulanan", "tags": ["sop", "monev"], "schedule": "20 7 1 * * Asia/Jakarta"},
    {"name": "monev-khusus", "tags": ["sop", "monev"], "schedule": None},
]


def test_the_deployments_and_their_schedules_are_these() -> None:
    assert summary() == SNAPSHOT


def flows_written() -> set[str]:
    """The name of each function in flows/ that is decorated as a flow."""
    found = set()
    for path in (ROOT / "flows").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found |= {node.name for one in node.decorator_list if "flow" in ast.dump(one)}
    return found


def test_every_flow_that_was_written_is_deployed_and_can_be_loaded() -> None:
    attributes = {
        one.entrypoint.removeprefix("deployments.entrypoints."): one for one in DEFINITIONS
    }
    assert set(attributes) == flows_written()
    for name, one in attributes.items():
        assert getattr(entrypoints, name) is one.flow
        assert name in entrypoints.__all__


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.name)
def test_every_deployment_tells_staff_what_it_is_and_makes_a_start_form(
    definition: object, tmp_path: Path
) -> None:
    one = next(item for item in DEFINITIONS if item is definition)
    assert len(one.description) > 40
    assert schema_of(one.flow, Settings(data_dir=tmp_path))["type"] == "object"


async def next_starts(cron: str, zone: str, after: datetime) -> list[datetime]:
    from prefect.server.schemas.schedules import CronSchedule

    return await CronSchedule(cron=cron, timezone=zone).get_dates(2, start=after)


def test_the_daily_check_starts_at_seven_in_palembang_on_every_day_of_the_week() -> None:
    import asyncio

    schedule = next(row["schedule"] for row in summary() if row["name"] == "pemeriksaan")
    cron, _, zone = str(schedule).rpartition(" ")
    friday = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
    starts = asyncio.run(next_starts(cron, zone, friday))
    local = [start.astimezone(ZoneInfo("Asia/Jakarta")) for start in starts]
    assert [f"{start:%a %H:%M}" for start in local] == ["Sat 07:00", "Sun 07:00"]
    assert starts[0].astimezone(UTC).hour == 0
