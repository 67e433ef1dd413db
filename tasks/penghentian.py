"""Giving up a publication that is under way: with a reason, and only before anything is live."""

from __future__ import annotations

from dataclasses import dataclass

from ledger import deliveries, publications, rounds
from ledger.forms import abandon_waiting
from ledger.models import DeliveryState, Publication, PublicationStatus
from ledger.work import Work
from sop.markup import clean_text
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
NO_REASON = (
    "Alasan masih kosong. Tulis mengapa publikasi ini dihentikan; auditor membacanya di laporan "
    "monev."
)
LONGEST_REASON = 500
LONGEST_NAME = 200
TOO_LONG = (
    f"Alasan paling panjang {LONGEST_REASON} huruf, nama yang memerintahkan {LONGEST_NAME}. "
    "Ringkas, lalu ulangi."
)
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
    step: str
    reason: str
    flow_run_id: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A publication that may be given up, and the step at which it stands: "4 · Verifikasi"."""

    reference: str
    title: str
    step: str


def standing(here: Office, reference: str) -> Standing:
    """What would be given up; raises CannotGiveUpError as `give_up` does for what it can tell."""
    with here.ledger.read() as work:
        publication = _found(work, reference)
        _refuse_unless_it_can_end(here, work, publication)
        return Standing(publication.reference, publication.title, _step_of(work, publication))


def give_up(here: Office, reference: str, reason: str, ordered_by: str = "") -> GivenUp:
    """End a publication as "dibatalkan"; its waiting form is closed and nothing of it goes out.

    `ordered_by` is who wanted it so, where that is known. Raises CannotGiveUpError when it
    has ended, is being worked at, or may be live somewhere.
    """
    reason, ordered_by = _one_line(reason), _one_line(ordered_by)
    if not reason:
        raise CannotGiveUpError(NO_REASON)
    if len(reason) > LONGEST_REASON or len(ordered_by) > LONGEST_NAME:
        raise CannotGiveUpError(TOO_LONG)
    with here.ledger.read() as work:
        publication_id = _found(work, reference).id
    # Whoever carries it holds this lock, so nothing is sent while it is given up.
    if not here.locks.acquire(publication_id):
        raise CannotGiveUpError(BUSY.format(reference=reference))
    try:
        with here.ledger.work() as work:
            publication = publications.get(work, publication_id)
            _refuse_unless_it_can_end(here, work, publication)
            return _end(work, publication, reason, ordered_by)
    finally:
        here.locks.release(publication_id)


def _one_line(text: str) -> str:
    """Without what no screen and no database shows: bytes that are no text, escapes, breaks."""
    return " ".join(clean_text(text).split())


def _found(work: Work, reference: str) -> Publication:
    found = publications.by_reference(work, reference)
    if found is None:
        raise CannotGiveUpError(UNKNOWN.format(reference=reference))
    return found


def _refuse_unless_it_can_end(here: Office, work: Work, publication: Publication) -> None:
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


def _end(work: Work, publication: Publication, reason: str, ordered_by: str) -> GivenUp:
    step = _step_of(work, publication)
    if (current := rounds.current_round(work, publication)) is not None:
        abandon_waiting(work, current.id)
    if ordered_by:
        said = {"dihentikan": {"oleh": ordered_by}}
        publications.keep_note(work, publication, "penghentian-diperintahkan", said)
    publications.finish(work, publication, PublicationStatus.DIBATALKAN, reason=reason)
    return GivenUp(publication.reference, publication.title, step, reason, publication.flow_run_id)


def _step_of(work: Work, publication: Publication) -> str:
    no = publication.current_step
    if no is None:  # never while it is under way
        return "–"
    return f"{no} · {publications.sop_of(work, publication).step(no).short}"
