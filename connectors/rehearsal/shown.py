"""What readers would see on each channel, gathered from the rehearsed documents."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from html import unescape
from typing import Any

from bs4 import BeautifulSoup, Tag

from connectors.rehearsal.facebook_page import INSIGHT_TOPS as FACEBOOK_TOPS
from connectors.rehearsal.graph_common import Graph
from connectors.rehearsal.instagram import INSIGHT_TOPS as INSTAGRAM_TOPS
from connectors.rehearsal.numbers import grown_set
from connectors.rehearsal.store import Clock, Document, RehearsalStore
from connectors.rehearsal.wordpress_common import Site
from connectors.rehearsal.wordpress_kses import rendered_content
from connectors.rehearsal.wordpress_posts import due_posts_published, type_of
from connectors.rehearsal.x_common import Timeline

_X_TOPS = {"like_count": 60, "retweet_count": 14, "reply_count": 6}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture or video with its alternative text; `url` is a path on this server."""

    url: str
    alt: str
    video: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One live post. `path` is where a reader finds it on this server."""

    id: str
    channel: str
    path: str
    text: str
    at: str
    title: str = ""
    html: str = ""
    pictures: tuple[Picture, ...] = ()
    tags: tuple[str, ...] = ()
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.at)

    def as_json(self, base: str) -> dict[str, Any]:
        return asdict(self) | {
            "url": base + self.path,
            "pictures": [
                {
                    "url": picture.url if "://" in picture.url else base + picture.url,
                    "alt": picture.alt,
                }
                for picture in self.pictures
            ],
        }


@dataclass(frozen=True, slots=True)
class Channels:
    """The four rehearsed channels, as readers see them."""

    site: Site
    timeline: Timeline
    graph: Graph
    now: Clock

    @property
    def store(self) -> RehearsalStore:
        return self.site.store

    def of(self, channel: str) -> list[Shown]:
        """Live posts, newest first; KeyError for an unknown channel."""
        return {
            "website": self._website,
            "x": self._x,
            "facebook": self._facebook,
            "instagram": self._instagram,
        }[channel]()

    def pages(self) -> list[Shown]:
        """The website's pages, newest first: they stand beside the news."""
        return self._website("page")

    def article(self, slug: str) -> Shown | None:
        """The article or the page at this address."""
        shown = [*self._website(), *self.pages()]
        return next((post for post in shown if post.path == f"/{slug}/"), None)

    def _website(self, kind: str = "post") -> list[Shown]:
        posts = [
            post
            for post in due_posts_published(self.site)
            if post["status"] == "publish" and type_of(post) == kind
        ]
        posts.sort(key=lambda post: (post["date"], post["id"]), reverse=True)
        return [self._article(post) for post in posts]

    def _article(self, post: Document) -> Shown:
        html = rendered_content(post["content"])
        soup = BeautifulSoup(html, "html.parser")
        pictures = []
        featured = self.site.document("wp_media", post["featured_media"])
        if featured:
            path = f"/wp-content/uploads/{featured['file']}"
            # A theme prints the text as an attribute without escaping it a second time.
            pictures.append(Picture(path, unescape(featured["alt_text"])))
        pictures += [
            Picture(str(image.get("src", "")), str(image.get("alt", "")))
            for image in soup.find_all("img")
            if isinstance(image, Tag)
        ]
        names = [self.site.document("wp_tag", ident) for ident in post["tags"]]
        summary = BeautifulSoup(post["excerpt"], "html.parser").get_text(" ", strip=True)
        return Shown(
            id=str(post["id"]),
            channel="website",
            path=f"/{post['slug']}/",
            title=BeautifulSoup(post["title"], "html.parser").get_text(),
            text=summary or soup.get_text(" ", strip=True)[:240],
            html=html,
            at=post["date"],
            pictures=tuple(pictures),
            tags=tuple(str(term["name"]) for term in names if term),
        )

    def _x(self) -> list[Shown]:
        found = []
        for post in self.store.all("x_post")[::-1]:
            created = datetime.fromisoformat(post["created_at"])
            media = [item for m in post["media"] if (item := self.store.get("x_media", m))]
            found.append(
                Shown(
                    id=post["id"],
                    channel="x",
                    path=f"/{self.timeline.settings.x_username}/status/{post['id']}",
                    text=post["source_text"],
                    at=post["created_at"],
                    pictures=tuple(
                        Picture(
                            f"/gladi/media/{item['sha256']}",
                            item["alt_text"],
                            item["category"].endswith("video"),
                        )
                        for item in media
                    ),
                    numbers=grown_set(post["id"], _X_TOPS, created, self.now()),
                )
            )
        return found

    def _facebook(self) -> list[Shown]:
        found = []
        for post in self.store.all("fb_post")[::-1]:
            if not post["published"]:
                continue
            created = datetime.fromisoformat(post["created_time"])
            photos = [item for p in post["photos"] if (item := self.store.get("fb_photo", p))]
            tops = {"post_reactions_by_type_total": FACEBOOK_TOPS["post_reactions_by_type_total"]}
            link = f"\n{post['link']}" if post["link"] else ""
            page, _, number = post["id"].partition("_")
            found.append(
                Shown(
                    id=post["id"],
                    channel="facebook",
                    path=f"/{page}/posts/{number}",
                    text=post["message"] + (link if post["link"] not in post["message"] else ""),
                    at=post["created_time"],
                    pictures=tuple(
                        Picture(f"/gladi/media/{photo['sha256']}", photo["alt"]) for photo in photos
                    ),
                    numbers=grown_set(post["id"], tops, created, self.now()),
                )
            )
        return found

    def _instagram(self) -> list[Shown]:
        found = []
        for media in self.store.all("ig_media")[::-1]:
            created = datetime.fromisoformat(media["timestamp"])
            tops = {name: INSTAGRAM_TOPS[name] for name in ("likes", "comments")}
            found.append(
                Shown(
                    id=media["id"],
                    channel="instagram",
                    path=f"/p/{media['shortcode']}/",
                    text=media["caption"],
                    at=media["timestamp"],
                    pictures=tuple(
                        Picture(
                            f"/gladi/media/{picture['sha256']}",
                            picture["alt"],
                            media["kind"] == "VIDEO",
                        )
                        for picture in media["pictures"]
                    ),
                    numbers=grown_set(media["id"], tops, created, self.now()),
                )
            )
        return found


LINK_OR_TAG = re.compile(r"(https?://[^\s<>\"]+)|(?<!\w)(#\w+|@[\w.]+)")
