"""Rounds: one opening of a step each. A "tidak" opens a new one, the old ones are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ledger.forms import abandon_waiting
from ledger.models import (
    Answer,
    Decision,
    Form,
    Outcome,
    Publication,
    PublicationStatus,
    Round,
    Staff,
)
from ledger.publications import move_to_step
from ledger.work import Work


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer for reports; `person` is the staff name, or what was named on the form."""

    answer: Answer
    person: str
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round for reports, with everything that happened in it, in order.

    `person` gave the answer that was accepted last and `reason` is what the last
    decision said; both are "" when there is none. `outcome` is None while open.
    """

    id: str
    step_no: int
    number: int
    opened_at: datetime
    deadline_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    person: str
    reason: str
    forms: tuple[Form, ...]
    answers: tuple[AnswerView, ...]


def open_round(
    work: Work, publication: Publication, step_no: int, deadline_at: datetime | None
) -> Round:
    """Open a step again, or for the first time; the publication stands at it from now on.

    A round that is open already at this step is returned as it is, so a run that
    starts again goes on where it was. Raises ValueError when another step is open.
    """
    publication = work.own(publication)
    if (present := current_round(work, publication)) is not None:
        if present.step_no != step_no:
            raise ValueError(f"step {present.step_no} of {publication.reference} is still open")
        return present
    last = work.session.scalar(
        select(func.max(Round.number)).where(
            Round.publication_id == publication.id, Round.step_no == step_no
        )
    )
    opened = Round(
        id=work.new_id(),
        publication_id=publication.id,
        step_no=step_no,
        number=(last or 0) + 1,
        opened_at=work.now,
        deadline_at=deadline_at,
        closed_at=None,
        outcome=None,
    )
    work.session.add(opened)
    work.session.flush()
    move_to_step(work, publication, step_no)
    work.record(publication.id, "putaran-dibuka", {"langkah": step_no, "putaran": opened.number})
    return opened


def current_round(work: Work, publication: Publication) -> Round | None:
    """The open round of a publication that goes on, of which there is at most one."""
    if publication.status != PublicationStatus.BERJALAN.value:
        return None
    chosen = select(Round).where(Round.publication_id == publication.id, Round.closed_at.is_(None))
    return work.session.scalars(chosen).one_or_none()


def close_round(work: Work, opened: Round, outcome: Outcome | str) -> None:
    """End a round with "ya", "tidak" or "selesai"; harmless to repeat.

    A form of it that still waits is abandoned.
    """
    opened = work.own(opened)
    if opened.closed_at is not None:
        return
    abandon_waiting(work, opened.id)
    opened.closed_at = work.now
    opened.outcome = Outcome(outcome).value
    work.session.flush()
    work.record(
        opened.publication_id,
        "putaran-ditutup",
        {"langkah": opened.step_no, "putaran": opened.number, "hasil": opened.outcome},
    )


def timeline(work: Work, publication: Publication) -> list[RoundView]:
    """All rounds of a publication in the order they were opened, for reports."""
    rounds = work.session.scalars(
        select(Round)
        .where(Round.publication_id == publication.id)
        .order_by(Round.opened_at, Round.step_no, Round.number)
    ).all()
    forms = work.session.scalars(
        select(Form).where(Form.publication_id == publication.id).order_by(Form.attempt)
    ).all()
    answers = work.session.scalars(
        select(Answer)
        .where(Answer.publication_id == publication.id)
        .order_by(Answer.received_at, Answer.id)
    ).all()
    decisions = {
        decision.answer_id: decision
        for decision in work.session.scalars(
            select(Decision).where(Decision.publication_id == publication.id)
        )
    }
    names = _names(work, {answer.staff_id for answer in answers if answer.staff_id})
    views = [
        AnswerView(
            answer,
            names.get(answer.staff_id or "", answer.named_person),
            decisions.get(answer.id),
        )
        for answer in answers
    ]
    return [
        _round_view(
            opened,
            tuple(form for form in forms if form.round_id == opened.id),
            tuple(view for view in views if view.answer.round_id == opened.id),
        )
        for opened in rounds
    ]


def _round_view(
    opened: Round, forms: tuple[Form, ...], answers: tuple[AnswerView, ...]
) -> RoundView:
    persons = [view.person for view in answers if view.answer.accepted]
    reasons = [view.decision.reason for view in answers if view.decision is not None]
    return RoundView(
        id=opened.id,
        step_no=opened.step_no,
        number=opened.number,
        opened_at=opened.opened_at,
        deadline_at=opened.deadline_at,
        closed_at=opened.closed_at,
        outcome=opened.outcome,
        person=persons[-1] if persons else "",
        reason=reasons[-1] if reasons else "",
        forms=forms,
        answers=answers,
    )


def _names(work: Work, staff_ids: set[str]) -> dict[str, str]:
    chosen = select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids))
    return {row.id: row.name for row in work.session.execute(chosen)}
