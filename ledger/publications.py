"""Publications: opened once per run, kept with the SOP revision they started under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from ledger.models import OFFICE_CHAIN, Event, Publication, PublicationStatus, SopText
from ledger.work import RecordAlteredError, Work
from sop.load import parse
from sop.manuscript import Facts
from sop.model import Sop

OPENED = "publikasi-dibuka"
REBOUND = "alur-diganti"

_REFERENCE_BYTES = 4

# What the form of step 1 asks for, and may therefore be asked for again.
REQUEST_FIELDS = frozenset(
    {"title", "unit", "classification", "facts", "folder", "channels", "wanted_at"}
)


def open_publication(
    work: Work,
    *,
    flow_run_id: str | None,
    sop: Sop,
    title: str,
    unit: str,
    classification: str,
    facts: Facts | Mapping[str, Any],
    folder: str,
    channels: Iterable[str],
    wanted_at: datetime | None,
    rehearsal: bool,
    first_step: int,
) -> Publication:
    """Open a publication; a run that asks again is given the one it opened before.

    The opening is recorded on the office's chain as well, so that a publication
    that vanished with its whole chain is missed.
    """
    if flow_run_id is not None and (known := by_flow_run(work, flow_run_id)) is not None:
        return known
    _keep_sop(work, sop)
    publication = Publication(
        id=work.new_id(),
        reference=_free_reference(work),
        title=title,
        unit=unit,
        classification=classification,
        facts=_facts_json(facts),
        folder=folder,
        channels=list(channels),
        wanted_at=wanted_at,
        sop_sha256=sop.sha256,
        flow_run_id=flow_run_id,
        status=PublicationStatus.BERJALAN.value,
        status_reason="",
        current_step=first_step,
        created_at=work.now,
        finished_at=None,
        rehearsal=rehearsal,
        assignment=None,
    )
    work.session.add(publication)
    work.session.flush()
    said = {"publication_id": publication.id, "acuan": publication.reference}
    work.record(OFFICE_CHAIN, OPENED, said)
    work.record(publication.id, OPENED, {**said, "judul": title, "sop": sop.sha256})
    return publication


def get(work: Work, publication_id: str) -> Publication:
    """The publication with this id; raises LookupError when there is none."""
    found = work.session.get(Publication, publication_id)
    if found is None:
        raise LookupError(f"no publication has the id {publication_id!r}")
    return found


def by_flow_run(work: Work, flow_run_id: str) -> Publication | None:
    """The publication that a Prefect run carries."""
    chosen = select(Publication).where(Publication.flow_run_id == flow_run_id)
    return work.session.scalars(chosen).one_or_none()


def by_reference(work: Work, reference: str) -> Publication | None:
    """The publication with this short reference, however it was typed."""
    chosen = select(Publication).where(Publication.reference == reference.strip().lower())
    return work.session.scalars(chosen).one_or_none()


def open_publications(work: Work) -> list[Publication]:
    """All that are still on their way, the oldest first."""
    chosen = select(Publication).where(Publication.status == PublicationStatus.BERJALAN.value)
    ordered = chosen.order_by(Publication.created_at, Publication.id)
    return list(work.session.scalars(ordered))


def bind_flow_run(work: Work, publication: Publication, flow_run_id: str) -> None:
    """Let another run carry the publication (recover); harmless to repeat."""
    row = work.own(publication)
    if row.flow_run_id == flow_run_id:
        return
    before = row.flow_run_id
    row.flow_run_id = flow_run_id
    work.record(row.id, REBOUND, {"dari": before, "menjadi": flow_run_id})


def taken_from(work: Work, flow_run_id: str) -> Publication | None:
    """The publication that this run carried once and that another run carries now."""
    chosen = select(Event).where(Event.kind == REBOUND, Event.data.contains(flow_run_id))
    for event in work.session.scalars(chosen.order_by(Event.id.desc())):
        publication = get(work, event.chain)
        if json.loads(event.data).get("dari") == flow_run_id != publication.flow_run_id:
            return publication
    return None


def update_request(work: Work, publication: Publication, **changes: Any) -> None:
    """Change what the request said (`REQUEST_FIELDS`), as when its form is asked again."""
    if unknown := set(changes) - REQUEST_FIELDS:
        raise TypeError(f"not part of a request: {', '.join(sorted(unknown))}")
    publication = work.own(publication)
    for name, value in changes.items():
        if name == "facts":
            publication.facts = _facts_json(value)
        elif name == "channels":
            publication.channels = list(value)
        else:
            setattr(publication, name, value)
    work.record(publication.id, "permohonan-diubah", {"kolom": sorted(changes)})


def move_to_step(work: Work, publication: Publication, step_no: int) -> None:
    """Name the step that the publication is at; harmless to repeat."""
    publication = work.own(publication)
    if publication.current_step == step_no:
        return
    before = publication.current_step
    publication.current_step = step_no
    work.record(publication.id, "langkah-berpindah", {"dari": before, "ke": step_no})


def instruct(work: Work, publication: Publication, *, writer: str, note: str) -> None:
    """Keep the instruction of step 2: who shall write, and the note."""
    keep_note(
        work, publication, "diinstruksikan", {"instruksi": {"penulis": writer, "catatan": note}}
    )


def assign(
    work: Work,
    publication: Publication,
    *,
    officer: str,
    channels: Iterable[str],
    not_before: str | None,
    note: str = "",
) -> None:
    """Keep what step 6 ordered: officer, channels and time (ISO, None: at once)."""
    ordered = {
        "petugas": officer,
        "saluran": list(channels),
        "tayang_pada": not_before,
        "catatan": note,
    }
    keep_note(work, publication, "ditugaskan", ordered)


def note_monev(work: Work, publication: Publication, *, note: str, staff_id: str) -> None:
    """Keep the monev note of step 8."""
    keep_note(work, publication, "dicatat-monev", {"monev": {"catatan": note}}, actor=staff_id)


def finish(
    work: Work,
    publication: Publication,
    status: PublicationStatus = PublicationStatus.SELESAI,
    *,
    reason: str = "",
) -> None:
    """End the publication: done, refused or cancelled. One that has ended stays as it is."""
    publication = work.own(publication)
    if publication.status != PublicationStatus.BERJALAN.value:
        return
    publication.status = status.value
    publication.status_reason = reason
    publication.finished_at = work.now
    publication.current_step = None
    work.record(publication.id, "publikasi-berakhir", {"status": status.value, "alasan": reason})


def facts_of(publication: Publication) -> Facts:
    """The 5W + 1H that the request gave."""
    names = Facts.__dataclass_fields__
    return Facts(**{name: str(publication.facts.get(name, "")) for name in names})


def sop_of(work: Work, publication: Publication) -> Sop:
    """The SOP revision that the publication was started under.

    Raises RecordAlteredError when its text is no longer what it was.
    """
    kept = work.session.get(SopText, publication.sop_sha256)
    if kept is None or not work.is_unaltered(kept):
        raise RecordAlteredError(SopText.__tablename__, publication.sop_sha256)
    return _parsed(kept.source)


def keep_note(
    work: Work,
    publication: Publication,
    kind: str,
    said: Mapping[str, Any],
    *,
    actor: str | None = None,
) -> None:
    """Keep what a step said for the steps after it, beside what is known (JSON only)."""
    publication = work.own(publication)
    publication.assignment = {**(publication.assignment or {}), **said}
    work.record(publication.id, kind, said, actor=actor)


@lru_cache(maxsize=32)
def _parsed(source: str) -> Sop:
    return parse(source, name="SOP pada catatan")


def _keep_sop(work: Work, sop: Sop) -> None:
    if hashlib.sha256(sop.source.encode("utf-8")).hexdigest() != sop.sha256:
        raise ValueError(f"the SOP's source does not have the digest {sop.sha256}")
    if work.session.get(SopText, sop.sha256) is None:
        work.session.add(
            SopText(sha256=sop.sha256, nomor=sop.nomor, revisi=sop.revisi, source=sop.source)
        )
        work.session.flush()


def _free_reference(work: Work) -> str:
    while True:
        reference = work.token(_REFERENCE_BYTES).hex()
        if by_reference(work, reference) is None:
            return reference


def _facts_json(facts: Facts | Mapping[str, Any]) -> dict[str, Any]:
    return asdict(facts) if isinstance(facts, Facts) else dict(facts)
