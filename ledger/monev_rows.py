"""What a monev report is made from, read as columns: the period, and what is open.

Only what the period touches is read; where a figure is a count, the database counts.
The frames have one row per publication, round, delivery or decision; moments are UTC.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from ledger.columns import Wanted, as_columns
from ledger.models import OFFICE_CHAIN
from ledger.types import moment_of, moment_text
from ledger.work import Work

FIXITY_CHECKED = "keutuhan-diperiksa"
_MOVED = "pengiriman-berpindah"
_MOST_IN_A_QUERY = 500

# A post is read when it is a day old, in the next morning's run.
RIPE = timedelta(days=2)

# Alive in the period: begun before its end and not over before its start.
_ALIVE = "t.created_at < :end AND (t.finished_at IS NULL OR t.finished_at >= :start)"

_ROUNDS = {
    "publication_id": Wanted("t.publication_id"),
    "step_no": Wanted("t.step_no", pl.Int32),
    "number": Wanted("t.number", pl.Int32),
    "opened_at": Wanted("t.opened_at", moment=True),
    "closed_at": Wanted("t.closed_at", moment=True),
    "outcome": Wanted("t.outcome"),
}
_DELIVERIES = {
    "id": Wanted("t.id"),
    "publication_id": Wanted("t.publication_id"),
    "channel": Wanted("t.channel"),
    "state": Wanted("t.state"),
    "planned_at": Wanted("t.planned_at", moment=True),
    "published_at": Wanted("t.published_at", moment=True),
    # Another attempt, or a look after the attempt: only these can have been unknown.
    "troubled": Wanted(
        "CASE WHEN t.attempts > 1 OR t.state = 'unknown' OR t.claimed_at > t.attempted_at "
        "THEN 1 ELSE 0 END",
        pl.Int8,
    ),
}
_DECISIONS = {
    "publication_id": Wanted("t.publication_id"),
    "round_id": Wanted("t.round_id"),
    "step_no": Wanted("t.step_no", pl.Int32),
    "decided_at": Wanted("t.decided_at", moment=True),
    "reason": Wanted("t.reason", free=True),
    "number": Wanted("(SELECT number FROM rounds WHERE id = t.round_id)", pl.Int32),
}


@dataclass(frozen=True, slots=True)
class Fixity:
    """The last check of all sealed bags: when, how many, and what was wrong."""

    checked_at: datetime
    checked: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LastSeal:
    """The newest daily seal."""

    number: int
    day: date
    digest: str
    chains: int


@dataclass(frozen=True)
class MonevColumns:
    """Everything that a report counts.

    `publications`: id, reference, title, unit, sop, status, created_at, finished_at,
    rehearsal, not_before (text, ISO), monev_note, sealed, writer, officer.
    `rounds`: publication_id, step_no, number, opened_at, closed_at, outcome.
    `deliveries`: id, publication_id, channel, state, planned_at, published_at, was_unknown.
    `rejections`: publication_id, step_no, number, decided_at, reason.
    `engagement`: channel, age_days, metric, posts, total, read_last.
    `missing_metrics`: channel, metric. `reminders`: kind, outcome, count.
    """

    publications: pl.DataFrame
    rounds: pl.DataFrame
    deliveries: pl.DataFrame
    rejections: pl.DataFrame
    engagement: pl.DataFrame
    missing_metrics: pl.DataFrame
    reminders: pl.DataFrame
    pictures: int
    pictures_with_alt: int
    metrics_due: int
    metrics_read: int
    fixity: Fixity | None
    seal: LastSeal | None
    sop_sources: Mapping[str, str]


def monev_columns(work: Work, start: datetime, end: datetime) -> MonevColumns:
    """What happened from `start` up to (not at) `end`, with all that was open meanwhile."""
    connection = work.session.connection()
    period = {"start": moment_text(start), "end": moment_text(end)}
    sqlite = connection.dialect.name == "sqlite"
    pictures, with_alt = _pictures(connection, period)
    engagement, missing = _engagement(connection, period)
    due, read = _readings(connection, period)
    return MonevColumns(
        publications=as_columns(
            connection, "publications", _publications(sqlite=sqlite), _ALIVE, period
        ).with_columns(pl.col(pl.String).exclude("not_before").fill_null("")),
        rounds=as_columns(
            connection,
            "rounds",
            _ROUNDS,
            "t.opened_at < :end AND (t.closed_at IS NULL OR t.closed_at >= :start)",
            period,
        ),
        deliveries=_deliveries(connection, period),
        rejections=as_columns(
            connection,
            "decisions",
            _DECISIONS,
            "t.decision = 'tidak' AND t.decided_at >= :start AND t.decided_at < :end",
            period,
        ).with_columns(pl.col("reason").fill_null("")),
        engagement=engagement,
        missing_metrics=missing,
        reminders=_reminders(connection, period),
        pictures=pictures,
        pictures_with_alt=with_alt,
        metrics_due=due,
        metrics_read=read,
        fixity=_fixity(connection, period["end"]),
        seal=_seal(connection, period["end"]),
        sop_sources=_sop_sources(connection, period),
    )


def _publications(*, sqlite: bool) -> dict[str, Wanted]:
    def noted(*path: str) -> str:
        if sqlite:
            return f"json_extract(t.assignment, '$.{'.'.join(path)}')"
        return f"(t.assignment::jsonb #>> '{{{','.join(path)}}}')"

    assigned = (
        "json_type(t.assignment, '$.tayang_pada')"
        if sqlite
        else "(t.assignment::jsonb -> 'tayang_pada')"
    )
    return {
        "id": Wanted("t.id"),
        "reference": Wanted("t.reference"),
        "title": Wanted("t.title", free=True),
        "unit": Wanted("t.unit", free=True),
        "sop": Wanted("t.sop_sha256"),
        "status": Wanted("t.status"),
        "created_at": Wanted("t.created_at", moment=True),
        "finished_at": Wanted("t.finished_at", moment=True),
        "rehearsal": Wanted("CASE WHEN t.rehearsal THEN 1 ELSE 0 END", pl.Int8),
        "not_before": Wanted(
            f"CASE WHEN {assigned} IS NULL THEN t.wanted_at ELSE {noted('tayang_pada')} END"
        ),
        "monev_note": Wanted(noted("monev", "catatan"), free=True),
        "sealed": Wanted(f"CASE WHEN {noted('arsip')} IS NULL THEN 0 ELSE 1 END", pl.Int8),
        "writer": Wanted(noted("instruksi", "penulis"), free=True),
        "officer": Wanted(noted("petugas"), free=True),
    }


def _deliveries(connection: Connection, period: Mapping[str, str]) -> pl.DataFrame:
    found = as_columns(
        connection,
        "deliveries",
        _DELIVERIES,
        "t.planned_at < :end AND (t.planned_at >= :start OR t.published_at IS NULL "
        "OR t.published_at >= :start)",
        period,
    )
    troubled = found.filter(pl.col("troubled") == 1)
    known = _once_unknown(connection, troubled["publication_id"].unique().to_list())
    unknown = pl.DataFrame(
        sorted(known),
        schema={"publication_id": pl.String, "channel": pl.String},
        orient="row",
    ).with_columns(was_unknown=pl.lit(value=True))
    return (
        found.join(unknown, on=["publication_id", "channel"], how="left", maintain_order="left")
        .with_columns(pl.col("was_unknown").fill_null(value=False) & (pl.col("troubled") == 1))
        .drop("troubled")
    )


def _once_unknown(connection: Connection, publication_ids: list[str]) -> set[tuple[str, str]]:
    """Which publication and channel had an outcome that was unknown for a time."""
    found: set[tuple[str, str]] = set()
    publication_ids.sort()
    for start in range(0, len(publication_ids), _MOST_IN_A_QUERY):
        chains = publication_ids[start : start + _MOST_IN_A_QUERY]
        marks = {f"c{place}": chain for place, chain in enumerate(chains)}
        rows = connection.execute(
            text(
                f"SELECT chain, data FROM events WHERE chain IN ({_named(marks)}) "  # noqa: S608
                "AND kind = :kind"
            ),
            {**marks, "kind": _MOVED},
        )
        for chain, data in rows:
            said = json.loads(data)
            if said.get("ke") == "unknown":
                found.add((chain, str(said.get("saluran"))))
    return found


def _named(marks: Mapping[str, Any]) -> str:
    return ", ".join(f":{name}" for name in marks)


def _pictures(connection: Connection, period: Mapping[str, str]) -> tuple[int, int]:
    """Pictures of what went live in the period, and how many of them have an alt text."""
    row = connection.execute(
        text(
            "SELECT count(*), coalesce(sum(CASE WHEN trim(m.alt) <> '' THEN 1 ELSE 0 END), 0) "
            "FROM media AS m WHERE m.mime LIKE 'image/%' AND m.revision_id IN ("
            "SELECT f.revision_id FROM deliveries AS d JOIN freezes AS f "
            "ON f.publication_id = d.publication_id AND f.digest = d.digest "
            "WHERE d.published_at >= :start AND d.published_at < :end)"
        ),
        period,
    ).one()
    return int(row[0]), int(row[1])


def _engagement(
    connection: Connection, period: Mapping[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sums per channel, age and metric over the posts whose numbers were read in the period."""
    joined = (
        "string_agg({column}, chr(10))"
        if connection.dialect.name == "postgresql"
        else "group_concat({column}, char(10))"
    )
    lacking_only = "CASE WHEN e.missing = '{}' THEN NULL ELSE e.missing END"
    rows = connection.execute(
        text(
            "SELECT e.channel, e.age_days, max(e.read_at), "  # noqa: S608
            f"{joined.format(column='e.metrics')}, "
            f"{joined.format(column=lacking_only)} "
            "FROM engagements AS e WHERE e.read_at >= :start AND e.read_at < :end "
            "GROUP BY e.channel, e.age_days ORDER BY e.channel, e.age_days"
        ),
        period,
    )
    sums: list[tuple[str, int, str, int, int, datetime]] = []
    missing: set[tuple[str, str]] = set()
    for channel, age, read_last, metrics, lacking in rows:
        for name, posts, total in _sums(metrics):
            sums.append((channel, age, name, posts, total, moment_of(read_last)))
        for line in (lacking or "").splitlines():
            missing.update((channel, name) for name in json.loads(line))
    return (
        pl.DataFrame(
            sums,
            schema={
                "channel": pl.String,
                "age_days": pl.Int32,
                "metric": pl.String,
                "posts": pl.Int64,
                "total": pl.Int64,
                "read_last": pl.Datetime("us", "UTC"),
            },
            orient="row",
        ),
        pl.DataFrame(
            sorted(missing), schema={"channel": pl.String, "metric": pl.String}, orient="row"
        ),
    )


def _sums(lines: str) -> Iterator[tuple[str, int, int]]:
    """Each metric of JSON lines by name, with how many lines gave it and their sum."""
    if not lines.replace("{}", "").strip():
        return
    frame = pl.read_ndjson(io.BytesIO(lines.encode()), infer_schema_length=None)
    for name in sorted(frame.columns):
        column = frame[name]
        if column.dtype.is_numeric():
            yield name, len(column) - column.null_count(), int(column.sum())


def _readings(connection: Connection, period: Mapping[str, str]) -> tuple[int, int]:
    """Posts of the period that are old enough to be read, and how many of them were."""
    ripe = moment_text(moment_of(period["end"]) - RIPE)
    row = connection.execute(
        text(
            "SELECT count(*), count(e.delivery_id) FROM deliveries AS d LEFT JOIN "
            "(SELECT DISTINCT delivery_id FROM engagements) AS e ON e.delivery_id = d.id "
            "WHERE d.state = 'published' AND d.published_at >= :start AND d.published_at < :ripe "
        ),
        {"start": period["start"], "ripe": ripe},
    ).one()
    return int(row[0]), int(row[1])


def _reminders(connection: Connection, period: Mapping[str, str]) -> pl.DataFrame:
    rows = connection.execute(
        text(
            "SELECT kind, outcome, count(*) FROM reminders "
            "WHERE claimed_at >= :start AND claimed_at < :end "
            "GROUP BY kind, outcome ORDER BY kind, outcome"
        ),
        period,
    )
    return pl.DataFrame(
        [tuple(row) for row in rows],
        schema={"kind": pl.String, "outcome": pl.String, "count": pl.Int64},
        orient="row",
    )


def _fixity(connection: Connection, end: str) -> Fixity | None:
    row = connection.execute(
        text(
            "SELECT at, data FROM events WHERE chain = :chain AND kind = :kind AND at < :end "
            "ORDER BY seq DESC LIMIT 1"
        ),
        {"chain": OFFICE_CHAIN, "kind": FIXITY_CHECKED, "end": end},
    ).first()
    if row is None:
        return None
    said = json.loads(row.data)
    return Fixity(moment_of(row.at), int(said.get("paket", 0)), tuple(said.get("temuan", ())))


def _seal(connection: Connection, end: str) -> LastSeal | None:
    row = connection.execute(
        text(
            "SELECT number, day, digest, chains FROM seals WHERE sealed_at < :end "
            "ORDER BY number DESC LIMIT 1"
        ),
        {"end": end},
    ).first()
    if row is None:
        return None
    return LastSeal(row.number, date.fromisoformat(row.day), row.digest, row.chains)


def _sop_sources(connection: Connection, period: Mapping[str, str]) -> dict[str, str]:
    """The SOP texts that publications of the period run under, the longest known first."""
    rows = connection.execute(
        text(
            "SELECT s.sha256, s.source FROM sop_texts AS s JOIN ("  # noqa: S608
            "SELECT sop_sha256, min(created_at) AS first FROM publications AS t "
            f"WHERE {_ALIVE} GROUP BY sop_sha256) AS used ON used.sop_sha256 = s.sha256 "
            "ORDER BY used.first, s.sha256"
        ),
        period,
    )
    return {row.sha256: row.source for row in rows}
