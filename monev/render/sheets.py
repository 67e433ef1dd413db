"""The report as a workbook: a summary, then one sheet per table with real numbers and dates.

Times are WIB (a sheet knows no zones). What people wrote is always written as text,
so nothing of it is ever a formula or a link.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from monev.model import MonevReport
from monev.render.sections import REHEARSAL_NOTE, opening
from monev.render.table import Cell, Column, Kind, Table, Where
from monev.render.tabulation import tables
from monev.render.wording import one_line
from sop.indonesian import WIB

# xlsxwriter brings no types.
Workbook = Any
Worksheet = Any
Formats = Mapping[str, Any]

A4 = 9
LONGEST_CELL = 32_767
MOST_ROWS = 1_048_000
TEXT_BREADTH = 92
FORMATS: Mapping[Kind, str] = {
    Kind.TEXT: "@",
    Kind.CODE: "@",
    Kind.COUNT: "#,##0",
    Kind.DECIMAL: "#,##0.0",
    Kind.SHARE: "0.0%",
    Kind.MINUTES: "#,##0.0",
    Kind.WORKING: "#,##0.0",
    Kind.HOURS: "#,##0.0",
    Kind.DAY: "[$-421]d mmmm yyyy",
    Kind.MOMENT: "[$-421]d mmm yyyy hh.mm",
}
UNITS: Mapping[Kind, str] = {
    Kind.MINUTES: " (menit)",
    Kind.WORKING: " (menit kerja)",
    Kind.HOURS: " (jam)",
    Kind.MOMENT: " (WIB)",
}


def xlsx(report: MonevReport) -> bytes:
    """The workbook; the same report gives the same bytes."""
    # Imported here: the command line must not wait for the writer of workbooks.
    import xlsxwriter  # type: ignore[import-untyped]

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
        },
    )
    made = report.period.as_of.astimezone(UTC).replace(tzinfo=None)
    book.set_properties(
        {
            "title": f"{opening(report).heading}, {opening(report).period}",
            "author": one_line(report.letterhead.office),
            "created": made,
        }
    )
    formats = _formats(book)
    _write_summary(book.add_worksheet("Ringkasan"), report, formats)
    for table in tables(report):
        _write_table(book.add_worksheet(table.sheet), table, report, formats)
    book.close()
    return out.getvalue()


def _formats(book: Workbook) -> Formats:
    found: dict[str, Any] = {
        kind: book.add_format({"num_format": code, "valign": "top"})
        for kind, code in FORMATS.items()
    }
    found[Kind.TEXT].set_text_wrap()
    found["title"] = book.add_format({"bold": True, "font_size": 14})
    found["bold"] = book.add_format({"bold": True, "valign": "top"})
    found["wrap"] = book.add_format({"text_wrap": True, "valign": "top"})
    found["head"] = book.add_format(
        {"bold": True, "text_wrap": True, "valign": "top", "bottom": 2, "bg_color": "#EDEDED"}
    )
    return found


def _write_summary(sheet: Worksheet, report: MonevReport, formats: Formats) -> None:
    top, head = opening(report), report.letterhead
    sheet.set_column(0, 0, TEXT_BREADTH)
    lines: list[tuple[str, str]] = [
        *([(REHEARSAL_NOTE, "bold")] if head.rehearsal else []),
        *((one_line(line), "wrap") for line in (head.ministry, head.directorate) if line),
        (one_line(head.office), "bold"),
        (one_line(head.address), "wrap"),
        ("", "wrap"),
        (top.heading, "title"),
        (top.period, "bold"),
        (top.basis, "wrap"),
        (top.read, "wrap"),
        ("", "wrap"),
        ("Ringkasan", "bold"),
        *((sentence, "wrap") for sentence in top.summary),
        *_paragraph("Yang memerlukan perhatian Kepala", top.decisions),
        *_paragraph("Catatan tentang mutu data", tuple(map(one_line, report.quality))),
        *_paragraph("Segel harian terakhir (SHA-256)", _seal(report)),
    ]
    for row, (text, style) in enumerate(lines):
        sheet.write_string(row, 0, text[:LONGEST_CELL], formats[style])
    _set_up_page(sheet, report)


def _paragraph(title: str, sentences: tuple[str, ...]) -> list[tuple[str, str]]:
    if not sentences:
        return []
    return [("", "wrap"), (title, "bold"), *((sentence, "wrap") for sentence in sentences)]


def _seal(report: MonevReport) -> tuple[str, ...]:
    seal = report.seal
    return () if seal is None else (f"Nomor {seal.number}: {one_line(seal.digest)}",)


def _write_table(sheet: Worksheet, table: Table, report: MonevReport, formats: Formats) -> None:
    shown = [
        (place, column)
        for place, column in enumerate(table.columns)
        if column.where is not Where.PAGE
    ]
    for across, (_, column) in enumerate(shown):
        sheet.set_column(across, across, _breadth(column))
        sheet.write_string(0, across, heading(column), formats["head"])
    writers = [
        (across, place, column.kind, formats[column.kind])
        for across, (place, column) in enumerate(shown)
    ]
    for down, row in enumerate(table.rows[:MOST_ROWS], start=1):
        for across, place, kind, style in writers:
            _write_cell(sheet, down, across, row[place], kind, style)
    if not table.rows:
        sheet.write_string(1, 0, table.empty)
    else:
        sheet.autofilter(0, 0, min(len(table.rows), MOST_ROWS), len(shown) - 1)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    _set_up_page(sheet, report)


def heading(column: Column) -> str:
    """A column's name in a sheet, with its unit."""
    return column.name.strip() + UNITS.get(column.kind, "")


def _breadth(column: Column) -> float:
    if column.kind is Kind.TEXT:
        return min(60.0, 1.6 * column.width)
    if column.kind is Kind.MOMENT:
        return 18.0
    return max(11.0, min(20.0, len(heading(column)) * 0.75))


def _write_cell(
    sheet: Worksheet, down: int, across: int, cell: Cell, kind: Kind, style: Any
) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        sheet.write_string(down, across, one_line(cell)[:LONGEST_CELL], style)
    elif isinstance(cell, datetime):
        local = cell.astimezone(WIB).replace(tzinfo=None, microsecond=0)
        sheet.write_datetime(down, across, local, style)
    elif isinstance(cell, date):
        sheet.write_datetime(down, across, datetime(cell.year, cell.month, cell.day), style)  # noqa: DTZ001
    else:
        sheet.write_number(down, across, cell, style)


def _set_up_page(sheet: Worksheet, report: MonevReport) -> None:
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    mark = '&"-,Bold"GLADI  ' if report.letterhead.rehearsal else ""
    sheet.set_footer(f"&L{mark}&A&RHalaman &P dari &N")
