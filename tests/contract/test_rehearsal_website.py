"""The rehearsal's website under the contract that the real WordPress passes.

Where the two differ, the rehearsal is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connectors.base import Order
from connectors.http import basic_secret
from connectors.wordpress import WordPress, WordPressSettings
from tests.contract.material import MemoryBlobs
from tests.contract.suite import ConnectorContract, VisiblePost
from tests.support.rehearsal import Rehearsal, start_rehearsal


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    running = start_rehearsal(tmp_path_factory.mktemp("gladi"))
    try:
        yield running
    finally:
        running.stop()


class RehearsalHarness:
    """`tests.contract.suite.Harness` for the rehearsal's website."""

    prepare_leaves_one: bool = True
    shows_alts: bool = True

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.blobs: MemoryBlobs = MemoryBlobs()
        name, password = rehearsal.wordpress_auth
        self.secrets: tuple[str, ...] = (password, basic_secret(name, password))

    def connector(self) -> WordPress:
        return self._connector(self.rehearsal.base_url, self.rehearsal.wordpress_auth[1])

    def locked_out(self) -> WordPress:
        return self._connector(self.rehearsal.base_url, "salah salah salah salah")

    def unreachable(self, base_url: str) -> WordPress:
        return self._connector(base_url, self.rehearsal.wordpress_auth[1])

    def order(self, order: Order) -> Order:
        return order

    def visible_posts(self) -> list[VisiblePost]:
        return [
            VisiblePost(
                remote_id=str(post["id"]),
                url=post["url"],
                title=post["title"],
                text=post["text"],
                alts=tuple(picture["alt"] for picture in post["pictures"]),
            )
            for post in self.rehearsal.posts("website")
        ]

    def hidden(self) -> Mapping[str, int]:
        return {
            "draf": len(self._listed("posts", status="draft,pending,future,private,trash")),
            "berkas": len(self._listed("media")),
            "tag": len(self._listed("tags")),
        }

    def _listed(self, kind: str, **params: Any) -> list[Any]:
        answer = requests.get(
            f"{self.rehearsal.base_url}/wp-json/wp/v2/{kind}",
            params={"context": "edit", "per_page": 100, **params},
            auth=self.rehearsal.wordpress_auth,
            timeout=10,
        )
        answer.raise_for_status()
        listed: list[Any] = answer.json()
        return listed

    def _connector(self, base_url: str, password: str) -> WordPress:
        return WordPress(
            WordPressSettings.model_validate(
                {
                    "base_url": base_url,
                    "username": self.rehearsal.wordpress_auth[0],
                    "application_password": password,
                    "default_category": "Berita",
                }
            ),
            clock=lambda: datetime.now(UTC),
        )


@pytest.fixture
def harness(rehearsal: Rehearsal) -> RehearsalHarness:
    return RehearsalHarness(rehearsal)


class TestRehearsalWebsite(ConnectorContract):
    pass
