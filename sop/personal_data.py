"""Finds what looks like personal data in a text (UU 27/2022), and shows it masked.

It only points: the verifier decides whether a number belongs there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from phonenumbers import PhoneNumberMatcher

REGION = "ID"

_SEPARATED = r"\d(?:[ .\-]?\d){%d}"
_NIK = re.compile(rf"(?<!\d){_SEPARATED % 15}(?!\d)")
_NIP = re.compile(rf"(?<!\d){_SEPARATED % 17}(?!\d)")
_PASSPORT = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,2} ?\d{6,7}(?!\d)")
_PASSPORT_WORD = re.compile(r"pas(?:s)?por", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?<![\w.%+\-])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63})+"
)
_NEAR = 60  # characters between the word "paspor" and its number
_SHOWN = 5  # characters of a number that stay readable
_FIRST_PROVINCE, _LAST_PROVINCE = 11, 99
_FEMALE_DAY = 40  # a NIK adds 40 to the day of birth of a woman


@dataclass(frozen=True, slots=True)
class Sighting:
    """One piece of what looks like personal data. `line` counts from 1."""

    code: str
    name: str
    line: int
    start: int
    masked: str


def sightings(
    text: str, *, today: date, own_addresses: Collection[str] = frozenset()
) -> list[Sighting]:
    """What looks like personal data in `text`, in order of appearance.

    `own_addresses` are e-mail addresses or domains of the office; a domain stands
    for its subdomains too. These are no personal data.
    """
    found: list[tuple[int, int, str, str, str]] = []
    for code, name, match in _numbers(text, today):
        found.append((match.start(), match.end(), code, name, _masked(match.group())))
    taken = [(start, end) for start, end, *_ in found]
    for start, raw in _phones(text):
        end = start + len(raw)
        if not any(start < other_end and other_start < end for other_start, other_end in taken):
            found.append((start, end, "telepon", "nomor telepon", _masked(raw)))
    own = {address.lower().removeprefix("@") for address in own_addresses}
    for match in _EMAIL.finditer(text):
        if not _is_own(match.group(), own):
            local, _, domain = match.group().partition("@")
            masked = f"{local[:2]}…@{domain}"
            found.append((match.start(), match.end(), "surel", "alamat surel", masked))
    found.sort()
    return _with_lines(text, found)


def _numbers(text: str, today: date) -> Iterator[tuple[str, str, re.Match[str]]]:
    for match in _NIP.finditer(text):
        if _is_nip(_digits(match), today):
            yield "nip", "NIP", match
    for match in _NIK.finditer(text):
        if _is_nik(_digits(match), today):
            yield "nik", "NIK", match
    words = [(match.start(), match.end()) for match in _PASSPORT_WORD.finditer(text)]
    if words:
        nearest = 0
        for match in _PASSPORT.finditer(text):
            while nearest < len(words) and words[nearest][1] + _NEAR < match.start():
                nearest += 1
            if nearest < len(words) and words[nearest][0] - _NEAR <= match.end():
                yield "paspor", "nomor paspor", match


def _phones(text: str) -> Iterator[tuple[int, str]]:
    for match in PhoneNumberMatcher(text, REGION):
        yield match.start, match.raw_string


def _digits(match: re.Match[str]) -> str:
    return "".join(letter for letter in match.group() if letter.isdigit())


def _is_nik(digits: str, today: date) -> bool:
    """Six digits of region, then day (+40 for women), month and year of birth, four digits."""
    province = int(digits[:2])
    day, month, year = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    if day > _FEMALE_DAY:
        day -= _FEMALE_DAY
    born = (_date(century + year, month, day) for century in (1900, 2000))
    return _FIRST_PROVINCE <= province <= _LAST_PROVINCE and any(
        one is not None and one <= today for one in born
    )


def _is_nip(digits: str, today: date) -> bool:
    """Date of birth, year and month of appointment, sex, three digits."""
    born = _date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    appointed = _date(int(digits[8:12]), int(digits[12:14]), 1)
    if born is None or appointed is None:
        return False
    return date(1900, 1, 1) <= born <= today and born < appointed and digits[14] in "12"


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _is_own(address: str, own: Collection[str]) -> bool:
    address = address.lower()
    domain = address.partition("@")[2]
    parents = domain.split(".")
    return address in own or any(".".join(parents[n:]) in own for n in range(len(parents)))


def _masked(text: str) -> str:
    return text[:_SHOWN] + "…"


def _with_lines(text: str, found: list[tuple[int, int, str, str, str]]) -> list[Sighting]:
    seen: list[Sighting] = []
    line, counted = 1, 0
    for start, _, code, name, masked in found:
        line += text.count("\n", counted, start)
        counted = start
        seen.append(Sighting(code, name, line, start, masked))
    return seen
