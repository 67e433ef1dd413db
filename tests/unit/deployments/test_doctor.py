"""What an administrator reads from `siar doctor`, with real files, databases and channels."""

from __future__ import annotations

import os
import sqlite3
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployments.cli import run
from deployments.doctor import diagnose
from deployments.doctor_clock import Lead, clock_finding
from deployments.doctor_server import heartbeat_finding
from deployments.finding import Finding, Mark, good
from deployments.settings import usable_settings
from deployments.wiring import utc_now
from tests.support.rehearsal import Rehearsal, start_rehearsal

CHANNELS = ("Website", "X", "Facebook", "Instagram")


@pytest.fixture(autouse=True)
def _fresh_office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("SIAR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    # Nobody listens there.
    monkeypatch.setenv("SIAR_PREFECT__PORT", "1")
    monkeypatch.setenv("SIAR_REHEARSAL__PORT", "1")


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    running = start_rehearsal(tmp_path_factory.mktemp("gladi"))
    yield running
    running.stop()


@pytest.fixture
def channels(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """All four channels, rehearsed, at the port that the settings name."""
    monkeypatch.setenv("SIAR_REHEARSAL__PORT", rehearsal.base_url.rpartition(":")[2])
    yield rehearsal
    rehearsal.clear_faults()


def found(part: str) -> Finding:
    """The one line on a part."""
    return next(one for one in diagnose(utc_now) if one.part == part)


def parts() -> dict[str, Finding]:
    return {one.part: one for one in diagnose(utc_now)}


def enrol() -> None:
    assert run(["staff", "contoh"]) == 0


def snapshot(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_on_a_new_machine_nothing_is_made_by_looking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "✓  SOP" in said
    assert "⚠  Catatan" in said
    assert "✗  Peladen Prefect" in said
    assert "→ Jalankan: siar start" in said
    assert snapshot(tmp_path) == []


def test_every_part_has_a_line_although_nothing_runs() -> None:
    assert {
        "Pengaturan",
        "SOP",
        "Kalender",
        "Ruang disk",
        "Folder bahan",
        "Berkas kunci",
        "Catatan",
        "Peladen Prefect",
        "Pekerja",
        "Saluran gladi",
        *CHANNELS,
        "Pemberitahuan",
        "Jam",
    } == set(parts())


def test_what_is_wrong_or_needs_care_always_has_a_mend() -> None:
    assert all(one.action for one in diagnose(utc_now) if one.mark is not Mark.GOOD)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mode = = 1\n", "bukan TOML"),
        ("modus = 1\n", "Kunci modus"),
        ('[prefect]\nport = "a"\n', "prefect.port"),
        ("channels = 3\n", "channels"),
        ("data_dir = 4\n", "data_dir"),
        ('mode = "produksi"\n', "kata sandi API Prefect"),
    ],
)
def test_wrong_settings_are_one_line_and_the_rest_is_looked_at_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    monkeypatch.delenv("SIAR_PREFECT__PORT")
    (tmp_path / "siar.toml").write_text(text)
    all_findings = diagnose(utc_now)
    assert any(
        one.part == "Pengaturan" and not one.ok and sentence in one.sentence for one in all_findings
    )
    assert {"SOP", "Ruang disk", "Catatan", "Peladen Prefect", "Jam"} <= {
        one.part for one in all_findings
    }


def test_where_a_setting_had_to_be_assumed_the_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "siar.toml").write_text("data_dir = 4\n")
    lines = parts()
    assert "diperiksa dengan pengaturan bawaan" in lines["Catatan"].sentence
    assert "diperiksa dengan pengaturan bawaan" not in lines["SOP"].sentence


def test_one_channel_with_unusable_settings_does_not_hide_the_others(
    tmp_path: Path, channels: Rehearsal
) -> None:
    (tmp_path / "siar.toml").write_text('[channels.x]\nusername = "kantor"\n')
    lines = parts()
    assert "pengaturannya belum dapat dipakai" in lines["X"].sentence
    assert lines["Website"].mark is Mark.GOOD
    assert lines["Instagram"].mark is Mark.GOOD


def test_pages_are_looked_at_only_where_summaries_of_reports_become_pages(
    tmp_path: Path, channels: Rehearsal
) -> None:
    assert "Halaman website" not in parts()
    (tmp_path / "siar.toml").write_text('[monev]\npublic_summary = "artikel"\n')
    assert "Halaman website" not in parts()
    (tmp_path / "siar.toml").write_text('[monev]\npublic_summary = "halaman"\n')
    assert found("Halaman website").mark is Mark.GOOD
    channels.fault("answer_before", path="*/users/me", status=401, body={"code": "x"})
    assert found("Halaman website").mark is Mark.WRONG


def test_environment_and_file_weigh_as_they_do_when_siar_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "siar.toml").write_text('modus = 1\n[office]\nname = "A"\nunits = ["B"]\n')
    monkeypatch.setenv("SIAR_OFFICE__NAME", "C")
    settings = usable_settings().settings
    assert (settings.office.name, settings.office.units) == ("C", ("B",))
    assert settings.prefect.port == 1
    assert settings.data_dir == tmp_path / "var"


def test_a_file_with_passwords_that_others_can_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "siar.toml").write_text('[prefect]\nauth = "admin:kata-sandi-panjang"\n')
    (tmp_path / "siar.toml").chmod(0o644)
    assert "chmod 600" in found("Pengaturan").action
    (tmp_path / "siar.toml").chmod(0o600)
    assert found("Pengaturan").mark is Mark.GOOD


def test_the_record_is_well_after_staff_are_enrolled(tmp_path: Path) -> None:
    enrol()
    lines = parts()
    for part in ("Catatan", "Keutuhan catatan", "Pegawai", "Berkas kunci"):
        assert lines[part].mark is Mark.GOOD, lines[part]
    assert "mode 0600" in lines["Berkas kunci"].sentence


def test_a_role_that_nobody_can_fill_today_is_named() -> None:
    assert run(["staff", "add", "190001012000012009", "Nama Lengkap", "--peran", "humas"]) == 0
    line = found("Pegawai")
    assert line.mark is Mark.WRONG
    assert "Kepala Balai" in line.sentence


def test_a_record_without_staff_asks_for_them(tmp_path: Path) -> None:
    run(["staff", "list"])
    assert "siar staff add" in found("Pegawai").action


def test_a_changed_person_is_found_by_the_short_look(tmp_path: Path) -> None:
    enrol()
    with sqlite3.connect(tmp_path / "var" / "siar.db") as database:
        row = database.execute("SELECT id FROM staff ORDER BY id").fetchone()[0]
        database.execute("UPDATE staff SET name = 'Orang Lain' WHERE id = ?", (row,))
    line = found("Keutuhan catatan")
    assert line.mark is Mark.WRONG
    assert row in line.sentence
    assert "siar verify" in line.action


def test_a_removed_guard_of_the_record_is_found(tmp_path: Path) -> None:
    enrol()
    with sqlite3.connect(tmp_path / "var" / "siar.db") as database:
        database.execute("DROP TRIGGER events_no_update")
    assert "events_no_update" in found("Keutuhan catatan").sentence


def test_an_event_cut_off_the_end_is_found_by_the_short_look(tmp_path: Path) -> None:
    enrol()
    with sqlite3.connect(tmp_path / "var" / "siar.db") as database:
        database.execute("DROP TRIGGER events_no_delete")
        database.execute("DELETE FROM events WHERE id = (SELECT max(id) FROM events)")
    assert found("Keutuhan catatan").mark is Mark.WRONG


def test_a_key_file_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    enrol()
    (tmp_path / "var" / "kunci").chmod(0o640)
    assert "chmod 600" in found("Berkas kunci").action


def test_a_lost_or_strange_key_file_is_told_from_the_secrets_and_not_made_anew(
    tmp_path: Path,
) -> None:
    from ledger.vault import Vault

    enrol()
    key = tmp_path / "var" / "kunci"
    key.unlink()
    assert "berkas kuncinya lain atau hilang" in found("Pegawai").sentence
    assert not key.exists()
    Vault.open(key)  # somebody else's
    assert "berkas kuncinya lain atau hilang" in found("Pegawai").sentence


def test_a_record_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    enrol()
    with sqlite3.connect(tmp_path / "var" / "siar.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    line = found("Catatan")
    assert line.mark is Mark.WRONG
    assert "9999" in line.sentence


def test_a_record_of_an_older_version_is_migrated_by_start_and_not_by_doctor(
    tmp_path: Path,
) -> None:
    enrol()
    path = tmp_path / "var" / "siar.db"
    with sqlite3.connect(path) as database:
        newest = database.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    from deployments.doctor_record import _known_revisions

    older = sorted(_known_revisions() - {newest})
    if not older:
        with sqlite3.connect(path) as database:
            database.execute("DELETE FROM alembic_version")
    else:
        with sqlite3.connect(path) as database:
            database.execute("UPDATE alembic_version SET version_num = ?", (older[0],))
    line = found("Catatan")
    assert line.mark is Mark.CARE
    assert "siar start" in line.action
    with sqlite3.connect(path) as database:
        rows = [row[0] for row in database.execute("SELECT version_num FROM alembic_version")]
    assert rows == older[:1]


def test_a_file_that_is_no_database_is_named_as_broken(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "siar.db").write_bytes(b"bukan basis data" * 100)
    line = found("Catatan")
    assert line.mark is Mark.WRONG
    assert "cadangan" in line.action


def test_a_missing_record_beside_its_files_is_no_new_installation(tmp_path: Path) -> None:
    enrol()
    (tmp_path / "var" / "siar.db").unlink()
    line = found("Catatan")
    assert line.mark is Mark.WRONG
    assert "kunci ada" in line.sentence


def test_an_unreachable_database_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIAR_LEDGER_URL", "postgresql://siar:rahasia-sekali@127.0.0.1:1/siar")
    lines = diagnose(utc_now)
    record = next(one for one in lines if one.part == "Catatan")
    assert record.mark is Mark.WRONG
    assert "127.0.0.1:1" in record.sentence
    assert "rahasia-sekali" not in repr(lines)
    assert lines[-1].part == "Jam"


def test_a_database_address_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAR_LEDGER_URL", "rahasia sekali")
    line = found("Catatan")
    assert "ledger_url" in line.sentence
    assert "rahasia" not in line.sentence


def test_in_production_a_folder_that_only_siar_gets_into_is_pointed_out(
    tmp_path: Path, channels: Rehearsal
) -> None:
    production(tmp_path, channels)
    folder = tmp_path / "var" / "masuk"
    folder.mkdir(parents=True)
    tmp_path.chmod(0o700)
    line = found("Folder bahan")
    assert line.mark is Mark.CARE
    assert "hanya dapat dipakai akun ini" in line.sentence
    assert "chmod 2770" in line.action


def test_an_intake_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "masuk").write_text("")
    (tmp_path / "siar.toml").write_text('intake_dir = "masuk"\n')
    assert "bukan folder" in found("Folder bahan").sentence


def production(tmp_path: Path, rehearsal: Rehearsal, **changed: Any) -> None:
    """Production settings whose channels are the rehearsal's, as the real ones would be."""
    sample = rehearsal.settings
    values = {
        "website": {
            "base_url": rehearsal.base_url,
            "username": sample.wp_username,
            "application_password": sample.wp_application_password,
        },
        "x": {
            "consumer_key": sample.x_consumer_key,
            "consumer_secret": sample.x_consumer_secret,
            "access_token": sample.x_access_token,
            "access_token_secret": sample.x_access_token_secret,
            "host": rehearsal.base_url,
        },
        "facebook": {
            "page_id": sample.fb_page_id,
            "page_access_token": sample.fb_page_token,
            "app_id": sample.fb_app_id,
            "app_secret": sample.fb_app_secret,
            "host": rehearsal.base_url,
        },
        "instagram": {
            "ig_user_id": sample.ig_user_id,
            "access_token": sample.fb_page_token,
            "app_id": sample.fb_app_id,
            "app_secret": sample.fb_app_secret,
            "host": rehearsal.base_url,
        },
    }
    lines = ['mode = "produksi"', "[prefect]", 'auth = "admin:kata-sandi-panjang"']
    for name, section in values.items():
        lines.append(f"[channels.{name}]")
        lines += [
            f'{key} = "{value}"' for key, value in {**section, **changed.get(name, {})}.items()
        ]
    path = tmp_path / "siar.toml"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)
    assert tomllib.loads(path.read_text())


def test_channels_that_are_well_say_account_rights_quota_and_end(
    tmp_path: Path, channels: Rehearsal
) -> None:
    production(tmp_path, channels)
    lines = parts()
    assert all(lines[name].mark is Mark.GOOD for name in CHANNELS)
    assert "peran author" in lines["Website"].sentence
    assert "boleh menulis" in lines["X"].sentence
    assert "7 izin" in lines["Facebook"].sentence
    assert "hari lagi" in lines["Facebook"].sentence
    assert "0 dari 100" in lines["Instagram"].sentence
    assert lines["Saluran gladi"].sentence == "tidak dipakai"


def test_wrong_credentials_are_named_per_channel_and_never_shown(
    tmp_path: Path, channels: Rehearsal
) -> None:
    production(
        tmp_path,
        channels,
        website={"application_password": "salah salah salah salah"},
        x={"access_token_secret": "bukan-token-yang-benar"},
        facebook={"page_access_token": "EAAGtokenYangSudahMati"},
    )
    lines = parts()
    for name in ("Website", "X", "Facebook"):
        assert lines[name].mark is Mark.WRONG, lines[name]
        assert lines[name].action
    assert lines["Instagram"].mark is Mark.GOOD
    said = repr(lines)
    for secret in ("salah salah", "bukan-token-yang-benar", "EAAGtokenYangSudahMati"):
        assert secret not in said


def test_a_role_without_rights_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = start_rehearsal(tmp_path, wp_role="contributor")
    try:
        monkeypatch.setenv("SIAR_REHEARSAL__PORT", running.base_url.rpartition(":")[2])
        line = found("Website")
    finally:
        running.stop()
    assert line.mark is Mark.WRONG
    assert "publish_posts" in line.sentence


def token_that_ends(channels: Rehearsal, at: datetime) -> None:
    # Whichever of Facebook and Instagram asks first draws it.
    held = ["pages_show_list", "pages_read_engagement", "pages_manage_posts", "read_insights"]
    held += ["instagram_basic", "instagram_content_publish"]
    facts = {"is_valid": True, "expires_at": int(at.timestamp()), "scopes": held}
    channels.fault(
        "answer_before", channel="facebook", path="*/debug_token", times=1, status=200,
        body={"data": facts},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left", "mark"),
    [(timedelta(days=13, hours=23), Mark.CARE), (timedelta(days=15, hours=1), Mark.GOOD)],
)
def test_a_token_is_spoken_of_two_weeks_before_it_ends(
    channels: Rehearsal, left: timedelta, mark: Mark
) -> None:
    token_that_ends(channels, datetime.now(UTC) + left)
    faced = {one.part: one for one in diagnose(utc_now)}
    marks = {faced[name].mark for name in ("Facebook", "Instagram")}
    # The fault strikes one of the two: both ask the same address.
    assert marks == {mark, Mark.GOOD}
    assert any(f"berlaku {left.days} hari lagi" in faced[n].sentence for n in CHANNELS)


def test_a_website_whose_clock_differs_is_told_from_a_wrong_clock_here() -> None:
    def said(*seconds: float) -> Finding:
        return clock_finding(
            Lead(name, timedelta(seconds=ahead))
            for name, ahead in zip(("basis data", "Website", "X"), seconds, strict=False)
        )

    assert said(0.4, -1, 2).mark is Mark.GOOD
    assert said(20, 21, 22).mark is Mark.CARE
    assert said(300, 301, 299).mark is Mark.WRONG
    assert "lebih cepat 300 detik" in said(300, 301, 299).sentence
    assert "terlambat 90 detik" in said(-90, -91, -89).sentence
    strange = said(0, 400, 1)
    assert strange.mark is Mark.CARE
    assert "jam Website berbeda sendiri" in strange.sentence
    assert said().mark is Mark.GOOD


def test_the_channels_tell_what_time_it_is(tmp_path: Path, channels: Rehearsal) -> None:
    production(tmp_path, channels)
    seen = diagnose(lambda: utc_now() + timedelta(minutes=4))
    line = next(one for one in seen if one.part == "Jam")
    assert line.mark is Mark.WRONG
    assert "lebih cepat 2" in line.sentence
    assert "timedatectl" in line.action


def test_notifications_that_nobody_set_are_pointed_out_in_production_only(tmp_path: Path) -> None:
    assert found("Pemberitahuan").mark is Mark.GOOD
    (tmp_path / "siar.toml").write_text('mode = "produksi"\n', encoding="utf-8")
    assert found("Pemberitahuan").mark is Mark.CARE


def test_addresses_for_notifications_are_checked_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "siar.toml").write_text(
        "[notifications.roles]\n"
        'kepala = ["json://127.0.0.1:9/rahasia-kepala"]\n'
        'ketua = ["layanan://rahasia-ketua"]\n',
        encoding="utf-8",
    )
    lines = [one for one in diagnose(utc_now) if one.part == "Pemberitahuan"]
    told = " ".join(f"{one.sentence} {one.action}" for one in lines)
    assert [one.mark for one in lines] == [Mark.WRONG, Mark.WRONG, Mark.CARE]
    assert "peran ketua, alamat 1 (layanan)" in told
    assert "peran ketua di [notifications.roles] tidak ada di SOP" in told
    assert "tidak ada alamat untuk Subbag/Tim Kerja, Pranata Humas, Tim PPID" in told
    assert "rahasia" not in told


def test_years_without_cuti_bersama_are_named() -> None:
    line = next(
        one for one in diagnose(lambda: datetime(2027, 12, 1, tzinfo=UTC)) if one.part == "Kalender"
    )
    assert line.mark is Mark.CARE
    assert "2028" in line.sentence
    assert "2027" not in line.sentence


NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def worker_seen(**seconds_ago: float) -> Finding:
    return heartbeat_finding(
        {name: NOON - timedelta(seconds=ago) for name, ago in seconds_ago.items()}, NOON
    )


def test_a_worker_that_lives_does_not_hide_the_one_that_fell_silent() -> None:
    assert worker_seen(pc_a=4, pc_b=30) == good("Pekerja", "berjalan, kabar terakhir 4 detik lalu")
    one_silent = worker_seen(pc_a=4, pc_b=720)
    assert one_silent.mark is Mark.CARE
    assert "pc_b diam sejak 12 menit lalu" in one_silent.sentence
    assert "siar start di sana" in one_silent.action


def test_a_machine_gone_for_days_is_missed_no_more_and_all_silent_is_wrong() -> None:
    assert worker_seen(pc_a=4, lama=3 * 24 * 3600).mark is Mark.GOOD
    none_left = worker_seen(pc_a=180, pc_b=720)
    assert none_left.mark is Mark.WRONG
    assert "sejak 3 menit lalu" in none_left.sentence
    assert heartbeat_finding({}, NOON).mark is Mark.WRONG
