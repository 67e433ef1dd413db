"""SOP step 2: Pranata Humas instructs a writer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger import publications
from ledger.work import Work
from sop.forms.steps import FACTS
from sop.markup import escape_for_form
from tasks.case import Case, publication_in
from tasks.office import Office
from tasks.stepwork import Answered, Draft, Extras, Outcome, StepWork


def extras(office: Office, case: Case) -> Extras:
    return Extras(prefill={})


def body(office: Office, case: Case) -> str:
    return submission_table(office, case)


def submission_table(office: Office, case: Case) -> str:
    """What step 1 handed in, as a table."""
    labels = office.channel_labels
    rows = [
        ("Unit kerja", case.unit),
        ("Klasifikasi", case.classification),
        *((title, case.facts.get(name, "")) for name, title, _ in FACTS),
        ("Folder materi", case.folder),
        ("Saluran", ", ".join(labels.get(code, code) for code in case.channels)),
    ]
    lines = ["| Informasi | Isi |", "|---|---|"]
    lines += [
        f"| {title} | {escape_for_form(' '.join(text.split())[:300])} |"
        for title, text in rows
        if text
    ]
    return "\n".join(lines)


def prepare(office: Office, case: Case, values: Mapping[str, Any]) -> Draft:
    return Draft()


def apply(office: Office, work: Work, case: Case, answered: Answered) -> Outcome:
    publications.instruct(
        work,
        publication_in(work, case.publication_id),
        writer=answered.values["penulis"],
        note=answered.values["catatan"],
    )
    return Outcome("selesai")


WORK = StepWork(extras, body, prepare, apply)
