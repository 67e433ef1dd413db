"""One rehearsal per test, on a free loopback port."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.rehearsal import Rehearsal, start_rehearsal


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Rehearsal]]:
    """Starts rehearsals with other settings; all are stopped at the end."""
    running: list[Rehearsal] = []

    def start(**settings: Any) -> Rehearsal:
        rehearsal = start_rehearsal(tmp_path / str(len(running)), **settings)
        running.append(rehearsal)
        return rehearsal

    yield start
    for rehearsal in running:
        rehearsal.stop()


@pytest.fixture
def gladi(started: Callable[..., Rehearsal]) -> Rehearsal:
    return started()


def jpeg(width: int = 1200, height: int = 900, colour: tuple[int, int, int] = (9, 99, 90)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


def png(width: int = 600, height: int = 600) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()
