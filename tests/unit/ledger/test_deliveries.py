"""Deliveries: exactly once, or known to be unknown (law 4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from ledger import deliveries, publications
from ledger.deliveries import LEADS_TO
from ledger.models import DeliveryState
from ledger.verify import verify
from ledger.work import Ledger
from sop.model import Sop
from tests.unit.ledger.carrying import DIGEST, opened, published
from tests.unit.ledger.conftest import Clock, Team

S = DeliveryState


@pytest.fixture
def publication_id(ledger: Ledger, sop: Sop) -> str:
    with ledger.work() as work:
        return opened(work, sop).id


def test_a_delivery_is_planned_once(ledger: Ledger, publication_id: str) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        first = deliveries.plan_delivery(work, publication, DIGEST, "x")
        assert deliveries.plan_delivery(work, publication, DIGEST, "x") is first
        deliveries.plan_delivery(work, publication, "0" * 64, "x")
        assert len(deliveries.deliveries_of(work, publication)) == 2
        assert deliveries.deliveries_of(work, publication, DIGEST) == [first]
        assert deliveries.deliveries_in(work, S.PUBLISHED) == []


def test_of_two_workers_one_may_publish(ledger: Ledger, publication_id: str) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        row = deliveries.plan_delivery(work, publication, DIGEST, "x")
        deliveries.settle(work, row, from_state=S.PLANNED, to_state=S.PREPARED)
    start = Barrier(4)

    def attempt(owner: str) -> bool:
        start.wait()
        with ledger.work() as work:
            own = deliveries.delivery(work, publication, DIGEST, "x")
            assert own is not None
            return deliveries.claim(work, own, S.PREPARED, S.ATTEMPTING, owner)

    with ThreadPoolExecutor(4) as pool:
        won = dict(zip("abcd", pool.map(attempt, "abcd"), strict=True))
    assert sorted(won.values()) == [False, False, False, True]
    with ledger.read() as work:
        found = deliveries.delivery(work, publication, DIGEST, "x")
        assert found is not None
        assert (found.state, found.attempts) == ("attempting", 1)
        assert won[found.claimed_by]
        assert found.attempted_at is not None
    assert verify(ledger) == []


def test_a_worker_with_an_old_view_does_not_win(ledger: Ledger, publication_id: str) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        old = deliveries.plan_delivery(work, publication, DIGEST, "x")
    published(ledger, publication_id)
    with ledger.work() as work:
        assert not deliveries.settle(work, old, from_state=S.PLANNED, to_state=S.PREPARED)
    with ledger.read() as work:
        now = deliveries.delivery(work, publication, DIGEST, "x")
        assert now is not None
        assert (now.state, now.url) == ("published", "http://127.0.0.1/x/17")


def test_a_published_post_stays_published() -> None:
    assert LEADS_TO[S.PUBLISHED] == frozenset()
    assert set(LEADS_TO) == set(S)


@pytest.mark.parametrize("target", [S.PLANNED, S.PREPARED, S.ATTEMPTING])
def test_a_started_attempt_is_never_simply_started_again(
    ledger: Ledger, publication_id: str, target: DeliveryState
) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        row = deliveries.plan_delivery(work, publication, DIGEST, "x")
        deliveries.settle(work, row, from_state=S.PLANNED, to_state=S.PREPARED)
        assert deliveries.claim(work, row, S.PREPARED, S.ATTEMPTING, "a")
        with pytest.raises(ValueError, match="does not go"):
            deliveries.claim(work, row, S.ATTEMPTING, target, "b")


@pytest.mark.parametrize("target", [S.PLANNED, S.REJECTED])
def test_only_a_person_says_that_an_unknown_post_is_not_there(
    ledger: Ledger, publication_id: str, team: Team, target: DeliveryState
) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        row = deliveries.plan_delivery(work, publication, DIGEST, "x")
        deliveries.settle(work, row, from_state=S.PLANNED, to_state=S.PREPARED)
        deliveries.claim(work, row, S.PREPARED, S.ATTEMPTING, "a")
        deliveries.settle(
            work,
            row,
            from_state=S.ATTEMPTING,
            to_state=S.UNKNOWN,
            error_sentence="Belum diketahui.",
        )
        with pytest.raises(ValueError, match="only a person"):
            deliveries.settle(work, row, from_state=S.UNKNOWN, to_state=target)
        deliveries.settle(
            work, row, from_state=S.UNKNOWN, to_state=target, actor=team.id("pemeriksa")
        )
        assert row.state == target
    assert verify(ledger) == []


def test_a_success_wipes_earlier_trouble_and_notes_the_moment(
    ledger: Ledger, publication_id: str, clock: Clock
) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        row = deliveries.plan_delivery(work, publication, DIGEST, "x")
        deliveries.settle(
            work, row, from_state=S.PLANNED, to_state=S.HELD, error_sentence="Unggah dengan tangan."
        )
        deliveries.settle(work, row, from_state="held", to_state="published", url="https://x")
        assert (row.error_sentence, row.published_at) == ("", clock.now)


def test_an_outcome_may_write_only_what_belongs_to_it(ledger: Ledger, publication_id: str) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        row = deliveries.plan_delivery(work, publication, DIGEST, "x")
        with pytest.raises(TypeError, match="digest"):
            deliveries.settle(work, row, from_state=S.PLANNED, to_state=S.PREPARED, digest="0" * 64)


LEASE = timedelta(minutes=15)


def test_one_worker_has_the_turn_until_it_is_dead_or_done(
    ledger: Ledger, publication_id: str, clock: Clock
) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        row = deliveries.plan_delivery(work, publication, DIGEST, "x", "kantor/a")
        assert not deliveries.take_turn(work, row, "lain/b", lease=LEASE)
        # The lock of its place was free, so the process before this one is dead.
        assert deliveries.take_turn(work, row, "kantor/c", lease=LEASE)
    clock.pass_time(minutes=15)
    with ledger.work() as work:
        assert deliveries.take_turn(work, row, "lain/b", lease=LEASE)
        lost = {"from_state": S.PLANNED, "to_state": S.HELD, "holder": "kantor/c"}
        assert not deliveries.settle(work, row, **lost)
        assert deliveries.settle(work, row, **{**lost, "holder": "lain/b"})
        assert deliveries.take_turn(work, row, "kantor/d", lease=LEASE)
    assert verify(ledger) == []


def test_of_many_machines_one_gets_the_turn(ledger: Ledger, publication_id: str) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        deliveries.plan_delivery(work, publication, DIGEST, "x")
    start = Barrier(4)

    def take(owner: str) -> bool:
        start.wait()
        with ledger.work() as work:
            own = deliveries.delivery(work, publication, DIGEST, "x")
            assert own is not None
            return deliveries.take_turn(work, own, owner, lease=LEASE)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, ["a/1", "b/1", "c/1", "d/1"])) == 1


def test_readings_allow_a_resend_only_when_there_were_enough(
    ledger: Ledger, publication_id: str
) -> None:
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        row = deliveries.plan_delivery(work, publication, DIGEST, "x", "kantor/a")
        move = {"holder": "kantor/a", "keep_turn": True}
        deliveries.settle(work, row, from_state=S.PLANNED, to_state=S.UNKNOWN, **move)
        with pytest.raises(ValueError, match="often enough"):
            deliveries.resend_after_readings(work, row, holder="kantor/a")
        enough = {"readings": deliveries.FEWEST_READINGS - 1}
        deliveries.settle(work, row, from_state=S.UNKNOWN, to_state=S.UNKNOWN, wait=enough, **move)
        assert not deliveries.resend_after_readings(work, row, holder="lain/b")
        assert deliveries.resend_after_readings(work, row, holder="kantor/a")
        assert row.state == S.PLANNED
    assert verify(ledger) == []
