"""Monev reports (SOP step 9), and their summaries for the public."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.base import Base, row_id


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

    id: Mapped[str] = row_id()
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

    id: Mapped[str] = row_id()
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
