"""Believable engagement numbers: fixed by the post's id, growing with its age."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime

# Half-saturation of attention: most of a public office's readers come in two days.
_HOURS_TO_SETTLE = 30.0


def grown(ident: str, name: str, top: int, age_hours: float) -> int:
    """The number called `name` of post `ident`, at most about 1.5 × `top`; never shrinks."""
    seed = hashlib.sha256(f"{ident}:{name}".encode()).digest()
    final = top * (0.5 + int.from_bytes(seed[:4], "big") / 2**32)
    return int(final * (1 - math.exp(-max(age_hours, 0.0) / _HOURS_TO_SETTLE)))


def grown_set(
    ident: str, tops: Mapping[str, int], created: datetime, now: datetime
) -> dict[str, int]:
    """Several numbers of one post at `now`."""
    hours = (now - created).total_seconds() / 3600
    return {name: grown(ident, name, top, hours) for name, top in tops.items()}
