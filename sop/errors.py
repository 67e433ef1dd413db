"""What is wrong in a data file of this room, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: in which file, where in it, what is wrong, and the mend (Indonesian)."""

    file: str
    place: str
    sentence: str
    mend: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.sentence} {self.mend}"


class DataError(Exception):
    """A data file cannot be used. `problems` holds every mistake found, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"- {problem}" for problem in self.problems))


class SopError(DataError):
    """An SOP file cannot be carried out as it is written."""


class CalendarError(DataError):
    """A calendar file cannot be used."""
