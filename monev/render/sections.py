"""The order of the report: sections with sentences, charts and tables, the same for every page.

PDF, HTML and Markdown are three ways of setting these sections; none adds a figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monev.model import SMALL_SAMPLE, MonevReport, StepFigures
from monev.render import summary, tabulation
from monev.render.charts import Chart, control_chart, steps_chart, weeks_chart
from monev.render.table import Table
from monev.render.wording import (
    count,
    duration,
    enumerated,
    one_line,
    percent,
    period_title,
    share,
    working,
)
from sop.indonesian import day, moment, today

HEADING = "Laporan Monitoring dan Evaluasi Publikasi"
REHEARSAL = "GLADI"
REHEARSAL_NOTE = "GLADI: data latihan, bukan laporan resmi"
NOTHING_TO_DECIDE = "Tidak ada hal yang memerlukan keputusan Kepala pada periode ini."
CLOSING = (
    "Semua angka di atas dihitung dari catatan publikasi; tidak ada yang diisi dengan tangan. "
    "Demikian laporan ini dibuat untuk dipergunakan sebagaimana mestinya."
)
SIGNATURE_DOTS = "." * 40
FEW_WEEKS = 2
MANY_WEEKS = 14


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report. `listed` are sentences set as a list, `mono` a digest."""

    title: str
    sentences: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    listed: tuple[str, ...] = ()
    mono: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A number that stands large on top: `value` in a few letters, `label` under it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What comes before the sections."""

    heading: str
    period: str
    basis: str
    read: str
    key_figures: tuple[KeyFigure, ...]
    summary: tuple[str, ...]
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """The end of the report: place and day, title, name, NIP."""

    place_and_day: str
    title: str
    name: str
    nip: str


def opening(report: MonevReport) -> Opening:
    """Title, period, the few key figures, the summary and what asks for a decision."""
    head = report.letterhead
    empty = summary.is_empty(report)
    return Opening(
        heading=HEADING,
        period=period_title(report.period),
        basis=f"SOP Nomor {one_line(head.sop_number)} tentang {one_line(head.sop_name)}",
        read=f"Keadaan catatan pada {moment(report.period.as_of)}",
        key_figures=() if empty else _key_figures(report),
        summary=summary.summary(report),
        decisions=summary.for_the_head(report) or (() if empty else (NOTHING_TO_DECIDE,)),
    )


def _key_figures(report: MonevReport) -> tuple[KeyFigure, ...]:
    within, judged = summary.within_standard(report)
    whole = share(within, judged)
    value = whole if "(" not in whole else percent(within / judged)
    late = sum(1 for one in report.open_items if (one.overdue or 0) > 0)
    lead = report.lead_time.working
    of_how_many = f"median dari {count(lead.n)}" if 1 < lead.n < SMALL_SAMPLE else "median"
    middle = "" if lead.n == 1 else f" ({of_how_many})"
    return (
        KeyFigure(count(report.counts.published), "publikasi tayang"),
        KeyFigure(value, "langkah dalam baku waktu"),
        KeyFigure(duration(lead.median), f"waktu kerja sampai tayang{middle}"),
        KeyFigure(count(report.counts.open), f"masih terbuka, {count(late)} lewat baku"),
    )


def signature(report: MonevReport) -> Signature:
    """Place and day of making; dots where the record names nobody."""
    head = report.letterhead
    return Signature(
        place_and_day=f"{one_line(head.place)}, {day(today(report.period.as_of))}",
        title=one_line(head.head_title),
        name=one_line(head.head_name) or SIGNATURE_DOTS,
        nip=f"NIP {one_line(head.head_nip)}" if head.head_nip.strip() else "NIP",
    )


def sections(report: MonevReport) -> tuple[Section, ...]:
    """The numbered parts of the report, in their order; an empty report keeps only the record."""
    record = (_archive(report), _quality(report))
    if summary.is_empty(report):
        return record
    return (
        _steps(report),
        _rejections(report),
        *_ended(report),
        _lead(report),
        _open(report),
        _throughput(report),
        _channels(report),
        _notified(report),
        _notes(report),
        *record,
    )


def _steps(report: MonevReport) -> Section:
    slowest = summary.bottleneck(report)
    sentences = [
        "Waktu dihitung dalam jam kerja kantor. n adalah banyaknya putaran yang selesai pada "
        "periode ini; satu langkah dapat diputar lebih dari sekali. P90: sembilan dari sepuluh "
        "selesai dalam waktu itu. Pada sampel di bawah lima ditulis jumlah, bukan persen, "
        "dan P90 tidak dihitung."
    ]
    if slowest is not None and slowest.excess > 0:
        sentences.append(_late(report, slowest))
    return Section(
        "Langkah terhadap baku waktu",
        tuple(sentences),
        _present(steps_chart(report.steps)),
        (tabulation.steps(report),),
    )


def _late(report: MonevReport, slowest: StepFigures) -> str:
    named, excess = f"langkah {slowest.no}, {one_line(slowest.name)}", working(slowest.excess)
    if summary.is_only_late(report, slowest):
        return f"Yang lewat baku hanya {named}: seluruhnya {excess}."
    few = slowest.excess_share is None or slowest.time.n < SMALL_SAMPLE
    part = "" if few else f" ({percent(slowest.excess_share or 0)})"
    return f"Hambatan terbesar: {named}, {excess} lewat baku{part}."


def _rejections(report: MonevReport) -> Section:
    returned = [
        f"{count(step.returned)} kali di langkah {step.no}"
        for step in report.steps
        if step.returned
    ]
    said = (f"Naskah dikembalikan {enumerated(returned)}.",) if returned else ()
    return Section("Naskah yang dikembalikan", said, tables=(tabulation.rejections(report),))


def _ended(report: MonevReport) -> Iterator[Section]:
    """Only where there are any: that none was given up is nothing to tell."""
    if report.ended:
        said = (
            "Publikasi ini berakhir tanpa melewati semua langkah SOP. Langkah adalah tempat "
            "publikasi itu berdiri ketika dihentikan."
        )
        yield Section("Publikasi yang dihentikan", (said,), tables=(tabulation.ended(report),))


def _lead(report: MonevReport) -> Section:
    marked = (tabulation.signals(report),) if report.xmr.signals and report.xmr.is_judged else ()
    return Section(
        "Waktu sampai tayang",
        (summary.lead_sentence(report),) if report.xmr.points else (),
        _present(control_chart(report.xmr)),
        (tabulation.lead_time(report), *marked),
    )


def _open(report: MonevReport) -> Section:
    return Section("Yang masih terbuka", tables=(tabulation.open_items(report),))


def _throughput(report: MonevReport) -> Section:
    chart = weeks_chart(report.weeks) if len(report.weeks) >= FEW_WEEKS else None
    if len(report.weeks) <= MANY_WEEKS:
        return Section("Publikasi per minggu", (), _present(chart), (tabulation.weeks(report),))
    said = ("Angka tiap minggu ada di XLSX.",)
    return Section("Publikasi per minggu", said, _present(chart))


def _channels(report: MonevReport) -> Section:
    gone = summary.missing_metrics_sentence(report)
    return Section(
        "Saluran",
        (
            "Waktu sampai tayang di sini dihitung menurut jam biasa, sejak pengiriman "
            "direncanakan. “Sempat tidak pasti” berarti saluran tidak menjawab jelas dan hasilnya "
            "dipastikan kemudian dengan membaca saluran itu.",
            *((gone,) if gone else ()),
        ),
        (),
        (tabulation.channels(report), tabulation.engagement_by_age(report)),
    )


def _notified(report: MonevReport) -> Section:
    return Section(
        "Pengingat dan teks alternatif",
        (summary.reminder_sentence(report), summary.alt_sentence(report)),
        (),
        (tabulation.reminders(report),) if report.reminders.by_kind else (),
    )


def _archive(report: MonevReport) -> Section:
    return Section(
        "Arsip dan segel",
        (summary.fixity_sentence(report), summary.seal_sentence(report)),
        (),
        () if summary.is_empty(report) else (tabulation.archive(report),),
        mono=one_line(report.seal.digest) if report.seal else "",
    )


def _notes(report: MonevReport) -> Section:
    return Section("Catatan monev", tables=(tabulation.notes(report),))


def _quality(report: MonevReport) -> Section:
    listed = tuple(line for one in report.quality if (line := one_line(one)))
    calm = () if listed else ("Tidak ada catatan tentang mutu data.",)
    return Section("Catatan tentang mutu data", calm, listed=listed)


def _present(chart: Chart | None) -> tuple[Chart, ...]:
    return () if chart is None else (chart,)
