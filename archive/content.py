"""What goes into an archive bag, as immutable values.

Made by `tasks.arsip` from the ledger; nothing here is looked up, so the same values
give the same payload, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sop.manuscript import Manuscript
from sop.model import Sop


@dataclass(frozen=True, slots=True)
class Stored:
    """A file whose bytes are in the blob store."""

    filename: str
    sha256: str
    mime: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """One channel: what was sent, what it answered, how it was read again afterwards.

    `request`, `answer` and `reread` are JSON; `reread` is None when the channel could
    not be read. `links` maps an address in the post to where it leads.
    """

    code: str
    label: str
    url: str
    request: Mapping[str, Any]
    answer: Mapping[str, Any]
    reread: Mapping[str, Any] | None
    links: Mapping[str, str]
    media: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A "ya" or "tidak" as it was given, with the digest it names (step 5)."""

    step_no: int
    round_number: int
    person: str
    decision: str
    reason: str
    digest: str | None
    decided_at: datetime
    revoked_at: datetime | None = None
    revoked_reason: str = ""


@dataclass(frozen=True, slots=True)
class StepTime:
    """One round of one step: working minutes against the SOP's standard (None: no standard)."""

    step_no: int
    activity: str
    role: str
    round_number: int
    person: str
    opened_at: datetime
    closed_at: datetime
    working_minutes: float
    standard_minutes: int | None
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """One line of the office's retention schedule (JRA); years are counted from sealing."""

    classification: str
    code: str = ""
    active_years: int = 0
    inactive_years: int = 0
    disposition: str = ""


@dataclass(frozen=True)
class Content:
    """Everything about one publication up to the end of SOP step 8.

    `approved` is the JSON value whose RFC 8785 text has `digest` as its SHA-256.
    `events` are the chain's rows as stored, in order. `sealed_at` is the moment that
    the content is about, not the moment of writing. `missing` says in sentences what
    could not be recorded. `number` counts the bags of one publication from 1.
    """

    reference: str
    number: int
    title: str
    unit: str
    classification: str
    rehearsal: bool
    sop: Sop
    digest: str
    approved: Mapping[str, Any]
    manuscript: Manuscript
    revision_number: int
    channels: tuple[ChannelRecord, ...]
    decisions: tuple[DecisionRecord, ...]
    steps: tuple[StepTime, ...]
    events: tuple[Mapping[str, Any], ...]
    monev_note: str
    warc: Stored | None
    sealed_at: datetime
    retention: Retention | None = None
    missing: tuple[str, ...] = ()

    @property
    def bag_name(self) -> str:
        """The bag's folder: a later correction has the next number."""
        return f"{self.reference}-{self.number:02}"
