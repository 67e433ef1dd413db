"""Archiving (SOP step 8) for publications whose own run could not seal their bag.

Deployed as `arsip`. A publication's run seals the bag itself when step 8 is answered;
this flow does it again where that failed: hourly for all, or by hand for one.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.arsip import cari_yang_belum_diarsip, hasil_arsip, segel_semua


@flow(name="arsip", flow_run_name="Penyegelan arsip", persist_result=False)
def arsip(publikasi: str = "") -> State:
    """Menyegel paket arsip: satu publikasi (isi rujukannya), atau semua yang menunggu (kosong)."""
    return hasil_arsip(segel_semua(cari_yang_belum_diarsip(publikasi)))
