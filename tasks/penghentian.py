"""Giving up a publication that is under way: with a reason, and only before anything is live."""

from __future__ import annotations

from dataclasses import dataclass

from ledger import deliveries, publications, rounds
from ledger.forms import abandon_waiting
from ledger.models import DeliveryState, Publication, PublicationStatus
from ledger.work import Work
from tasks.office import Office

UNKNOWN = (
    "Tidak ada publikasi dengan rujukan {reference!r}. Rujukannya tertulis di formulir setiap "
    "langkah, di bawah judul."
)
ENDED = "Publikasi {reference} sudah berakhir ({status}), jadi tidak ada yang dihentikan."
BUSY = "Publikasi {reference} sedang dikerjakan. Tunggu sebentar, lalu ulangi."
SENT = (
    "Publikasi {reference} tidak dapat dihentikan: {channels} sudah tayang, atau mungkin sudah. "
    "Selesaikan langkahnya sampai arsip; tarik unggahannya di saluran itu bila perlu, lalu catat "
    "di catatan monev."
)
NO_REASON = "Alasan masih kosong. Tulis mengapa publikasi ini dihentikan; auditor akan membacanya."
# From these on a reader may have seen it.
_MAY_BE_LIVE = frozenset(
    {DeliveryState.ATTEMPTING.value, DeliveryState.UNKNOWN.value, DeliveryState.PUBLISHED.value}
)


class CannotGiveUpError(Exception):
    """The publication goes on; the Indonesian sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A publication that ended "dibatalkan", and the flow run that carried it."""

    reference: str
    title: str
    step_no: int | None
    flow_run_id: str | None


def give_up(here: Office, reference: str, reason: str) -> GivenUp:
    """End a publication as "dibatalkan"; its waiting form is closed and nothing of it goes out.

    Raises CannotGiveUpError when it has ended, is being worked at, or may be live somewhere.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise CannotGiveUpError(NO_REASON)
    with here.ledger.read() as work:
        found = publications.by_reference(work, reference)
        if found is None:
            raise CannotGiveUpError(UNKNOWN.format(reference=reference))
        publication_id = found.id
    # Whoever carries it holds this lock, so nothing is sent while it is given up.
    if not here.locks.acquire(publication_id):
        raise CannotGiveUpError(BUSY.format(reference=reference))
    try:
        with here.ledger.work() as work:
            return _end(here, work, publications.get(work, publication_id), reason)
    finally:
        here.locks.release(publication_id)


def _end(here: Office, work: Work, publication: Publication, reason: str) -> GivenUp:
    reference = publication.reference
    if publication.status != PublicationStatus.BERJALAN.value:
        raise CannotGiveUpError(ENDED.format(reference=reference, status=publication.status))
    live = sorted(
        {
            here.channel_labels.get(row.channel, row.channel)
            for row in deliveries.deliveries_of(work, publication)
            if row.state in _MAY_BE_LIVE
        }
    )
    if live:
        raise CannotGiveUpError(SENT.format(reference=reference, channels=", ".join(live)))
    step_no = publication.current_step
    if (current := rounds.current_round(work, publication)) is not None:
        abandon_waiting(work, current.id)
    publications.finish(work, publication, PublicationStatus.DIBATALKAN, reason=reason)
    return GivenUp(reference, publication.title, step_no, publication.flow_run_id)
