"""`siar monev` as an administrator meets it."""

from __future__ import annotations

import hashlib
import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from deployments.cli import run
from deployments.settings import load_settings
from deployments.wiring import build_ledger, utc_now
from ledger import reports
from sop.indonesian import day, today

FILES = {"laporan-monev.pdf", "laporan-monev.xlsx", "laporan-monev.html", "laporan-monev.md"}


@pytest.fixture(autouse=True)
def _fresh_office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("SIAR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_it_writes_every_form_and_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["monev", "--dari", "2026-10-01", "--sampai", "2026-10-31"]) == 0

    folder = tmp_path / "var" / "laporan" / "perintah" / "2026-10-01_2026-10-31"
    assert {one.name for one in folder.iterdir()} == FILES
    said = capsys.readouterr().out
    assert "Periode 1–31 Oktober 2026" in said
    assert all(str(folder / name) in said for name in FILES)
    assert "GLADI" in (folder / "laporan-monev.md").read_text(encoding="utf-8")


def test_the_files_go_where_they_are_wanted(tmp_path: Path) -> None:
    wanted = ["--keluaran", "laporan november"]
    assert run(["monev", "--dari", "2026-10-01", "--sampai", "2026-10-31", *wanted]) == 0
    assert {one.name for one in (tmp_path / "laporan november").iterdir()} == FILES


def test_a_period_that_is_not_over_is_reported_so_far(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = today(utc_now())
    later = now + timedelta(days=10)
    assert run(["monev", "--dari", now.isoformat(), "--sampai", later.isoformat()]) == 0
    assert "Periode belum berakhir" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-11-05", "2026-11-01", "Tanggal --dari (2026-11-05) sesudah --sampai (2026-11-01)."),
        ("2026-01-01", "9999-12-31", "Periode paling panjang 10 tahun"),
        ("1900-01-01", "2026-01-31", "Periode paling panjang 10 tahun"),
        ("2999-01-01", "2999-01-31", f"hari ini {day(today(utc_now()))}"),
        ("kemarin", "2026-11-01", "Isi --dari harus tanggal, misalnya 2026-12-31."),
        ("2026-02-30", "2026-11-01", "Isi --dari harus tanggal"),
    ],
)
def test_dates_that_make_no_period_are_refused(
    capsys: pytest.CaptureFixture[str], first: str, last: str, sentence: str
) -> None:
    assert run(["monev", "--dari", first, "--sampai", last]) == 2
    assert sentence in capsys.readouterr().err


def test_a_place_that_is_no_folder_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "penuh").write_text("sebuah berkas", encoding="utf-8")
    asked = ["monev", "--dari", "2026-10-01", "--sampai", "2026-10-31", "--keluaran", "penuh"]
    assert run(asked) == 1
    assert "penuh: itu berkas, bukan folder." in capsys.readouterr().err


def kept_report(tmp_path: Path) -> Path:
    """The folder of a report in the record, with one file."""
    folder = tmp_path / "var" / "laporan" / "2026" / "khusus"
    folder.mkdir(parents=True)
    (folder / "laporan-monev.pdf").write_bytes(b"isi")
    ledger = build_ledger(load_settings())
    with ledger.work() as work:
        reports.keep(
            work,
            kind="khusus",
            first_day=date(2026, 10, 1),
            last_day=date(2026, 10, 31),
            as_of=work.now,
            seal_digest="",
            model_sha256="d" * 64,
            folder="2026/khusus",
            files={"laporan-monev.pdf": hashlib.sha256(b"isi").hexdigest()},
            flow_run_id=None,
        )
    ledger.engine.dispose()
    return folder


def test_a_report_that_was_kept_is_not_written_over(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = kept_report(tmp_path)
    asked = ["monev", "--dari", "2026-10-01", "--sampai", "2026-10-31"]
    assert run([*asked, "--keluaran", "var/laporan/2026/khusus"]) == 1
    assert "tidak boleh ditimpa" in capsys.readouterr().err
    assert (folder / "laporan-monev.pdf").read_bytes() == b"isi"


def test_verify_names_a_changed_file_of_a_report_that_was_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = kept_report(tmp_path)
    assert run(["verify"]) == 0
    (folder / "laporan-monev.pdf").write_bytes(b"lain")
    capsys.readouterr()
    assert run(["verify"]) == 1
    assert "2026/khusus/laporan-monev.pdf hilang atau berubah" in capsys.readouterr().out
