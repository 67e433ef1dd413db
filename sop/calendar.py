"""Working time: how long a step took, and when its standard ends.

Time is judged by the office's hours (`sop/data/kalender.toml` and the office's
own file), national holidays and cuti bersama (the `holidays` library), in the
office's zone. Instants go in and come out aware of their zone; results are UTC.
Inside, everything is whole seconds, so that durations add up exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sop.errors import CalendarError, Problem
from sop.office_hours import OfficeHours, Periods, read_office_hours

__all__ = ["CalendarError", "OfficeCalendar", "OfficeDay"]

DEFAULT_FILE = Path(__file__).parent / "data" / "kalender.toml"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
# A calendar without a working day in this many days is a mistake, not a holiday.
_LONGEST_STANDSTILL = 1000
_COLLECTIVE_LEAVE = "cuti bersama"
# The library's names for cuti bersama and for national holidays.
_GOVERNMENT, _PUBLIC = _CATEGORIES = ("government", "public")


@dataclass(frozen=True, slots=True)
class OfficeDay:
    """One day: its working periods (seconds since midnight) and why they are unusual."""

    day: date
    periods: Periods
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Worked:
    """The working periods of one day as seconds since 1970, and their sum."""

    periods: Periods
    seconds: int


class OfficeCalendar:
    """Counts working time. Days are looked up once and remembered."""

    def __init__(self, hours: OfficeHours) -> None:
        self._hours = hours
        self._worked: dict[date, _Worked] = {}
        self._holidays: dict[int, dict[date, str]] = {}

    @classmethod
    def load(cls, path: Path = DEFAULT_FILE, override: Path | None = None) -> OfficeCalendar:
        """The calendar in `path` with the office's own file over it.

        `CalendarError` lists every mistake of both files in Indonesian.
        """
        return cls(read_office_hours(path, override))

    def is_working(self, at: datetime) -> bool:
        """Whether the office works at this instant; a period ends just before its last minute."""
        second = _second_of(at)
        return any(
            start <= second < end for start, end in self._work_on(self._local_day(at)).periods
        )

    def seconds_between(self, start: datetime, end: datetime) -> int:
        """Working seconds from `start` to `end`; negative when `end` is earlier."""
        first, last = _second_of(start), _second_of(end)
        if last < first:
            return -self.seconds_between(end, start)
        day, last_day = self._local_day(start), self._local_day(end)
        if day == last_day:
            return self._within(day, first, last)
        seconds = self._within(day, first, last) + self._within(last_day, first, last)
        day += _DAY
        while day < last_day:
            seconds += self._work_on(day).seconds
            day += _DAY
        return seconds

    def minutes_between(self, start: datetime, end: datetime) -> float:
        """Working minutes from `start` to `end`; whole seconds over 60, never rounded before."""
        return self.seconds_between(start, end) / 60

    def deadline(self, start: datetime, minutes: float) -> datetime:
        """The earliest instant (UTC) by which this many working minutes have passed.

        A standard that ends with the working day ends that day, not the next morning.
        """
        if not (math.isfinite(minutes) and minutes >= 0):
            raise ValueError(f"minutes must be a number from 0, not {minutes}")
        remaining = round(minutes * 60)
        second = _second_of(start)
        if remaining == 0:
            return _instant(second)
        day = self._local_day(start)
        standstill = 0
        while standstill < _LONGEST_STANDSTILL:
            work = self._work_on(day)
            left_today = sum(max(0, end - max(begin, second)) for begin, end in work.periods)
            if remaining <= left_today:
                return _instant(_after(work.periods, second, remaining))
            remaining -= left_today
            standstill = 0 if work.seconds else standstill + 1
            day += _DAY
        raise CalendarError(
            [
                Problem(
                    "kalender",
                    "",
                    f"Tidak ada cukup hari kerja sesudah {self._local_day(start).isoformat()}.",
                    "Periksa jam kerja dan hari libur di berkas kalender.",
                )
            ]
        )

    def on(self, day: date) -> OfficeDay:
        """What the calendar says of one day, with the reason where it is no usual day."""
        hours = self._hours
        ramadan = any(one.first <= day <= one.last for one in hours.ramadans)
        usual = (hours.ramadan_week if ramadan else hours.week)[day.weekday()]
        if day in hours.worked:
            return OfficeDay(day, hours.worked[day] or usual, "Hari kerja tambahan")
        if day in hours.days_off:
            return OfficeDay(day, (), hours.days_off[day])
        holiday = self._holidays_of(day.year).get(day)
        if holiday is not None:
            return OfficeDay(day, (), holiday)
        return OfficeDay(day, usual, "Ramadan" if ramadan else "")

    def periods_on(self, day: date) -> Periods:
        """The working periods of one day as whole seconds since 1970 (UTC), half open, in order."""
        return self._work_on(day).periods

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose days the office counts."""
        return self._hours.zone

    def years_without_cuti_bersama(self, years: Iterable[int]) -> tuple[int, ...]:
        """Those of `years` whose cuti bersama nobody has listed yet, so counts may be off.

        The government names them some months ahead; until the library knows them, the
        office's file may list days off with "cuti bersama" in their keterangan.
        """
        if not self._hours.collective_leave:
            return ()
        named = {
            day.year
            for day, why in self._hours.days_off.items()
            if _COLLECTIVE_LEAVE in why.lower()
        }
        return tuple(year for year in years if year not in named and not _listed(year, _GOVERNMENT))

    def _local_day(self, at: datetime) -> date:
        return at.astimezone(self._hours.zone).date()

    def _within(self, day: date, first: int, last: int) -> int:
        return sum(
            max(0, min(end, last) - max(start, first)) for start, end in self._work_on(day).periods
        )

    def _work_on(self, day: date) -> _Worked:
        known = self._worked.get(day)
        if known is None:
            midnight = datetime.combine(day, time(), tzinfo=self._hours.zone)
            periods = tuple(
                (
                    _second_of(midnight + start * _SECOND),
                    _second_of(midnight + end * _SECOND),
                )
                for start, end in self.on(day).periods
            )
            known = _Worked(periods, sum(end - start for start, end in periods))
            self._worked[day] = known
        return known

    def _holidays_of(self, year: int) -> dict[date, str]:
        if year not in self._holidays:
            days: dict[date, str] = {}
            if self._hours.collective_leave:
                days.update(_listed(year, _GOVERNMENT))
            if self._hours.national_holidays:
                days.update(_listed(year, _PUBLIC))
            self._holidays[year] = days
        return self._holidays[year]


def learn_holidays(years: Iterable[int]) -> None:
    """Look these years' holidays up ahead, for a process whose forks are to know them already."""
    for year in years:
        for category in _CATEGORIES:
            _listed(year, category)


@cache
def _listed(year: int, category: str) -> Mapping[date, str]:
    # Imported on first use: the library takes longer to import than this whole room.
    from holidays import country_holidays

    return dict(country_holidays("ID", years=year, categories=(category,), language="id"))


def _second_of(at: datetime) -> int:
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError("working time needs an instant with a time zone, not a naive datetime")
    return (at - _EPOCH) // _SECOND


def _instant(second: int) -> datetime:
    return _EPOCH + timedelta(seconds=second)


def _after(periods: Periods, second: int, remaining: int) -> int:
    """The second at which `remaining` working seconds after `second` have passed, this day."""
    for start, end in periods:
        begin = max(start, second)
        if begin < end:
            if remaining <= end - begin:
                return begin + remaining
            remaining -= end - begin
    raise AssertionError("the day was found long enough before")
