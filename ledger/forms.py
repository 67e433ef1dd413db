"""The forms put before people, and the answers that came back.

A form waits for one answer. A refused answer leads to another form in the same
round, with the reasons on top; both answers are kept.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ledger.models import (
    OFFICE_CHAIN,
    Answer,
    Form,
    FormState,
    Publication,
    Report,
    Round,
)
from ledger.work import Work

# An answer is kept as it came, but never a code.
CODE_FIELDS = frozenset({"kode", "code", "otp", "totp"})

REFUSED_BY_SERVER = "resume-ditolak-peladen"

_LONGEST_PERSON = 300
_KEY_BYTES = 20


@dataclass(frozen=True, slots=True)
class RefusedResume:
    """A resume that the Prefect server turned away, so that no answer of it exists.

    `fields` are the names of what was filled in, never the values; `caller` is the
    address of the machine that asked.
    """

    flow_run_id: str
    reason: str
    named_person: str
    fields: tuple[str, ...]
    caller: str


def record_refused_resumes(work: Work, refused: Mapping[RefusedResume, int]) -> None:
    """One event for each, with how often it came; runs without a form of ours are passed over.

    What was tried on a monev report stands on the office's chain.
    """
    for one, times in refused.items():
        chain = _carried_by(work, one.flow_run_id) or _of_report(work, one.flow_run_id)
        if chain is None:
            continue
        said = {
            "run": one.flow_run_id,
            "alasan": one.reason,
            "petugas": one.named_person,
            "isian": list(one.fields),
            "dari": one.caller,
            "kali": times,
        }
        work.record(chain, REFUSED_BY_SERVER, said)


def _of_report(work: Work, flow_run_id: str) -> str | None:
    chosen = select(Report.id).where(Report.flow_run_id == flow_run_id).limit(1)
    return OFFICE_CHAIN if work.session.scalar(chosen) else None


def _carried_by(work: Work, flow_run_id: str) -> str | None:
    """The publication that the run carries, or carried when a form of it was opened."""
    carries = select(Publication.id).where(Publication.flow_run_id == flow_run_id)
    carried = select(Form.publication_id).where(Form.flow_run_id == flow_run_id).limit(1)
    return work.session.scalar(carries) or work.session.scalar(carried)


def open_form(
    work: Work, opened: Round, flow_run_id: str, notice: str, prefill: Mapping[str, Any]
) -> Form:
    """Put a new form before people; an earlier one of the round that still waits is abandoned.

    `notice` stands on top (why the last answer was refused); `prefill` gives back
    what was typed.
    """
    abandon_waiting(work, opened.id)
    last = work.session.scalar(select(func.max(Form.attempt)).where(Form.round_id == opened.id))
    form = Form(
        id=work.new_id(),
        publication_id=opened.publication_id,
        round_id=opened.id,
        attempt=(last or 0) + 1,
        key="f" + base64.b32encode(work.token(_KEY_BYTES)).decode("ascii").lower(),
        flow_run_id=flow_run_id,
        opened_at=work.now,
        closed_at=None,
        state=FormState.MENUNGGU.value,
        notice=notice,
        prefill=_without_codes(prefill),
    )
    work.session.add(form)
    work.session.flush()
    work.record(
        opened.publication_id,
        "formulir-dibuka",
        {"langkah": opened.step_no, "putaran": opened.number, "percobaan": form.attempt},
    )
    return form


def waiting_form(work: Work, publication: Publication) -> Form | None:
    """The form that the publication waits for."""
    chosen = select(Form).where(
        Form.publication_id == publication.id, Form.state == FormState.MENUNGGU.value
    )
    return work.session.scalars(chosen).one_or_none()


def form_by_key(work: Work, key: str) -> Form | None:
    return work.session.scalars(select(Form).where(Form.key == key)).one_or_none()


def record_answer(
    work: Work,
    form: Form,
    *,
    named_person: str,
    staff_id: str | None,
    accepted: bool,
    reasons: Sequence[str],
    fields: Mapping[str, Any],
    sent_at: datetime | None = None,
) -> Answer:
    """Keep an answer, accepted or refused; a form that waited has been answered by it.

    `sent_at` is when it was sent in (UTC), which the event tells; the row tells when it
    was read.
    """
    form = work.own(form)
    answer = Answer(
        id=work.new_id(),
        publication_id=form.publication_id,
        round_id=form.round_id,
        form_id=form.id,
        staff_id=staff_id,
        named_person=named_person[:_LONGEST_PERSON],
        received_at=work.now,
        accepted=accepted,
        reasons=list(reasons),
        fields=_without_codes(fields),
    )
    work.session.add(answer)
    if form.state == FormState.MENUNGGU.value:
        form.state = FormState.DIJAWAB.value
        form.closed_at = work.now
    work.session.flush()
    work.record(
        form.publication_id,
        "jawaban-diterima" if accepted else "jawaban-ditolak",
        {
            "jawaban_id": answer.id,
            "percobaan": form.attempt,
            "alasan": list(reasons),
            "dikirim": (sent_at or work.now).isoformat(),
        },
        actor=staff_id,
    )
    return answer


def last_answer(work: Work, opened: Round) -> Answer | None:
    """The newest answer to any form of a round."""
    return work.session.scalars(
        select(Answer)
        .join(Form, Form.id == Answer.form_id)
        .where(Answer.round_id == opened.id)
        .order_by(Form.attempt.desc(), Answer.received_at.desc(), Answer.id)
        .limit(1)
    ).first()


def abandon_waiting(work: Work, round_id: str) -> None:
    """Close the form of a round that nobody has answered."""
    waiting = select(Form).where(Form.round_id == round_id, Form.state == FormState.MENUNGGU.value)
    for form in work.session.scalars(waiting):
        form.state = FormState.DITINGGALKAN.value
        form.closed_at = work.now
        work.record(form.publication_id, "formulir-ditinggalkan", {"percobaan": form.attempt})
    # Before a new one is inserted: only one form of a round may wait.
    work.session.flush()


def _without_codes(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name.lower() not in CODE_FIELDS}
