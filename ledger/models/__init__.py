"""The tables. Nothing in them is ever deleted, and every row is covered by the chain.

A row belongs to one chain of events: its publication's, or "kantor" for what
concerns the office as a whole. `ledger.work` puts the hash of each new or
changed row into an event of that chain; `ledger.verify` compares.
"""

from __future__ import annotations

from ledger.models.base import (
    OFFICE_CHAIN,
    Base,
    DeliveryState,
    FormState,
    Outcome,
    PublicationStatus,
)
from ledger.models.chain import CHAIN_TABLES, UNKNOWN_EVENTS, ChainHead, Event, RowHead, Seal
from ledger.models.deliveries import Delivery, DeliveryWait, Engagement
from ledger.models.people import CodeTry, Delegation, Staff, StaffRole, UsedCode
from ledger.models.publications import (
    Answer,
    Decision,
    Form,
    Freeze,
    MediaRow,
    Publication,
    Reminder,
    Revision,
    Round,
    SopText,
)
from ledger.models.reports import Report, ReportPage

__all__ = [
    "CHAIN_TABLES",
    "OFFICE_CHAIN",
    "STATE_TABLES",
    "UNKNOWN_EVENTS",
    "Answer",
    "Base",
    "ChainHead",
    "CodeTry",
    "Decision",
    "Delegation",
    "Delivery",
    "DeliveryState",
    "DeliveryWait",
    "Engagement",
    "Event",
    "Form",
    "FormState",
    "Freeze",
    "MediaRow",
    "Outcome",
    "Publication",
    "PublicationStatus",
    "Reminder",
    "Report",
    "ReportPage",
    "Revision",
    "Round",
    "RowHead",
    "Seal",
    "SopText",
    "Staff",
    "StaffRole",
    "UsedCode",
    "chain_column_name",
    "primary_key_name",
]

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
