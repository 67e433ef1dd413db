"""Doctor's look at what has to run: server, worker, deployments and their schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import Worker
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from deployments.finding import Finding, Patient, care, good, wrong
from deployments.prefect_environment import WORK_POOL
from deployments.settings import Settings
from deployments.stack import answers

SERVER, WORKER, SCHEDULES = "Peladen Prefect", "Pekerja", "Alur dan jadwal"
START = "Jalankan: siar start"
# The worker says that it lives every half minute.
SILENT = timedelta(seconds=120)
# A machine that has said nothing for so long is not missed any more.
GONE = timedelta(days=2)
SECONDS = 10.0


def server_findings(patient: Patient) -> Iterator[Finding]:
    """Server, worker, and whether every flow is registered with its schedule running."""
    api = api_address(patient.settings)
    if api is None:
        sentence = (
            "porta 0: alamatnya baru diketahui setelah Siar berjalan, dan Siar tidak berjalan"
        )
        yield wrong(SERVER, sentence, START)
        yield _unknown(WORKER)
        return
    if not answers(f"{api}/health", patient.settings):
        yield wrong(SERVER, f"tidak menjawab di {api}", START)
        yield _unknown(WORKER)
        return
    try:
        with _client(api, patient.settings) as client:
            yield good(SERVER, f"menjawab di {api}, versi {client.api_version()}")
            yield _worker_finding(client, patient)
            yield _schedules_finding(client)
    except (PrefectHTTPStatusError, httpx.HTTPError) as error:
        yield _refused(api, error)


def api_address(settings: Settings) -> str | None:
    """Where the API answers; None for port 0, which stands for a port yet to be found."""
    return settings.prefect_api_url if settings.prefect.port else None


def _client(api: str, settings: Settings) -> SyncPrefectClient:
    auth = settings.prefect.auth
    return SyncPrefectClient(
        api,
        auth_string=auth.get_secret_value() if auth is not None else None,
        httpx_settings={"timeout": SECONDS, "trust_env": False},
    )


def _unknown(part: str) -> Finding:
    return wrong(part, "tidak dapat diperiksa selama peladen Prefect mati", START)


def _refused(api: str, error: Exception) -> Finding:
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in (401, 403):
        return wrong(
            SERVER,
            f"{api} menolak kata sandi di prefect.auth",
            "Yang berjalan di sana memakai sandi lain. Hentikan dan jalankan lagi: siar start",
        )
    return wrong(
        SERVER,
        f"{api} menjawab dengan galat ({type(error).__name__})",
        "Baca server.log di folder jalan; bila yang menjawab bukan Siar, ubah prefect.port.",
    )


def _worker_finding(client: SyncPrefectClient, patient: Patient) -> Finding:
    try:
        pool = client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        return wrong(WORKER, "belum pernah berjalan di peladen ini", START)
    if pool.is_paused:
        return wrong(
            WORKER,
            f"kumpulan kerja {WORK_POOL} sedang dijeda, sehingga tidak ada alur yang berjalan",
            f"Buka Work Pools, {WORK_POOL}, lalu nyalakan lagi.",
        )
    seen = {
        worker.name: worker.last_heartbeat_time
        for worker in client.read_workers_for_work_pool(WORK_POOL)
        if isinstance(worker, Worker) and worker.last_heartbeat_time is not None
    }
    return heartbeat_finding(seen, patient.clock())


def heartbeat_finding(seen: Mapping[str, datetime], now: datetime) -> Finding:
    """What the last signs of life (UTC) of the workers, one on each machine, amount to."""
    if not seen:
        return wrong(WORKER, "belum pernah memberi kabar", START)
    silence = {name: now - last for name, last in seen.items()}
    shortest = min(silence.values())
    if shortest > SILENT:
        return wrong(
            WORKER,
            f"tidak memberi kabar sejak {_minutes(shortest)} menit lalu, jadi formulir tidak akan "
            "terbuka",
            f"{START}; rinciannya di worker.log",
        )
    fallen = {name: for_long for name, for_long in silence.items() if SILENT < for_long < GONE}
    running = f"berjalan, kabar terakhir {max(0, int(shortest.total_seconds()))} detik lalu"
    if fallen:
        named = ", ".join(
            f"{name} diam sejak {_minutes(for_long)} menit lalu"
            for name, for_long in sorted(fallen.items())
        )
        return care(
            WORKER,
            f"{running}; tetapi {named}",
            "Bila mesin itu sengaja dimatikan, biarkan; bila tidak, jalankan siar start di sana.",
        )
    return good(WORKER, running)


def _minutes(silent: timedelta) -> int:
    return int(silent.total_seconds() // 60)


def _schedules_finding(client: SyncPrefectClient) -> Finding:
    from deployments.definitions import summary

    missing, stopped = [], []
    wanted = {str(row["name"]): row["schedule"] is not None for row in summary()}
    for name, is_scheduled in wanted.items():
        try:
            found = client.read_deployment_by_name(f"{name}/{name}")
        except ObjectNotFound:
            missing.append(name)
            continue
        if found.paused or _lost_its_schedule(found, is_scheduled):
            stopped.append(name)
    if missing:
        return wrong(SCHEDULES, f"{', '.join(missing)} belum terpasang di peladen", START)
    if stopped:
        return wrong(
            SCHEDULES,
            f"{', '.join(stopped)} dijeda atau jadwalnya dimatikan",
            "Nyalakan lagi di halaman Deployments, atau jalankan lagi siar start.",
        )
    return good(SCHEDULES, f"{len(wanted)} alur terpasang, jadwalnya menyala")


def _lost_its_schedule(found: DeploymentResponse, wanted: bool) -> bool:
    return wanted and not any(schedule.active for schedule in found.schedules)
