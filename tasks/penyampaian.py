"""SOP step 1: a Subbag or Tim Kerja hands in what is to be published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from connectors.intake.errors import IntakeError
from connectors.intake.folder import resolve_folder
from ledger import publications
from ledger.work import Work
from sop.classification import refusal
from sop.forms.steps import CLASSIFICATIONS, FACTS
from sop.indonesian import WIB, number, parse_moment, short_moment
from sop.manuscript import Facts
from sop.markup import escape_for_form
from tasks.case import Case, publication_in
from tasks.office import Office
from tasks.stepwork import Answered, Draft, Extras, Outcome, StepWork

# In the publication's notes: a wanted time of the start form that is no moment.
UNREAD_MOMENT = "waktu_tayang_tidak_terbaca"
LONGEST_TITLE = 300
# Beyond it a slip of the hand is likelier than a plan.
FURTHEST = timedelta(days=731)


def extras(office: Office, case: Case) -> Extras:
    labels = office.channel_labels
    return Extras(
        prefill={
            "unit": case.unit,
            "judul": case.title,
            "klasifikasi": case.classification,
            **{name: case.facts.get(name, "") for name, _, _ in FACTS},
            "folder": case.folder,
            "saluran": [labels[code] for code in case.channels if code in labels],
            "waktu_tayang": short_input(case) or case.notes.get(UNREAD_MOMENT, ""),
        }
    )


def short_input(case: Case) -> str:
    """The wanted time as the form takes it back: never earlier than it was wanted."""
    if case.wanted_at is None:
        return ""
    local = case.wanted_at.astimezone(WIB)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def body(office: Office, case: Case) -> str:
    """What the start form still lacks, so that it is known before anything is typed."""
    if case.last_answer is not None:
        return ""
    known = dict(extras(office, case).prefill)
    # What is merely empty is asked for by the form itself.
    known["klasifikasi"] = known["klasifikasi"] or CLASSIFICATIONS[0]
    draft = prepare(office, case, known)
    return "\n".join(f"- ⚠ {escape_for_form(problem)}" for problem in draft.problems)


def prepare(office: Office, case: Case, values: Mapping[str, Any]) -> Draft:
    problems: list[str] = []
    if not values["judul"]:
        problems.append("Judul kegiatan masih kosong. Isi judulnya, lalu kirim lagi.")
    elif len(values["judul"]) > LONGEST_TITLE:
        problems.append(
            f"Judul kegiatan terlalu panjang ({number(len(values['judul']))} huruf). Singkatkan "
            f"menjadi paling banyak {LONGEST_TITLE} huruf; rinciannya dapat ditulis pada “Apa”."
        )
    refused = refusal(values["klasifikasi"])
    if refused:
        problems.append(refused)
    if values["folder"]:
        try:
            resolve_folder(office.intake_root, values["folder"])
        except IntakeError as error:
            problems.append(str(error))
    wanted_at, sentence = wanted_moment(office, values["waktu_tayang"])
    if sentence:
        problems.append(sentence)
    codes = codes_of(office, values["saluran"])
    return Draft(tuple(problems), (wanted_at, codes))


def wanted_moment(office: Office, text: str) -> tuple[Any, str]:
    """The wanted time in UTC (None: at once), or a sentence that says what is wrong."""
    if not text:
        return None, ""
    moment = parse_moment(text)
    if moment is None:
        return None, (
            f"Waktu tayang “{text[:40]}” tidak dapat dibaca. Tulis seperti 2026-12-01 09:00 (WIB), "
            "atau kosongkan."
        )
    if moment <= office.clock():
        return None, (
            f"Waktu tayang {short_moment(moment)} sudah lewat. "
            "Pilih waktu yang akan datang, atau kosongkan."
        )
    if moment - office.clock() > FURTHEST:
        return None, (
            f"Waktu tayang {short_moment(moment)} lebih dari dua tahun lagi. "
            "Periksa tahunnya, atau kosongkan."
        )
    return moment, ""


def codes_of(office: Office, labels: Any) -> tuple[str, ...]:
    """Channel codes of the labels that a form offered."""
    return tuple(code for code, label in office.channel_labels.items() if label in labels)


def apply(office: Office, work: Work, case: Case, answered: Answered) -> Outcome:
    values = answered.values
    wanted_at, codes = answered.payload
    publications.update_request(
        work,
        publication_in(work, case.publication_id),
        title=values["judul"],
        unit=values["unit"],
        classification=values["klasifikasi"],
        facts=asdict(Facts(**{name: values[name] for name, _, _ in FACTS})),
        folder=values["folder"],
        channels=list(codes),
        wanted_at=wanted_at,
    )
    return Outcome("selesai")


WORK = StepWork(extras, body, prepare, apply)
