"""Waiting for a condition: the one place where tests look again and again."""

from __future__ import annotations

import time
from collections.abc import Callable


def soon(
    holds: Callable[[], bool], what: str, seconds: float = 60.0, *, later_every: float = 0.2
) -> None:
    """Return as soon as the condition holds; fail with `what` when it never does.

    Each look costs the server some milliseconds: after a second it is looked at every
    `later_every` seconds only, which is to be short where the moment is soon over.
    """
    began = time.monotonic()
    while not holds():
        waited = time.monotonic() - began
        assert waited < seconds, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.05 if waited < 1.0 else later_every)
