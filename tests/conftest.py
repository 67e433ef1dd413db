"""What every test has: a place in the parallel run, and a strict rule on skips."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.support.prefect_database import share_prefect_tables

# A slow machine is not a wrong answer: time is measured in benchmarks/, never in a test.
settings.register_profile("siar", deadline=None)
settings.load_profile("siar")


# Files that share what is dear to start, by the fixture that starts it.
SHARING = {
    "shared_office": (
        "tests/flow/test_archive.py",
        "tests/flow/test_bad_input.py",
        "tests/flow/test_forgery.py",
        "tests/flow/test_pemeriksaan.py",
        "tests/flow/test_publication.py",
        "tests/flow/test_recovery.py",
        "tests/flow/test_reminders.py",
        "tests/flow/test_tampering.py",
        "tests/flow/test_waiting.py",
    ),
    "hasty_office": (
        "tests/flow/test_beginnings.py",
        "tests/flow/test_cancellation.py",
        "tests/flow/test_dead_runs.py",
        "tests/flow/test_monev.py",
    ),
    "stack": (
        "tests/unit/deployments/test_csrf.py",
        "tests/unit/deployments/test_limits.py",
        "tests/unit/deployments/test_stack.py",
    ),
}
GROUPS = {file: fixture for fixture, files in SHARING.items() for file in files}
# What takes minutes, the longest first, after all that is quick: so that no process is left
# alone with a long one at the end.
LONG = (
    "shared_office",
    "tests/flow/test_storm.py",
    "tests/e2e/test_in_the_browser.py",
    "tests/flow/test_several_workers.py",
    "hasty_office",
    "tests/flow/test_other_sop.py",
    "tests/flow/test_crowd.py",
)


def _scope_of(nodeid: str) -> str:
    file = nodeid.split("::", maxsplit=1)[0]
    return GROUPS.get(file, file)


class WholeFiles(LoadScopeScheduling):
    """Keeps a file, or the files that share an office, on one worker.

    Servers are started once per module or session; tests spread over workers would start
    them once per worker. pytest-xdist 3.8 cannot do it by marks: with pytest 9.2 its
    `loadgroup` spreads single tests without a word (pytest-xdist issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        return _scope_of(nodeid)


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFiles | None:
    """Take the place of `--dist loadfile`, which knows of no files that share."""
    return WholeFiles(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long ones last; refuse a file that shares an office and does not say so above."""
    items.sort(key=_length)
    for item in items:
        file = item.nodeid.split("::", maxsplit=1)[0]
        shared = SHARING.keys() & set(getattr(item, "fixturenames", ()))
        if shared and GROUPS.get(file) not in shared:
            raise pytest.UsageError(f"{file} uses {shared}: add it to SHARING in tests/conftest.py")


def _length(item: pytest.Item) -> int:
    """0 for what is quick; else how late it comes."""
    scope = _scope_of(item.nodeid)
    return LONG.index(scope) + 1 if scope in LONG else 0


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
