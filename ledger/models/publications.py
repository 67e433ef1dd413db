"""A publication on its way through the SOP: rounds, forms, answers, manuscripts, decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.base import Base, reference_to, row_id
from ledger.types import CanonicalJson


class SopText(Base):
    """The TOML text of an SOP revision that some publication was started under."""

    __tablename__ = "sop_texts"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    nomor: Mapped[str]
    revisi: Mapped[str]
    source: Mapped[str]


class Publication(Base):
    """One piece of information on its way through the SOP."""

    __tablename__ = "publications"

    id: Mapped[str] = row_id()
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    title: Mapped[str]
    unit: Mapped[str]
    classification: Mapped[str]
    facts: Mapped[dict[str, Any]]
    folder: Mapped[str]
    channels: Mapped[list[str]]
    wanted_at: Mapped[datetime | None]
    sop_sha256: Mapped[str] = mapped_column(String(64), ForeignKey("sop_texts.sha256"))
    flow_run_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    status_reason: Mapped[str]
    current_step: Mapped[int | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    rehearsal: Mapped[bool]
    assignment: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)


class Round(Base):
    """One opening of a step; a "tidak" opens a new one, the old ones are kept."""

    __tablename__ = "rounds"
    __table_args__ = (
        UniqueConstraint("publication_id", "step_no", "number"),
        Index(
            "uq_rounds_one_open",
            "publication_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    step_no: Mapped[int]
    number: Mapped[int]
    opened_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))


class Form(Base):
    """One form put before people; `key` is what Prefect suspends the run under."""

    __tablename__ = "forms"
    __table_args__ = (
        UniqueConstraint("round_id", "attempt"),
        Index(
            "uq_forms_one_waiting",
            "round_id",
            unique=True,
            sqlite_where=text("state = 'menunggu'"),
            postgresql_where=text("state = 'menunggu'"),
        ),
    )

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    round_id: Mapped[str] = reference_to("rounds.id")
    attempt: Mapped[int]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    flow_run_id: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16))
    notice: Mapped[str]
    prefill: Mapped[dict[str, Any]]


class Answer(Base):
    """What came back through a form, accepted or refused; never the code."""

    __tablename__ = "answers"

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    round_id: Mapped[str] = reference_to("rounds.id")
    form_id: Mapped[str] = reference_to("forms.id")
    staff_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("staff.id"))
    named_person: Mapped[str]
    received_at: Mapped[datetime]
    accepted: Mapped[bool]
    reasons: Mapped[list[str]]
    fields: Mapped[dict[str, Any]]


class Revision(Base):
    """One state of the manuscript; `content` holds all of it, media included."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("publication_id", "number"),)

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    content_sha256: Mapped[str] = mapped_column(String(64))
    author_staff_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("staff.id"))
    written_at: Mapped[datetime]
    step_no: Mapped[int]
    round_id: Mapped[str] = reference_to("rounds.id")
    source: Mapped[str] = mapped_column(String(16))
    difference: Mapped[str]


class MediaRow(Base):
    """A picture or video of one revision, in its order."""

    __tablename__ = "media"
    __table_args__ = (UniqueConstraint("revision_id", "ordinal"),)

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    revision_id: Mapped[str] = reference_to("revisions.id")
    ordinal: Mapped[int]
    filename: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    received_sha256: Mapped[str] = mapped_column(String(64))
    mime: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[float | None] = mapped_column(Float(53))
    alt: Mapped[str]
    credit: Mapped[str]


class Freeze(Base):
    """The frozen form that step 5 decides about: a digest and the posts it stands for."""

    __tablename__ = "freezes"
    # A digest may come again: the same content is frozen anew after a "tidak", and two
    # publications may say the very same thing.
    __table_args__ = (UniqueConstraint("publication_id", "number"),)

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    revision_id: Mapped[str] = reference_to("revisions.id")
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(128), index=True)
    posts: Mapped[dict[str, Any]]
    frozen_at: Mapped[datetime]
    preview_artifact: Mapped[str | None]


class Decision(Base):
    """A "ya" or "tidak" by a person, about one revision and, in step 5, one digest."""

    __tablename__ = "decisions"

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    round_id: Mapped[str] = reference_to("rounds.id")
    step_no: Mapped[int]
    answer_id: Mapped[str] = reference_to("answers.id")
    staff_id: Mapped[str] = mapped_column(String(32), ForeignKey("staff.id"))
    decision: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str]
    revision_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("revisions.id"))
    digest: Mapped[str | None] = mapped_column(String(128), index=True)
    decided_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str]


class Reminder(Base):
    """A notification to staff. `key` names the occasion, so each is claimed and sent once.

    `kind`: formulir-terbuka, 80-persen, baku-habis, harian, eskalasi, tayang,
    perlu-orang. Claimed (`claimed_at`) before it is sent; `outcome` is diambil until it
    is settled as terkirim, gagal, tidak-pasti (the sender died in between, or nobody
    answered; not sent again) or tanpa-penerima (the role has no address).
    """

    __tablename__ = "reminders"

    id: Mapped[str] = row_id()
    publication_id: Mapped[str] = reference_to("publications.id")
    key: Mapped[str] = mapped_column(String(128), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    step_no: Mapped[int | None]
    round_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("rounds.id"))
    role: Mapped[str] = mapped_column(String(64))
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str]
