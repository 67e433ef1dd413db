"""SOP step 8: the person confirms the result of publication with a monev note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger import publications
from ledger.work import Work
from sop.indonesian import short_moment
from sop.markup import escape_for_form
from tasks.case import Case, publication_in
from tasks.office import Office
from tasks.standings import standings
from tasks.stepwork import Answered, Draft, Extras, Outcome, StepWork


def extras(office: Office, case: Case) -> Extras:
    return Extras()


def body(office: Office, case: Case) -> str:
    labels = office.channel_labels
    lines = ["| Saluran | Tayang | Alamat |", "|---|---|---|"]
    for row in standings(office, case.publication_id):
        when = short_moment(row.published_at) if row.published_at else "–"
        where = f"[{row.url}]({row.url})" if row.url else escape_for_form(row.error_sentence)
        label = escape_for_form(labels.get(row.channel, row.channel))
        lines.append(f"| {label} | {when} | {where} |")
    return "\n".join(lines)


def prepare(office: Office, case: Case, values: Mapping[str, Any]) -> Draft:
    return Draft()


def apply(office: Office, work: Work, case: Case, answered: Answered) -> Outcome:
    publications.note_monev(
        work,
        publication_in(work, case.publication_id),
        note=answered.values["catatan"],
        staff_id=answered.staff_id,
    )
    return Outcome("selesai")


WORK = StepWork(extras, body, prepare, apply)
