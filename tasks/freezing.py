"""Freezing what step 5 will decide about, and knowing which frozen form is in force."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from prefect.artifacts import create_markdown_artifact

from connectors.base import RenderedPost
from ledger import publications, revisions
from ledger.models import Freeze, Publication, Revision
from ledger.work import Work
from sop.manuscript import Manuscript
from sop.model import StepKind
from tasks.case import Case, publication_in
from tasks.office import Office
from tasks.rendering import digest_for, posts_as_json, preview

# Under this name in a publication's notes stands the digest to be decided about.
DIGEST = "sidik"


def freeze_for_approval(
    work: Work,
    case: Case,
    publication: Publication,
    revision: Revision,
    manuscript: Manuscript,
    posts: Mapping[str, RenderedPost],
) -> str | None:
    """Freeze the revision when the step after this one approves; the digest, else None."""
    following = case.sop.following(case.step.no)
    if following is None or following.kind is not StepKind.PERSETUJUAN:
        return None
    digest = digest_for(manuscript, posts)
    revisions.freeze(work, revision, digest=digest, posts=posts_as_json(posts))
    publications.keep_note(work, publication, "diajukan-untuk-persetujuan", {DIGEST: digest})
    return digest


def in_force(work: Work, publication: Publication) -> Freeze:
    """The frozen form that is before the approver, or approved; KeyError when there is none."""
    digest = (publication.assignment or {}).get(DIGEST, "")
    frozen = revisions.frozen(work, publication, digest) if digest else None
    if frozen is None:
        raise KeyError(f"publikasi {publication.reference} belum mempunyai naskah beku")
    return frozen


def preview_artifact(
    office: Office,
    case: Case,
    manuscript: Manuscript,
    posts: Mapping[str, RenderedPost],
    digest: str,
) -> UUID:
    """Keep the preview as a Prefect artifact of this run and remember its id."""
    made = create_markdown_artifact(
        markdown=preview(office, manuscript, posts, title=case.title, digest=digest),
        key=f"pratinjau-{case.reference}",
        description=f"Pratinjau {case.title[:120]}",
    )
    with office.ledger.work() as work:
        frozen = in_force(work, publication_in(work, case.publication_id))
        revisions.keep_preview(work, frozen, str(made))
    return UUID(str(made))
