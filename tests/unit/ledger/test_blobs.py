"""Bytes filed under their digest."""

from __future__ import annotations

import hashlib
import resource
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.blobs import BlobStoreError, FileBlobStore
from sop.manuscript import BlobStore, BlobTampered


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobStore:
    return FileBlobStore(tmp_path / "berkas")


@given(data=st.binary(max_size=3000))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_stored_comes_back_under_its_digest(blobs: FileBlobStore, data: bytes) -> None:
    store: BlobStore = blobs
    sha256 = store.put(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert store.get(sha256) == data
    assert store.put(data) == sha256


def test_files_are_readable_by_the_owner_only_and_not_writable(blobs: FileBlobStore) -> None:
    path = blobs.path(blobs.put(b"foto"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert path.parent.parent.parent == blobs.root


def test_one_changed_byte_is_noticed(blobs: FileBlobStore) -> None:
    sha256 = blobs.put(b"foto asli")
    path = blobs.path(sha256)
    path.chmod(0o600)
    path.write_bytes(b"foto asl!")
    with pytest.raises(BlobTampered, match="berubah sejak disimpan"):
        blobs.get(sha256)
    assert not blobs.is_intact(sha256)
    assert blobs.put(b"foto asli") == sha256
    assert blobs.get(sha256) == b"foto asli"


@pytest.mark.parametrize("name", ["0" * 64, "", "../../kunci", "A" * 64, "a" * 63, "\x00"])
def test_what_is_not_there_is_a_key_error(blobs: FileBlobStore, name: str) -> None:
    with pytest.raises(KeyError):
        blobs.get(name)
    assert not blobs.is_intact(name)


def test_the_same_bytes_stored_by_many_at_once_are_one_file(blobs: FileBlobStore) -> None:
    data = b"x" * 200_000
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(blobs.put, [data] * 16))) == 1
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == [
        blobs.path(hashlib.sha256(data).hexdigest())
    ]


FULL_DISK = """
import resource, sys
from pathlib import Path
from ledger.blobs import BlobStoreError, FileBlobStore
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    FileBlobStore(Path(sys.argv[1])).put(b"x" * 5000)
except BlobStoreError as error:
    print(error)
"""


def test_a_disk_that_is_full_leaves_nothing_half_written(blobs: FileBlobStore) -> None:
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(blobs.root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Periksa ruang kosong" in done.stdout
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == []


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "berkas").write_bytes(b"bukan folder")
    with pytest.raises(BlobStoreError, match="tidak dapat disimpan"):
        FileBlobStore(tmp_path / "berkas").put(b"x")


def test_names_lists_only_whole_files(blobs: FileBlobStore) -> None:
    stored = sorted(blobs.put(bytes([number])) for number in range(5))
    blobs.path(stored[0]).with_name(".sisa").write_bytes(b"")
    assert list(blobs.names()) == stored
