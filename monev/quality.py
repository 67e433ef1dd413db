"""What a reader must know about the data before trusting the figures, in Indonesian."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from monev.judging import steps_of
from monev.metric_names import METRICS
from monev.model import FEWEST_JUDGED, SMALL_SAMPLE, MonevReport
from monev.rows import WHOLE_POST, Rows, Span, midnight_after
from sop.calendar import OfficeCalendar
from sop.indonesian import number, short_moment
from sop.model import Sop


def quality_notes(
    report: MonevReport,
    rows: Rows,
    rounds: pl.DataFrame,
    sops: Mapping[str, Sop],
    calendar: OfficeCalendar,
    span: Span,
) -> tuple[str, ...]:
    """One sentence for each thing that may mislead; empty when there is nothing to say."""
    return (
        *_calendar(rows, calendar, span),
        *_samples(report),
        *_clock(rounds),
        *_sops(rows, rounds, sops),
        *_without_standard(report, rounds),
        *_publishing(rounds),
        *_reading(report, rows),
        *_record(report, rows, calendar, span),
    )


def _calendar(rows: Rows, calendar: OfficeCalendar, span: Span) -> Iterator[str]:
    begun = rows.publications["created_at"].dt.convert_time_zone(calendar.zone.key).dt.year()
    first, last = (one.astimezone(calendar.zone).year for one in (span.start, span.end))
    years = range(min([first, *begun.unique()]), last + 1)
    unknown = calendar.years_without_cuti_bersama(years)
    if unknown:
        named = ", ".join(map(str, unknown))
        yield (
            f"Cuti bersama tahun {named} belum diketahui, jadi menit kerja pada tahun itu dapat "
            "terhitung terlalu banyak. Tulis harinya di berkas kalender kantor."
        )


def _samples(report: MonevReport) -> Iterator[str]:
    small = [step.no for step in report.steps if 0 < step.time.n < SMALL_SAMPLE]
    if small:
        yield (
            f"Contoh kecil: langkah {_listed(small)} mempunyai kurang dari {SMALL_SAMPLE} putaran, "
            "jadi disajikan sebagai jumlah, bukan persen, dan tanpa P90."
        )
    points = len(report.xmr.points)
    if points and not report.xmr.is_judged:
        yield (
            f"Hanya {points} publikasi yang tayang pada periode ini, terlalu sedikit untuk menilai "
            f"naik turunnya waktu; bagan kendali memerlukan sedikitnya {FEWEST_JUDGED}."
        )


def _clock(rounds: pl.DataFrame) -> Iterator[str]:
    backwards = int((rounds["closed_at"] < rounds["opened_at"]).sum())
    if backwards:
        yield (
            f"{number(backwards)} putaran tercatat selesai sebelum dimulai: jam komputer pernah "
            "mundur. Lamanya tidak dapat dipercaya; periksa penyelarasan waktu (NTP)."
        )


def _sops(rows: Rows, rounds: pl.DataFrame, sops: Mapping[str, Sop]) -> Iterator[str]:
    unknown = int((~rows.publications["sop"].is_in(list(sops))).sum())
    if unknown:
        yield (
            f"{number(unknown)} publikasi memakai teks SOP yang tidak dikenal atau diimpor; "
            "baku waktunya tidak dapat dinilai."
        )
    ran = rounds.select(pl.col("sop", "step_no").filter("in_period")).unique()
    used = ran.join(
        steps_of(sops).with_columns(pl.col("sop").cast(ran["sop"].dtype)), on=["sop", "step_no"]
    )
    judged = used.group_by("step_no").agg(
        standards=pl.col("standard").n_unique(), kinds=pl.col("kind").n_unique()
    )
    differing = judged.filter(pl.col("standards") > 1)["step_no"].sort().to_list()
    if differing:
        yield (
            f"Langkah {_listed(differing)} dijalankan menurut lebih dari satu revisi SOP dengan "
            "baku waktu berbeda; tiap putaran dinilai dengan baku revisinya sendiri."
        )
    mixed = judged.filter(pl.col("kinds") > 1)["step_no"].sort().to_list()
    if mixed:
        yield (
            f"Nomor langkah {_listed(mixed)} berarti pekerjaan yang berbeda di revisi SOP yang "
            "berbeda; bacalah angkanya dengan hati-hati."
        )


def _without_standard(report: MonevReport, rounds: pl.DataFrame) -> Iterator[str]:
    """Rounds of a step that has a standard today, and had none when they were done."""
    is_bare = pl.col("in_period") & pl.col("kind").is_not_null() & pl.col("standard").is_null()
    bare = rounds.select(pl.col("step_no").filter(is_bare)).to_series()
    counted = dict(bare.value_counts().iter_rows())
    for step in report.steps:
        many = counted.get(step.no, 0)
        if many and step.standard is not None:
            yield (
                f"{number(many)} putaran langkah {step.no} tidak dinilai karena revisi SOP-nya "
                "tidak menetapkan baku waktu."
            )


def _publishing(rounds: pl.DataFrame) -> Iterator[str]:
    postponed = int(rounds.select((pl.col("in_period") & pl.col("postponed")).sum()).item())
    if postponed:
        yield (
            f"{number(postponed)} publikasi dijadwalkan tayang kemudian; waktu menunggu jadwal "
            "tidak dihitung pada langkah unggah, tetapi terhitung pada waktu tempuh."
        )


def _reading(report: MonevReport, rows: Rows) -> Iterator[str]:
    unread = rows.metrics_due - rows.metrics_read
    if unread > 0:
        yield (
            f"Jangkauan {number(unread)} dari {number(rows.metrics_due)} kiriman belum dibaca; "
            "angka keterlibatan belum lengkap."
        )
    silent = dict(
        rows.missing_metrics.filter(pl.col("metric") == WHOLE_POST)
        .select("channel", "posts")
        .iter_rows()
    )
    for channel in report.channels:
        if channel.missing_metrics:
            named = [METRICS.get(name, name) for name in channel.missing_metrics]
            yield (
                f"{channel.label} tidak memberikan {_listed(list(dict.fromkeys(named)))}; "
                "angka itu tidak dilaporkan."
            )
        if many := silent.get(channel.channel):
            yield (
                f"{number(many)} kiriman di {channel.label} tidak memberi angka sama sekali, "
                "misalnya karena sudah dihapus di sana."
            )


def _record(report: MonevReport, rows: Rows, calendar: OfficeCalendar, span: Span) -> Iterator[str]:
    rehearsed = int(rows.publications["rehearsal"].sum())
    if rehearsed:
        yield (
            f"{number(rehearsed)} publikasi adalah gladi (latihan), jadi laporan ini bukan laporan "
            "kinerja."
        )
    if report.seal is None:
        yield "Catatan belum pernah disegel; jalankan alur segel agar laporan dapat diperiksa."
    if report.archive.checked_at is None:
        yield "Keutuhan paket arsip belum pernah diperiksa."
    if report.period.as_of < midnight_after(report.period.last_day, calendar.zone):
        yield (
            f"Periode belum berakhir ketika laporan dibuat ({short_moment(span.end)}); angkanya "
            "masih akan bertambah."
        )


def _listed(items: Sequence[int | str]) -> str:
    """ "7", "7 dan 8", "7, 8, dan 9"."""
    shown = [str(one) for one in items]
    if len(shown) < 3:
        return " dan ".join(shown)
    return f"{', '.join(shown[:-1])}, dan {shown[-1]}"
