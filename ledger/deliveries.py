"""Deliveries: exactly once, or known to be unknown (law 4).

A state is changed by compare-and-set, so of two workers one goes on and the
other learns that it is not its turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from ledger.models import Delivery, DeliveryState, Publication
from ledger.work import Work

_S = DeliveryState

# Where a delivery may go from each state. `attempting` is left only by an outcome.
LEADS_TO: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _S.PLANNED: frozenset({_S.PREPARED, _S.REJECTED, _S.HELD, _S.UNKNOWN}),
    _S.PREPARED: frozenset(
        {_S.PREPARED, _S.ATTEMPTING, _S.PLANNED, _S.REJECTED, _S.HELD, _S.UNKNOWN}
    ),
    _S.ATTEMPTING: frozenset({_S.PUBLISHED, _S.REJECTED, _S.UNKNOWN, _S.HELD}),
    _S.UNKNOWN: frozenset({_S.PUBLISHED, _S.UNKNOWN, _S.PLANNED, _S.REJECTED}),
    _S.HELD: frozenset({_S.PLANNED, _S.PUBLISHED, _S.HELD, _S.REJECTED}),
    _S.REJECTED: frozenset({_S.PLANNED, _S.PUBLISHED, _S.REJECTED}),
    _S.PUBLISHED: frozenset(),
}

# Reading the channel can find an unknown post; that it is not there, and may be sent
# again or given up, only a person says.
_ONLY_A_PERSON = frozenset({(_S.UNKNOWN, _S.PLANNED), (_S.UNKNOWN, _S.REJECTED)})

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


# What the event of a settlement repeats from it.
_TOLD = ("url", "remote_id", "error_sentence")


def plan_delivery(work: Work, publication: Publication, digest: str, channel: str) -> Delivery:
    """The delivery of a digest to a channel, planned once; harmless to repeat."""
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
        claimed_by="",
        claimed_at=None,
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
    work.record(publication.id, "pengiriman-direncanakan", {"saluran": channel, "sidik": digest})
    return row


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


def claim(
    work: Work,
    row: Delivery,
    from_state: DeliveryState | str,
    to_state: DeliveryState | str,
    owner: str,
) -> bool:
    """Move a delivery on if it still stands where expected; exactly one of two workers may.

    Going to `attempting` counts an attempt. Raises ValueError for a move that
    `LEADS_TO` does not know.
    """
    changed: dict[str, Any] = {"claimed_by": owner, "claimed_at": work.now}
    if to_state == DeliveryState.ATTEMPTING:
        changed |= {"attempts": Delivery.attempts + 1, "attempted_at": work.now}
    return _move(work, row, (from_state, to_state), changed, {"oleh": owner}, actor=None)


def settle(
    work: Work,
    row: Delivery,
    *,
    from_state: DeliveryState | str,
    to_state: DeliveryState | str,
    actor: str | None = None,
    **fields: Any,
) -> bool:
    """Write how it went (`SETTLED_FIELDS`) if the delivery still stands where expected.

    `actor` is the staff id when a person settled it. Trouble of an earlier try is
    wiped by a success. Raises ValueError for a move that `LEADS_TO` does not know,
    or that only a person may make.
    """
    if unknown := set(fields) - SETTLED_FIELDS:
        raise TypeError(f"not part of an outcome: {', '.join(sorted(unknown))}")
    move = (DeliveryState(from_state), DeliveryState(to_state))
    if move in _ONLY_A_PERSON and actor is None:
        raise ValueError(f"only a person moves a delivery from {move[0]} to {move[1]}")
    if move[1] is DeliveryState.PUBLISHED:
        cleared = {"error_sentence": "", "error_action": "", "error_detail": ""}
        fields = {"published_at": work.now, **cleared, **fields}
    said = {name: fields[name] for name in _TOLD if fields.get(name)}
    return _move(work, row, move, fields, said, actor=actor)


def _move(
    work: Work,
    row: Delivery,
    move: tuple[DeliveryState | str, DeliveryState | str],
    changed: Mapping[str, Any],
    said: Mapping[str, Any],
    *,
    actor: str | None,
) -> bool:
    from_state, to_state = (DeliveryState(state) for state in move)
    if to_state not in LEADS_TO[from_state]:
        raise ValueError(f"a delivery does not go from {from_state} to {to_state}")
    done = work.compare_and_set(
        row, {"state": from_state.value}, {**changed, "state": to_state.value}
    )
    if done:
        said = {
            "saluran": row.channel,
            "sidik": row.digest,
            "dari": from_state.value,
            "ke": to_state.value,
            **said,
        }
        work.record(row.publication_id, "pengiriman-berpindah", said, actor=actor)
    return done
