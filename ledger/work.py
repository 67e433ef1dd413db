"""The unit of work: every change of the record is one transaction that explains itself.

Inside `Ledger.work()` rows are added and changed through `Work.session` and what
happened is said with `Work.record`. At the end the hash of every new or changed
row goes into the last event recorded for the row's chain, so a row can later be
checked against the chain. A change that nobody explained is a mistake in the
software and is refused (`UncoveredRowError`); so is writing over a row that was
altered outside of the software (`RecordAlteredError`), which would hide it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, inspect, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import ORMExecuteState, Session, object_session

from ledger.chain import (
    ROWS,
    append_event,
    row_hash,
    row_key,
    rows_as_recorded,
    stored_rows,
)
from ledger.db import WAIT_SECONDS, WRITER, is_waiting_in_vain
from ledger.models import (
    CHAIN_TABLES,
    OFFICE_CHAIN,
    Base,
    chain_column_name,
    primary_key_name,
)
from ledger.vault import Vault

_COVERED = "siar_covered"

_Row = TypeVar("_Row", bound=Base)


class UncoveredRowError(Exception):
    """A programming error: a row changed and no event of its chain says why."""


class RecordAlteredError(Exception):
    """A row is not as the software left it; writing over it would hide that."""

    def __init__(self, table: str, row: str) -> None:
        self.table = table
        self.row = row
        super().__init__(
            f"Baris {row} pada tabel {table} berubah di luar Siar, jadi tidak boleh ditimpa. "
            "Jalankan `siar verify`, laporkan hasilnya kepada Kepala, lalu pulihkan baris itu "
            "dari cadangan basis data terakhir."
        )


class LedgerBusyError(Exception):
    """Another process held the writers' turn for too long."""

    def __init__(self) -> None:
        super().__init__(
            f"Basis data dipakai proses lain lebih dari {WAIT_SECONDS} detik. "
            "Tunggu sebentar lalu coba lagi; bila tetap terjadi, jalankan `siar doctor`."
        )


@dataclass(frozen=True, slots=True)
class _Pending:
    chain: str
    kind: str
    data: Mapping[str, Any]
    actor: str | None


class Work:
    """One transaction on the record. `now` is one moment for all of it (UTC)."""

    def __init__(
        self,
        session: Session,
        *,
        now: datetime,
        vault: Vault,
        random_bytes: Callable[[int], bytes],
        writable: bool,
    ) -> None:
        self.session = session
        self.now = now
        self.vault = vault
        self._random_bytes = random_bytes
        self._writable = writable
        self._pending: list[_Pending] = []
        self._touched: set[tuple[str, str]] = set()
        event.listen(session, "before_flush", self._before_flush)
        event.listen(session, "do_orm_execute", self._before_execute)

    def record(
        self, chain: str, kind: str, data: Mapping[str, Any], actor: str | None = None
    ) -> None:
        """Say what happened. `chain` is a publication's id or `OFFICE_CHAIN`, `actor` a staff id.

        The event is written when the unit of work ends. The name "rows" in `data`
        belongs to the chain.
        """
        if not self._writable:
            raise UncoveredRowError("a reading unit of work records nothing")
        if ROWS in data:
            raise ValueError(f"{ROWS!r} in an event's data is kept for row hashes")
        self._pending.append(_Pending(chain, kind, dict(data), actor))

    def new_id(self) -> str:
        """A primary key: a random UUID (version 4) in hex."""
        raw = bytearray(self._random_bytes(16))
        raw[6] = (raw[6] & 0x0F) | 0x40
        raw[8] = (raw[8] & 0x3F) | 0x80
        return raw.hex()

    def token(self, size: int) -> bytes:
        """Unguessable bytes."""
        return self._random_bytes(size)

    def own(self, row: _Row) -> _Row:
        """The row as this unit of work sees it, when it may come from an earlier one."""
        if object_session(row) is self.session:
            return row
        table_name, primary_key = _identity(row)
        found = self.session.get(type(row), primary_key)
        if found is None:
            raise RecordAlteredError(table_name, primary_key)
        return found

    def is_unaltered(self, row: Base) -> bool:
        """Whether the stored row is as its chain says; True for one not yet committed."""
        return self._is_unaltered(*_identity(row))

    def unaltered(self, rows: Iterable[Base]) -> set[Base]:
        """Those of many rows of which `is_unaltered` is true, at the cost of a few queries."""
        identities = {row: _identity(row) for row in rows}
        asked = [one for one in identities.values() if one not in self._touched]
        recorded = self._touched | rows_as_recorded(self.session.connection(), asked)
        return {row for row, identity in identities.items() if identity in recorded}

    def compare_and_set(
        self, row: Base, expected: Mapping[str, Any], changed: Mapping[str, Any]
    ) -> bool:
        """Change the row if the expected columns still hold; tells whether it was changed.

        One UPDATE … WHERE, so of two workers exactly one is told True. The row
        of this unit of work (`own`) is read anew either way.
        """
        self.session.flush()
        row = self.own(row)
        identity = _identity(row)
        self._refuse_altered(*identity)
        model = type(row)
        key = getattr(model, primary_key_name(identity[0]))
        conditions = [getattr(model, name) == value for name, value in expected.items()]
        result = self.session.execute(
            update(model).where(key == identity[1], *conditions).values(**changed),
            execution_options={_COVERED: True, "synchronize_session": False},
        )
        self.session.refresh(row)
        done: bool = result.rowcount == 1  # type: ignore[attr-defined]
        if done:
            self._touched.add(identity)
        return done

    def seal(self) -> None:
        """Write the recorded events, with the hashes of all rows that changed."""
        self.session.flush()
        connection = self.session.connection()
        hashes = self._hashes_by_chain(connection)
        last = {pending.chain: place for place, pending in enumerate(self._pending)}
        for chain, rows in hashes.items():
            if chain not in last:
                named = ", ".join(sorted(rows))
                raise UncoveredRowError(f"no event recorded on chain {chain!r} for {named}")
        for place, pending in enumerate(self._pending):
            covers = hashes.get(pending.chain, {}) if last[pending.chain] == place else {}
            written = append_event(
                connection,
                chain=pending.chain,
                at=self.now,
                kind=pending.kind,
                data={**pending.data, ROWS: covers} if covers else pending.data,
                actor_staff_id=pending.actor,
            )
            for key in covers:
                _point_row_head(connection, key, written.chain, written.seq)
        self._pending.clear()
        self._touched.clear()

    def _hashes_by_chain(self, connection: Connection) -> dict[str, dict[str, str]]:
        by_table: dict[str, list[str]] = {}
        for table_name, primary_key in sorted(self._touched):
            by_table.setdefault(table_name, []).append(primary_key)
        hashes: dict[str, dict[str, str]] = {}
        for table_name, keys in by_table.items():
            key_name = primary_key_name(table_name)
            chain_name = chain_column_name(table_name)
            # Read back, so that what is hashed is what the database really holds.
            for row in stored_rows(connection, table_name, key_name, keys):
                chain = row[chain_name] if chain_name else OFFICE_CHAIN
                covered = hashes.setdefault(chain, {})
                covered[row_key(table_name, row[key_name])] = row_hash(table_name, row)
        return hashes

    def _before_flush(self, session: Session, _context: Any, _instances: Any) -> None:
        if session.deleted:
            raise UncoveredRowError("nothing is ever deleted from the record")
        changed = [row for row in session.dirty if session.is_modified(row)]
        if (changed or session.new) and not self._writable:
            raise UncoveredRowError("a reading unit of work changes nothing")
        for row in changed:
            self._refuse_altered(*_identity(row))
        for row in [*session.new, *changed]:
            table_name, primary_key = _identity(row)
            if table_name in CHAIN_TABLES:
                raise UncoveredRowError(f"{table_name} is written by the chain only")
            self._touched.add((table_name, primary_key))

    def _before_execute(self, state: ORMExecuteState) -> None:
        writes = state.is_insert or state.is_update or state.is_delete
        if writes and not state.execution_options.get(_COVERED, False):
            raise UncoveredRowError("change rows through the session or compare_and_set")

    def _refuse_altered(self, table_name: str, primary_key: str) -> None:
        if not self._is_unaltered(table_name, primary_key):
            raise RecordAlteredError(table_name, primary_key)

    def _is_unaltered(self, table_name: str, primary_key: str) -> bool:
        if (table_name, primary_key) in self._touched:
            return True
        return row_is_as_recorded(self.session.connection(), table_name, primary_key)


def row_is_as_recorded(connection: Connection, table_name: str, primary_key: str) -> bool:
    """Whether a stored row has the hash that its newest event gives it."""
    return bool(rows_as_recorded(connection, [(table_name, primary_key)]))


def _identity(row: Base) -> tuple[str, str]:
    mapper = inspect(type(row))
    table_name = mapper.local_table.name  # type: ignore[attr-defined]
    return table_name, getattr(row, primary_key_name(table_name))


def _point_row_head(connection: Connection, key: str, chain: str, seq: int) -> None:
    connection.execute(
        text(
            "INSERT INTO row_heads (id, chain, seq) VALUES (:id, :chain, :seq) "
            "ON CONFLICT (id) DO UPDATE SET chain = excluded.chain, seq = excluded.seq"
        ),
        {"id": key, "chain": chain, "seq": seq},
    )


class Ledger:
    """The record. One instance serves many threads; processes each make their own."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        vault: Vault,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.engine = engine
        self.vault = vault
        self._clock = clock
        self._random_bytes = random_bytes
        self._own_work = threading.local()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One write transaction: committed at the end, or undone whole when an error leaves it.

        Writers take turns, so keep it short: no network and no waiting inside.
        """
        if getattr(self._own_work, "open", False):
            # It would wait for itself until the time-out.
            raise RuntimeError("a unit of work was opened inside another one")
        self._own_work.open = True
        try:
            with self._transaction(writable=True) as work:
                yield work
                work.seal()
                work.session.commit()
        finally:
            self._own_work.open = False

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A read-only view of one moment; `record` and changes are refused."""
        with self._transaction(writable=False) as work:
            yield work

    @contextmanager
    def _transaction(self, *, writable: bool) -> Iterator[Work]:
        with self.engine.connect().execution_options(**{WRITER: writable}) as connection:
            try:
                connection.begin()
            except OperationalError as error:
                if is_waiting_in_vain(error):
                    raise LedgerBusyError from error
                raise
            with Session(
                bind=connection,
                expire_on_commit=False,
                # The transaction is the connection's own, which took the writers' turn.
                join_transaction_mode="control_fully",
            ) as session:
                yield Work(
                    session,
                    # Taken after the turn, so events of one chain are in the order of time.
                    now=self._clock().astimezone(UTC),
                    vault=self.vault,
                    random_bytes=self._random_bytes,
                    writable=writable,
                )


__all__ = ["Ledger", "LedgerBusyError", "RecordAlteredError", "UncoveredRowError", "Work"]
