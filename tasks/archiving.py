"""From the record to an archive bag: collecting, sealing once, noting where it lies.

A bag is about the moment at which step 8 was answered (or, where the result was
recorded only later, about that moment), never about now: sealing again after a crash
gives the same payload, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Text, or_, select, type_coerce

from archive import (
    ArchiveError,
    ChannelRecord,
    Content,
    DecisionRecord,
    Retention,
    StepTime,
    Stored,
    seal,
    seal_of,
)
from connectors.base import LINK_MARK, RenderedPost
from ledger import deliveries, publications, revisions, rounds
from ledger.chain import StoredEvent, chain_break, stored_events
from ledger.models import Base, Delivery, Event, Publication, PublicationStatus
from ledger.rounds import RoundView
from ledger.work import Work
from sop.digest import SCHEME, digest_of
from sop.indonesian import short_moment
from sop.manuscript import BlobTampered, Manuscript
from sop.model import Sop, StepKind
from tasks.case import publication_in
from tasks.freezing import in_force
from tasks.gate import channels_of
from tasks.office import Office
from tasks.recording import RECORDED, Recording, record_result, recording_of, reread_value
from tasks.rendering import WEBSITE, posts_from_json

SEALED = "arsip-disegel"
ROUND_CLOSED = "putaran-ditutup"
ENDED = "publikasi-berakhir"
NOTE = "arsip"

# So long a bag waits for a page or a post that cannot be read; then it says what it lacks.
PATIENCE = timedelta(days=7)

_ADDRESS = re.compile(r"https?://[^\s<>\"')\]]+")


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed bag as the record knows it; `path` counts from the archive's root."""

    publication_id: str
    reference: str
    number: int
    path: str
    seal: str


@dataclass(frozen=True, slots=True)
class Documented:
    """Which round of step 8 a bag is about, when it was answered, and the event of that."""

    number: int
    at: datetime
    closing: int


def seal_publication(office: Office, publication_id: str) -> Sealed:
    """Seal what step 8 documented; harmless to repeat.

    Raises ArchiveError, in words for staff, when it cannot be done yet. Nothing is
    lost by that: whatever it needs is in the record and the blob store.
    """
    with office.ledger.read() as work:
        publication = publication_in(work, publication_id)
        documented = documented_of(work, publication)
        known = sealed_bags(publication)
    if documented is None:
        raise ArchiveError("Publikasi ini belum didokumentasikan (langkah 8), jadi belum diarsip.")
    for one in known:
        if one.number == documented.number:
            return one
    recording = record_result(office, publication_id)
    if not recording.is_complete and office.clock() - documented.at < PATIENCE:
        until = short_moment(documented.at + PATIENCE)
        raise ArchiveError(
            " ".join(recording.missing)
            + f" Arsip disegel setelah semuanya terekam, paling lambat {until}; dicoba tiap jam."
        )
    content = collect(office, publication_id)
    bag = seal(content, office.archive_root, office.blobs)
    return _noted(office, publication_id, content, bag)


def _noted(office: Office, publication_id: str, content: Content, bag: Path) -> Sealed:
    made = {"jalur": bag.relative_to(office.archive_root).as_posix(), "segel": seal_of(bag)}
    with office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        known = dict((publication.assignment or {}).get(NOTE, {}))
        if str(content.number) not in known:
            said = {**known, str(content.number): made}
            publications.keep_note(work, publication, SEALED, {NOTE: said})
    return Sealed(publication_id, content.reference, content.number, made["jalur"], made["segel"])


def sealed_bags(publication: Publication) -> list[Sealed]:
    """The publication's bags, the first one first."""
    known: Mapping[str, Any] = (publication.assignment or {}).get(NOTE, {})
    return [
        Sealed(publication.id, publication.reference, int(number), one["jalur"], one["segel"])
        for number, one in sorted(known.items(), key=lambda item: int(item[0]))
    ]


def documented_of(work: Work, publication: Publication) -> Documented | None:
    """The last answered round of step 8; an SOP without such a step is documented at its end."""
    sop = publications.sop_of(work, publication)
    steps = {step.no for step in sop.steps if step.kind is StepKind.PENDOKUMENTASIAN}
    closed = [
        (view, view.closed_at)
        for view in rounds.timeline(work, publication)
        if view.step_no in steps and view.closed_at is not None
    ]
    if closed:
        last, at = closed[-1]
        said = {"langkah": last.step_no, "putaran": last.number}
        return Documented(last.number, at, _last_event(work, publication, ROUND_CLOSED, said))
    if steps or publication.status != PublicationStatus.SELESAI or publication.finished_at is None:
        return None
    return Documented(1, publication.finished_at, _last_event(work, publication, ENDED, {}))


def _last_event(work: Work, publication: Publication, kind: str, said: Mapping[str, Any]) -> int:
    """The number, in its chain, of the last event of this kind that says this; 0: none."""
    chosen = select(Event).where(Event.chain == publication.id, Event.kind == kind)
    return max(
        (
            event.seq
            for event in work.session.scalars(chosen)
            if said.items() <= json.loads(event.data).items()
        ),
        default=0,
    )


def unsealed(work: Work) -> list[str]:
    """Ids of publications that are documented and have no bag yet."""
    notes = type_coerce(Publication.assignment, Text)
    # A quotation mark that somebody typed stands in JSON with a backslash before it.
    chosen = select(Publication.id).where(
        or_(notes.contains('"monev":'), Publication.status == PublicationStatus.SELESAI.value),
        notes.not_like(f'%"{NOTE}":%'),
    )
    return list(work.session.scalars(chosen.order_by(Publication.created_at, Publication.id)))


def collect(office: Office, publication_id: str) -> Content:
    """Everything that the bag holds, read from the record at one moment.

    Raises ArchiveError when the record was altered: what is wrong is not sealed.
    """
    with office.ledger.read() as work:
        publication = publication_in(work, publication_id)
        documented = documented_of(work, publication)
        if documented is None:
            raise ArchiveError("Publikasi ini belum didokumentasikan (langkah 8).")
        recording = recording_of(publication)
        cut = max(documented.at, recording.at or documented.at)
        sop = publications.sop_of(work, publication)
        frozen = in_force(work, publication)
        revision = revisions.get_revision(work, frozen.revision_id)
        manuscript = revisions.manuscript_of(revision)
        posts = posts_from_json(frozen.posts)
        rows = {
            code: deliveries.delivery(work, publication, frozen.digest, code)
            for code in channels_of(publication, posts)
        }
        _refuse_altered(work, publication, frozen, revision, *(row for row in rows.values() if row))
        if digest_of(manuscript, frozen.posts) != frozen.digest:
            raise ArchiveError("Isi naskah tidak lagi sama dengan sidik yang disetujui.")
        views = [
            view
            for view in rounds.timeline(work, publication)
            if view.closed_at is not None and view.closed_at <= cut
        ]
        kept, gaps = _with_source(office, manuscript)
        return Content(
            reference=publication.reference,
            number=documented.number,
            title=publication.title,
            unit=publication.unit,
            classification=publication.classification,
            rehearsal=publication.rehearsal,
            sop=sop,
            digest=frozen.digest,
            approved={
                "scheme": SCHEME,
                "manuscript": asdict(manuscript),
                "posts": dict(frozen.posts),
            },
            manuscript=kept,
            revision_number=revision.number,
            channels=tuple(
                _channel(office, posts[code], row, rows.get(WEBSITE), recording)
                for code, row in rows.items()
                if row is not None
            ),
            decisions=tuple(_decisions(views)),
            steps=tuple(_steps(office, sop, views)),
            events=tuple(
                _events(work, publication, max(documented.closing, _recorded(work, publication)))
            ),
            monev_note=str((publication.assignment or {}).get("monev", {}).get("catatan", "")),
            warc=_warc(recording),
            sealed_at=cut,
            retention=retention_for(office.retention, publication.classification),
            missing=(*recording.missing, *gaps),
        )


def _with_source(office: Office, manuscript: Manuscript) -> tuple[Manuscript, tuple[str, ...]]:
    """The manuscript with its source file, or without it and a sentence when it was never kept.

    A source whose bytes were altered is another matter: sealing refuses it.
    """
    if manuscript.source_sha256 is None:
        return manuscript, ()
    try:
        office.blobs.get(manuscript.source_sha256)
    except KeyError:
        name = manuscript.source_filename or "berkas sumber"
        gap = f"Berkas sumber naskah ({name}) tidak disimpan; isinya ada di naskah.md."
        return replace(manuscript, source_sha256=None), (gap,)
    except BlobTampered:
        return manuscript, ()
    return manuscript, ()


def _refuse_altered(work: Work, publication: Publication, *rows: Base) -> None:
    altered = [row.__tablename__ for row in (publication, *rows) if not work.is_unaltered(row)]
    broken = chain_break(work.session.connection(), publication.id)
    if altered or broken:
        where = f"tabel {altered[0]}" if altered else "rantai kejadian"
        raise ArchiveError(
            f"Catatan publikasi {publication.reference} berubah di luar Siar ({where}), jadi tidak "
            "disegel. Jalankan `siar verify`, lalu pulihkan basis data dari cadangan."
        )


def _channel(
    office: Office,
    post: RenderedPost,
    row: Delivery,
    website: Delivery | None,
    recording: Recording,
) -> ChannelRecord:
    sha256 = recording.rereads.get(row.channel)
    reread = reread_value(office, sha256) if sha256 else None
    article = website.url if website is not None and row.channel != WEBSITE else ""
    return ChannelRecord(
        code=row.channel,
        label=office.channel_labels.get(row.channel, row.channel),
        url=row.url,
        request={
            "sidik": row.digest,
            "kiriman": asdict(post),
            "alamat_artikel": article,
            "disiapkan": row.prepared,
            "upaya": row.attempts,
            "dikirim_pada": _text(row.attempted_at),
        },
        answer={
            "keadaan": row.state,
            "nomor": row.remote_id,
            "alamat": row.url,
            "tayang_pada": _text(row.published_at),
            "alamat_media": row.media_urls,
            "jawaban": row.raw,
            "kendala": row.error_sentence,
        },
        reread=reread,
        links=expanded_links(post.text, article, reread or {}),
        media=tuple(Stored(one.filename, one.sha256, one.mime, one.alt) for one in post.media),
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def expanded_links(text: str, article: str, reread: Mapping[str, Any]) -> dict[str, str]:
    """Each address that readers find in the post, with where it leads."""
    found = {address: address for address in _ADDRESS.findall(text)}
    if LINK_MARK in text and article:
        found[LINK_MARK] = article
    return {**found, **dict(_shortened(reread))}


def _shortened(value: Any) -> Iterator[tuple[str, str]]:
    """X tells where its short addresses lead beside each of them."""
    if isinstance(value, Mapping):
        short, long = value.get("url"), value.get("expanded_url")
        if isinstance(short, str) and isinstance(long, str):
            yield short, long
        for item in value.values():
            yield from _shortened(item)
    elif isinstance(value, list):
        for item in value:
            yield from _shortened(item)


def _decisions(views: list[RoundView]) -> Iterator[DecisionRecord]:
    for view in views:
        for one in view.answers:
            if (decision := one.decision) is not None:
                yield DecisionRecord(
                    step_no=view.step_no,
                    round_number=view.number,
                    person=one.answer.named_person,
                    decision=decision.decision,
                    reason=decision.reason,
                    digest=decision.digest,
                    decided_at=decision.decided_at,
                    revoked_at=decision.revoked_at,
                    revoked_reason=decision.revoked_reason,
                )


def _steps(office: Office, sop: Sop, views: list[RoundView]) -> Iterator[StepTime]:
    for view in views:
        if view.closed_at is None:
            continue
        step = sop.step(view.step_no)
        accepted = [one.answer.named_person for one in view.answers if one.answer.accepted]
        took = office.calendar.minutes_between(view.opened_at, view.closed_at)
        yield StepTime(
            step_no=view.step_no,
            activity=step.activity,
            role=sop.role_name(step.role),
            round_number=view.number,
            person=accepted[-1] if accepted else "Sistem",
            opened_at=view.opened_at,
            closed_at=view.closed_at,
            working_minutes=float(took),
            standard_minutes=step.standard_minutes,
            outcome=view.outcome or "",
            reason=view.reason,
        )


def _recorded(work: Work, publication: Publication) -> int:
    return _last_event(work, publication, RECORDED, {})


def _events(work: Work, publication: Publication, last: int) -> Iterator[Mapping[str, Any]]:
    """The chain from its first event to this one, as stored."""
    for event in stored_events(work.session.connection(), [publication.id]):
        if event.seq <= last:
            yield {name: getattr(event, name) for name in StoredEvent.__slots__}


def _warc(recording: Recording) -> Stored | None:
    return Stored("halaman.warc.gz", recording.warc, "application/warc") if recording.warc else None


def retention_for(rules: tuple[Retention, ...], classification: str) -> Retention | None:
    """The rule for a classification, else the one for all ("semua"); None when there is none."""
    by_name = {rule.classification.casefold(): rule for rule in rules}
    return by_name.get(classification.casefold()) or by_name.get("semua")
