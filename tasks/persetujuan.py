"""SOP step 5: the head decides about exactly one digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger import decisions
from ledger.work import Work
from sop.forms.steps import NO
from sop.markup import escape_for_form
from tasks.case import Case, publication_in
from tasks.freezing import in_force, preview_artifact
from tasks.office import Office
from tasks.rendering import posts_from_json, readable
from tasks.stepwork import Answered, Draft, Extras, Outcome, StepWork
from tasks.verifikasi import manuscript_of, post_summaries


def extras(office: Office, case: Case) -> Extras:
    return Extras()


def body(office: Office, case: Case) -> str:
    manuscript = manuscript_of(case)
    with office.ledger.read() as work:
        frozen = in_force(work, publication_in(work, case.publication_id))
        posts, digest = posts_from_json(frozen.posts), frozen.digest
    artifact = preview_artifact(office, case, manuscript, posts, digest)
    parts = [f"👉 **[Buka pratinjau lengkap dengan gambar](/artifacts/artifact/{artifact})**"]
    parts.append(f"### {escape_for_form(manuscript.title)}")
    parts.append(escape_for_form(manuscript.lead))
    parts += post_summaries(office, posts)
    parts.append("**Isi berita di website**\n\n" + _quoted(readable(manuscript.body)))
    alts = "\n".join(
        f"- {escape_for_form(item.filename)}: {escape_for_form(item.alt)}"
        for item in manuscript.media
    )
    if alts:
        parts.append("**Gambar dan teks alternatif**\n\n" + alts)
    parts.append(f"Sidik (digest) yang disetujui: `{digest}`")
    return "\n\n".join(parts)


def _quoted(text: str, most: int = 6000) -> str:
    shown = (
        text
        if len(text) <= most
        else text[:most].rsplit(" ", 1)[0] + " … (lengkapnya di pratinjau)"
    )
    return "\n".join(f"> {line}" for line in shown.split("\n"))


def prepare(office: Office, case: Case, values: Mapping[str, Any]) -> Draft:
    if values["keputusan"] == NO and not values["alasan"]:
        return Draft(
            ("Alasan wajib diisi bila jawabannya “tidak”, agar Tim PPID tahu apa yang diperbaiki.",)
        )
    return Draft()


def apply(office: Office, work: Work, case: Case, answered: Answered) -> Outcome:
    publication = publication_in(work, case.publication_id)
    frozen = in_force(work, publication)
    decisions.decide(
        work,
        publication,
        answer_id=answered.answer_id,
        staff_id=answered.staff_id,
        decision=answered.values["keputusan"],
        reason=answered.values["alasan"],
        revision_id=frozen.revision_id,
        digest=frozen.digest,
    )
    return Outcome(answered.values["keputusan"])


WORK = StepWork(extras, body, prepare, apply)
