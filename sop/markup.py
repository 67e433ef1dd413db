"""Markdown in, safe HTML or plain text out; and text from people made harmless.

The body of a manuscript is CommonMark with tables and strikethrough. Raw HTML in
it is shown as typed, never interpreted, and what is rendered passes an allow-list
on top. All functions take time in proportion to the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import cast
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

MediaResolver = Callable[[str], str | None]

MEDIA_SCHEME = "media:"
_LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_FIRST_HEADING = 2  # the title of the page is its h1

_TEXT_TAGS = ("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "a", "img")
_BLOCK_TAGS = ("blockquote", "ul", "ol", "li", "code", "pre")
_TABLE_TAGS = ("table", "thead", "tbody", "tr", "th", "td")
_TAGS = frozenset((*_TEXT_TAGS, *_BLOCK_TAGS, *_TABLE_TAGS))
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}

_LINE_ENDS = re.compile("\r\n|[\r\u0085\u2028\u2029\x0b\x0c]")
# Control characters, bidi embeddings, overrides and isolates (they can make a
# text read differently from what is stored), byte-order marks, annotations,
# lone surrogates and non-characters. Joiners and variation selectors stay: emoji
# and several scripts need them, as right-to-left letters need their plain marks.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2060\u2066-\u206f\ufeff"
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
# Unicode's stream-safe limit (UAX #15). Longer runs are no language's, and
# ordering them would take quadratic time.
_MOST_MARKS = 30

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@:=^$%])")
_SCHEME = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9+.-]*):")
# A file name with blanks or brackets is no CommonMark address unless it stands
# in <>; phones and chat programs make such names all the time.
_LOOSE_MEDIA = re.compile(r"\]\((media:[^<>\n]{1,255}?\.[A-Za-z0-9]{2,5})\)")
_SPACES = re.compile(r" {2,}")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean_text(text: str) -> str:
    """NFC text with "\\n" line ends and without invisible characters that could mislead.

    Emoji and right-to-left letters stay. Cleaning twice changes nothing.
    """
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    if text.isascii():
        return text
    return _with_few_marks(unicodedata.normalize("NFC", _with_few_marks(text)))


def escape_for_form(text: str) -> str:
    """Text as Markdown that shows it letter by letter: no markup, link, picture or HTML.

    Line ends stay line ends. Braces are escaped as well, so a template engine
    finds no template. Put the result into running text, not into a code span.
    """
    lines = [_SPECIAL.sub(r"\\\1", line.strip()) for line in clean_text(text).split("\n")]
    shown: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        # A backslash at the end of a line is CommonMark's hard line break.
        shown.append(line + "\\" if line and following else line)
    return "\n".join(shown)


def to_html(markdown: str, *, resolve_media: MediaResolver | None = None) -> str:
    """The HTML of a body; its highest heading becomes h2.

    `resolve_media` gives the http(s) or relative address of the file named in
    `![alt](media:FILENAME)`. A picture it does not know, and any picture that is
    not `media:`, is replaced by its alt text: only approved bytes are shown.
    """
    tokens = _parsed(markdown)
    _lower_headings(tokens)
    for token in tokens:
        if token.children:
            token.children = list(_safe_inline(token.children, resolve_media))
    html = cast(str, _parser().renderer.render(tokens, _parser().options, {}))
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_LINK_SCHEMES),
        filter_style_properties={"text-align"},
        link_rel="noopener noreferrer",
    ).strip()


def to_plain(markdown: str) -> str:
    """The text without Markdown signs, for a social caption.

    Paragraphs and list items stay apart, a link leaves its words, a picture
    leaves nothing, and struck-out words go, as they were meant to.
    """
    plain: list[str] = []
    last_group = 0
    for text, group in _plain_blocks(_read(markdown)):
        if plain:
            plain.append("\n" if group and group == last_group else "\n\n")
        plain.append(text)
        last_group = group
    return "".join(plain)


def media_references(markdown: str) -> tuple[str, ...]:
    """File names that the body shows as `media:` pictures, in order, each once."""
    names = (_media_name(image) for image in _images(markdown))
    return tuple(dict.fromkeys(name for name in names if name is not None))


def foreign_pictures(markdown: str) -> tuple[str, ...]:
    """Addresses of pictures in the body that are not `media:`; they are never shown."""
    addresses = (
        str(image.attrGet("src") or "") for image in _images(markdown) if _media_name(image) is None
    )
    return tuple(dict.fromkeys(addresses))


def link_addresses(markdown: str) -> tuple[str, ...]:
    """Addresses the body links to, in order, each once."""
    found = (
        str(child.attrGet("href") or "")
        for token in _read(markdown)
        for child in token.children or []
        if child.type == "link_open"
    )
    return tuple(dict.fromkeys(address for address in found if address))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True})
    parser.enable(["table", "strikethrough", "linkify"])
    if parser.linkify is not None:
        # Without a scheme a link is a guess: academic titles such as "S.KM" and
        # "M.Si" end in the top-level domains of countries.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_ip": False})
    return parser


@lru_cache(maxsize=8)
def _read(markdown: str) -> tuple[Token, ...]:
    """Tokens for looking only: one check asks several questions of the same long text."""
    return tuple(_parsed(markdown))


def _parsed(markdown: str) -> list[Token]:
    return _parser().parse(_LOOSE_MEDIA.sub(_in_angle_brackets, clean_text(markdown)))


def _in_angle_brackets(match: re.Match[str]) -> str:
    return f"](<{match.group(1)}>)"


def _with_few_marks(text: str) -> str:
    kept: list[str] = []
    run = 0
    for letter in text:
        run = run + 1 if letter > "\u02ff" and unicodedata.combining(letter) else 0
        if run <= _MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def _lower_headings(tokens: Sequence[Token]) -> None:
    levels = [int(token.tag[1:]) for token in tokens if token.type == "heading_open"]
    if not levels:
        return
    shift = _FIRST_HEADING - min(levels)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + shift)}"


def _safe_inline(children: Sequence[Token], resolve: MediaResolver | None) -> Iterator[Token]:
    dropped_link = False
    for child in children:
        if child.type == "image":
            yield _picture_or_alt(child, resolve)
        elif child.type == "link_open" and not _may_link(str(child.attrGet("href") or "")):
            dropped_link = True
        elif child.type == "link_close" and dropped_link:
            dropped_link = False
        else:
            yield child


def _may_link(address: str) -> bool:
    scheme = _SCHEME.match(address)
    return bool(address) and (scheme is None or scheme.group(1).lower() in _LINK_SCHEMES)


def _picture_or_alt(image: Token, resolve: MediaResolver | None) -> Token:
    name = _media_name(image)
    address = resolve(name) if resolve is not None and name is not None else None
    if not address:
        return Token("text", "", 0, content=_inline_text(image.children or []))
    image.attrSet("src", address)
    return image


def _media_name(image: Token) -> str | None:
    source = str(image.attrGet("src") or "")
    if not source.lower().startswith(MEDIA_SCHEME):
        return None
    return unicodedata.normalize("NFC", unquote(source[len(MEDIA_SCHEME) :]))


def _images(markdown: str) -> Iterator[Token]:
    for token in _read(markdown):
        for child in token.children or []:
            if child.type == "image":
                yield child


def _inline_text(children: Sequence[Token]) -> str:
    words: list[str] = []
    struck = 0
    for child in children:
        if child.type == "s_open":
            struck += 1
        elif child.type == "s_close":
            struck -= 1
        elif struck or child.type == "image":
            continue
        elif child.type == "hardbreak":
            words.append("\n")
        elif child.type == "softbreak":
            words.append(" ")
        elif child.type in ("text", "code_inline"):
            words.append(child.content)
    return "".join(words)


def _plain_blocks(tokens: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Blocks of text, each with the number of the list or table it belongs to (0: none)."""
    counters: list[int | None] = []  # per open list: next number, None for bullets
    cells: list[str] | None = None
    mark = ""
    group = 0
    for token in tokens:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            group += not counters
            ordered = kind == "ordered_list_open"
            counters.append(int(token.attrGet("start") or 1) if ordered else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            counters.pop()
        elif kind == "list_item_open":
            mark = _list_mark(counters)
        elif kind == "table_open":
            group += not counters
        elif kind == "tr_open":
            cells = []
        elif kind == "tr_close" and cells is not None:
            yield mark + " · ".join(cell for cell in cells if cell), group
            cells, mark = None, ""
        elif kind in ("inline", "fence", "code_block"):
            text = _inline_text(token.children or []) if kind == "inline" else token.content
            text = _without_loose_blanks(text)
            if cells is not None:
                cells.append(text)
            elif text:
                yield mark + text, group if counters else 0
                mark = ""


def _list_mark(counters: list[int | None]) -> str:
    number = counters[-1]
    indent = "  " * (len(counters) - 1)
    if number is None:
        return f"{indent}• "
    counters[-1] = number + 1
    return f"{indent}{number}. "


def _without_loose_blanks(text: str) -> str:
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()
