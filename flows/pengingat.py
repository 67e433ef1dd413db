"""Telling people what waits for them, every minute: the only place that sends notifications.

Deployed as `pengingat`. A notifier that fails, hangs or is slow delays nothing but
itself: publications never send and never wait for it.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.pemberitahuan_laporan import beritahukan_laporan
from tasks.pengingat import hasil_pengingat, kirim_pengingat


@flow(name="pengingat", flow_run_name="Pengingat", persist_result=False)
def pengingat() -> State:
    """Dijalankan sendiri tiap menit; tiap pemberitahuan dikirim satu kali saja."""
    return hasil_pengingat(beritahukan_laporan(kirim_pengingat()))
