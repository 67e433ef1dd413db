"""Checking stored files and laid reports against the record: what changed, what is gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, column, select, table

from ledger.blobs import FileBlobStore
from ledger.chain import events_of_kind

# The result of a publication was read again for the archive; see `tasks.recording`.
RECORDED = "hasil-direkam"
RECORDING = "rekaman"


@dataclass(frozen=True, slots=True)
class FileFault:
    """A file that changed (table `berkas`), or a row or event that lost its file; a sentence."""

    table: str
    row: str
    sentence: str


def file_faults(connection: Connection, blobs: FileBlobStore) -> Iterator[FileFault]:
    """Every changed file, then for each missing one the first row that names it."""
    wanted = _wanted(connection)
    for sha256 in blobs.names():
        wanted.pop(sha256, None)
        if not blobs.is_intact(sha256):
            yield FileFault(
                "berkas",
                sha256,
                f"Isi berkas {blobs.path(sha256)} berubah sejak disimpan. Pulihkan berkas itu "
                "dari cadangan.",
            )
    for sha256, (name, key) in sorted(wanted.items()):
        yield FileFault(
            name,
            key,
            f"Berkas {sha256} milik baris {key} pada tabel {name} tidak ada. Pulihkan dari "
            f"cadangan ke {blobs.path(sha256)}.",
        )


def _wanted(connection: Connection) -> dict[str, tuple[str, str]]:
    """The digest of every file that a row or an event names, with its table and key."""
    wanted: dict[str, tuple[str, str]] = {}
    media = table("media", column("id"), column("sha256"), column("received_sha256"))
    for row in connection.execute(select(media)):
        wanted.setdefault(row.sha256, ("media", row.id))
        wanted.setdefault(row.received_sha256, ("media", row.id))
    # What was rendered for a channel (cropped, drawn) is named by the frozen posts alone.
    freezes = table("freezes", column("id"), column("posts"))
    for row in connection.execute(select(freezes), execution_options={"yield_per": 1000}):
        for sha256 in _rendered(row.posts):
            wanted.setdefault(sha256, ("freezes", row.id))
    # The document that a manuscript was read from is named by the manuscript alone.
    revisions = table("revisions", column("id"), column("content"))
    for row in connection.execute(select(revisions), execution_options={"yield_per": 1000}):
        for sha256 in _source(row.content):
            wanted.setdefault(sha256, ("revisions", row.id))
    # Posts and the page as they were read again are named by the event alone.
    for event in events_of_kind(connection, [RECORDED]):
        for sha256 in _recorded(event.data):
            wanted.setdefault(sha256, ("events", str(event.id)))
    return wanted


def _rendered(posts: Any) -> Iterator[str]:
    """The digests that frozen posts name; none where the row was altered (named elsewhere)."""
    try:
        for post in json.loads(posts).values():
            for item in post.get("media", ()):
                yield str(item["sha256"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _source(content: Any) -> Iterator[str]:
    """The digest of the document that a manuscript was read from, if there was one."""
    try:
        if sha256 := json.loads(content).get("source_sha256"):
            yield str(sha256)
    except (ValueError, TypeError, AttributeError):
        return  # the row was altered, which is named elsewhere


def _recorded(data: Any) -> Iterator[str]:
    """The digests of what was recorded; none where the event was altered (named elsewhere)."""
    try:
        said = json.loads(data)[RECORDING]
        yield from map(str, said["rereads"].values())
        if said["warc"]:
            yield str(said["warc"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def report_faults(connection: Connection, root: Path) -> Iterator[FileFault]:
    """Every file of a monev report that vanished or is not what was laid; `root` holds all."""
    reports = table("reports", column("id"), column("as_of"), column("folder"), column("files"))
    for row in connection.execute(select(reports).order_by(reports.c.as_of, reports.c.id)):
        for name, kept in _files_of(row.files):
            if _digest(root / str(row.folder) / name) != kept:
                yield FileFault(
                    "reports",
                    str(row.id),
                    f"Berkas laporan {row.folder}/{name} hilang atau berubah sejak dicatat. "
                    "Pulihkan berkas itu dari cadangan.",
                )


def _files_of(files: Any) -> list[tuple[str, Any]]:
    try:
        return sorted(json.loads(files).items())
    except (ValueError, TypeError, AttributeError):
        return []  # the row was altered, which is named elsewhere


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


__all__ = ["RECORDED", "RECORDING", "FileFault", "file_faults", "report_faults"]
