"""What every test has: a group for the parallel run, and a strict rule on skips."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.support.prefect_database import share_prefect_tables

# A slow machine is not a wrong answer: time is measured in benchmarks/, never in a test.
settings.register_profile("siar", deadline=None)
settings.load_profile("siar")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one file on one worker, unless a test names its own group.

    Servers are started once per module, or once for all modules that share an office;
    spreading those over workers would start them once per worker.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group_of(item)))


def _group_of(item: pytest.Item) -> str:
    shared = {"shared_office", "hasty_office"}.intersection(getattr(item, "fixturenames", ()))
    return next(iter(shared), item.nodeid.split("::")[0])


@pytest.fixture(scope="session", autouse=True)
def _prefect_tables(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Servers of all worker processes start from one template of Prefect's tables."""
    own = tmp_path_factory.getbasetemp()
    share_prefect_tables((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "prefect")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI (SIAR_REQUIRE_ALL=1) a skipped test is a failed one: everything is installed there."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("SIAR_REQUIRE_ALL"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but SIAR_REQUIRE_ALL is set: {report.longrepr}"
    return report
