"""Carrying one approved post to one channel: exactly once, or known to be unknown (law 4)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.base import Connector, Order, Prepared, Published
from connectors.errors import ChannelError, Ditolak, TidakPasti
from ledger import deliveries
from ledger.models import Delivery, DeliveryState
from ledger.work import Work
from sop.manuscript import BlobTampered
from tasks.case import publication_in
from tasks.freezing import in_force
from tasks.gate import NotApprovedError, authorise, channels_of
from tasks.office import Office
from tasks.rendering import posts_from_json

# Settled by a person: this channel is not wanted any more.
CANCELLED = "dibatalkan"
MANUAL = "manual"


@dataclass(frozen=True)
class Sent:
    """How one channel stands after a try."""

    channel: str
    state: str
    url: str
    sentence: str


def deliver(office: Office, publication_id: str, channel: str, owner: str) -> Sent:
    """Bring the channel to a settled state, or to one that a person must settle.

    Safe to call again at any point: what an earlier call left is read first.
    Raises `NotApprovedError` before anything is sent.
    """
    digest = _plan(office, publication_id, channel)
    standing = _standing(office, publication_id, digest, channel)
    if standing.state == DeliveryState.PUBLISHED or _cancelled(standing):
        return _sent(standing)
    if channel in office.manual_channels:
        return _hold_for_hand(office, publication_id, digest, channel)
    connector = office.connectors[channel]
    order = authorise(office, publication_id, channel)
    if standing.state in (DeliveryState.ATTEMPTING, DeliveryState.UNKNOWN):
        return _reconcile(office, connector, order, standing)
    if standing.state in (DeliveryState.REJECTED, DeliveryState.HELD):
        return _sent(standing)
    try:
        prepared = connector.prepare(order, office.blobs)
    except (BlobTampered, KeyError) as damage:
        raise NotApprovedError(
            "Berkas di penyimpanan berubah atau hilang saat disiapkan, jadi tidak ditayangkan."
        ) from damage
    except ChannelError as error:
        return _trouble(office, order, connector, error, standing.state)
    _settle(office, order, connector.channel, standing.state, DeliveryState.PREPARED, prepared)
    return _attempt(office, connector, prepared, publication_id, owner)


def _attempt(
    office: Office, connector: Connector, prepared: Prepared, publication_id: str, owner: str
) -> Sent:
    """The one publishing call. `attempting` is committed first; nothing retries it."""
    order = authorise(office, publication_id, connector.channel)
    with office.ledger.work() as work:
        row = _row(work, order, connector.channel)
        mine = deliveries.claim(work, row, DeliveryState.PREPARED, DeliveryState.ATTEMPTING, owner)
    if not mine:
        return _sent(_standing(office, publication_id, order.digest, connector.channel))
    try:
        published = connector.publish(order, prepared)
    except TidakPasti as error:
        _trouble(office, order, connector, error, DeliveryState.ATTEMPTING)
        standing = _standing(office, publication_id, order.digest, connector.channel)
        return _reconcile(office, connector, order, standing)
    except ChannelError as error:
        return _trouble(office, order, connector, error, DeliveryState.ATTEMPTING)
    return _adopt(office, order, connector, published, DeliveryState.ATTEMPTING)


def _reconcile(office: Office, connector: Connector, order: Order, standing: Delivery) -> Sent:
    """Look at the channel; adopt what is there, else leave it unknown for a person."""
    since = standing.attempted_at or standing.planned_at
    try:
        found = connector.find(order, Prepared(standing.prepared), since=since)
    except ChannelError as error:
        return _trouble(office, order, connector, _unknown(connector, error), standing.state)
    if found is not None:
        return _adopt(office, order, connector, found, standing.state)
    return _trouble(office, order, connector, _unknown(connector, None), standing.state)


def _unknown(connector: Connector, error: ChannelError | None) -> TidakPasti:
    reason = f" ({error.sentence})" if error else ""
    return TidakPasti(
        f"Belum diketahui apakah kiriman ke {connector.label} sudah tayang{reason}.",
        f"Buka {connector.label} dan periksa. Bila sudah tayang, salin alamatnya ke formulir; "
        "bila belum, pilih kirim ulang.",
        channel=connector.channel,
    )


def _adopt(
    office: Office, order: Order, connector: Connector, published: Published, state: str
) -> Sent:
    with office.ledger.work() as work:
        row = _row(work, order, connector.channel)
        deliveries.settle(
            work,
            row,
            from_state=DeliveryState(state),
            to_state=DeliveryState.PUBLISHED,
            remote_id=published.remote_id,
            url=published.url,
            published_at=published.published_at,
            media_urls=dict(published.media_urls),
            raw=dict(published.raw),
        )
        return _sent(row)


def _trouble(
    office: Office, order: Order, connector: Connector, error: ChannelError, state: str
) -> Sent:
    if isinstance(error, TidakPasti):
        to_state = DeliveryState.UNKNOWN
    elif isinstance(error, Ditolak):
        to_state = DeliveryState.REJECTED
    else:
        to_state = DeliveryState.HELD
    with office.ledger.work() as work:
        row = _row(work, order, connector.channel)
        deliveries.settle(
            work,
            row,
            from_state=DeliveryState(state),
            to_state=to_state,
            error_sentence=error.sentence,
            error_action=error.action,
            error_detail=error.detail,
        )
        return _sent(row)


def _hold_for_hand(office: Office, publication_id: str, digest: str, channel: str) -> Sent:
    order = authorise(office, publication_id, channel)
    with office.ledger.work() as work:
        row = _row(work, order, channel)
        if row.state == DeliveryState.PLANNED:
            deliveries.settle(
                work,
                row,
                from_state=DeliveryState.PLANNED,
                to_state=DeliveryState.HELD,
                error_sentence="Saluran ini diunggah dengan tangan.",
                error_action="Salin teks di atas ke saluran, tayangkan, lalu tulis alamatnya.",
            )
        return _sent(row)


def _settle(
    office: Office, order: Order, channel: str, from_state: str, to_state: str, prepared: Prepared
) -> None:
    with office.ledger.work() as work:
        deliveries.settle(
            work,
            _row(work, order, channel),
            from_state=DeliveryState(from_state),
            to_state=DeliveryState(to_state),
            prepared=dict(prepared.data),
        )


def _plan(office: Office, publication_id: str, channel: str) -> str:
    with office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        digest = in_force(work, publication).digest
        deliveries.plan_delivery(work, publication, digest, channel)
        return digest


def _standing(office: Office, publication_id: str, digest: str, channel: str) -> Delivery:
    with office.ledger.read() as work:
        row = deliveries.delivery(work, publication_in(work, publication_id), digest, channel)
        if row is None:
            raise RuntimeError(f"pengiriman ke {channel} belum direncanakan")
        work.session.expunge(row)
        return row


def _row(work: Work, order: Order, channel: str) -> Delivery:
    publication = publication_in(work, order.publication_id)
    row = deliveries.delivery(work, publication, order.digest, channel)
    if row is None:
        raise RuntimeError(f"pengiriman ke {channel} belum direncanakan")
    return row


def _sent(row: Delivery) -> Sent:
    sentence = f"{row.error_sentence} {row.error_action}".strip()
    return Sent(row.channel, row.state, row.url, sentence)


def _cancelled(row: Delivery) -> bool:
    return row.state == DeliveryState.REJECTED and bool(row.raw.get(CANCELLED))


def standings(office: Office, publication_id: str) -> list[Delivery]:
    """Every channel's delivery of the newest frozen digest, in the order of channels."""
    with office.ledger.read() as work:
        publication = publication_in(work, publication_id)
        frozen = in_force(work, publication)
        rows = []
        for code in channels_of(publication, posts_from_json(frozen.posts)):
            row = deliveries.delivery(work, publication, frozen.digest, code)
            if row is not None:
                work.session.expunge(row)
                rows.append(row)
        return rows


def needs_person(row: Delivery) -> bool:
    """Whether this delivery waits for somebody's decision."""
    waiting = (DeliveryState.REJECTED, DeliveryState.HELD, DeliveryState.UNKNOWN)
    return row.state in waiting and not _cancelled(row)


def is_settled(row: Delivery) -> bool:
    """Whether nothing more will be done for this delivery."""
    return row.state == DeliveryState.PUBLISHED or _cancelled(row)
