"""The channel "x": one post with text, up to four pictures or one video.

Rules and prices as X documents them for API v2. Threads are not offered: X may
refuse replies to oneself.
"""

from __future__ import annotations

import html
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import tweepy
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from twitter_text import extract_urls_with_indices, parse_tweet

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
from connectors.errors import ChannelError, Ditolak, Sementara, TidakPasti
from connectors.http import ChannelHttp, Timeouts
from connectors.x_api import CHANNEL, LABEL, XClient, XFailure, channel_error
from sop.manuscript import BlobStore, Finding, Manuscript

MOST_IMAGES = 4
MOST_ALT = 1000
MOST_VIDEO_BYTES = 512 * 1024 * 1024
MOST_VIDEO_SECONDS = 140.0
MOST_PAGES = 10
# X's clock and ours may differ, and start_time has whole seconds.
CLOCK_SKEW = timedelta(minutes=2)
# X keeps uploads for 24 hours; used only where it does not say.
MEDIA_LIFE = timedelta(hours=23)

_Answer = TypeVar("_Answer")


METRICS = (
    "impression_count",
    "like_count",
    "reply_count",
    "repost_count",
    "quote_count",
    "bookmark_count",
)


class XSettings(BaseModel):
    """One account on X. Time-outs are seconds; OAuth 1.0a tokens do not expire.

    `link` puts the article's address into the post: X asks $0.200 for a post with
    a link and $0.015 for one without.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    consumer_key: SecretStr
    consumer_secret: SecretStr
    access_token: SecretStr
    access_token_secret: SecretStr
    username: str = ""
    link: bool = False
    host: str = "https://api.x.com"
    public_url: str = "https://x.com"
    connect_timeout: float = Field(default=10.0, gt=0)
    read_timeout: float = Field(default=60.0, gt=0)

    def secrets(self) -> tuple[str, ...]:
        return tuple(
            held.get_secret_value()
            for held in (
                self.consumer_key,
                self.consumer_secret,
                self.access_token,
                self.access_token_secret,
            )
        )


class XChannel:
    """connectors.base.Connector for X. One instance per task; `sleep` takes seconds."""

    channel = CHANNEL
    label = LABEL

    def __init__(
        self,
        settings: XSettings,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._clock = clock
        signer = tweepy.OAuth1UserHandler(*settings.secrets())
        http = ChannelHttp(
            channel=CHANNEL,
            label=LABEL,
            timeouts=Timeouts(settings.connect_timeout, settings.read_timeout),
            clock=clock,
            auth=signer.apply_auth(),
            secrets=settings.secrets(),
        )
        self._client = XClient(settings.host, http, sleep=sleep)

    def __repr__(self) -> str:
        return f"XChannel({self._settings.host})"

    def check(self) -> Health:
        try:
            me = self._me()
        except ChannelError as error:
            return self._health(False, error.sentence, error.action, details=_details(error))
        limits = dict(self._client.limits)
        account = f"@{me.get('username', '')}"
        wanted = self._settings.username.removeprefix("@")
        if wanted and str(me.get("username", "")).casefold() != wanted.casefold():
            return self._health(
                False,
                f"Token X milik akun {account}, bukan @{wanted}.",
                "Buat token untuk akun yang benar, atau perbaiki username di pengaturan.",
                account,
                limits,
            )
        if limits.get("x-access-level") == "read":
            return self._health(
                False,
                f"Token X untuk {account} hanya boleh membaca.",
                "Beri izin Read and write di konsol pengembang X, lalu buat ulang token aksesnya.",
                account,
                limits,
            )
        return self._health(True, f"X siap sebagai {account}.", "", account, limits)

    def _health(
        self, ok: bool, sentence: str, action: str, account: str = "", details: Any = None
    ) -> Health:
        limits = details or {}
        return Health(
            CHANNEL,
            ok,
            sentence,
            action,
            account,
            limits,
            _facts_of(limits),
            clock_lead=self._client.http.clock_lead,
        )

    def render(self, manuscript: Manuscript, blobs: BlobStore, *, reference: str) -> RenderedPost:
        return RenderedPost(
            channel=CHANNEL,
            title=manuscript.title,
            text=captions.x_text(manuscript, link=self._settings.link),
            tags=manuscript.tags,
            media=self._rendered_media(manuscript, blobs),
        )

    @staticmethod
    def _rendered_media(manuscript: Manuscript, blobs: BlobStore) -> tuple[RenderedMedia, ...]:
        """Pictures, or the first video where the manuscript has no picture."""
        if pictures := social.rendered_images(manuscript, blobs, imaging.X, MOST_IMAGES):
            return pictures
        videos = [media for media in manuscript.media if media.mime.startswith("video/")]
        return tuple(social.rendered_video(video) for video in videos[:1])

    def validate(self, post: RenderedPost) -> list[Finding]:
        found = social.empty_text_finding(LABEL, post)
        found += self._text_findings(post.text)
        found += social.alt_findings(LABEL, post.media, MOST_ALT)
        found += _media_findings(post.media)
        if not self._settings.link and (links := captions.urls_in(post.text)):
            sentence = (
                f"Teks memuat tautan ({links[0]}). Kiriman X bertautan dikenai biaya lebih "
                "tinggi; hapus tautannya bila tidak perlu."
            )
            found.append(Finding(LABEL, sentence, False, "tautan-berbayar"))
        return found

    @staticmethod
    def _text_findings(text: str) -> list[Finding]:
        length = captions.weighted_length(text)
        if length > captions.X_LIMIT:
            return [social.length_finding(LABEL, length, captions.X_LIMIT)]
        if text and not parse_tweet(text).valid:
            sentence = "Teks memuat tanda yang tidak diterima X. Ketik ulang bagian yang disalin."
            return [Finding(LABEL, sentence, True, "tanda-terlarang")]
        return []

    def prepare(self, order: Order, blobs: BlobStore) -> Prepared:
        self._text_to_send(order)
        uploads = [self._uploaded(media, blobs) for media in order.post.media]
        life = min((upload[1] for upload in uploads), default=None)
        data: dict[str, Any] = {"media_ids": [upload[0] for upload in uploads]}
        if life is not None:
            data["expires_at"] = (self._clock() + life).isoformat()
        return Prepared(data)

    def _text_to_send(self, order: Order) -> str:
        text = social.published_text(order, LABEL)
        for finding in self._text_findings(text):
            raise social.refused_before_sending(LABEL, CHANNEL, finding)
        return text

    def _uploaded(self, media: RenderedMedia, blobs: BlobStore) -> tuple[str, timedelta]:
        """The media id at X, and how long X keeps it."""
        data = blobs.get(media.sha256)
        is_image = media.mime.startswith("image/")
        upload = self._client.upload_image if is_image else self._client.upload_video
        answer = self._asked(lambda: upload(data, media.filename, media.mime))
        media_id = str(answer.get("id", ""))
        if not media_id:
            raise Sementara(
                "X menerima media tetapi tidak memberi nomornya.",
                "Belum ada yang terbit; langkah ini aman dicoba lagi.",
                channel=CHANNEL,
                code="media-tanpa-nomor",
            )
        if is_image and media.alt:
            self._asked(lambda: self._client.set_alt_text(media_id, media.alt))
        seconds = answer.get("expires_after_secs")
        if isinstance(seconds, int) and seconds > 0:
            return media_id, timedelta(seconds=seconds)
        return media_id, MEDIA_LIFE

    def publish(self, order: Order, prepared: Prepared) -> Published:
        text = self._text_to_send(order)
        if social.is_expired(prepared, self._clock()):
            raise social.prepare_again(LABEL, CHANNEL)
        media_ids = list(prepared.data.get("media_ids", [])) or None
        answer = self._asked(
            lambda: self._client.create_tweet(text=text, media_ids=media_ids), publishing=True
        )
        data = answer.get("data")
        post_id = str(data.get("id") or "") if isinstance(data, dict) else ""
        if not post_id:
            raise TidakPasti(
                "X menerima kiriman tetapi tidak menyebut nomornya.",
                "Jangan mengirim ulang. Siar memeriksa lini masa X lebih dulu.",
                channel=CHANNEL,
                code="tanpa-nomor",
                detail=str(answer)[:600],
            )
        return Published(post_id, self._address(post_id), self._clock(), raw=answer)

    def find(self, order: Order, prepared: Prepared, *, since: datetime) -> Published | None:
        wanted = comparable(social.published_text(order, LABEL))
        # Oldest first: the earliest post with this text is the one the order made.
        for post in sorted(self._own_posts(since - CLOCK_SKEW), key=lambda post: int(post["id"])):
            if comparable(shown_text(post)) == wanted:
                post_id = str(post["id"])
                return Published(post_id, self._address(post_id), _moment(post, since), raw=post)
        return None

    def _own_posts(self, since: datetime) -> Iterator[dict[str, Any]]:
        """Our posts since then, newest first; Sementara when the list is not complete."""
        following: str | None = None
        account = self._account_id()
        for _ in range(MOST_PAGES):
            read_page = partial(
                self._client.get_users_tweets,
                account,
                user_auth=True,
                start_time=since,
                max_results=100,
                tweet_fields=["created_at", "entities"],
                pagination_token=following,
            )
            page = self._asked(read_page)
            meta, data = page.get("meta"), page.get("data", [])
            if not isinstance(meta, dict) or not isinstance(data, list):
                break
            yield from data
            following = meta.get("next_token")
            if not following:
                return
        raise Sementara(
            "Lini masa X tidak terbaca sampai selesai.",
            "Belum dapat dipastikan apakah sudah terbit; Siar membacanya lagi nanti.",
            channel=CHANNEL,
            code="lini-masa-terpotong",
        )

    def status(self, remote_id: str) -> RemoteStatus:
        post = self._post(remote_id)
        if post is None:
            return RemoteStatus("missing")
        return RemoteStatus("live", self._address(remote_id), post)

    def metrics(self, remote_id: str) -> Measured:
        """Public numbers of the post, under the names that X is changing to."""
        post = self._post(remote_id)
        if post is None:
            raise Ditolak(
                "Kiriman itu tidak ada lagi di X.",
                "Tidak ada yang perlu dilakukan bila memang sudah ditarik.",
                channel=CHANNEL,
                status=404,
                code="tidak-ada",
            )
        counts = {
            name: value
            for name, value in dict(post.get("public_metrics") or {}).items()
            if isinstance(value, int)
        }
        # X is renaming the field; one name reaches the reports.
        if "retweet_count" in counts:
            counts["repost_count"] = counts.pop("retweet_count")
        unsaid = [name for name in METRICS if name not in counts]
        return Measured(counts, dict.fromkeys(unsaid, "X tidak menyebut angkanya."))

    def withdraw(self, remote_id: str) -> None:
        try:
            answer = self._asked(lambda: self._client.delete_tweet(remote_id, user_auth=True))
        except ChannelError as error:
            if error.status == 404:
                return
            raise
        if dict(answer.get("data") or {}).get("deleted") is not True and self._post(remote_id):
            raise Sementara(
                "X belum menghapus kiriman itu.",
                "Coba tarik lagi beberapa menit lagi, atau hapus langsung di X.",
                channel=CHANNEL,
                code="belum-terhapus",
            )

    def _post(self, remote_id: str) -> dict[str, Any] | None:
        try:
            answer = self._asked(
                lambda: self._client.get_tweet(
                    remote_id, user_auth=True, tweet_fields=["created_at", "public_metrics"]
                )
            )
        except ChannelError as error:
            if error.status == 404:
                return None
            raise
        data = answer.get("data")
        return data if isinstance(data, dict) else None

    def _me(self) -> dict[str, Any]:
        answer = self._asked(lambda: self._client.get_me(user_auth=True))
        return dict(answer.get("data") or {})

    def _account_id(self) -> str:
        """An OAuth 1.0a access token begins with the account's number."""
        number = self._settings.access_token.get_secret_value().partition("-")[0]
        return number if number.isdecimal() else str(self._me().get("id", ""))

    def _address(self, post_id: str) -> str:
        account = self._settings.username.removeprefix("@") or "i/web"
        return f"{self._settings.public_url.rstrip('/')}/{account}/status/{post_id}"

    def _asked(self, call: Callable[[], _Answer], *, publishing: bool = False) -> _Answer:
        try:
            return call()
        except XFailure as failure:
            error = channel_error(
                failure, now=self._clock(), publishing=publishing, redact=self._client.http.redact
            )
        # Outside the handler, so that no answer of X hangs on the error.
        raise error


def shown_text(post: Mapping[str, Any]) -> str:
    """A post's text as its writer typed it: unescaped, t.co expanded, media links gone."""
    text = html.unescape(str(post.get("text", "")))
    entities = post.get("entities")
    urls = entities.get("urls", []) if isinstance(entities, dict) else []
    for entity in urls:
        short, full = str(entity.get("url", "")), str(entity.get("expanded_url", ""))
        if short:
            text = text.replace(short, "" if _is_media_link(entity, full) else full)
    return text


def _is_media_link(entity: Mapping[str, Any], full: str) -> bool:
    return "media_key" in entity or bool(re.search(r"/status/\d+/(photo|video)/\d+$", full))


def comparable(text: str) -> str:
    """Text in which only what readers see counts: blanks alike, links without scheme."""
    written = unicodedata.normalize("NFC", text)
    for found in reversed(extract_urls_with_indices(written)):
        start, end = found["indices"]
        bare = re.sub(r"^https?://", "", written[start:end], flags=re.IGNORECASE).rstrip("/")
        host, slash, path = bare.partition("/")
        written = f"{written[:start]}{host.lower()}{slash}{path}{written[end:]}"
    return " ".join(written.split())


def _media_findings(media: tuple[RenderedMedia, ...]) -> list[Finding]:
    found = []
    videos = [item for item in media if not item.mime.startswith("image/")]
    if len(media) > MOST_IMAGES or (videos and len(media) > 1):
        sentence = "X menerima paling banyak empat foto atau satu video dalam satu kiriman."
        found.append(Finding(LABEL, sentence, True, "media-banyak"))
    for picture in media:
        if picture.mime.startswith("image/") and picture.size > imaging.X.max_bytes:
            sentence = f"{picture.filename} lebih besar dari 5 MB; perkecil fotonya."
            found.append(Finding(LABEL, sentence, True, "foto-besar"))
    for video in videos:
        if video.size > MOST_VIDEO_BYTES or (video.duration or 0) > MOST_VIDEO_SECONDS:
            sentence = f"{video.filename} melebihi 512 MB atau 140 detik; potong videonya untuk X."
            found.append(Finding(LABEL, sentence, True, "video-besar"))
    return found


def _moment(post: Mapping[str, Any], fallback: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(post["created_at"]))
    except (KeyError, ValueError):
        return fallback


def _facts_of(limits: Mapping[str, Any]) -> tuple[str, ...]:
    """What X's headers tell of rights and of the day's quota, in a few words."""
    level = {"read-write": "boleh menulis", "read": "hanya membaca"}.get(
        str(limits.get("x-access-level", ""))
    )
    facts = [level] if level else []
    for whose in ("user", "app"):
        left = limits.get(f"x-{whose}-limit-24hour-remaining")
        total = limits.get(f"x-{whose}-limit-24hour-limit")
        if left and total:
            facts.append(f"sisa {left} dari {total} kiriman 24 jam ini")
            break
    return tuple(facts)


def _details(error: ChannelError) -> dict[str, Any]:
    return {"status": error.status, "code": error.code, "detail": error.detail}
