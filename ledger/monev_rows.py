"""What a monev report is made from, read as columns: the period, and what is open.

Only what the period touches is read; where a figure is a count, the database counts.
The frames have one row per publication, round, delivery or decision; moments are UTC.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import polars as pl
from sqlalchemy import Connection, text

from ledger.columns import Kind, Question, Wanted, columns, numbering_of, rows_in_slices
from ledger.engagement_sums import missing_metrics, read_slice, summed_up
from ledger.models import OFFICE_CHAIN, UNKNOWN_EVENTS, DeliveryState
from ledger.numbering import Numbering
from ledger.readers import readers_of
from ledger.types import moment_of, moment_text
from ledger.work import Work

FIXITY_CHECKED = "keutuhan-diperiksa"
READINGS = "engagements"

# A post is read when it is a day old, in the next morning's run.
RIPE = timedelta(days=2)

# Alive in the period: begun before its end and not over before its start.
_ALIVE = "t.created_at < :end AND (t.finished_at IS NULL OR t.finished_at >= :start)"

# Enough of a digest to tell those of one publication apart.
_DIGEST = "substr(t.digest, length(t.digest) - 15)"

_Span = tuple[datetime, datetime]

# What keys are numbered among: where all of them stand.
_NUMBERED = {
    "publications": ("publications", "id"),
    "deliveries": ("deliveries", "id"),
    "revisions": ("freezes", "revision_id"),
}
_PUBLICATION = Wanted("t.publication_id", Kind.KEY, "publications")

_ROUNDS = {
    "publication_id": _PUBLICATION,
    "step_no": Wanted("t.step_no", Kind.NUMBER),
    "opened_at": Wanted("t.opened_at", Kind.MOMENT),
    "closed_at": Wanted("t.closed_at", Kind.MOMENT),
    "outcome": Wanted("t.outcome"),
}
_DELIVERIES = {
    "id": Wanted("t.id", Kind.KEY, "deliveries"),
    "publication_id": _PUBLICATION,
    "channel": Wanted("t.channel"),
    "state": Wanted("t.state"),
    "digest": Wanted(_DIGEST),
    "planned_at": Wanted("t.planned_at", Kind.MOMENT),
    "published_at": Wanted("t.published_at", Kind.MOMENT),
    "has_id": Wanted("CASE WHEN t.remote_id <> '' THEN 1 ELSE 0 END", Kind.NUMBER),
}
_FREEZES = {
    "publication_id": _PUBLICATION,
    "number": Wanted("t.number", Kind.NUMBER),
    "revision_id": Wanted("t.revision_id", Kind.KEY, "revisions"),
    "digest": Wanted(_DIGEST),
}
_PICTURES = {
    "revision_id": Wanted("t.revision_id", Kind.KEY, "revisions"),
    "has_alt": Wanted("CASE WHEN trim(t.alt) <> '' THEN 1 ELSE 0 END", Kind.NUMBER),
}
_DECISIONS = {
    "publication_id": _PUBLICATION,
    "step_no": Wanted("t.step_no", Kind.NUMBER),
    "decided_at": Wanted("t.decided_at", Kind.MOMENT),
    "reason": Wanted("t.reason", Kind.TEXT),
    "number": Wanted("r.number", Kind.NUMBER),
}
_REMINDERS = {"kind": Wanted("t.kind"), "outcome": Wanted("t.outcome")}


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
    `rounds`: publication_id, step_no, opened_at, closed_at, outcome.
    `deliveries`: id, publication_id, channel, state, has_id (at the channel), planned_at,
    published_at, was_unknown.
    `rejections`: publication_id, step_no, number, decided_at, reason.
    `ended` (in the period, otherwise than done): publication_id, ordered_by, reason.
    `engagement`: channel, age_days, metric, posts, total, read_last.
    `missing_metrics`: channel, metric, posts. `reminders`: kind, outcome, count.
    """

    publications: pl.DataFrame
    rounds: pl.DataFrame
    deliveries: pl.DataFrame
    rejections: pl.DataFrame
    ended: pl.DataFrame
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


def monev_columns(
    work: Work,
    start: datetime,
    end: datetime,
    *,
    as_of: datetime,
    unread_channels: Collection[str] = (),
) -> MonevColumns:
    """What happened from `start` up to (not at) `end`, with all that was open meanwhile.

    Seal and check of the archive are the newest at `as_of`. `unread_channels` have no
    numbers of engagement, so nobody waits for them.
    """
    connection = work.session.connection()
    period = {"start": moment_text(start), "end": moment_text(end)}
    fixity, seal = _fixity(connection, moment_text(as_of)), _seal(connection, moment_text(as_of))
    questions = _questions(sqlite=connection.dialect.name == "sqlite")
    tables = (*(one.table for one in questions), READINGS)
    slices = {table: list(rows_in_slices(connection, table)) for table in tables}
    with readers_of(connection) as readers:
        numbering = {
            name: readers.submit(partial(numbering_of, table=table, key=key))
            for name, (table, key) in _NUMBERED.items()
        }
        numberings = {name: one.result() for name, one in numbering.items()}
        # What takes longest first.
        readings = [
            readers.submit(
                partial(read_slice, rows=rows, period=period, deliveries=numberings["deliveries"])
            )
            for rows in slices[READINGS]
        ]
        coming = {
            one.table: columns(readers, one, slices[one.table], period, numberings)
            for one in questions
        }
        unknown = readers.submit(
            partial(_once_unknown, period=period, publications=numberings["publications"])
        )
        missing = readers.submit(partial(missing_metrics, period=period))
        ended = readers.submit(
            partial(_ended, period=period, publications=numberings["publications"])
        )
        engagement = summed_up(one.result() for one in readings)
        found = {table: one.frame() for table, one in coming.items()}
        sop_sources = readers.submit(partial(_sop_sources, publications=found["publications"]))
        deliveries = found["deliveries"]
        due = _due(deliveries, start, end, unread_channels)
        pictures, with_alt = _pictures(found["freezes"], found["media"], deliveries, (start, end))
        return MonevColumns(
            publications=found["publications"].with_columns(
                pl.col(pl.String).exclude("not_before").fill_null("")
            ),
            rounds=found["rounds"],
            deliveries=_with_unknown(deliveries, unknown.result()),
            rejections=found["decisions"].with_columns(pl.col("reason").fill_null("")),
            ended=ended.result(),
            engagement=engagement.sums,
            missing_metrics=missing.result(),
            reminders=found["reminders"]
            .group_by("kind", "outcome")
            .agg(count=pl.len().cast(pl.Int64))
            .sort("kind", "outcome"),
            pictures=pictures,
            pictures_with_alt=with_alt,
            metrics_due=len(due),
            metrics_read=int(due.is_in(engagement.posts.implode()).sum()),
            fixity=fixity,
            seal=seal,
            sop_sources=sop_sources.result(),
        )


def _questions(*, sqlite: bool) -> tuple[Question, ...]:
    """Which columns of which rows; the largest table first."""
    return (
        Question(
            "rounds",
            _ROUNDS,
            "t.opened_at < :end AND (t.closed_at IS NULL OR t.closed_at >= :start)",
        ),
        Question(
            "deliveries",
            _DELIVERIES,
            # What went out earlier counts while its publication is on its way.
            "t.planned_at < :end AND (t.planned_at >= :start OR t.published_at IS NULL "
            "OR t.published_at >= :start OR t.publication_id IN "
            "(SELECT p.id FROM publications AS p WHERE p.created_at < :end "
            "AND (p.finished_at IS NULL OR p.finished_at >= :start)))",
        ),
        _publications(sqlite=sqlite),
        Question("freezes", _FREEZES, "t.frozen_at < :end"),
        Question("media", _PICTURES, "t.mime LIKE 'image/%'"),
        Question(
            "decisions",
            _DECISIONS,
            "t.decision = 'tidak' AND t.decided_at >= :start AND t.decided_at < :end",
            "LEFT JOIN rounds AS r ON r.id = t.round_id",
        ),
        Question("reminders", _REMINDERS, "t.claimed_at >= :start AND t.claimed_at < :end"),
    )


def _publications(*, sqlite: bool) -> Question:
    def noted(*path: str) -> str:
        if sqlite:
            # Joined to nothing it is a text, whatever stands there.
            return f"(json_extract(t.assignment, '$.{'.'.join(path)}') || '')"
        return f"(notes.said #>> '{{{','.join(path)}}}')"

    if sqlite:
        assigned, beside = "json_type(t.assignment, '$.tayang_pada')", ""
    else:
        # Read as JSON once for all columns: OFFSET keeps it from being read for each.
        assigned = "(notes.said -> 'tayang_pada')"
        beside = "CROSS JOIN LATERAL (SELECT t.assignment::jsonb AS said OFFSET 0) AS notes"
    named = noted("tayang_pada")
    wanted = {
        "id": Wanted("t.id", Kind.KEY, "publications"),
        "reference": Wanted("t.reference"),
        "title": Wanted("t.title", Kind.TEXT),
        "unit": Wanted("t.unit", Kind.TEXT),
        "sop": Wanted("t.sop_sha256"),
        "status": Wanted("t.status"),
        "created_at": Wanted("t.created_at", Kind.MOMENT),
        "finished_at": Wanted("t.finished_at", Kind.MOMENT),
        "rehearsal": Wanted("CASE WHEN t.rehearsal THEN 1 ELSE 0 END", Kind.NUMBER),
        # Step 6 may have named no time on purpose: then what was wanted first is void.
        "not_before": Wanted(
            f"CASE WHEN {assigned} IS NULL OR {named} = '' THEN t.wanted_at ELSE {named} END"
        ),
        "monev_note": Wanted(noted("monev", "catatan"), Kind.TEXT),
        "sealed": Wanted(f"CASE WHEN {noted('arsip')} IS NULL THEN 0 ELSE 1 END", Kind.NUMBER),
        "writer": Wanted(noted("instruksi", "penulis"), Kind.TEXT),
        "officer": Wanted(noted("petugas"), Kind.TEXT),
    }
    return Question("publications", wanted, _ALIVE, beside)


def _with_unknown(deliveries: pl.DataFrame, unknown: pl.DataFrame) -> pl.DataFrame:
    return deliveries.join(
        unknown.with_columns(was_unknown=pl.lit(value=True)),
        on=["publication_id", "channel"],
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("was_unknown").fill_null(value=False))


def _once_unknown(
    connection: Connection, period: Mapping[str, str], publications: Numbering
) -> pl.DataFrame:
    """Which publication and channel had an outcome that was unknown for a time.

    Known since the period began: what is planned in it cannot have been unknown before.
    """
    says = UNKNOWN_EVENTS[connection.dialect.name]
    rows = connection.execute(
        text(f"SELECT chain, data FROM events WHERE {says} AND at >= :start"),  # noqa: S608
        {"start": period["start"]},
    )
    found = sorted({(chain, str(json.loads(data).get("saluran"))) for chain, data in rows})
    return pl.DataFrame(
        [
            publications.numbers_of_texts("publication_id", (chain for chain, _ in found)),
            pl.Series("channel", [channel for _, channel in found], dtype=pl.String),
        ]
    )


def _ended(
    connection: Connection, period: Mapping[str, str], publications: Numbering
) -> pl.DataFrame:
    """Why publications ended in the period that were not done, and on whose order.

    They are few, and found by the index of `status`.
    """
    rows = connection.execute(
        text(
            "SELECT id, status_reason, assignment FROM publications "
            "WHERE status IN ('ditolak', 'dibatalkan', 'ditarik') "
            "AND finished_at >= :start AND finished_at < :end ORDER BY id"
        ),
        dict(period),
    ).all()
    notes = [(json.loads(row.assignment or "{}") or {}).get("dihentikan", {}) for row in rows]
    return pl.DataFrame(
        [
            publications.numbers_of_texts("publication_id", (row.id for row in rows)),
            pl.Series("ordered_by", [str(said.get("oleh", "")) for said in notes], pl.String),
            pl.Series("reason", [row.status_reason for row in rows], pl.String),
        ]
    )


def _pictures(
    freezes: pl.DataFrame, pictures: pl.DataFrame, deliveries: pl.DataFrame, span: _Span
) -> tuple[int, int]:
    """Pictures of what went live in the period, and how many of them have an alt text.

    The same digest may have been frozen more than once; its pictures count once.
    """
    live = deliveries.filter(pl.col("published_at").is_between(*span, closed="left"))
    shown = (
        freezes.join(live, on=["publication_id", "digest"], how="semi")
        .sort("number")
        .unique(["publication_id", "digest"], keep="last")
    )
    found = pictures.join(shown, on="revision_id", how="semi")
    return len(found), int(found["has_alt"].sum())


def _due(
    deliveries: pl.DataFrame, start: datetime, end: datetime, unread_channels: Collection[str]
) -> pl.Series:
    """Posts of the period that are old enough to have been read."""
    return deliveries.filter(
        (pl.col("state") == DeliveryState.PUBLISHED.value)
        & (pl.col("has_id") == 1)
        & (pl.col("published_at") >= start)
        & (pl.col("published_at") < end - RIPE)
        & ~pl.col("channel").is_in(sorted(unread_channels))
    )["id"]


def _fixity(connection: Connection, as_of: str) -> Fixity | None:
    row = connection.execute(
        text(
            "SELECT at, data FROM events WHERE chain = :chain AND kind = :kind AND at <= :as_of "
            "ORDER BY seq DESC LIMIT 1"
        ),
        {"chain": OFFICE_CHAIN, "kind": FIXITY_CHECKED, "as_of": as_of},
    ).first()
    if row is None:
        return None
    said = json.loads(row.data)
    return Fixity(moment_of(row.at), int(said.get("paket", 0)), tuple(said.get("temuan", ())))


def _seal(connection: Connection, as_of: str) -> LastSeal | None:
    row = connection.execute(
        text(
            "SELECT number, day, digest, chains FROM seals WHERE sealed_at <= :as_of "
            "ORDER BY number DESC LIMIT 1"
        ),
        {"as_of": as_of},
    ).first()
    if row is None:
        return None
    return LastSeal(row.number, date.fromisoformat(row.day), row.digest, row.chains)


def _sop_sources(connection: Connection, publications: pl.DataFrame) -> dict[str, str]:
    """The SOP texts that these publications run under, the longest known first."""
    known = (
        publications.group_by("sop").agg(pl.col("created_at").min()).sort("created_at", "sop")
    )["sop"].to_list()
    found = {}
    for sha256 in known:
        source = connection.execute(
            text("SELECT source FROM sop_texts WHERE sha256 = :sha256"), {"sha256": sha256}
        ).scalar()
        if source is not None:
            found[sha256] = source
    return found
