"""SOP step 3: writing, from the form or from a file in the material folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.base import RenderedPost
from connectors.intake.errors import IntakeError
from connectors.intake.folder import read_notes, resolve_folder, scan
from connectors.intake.material import gather, gather_media
from ledger import publications, revisions
from ledger.work import Work
from sop.checks import check
from sop.difference import difference
from sop.forms.steps import FACTS, FROM_FILE, caption_field
from sop.indonesian import today
from sop.manuscript import Facts, Manuscript
from sop.markup import escape_for_form
from sop.model import StepKind
from tasks.case import Case, publication_in
from tasks.freezing import freeze_for_approval
from tasks.instruksi import submission_table
from tasks.manuscript_fields import (
    alts_of,
    captions_in,
    facts_in,
    fields_of,
    tags_in,
    with_alts,
)
from tasks.office import Office
from tasks.rendering import damaged_files, render_all
from tasks.stepwork import Answered, Draft, Extras, Outcome, StepWork

_PICTURES_SEEN = "gambar_terbaca"
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif"})


def extras(office: Office, case: Case) -> Extras:
    known = (
        fields_of(case.manuscript)
        if case.manuscript
        else {"judul": case.title, **{name: case.facts.get(name, "") for name, _, _ in FACTS}}
    )
    return Extras(
        prefill={**known, "folder": case.folder},
        wanted=case.channels,
        alts={
            **_pictures_in_folder(office, case),
            **_pictures_seen(case),
            **alts_of(case.manuscript),
        },
    )


def _pictures_in_folder(office: Office, case: Case) -> dict[str, str]:
    fields = case.last_answer.fields if case.last_answer else {}
    name = fields.get("folder") or case.folder
    if not name:
        return {}
    try:
        contents = scan(resolve_folder(office.intake_root, name))
        notes = read_notes(contents.notes)[0] if contents.notes else {}
    except IntakeError:
        return {}
    known = {filename.casefold(): note.alt for filename, note in notes.items()}
    return {
        path.name: known.get(path.name.casefold(), "")
        for path in contents.media
        if path.suffix.lower() in PICTURE_SUFFIXES
    }


def _pictures_seen(case: Case) -> dict[str, str]:
    fields = case.last_answer.fields if case.last_answer else {}
    return dict(fields.get(_PICTURES_SEEN, {}))


def body(office: Office, case: Case) -> str:
    parts = []
    instruction = case.notes.get("instruksi", {})
    if instruction:
        parts.append(
            f"Instruksi untuk **{escape_for_form(instruction.get('penulis', ''))}**: "
            f"{escape_for_form(instruction.get('catatan', ''))}"
        )
    parts.append(submission_table(office, case))
    return "\n\n".join(parts)


def prepare(office: Office, case: Case, values: Mapping[str, Any]) -> Draft:
    base = case.manuscript or Manuscript("", "", "", facts=Facts(**_known_facts(case)))
    problems: list[str] = []
    from_file = values["sumber"] == FROM_FILE
    if values["folder"]:
        try:
            folder = resolve_folder(office.intake_root, values["folder"])
            material = (gather if from_file else gather_media)(office.blobs, folder)
        except IntakeError as error:
            return Draft((str(error),))
        problems += material.problems
        if from_file:
            if material.document is None:
                problems.append(
                    f"Folder {values['folder']} tidak berisi naskah.docx, naskah.odt, atau "
                    "naskah.md. Taruh naskahnya di sana, atau pilih “Isian formulir ini”."
                )
            else:
                base = _from_document(base, material.document)
        base = replace(base, media=material.media)
    elif from_file:
        problems.append("Folder materi masih kosong. Tulis nama folder yang berisi naskah.")
    typed = _changed(values, extras(office, case).prefill) if from_file else values
    manuscript = _typed(base, typed, case.channels)
    problems += [f"{one.place}: {one.sentence}" for one in damaged_files(office, manuscript)]
    seen = {item.filename: item.alt for item in manuscript.media if item.is_image}
    findings = check(manuscript, today=today(office.clock()), own_domains=office.own_domains)
    problems += [f"{one.place}: {one.sentence}" for one in findings if one.blocking]
    following = case.sop.following(case.step.no)
    posts: dict[str, RenderedPost] = {}
    if not problems and following is not None and following.kind is StepKind.PERSETUJUAN:
        posts, channel_findings = render_all(office, manuscript, case.reference, case.channels)
        problems += [f"{one.place}: {one.sentence}" for one in channel_findings if one.blocking]
    return Draft(tuple(problems), (manuscript, posts), {_PICTURES_SEEN: seen})


def _changed(values: Mapping[str, Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the writer changed: a field left as offered does not hide the file's text."""
    return {
        name: "" if value == offered.get(name) and name != "folder" else value
        for name, value in values.items()
    }


def _known_facts(case: Case) -> dict[str, str]:
    return {name: case.facts.get(name, "") for name, _, _ in FACTS}


def _from_document(base: Manuscript, document: Any) -> Manuscript:
    """What the file says; where it is silent, what is known stays."""
    facts = {
        name: getattr(document.facts, name) or getattr(base.facts, name) for name, _, _ in FACTS
    }
    return replace(
        base,
        title=document.title or base.title,
        lead=document.lead or base.lead,
        body=document.body or base.body,
        facts=Facts(**facts),
        captions={**base.captions, **document.captions},
        tags=document.tags or base.tags,
        source_sha256=document.source_sha256,
        source_filename=document.source_filename,
    )


def _typed(base: Manuscript, values: Mapping[str, Any], channels: tuple[str, ...]) -> Manuscript:
    """What was typed in the form goes before what the file says."""
    captions = {
        code: text for code, text in base.captions.items() if caption_field(code) not in values
    }
    captions.update(captions_in(values, channels, base.captions))
    return replace(
        base,
        title=values["judul"] or base.title,
        lead=values["teras"] or base.lead,
        body=values["isi"] or base.body,
        facts=facts_in(values, base.facts),
        captions=captions,
        tags=tags_in(values, base.tags),
        media=with_alts(base.media, values),
    )


def apply(office: Office, work: Work, case: Case, answered: Answered) -> Outcome:
    manuscript, posts = answered.payload
    publication = publication_in(work, case.publication_id)
    revision = revisions.add_revision(
        work,
        publication,
        manuscript,
        author=answered.staff_id,
        round_id=case.round_id,
        step_no=case.step.no,
        source="file" if answered.values["sumber"] == FROM_FILE else "form",
        difference=difference(case.manuscript, manuscript) if case.manuscript else "",
    )
    freeze_for_approval(work, case, publication, revision, manuscript, posts)
    publications.update_request(
        work, publication, title=manuscript.title, folder=answered.values["folder"]
    )
    return Outcome("selesai")


WORK = StepWork(extras, body, prepare, apply)
