"""Asking Prefect to look at a waiting publication again at a given time."""

from __future__ import annotations

from datetime import datetime

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

SWEEPER = "rekonsiliasi/rekonsiliasi"


def wake_at(due: datetime, publication_id: str) -> None:
    """Schedule a run of the sweeper for that moment.

    Only for punctuality: the sweeper also runs by itself, so a lost wake-up makes
    the publication late, never lost.
    """
    with get_client(sync_client=True) as client:
        try:
            sweeper = client.read_deployment_by_name(SWEEPER)
        except ObjectNotFound:
            return
        client.create_flow_run_from_deployment(
            sweeper.id,
            state=Scheduled(scheduled_time=due),
            idempotency_key=f"tayang-{publication_id}-{int(due.timestamp())}",
        )
