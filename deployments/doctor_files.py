"""Doctor's look at what lies on the disk: SOP, calendar, space, intake folder, key file."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from deployments.finding import Finding, Patient, care, good, wrong
from sop.indonesian import WIB

LEAST_FREE_BYTES = 1_000_000_000
COMFORTABLE_FREE_BYTES = 5_000_000_000
# Of accounts other than the owner: the group's and everybody's right to write.
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def sop_finding(patient: Patient) -> Finding:
    """Whether the SOP can be read; `SopError` says every mistake in it."""
    from deployments.wiring import sop_in_force

    sop = sop_in_force(patient.settings)
    return good("SOP", f"{sop.nomor}, revisi {sop.revisi}, {len(sop.steps)} langkah")


def calendar_finding(patient: Patient) -> Finding:
    """Whether working time can be counted this year and next."""
    from sop.calendar import OfficeCalendar

    calendar = OfficeCalendar.load(override=patient.settings.calendar_file)
    year = patient.clock().astimezone(WIB).year
    unknown = calendar.years_without_cuti_bersama((year, year + 1))
    if unknown:
        return care(
            "Kalender",
            f"cuti bersama {' dan '.join(map(str, unknown))} belum diketahui",
            "Bila SKB-nya sudah terbit, tulis hari-harinya di calendar_file dengan keterangan "
            "“cuti bersama”; menit kerja dihitung keliru selama itu belum ada.",
        )
    return good("Kalender", f"hari libur dan cuti bersama {year} dan {year + 1} diketahui")


def disk_findings(patient: Patient) -> Iterator[Finding]:
    """Space on each disk that data are written to, and the right to write."""
    settings = patient.settings
    seen: set[int] = set()
    for folder in (settings.data_dir, settings.intake_path):
        standing = _nearest(folder)
        device = standing.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield _space(folder, standing)


def _space(folder: Path, standing: Path) -> Finding:
    part = "Ruang disk"
    if not os.access(standing, os.W_OK | os.X_OK):
        return wrong(
            part,
            f"{standing} tidak dapat ditulisi",
            "Jalankan Siar dengan akun pemilik folder itu, atau ubah data_dir.",
        )
    free = shutil.disk_usage(standing).free
    if free < LEAST_FREE_BYTES:
        sentence = f"sisa ruang untuk {folder} tinggal {free // 1_000_000} MB"
        return wrong(part, sentence, "Kosongkan ruang sekarang; paling sedikit 1 GB.")
    if free < COMFORTABLE_FREE_BYTES:
        sentence = f"sisa ruang untuk {folder} tinggal {free / 1e9:.1f} GB"
        return care(part, sentence, "Kosongkan ruang atau tambah disk; di bawah 1 GB berbahaya.")
    return good(part, f"{folder}, sisa {free // 1_000_000_000} GB")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above that exists: it will be made there."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def intake_finding(patient: Patient) -> Finding:
    """Whether Siar and the staff can use the folder that material is put into."""
    folder, part = patient.settings.intake_path, "Folder bahan"
    try:
        found = folder.stat()
    except FileNotFoundError:
        sentence = f"{folder} belum ada"
        return care(part, sentence, "Dibuat sendiri oleh siar start, atau buat folder itu.")
    except OSError as error:
        return wrong(part, f"{folder} tidak dapat dibuka ({error.strerror})", _GIVE_RIGHTS)
    if not stat.S_ISDIR(found.st_mode):
        return wrong(part, f"{folder} bukan folder", "Pindahkan berkas itu, lalu buat foldernya.")
    for right, verb in ((os.R_OK | os.X_OK, "dibaca"), (os.W_OK, "ditulisi")):
        if not os.access(folder, right):
            return wrong(part, f"{folder} tidak dapat {verb} akun ini", _GIVE_RIGHTS)
    closed = _closed_to_others(folder)
    if closed is not None and not patient.settings.is_rehearsal:
        return care(
            part,
            f"{folder} hanya dapat dipakai akun ini ({closed} tertutup bagi akun lain)",
            "Abaikan bila pegawai menaruh bahan lewat folder bersama yang memakai akun ini. Bila "
            "tidak, pilih intake_dir di luar data_dir, lalu: chgrp KELOMPOK dan chmod 2770.",
        )
    return good(part, f"{folder}, dapat dibaca dan ditulisi")


_GIVE_RIGHTS = "Beri akun Siar hak baca dan tulis pada folder itu (chown atau chmod)."


def _closed_to_others(folder: Path) -> Path | None:
    """The first folder on the way, or the folder itself, that no other account gets past."""
    for above in reversed(folder.absolute().parents):
        if not above.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH):
            return above
    return None if folder.stat().st_mode & OTHERS_WRITE else folder


def key_finding(patient: Patient) -> Finding:
    """Whether the key file is there, private and a key; it is never made here."""
    from ledger.vault import Vault, VaultError

    path, part = patient.settings.key_path, "Berkas kunci"
    if not path.exists():
        # Whether somebody's secret was made with it, the line on staff tells.
        return care(
            part,
            f"{path} belum ada",
            "Dibuat sendiri saat pegawai pertama didaftarkan. Bila sudah pernah ada, pulihkan "
            "dari cadangan.",
        )
    try:
        Vault.open(path)
    except VaultError as error:
        sentence, _, action = str(error).partition(". ")
        return wrong(part, f"{sentence}.", action or "Pulihkan berkas kunci dari cadangan.")
    made = datetime.fromtimestamp(path.stat().st_mtime, WIB)
    mode = stat.S_IMODE(path.stat().st_mode)
    return good(part, f"{path}, mode {mode:04o}, dibuat {made:%d-%m-%Y}")
