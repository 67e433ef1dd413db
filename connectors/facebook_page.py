"""The channel "facebook": one post on the office's page.

Photos are uploaded unpublished, with their alternative texts; one call to /feed
then shows text and photos together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
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
from connectors.errors import ChannelError
from connectors.graph_account import (
    CLOCK_SKEW,
    PREPARED_LIFE,
    GraphAccount,
    comparable,
    graph_moment,
)
from connectors.http import Timeouts
from sop.manuscript import BlobStore, Finding, Manuscript

CHANNEL = "facebook"
LABEL = "Facebook"
MOST_IMAGES = 10
MOST_ALT = 1000
REQUIRED_SCOPES = frozenset({"pages_manage_posts", "pages_read_engagement"})
METRICS = (
    "post_media_view",
    "post_total_media_view_unique",
    "post_clicks",
    "post_reactions_by_type_total",
)
_POST_FIELDS = (
    "id,message,created_time,permalink_url,is_published,attachments{target,subattachments{target}}"
)


class FacebookPageSettings(BaseModel):
    """One Facebook page. Time-outs are seconds.

    A page token made from a long-lived user token does not expire. `app_id` with
    `app_secret` lets `siar doctor` read the token's permissions and expiry.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    page_id: str
    page_access_token: SecretStr
    app_id: str = ""
    app_secret: SecretStr | None = None
    page_url: str = ""
    link: bool = True
    host: str = "https://graph.facebook.com"
    connect_timeout: float = Field(default=10.0, gt=0)
    read_timeout: float = Field(default=60.0, gt=0)


class FacebookPage:
    """connectors.base.Connector for a Facebook page. One instance per task."""

    channel = CHANNEL
    label = LABEL

    def __init__(self, settings: FacebookPageSettings, *, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        secret = settings.app_secret
        self._account = GraphAccount(
            channel=CHANNEL,
            label=LABEL,
            host=settings.host,
            access_token=settings.page_access_token.get_secret_value(),
            app_id=settings.app_id,
            app_secret=secret.get_secret_value() if secret else "",
            timeouts=Timeouts(settings.connect_timeout, settings.read_timeout),
            clock=clock,
        )
        self._graph = self._account.graph

    def __repr__(self) -> str:
        return f"FacebookPage({self._settings.host}, {self._settings.page_id})"

    def rest_until(self) -> datetime | None:
        """Until when Meta's usage headers advise to make no calls; None when all is well."""
        return self._account.rest_until()

    def check(self) -> Health:
        try:
            page = self._account.ask(
                lambda: self._graph.get_object(self._settings.page_id, fields="id,name")
            )
        except ChannelError as error:
            return self._account.unwell(error)
        name = str(page.get("name", self._settings.page_id))
        return self._account.token_health(name, REQUIRED_SCOPES, f"Facebook siap sebagai {name}.")

    def render(self, manuscript: Manuscript, blobs: BlobStore, *, reference: str) -> RenderedPost:
        return RenderedPost(
            channel=CHANNEL,
            title=manuscript.title,
            text=captions.facebook_text(manuscript, link=self._settings.link),
            tags=manuscript.tags,
            media=social.rendered_images(manuscript, blobs, imaging.FACEBOOK, MOST_IMAGES),
        )

    def validate(self, post: RenderedPost) -> list[Finding]:
        found = social.empty_text_finding(LABEL, post)
        found += self._text_findings(post.text)
        found += social.alt_findings(LABEL, post.media, MOST_ALT)
        for picture in post.media:
            if picture.size > imaging.FACEBOOK.max_bytes or picture.mime not in _PHOTO_MIMES:
                sentence = f"{picture.filename} harus JPEG atau PNG dan paling besar 4 MB."
                found.append(Finding(LABEL, sentence, True, "foto-ditolak"))
        if len(post.media) > MOST_IMAGES:
            sentence = f"Satu kiriman Facebook memuat paling banyak {MOST_IMAGES} foto."
            found.append(Finding(LABEL, sentence, True, "media-banyak"))
        return found

    @staticmethod
    def _text_findings(text: str) -> list[Finding]:
        length = captions.utf16_length(text)
        if length <= captions.FACEBOOK_LIMIT:
            return []
        return [social.length_finding(LABEL, length, captions.FACEBOOK_LIMIT)]

    def prepare(self, order: Order, blobs: BlobStore) -> Prepared:
        self._text_to_send(order)
        photos = [self._uploaded(media, blobs) for media in order.post.media]
        if not photos:
            return Prepared({"photos": []})
        expires_at = self._account.clock() + PREPARED_LIFE
        return Prepared({"photos": photos, "expires_at": expires_at.isoformat()})

    def _text_to_send(self, order: Order) -> str:
        text = social.published_text(order, LABEL)
        for finding in self._text_findings(text):
            raise social.refused_before_sending(LABEL, CHANNEL, finding)
        return text

    def _uploaded(self, media: RenderedMedia, blobs: BlobStore) -> str:
        """The number of a photo that only the page's staff can see."""
        answer = self._account.ask(
            lambda: self._graph.put_photo(
                (media.filename, blobs.get(media.sha256), media.mime),
                album_path=f"{self._settings.page_id}/photos",
                published=False,
                alt_text_custom=media.alt or None,
            )
        )
        return self._account.id_of(answer)

    def publish(self, order: Order, prepared: Prepared) -> Published:
        text = self._text_to_send(order)
        if social.is_expired(prepared, self._account.clock()):
            raise social.prepare_again(LABEL, CHANNEL)
        fields: dict[str, Any] = {"message": text}
        photos = _photos(prepared)
        if photos:
            fields["attached_media"] = [{"media_fbid": photo} for photo in photos]
        elif order.link and self._settings.link:
            fields["link"] = order.link
        answer = self._account.ask(
            lambda: self._graph.publish_object(self._settings.page_id, "feed", **fields),
            publishing=True,
        )
        post_id = self._account.published_id_of(answer)
        return self._published(post_id, answer)

    def _published(self, post_id: str, answer: Mapping[str, Any]) -> Published:
        """The post is live whatever happens while its address is read."""
        now = self._account.clock()
        try:
            seen = self._post(post_id)
        except ChannelError:
            seen = {}
        return Published(
            post_id,
            str(seen.get("permalink_url") or self._address(post_id)),
            graph_moment(seen.get("created_time"), now),
            raw={**seen, **answer},
        )

    def find(self, order: Order, prepared: Prepared, *, since: datetime) -> Published | None:
        wanted, photos = comparable(social.published_text(order, LABEL)), set(_photos(prepared))
        earliest = since - CLOCK_SKEW
        mine = [
            post
            for post in self._published_posts(earliest)
            if graph_moment(post.get("created_time"), since) >= earliest
            and comparable(str(post.get("message", ""))) == wanted
        ]
        if not mine:
            return None
        # With our photos first, then the earliest. The same text with other photos
        # still counts: readers have it, and a second post is what must not happen.
        post = min(
            mine,
            key=lambda found: (
                not photos & _shown_photos(found),
                graph_moment(found.get("created_time"), since),
            ),
        )
        return Published(
            str(post["id"]),
            str(post.get("permalink_url") or self._address(str(post["id"]))),
            graph_moment(post.get("created_time"), since),
            raw=post,
        )

    def _published_posts(self, since: datetime) -> list[dict[str, Any]]:
        def posts() -> Iterator[dict[str, Any]]:
            return self._graph.get_all_connections(
                self._settings.page_id,
                "published_posts",
                fields=_POST_FIELDS,
                since=int(since.timestamp()),
                limit=100,
            )

        return self._account.ask(lambda: list(posts()))

    def status(self, remote_id: str) -> RemoteStatus:
        try:
            post = self._post(remote_id)
        except ChannelError as error:
            if self._account.is_gone(error, self._settings.page_id):
                return RemoteStatus("missing")
            raise
        state = "draft" if post.get("is_published") is False else "live"
        return RemoteStatus(state, str(post.get("permalink_url") or self._address(remote_id)), post)

    def metrics(self, remote_id: str) -> Measured:
        """Lifetime numbers of the post; reactions also by kind."""
        counts: dict[str, int] = {}
        try:
            values, missing = self._account.insights(remote_id, METRICS)
        except ChannelError as error:
            # Raises what is wrong with the account, when it is not the post that is gone.
            self._account.is_gone(error, self._settings.page_id)
            raise
        for name, value in values.items():
            if isinstance(value, int):
                counts[name] = value
            elif isinstance(value, dict):
                parts = {kind: part for kind, part in value.items() if isinstance(part, int)}
                counts["post_reactions_total"] = sum(parts.values())
                counts.update({f"post_reactions_{kind}": part for kind, part in parts.items()})
        return Measured(counts, missing)

    def withdraw(self, remote_id: str) -> None:
        try:
            self._account.ask(lambda: self._graph.delete_object(remote_id))
        except ChannelError as error:
            if not self._account.is_gone(error, self._settings.page_id):
                raise

    def _post(self, post_id: str) -> dict[str, Any]:
        fields = "id,message,created_time,permalink_url,is_published"
        found = self._account.ask(lambda: self._graph.get_object(post_id, fields=fields))
        return dict(found)

    def _address(self, post_id: str) -> str:
        page = self._settings.page_url.rstrip("/")
        number = post_id.rpartition("_")[2]
        return f"{page}/posts/{number}" if page else f"https://www.facebook.com/{post_id}"


_PHOTO_MIMES = frozenset({"image/jpeg", "image/png"})


def _photos(prepared: Prepared) -> list[str]:
    return [str(photo) for photo in prepared.data.get("photos", [])]


def _shown_photos(post: Mapping[str, Any]) -> set[str]:
    numbers: set[str] = set()
    waiting = list(dict(post.get("attachments") or {}).get("data", []))
    while waiting:
        attachment = waiting.pop()
        if target := dict(attachment.get("target") or {}).get("id"):
            numbers.add(str(target))
        waiting += dict(attachment.get("subattachments") or {}).get("data", [])
    return numbers
