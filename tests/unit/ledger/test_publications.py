"""Publications, rounds, forms and answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from ledger import forms, publications, rounds
from ledger.models import FormState, PublicationStatus, Round
from ledger.verify import verify
from ledger.work import Ledger
from sop.load import load
from sop.manuscript import Facts
from sop.model import Sop
from tests.unit.ledger.carrying import MANUSCRIPT, approved, opened, verified, written
from tests.unit.ledger.conftest import Clock, Team


def test_a_run_that_starts_again_finds_the_publication_it_opened(ledger: Ledger, sop: Sop) -> None:
    with ledger.work() as work:
        first = opened(work, sop)
    with ledger.work() as work:
        assert opened(work, sop).id == first.id
        assert opened(work, sop, "run-2").id != first.id
    with ledger.read() as work:
        assert [one.flow_run_id for one in publications.open_publications(work)].count("run-1") == 1
        found = publications.by_flow_run(work, "run-1")
        assert found is not None
        assert found.id == first.id


def test_a_reference_is_short_and_found_however_it_is_typed(ledger: Ledger, sop: Sop) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        assert len(publication.reference) == 8
        assert set(publication.reference) <= set("0123456789abcdef")
        assert publications.by_reference(work, f" {publication.reference.upper()} ") is publication
        assert publications.by_reference(work, "ffffffff") is None
        with pytest.raises(LookupError):
            publications.get(work, "tidak-ada")


def test_a_publication_keeps_the_sop_revision_it_started_under(
    ledger: Ledger, sop: Sop, request: pytest.FixtureRequest
) -> None:
    other = load(request.config.rootpath / "tests" / "data" / "sop-lima-langkah.toml")
    with ledger.work() as work:
        first, second = opened(work, sop, "run-1"), opened(work, other, "run-2")
    with ledger.read() as work:
        kept = publications.sop_of(work, publications.get(work, first.id))
        assert (kept.sha256, kept.steps) == (sop.sha256, sop.steps)
        assert publications.sop_of(work, second).steps == other.steps
        assert publications.facts_of(first) == MANUSCRIPT.facts


def test_another_run_can_take_a_publication_over(ledger: Ledger, sop: Sop) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        for _ in range(2):
            publications.bind_flow_run(work, publication, "run-9")
    with ledger.read() as work:
        assert publications.by_flow_run(work, "run-1") is None
        assert publications.by_flow_run(work, "run-9") is not None
        # The run that lost it is told so, and opens no second publication.
        assert publications.taken_from(work, "run-1") == publications.by_flow_run(work, "run-9")
        assert publications.taken_from(work, "run-9") is None
        assert publications.taken_from(work, "run-") is None


def test_what_the_steps_order_is_kept_side_by_side(ledger: Ledger, sop: Sop, team: Team) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        publications.instruct(work, publication, writer="Budi Santoso", note="Segera")
        publications.assign(
            work, publication, officer="Siti Aminah", channels=["x"], not_before=None, note="-"
        )
        publications.note_monev(work, publication, note="Baik", staff_id=team.id("pemeriksa"))
    with ledger.read() as work:
        kept = publications.get(work, publication.id).assignment
    assert kept == {
        "instruksi": {"penulis": "Budi Santoso", "catatan": "Segera"},
        "petugas": "Siti Aminah",
        "saluran": ["x"],
        "tayang_pada": None,
        "catatan": "-",
        "monev": {"catatan": "Baik"},
    }


def test_only_what_the_request_asked_can_be_changed_as_the_request(
    ledger: Ledger, sop: Sop
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        publications.update_request(
            work, publication, title="Lain", facts=Facts(apa="Baru"), channels=("x",)
        )
        assert publication.channels == ["x"]
        with pytest.raises(TypeError, match="status"):
            publications.update_request(work, publication, status="selesai")
    assert verify(ledger) == []


def test_a_finished_publication_is_no_longer_open(ledger: Ledger, sop: Sop, clock: Clock) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        publications.finish(work, publication, PublicationStatus.DIBATALKAN, reason="Batal acara")
        clock.pass_time(hours=1)
        publications.finish(work, publication)
    with ledger.read() as work:
        assert publications.open_publications(work) == []
        found = publications.get(work, publication.id)
        assert (found.status, found.status_reason) == ("dibatalkan", "Batal acara")


def test_an_open_round_is_returned_as_it_is(ledger: Ledger, sop: Sop) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        first = rounds.open_round(work, publication, 1, work.now + timedelta(hours=1))
        assert rounds.open_round(work, publication, 1, None) is first
        with pytest.raises(ValueError, match="still open"):
            rounds.open_round(work, publication, 2, None)


def test_rounds_of_a_step_are_numbered_and_all_are_kept(ledger: Ledger, sop: Sop) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        for step, outcome in [(3, "selesai"), (4, "tidak"), (3, "selesai"), (4, "ya")]:
            current = rounds.open_round(work, publication, step, None)
            rounds.close_round(work, current, outcome)
            rounds.close_round(work, current, "tidak")
    with ledger.read() as work:
        told = {
            (one.step_no, one.number): one.outcome for one in rounds.timeline(work, publication)
        }
        assert rounds.current_round(work, publication) is None
    assert told == {(3, 1): "selesai", (4, 1): "tidak", (3, 2): "selesai", (4, 2): "ya"}


def test_the_database_itself_allows_one_open_round_per_publication(
    ledger: Ledger, sop: Sop
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        rounds.open_round(work, publication, 1, None)
    with ledger.work() as work:
        second = Round(
            id=work.new_id(),
            publication_id=publication.id,
            step_no=2,
            number=1,
            opened_at=work.now,
            deadline_at=None,
            closed_at=None,
            outcome=None,
        )
        work.session.add(second)
        with pytest.raises(IntegrityError):
            work.session.flush()
        work.session.rollback()


def test_a_new_form_takes_the_place_of_one_that_was_never_answered(
    ledger: Ledger, sop: Sop
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        current = rounds.open_round(work, publication, 1, None)
        first = forms.open_form(work, current, "run-1", "", {})
        second = forms.open_form(work, current, "run-1", "Alasan", {"judul": "x", "kode": "123456"})
        assert (first.state, second.state) == (FormState.DITINGGALKAN, FormState.MENUNGGU)
        assert forms.waiting_form(work, publication) is second
        assert (second.attempt, second.notice, second.prefill) == (2, "Alasan", {"judul": "x"})
        assert first.key != second.key
        assert len(second.key) > 30
        assert forms.form_by_key(work, second.key) is second
        rounds.close_round(work, current, "selesai")
        assert forms.waiting_form(work, publication) is None
    assert verify(ledger) == []


def test_an_answer_is_kept_whether_accepted_or_not_and_never_with_its_code(
    ledger: Ledger, sop: Sop, team: Team
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        current = rounds.open_round(work, publication, 1, None)
        assert forms.last_answer(work, current) is None
        form = forms.open_form(work, current, "run-1", "", {})
        forms.record_answer(
            work,
            form,
            named_person="Siapa saja",
            staff_id=None,
            accepted=False,
            reasons=["Kode tidak cocok."],
            fields={"judul": "x", "kode": "123456", "Kode": "654321"},
        )
    with ledger.read() as work:
        answer = forms.last_answer(work, current)
        assert answer is not None
        assert (answer.accepted, answer.reasons) == (False, ["Kode tidak cocok."])
        assert answer.fields == {"judul": "x"}
        assert forms.waiting_form(work, publication) is None


def test_the_timeline_tells_who_did_what_and_why(
    ledger: Ledger, sop: Sop, team: Team, clock: Clock
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        written(work, team, publication)
    clock.pass_time(minutes=1)
    with ledger.work() as work:
        verified(work, team, publication)
    clock.pass_time(minutes=1)
    with ledger.work() as work:
        approved(work, team, publication, decision="tidak")
        clock.pass_time(minutes=1)
    with ledger.work() as work:
        rounds.open_round(work, publication, 4, None)
    with ledger.read() as work:
        told = [
            (one.step_no, one.number, one.person, one.outcome, one.reason)
            for one in rounds.timeline(work, publication)
        ]
    assert told == [
        (3, 1, "Budi Santoso", "selesai", ""),
        (4, 1, "Siti Aminah", "ya", ""),
        (5, 1, "Rahmat Hidayat", "tidak", "Perbaiki judul"),
        (4, 2, "", None, ""),
    ]
