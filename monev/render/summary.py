"""The report in sentences: what happened, and what asks for the head's decision."""

from __future__ import annotations

from collections.abc import Iterator

from monev.metric_names import METRICS
from monev.model import FEWEST_JUDGED, SMALL_SAMPLE, MonevReport, StepFigures
from monev.render.wording import (
    count,
    duration,
    elapsed,
    enumerated,
    one_line,
    percent,
    share,
    working,
)
from sop.indonesian import day, moment

LARGE_EXCESS = 0.4
# Whoever reads of nine of ten thinks of as many.
FEWEST_TENTHS = 10


def is_empty(report: MonevReport) -> bool:
    """Whether nothing at all was begun, published or left open."""
    counts = report.counts
    return not any(
        (
            counts.begun,
            counts.published,
            counts.open,
            counts.rejected,
            counts.cancelled,
            counts.withdrawn,
            any(step.time.n for step in report.steps),
        )
    )


def within_standard(report: MonevReport) -> tuple[int, int]:
    """Rounds within their standard, and rounds that have one, over all steps."""
    judged = [step for step in report.steps if step.within is not None]
    return sum(step.within or 0 for step in judged), sum(step.judged for step in judged)


def bottleneck(report: MonevReport) -> StepFigures | None:
    """The step with the largest part of all time over the standards."""
    return next((step for step in report.steps if step.no == report.bottleneck), None)


def summary(report: MonevReport) -> tuple[str, ...]:
    """Half a page, in sentences, before any table."""
    if is_empty(report):
        return ("Tidak ada publikasi pada periode ini.",)
    parts = (_counted(report), _judged(report), _slowest(report), _lead(report), _returned(report))
    return tuple(part for part in parts if part)


def _counted(report: MonevReport) -> str:
    counts = report.counts
    otherwise = [
        f"{count(many)} {what}"
        for many, what in (
            (counts.rejected, "ditolak"),
            (counts.cancelled, "dibatalkan"),
            (counts.withdrawn, "ditarik kembali"),
        )
        if many
    ]
    # The section after that of what was returned, wherever there is one.
    why = "; alasannya di bagian 3" if report.ended else ""
    ended = f" Selain itu {enumerated(otherwise)}{why}." if otherwise else ""
    left = f"masih terbuka {count(counts.open)}" if counts.open else "tidak ada yang masih terbuka"
    return (
        f"Pada periode ini {count(counts.published)} publikasi tayang dan {count(counts.begun)} "
        f"dimulai; pada akhir periode {left}.{ended}"
    )


def _judged(report: MonevReport) -> str:
    within, judged = within_standard(report)
    if not judged:
        return "Belum ada langkah yang selesai dan dapat dibandingkan dengan baku waktunya."
    if judged < SMALL_SAMPLE:
        return f"Langkah yang selesai dalam baku waktu SOP: {share(within, judged)}."
    return (
        f"{percent(within / judged)} langkah selesai dalam baku waktu SOP, yaitu "
        f"{count(within)} dari {count(judged)} langkah yang mempunyai baku."
    )


def _slowest(report: MonevReport) -> str:
    step = bottleneck(report)
    if step is None or step.excess <= 0:
        judged = within_standard(report)[1]
        return "Tidak ada langkah yang melewati baku waktunya." if judged else ""
    if is_only_late(report, step):
        return (
            f"Satu-satunya langkah yang lewat baku adalah langkah {step.no}, "
            f"{one_line(step.name)}: seluruhnya {working(step.excess)}."
        )
    part = ""
    if step.excess_share is not None and step.time.n >= SMALL_SAMPLE:
        part = f", atau {percent(step.excess_share)} dari kelebihan waktu semua langkah"
    return (
        f"Hambatan terbesar ada di langkah {step.no}, {one_line(step.name)}: seluruhnya "
        f"{working(step.excess)} lewat baku{part}."
    )


def is_only_late(report: MonevReport, step: StepFigures) -> bool:
    """Whether no other step took longer than its standard: then there is nothing to compare."""
    return not any(one.excess > 0 for one in report.steps if one.no != step.no)


def _lead(report: MonevReport) -> str:
    spread, calendar = report.lead_time.working, report.lead_time.calendar_hours
    if not spread.n:
        return ""
    if spread.n == 1:
        return (
            f"Publikasi yang tayang memerlukan {working(spread.maximum)} sejak langkah 1 dibuka "
            f"({elapsed(calendar.maximum)} menurut kalender)."
        )
    if spread.n < SMALL_SAMPLE:
        return (
            f"Waktu terlama dari langkah 1 sampai tayang adalah {working(spread.maximum)} "
            f"({elapsed(calendar.maximum)} menurut kalender)."
        )
    nine_of_ten = (
        f"sembilan dari sepuluh paling lama {working(spread.p90)}"
        if spread.n >= FEWEST_TENTHS
        else f"yang terlama {working(spread.maximum)}"
    )
    return (
        f"Separuh publikasi tayang paling lama {working(spread.median)} sesudah langkah 1 dibuka "
        f"({elapsed(calendar.median)} menurut kalender), dan {nine_of_ten}."
    )


def _returned(report: MonevReport) -> str:
    many = len(report.rejections)
    if not many:
        return "Tidak ada naskah yang dikembalikan." if report.counts.published else ""
    return f"Naskah dikembalikan untuk diperbaiki {count(many)} kali; alasannya di bagian 2."


def for_the_head(report: MonevReport) -> tuple[str, ...]:
    """What asks for the head's decision or attention; empty when nothing does."""
    makers = (_overdue, _excess, _signals, _channels, _bags, _pictures, _notifications, _sealless)
    return tuple(sentence for make in makers for sentence in make(report))


def _overdue(report: MonevReport) -> Iterator[str]:
    late = [one for one in report.open_items if (one.overdue or 0) > 0]
    if not late:
        return
    worst = max(late, key=lambda one: one.overdue or 0)
    which = ":" if len(late) == 1 else ". Yang terlama:"
    yield (
        f"{count(len(late))} publikasi terbuka sudah lewat baku{which} "
        f"{one_line(worst.reference)} di langkah {worst.step_no}, ditangani "
        f"{one_line(worst.owner)}, lewat {working(worst.overdue)}. Mohon diselesaikan atau "
        "ditunjuk pengganti pelaksananya."
    )


def _excess(report: MonevReport) -> Iterator[str]:
    step = bottleneck(report)
    if step is None or (step.excess_share or 0) < LARGE_EXCESS or step.time.n < SMALL_SAMPLE:
        return
    named = f"langkah {step.no} ({one_line(step.name)})"
    if is_only_late(report, step):
        found = f"Hanya {named} yang melewati bakunya."
    else:
        found = f"L{named[1:]} menyumbang {percent(step.excess_share or 0)} kelebihan waktu."
    yield f"{found} Pertimbangkan menambah pelaksana, atau meninjau baku waktunya."


def _signals(report: MonevReport) -> Iterator[str]:
    many = len(report.xmr.signals)
    if many and report.xmr.is_judged:
        yield (
            f"{count(many)} titik pada bagan kendali bertanda: waktunya bukan naik turun yang "
            "biasa. Minta Tim PPID mencari sebabnya."
        )


def _channels(report: MonevReport) -> Iterator[str]:
    for channel in report.channels:
        label = one_line(channel.label)
        if channel.waiting:
            yield (
                f"{count(channel.waiting)} pengiriman ke {label} belum selesai. Minta petugas "
                "unggah memeriksanya di saluran itu."
            )
        if channel.rejected:
            yield (
                f"{count(channel.rejected)} pengiriman ditolak oleh {label}. Tentukan apakah "
                "dikirim lagi atau saluran itu dilewati."
            )


def _bags(report: MonevReport) -> Iterator[str]:
    if damaged := report.archive.damaged:
        yield (
            f"Paket arsip {enumerated([one_line(one) for one in damaged])} tidak utuh lagi. "
            "Pulihkan dari cadangan dan cari sebabnya."
        )
    if missing := report.archive.missing:
        yield (
            f"{count(len(missing))} publikasi sudah tayang tetapi belum mempunyai paket arsip "
            f"({enumerated([one_line(one) for one in missing])}). Minta Tim PPID menyelesaikan "
            "langkah 8."
        )


def _pictures(report: MonevReport) -> Iterator[str]:
    lacking = report.pictures - report.pictures_with_alt
    if lacking > 0:
        yield (
            f"{count(lacking)} dari {count(report.pictures)} gambar tayang tanpa teks alternatif, "
            "sehingga tidak terbaca oleh tunanetra. Minta penulis melengkapinya."
        )


def _notifications(report: MonevReport) -> Iterator[str]:
    if report.reminders.failed:
        yield (
            f"{count(report.reminders.failed)} pemberitahuan gagal atau tidak pasti terkirim. "
            "Minta administrator memeriksa alamat pemberitahuan dengan “siar doctor”."
        )


def _sealless(report: MonevReport) -> Iterator[str]:
    if report.seal is None and not is_empty(report):
        yield "Catatan belum bersegel. Minta administrator memastikan alur segel harian berjalan."


def lead_sentence(report: MonevReport) -> str:
    """What the control chart says, for a reader who knows no such charts."""
    xmr = report.xmr
    if not xmr.is_judged:
        return (
            f"Baru {count(len(xmr.points))} publikasi yang tayang, terlalu sedikit untuk menilai "
            f"naik turunnya waktu. Bagan kendali memerlukan sedikitnya {FEWEST_JUDGED}."
        )
    marked = len(xmr.signals)
    found = (
        f"{count(marked)} titik bertanda karena di luar batas atau bagian dari delapan titik "
        "berturut-turut di satu sisi rata-rata."
        if marked
        else "Tidak ada titik di luar batas: naik turunnya masih wajar."
    )
    return (
        f"Rata-rata {working(xmr.mean)}; batas kendali {duration(xmr.lower)} sampai "
        f"{working(xmr.upper)}. {found}"
    )


def reminder_sentence(report: MonevReport) -> str:
    """How many notifications, how many to the head."""
    total = sum(many for _, many in report.reminders.by_kind)
    if not total:
        return "Tidak ada pemberitahuan pada periode ini."
    escalated = report.reminders.escalated
    to_head = f"{count(escalated)} di antaranya" if escalated else "tidak ada yang"
    return f"Ada {count(total)} pemberitahuan; {to_head} diteruskan kepada Kepala."


def alt_sentence(report: MonevReport) -> str:
    """The share of pictures that have an alt text."""
    if not report.pictures:
        return "Tidak ada gambar yang tayang pada periode ini."
    return (
        "Gambar yang mempunyai teks alternatif: "
        f"{share(report.pictures_with_alt, report.pictures)}."
    )


def fixity_sentence(report: MonevReport) -> str:
    """When the bags were last checked and what was found."""
    figures = report.archive
    if figures.checked_at is None:
        return "Keutuhan paket arsip belum pernah diperiksa."
    found = f"{count(len(figures.damaged))} tidak utuh lagi" if figures.damaged else "semuanya utuh"
    return (
        f"Keutuhan {count(figures.checked)} paket arsip terakhir diperiksa "
        f"{moment(figures.checked_at)}: {found}."
    )


def seal_sentence(report: MonevReport) -> str:
    """What the seal covers and how to check it."""
    if report.seal is None:
        return "Belum ada segel harian, sehingga catatan ini belum dapat diuji oleh pihak lain."
    return (
        f"Segel harian nomor {count(report.seal.number)}, {day(report.seal.day)}, mengunci "
        f"{count(report.seal.chains)} rantai catatan. Siapa pun dapat mengujinya: “siar verify” "
        "menghitung ulang setiap segel dari catatannya, dan sidik segel nomor itu harus sama "
        "dengan sidik di bawah ini. Bila sama, tidak ada catatan sampai hari itu yang berubah."
    )


def missing_metrics_sentence(report: MonevReport) -> str:
    """Which metrics a channel no longer gives."""
    gone = [
        f"{one_line(one.label)}: {enumerated([_metric(name) for name in one.missing_metrics], 6)}"
        for one in report.channels
        if one.missing_metrics
    ]
    return f"Tidak diberikan oleh saluran: {'; '.join(gone)}." if gone else ""


def _metric(name: str) -> str:
    return METRICS.get(name, one_line(name))
