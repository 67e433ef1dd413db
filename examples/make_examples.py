"""Makes the example release: `python examples/make_examples.py [folder]`.

Everything in it is invented and marked so: the ship, the people, the numbers, the
event. The photos carry GPS coordinates (a place at sea) and a camera model on
purpose, so that a demonstration can show them gone.
"""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import scenes
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm
from PIL import Image

FOLDER = Path(__file__).parent / "rilis-contoh"

PHOTOS = {
    "foto-1.jpg": (
        scenes.harbour,
        "Dua petugas karantina berompi berdiri di dermaga di depan kapal kargo Contoh Bahari; "
        "seorang memegang papan catatan",
    ),
    "foto-2.jpg": (
        scenes.vaccination,
        "Seorang perawat bermasker menyuntikkan vaksin ke lengan awak kapal yang duduk di ruang "
        "layanan",
    ),
    "foto-3.jpg": (
        scenes.galley,
        "Petugas berompi oranye menyenteri meja dapur kapal, didampingi juru masak bercelemek",
    ),
}
CREDIT = "Ilustrasi Siar"
FLOW_ALT = "Bagan empat langkah: dokumen, pemeriksaan, vaksinasi, lalu izin bebas karantina"

RESULTS = (
    ("Kegiatan", "Sasaran", "Hasil"),
    ("Pemeriksaan dokumen kesehatan", "24 awak", "24 lengkap"),
    ("Pemeriksaan ruang kapal", "9 ruang", "8 baik, 1 diperbaiki"),
    ("Vaksinasi influenza", "24 awak", "21 divaksin, 3 ditunda"),
)

FACTS = (
    ("Apa", "pemeriksaan kapal dan vaksinasi awak kapal MV Contoh Bahari"),
    ("Siapa", "Tim Kerja Contoh bersama 24 awak kapal, dipimpin dr. Contoh Sehati (nama karangan)"),
    ("Kapan", "Jumat, 20 November 2026, pukul 08.00-11.30 WIB"),
    ("Di mana", "Dermaga Contoh, Pelabuhan Boom Baru, Palembang"),
    ("Mengapa", "mencegah penyakit menular terbawa masuk atau keluar lewat pelabuhan"),
    (
        "Bagaimana",
        "memeriksa dokumen kesehatan, meninjau ruang kapal, lalu memvaksin awak yang memenuhi "
        "syarat",
    ),
)


def manuscript() -> bytes:
    """The release as a Word document; the same bytes each time."""
    document = Document()
    document.core_properties.author = "Contoh"
    for moment in ("created", "modified"):
        setattr(document.core_properties, moment, datetime(2026, 11, 20))  # noqa: DTZ001
    document.add_paragraph(
        "21 Awak Kapal MV Contoh Bahari Divaksin Sebelum Berlayar", style="Title"
    )
    document.add_paragraph(
        "Palembang - Balai Kekarantinaan Kesehatan (BKK) Kelas I Palembang memeriksa kapal kargo "
        "MV Contoh Bahari dan memvaksin 21 awaknya di Dermaga Contoh, Pelabuhan Boom Baru, Jumat "
        "pagi. Kapal dinyatakan layak berlayar setelah satu catatan kebersihan dapur diperbaiki."
    )
    opening = document.add_paragraph("Pemeriksaan berlangsung tiga setengah jam. Petugas meninjau ")
    opening.add_run("sembilan ruang kapal").bold = True
    opening.add_run(
        ", mulai dari dapur, gudang bahan makanan, sampai tangki air, untuk memastikan tidak ada "
    )
    opening.add_run("vektor").italic = True
    opening.add_run(" seperti tikus, kecoak dan nyamuk.")
    document.add_paragraph(
        "“Kapal yang bersih melindungi awaknya, juga warga di pelabuhan yang disinggahi,” kata "
        "dr. Contoh Sehati (nama karangan), ketua tim pemeriksa."
    )
    document.add_heading("Yang diperiksa", level=1)
    for words in ("dokumen kesehatan awak dan kapal", "ruang kapal dan persediaan air minum"):
        document.add_paragraph(words, style="List Bullet")
    for words in ("dapur dan lemari pendingin", "kamar awak"):
        document.add_paragraph(words, style="List Bullet 2")
    document.add_paragraph("obat dan alat pertolongan pertama", style="List Bullet")
    document.add_picture(io.BytesIO(_png(scenes.flow())), width=Cm(15))
    for properties in document.element.body.iter(qn("wp:docPr")):
        properties.set("descr", FLOW_ALT)
    document.add_heading("Hasil", level=1)
    grid = document.add_table(rows=len(RESULTS), cols=3, style="Table Grid")
    for row, cells in zip(grid.rows, RESULTS, strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    document.add_paragraph(
        "Tiga awak menunda vaksinasi karena sedang demam ringan dan akan divaksin di pelabuhan "
        "berikutnya."
    )
    document.add_heading("Cara mendapat layanan", level=1)
    for words in (
        "Agen kapal mendaftarkan kapal dan awaknya.",
        "Petugas menetapkan waktu pemeriksaan.",
        "Hasil pemeriksaan diterbitkan pada hari yang sama.",
    ):
        document.add_paragraph(words, style="List Number")
    closing = document.add_paragraph("Penjelasan layanan kekarantinaan tersedia di ")
    _add_link(closing, "https://kemkes.go.id/", "laman Kementerian Kesehatan")
    closing.add_run(".")
    remark = document.add_paragraph()
    remark.add_run(
        "Catatan: naskah ini contoh. Kapal, orang, angka dan peristiwanya karangan."
    ).italic = True
    document.add_heading("Unsur berita 5W+1H", level=1)
    for label, value in FACTS:
        document.add_paragraph().add_run(f"{label}: ").bold = True
        document.paragraphs[-1].add_run(value)
    document.add_paragraph("Tagar: #karantinakesehatan #vaksinasi #pelabuhan #contoh")
    document.add_heading("Takarir X", level=1)
    document.add_paragraph(
        "21 awak MV Contoh Bahari divaksin sebelum berlayar. Kapal bersih, awak sehat, pelabuhan "
        "aman. (contoh)"
    )
    document.add_heading("Takarir Instagram", level=1)
    document.add_paragraph("Kapal bersih, awak sehat, pelabuhan aman. ⚓")
    document.add_paragraph(
        "Jumat pagi, tim kami memeriksa sembilan ruang MV Contoh Bahari dan memvaksin 21 awaknya. "
        "Geser untuk melihat kegiatannya. (contoh)"
    )
    document.add_paragraph("#karantinakesehatan #vaksinasi #pelabuhan")
    out = io.BytesIO()
    document.save(out)
    return _dated(out.getvalue())


def photo(scene: Image.Image, minute: int) -> bytes:
    """The scene as a phone would save it: with a place, a device and a time."""
    exif = Image.Exif()
    exif[0x010F] = "Kamera Karangan"
    exif[0x0110] = "KK-1 (contoh)"
    exif[0x0112] = 1
    exif[0x0132] = f"2026:11:20 08:{minute:02}:00"
    exif[0x8825] = {1: "S", 2: (2.0, 12.0, 30.0), 3: "E", 4: (105.0, 6.0, 15.0)}
    out = io.BytesIO()
    scene.save(out, "JPEG", quality=88, optimize=True, exif=exif)
    return out.getvalue()


def notes() -> str:
    """The alternative texts, as staff write them beside the photos."""
    lines = [f"{name}: {alt} | kredit: {CREDIT}" for name, (_, alt) in PHOTOS.items()]
    return "\n".join(lines) + "\n"


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.quantize(96).save(out, "PNG", optimize=True)
    return out.getvalue()


def _add_link(paragraph: Any, address: str, words: str) -> None:
    relation = paragraph.part.relate_to(
        address,
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink",
        is_external=True,
    )
    link, run, inner = (OxmlElement(name) for name in ("w:hyperlink", "w:r", "w:t"))
    link.set(qn("r:id"), relation)
    inner.text = words
    run.append(inner)
    link.append(run)
    paragraph._p.append(link)


def _dated(package: bytes) -> bytes:
    """The same package with one fixed date on every part, so that it can be compared."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            dated = zipfile.ZipInfo(entry.filename, (2026, 11, 20, 8, 0, 0))
            dated.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(dated, old.read(entry))
    return out.getvalue()


def make(folder: Path) -> None:
    """Write the whole release into this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "naskah.docx").write_bytes(manuscript())
    (folder / "keterangan.txt").write_text(notes(), encoding="utf-8", newline="\n")
    for minute, (name, (scene, _)) in enumerate(PHOTOS.items(), start=10):
        (folder / name).write_bytes(photo(scene(), minute))


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
