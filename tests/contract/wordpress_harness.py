"""A real WordPress behind the contract suite's `Harness`."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bs4 import BeautifulSoup

from connectors.base import Order
from connectors.http import basic_secret
from connectors.wordpress import WordPress, WordPressSettings
from tests.contract.material import MemoryBlobs
from tests.contract.suite import VisiblePost
from tests.support.wordpress import Account, WordPressServer


class WordPressHarness:
    """`tests.contract.suite.Harness` for a real WordPress."""

    prepare_leaves_one: bool = True
    shows_alts: bool = True

    def __init__(self, site: WordPressServer, *, account: Account | None = None) -> None:
        self.site = site
        self.account = account or site.author
        self.blobs: MemoryBlobs = MemoryBlobs()
        name, password = self.account.username, self.account.password
        self.secrets: tuple[str, ...] = (password, basic_secret(name, password))

    def connector(self, **settings: Any) -> WordPress:
        return self._connector(self.site.base_url, self.account.password, **settings)

    def locked_out(self) -> WordPress:
        return self._connector(self.site.base_url, "salah salah salah salah")

    def unreachable(self, base_url: str) -> WordPress:
        return self._connector(base_url, self.account.password)

    def order(self, order: Order) -> Order:
        return order

    def visible_posts(self) -> list[VisiblePost]:
        """The article pages as a browser without a login gets them."""
        posts = []
        for post in self.site.posts():
            page = BeautifulSoup(self.site.page(post["link"]).text, "html.parser")
            title = page.select_one("h1")
            pictures = page.select("figure.wp-block-post-featured-image img, .entry-content img")
            posts.append(
                VisiblePost(
                    remote_id=str(post["id"]),
                    url=post["link"],
                    title=html.unescape(post["title"]["raw"]) if title else "",
                    text=page.get_text(" "),
                    alts=tuple(str(picture["alt"]) for picture in pictures),
                )
            )
        return posts

    def hidden(self) -> Mapping[str, int]:
        return {
            "draf": len(self.site.posts(status="draft,pending,future,private,trash")),
            "berkas": len(self.site.media()),
            "tag": len(self.site.api("GET", "tags", params={"per_page": 100})),
        }

    def _connector(self, base_url: str, password: str, **settings: Any) -> WordPress:
        return WordPress(
            WordPressSettings.model_validate(
                {
                    "base_url": base_url,
                    "username": self.account.username,
                    "application_password": password,
                    "default_category": "Berita",
                    **settings,
                }
            ),
            clock=lambda: datetime.now(UTC),
        )


def stored(site: WordPressServer, remote_id: str | int) -> dict[str, Any]:
    post: dict[str, Any] = site.api("GET", f"posts/{remote_id}", params={"context": "edit"})
    return post


def states(site: WordPressServer, order: Order) -> list[str]:
    """The states of all posts of this publication, the trash included."""
    found = site.posts(status="publish,draft,pending,future,private,trash")
    return sorted(post["status"] for post in found if order.reference in post["slug"])
