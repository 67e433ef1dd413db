"""Seven forms on Siar's own server and worker with nothing of Siar's work: Prefect's own price.

Also the list of deployments for that worker (`deployments.worker --definitions`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.input import RunInput
from prefect.runtime import flow_run

from deployments.prefect_environment import WORK_POOL
from deployments.settings import Settings
from tasks.suspension import answer_to, suspend_with_form

QUESTIONS = 7
ENTRYPOINTS: Mapping[str, str] = {"kosong": "benchmarks._bare_flow.bare"}


class Answer(RunInput):
    """One form."""

    petugas: str
    kode: str


@flow(name="kosong")
def bare() -> None:
    """Take the answer to the last question and ask the next: no ledger, task or channel.

    How many were asked stands in a file, so that the server is asked for one answer only.
    """
    run_id = UUID(str(flow_run.id))
    kept = Path(tempfile.gettempdir()) / f"siar-bench-{run_id}"
    asked = int(kept.read_text()) if kept.exists() else 0
    if asked and answer_to(run_id, f"langkah-{asked}") is None:
        raise RuntimeError(f"question {asked} was left without an answer")
    if asked < QUESTIONS:
        kept.write_text(str(asked + 1))
        suspend_with_form(run_id, f"langkah-{asked + 1}", Answer, "Formulir")
    kept.unlink()


def register(_settings: Settings) -> None:
    """Make the one deployment."""
    with get_client(sync_client=True) as client:
        client.create_deployment(
            flow_id=client.create_flow(bare),
            name="kosong",
            work_pool_name=WORK_POOL,
            entrypoint=ENTRYPOINTS["kosong"],
            path=os.curdir,
        )
