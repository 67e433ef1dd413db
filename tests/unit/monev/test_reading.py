"""Reading the record as columns: every row once, every text as it is, all of one moment."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from ledger import columns, engagement_sums, numbering
from ledger.columns import moments_in
from ledger.db import WRITER
from ledger.models import UNKNOWN_EVENTS
from ledger.numbering import Numbering, keys_in
from ledger.readers import readers_of
from monev.model import MonevReport, Period
from tasks.laporan import monev_report
from tests.unit.monev import february as feb
from tests.unit.monev.office import SOP, office_of
from tests.unit.monev.record import Record, wib

ODD = (
    'Judul "berkutip", berkoma; dan\nberganti baris\r\n',
    "=1+1 'tunggal' \\ % %s :start",
    "🚢 Pelabuhan – “Boom Baru” ü",
    "NULL",
    " ",
)


@pytest.fixture(scope="module")
def filled(both: Engine) -> Engine:
    record = feb.february()
    for number, title in enumerate(ODD):
        begun = wib("2026-02-25 09:00")
        one = record.publication(f"0dd0000{number}", begun, SOP, title=title)
        one.step(1, None)
    record.write(both)
    return both


def made(engine: Engine, folder: Path) -> MonevReport:
    office = office_of(engine, folder, lambda: feb.AS_OF)
    return monev_report(office, Period(feb.FIRST, feb.LAST, feb.AS_OF, "bulanan"))


def test_odd_texts_come_through_as_they_are(filled: Engine, tmp_path: Path) -> None:
    titles = {one.title for one in made(filled, tmp_path).open_items}
    assert set(ODD) <= titles


def test_a_record_read_in_many_slices_is_the_same_record(
    filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made(filled, tmp_path)
    monkeypatch.setattr(columns, "SLICE_ROWS", 3)
    monkeypatch.setattr(columns, "SLICE_PAGES", 1)
    assert made(filled, tmp_path) == whole


def test_a_metric_that_only_later_posts_have_is_summed(
    filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made(filled, tmp_path)
    monkeypatch.setattr(engagement_sums, "_LOOKED_AT", 1)
    assert made(filled, tmp_path) == whole


def test_many_posts_with_different_metrics_are_all_summed(engine: Engine, tmp_path: Path) -> None:
    record = Record()
    one = record.publication("11111111", wib("2026-02-02 08:00"), SOP)
    planned, read_at = wib("2026-02-02 08:00"), wib("2026-02-03 20:00")
    for number in range(2100):
        delivery = one.sent("x", planned, planned, digest=f"{number}")
        metrics = {"views": number} if number < 2000 else {"reach": 1, "views": 1}
        one.read(delivery, "x", 1, read_at, metrics)
    record.write(engine)
    found = {
        each.metric: (each.posts, each.total)
        for each in made(engine, tmp_path).channels[0].engagement
    }
    # 0 + 1 + … + 1999 = 1,999,000, and a hundred posts more with one view each.
    assert found == {"views": (2100, 1_999_100), "reach": (100, 100)}


def test_all_readers_see_the_moment_of_the_first(filled: Engine) -> None:
    count = text("SELECT count(*) FROM events")
    reading = filled.connect().execution_options(**{WRITER: False})
    with reading, reading.begin():
        before = reading.execute(count).scalar_one()
        with filled.connect().execution_options(**{WRITER: True}) as writing, writing.begin():
            writing.execute(
                text(
                    "INSERT INTO events (id, chain, seq, at, kind, data, prev_hash, hash) "
                    "SELECT max(id) + 1, 'baru', max(id) + 1, max(at), 'x', '{}', '', '' "
                    "FROM events"
                )
            )
        with readers_of(reading) as readers:
            jobs = [readers.submit(lambda one: one.execute(count).scalar_one()) for _ in range(20)]
            assert {job.result() for job in jobs} == {before}


def test_a_job_that_fails_is_told_and_leaves_nothing_open(filled: Engine) -> None:
    reading = filled.connect().execution_options(**{WRITER: False})
    failing = pytest.raises(ZeroDivisionError)
    with reading, reading.begin(), failing, readers_of(reading) as readers:
        readers.submit(lambda _one: 1 // 0).result()
    with filled.connect().execution_options(**{WRITER: True}) as writing, writing.begin():
        assert writing.execute(text("SELECT 1")).scalar() == 1


def test_unknown_outcomes_are_found_without_reading_every_event(filled: Engine) -> None:
    says = UNKNOWN_EVENTS[filled.dialect.name]
    query = f"SELECT chain, data FROM events WHERE {says} AND at >= '2026'"
    how = "EXPLAIN QUERY PLAN" if filled.dialect.name == "sqlite" else "EXPLAIN"
    with filled.connect().execution_options(**{WRITER: False}) as connection:
        if filled.dialect.name == "postgresql":
            # So few rows are read faster one by one.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = [str(row) for row in connection.execute(text(f"{how} {query}"))]
    assert any("ix_events_unknown" in line for line in plan)


def test_moments_are_read_to_the_microsecond_and_nothing_stays_nothing() -> None:
    texts = ["2026-02-06T03:45:00.000001Z", " " * 27, "2028-02-29T23:59:59.999999Z"]
    found = moments_in("at", "\n".join(texts).encode()).to_list()
    assert [one and one.isoformat() for one in found] == [
        "2026-02-06T03:45:00.000001+00:00",
        None,
        "2028-02-29T23:59:59.999999+00:00",
    ]
    assert moments_in("at", b" " * 27).to_list() == [None]


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-06 03:45",
        "2026-02-06T03:45:00.000001Z\n2026-02-06 03:45",
        "2026-02-06 03:45\n2026-02-06T03:45:00.000001+00:00.......",
        "2026-02-30T03:45:00.000000Z",
        "kemarin siang pukul tigaan.",
    ],
)
def test_a_moment_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="'at'"):
        moments_in("at", text.encode())


def keys(*texts: str) -> bytes:
    return "\n".join(texts).encode()


@given(
    st.lists(st.text("0123456789abcdef", min_size=32, max_size=32)),
    st.lists(st.text("0123456789abcdef", min_size=32, max_size=32)),
)
def test_a_number_stands_for_one_key_only(known: list[str], others: list[str]) -> None:
    numbering = Numbering.of_all(keys_in(keys(*known)))
    asked = [*known, *others]
    found = numbering.numbers_of("id", keys_in(keys(*asked))).to_list()
    assert len({one for one in found if one is not None}) == len(set(known))
    for key, number in zip(asked, found, strict=True):
        assert (number is not None) == (key in known)
        assert found[asked.index(key)] == number
    assert numbering.numbers_of_texts("id", asked).to_list() == found


def test_keys_that_share_a_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [f"{number:032x}" for number in (7, 300, 41)]
    monkeypatch.setattr(numbering, "_WEIGHTS", np.zeros(4, np.uint64))
    made_so = Numbering.of_all(keys_in(keys(*known)))
    found = made_so.numbers_of("id", keys_in(keys(*known, f"{8:032x}"))).to_list()
    assert sorted(found[:3]) == [0, 1, 2]
    assert found[3] is None


def test_a_key_of_another_form_is_refused_and_as_a_text_it_is_none() -> None:
    with pytest.raises(ValueError, match="key"):
        keys_in(b"kantor")
    whole = Numbering.of_all(keys_in(keys(f"{1:032x}")))
    assert whole.numbers_of_texts("id", ["kantor", f"{1:032x}"]).to_list() == [None, 0]


def test_a_period_of_a_day_reads_only_that_day(filled: Engine, tmp_path: Path) -> None:
    office = office_of(filled, tmp_path, lambda: feb.AS_OF)
    day = date(2026, 2, 9)
    report = monev_report(office, Period(day, day, feb.AS_OF, "khusus"))
    # Friday's steps 3 (twice), 4 (three times) and 5 (twice) were closed on that Monday.
    assert [one.time.n for one in report.steps] == [0, 0, 2, 3, 2, 1, 1, 1, 0]
    assert report.counts.published == 1
