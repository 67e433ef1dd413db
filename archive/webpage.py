"""A web page and its pictures as a WARC (ISO 28500), from answers read elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-untyped]
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One address asked for without credentials, and its answer as it came."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    read_at: datetime


# About the body on the wire; kept here is the body itself.
_HOP = frozenset({"transfer-encoding", "content-encoding", "connection", "content-length"})


def warc_of(exchanges: Iterable[Exchange], *, name: str) -> bytes:
    """The exchanges as one compressed WARC 1.1 file."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    info = {"software": "Siar", "format": "WARC File Format 1.1", "description": name}
    writer.write_record(writer.create_warcinfo_record(name, info))
    for one in exchanges:
        headers = [pair for pair in one.headers if pair[0].lower() not in _HOP]
        headers.append(("Content-Length", str(len(one.body))))
        phrase = HTTPStatus(one.status).phrase if one.status in _KNOWN else ""
        writer.write_record(
            writer.create_warc_record(
                one.url,
                "response",
                payload=io.BytesIO(one.body),
                http_headers=StatusAndHeaders(
                    f"{one.status} {phrase}".strip(), headers, protocol="HTTP/1.1"
                ),
                warc_headers_dict={
                    "WARC-Date": one.read_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                },
            )
        )
    return out.getvalue()


_KNOWN = frozenset(int(status) for status in HTTPStatus)
