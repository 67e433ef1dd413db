"""The daily seal (law 6): one digest over the newest event of every chain, chained to the last.

Whoever kept one digest, for example on a printed monev report, can tell that nothing
before it was changed or taken away since. The digest is SHA-256 over UTF-8 lines that
end with a line feed: the previous seal's digest (64 zeros before the first), then for
each chain, in the byte order of their names, its name, the number of its newest event
and that event's hash, separated by a tab. A seal covers the events up to
`last_event_id`; the event that tells of the seal itself comes after it.
"""

from __future__ import annotations

import hashlib
import json
from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, column, func, select, table, text

from ledger.chain import GENESIS, Head
from ledger.models import OFFICE_CHAIN, Event, Seal
from ledger.publications import OPENED
from ledger.types import wib_day
from ledger.work import Ledger, Work

SEALED = "disegel"

_NEWEST_EVENTS = """
    SELECT e.chain, e.seq, e.hash
    FROM (SELECT chain, MAX(seq) AS seq FROM events GROUP BY chain) h
    JOIN events e ON e.chain = h.chain AND e.seq = h.seq
    ORDER BY e.chain {in_byte_order}
"""
# Without it, PostgreSQL sorts as the database's language does.
_BYTE_ORDER = {"sqlite": "COLLATE BINARY", "postgresql": 'COLLATE "C"'}
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class SealFault:
    """The first seal that is wrong, and why; `vanished` are chains of which nothing is left."""

    seal_id: str
    sentence: str
    vanished: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DailySeal:
    """What is compared with a digest that somebody kept: number, WIB day (ISO), digest."""

    number: str
    day: str
    digest: str


def seal_today(ledger: Ledger) -> Seal:
    """The seal of this WIB day, made now unless there is one; a day without a run has none."""
    with ledger.work() as work:
        day = wib_day(work.now)
        last = newest_seal(work)
        if last is not None and last.day >= day:
            return last
        return _sealed(work, day, last)


def _sealed(work: Work, day: date, last: Seal | None) -> Seal:
    # Nobody else writes while this unit of work is open, so the newest events are
    # those up to the highest id.
    connection = work.session.connection()
    last_event_id = connection.execute(select(func.max(Event.id))).scalar() or 0
    previous = last.digest if last else GENESIS
    chains, digest = _digest(previous, _heads(connection))
    seal = Seal(
        id=work.new_id(),
        number=last.number + 1 if last else 1,
        day=day,
        sealed_at=work.now,
        last_event_id=last_event_id,
        chains=chains,
        digest=digest,
        previous=previous,
    )
    work.session.add(seal)
    said = {
        "nomor": seal.number,
        "hari": day.isoformat(),
        "sampai_kejadian": last_event_id,
        "rantai": chains,
        "sidik": digest,
        "sebelumnya": previous,
    }
    work.record(OFFICE_CHAIN, SEALED, said)
    return seal


def newest_seal(work: Work) -> Seal | None:
    """The last seal that was made."""
    return work.session.scalars(select(Seal).order_by(Seal.number.desc()).limit(1)).first()


def newest_seal_until(work: Work, moment: datetime) -> Seal | None:
    """The last seal that had been made at a moment."""
    chosen = select(Seal).where(Seal.sealed_at <= moment).order_by(Seal.number.desc()).limit(1)
    return work.session.scalars(chosen).first()


def daily_seals(connection: Connection) -> list[DailySeal]:
    """Every daily seal as stored, the oldest first; also where the record was altered."""
    return [
        DailySeal(str(one.number), str(one.day), str(one.digest))
        for one in _stored_seals(connection)
    ]


def _heads(connection: Connection) -> Iterator[Head]:
    in_byte_order = _BYTE_ORDER[connection.dialect.name]
    found = connection.execute(
        text(_NEWEST_EVENTS.format(in_byte_order=in_byte_order)),
        execution_options={"yield_per": 5000},
    )
    for row in found:
        yield Head(row.chain, row.seq, row.hash)


def _digest(previous: str, heads: Iterable[Head]) -> tuple[int, str]:
    """How many chains there are, and the digest over them."""
    running = hashlib.sha256(f"{previous}\n".encode())
    count = 0
    for head in heads:
        running.update(_line(head.chain, head.seq, head.hash))
        count += 1
    return count, running.hexdigest()


def _line(chain: str, seq: int, event_hash: str) -> bytes:
    return f"{chain}\t{seq}\t{event_hash}\n".encode("utf-8", "surrogatepass")


@dataclass(slots=True)
class _Replay:
    """The chains as they stood at one event, while all events go by in their order."""

    names: list[bytes] = field(default_factory=list)
    lines: dict[bytes, bytes] = field(default_factory=dict)
    opened: dict[str, None] = field(default_factory=dict)
    last_id: int = 0

    def take(self, row: Any) -> None:
        name = str(row.chain).encode("utf-8", "surrogatepass")
        if name not in self.lines:
            insort(self.names, name)
        self.lines[name] = _line(row.chain, row.seq, row.hash)
        self.last_id = row.id
        if row.opening is not None:
            self.opened[_opened_publication(row.opening)] = None

    def digest(self, previous: str) -> str:
        running = hashlib.sha256(f"{previous}\n".encode())
        running.update(b"".join(map(self.lines.__getitem__, self.names)))
        return running.hexdigest()

    def vanished(self) -> tuple[str, ...]:
        """Publications that the office opened and of which there is no event."""
        return tuple(chain for chain in self.opened if chain.encode() not in self.lines)


def first_fault(connection: Connection) -> SealFault | None:
    """The first seal that does not agree with the events, or with the seal before it.

    All seals are computed again in one pass over the events; nothing else is believed.
    """
    replay = _Replay()
    events = _events_in_order(connection)
    pending: Any = next(events, None)
    previous: Any = None
    for seal in _stored_seals(connection):
        wrong = _wrong_link(previous, seal)
        while not wrong and pending is not None and pending.id <= seal.last_event_id:
            replay.take(pending)
            pending = next(events, None)
        if wrong := wrong or _wrong_content(replay, seal):
            vanished = replay.vanished()
            return SealFault(str(seal.id), f"{_named(seal)} {wrong}{_lost(vanished)}.", vanished)
        previous = seal
    return None


def _events_in_order(connection: Connection) -> Iterator[Any]:
    # Columns without types: what is compared is what is stored.
    found = connection.execute(
        text(
            "SELECT id, chain, seq, hash, "
            "CASE WHEN kind = :opened AND chain = :office THEN data END AS opening "
            "FROM events ORDER BY id"
        ),
        {"opened": OPENED, "office": OFFICE_CHAIN},
        execution_options={"yield_per": 5000},
    )
    yield from found


def _stored_seals(connection: Connection) -> list[Any]:
    plain = table(Seal.__tablename__, *[column(one.name) for one in Seal.__table__.columns])
    return list(connection.execute(select(plain).order_by(plain.c.number)))


def _wrong_link(previous: Any, seal: Any) -> str:
    """What is wrong between a seal and the one before it; "" when it follows properly."""
    if not all(isinstance(value, int) for value in (seal.number, seal.last_event_id)):
        return "tidak terbaca"  # SQLite keeps whatever was put into a column
    number, digest = (previous.number, previous.digest) if previous is not None else (0, GENESIS)
    if seal.number != number + 1:
        return f"tidak menyusul segel nomor {number}: ada segel yang hilang"
    if seal.previous != digest:
        return f"tidak menyambung dengan segel nomor {number}"
    if previous is None:
        return ""
    if str(seal.day) <= str(previous.day) or seal.last_event_id < previous.last_event_id:
        return f"mendahului segel nomor {number}"
    return ""


def _wrong_content(replay: _Replay, seal: Any) -> str:
    if replay.last_id < seal.last_event_id:
        return (
            f"mencakup kejadian sampai nomor {seal.last_event_id}, "
            f"padahal yang ada hanya sampai {replay.last_id}"
        )
    if len(replay.names) != seal.chains:
        return f"mencakup {seal.chains} rantai, padahal yang ada {len(replay.names)}"
    if replay.digest(str(seal.previous)) != seal.digest:
        return "tidak cocok dengan kejadian-kejadian yang dicakupnya"
    return ""


def _named(seal: Any) -> str:
    return f"Segel nomor {seal.number} tanggal {seal.day}"


def _lost(vanished: tuple[str, ...]) -> str:
    if not vanished:
        return ""
    more = len(vanished) - _MOST_NAMED
    named = ", ".join(vanished[:_MOST_NAMED]) + (f" dan {more} lainnya" if more > 0 else "")
    return f"; rantai yang hilang seluruhnya: {named}"


def _opened_publication(data: str) -> str:
    try:
        return str(json.loads(data)["publication_id"])
    except (ValueError, KeyError, TypeError):
        return ""


__all__ = [
    "SEALED",
    "DailySeal",
    "SealFault",
    "daily_seals",
    "first_fault",
    "newest_seal",
    "newest_seal_until",
    "seal_today",
]
