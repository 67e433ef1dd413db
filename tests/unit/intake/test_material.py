"""A whole folder, as it stands on the office's share, to values ready for a manuscript."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from connectors.intake.material import gather, gather_media

from .samples import MARKDOWN_RELEASE, MemoryBlobs, docx, mp4, photo, release


def folder_with(place: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def webp() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (1, 120, 90)).save(out, "WEBP", lossless=True)
    return out.getvalue()


def test_a_folder_becomes_a_document_and_clean_media(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    exif = Image.Exif()
    exif[0x0110] = "Kamera-Rahasia"
    out = io.BytesIO()
    Image.new("RGB", (200, 100), (200, 0, 0)).save(out, "JPEG", exif=exif)
    place = folder_with(
        tmp_path,
        {
            "naskah.docx": docx(release),
            "Foto 2 (Final).JPG": out.getvalue(),
            "foto-10.webp": webp(),
            "video.mp4": mp4(),
            "keterangan.txt": b"foto 2 (final).jpg: Rapat (Foto: Tim)\nfoto-10.webp: Kapal\n",
        },
    )
    material = gather(blobs, place, {"video.mp4": "Kapal merapat"})
    assert material.problems == ()
    assert [(m.filename, m.mime, m.alt, m.credit) for m in material.media] == [
        ("foto-2-final.jpg", "image/jpeg", "Rapat", "Tim"),
        ("foto-10.jpg", "image/jpeg", "Kapal", ""),
        ("gambar-1.jpg", "image/jpeg", "Petugas memeriksa palka kapal", ""),
        ("video.mp4", "video/mp4", "Kapal merapat", ""),
    ]
    first = material.media[0]
    assert blobs.get(first.received_sha256) == out.getvalue()
    assert b"Rahasia" not in blobs.get(first.sha256)
    assert len(blobs.get(first.sha256)) == first.size
    assert material.document is not None
    assert "(media:gambar-1.jpg)" in material.document.body


def test_every_problem_is_listed_not_only_the_first(tmp_path: Path) -> None:
    place = folder_with(
        tmp_path,
        {
            "naskah.docx": b"PK\x03\x04rusak",
            "palsu.jpg": b"<html>",
            "putus.png": photo()[:50],
            "kosong.mp4": b"",
            "baik.jpg": photo(),
            "keterangan.txt": b"fotto.jpg: salah ketik\nsalah baris\n",
            "lama.doc": b"x",
        },
    )
    material = gather(MemoryBlobs(), place)
    assert material.document is None
    assert [m.filename for m in material.media] == ["baik.jpg"]
    for name in ("naskah.docx", "palsu.jpg", "putus.png", "kosong.mp4", "fotto.jpg", "baris 2"):
        assert sum(name in problem for problem in material.problems) == 1, name
    assert material.notes == ("lama.doc tidak dipakai: format Word lama; simpan sebagai .docx.",)


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    material = gather(MemoryBlobs(), tmp_path / "tiada")
    assert material.media == ()
    assert "tidak dapat dibuka" in material.problems[0]


def test_the_same_photo_in_the_text_and_in_the_folder_is_one_photo(tmp_path: Path) -> None:
    place = folder_with(tmp_path, {"naskah.docx": docx(release), "foto-1.jpg": photo()})
    material = gather(MemoryBlobs(), place)
    assert [(m.filename, m.alt) for m in material.media] == [
        ("foto-1.jpg", "Petugas memeriksa palka kapal")
    ]
    assert material.document is not None
    assert "![Petugas memeriksa palka kapal](media:foto-1.jpg)" in material.document.body


def test_pictures_named_in_markdown_are_those_of_the_folder(tmp_path: Path) -> None:
    text = MARKDOWN_RELEASE + "\n![](hilang.jpg)\n"
    place = folder_with(tmp_path, {"naskah.md": text.encode(), "Foto 1.jpg": webp()})
    material = gather(MemoryBlobs(), place)
    assert [(m.filename, m.alt) for m in material.media] == [
        ("foto-1.jpg", "Petugas memeriksa palka")
    ]
    assert material.document is not None
    assert "![Petugas memeriksa palka](media:foto-1.jpg)" in material.document.body
    assert "hilang" not in material.document.body
    assert len(material.problems) == 1
    assert "hilang.jpg" in material.problems[0]


def test_names_become_safe_and_stay_apart(tmp_path: Path) -> None:
    names = ["Foto #1.jpg", "foto 1.JPG", "foto_1.png", "图片.jpg", "…….jpg"]
    files = {name: photo(40 + no, 40) for no, name in enumerate(names)}
    material = gather(MemoryBlobs(), folder_with(tmp_path, files))
    found = [m.filename for m in material.media]
    assert len(set(found)) == len(names)
    assert all(name.isascii() and name == name.lower() and " " not in name for name in found)


def test_a_typed_alternative_text_wins_over_the_file_and_reaches_the_body(tmp_path: Path) -> None:
    place = folder_with(
        tmp_path, {"naskah.docx": docx(release), "keterangan.txt": b"gambar-1.jpg: dari berkas"}
    )
    from_file = gather(MemoryBlobs(), place)
    assert from_file.media[0].alt == "dari berkas"
    typed = gather(MemoryBlobs(), place, {"GAMBAR-1.jpg": "dari [formulir]"})
    assert typed.media[0].alt == "dari [formulir]"
    assert typed.document is not None
    assert "![dari \\[formulir\\]](media:gambar-1.jpg)" in typed.document.body


def test_where_the_text_is_not_wanted_the_document_stays_unopened(tmp_path: Path) -> None:
    place = folder_with(
        tmp_path,
        {
            "naskah.docx": b"PK\x03\x04 rusak",
            "foto-1.jpg": photo(),
            "video.mp4": mp4(),
            "keterangan.txt": b"foto-1.jpg: Rapat\ngambar-1.png: Bagan\nfoto-7.jpg: Kapal\n",
        },
    )
    blobs = MemoryBlobs()
    material = gather_media(blobs, place)
    assert material.document is None
    assert [(m.filename, m.alt) for m in material.media] == [
        ("foto-1.jpg", "Rapat"),
        ("video.mp4", ""),
    ]
    # gambar-1.png would be the first picture inside the document; foto-7.jpg is a typing error.
    (problem,) = material.problems
    assert "menyebut foto-7.jpg" in problem
    assert any("rusak" in one for one in gather(blobs, place).problems)


def test_the_media_of_a_folder_are_the_same_with_and_without_its_document(tmp_path: Path) -> None:
    place = folder_with(
        tmp_path, {"naskah.docx": docx(release), "foto-1.jpg": photo(64, 64, (9, 9, 9))}
    )
    alone, together = gather_media(MemoryBlobs(), place), gather(MemoryBlobs(), place)
    assert [m.filename for m in together.media] == ["foto-1.jpg", "gambar-1.jpg"]
    assert alone.media == together.media[:1]


def test_a_folder_that_is_gone_is_a_problem_without_its_document_too(tmp_path: Path) -> None:
    assert gather_media(MemoryBlobs(), tmp_path / "tidak-ada").problems
