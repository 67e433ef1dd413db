"""Decisions, the approval that lets something out, and the separation of roles.

Law 1: only what was approved goes out. `approval` is what the single publishing
function asks; it trusts a "ya" only if everything it rests on is still as the
chain says. Law 2: writer, verifier and approver of a revision are three people.
"""

from __future__ import annotations

from sqlalchemy import select

from ledger.chain import chain_break
from ledger.models import (
    Answer,
    Base,
    Decision,
    Form,
    MediaRow,
    Outcome,
    Publication,
    Revision,
    Round,
)
from ledger.publications import sop_of
from ledger.revisions import frozen, latest_revision
from ledger.work import RecordAlteredError, Work
from sop.model import StepKind


def decide(
    work: Work,
    publication: Publication,
    *,
    answer_id: str,
    staff_id: str,
    decision: Outcome | str,
    reason: str,
    revision_id: str | None,
    digest: str | None,
) -> Decision:
    """Keep a "ya" or "tidak" that an accepted answer gave, about one revision.

    Raises ValueError for an answer that was refused, is somebody else's or belongs
    to another publication, and for an approval that names no frozen digest.
    """
    decision = Outcome(decision)
    if decision is Outcome.SELESAI:
        raise ValueError("a decision is ya or tidak")
    answer = work.session.get_one(Answer, answer_id)
    if (
        not answer.accepted
        or answer.staff_id != staff_id
        or answer.publication_id != publication.id
    ):
        raise ValueError("a decision needs its own person's accepted answer")
    opened = work.session.get_one(Round, answer.round_id)
    approves = decision is Outcome.YA and _kind(work, opened) is StepKind.PERSETUJUAN
    if approves and (digest is None or frozen(work, publication, digest) is None):
        raise ValueError("an approval names a digest that this publication has frozen")
    row = Decision(
        id=work.new_id(),
        publication_id=publication.id,
        round_id=opened.id,
        step_no=opened.step_no,
        answer_id=answer.id,
        staff_id=staff_id,
        decision=decision.value,
        reason=reason,
        revision_id=revision_id,
        digest=digest,
        decided_at=work.now,
        revoked_at=None,
        revoked_reason="",
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        publication.id,
        "diputuskan",
        {
            "langkah": opened.step_no,
            "putaran": opened.number,
            "keputusan": decision.value,
            "keputusan_id": row.id,
            "revisi_id": revision_id,
            "sidik": digest,
        },
        actor=staff_id,
    )
    return row


def approval(work: Work, publication: Publication, digest: str) -> Decision | None:
    """The unrevoked "ya" of the approval step for exactly this digest, if it can be trusted."""
    return _approval(work, publication, digest)[0]


def approval_obstacles(work: Work, publication: Publication, digest: str) -> list[str]:
    """Why `approval` gives nothing, in sentences; empty when it gives the decision."""
    return _approval(work, publication, digest)[1]


def _approval(
    work: Work, publication: Publication, digest: str
) -> tuple[Decision | None, list[str]]:
    try:
        decision = _approving_decision(work, publication, digest)
    except RecordAlteredError as error:
        return None, [str(error)]
    if decision is None:
        return None, [
            "Belum ada persetujuan yang berlaku untuk isi ini persis. "
            "Kirim kembali ke langkah persetujuan."
        ]
    doubts = _doubts(work, publication, decision, digest)
    return (None, doubts) if doubts else (decision, [])


def revoke_approvals(work: Work, publication: Publication, reason: str) -> int:
    """Take back every "ya" of the approval step that is still in force; how many.

    One whose row was altered is no approval any more (`approval`) and is left as it
    is, named in the event: writing over it would hide the alteration.
    """
    rows = [
        row
        for row in work.session.scalars(
            select(Decision).where(
                Decision.publication_id == publication.id,
                Decision.decision == Outcome.YA.value,
                Decision.revoked_at.is_(None),
            )
        )
        if _kind(work, row) is StepKind.PERSETUJUAN
    ]
    altered = [row.id for row in rows if not work.is_unaltered(row)]
    revoked = [row for row in rows if row.id not in altered]
    for row in revoked:
        row.revoked_at = work.now
        row.revoked_reason = reason
    if rows:
        work.session.flush()
        said = {"keputusan": [row.id for row in revoked], "diubah": altered, "alasan": reason}
        work.record(publication.id, "persetujuan-dicabut", said)
    return len(revoked)


def writer_ids(work: Work, publication: Publication) -> set[str]:
    """Who wrote: the authors of revisions made in a writing step."""
    return {
        row.author_staff_id
        for row in _revisions(work, publication)
        if row.author_staff_id and _kind(work, row) is StepKind.PENULISAN
    }


def editor_ids(work: Work, publication: Publication) -> set[str]:
    """Who changed the text in any step."""
    return {row.author_staff_id for row in _revisions(work, publication) if row.author_staff_id}


def verifier_ids(work: Work, publication: Publication, revision: Revision) -> set[str]:
    """Who said "ya" in a verification step about this revision or one with the same content."""
    same = select(Revision.id).where(
        Revision.publication_id == publication.id,
        Revision.content_sha256 == revision.content_sha256,
    )
    chosen = select(Decision).where(
        Decision.publication_id == publication.id,
        Decision.decision == Outcome.YA.value,
        Decision.revision_id.in_(same),
    )
    return {
        row.staff_id
        for row in work.session.scalars(chosen)
        if _kind(work, row) is StepKind.VERIFIKASI
    }


def separation_reasons(
    work: Work, publication: Publication, staff_id: str, kind: StepKind
) -> list[str]:
    """Why a person may not take this kind of step for the latest revision; usually empty.

    A verifier who edits the text does not become its writer, but whoever changed
    the text in any step, or verified it, may not approve it.
    """
    if kind is StepKind.VERIFIKASI and staff_id in writer_ids(work, publication):
        return [
            "Anda menulis naskah ini, jadi tidak boleh memverifikasinya. "
            "Minta anggota lain yang memegang peran ini untuk mengisi formulir."
        ]
    if kind is not StepKind.PERSETUJUAN:
        return []
    reasons = []
    if staff_id in editor_ids(work, publication):
        reasons.append(
            "Anda ikut menulis atau menyunting naskah ini, jadi tidak boleh menyetujuinya. "
            "Minta pejabat lain, atau Plh./Plt. yang ditunjuk, untuk memutuskan."
        )
    revision = latest_revision(work, publication)
    if revision is not None and staff_id in verifier_ids(work, publication, revision):
        reasons.append(
            "Anda sudah memverifikasi naskah ini, jadi tidak boleh menyetujuinya. "
            "Minta pejabat lain, atau Plh./Plt. yang ditunjuk, untuk memutuskan."
        )
    return reasons


def _approving_decision(work: Work, publication: Publication, digest: str) -> Decision | None:
    chosen = select(Decision).where(
        Decision.publication_id == publication.id,
        Decision.digest == digest,
        Decision.decision == Outcome.YA.value,
        Decision.revoked_at.is_(None),
    )
    for row in work.session.scalars(chosen.order_by(Decision.decided_at.desc(), Decision.id)):
        if _kind(work, row) is StepKind.PERSETUJUAN:
            return row
    return None


def _doubts(work: Work, publication: Publication, decision: Decision, digest: str) -> list[str]:
    """What the decision rests on that is not as the chain says."""
    answer = work.session.get_one(Answer, decision.answer_id)
    frozen_form = frozen(work, publication, digest)
    if not answer.accepted or answer.staff_id != decision.staff_id or frozen_form is None:
        return ["Persetujuan ini tidak didukung jawaban yang sah. Kirim kembali ke persetujuan."]
    if decision.decided_at < frozen_form.frozen_at:
        return ["Naskah dibekukan lagi sesudah disetujui. Kirim kembali ke persetujuan."]
    revision = work.session.get_one(Revision, frozen_form.revision_id)
    media = work.session.scalars(select(MediaRow).where(MediaRow.revision_id == revision.id))
    basis: list[Base] = [
        decision,
        answer,
        work.session.get_one(Form, answer.form_id),
        work.session.get_one(Round, decision.round_id),
        frozen_form,
        revision,
        *media,
    ]
    doubts = [
        f"Dasar persetujuan berubah di luar Siar: tabel {row.__tablename__}. Isi ini tidak "
        "diterbitkan; jalankan `siar verify`, lalu kirim kembali ke verifikasi."
        for row in basis
        if not work.is_unaltered(row)
    ]
    broken = chain_break(work.session.connection(), publication.id)
    if broken is not None:
        doubts.append(
            f"Catatan kejadian publikasi ini tidak utuh ({broken.sentence}). Isi ini tidak "
            "diterbitkan; jalankan `siar verify` dan pulihkan basis data dari cadangan."
        )
    return doubts


def _revisions(work: Work, publication: Publication) -> list[Revision]:
    chosen = select(Revision).where(Revision.publication_id == publication.id)
    return list(work.session.scalars(chosen))


def _kind(work: Work, row: Decision | Revision | Round) -> StepKind:
    publication = work.session.get_one(Publication, row.publication_id)
    return sop_of(work, publication).step(row.step_no).kind
