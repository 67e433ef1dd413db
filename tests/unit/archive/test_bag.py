"""Sealing a bag and finding what was changed in it, without a ledger."""

from __future__ import annotations

import ast
import hashlib
import json
import random
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import bagit
import pytest

from archive import ArchiveError, Content, check, seal, seal_of
from archive.bag_info import years_after
from archive.redaction import without_secrets
from archive.verifikasi import check_bag
from ledger.blobs import FileBlobStore
from sop.manuscript import Media
from tests.unit.archive.samples import ROOT, chain_of, content_in, small_picture


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobStore:
    return FileBlobStore(tmp_path / "berkas")


@pytest.fixture
def content(blobs: FileBlobStore) -> Content:
    return content_in(blobs)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "arsip"


@pytest.fixture
def bag(content: Content, root: Path, blobs: FileBlobStore) -> Path:
    return seal(content, root, blobs)


def files_of(bag: Path) -> list[Path]:
    return sorted(path for path in bag.rglob("*") if path.is_file())


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def test_the_bag_is_bagit_1_0_and_its_files_are_read_only(bag: Path, root: Path) -> None:
    judged = bagit.Bag(str(bag))
    judged.validate()
    assert judged.version == "1.0"
    assert judged.info["Nomor-SOP"] == "OT.02.02/1/229/2022"
    assert judged.info["Retensi-Sampai"] == "belum ditetapkan"
    assert sorted(judged.algorithms) == ["sha256", "sha512"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files_of(bag)} == {0o444}
    assert bag.relative_to(root).as_posix() == "2026/a1b2c3d4-01"
    assert check(root) == []


def test_one_flipped_bit_in_any_file_is_named(bag: Path, root: Path) -> None:
    dice = random.Random(2026)
    for path in files_of(bag):
        before = path.read_bytes()
        for place in {0, len(before) - 1, dice.randrange(len(before))}:
            altered = bytearray(before)
            altered[place] ^= 1 << dice.randrange(8)
            overwrite(path, bytes(altered))
            named = {damage.path for damage in check(root)}
            assert path.relative_to(bag).as_posix() in named, (path, place)
        overwrite(path, before)
    assert check(root) == []


@pytest.mark.parametrize("name", ["manifest-sha512.txt", "tagmanifest-sha256.txt"])
def test_every_flipped_bit_of_a_list_of_digests_is_found(bag: Path, root: Path, name: str) -> None:
    path = bag / name
    before = path.read_bytes()
    for place in range(0, len(before), 7):
        altered = bytearray(before)
        altered[place] ^= 0x20
        overwrite(path, bytes(altered))
        assert name in {damage.path for damage in check(root)}, place


def test_a_missing_and_an_added_file_are_named(bag: Path, root: Path) -> None:
    (bag / "data/langkah.csv").unlink()
    (bag / "data/titipan.txt").write_text("tambahan")
    (bag / "catatan.txt").write_text("tambahan")
    (bag / "data/tautan").symlink_to(bag / "bagit.txt")
    found = {(damage.path, damage.kind) for damage in check(root)}
    assert found == {
        ("data/langkah.csv", "hilang"),
        ("data/titipan.txt", "tambahan"),
        ("data/tautan", "tambahan"),
        ("catatan.txt", "tambahan"),
    }


def test_a_changed_event_is_named_even_when_all_lists_were_written_anew(bag: Path) -> None:
    path = bag / "data/kejadian.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b"2026-11-23T05", b"2026-11-22T05")
    overwrite(path, b"\n".join(lines))
    write_lists_anew(bag)
    bagit.Bag(str(bag)).validate()
    assert [one.sentence for one in check_bag(bag)] == [
        "data/kejadian.jsonl (berubah): kejadian ke-2 diubah isinya."
    ]


def test_approved_content_that_is_not_what_the_digest_names_is_found(bag: Path) -> None:
    path = bag / "data/persetujuan/isi-yang-disetujui.json"
    overwrite(path, path.read_bytes().replace(b"Boom Baru", b"Boom Lama"))
    write_lists_anew(bag)
    assert {one.path for one in check_bag(bag)} == {"data/persetujuan/isi-yang-disetujui.json"}


def write_lists_anew(bag: Path) -> None:
    """What somebody would do who wants to hide a change."""
    for prefix in ("manifest", "tagmanifest"):
        for name in ("sha256", "sha512"):
            listed = sorted(
                path.relative_to(bag).as_posix()
                for path in files_of(bag)
                if path.is_relative_to(bag / "data") == (prefix == "manifest")
                and not path.name.startswith("tagmanifest")
            )
            lines = [
                f"{hashlib.new(name, (bag / one).read_bytes()).hexdigest()}  {one}\n"
                for one in listed
            ]
            overwrite(bag / f"{prefix}-{name}.txt", "".join(lines).encode())


def test_the_verifier_in_the_bag_runs_alone_and_tells_its_outcome(bag: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(bag / "verifikasi.py")]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")

    whole = run()
    assert (whole.returncode, "Paket utuh" in whole.stdout) == (0, True), whole.stderr
    assert seal_of(bag) in whole.stdout
    overwrite(bag / "data/sop.toml", b"")
    broken = run()
    assert (broken.returncode, "PAKET TIDAK UTUH" in broken.stdout) == (1, True)
    assert "data/sop.toml (berubah)" in broken.stdout


def test_the_verifier_is_written_in_python_3_8_and_needs_the_standard_library_alone() -> None:
    source = (ROOT / "archive/verifikasi.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= {"__future__", "hashlib", "json", "pathlib", "re", "sys", "typing"}
    # Came after 3.8: evaluated when called, so no parser would tell.
    for late in ("removeprefix", "removesuffix", "file_digest", "is_relative_to", "strict="):
        assert late not in source


def test_the_same_content_is_the_same_bag_and_other_content_is_refused(
    bag: Path, content: Content, root: Path, blobs: FileBlobStore, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in files_of(bag)}
    assert seal(content, root, blobs) == bag
    assert {path: path.stat().st_mtime_ns for path in files_of(bag)} == before
    elsewhere = seal(content, tmp_path / "lain", blobs)
    assert (elsewhere / "manifest-sha512.txt").read_bytes() == (
        bag / "manifest-sha512.txt"
    ).read_bytes()
    with pytest.raises(ArchiveError, match="tidak boleh diubah"):
        seal(replace(content, monev_note="Lain."), root, blobs)
    correction = seal(replace(content, number=2, monev_note="Ralat."), root, blobs)
    assert correction.name == "a1b2c3d4-02"
    assert check(root) == []


def test_a_damaged_bag_is_not_taken_for_sealed(
    bag: Path, content: Content, root: Path, blobs: FileBlobStore
) -> None:
    overwrite(bag / "data/langkah.csv", b"x")
    with pytest.raises(ArchiveError, match="tidak utuh"):
        seal(content, root, blobs)


DYING = """
import os, signal, sys
from pathlib import Path
import archive.bag as room
from ledger.blobs import FileBlobStore
from tests.unit.archive.samples import content_in

put, left = room._put, [int(sys.argv[2])]

def dying(path, data):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return put(path, data)

room._put = dying
folder = Path(sys.argv[1])
blobs = FileBlobStore(folder / "berkas")
room.seal(content_in(blobs), folder / "arsip", blobs)
"""


@pytest.mark.parametrize("after", [3, 30])
def test_a_kill_in_the_middle_leaves_no_half_bag_and_the_next_sealing_is_whole(
    content: Content, root: Path, blobs: FileBlobStore, after: int
) -> None:
    command = [sys.executable, "-c", DYING, str(root.parent), str(after)]
    done = subprocess.run(command, cwd=ROOT, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert [path.name.startswith(".menyegel-") for path in root.glob("2026/*")] == [True]
    assert check(root) == []

    bag = seal(content, root, blobs)

    assert check(root) == []
    assert [path.name for path in bag.parent.iterdir()] == [bag.name]


def test_a_lost_file_is_a_sentence_and_leaves_nothing(
    content: Content, root: Path, blobs: FileBlobStore
) -> None:
    blobs.path(content.manuscript.media[0].received_sha256).unlink()
    with pytest.raises(ArchiveError, match="Pulihkan berkas itu dari cadangan"):
        seal(content, root, blobs)
    assert [path.name for path in root.glob("2026/*")] == []


def test_a_folder_that_cannot_be_written_is_a_sentence(
    content: Content, blobs: FileBlobStore, tmp_path: Path
) -> None:
    taken = tmp_path / "berkas-biasa"
    taken.write_text("bukan folder")
    with pytest.raises(ArchiveError, match="Periksa ruang kosong dan hak akses"):
        seal(content, taken, blobs)


def test_tokens_are_hidden_wherever_they_stand(bag: Path) -> None:
    for path in files_of(bag):
        assert b"RAHASIA" not in path.read_bytes(), path
    answer = json.loads((bag / "data/saluran/x/jawaban.json").read_text())
    assert answer["paging"] == "http://api.example/v1?access_token=***&limit=2"
    hidden = without_secrets(
        {
            "page_token": "abc",
            "oauth_signature": "abc",
            "deep": [
                {"Set-Cookie": "abc", "text": "u http://a:abc@b.example ?appsecret_proof=abc"}
            ],
            "tokens": 3,
            "title": "Kata sandi tidak disebut",
        }
    )
    assert "abc" not in json.dumps(hidden)
    assert hidden["title"] == "Kata sandi tidak disebut"
    assert hidden["tokens"] == 3


def test_hostile_file_names_stay_inside_the_bag(blobs: FileBlobStore, root: Path) -> None:
    content = content_in(blobs)
    sha256 = content.manuscript.media[0].sha256
    media = tuple(
        Media(name, sha256, blobs.put(name.encode()), "image/jpeg", 1, "x")
        for name in ("../../etc/passwd", "a\nb%0A.jpg", "foto 1.jpg", "照片.JPG", "-rf", ".")
    )
    odd = replace(content, manuscript=replace(content.manuscript, media=media, body="Isi."))
    # Its approval is of other media: only where the files land is looked at here.
    bag = seal(odd, root, blobs)
    names = [path.relative_to(bag).as_posix() for path in files_of(bag)]
    assert all(name.isascii() and "%" not in name and ".." not in name for name in names)
    assert len([name for name in names if name.startswith("data/media/diterima/")]) == 6
    bagit.Bag(str(bag)).validate()


def test_a_spreadsheet_reads_no_formula_and_step_nine_is_not_judged(bag: Path) -> None:
    table = (bag / "data/langkah.csv").read_text(encoding="utf-8-sig")
    assert ";'=Bayu;" in table
    steps = json.loads((bag / "data/langkah.json").read_text())
    assert [(one["langkah"], one["sesuai_baku"]) for one in steps] == [(4, True), (9, None)]


def test_the_chain_may_hold_any_sign_that_looks_like_a_line_end(
    blobs: FileBlobStore, root: Path
) -> None:
    odd = chain_of({"teks": "a\u2028b\u0085c\x0cd"}, {"teks": "\U0001f600"})
    assert check_bag(seal(content_in(blobs, events=odd), root, blobs)) == []


def test_years_of_retention_end_on_the_same_day() -> None:
    assert years_after(date(2024, 2, 29), 5) == date(2029, 2, 28)
    assert years_after(date(2026, 11, 23), 10) == date(2036, 11, 23)


def test_pictures_shared_by_channels_are_kept_once_and_listed_for_each(bag: Path) -> None:
    listed = json.loads((bag / "data/media/daftar.json").read_text())
    assert len(listed) == 8  # two pictures: cleaned, received, and on two channels
    assert {one["berkas"].split("/")[1] for one in listed} == {"bersih", "diterima"}
    for one in listed:
        data = (bag / "data" / one["berkas"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        assert one["teks_alternatif"]
    assert small_picture("navy") in {path.read_bytes() for path in files_of(bag)}
