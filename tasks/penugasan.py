"""SOP step 6: Pranata Humas names the officer, the channels and the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import LINK_MARK
from ledger import publications
from ledger.work import Work
from tasks.case import Case, publication_in
from tasks.freezing import in_force
from tasks.office import Office
from tasks.penyampaian import codes_of, short_input, wanted_moment
from tasks.rendering import WEBSITE, posts_from_json
from tasks.stepwork import Answered, Draft, Extras, Outcome, StepWork


def extras(office: Office, case: Case) -> Extras:
    wanted_at = case.wanted_at
    late = wanted_at is not None and wanted_at <= office.clock()
    return Extras(
        prefill={"waktu_tayang": "" if late else short_input(case)},
        wanted=approved_channels(office, case),
    )


def approved_channels(office: Office, case: Case) -> tuple[str, ...]:
    """Channels whose rendered post belongs to the approved digest."""
    with office.ledger.read() as work:
        frozen = in_force(work, publication_in(work, case.publication_id))
    return tuple(code for code in case.channels if code in posts_from_json(frozen.posts))


def body(office: Office, case: Case) -> str:
    return ""


def prepare(office: Office, case: Case, values: Mapping[str, Any]) -> Draft:
    problems = []
    wanted_at, sentence = wanted_moment(office, values["waktu_tayang"])
    if sentence:
        problems.append(sentence)
    codes = codes_of(office, values["saluran"])
    if "instagram" in codes and WEBSITE not in codes:
        problems.append(
            "Instagram mengambil gambar dari website. Sertakan Website, atau hapus Instagram."
        )
    if WEBSITE not in codes:
        problems += [
            f"Kiriman {office.channel_labels[code]} memuat tautan ke artikel website. "
            "Sertakan Website, atau hapus saluran itu."
            for code in _linking(office, case)
            if code in codes
        ]
    return Draft(tuple(problems), (wanted_at, codes))


def _linking(office: Office, case: Case) -> list[str]:
    """Approved channels whose post points to the article."""
    with office.ledger.read() as work:
        frozen = in_force(work, publication_in(work, case.publication_id))
    return [code for code, post in posts_from_json(frozen.posts).items() if LINK_MARK in post.text]


def apply(office: Office, work: Work, case: Case, answered: Answered) -> Outcome:
    wanted_at, codes = answered.payload
    publications.assign(
        work,
        publication_in(work, case.publication_id),
        officer=answered.values["petugas_unggah"],
        channels=codes,
        not_before=None if wanted_at is None else wanted_at.isoformat(),
        note=answered.values["catatan"],
    )
    return Outcome("selesai")


WORK = StepWork(extras, body, prepare, apply)
