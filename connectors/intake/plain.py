"""Markdown and plain text files to simple HTML."""

from __future__ import annotations

import codecs
import re
from typing import Final

from markdown_it import MarkdownIt

from connectors.intake.errors import IntakeError
from connectors.intake.values import MAX_CHARACTERS, Converted, clean_text

# A head between two lines of dashes, as most Markdown tools know it.
_HEAD: Final = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEAD_LINE: Final = re.compile(r"^([A-Za-z][\w .+-]{0,40}?)[ \t]*:[ \t]*(.*)$")
# `![…](foto 1.jpg)` is no picture in CommonMark, but it is what people type.
_SPACED_NAME: Final = re.compile(r"(!\[[^\]\n]{0,500}\]\()([^()<>\n\"]*\s[^()<>\n\"]*)\)")
_HEAD_ITEM: Final = re.compile(r"^\s+-\s+(.*)$|^-\s+(.*)$")


def markdown_to_html(data: bytes, filename: str) -> Converted:
    """The text of a .md or .txt file. Raises IntakeError."""
    text = clean_text(decoded(data, filename))
    if len(text) > 2 * MAX_CHARACTERS:
        raise too_long(filename, len(text))
    head, body = _split_head(text)
    plain = filename.casefold().endswith(".txt")
    if plain and "\n\n" not in body.strip():
        # Typed in Notepad, every line is a paragraph.
        body = body.replace("\n", "\n\n")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    # Indonesian paragraphs often start with an indent; it does not mean program code.
    parser.disable("code")
    if plain:
        parser.disable("lheading")
    spaced = _SPACED_NAME.sub(lambda found: f"{found[1]}<{found[2]}>)", body)
    return Converted(parser.render(spaced), head=head)


def decoded(data: bytes, filename: str) -> str:
    """The text in a file's bytes: UTF-8, UTF-16 with a mark, else Windows-1252."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding, filename)
    if b"\0" in data:
        raise not_text(filename)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _strictly(data, "cp1252", filename)


def _strictly(data: bytes, encoding: str, filename: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise not_text(filename) from error


def not_text(filename: str) -> IntakeError:
    """The refusal of a .txt, .md or .csv whose bytes are no text."""
    return IntakeError(
        f"{filename} bukan berkas teks yang dapat dibaca. Simpan ulang sebagai teks UTF-8, "
        "lalu coba lagi."
    )


def too_long(filename: str, length: int) -> IntakeError:
    """The refusal of a manuscript that nobody could verify in the SOP's 60 minutes."""
    return IntakeError(
        f"{filename} memuat {_thousands(length)} karakter, melebihi batas "
        f"{_thousands(MAX_CHARACTERS)}. Ringkas naskahnya, atau lampirkan dokumen panjang "
        "sebagai tautan."
    )


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _split_head(text: str) -> tuple[dict[str, str], str]:
    """The `kunci: nilai` lines on top, if the file starts with such a head, and the rest.

    A list below a key (`- satu`) is joined by commas; indented lines continue a value.
    """
    found = _HEAD.match(text)
    if not found:
        return {}, text
    head: dict[str, str] = {}
    key = ""
    for line in found[1].split("\n"):
        item = _HEAD_ITEM.match(line)
        named = _HEAD_LINE.match(line)
        if item and key:
            value = item[1] or item[2]
            head[key] = f"{head[key]}, {value}" if head[key] else value
        elif named and not line[:1].isspace():
            key = named[1].strip().casefold()
            head[key] = _unquoted(named[2].strip())
        elif line.strip() and key:
            head[key] = f"{head[key]} {line.strip()}".strip(" >|")
        elif line.strip():
            return {}, text  # not a head after all, but text between two rules
    return head, text[found.end() :]


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    if value.startswith("[") and value.endswith("]"):
        return value[1:-1]
    return "" if value in (">", "|", ">-", "|-") else value
