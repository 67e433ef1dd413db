"""The daily check: what it records, shows, and how its run ends. Channels are real rehearsals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.base import Health
from connectors.health import Checked, Need, check_all, need_of
from deployments.settings import Settings
from deployments.wiring import build_office, utc_now
from ledger.models import OFFICE_CHAIN, Event
from ledger.verify import verify
from tasks.office import Office
from tasks.pemeriksaan import CHECKED, NEEDS_PERSON, hasil, record, report, to_check
from tests.support.rehearsal import Rehearsal, start_rehearsal

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    running = start_rehearsal(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def here(tmp_path: Path, rehearsal: Rehearsal) -> Iterator[Office]:
    port = int(rehearsal.base_url.rpartition(":")[2])
    settings = Settings.model_validate({"data_dir": tmp_path / "var", "rehearsal": {"port": port}})
    office = build_office(settings)
    yield office
    office.ledger.engine.dispose()


def checked(here: Office) -> list[Checked]:
    return check_all(to_check(here), utc_now())


def token_ends_in(rehearsal: Rehearsal, left: timedelta) -> None:
    """Both Meta channels are told this end of their token."""
    ends = int((utc_now() + left).timestamp())
    facts = {"is_valid": True, "expires_at": ends}
    rehearsal.fault("answer_before", path="*/debug_token", status=200, body={"data": facts})


def test_when_all_is_well_the_run_ends_so_and_still_leaves_a_record(here: Office) -> None:
    found = checked(here)
    record(here, found)
    assert hasil(found).name == "Baik"
    with here.ledger.read() as work:
        event = work.session.query(Event).filter_by(chain=OFFICE_CHAIN, kind=CHECKED).one()
        said = json.loads(event.data)["saluran"]
    assert {code: one["perlu"] for code, one in said.items()} == dict.fromkeys(
        ("website", "x", "facebook", "instagram"), "baik"
    )
    assert verify(here.ledger) == []


def test_a_token_that_ends_within_two_weeks_needs_a_person_and_says_until_when(
    here: Office, rehearsal: Rehearsal
) -> None:
    token_ends_in(rehearsal, timedelta(days=13))
    found = checked(here)
    state = hasil(found)
    assert state.is_completed()
    assert state.name == NEEDS_PERSON
    assert "Facebook" in (state.message or "")
    assert "Instagram" in (state.message or "")
    assert "Buat token baru" in (state.message or "")
    assert "Website" not in (state.message or "")


def test_a_token_that_ends_later_needs_nobody_yet(here: Office, rehearsal: Rehearsal) -> None:
    token_ends_in(rehearsal, timedelta(days=15))
    assert hasil(checked(here)).name == "Baik"


def test_a_dead_token_needs_a_person_now_and_is_on_the_office_chain(
    here: Office, rehearsal: Rehearsal
) -> None:
    unauthorized = {"title": "Unauthorized", "status": 401}
    rehearsal.fault("answer_before", channel="x", path="/2/users/me", status=401, body=unauthorized)
    found = checked(here)
    record(here, found)
    assert hasil(found).name == NEEDS_PERSON
    with here.ledger.read() as work:
        event = work.session.query(Event).filter_by(chain=OFFICE_CHAIN, kind=CHECKED).one()
        said = json.loads(event.data)["saluran"]["x"]
    assert said["perlu"] == "sekarang"
    assert said["tindakan"]


def test_an_account_that_may_make_no_pages_is_found_where_summaries_become_pages(
    here: Office, tmp_path: Path
) -> None:
    strict = start_rehearsal(tmp_path / "ketat", wp_pages=False)
    try:
        port = int(strict.base_url.rpartition(":")[2])
        settings = Settings.model_validate(
            {"data_dir": tmp_path / "ketat", "rehearsal": {"port": port}}
        )
        strange = build_office(settings).summary_channels
        assert hasil(checked(replace(here, summary_channels=strange))).name == "Baik"
        wanting = replace(here, summary_channels=strange, public_summary="halaman")
        found = checked(wanting)
    finally:
        strict.stop()
    record(here, found)
    state = hasil(found)
    assert state.name == NEEDS_PERSON
    assert "publish_pages" in (state.message or "")
    with here.ledger.read() as work:
        event = work.session.query(Event).filter_by(chain=OFFICE_CHAIN, kind=CHECKED).one()
        said = json.loads(event.data)["saluran"]
    assert said["website"]["perlu"] == "baik"
    assert said["Halaman website"]["perlu"] == "sekarang"


def test_the_artifact_tells_each_channel_and_shows_markup_of_strangers_as_text() -> None:
    health = Health("x", False, "Akun | <b>aneh</b>\n# besar", "Periksa.")
    said, todo = report([Checked("x", "X", health, Need.NOW)], NOW).splitlines()[-2:]
    assert said.startswith("✗ **X:** Akun")
    assert "<b>" not in said.replace("\\<", "")
    assert todo == "Yang perlu dilakukan: Periksa\\."


@pytest.mark.parametrize(
    ("ok", "left", "need"),
    [
        (True, None, Need.NOTHING),
        (True, timedelta(days=14), Need.NOTHING),
        (True, timedelta(days=14, seconds=-1), Need.SOON),
        (True, timedelta(seconds=1), Need.SOON),
        (True, timedelta(0), Need.NOW),
        (False, timedelta(days=99), Need.NOW),
        (False, None, Need.NOW),
    ],
)
def test_how_much_a_person_is_needed(ok: bool, left: timedelta | None, need: Need) -> None:
    ends = None if left is None else NOW + left
    assert need_of(Health("x", ok, "", expires_at=ends), NOW) is need


def test_a_channel_that_breaks_the_check_does_not_hide_the_others(here: Office) -> None:
    class Broken:
        channel, label = "x", "X"

        def check(self) -> Health:
            raise RuntimeError("token rahasia")

    found = check_all([Broken(), here.connectors["website"]], NOW)  # type: ignore[list-item]
    assert [one.need for one in found] == [Need.NOW, Need.NOTHING]
    assert "rahasia" not in found[0].sentence


def test_long_sentences_are_cut_so_that_prefect_takes_the_state() -> None:
    health = Health("x", False, "panjang " * 400, "Periksa.")
    state = hasil([Checked("x", "X", health, Need.NOW)])
    assert len(state.message or "") <= 900
