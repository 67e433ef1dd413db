"""The report's summary for citizens: what the office may show of itself on its website.

Only sums, shares and middles: no name of a person, no title, no reason. The file is a
page of its own, to be read before it is approved; what the website is given, its title
and its content, is cut out of these same bytes, so that one digest covers all of it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markdownify import markdownify
from markupsafe import Markup, escape

from monev.model import SMALL_SAMPLE, MonevReport, StepFigures
from monev.render import summary
from monev.render.sections import Section
from monev.render.table import Column, Kind, Table, page_columns, page_rows, plain
from monev.render.wording import (
    NO_STANDARD,
    NOTHING,
    count,
    days_of,
    duration,
    elapsed,
    one_line,
    period_title,
    share,
)
from sop.indonesian import day, moment

PUBLIC = "publik.html"
TEMPLATE = Path(__file__).with_name("publik.html.j2")
TITLE = "Ringkasan Monitoring dan Evaluasi Publikasi"
REHEARSAL_MARK = "[GLADI] "
REHEARSAL_NOTE = "GLADI: data latihan, bukan laporan resmi."
CLOCK = (
    "Waktu dihitung dalam jam kerja kantor. Waktu tengah (median): separuhnya selesai secepat itu "
    "atau lebih cepat."
)
MOST_WEEKS = 14
MOST_ROWS = 200
GROUP = 16
# Characters in which WordPress would find a shortcode.
_ENTITIES = {"[": "&#91;", "]": "&#93;", "{": "&#123;", "}": "&#125;"}
_MARKS = re.compile(r"([\\`*_\[\]<>#])")
_GAPS = re.compile(r"\n{3,}")
_PARTS = re.compile(r"<title>(.*?)</title>.*?<main>\n(.*)\n</main>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What the website is given: the title as text, the content as HTML."""

    title: str
    content: str


def public_page(report: MonevReport) -> bytes:
    """The whole file; the same report gives the same bytes."""
    head = report.letterhead
    made = _template().render(
        title=(REHEARSAL_MARK if head.rehearsal else "")
        + f"{TITLE}, {period_title(report.period)}",
        rehearsal_note=REHEARSAL_NOTE if head.rehearsal else "",
        opening=_opening(report),
        parts=_parts(report),
    )
    return made.encode("utf-8", "replace")


def parts_of(data: bytes) -> PublicPage:
    """Title and content as they stand in the file; raises ValueError for another file."""
    found = _PARTS.search(data.decode("utf-8"))
    if found is None:
        raise ValueError("this is no public page of a report")
    return PublicPage(html.unescape(found[1]), found[2])


def as_markdown(data: bytes) -> str:
    """The page as it is shown before it is approved: made from its bytes, so nothing differs."""
    page = parts_of(data)
    body: str = markdownify(page.content, heading_style="ATX", escape_misc=True)
    title = _MARKS.sub(r"\\\1", page.title)
    return f"# {title}\n\n{_GAPS.sub(chr(10) * 2, body).strip()}\n"


def _opening(report: MonevReport) -> tuple[str, ...]:
    head, counts = report.letterhead, report.counts
    left = f"{count(counts.open)} masih dikerjakan" if counts.open else "tidak ada yang tertunda"
    stopped = counts.cancelled + counts.rejected + counts.withdrawn
    ended = f", {count(stopped)} dihentikan" if stopped else ""
    passed = (
        "Pada periode itu tidak ada publikasi."
        if summary.is_empty(report)
        else f"Pada periode itu {count(counts.published)} publikasi tayang dan "
        f"{count(counts.begun)} dimulai{ended}; pada akhir periode {left}."
    )
    return (
        f"{one_line(head.office)} memublikasikan informasi menurut SOP Nomor "
        f"{one_line(head.sop_number)} tentang {one_line(head.sop_name)}. Halaman ini meringkas "
        f"pelaksanaannya pada {days_of(report.period)}, dihitung dari catatan publikasi.",
        passed,
    )


def _parts(report: MonevReport) -> tuple[Section, ...]:
    made = (_steps(report), _lead(report), _weeks(report), _channels(report), _access(report))
    shown = [part for part in made if part.sentences or any(table.rows for table in part.tables)]
    return (*shown, _record(report))


def _steps(report: MonevReport) -> Section:
    within, judged = summary.within_standard(report)
    said = (
        (f"Langkah yang selesai dalam baku waktu SOP: {share(within, judged)}.",) if judged else ()
    )
    done = [step for step in report.steps if step.time.n]
    return Section(
        "Ketepatan waktu",
        (*said, CLOCK) if done else (),
        tables=(
            Table(
                "",
                "",
                (
                    Column("Langkah"),
                    Column("Waktu tengah (baku)"),
                    Column("Dalam baku"),
                ),
                tuple(
                    (
                        f"{step.no}. {one_line(step.name)}",
                        f"{duration(step.time.median)} ({_standard(step)})",
                        NOTHING if step.within is None else share(step.within, step.judged),
                    )
                    for step in done
                ),
            ),
        ),
    )


def _standard(step: StepFigures) -> str:
    return NO_STANDARD if step.standard is None else duration(step.standard)


def _lead(report: MonevReport) -> Section:
    working, calendar = report.lead_time.working, report.lead_time.calendar_hours
    if not working.n:
        return Section("Waktu sampai tayang")
    rows: list[tuple[str, str, str]] = [
        ("Separuhnya tayang paling lama", duration(working.median), elapsed(calendar.median)),
    ]
    if working.n >= SMALL_SAMPLE:
        nine = ("Sembilan dari sepuluh paling lama", duration(working.p90), elapsed(calendar.p90))
        rows.append(nine)
    columns = (Column("Sejak informasi disampaikan"), Column("Waktu kerja"), Column("Kalender"))
    return Section("Waktu sampai tayang", tables=(Table("", "", columns, tuple(rows)),))


def _weeks(report: MonevReport) -> Section:
    shown = report.weeks[-MOST_WEEKS:]
    if len(report.weeks) < 2 or not any(week.begun or week.published for week in report.weeks):
        return Section("Perkembangan per minggu")
    said = (
        f"{MOST_WEEKS} minggu terakhir pada periode ini." if len(report.weeks) > MOST_WEEKS else ""
    )
    return Section(
        "Perkembangan per minggu",
        (said,) if said else (),
        tables=(
            Table(
                "",
                "",
                (
                    Column("Minggu mulai", Kind.DAY),
                    Column("Dimulai", Kind.COUNT),
                    Column("Tayang", Kind.COUNT),
                ),
                tuple((week.monday, week.begun, week.published) for week in shown),
            ),
        ),
    )


def _channels(report: MonevReport) -> Section:
    return Section(
        "Hasil tiap saluran",
        tables=(
            Table(
                "",
                "",
                (
                    Column("Saluran"),
                    Column("Berhasil tayang"),
                    Column("Waktu tengah sampai tayang"),
                ),
                tuple(
                    (
                        one_line(one.label),
                        share(one.published, one.planned),
                        duration(one.to_publish.median),
                    )
                    for one in report.channels
                    if one.planned
                ),
            ),
        ),
    )


def _access(report: MonevReport) -> Section:
    return Section("Aksesibilitas", (summary.alt_sentence(report),) if report.pictures else ())


def _record(report: MonevReport) -> Section:
    read = f"Keadaan catatan pada {moment(report.period.as_of)}."
    seal = report.seal
    if seal is None:
        return Section("Keutuhan catatan", (read, "Catatan belum bersegel."))
    return Section(
        "Keutuhan catatan",
        (
            read,
            f"Segel harian nomor {count(seal.number)}, {day(seal.day)}, mengunci "
            f"{count(seal.chains)} rantai catatan. Dengan sidik di bawah ini (SHA-256) dapat "
            "diuji bahwa catatan sampai hari itu tidak berubah.",
        ),
        mono=_in_groups(seal.digest),
    )


def _in_groups(digest: str) -> str:
    """So that a phone can break the line: a website may take styles out."""
    return " ".join(re.findall(f".{{1,{GROUP}}}", one_line(digest)))


@lru_cache(maxsize=1)
def _template() -> Template:
    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_inert,
    )
    made.filters["columns"] = page_columns
    made.filters["shown"] = _shown
    return made.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _shown(table: Table) -> list[tuple[str, ...]]:
    return [tuple(map(plain, row)) for row in page_rows(table, MOST_ROWS)]


def _inert(value: Any) -> Any:
    """Text that is text and nothing else, for a browser and for WordPress."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    written = str(escape(value))
    for letter, entity in _ENTITIES.items():
        written = written.replace(letter, entity)
    return Markup(written)  # noqa: S704 (escaped above)
