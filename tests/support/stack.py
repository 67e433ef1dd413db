"""A stack of one's own for a test: free ports, data in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deployments.settings import Settings
from deployments.settings_sections import Channels, Prefect, Rehearsal
from deployments.stack import Stack
from tests.support.prefect_database import lay_down_prefect_tables

SAMPLE_DEFINITIONS = "tests.support.sample_flow"
PASSWORD = "admin:sandi-uji-panjang"
LIMIT = 2


def settings_in(folder: Path, *, channels: Channels | None = None, **prefect: Any) -> Settings:
    """Rehearsal settings with every port free and all data below `folder`."""
    return Settings(
        data_dir=folder / "var",
        prefect=Prefect(**{"port": 0, "worker_query_seconds": 0.3, **prefect}),
        rehearsal=Rehearsal(port=0),
        channels=channels or Channels(),
    )


def loopback_channels() -> Channels:
    """All four channels at an address where nobody answers: nothing is rehearsed."""
    nowhere = "http://127.0.0.1:9"
    return Channels.model_validate(
        {
            "website": {
                "base_url": nowhere,
                "username": "uji",
                "application_password": "uji uji uji",
            },
            "x": {
                "consumer_key": "a",
                "consumer_secret": "b",
                "access_token": "c",
                "access_token_secret": "d",
                "host": nowhere,
            },
            "facebook": {"page_id": "1", "page_access_token": "a", "host": nowhere},
            "instagram": {"ig_user_id": "1", "access_token": "a", "host": nowhere},
        }
    )


@contextmanager
def running_stack(
    settings: Settings,
    *,
    definitions: str = "deployments.definitions",
    said: list[str] | None = None,
) -> Iterator[Stack]:
    """A running stack; what it says to the operator is collected in `said`."""
    lines = said if said is not None else []
    lay_down_prefect_tables(settings.prefect_home)
    with Stack(settings, definitions=definitions, say=lines.append) as stack:
        yield stack
