"""A flow that holds its process until a test lets it go, and keeps a list of who began."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from prefect import flow
from prefect.deployments.runner import EntrypointType
from prefect.runtime import flow_run

from deployments.prefect_environment import WORK_POOL
from deployments.settings import Settings

GATE, BEGUN = "gerbang", "mulai"


@flow(name="tahan", persist_result=False)
def hold(folder: str) -> None:
    """Say that it began, then wait until nobody holds the gate."""
    with (Path(folder) / BEGUN).open("a", encoding="ascii") as begun:
        begun.write(f"{os.getpid()} {flow_run.id}\n")
    with (Path(folder) / GATE).open("a", encoding="ascii") as gate:
        fcntl.flock(gate, fcntl.LOCK_SH)


ENTRYPOINTS = {"tahan": "tests.support.holding_flow.hold"}


def register(settings: Settings) -> None:
    """Make the deployment, as `deployments.definitions.register` does for the real flows."""
    hold.to_deployment(
        "tahan", work_pool_name=WORK_POOL, entrypoint_type=EntrypointType.MODULE_PATH
    ).apply()
