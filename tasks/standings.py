"""How the channels of a publication stand, read from the ledger; nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from connectors.base import LINK_MARK, RenderedPost
from ledger import deliveries
from ledger.models import Delivery, DeliveryState, Publication
from ledger.work import Work
from tasks.case import publication_in
from tasks.freezing import in_force
from tasks.gate import channels_of, not_before
from tasks.office import Office
from tasks.rendering import WEBSITE, posts_from_json

# Settled by a person: this channel is not wanted any more.
CANCELLED = "dibatalkan"

# A turn that somebody else has is looked at again after this.
BUSY = timedelta(seconds=10)

_IN_TROUBLE = frozenset({DeliveryState.HELD, DeliveryState.UNKNOWN})


def standings(office: Office, publication_id: str) -> list[Delivery]:
    """Every channel's delivery of the newest frozen digest, in the order of channels."""
    with office.ledger.read() as work:
        rows = list(_rows(work, publication_in(work, publication_id)).values())
        work.session.expunge_all()
        return [row for row in rows if row is not None]


def _rows(work: Work, publication: Publication) -> dict[str, Delivery | None]:
    """By chosen channel; None where nothing was planned yet."""
    frozen = in_force(work, publication)
    return {
        code: deliveries.delivery(work, publication, frozen.digest, code)
        for code in channels_of(publication, posts_from_json(frozen.posts))
    }


def is_cancelled(row: Delivery) -> bool:
    """Whether a person gave this channel up."""
    return row.state == DeliveryState.REJECTED and bool(row.raw.get(CANCELLED))


def is_settled(row: Delivery) -> bool:
    """Whether nothing more will be done for this delivery."""
    return row.state == DeliveryState.PUBLISHED or is_cancelled(row)


def needs_person(row: Delivery) -> bool:
    """Whether this delivery waits for somebody's decision (Siar may go on looking meanwhile)."""
    if row.state == DeliveryState.REJECTED:
        return not is_cancelled(row)
    if row.state not in _IN_TROUBLE:
        return False
    return row.wait is None or row.wait.asked or row.wait.next_try_at is None


def goes_on_by_itself(row: Delivery) -> bool:
    """Whether Siar has something left to do for this delivery, now or later."""
    if row.state in _IN_TROUBLE:
        return row.wait is not None and row.wait.next_try_at is not None
    return row.state not in (DeliveryState.PUBLISHED, DeliveryState.REJECTED)


def is_due(row: Delivery, now: datetime) -> bool:
    """Whether Siar may do something for this delivery now."""
    if row.state in _IN_TROUBLE:
        return (
            row.wait is not None
            and row.wait.next_try_at is not None
            and (row.wait.next_try_at <= now)
        )
    return goes_on_by_itself(row)


def looks_again_at(row: Delivery) -> datetime | None:
    """When Siar goes on with this delivery by itself; None when it does not."""
    if not goes_on_by_itself(row):
        return None
    if row.claimed_by and row.claimed_at is not None:
        return row.claimed_at + BUSY
    if row.state in _IN_TROUBLE and row.wait is not None:
        return row.wait.next_try_at
    return row.planned_at


def needs_the_article(post: RenderedPost) -> bool:
    """Whether a channel's post carries the article's address or pictures that it hosts."""
    return LINK_MARK in post.text or (post.channel == "instagram" and bool(post.media))


def ready_channels(office: Office, publication_id: str) -> tuple[str, ...]:
    """Channels that something can be done for now, website first.

    What needs the article waits until the website is settled.
    """
    with office.ledger.read() as work:
        return _ready(work, publication_in(work, publication_id))


def _ready(work: Work, publication: Publication) -> tuple[str, ...]:
    rows = _rows(work, publication)
    posts = posts_from_json(in_force(work, publication).posts)
    held_up = _held_up(rows, posts)
    return tuple(
        code
        for code, row in rows.items()
        if code not in held_up and (row is None or is_due(row, work.now))
    )


def _held_up(
    rows: Mapping[str, Delivery | None], posts: Mapping[str, RenderedPost]
) -> frozenset[str]:
    if WEBSITE not in rows or ((website := rows[WEBSITE]) is not None and is_settled(website)):
        return frozenset()
    others = (code for code in rows if code != WEBSITE)
    return frozenset(code for code in others if needs_the_article(posts[code]))


def wakes_at(work: Work, publication: Publication) -> datetime | None:
    """When a publication at its publishing step goes on by itself; None when it does not."""
    due = not_before(publication)
    if due is not None and due > work.now:
        return due
    try:
        rows = _rows(work, publication)
        held_up = _held_up(rows, posts_from_json(in_force(work, publication).posts))
    except (KeyError, TypeError, ValueError):
        return None  # not readable any more: the gate will say so when the run starts again
    return _earliest(
        publication.created_at if row is None else looks_again_at(row)
        for code, row in rows.items()
        if code not in held_up
    )


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
