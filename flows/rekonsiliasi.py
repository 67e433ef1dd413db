"""The sweeper: every minute, bring each open publication's run to where the ledger says.

Deployed as `rekonsiliasi`. It finds runs that died, were forced into a state,
were deleted, or whose time of publication has come, and has them run again; the
ledger then tells them what is next (laws 3 and 4).
"""

from __future__ import annotations

from prefect import flow

from tasks.menyusul import deliver_beside_forms
from tasks.pemulihan import mend_open_publications


@flow(name="rekonsiliasi", flow_run_name="Rekonsiliasi", persist_result=False)
def rekonsiliasi() -> list[str]:
    """Dijalankan sendiri; mengembalikan daftar publikasi yang run-nya dijalankan kembali."""
    mended = mend_open_publications()
    deliver_beside_forms()
    return mended
