"""The website connector keeps the same contract on the rehearsal as on a real WordPress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.base import Order
from connectors.http import basic_secret
from connectors.wordpress import WordPress, WordPressSettings
from tests.contract.material import MemoryBlobs
from tests.contract.suite import ConnectorContract, VisiblePost
from tests.support.rehearsal import Rehearsal, start_rehearsal


class RehearsedWebsite:
    """`tests.contract.suite.Harness` for the rehearsed website."""

    prepare_leaves_one: bool = True
    shows_alts: bool = True

    def __init__(self, gladi: Rehearsal) -> None:
        self.gladi = gladi
        self.blobs: MemoryBlobs = MemoryBlobs()
        name, password = gladi.wordpress_auth
        self.secrets: tuple[str, ...] = (password, basic_secret(name, password))

    def _made(self, base_url: str, password: str) -> WordPress:
        settings = {
            "base_url": base_url,
            "username": self.gladi.settings.wp_username,
            "application_password": password,
            "default_category": "Berita",
        }
        return WordPress(
            WordPressSettings.model_validate(settings), clock=lambda: datetime.now(UTC)
        )

    def connector(self) -> WordPress:
        return self._made(self.gladi.base_url, self.gladi.settings.wp_application_password)

    def locked_out(self) -> WordPress:
        return self._made(self.gladi.base_url, "salah salah salah salah")

    def unreachable(self, base_url: str) -> WordPress:
        return self._made(base_url, self.gladi.settings.wp_application_password)

    def order(self, order: Order) -> Order:
        return order

    def visible_posts(self) -> list[VisiblePost]:
        return [
            VisiblePost(
                remote_id=post["id"],
                url=post["url"],
                title=post["title"],
                text=requests.get(post["url"], timeout=20).text,
                alts=tuple(picture["alt"] for picture in post["pictures"]),
            )
            for post in self.gladi.posts("website")
        ]

    def hidden(self) -> Mapping[str, int]:
        return {
            "draf": self._count("posts", status="draft,pending,future,private,trash"),
            "berkas": self._count("media"),
            "tag": self._count("tags"),
        }

    def _count(self, path: str, **params: Any) -> int:
        answer = requests.get(
            f"{self.gladi.base_url}/wp-json/wp/v2/{path}",
            params=params,
            auth=self.gladi.wordpress_auth,
            timeout=20,
        )
        return int(answer.headers["X-WP-Total"])


@pytest.fixture(scope="module")
def gladi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    folder: Path = tmp_path_factory.mktemp("gladi")
    rehearsal = start_rehearsal(folder)
    yield rehearsal
    rehearsal.stop()


@pytest.fixture
def harness(gladi: Rehearsal) -> RehearsedWebsite:
    return RehearsedWebsite(gladi)


class TestRehearsedWebsite(ConnectorContract):
    pass
