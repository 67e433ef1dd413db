"""Where a report's figures could go wrong: ends of periods, odd clocks, texts and channels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from monev.judging import spread_of
from monev.model import MonevReport, Period, Spread
from sop.load import parse
from tasks.laporan import monev_report
from tests.unit.monev.office import OLDER, SOP, office_of, revised
from tests.unit.monev.record import Record, Story, wib

Reported = Callable[..., MonevReport]
AFTER = wib("2026-12-01 08:00")


@pytest.fixture
def reported(engine: Engine, tmp_path: Path) -> Reported:
    """Writes a record and makes the report over a period of it."""

    def make(
        record: Record | None, first: date, last: date, as_of: datetime = AFTER
    ) -> MonevReport:
        if record is not None:
            record.write(engine)
        office = office_of(engine, tmp_path, lambda: as_of)
        return monev_report(office, Period(first, last, as_of, "khusus"))

    return make


def live(record: Record, reference: str, begun: datetime, minutes: int) -> Story:
    """A publication of one channel that was live some minutes after it was begun."""
    over = begun + timedelta(minutes=minutes)
    one = record.publication(reference, begun, SOP)
    one.step(7, over).step(8, None)
    one.sent("website", begun, over)
    return one


def test_a_record_without_anything_gives_a_report_without_figures(reported: Reported) -> None:
    report = reported(None, date(2026, 11, 1), date(2026, 11, 30))
    counts = report.counts
    assert (counts.begun, counts.published, counts.open) == (0, 0, 0)
    assert (counts.rejected, counts.cancelled, counts.withdrawn) == (0, 0, 0)
    assert [one.no for one in report.steps] == list(range(1, 10))
    nothing = Spread(0, None, None, None)
    for step in report.steps:
        assert step.time == nothing
        assert (step.within, step.rounds_per_publication, step.excess_share) == (None, None, None)
        assert step.excess == 0.0
    assert report.bottleneck is None
    assert (report.lead_time.working, report.lead_time.calendar_hours) == (nothing, nothing)
    assert report.xmr.points == ()
    assert report.xmr.mean is None
    assert (report.rejections, report.open_items, report.channels, report.notes) == ((), (), (), ())
    assert report.ended == ()
    assert (report.pictures, report.pictures_with_alt) == (0, 0)
    assert (report.archive.sealed, report.archive.checked_at, report.seal) == (0, None, None)
    # November 2026 begins on a Sunday: its first week has one day of it.
    assert [one.monday.day for one in report.weeks] == [26, 2, 9, 16, 23, 30]
    assert {(one.begun, one.published) for one in report.weeks} == {(0, 0)}
    assert report.quality == (
        "Catatan belum pernah disegel; jalankan alur segel agar laporan dapat diperiksa.",
        "Keutuhan paket arsip belum pernah diperiksa.",
    )


def test_a_round_closed_when_a_period_begins_is_in_it_and_when_it_ends_is_not(
    reported: Reported,
) -> None:
    record = Record()
    begins, ends = wib("2026-11-02 00:00"), wib("2026-11-09 00:00")
    record.publication("11111111", wib("2026-10-30 16:00"), SOP).step(1, begins).step(2, None)
    record.publication("22222222", begins, SOP).step(1, ends).step(2, None)
    record.publication("33333333", begins, SOP, status="ditolak", finished=begins)
    record.publication("44444444", begins, SOP, status="ditolak", finished=ends)
    report = reported(record, date(2026, 11, 2), date(2026, 11, 8))
    # Friday 16.00-16.30 of the first.
    assert report.steps[0].time == Spread(1, 30.0, 30.0, 30.0)
    assert (report.counts.begun, report.counts.rejected) == (3, 1)
    assert {(one.reference, one.step_no) for one in report.open_items} == {
        ("11111111", 2),
        ("22222222", 1),
    }
    following = reported(None, date(2026, 11, 9), date(2026, 11, 15))
    assert (following.counts.begun, following.counts.rejected) == (0, 1)
    # Monday to Friday, 450 minutes each.
    assert following.steps[0].time == Spread(1, 2250.0, 2250.0, 2250.0)


def test_a_period_that_is_not_over_ends_when_the_report_is_made(reported: Reported) -> None:
    record = Record()
    record.publication("11111111", wib("2026-11-23 08:00"), SOP).step(1, None)
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30), wib("2026-11-23 10:30"))
    assert [(one.waited, one.overdue) for one in report.open_items] == [(150.0, 90.0)]
    assert report.quality[-1] == (
        "Periode belum berakhir ketika laporan dibuat (23 Nov 2026 10.30 WIB); angkanya masih "
        "akan bertambah."
    )


def test_a_report_made_as_the_period_ends_is_whole(reported: Reported) -> None:
    report = reported(None, date(2026, 11, 1), date(2026, 11, 30), wib("2026-12-01 00:00"))
    assert not any("Periode belum berakhir" in note for note in report.quality)


def test_a_period_that_has_not_begun_has_only_what_is_open_now(reported: Reported) -> None:
    record = Record()
    record.publication("11111111", wib("2026-11-23 08:00"), SOP).step(1, None)
    report = reported(record, date(2026, 12, 1), date(2026, 12, 31), wib("2026-11-23 10:30"))
    assert (report.counts.begun, report.counts.open) == (0, 1)
    assert sum(one.time.n for one in report.steps) == 0


def one_each_working_day(*minutes: int) -> Record:
    """Publications begun at 08.00 from Monday 2 November on, live after so many minutes."""
    record = Record()
    for place, many in enumerate(minutes):
        day = wib("2026-11-02 08:00") + timedelta(weeks=place // 5, days=place % 5)
        live(record, f"{place:08d}", day, many)
    return record


def test_lead_times_beyond_the_limits_are_marked(reported: Reported) -> None:
    record = one_each_working_day(40, 50, 40, 50, 40, 50, 40, 50, 40, 200)
    chart = reported(record, date(2026, 11, 1), date(2026, 11, 30)).xmr
    # Sum 600, mean 60; ranges eight times 10 and 160, mean 240/9 = 26.67.
    assert chart.mean == pytest.approx(60.0)
    assert chart.mean_range == pytest.approx(240 / 9)
    # 60 + 2.66 x 26.67 = 130.9, and 60 - 70.9 is below zero.
    assert chart.upper == pytest.approx(60 + 2.66 * 240 / 9)
    assert chart.lower == 0.0
    # The last is above the limit; the nine before it are a run below the mean.
    assert chart.signals == tuple(range(10))


def test_a_steady_process_has_no_marks_and_a_lower_limit(reported: Reported) -> None:
    record = one_each_working_day(*[100, 110] * 5)
    chart = reported(record, date(2026, 11, 1), date(2026, 11, 30)).xmr
    # Mean 105, each range 10: 105 -/+ 26.6.
    assert chart.mean == pytest.approx(105.0)
    assert chart.lower == pytest.approx(78.4)
    assert chart.upper == pytest.approx(131.6)
    assert chart.upper_range == pytest.approx(32.68)
    assert chart.signals == ()


def test_a_lead_time_below_the_lower_limit_is_marked(reported: Reported) -> None:
    record = one_each_working_day(*[100, 110] * 4, 20, *[100, 110] * 4)
    chart = reported(record, date(2026, 11, 1), date(2026, 11, 30)).xmr
    # Sum 1700, mean 100; ranges seven 10, then 90, 80, seven 10: 310/16 = 19.375;
    # 100 - 51.5 = 48.5. No run: the values of 100 lie on the mean itself.
    assert chart.mean == pytest.approx(100.0)
    assert chart.lower == pytest.approx(100 - 2.66 * 310 / 16)
    assert chart.signals == (8,)


@pytest.mark.parametrize(("run", "marked"), [(7, ()), (8, tuple(range(8)))])
def test_eight_in_a_row_on_one_side_of_the_mean_are_marked_and_seven_are_not(
    reported: Reported, run: int, marked: tuple[int, ...]
) -> None:
    # The mean is 122.9 (of 8) or 123.8 (of 7); the limits are more than 50 from it.
    short = [100 + place % 2 * 10 for place in range(run)]
    record = one_each_working_day(*short, 160, 150, 100, 160, 150, 160)
    chart = reported(record, date(2026, 11, 1), date(2026, 11, 30)).xmr
    assert chart.mean == pytest.approx((sum(short) + 880) / (run + 6))
    assert chart.signals == marked


def test_a_clock_that_was_put_back_takes_no_time_and_is_told(reported: Reported) -> None:
    record = Record()
    one = record.publication("11111111", wib("2026-11-23 10:00"), SOP)
    one.step(1, wib("2026-11-23 09:00"))
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30))
    assert report.steps[0].time == Spread(1, 0.0, 0.0, 0.0)
    assert any("jam komputer pernah mundur" in note for note in report.quality)


def test_a_sop_text_that_cannot_be_read_is_told_and_judges_nobody(reported: Reported) -> None:
    record = Record()
    unreadable = replace(OLDER, source="rusak")
    one = record.publication("11111111", wib("2026-11-23 08:00"), unreadable)
    one.step(1, wib("2026-11-23 15:00")).step(2, None)
    record.publication("22222222", wib("2026-11-23 08:00"), SOP).step(1, wib("2026-11-23 08:30"))
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30))
    first = report.steps[0]
    assert (first.time.n, first.unjudged, first.within, first.excess) == (2, 1, 1, 0.0)
    assert [(one.step_name, one.standard) for one in report.open_items] == [
        ("(langkah tak dikenal)", None)
    ]
    assert report.quality[1] == (
        "1 publikasi memakai teks SOP yang tidak dikenal atau diimpor; baku waktunya tidak dapat "
        "dinilai."
    )


def test_a_step_that_only_an_older_revision_has_a_standard_for_is_judged_by_it(
    reported: Reported,
) -> None:
    with_standard = parse(SOP.source.replace('menit = "tanpa baku"', "menit = 60"), name="lama")
    record = Record()
    for reference, minutes in (("11111111", 50), ("22222222", 90)):
        one = record.publication(reference, wib("2026-11-23 08:00"), with_standard)
        one.step(9, wib("2026-11-23 08:00") + timedelta(minutes=minutes))
    bare = record.publication("33333333", wib("2026-11-23 08:00"), SOP)
    bare.step(9, wib("2026-11-23 12:00"))
    ninth = reported(record, date(2026, 11, 1), date(2026, 11, 30)).steps[8]
    assert (ninth.standard, ninth.time.n, ninth.unjudged, ninth.within) == (None, 3, 1, 1)
    assert (ninth.excess, ninth.excess_share) == (30.0, 1.0)


def test_a_step_that_the_sop_in_force_no_longer_has_is_told_by_its_old_name(
    reported: Reported,
) -> None:
    longer = parse(
        SOP.source.replace('menit = "tanpa baku"\nya = "selesai"', 'menit = "tanpa baku"\nya = 10')
        + '\n[[langkah]]\nno = 10\nkegiatan = "Mencetak"\nnama_singkat = "Pencetakan"\n'
        'pelaksana = "ppid"\njenis = "monev"\ndikerjakan = "alur"\nkelengkapan = "x"\n'
        'output = "x"\nmenit = 20\nya = "selesai"\n',
        name="panjang",
    )
    record = Record()
    one = record.publication("11111111", wib("2026-11-23 08:00"), longer)
    one.step(10, wib("2026-11-23 08:15"))
    tenth = reported(record, date(2026, 11, 1), date(2026, 11, 30)).steps[9]
    assert (tenth.no, tenth.name, tenth.role, tenth.standard) == (10, "Pencetakan", "Tim PPID", 20)
    assert (tenth.within, tenth.time.n) == (1, 1)


def test_a_year_whose_cuti_bersama_nobody_knows_is_told(reported: Reported) -> None:
    as_of = wib("2028-02-01 08:00")
    report = reported(None, date(2028, 1, 1), date(2028, 1, 31), as_of)
    assert report.quality[0].startswith("Cuti bersama tahun 2028 belum diketahui")


def test_a_channel_given_up_in_the_next_month_counts_its_publication_once(
    reported: Reported,
) -> None:
    record = Record()
    one = record.publication("11111111", wib("2026-10-30 08:00"), SOP)
    one.step(7, wib("2026-11-02 09:00")).step(8, None)
    one.sent("website", wib("2026-10-30 08:00"), wib("2026-10-30 08:10"))
    one.sent("x", wib("2026-10-30 08:00"), None, state="rejected")
    october = reported(record, date(2026, 10, 1), date(2026, 10, 31))
    november = reported(None, date(2026, 11, 1), date(2026, 11, 30))
    assert (october.counts.published, october.counts.open) == (0, 1)
    assert (november.counts.published, november.counts.open) == (1, 1)
    # It was live ten minutes after it was begun, whatever the other channel took.
    assert november.lead_time.working == Spread(1, 10.0, 10.0, 10.0)
    assert sum(week.published for week in november.weeks) == 1


def test_what_a_correction_sends_later_does_not_lengthen_the_lead_time(
    reported: Reported,
) -> None:
    record = Record()
    begun, later = wib("2026-11-02 08:00"), wib("2026-11-05 08:00")
    one = record.publication("11111111", begun, SOP)
    one.step(7, wib("2026-11-02 08:45")).step(8, None)
    one.sent("website", begun, wib("2026-11-02 08:30"))
    one.sent("website", later, later + timedelta(minutes=2), digest="ralat")
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30))
    assert report.lead_time.working == Spread(1, 30.0, 30.0, 30.0)
    assert report.counts.published == 1
    assert report.channels[0].planned == 2


def test_a_note_stands_with_the_time_of_publication_and_not_of_a_correction(
    reported: Reported,
) -> None:
    record = Record()
    noted = {"monev": {"catatan": "Lancar."}}
    one = record.publication("11111111", wib("2026-10-30 08:00"), SOP, assignment=noted)
    one.step(7, wib("2026-10-30 08:45")).step(8, wib("2026-11-03 08:00"))
    one.sent("website", wib("2026-10-30 08:00"), wib("2026-10-30 08:30"))
    one.sent("website", wib("2026-11-02 08:00"), wib("2026-11-02 08:01"), digest="ralat")
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30))
    assert [one.published_at for one in report.notes] == [wib("2026-10-30 08:30")]
    assert report.counts.published == 0


def test_nobody_waits_for_the_numbers_of_posts_that_are_too_young_or_never_have_any(
    reported: Reported,
) -> None:
    record = Record()
    one = record.publication("11111111", wib("2026-11-20 08:00"), SOP)
    # November ends on Monday 30th at midnight; a post is ripe two days before.
    for day, channel in ((27, "website"), (29, "x"), (20, "grup")):
        at = wib(f"2026-11-{day} 08:00")
        one.sent(channel, at, at)
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30))
    assert report.quality[0] == (
        "Jangkauan 1 dari 1 kiriman belum dibaca; angka keterlibatan belum lengkap."
    )


def test_a_publishing_step_that_sent_the_work_back_has_not_published(reported: Reported) -> None:
    record = Record()
    one = record.publication("11111111", wib("2026-11-02 08:00"), SOP)
    one.step(7, wib("2026-11-02 08:10"), returned="").step(4, None)
    one.sent("website", wib("2026-11-02 08:00"), wib("2026-11-02 08:05"))
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30))
    assert report.counts.published == 0
    assert report.steps[6].returned == 1


def test_a_publication_without_a_live_channel_is_not_published(reported: Reported) -> None:
    record = Record()
    one = record.publication("11111111", wib("2026-11-02 08:00"), SOP)
    one.step(7, wib("2026-11-02 08:10")).step(8, None)
    one.sent("website", wib("2026-11-02 08:00"), None, state="rejected")
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30))
    assert report.counts.published == 0


def test_a_number_that_means_other_work_in_another_revision_is_told(reported: Reported) -> None:
    swapped = parse(
        SOP.source.replace('jenis = "penugasan"', 'jenis = "instruksi"', 1), name="lain"
    )
    record = Record()
    for reference, sop in (("11111111", SOP), ("22222222", swapped)):
        begun = wib("2026-11-02 08:00")
        record.publication(reference, begun, sop).step(6, begun + timedelta(minutes=5))
    report = reported(record, date(2026, 11, 1), date(2026, 11, 30))
    assert any(
        note.startswith("Nomor langkah 6 berarti pekerjaan yang berbeda") for note in report.quality
    )


def test_a_wanted_time_without_an_assignment_starts_the_clock_of_publishing(
    reported: Reported,
) -> None:
    record = Record()
    begun, wanted = wib("2026-11-02 08:00"), wib("2026-11-02 14:00")
    record.publication("11111111", begun, SOP, wanted=wanted).step(7, wib("2026-11-02 14:05"))
    # Named in step 6 to be at once: what was wanted before is void. 240 + 65 minutes.
    at_once = {"tayang_pada": None}
    record.publication("22222222", begun, SOP, wanted=wanted, assignment=at_once).step(
        7, wib("2026-11-02 14:05")
    )
    # Live before the wanted time: the clock had not started.
    record.publication("33333333", begun, SOP, wanted=wanted).step(7, wib("2026-11-02 09:00"))
    seventh = reported(record, date(2026, 11, 1), date(2026, 11, 30)).steps[6]
    # 0, 5 and 305; P90 at 1.8.
    assert (seventh.time.n, seventh.time.median, seventh.time.maximum) == (3, 5.0, 305.0)
    assert seventh.time.p90 == pytest.approx(5 + 0.8 * 300)
    assert (seventh.within, seventh.excess) == (2, 290.0)


def test_the_older_sop_of_these_tests_differs_where_it_says() -> None:
    minutes = {one.no: one.standard_minutes for one in OLDER.steps}
    assert (minutes[4], minutes[8], minutes[3]) == (90, None, 120)
    assert revised({}).steps == SOP.steps


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60))
def test_median_and_p90_lie_between_neighbours(seconds: list[int]) -> None:
    ordered = sorted(seconds)

    def between(share: float) -> float:
        place = share * (len(ordered) - 1)
        low, part = math.floor(place), place - math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        return (ordered[low] * (1 - part) + ordered[high] * part) / 60

    found = spread_of(pl.Series(seconds, dtype=pl.Int64))
    assert found.n == len(seconds)
    assert found.median == pytest.approx(between(0.5))
    assert found.p90 == pytest.approx(between(0.9))
    assert found.maximum == ordered[-1] / 60
