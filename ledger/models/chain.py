"""The chain of events, its heads, and the daily seals over them (law 6)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.base import Base, row_id

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


class Seal(Base):
    """The daily seal (law 6): one digest over the heads of all chains, chained to the last seal.

    It covers every event up to `last_event_id`, so it can be computed again at any
    time from the events alone. `digest` is over the previous seal's digest and the
    head (chain, seq, hash) of each chain at that event.
    """

    __tablename__ = "seals"

    id: Mapped[str] = row_id()
    number: Mapped[int] = mapped_column(unique=True)
    day: Mapped[date] = mapped_column(unique=True)
    sealed_at: Mapped[datetime]
    last_event_id: Mapped[int] = mapped_column(BigInteger)
    chains: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))


# The machinery of the chain itself; every other table is covered by row hashes.
CHAIN_TABLES = frozenset({Event.__tablename__, ChainHead.__tablename__, RowHead.__tablename__})
