"""What the worker loads: each flow, with this process's office installed behind it."""

from __future__ import annotations

from prefect.runtime import flow_run

from deployments.settings import load_settings
from deployments.wiring import build_office
from flows.arsip import arsip
from flows.keterlibatan import keterlibatan
from flows.keutuhan import keutuhan
from flows.monev import monev_bulanan, monev_khusus, monev_mingguan
from flows.pemeriksaan import pemeriksaan
from flows.pengingat import pengingat
from flows.publikasi import publikasi
from flows.rekonsiliasi import rekonsiliasi
from flows.segel import segel
from tasks import office


def _build() -> office.Office:
    here = build_office(load_settings())
    if flow_run.id:
        office.show_life(here, flow_run.id)
    return here


office.install(_build)

__all__ = [
    "arsip",
    "keterlibatan",
    "keutuhan",
    "monev_bulanan",
    "monev_khusus",
    "monev_mingguan",
    "pemeriksaan",
    "pengingat",
    "publikasi",
    "rekonsiliasi",
    "segel",
]
