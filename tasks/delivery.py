"""Carrying one approved post to one channel: exactly once, or known to be unknown (law 4).

A pass (`deliver`) does what can be done now and never waits: it ends with the post
live, with a time at which to go on (`DeliveryWait.next_try_at`), or with a person
asked. A pass may die at any point; the next one reads from the ledger where to go on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from connectors.base import Prepared, Published
from connectors.errors import ChannelError, Dibatasi, Ditolak, Sementara, TidakPasti
from ledger import deliveries
from ledger.models import Delivery, DeliveryState
from sop.indonesian import short_moment
from sop.manuscript import BlobTampered
from tasks.case import publication_in
from tasks.freezing import in_force
from tasks.gate import NotApprovedError, authorise
from tasks.office import Office
from tasks.outcomes import Turn, adopt, current, fresh, in_doubt, refused, settle
from tasks.reconciling import reconciled
from tasks.standings import is_due, is_settled, looks_again_at, needs_person

# More than any honest way through the states takes.
_MOST_STEPS = 12
_TO_SEND = frozenset({DeliveryState.PLANNED, DeliveryState.PREPARED, DeliveryState.HELD})
_IN_DOUBT = frozenset({DeliveryState.ATTEMPTING, DeliveryState.UNKNOWN})


@runtime_checkable
class Paced(Protocol):
    """A connector that knows how much of its allowance is used up."""

    def rest_until(self) -> datetime | None:
        """Until when the channel is better left alone; None when there is no need."""
        ...


@dataclass(frozen=True)
class Sent:
    """How one channel stands after a pass. `again_at`: when Siar goes on by itself."""

    channel: str
    state: str
    url: str
    sentence: str
    again_at: datetime | None
    needs_person: bool


def new_owner(place: str, worker: str) -> str:
    """A name for one process's turns; `place` is that of the lock it holds (`Exclusive`)."""
    return f"{place.replace('/', '-')}/{worker}/{secrets.token_hex(4)}"


def deliver(office: Office, publication_id: str, channel: str, owner: str) -> Sent:
    """One pass for one channel. Raises `NotApprovedError` before anything is sent.

    Safe to call at any time, from any number of workers: one of them has the turn.
    """
    row, mine = _taken(office, publication_id, channel, owner)
    if mine:
        turn = Turn(
            office, office.connectors[channel], authorise(office, publication_id, channel), owner
        )
        row = _hold_for_hand(turn, row) if channel in office.manual_channels else _pass(turn, row)
    return _sent(row)


def _taken(office: Office, publication_id: str, channel: str, owner: str) -> tuple[Delivery, bool]:
    """The delivery, planned if need be, and whether there is something to do that is ours."""
    with office.ledger.read() as work:
        publication = publication_in(work, publication_id)
        digest = in_force(work, publication).digest
        row = deliveries.delivery(work, publication, digest, channel)
        work.session.expunge_all()
        if row is not None and not is_due(row, work.now):
            return row, False
    with office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        digest = in_force(work, publication).digest
        row = deliveries.plan_delivery(work, publication, digest, channel, owner)
        mine = row.claimed_by == owner and row.claimed_at == work.now
        if not mine and is_due(row, work.now):
            mine = deliveries.take_turn(work, row, owner, lease=office.patience.lease)
        work.session.flush()
        work.session.refresh(row)
    return row, mine


def _pass(turn: Turn, row: Delivery) -> Delivery:
    """Step by step until the delivery rests, or somebody else has the turn."""
    for _ in range(_MOST_STEPS):
        if row.claimed_by != turn.owner:
            break
        if row.state in _IN_DOUBT:
            row = reconciled(turn, row)
        elif row.state == DeliveryState.PREPARED:
            row = _attempted(turn, row)
        elif row.state in _TO_SEND:
            row = _prepared(turn, row)
        else:
            break
    return row


def _prepared(turn: Turn, row: Delivery) -> Delivery:
    """Everything that is harmless to repeat, and what speaks against sending at all."""
    if (obstacle := _obstacle(turn, row)) is not None:
        return refused(turn, row, obstacle)
    if row.state == DeliveryState.HELD and row.prepared:
        return settle(turn, row, DeliveryState.PREPARED, keep_turn=True)
    try:
        prepared = _prepare(turn)
    except ChannelError as error:
        return refused(turn, row, error)
    data = dict(prepared.data)
    return settle(turn, row, DeliveryState.PREPARED, keep_turn=True, prepared=data)


def _prepare(turn: Turn) -> Prepared:
    try:
        return turn.connector.prepare(turn.order, turn.office.blobs)
    except ChannelError:
        raise
    except BlobTampered as damage:
        raise NotApprovedError(
            "Berkas di penyimpanan berubah atau hilang saat disiapkan, jadi tidak ditayangkan."
        ) from damage
    except Exception as failure:
        # A file that went missing meanwhile is found by the gate, which reads them all.
        authorise(turn.office, turn.order.publication_id, turn.connector.channel)
        error = _unexpected(turn, failure)
    raise error


def _unexpected(turn: Turn, failure: Exception) -> Sementara:
    return Sementara(
        f"Jawaban {turn.label} tidak terbaca saat menyiapkan kiriman.",
        "Belum ada yang terbit; Siar mencoba lagi nanti.",
        channel=turn.connector.channel,
        code="tak-terduga",
        detail=type(failure).__name__,
    )


def _obstacle(turn: Turn, row: Delivery) -> ChannelError | None:
    """What the record knows that speaks against sending; a person who insists is heard."""
    if row.wait is not None and row.wait.insisted:
        return None
    with turn.office.ledger.read() as work:
        others = deliveries.other_approvals(work, row)
        rests = deliveries.rests_until(work, row.channel)
        where = ", ".join(other.url for other in others if other.url)
    if others:
        return Ditolak(
            f"Publikasi ini sudah (atau mungkin sudah) tayang di {turn.label} dari persetujuan "
            f"yang lain. {where}".strip(),
            "Pilih “Sudah tayang” dan tulis alamatnya, atau “Batalkan saluran ini”. “Kirim ulang” "
            "hanya bila kiriman yang lama sudah dihapus.",
            channel=row.channel,
            code="sudah-tayang",
        )
    return _resting(turn, rests) if rests is not None else None


def _resting(turn: Turn, until: datetime) -> Dibatasi:
    return Dibatasi(
        f"{turn.label} sedang membatasi jumlah permintaan.",
        f"Belum ada yang terbit; dicoba lagi {short_moment(until)}.",
        channel=turn.connector.channel,
        code="saluran-istirahat",
        until=until,
    )


def _attempted(turn: Turn, row: Delivery) -> Delivery:
    """The one publishing call. `attempting` is committed first; nothing retries it."""
    if (until := _rest(turn)) is not None:
        return refused(turn, row, _resting(turn, until))
    order = authorise(turn.office, turn.order.publication_id, turn.connector.channel)
    turn = Turn(turn.office, turn.connector, order, turn.owner)
    with turn.office.ledger.work() as work:
        mine = deliveries.claim(
            work,
            current(work, turn),
            DeliveryState.PREPARED,
            DeliveryState.ATTEMPTING,
            turn.owner,
            holder=turn.owner,
        )
    row = fresh(turn)
    if not mine:
        return row
    try:
        published = _publish(turn, Prepared(row.prepared))
    except TidakPasti as error:
        return in_doubt(turn, row, error)
    except ChannelError as error:
        return refused(turn, row, error)
    return adopt(turn, published)


def _publish(turn: Turn, prepared: Prepared) -> Published:
    try:
        return turn.connector.publish(turn.order, prepared)
    except ChannelError:
        raise
    except Exception as failure:
        error = TidakPasti(
            f"Jawaban {turn.label} tidak terbaca saat menerbitkan.",
            f"Siar memeriksa {turn.label} lebih dulu.",
            channel=turn.connector.channel,
            code="tak-terduga",
            detail=type(failure).__name__,
        )
    raise error


def _rest(turn: Turn) -> datetime | None:
    if not isinstance(turn.connector, Paced):
        return None
    until = turn.connector.rest_until()
    return until if until is not None and until > turn.office.clock() else None


def _hold_for_hand(turn: Turn, row: Delivery) -> Delivery:
    if row.state != DeliveryState.PLANNED:
        return row
    return settle(
        turn,
        row,
        DeliveryState.HELD,
        wait={"asked": True},
        error_sentence="Saluran ini diunggah dengan tangan.",
        error_action="Salin teks di atas ke saluran, tayangkan, lalu tulis alamatnya.",
    )


def fill_addresses(office: Office, publication_id: str) -> None:
    """Ask once more for the address of a live post whose channel did not tell it at once."""
    with office.ledger.read() as work:
        publication = publication_in(work, publication_id)
        digest = in_force(work, publication).digest
        rows = deliveries.deliveries_of(work, publication, digest)
        without = [
            (row.channel, row.remote_id)
            for row in rows
            if row.state == DeliveryState.PUBLISHED and not row.url
        ]
    for channel, remote_id in without:
        try:
            url = office.connectors[channel].status(remote_id).url
        except ChannelError:
            continue
        with office.ledger.work() as work:
            publication = publication_in(work, publication_id)
            row = deliveries.delivery(work, publication, digest, channel)
            if row is not None:
                deliveries.note_address(work, row, url)


def _sent(row: Delivery) -> Sent:
    sentence = "" if is_settled(row) else f"{row.error_sentence} {row.error_action}".strip()
    return Sent(row.channel, row.state, row.url, sentence, looks_again_at(row), needs_person(row))
