"""Learning by reading what became of a publishing call whose outcome is unknown (law 4)."""

from __future__ import annotations

from connectors.base import Prepared, Published
from connectors.errors import ChannelError, Dibatasi, Sementara, TidakPasti
from ledger import deliveries
from ledger.models import Delivery, DeliveryState
from tasks.outcomes import Turn, adopt, current, fresh, in_doubt, still_unknown


def reconciled(turn: Turn, row: Delivery) -> Delivery:
    """Look at the channel once: adopt the post, or leave it unknown, or let it be sent again.

    It is sent again only when the channel was read clearly often enough and long
    enough after the attempt, never when it spoke of a post it has already.
    """
    if row.state == DeliveryState.ATTEMPTING:
        row = in_doubt(turn, row, _interrupted(turn))
    if row.state != DeliveryState.UNKNOWN or row.claimed_by != turn.owner:
        return row
    try:
        found = _read(turn, row)
    except ChannelError as error:
        return _unreadable(turn, row, error)
    if found is not None:
        return adopt(turn, found)
    return _not_there(turn, row)


def _interrupted(turn: Turn) -> TidakPasti:
    return TidakPasti(
        f"Pengiriman ke {turn.label} terputus di tengah jalan.",
        f"Siar memeriksa {turn.label} lebih dulu.",
        channel=turn.connector.channel,
        code="terputus",
    )


def _read(turn: Turn, row: Delivery) -> Published | None:
    """What the channel has, since this delivery was planned: an earlier attempt counts too."""
    prepared = Prepared(row.prepared)
    try:
        found = turn.connector.find(turn.order, prepared, since=row.planned_at)
    except ChannelError:
        raise
    except Exception as failure:
        error = _unexpected(turn, failure)
    else:
        return _ours(turn, row, found)
    raise error


def _unexpected(turn: Turn, failure: Exception) -> Sementara:
    return Sementara(
        f"Jawaban {turn.label} tidak terbaca.",
        "Siar membacanya lagi nanti.",
        channel=turn.connector.channel,
        code="tak-terduga",
        detail=type(failure).__name__,
    )


def _ours(turn: Turn, row: Delivery, found: Published | None) -> Published | None:
    """The found post, unless the record knows it as another delivery's."""
    if found is None:
        return None
    with turn.office.ledger.read() as work:
        is_foreign = deliveries.known_elsewhere(work, row, found.remote_id)
    if not is_foreign:
        return found
    if row.wait is not None and row.wait.insisted:
        return None
    raise TidakPasti(
        f"Di {turn.label} ada kiriman berteks sama, tetapi itu milik publikasi lain",
        f"Periksa {turn.label}.",
        channel=turn.connector.channel,
        code="milik-lain",
        detail=found.remote_id,
    )


def _unreadable(turn: Turn, row: Delivery, error: ChannelError) -> Delivery:
    """The channel cannot be read now, or reading cannot tell."""
    patience, now = turn.office.patience, turn.office.clock()
    tries = (row.wait.tries if row.wait else 0) + 1
    passing = isinstance(error, Sementara)
    # What reading could not tell so often it will hardly tell next time.
    ask = not passing and (not isinstance(error, TidakPasti) or tries >= patience.clear_readings)
    due = patience.due_after(tries, now, error.until if isinstance(error, Dibatasi) else None)
    readings = row.wait.readings if row.wait else 0
    return still_unknown(turn, row, error, ask=ask, readings=readings, due=due)


def _not_there(turn: Turn, row: Delivery) -> Delivery:
    """A clear "no such post". A person who said to send again has looked as well."""
    wait = row.wait
    if wait is None:  # never, once it is unknown
        return row
    patience, now = turn.office.patience, turn.office.clock()
    readings, since = wait.readings + 1, wait.since or now
    enough = readings >= patience.clear_readings
    helpless = not wait.may_resend or row.attempts >= patience.most_attempts
    long_enough = now - since >= patience.resend_after
    if wait.insisted or (enough and long_enough and not helpless and not wait.asked):
        return _to_be_sent_again(turn)
    # Once a person is asked, reading goes on, but only to find what may turn up late.
    to_watch = enough and (helpless or wait.asked)
    due = patience.next_reading(wait.tries + 1, now, since, to_watch=to_watch)
    return still_unknown(turn, row, None, ask=enough and helpless, readings=readings, due=due)


def _to_be_sent_again(turn: Turn) -> Delivery:
    with turn.office.ledger.work() as work:
        row = current(work, turn)
        if row.state == DeliveryState.UNKNOWN and row.claimed_by == turn.owner:
            deliveries.resend_after_readings(work, row, holder=turn.owner)
    return fresh(turn)
