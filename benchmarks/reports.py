"""A monev report over a large record, on SQLite and on PostgreSQL.

For each size a record is made by bulk insert (with the events of its deliveries, but
without a chain, which a report does not read), with a year of publications: about ten
rounds each, four deliveries, three readings of each post, two pictures. Three fresh
processes then make the report over all of it; printed are the median of their wall and
processor seconds, reading included, what PostgreSQL took besides, the highest peak of
memory, and the growth since the size before. The machine is usually shared: compare
processor seconds.

    python benchmarks/reports.py            all sizes, both databases
    python benchmarks/reports.py 1000 5000  these sizes
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import psycopg  # noqa: E402
from _measuring import cpu_seconds, report  # noqa: E402
from psycopg import sql  # noqa: E402
from sqlalchemy import Engine, text  # noqa: E402

from ledger.db import migrate, open_engine  # noqa: E402
from sop.load import DATA, load  # noqa: E402
from tests.support.postgres import binaries, running_postgres  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
SEED = 20261123
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
CHANNELS = ("website", "x", "facebook", "instagram")
SOP = load(DATA / "ot-02-02-1-229-2022.toml")
BATCH = 20_000
RUNS = 3

Row = tuple[str, dict[str, Any]]


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def record(size: int) -> Iterator[Row]:
    """The rows of `size` publications, as (table, values as stored)."""
    chance = random.Random(SEED)
    yield (
        "sop_texts",
        {"sha256": SOP.sha256, "nomor": SOP.nomor, "revisi": SOP.revisi, "source": SOP.source},
    )
    begun = sorted(chance.random() for _ in range(size))
    for number, share in enumerate(begun):
        yield from publication(chance, number, YEAR + share * timedelta(days=360))


def moved(chance: random.Random, chain: str, at: datetime, channel: str, to: str) -> Row:
    """The event of a delivery that changed its state."""
    said = {"dari": "attempting", "ke": to, "saluran": channel, "sidik": "c" * 64}
    return (
        "events",
        {
            "id": chance.getrandbits(62),
            "chain": chain,
            "seq": chance.getrandbits(62),
            "at": moment(at),
            "kind": "pengiriman-berpindah",
            "data": json.dumps(said, separators=(",", ":")),
            "prev_hash": "0" * 64,
            "hash": "0" * 64,
        },
    )


def publication(chance: random.Random, number: int, begun: datetime) -> Iterator[Row]:
    key = f"{chance.getrandbits(128):032x}"

    def own(**values: Any) -> dict[str, Any]:
        return {"id": f"{chance.getrandbits(128):032x}", "publication_id": key, **values}

    steps = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    if chance.random() < 0.4:
        steps[4:4] = [3, 4] if chance.random() < 0.5 else [3, 4, 3, 4]
    at, rounds, numbers = begun, [], dict.fromkeys(range(1, 10), 0)
    last = len(steps) if chance.random() < 0.99 else chance.randrange(1, 8)
    for place, step in enumerate(steps[:last]):
        numbers[step] += 1
        over = at + timedelta(minutes=chance.expovariate(1 / 60))
        is_last = place == last - 1 and last < len(steps)
        back = place + 1 < len(steps) and steps[place + 1] < step
        outcome = "tidak" if back else "ya" if step in (4, 5) else "selesai"
        one = own(
            step_no=step,
            number=numbers[step],
            opened_at=moment(at),
            deadline_at=moment(at + timedelta(hours=1)),
            closed_at=None if is_last else moment(over),
            outcome=None if is_last else outcome,
        )
        rounds.append(one)
        at = over
    yield from _publication_row(number, key, begun, at, rounds, is_open=last < len(steps))
    yield from (("rounds", one) for one in rounds)
    for one in rounds:
        if one["outcome"] == "tidak":
            yield (
                "decisions",
                own(
                    round_id=one["id"],
                    step_no=one["step_no"],
                    answer_id=key,
                    staff_id=key,
                    decision="tidak",
                    reason="Sebutkan nama kegiatan, tempat, dan pelaksananya.",
                    decided_at=one["closed_at"],
                    revoked_reason="",
                ),
            )
    if last == len(steps):
        uploading = next(one for one in rounds if one["step_no"] == 7)
        yield from _result(chance, own, key, datetime.fromisoformat(uploading["opened_at"]))


def _publication_row(
    number: int,
    key: str,
    begun: datetime,
    over: datetime,
    rounds: list[dict[str, Any]],
    *,
    is_open: bool,
) -> Iterator[Row]:
    notes = {
        "arsip": {"1": {"jalur": f"2026/{number:08x}-01", "segel": "a" * 64}},
        "instruksi": {"penulis": "Yoga Contoh", "catatan": "Tulis singkat dan lengkap."},
        "monev": {"catatan": "Tayang di semua saluran, tanpa kendala."},
        "petugas": "Bayu Contoh",
        "rekaman": {"at": moment(over), "rereads": dict.fromkeys(CHANNELS, "b" * 64)},
        "saluran": list(CHANNELS),
        "tayang_pada": None,
    }
    yield (
        "publications",
        {
            "id": key,
            "reference": f"{number:08x}",
            "title": f"Pengawasan kekarantinaan kapal, kegiatan ke-{number}",
            "unit": f"Tim Kerja {number % 3 + 1}",
            "classification": "berkala",
            "facts": "{}",
            "folder": "",
            "channels": json.dumps(CHANNELS),
            "sop_sha256": SOP.sha256,
            "status": "berjalan" if is_open else "selesai",
            "status_reason": "",
            "current_step": rounds[-1]["step_no"] if is_open else None,
            "created_at": moment(begun),
            "finished_at": None if is_open else moment(over),
            "rehearsal": False,
            "assignment": json.dumps(notes, sort_keys=True),
        },
    )


def _result(chance: random.Random, own: Any, key: str, at: datetime) -> Iterator[Row]:
    revision = own(
        number=1,
        content="{}",
        content_sha256="c" * 64,
        written_at=moment(at),
        step_no=3,
        round_id=key,
        source="form",
        difference="",
    )
    yield "revisions", revision
    digest = f"{chance.getrandbits(256):064x}"
    frozen = {"revision_id": revision["id"], "number": 1, "digest": digest, "posts": "{}"}
    yield "freezes", own(**frozen, frozen_at=moment(at))
    for ordinal in (1, 2):
        yield (
            "media",
            own(
                revision_id=revision["id"],
                ordinal=ordinal,
                filename=f"foto-{ordinal}.jpg",
                sha256="d" * 64,
                received_sha256="e" * 64,
                mime="image/jpeg",
                size=100_000,
                alt="Petugas memeriksa dokumen" if chance.random() < 0.97 else "",
                credit="",
            ),
        )
    for channel in CHANNELS:
        live = at + timedelta(seconds=chance.expovariate(1 / 20))
        if chance.random() < 0.02:
            yield moved(chance, key, at, channel, "unknown")
        yield moved(chance, key, live, channel, "published")
        delivery = own(
            digest=digest,
            channel=channel,
            state="published",
            prepared="{}",
            attempts=1,
            planned_at=moment(at),
            claimed_by="",
            claimed_at=moment(at),
            attempted_at=moment(at),
            published_at=moment(live),
            remote_id="17",
            url="http://127.0.0.1/17",
            media_urls="{}",
            raw="{}",
            error_sentence="",
            error_action="",
            error_detail="",
        )
        yield "deliveries", delivery
        for age in (1, 7, 30):
            views = chance.randrange(50, 5000)
            metrics = {"likes": views // 20, "shares": views // 90, "views": views}
            yield (
                "engagements",
                own(
                    delivery_id=delivery["id"],
                    channel=channel,
                    age_days=age,
                    read_at=moment(live + timedelta(days=age)),
                    metrics=json.dumps(metrics),
                    missing="{}",
                ),
            )
    for kind in ("formulir-terbuka", "80-persen", "tayang"):
        yield (
            "reminders",
            own(
                key=f"{kind}-{key}",
                kind=kind,
                role="ppid",
                due_at=moment(at),
                claimed_at=moment(at),
                settled_at=moment(at),
                outcome="terkirim",
                detail="",
            ),
        )


def fill_sqlite(url: str, size: int) -> None:
    engine = open_engine(url)
    migrate(engine)
    raw = engine.raw_connection()
    cursor = raw.cursor()
    # One bulk load into an empty file: nothing to protect and nothing to check.
    for pragma in ("foreign_keys = OFF", "synchronous = OFF"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("BEGIN")
    for table, batch in _batches(size):
        marks = ", ".join("?" for _ in batch[0])
        names = ", ".join(batch[0])
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",
            [tuple(row.values()) for row in batch],
        )
    cursor.execute("COMMIT")
    cursor.execute("ANALYZE")
    raw.close()
    engine.dispose()


def fill_postgresql(url: str, size: int) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table, batch in _batches(size):
            names = sql.SQL(", ").join(map(sql.Identifier, batch[0]))
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
            with cursor.copy(into) as copy:
                for row in batch:
                    copy.write_row(tuple(row.values()))
        cursor.execute("ANALYZE")


def _batches(size: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    waiting: dict[str, list[dict[str, Any]]] = {}
    for table, values in record(size):
        rows = waiting.setdefault(table, [])
        rows.append(values)
        if len(rows) == BATCH:
            yield table, rows
            waiting[table] = []
    yield from ((table, rows) for table, rows in waiting.items() if rows)


def measure(url: str) -> None:
    """In a process of its own: the report over the whole year, and what it took."""
    from deployments.settings import Settings
    from deployments.wiring import build_office
    from ledger.vault import Vault
    from ledger.work import Ledger
    from monev.model import Period
    from tasks.laporan import monev_report

    with tempfile.TemporaryDirectory() as folder:
        office = build_office(Settings.model_validate({"data_dir": folder}))
        engine = open_engine(url)
        now = datetime(2027, 3, 1, tzinfo=UTC)
        ledger = Ledger(engine, clock=lambda: now, vault=Vault.open(Path(folder) / "kunci"))
        object.__setattr__(office, "ledger", ledger)
        before, cpu = time.perf_counter(), time.process_time()
        made = monev_report(office, Period(date(2026, 1, 1), date(2026, 12, 31), now, "khusus"))
        figures = {
            "seconds": time.perf_counter() - before,
            "cpu_seconds": time.process_time() - cpu,
            "server_cpu_seconds": server_cpu(engine),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "published": made.counts.published,
            "rounds": sum(step.time.n for step in made.steps),
        }
    print(json.dumps(figures))


def server_cpu(engine: Engine) -> float:
    """What the database's own processes took for our connections; SQLite has none."""
    if engine.dialect.name == "sqlite":
        return 0.0
    ours = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    with engine.connect() as connection:
        return cpu_seconds(list(connection.execute(text(ours)).scalars()))


def measured(database: str, url: str, size: int, before: dict[str, float]) -> dict[str, float]:
    """Measure in fresh processes and print one line; `before` is the size measured before."""
    runs = [_one_run(url) for _ in range(RUNS)]
    figures = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    figures["peak_mb"] = max(run["peak_mb"] for run in runs)
    growth = {}
    if before:
        growth = {
            "size_ratio": size / before["size"],
            "cpu_ratio": _cpu(figures) / _cpu(before),
        }
    report("monev", database=database, publications=size, runs=RUNS, **figures, **growth)
    return {**figures, "size": size}


def _one_run(url: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", url], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _cpu(figures: dict[str, float]) -> float:
    return figures["cpu_seconds"] + figures["server_cpu_seconds"]


def main(sizes: tuple[int, ...]) -> None:
    with tempfile.TemporaryDirectory(prefix="siar-bench-") as folder:
        before: dict[str, float] = {}
        for size in sizes:
            url = f"sqlite:///{folder}/monev-{size}.db"
            fill_sqlite(url, size)
            before = measured("sqlite", url, size, before)
            Path(url.removeprefix("sqlite:///")).unlink()
    if binaries() is None:
        print("PostgreSQL is not installed: not measured.", file=sys.stderr)
        return
    with running_postgres() as server:
        before = {}
        for size in sizes:
            name = server.create_database()
            fill_postgresql(server.url(name), size)
            before = measured("postgresql", server.url(name), size, before)
            server.drop_database(name)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2])
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)
