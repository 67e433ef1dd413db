"""A channel without an API: the officer posts by hand and gives the address.

Nothing is sent from here. `render` makes the text and pictures to post, and
`accept_url` turns the officer's answer into a `Published`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from connectors import captions, imaging, social
from connectors.base import (
    Health,
    Measured,
    Order,
    Prepared,
    Published,
    RemoteStatus,
    RenderedPost,
)
from connectors.errors import Ditolak, TidakPasti
from sop.manuscript import BlobStore, Finding, Manuscript

MOST_IMAGES = 10
MOST_URL = 2048
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")


class ManualChannel:
    """connectors.base.Connector for a channel that only a person can post to."""

    def __init__(self, code: str, label: str, *, clock: Callable[[], datetime]) -> None:
        self._code = code
        self._label = label
        self._clock = clock

    def __repr__(self) -> str:
        return f"ManualChannel({self._code!r})"

    @property
    def channel(self) -> str:
        return self._code

    @property
    def label(self) -> str:
        return self._label

    def check(self) -> Health:
        return Health(
            self._code, True, f"{self._label} diunggah petugas dengan tangan; selalu siap."
        )

    def render(self, manuscript: Manuscript, blobs: BlobStore, *, reference: str) -> RenderedPost:
        return RenderedPost(
            channel=self._code,
            title=manuscript.title,
            text=captions.manual_text(manuscript, self._code),
            tags=manuscript.tags,
            media=social.rendered_images(manuscript, blobs, imaging.WEBSITE, MOST_IMAGES),
        )

    def validate(self, post: RenderedPost) -> list[Finding]:
        return social.empty_text_finding(self._label, post)

    def prepare(self, order: Order, blobs: BlobStore) -> Prepared:
        return Prepared({"text": social.published_text(order, self._label)})

    def publish(self, order: Order, prepared: Prepared) -> Published:
        raise Ditolak(
            f"{self._label} tidak dapat diunggah otomatis.",
            "Unggah teks dan gambarnya dengan tangan, lalu tuliskan alamat kirimannya di formulir.",
            channel=self._code,
            code="manual",
        )

    def find(self, order: Order, prepared: Prepared, *, since: datetime) -> Published | None:
        raise TidakPasti(
            f"Siar tidak dapat melihat {self._label}.",
            f"Buka {self._label} dan periksa sendiri apakah sudah terbit, lalu tuliskan alamatnya.",
            channel=self._code,
            code="manual",
        )

    def status(self, remote_id: str) -> RemoteStatus:
        raise TidakPasti(
            f"Siar tidak dapat membaca keadaan kiriman di {self._label}.",
            f"Buka {remote_id} dan periksa sendiri.",
            channel=self._code,
            code="manual",
        )

    def metrics(self, remote_id: str) -> Measured:
        return Measured()

    def withdraw(self, remote_id: str) -> None:
        raise Ditolak(
            f"Kiriman di {self._label} tidak dapat ditarik otomatis.",
            f"Buka {remote_id}, hapus dengan tangan, lalu catat penarikannya di formulir.",
            channel=self._code,
            code="manual",
        )

    def accept_url(self, url: str) -> Published:
        """The post that the officer made. Raises Ditolak with what is wrong with the address.

        The address is checked for form only and never opened: it came from a form.
        """
        written = url.strip()
        if problem := _url_problem(written):
            raise Ditolak(
                f"Alamat kiriman {self._label} tidak dapat diterima: {problem}.",
                "Buka kirimannya, salin alamat lengkap dari bilah alamat (diawali https://), "
                "lalu tempel di formulir.",
                channel=self._code,
                code="alamat",
            )
        return Published(written, written, self._clock(), raw={"dicatat": "petugas"})


def _url_problem(url: str) -> str:
    """Why the text is no public web address, in a few words; "" when it is one."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode().lower()
        has_login = parts.username is not None or parts.password is not None
        _ = parts.port
    except ValueError:
        return "bukan alamat web"
    rules = (
        (not url, "masih kosong"),
        (len(url) > MOST_URL, f"lebih dari {MOST_URL} karakter"),
        (any(c.isspace() or not c.isprintable() for c in url), "memuat spasi"),
        (any(c in url for c in "<>\"'{}|\\^`"), "memuat tanda yang tidak boleh ada di alamat web"),
        (parts.scheme not in {"http", "https"}, "tidak diawali https://"),
        (has_login, "memuat nama pengguna atau kata sandi"),
        (not _is_host(host), "nama situsnya tidak lengkap"),
    )
    return next((problem for holds, problem in rules if holds), "")


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # "localhost" is where the rehearsal channels live.
        return host == "localhost" or _NAME.fullmatch(host) is not None
    return True
