"""How long a delivery waits before Siar looks or tries again, and when a person is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

_GROWTH = (1, 4, 12, 60, 180, 360)


@dataclass(frozen=True)
class Patience:
    """The numbers of law 4.

    `waits` come between looks or tries, the last one for ever. A post whose outcome is
    unknown is sent again only after `clear_readings` without it, the last of them
    `resend_after` the trouble began: a server may finish a call long after our
    time-out, so this must be longer than any publishing call takes. After `ask_after` of
    trouble a person is asked as well, and so after `most_attempts`. `lease` is how
    long a worker on another machine counts as alive: longer than any call takes.
    """

    waits: tuple[timedelta, ...] = tuple(timedelta(seconds=5 * factor) for factor in _GROWTH)
    clear_readings: int = 3
    resend_after: timedelta = timedelta(minutes=5)
    most_attempts: int = 3
    ask_after: timedelta = timedelta(hours=2)
    lease: timedelta = timedelta(minutes=15)

    @classmethod
    def of(cls, *, first_wait: float, resend_after: float, ask_after: float) -> Self:
        """From the three numbers that an office may set, in seconds."""
        return cls(
            waits=tuple(timedelta(seconds=first_wait * factor) for factor in _GROWTH),
            resend_after=timedelta(seconds=resend_after),
            ask_after=timedelta(seconds=ask_after),
        )

    def wait_after(self, tries: int) -> timedelta:
        """The wait after the try with this number, counted from 1."""
        return self.waits[min(max(tries, 1), len(self.waits)) - 1]

    def due_after(self, tries: int, now: datetime, told: datetime | None = None) -> datetime:
        """When to try again: when the channel says (`told`), else later each time."""
        if told is not None:
            # What the channel names counts, even when it is sooner than our own wait would be.
            return max(told, now + self.waits[0])
        return now + self.wait_after(tries)

    def next_reading(
        self, tries: int, now: datetime, since: datetime, *, to_watch: bool
    ) -> datetime:
        """When to read again for what was not found; never past the moment of sending again.

        `to_watch`: it will not be sent again unasked, so reading only finds what turns up late.
        """
        usual = now + self.wait_after(tries)
        return (
            usual if to_watch else min(usual, max(since + self.resend_after, now + self.waits[0]))
        )
