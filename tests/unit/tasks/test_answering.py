"""An answer over which the judging stumbles is refused, and never stops the publication."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.notifications import AddressBook
from ledger import forms
from ledger.db import migrate
from ledger.models import Answer
from ledger.verify import verify
from sop.model import StepKind
from tasks.answering import receive
from tasks.case import Case, publication_in
from tasks.langkah import WORK_OF
from tasks.office import Office
from tasks.stepwork import Extras, StepWork
from tests.unit.notifications.office import Clock, made_office, waiting

ANSWER = {"petugas": "Rahma Contoh", "kode": "123456", "judul": "Vaksinasi"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    here = made_office(tmp_path, Clock(), AddressBook())
    migrate(here.ledger.engine)
    yield here
    here.ledger.engine.dispose()


def stumbling(error: Exception) -> StepWork:
    """Step 1 whose judging meets this."""

    def extras(_office: Office, _case: Case) -> Extras:
        raise error

    return replace(WORK_OF[StepKind.PENYAMPAIAN], extras=extras)


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


def test_trouble_that_passes_leaves_the_form_and_its_answer_as_they_were(office: Office) -> None:
    publication_id = waiting(office, 1)
    form_id = str(waiting_form(office, publication_id))
    with pytest.raises(OSError, match="disk"):
        receive(office, stumbling(OSError("disk")), publication_id, form_id, ANSWER)
    assert waiting_form(office, publication_id) == form_id
    with office.ledger.read() as work:
        assert work.session.query(Answer).count() == 0
