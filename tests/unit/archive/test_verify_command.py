"""`siar verify` against an office with a sealed bag: each altered byte is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from deployments.cli import run
from ledger.blobs import FileBlobStore
from ledger.seals import seal_today
from tasks.archiving import Sealed
from tests.unit.archive.test_from_the_record import bag_of, sealed
from tests.unit.delivery.office import Desk

__all__ = ["sealed"]


@pytest.fixture
def bag(desk: Desk, sealed: Sealed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The sealed bag of the office that `siar` finds in its settings."""
    for name in list(os.environ):
        if name.startswith("SIAR_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SIAR_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    files = FileBlobStore(tmp_path / "berkas")
    for content in desk.blobs._held.values():
        files.put(content)
    return bag_of(desk, sealed)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def verified(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    capsys.readouterr()
    code = run(["verify", *options])
    return code, capsys.readouterr().out


def test_a_whole_office_is_said_to_be_whole_with_what_was_read_and_its_newest_seal(
    desk: Desk, bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = verified(capsys)
    assert code == 0
    assert "Catatan, berkas dan arsip utuh" in said
    assert "1 paket arsip" in said
    assert "Segel harian: belum ada" in said

    seal = seal_today(desk.office.ledger)
    code, said = verified(capsys)
    assert code == 0
    assert f"nomor 1, {seal.day.isoformat()}, {seal.digest}" in said


DAMAGES: list[tuple[Callable[[Path], object], str]] = [
    (lambda bag: flipped(bag / "data/catatan-monev.txt"), "data/catatan-monev.txt (berubah)"),
    (lambda bag: flipped(bag / "manifest-sha256.txt"), "manifest-sha256.txt (berubah)"),
    (lambda bag: flipped(bag / "tagmanifest-sha512.txt"), "tagmanifest-sha512.txt (berubah)"),
    (lambda bag: flipped(bag / "bag-info.txt"), "bag-info.txt (berubah)"),
    (lambda bag: flipped(bag / "verifikasi.py"), "verifikasi.py (berubah)"),
    (lambda bag: (bag / "data/catatan-monev.txt").unlink(), "data/catatan-monev.txt (hilang)"),
    (lambda bag: (bag / "data/titipan.txt").write_text("x"), "titipan.txt (tambahan)"),
    (shutil.rmtree, "paket tercatat disegel, tetapi tidak ada lagi"),
    (lambda bag: shutil.rmtree(bag.parents[1]), "paket tercatat disegel, tetapi tidak ada lagi"),
]


@pytest.mark.parametrize(("damage", "named"), DAMAGES, ids=[named for _, named in DAMAGES])
def test_whatever_is_changed_in_a_bag_is_named_with_its_file(
    bag: Path, damage: Callable[[Path], object], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{bag.parent.name}/{bag.name}"
    damage(bag)
    code, said = verified(capsys)
    assert code == 1
    assert any(line.startswith(f"arsip {path}: ") and named in line for line in said.splitlines())
    assert "laporkan kepada Kepala" in said
    assert "dari cadangan" in said
    assert "utuh: tidak ada" not in said


def test_the_listed_seals_are_those_that_the_check_in_the_bag_prints(
    desk: Desk, bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seal = seal_today(desk.office.ledger)
    printed = subprocess.run(
        [sys.executable, str(bag / "verifikasi.py")], capture_output=True, text=True, check=True
    ).stdout
    code, said = verified(capsys, "--segel")
    assert code == 0
    assert "siar verify --segel" in printed
    for label in ("Segel paket", "Ujung kejadian"):
        (line,) = [one.strip() for one in printed.splitlines() if one.strip().startswith(label)]
        assert line in said
    assert f"{bag.parent.name}/{bag.name}" in said
    assert seal.digest in said


def test_a_lost_rendered_picture_is_named(
    desk: Desk, bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = FileBlobStore(tmp_path / "berkas")
    with desk.office.ledger.engine.connect() as connection:
        posts = connection.execute(text("SELECT posts FROM freezes")).scalar_one()
        named = connection.execute(text("SELECT sha256, received_sha256 FROM media")).all()
    originals = {sha256 for row in named for sha256 in row}
    (rendered, *_) = [one for one in files.names() if one in posts and one not in originals]
    files.path(rendered).unlink()
    code, said = verified(capsys)
    assert code == 1
    assert any(line.startswith("freezes ") and rendered in line for line in said.splitlines())


def test_missing_guards_are_named_and_can_be_put_back(
    desk: Desk, bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk.office.ledger.engine.connect() as connection:
        connection.execute(text("DROP TRIGGER answers_no_update"))
        connection.commit()
    code, said = verified(capsys)
    assert code == 1
    assert "Penjaga answers_no_update pada tabel answers tidak ada" in said

    code, said = verified(capsys, "--pasang-penjaga")
    assert code == 0
    assert "Penjaga dipasang lagi dan dicatat: answers_no_update." in said
    assert "tidak ada yang perlu" in verified(capsys, "--pasang-penjaga")[1]


def test_posts_that_are_no_json_do_not_stop_the_check(
    desk: Desk, bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk.office.ledger.engine.connect() as connection:
        kept = connection.execute(text("SELECT posts FROM freezes")).scalar_one()
        connection.execute(text("UPDATE freezes SET posts = '{'"))
        connection.commit()
        code, said = verified(capsys)
        connection.execute(text("UPDATE freezes SET posts = :kept"), {"kept": kept})
        connection.commit()
    assert code == 1
    assert "tabel freezes" in said
    assert "Dibaca ulang" in said
