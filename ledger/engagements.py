"""Engagement: what each channel says of a post, read once at each age.

A reading that comes late (the machine was off) is kept under the age that it was due
at; `read_at` tells when it was taken.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from ledger.models import OFFICE_CHAIN, Delivery, DeliveryState, Engagement
from ledger.work import Work

AGES = (1, 7, 30)  # days after publication
# What is older than this when it is first seen is history, not engagement to follow.
OLDEST = timedelta(days=60)

READ = "keterlibatan-dibaca"
HINDERED = "keterlibatan-terhambat"


@dataclass(frozen=True, slots=True)
class DueReading:
    """A post whose numbers are due, for one or more ages at once."""

    delivery_id: str
    publication_id: str
    channel: str
    remote_id: str
    published_at: datetime
    ages: tuple[int, ...]


def due_readings(work: Work, channels: Collection[str]) -> list[DueReading]:
    """Published posts of these channels with an age reached and not read, the oldest first."""
    known: dict[str, set[int]] = {}
    since = work.now - OLDEST
    posts = (
        select(Delivery)
        .where(
            Delivery.state == DeliveryState.PUBLISHED.value,
            Delivery.channel.in_(sorted(channels)),
            Delivery.published_at >= since,
            Delivery.published_at <= work.now - timedelta(days=AGES[0]),
            Delivery.remote_id != "",
        )
        .order_by(Delivery.published_at, Delivery.id)
    )
    rows = list(work.session.scalars(posts))
    read = (
        select(Engagement.delivery_id, Engagement.age_days)
        .join(Delivery, Delivery.id == Engagement.delivery_id)
        .where(Delivery.published_at >= since)
    )
    for delivery_id, age in work.session.execute(read).tuples():
        known.setdefault(delivery_id, set()).add(age)
    found = []
    for row in rows:
        ages = _ages_due(row, work.now, known.get(row.id, set()))
        if ages and row.published_at is not None:
            found.append(
                DueReading(
                    row.id, row.publication_id, row.channel, row.remote_id, row.published_at, ages
                )
            )
    return found


def _ages_due(row: Delivery, now: datetime, known: set[int]) -> tuple[int, ...]:
    if row.published_at is None:
        return ()
    old = now - row.published_at
    return tuple(age for age in AGES if age not in known and old >= timedelta(days=age))


def record_reading(
    work: Work, due: DueReading, numbers: Mapping[str, int], missing: Mapping[str, str]
) -> int:
    """Keep the numbers for each age that was due; harmless to repeat. How many were new."""
    read = select(Engagement.age_days).where(Engagement.delivery_id == due.delivery_id)
    known = set(work.session.scalars(read))
    fresh = [age for age in due.ages if age not in known]
    for age in fresh:
        work.session.add(
            Engagement(
                id=work.new_id(),
                publication_id=due.publication_id,
                delivery_id=due.delivery_id,
                channel=due.channel,
                age_days=age,
                read_at=work.now,
                metrics=dict(numbers),
                missing=dict(missing),
            )
        )
        said = {"saluran": due.channel, "umur_hari": age, "angka": dict(numbers)}
        work.record(due.publication_id, READ, {**said, "tidak_ada": dict(missing)})
    return len(fresh)


def record_hindrance(work: Work, channel: str, sentence: str, action: str) -> None:
    """Put onto the office's chain why a channel could not be read today."""
    said = {"saluran": channel, "kalimat": sentence, "tindakan": action}
    work.record(OFFICE_CHAIN, HINDERED, said)
