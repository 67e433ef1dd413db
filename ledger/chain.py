"""The chain of events: what a stranger needs to check that the record is whole.

An event's hash is SHA-256 over the RFC 8785 text of its own columns and the hash
of the event before it in the same chain; `data` is hashed as the text that is
stored. The first event of a chain follows `GENESIS`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, column, func, insert, select, table, text

from ledger.canonical import canonical_json, sha256_of_stored
from ledger.models import Base, ChainHead, Event, primary_key_name
from ledger.types import moment_text

GENESIS = "0" * 64

# The name under which an event carries the hashes of the rows it covers.
ROWS = "rows"

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The newest event of a chain."""

    chain: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event exactly as the database holds it; `at` and `data` are text."""

    id: int
    chain: str
    seq: int
    at: str
    kind: str
    actor_staff_id: str | None
    data: str
    prev_hash: str
    hash: str

    def computed_hash(self) -> str:
        """The hash that the other columns call for."""
        return sha256_of_stored(
            {
                "id": self.id,
                "chain": self.chain,
                "seq": self.seq,
                "at": self.at,
                "kind": self.kind,
                "actor_staff_id": self.actor_staff_id,
                "data": self.data,
                "prev_hash": self.prev_hash,
            }
        )

    def row_hashes(self) -> dict[str, str]:
        """ "table:primary key" → hash, of the rows that this event covers."""
        try:
            found = json.loads(self.data).get(ROWS, {})
        except (ValueError, AttributeError, TypeError):
            return {}
        return cast(dict[str, str], found) if isinstance(found, dict) else {}


def row_key(table_name: str, primary_key: str) -> str:
    return f"{table_name}:{primary_key}"


def row_hash(table_name: str, row: Mapping[str, Any]) -> str:
    """The hash over all columns of a row as stored, and the table's name."""
    return sha256_of_stored({"table": table_name, **{f".{name}": row[name] for name in row}})


def stored_rows(
    connection: Connection, table_name: str, where: str, values: list[str]
) -> Iterator[dict[str, Any]]:
    """The rows whose column `where` is one of `values`, without any type's reading of them."""
    names = [item.name for item in Base.metadata.tables[table_name].columns]
    plain = table(table_name, *[column(name) for name in names])
    for start in range(0, len(values), _CHUNK):
        chosen = plain.c[where].in_(values[start : start + _CHUNK])
        for row in connection.execute(select(plain).where(chosen)).mappings():
            yield dict(row)


def stored_events(connection: Connection, chains: list[str]) -> Iterator[StoredEvent]:
    """The chains' events as stored, chain by chain in their order, streaming."""
    plain = _plain_events()
    # An option of the statement: set on the connection, it would outlive this query.
    result = connection.execute(
        select(plain).where(plain.c.chain.in_(chains)).order_by(plain.c.chain, plain.c.seq),
        execution_options={"yield_per": 1000},
    )
    for row in result:
        yield StoredEvent(*row)


def events_of_kind(
    connection: Connection, kinds: Iterable[str], *, chain: str | None = None
) -> Iterator[StoredEvent]:
    """Events of these kinds as stored, chain by chain in their order, streaming."""
    plain = _plain_events()
    chosen = select(plain).where(plain.c.kind.in_(list(kinds)))
    if chain is not None:
        chosen = chosen.where(plain.c.chain == chain)
    chosen = chosen.order_by(plain.c.chain, plain.c.seq)
    for row in connection.execute(chosen, execution_options={"yield_per": 1000}):
        yield StoredEvent(*row)


def rows_as_recorded(
    connection: Connection, identities: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Those rows (table, primary key) that have the hash which their newest event gives them."""
    by_table: dict[str, list[str]] = {}
    for table_name, primary_key in identities:
        by_table.setdefault(table_name, []).append(primary_key)
    covered = _covered_hashes(
        connection,
        [row_key(table_name, key) for table_name, keys in by_table.items() for key in keys],
    )
    found = set()
    for table_name, keys in by_table.items():
        key_name = primary_key_name(table_name)
        for row in stored_rows(connection, table_name, key_name, keys):
            if covered.get(row_key(table_name, row[key_name])) == row_hash(table_name, row):
                found.add((table_name, str(row[key_name])))
    return found


def _covered_hashes(connection: Connection, keys: list[str]) -> dict[str, str]:
    """Row key → the hash that its newest event gives it; none from an event that was altered."""
    heads = table("row_heads", *[column(name) for name in ("id", "chain", "seq")])
    places: dict[tuple[str, int], list[str]] = {}
    for start in range(0, len(keys), _CHUNK):
        chosen = select(heads).where(heads.c.id.in_(keys[start : start + _CHUNK]))
        for key, chain, seq in connection.execute(chosen):
            places.setdefault((chain, seq), []).append(key)
    hashes: dict[str, str] = {}
    for event in _events_at(connection, list(places)):
        if event.hash == event.computed_hash():
            given = event.row_hashes()
            kept = places[event.chain, event.seq]
            hashes |= {key: given[key] for key in kept if key in given}
    return hashes


def _events_at(connection: Connection, places: list[tuple[str, int]]) -> Iterator[StoredEvent]:
    plain = _plain_events()
    by_chain: dict[str, list[int]] = {}
    for chain, seq in places:
        by_chain.setdefault(chain, []).append(seq)
    for chain, numbers in by_chain.items():
        for start in range(0, len(numbers), _CHUNK):
            chosen = plain.c.seq.in_(numbers[start : start + _CHUNK])
            for row in connection.execute(select(plain).where(plain.c.chain == chain, chosen)):
                yield StoredEvent(*row)


def _plain_events() -> Any:
    # Without column types: what is hashed is what is stored.
    return table("events", *[column(item.name) for item in Event.__table__.columns])


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is not whole: at an event, or (None) at the head kept of it."""

    event_id: int | None
    sentence: str


def breaks(events: Iterable[StoredEvent], head: Head | None) -> Iterator[Break]:
    """What is wrong with one chain's events, given in order, and its head in `chain_heads`."""
    seq, last_hash = 0, GENESIS
    for stored in events:
        if stored.hash != stored.computed_hash():
            yield Break(stored.id, "isinya tidak cocok dengan sidiknya")
        elif stored.prev_hash != last_hash:
            yield Break(stored.id, "tidak menyambung dengan kejadian sebelumnya")
        if stored.seq != seq + 1:
            yield Break(stored.id, f"urutannya {stored.seq}, seharusnya {seq + 1}")
        seq, last_hash = stored.seq, stored.hash
    if head is None or (head.seq, head.hash) != (seq, last_hash):
        yield Break(None, "ujungnya tidak sama dengan kejadian terakhir yang ada")


def chain_break(connection: Connection, chain: str) -> Break | None:
    """The first thing wrong with a chain; None when it is whole."""
    heads = ChainHead.__table__
    row = connection.execute(select(heads).where(heads.c.chain == chain)).first()
    head = None if row is None else Head(row.chain, row.seq, row.hash)
    return next(breaks(stored_events(connection, [chain]), head), None)


def head_of(connection: Connection, chain: str) -> Head:
    """The chain's newest event; seq 0 and `GENESIS` when it has none."""
    plain = _plain_events()
    row = connection.execute(
        select(plain.c.seq, plain.c.hash)
        .where(plain.c.chain == chain)
        .order_by(plain.c.seq.desc())
        .limit(1)
    ).first()
    return Head(chain, 0, GENESIS) if row is None else Head(chain, row.seq, row.hash)


def heads_of(connection: Connection) -> Iterator[Head]:
    """The newest event of every chain, by chain name."""
    heads = ChainHead.__table__
    for row in connection.execute(select(heads).order_by(heads.c.chain)):
        yield Head(row.chain, row.seq, row.hash)


def append_event(
    connection: Connection,
    *,
    chain: str,
    at: datetime,
    kind: str,
    data: Mapping[str, Any],
    actor_staff_id: str | None,
) -> StoredEvent:
    """Write the next event of a chain. The caller holds the writers' turn (ledger.db)."""
    previous = head_of(connection, chain)
    unhashed = StoredEvent(
        id=(connection.execute(select(func.max(Event.id))).scalar() or 0) + 1,
        chain=chain,
        seq=previous.seq + 1,
        at=moment_text(at),
        kind=kind,
        actor_staff_id=actor_staff_id,
        data=canonical_json(data),
        prev_hash=previous.hash,
        hash="",
    )
    values = {name: getattr(unhashed, name) for name in StoredEvent.__slots__}
    values["hash"] = unhashed.computed_hash()
    connection.execute(insert(_plain_events()).values(**values))
    connection.execute(
        text(
            "INSERT INTO chain_heads (chain, seq, hash) VALUES (:chain, :seq, :hash) "
            "ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
        ),
        {"chain": chain, "seq": values["seq"], "hash": values["hash"]},
    )
    return StoredEvent(**values)
