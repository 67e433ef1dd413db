"""What a forked child does: one flow run, in a process that was born with everything imported.

This module is what the fork server imports before it forks; importing the flows
here is what makes a run start in a fraction of a second.
"""

from __future__ import annotations

import os
from uuid import UUID

from prefect.engine import handle_engine_signals
from prefect.flow_engine import load_flow, load_flow_run, run_flow
from prefect.logging.loggers import flow_run_logger

import deployments.entrypoints  # noqa: F401 (imported here so that no child has to)


def carry_out(flow_run_id: UUID, environment: dict[str, str]) -> None:
    """Run one flow run to its end or its next form; leaves by `exit` as Prefect's engine does."""
    os.environ.update(environment)
    with handle_engine_signals(flow_run_id):
        flow_run = load_flow_run(flow_run_id=flow_run_id)
        log = flow_run_logger(flow_run=flow_run)
        try:
            flow = load_flow(flow_run)
        except Exception:
            log.exception("Alur ini tidak dapat dimuat; hubungi administrator.")
            raise
        run_flow(flow, flow_run=flow_run, error_logger=log)  # type: ignore[arg-type]
