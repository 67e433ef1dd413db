"""The channel "instagram": one picture, or a carousel of two to ten.

Instagram fetches pictures itself, from the public addresses that the website
gave them. A post is a container first; publishing the container is the one call
that readers see. The container's number is in `Prepared`, so that after a crash
its state can be read: FINISHED is not live yet, PUBLISHED is live.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors import captions, imaging, social
from connectors.base import (
    Health,
    Measured,
    Order,
    Prepared,
    Published,
    RemoteStatus,
    RenderedMedia,
    RenderedPost,
)
from connectors.errors import ChannelError, Dibatasi, Ditolak, Sementara, TidakPasti
from connectors.graph_account import (
    CLOCK_SKEW,
    PREPARED_LIFE,
    GraphAccount,
    comparable,
    graph_moment,
)
from connectors.http import Timeouts
from sop.manuscript import BlobStore, Finding, Manuscript

CHANNEL = "instagram"
LABEL = "Instagram"
MOST_IMAGES = 10
MOST_ALT = 1000
REQUIRED_SCOPES = frozenset({"instagram_basic", "instagram_content_publish"})
METRICS = ("views", "reach", "saved", "likes", "comments", "shares", "total_interactions")
POLLS = 30
LONGEST_POLL = 5.0  # seconds
_MEDIA_FIELDS = "id,caption,timestamp,permalink,media_type"


class InstagramSettings(BaseModel):
    """One professional account that is linked to the office's page. Time-outs are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ig_user_id: str
    access_token: SecretStr
    app_id: str = ""
    app_secret: SecretStr | None = None
    host: str = "https://graph.facebook.com"
    connect_timeout: float = Field(default=10.0, gt=0)
    read_timeout: float = Field(default=60.0, gt=0)


class Instagram:
    """connectors.base.Connector for Instagram. One instance per task; `sleep` takes seconds."""

    channel = CHANNEL
    label = LABEL

    def __init__(
        self,
        settings: InstagramSettings,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        secret = settings.app_secret
        self._account = GraphAccount(
            channel=CHANNEL,
            label=LABEL,
            host=settings.host,
            access_token=settings.access_token.get_secret_value(),
            app_id=settings.app_id,
            app_secret=secret.get_secret_value() if secret else "",
            timeouts=Timeouts(settings.connect_timeout, settings.read_timeout),
            clock=clock,
        )
        self._graph = self._account.graph

    def __repr__(self) -> str:
        return f"Instagram({self._settings.host}, {self._settings.ig_user_id})"

    def rest_until(self) -> datetime | None:
        """Until when Meta's usage headers advise to make no calls; None when all is well."""
        return self._account.rest_until()

    def check(self) -> Health:
        try:
            user = self._account.ask(
                lambda: self._graph.get_object(self._settings.ig_user_id, fields="id,username")
            )
            used, total = self._quota()
        except ChannelError as error:
            return self._account.unwell(error)
        name = f"@{user.get('username', self._settings.ig_user_id)}"
        ready = f"Instagram siap sebagai {name}; {used} dari {total} kiriman hari ini terpakai."
        return self._account.token_health(name, REQUIRED_SCOPES, ready)

    def render(self, manuscript: Manuscript, blobs: BlobStore, *, reference: str) -> RenderedPost:
        return RenderedPost(
            channel=CHANNEL,
            title=manuscript.title,
            text=captions.instagram_text(manuscript),
            tags=manuscript.tags,
            media=social.rendered_carousel(manuscript, blobs, imaging.INSTAGRAM, MOST_IMAGES),
        )

    def validate(self, post: RenderedPost) -> list[Finding]:
        found = social.empty_text_finding(LABEL, post)
        found += self._text_findings(post.text)
        found += social.alt_findings(LABEL, post.media, MOST_ALT)
        if not post.media:
            sentence = "Instagram memerlukan sedikitnya satu foto. Tambahkan foto ke naskah."
            found.append(Finding(LABEL, sentence, True, "tanpa-foto"))
        if len(post.media) > MOST_IMAGES:
            sentence = f"Satu kiriman Instagram memuat paling banyak {MOST_IMAGES} foto."
            found.append(Finding(LABEL, sentence, True, "media-banyak"))
        for picture in post.media:
            if not _fits(picture):
                sentence = (
                    f"{picture.filename} harus JPEG, paling besar 8 MiB, dengan perbandingan "
                    "lebar dan tinggi 4:5 sampai 1,91:1."
                )
                found.append(Finding(LABEL, sentence, True, "foto-ditolak"))
        return found

    @staticmethod
    def _text_findings(text: str) -> list[Finding]:
        found = []
        length, tags = captions.utf16_length(text), captions.hashtag_count(text)
        if length > captions.INSTAGRAM_LIMIT:
            found.append(social.length_finding(LABEL, length, captions.INSTAGRAM_LIMIT))
        if tags > captions.INSTAGRAM_HASHTAGS:
            sentence = (
                f"Takarir Instagram memuat {tags} tagar; paling banyak "
                f"{captions.INSTAGRAM_HASHTAGS}. Hapus {tags - captions.INSTAGRAM_HASHTAGS} tagar."
            )
            found.append(Finding(LABEL, sentence, True, "tagar-banyak"))
        return found

    def prepare(self, order: Order, blobs: BlobStore) -> Prepared:
        text = self._text_to_send(order)
        addresses = [_public_address(order, picture) for picture in order.post.media]
        self._refuse_without_quota()
        pictures = list(zip(order.post.media, addresses, strict=True))
        if len(pictures) == 1:
            children: list[str] = []
            container = self._created(_picture_fields(*pictures[0]), caption=text)
        else:
            children = [
                self._created(_picture_fields(*picture), is_carousel_item=True)
                for picture in pictures
            ]
            for child in children:
                self._wait_until_finished(child)
            carousel = {"media_type": "CAROUSEL", "children": ",".join(children)}
            container = self._created(carousel, caption=text)
        expires_at = self._account.clock() + PREPARED_LIFE
        self._wait_until_finished(container)
        return Prepared(
            {"container": container, "children": children, "expires_at": expires_at.isoformat()}
        )

    def _text_to_send(self, order: Order) -> str:
        text = social.published_text(order, LABEL)
        for finding in self._text_findings(text):
            raise social.refused_before_sending(LABEL, CHANNEL, finding)
        return text

    def _created(self, fields: Mapping[str, Any], **more: Any) -> str:
        """The number of a new container; containers nobody publishes vanish after a day."""
        return self._account.id_of(
            self._account.ask(
                lambda: self._graph.put_object(self._settings.ig_user_id, "media", **fields, **more)
            )
        )

    def _wait_until_finished(self, container: str) -> None:
        for attempt in range(POLLS):
            code, words = self._container_state(container)
            if code in {"FINISHED", "PUBLISHED"}:
                return
            if code == "ERROR":
                raise Ditolak(
                    "Instagram tidak dapat mengolah gambar ini.",
                    "Ganti gambarnya lalu mulai lagi dari verifikasi; alasannya ada di catatan.",
                    channel=CHANNEL,
                    code="gambar-gagal",
                    detail=words,
                )
            if code == "EXPIRED":
                raise social.prepare_again(LABEL, CHANNEL)
            self._sleep(min(0.5 * 2**attempt, LONGEST_POLL))
        raise Sementara(
            "Instagram masih mengolah gambar.",
            "Belum ada yang terbit; langkah ini dicoba lagi nanti.",
            channel=CHANNEL,
            code="gambar-diolah",
        )

    def _container_state(self, container: str) -> tuple[str, str]:
        """(status_code, its explanation); ("GONE", "") for a container that vanished."""
        try:
            seen = self._account.ask(
                lambda: self._graph.get_object(container, fields="status_code,status")
            )
        except ChannelError as error:
            if self._account.is_gone(error, self._settings.ig_user_id):
                return "GONE", ""
            raise
        return str(seen.get("status_code", "")), str(seen.get("status", ""))

    def _refuse_without_quota(self) -> None:
        used, total = self._quota()
        if used >= total:
            raise Dibatasi(
                f"Jatah kiriman Instagram hari ini sudah habis ({used} dari {total}).",
                "Belum ada yang terbit; pengiriman dicoba lagi bila jatahnya pulih.",
                channel=CHANNEL,
                code="kuota",
                until=self._account.clock() + timedelta(hours=1),
            )

    def _quota(self) -> tuple[int, int]:
        """(posts made through the API in the last 24 hours, most that are allowed)."""
        answer = self._account.ask(
            lambda: self._graph.get_connections(
                self._settings.ig_user_id, "content_publishing_limit", fields="quota_usage,config"
            )
        )
        first = next(iter(answer.get("data") or [{}]))
        total = dict(first.get("config") or {}).get("quota_total")
        return int(first.get("quota_usage") or 0), int(total or 100)

    def publish(self, order: Order, prepared: Prepared) -> Published:
        self._text_to_send(order)
        container = str(prepared.data.get("container", ""))
        if not container or social.is_expired(prepared, self._account.clock()):
            raise social.prepare_again(LABEL, CHANNEL)
        self._refuse_unless_finished(container)
        answer = self._account.ask(
            lambda: self._graph.publish_object(
                self._settings.ig_user_id, "media_publish", creation_id=container
            ),
            publishing=True,
        )
        media_id = self._account.published_id_of(answer)
        return self._published(media_id, answer)

    def _refuse_unless_finished(self, container: str) -> None:
        """A look before the one call: a container that is live already must not go again."""
        code, _ = self._container_state(container)
        if code == "PUBLISHED":
            raise _live_already()
        if code in {"EXPIRED", "ERROR", "GONE"}:
            raise social.prepare_again(LABEL, CHANNEL)
        if code != "FINISHED":
            self._wait_until_finished(container)

    def _published(self, media_id: str, answer: Mapping[str, Any]) -> Published:
        """The post is live whatever happens while its address is read."""
        now = self._account.clock()
        try:
            seen = self._medium(media_id)
        except ChannelError:
            seen = {}
        return Published(
            media_id,
            str(seen.get("permalink") or ""),
            graph_moment(seen.get("timestamp"), now),
            raw={**seen, **answer},
        )

    def find(self, order: Order, prepared: Prepared, *, since: datetime) -> Published | None:
        container = str(prepared.data.get("container", ""))
        code = self._container_state(container)[0] if container else ""
        wanted = _caption(social.published_text(order, LABEL))
        for medium in self._media_since(since - CLOCK_SKEW):
            if _caption(str(medium.get("caption", ""))) == wanted:
                return Published(
                    str(medium["id"]),
                    str(medium.get("permalink", "")),
                    graph_moment(medium.get("timestamp"), since),
                    raw=medium,
                )
        if code == "PUBLISHED":
            raise _live_already()
        return None

    def _media_since(self, earliest: datetime) -> list[dict[str, Any]]:
        """Our media since then, oldest first."""

        def read() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            # Newest first: stop at the first that is older, whatever `since` Graph honours.
            for medium in self._graph.get_all_connections(
                self._settings.ig_user_id, "media", fields=_MEDIA_FIELDS, limit=50
            ):
                if graph_moment(medium.get("timestamp"), earliest) < earliest:
                    break
                found.insert(0, medium)
            return found

        return self._account.ask(read)

    def status(self, remote_id: str) -> RemoteStatus:
        try:
            medium = self._medium(remote_id)
        except ChannelError as error:
            if self._account.is_gone(error, self._settings.ig_user_id):
                return RemoteStatus("missing")
            raise
        return RemoteStatus("live", str(medium.get("permalink", "")), medium)

    def metrics(self, remote_id: str) -> Measured:
        """Lifetime numbers of the post."""
        try:
            values, missing = self._account.insights(remote_id, METRICS)
        except ChannelError as error:
            # Raises what is wrong with the account, when it is not the post that is gone.
            self._account.is_gone(error, self._settings.ig_user_id)
            raise
        numbers = {name: value for name, value in values.items() if isinstance(value, int)}
        return Measured(numbers, missing)

    def withdraw(self, remote_id: str) -> None:
        try:
            self._account.ask(lambda: self._graph.delete_object(remote_id))
        except ChannelError as error:
            if not self._account.is_gone(error, self._settings.ig_user_id):
                raise

    def _medium(self, media_id: str) -> dict[str, Any]:
        found = self._account.ask(lambda: self._graph.get_object(media_id, fields=_MEDIA_FIELDS))
        return dict(found)


def _fits(picture: RenderedMedia) -> bool:
    limits = imaging.INSTAGRAM
    ratio = (picture.width or 1) / (picture.height or 1)
    return (
        picture.mime == "image/jpeg"
        and picture.size <= limits.max_bytes
        and (limits.min_ratio or 0) - 0.005 <= ratio <= (limits.max_ratio or 99) + 0.005
    )


def _public_address(order: Order, picture: RenderedMedia) -> str:
    """Where Instagram can fetch the picture; Sementara until the website hosts it."""
    if address := order.media_urls.get(picture.sha256):
        return address
    raise Sementara(
        f"{picture.filename} belum punya alamat umum untuk diambil Instagram.",
        "Terbitkan situs web lebih dulu; pengiriman ini menyusul sendiri.",
        channel=CHANNEL,
        code="gambar-belum-ada",
    )


def _caption(text: str) -> str:
    """A caption to compare; Graph leaves "@" out for those who do not manage the account."""
    return comparable(text.replace("@", ""))


def _picture_fields(picture: RenderedMedia, address: str) -> dict[str, Any]:
    return {"image_url": address, **({"alt_text": picture.alt} if picture.alt else {})}


def _live_already() -> TidakPasti:
    return TidakPasti(
        "Instagram mengatakan kiriman ini sudah terbit, tetapi nomornya belum terbaca.",
        "Jangan mengirim ulang. Siar membaca daftar kiriman Instagram lagi; bila tetap tidak "
        "ada, petugas membuka Instagram dan mencatat alamatnya.",
        channel=CHANNEL,
        code="sudah-terbit",
    )
