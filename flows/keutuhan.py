"""The monthly fixity check: every sealed bag is read again, byte by byte.

Deployed as `keutuhan`. It names each file that changed, vanished or was added, each
bag that is gone, and writes the outcome onto the office's chain.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.arsip import hasil_keutuhan, periksa_arsip


@flow(name="keutuhan", flow_run_name="Pemeriksaan keutuhan arsip", persist_result=False)
def keutuhan() -> State:
    """Dijalankan sendiri tiap bulan; berakhir "Perlu tindakan" bila ada paket yang tidak utuh."""
    return hasil_keutuhan(periksa_arsip())
