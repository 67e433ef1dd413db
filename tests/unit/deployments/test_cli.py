"""The command `siar` as an administrator meets it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import click
import pyotp
import pytest

from deployments import reference
from deployments.cli import run, siar
from deployments.cli.indonesian import Command, Group
from deployments.sample_staff import SAMPLE_STAFF, sample_codes
from deployments.wiring import utc_now
from tests.support.loopback import Reply, loopback

NIP = "190001012000012009"


@pytest.fixture(autouse=True)
def _fresh_office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("SIAR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def every_command() -> list[tuple[str, click.Command]]:
    context = click.Context(siar, info_name="siar")
    return [(path, command) for path, command, _ in reference.commands(siar, context)]


@pytest.mark.parametrize(("path", "command"), every_command())
def test_every_command_has_help_and_an_example_that_parses(
    path: str, command: click.Command
) -> None:
    assert isinstance(command, Command | Group)
    assert command.help
    assert command.example
    if isinstance(command, Group):
        return
    for line in command.example:
        words = [word for word in _split(line) if "=" not in word or word.startswith("-")]
        assert " ".join(words).startswith(path)
        command.make_context(path, words[len(path.split()) :], resilient_parsing=False).close()


def _split(line: str) -> list[str]:
    import shlex

    return shlex.split(line)


@pytest.mark.parametrize(("path", "command"), every_command())
def test_help_has_no_english_words_of_click(path: str, command: click.Command) -> None:
    text = command.get_help(click.Context(command, info_name=path))
    for word in ("Usage", "Options", "Commands", "Show this", "required", "[OPTIONS]", "ARGS"):
        assert word not in text
    assert all(option.help for option in command.params if isinstance(option, click.Option)), (
        "an option without help"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["staf"], "Perintah staf tidak ada. Mungkin maksudnya staff."),
        (["staff", "add", NIP], "NAMA belum diisi."),
        (["staff", "add", NIP, "Nama"], "--peran belum diisi."),
        (["staff", "add", NIP, "Nama", "--peran"], "Pilihan --peran belum diberi isi."),
        (["staff", "list", "--semua"], "Pilihan --semua tidak ada."),
        (["staff", "list", "lebih"], "Ada kata yang tidak dikenal: lebih."),
        (["staff", "add", NIP, "Nama", "--peran", "tukang"], "Peran tukang tidak ada di SOP."),
        (
            ["staff", "delegate", NIP, "--peran", "kepala", "--dari", "besok"],
            "Isi --dari harus tanggal",
        ),
        (
            ["staff", "delegate", NIP, "--peran", "kepala", "--sebagai", "Pj."],
            "Isi --sebagai tidak dikenal. Pilihannya: Plh., Plt..",
        ),
        (["staff", "delegate", NIP, "--peran", "kepala"], "Penunjukan memerlukan --sebagai"),
    ],
)
def test_a_wrong_command_line_is_explained_in_indonesian(
    capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert run(words) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "Lihat cara pakainya: siar" in said


def test_wrong_settings_end_with_code_2_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "siar.toml").write_text("modus = 1\nport = 2\n")
    done = subprocess.run(
        [sys.executable, "-m", "deployments.cli", "staff", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Kunci modus di siar.toml tidak dikenal. Mungkin maksudnya mode." in done.stderr
    assert "Kunci port di siar.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_person_is_enrolled_with_a_picture_nobody_else_can_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["staff", "add", NIP, "Nama Lengkap", "--peran", "humas"]) == 0
    said = capsys.readouterr().out
    assert "█" in said
    assert "otpauth" not in said
    picture = tmp_path / "var" / "kode-qr" / f"{NIP}.png"
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert run(["staff", "list"]) == 0
    assert f"{NIP}  Nama Lengkap  (humas)" in capsys.readouterr().out


def test_the_same_person_twice_is_refused_with_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["staff", "add", NIP, "Nama Lengkap", "--peran", "humas"]) == 0
    assert run(["staff", "add", NIP, "Nama Lengkap", "--peran", "humas"]) == 1
    assert NIP in capsys.readouterr().err


def test_a_revoked_person_is_listed_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    run(["staff", "add", NIP, "Nama Lengkap", "--peran", "humas"])
    assert list(Path.cwd().rglob(f"{NIP}.png"))
    assert run(["staff", "revoke", NIP, "--alasan", "Pindah tugas"]) == 0
    run(["staff", "list"])
    assert "dicabut: Pindah tugas" in capsys.readouterr().out
    assert not list(Path.cwd().rglob(f"{NIP}.png"))


def test_a_delegation_is_made_and_cancelled(capsys: pytest.CaptureFixture[str]) -> None:
    run(["staff", "contoh"])
    first = utc_now().date() + timedelta(days=1)
    words = ["staff", "delegate", SAMPLE_STAFF[-1].nip, "--peran", "kepala"]
    days = ["--dari", f"{first}", "--sampai", f"{first + timedelta(days=3)}"]
    assert run([*words, "--sebagai", "Plh.", *days]) == 0
    run(["staff", "list"])
    assert "Plh. Kepala Balai" in capsys.readouterr().out
    assert run([*words, "--batal", "Kepala hadir"]) == 0
    assert "1 penunjukan" in capsys.readouterr().out


def test_sample_staff_cover_every_role_and_are_enrolled_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = [role for person in SAMPLE_STAFF for role in person.roles]
    assert {
        role: held.count(role) >= least
        for role, least in {"subbag": 2, "humas": 3, "ppid": 3, "kepala": 1}.items()
    } == dict.fromkeys(("subbag", "humas", "ppid", "kepala"), True)
    assert all(person.nip.startswith("19000101") for person in SAMPLE_STAFF)
    run(["staff", "contoh"])
    assert run(["staff", "contoh"]) == 0
    assert "pegawai contoh sudah terdaftar" in capsys.readouterr().out


def test_sample_staff_are_refused_in_production(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAR_MODE", "produksi")
    monkeypatch.setenv("SIAR_PREFECT__AUTH", "admin:kata-sandi")
    monkeypatch.setenv("SIAR_CHANNELS__MANUAL", '[{"code": "tiktok", "label": "TikTok"}]')
    assert run(["staff", "contoh"]) == 1
    assert "hanya untuk mode gladi" in capsys.readouterr().err
    run(["staff", "list"])
    assert "Belum ada pegawai" in capsys.readouterr().out


def test_the_codes_shown_are_the_codes_that_count() -> None:
    now = utc_now()
    for person, shown in zip(SAMPLE_STAFF, sample_codes(now), strict=True):
        assert pyotp.TOTP(person.secret).verify(shown.code, for_time=now)
        assert 1 <= shown.seconds_left <= 30


def test_verify_names_the_altered_row_and_ends_with_code_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import sqlite3

    run(["staff", "contoh"])
    assert run(["verify"]) == 0
    with sqlite3.connect(tmp_path / "var" / "siar.db") as database:
        row = database.execute("SELECT id FROM staff ORDER BY id").fetchone()[0]
        database.execute("UPDATE staff SET name = 'Orang Lain' WHERE id = ?", (row,))
    capsys.readouterr()
    assert run(["verify"]) == 1
    said = capsys.readouterr().out
    assert row in said
    assert "laporkan kepada Kepala" in said


def test_verify_in_a_wrong_folder_gives_no_clean_bill_and_makes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["verify"]) == 1
    captured = capsys.readouterr()
    assert "Belum ada catatan di" in captured.err
    assert "utuh" not in captured.out
    assert not (tmp_path / "var").exists()


def test_a_second_head_is_enrolled_with_a_word_of_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["staff", "add", NIP, "Kepala Satu", "--peran", "kepala"])
    assert "Perhatian" not in capsys.readouterr().out
    run(["staff", "add", NIP[:-1] + "8", "Kepala Dua", "--peran", "kepala"])
    said = capsys.readouterr().out
    assert "Perhatian: Kepala Balai sekarang dipegang lebih dari satu orang" in said
    assert "Kepala Satu" in said


def test_unlocking_somebody_who_is_not_locked_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    run(["staff", "add", NIP, "Nama Lengkap", "--peran", "humas"])
    capsys.readouterr()
    assert run(["staff", "buka-kunci", NIP, "--alasan", "Coba"]) == 0
    assert "Kode Nama Lengkap tidak sedang terkunci." in capsys.readouterr().out


def test_a_trial_message_names_who_was_reached_and_who_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loopback() as inbox:
        inbox.answer("POST /kepala-rahasia", Reply(200))
        host = inbox.url.removeprefix("http://")
        (tmp_path / "siar.toml").write_text(
            "[notifications]\n"
            f'urls = ["json://{host}/grup-rahasia"]\n'
            f'roles = {{ kepala = ["json://{host}/kepala-rahasia"] }}\n',
            encoding="utf-8",
        )
        assert run(["notifikasi", "coba"]) == 1
        said = capsys.readouterr().out
        assert "✗  daftar umum, alamat 1 (json): gagal (dijawab 404)" in said
        assert "✓  peran kepala, alamat 1 (json): terkirim" in said
        assert "rahasia" not in said
        assert run(["notifikasi", "coba", "--peran", "kepala"]) == 0
        (_, first, second) = inbox.asked
        assert {first.json["title"], second.json["title"]} >= {"[GLADI] Pesan percobaan dari Siar"}


def test_a_trial_without_addresses_says_where_to_write_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["notifikasi", "coba"]) == 1
    assert "[notifications]" in capsys.readouterr().out
