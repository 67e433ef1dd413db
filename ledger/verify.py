"""Checking the record: every event, every row, every link, and what is missing.

Whatever single column is changed in the database, by whomever, this names the
table and the row. It reads in batches of publications and holds only the office's
own rows in memory, so a record of 100,000 publications can be checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, column, func, select, table, text

from ledger.blobs import FileBlobStore
from ledger.chain import (
    Break,
    Head,
    StoredEvent,
    breaks,
    head_of,
    heads_of,
    row_hash,
    row_key,
    stored_events,
    stored_rows,
)
from ledger.files import FileFault, file_faults, report_faults
from ledger.guards import unguarded
from ledger.models import (
    OFFICE_CHAIN,
    STATE_TABLES,
    Base,
    Event,
    Publication,
    chain_column_name,
    primary_key_name,
)
from ledger.publications import OPENED
from ledger.seals import first_fault
from ledger.work import Ledger, Work, row_is_as_recorded

_BATCH = 200
PEOPLE_TABLES = ("staff", "staff_roles", "delegations")

RESTORE = (
    "Jangan ubah apa pun lagi; laporkan kepada Kepala, lalu pulihkan dari cadangan basis data "
    "terakhir yang lolos `siar verify`."
)
REINSTALL = (
    "Simpan keluaran ini dan tanyakan siapa yang mengubah basis data; lalu pasang lagi dengan "
    "`siar verify --pasang-penjaga`."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as the record says: where, and a sentence with what to do."""

    table: str
    row: str
    sentence: str


@dataclass(slots=True)
class _Covered:
    """The newest hash that a chain gives a row, and where it stands."""

    hash: str
    seq: int


def verify(
    ledger: Ledger, *, blobs: FileBlobStore | None = None, reports: Path | None = None
) -> list[Problem]:
    """Everything that is wrong with the record, and with its files when they are given.

    `reports` is the folder that holds the monev reports.
    """
    return list(problems(ledger, blobs=blobs, reports=reports))


def problems(
    ledger: Ledger, *, blobs: FileBlobStore | None = None, reports: Path | None = None
) -> Iterator[Problem]:
    """The same one by one, as they are found."""
    with ledger.read() as work:
        connection = work.session.connection()
        with reading_any_text(connection):
            yield from _guard_problems(connection)
            yield from record_problems(connection)
            if blobs is not None:
                yield from _as_problems(file_faults(connection, blobs))
            if reports is not None:
                yield from _as_problems(report_faults(connection, reports))


def quick_problems(ledger: Ledger, *, newest: int = 50) -> list[Problem]:
    """What a look of a second or two finds: lost events, chains that do not end as they
    should, staff and roles, the newest publications, and the triggers that protect it all.

    An alteration of an older publication is found by `verify` only.
    """
    with ledger.read() as work:
        connection = work.session.connection()
        with reading_any_text(connection):
            chosen = list(
                connection.execute(
                    select(Publication.__table__.c.id)
                    .order_by(Publication.__table__.c.created_at.desc())
                    .limit(newest)
                ).scalars()
            )
            return [
                *_guard_problems(connection),
                *_lost_events(connection),
                *_wrong_ends(connection),
                *_altered_people(connection),
                *_chain_problems(connection, sorted(chosen)),
            ]


def _guard_problems(connection: Connection) -> Iterator[Problem]:
    for one in unguarded(connection):
        yield Problem(
            one.guard.table,
            one.guard.name,
            f"Penjaga {one.guard.name} pada tabel {one.guard.table} {one.how}, sehingga barisnya "
            f"dapat {one.guard.forbids} tanpa dicegah. {REINSTALL}",
        )


def _wrong_ends(connection: Connection) -> Iterator[Problem]:
    found = connection.execute(
        text(
            "SELECT h.chain FROM chain_heads h LEFT JOIN events e "
            "ON e.chain = h.chain AND e.seq = h.seq "
            "WHERE e.hash IS NULL OR e.hash <> h.hash ORDER BY h.chain"
        )
    )
    for chain in found.scalars():
        yield Problem(
            "chain_heads",
            chain,
            f"Ujung rantai {chain} pada tabel chain_heads tidak sama dengan kejadian terakhirnya. "
            f"{RESTORE}",
        )


def _altered_people(connection: Connection) -> Iterator[Problem]:
    for name in PEOPLE_TABLES:
        for row in _all_rows(connection, name):
            primary_key = str(row[primary_key_name(name)])
            if not row_is_as_recorded(connection, name, primary_key):
                yield Problem(
                    name,
                    primary_key,
                    f"Baris {primary_key} pada tabel {name} diubah dari luar Siar. {RESTORE}",
                )


def head(work: Work, chain: str) -> Head:
    """The newest event of a chain; seq 0 when it has none."""
    return head_of(work.session.connection(), chain)


def heads(work: Work) -> list[Head]:
    """The newest event of every chain, by chain name."""
    return list(heads_of(work.session.connection()))


@contextmanager
def reading_any_text(connection: Connection) -> Iterator[None]:
    """Read through this connection without failing at text that is no text."""
    # Whoever alters a SQLite file can leave bytes that are no text; that must be
    # found, not fail.
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    usual = driver.text_factory
    driver.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
    try:
        yield
    finally:
        driver.text_factory = usual


def record_problems(connection: Connection) -> Iterator[Problem]:
    """What is wrong with the tables, on a connection that sees one moment."""
    yield from _lost_events(connection)
    publications: set[str] = set()
    for batch in _publication_batches(connection):
        publications.update(batch)
        yield from _chain_problems(connection, batch)
    yield from _chain_problems(connection, _chains_without_publication(connection))
    yield from _office_problems(connection, publications)
    yield from _seal_problems(connection)


def _seal_problems(connection: Connection) -> Iterator[Problem]:
    # The seals after a wrong one are wrong for the same reason.
    if (fault := first_fault(connection)) is not None:
        yield Problem("seals", fault.seal_id, f"{fault.sentence} {RESTORE}")


def _lost_events(connection: Connection) -> Iterator[Problem]:
    count, highest = connection.execute(select(func.count(), func.max(Event.id))).one()
    if count == (highest or 0):
        return
    before = connection.execute(
        text(
            "SELECT e.id FROM events e WHERE e.id > 1 AND NOT EXISTS "
            "(SELECT 1 FROM events p WHERE p.id = e.id - 1) ORDER BY e.id LIMIT 1"
        )
    ).scalar()
    yield Problem(
        "events",
        str(before or 1),
        f"Ada kejadian yang hilang sebelum kejadian {before or 1}: seharusnya {highest}, "
        f"yang ada {count}. {RESTORE}",
    )


def _publication_batches(connection: Connection) -> Iterator[list[str]]:
    keys = Publication.__table__.c.id
    last = ""
    while True:
        batch = list(
            connection.execute(
                select(keys).where(keys > last).order_by(keys).limit(_BATCH)
            ).scalars()
        )
        if not batch:
            return
        yield batch
        last = batch[-1]


def _chains_without_publication(connection: Connection) -> list[str]:
    """Chains of events, heads or rows that no publication row stands for (nor the office)."""
    chains: set[str] = set()
    sources = [("events", "chain"), ("chain_heads", "chain"), ("row_heads", "chain")]
    sources += [
        (one.name, "publication_id") for one in STATE_TABLES if "publication_id" in one.columns
    ]
    for table_name, name in sources:
        found = connection.execute(
            text(
                f"SELECT DISTINCT {name} FROM {table_name} t WHERE NOT EXISTS "  # noqa: S608
                f"(SELECT 1 FROM publications p WHERE p.id = t.{name})"
            )
        )
        chains.update(found.scalars())
    return sorted(chains - {OFFICE_CHAIN})


def _chain_problems(connection: Connection, chains: list[str]) -> Iterator[Problem]:
    """What is wrong with these publications' chains and all rows that belong to them."""
    for start in range(0, len(chains), _BATCH):
        batch = chains[start : start + _BATCH]
        covered: dict[str, dict[str, _Covered]] = {chain: {} for chain in batch}
        yield from _event_problems(connection, batch, covered)
        everything = {key: value for rows in covered.values() for key, value in rows.items()}
        found: set[str] = set()
        for one in STATE_TABLES:
            name = chain_column_name(one.name)
            if name is None:
                continue
            for row in stored_rows(connection, one.name, name, batch):
                expected = covered[row[name]].get(_key_of(one.name, row))
                yield from _row_problem(one.name, row, expected, found)
        yield from _missing_rows(everything, found)
        yield from _pointer_problems(connection, batch, covered)


def _office_problems(connection: Connection, publications: set[str]) -> Iterator[Problem]:
    """The same for the office's own chain, and for publications that it never opened."""
    covered: dict[str, dict[str, _Covered]] = {OFFICE_CHAIN: {}}
    opened: set[str] = set()
    yield from _event_problems(connection, [OFFICE_CHAIN], covered, opened)
    found: set[str] = set()
    for one in STATE_TABLES:
        if chain_column_name(one.name) is not None:
            continue
        for row in _all_rows(connection, one.name):
            expected = covered[OFFICE_CHAIN].get(_key_of(one.name, row))
            yield from _row_problem(one.name, row, expected, found)
    yield from _missing_rows(covered[OFFICE_CHAIN], found)
    yield from _pointer_problems(connection, [OFFICE_CHAIN], covered)
    for publication_id in sorted(opened - publications):
        yield Problem(
            "publications",
            publication_id,
            f"Publikasi {publication_id} pernah dibuka tetapi barisnya tidak ada lagi. {RESTORE}",
        )
    for publication_id in sorted(publications - opened):
        yield Problem(
            "publications",
            publication_id,
            f"Publikasi {publication_id} tidak pernah tercatat dibuka. {RESTORE}",
        )


def _event_problems(
    connection: Connection,
    chains: list[str],
    covered: dict[str, dict[str, _Covered]],
    opened: set[str] | None = None,
) -> Iterator[Problem]:
    """Broken links; fills `covered` with the newest row hashes, `opened` with publications."""
    heads_by_chain = {
        row["chain"]: Head(row["chain"], row["seq"], row["hash"])
        for row in stored_rows(connection, "chain_heads", "chain", chains)
    }
    unseen = set(chains)
    for chain, events in groupby(stored_events(connection, chains), lambda event: event.chain):
        unseen.discard(chain)
        noted = _noting(events, covered[chain], opened)
        for found in breaks(noted, heads_by_chain.get(chain)):
            yield _event_problem(chain, found)
    if OFFICE_CHAIN not in heads_by_chain:
        unseen.discard(OFFICE_CHAIN)  # a new office: nothing has happened yet
    for chain in sorted(unseen):
        for found in breaks((), heads_by_chain.get(chain)):
            yield _event_problem(chain, found)


def _event_problem(chain: str, found: Break) -> Problem:
    if found.event_id is None:
        sentence = f"Rantai {chain} pada tabel chain_heads: {found.sentence}. {RESTORE}"
        return Problem("chain_heads", chain, sentence)
    sentence = f"Kejadian {found.event_id} pada tabel events: {found.sentence}. {RESTORE}"
    return Problem("events", str(found.event_id), sentence)


def _noting(
    events: Iterable[StoredEvent], rows: dict[str, _Covered], opened: set[str] | None
) -> Iterator[StoredEvent]:
    for event in events:
        for key, value in event.row_hashes().items():
            rows[key] = _Covered(value, event.seq)
        if opened is not None and event.kind == OPENED:
            opened.add(_opened_publication(event))
        yield event


def _opened_publication(event: StoredEvent) -> str:
    try:
        return str(json.loads(event.data)["publication_id"])
    except (ValueError, KeyError, TypeError):
        return ""


def _row_problem(
    table_name: str, row: dict[str, Any], expected: _Covered | None, found: set[str]
) -> Iterator[Problem]:
    primary_key = str(row[primary_key_name(table_name)])
    found.add(row_key(table_name, primary_key))
    if expected is None:
        yield Problem(
            table_name,
            primary_key,
            f"Baris {primary_key} pada tabel {table_name} tidak pernah dicatat Siar: "
            f"dimasukkan atau dipindahkan dari luar. {RESTORE}",
        )
    elif expected.hash != row_hash(table_name, row):
        yield Problem(
            table_name,
            primary_key,
            f"Baris {primary_key} pada tabel {table_name} tidak sama dengan catatan terakhirnya: "
            f"isinya diubah dari luar Siar. {RESTORE}",
        )


def _missing_rows(covered: dict[str, _Covered], found: set[str]) -> Iterator[Problem]:
    for key in sorted(set(covered) - found):
        table_name, _, primary_key = key.partition(":")
        yield Problem(
            table_name,
            primary_key,
            f"Baris {primary_key} pada tabel {table_name} hilang atau kuncinya diubah. {RESTORE}",
        )


def _pointer_problems(
    connection: Connection, chains: list[str], covered: dict[str, dict[str, _Covered]]
) -> Iterator[Problem]:
    """`row_heads` must point to where each row's newest hash stands."""
    missing = {key for rows in covered.values() for key in rows}
    for row in stored_rows(connection, "row_heads", "chain", chains):
        expected = covered[row["chain"]].get(row["id"])
        missing.discard(row["id"])
        if expected is None or expected.seq != row["seq"]:
            yield _pointer_problem(row["id"])
    for key in sorted(missing):
        yield _pointer_problem(key)


def _pointer_problem(key: str) -> Problem:
    return Problem(
        "row_heads",
        key,
        f"Penunjuk {key} pada tabel row_heads tidak menunjuk catatan terakhir barisnya. {RESTORE}",
    )


def _as_problems(faults: Iterable[FileFault]) -> Iterator[Problem]:
    for fault in faults:
        yield Problem(fault.table, fault.row, fault.sentence)


def _all_rows(connection: Connection, table_name: str) -> Iterator[dict[str, Any]]:
    plain = table(
        table_name, *[column(one.name) for one in Base.metadata.tables[table_name].columns]
    )
    for row in connection.execute(select(plain), execution_options={"yield_per": 1000}).mappings():
        yield dict(row)


def _key_of(table_name: str, row: dict[str, Any]) -> str:
    return row_key(table_name, str(row[primary_key_name(table_name)]))


__all__ = [
    "Head",
    "Problem",
    "head",
    "heads",
    "problems",
    "quick_problems",
    "reading_any_text",
    "record_problems",
    "verify",
]
