"""What the tests of the social channels share."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from connectors.base import Order, RenderedMedia, RenderedPost
from ledger.blobs import FileBlobStore
from sop.manuscript import BlobStore, Manuscript, Media
from tests.support.loopback import Loopback, loopback

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobStore:
    return FileBlobStore(tmp_path / "blobs")


@pytest.fixture
def naps() -> list[float]:
    """Seconds that a connector asked to wait; nobody waits."""
    return []


def picture(
    blobs: BlobStore,
    name: str = "foto-1.jpg",
    size: tuple[int, int] = (640, 480),
    alt: str = "Petugas memeriksa kapal di dermaga",
) -> Media:
    """A real JPEG in the store."""
    made = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(made, "JPEG")
    sha256 = blobs.put(made.getvalue())
    length = len(made.getvalue())
    return Media(name, sha256, sha256, "image/jpeg", length, alt, width=size[0], height=size[1])


def manuscript(blobs: BlobStore, pictures: int = 1) -> Manuscript:
    return Manuscript(
        title="Pengawasan kapal di Pelabuhan Boom Baru",
        lead="Petugas **memeriksa** 12 kapal & awaknya pada Senin pagi.",
        body="Isi berita.",
        tags=("karantina kesehatan", "Palembang"),
        media=tuple(picture(blobs, f"foto-{number}.jpg") for number in range(1, pictures + 1)),
    )


OrderMaker = Callable[..., Order]


@pytest.fixture
def order_of() -> OrderMaker:
    """An approved order for a post; `pictures` are already rendered."""

    def made(
        channel: str,
        text: str = "Kapal diperiksa.",
        media: tuple[RenderedMedia, ...] = (),
        link: str = "https://situs.example/berita/kapal-a1b2c3d4/",
    ) -> Order:
        return Order(
            publication_id="p1",
            reference="a1b2c3d4",
            digest="d" * 64,
            post=RenderedPost(channel, "Judul", text, media=media),
            not_before=NOW,
            link=link,
            media_urls={item.sha256: f"https://situs.example/{item.filename}" for item in media},
        )

    return made


def rendered(blobs: BlobStore, name: str = "foto-1.jpg", alt: str = "Teks alt") -> RenderedMedia:
    media = picture(blobs, name)
    return RenderedMedia(
        media.sha256, name, media.mime, media.size, alt, width=media.width, height=media.height
    )
