"""Taking secrets out of what channels said before it is kept for years (law 9).

The connectors remove theirs already; this is the second door. It is told no secret,
so it goes by the names under which secrets travel and by how they look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"

_KEY = re.compile(
    r"(?i)(^|[_\-.])(token|secret|password|passwd|pwd|proof|authorization|cookie|api_?key|signature)s?"
    r"($|[_\-.])|^oauth"
)
_QUERY = re.compile(
    r"(?i)\b((?:[a-z_]*token|appsecret_proof|[a-z_]*secret|oauth_[a-z_]+|[a-z_]*password|signature"
    r"|api_?key)=)[^\s\"'&<>]+"
)
_SCHEME = re.compile(r"(?i)\b(basic|bearer|oauth)(\s+)[A-Za-z0-9._~+/=-]{8,}")
_LOGIN = re.compile(r"(://)[^/\s:@]+:[^/\s@]+@")


def without_secrets(value: Any) -> Any:
    """The JSON value with everything that is named or looks like a secret hidden."""
    if isinstance(value, Mapping):
        return {
            str(key): HIDDEN
            if _KEY.search(str(key)) and isinstance(item, str) and item
            else without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_secrets(item) for item in value]
    return clean(value) if isinstance(value, str) else value


def clean(text: str) -> str:
    """The text with tokens in addresses and headers hidden."""
    text = _QUERY.sub(rf"\1{HIDDEN}", text)
    text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    return _LOGIN.sub(rf"\1{HIDDEN}@", text)
