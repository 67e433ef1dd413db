"""Manuscript revisions with their media, and the frozen forms that step 5 decides about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select

from ledger.canonical import sha256_of
from ledger.models import Freeze, MediaRow, Publication, Revision
from ledger.work import Work
from sop.manuscript import Facts, Manuscript, Media


def manuscript_json(manuscript: Manuscript) -> dict[str, Any]:
    """The manuscript as a JSON value; `manuscript_from` reads it back exactly."""
    return {**asdict(manuscript), "captions": dict(manuscript.captions)}


def manuscript_from(content: Mapping[str, Any]) -> Manuscript:
    """The manuscript that `manuscript_json` wrote."""
    values = dict(content)
    values["facts"] = Facts(**values["facts"])
    values["tags"] = tuple(values["tags"])
    values["media"] = tuple(_media_from(item) for item in values["media"])
    return Manuscript(**values)


def add_revision(
    work: Work,
    publication: Publication,
    manuscript: Manuscript,
    *,
    author: str | None,
    round_id: str,
    step_no: int,
    source: str,
    difference: str = "",
) -> Revision:
    """Keep a new state of the manuscript. `author` is a staff id, `source` "form" or "file"."""
    content = manuscript_json(manuscript)
    last = latest_revision(work, publication)
    revision = Revision(
        id=work.new_id(),
        publication_id=publication.id,
        number=last.number + 1 if last else 1,
        content=content,
        content_sha256=sha256_of(content),
        author_staff_id=author,
        written_at=work.now,
        step_no=step_no,
        round_id=round_id,
        source=source,
        difference=difference,
    )
    work.session.add(revision)
    work.session.flush()
    for ordinal, media in enumerate(manuscript.media, start=1):
        work.session.add(
            MediaRow(
                id=work.new_id(),
                publication_id=publication.id,
                revision_id=revision.id,
                ordinal=ordinal,
                **asdict(media),
            )
        )
    work.record(
        publication.id,
        "naskah-ditulis",
        {
            "revisi": revision.number,
            "revisi_id": revision.id,
            "sha256": revision.content_sha256,
            "langkah": step_no,
        },
        actor=author,
    )
    return revision


def latest_revision(work: Work, publication: Publication) -> Revision | None:
    """The manuscript as it stands now."""
    return work.session.scalars(
        select(Revision)
        .where(Revision.publication_id == publication.id)
        .order_by(Revision.number.desc())
        .limit(1)
    ).first()


def revisions(work: Work, publication: Publication) -> list[Revision]:
    """All states of the manuscript, the first one first."""
    chosen = select(Revision).where(Revision.publication_id == publication.id)
    return list(work.session.scalars(chosen.order_by(Revision.number)))


def get_revision(work: Work, revision_id: str) -> Revision:
    """The revision with this id; raises LookupError when there is none."""
    found = work.session.get(Revision, revision_id)
    if found is None:
        raise LookupError(f"no revision has the id {revision_id!r}")
    return found


def manuscript_of(revision: Revision) -> Manuscript:
    """The manuscript of a revision, exactly as it was handed in."""
    return manuscript_from(revision.content)


def is_intact(work: Work, revision: Revision) -> bool:
    """Whether the revision and the rows of its media are as the record says.

    One that is not cannot be approved any more: what a verifier says "ya" to then
    has to be kept as a new revision.
    """
    media = work.session.scalars(select(MediaRow).where(MediaRow.revision_id == revision.id))
    return work.is_unaltered(revision) and all(work.is_unaltered(row) for row in media)


def freeze(
    work: Work, revision: Revision, *, digest: str, posts: Mapping[str, Mapping[str, Any]]
) -> Freeze:
    """Keep what a digest stands for: the revision and each channel's rendered post (JSON).

    Always a new row, also for content that was frozen before: an approval given
    earlier does not count for it, and an old row that was altered is not in its way.
    """
    numbers = select(func.max(Freeze.number)).where(
        Freeze.publication_id == revision.publication_id
    )
    frozen_form = Freeze(
        id=work.new_id(),
        publication_id=revision.publication_id,
        revision_id=revision.id,
        number=(work.session.scalar(numbers) or 0) + 1,
        digest=digest,
        posts=dict(posts),
        frozen_at=work.now,
        preview_artifact=None,
    )
    work.session.add(frozen_form)
    work.session.flush()
    work.record(
        revision.publication_id,
        "naskah-dibekukan",
        {"revisi": revision.number, "revisi_id": revision.id, "sidik": digest},
    )
    return frozen_form


def frozen(work: Work, publication: Publication, digest: str) -> Freeze | None:
    """What a digest stands for in this publication, as it was frozen last."""
    chosen = select(Freeze).where(Freeze.publication_id == publication.id, Freeze.digest == digest)
    return work.session.scalars(chosen.order_by(Freeze.number.desc()).limit(1)).first()


def latest_freeze(work: Work, publication: Publication) -> Freeze:
    """What the publication froze last; raises LookupError when it has frozen nothing."""
    chosen = select(Freeze).where(Freeze.publication_id == publication.id)
    found = work.session.scalars(chosen.order_by(Freeze.number.desc()).limit(1)).first()
    if found is None:
        raise LookupError(f"nothing of publication {publication.reference} has been frozen")
    return found


def keep_preview(work: Work, frozen_form: Freeze, artifact: str) -> None:
    """Remember which artifact shows the frozen form."""
    frozen_form = work.own(frozen_form)
    frozen_form.preview_artifact = artifact
    work.record(frozen_form.publication_id, "pratinjau-disimpan", {"artefak": artifact})


def _media_from(item: Mapping[str, Any]) -> Media:
    # RFC 8785 writes 12.0 as 12; a duration is a float again.
    duration = item["duration"]
    return Media(**{**item, "duration": None if duration is None else float(duration)})
