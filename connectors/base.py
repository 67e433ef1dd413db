"""The one Protocol that every channel is behind, and the values that cross it.

The life of a post: `render` and `validate` before approval (their result belongs
to the approved digest), then `prepare` (harmless to repeat: media, drafts,
containers), one `publish` (never retried by anyone), `find` to learn the outcome
by reading, `status`, `metrics` and `withdraw` later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sop.manuscript import BlobStore, Finding, Manuscript

# Stands in a rendered text for the address of the article, which is known only
# after the website has published. It is approved as this mark, never as a guess.
LINK_MARK = "{{tautan}}"


@dataclass(frozen=True, slots=True)
class RenderedMedia:
    """Media exactly as one channel will receive it. Bytes are in the blob store."""

    sha256: str
    filename: str
    mime: str
    size: int
    alt: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class RenderedPost:
    """What one channel will show, to the byte, but for `LINK_MARK`.

    `text` is the post or caption (plain text); `html` is set for the website only.
    """

    channel: str
    title: str
    text: str
    html: str = ""
    excerpt: str = ""
    slug: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    media: tuple[RenderedMedia, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """Leave to publish one approved post on one channel.

    Made in one place only, after the "ya" was verified (law 1). `reference` is
    the publication's short reference (for example "a1b2c3d4"), unique, URL-safe.
    `link` is the live article's address and `media_urls` maps the SHA-256 of a
    rendered file to a public address; both are empty for the website itself.
    `hosted` is media that the website must make public for other channels.
    """

    publication_id: str
    reference: str
    digest: str
    post: RenderedPost
    not_before: datetime
    link: str = ""
    media_urls: Mapping[str, str] = field(default_factory=dict)
    hosted: tuple[RenderedMedia, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` left at the channel; JSON only, committed before `publish`."""

    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """A live post. `raw` is the channel's own answer with secrets removed."""

    remote_id: str
    url: str
    published_at: datetime
    media_urls: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteStatus:
    """How a post stands now: "live", "draft", "withdrawn" or "missing"."""

    state: str
    url: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


class Measured(Mapping[str, int]):
    """Numbers of one post by metric name; `missing` names those not given, with the reason."""

    def __init__(
        self, numbers: Mapping[str, int] | None = None, missing: Mapping[str, str] | None = None
    ) -> None:
        self._numbers = dict(numbers or {})
        self.missing: Mapping[str, str] = dict(missing or {})

    def __getitem__(self, name: str) -> int:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __repr__(self) -> str:
        return f"Measured({self._numbers!r}, missing={self.missing!r})"


@dataclass(frozen=True, slots=True)
class Health:
    """One line of `siar doctor`: is the channel fit to publish, and if not, the mend.

    `facts` are short Indonesian phrases on role, permissions and quota. `expires_at`
    is when the credential ends (UTC), None when it does not or nobody says.
    `clock_lead` is how far this machine's clock is ahead of the channel's.
    """

    channel: str
    ok: bool
    sentence: str
    action: str = ""
    account: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    expires_at: datetime | None = None
    clock_lead: timedelta | None = None


class Connector(Protocol):
    """One channel. All methods raise `connectors.errors.ChannelError` only."""

    @property
    def channel(self) -> str:
        """The channel's code: "website", "x", "facebook", "instagram", "manual"."""
        ...

    @property
    def label(self) -> str:
        """The channel's name as staff know it: "Website", "X", …"""
        ...

    def check(self) -> Health:
        """Read-only look at credential, scopes, role and quota; never raises for them."""
        ...

    def render(self, manuscript: Manuscript, blobs: BlobStore, *, reference: str) -> RenderedPost:
        """Make the post and its media renditions; deterministic, no network."""
        ...

    def validate(self, post: RenderedPost) -> list[Finding]:
        """What this channel would refuse, in Indonesian; empty when all is well."""
        ...

    def prepare(self, order: Order, blobs: BlobStore) -> Prepared:
        """Everything that is harmless to repeat. Nothing is visible to readers after it."""
        ...

    def publish(self, order: Order, prepared: Prepared) -> Published:
        """The one publishing call, made once. Unclear outcome: `TidakPasti`."""
        ...

    def find(self, order: Order, prepared: Prepared, *, since: datetime) -> Published | None:
        """Look for the post by reading; None when the channel surely does not have it."""
        ...

    def status(self, remote_id: str) -> RemoteStatus:
        """How the post stands now."""
        ...

    def metrics(self, remote_id: str) -> Measured:
        """Engagement numbers that the channel offers today; a post that is gone: `Ditolak`."""
        ...

    def withdraw(self, remote_id: str) -> None:
        """Take the post down; doing it twice is no error."""
        ...
