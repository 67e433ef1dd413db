"""Bytes by their SHA-256, on the file system: photos, videos, originals.

A file is complete under its name or not there at all, and every read checks
that the bytes still have the digest they are filed under.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from sop.manuscript import BlobTampered

_NAME = re.compile(r"[0-9a-f]{64}")


class BlobStoreError(Exception):
    """Bytes could not be stored; the sentence says why and what to do."""


class FileBlobStore:
    """`sop.manuscript.BlobStore` in a folder, two letters of the digest per level."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes) -> str:
        """Store durably and return the SHA-256; a damaged file of that name is mended.

        Raises BlobStoreError when the disk is full or not writable; nothing
        half-written is left.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if self._holds(path, sha256):
            return sha256
        draft = path.with_name(f".{sha256}.{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(draft, data)
            draft.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise BlobStoreError(
                f"Berkas tidak dapat disimpan di {self.root} ({error.strerror}). "
                "Periksa ruang kosong dan hak akses folder itu, lalu coba lagi."
            ) from error
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes; raises KeyError when absent, BlobTampered when altered."""
        if not _NAME.fullmatch(sha256):
            raise KeyError(sha256)
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise KeyError(sha256) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BlobTampered(
                f"Isi berkas {sha256[:12]}… berubah sejak disimpan. Jangan dipakai; pulihkan "
                "dari cadangan atau kirim ulang berkas aslinya."
            )
        return data

    def path(self, sha256: str) -> Path:
        """Where bytes with this digest are, or would be."""
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def names(self) -> Iterator[str]:
        """The digests of all files, in order."""
        for path in sorted(self.root.glob("??/??/*")):
            if _NAME.fullmatch(path.name):
                yield path.name

    def is_intact(self, sha256: str) -> bool:
        """Whether the file is there and has its digest; reads it in pieces."""
        return bool(_NAME.fullmatch(sha256)) and self._holds(self.path(sha256), sha256)

    @staticmethod
    def _holds(path: Path, sha256: str) -> bool:
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            return False


def _write_durably(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
