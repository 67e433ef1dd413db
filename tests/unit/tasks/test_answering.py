"""An answer over which the judging stumbles is refused, and never stops the publication."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.notifications import AddressBook
from ledger import forms, rounds
from ledger.db import migrate
from ledger.models import Answer, Event
from ledger.verify import verify
from sop.model import StepKind
from tasks.answering import receive
from tasks.case import Case, publication_in
from tasks.langkah import WORK_OF
from tasks.office import Office
from tasks.stepwork import Extras, StepWork
from tests.unit.notifications.office import Clock, made_office, waiting
from tests.unit.reports.office import code, head

STEP_1 = WORK_OF[StepKind.PENYAMPAIAN]
ANSWER = {"petugas": "Rahma Contoh", "kode": "123456", "judul": "Vaksinasi"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    here = made_office(tmp_path, clock, AddressBook())
    migrate(here.ledger.engine)
    yield here
    here.ledger.engine.dispose()


def stumbling(error: Exception) -> StepWork:
    """Step 1 whose judging meets this."""

    def extras(_office: Office, _case: Case) -> Extras:
        raise error

    return replace(STEP_1, extras=extras)


def waiting_form(office: Office, publication_id: str) -> str | None:
    with office.ledger.read() as work:
        found = forms.waiting_form(work, publication_in(work, publication_id))
        return None if found is None else found.id


def test_a_stumble_closes_the_form_with_a_sentence_so_that_it_is_asked_again(
    office: Office,
) -> None:
    publication_id = waiting(office, 1)
    form_id = str(waiting_form(office, publication_id))
    broken = stumbling(OverflowError("date value out of range"))
    verdict = receive(office, broken, publication_id, form_id, ANSWER)
    assert not verdict.accepted
    assert "tidak dapat diolah (OverflowError)" in verdict.reasons[0]
    assert waiting_form(office, publication_id) is None
    with office.ledger.read() as work:
        kept = work.session.query(Answer).one()
        assert (kept.accepted, kept.named_person) == (False, "Rahma Contoh")
        assert kept.reasons == list(verdict.reasons)
        assert "123456" not in str(kept.fields)
    assert verify(office.ledger) == []


def opened_again(office: Office, publication_id: str) -> str:
    """Another form of the round that is open; its id."""
    with office.ledger.work() as work:
        opened = rounds.current_round(work, publication_in(work, publication_id))
        assert opened is not None
        return forms.open_form(work, opened, "run-1", "", {}).id


def test_an_answer_read_late_is_judged_by_when_it_was_sent_and_never_before_its_form(
    office: Office, clock: Clock
) -> None:
    person, secret = head(office, role="subbag")
    before, early = clock.now, code(secret, clock)
    clock.pass_time(minutes=5)
    publication_id = waiting(office, 1)

    def reasons_for(typed: str, sent_at: datetime) -> str:
        form_id = opened_again(office, publication_id)
        clock.pass_time(minutes=20)
        answer = {**ANSWER, "petugas": person, "kode": typed}
        return " ".join(receive(office, STEP_1, publication_id, form_id, answer, sent_at).reasons)

    assert "Kode itu sudah lewat waktunya" in reasons_for(early, before)
    sent, typed = clock.now, code(secret, clock)
    assert "Kode" not in reasons_for(typed, sent)
    with office.ledger.read() as work:
        said = work.session.query(Event).filter(Event.kind.startswith("jawaban-")).all()
        assert json.loads(said[-1].data)["dikirim"] == sent.isoformat()
        assert said[-1].at == sent + timedelta(minutes=20)


def test_trouble_that_passes_leaves_the_form_and_its_answer_as_they_were(office: Office) -> None:
    publication_id = waiting(office, 1)
    form_id = str(waiting_form(office, publication_id))
    with pytest.raises(OSError, match="disk"):
        receive(office, stumbling(OSError("disk")), publication_id, form_id, ANSWER)
    assert waiting_form(office, publication_id) == form_id
    with office.ledger.read() as work:
        assert work.session.query(Answer).count() == 0
