"""The workbook, read back: real numbers, real dates, nothing but text from people."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from monev.render import tables, xlsx
from tests.unit.monev_render import samples
from tests.unit.monev_render.hostile import TEXTS, hostile_report


def opened(data: bytes) -> Workbook:
    return load_workbook(io.BytesIO(data))


def column(sheet: Worksheet, name: str) -> list[Any]:
    """The cells under a heading."""
    for cells in sheet.iter_cols():
        if cells[0].value == name:
            return list(cells[1:])
    raise AssertionError(f"{name} is not among {[cell.value for cell in sheet[1]]}")


def footer_of(sheet: Worksheet) -> str:
    footer = sheet.oddFooter
    assert footer is not None
    parts = (footer.left, footer.center, footer.right)
    return " ".join(str(part.text) for part in parts if part is not None)


def test_there_is_a_summary_and_one_sheet_per_table() -> None:
    report = samples.report()
    book = opened(xlsx(report))
    assert book.sheetnames == ["Ringkasan", *(table.sheet for table in tables(report))]
    said = [row[0].value for row in book["Ringkasan"].iter_rows()]
    assert "Bulan November 2026" in said
    assert any("27 publikasi tayang" in str(line) for line in said)


def test_durations_are_numbers_shares_are_per_cent_and_times_are_dates_in_wib() -> None:
    book = opened(xlsx(samples.report()))
    steps = book["Langkah"]
    medians = column(steps, "Median (menit kerja)")
    assert medians[3].value == 72.0
    assert medians[3].data_type == "n"
    shares = column(steps, "Bagian dalam baku")
    assert shares[0].value == 26 / 27
    assert shares[0].number_format == "0.0%"
    limits = book["Batas kendali"]
    assert column(limits, "Batas atas (menit kerja)")[0].value == 802.0
    assert column(limits, "Batas bawah (menit kerja)")[1].value is None
    decided = column(book["Pengembalian"], "Diputuskan (WIB)")[0]
    assert decided.value.isoformat() == "2026-11-03T10:12:00"
    assert decided.is_date
    assert decided.number_format.startswith("[$-421]")
    weeks = column(book["Mingguan"], "Minggu mulai")
    assert weeks[0].value.isoformat() == "2026-11-02T00:00:00"
    assert weeks[0].is_date


def test_a_step_without_standard_and_a_small_sample_leave_their_share_empty() -> None:
    steps = opened(xlsx(samples.report(points=3)))["Langkah"]
    assert column(steps, "Baku (menit kerja)")[8].value is None
    assert column(steps, "Bagian dalam baku")[0].value is None
    assert column(steps, "Jumlah dalam baku")[0].value == 3


def test_what_people_wrote_is_never_a_formula_or_a_link() -> None:
    book = opened(xlsx(hostile_report()))
    notes = [str(cell.value or "") for cell in column(book["Catatan monev"], "Catatan")]
    assert notes[: len(TEXTS)][0] == TEXTS[0]
    assert notes[1:4] == ["+1+1", "@SUM(1;2)", "-2+3"]
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate)
                assert cell.hyperlink is None


def test_each_sheet_is_ready_for_paper() -> None:
    for sheet in opened(xlsx(samples.report())).worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert str(sheet.page_setup.paperSize) == "9"
        assert sheet.page_setup.fitToHeight == 0
        assert "Halaman" in footer_of(sheet)
        if sheet.title != "Ringkasan":
            assert sheet.freeze_panes == "A2"
            assert sheet.print_title_rows == "$1:$1"


def test_the_workbook_carries_the_date_of_the_report_and_no_other() -> None:
    data = xlsx(samples.report())
    assert data == xlsx(samples.report())
    book = opened(data)
    assert book.properties.created is not None
    assert book.properties.created.isoformat() == "2026-12-01T00:20:00"
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert {entry.date_time[0] for entry in packed.infolist()} == {1980}


def test_an_empty_report_has_sheets_that_say_so() -> None:
    book = opened(xlsx(samples.empty_report()))
    assert book["Catatan monev"]["A2"].value == "Tidak ada catatan monev pada periode ini."
    assert book["Langkah"]["A1"].value == "No."


def test_the_workbook_holds_every_row_however_many() -> None:
    report = samples.big_report(3_000)
    started = time.process_time()
    data = xlsx(report)
    assert time.process_time() - started < 20
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for sheet in ("sheet3", "sheet7", "sheet8", "sheet14"):
            text = packed.read(f"xl/worksheets/{sheet}.xml").decode()
            assert text.count("<row ") == 3_001, sheet


def test_a_rehearsal_is_marked_on_every_sheet() -> None:
    for sheet in opened(xlsx(samples.report(rehearsal=True))).worksheets:
        assert "GLADI" in footer_of(sheet), sheet.title
    for sheet in opened(xlsx(samples.report())).worksheets:
        assert "GLADI" not in footer_of(sheet), sheet.title
