"""Writing down how a channel stands after a call, each outcome in one transaction.

Every function returns the delivery as it stands afterwards. Who lost the turn
meanwhile writes nothing, but for one thing: a post that is live is recorded
whoever learns of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.base import Connector, Order, Published
from connectors.errors import ChannelError, Dibatasi, Ditolak, PerluOtorisasi, TidakPasti
from ledger import deliveries
from ledger.models import Delivery, DeliveryState
from ledger.work import Work
from sop.indonesian import short_moment
from tasks.case import publication_in
from tasks.office import Office

PREPARE_AGAIN = "persiapan-kedaluwarsa"
_PREPARE_AGAIN_CODES = ("2207020", "2207027")
# The channel says that it has this post already, or may have acted on it.
_SENT_BEFORE_CODES = ("506", "1346003", "2207006", "2207008", "2207051", "sudah-terbit")
_ARTICLE_CODES = frozenset({"tautan-belum-ada", "gambar-belum-ada"})

CHECK_AND_CHOOSE = (
    "Periksa {label}, lalu pilih: “Sudah tayang” dan tulis alamatnya, “Kirim ulang”, atau "
    "“Batalkan saluran ini”."
)
STILL_TRYING = (
    "Siar tetap mencoba sendiri. Bila ingin mengunggah dengan tangan, pilih “Batalkan saluran ini” "
    "lebih dulu."
)


@dataclass(frozen=True)
class Turn:
    """The turn to work on one delivery, with leave to publish it."""

    office: Office
    connector: Connector
    order: Order
    owner: str

    @property
    def label(self) -> str:
        return self.connector.label


def fresh(turn: Turn) -> Delivery:
    """The delivery as it stands now."""
    with turn.office.ledger.read() as work:
        row = current(work, turn)
        work.session.expunge_all()
        return row


def current(work: Work, turn: Turn) -> Delivery:
    """The same inside a transaction that is already open."""
    publication = publication_in(work, turn.order.publication_id)
    row = deliveries.delivery(work, publication, turn.order.digest, turn.connector.channel)
    if row is None:
        raise RuntimeError(f"pengiriman ke {turn.connector.channel} belum direncanakan")
    return row


def settle(
    turn: Turn,
    row: Delivery,
    to_state: DeliveryState,
    *,
    error: ChannelError | None = None,
    action: str = "",
    keep_turn: bool = False,
    wait: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Delivery:
    """Move the delivery on from where it was seen last, if the turn is still ours."""
    if error is not None:
        fields |= {
            "error_sentence": error.sentence,
            "error_action": action or error.action,
            "error_detail": error.detail,
        }
    with turn.office.ledger.work() as work:
        deliveries.settle(
            work,
            current(work, turn),
            from_state=row.state,
            to_state=to_state,
            holder=turn.owner,
            keep_turn=keep_turn,
            wait=wait,
            **fields,
        )
    return fresh(turn)


def adopt(turn: Turn, published: Published) -> Delivery:
    """The post is live: record it, even if the turn or the state is not ours any more."""
    with turn.office.ledger.work() as work:
        row = current(work, turn)
        if row.state != DeliveryState.PUBLISHED:
            deliveries.settle(
                work,
                row,
                from_state=row.state,
                to_state=DeliveryState.PUBLISHED,
                remote_id=published.remote_id,
                url=published.url,
                published_at=published.published_at,
                media_urls=dict(published.media_urls),
                raw=dict(published.raw),
            )
    return fresh(turn)


def refused(turn: Turn, row: Delivery, error: ChannelError) -> Delivery:
    """Nothing was published; the error says whether to wait, to prepare again, or to ask."""
    if isinstance(error, Ditolak):
        return settle(turn, row, DeliveryState.REJECTED, error=error, wait=_asking(turn, row))
    if isinstance(error, PerluOtorisasi):
        return settle(turn, row, DeliveryState.HELD, error=error, wait=_asking(turn, row))
    if error.code in _ARTICLE_CODES:
        return _without_article(turn, row, error)
    return _later(turn, row, error)


def _asking(turn: Turn, row: Delivery) -> dict[str, Any]:
    began = row.wait.since if row.wait else None
    return {
        **deliveries.NOT_WAITING,
        "asked": True,
        "since": began or turn.office.clock(),
    }


def _without_article(turn: Turn, row: Delivery, error: ChannelError) -> Delivery:
    """The website is settled and yet has no address to give: only a person can go on."""
    action = (
        "Website tidak memberi alamat yang diperlukan. Unggah dengan tangan lalu pilih “Sudah "
        "tayang” dan tulis alamatnya, atau pilih “Batalkan saluran ini”."
    )
    wait = _asking(turn, row)
    return settle(turn, row, DeliveryState.HELD, error=error, action=action, wait=wait)


def _later(turn: Turn, row: Delivery, error: ChannelError) -> Delivery:
    """Wait as told, or longer each time; after long trouble a person is asked as well."""
    now, patience = turn.office.clock(), turn.office.patience
    tries = (row.wait.tries if row.wait else 0) + 1
    again = must_prepare_again(error)
    told = error.until if isinstance(error, Dibatasi) else None
    due = patience.due_after(tries, now, told)
    wait = {**trouble(turn, row, due), "tries": tries, "rests": told is not None}
    keeps_prepared = row.state != DeliveryState.PLANNED and not again
    return settle(
        turn,
        row,
        DeliveryState.HELD,
        error=error,
        action=f"{error.action} {STILL_TRYING}" if wait["asked"] else error.action,
        # Once at once: what was prepared had merely grown too old.
        keep_turn=again and tries == 1,
        wait=wait,
        prepared=dict(row.prepared) if keeps_prepared else {},
    )


def must_prepare_again(error: ChannelError) -> bool:
    """Whether what `prepare` left at the channel is of no use any more."""
    said = f"{error.code} {error.detail}".casefold()
    return (
        error.code == PREPARE_AGAIN
        or any(code in said for code in _PREPARE_AGAIN_CODES)
        or "media id" in said
    )


def trouble(turn: Turn, row: Delivery, due: datetime) -> dict[str, Any]:
    """The wait of a delivery in trouble; whoever waits too long gets a person's help as well."""
    now, patience = turn.office.clock(), turn.office.patience
    since = (row.wait.since if row.wait else None) or now
    asked = bool(row.wait and row.wait.asked)
    return {
        "since": since,
        "next_try_at": due,
        "asked": asked or now - since >= patience.ask_after or due - now > patience.ask_after,
    }


def in_doubt(turn: Turn, row: Delivery, error: ChannelError) -> Delivery:
    """It may have been published: only reading can tell. Our turn goes on."""
    wait = {
        **deliveries.NOT_WAITING,
        "since": turn.office.clock(),
        "next_try_at": turn.office.clock(),
        "may_resend": not says_sent_before(error),
    }
    return settle(turn, row, DeliveryState.UNKNOWN, error=error, keep_turn=True, wait=wait)


def says_sent_before(error: ChannelError) -> bool:
    """Whether the channel speaks of a post that it has already: never send that again unasked."""
    parts = error.code.split("/")
    return isinstance(error, TidakPasti) and (
        error.status == 403 or any(code in parts for code in _SENT_BEFORE_CODES)
    )


def still_unknown(
    turn: Turn,
    row: Delivery,
    error: ChannelError | None,
    *,
    ask: bool,
    readings: int,
    due: datetime,
) -> Delivery:
    """Not found, or not readable: look again later, and ask a person where that cannot help."""
    wait = trouble(turn, row, due)
    wait |= {
        "tries": (row.wait.tries if row.wait else 0) + 1,
        "readings": readings,
        "asked": wait["asked"] or ask,
        "rests": isinstance(error, Dibatasi) and error.until is not None,
    }
    if wait["asked"]:
        action = CHECK_AND_CHOOSE.format(label=turn.label)
    else:
        action = f"Siar memeriksanya lagi {short_moment(due)}; tidak perlu berbuat apa-apa."
    said: dict[str, Any] = {"error_sentence": _doubt(turn, row, error), "error_action": action}
    if error is not None:
        said["error_detail"] = error.detail
    return settle(turn, row, DeliveryState.UNKNOWN, wait=wait, **said)


def _doubt(turn: Turn, row: Delivery, error: ChannelError | None) -> str:
    """That nobody knows, and why: what the channel said at first is not lost by looking."""
    doubt = f"Belum diketahui apakah kiriman ke {turn.label} sudah tayang"
    if error is None and row.error_sentence.startswith(doubt):
        return row.error_sentence
    reason = error.sentence if error is not None else row.error_sentence
    return f"{doubt} ({reason.rstrip('.')})." if reason else f"{doubt}."
