"""The tables. Nothing in them is ever deleted, and every row is covered by the chain.

A row belongs to one chain of events: its publication's, or "kantor" for what
concerns the office as a whole. `ledger.work` puts the hash of each new or
changed row into an event of that chain; `ledger.verify` compares.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from ledger.types import CanonicalJson, Day, PlainText, UtcDateTime

OFFICE_CHAIN = "kantor"


class PublicationStatus(StrEnum):
    BERJALAN = "berjalan"
    SELESAI = "selesai"
    DITOLAK = "ditolak"
    DIBATALKAN = "dibatalkan"


class Outcome(StrEnum):
    """How a round ended, and what a decision says."""

    YA = "ya"
    TIDAK = "tidak"
    SELESAI = "selesai"


class FormState(StrEnum):
    MENUNGGU = "menunggu"
    DIJAWAB = "dijawab"
    DITINGGALKAN = "ditinggalkan"


class DeliveryState(StrEnum):
    """Law 4: planned → prepared → attempting → published | rejected | unknown."""

    PLANNED = "planned"
    PREPARED = "prepared"
    ATTEMPTING = "attempting"
    PUBLISHED = "published"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    HELD = "held"


class Base(DeclarativeBase):
    """Common column types; all primary keys are single columns."""

    # Names that a later migration can refer to, on both databases.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it from the class)
        datetime: UtcDateTime,
        date: Day,
        str: PlainText,
        dict[str, Any]: CanonicalJson,
        list[str]: CanonicalJson,
    }


def _key() -> Mapped[str]:
    return mapped_column(String(32), primary_key=True)


def _reference(target: str) -> Mapped[str]:
    return mapped_column(String(32), ForeignKey(target), index=True)


# Which events tell that an outcome was unknown for a time; each database has its own
# words for it, and a query must use the same ones to find the index.
UNKNOWN_EVENTS = {
    "sqlite": "kind = 'pengiriman-berpindah' AND instr(data, '\"ke\":\"unknown\"') > 0",
    "postgresql": "kind = 'pengiriman-berpindah' AND strpos(data, '\"ke\":\"unknown\"') > 0",
}


class Event(Base):
    """What happened. Append-only: triggers refuse UPDATE and DELETE.

    `id` counts all events without a gap; `seq` counts those of one chain.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        Index(
            "ix_events_unknown",
            "at",
            sqlite_where=text(UNKNOWN_EVENTS["sqlite"]),
            postgresql_where=text(UNKNOWN_EVENTS["postgresql"]),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chain: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(64))
    actor_staff_id: Mapped[str | None] = mapped_column(String(32))
    data: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class ChainHead(Base):
    """The newest event of each chain: a chain cut short no longer agrees with it."""

    __tablename__ = "chain_heads"

    chain: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class RowHead(Base):
    """Where in the chain the newest hash of a row stands; `id` is "table:primary key"."""

    __tablename__ = "row_heads"

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    chain: Mapped[str] = mapped_column(String(32), index=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class Staff(Base):
    """A person who may answer forms. `secret` is the TOTP secret, encrypted."""

    __tablename__ = "staff"

    id: Mapped[str] = _key()
    nip: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str]
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str]


class StaffRole(Base):
    """A role held from one WIB day to another, both included; no last day means until withdrawn."""

    __tablename__ = "staff_roles"

    id: Mapped[str] = _key()
    staff_id: Mapped[str] = _reference("staff.id")
    role: Mapped[str] = mapped_column(String(64), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    reason: Mapped[str]
    created_at: Mapped[datetime]


class Delegation(Base):
    """Plh. or Plt.: a role lent to a person from the first to the last WIB day."""

    __tablename__ = "delegations"

    id: Mapped[str] = _key()
    staff_id: Mapped[str] = _reference("staff.id")
    role: Mapped[str] = mapped_column(String(64), index=True)
    role_name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(8))
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str]


class UsedCode(Base):
    """A TOTP time step that a person has spent; the unique pair makes a code work once."""

    __tablename__ = "used_codes"
    __table_args__ = (UniqueConstraint("staff_id", "timestep"),)

    id: Mapped[str] = _key()
    staff_id: Mapped[str] = _reference("staff.id")
    timestep: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[datetime]


class CodeTry(Base):
    """Every code that was tried, right or wrong; never the code itself."""

    __tablename__ = "code_tries"
    __table_args__ = (Index("ix_code_tries_staff_id_no", "staff_id", "no", unique=True),)

    id: Mapped[str] = _key()
    staff_id: Mapped[str] = mapped_column(String(32), ForeignKey("staff.id"))
    no: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]


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

    id: Mapped[str] = _key()
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

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
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

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
    round_id: Mapped[str] = _reference("rounds.id")
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

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
    round_id: Mapped[str] = _reference("rounds.id")
    form_id: Mapped[str] = _reference("forms.id")
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

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    content_sha256: Mapped[str] = mapped_column(String(64))
    author_staff_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("staff.id"))
    written_at: Mapped[datetime]
    step_no: Mapped[int]
    round_id: Mapped[str] = _reference("rounds.id")
    source: Mapped[str] = mapped_column(String(16))
    difference: Mapped[str]


class MediaRow(Base):
    """A picture or video of one revision, in its order."""

    __tablename__ = "media"
    __table_args__ = (UniqueConstraint("revision_id", "ordinal"),)

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
    revision_id: Mapped[str] = _reference("revisions.id")
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

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
    revision_id: Mapped[str] = _reference("revisions.id")
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(128), index=True)
    posts: Mapped[dict[str, Any]]
    frozen_at: Mapped[datetime]
    preview_artifact: Mapped[str | None]


class Decision(Base):
    """A "ya" or "tidak" by a person, about one revision and, in step 5, one digest."""

    __tablename__ = "decisions"

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
    round_id: Mapped[str] = _reference("rounds.id")
    step_no: Mapped[int]
    answer_id: Mapped[str] = _reference("answers.id")
    staff_id: Mapped[str] = mapped_column(String(32), ForeignKey("staff.id"))
    decision: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str]
    revision_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("revisions.id"))
    digest: Mapped[str | None] = mapped_column(String(128), index=True)
    decided_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str]


class Delivery(Base):
    """The sending of one approved digest to one channel."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("publication_id", "digest", "channel"),)

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
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
    publication_id: Mapped[str] = _reference("publications.id")
    next_try_at: Mapped[datetime | None]
    tries: Mapped[int]
    readings: Mapped[int]
    since: Mapped[datetime | None]
    asked: Mapped[bool]
    may_resend: Mapped[bool]
    insisted: Mapped[bool]
    rests: Mapped[bool]


class Seal(Base):
    """The daily seal (law 6): one digest over the heads of all chains, chained to the last seal.

    It covers every event up to `last_event_id`, so it can be computed again at any
    time from the events alone. `digest` is over the previous seal's digest and the
    head (chain, seq, hash) of each chain at that event.
    """

    __tablename__ = "seals"

    id: Mapped[str] = _key()
    number: Mapped[int] = mapped_column(unique=True)
    day: Mapped[date] = mapped_column(unique=True)
    sealed_at: Mapped[datetime]
    last_event_id: Mapped[int] = mapped_column(BigInteger)
    chains: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))


class Report(Base):
    """A monev report (SOP step 9) laid before the head, and that it was read.

    `kind` is mingguan, bulanan or khusus; the period runs from `first_day` to
    `last_day`, both included (WIB). `model` is the report's figures as data and
    `files` names each written file with its SHA-256. The run that waits for the
    reader is suspended under `form_key`; `notice` stands on top after a refusal and
    `draft` is the note that was typed then. `notified` counts how often the head was
    told that it waits. Triggers refuse to rewrite what the report says.
    """

    __tablename__ = "reports"

    id: Mapped[str] = _key()
    kind: Mapped[str] = mapped_column(String(16))
    first_day: Mapped[date]
    last_day: Mapped[date]
    as_of: Mapped[datetime]
    seal_digest: Mapped[str] = mapped_column(String(64))
    model_sha256: Mapped[str] = mapped_column(String(64))
    folder: Mapped[str]
    files: Mapped[dict[str, Any]]
    flow_run_id: Mapped[str | None] = mapped_column(String(64))
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    form_attempt: Mapped[int]
    notice: Mapped[str]
    draft: Mapped[str] = mapped_column(default="")
    notified: Mapped[int] = mapped_column(default=0)
    notified_at: Mapped[datetime | None]
    read_by: Mapped[str | None] = mapped_column(String(32), ForeignKey("staff.id"))
    read_at: Mapped[datetime | None]
    note: Mapped[str]


class ReportPage(Base):
    """A report's public summary on the website: one row for each that the head said "ya" to.

    `digest` is the SHA-256 of the file that was approved; `kind` is halaman or artikel.
    The states are those of a delivery. `next_try_at` is when Siar goes on by itself,
    None once settled; `since` is when the trouble began, `tries` and `readings` count as
    in `DeliveryWait`. `asked`: a person is needed; `told` is what was last told of it.
    Triggers refuse to rewrite what was approved.
    """

    __tablename__ = "report_pages"

    id: Mapped[str] = _key()
    report_id: Mapped[str] = mapped_column(String(32), ForeignKey("reports.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    approved_by: Mapped[str] = mapped_column(String(32), ForeignKey("staff.id"))
    planned_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    slug: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), index=True)
    prepared: Mapped[dict[str, Any]]
    attempts: Mapped[int]
    attempted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    remote_id: Mapped[str]
    url: Mapped[str]
    next_try_at: Mapped[datetime | None]
    since: Mapped[datetime | None]
    tries: Mapped[int]
    readings: Mapped[int]
    asked: Mapped[bool]
    told: Mapped[str] = mapped_column(String(16))
    error_sentence: Mapped[str]
    error_action: Mapped[str]
    error_detail: Mapped[str]


class Engagement(Base):
    """What a channel said of one post at 1, 7 or 30 days: reach, reactions, …

    `metrics` maps a metric's name to its number; `missing` names those that the
    channel did not give, with the reason.
    """

    __tablename__ = "engagements"
    __table_args__ = (UniqueConstraint("delivery_id", "age_days"),)

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
    delivery_id: Mapped[str] = _reference("deliveries.id")
    channel: Mapped[str] = mapped_column(String(32))
    age_days: Mapped[int]
    read_at: Mapped[datetime]
    metrics: Mapped[dict[str, Any]]
    missing: Mapped[dict[str, Any]]


class Reminder(Base):
    """A notification to staff. `key` names the occasion, so each is claimed and sent once.

    `kind`: formulir-terbuka, 80-persen, baku-habis, harian, eskalasi, tayang,
    perlu-orang. Claimed (`claimed_at`) before it is sent; `outcome` is diambil until it
    is settled as terkirim, gagal, tidak-pasti (the sender died in between, or nobody
    answered; not sent again) or tanpa-penerima (the role has no address).
    """

    __tablename__ = "reminders"

    id: Mapped[str] = _key()
    publication_id: Mapped[str] = _reference("publications.id")
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


# The machinery of the chain itself; every other table is covered by row hashes.
CHAIN_TABLES = frozenset({Event.__tablename__, ChainHead.__tablename__, RowHead.__tablename__})

STATE_TABLES = tuple(
    table for table in Base.metadata.sorted_tables if table.name not in CHAIN_TABLES
)


def primary_key_name(table_name: str) -> str:
    """The one column that is the table's primary key."""
    (column,) = Base.metadata.tables[table_name].primary_key.columns
    return column.name


def chain_column_name(table_name: str) -> str | None:
    """The column that names the row's chain; None when its chain is the office's."""
    columns = Base.metadata.tables[table_name].columns
    if table_name == Publication.__tablename__:
        return "id"
    return "publication_id" if "publication_id" in columns else None
