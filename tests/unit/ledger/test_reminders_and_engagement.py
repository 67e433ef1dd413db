"""What reminders and engagement ask of the record, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

from ledger import engagements, forms, reminders, rounds
from ledger.models import Engagement
from ledger.reminders import ReminderKind, ReminderOutcome
from ledger.verify import verify
from ledger.work import Ledger
from sop.model import Sop
from tests.unit.ledger.carrying import carried_to_approval, opened, published
from tests.unit.ledger.conftest import Clock, Team

LEASE = timedelta(minutes=2)


def waiting(ledger: Ledger, sop: Sop, clock: Clock) -> str:
    """A publication whose form of step 1 waits."""
    with ledger.work() as work:
        row = opened(work, sop)
        current = rounds.open_round(work, row, 1, work.now + timedelta(hours=1))
        clock.pass_time(seconds=5)
        forms.open_form(work, current, "run-1", "", {})
        return row.id


def claim(ledger: Ledger, key: str, *, due_at: datetime) -> bool:
    with ledger.work() as work:
        (found,) = reminders.waiting_rounds(work)
        claimed = reminders.claim(
            work,
            key=key,
            kind=ReminderKind.FORMULIR,
            publication_id=found.publication_id,
            round_id=found.round_id,
            step_no=found.step_no,
            role="subbag",
            due_at=due_at,
        )
        return claimed is not None


def test_a_waiting_round_is_found_with_what_reminders_need(
    ledger: Ledger, sop: Sop, clock: Clock
) -> None:
    publication_id = waiting(ledger, sop, clock)
    with ledger.read() as work:
        (found,) = reminders.waiting_rounds(work)
        assert reminders.still_waits(work, found.round_id)
    assert (found.publication_id, found.step_no, found.accepted) == (publication_id, 1, 0)
    assert found.deadline_at == found.opened_at + timedelta(hours=1)
    assert found.asked_at == found.form_at
    assert found.last_due_at is None
    claim(ledger, "kunci", due_at=found.asked_at)
    with ledger.read() as work:
        assert reminders.waiting_rounds(work)[0].last_due_at == found.asked_at


def test_an_occasion_is_claimed_once_and_settled_once(
    ledger: Ledger, sop: Sop, clock: Clock
) -> None:
    waiting(ledger, sop, clock)
    assert claim(ledger, "kunci", due_at=clock.now)
    assert not claim(ledger, "kunci", due_at=clock.now)
    with ledger.read() as work:
        assert reminders.known_keys(work, ["kunci", "lain"]) == {"kunci"}
        assert reminders.abandoned(work, older_than=LEASE) == []
    clock.now += LEASE
    with ledger.work() as work:
        assert reminders.settle_abandoned(work, older_than=LEASE) == 1
    with ledger.work() as work:
        assert reminders.settle_abandoned(work, older_than=LEASE) == 0
        row = work.session.query(reminders.Reminder).one()
        assert row.outcome == "tidak-pasti"
        assert not reminders.settle(work, row, ReminderOutcome.TERKIRIM)
    assert verify(ledger) == []


def test_the_newest_switch_says_since_when_people_are_told(ledger: Ledger, clock: Clock) -> None:
    with ledger.read() as work:
        assert reminders.switched_on_since(work) is None
    for on in (True, False, True):
        clock.pass_time(hours=1)
        with ledger.work() as work:
            reminders.record_switch(work, on=on)
        with ledger.read() as work:
            assert reminders.switched_on_since(work) == (clock.now if on else None)


def test_rounds_that_led_on_are_found_by_when_they_closed(
    ledger: Ledger, team: Team, sop: Sop, clock: Clock
) -> None:
    carried_to_approval(ledger, team, sop)
    with ledger.read() as work:
        found = reminders.rounds_closed_since(work, clock.now - timedelta(days=1))
        assert [one.step_no for one in found] == sorted(one.step_no for one in found)
        assert found
        assert reminders.rounds_closed_since(work, clock.now + timedelta(days=1)) == []


def test_a_post_is_read_once_at_each_age(
    ledger: Ledger, team: Team, sop: Sop, clock: Clock
) -> None:
    published(ledger, carried_to_approval(ledger, team, sop))
    told = []
    for days in (0.5, 0.5, 6, 23, 31):
        clock.pass_time(days=days)
        with ledger.work() as work:
            due = engagements.due_readings(work, {"x", "website"})
            told.append([one.ages for one in due])
            for one in due:
                assert engagements.record_reading(work, one, {"like_count": 2}, {"a": "tiada"})
                assert engagements.record_reading(work, one, {"like_count": 9}, {}) == 0
    assert told == [[], [(1,)], [(7,)], [(30,)], []]
    with ledger.read() as work:
        rows = work.session.query(Engagement).all()
        assert {row.metrics["like_count"] for row in rows} == {2}
        assert engagements.due_readings(work, set()) == []
    assert verify(ledger) == []
