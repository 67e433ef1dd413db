"""The channel without an API: text to post by hand, and the address that comes back."""

from __future__ import annotations

import pytest

from connectors.base import LINK_MARK, Prepared
from connectors.errors import ChannelError, Ditolak, Sementara
from connectors.manual import ManualChannel
from ledger.blobs import FileBlobStore
from tests.unit.social.conftest import NOW, OrderMaker, manuscript


@pytest.fixture
def tiktok() -> ManualChannel:
    return ManualChannel("tiktok", "TikTok", clock=lambda: NOW)


def test_the_officer_gets_text_hashtags_link_and_pictures(
    tiktok: ManualChannel, blobs: FileBlobStore
) -> None:
    post = tiktok.render(manuscript(blobs, pictures=2), blobs, reference="a1b2c3d4")
    assert post.channel == "tiktok"
    assert post.text == (
        "Petugas memeriksa 12 kapal & awaknya pada Senin pagi.\n\n"
        f"Selengkapnya: {LINK_MARK}\n\n#KarantinaKesehatan #Palembang"
    )
    assert len(post.media) == 2
    assert tiktok.validate(post) == []


def test_the_prepared_text_names_the_live_article(
    tiktok: ManualChannel, order_of: OrderMaker, blobs: FileBlobStore
) -> None:
    order = order_of("tiktok", f"Baca {LINK_MARK}")
    assert tiktok.prepare(order, blobs).data["text"] == f"Baca {order.link}"
    with pytest.raises(Sementara):
        tiktok.prepare(order_of("tiktok", f"Baca {LINK_MARK}", link=""), blobs)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.tiktok.com/@bkk/video/7300000000000000000?lang=id",
        "  https://contoh.example/a  ",
        "http://127.0.0.1:4280/p/x/",
        "https://situs.example:8443/berita/1#atas",
    ],
)
def test_an_address_as_copied_from_the_browser_is_taken(tiktok: ManualChannel, url: str) -> None:
    published = tiktok.accept_url(url)
    assert published.url == published.remote_id == url.strip()
    assert published.published_at == NOW


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "tiktok.com/@bkk",
        "javascript:alert(1)",
        "ftp://contoh.example/a",
        "file:///etc/passwd",
        "https://",
        "https://tiktok",
        "https://nama:sandi@contoh.example/a",
        "https://contoh.example/a b",
        "https://contoh.example/<script>",
        "https://contoh.example/\x00",
        "https://contoh.example/\u202e",
        "https://[::1",
        "https://contoh.example:99999999/a",
        "https://" + "a" * 300 + ".example/",
        "https://contoh.example/" + "a" * 3000,
        "sudah saya unggah ya",
    ],
)
def test_what_is_no_web_address_is_refused_with_what_to_do(tiktok: ManualChannel, url: str) -> None:
    with pytest.raises(Ditolak) as caught:
        tiktok.accept_url(url)
    assert "TikTok" in caught.value.sentence
    assert "salin alamat" in caught.value.action


def test_nothing_is_ever_posted_read_or_deleted_by_itself(
    tiktok: ManualChannel, order_of: OrderMaker
) -> None:
    order = order_of("tiktok")
    for call in (
        lambda: tiktok.publish(order, Prepared()),
        lambda: tiktok.find(order, Prepared(), since=NOW),
        lambda: tiktok.status("https://contoh.example/a"),
        lambda: tiktok.withdraw("https://contoh.example/a"),
    ):
        with pytest.raises(ChannelError):
            call()
    assert tiktok.metrics("https://contoh.example/a") == {}
    assert tiktok.check().ok
