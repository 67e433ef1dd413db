"""Simple HTML made regular, before anything is looked for in it.

Word processors write the same thing in many ways: bold in five pieces, a picture in
the middle of a sentence, a list inside a table cell. After `regular_blocks` every
block is one of p, h1-h6, ul, ol, table, blockquote, pre, hr; pictures stand in a
paragraph of their own.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from bs4.element import Comment, NavigableString

from connectors.intake.values import MEDIA_SCHEME, clean_text
from connectors.intake.writing import safe_address

_BLOCKS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "hr"}
)
_INLINE: Final = frozenset({"strong", "em", "b", "i", "a", "br", "img", "sup", "sub", "code"})
_INSIDE: Final = frozenset({"li", "tr", "td", "th", "thead", "tbody"})
_DROPPED: Final = ("script", "style", "input", "iframe", "object", "svg", "form", "button")
_MAX_SPAN: Final = 50


def regular_blocks(html: str, filename: str) -> tuple[list[Tag], tuple[str, ...]]:
    """The blocks of a document in order, and what to tell its writer."""
    soup = BeautifulSoup(html, "html.parser")
    warnings: dict[str, None] = {}
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    _clean_words(soup)
    _settle_footnotes(soup)
    if soup.find(["s", "del"]):
        warnings[
            f"Ada teks yang dicoret di {filename}; teksnya tetap ikut. "
            "Hapus bila memang tidak untuk ditayangkan."
        ] = None
    for tag in soup.find_all(True):
        if tag.name not in _BLOCKS | _INLINE | _INSIDE:
            tag.unwrap()
    _settle_links(soup, filename, warnings)
    _settle_pictures(soup, filename, warnings)
    _join_emphasis(soup)
    for table in soup.find_all("table"):
        _square(soup, table)
    _lift_pictures(soup)
    return _top_blocks(soup), tuple(warnings)


def _clean_words(soup: BeautifulSoup) -> None:
    for text in list(soup.find_all(string=True)):
        cleaned = clean_text(str(text)).replace("\xa0", " ").replace("\u00ad", "")
        if cleaned != text:
            text.replace_with(NavigableString(cleaned))


def _settle_footnotes(soup: BeautifulSoup) -> None:
    """mammoth links notes to and fro; on the website only their numbers mean something."""
    for link in soup.find_all("a", href=re.compile(r"^#")):
        if link.get_text().strip() == "↑":
            link.decompose()
        else:
            link.unwrap()


def _settle_links(soup: BeautifulSoup, filename: str, warnings: dict[str, None]) -> None:
    for link in soup.find_all("a"):
        href = str(link.get("href") or "")
        if safe_address(href):
            link.attrs = {"href": href}
            continue
        if href:
            warnings[
                f'Tautan pada "{link.get_text().strip()[:60]}" di {filename} tidak dipakai karena '
                "alamatnya bukan http, https, surel atau telepon."
            ] = None
        link.unwrap()


def _settle_pictures(soup: BeautifulSoup, filename: str, warnings: dict[str, None]) -> None:
    for image in soup.find_all("img"):
        source = unquote(str(image.get("src") or ""))
        name = source.removeprefix(MEDIA_SCHEME).removeprefix("./")
        outside = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", name)
        if outside or not name or "/" in name or "\\" in name:
            warnings[
                f"Gambar {name[:60]} di {filename} berada di luar folder dan tidak diambil. "
                "Letakkan berkas gambarnya di folder, lalu sebut namanya saja."
            ] = None
            image.decompose()
        else:
            image.attrs = {"src": MEDIA_SCHEME + name, "alt": str(image.get("alt") or "")}


def _join_emphasis(soup: BeautifulSoup) -> None:
    """`<strong>a</strong><strong>b</strong>` is one bold word, not two."""
    for plain, proper in (("b", "strong"), ("i", "em")):
        for tag in soup.find_all(plain):
            tag.name = proper
    for tag in soup.find_all(["strong", "em"]):
        if tag.parent is None:
            continue
        if not tag.get_text().strip() and not tag.find("img"):
            tag.unwrap()
            continue
        if tag.find_parent(tag.name):
            tag.unwrap()
            continue
        following = tag.next_sibling
        while isinstance(following, Tag) and following.name == tag.name:
            for child in list(following.contents):
                tag.append(child.extract())
            following.decompose()
            following = tag.next_sibling
        _keep_marks_apart(tag)


def _keep_marks_apart(tag: Tag) -> None:
    """`**Apa:**ini` is no bold in CommonMark; a space makes it so, and is right anyway."""
    words, after, before = tag.get_text(), tag.next_sibling, tag.previous_sibling
    if isinstance(after, NavigableString) and after[:1].isalnum() and not words[-1:].isalnum():
        tag.insert_after(NavigableString(" "))
    if isinstance(before, NavigableString) and before[-1:].isalnum() and not words[:1].isalnum():
        tag.insert_before(NavigableString(" "))


def _square(soup: BeautifulSoup, table: Tag) -> None:
    """Markdown tables know no merged cells: empty cells stand where one reached over."""
    waiting: dict[int, int] = {}  # column → rows that a cell above still covers
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    for row in rows:
        column = 0
        for cell in [c for c in row.find_all(["td", "th"]) if c.find_parent("tr") is row]:
            while waiting.get(column, 0) > 0:
                waiting[column] -= 1
                cell.insert_before(soup.new_tag(cell.name))
                column += 1
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            cell.attrs = {}
            for extra in range(across):
                waiting[column + extra] = down - 1
                if extra:
                    cell.insert_after(soup.new_tag(cell.name))
            column += across
        while waiting.get(column, 0) > 0:
            waiting[column] -= 1
            row.append(soup.new_tag("td"))
            column += 1
    widest = max((len(row.find_all(["td", "th"], recursive=False)) for row in rows), default=0)
    for row in rows:
        for _ in range(widest - len(row.find_all(["td", "th"], recursive=False))):
            row.append(soup.new_tag("td"))


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return max(1, min(_MAX_SPAN, int(value))) if value.isdigit() else 1


def _lift_pictures(soup: BeautifulSoup) -> None:
    """Pictures inside a sentence, heading, list or table come to stand after that block."""
    for block in soup.find_all(True, recursive=False):
        images = block.find_all("img")
        if not images or (block.name == "p" and len(images) == 1 and not block.get_text().strip()):
            continue
        place = block
        for image in images:
            paragraph = soup.new_tag("p")
            paragraph.append(image.extract())
            place.insert_after(paragraph)
            place = paragraph


def _top_blocks(soup: BeautifulSoup) -> list[Tag]:
    blocks: list[Tag] = []
    loose: Tag | None = None
    for node in list(soup.contents):
        if isinstance(node, Tag) and node.name in _BLOCKS:
            loose = None
            blocks.append(node)
        elif isinstance(node, Tag) or str(node).strip():
            if loose is None:
                loose = soup.new_tag("p")
                blocks.append(loose)
            loose.append(node.extract())
    return [block for block in blocks if block.name == "hr" or _says_something(block)]


def _says_something(block: Tag) -> bool:
    return bool(block.get_text().strip()) or block.find("img") is not None
