"""The summary for citizens: sums only, the same bytes, and text that stays text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from monev.model import MonevReport, Week
from monev.render.public import MOST_WEEKS, as_markdown, parts_of, public_page
from tests.unit.monev_render import samples
from tests.unit.monev_render.hostile import hostile_report


def text_of(report: MonevReport) -> str:
    page = parts_of(public_page(report))
    soup = BeautifulSoup(page.content, "html.parser")
    return " ".join(f"{page.title} {soup.get_text(' ')}".split())


def test_it_tells_the_figures_of_the_period_the_office_and_the_sop() -> None:
    text = text_of(samples.report())
    for said in (
        "Ringkasan Monitoring dan Evaluasi Publikasi, Bulan November 2026",
        "Balai Kekarantinaan Kesehatan Kelas I Palembang",
        "SOP Nomor OT.02.02/1/229/2022",
        "1–30 November 2026",
        "27 publikasi tayang dan 32 dimulai, 2 dihentikan; pada akhir periode 6 masih dikerjakan",
        "79,9% (187 dari 234)",
        "4. Verifikasi dan penyuntingan 1 jam 12 menit (1 jam) 55,6% (20 dari 36)",
        "9. Monitoring dan evaluasi 22 menit (tanpa baku) –",
        "Separuhnya tayang paling lama 6 jam 52 menit 27 jam 24 menit",
        "9 November 2026 7 7",
        "X (Twitter) 3 dari 4 0,6 menit",
        "95,8% (68 dari 71)",
        "Segel harian nomor 212, 30 November 2026",
        "5e5e5e5e5e5e5e5e 5e5e5e5e5e5e5e5e",
        "Selasa, 1 Desember 2026 07.20 WIB",
    ):
        assert said in text, said
    assert "GLADI" not in text


def test_nobody_and_nothing_is_named() -> None:
    report = samples.report(listed=12)
    text = public_page(report).decode()
    names = {report.letterhead.head_name, report.letterhead.head_nip}
    names |= {one.owner for one in report.open_items if "Sampel" in one.owner}
    names |= {one.ordered_by for one in report.ended if one.ordered_by}
    titles = {one.title for one in (*report.open_items, *report.ended, *report.xmr.points)}
    titles |= {one.title for one in (*report.rejections, *report.notes)}
    said = {one.reason for one in (*report.rejections, *report.ended) if one.reason}
    said |= {one.note for one in report.notes} | set(report.quality)
    numbers = {one.reference for one in (*report.open_items, *report.xmr.points, *report.ended)}
    for private in names | titles | said | numbers:
        assert private not in text, private


def test_a_rehearsal_is_marked_in_the_title_and_on_top() -> None:
    data = public_page(samples.report(rehearsal=True))
    page = parts_of(data)
    assert page.title.startswith("[GLADI] ")
    shown = BeautifulSoup(page.content, "html.parser")
    assert shown.get_text(" ", strip=True).startswith("GLADI: data latihan, bukan laporan resmi.")


def test_the_same_report_gives_the_same_bytes_and_another_figure_gives_others() -> None:
    report = samples.report()
    assert public_page(report) == public_page(samples.report())
    other = replace(report, counts=replace(report.counts, published=28))
    assert public_page(report) != public_page(other)


def test_what_was_typed_is_text_for_a_browser_and_for_wordpress() -> None:
    report = replace(hostile_report(), letterhead=samples.letterhead())
    report = replace(
        report,
        letterhead=replace(report.letterhead, office="[gallery] </main><script>x</script> {{ 7 }}"),
        channels=tuple(
            replace(one, label="<img src=x onerror=y> [audio]") for one in report.channels
        ),
    )
    page = parts_of(public_page(report))
    soup = BeautifulSoup(page.content, "html.parser")
    assert soup.find(["script", "img", "a"]) is None
    assert "[gallery] </main><script>x</script> {{ 7 }}" in soup.get_text()
    assert "<img src=x onerror=y> [audio]" in soup.get_text()
    for mark in ("[", "]", "{"):
        assert mark not in page.content
    assert page.content.rstrip().endswith("<!-- /wp:paragraph -->")


@pytest.mark.parametrize("report", [samples.report(), hostile_report()])
def test_the_preview_shows_what_is_approved(report: MonevReport) -> None:
    data = public_page(report)
    shown = BeautifulSoup(MarkdownIt("gfm-like").render(as_markdown(data)), "html.parser")
    page = parts_of(data)
    wanted = f"{page.title} {BeautifulSoup(page.content, 'html.parser').get_text(' ')}"

    def letters(text: str) -> str:
        return "".join(text.split())

    assert letters(shown.get_text(" ")) == letters(wanted)
    assert shown.find("table") is not None


def test_a_period_without_anything_says_so_and_shows_no_empty_table() -> None:
    idle = tuple(Week(date(2026, 11, 2) + timedelta(weeks=n), 0, 0) for n in range(4))
    empty = replace(samples.empty_report(), weeks=idle)
    text = text_of(empty)
    assert "Pada periode itu tidak ada publikasi." in text
    assert "Catatan belum bersegel." in text
    assert b"<table" not in public_page(empty)


def test_of_a_long_period_only_the_last_weeks_are_shown() -> None:
    monday = date(2026, 1, 5)
    weeks = tuple(Week(monday + timedelta(weeks=n), n, n) for n in range(30))
    page = BeautifulSoup(
        parts_of(public_page(replace(samples.report(), weeks=weeks))).content, "html.parser"
    )
    (table,) = [one for one in page.find_all("table") if "Minggu mulai" in one.get_text()]
    assert len(table.find_all("tr")) == MOST_WEEKS + 1
    assert f"{MOST_WEEKS} minggu terakhir" in page.get_text()


@pytest.mark.parametrize("data", [b"", b"<html><title>x</title></html>", b"\xff\xfe"])
def test_another_file_is_no_public_page(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (whatever is wrong with it)
        parts_of(data)
