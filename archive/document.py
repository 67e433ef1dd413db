"""The approved manuscript in the forms that last: Markdown, HTML and PDF.

The same values give the same bytes on any machine; how the PDF is set stands in
`sop.typesetting`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from html import escape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag
from PIL import Image, ImageOps

from archive.content import Content
from sop.indonesian import WIB, moment
from sop.manuscript import BlobStore, Facts, Manuscript, Media
from sop.markup import media_references, to_html, to_plain
from sop.typesetting import pdf_of

TEMPLATE = Path(__file__).with_name("naskah.typ")
LARGEST_SIDE = 1600
FACT_NAMES: Mapping[str, str] = {
    "apa": "Apa",
    "siapa": "Siapa",
    "kapan": "Kapan",
    "di_mana": "Di mana",
    "mengapa": "Mengapa",
    "bagaimana": "Bagaimana",
}
_INLINE = frozenset({"strong", "em", "s", "a", "code", "br", "img"})
_LISTS = {"ul": "ul", "ol": "ol"}

Node = dict[str, Any]


def as_markdown(manuscript: Manuscript) -> str:
    """Title, lead and body as one Markdown text; pictures stay `media:FILENAME`."""
    parts = [f"# {manuscript.title}", manuscript.lead, manuscript.body]
    if manuscript.tags:
        parts.append("Tagar: " + ", ".join(manuscript.tags))
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def as_html(manuscript: Manuscript, place_of: Callable[[Media], str]) -> str:
    """A page that opens in any browser; `place_of` gives a file's relative address."""
    known = {item.filename: item for item in manuscript.media}

    def resolve(name: str) -> str | None:
        return place_of(known[name]) if name in known else None

    shown = set(media_references(manuscript.body))
    figures = [
        f'<figure><img src="{escape(place_of(item))}" alt="{escape(item.alt)}">'
        f"<figcaption>{escape(item.alt)}{_credit(item)}</figcaption></figure>"
        for item in manuscript.media
        if item.is_image and item.filename not in shown
    ]
    lead = f"<p><em>{escape(to_plain(manuscript.lead))}</em></p>" if manuscript.lead else ""
    return "\n".join(
        [
            '<!doctype html>\n<html lang="id">\n<head>\n<meta charset="utf-8">',
            f"<title>{escape(manuscript.title)}</title>",
            "<style>body{max-width:42em;margin:2em auto;padding:0 1em;font-family:serif;"
            "line-height:1.55}img{max-width:100%;height:auto}figure{margin:1.5em 0}"
            "figcaption{font-size:.9em;color:#444}table{border-collapse:collapse}"
            "td,th{border:1px solid #999;padding:.3em .6em}</style>\n</head>\n<body>",
            f"<h1>{escape(manuscript.title)}</h1>",
            lead,
            to_html(manuscript.body, resolve_media=resolve),
            *figures,
            "</body>\n</html>\n",
        ]
    )


def _credit(item: Media) -> str:
    return f" ({escape(item.credit)})" if item.credit else ""


def as_pdf(content: Content, blobs: BlobStore) -> bytes:
    """The manuscript on the office's letterhead, with pictures and alt texts."""
    pictures, files = _pictures(content.manuscript, blobs)
    return pdf_of(TEMPLATE, _document(content, pictures), files)


def _pictures(manuscript: Manuscript, blobs: BlobStore) -> tuple[dict[str, Node], dict[str, bytes]]:
    """Each picture as Typst gets it, with its file: a JPEG of moderate size, or a note that it
    cannot be shown."""
    found: dict[str, Node] = {}
    files: dict[str, bytes] = {}
    for number, item in enumerate((one for one in manuscript.media if one.is_image), start=1):
        name = f"gambar-{number:02}.jpg"
        node = {"t": "img", "alt": item.alt or "(tanpa teks alternatif)", "credit": item.credit}
        try:
            files[name] = _moderate(blobs.get(item.sha256))
        except (OSError, ValueError, Image.DecompressionBombError):
            found[item.filename] = {**node, "file": None, "note": f"Gambar {item.filename}"}
        else:
            found[item.filename] = {**node, "file": name, "note": ""}
    return found, files


def _moderate(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        # Smaller before anything else: a JPEG is then not even read at its full size.
        opened.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        upright = ImageOps.exif_transpose(opened)
        if upright.has_transparency_data:
            paper = Image.new("RGBA", upright.size, "white")
            paper.alpha_composite(upright.convert("RGBA"))
            upright = paper
        out = io.BytesIO()
        upright.convert("RGB").save(out, "JPEG", quality=84, optimize=True)
    return out.getvalue()


def _document(content: Content, pictures: Mapping[str, Node]) -> Node:
    manuscript, sop = content.manuscript, content.sop
    shown = set(media_references(manuscript.body))
    sealed = content.sealed_at.astimezone(WIB)
    return {
        "office": sop.unit,
        "letterhead": [part.strip() for part in sop.instansi.split(",") if part.strip()],
        "title": manuscript.title,
        "kicker": f"{_published(content)} · Publikasi {content.reference} · {content.unit}",
        "lead": to_plain(manuscript.lead),
        "body": blocks_of(manuscript.body, pictures),
        "tags": ", ".join(manuscript.tags),
        "pictures": [one for name, one in pictures.items() if name not in shown],
        "others": [
            {"name": item.filename, "alt": item.alt or "(tanpa keterangan)"}
            for item in manuscript.media
            if not item.is_image
        ],
        "facts": _facts(manuscript.facts),
        "approval": list(_approval(content)),
        "digest": content.digest,
        "footer": f"SOP {sop.nomor} · Publikasi {content.reference}",
        "date": [sealed.year, sealed.month, sealed.day],
        "rehearsal": content.rehearsal,
    }


def _published(content: Content) -> str:
    decided = [one for one in content.decisions if one.digest == content.digest]
    return moment(decided[-1].decided_at if decided else content.sealed_at)


def _facts(facts: Facts) -> list[tuple[str, str]]:
    values = {name: str(getattr(facts, name)).strip() for name in FACT_NAMES}
    return [(label, values[name]) for name, label in FACT_NAMES.items() if values[name]]


def _approval(content: Content) -> Iterator[tuple[str, str]]:
    yield "Naskah", f"revisi {content.revision_number}, klasifikasi {content.classification}"
    for one in content.decisions:
        if one.decision == "ya" and one.revoked_at is None:
            step = content.sop.step(one.step_no)
            when = moment(one.decided_at.astimezone(UTC))
            yield f"{step.no} · {step.short}", f"ya, {one.person}, {when}"
    for channel in content.channels:
        yield channel.label, channel.url or "tidak tayang"


def blocks_of(markdown: str, pictures: Mapping[str, Node]) -> list[Node]:
    """The body as values for the template, by way of the one sanitised HTML."""
    # A file name may hold anything; in an address a number stands for it.
    places = {name: f"gambar-{number}" for number, name in enumerate(pictures)}
    by_place = {places[name]: node for name, node in pictures.items()}
    html = to_html(markdown, resolve_media=places.get)
    return list(_blocks(BeautifulSoup(html, "html.parser"), by_place))


def _blocks(parent: Tag, pictures: Mapping[str, Node]) -> Iterator[Node]:
    waiting: list[PageElement] = []
    for child in parent.children:
        if isinstance(child, Tag) and child.name not in _INLINE:
            yield from _paragraphs(waiting, pictures)
            waiting = []
            yield from _block(child, pictures)
        else:
            waiting.append(child)
    yield from _paragraphs(waiting, pictures)


def _block(tag: Tag, pictures: Mapping[str, Node]) -> Iterator[Node]:
    name = tag.name
    if name == "p":
        yield from _paragraphs(list(tag.children), pictures)
    elif name in ("h2", "h3", "h4", "h5", "h6"):
        yield {"t": "heading", "level": int(name[1]), "c": _runs(list(tag.children))}
    elif name == "blockquote":
        yield {"t": "quote", "c": list(_blocks(tag, pictures))}
    elif name in _LISTS:
        items = [list(_blocks(item, pictures)) for item in tag.find_all("li", recursive=False)]
        start = str(tag.get("start") or "1")
        yield {"t": name, "start": int(start) if start.isdecimal() else 1, "c": items}
    elif name == "pre":
        yield {"t": "pre", "c": [{"t": "text", "v": tag.get_text().rstrip("\n")}]}
    elif name == "hr":
        yield {"t": "hr"}
    elif name == "table":
        yield _table(tag)
    else:
        yield from _blocks(tag, pictures)


def _table(table: Tag) -> Node:
    rows = [
        [_runs(list(cell.children)) for cell in row.find_all(["th", "td"])]
        for row in table.find_all("tr")
    ]
    columns = max((len(row) for row in rows), default=1)
    filled = [row + [[]] * (columns - len(row)) for row in rows]
    cells = [cell for row in filled[1:] for cell in row]
    return {"t": "table", "columns": columns, "head": filled[0] if filled else [], "cells": cells}


def _paragraphs(children: list[PageElement], pictures: Mapping[str, Node]) -> Iterator[Node]:
    """Running text as paragraphs; a picture in it stands between them."""
    text: list[PageElement] = []
    for child in [*children, None]:
        picture = _picture(child, pictures)
        if child is not None and picture is None:
            text.append(child)
            continue
        runs = _runs(text)
        if any(run["t"] != "text" or run["v"].strip() for run in runs):
            yield {"t": "p", "c": runs}
        text = []
        if picture is not None:
            yield picture


def _picture(child: PageElement | None, pictures: Mapping[str, Node]) -> Node | None:
    if isinstance(child, Tag) and child.name == "img":
        return pictures.get(str(child.get("src") or ""))
    return None


def _runs(children: list[PageElement]) -> list[Node]:
    runs: list[Node] = []
    for child in children:
        if isinstance(child, NavigableString):
            runs.append({"t": "text", "v": str(child).replace("\n", " ")})
        elif isinstance(child, Tag):
            runs.append(_run(child))
    return runs


def _run(tag: Tag) -> Node:
    inner = _runs(list(tag.children))
    if tag.name == "a":
        href = str(tag.get("href") or "")
        whole = href.startswith(("http://", "https://", "mailto:", "tel:"))
        return {"t": "a" if whole else "span", "href": href, "c": inner}
    if tag.name == "br":
        return {"t": "br"}
    if tag.name == "img":
        return {"t": "text", "v": str(tag.get("alt") or "")}
    return {"t": tag.name if tag.name in _INLINE else "span", "c": inner}
