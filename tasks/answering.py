"""Receiving an answer: who it is from, whether it may count, what it changes.

One transaction accepts the answer, spends the code, carries the step out in the
ledger and opens the next round; a crash leaves all of it or nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger import codes, decisions, forms, people, publications, rounds
from ledger.models import Form, FormState, Publication
from ledger.people import Holder
from ledger.work import Work
from sop.forms import questions_for, read_answers
from sop.indonesian import today
from sop.model import Sop
from tasks.case import Case, case_in, publication_in, read_case
from tasks.office import Office
from tasks.opening import asking_of
from tasks.stepwork import Answered, Draft, Outcome, StepWork

# What a mistake in our own judging looks like; trouble of disk, network or database does not.
STUMBLES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
UNJUDGED = (
    "Isian formulir ini tidak dapat diolah ({why}). Tidak ada yang diputuskan. Periksa isiannya, "
    "terutama tanggal dan teks yang tidak biasa, lalu kirim lagi; bila tetap begini, beri tahu "
    "administrator."
)
STALE = "Formulir ini sudah tidak berlaku; formulir yang baru sudah dibuka."


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What became of an answer."""

    accepted: bool
    reasons: tuple[str, ...]
    person: str
    result: str | None


def receive(
    office: Office,
    work_of_step: StepWork,
    publication_id: str,
    form_id: str,
    raw: Mapping[str, Any],
    sent_at: datetime | None = None,
) -> Verdict:
    """Take one answer to one form; the form is closed by it, whatever it says.

    `sent_at` is when the answer was sent in (UTC; None: now); its code is judged by that.
    An answer over which the judging itself stumbles is refused like any other: it stays
    stored at the server, and would stop every later run of the publication.
    """
    try:
        return _judged(office, work_of_step, publication_id, form_id, raw, sent_at)
    except STUMBLES as error:
        _log.exception("the answer to form %s could not be judged", form_id)
        return _refused(office, form_id, str(raw.get("petugas", "")), type(error).__name__)


def _refused(office: Office, form_id: str, label: str, why: str) -> Verdict:
    """Close the form for an answer that cannot be judged; only that it came is kept."""
    reasons = [UNJUDGED.format(why=why)]
    with office.ledger.work() as work:
        form = work.session.get(Form, form_id)
        if form is None or form.state != FormState.MENUNGGU:
            return Verdict(False, (STALE,), "", None)
        forms.record_answer(
            work,
            form,
            named_person=label,
            staff_id=None,
            accepted=False,
            reasons=reasons,
            fields={},
        )
    return Verdict(False, tuple(reasons), label, None)


def _judged(
    office: Office,
    work_of_step: StepWork,
    publication_id: str,
    form_id: str,
    raw: Mapping[str, Any],
    sent_at: datetime | None,
) -> Verdict:
    case = read_case(office, publication_id)
    if case is None:
        return Verdict(False, (STALE,), "", None)
    asking = asking_of(office, case, work_of_step)
    values, problems = read_answers(questions_for(asking), raw)
    draft = Draft() if problems else work_of_step.prepare(office, case, values)
    with office.ledger.work() as work:
        form = work.session.get(Form, form_id)
        now = case_in(office, work, publication_id)
        if (
            form is None
            or form.state != FormState.MENUNGGU
            or now is None
            or now.round_id != form.round_id
        ):
            return Verdict(False, (STALE,), "", None)
        # Before its form was there nobody can have answered it.
        sent = max(sent_at, form.opened_at) if sent_at is not None else work.now
        problems += draft.problems
        return _record(office, work, work_of_step, now, form, values, problems, draft, sent)


def _record(
    office: Office,
    work: Work,
    work_of_step: StepWork,
    case: Case,
    form: Form,
    values: dict[str, Any],
    problems: list[str],
    draft: Draft,
    sent_at: datetime,
) -> Verdict:
    label, code = str(values.pop("petugas", "")), str(values.pop("kode", ""))
    publication = publication_in(work, case.publication_id)

    role = case.step.role
    holder, reasons = holder_behind(work, role, case.sop.role_name(role), label, code, sent_at)
    if holder is not None:
        # Writer, verifier and approver of one revision are three people (law 2).
        reasons += decisions.separation_reasons(work, publication, holder.staff_id, case.step.kind)
    reasons += problems
    answer = forms.record_answer(
        work,
        form,
        named_person=label,
        staff_id=holder.staff_id if holder else None,
        accepted=not reasons,
        reasons=reasons,
        fields={**values, **draft.remember},
        sent_at=sent_at,
    )
    if holder is None or reasons:
        return Verdict(False, tuple(reasons), label, None)
    outcome = work_of_step.apply(
        office,
        work,
        case,
        Answered(holder.staff_id, answer.id, values, draft.payload),
    )
    conclude(office, work, case, outcome)
    return Verdict(True, (), label, outcome.result)


def holder_behind(
    work: Work, role: str, role_name: str, label: str, code: str, sent_at: datetime | None = None
) -> tuple[Holder | None, list[str]]:
    """The person of this role behind a name and a code, or why it is nobody.

    The code is spent by this. It is judged by `sent_at`, the right to the role by now.
    """
    holders = people.holders(work, role, today(work.now), role_name=role_name)
    holder = next((one for one in holders if one.label == label), None)
    if holder is None:
        return None, [
            f"Nama yang dipilih tidak memegang peran {role_name} hari ini. "
            "Pilih nama Anda dari daftar; bila tidak ada, hubungi administrator."
        ]
    verdict = codes.check_code(work, holder.staff_id, code, sent_at)
    if not verdict.ok:
        return None, [verdict.sentence]
    return holder, []


def conclude(office: Office, work: Work, case: Case, outcome: Outcome) -> None:
    """Close the round and open the one that the SOP says comes next."""
    if outcome.result is None:
        return
    publication = publication_in(work, case.publication_id)
    current = rounds.current_round(work, publication)
    if current is None:
        return
    rounds.close_round(work, current, outcome.result)
    following = case.sop.following(case.step.no, yes=outcome.result != "tidak")
    move_to(office, work, publication, case.sop, following.no if following else None)


def move_to(
    office: Office, work: Work, publication: Publication, sop: Sop, step_no: int | None
) -> None:
    """Open a round of this step, with its deadline; None ends the publication."""
    if step_no is None:
        publications.finish(work, publication)
        return
    step = sop.step(step_no)
    deadline = (
        None
        if step.standard_minutes is None
        else office.calendar.deadline(work.now, step.standard_minutes)
    )
    rounds.open_round(work, publication, step_no, deadline)
