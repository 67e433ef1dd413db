"""The report as one HTML file: no script, nothing fetched, fit for a phone and for paper."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

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
from monev.render.table import Column, Kind, Table, page_columns, page_rows, rest_after
from monev.render.wording import breakable, one_line

TEMPLATE = Path(__file__).with_name("laporan.html.j2")
ROWS = 100
WORDY = 18


def html(report: MonevReport, parts: tuple[Section, ...] | None = None) -> str:
    """The whole report as a page; long tables are cut after 100 rows.

    `parts` are the report's sections where a caller has them already.
    """
    return _template().render(
        head=report.letterhead,
        top=opening(report),
        sections=sections(report) if parts is None else parts,
        closing=CLOSING,
        end=signature(report),
        rehearsal=REHEARSAL if report.letterhead.rehearsal else "",
        rehearsal_note=REHEARSAL_NOTE,
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["columns"] = page_columns
    made.filters["style"] = _style
    made.filters["shown"] = _shown
    made.filters["left"] = _left
    made.filters["picture"] = _picture
    made.filters["line"] = one_line
    return made.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _style(column: Column) -> str:
    """The class of a cell: a number, an unbroken time, or long words that fill a card."""
    if column.is_number:
        return "n"
    if column.kind is Kind.MOMENT:
        return "t"
    return "wordy" if column.width >= WORDY else "short"


def _shown(table: Table) -> list[tuple[str, ...]]:
    return [tuple(map(breakable, row)) for row in page_rows(table, ROWS)]


def _left(table: Table) -> str:
    return rest_after(table, ROWS)


def _picture(chart: Chart) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(chart.svg).decode("ascii")
