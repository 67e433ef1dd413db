"""One running stack, with two flows that do nothing, for all tests that look at a stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deployments.stack import Stack
from tests.support.stack import (
    LIMIT,
    PASSWORD,
    SAMPLE_DEFINITIONS,
    loopback_channels,
    running_stack,
    settings_in,
)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = settings_in(
        tmp_path_factory.mktemp("stack"),
        channels=loopback_channels(),
        auth=PASSWORD,
        worker_limit=LIMIT,
    )
    with running_stack(settings, definitions=SAMPLE_DEFINITIONS) as running:
        yield running
