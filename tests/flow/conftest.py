"""The offices that the tests of several files share: to start one takes 13 s of processor time.

A file has an office of its own (a fixture `here` of its own) where it needs other
settings, damages what nobody can restore, or counts everything in the record. All
others count only their own publications, and leave none open behind them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from deployments.player import PlayError
from ledger import publications
from tasks.penghentian import CannotGiveUpError, give_up
from tests.support.carrying import Crowd
from tests.support.kantor import TestOffice, running_office
from tests.support.loopback import Loopback, Reply, loopback

INBOX_PATH = "jalur-sangat-rahasia"


@pytest.fixture(scope="session")
def inbox() -> Iterator[Loopback]:
    """Where the shared office's notifications arrive."""
    with loopback() as server:
        server.answer(f"POST /{INBOX_PATH}", Reply(200))
        yield server


@pytest.fixture(scope="session")
def shared_office(
    inbox: Loopback, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestOffice]:
    """An office that waits seconds for a channel in trouble, with one channel that has no API."""
    address = f"json://{inbox.url.removeprefix('http://')}/{INBOX_PATH}"
    with running_office(
        tmp_path_factory.mktemp("kantor") / "var",
        channels={"manual": [{"code": "tiktok", "label": "TikTok"}]},
        # Long enough that a trouble ends before a person would be asked.
        delivery={"first_wait_seconds": 1.0, "resend_after_seconds": 4.0},
        notifications={"urls": [address]},
    ) as office:
        yield office


@pytest.fixture(scope="session")
def hasty_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestOffice]:
    """An office whose sweeper takes a run for dead after half a second without a process.

    It asks its head whether a report's summary shall be shown to the public.
    """
    with running_office(
        tmp_path_factory.mktemp("kantor-cepat"),
        prefect={"port": 0, "settling_seconds": 0.5},
        delivery={"first_wait_seconds": 0.5, "resend_after_seconds": 2.0},
        monev={"public_summary": "halaman"},
    ) as office:
        yield office


@pytest.fixture(scope="module")
def here(shared_office: TestOffice) -> Iterator[TestOffice]:
    yield shared_office
    give_up_what_is_open(shared_office)


@pytest.fixture(scope="module")
def here_in_haste(hasty_office: TestOffice) -> Iterator[TestOffice]:
    yield hasty_office
    give_up_what_is_open(hasty_office)


@pytest.fixture(scope="module")
def crowd(here: TestOffice) -> Crowd:
    return Crowd(here)


def give_up_what_is_open(here: TestOffice) -> None:
    """End what a file's tests left waiting: later sweeps and recoveries shall not look at it."""
    with here.office.ledger.read() as work:
        left = [(row.reference, row.flow_run_id) for row in publications.open_publications(work)]
    for reference, run_id in left:
        try:
            give_up(here.office, reference, "Pengujian selesai")
        except CannotGiveUpError:
            continue  # it is live somewhere, so it goes on to its archive or waits for a report
        body = {"state": {"type": "CANCELLED"}, "force": True}
        with contextlib.suppress(PlayError):  # some runs were deleted on purpose
            here.player._call("POST", f"/flow_runs/{run_id}/set_state", body)
