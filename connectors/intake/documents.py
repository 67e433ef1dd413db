"""Reads a manuscript file: .docx, .odt, .md or .txt to one `ReadDocument`.

Nothing is fetched, nothing is run, nothing is written to disk. What a file can
cost is bounded before a library opens it (`packages`), and every refusal is an
`IntakeError` that names the file and the mend.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from connectors.intake.cleaning import regular_blocks
from connectors.intake.errors import IntakeError
from connectors.intake.folder import read_bounded
from connectors.intake.opendocument import odt_to_html
from connectors.intake.packages import broken
from connectors.intake.plain import markdown_to_html, too_long
from connectors.intake.structure import parts_of, text_length
from connectors.intake.values import (
    MAX_CHARACTERS,
    MAX_DOCUMENT_BYTES,
    Converted,
    DocumentPicture,
    ReadDocument,
)
from connectors.intake.word import docx_to_html

__all__ = ["DocumentPicture", "ReadDocument", "read_manuscript", "read_manuscript_bytes"]

_READERS: Final[Mapping[str, Callable[[bytes, str], Converted]]] = {
    ".docx": docx_to_html,
    ".odt": odt_to_html,
    ".md": markdown_to_html,
    ".txt": markdown_to_html,
}


def read_manuscript(path: Path) -> ReadDocument:
    """The manuscript in this file. Raises IntakeError."""
    return read_manuscript_bytes(read_bounded(path, MAX_DOCUMENT_BYTES), path.name)


def read_manuscript_bytes(data: bytes, filename: str) -> ReadDocument:
    """The manuscript in these bytes; the ending of `filename` says what they claim to be."""
    reader = _READERS.get(Path(filename).suffix.casefold())
    if reader is None:
        raise IntakeError(
            f"{filename} tidak dapat dibaca sebagai naskah. Simpan naskah sebagai .docx, .odt, "
            ".md atau .txt, lalu coba lagi."
        )
    if not data.strip():
        raise IntakeError(
            f"{filename} kosong. Isi naskahnya atau salin ulang berkasnya, lalu coba lagi."
        )
    try:
        converted = reader(data, filename)
        blocks, warnings = regular_blocks(converted.html, filename)
        length = text_length(blocks)
        if length > MAX_CHARACTERS:
            raise too_long(filename, length)
        parts = parts_of(blocks, converted.head)
    except RecursionError as error:
        raise broken(filename) from error
    if not (blocks or converted.head):
        raise IntakeError(
            f"{filename} tidak memuat teks. Tulis naskahnya di berkas itu, simpan, lalu coba lagi."
        )
    return ReadDocument(
        title=parts.title,
        lead=parts.lead,
        body=parts.body,
        facts=parts.facts_value(),
        captions=parts.captions,
        tags=parts.tags,
        category=parts.category,
        pictures=converted.pictures,
        source_sha256=hashlib.sha256(data).hexdigest(),
        source_filename=filename,
        warnings=converted.warnings + warnings,
    )
