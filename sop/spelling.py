"""What somebody probably meant to write."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str]) -> str:
    """A question naming the closest known word ('Maksudnya "…"?'), or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'Maksudnya "{close[0]}"?' if close else ""
