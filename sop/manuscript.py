"""The manuscript: what a writer hands in and an approver signs.

Values only. Text is Unicode NFC, line ends are "\\n", bodies are Markdown
(CommonMark with tables, raw HTML never interpreted).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class BlobTampered(Exception):
    """Bytes in the store no longer have the digest they are filed under."""


class BlobStore(Protocol):
    """Content-addressed bytes: a name is the SHA-256 of what it holds, in hex."""

    def put(self, data: bytes) -> str:
        """Store durably and return the SHA-256."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes; raises KeyError when absent, BlobTampered when altered."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """5W + 1H of SOP steps 2 and 3."""

    apa: str = ""
    siapa: str = ""
    kapan: str = ""
    di_mana: str = ""
    mengapa: str = ""
    bagaimana: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or video as received, already stripped of GPS and device data.

    `sha256` names the cleaned original in the blob store and
    `received_sha256` the bytes as they arrived (for the archive).
    Sizes are bytes, dimensions pixels after orientation, durations seconds.
    """

    filename: str
    sha256: str
    received_sha256: str
    mime: str
    size: int
    alt: str = ""
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    credit: str = ""

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")


@dataclass(frozen=True, slots=True)
class Manuscript:
    """One revision of the text, with its media in the order of publication.

    A picture that stands inside the body is written `![alt](media:FILENAME)`;
    the first image is the featured one. `captions` maps a channel code to the
    caption its writer typed; a missing or empty one is made from the lead.
    """

    title: str
    lead: str
    body: str
    facts: Facts = field(default_factory=Facts)
    captions: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    category: str = ""
    media: tuple[Media, ...] = ()
    source_sha256: str | None = None
    source_filename: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check has to say, in Indonesian, ready for a form.

    `blocking` findings must be mended before the step can be answered "ya".
    `place` says where ("isi, baris 4", "foto-2.jpg", "Instagram").
    """

    place: str
    sentence: str
    blocking: bool
    code: str = ""
