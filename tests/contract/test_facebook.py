"""Facebook against the rehearsal: the contract, and what happens when an answer is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.social_harness import SocialHarness, rehearsed
from tests.contract.social_suite import SocialContract


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocialHarness]:
    with rehearsed(tmp_path_factory.mktemp("facebook"), "facebook") as harness:
        yield harness


@pytest.fixture
def harness(running: SocialHarness) -> Iterator[SocialHarness]:
    yield running
    running.gladi.clear_faults()


class TestFacebook(SocialContract):
    channel = "facebook"
    publishing_path = "/feed"
