"""Reading what became of each post: reach, reactions and the like, at 1, 7 and 30 days.

Deployed as `keterlibatan`, every morning. It reads only; a channel that cannot be read
today is read tomorrow.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.keterlibatan import baca_keterlibatan, hasil_keterlibatan


@flow(name="keterlibatan", flow_run_name="Pembacaan keterlibatan", persist_result=False)
def keterlibatan() -> State:
    """Dijalankan sendiri tiap pagi; berakhir "Perlu tindakan" bila ada saluran yang bermasalah."""
    return hasil_keterlibatan(baca_keterlibatan())
