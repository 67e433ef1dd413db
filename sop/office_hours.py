"""Reads the calendar files: the hours of a week, Ramadan, and the office's own days.

The office's file is laid over the one that ships with Siar. Nothing here counts
time; `sop.calendar` does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sop.errors import CalendarError, Problem
from sop.spelling import suggestion

WEEKDAYS = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
_KEYS = (
    "zona",
    "libur_nasional",
    "cuti_bersama",
    "jam_kerja",
    "jam_kerja_ramadan",
    "ramadan",
    "libur_tambahan",
    "hari_kerja_tambahan",
)
_HOURS = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})\Z")
_LONGEST_PERIOD = timedelta(days=366)

# Seconds since midnight, half open: a person works from `start` up to `end`.
Period = tuple[int, int]
Periods = tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Ramadan:
    """The first and the last day of one Ramadan."""

    hijri_year: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """What the calendar files say. Weeks are seven entries from Monday on.

    `worked` maps a day that is worked in spite of all to its own hours, or to
    None where the usual hours of that weekday hold.
    """

    zone: ZoneInfo
    national_holidays: bool
    collective_leave: bool
    week: tuple[Periods, ...]
    ramadan_week: tuple[Periods, ...]
    ramadans: tuple[Ramadan, ...]
    days_off: Mapping[date, str]
    worked: Mapping[date, Periods | None]


def read_office_hours(path: Path, override: Path | None = None) -> OfficeHours:
    """The hours in `path` with the office's own file over it; `CalendarError` lists mistakes."""
    reader = _Reader()
    reader.read(path)
    if override is not None:
        reader.read(override)
    hours = reader.office_hours()
    if reader.problems or hours is None:
        raise CalendarError(reader.problems)
    return hours


class _Reader:
    """Lays one file over another and keeps every mistake on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._file = ""
        self._zone: ZoneInfo | None = None
        self._switches = {"libur_nasional": True, "cuti_bersama": True}
        self._weeks: dict[str, dict[str, Periods]] = {"jam_kerja": {}, "jam_kerja_ramadan": {}}
        self._ramadans: dict[int, Ramadan] = {}
        self._days_off: dict[date, str] = {}
        self._worked: dict[date, Periods | None] = {}

    def read(self, path: Path) -> None:
        self._file = path.name
        data = self._toml(path)
        for key in data:
            if key not in _KEYS:
                self._add(
                    "",
                    f'Isian "{key}" tidak dikenal.',
                    suggestion(key, _KEYS) or f"Yang dikenal: {', '.join(_KEYS)}.",
                )
        self._read_zone(data)
        for key in self._switches:
            value = data.get(key, self._switches[key])
            if isinstance(value, bool):
                self._switches[key] = value
            else:
                self._add("", f'Isian "{key}" bukan true atau false.', f"Tulis {key} = true.")
        for key, week in self._weeks.items():
            self._read_week(data.get(key, {}), key, week)
        for place, row in self._rows(data, "ramadan", ("tahun_hijriah", "mulai", "selesai")):
            self._read_ramadan(place, row)
        for place, row in self._rows(data, "libur_tambahan", ("tanggal", "sampai", "keterangan")):
            for day in self._days(place, row, "tanggal", "sampai"):
                self._days_off[day] = str(row.get("keterangan", "Libur kantor"))
                self._worked.pop(day, None)
        for place, row in self._rows(data, "hari_kerja_tambahan", ("tanggal", "jam", "keterangan")):
            periods = self._periods(row["jam"], place) if "jam" in row else None
            for day in self._days(place, row, "tanggal", "tanggal"):
                self._worked[day] = periods

    def office_hours(self) -> OfficeHours | None:
        weeks = {
            key: tuple(week.get(name, ()) for name in WEEKDAYS) for key, week in self._weeks.items()
        }
        if not any(weeks["jam_kerja"]):
            self._add(
                "bagian [jam_kerja]",
                "Tidak ada satu pun jam kerja dalam seminggu.",
                'Tulis misalnya senin = ["07:30-12:00", "13:00-16:00"].',
            )
        for day, periods in self._worked.items():
            if not (weeks["jam_kerja"][day.weekday()] if periods is None else periods):
                self._add(
                    "bagian [[hari_kerja_tambahan]]",
                    f"{day.isoformat()} ({WEEKDAYS[day.weekday()]}) belum mempunyai jam kerja.",
                    'Tambahkan misalnya jam = ["08:00-12:00"].',
                )
        if self._zone is None:
            self._add("", 'Isian "zona" belum ada.', 'Tulis zona = "Asia/Jakarta".')
            return None
        return OfficeHours(
            zone=self._zone,
            national_holidays=self._switches["libur_nasional"],
            collective_leave=self._switches["cuti_bersama"],
            week=weeks["jam_kerja"],
            ramadan_week=weeks["jam_kerja_ramadan"],
            ramadans=tuple(sorted(self._ramadans.values(), key=lambda one: one.first)),
            days_off=dict(self._days_off),
            worked=dict(self._worked),
        )

    def _add(self, place: str, sentence: str, mend: str) -> None:
        self.problems.append(Problem(self._file, place, sentence, mend))

    def _toml(self, path: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
        except OSError as error:
            self._add(
                "",
                f"Berkas kalender tidak dapat dibaca ({error.strerror}).",
                "Periksa nama berkas dan hak bacanya.",
            )
        except UnicodeDecodeError:
            self._add(
                "",
                "Berkas kalender bukan teks UTF-8.",
                'Simpan ulang dengan pengodean "UTF-8".',
            )
        except tomllib.TOMLDecodeError as error:
            self._add(
                "",
                f"Penulisannya tidak dapat dibaca ({error}).",
                "Periksa tanda kutip, kurung, koma dan bentuk tanggal di baris itu.",
            )
        return {}

    def _read_zone(self, data: dict[str, Any]) -> None:
        if "zona" not in data:
            return
        try:
            self._zone = ZoneInfo(str(data["zona"]))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._add(
                "",
                f'Zona waktu "{data["zona"]}" tidak dikenal.',
                'Tulis "Asia/Jakarta" (WIB), "Asia/Makassar" (WITA) atau "Asia/Jayapura" (WIT).',
            )

    def _read_week(self, value: Any, key: str, week: dict[str, Periods]) -> None:
        place = f"bagian [{key}]"
        if not isinstance(value, dict):
            self._add(place, "Bagian ini tidak terbaca.", f"Mulai dengan baris [{key}].")
            return
        for name, hours in value.items():
            if name in WEEKDAYS:
                week[name] = self._periods(hours, f"{place}, {name}")
            else:
                self._add(
                    place,
                    f'Hari "{name}" tidak dikenal.',
                    suggestion(name, WEEKDAYS) or f"Pakai {', '.join(WEEKDAYS)}.",
                )

    def _periods(self, value: Any, place: str) -> Periods:
        if not isinstance(value, list):
            self._add(place, "Jam kerja bukan daftar.", 'Tulis misalnya ["07:30-12:00"].')
            return ()
        periods: list[Period] = []
        for one in value:
            period = _period(one)
            if period is None:
                self._add(
                    place,
                    f'Jam "{one}" tidak dapat dibaca atau berakhir sebelum mulai.',
                    'Tulis misalnya "07:30-12:00".',
                )
            else:
                periods.append(period)
        periods.sort()
        if any(later[0] < earlier[1] for earlier, later in pairwise(periods)):
            self._add(place, "Ada jam kerja yang bertumpuk.", "Pisahkan dengan jam istirahat.")
            return ()
        return tuple(periods)

    def _rows(
        self, data: dict[str, Any], key: str, known: tuple[str, ...]
    ) -> list[tuple[str, dict[str, Any]]]:
        value = data.get(key, [])
        place = f"bagian [[{key}]]"
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self._add(place, "Bagian ini tidak terbaca.", f"Mulai setiap butir dengan [[{key}]].")
            return []
        rows = [(f"{place} ke-{n}", row) for n, row in enumerate(value, start=1)]
        for where, row in rows:
            for name in row:
                if name not in known:
                    self._add(
                        where,
                        f'Isian "{name}" tidak dikenal.',
                        suggestion(name, known) or f"Yang dikenal: {', '.join(known)}.",
                    )
        return rows

    def _read_ramadan(self, place: str, row: dict[str, Any]) -> None:
        year = row.get("tahun_hijriah")
        if not isinstance(year, int) or isinstance(year, bool):
            self._add(place, 'Isian "tahun_hijriah" belum ada.', "Tulis misalnya 1447.")
            return
        days = self._days(place, row, "mulai", "selesai")
        if days:
            self._ramadans[year] = Ramadan(year, days[0], days[-1])

    def _days(self, place: str, row: dict[str, Any], first_key: str, last_key: str) -> list[date]:
        first = row.get(first_key)
        last = row.get(last_key, first if last_key == "sampai" else None)
        for key, value in ((first_key, first), (last_key, last)):
            if not isinstance(value, date) or isinstance(value, datetime):
                self._add(
                    place,
                    f'Isian "{key}" belum ada atau bukan tanggal.',
                    f"Tulis tanpa tanda kutip, misalnya {key} = 2026-12-24.",
                )
                return []
        assert isinstance(first, date)
        assert isinstance(last, date)
        if not timedelta(0) <= last - first <= _LONGEST_PERIOD:
            self._add(
                place,
                f'"{last_key}" harus sama dengan atau sesudah "{first_key}", paling lama setahun.',
                "Perbaiki kedua tanggalnya.",
            )
            return []
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _period(value: Any) -> Period | None:
    match = _HOURS.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    if max(start_minute, end_minute) > 59:
        return None
    start, end = start_hour * 3600 + start_minute * 60, end_hour * 3600 + end_minute * 60
    return (start, end) if 0 <= start < end <= 24 * 3600 else None
