"""Sealing: one RFC 8493 (BagIt 1.0) bag per publication, whole or not there at all.

A bag is written aside, every file and folder of it reaches the disk, and only then
does it get its name. What has a name is never changed again: the same content sealed
twice is the same bag, other content under the same name is refused.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from archive.bag_info import bag_info
from archive.content import Content
from archive.fixity import DRAFT, check_one
from archive.payload import payload
from archive.verifikasi import ALGORITHMS, DECLARATION, seal_of
from sop.indonesian import WIB
from sop.manuscript import BlobStore, BlobTampered

VERIFIER = Path(__file__).with_name("verifikasi.py")
READ_ONLY = 0o444


class ArchiveError(Exception):
    """The bag could not be sealed; the sentence says why and what to do. Nothing is lost."""


def bag_path(content: Content, root: Path) -> Path:
    """Where the bag lies once it is sealed, by the year (WIB) of what it is about."""
    return root / str(content.sealed_at.astimezone(WIB).year) / content.bag_name


def seal(content: Content, root: Path, blobs: BlobStore) -> Path:
    """Seal the content and return its bag; harmless to repeat.

    Raises ArchiveError when the disk is full or not writable, when a file in the blob
    store is damaged, or when the name already stands for other content.
    """
    bag = bag_path(content, root)
    try:
        with _one_at_a_time(root):
            _remove_drafts(bag.parent)
            return _sealed(content, bag, blobs)
    except (BlobTampered, KeyError) as damage:
        raise ArchiveError(
            f"Arsip {content.bag_name} belum dapat disegel: berkas di penyimpanan berubah atau "
            f"hilang ({damage}). Pulihkan berkas itu dari cadangan; penyegelan dicoba lagi."
        ) from damage
    except OSError as error:
        raise ArchiveError(
            f"Arsip {content.bag_name} belum dapat ditulis di {root} ({error.strerror}). "
            "Periksa ruang kosong dan hak akses folder itu; penyegelan dicoba lagi."
        ) from error


def _sealed(content: Content, bag: Path, blobs: BlobStore) -> Path:
    draft = bag.with_name(f"{DRAFT}{bag.name}-{secrets.token_hex(4)}")
    try:
        _write(draft, content, blobs)
        if bag.exists():
            _refuse_other_content(bag, draft)
            return bag
        draft.rename(bag)
        _sync(bag.parent)
        return bag
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _refuse_other_content(bag: Path, draft: Path) -> None:
    if damage := check_one(bag):
        raise ArchiveError(
            f"Arsip {bag.name} sudah ada tetapi tidak utuh: {damage[0].sentence} "
            "Pulihkan paket itu dari cadangan."
        )
    manifest = "manifest-sha256.txt"
    if (bag / manifest).read_bytes() != (draft / manifest).read_bytes():
        raise ArchiveError(
            f"Arsip {bag.name} sudah disegel dengan isi lain dan tidak boleh diubah. "
            "Laporkan kepada administrator; jalankan `siar verify`."
        )


def _write(draft: Path, content: Content, blobs: BlobStore) -> None:
    sums: dict[str, dict[str, str]] = {}
    size = 0
    for path, data in payload(content, blobs):
        name = f"data/{path}"
        sums[name] = _put(draft / name, data)
        size += len(data)
    tags: dict[str, bytes] = {
        "bagit.txt": DECLARATION.encode(),
        "bag-info.txt": bag_info(content, octets=size, files=len(sums)).encode(),
        "verifikasi.py": VERIFIER.read_bytes(),
        **{f"manifest-{name}.txt": _manifest(sums, name) for name in ALGORITHMS},
    }
    tag_sums = {name: _put(draft / name, data) for name, data in tags.items()}
    for name in ALGORITHMS:
        _put(draft / f"tagmanifest-{name}.txt", _manifest(tag_sums, name))
    for folder, _, _ in os.walk(draft, topdown=False):
        _sync(Path(folder))


def _manifest(sums: Mapping[str, Mapping[str, str]], algorithm: str) -> bytes:
    lines = (f"{digests[algorithm]}  {path}\n" for path, digests in sorted(sums.items()))
    return "".join(lines).encode()


def _put(path: Path, data: bytes) -> dict[str, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return {name: hashlib.new(name, data).hexdigest() for name in ALGORITHMS}


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """A lock that dies with its holder: whatever draft lies here then is a dead one's."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".kunci").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_drafts(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for draft in folder.glob(f"{DRAFT}*"):
        shutil.rmtree(draft, ignore_errors=True)


__all__ = ["ArchiveError", "bag_path", "seal", "seal_of"]
