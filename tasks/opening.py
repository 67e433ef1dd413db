"""Opening a step's form: what is asked, of whom, with which words on top."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel

from ledger import forms, people, rounds
from sop.forms import Asking, model_of, questions_for
from sop.forms.wording import introduction
from sop.indonesian import today
from tasks.case import Case, publication_in
from tasks.office import Office
from tasks.stepwork import StepWork

REOPENED = (
    "Formulir sebelumnya ditutup tanpa jawaban yang sah (misalnya Retry, resume kosong, atau run "
    "dijalankan ulang). Tidak ada yang diputuskan; silakan jawab formulir ini."
)
NOBODY = (
    "Belum ada pemegang peran {role} hari ini, jadi formulir ini belum dapat dijawab. "
    "Minta administrator menjalankan: siar staff add, atau siar staff delegate."
)


@dataclass(frozen=True)
class OpenForm:
    """A form as it will stand on the run."""

    key: str
    model: type[BaseModel]
    description: str


def asking_of(office: Office, case: Case, work_of_step: StepWork) -> Asking:
    """Today's question list for this case: people are looked up at this moment."""
    extras = work_of_step.extras(office, case)
    day = today(office.clock())
    with office.ledger.read() as work:
        names = {role.code: role.name for role in case.sop.roles}
        people_of = {
            role: tuple(holder.label for holder in found)
            for role, found in people.holders_by_role(work, names, day).items()
        }
    typed = case.last_answer.fields if case.last_answer and not case.last_answer.accepted else {}
    return Asking(
        sop=case.sop,
        step=case.step,
        round_number=case.round_number,
        holders=people_of[case.step.role],
        people=people_of,
        prefill={**extras.prefill, **typed},
        units=office.units,
        channels=office.channel_labels,
        wanted=extras.wanted,
        alts=extras.alts,
        troubles=extras.troubles,
    )


def open_form(office: Office, case: Case, work_of_step: StepWork, flow_run_id: UUID) -> OpenForm:
    """Record a new form for the open round and make what Prefect will show."""
    asking = asking_of(office, case, work_of_step)
    body = work_of_step.body(office, case)
    with office.ledger.work() as work:
        publication = publication_in(work, case.publication_id)
        current = rounds.current_round(work, publication)
        if current is None or current.id != case.round_id:
            raise RuntimeError("putaran sudah berganti; run akan membaca ulang catatannya")
        left = forms.waiting_form(work, publication)
        notice = _notice(case, asking, reopened=left is not None)
        form = forms.open_form(
            work, current, flow_run_id=str(flow_run_id), notice="\n".join(notice), prefill={}
        )
        key = form.key
    return OpenForm(
        key=key,
        model=model_of("Formulir", questions_for(asking)),
        description=introduction(
            step=case.step,
            round_number=case.round_number,
            title=case.title,
            reference=case.reference,
            opened_at=case.opened_at,
            deadline=case.deadline,
            notice=notice,
            refused=case.last_answer is not None and not case.last_answer.accepted,
            body=body,
            history=case.history,
        ),
    )


def _notice(case: Case, asking: Asking, *, reopened: bool) -> list[str]:
    reasons: list[str] = []
    if case.last_answer and not case.last_answer.accepted:
        reasons += case.last_answer.reasons
    if reopened:
        reasons.append(REOPENED)
    if case.returned_because:
        reasons.append(f"Dikembalikan dengan alasan: {case.returned_because}")
    reasons += case.notice
    if not asking.holders:
        reasons.append(NOBODY.format(role=case.sop.role_name(case.step.role)))
    return reasons
