"""All deployments and schedules, as code: the one list of what Siar runs.

A file that fails to import fails here, at start, and not when staff need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.utilities.callables import parameter_schema

from deployments import entrypoints
from deployments.settings import Settings
from deployments.wiring import build_connectors, utc_now
from flows.monev import PERIOD_FORM

WORK_POOL = "siar"
OFFICE_ZONE = "Asia/Jakarta"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Definition:
    """One deployment; people start those without a schedule.

    `every`, `daily_at`, `mondays_at` or `monthly_at` (on the 1st) is the schedule; times
    are WIB.
    """

    flow: Flow[Any, Any]
    description: str
    tags: tuple[str, ...] = ()
    every: timedelta | None = None
    daily_at: time | None = None
    mondays_at: time | None = None
    monthly_at: time | None = None

    @property
    def name(self) -> str:
        return self.flow.name

    @property
    def entrypoint(self) -> str:
        """Where the worker finds the flow."""
        return f"deployments.entrypoints.{self.name.replace('-', '_')}"

    @property
    def is_scheduled(self) -> bool:
        return bool(_schedules(self))


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        entrypoints.publikasi,
        "Memulai satu publikasi menurut SOP. Isi formulir, lalu tekan **Submit**; langkah "
        "berikutnya diminta lewat formulir di halaman run-nya (tombol **Resume**).",
        tags=("sop",),
    ),
    Definition(
        entrypoints.rekonsiliasi,
        "Dijalankan sendiri tiap menit: membuka kembali publikasi yang run-nya mati, dipaksa, "
        "atau sudah tiba waktu tayangnya. Tidak perlu dijalankan dengan tangan.",
        tags=("sistem",),
        every=timedelta(minutes=1),
    ),
    Definition(
        entrypoints.pemeriksaan,
        "Dijalankan sendiri tiap pukul 07.00 WIB: memeriksa semua saluran. Run yang berakhir "
        "**Perlu tindakan** menyebut saluran yang tokennya mati, segera berakhir, atau "
        "bermasalah, dan apa yang harus dilakukan. Boleh juga dijalankan dengan tangan.",
        tags=("sistem",),
        daily_at=time(7, 0),
    ),
    Definition(
        entrypoints.arsip,
        "Dijalankan sendiri tiap jam: menyegel paket arsip publikasi yang langkah 8-nya sudah "
        "dijawab tetapi belum tersegel. Boleh dijalankan dengan tangan; isi rujukan publikasinya.",
        tags=("sistem",),
        every=timedelta(hours=1),
    ),
    Definition(
        entrypoints.keutuhan,
        "Dijalankan sendiri tiap tanggal 1 pukul 06.30 WIB: membaca ulang semua paket arsip. Run "
        "yang berakhir **Perlu tindakan** menyebut berkas yang berubah, hilang, atau ditambahkan.",
        tags=("sistem",),
        monthly_at=time(6, 30),
    ),
    Definition(
        entrypoints.segel,
        "Dijalankan sendiri tiap pukul 23.55 WIB: menyegel seluruh catatan, satu segel tiap hari. "
        "Angkanya tercetak di laporan monev dan dihitung ulang oleh `siar verify`.",
        tags=("sistem",),
        daily_at=time(23, 55),
    ),
    Definition(
        entrypoints.pengingat,
        "Dijalankan sendiri tiap menit: memberi tahu pegawai bahwa formulir menunggu, baku waktu "
        "hampir atau sudah habis, publikasi tayang, atau saluran memerlukan petugas. Run yang "
        "berakhir **Perlu tindakan** menyebut berapa yang tidak terkirim.",
        tags=("sistem",),
        every=timedelta(minutes=1),
    ),
    Definition(
        entrypoints.keterlibatan,
        "Dijalankan sendiri tiap pukul 06.45 WIB: membaca jangkauan dan tanggapan kiriman pada "
        "umur 1, 7, dan 30 hari. Run yang berakhir **Perlu tindakan** menyebut saluran yang belum "
        "dapat dibaca; besok dicoba lagi.",
        tags=("sistem",),
        daily_at=time(6, 45),
    ),
    Definition(
        entrypoints.monev_mingguan,
        "Dijalankan sendiri tiap Senin pukul 07.15 WIB: menyusun laporan monev minggu yang lalu, "
        "lalu menunggu Kepala menyatakan sudah membacanya lewat formulir di halaman run-nya.",
        tags=("sop", "monev"),
        mondays_at=time(7, 15),
    ),
    Definition(
        entrypoints.monev_bulanan,
        "Dijalankan sendiri tiap tanggal 1 pukul 07.20 WIB: menyusun laporan monev bulan yang "
        "lalu, lalu menunggu Kepala menyatakan sudah membacanya lewat formulir di halaman run-nya.",
        tags=("sop", "monev"),
        monthly_at=time(7, 20),
    ),
    Definition(
        entrypoints.monev_khusus,
        "Menyusun laporan monev untuk hari-hari yang Anda pilih dan menyampaikannya kepada Kepala. "
        "Isi tanggalnya (boleh dikosongkan: dari tanggal 1 bulan ini sampai hari ini), lalu tekan "
        "**Submit**. Tanpa menyampaikan kepada Kepala: perintah `siar monev`.",
        tags=("sop", "monev"),
    ),
)


# The only flows that our worker runs, whatever deployments others may make.
ENTRYPOINTS: Mapping[str, str] = {one.name: one.entrypoint for one in DEFINITIONS}


def register(settings: Settings) -> None:
    """Make or update every deployment on the server that `PREFECT_API_URL` names."""
    with get_client(sync_client=True) as client:
        for definition in DEFINITIONS:
            flow_id = client.create_flow(definition.flow)
            client.create_deployment(
                flow_id=flow_id,
                name=definition.name,
                work_pool_name=WORK_POOL,
                entrypoint=definition.entrypoint,
                path=str(ROOT),
                description=definition.description,
                tags=list(definition.tags),
                parameter_openapi_schema=schema_of(definition.flow, settings),
                enforce_parameter_schema=True,
                schedules=_schedules(definition),
            )


def schema_of(flow: Flow[Any, Any], settings: Settings) -> dict[str, Any]:
    """The start form, with this office's units and channels as its choices."""
    schema = parameter_schema(flow).model_dump_for_openapi()
    request = schema.get("definitions", {}).get("PublicationRequest")
    if request is not None:
        labels = [one.label for one in build_connectors(settings, utc_now).values()]
        _choose(request["properties"]["unit"], ["", *settings.office.units])
        _choose(request["properties"]["saluran"]["items"], labels)
        request["properties"]["saluran"]["default"] = labels
    for name in PERIOD_FORM.keys() & schema["properties"].keys():
        title, description = PERIOD_FORM[name]
        schema["properties"][name] |= {"title": title, "description": description}
    # Only the sweeper names a reference; staff need not see the field.
    schema["properties"].pop("rujukan", None)
    if "permintaan" in schema["properties"]:
        schema["properties"]["permintaan"]["title"] = "Yang akan dipublikasikan"
    return schema


def _choose(field: dict[str, Any], options: list[str]) -> None:
    field["enum"] = options


def _schedules(definition: Definition) -> list[DeploymentScheduleCreate]:
    if definition.every is not None:
        return [DeploymentScheduleCreate(schedule=IntervalSchedule(interval=definition.every))]
    if (at := definition.daily_at) is not None:
        cron = CronSchedule(cron=f"{at.minute} {at.hour} * * *", timezone=OFFICE_ZONE)
        return [DeploymentScheduleCreate(schedule=cron)]
    if (at := definition.mondays_at) is not None:
        cron = CronSchedule(cron=f"{at.minute} {at.hour} * * 1", timezone=OFFICE_ZONE)
        return [DeploymentScheduleCreate(schedule=cron)]
    if (at := definition.monthly_at) is not None:
        cron = CronSchedule(cron=f"{at.minute} {at.hour} 1 * *", timezone=OFFICE_ZONE)
        return [DeploymentScheduleCreate(schedule=cron)]
    return []


def summary() -> list[Mapping[str, Any]]:
    """What stands in the snapshot test: names, tags and schedules."""
    return [
        {"name": one.name, "tags": list(one.tags), "schedule": _in_words(one)}
        for one in DEFINITIONS
    ]


def _in_words(definition: Definition) -> str | None:
    for made in _schedules(definition):
        match made.schedule:
            case IntervalSchedule(interval=interval):
                return f"every {interval}"
            case CronSchedule(cron=cron, timezone=zone):
                return f"{cron} {zone}"
    return None
