"""Simple HTML to the Markdown that staff will edit in a form.

Escapes as little as CommonMark allows, since people will read it: only what would
otherwise turn into markup. Whatever goes in as text comes out of a CommonMark
parser as the same text (a property test holds this).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString
from markdownify import MarkdownConverter

_SAFE_SCHEMES: Final = ("http", "https", "mailto", "tel")

_EMPHASIS: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])|[*`]|~(?=~)")
_BRACKET: Final = re.compile(r"\[|\](?=[(\[:])")
_ANGLE: Final = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY: Final = re.compile(r"&(?=#?\w{1,32};)")
_BACKSLASH: Final = re.compile(r"\\(?=[!-/:-@\[-`{-~]|\n|$)")
_LINE_START: Final = re.compile(
    r"^([ \t]*)(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-:|=](?=[-:|= \t]*$)|~~~)", re.MULTILINE
)
_LINE_NUMBER: Final = re.compile(r"^([ \t]*\d{1,9})([.)])(?=\s|$)", re.M)

_SUPER: Final = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_SUB: Final = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")


def markdown_of(block: Tag | BeautifulSoup) -> str:
    """The Markdown of one block or of a whole document."""
    return str(
        _Writer(
            heading_style="ATX",
            bullets="-",
            newline_style="BACKSLASH",
            escape_asterisks=False,
            escape_underscores=False,
            table_infer_header=True,
            keep_inline_images_in=["td", "th", "li"],
        ).convert_soup(block)
    ).strip("\n")


def plain_text_of(block: Tag) -> str:
    """The words of one block; `<br>` is a line end, other white space is one space."""
    parts = []
    for node in block.descendants:
        if isinstance(node, NavigableString):
            parts.append(re.sub(r"\s+", " ", str(node)))
        elif isinstance(node, Tag) and node.name == "br":
            parts.append("\n")
    lines = "".join(parts).split("\n")
    return "\n".join(re.sub(r" {2,}", " ", line).strip() for line in lines).strip()


class _Writer(MarkdownConverter):
    """markdownify with CommonMark's own escaping rules and safe links."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        text = _BACKSLASH.sub(r"\\\\", text)
        text = _EMPHASIS.sub(lambda found: "\\" + found[0], text)
        text = _BRACKET.sub(lambda found: "\\" + found[0], text)
        text = _ANGLE.sub(r"\\<", text)
        text = _ENTITY.sub(r"\\&", text)
        return text.replace("|", r"\|") if {"td", "th"} & parent_tags else text

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_inline" in parent_tags:
            return f" {text.strip()} "
        text = line_safe(text.strip())
        return f"\n\n{text}\n\n" if text else ""

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        address = safe_address(str(el.get("href") or ""))
        if not address or not text.strip():
            return text
        if el.get_text().strip() == address:
            return f"<{address}>"
        lead = text[: len(text) - len(text.lstrip())]
        tail = text[len(text.rstrip()) :]
        return f"{lead}[{text.strip()}]({address}){tail}"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        alt = re.sub(r"([\\\[\]*_`<&])", r"\\\1", " ".join(str(el.get("alt") or "").split()))
        return f"![{alt}]({quote(str(el.get('src') or ''), safe=':/._-')})"

    def convert_sup(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return _shifted(text, _SUPER)

    def convert_sub(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return _shifted(text, _SUB)


def line_safe(text: str) -> str:
    """Paragraph text whose lines cannot be taken for headings, lists, quotes or rules."""
    text = _LINE_START.sub(r"\1\\\2", text)
    return _LINE_NUMBER.sub(r"\1\\\2", text)


def safe_address(href: str) -> str:
    """The address if a reader may be sent there, ready for Markdown; else ""."""
    href = "".join(href.split())
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    if parts.scheme.casefold() not in _SAFE_SCHEMES:
        return ""
    if parts.scheme.casefold() in ("http", "https") and not parts.hostname:
        return ""
    return quote(href, safe="%/:=&?~#+!$,;'@*[]")


def _shifted(text: str, table: dict[int, int]) -> str:
    """Raised or lowered digits (m², H₂O) as their own characters; other text as it is."""
    return text.translate(table) if all(ord(char) in table for char in text) else text
