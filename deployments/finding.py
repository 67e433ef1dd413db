"""One line of `siar doctor`, and what doctor knows when it looks at a part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deployments.settings import Settings


class Mark(StrEnum):
    """How a part stands. WRONG makes doctor end with exit code 1."""

    GOOD = "✓"
    CARE = "⚠"
    WRONG = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: a part, how it stands, what was seen, and the mend."""

    part: str
    mark: Mark
    sentence: str
    action: str = ""

    @property
    def ok(self) -> bool:
        return self.mark is not Mark.WRONG


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: settings, and where the settings had to be assumed."""

    settings: Settings
    clock: Callable[[], datetime]
    assumed: frozenset[str] = frozenset()


def good(part: str, sentence: str, action: str = "") -> Finding:
    return Finding(part, Mark.GOOD, sentence, action)


def care(part: str, sentence: str, action: str) -> Finding:
    return Finding(part, Mark.CARE, sentence, action)


def wrong(part: str, sentence: str, action: str) -> Finding:
    return Finding(part, Mark.WRONG, sentence, action)
