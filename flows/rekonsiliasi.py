"""The sweeper: every minute, bring each open publication's run to where the ledger says.

Deployed as `rekonsiliasi`. It finds runs that died, were forced into a state,
were deleted, or whose time of publication has come, and has them run again; the
ledger then tells them what is next (laws 3 and 4).
"""

from __future__ import annotations

from prefect import flow

from tasks.laporan_tertinggal import mend_unread_reports
from tasks.menyusul import deliver_beside_forms
from tasks.pemulihan import mend_open_publications
from tasks.ringkasan_publik import show_waiting_summaries


@flow(name="rekonsiliasi", flow_run_name="Rekonsiliasi", persist_result=False)
def rekonsiliasi() -> list[str]:
    """Dijalankan sendiri; mengembalikan daftar publikasi dan laporan yang dijalankan kembali."""
    mended = mend_open_publications()
    mended += mend_unread_reports()
    deliver_beside_forms()
    mended += show_waiting_summaries()
    return mended
