"""Working time against the office's hours, published vectors and a slow oracle."""

from __future__ import annotations

import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import run
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop.calendar import CalendarError, OfficeCalendar

WIB = ZoneInfo("Asia/Jakarta")
OFFICE = OfficeCalendar.load()


def wib(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=WIB)


def override(tmp_path: Path, text: str) -> OfficeCalendar:
    path = tmp_path / "kalender-kantor.toml"
    path.write_text(text, encoding="utf-8")
    return OfficeCalendar.load(override=path)


def week_of(tmp_path: Path, **hours: str) -> OfficeCalendar:
    lines = [
        f"{day} = [{hours[day]!r}]" if day in hours else f"{day} = []"
        for day in ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
    ]
    return override(
        tmp_path,
        "libur_nasional = false\ncuti_bersama = false\n[jam_kerja]\n" + "\n".join(lines),
    )


def test_uneven_days_add_up_across_a_day_off(tmp_path: Path) -> None:
    office = week_of(tmp_path, senin="09:00-17:00", selasa="09:00-16:00", kamis="08:00-17:00")
    assert office.deadline(wib(2026, 8, 3, 11), 16 * 60) == wib(2026, 8, 6, 11)


def test_the_end_of_an_afternoon_carries_over_to_the_next_morning() -> None:
    assert OFFICE.deadline(wib(2026, 8, 6, 15, 50), 30) == wib(2026, 8, 7, 7, 50)


@pytest.mark.parametrize(
    ("hours", "start", "minutes", "end"),
    [
        ("09:00-17:00", wib(2026, 8, 7, 17), 480, wib(2026, 8, 10, 17)),
        ("08:00-17:00", wib(2026, 8, 7, 16), 240, wib(2026, 8, 10, 11)),
    ],
)
def test_friday_afternoons_end_on_monday(
    tmp_path: Path, hours: str, start: datetime, minutes: int, end: datetime
) -> None:
    days = dict.fromkeys(("senin", "selasa", "rabu", "kamis", "jumat"), hours)
    assert week_of(tmp_path, **days).deadline(start, minutes) == end


def test_a_standard_that_fills_the_day_ends_that_day() -> None:
    assert OFFICE.deadline(wib(2026, 8, 6, 15), 60) == wib(2026, 8, 6, 16)


def test_a_usual_week_has_37_and_a_half_hours_and_a_ramadan_week_32_and_a_half() -> None:
    assert OFFICE.minutes_between(wib(2026, 7, 6), wib(2026, 7, 13)) == 37.5 * 60
    assert OFFICE.minutes_between(wib(2026, 2, 23), wib(2026, 3, 2)) == 32.5 * 60


def test_breaks_do_not_count() -> None:
    assert OFFICE.minutes_between(wib(2026, 8, 6, 11, 30), wib(2026, 8, 6, 13, 30)) == 60
    assert OFFICE.minutes_between(wib(2026, 8, 7, 11, 30), wib(2026, 8, 7, 13)) == 0


def test_a_period_ends_just_before_its_last_minute() -> None:
    assert OFFICE.is_working(wib(2026, 8, 6, 7, 30))
    assert not OFFICE.is_working(wib(2026, 8, 6, 12))
    assert not OFFICE.is_working(wib(2026, 8, 8, 9))


@pytest.mark.parametrize(
    ("day", "word"),
    [
        (date(2026, 8, 17), "Kemerdekaan"),
        (date(2026, 3, 20), "Cuti Bersama"),
        (date(2026, 12, 24), "Cuti Bersama"),
        (date(2025, 8, 18), "Cuti Bersama"),
        (date(2027, 2, 5), "Cuti Bersama"),
    ],
)
def test_national_holidays_and_cuti_bersama_are_not_worked(day: date, word: str) -> None:
    assert OFFICE.on(day).periods == ()
    assert word in OFFICE.on(day).reason


@pytest.mark.parametrize(
    ("day", "ramadan"),
    [
        (date(2025, 3, 3), True),
        (date(2026, 2, 18), False),
        (date(2026, 2, 19), True),
        (date(2026, 3, 17), True),
        (date(2026, 3, 25), False),
        (date(2027, 2, 8), True),
    ],
)
def test_ramadan_has_its_own_hours_on_the_configured_days_only(day: date, ramadan: bool) -> None:
    assert OFFICE.on(day).periods[0][0] == (8 if ramadan else 7.5) * 3600


def test_the_office_file_takes_days_off_and_adds_working_days(tmp_path: Path) -> None:
    office = override(
        tmp_path,
        """
        [[libur_tambahan]]
        tanggal = 2026-12-09
        sampai = 2026-12-10
        keterangan = "Pemilihan kepala daerah"
        [[hari_kerja_tambahan]]
        tanggal = 2026-12-12
        jam = ["08:00-10:00"]
        [[hari_kerja_tambahan]]
        tanggal = 2026-08-17
        """,
    )
    assert office.on(date(2026, 12, 9)).reason == "Pemilihan kepala daerah"
    assert office.minutes_between(wib(2026, 12, 9), wib(2026, 12, 11)) == 0
    assert office.minutes_between(wib(2026, 12, 12), wib(2026, 12, 13)) == 120
    assert office.minutes_between(wib(2026, 8, 17), wib(2026, 8, 18)) == 450


def test_the_office_file_corrects_one_ramadan_and_keeps_the_others(tmp_path: Path) -> None:
    office = override(
        tmp_path,
        "[[ramadan]]\ntahun_hijriah = 1448\nmulai = 2027-02-09\nselesai = 2027-03-09\n",
    )
    assert office.on(date(2027, 2, 8)).periods[0][0] == 7.5 * 3600
    assert office.on(date(2026, 2, 23)).periods[0][0] == 8 * 3600


def test_years_without_a_list_of_cuti_bersama_are_named(tmp_path: Path) -> None:
    assert OFFICE.years_without_cuti_bersama(range(2025, 2030)) == (2028, 2029)
    office = override(
        tmp_path,
        '[[libur_tambahan]]\ntanggal = 2028-02-25\nketerangan = "Cuti bersama Idulfitri"\n',
    )
    assert office.years_without_cuti_bersama([2028, 2029]) == (2029,)


def test_every_mistake_of_a_calendar_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalendarError) as caught:
        override(
            tmp_path,
            """
            zona = "Asia/Palembang"
            libur_nasionl = true
            [jam_kerja]
            senen = []
            selasa = ["16:00-07:30"]
            rabu = ["07:30-12:00", "11:00-13:00"]
            [[libur_tambahan]]
            tanggal = "2026-12-09"
            [[hari_kerja_tambahan]]
            tanggal = 2026-12-12
            """,
        )
    said = str(caught.value)
    for part in (
        "kalender-kantor.toml",
        "Asia/Palembang",
        'Maksudnya "libur_nasional"?',
        'Maksudnya "senin"?',
        "16:00-07:30",
        "bertumpuk",
        "[[libur_tambahan]] ke-1",
        "2026-12-12 (sabtu)",
    ):
        assert part in said


def test_a_missing_or_unreadable_calendar_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalendarError, match=r"tidak-ada\.toml"):
        OfficeCalendar.load(override=tmp_path / "tidak-ada.toml")
    with pytest.raises(CalendarError, match="tidak dapat dibaca"):
        override(tmp_path, "[jam_kerja")


def test_a_week_without_hours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalendarError, match="Tidak ada satu pun jam kerja"):
        week_of(tmp_path)


def test_a_calendar_that_never_works_again_says_so(tmp_path: Path) -> None:
    rows = "".join(
        f"[[libur_tambahan]]\ntanggal = {year}-01-01\nsampai = {year}-12-31\n"
        for year in range(2026, 2031)
    )
    with pytest.raises(CalendarError, match="Tidak ada cukup hari kerja"):
        override(tmp_path, rows).deadline(wib(2026, 1, 1), 5)


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 8, 6, 9)  # noqa: DTZ001
    with pytest.raises(ValueError, match="naive"):
        OFFICE.is_working(naive)
    with pytest.raises(ValueError, match="naive"):
        OFFICE.deadline(naive, 5)
    with pytest.raises(ValueError, match="naive"):
        OFFICE.minutes_between(naive, wib(2026, 8, 6, 9))


@pytest.mark.parametrize("minutes", [-1, float("nan"), float("inf")])
def test_a_deadline_needs_a_number_of_minutes_from_zero(minutes: float) -> None:
    with pytest.raises(ValueError, match="minutes"):
        OFFICE.deadline(wib(2026, 8, 6, 9), minutes)


def test_results_are_utc_whatever_the_zone_of_the_question() -> None:
    answer = OFFICE.deadline(wib(2026, 8, 6, 9), 60)
    assert answer.tzinfo is UTC
    assert answer == OFFICE.deadline(wib(2026, 8, 6, 9).astimezone(UTC), 60)


def test_a_thousand_deadlines_take_well_under_a_second() -> None:
    OFFICE.deadline(wib(2026, 1, 1), 10_000)
    began = time.perf_counter()
    for n in range(1000):
        OFFICE.deadline(wib(2026, 8, 6, 9) + timedelta(hours=n), 120)
    assert time.perf_counter() - began < 1.0


def test_the_room_is_imported_without_the_holidays_library() -> None:
    code = (
        "import sys, sop.calendar, sop.load, sop.checks, sop.markup, sop.difference;"
        "print('holidays' in sys.modules, 'prefect' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "False"]


# Ramadan, Nyepi, Idulfitri and its cuti bersama all fall into these weeks.
_moments = st.datetimes(
    min_value=datetime(2026, 2, 13),  # noqa: DTZ001
    max_value=datetime(2026, 4, 5),  # noqa: DTZ001
    timezones=st.sampled_from([WIB, ZoneInfo("UTC"), ZoneInfo("America/New_York")]),
)
_minutes = st.integers(min_value=0, max_value=20_000)


@given(a=_moments, b=_moments, c=_moments)
def test_durations_add_up(a: datetime, b: datetime, c: datetime) -> None:
    assert OFFICE.seconds_between(a, b) + OFFICE.seconds_between(b, c) == OFFICE.seconds_between(
        a, c
    )


@given(a=_moments, b=_moments)
def test_later_never_means_less(a: datetime, b: datetime) -> None:
    first, last = min(a, b), max(a, b)
    assert 0 <= OFFICE.seconds_between(first, last) <= (last - first).total_seconds() + 1


@given(start=_moments, minutes=_minutes)
def test_the_deadline_is_the_first_instant_by_which_the_minutes_have_passed(
    start: datetime, minutes: int
) -> None:
    end = OFFICE.deadline(start, minutes)
    assert OFFICE.minutes_between(start, end) == minutes
    if minutes:
        assert OFFICE.seconds_between(start, end - timedelta(seconds=1)) == minutes * 60 - 1


@given(start=_moments, earlier=_minutes, later=_minutes)
def test_more_minutes_never_end_earlier(start: datetime, earlier: int, later: int) -> None:
    less, more = sorted((earlier, later))
    assert OFFICE.deadline(start, less) <= OFFICE.deadline(start, more)


@settings(max_examples=25)
@given(
    start=_moments.map(lambda at: at.replace(second=0, microsecond=0)),
    length=st.integers(min_value=0, max_value=3 * 24 * 60),
)
def test_counting_minute_by_minute_gives_the_same(start: datetime, length: int) -> None:
    begin = start.astimezone(UTC)
    counted = sum(OFFICE.is_working(begin + timedelta(minutes=n)) for n in range(length))
    assert OFFICE.minutes_between(begin, begin + timedelta(minutes=length)) == counted


def is_worked_by_hand(at: datetime) -> bool:
    """The rules again, written down plainly and slowly, knowing nothing of the module."""
    local = at.astimezone(WIB)
    if local.date() in {date(2026, 2, 16), date(2026, 2, 17), date(2026, 3, 18), date(2026, 3, 19)}:
        return False
    if date(2026, 3, 20) <= local.date() <= date(2026, 3, 24) or local.date() == date(2026, 4, 3):
        return False
    if local.weekday() >= 5:
        return False
    clock = local.strftime("%H:%M")
    friday = local.weekday() == 4
    if date(2026, 2, 19) <= local.date() <= date(2026, 3, 20):
        if friday:
            return "08:00" <= clock < "11:30" or "12:30" <= clock < "15:30"
        return "08:00" <= clock < "12:00" or "12:30" <= clock < "15:00"
    if friday:
        return "07:30" <= clock < "11:30" or "13:00" <= clock < "16:30"
    return "07:30" <= clock < "12:00" or "13:00" <= clock < "16:00"


@given(at=_moments)
def test_the_hours_of_early_2026_are_those_written_down_by_hand(at: datetime) -> None:
    assert OFFICE.is_working(at) == is_worked_by_hand(at)
