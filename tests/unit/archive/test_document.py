"""The approved manuscript as PDF, HTML and Markdown."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from archive.document import as_html, as_markdown, as_pdf, blocks_of
from ledger.blobs import FileBlobStore
from tests.unit.archive.samples import content_in

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="poppler-utils is not installed"
)


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobStore:
    return FileBlobStore(tmp_path / "berkas")


def read_pdf(data: bytes, folder: Path, *program: str) -> str:
    path = folder / "naskah.pdf"
    path.write_bytes(data)
    done = subprocess.run(
        [*program, str(path), "-"][: None if program[0] == "pdftotext" else -1],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@needs_poppler
def test_the_pdf_has_letterhead_text_pictures_alt_texts_and_who_approved(
    blobs: FileBlobStore, tmp_path: Path
) -> None:
    content = content_in(blobs)
    data = as_pdf(content, blobs)
    text = " ".join(read_pdf(data, tmp_path, "pdftotext", "-layout").split())
    for shown in (
        "KEMENTERIAN KESEHATAN",
        "Balai Kekarantinaan Kesehatan (BKK) Kelas I Palembang",
        "21 Awak Kapal Divaksin Sebelum Berlayar",
        "Teks alternatif: Dua petugas memeriksa dokumen",
        "Teks alternatif: Kapal bersandar di dermaga",
        "dr. Hasan Contoh",
        "#set text(red)",
        "#emph[ini] bukan perintah",
        content.digest,
    ):
        assert shown in text, shown
    pictures = read_pdf(data, tmp_path, "pdfimages", "-list")
    assert pictures.count("jpeg") == 2
    assert "Tagged:          yes" in read_pdf(data, tmp_path, "pdfinfo")
    assert b"pdfaid" in data


def test_the_same_content_gives_the_same_bytes(blobs: FileBlobStore) -> None:
    content = content_in(blobs)
    assert as_pdf(content, blobs) == as_pdf(content, blobs)


def test_letters_that_the_fonts_do_not_have_and_a_broken_picture_do_not_stop_the_pdf(
    blobs: FileBlobStore,
) -> None:
    content = content_in(blobs, pictures=(b"bukan gambar", b"juga bukan"), rehearsal=True)
    odd = replace(content, manuscript=replace(content.manuscript, title="Kapal 🚢 中文 العربية"))
    assert as_pdf(odd, blobs).startswith(b"%PDF-")


def test_an_empty_manuscript_makes_a_pdf(blobs: FileBlobStore) -> None:
    content = content_in(blobs)
    bare = replace(content.manuscript, title="", lead="", body="", media=(), tags=())
    assert as_pdf(replace(content, manuscript=bare), blobs).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "body",
    [
        "1. satu\n\n   dua\n\n   ```\n   kode\n   ```\n2. tiga",
        "| a |\n|---|\n| ![x](media:foto-1.jpg) |\n| b | \n",
        "> > dalam\n>\n> - butir\n\n---\n\n#### kecil\n\n**tebal *miring* ~~coret~~ `k`**",
        "[tautan](../relatif) [surel](mailto:a@b.example) <b>mentah</b> \\\nbaris",
        "- ![x](media:foto-1.jpg) teks\n- ![tidak ada](media:hilang.jpg)",
        "| |\n|---|\n",
    ],
)
def test_every_construct_of_a_body_can_be_set(blobs: FileBlobStore, body: str) -> None:
    content = content_in(blobs)
    changed = replace(content.manuscript, body=body)
    assert as_pdf(replace(content, manuscript=changed), blobs).startswith(b"%PDF-")


def test_a_picture_in_the_text_stands_between_paragraphs() -> None:
    pictures = {"foto 1.jpg": {"t": "img", "file": "gambar-01.jpg"}}
    kinds = [one["t"] for one in blocks_of("a ![x](media:foto 1.jpg) b", pictures)]
    assert kinds == ["p", "img", "p"]


def test_html_and_markdown_hold_the_text_and_name_the_kept_files(blobs: FileBlobStore) -> None:
    manuscript = replace(content_in(blobs).manuscript, title="A < B & C")
    html = as_html(manuscript, lambda item: f"../media/{item.filename}")
    assert "<h1>A &lt; B &amp; C</h1>" in html
    assert 'src="../media/foto-2.jpg"' in html
    assert html.count("<img") == 2
    assert 'alt="Kapal bersandar di dermaga"' in html
    assert as_markdown(manuscript).startswith("# A < B & C\n\nSebanyak 21")
