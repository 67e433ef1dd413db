"""The sending of what was approved to each channel, and what the channel said later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.models.base import Base, reference_to, row_id


class Delivery(Base):
    """The sending of one approved digest to one channel."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("publication_id", "digest", "channel"),)

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    digest: Mapped[str] = mapped_column(String(128))
    channel: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), index=True)
    prepared: Mapped[dict[str, Any]]
    attempts: Mapped[int]
    planned_at: Mapped[datetime]
    claimed_by: Mapped[str]
    claimed_at: Mapped[datetime | None]
    attempted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    remote_id: Mapped[str]
    url: Mapped[str]
    media_urls: Mapped[dict[str, Any]]
    raw: Mapped[dict[str, Any]]
    error_sentence: Mapped[str]
    error_action: Mapped[str]
    error_detail: Mapped[str]

    wait: Mapped[DeliveryWait | None] = relationship(
        viewonly=True, lazy="joined", foreign_keys="DeliveryWait.id", uselist=False
    )


class DeliveryWait(Base):
    """What a delivery that is not settled waits for; `id` is the delivery's.

    `next_try_at` is when Siar itself looks again, None when only a person can go on.
    `tries` counts looks without result and `readings` those in which the channel
    clearly did not have the post; `since` is when the trouble began. `asked`: a
    person is to decide. `may_resend`: enough readings allow another attempt.
    `insisted`: a person said to send again. `rests`: the whole channel rests until then.
    """

    __tablename__ = "delivery_waits"

    id: Mapped[str] = mapped_column(String(32), ForeignKey("deliveries.id"), primary_key=True)
    publication_id: Mapped[str] = reference_to("publications.id")
    next_try_at: Mapped[datetime | None]
    tries: Mapped[int]
    readings: Mapped[int]
    since: Mapped[datetime | None]
    asked: Mapped[bool]
    may_resend: Mapped[bool]
    insisted: Mapped[bool]
    rests: Mapped[bool]


class Engagement(Base):
    """What a channel said of one post at 1, 7 or 30 days: reach, reactions, …

    `metrics` maps a metric's name to its number; `missing` names those that the
    channel did not give, with the reason.
    """

    __tablename__ = "engagements"
    __table_args__ = (UniqueConstraint("delivery_id", "age_days"),)

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    delivery_id: Mapped[str] = reference_to("deliveries.id")
    channel: Mapped[str] = mapped_column(String(32))
    age_days: Mapped[int]
    read_at: Mapped[datetime]
    metrics: Mapped[dict[str, Any]]
    missing: Mapped[dict[str, Any]]
