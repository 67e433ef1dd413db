"""A record written by hand: rows with known times, straight into the tables.

A report reads rows and not the chain, so the rows stand here without it; what is
reported from events (an unknown outcome, a check of the archive) gets its event.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert

from ledger.db import WRITER
from ledger.models import (
    OFFICE_CHAIN,
    Answer,
    Base,
    Decision,
    Delivery,
    Engagement,
    Event,
    Form,
    Freeze,
    MediaRow,
    Publication,
    Reminder,
    Revision,
    Round,
    Seal,
    SopText,
    Staff,
)
from sop.model import Sop

WIB = ZoneInfo("Asia/Jakarta")
DECISIONS = (4, 5)


def wib(text: str) -> datetime:
    """ "2026-02-06 10:45", a moment of the office's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=WIB).astimezone(UTC)


class Record:
    """Collects rows and writes them in one transaction."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._ids = 0
        self._events = 1000
        self.staff = self.add(
            Staff,
            nip="190001012000019999",
            name="Sampel Pemutus",
            secret="",
            created_at=wib("2026-01-01 08:00"),
            revoked_at=None,
            revoked_reason="",
        )
        self._sops: set[str] = set()

    def add(self, model: type[Base], **values: Any) -> str:
        """A row; returns its id, made here unless given."""
        self._ids += 1
        values = {"id": f"{self._ids:032x}", **values}
        self._rows.setdefault(model.__tablename__, []).append(values)
        return str(values["id"])

    def publication(
        self,
        reference: str,
        begun: datetime,
        sop: Sop,
        *,
        status: str = "berjalan",
        finished: datetime | None = None,
        rehearsal: bool = False,
        wanted: datetime | None = None,
        assignment: Mapping[str, Any] | None = None,
        title: str = "",
        reason: str = "",
    ) -> Story:
        if sop.sha256 not in self._sops:
            self._sops.add(sop.sha256)
            self._rows.setdefault(SopText.__tablename__, []).append(
                {
                    "sha256": sop.sha256,
                    "nomor": sop.nomor,
                    "revisi": sop.revisi,
                    "source": sop.source,
                }
            )
        key = self.add(
            Publication,
            reference=reference,
            title=title or f"Kegiatan {reference}",
            unit="Tim Kerja 1",
            classification="berkala",
            facts={},
            folder="",
            channels=[],
            wanted_at=wanted,
            sop_sha256=sop.sha256,
            flow_run_id=None,
            status=status,
            status_reason=reason,
            current_step=None,
            created_at=begun,
            finished_at=finished,
            rehearsal=rehearsal,
            assignment=None if assignment is None else dict(assignment),
        )
        return Story(self, key, begun)

    def event(self, chain: str, at: datetime, kind: str, data: Mapping[str, Any]) -> None:
        self._events += 1
        self.add(
            Event,
            id=self._events,
            chain=chain,
            seq=self._events,
            at=at,
            kind=kind,
            actor_staff_id=None,
            data=json.dumps(data, sort_keys=True, separators=(",", ":")),
            prev_hash="0" * 64,
            hash="0" * 64,
        )

    def fixity(self, at: datetime, bags: int, found: Sequence[str] = ()) -> None:
        said = {"paket": bags, "temuan": list(found)}
        self.event(OFFICE_CHAIN, at, "keutuhan-diperiksa", said)

    def seal(self, number: int, at: datetime, day: date, digest: str, chains: int) -> None:
        self.add(
            Seal,
            number=number,
            day=day,
            sealed_at=at,
            last_event_id=number,
            chains=chains,
            digest=digest,
            previous="0" * 64,
        )

    def write(self, engine: Engine) -> None:
        connection = engine.connect().execution_options(**{WRITER: True})
        with connection, connection.begin():
            for table in Base.metadata.sorted_tables:
                if rows := self._rows.get(table.name):
                    connection.execute(insert(table), rows)


class Story:
    """One publication, step by step; each step is opened when the one before is closed."""

    def __init__(self, record: Record, key: str, begun: datetime) -> None:
        self.id = key
        self._record = record
        self._now = begun
        self._numbers: dict[int, int] = {}
        self._round = ""
        self._revisions = 0
        self._freezes = 0

    def _add(self, model: type[Base], **values: Any) -> str:
        return self._record.add(model, publication_id=self.id, **values)

    def step(
        self,
        no: int,
        until: datetime | None,
        *,
        opened: datetime | None = None,
        returned: str | None = None,
    ) -> Story:
        """A round of a step until it is closed (None: it stays open); `returned` is a "tidak"."""
        begun = opened or self._now
        self._numbers[no] = self._numbers.get(no, 0) + 1
        answer = "tidak" if returned is not None else "ya" if no in DECISIONS else "selesai"
        self._round = self._add(
            Round,
            step_no=no,
            number=self._numbers[no],
            opened_at=begun,
            deadline_at=None,
            closed_at=until,
            outcome=None if until is None else answer,
        )
        if until is not None:
            self._now = until
            if answer != "selesai":
                self._decided(no, until, answer, returned or "")
        return self

    def _decided(self, no: int, at: datetime, decision: str, reason: str) -> None:
        form = self._add(
            Form,
            round_id=self._round,
            attempt=1,
            key=self._round,
            flow_run_id="",
            opened_at=at,
            closed_at=at,
            state="dijawab",
            notice="",
            prefill={},
        )
        answer = self._add(
            Answer,
            round_id=self._round,
            form_id=form,
            staff_id=self._record.staff,
            named_person="",
            received_at=at,
            accepted=True,
            reasons=[],
            fields={},
        )
        self._add(
            Decision,
            round_id=self._round,
            step_no=no,
            answer_id=answer,
            staff_id=self._record.staff,
            decision=decision,
            reason=reason,
            revision_id=None,
            digest=None,
            decided_at=at,
            revoked_at=None,
            revoked_reason="",
        )

    def frozen(
        self, digest: str, alts: Sequence[str], *, at: datetime | None = None, video: bool = False
    ) -> Story:
        """A revision with pictures (and a video), and its frozen form."""
        self._revisions += 1
        at = at or self._now
        revision = self._add(
            Revision,
            number=self._revisions,
            content={},
            content_sha256="0" * 64,
            author_staff_id=None,
            written_at=at,
            step_no=3,
            round_id=self._round,
            source="form",
            difference="",
        )
        files = [("image/jpeg", alt) for alt in alts] + ([("video/mp4", "")] if video else [])
        for ordinal, (mime, alt) in enumerate(files, start=1):
            self._add(
                MediaRow,
                revision_id=revision,
                ordinal=ordinal,
                filename=f"{ordinal}",
                sha256="0" * 64,
                received_sha256="0" * 64,
                mime=mime,
                size=1,
                width=None,
                height=None,
                duration=None,
                alt=alt,
                credit="",
            )
        self._freezes += 1
        self._add(
            Freeze,
            revision_id=revision,
            number=self._freezes,
            digest=digest,
            posts={},
            frozen_at=at,
            preview_artifact=None,
        )
        return self

    def sent(
        self,
        channel: str,
        planned: datetime,
        live: datetime | None,
        *,
        digest: str = "sidik",
        state: str = "",
        unknown: datetime | None = None,
    ) -> str:
        """A delivery; `unknown` is when its outcome was unknown. Returns its id."""
        if unknown is not None:
            said = {"dari": "attempting", "ke": "unknown", "saluran": channel, "sidik": digest}
            self._record.event(self.id, unknown, "pengiriman-berpindah", said)
        said = {"dari": "prepared", "ke": "attempting", "saluran": channel, "sidik": digest}
        self._record.event(self.id, planned, "pengiriman-berpindah", said)
        return self._add(
            Delivery,
            digest=digest,
            channel=channel,
            state=state or ("published" if live else "unknown"),
            prepared={},
            attempts=1,
            planned_at=planned,
            claimed_by="",
            claimed_at=planned,
            attempted_at=planned,
            published_at=live,
            remote_id="17" if live else "",
            url="",
            media_urls={},
            raw={},
            error_sentence="",
            error_action="",
            error_detail="",
        )

    def read(
        self,
        delivery: str,
        channel: str,
        age: int,
        at: datetime,
        metrics: Mapping[str, int],
        missing: Mapping[str, str] | None = None,
    ) -> Story:
        self._add(
            Engagement,
            delivery_id=delivery,
            channel=channel,
            age_days=age,
            read_at=at,
            metrics=dict(metrics),
            missing=dict(missing or {}),
        )
        return self

    def reminded(self, kind: str, at: datetime, outcome: str = "terkirim") -> Story:
        self._add(
            Reminder,
            key=f"{kind}-{self.id}-{at.isoformat()}-{outcome}",
            kind=kind,
            step_no=None,
            round_id=None,
            role="ppid",
            due_at=at,
            claimed_at=at,
            settled_at=at,
            outcome=outcome,
            detail="",
        )
        return self
