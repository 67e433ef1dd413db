"""Real documents, made by the libraries that word processors' users meet."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from odf import dc, draw, office, style, table, text
from odf.opendocument import OpenDocumentText
from PIL import Image


class MemoryBlobs:
    """A content-addressed store that forgets; enough for reading tests."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self.held[name] = data
        return name

    def get(self, sha256: str) -> bytes:
        return self.held[sha256]


def photo(
    width: int = 320, height: int = 240, colour: tuple[int, int, int] = (20, 90, 160)
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


def docx(build: Callable[[Any], None]) -> bytes:
    document = Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def release(document: Any, *, alt: str = "Petugas memeriksa palka kapal") -> None:
    """A release with everything that must survive, as python-docx writes it."""
    document.add_paragraph("Kapal Contoh Bebas Karantina", style="Title")
    document.add_paragraph("Balai Contoh memeriksa kapal MV Contoh di Pelabuhan Contoh, Jumat.")
    document.add_heading("Pemeriksaan", level=1)
    paragraph = document.add_paragraph("Tim memeriksa ")
    paragraph.add_run("enam palka").bold = True
    paragraph.add_run(" dan ")
    paragraph.add_run("dapur").italic = True
    paragraph.add_run(", lihat ")
    add_link(paragraph, "https://example.go.id/a?b=1&c=2", "laman resmi")
    paragraph.add_run(".")
    document.add_heading("Hasil", level=2)
    document.add_paragraph("sanitasi baik", style="List Bullet")
    document.add_paragraph("tidak ada vektor", style="List Bullet")
    document.add_paragraph("tikus", style="List Bullet 2")
    document.add_paragraph("periksa", style="List Number")
    document.add_paragraph("catat", style="List Number")
    grid = document.add_table(rows=2, cols=2)
    for row, cells in zip(
        grid.rows, [("Bagian", "Hasil"), ("Dapur | pantri", "Baik")], strict=True
    ):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    document.add_picture(io.BytesIO(photo()))
    set_alt(document, alt)
    for line in (
        "Apa: pemeriksaan kapal",
        "Siapa: tim kerja contoh",
        "Kapan: Jumat, 20 November 2026",
        "Di mana: Pelabuhan Contoh",
        "Mengapa: mencegah penyakit",
        "Bagaimana: inspeksi dan wawancara",
        "Tagar: #karantina #pelabuhan sehat",
    ):
        document.add_paragraph(line)
    document.add_heading("Caption Instagram", level=1)
    document.add_paragraph("Kapal aman, kita tenang. ")
    document.add_paragraph("Simak di tautan bio.")
    document.add_heading("Takarir X", level=1)
    document.add_paragraph("Kapal contoh bebas karantina.")


def add_link(paragraph: Any, address: str, words: str) -> None:
    relation = paragraph.part.relate_to(
        address,
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink",
        is_external=True,
    )
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), relation)
    run = OxmlElement("w:r")
    inner = OxmlElement("w:t")
    inner.text = words
    run.append(inner)
    link.append(run)
    paragraph._p.append(link)


def set_alt(document: Any, alt: str) -> None:
    for properties in document.element.body.iter(qn("wp:docPr")):
        properties.set("descr", alt)


def odt(build: Callable[[OpenDocumentText], None]) -> bytes:
    document = OpenDocumentText()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def odt_release(document: OpenDocumentText) -> None:
    """The same release, as LibreOffice would lay it down."""
    for name, options in {
        "Tebal": {"fontweight": "bold"},
        "Miring": {"fontstyle": "italic"},
        "Sembunyi": {"display": "none"},
    }.items():
        made = style.Style(name=name, family="text")
        made.addElement(style.TextProperties(**options))
        document.automaticstyles.addElement(made)
    title = style.Style(name="Title", family="paragraph")
    document.styles.addElement(title)
    own = style.Style(name="P1", family="paragraph", parentstylename=title)
    document.automaticstyles.addElement(own)
    numbers = text.ListStyle(name="Nomor")
    numbers.addElement(text.ListLevelStyleNumber(level="1", numformat="1"))
    numbers.addElement(text.ListLevelStyleBullet(level="2", bulletchar="•"))
    document.automaticstyles.addElement(numbers)

    body = document.text
    body.addElement(text.P(stylename=own, text="Kapal Contoh Bebas Karantina"))
    body.addElement(
        text.P(text="Balai Contoh memeriksa kapal MV Contoh di Pelabuhan Contoh, Jumat.")
    )
    body.addElement(text.H(outlinelevel=1, text="Pemeriksaan"))
    paragraph = text.P(text="Tim memeriksa ")
    paragraph.addElement(text.Span(stylename="Tebal", text="enam "))
    paragraph.addElement(text.Span(stylename="Tebal", text="palka"))
    paragraph.addText(" dan ")
    paragraph.addElement(text.Span(stylename="Miring", text="dapur"))
    paragraph.addElement(text.Span(stylename="Sembunyi", text="rahasia-tersembunyi"))
    paragraph.addText(", lihat ")
    paragraph.addElement(
        text.A(type="simple", href="https://example.go.id/a?b=1&c=2", text="laman resmi")
    )
    paragraph.addText(".")
    note = office.Annotation()
    note.addElement(dc.Creator(text="Penulis"))
    note.addElement(text.P(text="komentar-rahasia"))
    paragraph.addElement(note)
    body.addElement(paragraph)
    outer = text.List(stylename="Nomor")
    for words in ("periksa", "catat"):
        item = text.ListItem()
        item.addElement(text.P(text=words))
        outer.addElement(item)
    inner, item = text.List(), text.ListItem()
    item.addElement(text.P(text="tikus"))
    inner.addElement(item)
    outer.lastChild.addElement(inner)
    body.addElement(outer)
    grid = table.Table()
    for cells in (("Bagian", "Hasil"), ("Dapur", "Baik")):
        row = table.TableRow()
        for words in cells:
            cell = table.TableCell()
            cell.addElement(text.P(text=words))
            row.addElement(cell)
        grid.addElement(row)
    body.addElement(grid)
    frame = draw.Frame(width="8cm", height="6cm", anchortype="paragraph")
    place = document.addPictureFromString(photo(), "image/jpeg")
    frame.addElement(draw.Image(href=place, type="simple", show="embed", actuate="onLoad"))
    from odf.svg import Desc

    frame.addElement(Desc(text="Petugas memeriksa palka kapal"))
    holder = text.P()
    holder.addElement(frame)
    body.addElement(holder)
    body.addElement(text.P(text="Apa: pemeriksaan kapal"))
    body.addElement(text.P(text="Siapa: tim kerja contoh"))


MARKDOWN_RELEASE = """---
judul: "Kapal Contoh Bebas Karantina"
tag: [karantina, pelabuhan sehat]
apa: pemeriksaan kapal
siapa: tim kerja contoh
Caption Facebook: Kapal aman,
  kita tenang.
---
Balai Contoh memeriksa kapal MV Contoh di Pelabuhan Contoh, Jumat.

# Pemeriksaan

Tim memeriksa **enam palka** dan *dapur*, lihat [laman resmi](https://example.go.id/a?b=1&c=2).

![Petugas memeriksa palka](foto 1.jpg)

1. periksa
2. catat
   - tikus

| Bagian | Hasil |
|---|---|
| Dapur | Baik |
"""


def rezipped(
    data: bytes,
    changes: Mapping[str, bytes | None] | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> bytes:
    """The package with some parts changed (None: left out) or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            part = (changes or {}).get(entry.filename, old.read(entry))
            if part is not None:
                new.writestr(entry.filename, part)
        for name, part in (extra or {}).items():
            new.writestr(name, part)
    return out.getvalue()


def part_of(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)


# --- a video small enough to write by hand ----------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", flags), *parts)


_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_TURNED = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)


def track(
    handler: bytes = b"vide",
    *,
    seconds: float = 2,
    width: int = 1280,
    height: int = 720,
    turned: bool = False,
    coding: bytes = b"avc1",
    inside: bytes = b"",
) -> bytes:
    length = int(seconds * 1000)
    head = full_box(
        b"tkhd",
        struct.pack(">IIIII", 0, 0, 1, 0, length) + b"\0" * 16,
        (_TURNED if turned else _MATRIX) + struct.pack(">II", width << 16, height << 16),
        flags=7,
    )
    config = box(b"avcC", bytes.fromhex("0142001effe100096742001e95a0501e8801000468ce3c80"))
    entry = box(
        coding,
        b"\0" * 6 + struct.pack(">H", 1) + b"\0" * 16 + struct.pack(">HH", width, height),
        struct.pack(">II", 0x480000, 0x480000) + b"\0" * 4 + struct.pack(">H", 1) + b"\0" * 32,
        struct.pack(">Hh", 24, -1) + config,
    )
    samples = box(
        b"stbl",
        full_box(b"stsd", struct.pack(">I", 1), entry),
        full_box(b"stts", struct.pack(">III", 1, 1, length)),
        full_box(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
        full_box(b"stsz", struct.pack(">III", 0, 1, 16)),
        full_box(b"stco", struct.pack(">II", 1, 40)),
    )
    media = box(
        b"mdia",
        full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, 1000, length, 0x55C4, 0)),
        full_box(b"hdlr", b"\0" * 4 + handler + b"\0" * 13),
        box(b"minf", full_box(b"vmhd", b"\0" * 8, flags=1), samples),
    )
    return box(b"trak", head, media, inside)


def mp4(*tracks: bytes, inside: bytes = b"", seconds: float = 2, brand: bytes = b"isom") -> bytes:
    head = full_box(
        b"mvhd",
        struct.pack(">IIIIIH", 0, 0, 1000, int(seconds * 1000), 0x10000, 0x100),
        b"\0" * 10 + _MATRIX + b"\0" * 24 + struct.pack(">I", 2),
    )
    moov = box(b"moov", head, *(tracks or (track(seconds=seconds),)), inside)
    return box(b"ftyp", brand, b"\0\0\2\0isomavc1mp41") + box(b"mdat", b"\x11" * 16) + moov
