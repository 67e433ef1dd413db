"""The values that cross between the readers of the intake."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.intake.errors import IntakeError
from connectors.intake.kinds import image_format
from sop.manuscript import Facts

MAX_DOCUMENT_BYTES: Final = 60 * 1024 * 1024
MAX_CHARACTERS: Final = 100_000
MAX_PICTURES: Final = 40
MAX_PICTURE_BYTES: Final = 30 * 1024 * 1024

MEDIA_SCHEME: Final = "media:"


@dataclass(frozen=True, slots=True)
class DocumentPicture:
    """A picture that was embedded in a document, as it was embedded there."""

    filename: str
    data: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What a manuscript file says.

    `lead` and `title` are plain text and not repeated in `body` (Markdown).
    Pictures stand in the body as `![alt](media:FILENAME)`; `pictures` holds those
    that were embedded, other names refer to files of the folder. `captions` maps a
    channel code to plain text. `warnings` are Indonesian sentences.
    """

    title: str
    lead: str
    body: str
    facts: Facts = field(default_factory=Facts)
    captions: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    category: str = ""
    pictures: tuple[DocumentPicture, ...] = ()
    source_sha256: str = ""
    source_filename: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Converted:
    """A document as simple HTML: the common ground of .docx, .odt and Markdown.

    The title, where a style names it, is `<h1 class="judul">`; a picture's printed
    caption is `<p class="keterangan">`. `head` holds the `judul: …` lines on top.
    """

    html: str
    pictures: tuple[DocumentPicture, ...] = ()
    warnings: tuple[str, ...] = ()
    head: Mapping[str, str] = field(default_factory=dict)


class PictureCollector:
    """Names the embedded pictures of one document; the same bytes get one name."""

    def __init__(self, document: str) -> None:
        self._document = document
        self._pictures: dict[bytes, DocumentPicture] = {}

    def reference(self, data: bytes, alt: str) -> str:
        """`media:NAME` for these bytes. Raises IntakeError when there are too many."""
        known = self._pictures.get(data)
        if known is None:
            known = DocumentPicture(self._next_name(data), data, spoken_alt(alt))
            self._pictures[data] = known
        return MEDIA_SCHEME + known.filename

    def _next_name(self, data: bytes) -> str:
        number = len(self._pictures) + 1
        if number > MAX_PICTURES:
            raise IntakeError(
                f"{self._document} memuat lebih dari {MAX_PICTURES} gambar. Hapus gambar yang "
                "tidak perlu, atau letakkan foto sebagai berkas tersendiri di folder."
            )
        if len(data) > MAX_PICTURE_BYTES:
            raise IntakeError(
                f"Gambar ke-{number} di {self._document} berukuran "
                f"{len(data) / 1_048_576:.0f} MB, melebihi batas "
                f"{MAX_PICTURE_BYTES // 1_048_576} MB. Kompres gambar itu di pengolah kata, "
                "lalu simpan lagi."
            )
        endings = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif"}
        return f"gambar-{number}{endings.get(image_format(data) or '', '.bin')}"

    @property
    def pictures(self) -> tuple[DocumentPicture, ...]:
        return tuple(self._pictures.values())


_MACHINE_ALT: Final = (
    "description automatically generated",
    "deskripsi dibuat secara otomatis",
    "deskripsi otomatis dihasilkan",
    "ai-generated content may be incorrect",
    "konten yang dihasilkan ai mungkin salah",
)
_EMPTY_ALT_WORDS: Final = {"picture", "image", "gambar", "foto", "img", "graphic", "grafik"}


def spoken_alt(alt: str) -> str:
    """The alternative text if a person wrote it; "" for what Word or a camera put there."""
    text = " ".join(clean_text(alt).split())
    lowered = text.casefold()
    if any(words in lowered for words in _MACHINE_ALT):
        return ""
    if lowered.rsplit(".", 1)[-1] in {"jpg", "jpeg", "png", "webp", "gif", "heic"}:
        return ""
    bare = lowered.rstrip("0123456789 _-")
    return "" if bare in _EMPTY_ALT_WORDS else text


def clean_text(text: str) -> str:
    """NFC, "\\n" line ends, without control characters that no reader can see."""
    unified = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        char
        for char in unified
        if char in "\n\t" or (unicodedata.category(char) not in ("Cc", "Cs") and char != "\ufeff")
    )
