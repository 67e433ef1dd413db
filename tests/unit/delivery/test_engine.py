"""The engine itself: unknown outcomes, waits, crashes, two workers, what a person is asked."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from connectors.base import Connector, Order, Prepared, Published
from connectors.errors import Dibatasi, PerluOtorisasi, Sementara, TidakPasti
from ledger import deliveries
from ledger.models import DeliveryState as S
from tasks.case import publication_in
from tasks.delivery import new_owner
from tasks.gate import NotApprovedError, authorise
from tasks.standings import ready_channels, wakes_at
from tests.unit.delivery.office import ALREADY_LIVE, GIVE_UP, TRY_AGAIN, Desk

X = ("x",)


class Killed(BaseException):
    """What kill -9 is to a process: nothing after it happens."""


class Scripted:
    """A channel in which the test says what each call does; it counts what it was told."""

    channel, label = "x", "X"

    def __init__(self, real: Connector, **does: Any) -> None:
        self.real = real
        self.does: dict[str, Any] = does
        self.live: list[Published] = []
        self.calls: list[str] = []
        self.rest: datetime | None = None

    def _next(self, name: str) -> Any:
        self.calls.append(name)
        listed = self.does.get(name)
        step = listed.pop(0) if isinstance(listed, list) and listed else None
        if isinstance(step, BaseException):
            raise step
        return step

    def render(self, *args: Any, **more: Any) -> Any:
        return self.real.render(*args, **more)

    def validate(self, post: Any) -> Any:
        return self.real.validate(post)

    def rest_until(self) -> datetime | None:
        return self.rest

    def prepare(self, order: Order, blobs: Any) -> Prepared:
        self._next("prepare")
        return Prepared({"media_ids": [len(self.calls)]})

    def publish(self, order: Order, prepared: Prepared) -> Published:
        before = self.calls.count("publish")
        post = Published(f"{order.reference}-{before}", f"http://x.test/{before}", order.not_before)
        step = self.does.get("publish")
        lost = isinstance(step, list) and step and step[0] == "lost"
        if lost:
            self.live.append(post)
            self._next("publish")
            raise no_answer()
        if isinstance(step, list) and step and step[0] == "killed after":
            self.live.append(post)
            raise Killed
        self._next("publish")
        self.live.append(post)
        return post

    def find(self, order: Order, prepared: Prepared, *, since: datetime) -> Published | None:
        step = self._next("find")
        if step == "not yet":
            return None
        return self.live[0] if self.live else None

    def status(self, remote_id: str) -> Any:
        raise AssertionError("not part of a delivery")

    def check(self) -> Any:
        raise AssertionError("not part of a delivery")

    def metrics(self, remote_id: str) -> Mapping[str, int]:
        return {}

    def withdraw(self, remote_id: str) -> None:
        return None


def no_answer(**more: Any) -> TidakPasti:
    return TidakPasti("X tidak menjawab.", "Siar memeriksa.", channel="x", **more)


def down() -> Sementara:
    return Sementara("X sedang terganggu.", "Siar mencoba lagi.", channel="x")


def token_dead() -> PerluOtorisasi:
    return PerluOtorisasi("Token X mati.", "Buat token baru.", channel="x", status=401)


def scripted(desk: Desk, **does: Any) -> Scripted:
    """Put a scripted channel in the place of X."""
    made = Scripted(desk.office.connectors["x"], **does)
    desk.office = replace(desk.office, connectors={**desk.office.connectors, "x": made})
    return made


def test_a_lost_answer_is_found_by_reading_at_once(desk: Desk, token: str) -> None:
    x = scripted(desk, publish=["lost"])
    sent = desk.deliver(desk.approved(token, X), "x")
    assert (sent.state, len(x.live)) == ("published", 1)
    assert x.calls == ["prepare", "publish", "find"]


def test_a_post_that_shows_up_late_is_adopted_not_sent_again(desk: Desk, token: str) -> None:
    x = scripted(desk, publish=["lost"], find=["not yet"] * 4)
    publication = desk.approved(token, X)
    assert desk.settle(publication, "x").state == "published"
    assert (len(x.live), x.calls.count("publish"), x.calls.count("find")) == (1, 1, 5)


def test_it_is_sent_again_only_after_many_clear_readings_and_long_enough(
    desk: Desk, token: str
) -> None:
    x = scripted(desk, publish=[no_answer()])
    publication, began = desk.approved(token, X), desk.clock.now
    assert desk.settle(publication, "x").state == "published"
    assert len(x.live) == 1
    assert x.calls.count("find") >= desk.office.patience.clear_readings
    assert desk.clock.now - began >= desk.office.patience.resend_after


def test_readings_that_fail_do_not_count_as_not_there(desk: Desk, token: str) -> None:
    x = scripted(desk, publish=[no_answer()], find=[down()] * 8)
    publication = desk.approved(token, X)
    assert desk.settle(publication, "x").state == "published"
    assert x.calls.count("find") >= 8 + desk.office.patience.clear_readings
    assert len(x.live) == 1


def test_what_the_channel_calls_a_duplicate_is_never_sent_again_unasked(
    desk: Desk, token: str
) -> None:
    x = scripted(desk, publish=[no_answer(status=403)])
    publication = desk.approved(token, X)
    sent = desk.settle(publication, "x")
    assert (sent.needs_person, sent.state, x.live) == (True, "unknown", [])
    assert no_answer(status=403).sentence.rstrip(".") in sent.sentence, "the cause is told"
    assert "Sudah tayang" in sent.sentence
    assert "Kirim ulang" in sent.sentence
    desk.clock.to(desk.clock.now + timedelta(days=1))
    assert desk.deliver(publication, "x").needs_person
    assert x.calls.count("publish") == 1
    desk.answer(publication, "x", TRY_AGAIN)
    assert desk.settle(publication, "x").state == "published"
    assert len(x.live) == 1


def test_where_reading_is_refused_a_person_is_asked_and_reading_goes_on(
    desk: Desk, token: str
) -> None:
    x = scripted(desk, publish=["lost"], find=[token_dead()])
    publication = desk.approved(token, X)
    sent = desk.settle(publication, "x")
    assert sent.needs_person
    assert sent.again_at is not None
    desk.clock.to(sent.again_at)  # the token was mended meanwhile
    assert desk.deliver(publication, "x").state == "published"
    assert len(x.live) == 1


def test_send_again_on_an_unknown_post_looks_first(desk: Desk, token: str) -> None:
    x = scripted(desk, publish=["lost"], find=[token_dead()])
    publication = desk.approved(token, X)
    assert desk.settle(publication, "x").needs_person
    desk.answer(publication, "x", TRY_AGAIN)
    assert desk.deliver(publication, "x").state == "published"
    assert (len(x.live), x.calls.count("publish")) == (1, 1)


def test_a_person_settles_an_unknown_post_with_its_address(desk: Desk, token: str) -> None:
    scripted(desk, publish=["lost"], find=[token_dead()])
    publication = desk.approved(token, X)
    desk.settle(publication, "x")
    desk.answer(publication, "x", ALREADY_LIVE, "https://x.example/i/web/status/9")
    row = desk.row(publication, "x")
    assert (row.state, row.url) == ("published", "https://x.example/i/web/status/9")


def test_a_channel_given_up_is_left_alone(desk: Desk, token: str) -> None:
    x = scripted(desk, publish=["lost"], find=[token_dead()])
    publication = desk.approved(token, X)
    desk.settle(publication, "x")
    desk.answer(publication, "x", GIVE_UP)
    calls = len(x.calls)
    sent = desk.deliver(publication, "x")
    assert (sent.again_at, sent.needs_person, len(x.calls)) == (None, False, calls)


def test_a_clear_no_waits_as_told(desk: Desk, token: str) -> None:
    until = desk.clock.now + timedelta(minutes=15)
    x = scripted(desk, publish=[Dibatasi("Dibatasi.", "Tunggu.", channel="x", until=until)])
    publication = desk.approved(token, X)
    sent = desk.deliver(publication, "x")
    assert (sent.state, sent.again_at, sent.needs_person) == ("held", until, False)
    calls = len(x.calls)
    assert desk.deliver(publication, "x").state == "held"
    assert len(x.calls) == calls
    desk.clock.to(until)
    assert desk.deliver(publication, "x").state == "published"
    # What was prepared is still good, so it is not uploaded twice.
    assert x.calls == ["prepare", "publish", "publish"]


def test_a_channel_that_rests_rests_for_every_publication(desk: Desk, token: str) -> None:
    until = desk.clock.now + timedelta(minutes=15)
    x = scripted(desk, prepare=[Dibatasi("Dibatasi.", "Tunggu.", channel="x", until=until)])
    first, second = desk.approved(token, X), desk.approved(f"{token}b", X)
    desk.deliver(first, "x")
    sent = desk.deliver(second, "x")
    assert (sent.state, sent.again_at, x.calls) == ("held", until, ["prepare"])
    desk.clock.to(until)
    assert desk.settle(first, "x").state == desk.settle(second, "x").state == "published"


def test_a_connector_near_its_limit_slows_down_and_uploads_only_once(
    desk: Desk, token: str
) -> None:
    x = scripted(desk)
    x.rest = desk.clock.now + timedelta(minutes=5)
    publication = desk.approved(token, X)
    sent = desk.deliver(publication, "x")
    assert (sent.state, sent.again_at) == ("held", x.rest)
    assert desk.settle(publication, "x").state == "published"
    assert x.calls == ["prepare", "publish"]


def test_metas_usage_headers_near_the_limit_slow_the_channel_down(desk: Desk, token: str) -> None:
    publication = desk.approved(token, ("facebook",))
    desk.gladi.fault(
        "answer_before",
        channel="facebook",
        path="*/photos",
        times=1,
        status=200,
        body={"id": "1"},
        headers={"X-App-Usage": '{"call_count": 96, "total_time": 12, "total_cputime": 3}'},
    )
    sent = desk.deliver(publication, "facebook")
    assert (sent.state, sent.needs_person) == ("held", False)
    assert sent.again_at is not None
    assert sent.again_at - desk.clock.now == timedelta(minutes=10)
    assert desk.posts("facebook", token) == []


def test_temporary_trouble_waits_longer_each_time_and_then_asks_a_person_as_well(
    desk: Desk, token: str
) -> None:
    scripted(desk, prepare=[down()] * 40)
    publication, began = desk.approved(token, X), desk.clock.now
    waits = []
    while not (sent := desk.deliver(publication, "x")).needs_person:
        assert sent.again_at is not None
        waits.append((sent.again_at - desk.clock.now).total_seconds())
        desk.clock.to(sent.again_at)
    assert waits[:6] == [5, 20, 60, 300, 900, 1800]
    assert desk.clock.now - began >= desk.office.patience.ask_after
    assert sent.again_at is not None
    assert "Siar tetap mencoba sendiri" in sent.sentence


def test_what_was_prepared_too_long_ago_is_prepared_again_at_once(desk: Desk, token: str) -> None:
    stale = Sementara("Kedaluwarsa.", "Lagi.", channel="x", code="persiapan-kedaluwarsa")
    x = scripted(desk, publish=[stale])
    assert desk.deliver(desk.approved(token, X), "x").state == "published"
    assert x.calls == ["prepare", "publish", "prepare", "publish"]


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("id"), AttributeError("y")])
def test_a_connector_that_stumbles_is_unclear_not_fatal(
    desk: Desk, token: str, error: Exception
) -> None:
    x = scripted(desk, prepare=[error], publish=[error], find=[error])
    assert desk.settle(desk.approved(token, X), "x").state == "published"
    assert len(x.live) == 1


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("prepare", Killed()),
        ("publish", Killed()),
        ("publish", "killed after"),
        ("find", Killed()),
    ],
)
def test_a_killed_pass_is_taken_up_by_the_next_process(
    desk: Desk, token: str, where: str, what: Any
) -> None:
    does = {where: [what]}
    if where == "find":
        does["publish"] = ["lost"]
    x = scripted(desk, **does)
    publication = desk.approved(token, X)
    with pytest.raises(Killed):
        desk.deliver(publication, "x")
    x.does.clear()
    # The same place: the lock that the dead process held says that it is dead.
    desk.owner = new_owner("meja", "run-1")
    assert desk.settle(publication, "x").state == "published"
    assert len(x.live) == 1


def test_another_machine_waits_until_the_worker_there_must_be_dead(desk: Desk, token: str) -> None:
    x = scripted(desk, publish=["killed after"], find=["not yet"] * 9)
    publication = desk.approved(token, X)
    with pytest.raises(Killed):
        desk.deliver(publication, "x")
    x.does.clear()
    elsewhere = new_owner("mesin-lain", "run-1")
    calls = len(x.calls)
    sent = desk.deliver(publication, "x", elsewhere)
    assert (sent.state, len(x.calls)) == ("attempting", calls)
    assert sent.again_at is not None
    desk.clock.to(desk.clock.now + desk.office.patience.lease)
    assert desk.deliver(publication, "x", elsewhere).state == "published"
    assert len(x.live) == 1


def test_a_worker_that_was_outpaced_still_tells_what_it_published(desk: Desk, token: str) -> None:
    x = scripted(desk)
    publication = desk.approved(token, X)
    elsewhere = new_owner("mesin-lain", "run-1")
    publish = x.publish

    def slowly(order: Order, prepared: Prepared) -> Published:
        # Meanwhile the lease runs out, and another machine reads: not there yet.
        desk.clock.to(desk.clock.now + desk.office.patience.lease)
        assert desk.deliver(publication, "x", elsewhere).state == "unknown"
        return publish(order, prepared)

    x.publish = slowly  # type: ignore[method-assign]
    assert desk.deliver(publication, "x").state == "published"
    assert desk.row(publication, "x").url == x.live[0].url
    x.publish = publish  # type: ignore[method-assign]
    assert desk.settle(publication, "x").state == "published"
    assert len(x.live) == 1


def test_of_many_workers_at_once_one_sends(desk: Desk, token: str) -> None:
    x = scripted(desk)
    publication = desk.approved(token, X)
    start = Barrier(6)

    def work(number: int) -> None:
        start.wait()
        desk.deliver(publication, "x", new_owner(f"mesin-{number}", "run"))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert desk.settle(publication, "x").state == "published"
    assert (len(x.live), x.calls) == (1, ["prepare", "publish"])


def test_a_post_of_another_publication_with_the_same_text_is_not_adopted(
    desk: Desk, token: str
) -> None:
    x = scripted(desk, publish=[None, no_answer()])
    first, second = desk.approved(token, X), desk.approved(f"{token}b", X)
    assert desk.settle(first, "x").state == "published"
    sent = desk.settle(second, "x")  # the scripted channel finds the first one's post
    assert (sent.needs_person, len(x.live)) == (True, 1)
    assert "publikasi lain" in sent.sentence
    desk.answer(second, "x", TRY_AGAIN)
    assert desk.settle(second, "x").state == "published"
    assert len(x.live) == 2


def test_an_altered_picture_is_refused_even_between_preparing_and_sending(
    desk: Desk, token: str
) -> None:
    x = scripted(desk)
    publication = desk.approved(token, X)
    prepare = x.prepare

    def losing(order: Order, blobs: Any) -> Prepared:
        prepared = prepare(order, blobs)
        desk.blobs._held.clear()
        return prepared

    x.prepare = losing  # type: ignore[method-assign]
    with pytest.raises(NotApprovedError, match="hilang"):
        desk.deliver(publication, "x")
    assert x.live == []


def test_without_the_article_only_what_needs_it_waits(desk: Desk, token: str) -> None:
    publication = desk.approved(token)
    assert ready_channels(desk.office, publication) == ("website", "x")
    desk.gladi.fault("drop_before", channel="website", times=3)
    sent = desk.deliver(publication, "website")
    assert sent.state == "held"
    assert ready_channels(desk.office, publication) == ("x",)
    assert desk.deliver(publication, "x").state == "published"
    with desk.office.ledger.read() as work:
        assert wakes_at(work, publication_in(work, publication)) == sent.again_at
    desk.gladi.clear_faults()
    assert desk.settle(publication, "website").state == "published"
    assert ready_channels(desk.office, publication) == ("facebook", "instagram")


def test_a_website_given_up_leads_to_a_question_not_to_waiting_for_ever(
    desk: Desk, token: str
) -> None:
    publication = desk.approved(token, ("website", "instagram"))
    desk.gladi.fault("answer_before", channel="website", status=401, body={})
    assert desk.deliver(publication, "website").needs_person
    desk.gladi.clear_faults()
    desk.answer(publication, "website", GIVE_UP)
    sent = desk.deliver(publication, "instagram")
    assert (sent.needs_person, sent.again_at) == (True, None)


def test_the_machine_may_not_say_by_itself_that_nothing_is_there(desk: Desk, token: str) -> None:
    scripted(desk, publish=["lost"], find=["not yet"])
    publication = desk.approved(token, X)
    desk.deliver(publication, "x")
    owner = new_owner("meja", "run")
    with desk.office.ledger.work() as work:
        order = authorise(desk.office, publication, "x")
        row = deliveries.delivery(work, publication_in(work, publication), order.digest, "x")
        assert row is not None
        assert deliveries.take_turn(work, row, owner, lease=timedelta(minutes=15))
        with pytest.raises(ValueError, match="only a person"):
            deliveries.settle(work, row, from_state=S.UNKNOWN, to_state=S.PLANNED)
