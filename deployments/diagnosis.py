"""What `siar doctor` looks at; reads only, and never raises for what it looks at."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass

from deployments.settings import Settings, SettingsError, config_path, load_settings

LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: a part, whether it is well, what was seen, and the mend."""

    part: str
    ok: bool
    sentence: str
    action: str = ""


def diagnose() -> list[Finding]:
    """All findings, in the order in which they should be mended."""
    try:
        settings = load_settings()
    except SettingsError as error:
        return [Finding("Pengaturan", False, problem) for problem in error.problems]
    checks: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
        ("Pengaturan", _settings_file),
        ("Folder data", _data_folder),
        ("SOP", _sop),
        ("Catatan", _record),
        ("Peladen Prefect", _server),
        ("Saluran gladi", _rehearsal),
    )
    findings = [_guarded(part, check, settings) for part, check in checks]
    return [*findings, *_channels(settings)]


def _guarded(part: str, check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except Exception as error:  # whatever a part dies of is what doctor has to say
        return Finding(part, False, str(error).strip() or type(error).__name__)


def _settings_file(settings: Settings) -> Finding:
    path = config_path()
    if path is None:
        return Finding("Pengaturan", True, f"tanpa berkas, mode {settings.mode}")
    if stat.S_IMODE(path.stat().st_mode) & 0o077 and settings.channels.hosts:
        return Finding(
            "Pengaturan",
            False,
            f"{path} berisi kata sandi dan dapat dibaca orang lain",
            f"Jalankan: chmod 600 {path}",
        )
    return Finding("Pengaturan", True, f"{path}, mode {settings.mode}")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        return Finding(
            "Folder data",
            False,
            f"{folder} tidak dapat ditulisi",
            "Jalankan Siar dengan akun pemilik folder itu, atau ubah data_dir.",
        )
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        return Finding(
            "Folder data",
            False,
            f"sisa ruang di {folder} tinggal {free // 1_000_000} MB",
            "Kosongkan ruang paling sedikit 1 GB.",
        )
    return Finding("Folder data", True, f"{folder}, sisa {free // 1_000_000_000} GB")


def _sop(settings: Settings) -> Finding:
    from deployments.wiring import sop_in_force

    sop = sop_in_force(settings)
    return Finding("SOP", True, f"{sop.nomor}, revisi {sop.revisi}, {len(sop.steps)} langkah")


def _record(settings: Settings) -> Finding:
    from deployments.wiring import build_ledger
    from ledger.people import list_staff

    with build_ledger(settings).read() as reading:
        active = [entry for entry in list_staff(reading) if not entry.is_revoked]
    if not active:
        return Finding(
            "Catatan",
            False,
            "belum ada pegawai yang terdaftar",
            "Jalankan: siar staff add NIP NAMA --peran KODE",
        )
    return Finding("Catatan", True, f"dapat dibuka, {len(active)} pegawai aktif")


def _server(settings: Settings) -> Finding:
    return _address_answers("Peladen Prefect", settings.prefect_api_url + "/health", settings)


def _rehearsal(settings: Settings) -> Finding:
    if not settings.needs_rehearsal:
        return Finding("Saluran gladi", True, "tidak dipakai")
    return _address_answers("Saluran gladi", settings.rehearsal_url, None)


def _channels(settings: Settings) -> list[Finding]:
    """What each configured channel says about itself; rehearsed ones have their own line."""
    from deployments.wiring import build_connectors, utc_now

    configured = {*settings.channels.hosts, *(one.code for one in settings.channels.manual)}
    return [
        Finding(connector.label, health.ok, health.sentence, health.action)
        for code, connector in build_connectors(settings, utc_now).items()
        if code in configured
        for health in [connector.check()]
    ]


def _address_answers(part: str, url: str, settings: Settings | None) -> Finding:
    from deployments.stack import answers

    if answers(url, settings):
        return Finding(part, True, f"menjawab di {url}")
    return Finding(part, False, f"tidak menjawab di {url}", "Jalankan: siar start")
