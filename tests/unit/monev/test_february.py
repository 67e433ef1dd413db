"""Every figure of a month that was worked out by hand, on both databases.

The record stands in `february.py`, with the working minutes of each round. Median and
P90 lie between neighbours: of n sorted values, P90 is at place 0.9 x (n - 1), counted
from 0, and a place between two values is divided in proportion (as Excel's PERCENTILE).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.people import add_staff
from monev.model import MonevReport, Period, Spread, StepFigures
from tasks.laporan import monev_report
from tests.unit.monev import february as feb
from tests.unit.monev.office import office_of
from tests.unit.monev.record import wib


@pytest.fixture(scope="module")
def report(both: Engine, tmp_path_factory: pytest.TempPathFactory) -> MonevReport:
    folder: Path = tmp_path_factory.mktemp("kantor")
    office = office_of(both, folder, lambda: feb.AS_OF)
    with office.ledger.work() as work:
        add_staff(work, "190001012000010001", "dr. Hasan Contoh", ["kepala"])
    feb.february().write(both)
    return monev_report(office, Period(feb.FIRST, feb.LAST, feb.AS_OF, "bulanan"))


def step(report: MonevReport, no: int) -> StepFigures:
    return next(one for one in report.steps if one.no == no)


def is_spread(found: Spread, n: int, *values: float) -> None:
    assert found.n == n
    assert (found.median, found.p90, found.maximum) == pytest.approx(values, abs=1e-6)


def test_publications_are_counted_by_what_became_of_them(report: MonevReport) -> None:
    # Begun: friday, leave, old, until-march, postponed, uncertain, refused; those of
    # January and of exactly 1 March do not count.
    assert report.counts.begun == 7
    # Friday, leave, old. From-january went live in January; uncertain is still at step 7.
    assert report.counts.published == 3
    # Until-march (its step 3 was closed in March), postponed, uncertain. Leave only
    # awaits a report, and cancelled has ended, though its step 3 was left open.
    assert report.counts.open == 3
    assert report.counts.rejected == 1
    assert report.counts.cancelled == 1
    assert report.counts.withdrawn == 1


def test_each_step_is_told_with_its_name_role_and_standard_in_force(report: MonevReport) -> None:
    told = [(one.no, one.standard) for one in report.steps]
    assert told == [
        (1, 60.0),
        (2, 15.0),
        (3, 120.0),
        (4, 60.0),
        (5, 30.0),
        (6, 60.0),
        (7, 15.0),
        (8, 15.0),
        (9, None),
    ]
    assert step(report, 4).name == "Verifikasi dan penyuntingan"
    assert step(report, 4).role == "Tim PPID"
    assert step(report, 5).role == "Kepala Balai"


def test_working_minutes_of_each_step_leave_out_breaks_holidays_and_nights(
    report: MonevReport,
) -> None:
    # 1: old 15, postponed 20, friday 30, until-march 30, refused 40, leave 60,
    #    cancelled 120, uncertain 10. Sorted 10 15 20 30 30 40 60 120; P90 at 6.3.
    is_spread(step(report, 1).time, 8, 30.0, 60 + 0.3 * 60, 120.0)
    # 2: 25, 10, 15, 10, 5, 5, 5. Sorted 5 5 5 10 10 15 25; P90 at 5.4.
    is_spread(step(report, 2).time, 7, 10.0, 15 + 0.4 * 10, 25.0)
    # 3: 230, 90, 530, 60, 60, 45. Sorted 45 60 60 90 230 530; P90 at 4.5.
    is_spread(step(report, 3).time, 6, 75.0, 380.0, 530.0)
    # 4: 60, 40, 30, 130, 80, 20, 30. Sorted 20 30 30 40 60 80 130; P90 at 5.4.
    is_spread(step(report, 4).time, 7, 40.0, 80 + 0.4 * 50, 130.0)
    # 5: 70, 30, 25, 10, 5, 10. Sorted 5 10 10 25 30 70; P90 at 4.5.
    is_spread(step(report, 5).time, 6, 17.5, 50.0, 70.0)
    # 6: 10, 10, 70, 10, 10; P90 at 3.6.
    is_spread(step(report, 6).time, 5, 10.0, 10 + 0.6 * 60, 70.0)
    # 7: 4.5, 3 (from the wanted time on), 25. Sorted 3 4.5 25; P90 at 1.8.
    is_spread(step(report, 7).time, 3, 4.5, 4.5 + 0.8 * 20.5, 25.0)
    # 8: 15.5, 192, 60, 20. Sorted 15.5 20 60 192; P90 at 2.7.
    is_spread(step(report, 8).time, 4, 40.0, 60 + 0.7 * 132, 192.0)
    # 9: 450, 60, 20. Sorted 20 60 450; P90 at 1.8.
    is_spread(step(report, 9).time, 3, 60.0, 60 + 0.8 * 390, 450.0)


def test_a_round_is_within_the_standard_of_its_own_revision(report: MonevReport) -> None:
    within = {one.no: one.within for one in report.steps}
    # 1: all but the 120. 2: all but the 25. 3: all but 230 and 530.
    # 4: all but the 130: 60 is exactly the standard, 80 is within the older one's 90.
    # 5: all but the 70. 6: all but the 70. 7: 4.5 and 3.
    # 8: none of 15.5, 192 and 20; the 60 of the older revision has no standard.
    assert within == {1: 7, 2: 6, 3: 4, 4: 6, 5: 5, 6: 4, 7: 2, 8: 0, 9: None}
    unjudged = {one.no: one.unjudged for one in report.steps if one.unjudged}
    assert unjudged == {8: 1, 9: 3}


def test_time_over_the_standard_is_summed_and_the_bottleneck_has_most_of_it(
    report: MonevReport,
) -> None:
    # 1: 120-60. 2: 25-15. 3: (230-120) + (530-120). 4: 130-60. 5: 70-30. 6: 70-60.
    # 7: 25-15. 8: 0.5 + 177 + 5. Sum 902.5.
    excess = {1: 60.0, 2: 10.0, 3: 520.0, 4: 70.0, 5: 40.0, 6: 10.0, 7: 10.0, 8: 182.5, 9: 0.0}
    assert {one.no: one.excess for one in report.steps} == pytest.approx(excess)
    shares = {one.no: one.excess_share for one in report.steps if one.excess_share is not None}
    assert shares == pytest.approx({no: part / 902.5 for no, part in excess.items() if no != 9})
    assert sum(shares.values()) == pytest.approx(1.0)
    assert report.bottleneck == 3


def test_rounds_and_returns_are_counted(report: MonevReport) -> None:
    returned = {one.no: one.returned for one in report.steps if one.returned}
    assert returned == {4: 1, 5: 1}
    rounds = {one.no: one.rounds_per_publication for one in report.steps}
    # Step 3: 6 rounds of friday (2), leave, old, postponed, uncertain. Step 4: 7 of the
    # same five. Step 5: 6 of the same five.
    assert rounds[3] == pytest.approx(6 / 5)
    assert rounds[4] == pytest.approx(7 / 5)
    assert rounds[5] == pytest.approx(6 / 5)
    assert rounds[1] == 1.0


def test_each_tidak_is_told_with_its_reason(report: MonevReport) -> None:
    found = [
        (one.reference, one.title, one.step_no, one.round_number, one.decided_at, one.reason)
        for one in report.rejections
    ]
    title = 'Vaksinasi "jemaah", Boom Baru'
    assert found == [
        (feb.FRIDAY, title, 4, 1, wib("2026-02-09 09:00"), feb.WHY_AT_4),
        (feb.FRIDAY, title, 5, 1, wib("2026-02-09 13:20"), feb.WHY_AT_5),
    ]


def test_what_was_given_up_refused_or_withdrawn_is_named_with_its_step_and_reason(
    report: MonevReport,
) -> None:
    found = [
        (one.reference, one.how, one.step_no, one.step_name, one.ended_at) for one in report.ended
    ]
    assert found == [
        # Its step 3 was never closed; that of the others the record does not tell.
        (feb.CANCELLED, "dibatalkan", 3, "Penulisan berita", wib("2026-02-02 09:00")),
        (feb.REFUSED, "ditolak", None, "", wib("2026-02-10 08:40")),
        (feb.WITHDRAWN, "ditarik", None, "", wib("2026-02-12 08:00")),
    ]
    said = [(one.title, one.ordered_by, one.reason) for one in report.ended]
    assert said[0] == (f"Kegiatan {feb.CANCELLED}", "dr. Hasan Contoh", feb.WHY_CANCELLED)
    assert {(by, why) for _, by, why in said[1:]} == {("", "")}


def test_lead_time_is_told_in_working_time_and_by_the_calendar(report: MonevReport) -> None:
    # Old: Monday 07.00 to 13.05, working 07.30-12.00 and 13.00-13.05: 270 + 5 = 275.
    # Friday: Fri 10.45 to Mon 14.34: 45 + 210, then 270 + 94: 619.
    # Leave: Fri 13th 16.00 to Fri 20th 08.33: 30 + 0 + 0 + 450 + 390 + 33: 903.
    # P90 at 1.8: 619 + 0.8 x 284 = 846.2.
    is_spread(report.lead_time.working, 3, 619.0, 846.2, 903.0)
    # Old: 6 h 5 min. Friday: 72 h + 3 h 49 min = 75 h 49 min. Leave: 7 x 24 h less 7 h 27 min
    # = 160 h 33 min. P90 at 1.8.
    middle, longest = 75 + 49 / 60, 160 + 33 / 60
    high = middle + 0.8 * (longest - middle)
    is_spread(report.lead_time.calendar_hours, 3, middle, high, longest)


def test_the_control_chart_has_the_limits_of_individuals_and_moving_ranges(
    report: MonevReport,
) -> None:
    chart = report.xmr
    # In the order in which they went live: old, friday, leave.
    assert [(one.reference, one.value) for one in chart.points] == [
        (feb.OLD, 275.0),
        (feb.FRIDAY, 619.0),
        (feb.LEAVE, 903.0),
    ]
    assert [one.published_at for one in chart.points] == [
        wib("2026-02-02 13:05"),
        wib("2026-02-09 14:34"),
        wib("2026-02-20 08:33"),
    ]
    # Mean (275 + 619 + 903) / 3 = 599; moving ranges 344 and 284, mean 314.
    assert chart.mean == pytest.approx(599.0)
    assert chart.mean_range == pytest.approx(314.0)
    assert chart.upper == pytest.approx(599 + 2.66 * 314)
    assert chart.lower == 0.0  # 599 - 835.24 is no time
    assert chart.upper_range == pytest.approx(3.268 * 314)
    assert chart.signals == ()


def test_what_is_open_is_listed_the_longest_waiting_first(report: MonevReport) -> None:
    found = [
        (one.reference, one.step_no, one.owner, one.since, one.waited, one.standard, one.overdue)
        for one in report.open_items
    ]
    assert found == [
        # Tuesday 24th 09.50-12.00 and 12.30-15.00: 280; Wed, Thu and Fri 390 each: 1450.
        (
            feb.UNCERTAIN,
            7,
            "Bayu Contoh (Tim PPID)",
            wib("2026-02-24 09:50"),
            1450.0,
            15.0,
            1435.0,
        ),
        # Thursday 26th 14.40-15.00: 20; Friday 390: 410 of 120.
        (
            feb.UNTIL_MARCH,
            3,
            "Yoga Contoh (Pranata Humas)",
            wib("2026-02-26 14:40"),
            410.0,
            120.0,
            290.0,
        ),
        # To go out on 3 March: its clock has not started.
        (feb.POSTPONED, 7, "Bayu Contoh (Tim PPID)", wib("2026-02-23 10:00"), 0.0, 15.0, 0.0),
    ]
    assert {(one.unit, one.step_name) for one in report.open_items} == {
        ("Tim Kerja 1", "Unggah publikasi"),
        ("Tim Kerja 1", "Penulisan berita"),
    }
    assert report.open_items[0].title == f"Kegiatan {feb.UNCERTAIN}"


def test_weeks_begin_on_monday_in_the_offices_zone(report: MonevReport) -> None:
    # 1 February is a Sunday. Postponed was begun on Monday 23rd at 00.30 WIB, which in
    # UTC is still Sunday.
    assert [(one.monday, one.begun, one.published) for one in report.weeks] == [
        (date(2026, 1, 26), 0, 0),
        (date(2026, 2, 2), 2, 1),  # old and friday begun; old live
        (date(2026, 2, 9), 2, 1),  # refused and leave begun; friday live
        (date(2026, 2, 16), 0, 1),  # leave live
        (date(2026, 2, 23), 3, 0),  # postponed, uncertain, until-march
    ]


def test_channels_are_told_in_the_offices_order_with_their_outcomes(report: MonevReport) -> None:
    found = [
        (
            one.channel,
            one.label,
            one.planned,
            one.published,
            one.rejected,
            one.waiting,
            one.was_unknown,
        )
        for one in report.channels
    ]
    assert found == [
        ("website", "Website", 4, 4, 0, 0, 0),
        # Friday's was unknown and found, uncertain's still is.
        ("x", "X", 4, 3, 0, 1, 2),
        ("facebook", "Facebook", 1, 1, 0, 0, 0),
        ("instagram", "Instagram", 1, 0, 1, 0, 0),
        ("grup", "Grup WhatsApp", 1, 1, 0, 0, 0),
    ]


def test_time_to_publish_is_told_in_minutes_of_the_clock(report: MonevReport) -> None:
    spread = {one.channel: one.to_publish for one in report.channels}
    # Website: friday 1, leave 0.5, old 1, uncertain 40 s. Sorted 0.5 0.667 1 1; P90 at 2.7.
    is_spread(spread["website"], 4, (40 / 60 + 1) / 2, 1.0, 1.0)
    # X: friday 4, leave 1, old 85 (over noon, which counts). P90 at 1.8.
    is_spread(spread["x"], 3, 4.0, 4 + 0.8 * 81, 85.0)
    is_spread(spread["facebook"], 1, 3.05, 3.05, 3.05)
    assert spread["instagram"] == Spread(0, None, None, None)
    is_spread(spread["grup"], 1, 10.0, 10.0, 10.0)


def test_engagement_is_summed_by_metric_and_age_over_the_readings_of_the_period(
    report: MonevReport,
) -> None:
    found = [
        (one.channel, each.age_days, each.metric, each.posts, each.total, each.read_last)
        for one in report.channels
        for each in one.engagement
    ]
    assert found == [
        # At one day: old 100, friday 40; from-january's 999 was read in January.
        ("website", 1, "views", 2, 140, wib("2026-02-10 20:00")),
        # At seven days: old 250, from-january 300.
        ("website", 7, "views", 2, 550, wib("2026-02-09 20:00")),
        # X gave nothing of friday's post, which is gone, when it was read last.
        ("x", 1, "impression_count", 1, 70, wib("2026-02-10 20:00")),
        ("x", 1, "like_count", 1, 5, wib("2026-02-10 20:00")),
    ]
    lacking = {one.channel: one.missing_metrics for one in report.channels if one.missing_metrics}
    assert lacking == {"x": ("bookmark_count",)}


def test_reminders_are_counted_by_kind_with_those_to_the_head(report: MonevReport) -> None:
    assert report.reminders.by_kind == (
        ("80-persen", 1),
        ("baku-habis", 2),
        ("eskalasi", 3),
        ("formulir-terbuka", 3),
        ("harian", 1),
    )
    # One failed, one is uncertain; without an address there is nothing to fail.
    assert report.reminders.failed == 2
    assert report.reminders.escalated == 3


def test_pictures_that_went_live_are_counted_once_with_their_alt_texts(
    report: MonevReport,
) -> None:
    # Friday 3 (one described, one blank, one of spaces; frozen twice, the video no
    # picture), leave 2, uncertain 1. From-january's five were live in January.
    assert report.pictures == 6
    assert report.pictures_with_alt == 4


def test_bags_of_what_was_documented_are_counted_and_missing_ones_named(
    report: MonevReport,
) -> None:
    # Documented: friday, leave, old, from-january. Leave has no bag.
    assert report.archive.sealed == 3
    assert report.archive.missing == (feb.LEAVE,)
    # The newest check when the report was made.
    assert report.archive.checked_at == wib("2026-03-01 02:00")
    assert report.archive.checked == 12
    assert report.archive.damaged == ("2026/90000007-01: foto-1.jpg berubah.",)


def test_the_newest_seal_when_the_report_was_made_is_printed(report: MonevReport) -> None:
    assert report.seal is not None
    found = (report.seal.number, report.seal.day, report.seal.digest, report.seal.chains)
    assert found == (42, date(2026, 3, 1), "b" * 64, 12)


def test_the_notes_of_step_8_stand_in_the_order_of_publication(report: MonevReport) -> None:
    found = [(one.reference, one.published_at, one.note) for one in report.notes]
    assert found == [
        (feb.FROM_JANUARY, wib("2026-01-30 16:18"), "Selesai."),
        (feb.OLD, wib("2026-02-02 13:05"), "Foto terlambat."),
        (feb.FRIDAY, wib("2026-02-09 14:34"), "Lancar; X sempat tidak pasti."),
    ]
    assert report.notes[2].title == 'Vaksinasi "jemaah", Boom Baru'


def test_the_letterhead_names_the_sop_and_who_heads_the_office(report: MonevReport) -> None:
    paper = report.letterhead
    assert paper.sop_number == "OT.02.02/1/229/2022"
    assert paper.sop_name == "Pengelolaan Publikasi Media Sosial dan Website"
    assert (paper.head_title, paper.head_name) == ("Kepala Balai", "dr. Hasan Contoh")
    assert paper.head_nip == "190001012000010001"
    assert not paper.rehearsal


def test_what_a_reader_must_know_of_the_data_is_told_in_indonesian(report: MonevReport) -> None:
    assert report.quality == (
        "Contoh kecil: langkah 7, 8, dan 9 mempunyai kurang dari 5 putaran, jadi disajikan "
        "sebagai jumlah, bukan persen, dan tanpa P90.",
        "Hanya 3 publikasi yang tayang pada periode ini, terlalu sedikit untuk menilai naik "
        "turunnya waktu; bagan kendali memerlukan sedikitnya 12.",
        "Langkah 4 dan 8 dijalankan menurut lebih dari satu revisi SOP dengan baku waktu "
        "berbeda; tiap putaran dinilai dengan baku revisinya sendiri.",
        "1 putaran langkah 8 tidak dinilai karena revisi SOP-nya tidak menetapkan baku waktu.",
        "1 publikasi dijadwalkan tayang kemudian; waktu menunggu jadwal tidak dihitung pada "
        "langkah unggah, tetapi terhitung pada waktu tempuh.",
        # Due: website and X of friday, leave, old; Facebook of leave; website of uncertain.
        # Read: website and X of friday and of old.
        "Jangkauan 4 dari 8 kiriman belum dibaca; angka keterlibatan belum lengkap.",
        "X tidak memberikan Disimpan; angka itu tidak dilaporkan.",
        "1 kiriman di X tidak memberi angka sama sekali, misalnya karena sudah dihapus di sana.",
        "1 publikasi adalah gladi (latihan), jadi laporan ini bukan laporan kinerja.",
    )


def test_the_same_record_gives_the_same_report(
    report: MonevReport, both: Engine, tmp_path: Path
) -> None:
    again = office_of(both, tmp_path, lambda: wib("2026-03-02 08:05"))
    period = Period(feb.FIRST, feb.LAST, feb.AS_OF, "bulanan")
    assert monev_report(again, period) == report
