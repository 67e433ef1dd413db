"""What the contract tests publish: one believable release with two pictures."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageDraw

from sop.manuscript import Facts, Manuscript, Media


class MemoryBlobs:
    """A `BlobStore` that lives as long as a test."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self._held[sha256] = data
        return sha256

    def get(self, sha256: str) -> bytes:
        return self._held[sha256]


def picture(seed: str, *, size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG that no other seed gives."""
    colour = hashlib.sha256(seed.encode()).digest()
    image = Image.new("RGB", size, (colour[0], colour[1], colour[2]))
    draw = ImageDraw.Draw(image)
    for number in range(12):
        left, top = colour[number] * size[0] // 256, colour[number + 8] * size[1] // 256
        draw.ellipse((left, top, left + 90, top + 60), fill=(colour[number + 3], 120, 90))
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=90)
    return stored.getvalue()


def media(blobs: MemoryBlobs, filename: str, data: bytes, alt: str, credit: str = "") -> Media:
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    sha256 = blobs.put(data)
    return Media(
        filename=filename,
        sha256=sha256,
        received_sha256=sha256,
        mime="image/jpeg",
        size=len(data),
        alt=alt,
        width=width,
        height=height,
        credit=credit,
    )


def release(blobs: MemoryBlobs, token: str) -> Manuscript:
    """The release. `token` stands in title, lead and pictures, so that tests do not meet."""
    return Manuscript(
        title=f"Petugas periksa 3 kapal & 41 awak di Boom Baru {token}",
        lead=(
            f"Palembang ({token}) — Balai memeriksa tiga kapal dari luar negeri di Pelabuhan "
            "Boom Baru pada Senin pagi. Semua awak dinyatakan sehat."
        ),
        body=(
            "## Yang diperiksa\n\n"
            "Petugas melihat **sertifikat** sanitasi, kotak P3K, dan buku vaksinasi: "
            "*41 awak* dari [tiga kapal](https://example.test/kapal?a=1&b=2).\n\n"
            "- kapal pertama\n- kapal kedua\n\n"
            "![Petugas membaca buku kesehatan kapal](media:foto-2.jpg)\n\n"
            "| Kapal | Awak |\n|---|---|\n| Contoh Satu | 20 |\n| Contoh Dua | 21 |\n\n"
            "Suhu 36 < 37,5 °C; “aman” kata petugas — tidak ada gejala 😷."
        ),
        facts=Facts("pemeriksaan", "petugas", "Senin", "Boom Baru", "mencegah", "di atas kapal"),
        tags=("Kekarantinaan", "Kapal & Awak"),
        category="Berita",
        media=(
            media(
                blobs,
                "foto-1.jpg",
                picture(token + "1"),
                "Dua petugas berompi menaiki tangga kapal “Contoh Satu”",
                "Humas",
            ),
            media(
                blobs,
                "foto-2.jpg",
                picture(token + "2", size=(800, 600)),
                "Petugas membaca buku kesehatan kapal & mencatat suhu < 37,5 °C",
            ),
        ),
    )
