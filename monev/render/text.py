"""The report as Markdown, for an artifact in the Prefect UI: short, and safe to show.

Everything that people wrote is escaped letter by letter. Charts are told in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from monev.model import MonevReport
from monev.render.sections import CLOSING, REHEARSAL_NOTE, Section, opening, sections, signature
from monev.render.table import Table, page_columns, page_rows, plain, rest_after
from monev.render.wording import one_line
from sop.markup import escape_for_form

ROWS = 20
_ESCAPED = re.compile(r"\\(.)")


def markdown(report: MonevReport) -> str:
    """The whole report as one Markdown text, long tables cut after 20 rows."""
    top, end = opening(report), signature(report)
    head = report.letterhead
    blocks = [
        *([f"> **{_said(REHEARSAL_NOTE)}**"] if head.rehearsal else []),
        f"# {_said(top.heading)}",
        f"**{_said(top.period)}** · {_said(one_line(head.office))}",
        f"{_said(top.basis)}. {_said(top.read)}.",
        "## Ringkasan",
        " ".join(_said(sentence) for sentence in top.summary),
    ]
    if top.decisions:
        blocks += ["### Yang memerlukan perhatian Kepala", _listed(top.decisions)]
    for number, section in enumerate(sections(report), start=1):
        blocks += _section(section, number)
    blocks += [
        "---",
        _said(CLOSING),
        "\\\n".join(map(_said, (end.place_and_day, end.title, end.name, end.nip))),
    ]
    return "\n\n".join(blocks) + "\n"


def _section(section: Section, number: int) -> Iterator[str]:
    yield f"## {number}. {_said(section.title)}"
    if section.sentences:
        yield " ".join(_said(sentence) for sentence in section.sentences)
    for chart in section.charts:
        yield f"*{_said(chart.alt)}*"
    if section.listed:
        yield _listed(section.listed)
    if section.mono:
        yield f"`{''.join(letter for letter in section.mono if letter.isalnum())}`"
    for table in section.tables:
        if len(section.tables) > 1:
            yield f"### {_said(table.title)}"
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        yield _said(table.empty)
        return
    columns = page_columns(table)
    lines = [
        _row(tuple(column.title for column in columns)),
        "|" + "|".join(" ---: " if column.is_number else " --- " for column in columns) + "|",
        *(_row(row) for row in page_rows(table, ROWS)),
    ]
    yield "\n".join(lines)
    if left := rest_after(table, ROWS):
        yield _said(left)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(_said(cell) or " " for cell in cells) + " |"


def _listed(sentences: tuple[str, ...]) -> str:
    return "\n".join(f"- {_said(sentence)}" for sentence in sentences)


def _said(text: str) -> str:
    """Text that shows itself and nothing else, also inside a table's cell.

    Every mark that could mean something is escaped; those that cannot where they
    stand are left bare, so that the file also reads well as it is.
    """
    return _ESCAPED.sub(_bare_if_harmless, escape_for_form(plain(text)))


def _bare_if_harmless(match: re.Match[str]) -> str:
    mark, before, after = match[1], match.string[: match.start()], match.string[match.end() :]
    ends = not after or after[0].isspace()
    harmless = (
        mark in "%(),;"
        or (mark == ":" and ends)
        or (mark == "-" and before[-1:].isalnum() and after[:1].isalnum())
        # "1. " at the start of a line would begin a list, "www." a link.
        or (mark == "." and (ends or after[0].isdigit()) and bool(before) and not before.isdigit())
    )
    return mark if harmless else match[0]
