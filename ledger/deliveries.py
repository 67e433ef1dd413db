"""Deliveries: exactly once, or known to be unknown (law 4).

A state is changed by compare-and-set, so of two workers one goes on and the
other learns that it is not its turn. Besides, a delivery is worked on in turns
(`take_turn`): whoever holds the turn may go on, and what an outpaced holder still
wants to write is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from ledger.models import Delivery, DeliveryState, DeliveryWait, Publication
from ledger.work import Work

_S = DeliveryState

# Where a delivery may go from each state. `attempting` is left only by an outcome.
LEADS_TO: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _S.PLANNED: frozenset({_S.PREPARED, _S.REJECTED, _S.HELD, _S.UNKNOWN, _S.PUBLISHED}),
    _S.PREPARED: frozenset(
        {
            _S.PREPARED,
            _S.ATTEMPTING,
            _S.PLANNED,
            _S.REJECTED,
            _S.HELD,
            _S.UNKNOWN,
            _S.PUBLISHED,
        }
    ),
    _S.ATTEMPTING: frozenset({_S.PUBLISHED, _S.REJECTED, _S.UNKNOWN, _S.HELD}),
    _S.UNKNOWN: frozenset({_S.PUBLISHED, _S.UNKNOWN, _S.PLANNED, _S.REJECTED}),
    _S.HELD: frozenset({_S.PLANNED, _S.PREPARED, _S.PUBLISHED, _S.HELD, _S.REJECTED}),
    _S.REJECTED: frozenset({_S.PLANNED, _S.PUBLISHED, _S.REJECTED}),
    _S.PUBLISHED: frozenset(),
}

# Reading the channel can find an unknown post; that it is not there, and may be sent
# again or given up, only a person says (`resend_after_readings` is the one exception).
_ONLY_A_PERSON = frozenset({(_S.UNKNOWN, _S.PLANNED), (_S.UNKNOWN, _S.REJECTED)})

# So many readings must have said clearly that the post is not there; after a person
# said to send again, one of them is enough.
FEWEST_READINGS = 2

# What `settle` may write besides the state.
SETTLED_FIELDS = frozenset(
    {
        "prepared",
        "published_at",
        "remote_id",
        "url",
        "media_urls",
        "raw",
        "error_sentence",
        "error_action",
        "error_detail",
    }
)


# What `settle` may write beside it, in `DeliveryWait`.
WAIT_FIELDS = frozenset(
    {
        "next_try_at",
        "tries",
        "readings",
        "since",
        "asked",
        "may_resend",
        "insisted",
        "rests",
    }
)
NOT_WAITING: Mapping[str, Any] = {
    "next_try_at": None,
    "tries": 0,
    "readings": 0,
    "since": None,
    "asked": False,
    "may_resend": True,
    "insisted": False,
    "rests": False,
}

# What the event of a settlement repeats from it.
_TOLD = ("url", "remote_id", "error_sentence")


def plan_delivery(
    work: Work, publication: Publication, digest: str, channel: str, owner: str = ""
) -> Delivery:
    """The delivery of a digest to a channel, planned once; harmless to repeat.

    `owner` has the turn of a delivery that is new.
    """
    if (known := delivery(work, publication, digest, channel)) is not None:
        return known
    row = Delivery(
        id=work.new_id(),
        publication_id=publication.id,
        digest=digest,
        channel=channel,
        state=DeliveryState.PLANNED.value,
        prepared={},
        attempts=0,
        planned_at=work.now,
        claimed_by=owner,
        claimed_at=work.now if owner else None,
        attempted_at=None,
        published_at=None,
        remote_id="",
        url="",
        media_urls={},
        raw={},
        error_sentence="",
        error_action="",
        error_detail="",
    )
    work.session.add(row)
    work.session.flush()
    _wait_of(work, row)
    work.session.flush()
    work.session.refresh(row)
    work.record(publication.id, "pengiriman-direncanakan", {"saluran": channel, "sidik": digest})
    return row


def _wait_of(work: Work, row: Delivery) -> DeliveryWait:
    """What the delivery waits for; made when it was planned before there was such a row."""
    found = work.session.get(DeliveryWait, row.id)
    if found is None:
        found = DeliveryWait(id=row.id, publication_id=row.publication_id, **NOT_WAITING)
        work.session.add(found)
    return found


def delivery(work: Work, publication: Publication, digest: str, channel: str) -> Delivery | None:
    chosen = select(Delivery).where(
        Delivery.publication_id == publication.id,
        Delivery.digest == digest,
        Delivery.channel == channel,
    )
    return work.session.scalars(chosen).one_or_none()


def deliveries_of(
    work: Work, publication: Publication, digest: str | None = None
) -> list[Delivery]:
    """The publication's deliveries, in the order they were planned."""
    chosen = select(Delivery).where(Delivery.publication_id == publication.id)
    if digest is not None:
        chosen = chosen.where(Delivery.digest == digest)
    return list(work.session.scalars(chosen.order_by(Delivery.planned_at, Delivery.channel)))


def deliveries_in(work: Work, state: DeliveryState) -> list[Delivery]:
    """All deliveries that stand in a state, the oldest first (reconciliation)."""
    chosen = select(Delivery).where(Delivery.state == state.value)
    return list(work.session.scalars(chosen.order_by(Delivery.planned_at, Delivery.id)))


def take_turn(work: Work, row: Delivery, owner: str, *, lease: timedelta) -> bool:
    """Have the delivery to oneself for a while; False while another works on it.

    `owner` is "place/anything", where of one place only one process can be at work on
    the publication (it holds a lock that dies with its process). So an earlier turn
    of the same place is over, and one of another place is over after the `lease`.
    """
    row = work.own(row)
    same_place = _place(row.claimed_by) == _place(owner)
    if not same_place and not turn_is_over(row, work.now, lease):
        return False
    before = {"state": row.state, "claimed_by": row.claimed_by, "claimed_at": row.claimed_at}
    taken = work.compare_and_set(row, before, {"claimed_by": owner, "claimed_at": work.now})
    if taken:
        said = {"saluran": row.channel, "sidik": row.digest, "oleh": owner}
        work.record(row.publication_id, "pengiriman-diambil", said)
    return taken


def turn_is_over(row: Delivery, now: datetime, lease: timedelta) -> bool:
    """Whether nobody works on the delivery, as far as time can tell."""
    return not row.claimed_by or row.claimed_at is None or row.claimed_at + lease <= now


def _place(owner: str) -> str:
    return owner.partition("/")[0]


def claim(
    work: Work,
    row: Delivery,
    from_state: DeliveryState | str,
    to_state: DeliveryState | str,
    owner: str,
    *,
    holder: str | None = None,
) -> bool:
    """Move a delivery on if it still stands where expected; exactly one of two workers may.

    With `holder`, only if that one still has the turn. Going to `attempting` counts
    an attempt. Raises ValueError for a move that `LEADS_TO` does not know.
    """
    changed: dict[str, Any] = {"claimed_by": owner, "claimed_at": work.now}
    if to_state == DeliveryState.ATTEMPTING:
        changed |= {"attempts": Delivery.attempts + 1, "attempted_at": work.now}
    said = {"oleh": owner}
    return _move(work, row, (from_state, to_state), changed, said, actor=None, holder=holder)


def settle(
    work: Work,
    row: Delivery,
    *,
    from_state: DeliveryState | str,
    to_state: DeliveryState | str,
    actor: str | None = None,
    holder: str | None = None,
    keep_turn: bool = False,
    wait: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Write how it went (`SETTLED_FIELDS`) if the delivery still stands where expected.

    `actor` is the staff id when a person settled it; `holder` who must still have the
    turn, which ends with this unless `keep_turn`. `wait` are `WAIT_FIELDS`. Trouble of
    an earlier try is wiped by a success. Raises ValueError for a move that `LEADS_TO`
    does not know, or that only a person may make.
    """
    if unknown := (set(fields) - SETTLED_FIELDS) | (set(wait or ()) - WAIT_FIELDS):
        raise TypeError(f"not part of an outcome: {', '.join(sorted(unknown))}")
    move = (DeliveryState(from_state), DeliveryState(to_state))
    if move in _ONLY_A_PERSON and actor is None:
        raise ValueError(f"only a person moves a delivery from {move[0]} to {move[1]}")
    if move[1] is DeliveryState.PUBLISHED:
        cleared = {"error_sentence": "", "error_action": "", "error_detail": ""}
        fields = {"published_at": work.now, **cleared, **fields}
        wait = {**NOT_WAITING, **(wait or {})}
    said = {name: fields[name] for name in _TOLD if fields.get(name)}
    if not keep_turn:
        fields = {**fields, "claimed_by": ""}
    return _move(work, row, move, fields, said, actor=actor, holder=holder, wait=wait)


def resend_after_readings(work: Work, row: Delivery, *, holder: str) -> bool:
    """Back to `planned`, since the channel was just read again and surely does not have the post.

    Raises ValueError when it was not read often enough for that, or when only a
    person may say so.
    """
    wait = _wait_of(work, row)
    readings = wait.readings + 1
    fewest = 1 if wait.insisted else FEWEST_READINGS
    if readings < fewest or not (wait.may_resend or wait.insisted):
        raise ValueError("the channel was not read often enough to send again")
    said = {"bacaan": readings}
    move = (_S.UNKNOWN, _S.PLANNED)
    after = {**NOT_WAITING, "insisted": wait.insisted}
    return _move(work, row, move, {}, said, actor=None, holder=holder, wait=after)


def known_elsewhere(work: Work, row: Delivery, remote_id: str) -> bool:
    """Whether a post of the channel is recorded as another delivery's."""
    chosen = select(func.count()).where(
        Delivery.channel == row.channel, Delivery.remote_id == remote_id, Delivery.id != row.id
    )
    return bool(remote_id) and bool(work.session.scalar(chosen))


def other_approvals(work: Work, row: Delivery) -> list[Delivery]:
    """Deliveries of other approvals of the publication to the channel that are, or may be, live."""
    may_be_live = [_S.PUBLISHED.value, _S.ATTEMPTING.value, _S.UNKNOWN.value]
    chosen = select(Delivery).where(
        Delivery.publication_id == row.publication_id,
        Delivery.channel == row.channel,
        Delivery.digest != row.digest,
        Delivery.state.in_(may_be_live),
    )
    return list(work.session.scalars(chosen.order_by(Delivery.planned_at, Delivery.id)))


def rests_until(work: Work, channel: str) -> datetime | None:
    """Until when the channel asked to be left alone; None when it did not."""
    chosen = (
        select(func.max(DeliveryWait.next_try_at))
        .join(Delivery, Delivery.id == DeliveryWait.id)
        .where(
            Delivery.channel == channel,
            DeliveryWait.rests.is_(True),
            DeliveryWait.next_try_at > work.now,
        )
    )
    return work.session.scalar(chosen)


def note_address(work: Work, row: Delivery, url: str) -> None:
    """The address of a published post, when the channel told it only later."""
    row = work.own(row)
    if row.state != _S.PUBLISHED or row.url or not url:
        return
    row.url = url
    work.session.flush()
    work.record(row.publication_id, "alamat-dicatat", {"saluran": row.channel, "url": url})


def _move(
    work: Work,
    row: Delivery,
    move: tuple[DeliveryState | str, DeliveryState | str],
    changed: Mapping[str, Any],
    said: Mapping[str, Any],
    *,
    actor: str | None,
    holder: str | None,
    wait: Mapping[str, Any] | None = None,
) -> bool:
    from_state, to_state = (DeliveryState(state) for state in move)
    if to_state not in LEADS_TO[from_state]:
        raise ValueError(f"a delivery does not go from {from_state} to {to_state}")
    expected = {"state": from_state.value}
    if holder is not None:
        expected["claimed_by"] = holder
    done = work.compare_and_set(row, expected, {**changed, "state": to_state.value})
    if done:
        if wait:
            waiting = _wait_of(work, row)
            for name, value in wait.items():
                setattr(waiting, name, value)
            work.session.flush()
        said = {
            "saluran": row.channel,
            "sidik": row.digest,
            "dari": from_state.value,
            "ke": to_state.value,
            **said,
        }
        work.record(row.publication_id, "pengiriman-berpindah", said, actor=actor)
    return done
