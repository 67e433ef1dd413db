"""How staff read dates, durations and numbers: Indonesian, in WIB."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

WIB = ZoneInfo("Asia/Jakarta")
LOCALE = "id_ID"


def moment(at: datetime) -> str:
    """An instant as "Senin, 23 November 2026 13.05 WIB"; naive values are refused."""
    if at.tzinfo is None:
        raise ValueError("waktu tanpa zona tidak dapat ditampilkan")
    return format_datetime(at.astimezone(WIB), "EEEE, d MMMM y HH.mm", locale=LOCALE) + " WIB"


def short_moment(at: datetime) -> str:
    """An instant as "23 Nov 2026 13.05 WIB"."""
    return format_datetime(at.astimezone(WIB), "d MMM y HH.mm", locale=LOCALE) + " WIB"


def day(value: date) -> str:
    """A day as "23 November 2026"."""
    return format_date(value, "d MMMM y", locale=LOCALE)


def today(at: datetime) -> date:
    """The day in WIB on which this instant falls."""
    return at.astimezone(WIB).date()


def number(value: float | int) -> str:
    """1234567.5 as "1.234.567,5"; one decimal at most."""
    return str(format_decimal(value, "#,##0.#", locale=LOCALE))


def minutes(value: float | int) -> str:
    """Working minutes as "1 jam 15 menit kerja"."""
    whole = round(value)
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest} menit kerja"
    return f"{hours} jam kerja" if not rest else f"{hours} jam {rest} menit kerja"


# What a person can mean by a year; arithmetic over zones fails at both ends of time.
_YEARS = range(1900, 3000)


def as_utc(at: datetime) -> datetime | None:
    """The moment in UTC; None in years that nobody means, where other zones have no day for it."""
    return at.astimezone(UTC) if at.year in _YEARS else None


def parse_moment(text: str) -> datetime | None:
    """Read what staff type for a time in WIB; None when it cannot be read.

    Taken: "2026-12-01 09:00", "2026-12-01T09.00", "1/12/2026 9:00", "01-12-2026 09.00",
    each with or without seconds and "WIB". The answer is UTC; for its years see `as_utc`.
    """
    cleaned = text.replace("WIB", "").replace("wib", "").replace("T", " ").strip()
    date_part, _, clock = cleaned.partition(" ")
    clock = clock.strip().replace(".", ":") or "00:00"
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        for clock_pattern in ("%H:%M", "%H:%M:%S"):
            try:
                local = datetime.strptime(  # noqa: DTZ007
                    f"{date_part} {clock}", f"{pattern} {clock_pattern}"
                )
            except ValueError:
                continue
            return as_utc(local.replace(tzinfo=WIB))
    return None
