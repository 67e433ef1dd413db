"""The daily look at the channels, before the working day begins.

Deployed as `pemeriksaan`. It tells of a token that dies soon while there is still
time to make a new one; it changes nothing and publishes nothing.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.pemeriksaan import catat, hasil, periksa_saluran


@flow(name="pemeriksaan", flow_run_name="Pemeriksaan harian", persist_result=False)
def pemeriksaan() -> State:
    """Dijalankan sendiri tiap pagi; berakhir "Perlu tindakan" bila ada saluran yang perlu orang."""
    checked = periksa_saluran()
    catat(checked)
    return hasil(checked)
