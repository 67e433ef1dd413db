"""SOP step 8: the person confirms the result of publication with a monev note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger import publications
from ledger.work import Work
from sop.indonesian import short_moment, today
from sop.markup import escape_for_form
from tasks.case import Case, publication_in
from tasks.office import Office
from tasks.recording import recording_of
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
    return "\n".join([*lines, "", *_archive(office, case)])


def _archive(office: Office, case: Case) -> list[str]:
    """What will be sealed once this form is answered, and what is not recorded yet."""
    with office.ledger.read() as work:
        recording = recording_of(publication_in(work, case.publication_id))
    year = today(office.clock()).year
    folder = office.archive_root / str(year) / f"{case.reference}-{case.round_number:02}"
    media = len(case.manuscript.media) if case.manuscript else 0
    labels = [office.channel_labels[code] for code in recording.rereads]
    lines = [
        "**Arsip.** Setelah formulir ini dijawab, paket arsip disegel dan tidak diubah lagi:",
        f"`{folder}`",
        "",
        f"- naskah yang disetujui (Markdown, HTML, PDF) dan {media} foto atau video",
        "- keputusan dengan sidiknya, waktu tiap langkah, rantai kejadian, catatan monev Anda",
    ]
    if labels:
        lines.append(f"- kiriman yang dibaca kembali: {escape_for_form(', '.join(labels))}")
    if recording.warc:
        lines.append("- rekaman halaman website beserta gambarnya")
    if recording.missing:
        lines += ["", "⚠ Belum terekam (dicoba lagi sesudah formulir dijawab, lalu tiap jam):", ""]
        lines += [f"- {escape_for_form(sentence)}" for sentence in recording.missing]
    return lines


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
