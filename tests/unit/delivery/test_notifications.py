"""What people are told of channels: a post is live, a channel needs a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.notifications import AddressBook, Notifier
from ledger import forms, rounds
from ledger.models import Reminder
from tasks.case import publication_in
from tasks.office import Office
from tasks.pengingat import remind
from tests.support.loopback import Loopback, Reply, loopback
from tests.unit.delivery.office import PUBLISHING_STEP, TRY_AGAIN, Desk

WEBSITE = ("website",)


@pytest.fixture
def inbox() -> Iterator[Loopback]:
    with loopback() as server:
        for name in ("subbag", "ppid", "kepala"):
            server.answer(f"POST /{name}", Reply(200))
        yield server


@pytest.fixture
def told(desk: Desk, inbox: Loopback) -> Office:
    """The desk's office, which tells people; switched on before anything happens."""
    host = inbox.url.removeprefix("http://")
    roles = {name: (f"json://{host}/{name}",) for name in ("subbag", "ppid", "kepala")}
    office = replace(
        desk.office, notifier=Notifier(AddressBook(roles=roles)), ui_address="http://u"
    )
    remind(office)
    return office


def ask(desk: Desk, publication_id: str) -> None:
    """The form that the run opens when a channel needs a person."""
    with desk.office.ledger.work() as work:
        current = rounds.current_round(work, publication_in(work, publication_id))
        assert current is not None
        forms.open_form(work, current, "run", "", {})


def answered(desk: Desk, publication_id: str, *, accepted: bool) -> None:
    with desk.office.ledger.work() as work:
        form = forms.waiting_form(work, publication_in(work, publication_id))
        assert form is not None
        forms.record_answer(
            work,
            form,
            named_person="Contoh",
            staff_id=None,
            accepted=accepted,
            reasons=[],
            fields={},
        )


def reminded(office: Office) -> list[tuple[str, str]]:
    with office.ledger.read() as work:
        return [(row.kind, row.outcome) for row in work.session.query(Reminder)]


def live(desk: Desk, token: str) -> str:
    """A publication that is out on the website, its publishing round closed."""
    publication_id = desk.approved(token, WEBSITE)
    assert desk.settle(publication_id, "website").state == "published"
    with desk.office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        current = rounds.current_round(work, publication)
        assert current is not None
        rounds.close_round(work, current, "selesai")
        rounds.open_round(work, publication, PUBLISHING_STEP + 1, None)
    return publication_id


def test_a_live_publication_is_told_with_its_address_to_who_asked_approved_and_posted(
    desk: Desk, told: Office, inbox: Loopback, token: str
) -> None:
    publication_id = live(desk, token)
    remind(told)
    remind(told)
    assert sorted(call.path for call in inbox.asked) == ["/kepala", "/ppid", "/subbag"]
    message = inbox.asked[0].json
    assert message["title"] == "[GLADI] Publikasi sudah tayang"
    assert f"Website: {desk.row(publication_id, 'website').url}" in message["message"]
    assert reminded(told) == [("tayang", "terkirim")]


def test_news_of_last_week_is_no_news(
    desk: Desk, told: Office, inbox: Loopback, token: str
) -> None:
    live(desk, token)
    desk.clock.now += timedelta(days=7)
    remind(told)
    assert inbox.asked == []


def test_a_channel_that_needs_a_person_is_told_with_what_happened(
    desk: Desk, told: Office, inbox: Loopback, token: str
) -> None:
    publication_id = desk.approved(token, WEBSITE)
    desk.gladi.fault("answer_before", channel="website", status=401, body={})
    assert desk.deliver(publication_id, "website").needs_person
    ask(desk, publication_id)
    remind(told)
    (call,) = inbox.asked
    assert call.path == "/ppid"
    assert call.json["title"].startswith("[GLADI] Saluran memerlukan petugas")
    assert f"Website: {desk.row(publication_id, 'website').error_sentence}" in call.json["message"]


def test_only_a_new_question_is_told_again_and_not_a_form_that_was_refused(
    desk: Desk, told: Office, inbox: Loopback, token: str
) -> None:
    publication_id = desk.approved(token, WEBSITE)
    desk.gladi.fault("answer_before", channel="website", status=401, body={})
    assert desk.deliver(publication_id, "website").needs_person
    ask(desk, publication_id)
    remind(told)
    answered(desk, publication_id, accepted=False)
    ask(desk, publication_id)
    remind(told)
    assert len(inbox.asked) == 1
    answered(desk, publication_id, accepted=True)
    desk.answer(publication_id, "website", TRY_AGAIN)
    assert desk.deliver(publication_id, "website").needs_person
    ask(desk, publication_id)
    remind(told)
    assert len(inbox.asked) == 2


def test_while_siar_tries_again_by_itself_nobody_is_told(
    desk: Desk, told: Office, inbox: Loopback, token: str
) -> None:
    publication_id = desk.approved(token, WEBSITE)
    desk.gladi.fault("answer_before", channel="website", status=503, body={})
    assert not desk.deliver(publication_id, "website").needs_person
    remind(told)
    assert inbox.asked == []
