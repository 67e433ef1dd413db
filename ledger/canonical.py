"""One text for one value: JSON by RFC 8785, so that a stranger can recompute every hash.

Everything that the record hashes or keeps as JSON goes through `canonical_json`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

# RFC 8785 numbers are IEEE doubles: an integer beyond this would be rounded by a reader.
_LARGEST_EXACT_INTEGER = 2**53 - 1


def storable_text(text: str) -> str:
    """The text as both databases can keep it.

    PostgreSQL refuses U+0000 and UTF-8 has no lone surrogates; both can arrive
    through a form, and an answer must be recorded all the same.
    """
    return _encodable(text).replace("\x00", "\u2400")


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def canonical_json(value: Any) -> str:
    """RFC 8785 text of a JSON value; tuples count as lists.

    Raises TypeError for what JSON cannot say (dates, bytes, objects) and
    ValueError for numbers without a JSON form (NaN, infinities).
    """
    return rfc8785.dumps(_json_value(value)).decode("utf-8")


def sha256_of(value: Any) -> str:
    """SHA-256, in hex, of the value's RFC 8785 text."""
    return hashlib.sha256(rfc8785.dumps(_json_value(value))).hexdigest()


def sha256_of_stored(values: Mapping[str, Any]) -> str:
    """SHA-256 of the RFC 8785 text of what a database holds: ASCII names, scalar values.

    Takes whatever a tampered column may hold without failing. The same text as
    RFC 8785 gives, made by the standard library where no float is in the way
    (ten times faster: a whole record is recomputed with it).
    """
    stored = {name: _stored_value(value) for name, value in values.items()}
    if any(isinstance(value, float) for value in stored.values()):
        return hashlib.sha256(rfc8785.dumps(stored)).hexdigest()
    written = json.dumps(stored, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def _stored_value(value: Any) -> Any:
    # SQLite has no booleans, so both databases' are hashed as 0 and 1.
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        exact = -_LARGEST_EXACT_INTEGER <= value <= _LARGEST_EXACT_INTEGER
        return int(value) if exact else f"integer {int(value)}"
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, bytes):
        return f"bytes {value.hex()}"
    return repr(value)


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"no JSON form for {value!r}")
        return value
    if isinstance(value, str):
        return _encodable(str(value))  # JSON text itself escapes U+0000
    if isinstance(value, int):
        exact = -_LARGEST_EXACT_INTEGER <= value <= _LARGEST_EXACT_INTEGER
        return int(value) if exact else str(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a JSON key must be text, not {type(key).__name__}")
        return {_encodable(str(key)): _json_value(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_json_value(item) for item in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")
