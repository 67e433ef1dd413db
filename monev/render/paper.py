"""The report as PDF on the office's letterhead: see `sop.typesetting`."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

from monev.model import MonevReport
from monev.render.charts import Chart
from monev.render.sections import (
    CLOSING,
    REHEARSAL,
    REHEARSAL_NOTE,
    Section,
    opening,
    sections,
    signature,
)
from monev.render.table import Table, page_columns, page_rows, rest_after
from monev.render.wording import breakable, one_line
from sop.indonesian import WIB
from sop.typesetting import pdf_of

TEMPLATE = Path(__file__).with_name("laporan.typ")
ROWS = 25
# A table of up to so much stands on one page; a longer one may go on overleaf.
WHOLE_ROWS = 14
WHOLE_LINES = 28
LONGEST_CELL = 400
LONGEST_WORD = 60


def pdf(report: MonevReport, parts: tuple[Section, ...] | None = None) -> bytes:
    """The whole report; long tables are cut after 25 rows.

    `parts` are the report's sections where a caller has them already.
    """
    parts = sections(report) if parts is None else parts
    drawn = {f"{chart.name}.svg": chart.svg for part in parts for chart in part.charts}
    return pdf_of(TEMPLATE, _settable(_document(report, parts)), drawn)


def _document(report: MonevReport, parts: tuple[Section, ...]) -> dict[str, Any]:
    head, top, end = report.letterhead, opening(report), signature(report)
    made = report.period.as_of.astimezone(WIB)
    return {
        "letterhead": [one_line(name) for name in (head.ministry, head.directorate) if name],
        "office": one_line(head.office),
        "address": one_line(head.address),
        "heading": top.heading,
        "period": top.period,
        "basis": top.basis,
        "read": top.read,
        "key_figures": [[one.value, one.label] for one in top.key_figures],
        "summary": " ".join(top.summary),
        "decisions": list(top.decisions),
        "sections": [_section(part) for part in parts],
        "closing": CLOSING,
        "signature": [end.place_and_day, end.title, end.name, end.nip],
        "date": [made.year, made.month, made.day],
        "mark": REHEARSAL if head.rehearsal else "",
        "mark_note": REHEARSAL_NOTE if head.rehearsal else "",
    }


def _settable(value: Any) -> Any:
    """The document's texts as they can be set: no emoji, no word longer than a line."""
    if isinstance(value, str):
        return breakable(_printable(value), LONGEST_WORD)
    if isinstance(value, list):
        return [_settable(one) for one in value]
    if isinstance(value, dict):
        # A digest is to be copied letter by letter: nothing may be put into it.
        return {name: one if name == "mono" else _settable(one) for name, one in value.items()}
    return value


def _section(part: Section) -> dict[str, Any]:
    return {
        "title": part.title,
        "text": " ".join(part.sentences),
        "listed": list(part.listed),
        "mono": part.mono,
        "charts": [_chart(chart) for chart in part.charts],
        "tables": [_table(table, titled=len(part.tables) > 1) for table in part.tables],
    }


def _chart(chart: Chart) -> dict[str, str]:
    return {"file": f"{chart.name}.svg", "alt": chart.alt, "caption": chart.caption}


def _table(table: Table, *, titled: bool) -> dict[str, Any]:
    columns = page_columns(table)
    rows = [[_cell(text) for text in row] for row in page_rows(table, ROWS)]
    return {
        "title": table.title if titled else "",
        "head": [column.title for column in columns],
        "numbers": [column.is_number for column in columns],
        "widths": [column.width for column in columns],
        "rows": rows,
        "long": len(rows) > WHOLE_ROWS or sum(map(_lines, rows)) > WHOLE_LINES,
        "left": rest_after(table, ROWS),
        "empty": table.empty,
    }


def _lines(row: list[str]) -> int:
    """About how many lines the row takes; a cell of a table holds some twenty letters a line."""
    return max(1, *(len(cell) // 20 + 1 for cell in row))


def _cell(text: str) -> str:
    return breakable(text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…")


def _printable(text: str) -> str:
    """Text without emoji: no font for paper has them, and a missing letter would cost PDF/UA.

    The other forms keep them.
    """
    if text.isascii():
        return text
    kept = "".join(letter for letter in text if not _is_emoji(letter))
    return text if kept == text else re.sub(" {2,}", " ", kept).strip(" ")


def _is_emoji(letter: str) -> bool:
    wide = unicodedata.east_asian_width(letter) == "W"
    return ord(letter) >= 0x1F000 or (wide and unicodedata.category(letter) == "So")
