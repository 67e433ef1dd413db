"""The daily seal: what happened until tonight can no longer be changed without a trace.

Deployed as `segel`. It chains the heads of all chains of events into one digest, which
every monev report prints; `siar verify` computes it again.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.segel import hasil_segel, segel_catatan


@flow(name="segel", flow_run_name="Segel harian", persist_result=False)
def segel() -> State:
    """Dijalankan sendiri tiap malam; segel hari itu dibuat satu kali saja."""
    return hasil_segel(segel_catatan())
