"""SOP step 4: Tim PPID verifies and edits; "ya" freezes what step 5 will decide about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.base import LINK_MARK, RenderedPost
from ledger import decisions, revisions
from ledger.work import Work
from sop.difference import difference
from sop.forms.steps import NO, YES
from sop.forms.wording import findings_list
from sop.manuscript import Finding, Manuscript
from sop.markup import escape_for_form
from sop.model import StepKind
from tasks.case import Case, publication_in
from tasks.freezing import freeze_for_approval
from tasks.manuscript_fields import alts_of, edited, fields_of
from tasks.office import Office
from tasks.rendering import (
    LINK_SHOWN,
    WEBSITE,
    all_findings,
    asked_links,
    in_order,
    render_all,
)
from tasks.stepwork import Answered, Draft, Extras, Outcome, StepWork

# Findings of these kinds are let through by a "ya" only with a written reason.
PERSONAL = "pribadi."


@dataclass(frozen=True)
class Verified:
    """What the verifier's answer amounts to."""

    manuscript: Manuscript
    posts: Mapping[str, RenderedPost]
    changed: bool


def extras(office: Office, case: Case) -> Extras:
    manuscript = manuscript_of(case)
    return Extras(prefill=fields_of(manuscript), wanted=case.channels, alts=alts_of(manuscript))


def manuscript_of(case: Case) -> Manuscript:
    """The manuscript that this step is about; a step before any writing is a data error."""
    if case.manuscript is None:
        raise RuntimeError(f"publikasi {case.reference} belum mempunyai naskah")
    return case.manuscript


def as_typed(case: Case) -> Manuscript:
    """The manuscript with what a refused answer typed: the fields that the form shows again."""
    manuscript = manuscript_of(case)
    if case.last_answer is None or case.last_answer.accepted:
        return manuscript
    typed = {**fields_of(manuscript), **case.last_answer.fields}
    return edited(manuscript, typed, case.channels)


def body(office: Office, case: Case) -> str:
    manuscript = as_typed(case)
    links = asked_links(office, manuscript)
    posts, channel_findings = render_all(office, manuscript, case.reference, case.channels)
    findings = all_findings(office, manuscript, channel_findings, links)
    return "\n\n".join(
        [*_other_writer(case), findings_list(findings), *post_summaries(office, posts)]
    )


def _other_writer(case: Case) -> list[str]:
    """Says so where somebody else wrote than the one whom step 2 named."""
    named = str(case.notes.get("instruksi", {}).get("penulis", ""))
    kinds = {step.no: step.kind for step in case.sop.steps}
    writers = [past.person for past in case.history if kinds[past.step_no] is StepKind.PENULISAN]
    if not named or not writers or writers[-1] == named:
        return []
    return [
        f"⚠ Naskah ditulis oleh **{escape_for_form(writers[-1])}**, sedangkan yang ditugaskan "
        f"**{escape_for_form(named)}**."
    ]


def post_summaries(office: Office, posts: Mapping[str, RenderedPost]) -> list[str]:
    """Each channel's post in a few lines, as it will read."""
    parts = []
    for code, post in in_order(office, posts).items():
        label = escape_for_form(office.connectors[code].label)
        pictures = f"{len(post.media)} gambar/video"
        if code == WEBSITE:
            parts.append(f"**{label}** · {pictures} · {escape_for_form(post.title)}")
        else:
            text = escape_for_form(post.text.replace(LINK_MARK, LINK_SHOWN))
            parts.append(f"**{label}** · {pictures}\n\n> " + text.replace("\n", "\n> "))
    return parts


def prepare(office: Office, case: Case, values: Mapping[str, Any]) -> Draft:
    before = manuscript_of(case)
    manuscript = edited(before, values, case.channels)
    changed = manuscript != before
    if values["keputusan"] == NO:
        problems = (
            ()
            if values["alasan"]
            else ("Alasan wajib diisi bila jawabannya “tidak”, agar penulis tahu perbaikannya.",)
        )
        return Draft(problems, Verified(manuscript, {}, changed))
    posts, channel_findings = render_all(office, manuscript, case.reference, case.channels)
    findings = all_findings(office, manuscript, channel_findings)
    return Draft(
        tuple(_reasons_against_yes(findings, values["alasan"])),
        Verified(manuscript, posts, changed),
    )


def _reasons_against_yes(findings: list[Finding], reason: str) -> list[str]:
    reasons = [f"{one.place}: {one.sentence}" for one in findings if one.blocking]
    if not reason and any(one.code.startswith(PERSONAL) for one in findings):
        reasons.append(
            "Naskah memuat data pribadi (lihat temuan). Hapus datanya, atau tulis di “Alasan / "
            "catatan koreksi” mengapa boleh dimuat."
        )
    return reasons


def apply(office: Office, work: Work, case: Case, answered: Answered) -> Outcome:
    verified: Verified = answered.payload
    publication = publication_in(work, case.publication_id)
    revision = revisions.latest_revision(work, publication)
    if revision is None:
        raise RuntimeError("langkah verifikasi tanpa naskah")
    # A revision that was altered in the store can never be approved: write it anew.
    if verified.changed or not revisions.is_intact(work, revision):
        revision = revisions.add_revision(
            work,
            publication,
            verified.manuscript,
            author=answered.staff_id,
            round_id=case.round_id,
            step_no=case.step.no,
            source="form",
            difference=difference(manuscript_of(case), verified.manuscript),
        )
    decision = answered.values["keputusan"]
    digest = None
    if decision == YES:
        digest = freeze_for_approval(
            work, case, publication, revision, verified.manuscript, verified.posts
        )
    decisions.decide(
        work,
        publication,
        answer_id=answered.answer_id,
        staff_id=answered.staff_id,
        decision=decision,
        reason=answered.values["alasan"],
        revision_id=revision.id,
        digest=digest,
    )
    return Outcome(decision)


WORK = StepWork(extras, body, prepare, apply)
