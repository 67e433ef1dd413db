"""How figures are said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monev.model import LeadTime, Period, StepFigures
from monev.render import summary, tabulation
from monev.render.charts import control_chart, steps_chart, weeks_chart
from monev.render.sections import opening, sections
from monev.render.table import Kind, page_columns, page_rows, words
from monev.render.wording import (
    duration,
    elapsed,
    enumerated,
    one_line,
    percent,
    period_title,
    share,
    working,
)
from tests.unit.monev_render import samples


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (None, "–"),
        (0, "0 menit"),
        (4.46, "4,5 menit"),
        (9.96, "10 menit"),
        (59.6, "1 jam"),
        (60, "1 jam"),
        (85, "1 jam 25 menit"),
        (60 * 1234 + 1, "1.234 jam 1 menit"),
    ],
)
def test_minutes_are_said_in_hours_and_minutes(minutes: float | None, said: str) -> None:
    assert duration(minutes) == said


def test_working_minutes_say_that_they_are() -> None:
    assert working(85) == "1 jam 25 menit kerja"
    assert working(None) == "–"


def test_hours_of_the_calendar_become_days_when_they_are_many() -> None:
    assert elapsed(30) == "30 jam"
    assert elapsed(102.2) == "4 hari 6 jam"
    assert elapsed(96) == "4 hari"


def test_a_share_below_five_is_told_as_a_count() -> None:
    assert share(3, 4) == "3 dari 4"
    assert share(4, 5) == "80% (4 dari 5)"
    assert share(41, 50) == "82% (41 dari 50)"
    assert share(0, 0) == "–"
    assert share(None, 12) == "tanpa baku"
    assert percent(0.8247) == "82,5%"


def test_lists_end_with_how_many_more() -> None:
    assert enumerated(["a"]) == "a"
    assert enumerated(["a", "b"]) == "a dan b"
    assert enumerated(["a", "b", "c"]) == "a, b, dan c"
    assert enumerated(list("abcdefg")) == "a, b, c, dan 4 lainnya"


def test_a_period_is_named_as_people_name_it() -> None:
    at = samples.AS_OF
    assert (
        period_title(Period(date(2026, 11, 1), date(2026, 11, 30), at, "bulanan"))
        == "Bulan November 2026"
    )
    assert (
        period_title(Period(date(2026, 11, 16), date(2026, 11, 22), at, "mingguan"))
        == "Minggu 16–22 November 2026"
    )
    assert (
        period_title(Period(date(2026, 11, 30), date(2026, 12, 6), at, "mingguan"))
        == "Minggu 30 November – 6 Desember 2026"
    )
    assert (
        period_title(Period(date(2026, 12, 28), date(2027, 1, 3), at))
        == "Periode 28 Desember 2026 – 3 Januari 2027"
    )
    assert period_title(Period(date(2026, 12, 1), date(2026, 12, 1), at)) == (
        "Periode 1 Desember 2026"
    )
    # A report called monthly over another span is not called by a month's name.
    assert period_title(Period(date(2026, 11, 1), date(2026, 12, 31), at, "bulanan")) == (
        "Periode 1 November – 31 Desember 2026"
    )


@given(st.text())
def test_one_line_is_one_legible_line_whatever_was_typed(text: str) -> None:
    made = one_line(text)
    assert made == one_line(made)
    assert "\n" not in made
    made.encode("utf-8")
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in made)


def test_dates_in_a_table_are_indonesian_and_in_wib() -> None:
    assert words(samples.AS_OF, Kind.MOMENT) == "1 Des 2026 07.20"
    assert words(date(2026, 8, 17), Kind.DAY) == "17 Agustus 2026"
    assert words(0.5, Kind.SHARE) == "50%"
    assert words(1234, Kind.COUNT) == "1.234"
    assert words(85.0, Kind.WORKING).replace("\u00a0", " ") == "1 jam 25 mnt"


def test_the_summary_names_the_bottleneck_and_the_share_within_standard() -> None:
    said = " ".join(summary.summary(samples.report()))
    assert "79,9% langkah selesai dalam baku waktu SOP, yaitu 187 dari 234" in said
    assert "langkah 4, Verifikasi dan penyuntingan: seluruhnya 23 jam 30 menit kerja" in said
    assert "Separuh publikasi tayang paling lama 6 jam 52 menit kerja" in said


def test_rounds_without_a_standard_of_their_own_are_no_part_of_a_share() -> None:
    report = samples.report()
    first = report.steps[0]
    mixed = replace(first, time=replace(first.time, n=10), within=6, unjudged=2)
    bare = replace(first, time=replace(first.time, n=3), within=None, unjudged=3)
    table = tabulation.steps(replace(report, steps=(mixed, bare)))
    names = [column.title for column in page_columns(table)]
    rows = [dict(zip(names, row, strict=True)) for row in page_rows(table, 9)]
    # Six of the eight that have a standard.
    assert rows[0]["Dalam baku"] == "75% (6 dari 8)"
    assert (rows[1]["Dalam baku"], rows[1]["Lewat baku"]) == ("tanpa baku", "–")
    assert summary.within_standard(replace(report, steps=(mixed, bare))) == (6, 8)


def test_a_few_rounds_are_summed_up_in_counts() -> None:
    report = samples.report()
    few = replace(report, steps=(_judged(report.steps[0], n=3, within=2),), bottleneck=None)
    said = " ".join(summary.summary(few))
    assert "Langkah yang selesai dalam baku waktu SOP: 2 dari 3." in said
    assert "%" not in said.replace("63,3%", "")


def test_a_step_that_nobody_did_has_no_share_and_one_without_standard_says_so() -> None:
    report = samples.report()
    first = report.steps[0]
    idle = replace(first, time=samples.EMPTY, within=None, excess=0.0, excess_share=None)
    table = tabulation.steps(replace(report, steps=(idle, report.steps[8])))
    names = [column.title for column in page_columns(table)]
    rows = [dict(zip(names, row, strict=True)) for row in page_rows(table, 9)]
    assert (rows[0]["Baku"], rows[0]["Dalam baku"], rows[0]["Lewat baku"]) == (
        "1\u00a0jam",
        "–",
        "–",
    )
    assert (rows[1]["Baku"], rows[1]["Dalam baku"], rows[1]["Lewat baku"]) == (
        "–",
        "tanpa baku",
        "–",
    )


def test_the_head_is_told_what_is_late_damaged_and_unsealed() -> None:
    report = samples.report()
    bad = replace(
        report,
        archive=replace(report.archive, damaged=("a1", "b2")),
        seal=None,
    )
    said = " ".join(summary.for_the_head(bad))
    assert "5 publikasi terbuka sudah lewat baku" in said
    assert "Paket arsip a1 dan b2 tidak utuh lagi" in said
    assert "Catatan belum bersegel" in said


def test_a_calm_month_asks_nothing_of_the_head() -> None:
    report = samples.report()
    calm = replace(
        report,
        steps=tuple(replace(step, excess=0.0, excess_share=None) for step in report.steps),
        bottleneck=None,
        open_items=(),
        xmr=replace(report.xmr, signals=()),
        channels=(),
        archive=replace(report.archive, missing=()),
        pictures_with_alt=report.pictures,
        reminders=replace(report.reminders, failed=0),
    )
    assert opening(calm).decisions == (
        "Tidak ada hal yang memerlukan keputusan Kepala pada periode ini.",
    )
    assert "Tidak ada langkah yang melewati baku waktunya." in summary.summary(calm)


def test_charts_tell_in_words_what_they_show_and_are_left_out_without_figures() -> None:
    report, empty = samples.report(), samples.empty_report()
    chart = control_chart(report.xmr)
    assert chart is not None
    assert "27 titik" in chart.alt
    assert "batas atas 13 jam 22 menit" in chart.alt
    assert b"<svg" in chart.svg
    assert b"<text" not in chart.svg
    assert control_chart(empty.xmr) is None
    assert steps_chart(empty.steps) is None
    assert weeks_chart(empty.weeks) is None


def test_a_long_series_is_drawn_by_its_last_two_hundred() -> None:
    chart = control_chart(samples.report(points=5_000).xmr)
    assert chart is not None
    assert "200 publikasi terakhir dari 5.000" in chart.caption
    assert len(chart.svg) < 200_000


@pytest.mark.parametrize("points", [1, 2, 3, 5, 11])
def test_few_points_are_shown_and_not_judged(points: int) -> None:
    report = samples.report(points=points)
    assert report.xmr.signals
    said = " ".join([*summary.for_the_head(report), summary.lead_sentence(report)])
    assert "terlalu sedikit untuk menilai" in said
    assert "wajar" not in said
    assert "bertanda" not in said
    assert tabulation.limits(report).rows == ()
    rows = tabulation.control_chart(report).rows
    assert len(rows) == points
    assert {row[-1] for row in rows} == {""}
    (section,) = [one for one in sections(report) if one.title == "Waktu sampai tayang"]
    assert [table.title for table in section.tables] == [tabulation.lead_time(report).title]
    chart = control_chart(report.xmr)
    assert (chart is None) == (points == 1)
    if chart is not None:
        assert "Tanpa batas kendali" in chart.caption
        assert "batas atas" not in chart.alt
        assert b"<svg" in chart.svg


def test_from_twelve_points_on_the_chart_judges() -> None:
    report = samples.report(points=12)
    assert "batas kendali 1 jam 42 menit sampai" in summary.lead_sentence(report)
    assert "2 titik pada bagan kendali bertanda" in " ".join(summary.for_the_head(report))
    assert len(tabulation.limits(report).rows) == 2


def test_of_a_few_there_is_no_nine_of_ten() -> None:
    report = samples.report()
    few = replace(report.steps[0], time=replace(report.steps[0].time, n=4), within=3)
    many = replace(report.steps[1], time=replace(report.steps[1].time, n=5), within=3)
    table = tabulation.steps(replace(report, steps=(few, many)))
    names = [column.title for column in page_columns(table)]
    rows = [dict(zip(names, row, strict=True)) for row in page_rows(table, 9)]
    assert rows[0]["P90"] == "–"
    assert rows[0]["Median"] != "–"
    assert rows[1]["P90"] != "–"
    chart = steps_chart((few, many))
    assert chart is not None
    assert chart.alt.count("P90") == 1
    alone = steps_chart((few,))
    assert alone is not None
    assert "P90" not in alone.alt + alone.caption
    assert b"<svg" in alone.svg


@pytest.mark.parametrize(
    ("n", "wanted", "unwanted"),
    [
        (1, "Publikasi yang tayang memerlukan 21 jam 4 menit kerja", "terlama"),
        (4, "Waktu terlama dari langkah 1 sampai tayang adalah 21 jam 4 menit", "sepuluh"),
        (9, "dan yang terlama 21 jam 4 menit kerja", "sembilan dari sepuluh"),
        (10, "sembilan dari sepuluh paling lama 13 jam 10 menit kerja", "terlama"),
    ],
)
def test_lead_time_is_told_by_as_many_as_there_are(n: int, wanted: str, unwanted: str) -> None:
    report = samples.report()
    lead = report.lead_time
    few = replace(
        report,
        lead_time=LeadTime(replace(lead.working, n=n), replace(lead.calendar_hours, n=n)),
    )
    (said,) = [one for one in summary.summary(few) if "menurut kalender" in one]
    assert wanted in said
    assert unwanted not in said


def test_the_only_step_that_was_late_is_not_compared_with_others() -> None:
    report = samples.report()
    calm = tuple(
        step if step.no == 4 else replace(step, excess=0.0, excess_share=0.0)
        for step in report.steps
    )
    only = replace(report, steps=calm)
    said = " ".join([*summary.summary(only), *summary.for_the_head(only)])
    said += " ".join(sections(only)[0].sentences)
    assert "Satu-satunya langkah yang lewat baku adalah langkah 4" in said
    assert "Hanya langkah 4 (Verifikasi dan penyuntingan) yang melewati bakunya." in said
    assert "Yang lewat baku hanya langkah 4" in said
    assert "Hambatan terbesar" not in said


def test_one_that_is_late_is_not_the_worst_of_many() -> None:
    report = samples.report()
    late = next(one for one in report.open_items if (one.overdue or 0) > 0)
    said = " ".join(summary.for_the_head(replace(report, open_items=(late,))))
    assert f"1 publikasi terbuka sudah lewat baku: {late.reference} di langkah" in said
    assert "Yang terlama" not in said


def _judged(step: StepFigures, *, n: int, within: int) -> StepFigures:
    return replace(step, time=replace(step.time, n=n), within=within, excess=0.0)
