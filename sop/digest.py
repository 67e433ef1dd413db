"""The digest that an approver's "ya" names (law 1).

It covers the manuscript (text, facts, captions, tags, alt texts, the SHA-256 of
each picture and video, as received and as cleaned) and what every channel will
be given, to the byte. Media enter by their SHA-256; whoever trusts a digest must
therefore read the bytes through a `BlobStore`, which checks them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import rfc8785

from sop.manuscript import Manuscript

SCHEME = "siar-1"


def digest_of(manuscript: Manuscript, posts: Mapping[str, Mapping[str, Any]]) -> str:
    """SHA-256 (hex) over the canonical JSON (RFC 8785) of manuscript and rendered posts."""
    content = {
        "scheme": SCHEME,
        "manuscript": _plain(asdict(manuscript)),
        "posts": _plain(dict(posts)),
    }
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def _plain(value: Any) -> Any:
    """Tuples become lists, so that a value read back from JSON has the same digest."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
