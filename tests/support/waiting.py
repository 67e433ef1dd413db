"""Waiting for a condition: the one place where tests look again and again."""

from __future__ import annotations

import time
from collections.abc import Callable


def soon(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Return as soon as the condition holds; fail with `what` when it never does."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.05)
