"""The tables of a report, made from its figures: the same for every form."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from monev.metric_names import METRICS
from monev.model import (
    FEWEST_JUDGED,
    SMALL_SAMPLE,
    ChannelFigures,
    Engaged,
    MonevReport,
    Spread,
    StepFigures,
    Xmr,
)
from monev.render.table import Cell, Column, Kind, Table, Where
from monev.render.wording import NO_STANDARD, NOTHING, REMINDER_KINDS, count, share, share_number
from sop.indonesian import short_moment

ABOVE, BELOW, IN_A_RUN = "di atas batas", "di bawah batas", "delapan di satu sisi"
REFERENCE = Column("Nomor", Kind.CODE, 10)
TITLE = Column("Judul", Kind.TEXT, 37)


def steps(report: MonevReport) -> Table:
    """Each SOP step against its standard."""
    return Table(
        "Langkah",
        "Langkah terhadap baku waktu (waktu kerja)",
        (
            Column("No.", Kind.COUNT, 4),
            Column("Langkah", Kind.TEXT, 17),
            Column("Pelaksana", Kind.TEXT, 14, Where.SHEET),
            Column("Baku", Kind.WORKING, 8),
            Column("n", Kind.COUNT, 5),
            Column("Dalam baku", Kind.TEXT, 17, Where.PAGE),
            Column("Jumlah dalam baku", Kind.COUNT, 8, Where.SHEET),
            Column("Bagian dalam baku", Kind.SHARE, 8, Where.SHEET),
            Column("Median", Kind.WORKING, 12),
            Column("P90", Kind.WORKING, 12),
            Column("Terlama", Kind.WORKING, 12),
            Column("Dikembalikan", Kind.COUNT, 8, Where.SHEET),
            Column("Putaran per publikasi", Kind.DECIMAL, 8, Where.SHEET),
            Column("Lewat baku", Kind.WORKING, 13),
            Column("Bagian dari seluruh kelebihan", Kind.SHARE, 8, Where.SHEET),
        ),
        tuple(_step_row(step) for step in report.steps),
        "Tidak ada langkah yang selesai pada periode ini.",
    )


def _step_row(step: StepFigures) -> tuple[Cell, ...]:
    return (
        step.no,
        step.name,
        step.role,
        step.standard,
        step.time.n,
        _share_within(step),
        step.within,
        share_number(step.within, step.judged),
        *_spread(step.time),
        step.returned,
        step.rounds_per_publication,
        step.excess if step.within is not None else None,
        step.excess_share,
    )


def _share_within(step: StepFigures) -> str:
    """Among the rounds that have a standard; where some have none, it says so."""
    if step.within is None:
        return NOTHING if step.standard is not None and not step.time.n else NO_STANDARD
    return share(step.within, step.judged)


def _spread(spread: Spread) -> tuple[float | None, float | None, float | None]:
    # Nine of ten says nothing of three.
    return spread.median, spread.p90 if spread.n >= SMALL_SAMPLE else None, spread.maximum


def rejections(report: MonevReport) -> Table:
    """Every "tidak" with its reason."""
    return Table(
        "Pengembalian",
        "Naskah yang dikembalikan dan alasannya",
        (
            REFERENCE,
            Column("Judul", Kind.TEXT, 25),
            Column("Langkah", Kind.COUNT, 8),
            Column("Putaran", Kind.COUNT, 8),
            Column("Diputuskan", Kind.MOMENT, 16),
            Column("Alasan", Kind.TEXT, 33),
        ),
        tuple(
            (one.reference, one.title, one.step_no, one.round_number, one.decided_at, one.reason)
            for one in report.rejections
        ),
        "Tidak ada naskah yang dikembalikan pada periode ini.",
    )


def ended(report: MonevReport) -> Table:
    """What was given up, refused or withdrawn: where it stood, on whose order, and why."""
    return Table(
        "Dihentikan",
        "Publikasi yang dihentikan",
        (
            REFERENCE,
            Column("Judul", Kind.TEXT, 18),
            Column("Status", Kind.TEXT, 11),
            Column("Langkah", Kind.COUNT, 4, Where.SHEET),
            Column("Nama langkah", Kind.TEXT, 16, Where.SHEET),
            Column("Langkah ", Kind.TEXT, 13, Where.PAGE),
            Column("Dihentikan", Kind.MOMENT, 12),
            Column("Atas perintah", Kind.TEXT, 11),
            Column("Alasan", Kind.TEXT, 25),
        ),
        tuple(
            (
                one.reference,
                one.title,
                one.how,
                one.step_no,
                one.step_name,
                None if one.step_no is None else f"{one.step_no}. {one.step_name}",
                one.ended_at,
                one.ordered_by or None,
                one.reason or None,
            )
            for one in report.ended
        ),
        "Tidak ada publikasi yang dihentikan pada periode ini.",
    )


def lead_time(report: MonevReport) -> Table:
    """From the opening of step 1 to the last channel live."""
    working, calendar = report.lead_time.working, report.lead_time.calendar_hours
    in_minutes = tuple(None if value is None else value * 60 for value in _spread(calendar))
    return Table(
        "Waktu tayang",
        "Waktu dari langkah 1 sampai tayang di saluran terakhir",
        (
            Column("Dihitung dalam", Kind.TEXT, 18),
            Column("n", Kind.COUNT, 7),
            Column("Median", Kind.MINUTES, 14),
            Column("P90", Kind.MINUTES, 14),
            Column("Terlama", Kind.MINUTES, 14),
        ),
        (
            ("Waktu kerja", working.n, *_spread(working)),
            ("Waktu kalender", calendar.n, *in_minutes),
        )
        if working.n
        else (),
        "Tidak ada publikasi yang tayang pada periode ini.",
    )


def control_chart(report: MonevReport) -> Table:
    """The points behind the XmR chart, in order of publication."""
    xmr = report.xmr
    marked = frozenset(xmr.signals if xmr.is_judged else ())
    values = [point.value for point in xmr.points]
    ranges = [None, *(abs(after - before) for before, after in pairwise(values))]
    return Table(
        "Bagan kendali",
        "Titik bagan kendali XmR (waktu kerja sampai tayang)",
        (
            Column("Urutan", Kind.COUNT, 8),
            REFERENCE,
            TITLE,
            Column("Tayang", Kind.MOMENT, 15),
            Column("Waktu sampai tayang", Kind.WORKING, 12),
            Column("Rentang bergerak", Kind.WORKING, 10),
            Column("Sebab bertanda", Kind.TEXT, 18),
        ),
        tuple(
            (
                place + 1,
                point.reference,
                point.title,
                point.published_at,
                point.value,
                moving,
                _why_marked(point.value, xmr) if place in marked else "",
            )
            for place, (point, moving) in enumerate(zip(xmr.points, ranges, strict=False))
        ),
        "Tidak ada publikasi yang tayang pada periode ini.",
    )


def limits(report: MonevReport) -> Table:
    """Mean and limits of both panels of the XmR chart."""
    xmr = report.xmr
    return Table(
        "Batas kendali",
        "Batas kendali XmR (waktu kerja sampai tayang)",
        (
            Column("Bagan", Kind.TEXT, 24),
            Column("Rata-rata", Kind.WORKING, 14),
            Column("Batas bawah", Kind.WORKING, 14),
            Column("Batas atas", Kind.WORKING, 14),
        ),
        (
            ("Waktu sampai tayang", xmr.mean, xmr.lower, xmr.upper),
            ("Rentang bergerak", xmr.mean_range, None, xmr.upper_range),
        )
        if xmr.is_judged
        else (),
        f"Batas kendali dihitung bila sedikitnya {FEWEST_JUDGED} publikasi tayang pada satu "
        "periode.",
    )


def _why_marked(value: float, xmr: Xmr) -> str:
    if xmr.upper is not None and value > xmr.upper:
        return ABOVE
    if xmr.lower is not None and value < xmr.lower:
        return BELOW
    return IN_A_RUN


def signals(report: MonevReport) -> Table:
    """Only the marked points of the XmR chart, those outside the limits first: for a page."""
    whole = control_chart(report)
    names = [column.name for column in whole.columns]
    wanted = ("Urutan", "Nomor", "Judul", "Tayang", "Waktu sampai tayang", "Sebab bertanda")
    places = [names.index(name) for name in wanted]
    marked = [
        tuple(whole.rows[index][place] for place in places)
        for index in report.xmr.signals
        if 0 <= index < len(whole.rows)
    ]
    return Table(
        "",
        "Titik yang bertanda",
        tuple(whole.columns[place] for place in places),
        tuple(sorted(marked, key=lambda row: row[-1] == IN_A_RUN)),
        "Tidak ada titik yang bertanda.",
    )


def open_items(report: MonevReport) -> Table:
    """What is open at the end of the period, the longest waiting first, with its owner."""
    return Table(
        "Masih terbuka",
        "Publikasi yang masih terbuka, yang terlama menunggu lebih dahulu",
        (
            REFERENCE,
            Column("Judul", Kind.TEXT, 20),
            Column("Unit", Kind.TEXT, 14, Where.SHEET),
            Column("Langkah", Kind.COUNT, 4, Where.SHEET),
            Column("Nama langkah", Kind.TEXT, 16, Where.SHEET),
            Column("Langkah ", Kind.TEXT, 16, Where.PAGE),
            Column("Ditangani", Kind.TEXT, 15),
            Column("Sejak", Kind.MOMENT, 15),
            Column("Menunggu", Kind.WORKING, 12),
            Column("Baku", Kind.WORKING, 8, Where.SHEET),
            Column("Lewat baku", Kind.WORKING, 12),
        ),
        tuple(
            (
                one.reference,
                one.title,
                one.unit,
                one.step_no,
                one.step_name,
                f"{one.step_no}. {one.step_name}",
                one.owner,
                one.since,
                one.waited,
                one.standard,
                one.overdue,
            )
            for one in report.open_items
        ),
        "Tidak ada publikasi yang terbuka pada akhir periode.",
    )


def weeks(report: MonevReport) -> Table:
    """Throughput of each week."""
    return Table(
        "Mingguan",
        "Publikasi per minggu",
        (
            Column("Minggu mulai", Kind.DAY, 24),
            Column("Dimulai", Kind.COUNT, 11),
            Column("Tayang", Kind.COUNT, 11),
        ),
        tuple((one.monday, one.begun, one.published) for one in report.weeks),
    )


def channels(report: MonevReport) -> Table:
    """Each channel's deliveries and the time until they were live."""
    return Table(
        "Saluran",
        "Pengiriman per saluran",
        (
            Column("Saluran", Kind.TEXT, 14),
            Column("Rencana", Kind.COUNT, 9, Where.PAGE),
            Column("Direncanakan", Kind.COUNT, 8, Where.SHEET),
            Column("Berhasil", Kind.TEXT, 16, Where.PAGE),
            Column("Tayang", Kind.COUNT, 8, Where.SHEET),
            Column("Bagian tayang", Kind.SHARE, 8, Where.SHEET),
            Column("Ditolak", Kind.COUNT, 8),
            Column("Belum selesai", Kind.COUNT, 8),
            Column("Sempat tidak pasti", Kind.COUNT, 10),
            Column("Median sampai tayang", Kind.MINUTES, 13),
            Column("P90", Kind.MINUTES, 11),
            Column("Terlama", Kind.MINUTES, 11),
        ),
        tuple(_channel_row(one) for one in report.channels),
        "Tidak ada pengiriman ke saluran pada periode ini.",
    )


def _channel_row(one: ChannelFigures) -> tuple[Cell, ...]:
    return (
        one.label,
        one.planned,
        one.planned,
        share(one.published, one.planned),
        one.published,
        share_number(one.published, one.planned),
        one.rejected,
        one.waiting,
        one.was_unknown,
        *_spread(one.to_publish),
    )


def engagement(report: MonevReport) -> Table:
    """Reach and reactions by channel, metric and age, with the date of reading."""
    return Table(
        "Keterlibatan",
        "Jangkauan dan keterlibatan",
        (
            Column("Saluran", Kind.TEXT, 16),
            Column("Ukuran", Kind.TEXT, 24),
            Column("Nama di saluran", Kind.CODE, 16, Where.SHEET),
            Column("Umur (hari)", Kind.COUNT, 11),
            Column("Publikasi", Kind.COUNT, 10),
            Column("Jumlah", Kind.COUNT, 12),
            Column("Terakhir dibaca", Kind.MOMENT, 22),
        ),
        tuple(
            (
                channel.label,
                METRICS.get(one.metric, one.metric),
                one.metric,
                one.age_days,
                one.posts,
                one.total,
                one.read_last,
            )
            for channel in report.channels
            for one in channel.engagement
        ),
        "Belum ada angka keterlibatan yang dibaca dari saluran.",
    )


def engagement_by_age(report: MonevReport) -> Table:
    """The same for a page: one row per metric, the ages side by side, posts read in brackets."""
    read = [(channel.label, one) for channel in report.channels for one in channel.engagement]
    ages = sorted({one.age_days for _, one in read})
    found: dict[tuple[str, str], dict[int, Engaged]] = {}
    for label, one in read:
        found.setdefault((label, one.metric), {})[one.age_days] = one
    return Table(
        "",
        "Jangkauan dan keterlibatan menurut umur publikasi (dalam kurung: banyaknya yang dibaca)",
        (
            Column("Saluran", Kind.TEXT, 14),
            Column("Ukuran", Kind.TEXT, 24),
            *(Column(f"{age} hari", Kind.COUNT, max(6, 45 // len(ages))) for age in ages),
            Column("Terakhir dibaca", Kind.MOMENT, 17),
        ),
        tuple(
            (
                label,
                METRICS.get(metric, metric),
                *(_read_at(by_age.get(age)) for age in ages),
                max(one.read_last for one in by_age.values()),
            )
            for (label, metric), by_age in found.items()
        ),
        "Belum ada angka keterlibatan yang dibaca dari saluran.",
    )


def _read_at(one: Engaged | None) -> str | None:
    return None if one is None else f"{count(one.total)} ({count(one.posts)})"


def reminders(report: MonevReport) -> Table:
    """Notifications by kind."""
    figures = report.reminders
    rows = [(REMINDER_KINDS.get(kind, kind), many) for kind, many in figures.by_kind]
    if rows or figures.failed:
        rows.append(("Di antaranya gagal atau tidak pasti terkirim", figures.failed))
    return Table(
        "Pengingat",
        "Pemberitahuan dan pengingat",
        (Column("Jenis", Kind.TEXT, 44), Column("Jumlah", Kind.COUNT, 10)),
        tuple(rows),
        "Tidak ada pemberitahuan pada periode ini.",
    )


def archive(report: MonevReport) -> Table:
    """Bags sealed, lacking and damaged."""
    figures = report.archive
    return Table(
        "Arsip",
        "Paket arsip",
        (
            Column("Hal", Kind.TEXT, 32),
            Column("Jumlah", Kind.COUNT, 10),
            Column("Keterangan", Kind.TEXT, 58),
        ),
        (
            ("Paket arsip disegel", figures.sealed, ""),
            ("Tayang tanpa paket arsip", len(figures.missing), _short(figures.missing)),
            ("Paket diperiksa keutuhannya", figures.checked, _last(figures.checked_at)),
            ("Paket yang rusak", len(figures.damaged), _short(figures.damaged)),
        ),
    )


def _last(checked_at: datetime | None) -> str:
    return f"terakhir {short_moment(checked_at)}" if checked_at else "belum pernah"


def _short(references: tuple[str, ...], limit: int = 40) -> str:
    more = f" … dan {len(references) - limit} lainnya" if len(references) > limit else ""
    return ", ".join(references[:limit]) + more


def notes(report: MonevReport) -> Table:
    """What was noted at step 8 of each publication."""
    return Table(
        "Catatan monev",
        "Catatan monev per publikasi",
        (
            REFERENCE,
            Column("Judul", Kind.TEXT, 32),
            Column("Tayang", Kind.MOMENT, 16),
            Column("Catatan", Kind.TEXT, 42),
        ),
        tuple((one.reference, one.title, one.published_at, one.note) for one in report.notes),
        "Tidak ada catatan monev pada periode ini.",
    )


def tables(report: MonevReport) -> tuple[Table, ...]:
    """All tables of the report, whole, in its order."""
    makers = (
        steps,
        rejections,
        ended,
        lead_time,
        limits,
        control_chart,
        open_items,
        weeks,
        channels,
        engagement,
        reminders,
        archive,
        notes,
    )
    return tuple(make(report) for make in makers)
