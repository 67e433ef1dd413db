"""The social channels on the rehearsal, behind the contract suite's `Harness`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.base import Connector, Order
from connectors.facebook_page import FacebookPage, FacebookPageSettings
from connectors.instagram import Instagram, InstagramSettings
from connectors.x import XChannel, XSettings
from tests.contract.material import MemoryBlobs
from tests.contract.suite import VisiblePost
from tests.support.loopback import Loopback, Reply, loopback
from tests.support.rehearsal import Rehearsal, start_rehearsal

LINK = "https://berita.example.com/2026/11/pemeriksaan-kapal-a1b2c3d4/"

Made = Callable[["SocialHarness", str, bool], Connector]


def clock() -> datetime:
    return datetime.now(UTC)


class SocialHarness:
    """`tests.contract.suite.Harness` for one rehearsed channel."""

    # None of these channels tells what was uploaded before; leftovers show nothing.
    prepare_leaves_one = False
    shows_alts = True

    def __init__(
        self,
        channel: str,
        gladi: Rehearsal,
        site: Loopback,
        make: Made,
        secrets: tuple[str, ...],
    ) -> None:
        self.channel = channel
        self.gladi = gladi
        self.secrets = secrets
        self.blobs = MemoryBlobs()
        self._site = site
        self._make = make

    def connector(self) -> Connector:
        return self._make(self, self.gladi.base_url, True)

    def locked_out(self) -> Connector:
        return self._make(self, self.gladi.base_url, False)

    def unreachable(self, base_url: str) -> Connector:
        return self._make(self, base_url, True)

    def order(self, order: Order) -> Order:
        """With the article's address, and the pictures where the website would serve them."""
        addresses = {}
        for media in order.post.media:
            path = f"/uploads/{media.sha256}.jpg"
            served = Reply(200, self.blobs.get(media.sha256), {"content-type": media.mime})
            self._site.answer(f"GET {path}", served)
            addresses[media.sha256] = f"{self._site.url}{path}"
        return replace(order, link=LINK, media_urls=addresses)

    def visible_posts(self) -> list[VisiblePost]:
        return [
            VisiblePost(
                remote_id=post["id"],
                url=post["url"],
                text=post["text"],
                alts=tuple(picture["alt"] for picture in post["pictures"]),
            )
            for post in self.gladi.posts(self.channel)
        ]

    def hidden(self) -> Mapping[str, int]:
        return {}


def x_made(harness: SocialHarness, base_url: str, good: bool) -> Connector:
    gladi = harness.gladi.settings
    keys: dict[str, Any] = {
        "consumer_key": gladi.x_consumer_key,
        "consumer_secret": gladi.x_consumer_secret,
        "access_token": gladi.x_access_token,
        "access_token_secret": gladi.x_access_token_secret if good else "kunci-yang-salah",
    }
    settings = XSettings(
        **keys,
        username=gladi.x_username,
        link=True,
        host=base_url,
        public_url=base_url,
        read_timeout=10,
    )
    return XChannel(settings, clock=clock, sleep=lambda _: None)


def facebook_made(harness: SocialHarness, base_url: str, good: bool) -> Connector:
    gladi = harness.gladi.settings
    keys: dict[str, Any] = {
        "page_access_token": gladi.fb_page_token if good else "EAAGtokenYangSalah",
        "app_secret": gladi.fb_app_secret,
    }
    settings = FacebookPageSettings(
        **keys,
        page_id=gladi.fb_page_id,
        app_id=gladi.fb_app_id,
        page_url=f"{base_url}/{gladi.fb_page_id}",
        host=base_url,
        read_timeout=10,
    )
    return FacebookPage(settings, clock=clock)


def instagram_made(harness: SocialHarness, base_url: str, good: bool) -> Connector:
    gladi = harness.gladi.settings
    keys: dict[str, Any] = {
        "access_token": gladi.fb_page_token if good else "EAAGtokenYangSalah",
        "app_secret": gladi.fb_app_secret,
    }
    settings = InstagramSettings(
        **keys,
        ig_user_id=gladi.ig_user_id,
        app_id=gladi.fb_app_id,
        host=base_url,
        read_timeout=10,
    )
    return Instagram(settings, clock=clock, sleep=lambda _: None)


@contextmanager
def rehearsed(folder: Path, channel: str, **settings: Any) -> Iterator[SocialHarness]:
    """A rehearsal of its own and the harness of one channel on it."""
    makers: dict[str, Made] = {
        "x": x_made,
        "facebook": facebook_made,
        "instagram": instagram_made,
    }
    with loopback() as site:
        gladi = start_rehearsal(folder, require_appsecret_proof=True, **settings)
        held = gladi.settings
        secrets = {
            "x": (held.x_consumer_secret, held.x_access_token_secret, held.x_access_token),
            "facebook": (held.fb_page_token, held.fb_app_secret),
            "instagram": (held.fb_page_token, held.fb_app_secret),
        }[channel]
        try:
            yield SocialHarness(channel, gladi, site, makers[channel], secrets)
        finally:
            gladi.stop()
