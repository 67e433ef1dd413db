"""The example release must be what it says: complete, cleanable and made by its script."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

from PIL import Image

from connectors.imaging import INSTAGRAM, WEBSITE, rendition
from connectors.intake.folder import resolve_folder
from connectors.intake.material import gather

from .samples import MemoryBlobs

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_the_example_release_is_complete() -> None:
    material = gather(MemoryBlobs(), resolve_folder(EXAMPLES, "rilis-contoh"))
    assert material.problems == ()
    assert material.notes == ()
    document = material.document
    assert document is not None
    assert all(astuple(document.facts))
    assert document.title
    assert document.lead
    assert set(document.captions) == {"x", "instagram"}
    assert len(document.captions["x"]) <= 280
    assert "karangan" in document.body
    for mark in ("## ", "\n- ", "\n  - ", "\n1. ", "**", "| --- |", "](https://", "](media:"):
        assert mark in document.body
    assert [m.filename for m in material.media] == [
        "foto-1.jpg",
        "foto-2.jpg",
        "foto-3.jpg",
        "gambar-1.png",
    ]
    assert all(m.alt for m in material.media)


def test_the_example_photos_come_with_a_place_and_leave_without_it() -> None:
    blobs = MemoryBlobs()
    material = gather(blobs, EXAMPLES / "rilis-contoh")
    for media in material.media[:3]:
        received = Image.open(io.BytesIO(blobs.get(media.received_sha256)))
        assert received.getexif().get_ifd(0x8825)
        for limits in (WEBSITE, INSTAGRAM):
            sent = rendition(blobs.get(media.sha256), limits).data
            assert not Image.open(io.BytesIO(sent)).getexif()
            assert b"Kamera" not in sent


def test_the_examples_are_what_their_script_makes(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(EXAMPLES / "make_examples.py"), str(tmp_path)], check=True, timeout=120
    )
    made, kept = gather(MemoryBlobs(), tmp_path), gather(MemoryBlobs(), EXAMPLES / "rilis-contoh")
    assert made.document is not None
    assert kept.document is not None
    assert (made.document.body, made.document.lead) == (kept.document.body, kept.document.lead)
    assert [(m.filename, m.alt, m.width) for m in made.media] == [
        (m.filename, m.alt, m.width) for m in kept.media
    ]


def test_the_example_folder_stays_small_and_names_its_licences() -> None:
    files = list((EXAMPLES / "rilis-contoh").iterdir())
    assert sum(path.stat().st_size for path in files) < 3 * 1024 * 1024
    licences = (EXAMPLES / "LISENSI.md").read_text()
    for path in files:
        assert path.name in licences
