"""The daily seal, as a task: made once per WIB day, however often it is asked for."""

from __future__ import annotations

from prefect import task
from prefect.client.schemas.objects import State
from prefect.states import Completed

from ledger.models import Seal
from ledger.seals import seal_today
from sop.indonesian import day, number
from tasks.office import office


@task(
    name="Segel catatan",
    task_run_name="Segel catatan",
    persist_result=False,
    retries=3,
    retry_delay_seconds=30,
)
def segel_catatan() -> Seal:
    """Seal the heads of all chains; the database may be busy for a moment."""
    return seal_today(office().ledger)


def hasil_segel(seal: Seal) -> State:
    """How the run ends: the digest, to be noted down or compared with a report."""
    return Completed(
        name="Tersegel",
        message=(
            f"Segel nomor {seal.number}, {day(seal.day)}, mencakup {number(seal.chains)} rantai: "
            f"{seal.digest}"
        ),
    )
