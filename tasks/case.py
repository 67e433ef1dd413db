"""Where a publication stands, read from the ledger as one immutable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger import publications, revisions, rounds
from ledger.models import Publication
from ledger.rounds import RoundView
from ledger.work import Work
from sop.forms.wording import Past
from sop.manuscript import Manuscript
from sop.model import Sop, Step
from tasks.office import Office

# Under this name in a publication's notes stands why the system returned it.
WARNING = "peringatan"
# And under this one, which monev report ended it, who read that, and in which round.
REPORTED = "laporan"


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The newest answer to the open round's forms."""

    accepted: bool
    reasons: tuple[str, ...]
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A publication at its current step.

    `returned_because` is the reason of the "tidak" that opened this round, if one did.
    """

    publication_id: str
    reference: str
    title: str
    unit: str
    classification: str
    facts: Mapping[str, str]
    folder: str
    channels: tuple[str, ...]
    wanted_at: datetime | None
    notes: Mapping[str, Any]
    sop: Sop
    step: Step
    round_id: str
    round_number: int
    opened_at: datetime
    deadline: datetime | None
    manuscript: Manuscript | None
    revision_id: str | None
    revision_number: int
    last_answer: LastAnswer | None
    notice: tuple[str, ...]
    history: tuple[Past, ...]
    returned_because: str


def read_case(office: Office, publication_id: str) -> Case | None:
    """The case, or None when the publication is no longer open."""
    with office.ledger.read() as work:
        return case_in(office, work, publication_id)


def case_in(office: Office, work: Work, publication_id: str) -> Case | None:
    """The same inside a transaction that is already open."""
    publication = publication_in(work, publication_id)
    current = rounds.current_round(work, publication)
    if current is None:
        return None
    sop = publications.sop_of(work, publication)
    revision = revisions.latest_revision(work, publication)
    timeline = rounds.timeline(work, publication)
    answers = next(view.answers for view in timeline if view.id == current.id)
    notes = dict(publication.assignment or {})
    history = _history(office, timeline, sop, notes.get(REPORTED, {}))
    returned = history[-1].reason if history and history[-1].outcome == "tidak" else ""
    warning = notes.get(WARNING, {})
    return Case(
        publication_id=publication.id,
        reference=publication.reference,
        title=publication.title,
        unit=publication.unit,
        classification=publication.classification,
        facts=dict(publication.facts),
        folder=publication.folder,
        channels=tuple(publication.channels),
        wanted_at=publication.wanted_at,
        notes=notes,
        sop=sop,
        step=sop.step(current.step_no),
        round_id=current.id,
        round_number=current.number,
        opened_at=current.opened_at,
        deadline=current.deadline_at,
        manuscript=None if revision is None else revisions.manuscript_of(revision),
        revision_id=None if revision is None else revision.id,
        revision_number=0 if revision is None else revision.number,
        last_answer=None
        if not answers
        else LastAnswer(
            answers[-1].answer.accepted,
            tuple(answers[-1].answer.reasons),
            dict(answers[-1].answer.fields),
        ),
        notice=tuple(warning.get("alasan", ())) if warning.get("putaran") == current.id else (),
        history=history,
        returned_because=returned,
    )


def publication_in(work: Work, publication_id: str) -> Publication:
    """The publication with this id; KeyError names it when the record has none."""
    return publications.get(work, publication_id)


def past_rounds(office: Office, work: Work, publication: Publication, sop: Sop) -> tuple[Past, ...]:
    """Every closed round of a publication, in order."""
    reported = (publication.assignment or {}).get(REPORTED, {})
    return _history(office, rounds.timeline(work, publication), sop, reported)


def _answered_by(view: RoundView, reported: Mapping[str, Any]) -> str:
    """Who closed the round, named as on the form of that day: "… (Plh. Kepala Balai)"."""
    if reported.get("putaran") == view.id:
        return str(reported["oleh"])
    accepted = [one.answer.named_person for one in view.answers if one.answer.accepted]
    return accepted[-1] if accepted else "Sistem"


def _history(
    office: Office, timeline: list[RoundView], sop: Sop, reported: Mapping[str, Any]
) -> tuple[Past, ...]:
    return tuple(
        Past(
            step_no=view.step_no,
            name=sop.step(view.step_no).short,
            round_number=view.number,
            person=_answered_by(view, reported),
            closed_at=view.closed_at,
            took_minutes=float(office.calendar.minutes_between(view.opened_at, view.closed_at)),
            standard_minutes=sop.step(view.step_no).standard_minutes,
            outcome=view.outcome or "",
            reason=next(
                (one.decision.reason for one in reversed(view.answers) if one.decision), ""
            ),
        )
        for view in timeline
        if view.closed_at is not None
    )
