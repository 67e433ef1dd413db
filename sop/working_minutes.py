"""Working time of many spans at once, for reports over a whole record.

The office's working periods become one step-wise sum, in which two positions are
looked up for each span. The numbers are those of `OfficeCalendar.seconds_between`,
to the second, at a cost of nanoseconds each.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sop.calendar import OfficeCalendar

Seconds = NDArray[np.int64]

_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WorkingTime:
    """Working seconds between instants of a range of days, both included."""

    def __init__(self, calendar: OfficeCalendar, first: date, last: date) -> None:
        periods = [
            period
            for offset in range((last - first).days + 1)
            for period in calendar.periods_on(first + offset * _DAY)
        ]
        starts = np.array([start for start, _ in periods], dtype=np.int64)
        lengths = np.array([end - start for start, end in periods], dtype=np.int64)
        # Before the first period stands an empty one, so that every instant has one before it.
        self._starts = np.concatenate([[np.iinfo(np.int64).min // 2], starts])
        self._lengths = np.concatenate([[0], lengths])
        self._before = np.concatenate([[0, 0], np.cumsum(lengths)])[: len(self._starts)]

    @classmethod
    def covering(cls, calendar: OfficeCalendar, *instants: Seconds) -> Self:
        """Working time for all of these instants (seconds since 1970)."""
        known = [one for one in instants if one.size]
        if not known:
            return cls(calendar, _EPOCH.date(), _EPOCH.date())
        first = _EPOCH + timedelta(seconds=int(min(one.min() for one in known)))
        last = _EPOCH + timedelta(seconds=int(max(one.max() for one in known)))
        # A day more on both ends: the office's day is not the day in UTC.
        return cls(calendar, first.date() - _DAY, last.date() + _DAY)

    def seconds_between(self, start: Seconds, end: Seconds) -> Seconds:
        """Working seconds of each span; negative where the end is earlier than the start."""
        return self._elapsed(end) - self._elapsed(start)

    def _elapsed(self, at: Seconds) -> Seconds:
        """Working seconds from the beginning of the range to each instant."""
        index = np.searchsorted(self._starts, at, side="right") - 1
        within = np.minimum(at - self._starts[index], self._lengths[index])
        elapsed: Seconds = self._before[index] + within
        return elapsed


def working_seconds(calendar: OfficeCalendar, start: Seconds, end: Seconds) -> Seconds:
    """Working seconds from each start to its end (whole seconds since 1970)."""
    return WorkingTime.covering(calendar, start, end).seconds_between(start, end)
