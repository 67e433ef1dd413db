"""Reading engagement over real HTTP: once per age, late if it must be, never fatal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.base import Measured
from ledger.engagements import HINDERED
from ledger.models import Engagement, Event
from tasks.keterlibatan import WHOLE_POST, hasil_keterlibatan, read_engagement
from tests.support.rehearsal import Rehearsals, start_rehearsal
from tests.unit.delivery.office import CHANNELS, Clock, Desk, Template

SOCIAL = ("x", "facebook", "instagram")


@pytest.fixture(scope="module")
def rehearsals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsals]:
    """Rehearsals that have dropped two metrics."""
    retired = frozenset({"post_clicks", "saved"})
    made = Rehearsals(tmp_path_factory.mktemp, retired_metrics=retired)
    yield made
    made.stop()


@pytest.fixture
def ageing(template: Template, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    """A desk whose posts grow older with its clock; not for X, whose signatures tell the time."""
    gladi = start_rehearsal(tmp_path, clock=clock)
    folder = tmp_path / "catatan"
    folder.mkdir()
    desk = Desk(template.copied_to(folder, clock), template.people, gladi, folder, clock)
    yield desk
    desk.close()
    gladi.stop()


def live(desk: Desk, token: str, channels: tuple[str, ...] = CHANNELS) -> str:
    publication_id = desk.approved(token, channels)
    for channel in channels:
        assert desk.settle(publication_id, channel).state == "published"
    return publication_id


def kept(desk: Desk, channel: str = "") -> list[Engagement]:
    with desk.office.ledger.read() as work:
        rows = work.session.query(Engagement).order_by(Engagement.read_at, Engagement.age_days)
        return [row for row in rows if channel in ("", row.channel)]


def days(desk: Desk, count: float) -> None:
    # The channels date their posts by the true time, some seconds after the desk's.
    desk.clock.now = max(desk.clock.now, datetime.now(UTC)) + timedelta(days=count)


def test_every_channel_is_read_at_one_seven_and_thirty_days_and_once_each(
    desk: Desk, token: str
) -> None:
    live(desk, token)
    ages = []
    for step in (0.9, 0.2, 1, 4.8, 0.2, 23, 5):
        days(desk, step)
        before = len(kept(desk))
        read_engagement(desk.office)
        ages.append(sorted((row.channel, row.age_days) for row in kept(desk)[before:]))
    every = sorted(CHANNELS)
    assert ages == [
        [],
        [(channel, 1) for channel in every],
        [],
        [],
        [(channel, 7) for channel in every],
        [(channel, 30) for channel in every],
        [],
    ]


def test_the_numbers_grow_with_age_and_the_event_repeats_them(ageing: Desk, token: str) -> None:
    publication_id = live(ageing, token, ("facebook",))
    for step in (1, 6, 23):
        days(ageing, step)
        read_engagement(ageing.office)
    views = [row.metrics["post_media_view"] for row in kept(ageing)]
    assert 0 < views[0] < views[1] <= views[2]
    with ageing.office.ledger.read() as work:
        events = work.session.query(Event).filter_by(
            chain=publication_id, kind="keterlibatan-dibaca"
        )
        assert events.count() == 3
        assert f'"post_media_view":{views[0]}' in events.first().data  # type: ignore[union-attr]


def test_a_metric_that_the_channel_no_longer_offers_is_noted_and_costs_nothing_else(
    desk: Desk, token: str
) -> None:
    live(desk, token)
    days(desk, 1)
    done = read_engagement(desk.office)
    assert done.hindered == {}
    (facebook,), (instagram,) = kept(desk, "facebook"), kept(desk, "instagram")
    assert list(facebook.missing) == ["post_clicks"]
    assert facebook.missing["post_clicks"]
    assert "post_media_view" in facebook.metrics
    assert list(instagram.missing) == ["saved"]
    assert "reach" in instagram.metrics
    (website,) = kept(desk, "website")
    assert (website.metrics, list(website.missing)) == ({}, ["views"])


def test_a_machine_that_was_off_reads_late_and_says_when(desk: Desk, token: str) -> None:
    live(desk, token, ("x",))
    days(desk, 9)
    read_engagement(desk.office)
    rows = kept(desk)
    assert [row.age_days for row in rows] == [1, 7]
    assert {row.read_at for row in rows} == {desk.clock.now}


@pytest.mark.parametrize("channel", SOCIAL)
def test_a_post_that_was_taken_down_is_noted_for_good(desk: Desk, token: str, channel: str) -> None:
    chosen = ("website", channel) if channel == "instagram" else (channel,)
    publication_id = live(desk, token, chosen)
    desk.office.connectors[channel].withdraw(desk.row(publication_id, channel).remote_id)
    days(desk, 1)
    done = read_engagement(desk.office)
    assert done.hindered == {}
    (row,) = kept(desk, channel)
    assert row.metrics == {}
    assert list(row.missing) == [WHOLE_POST]


@pytest.mark.parametrize("channel", ["x", "facebook"])
def test_a_dead_token_is_noted_and_the_reading_made_up_for_the_next_day(
    desk: Desk, token: str, channel: str
) -> None:
    live(desk, token, ("x", "facebook"))
    days(desk, 1)
    body = {"error": {"message": "expired", "type": "OAuthException", "code": 190}}
    desk.gladi.fault("answer_before", channel=channel, status=401, body=body)
    done = read_engagement(desk.office)
    other = {"x": "facebook", "facebook": "x"}[channel]
    assert [row.channel for row in kept(desk)] == [other]
    assert list(done.hindered) == [desk.office.connectors[channel].label]
    assert hasil_keterlibatan(done).name == "Perlu tindakan"
    with desk.office.ledger.read() as work:
        assert work.session.query(Event).filter_by(kind=HINDERED).count() == 1
    desk.gladi.clear_faults()
    days(desk, 1)
    assert read_engagement(desk.office).hindered == {}
    assert sorted(row.channel for row in kept(desk)) == ["facebook", "x"]


def test_a_throttled_channel_goes_on_at_the_next_run(desk: Desk, token: str) -> None:
    for number in range(3):
        live(desk, f"{token}n{number}", ("x",))
    days(desk, 1)
    desk.gladi.fault("throttle", channel="x", method="GET", seconds=600, nth=2, times=10)
    done = read_engagement(desk.office)
    assert (len(kept(desk)), done.left, done.hindered) == (1, 2, {})
    desk.gladi.clear_faults()
    days(desk, 1)
    assert read_engagement(desk.office).read == {"X": 2}


def test_one_post_that_cannot_be_read_does_not_keep_the_later_ones_waiting(
    desk: Desk, token: str
) -> None:
    first = live(desk, f"{token}a", ("x",))
    desk.clock.now += timedelta(minutes=1)
    live(desk, f"{token}b", ("x",))
    days(desk, 1)
    poisoned = desk.row(first, "x").remote_id
    desk.gladi.fault("answer_before", channel="x", path=f"*/tweets/{poisoned}", status=500, body={})
    done = read_engagement(desk.office)
    assert (done.read, done.left) == ({"X": 1}, 1)
    assert list(done.hindered) == ["X"]


def test_an_answer_that_nobody_expected_stops_nothing(desk: Desk, token: str) -> None:
    live(desk, token, ("x", "facebook"))
    days(desk, 1)
    desk.gladi.fault(
        "answer_before", channel="facebook", method="GET", status=200, body=["bukan", "objek"]
    )
    done = read_engagement(desk.office)
    assert [row.channel for row in kept(desk)] == ["x"]
    assert list(done.hindered) == ["Facebook"]


def test_what_was_published_by_hand_is_not_read(desk: Desk, token: str) -> None:
    live(desk, token, ("x",))
    days(desk, 1)
    by_hand = replace(desk.office, manual_channels=frozenset({"x"}))
    assert read_engagement(by_hand).read == {}
    assert kept(desk) == []


def test_numbers_compare_as_a_mapping_does_and_keep_their_reasons() -> None:
    found = Measured({"a": 1}, {"b": "tidak ada"})
    assert found == {"a": 1}
    assert (len(found), list(found), found["a"], found.missing["b"]) == (1, ["a"], 1, "tidak ada")
