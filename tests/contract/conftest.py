"""What the contract tests of several channels share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.wordpress import NotAvailable, WordPressServer, running_wordpress


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPressServer]:
    """A real WordPress of its own for each test module that asks for one."""
    try:
        with running_wordpress(tmp_path_factory.mktemp("wordpress")) as server:
            yield server
    except NotAvailable as missing:
        pytest.skip(f"real WordPress: {missing}")
