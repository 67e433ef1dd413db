"""The report's files in a folder: each written aside, fsynced, renamed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from monev.model import MonevReport
from monev.render.paper import pdf
from monev.render.sections import sections
from monev.render.sheets import xlsx
from monev.render.text import markdown
from monev.render.web import html

STEM = "laporan-monev"


def write_all(report: MonevReport, folder: Path) -> dict[str, str]:
    """Write every form into `folder` (made if missing); name of each file → its SHA-256.

    A reader of the folder finds a file whole or not at all; writing the same report
    again leaves the same bytes. OSError when the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digests = {}
    for name, data in _forms(report):
        _put(folder / name, data)
        digests[name] = hashlib.sha256(data).hexdigest()
    _sync_folder(folder)
    return digests


def _forms(report: MonevReport) -> Iterator[tuple[str, bytes]]:
    # The sections are made once, so that each chart is drawn once.
    parts = sections(report)
    yield f"{STEM}.pdf", pdf(report, parts)
    yield f"{STEM}.xlsx", xlsx(report)
    yield f"{STEM}.html", html(report, parts).encode("utf-8")
    yield f"{STEM}.md", markdown(report).encode("utf-8")


def _put(place: Path, data: bytes) -> None:
    aside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    # A rename lasts only when the folder itself is on the disk.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
