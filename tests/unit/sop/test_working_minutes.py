"""Counting many spans at once gives what counting each of them gives."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sop.calendar import OfficeCalendar
from sop.working_minutes import working_seconds

CALENDAR = OfficeCalendar.load()
# With Ramadan, Lebaran, cuti bersama, and years that nobody has listed yet.
INSTANTS = st.integers(1_734_652_800, 1_833_000_000).map(
    lambda one: datetime.fromtimestamp(one, UTC)
)
SPANS = st.lists(st.tuples(INSTANTS, INSTANTS), min_size=1, max_size=20)


def in_seconds(instants: list[datetime]) -> np.ndarray:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return np.array([(one - epoch).total_seconds() // 1 for one in instants], dtype=np.int64)


@settings(deadline=None)
@given(SPANS)
def test_many_spans_at_once_are_counted_as_one_by_one(
    spans: list[tuple[datetime, datetime]],
) -> None:
    starts, ends = in_seconds([one for one, _ in spans]), in_seconds([one for _, one in spans])
    one_by_one = [CALENDAR.seconds_between(start, end) for start, end in spans]
    assert working_seconds(CALENDAR, starts, ends).tolist() == one_by_one


def test_no_spans_give_no_numbers() -> None:
    nothing = np.array([], dtype=np.int64)
    assert working_seconds(CALENDAR, nothing, nothing).tolist() == []


def test_a_friday_break_and_a_weekend_are_left_out() -> None:
    # Friday 20 November 2026 11.00 WIB to Monday 08.00: 30 min + 3 h 30 min + 30 min.
    start = in_seconds([datetime(2026, 11, 20, 4, 0, tzinfo=UTC)])
    end = in_seconds([datetime(2026, 11, 23, 1, 0, tzinfo=UTC)])
    assert working_seconds(CALENDAR, start, end).tolist() == [4 * 3600 + 30 * 60]
