"""The one gate that every channel call passes (law 1).

`authorise` and `authorise_summary` make an `Order` only from rows that the chain still
vouches for, for a digest that a verified and unrevoked "ya" names, after reading every
byte of it again. Nothing else in the project makes an `Order`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from connectors.base import Order, RenderedMedia, RenderedPost
from ledger import decisions, deliveries, report_pages, reports, revisions
from ledger.models import Publication
from ledger.work import Work
from monev.render.public import PUBLIC, parts_of
from sop.digest import digest_of
from sop.manuscript import BlobTampered, Manuscript
from tasks.case import publication_in
from tasks.freezing import in_force
from tasks.office import Office
from tasks.rendering import WEBSITE, posts_from_json

SUMMARY_UNAPPROVED = "Ringkasan laporan ini belum disetujui untuk website, jadi tidak ditayangkan."
SUMMARY_ALTERED = (
    "Catatan tentang ringkasan laporan ini berubah di luar Siar, jadi tidak ditayangkan. Jalankan: "
    "siar verify"
)
SUMMARY_GONE = (
    "Berkas ringkasan di {folder} tidak dapat dibaca, jadi tidak ditayangkan. Pulihkan dari "
    "cadangan; Siar mencoba lagi sendiri."
)
SUMMARY_CHANGED = (
    "Berkas ringkasan di {folder} tidak sama lagi dengan yang disetujui, jadi tidak ditayangkan. "
    "Pulihkan dari cadangan; Siar mencoba lagi sendiri."
)


class NotApprovedError(Exception):
    """Publishing was refused; `reasons` are sentences for staff."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def authorise(office: Office, publication_id: str, channel: str) -> Order:
    """Leave to publish the approved post on this channel, or `NotApprovedError`."""
    with office.ledger.read() as work:
        publication = publication_in(work, publication_id)
        frozen = in_force(work, publication)
        obstacles = decisions.approval_obstacles(work, publication, frozen.digest)
        if obstacles:
            raise NotApprovedError(*obstacles)
        revision = revisions.get_revision(work, frozen.revision_id)
        manuscript = revisions.manuscript_of(revision)
        if digest_of(manuscript, frozen.posts) != frozen.digest:
            raise NotApprovedError(
                "Isi naskah tidak lagi sama dengan yang disetujui, jadi tidak ditayangkan."
            )
        posts = posts_from_json(frozen.posts)
        order = _order(work, publication, frozen.digest, posts, channel)
    _read_every_byte(office, manuscript, posts)
    return order


def authorise_summary(office: Office, report_id: str) -> Order:
    """Leave to show a report's summary to the public, or `NotApprovedError`.

    Its title and content are cut out of the very bytes that the reader of the report
    said "ya" to.
    """
    with office.ledger.read() as work:
        report, page = reports.get(work, report_id), report_pages.of_report(work, report_id)
        if page is None or report.read_at is None or report.read_by != page.approved_by:
            raise NotApprovedError(SUMMARY_UNAPPROVED)
        if not (work.is_unaltered(report) and work.is_unaltered(page)):
            raise NotApprovedError(SUMMARY_ALTERED)
    try:
        data = (office.reports_root / report.folder / PUBLIC).read_bytes()
    except OSError:
        raise NotApprovedError(SUMMARY_GONE.format(folder=report.folder)) from None
    if hashlib.sha256(data).hexdigest() != page.digest or report.files.get(PUBLIC) != page.digest:
        raise NotApprovedError(SUMMARY_CHANGED.format(folder=report.folder))
    shown = parts_of(data)
    return Order(
        publication_id="",
        reference=f"laporan-{report.id[:8]}",
        digest=page.digest,
        post=RenderedPost(WEBSITE, shown.title, "", html=shown.content, slug=page.slug),
        not_before=page.planned_at,
    )


def _order(
    work: Work,
    publication: Publication,
    digest: str,
    posts: dict[str, RenderedPost],
    channel: str,
) -> Order:
    post = posts.get(channel)
    chosen = channels_of(publication, posts)
    if post is None or channel not in chosen:
        raise NotApprovedError(f"Saluran {channel} tidak termasuk yang disetujui dan ditugaskan.")
    link, media_urls = "", {}
    if channel != WEBSITE and WEBSITE in chosen:
        website = deliveries.delivery(work, publication, digest, WEBSITE)
        if website is not None:
            link, media_urls = website.url, dict(website.media_urls)
    return Order(
        publication_id=publication.id,
        reference=publication.reference,
        digest=digest,
        post=post,
        not_before=not_before(publication) or publication.created_at,
        link=link,
        media_urls=media_urls,
        hosted=_hosted(posts, chosen) if channel == WEBSITE else (),
    )


def channels_of(publication: Publication, posts: dict[str, RenderedPost]) -> tuple[str, ...]:
    """Approved channels, narrowed to those assigned in step 6 if the SOP has such a step."""
    assigned = (publication.assignment or {}).get("saluran")
    wanted = publication.channels if assigned is None else assigned
    return tuple(code for code in wanted if code in posts)


def not_before(publication: Publication) -> datetime | None:
    """The time that step 6 named, else the one wanted at the start; UTC."""
    named = (publication.assignment or {}).get("tayang_pada", "")
    if named is None:
        return None
    return datetime.fromisoformat(named) if named else publication.wanted_at


def _hosted(posts: dict[str, RenderedPost], chosen: tuple[str, ...]) -> tuple[RenderedMedia, ...]:
    """Pictures that Instagram will fetch from the website."""
    own = {item.sha256 for item in posts[WEBSITE].media} if WEBSITE in posts else set()
    if "instagram" not in chosen or "instagram" not in posts:
        return ()
    return tuple(item for item in posts["instagram"].media if item.sha256 not in own)


def _read_every_byte(
    office: Office, manuscript: Manuscript, posts: dict[str, RenderedPost]
) -> None:
    names = {item.sha256: item.filename for post in posts.values() for item in post.media}
    names |= {item.sha256: item.filename for item in manuscript.media}
    for sha256, filename in names.items():
        try:
            office.blobs.get(sha256)
        except BlobTampered:
            raise NotApprovedError(
                f"Berkas {filename} berubah setelah disetujui, jadi tidak ditayangkan."
            ) from None
        except KeyError:
            raise NotApprovedError(
                f"Berkas {filename} hilang dari penyimpanan, jadi tidak ditayangkan."
            ) from None


def chosen_channels(office: Office, publication_id: str) -> tuple[str, ...]:
    """The channels that this publication goes to."""
    with office.ledger.read() as work:
        publication = publication_in(work, publication_id)
        return channels_of(publication, posts_from_json(in_force(work, publication).posts))
