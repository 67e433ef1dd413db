"""What a forked child does: one flow run, in a process that was born with everything imported.

This module is what the fork server imports before it forks. Whatever Prefect or a
driver would import only at its first use is imported here as well: each child
would pay for it again.
"""

from __future__ import annotations

import _strptime  # type: ignore[import-not-found]  # noqa: F401
import contextlib
import logging
import os
import sqlite3  # noqa: F401
from datetime import UTC, datetime
from typing import Any

import anyio._backends._asyncio  # noqa: F401
import graphviz  # type: ignore[import-untyped]  # noqa: F401
from prefect import Flow
from prefect.client.schemas.objects import FlowRun
from prefect.engine import handle_engine_signals
from prefect.filesystems import LocalFileSystem
from prefect.flow_engine import run_flow
from prefect.logging.configuration import setup_logging
from prefect.logging.handlers import PrefectConsoleHandler
from prefect.logging.loggers import flow_run_logger
from prefect.settings import get_current_settings
from prefect.utilities.importtools import import_object

import deployments.entrypoints  # noqa: F401 (imported here so that no child has to)
from deployments.courier import Courier
from deployments.run_client import CsrfPass, run_client
from ledger.db import newest_revision
from sop.calendar import learn_holidays
from sop.indonesian import short_moment
from tasks.office import office

_NOW = datetime.now(UTC)
learn_holidays(range(_NOW.year - 1, _NOW.year + 2))
short_moment(_NOW)  # reads the words of the language
newest_revision()  # reads the migrations


def _write_plainly() -> None:
    """Log to the worker's file without colours and boxes, which nobody sees there."""
    setup_logging()
    named = map(logging.getLogger, logging.root.manager.loggerDict)
    for logger in (logging.root, *named):
        for handler in logger.handlers:
            if isinstance(handler, PrefectConsoleHandler):
                plain = logging.StreamHandler()
                plain.setFormatter(handler.formatter)
                plain.setLevel(handler.level)
                logger.removeHandler(handler)
                logger.addHandler(plain)


def _is_for_staff(record: logging.LogRecord) -> bool:
    """Not the engine's "Beginning flow run": staff read the log page, in Indonesian (law 8)."""
    return record.levelno > logging.INFO or record.module not in ("flow_engine", "task_engine")


_write_plainly()
for _name in ("prefect.flow_runs", "prefect.task_runs"):
    logging.getLogger(_name).addFilter(_is_for_staff)

# No result of ours is kept by Prefect (the ledger decides); with a place named, the
# server is not asked for one.
_UNUSED = LocalFileSystem(basepath=os.devnull)


def carry_out(
    flow_run: FlowRun, csrf: CsrfPass, entrypoint: str, environment: dict[str, str]
) -> None:
    """Run one flow run to its end or its next form; leaves by `exit` as Prefect's engine does.

    `flow_run` and `csrf` are what the worker knows already. `entrypoint` ("module.attribute")
    comes from our own list, never from the server: whoever can reach the API can make a
    deployment whose steps run any program.
    """
    os.environ.update(environment)
    # From here on others can see that somebody is at it, before the run says that it runs.
    # What keeps the office closed is met again by the flow, which then fails and says it.
    with contextlib.suppress(Exception):
        office()
    # Prefect's heartbeat sleeps by the second and is waited for at the end of each run: up
    # to a second in which the run keeps its place. Siar sees life by a lock (`show_life`).
    get_current_settings().flows.heartbeat_frequency = None
    with (
        run_client(flow_run, csrf) as client,
        Courier(client, flow_run.id),
        handle_engine_signals(flow_run.id),
    ):
        flow_run = client.read_flow_run(flow_run.id)
        flow: Flow[..., Any] = import_object(entrypoint)
        log = flow_run_logger(flow_run=flow_run)
        flow.result_storage = _UNUSED
        run_flow(flow, flow_run=flow_run, error_logger=log)  # type: ignore[arg-type]
