"""Monitoring and evaluation (SOP step 9): a report is made and laid before the head.

Deployed as `monev-mingguan`, `monev-bulanan` (both scheduled) and `monev-khusus` (by
hand). Each run carries one report: it makes it, suspends until the head has read it,
and then the publications that it covers are done. The record decides what is left to
do, so a run may be killed and started again at any line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from monev.model import Period
from tasks.pelaporan import (
    PeriodError,
    ask_reader,
    carried_elsewhere,
    is_read,
    last_month,
    last_week,
    lay_out,
    read_by_head,
    record_reading_if_any,
    run_title,
    run_title_of,
    special_period,
)
from tasks.ringkasan_publik import show_to_the_public

# Prefect titles a parameter with its name; these are what staff read instead.
PERIOD_FORM: Mapping[str, tuple[str, str]] = {
    "dari": ("Dari", "Hari pertama, misalnya 2026-11-01. Kosong: tanggal 1 bulan itu."),
    "sampai": ("Sampai", "Hari terakhir, misalnya 2026-11-30. Kosong: hari ini."),
}


def _asked(name: str) -> str:
    return str(flow_run.parameters.get(name, ""))


def _name() -> str:
    if reference := _asked("rujukan"):
        return run_title_of(reference)
    try:
        return run_title(_PERIODS[flow_run.flow_name]())
    except PeriodError:
        return "Laporan monev · tanggal keliru"


_PERIODS: Mapping[str, Callable[[], Period]] = {
    "monev-mingguan": last_week,
    "monev-bulanan": last_month,
    "monev-khusus": lambda: special_period(_asked("dari"), _asked("sampai")),
}


@flow(name="monev-mingguan", flow_run_name=_name, persist_result=False)
def monev_mingguan(rujukan: str = "") -> State:
    """Laporan minggu yang lalu. `rujukan` diisi oleh sistem saat memulihkan."""
    return _carried(last_week(), rujukan)


@flow(name="monev-bulanan", flow_run_name=_name, persist_result=False)
def monev_bulanan(rujukan: str = "") -> State:
    """Laporan bulan yang lalu. `rujukan` diisi oleh sistem saat memulihkan."""
    return _carried(last_month(), rujukan)


@flow(name="monev-khusus", flow_run_name=_name, persist_result=False)
def monev_khusus(dari: str = "", sampai: str = "", rujukan: str = "") -> State:
    """Laporan untuk hari-hari yang dipilih. `rujukan` diisi oleh sistem saat memulihkan."""
    return _carried(special_period(dari, sampai), rujukan)


def _carried(period: Period, reference: str) -> State:
    laid = lay_out(period, reference)
    if laid.elsewhere:
        return carried_elsewhere(laid)
    record_reading_if_any(laid.report_id)
    if not is_read(laid.report_id):
        ask_reader(laid.report_id)  # suspends the run; the answer starts it again
    show_to_the_public(laid.report_id)
    return read_by_head(laid.report_id)
