"""OpenDocument texts (.odt) to simple HTML.

The package holds two XML files that matter; they are read with the hardened
ElementTree directly, so that every element that may reach a reader is named here
and everything else (tracked changes, notes to the author, indexes) stays out.
"""

from __future__ import annotations

import html
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from connectors.intake.errors import IntakeError
from connectors.intake.packages import UNPACKING_ERRORS, broken, open_odt
from connectors.intake.values import Converted, PictureCollector

_NS: Final = {
    name: "{urn:oasis:names:tc:opendocument:xmlns:" + urn + ":1.0}"
    for name, urn in {
        "office": "office",
        "style": "style",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "fo": "xsl-fo-compatible",
        "svg": "svg-compatible",
    }.items()
}
_XLINK_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_MAX_REPEAT: Final = 50

_SKIPPED: Final = frozenset(
    {
        "text:tracked-changes",
        "text:hidden-text",
        "text:hidden-paragraph",
        "text:sequence-decls",
        "text:variable-decls",
        "text:table-of-content",
        "text:alphabetical-index",
        "text:illustration-index",
        "text:table-index",
        "text:bibliography",
        "text:ruby-text",
        "text:script",
        "office:annotation",
        "office:annotation-end",
        "office:forms",
    }
)
_SPACES: Final = {"text:s": " ", "text:tab": " ", "text:line-break": "<br>"}


def odt_to_html(data: bytes, filename: str) -> Converted:
    """The visible text of an OpenDocument text. Raises IntakeError."""
    with open_odt(data, filename) as package:
        try:
            return _Reader(package, filename).converted()
        except IntakeError:
            raise
        except (ParseError, *UNPACKING_ERRORS) as error:
            raise broken(filename) from error


def _q(name: str) -> str:
    prefix, local = name.split(":")
    return _NS[prefix] + local


@dataclass(frozen=True, slots=True)
class _Style:
    """What a named style says itself; None where it leaves the word to its parent."""

    parent: str
    bold: bool | None
    italic: bool | None
    hidden: bool
    list_style: str


class _Styles:
    """All styles of one document, with inheritance resolved on asking."""

    def __init__(self, *roots: Element) -> None:
        self._styles: dict[tuple[str, str], _Style] = {}
        self._ordered: dict[tuple[str, int], bool] = {}
        for root in roots:
            for style in root.iter(_q("style:style")):
                key = (style.get(_q("style:family"), ""), style.get(_q("style:name"), ""))
                self._styles[key] = _read_style(style)
            for style in root.iter(_q("text:list-style")):
                name = style.get(_q("style:name"), "")
                for level in style:
                    no = int(level.get(_q("text:level"), "1"))
                    self._ordered[name, no] = level.tag == _q("text:list-level-style-number")

    def _chain(self, family: str, name: str) -> Iterator[tuple[str, _Style]]:
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            style = self._styles.get((family, name))
            if style is None:
                return
            yield name, style
            name = style.parent

    def names(self, name: str) -> tuple[str, ...]:
        """A paragraph style and its ancestors, as LibreOffice names them in the file."""
        return (name, *(style.parent for _, style in self._chain("paragraph", name)))

    def emphasis(self, family: str, name: str) -> tuple[bool, bool]:
        """(bold, italic), the nearest word in the chain winning."""
        bold = italic = None
        for _, style in self._chain(family, name):
            bold = style.bold if bold is None else bold
            italic = style.italic if italic is None else italic
        return bool(bold), bool(italic)

    def hidden(self, family: str, name: str) -> bool:
        return any(style.hidden for _, style in self._chain(family, name))

    def is_ordered(self, list_style: str, level: int) -> bool:
        return self._ordered.get((list_style, level), False)


def _read_style(style: Element) -> _Style:
    text = style.find(_q("style:text-properties"))
    weight = slant = display = None
    if text is not None:
        weight = text.get(_q("fo:font-weight"))
        slant = text.get(_q("fo:font-style"))
        display = text.get(_q("text:display"))
    return _Style(
        parent=style.get(_q("style:parent-style-name"), ""),
        bold=None if weight is None else weight in ("bold", "600", "700", "800", "900"),
        italic=None if slant is None else slant in ("italic", "oblique"),
        hidden=display == "none",
        list_style=style.get(_q("style:list-style-name"), ""),
    )


class _Reader:
    """Walks one document; keeps what the walk learns besides the HTML."""

    def __init__(self, package: zipfile.ZipFile, filename: str) -> None:
        self._package = package
        self._filename = filename
        self._names = set(package.namelist())
        self._collector = PictureCollector(filename)
        self._warnings: dict[str, None] = {}
        self._root: Element = fromstring(package.read("content.xml"))
        roots = [self._root]
        if "styles.xml" in self._names:
            roots.insert(0, fromstring(package.read("styles.xml")))
        self._styles = _Styles(*roots)

    def converted(self) -> Converted:
        body = self._root.find(f"{_q('office:body')}/{_q('office:text')}")
        if body is None:
            raise broken(self._filename)
        return Converted(self._blocks(body), self._collector.pictures, tuple(self._warnings))

    def _blocks(self, parent: Element, list_style: str = "", level: int = 0) -> str:
        return "".join(self._block(child, list_style, level) for child in parent)

    def _block(self, element: Element, list_style: str, level: int) -> str:
        name = _short(element.tag)
        if name in _SKIPPED or element.get(_q("text:display")) == "none":
            return ""
        if name == "text:list":
            return self._list(element, list_style, level + 1)
        readers = {
            "text:h": self._heading,
            "text:p": self._paragraph,
            "table:table": self._table,
            "draw:frame": self._loose_frame,
        }
        reader = readers.get(name)
        return reader(element) if reader else self._blocks(element, list_style, level)

    def _heading(self, element: Element) -> str:
        level = max(1, min(6, int(element.get(_q("text:outline-level"), "1"))))
        return f"<h{level}>{self._inline(element)}</h{level}>"

    def _paragraph(self, element: Element) -> str:
        style = element.get(_q("text:style-name"), "")
        if self._styles.hidden("paragraph", style):
            self._warnings[f"Teks tersembunyi di {self._filename} tidak ikut dibaca."] = None
            return ""
        names = self._styles.names(style)
        inner = self._inline(element)
        if "Title" in names:
            return f'<h1 class="judul">{inner}</h1>'
        if {"Caption", "Illustration", "Figure", "Drawing"} & set(names):
            return f'<p class="keterangan">{inner}</p>'
        if inner.strip():
            inner = _emphasised(inner, *self._styles.emphasis("paragraph", style))
        if "Quotations" in names:
            return f"<blockquote><p>{inner}</p></blockquote>"
        return f"<p>{inner}</p>"

    def _list(self, element: Element, inherited: str, level: int) -> str:
        style = element.get(_q("text:style-name"), "") or inherited
        tag = "ol" if self._styles.is_ordered(style, level) else "ul"
        items = []
        outside = []
        for item in element:
            inner = self._blocks(item, style, level)
            if len(item) == 1 and _short(item[0].tag) == "text:h":
                outside.append(inner)  # a numbered heading is a heading, not a list
            elif inner:
                items.append(f"<li>{inner}</li>")
        listed = f"<{tag}>{''.join(items)}</{tag}>" if items else ""
        return "".join(outside) + listed

    def _table(self, element: Element) -> str:
        header = element.findall(f"{_q('table:table-header-rows')}/{_q('table:table-row')}")
        rows = [self._row(row, "th" if row in header else "td") for row in _rows_of(element)]
        return f"<table>{''.join(rows)}</table>"

    def _row(self, row: Element, tag: str) -> str:
        cells = []
        for cell in row:
            if _short(cell.tag) != "table:table-cell":
                continue
            repeat = min(_MAX_REPEAT, int(cell.get(_q("table:number-columns-repeated"), "1")))
            spans = "".join(
                f' {attribute}="{min(_MAX_REPEAT, int(cell.get(_q(name), "1")))}"'
                for attribute, name in (
                    ("colspan", "table:number-columns-spanned"),
                    ("rowspan", "table:number-rows-spanned"),
                )
                if cell.get(_q(name), "1") != "1"
            )
            cells.append(f"<{tag}{spans}>{self._blocks(cell)}</{tag}>" * repeat)
        return f"<tr>{''.join(cells)}</tr>"

    def _inline(self, element: Element) -> str:
        parts = [html.escape(element.text or "", quote=False)]
        for child in element:
            parts.append(self._inline_child(child))
            parts.append(html.escape(child.tail or "", quote=False))
        return "".join(parts)

    def _inline_child(self, child: Element) -> str:
        name = _short(child.tag)
        if name in _SPACES or name in _SKIPPED:
            return _SPACES.get(name, "")
        readers = {
            "text:span": self._span,
            "text:a": self._link,
            "text:note": self._note,
            "draw:frame": self._frame,
        }
        return readers.get(name, self._inline)(child)

    def _link(self, link: Element) -> str:
        href = html.escape(link.get(_XLINK_HREF, ""), quote=True)
        return f'<a href="{href}">{self._inline(link)}</a>'

    def _note(self, note: Element) -> str:
        body = note.find(_q("text:note-body"))
        words = " ".join(self._inline(part) for part in body) if body is not None else ""
        return f" (catatan: {words.strip()})" if words.strip() else ""

    def _loose_frame(self, frame: Element) -> str:
        return f"<p>{self._frame(frame)}</p>"

    def _span(self, span: Element) -> str:
        style = span.get(_q("text:style-name"), "")
        if self._styles.hidden("text", style):
            self._warnings[f"Teks tersembunyi di {self._filename} tidak ikut dibaca."] = None
            return ""
        inner = self._inline(span)
        return _emphasised(inner, *self._styles.emphasis("text", style)) if inner else ""

    def _frame(self, frame: Element) -> str:
        box = frame.find(_q("draw:text-box"))
        if box is not None:
            # Text boxes hold captions and pull quotes: kept as lines of the paragraph.
            return "<br>".join(
                self._inline(part) for part in box if _short(part.tag) in ("text:p", "text:h")
            )
        alt = frame.findtext(_q("svg:desc")) or frame.findtext(_q("svg:title")) or ""
        for image in frame.findall(_q("draw:image")):
            target = image.get(_XLINK_HREF, "").removeprefix("./")
            if target in self._names:
                reference = self._collector.reference(self._package.read(target), alt)
                return f'<img src="{html.escape(reference)}" alt="{html.escape(alt, quote=True)}">'
        self._warnings[
            f"Satu gambar di {self._filename} hanya berupa tautan atau objek dan tidak diambil. "
            "Letakkan berkas gambarnya di folder bila diperlukan."
        ] = None
        return ""


def _rows_of(table: Element) -> Iterator[Element]:
    """The rows of this table, not those of tables inside its cells."""
    groups = ("table:table-header-rows", "table:table-rows", "table:table-row-group")
    for child in table:
        name = _short(child.tag)
        if name == "table:table-row":
            yield child
        elif name in groups:
            yield from _rows_of(child)


def _emphasised(inner: str, bold: bool, italic: bool) -> str:
    if italic:
        inner = f"<em>{inner}</em>"
    return f"<strong>{inner}</strong>" if bold else inner


def _short(tag: str) -> str:
    """`{urn…:text:1.0}p` → `text:p`; other namespaces keep their full name."""
    for prefix, namespace in _NS.items():
        if tag.startswith(namespace):
            return f"{prefix}:{tag[len(namespace) :]}"
    return tag
