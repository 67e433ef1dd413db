"""How the figures of a report are said: durations, shares, periods, in plain Indonesian."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from monev.model import SMALL_SAMPLE, Period
from sop.indonesian import LOCALE, day, number
from sop.markup import clean_text

NOTHING = "–"
NO_STANDARD = "tanpa baku"
SHORT_MINUTES = 10
LONG_HOURS = 72
_WORD = re.compile(r"\S{20,}")
_PIECE = re.compile(r"(\S{8})(?=\S)")

REMINDER_KINDS = {
    "formulir-terbuka": "Formulir dibuka untuk peran",
    "80-persen": "Baku waktu terpakai 80%",
    "baku-habis": "Baku waktu habis",
    "harian": "Pengingat harian sesudah baku habis",
    "eskalasi": "Eskalasi ke Kepala",
    "tayang": "Publikasi tayang",
    "perlu-orang": "Saluran memerlukan orang",
}


def one_line(text: str) -> str:
    """What a person typed as one line that any form can hold.

    Control characters, marks that turn the direction of reading and halves of
    characters are left out; emoji and foreign letters stay.
    """
    flat = " ".join(clean_text(text).split())
    if flat.isprintable():
        return flat
    return "".join(letter for letter in flat if _is_legible(letter))


def _is_legible(letter: str) -> bool:
    # XML, and so a workbook, cannot hold the last two code points of a plane.
    return unicodedata.category(letter) not in {"Cc", "Cs"} and ord(letter) & 0xFFFE != 0xFFFE


def breakable(text: str, longest: int = 24) -> str:
    """Text whose words longer than `longest` may be broken, so that they stay in their column."""
    return _WORD.sub(
        lambda match: _PIECE.sub("\\1\u200b", match[0]) if len(match[0]) > longest else match[0],
        text,
    )


def shortened(text: str, most: int) -> str:
    """One line of at most `most` letters, cut with an ellipsis."""
    flat = one_line(text)
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def duration(value: float | None) -> str:
    """Minutes as "1 jam 25 menit"; below ten minutes with one decimal, "4,5 menit"."""
    if value is None:
        return NOTHING
    if value < SHORT_MINUTES:
        return f"{number(round(value, 1))} menit"
    hours, rest = divmod(round(value), 60)
    if not hours:
        return f"{rest} menit"
    whole = format_decimal(hours, locale=LOCALE)
    return f"{whole} jam" if not rest else f"{whole} jam {rest} menit"


def brief_duration(value: float) -> str:
    """Minutes as a table has room for: "1 jam 25 mnt", broken only between hour and minute."""
    tied = duration(value).replace("menit", "mnt").replace(" ", "\u00a0")
    return tied.replace("jam\u00a0", "jam ")


def working(value: float | None) -> str:
    """Working minutes in a sentence: "1 jam 25 menit kerja"."""
    return NOTHING if value is None else f"{duration(value)} kerja"


def elapsed(hours: float | None) -> str:
    """Hours of the calendar: "30 jam", from three days on "4 hari 6 jam"."""
    if hours is None:
        return NOTHING
    if hours < LONG_HOURS:
        return duration(hours * 60)
    days, rest = divmod(round(hours), 24)
    whole = f"{format_decimal(days, locale=LOCALE)} hari"
    return f"{whole} {rest} jam" if rest else whole


def count(value: int) -> str:
    """1234 as "1.234"."""
    return str(format_decimal(value, locale=LOCALE))


def percent(part: float) -> str:
    """0.824 as "82,4%"."""
    return str(format_percent(part, "#,##0.#%", locale=LOCALE))


def share(part: int | None, whole: int) -> str:
    """ "82,4% (41 dari 50)"; below five only "3 dari 4"; without a standard it says so."""
    if part is None:
        return NO_STANDARD
    if whole == 0:
        return NOTHING
    counted = f"{count(part)} dari {count(whole)}"
    return counted if whole < SMALL_SAMPLE else f"{percent(part / whole)} ({counted})"


def share_number(part: int | None, whole: int) -> float | None:
    """The share as a number for a sheet; None where a share would mislead."""
    return None if part is None or whole < SMALL_SAMPLE else part / whole


def enumerated(items: Sequence[str], limit: int = 3) -> str:
    """ "A, B, dan C"; after `limit` items "A, B, C, dan 4 lainnya"."""
    shown = list(items[:limit])
    if len(items) > limit:
        shown.append(f"{count(len(items) - limit)} lainnya")
    if len(shown) < 3:
        return " dan ".join(shown)
    return ", ".join(shown[:-1]) + f", dan {shown[-1]}"


def days_of(period: Period) -> str:
    """ "16–22 November 2026", each part told once."""
    first, last = period.first_day, period.last_day
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    if first.year == last.year:
        return f"{format_date(first, 'd MMMM', locale=LOCALE)} – {day(last)}"
    return f"{day(first)} – {day(last)}"


def period_title(period: Period) -> str:
    """ "Bulan November 2026", "Minggu 16–22 November 2026" or "Periode …"."""
    if period.kind == "bulanan" and _is_month(period):
        return f"Bulan {format_date(period.first_day, 'MMMM y', locale=LOCALE)}"
    if period.kind == "mingguan":
        return f"Minggu {days_of(period)}"
    return f"Periode {days_of(period)}"


def _is_month(period: Period) -> bool:
    first, following = period.first_day, period.last_day + timedelta(days=1)
    return first.day == 1 and following.day == 1 and (following - first).days <= 31
