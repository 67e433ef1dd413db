"""Settings: where they come from, and what is said when they are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr

from deployments.settings import (
    Mode,
    Settings,
    SettingsError,
    is_loopback,
    load_settings,
)
from deployments.settings_sections import CHANNEL_KEYS, Channels, Manual, Office, Prefect
from tests.support.stack import loopback_channels

PRODUCTION = """
mode = "produksi"
[prefect]
auth = "admin:kata-sandi-yang-panjang"
[channels.website]
base_url = "https://kantor.example"
username = "siar"
application_password = "abcd efgh ijkl"
"""


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("SIAR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(text: str, name: str = "siar.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def problems() -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value.problems


def test_without_any_setting_it_is_a_rehearsal_on_loopback() -> None:
    settings = load_settings()
    assert settings.mode is Mode.GLADI
    assert settings.needs_rehearsal
    assert settings.prefect_url == "http://127.0.0.1:4200"


def test_the_environment_outweighs_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[prefect]\nport = 4300\nworker_limit = 2\n")
    monkeypatch.setenv("SIAR_PREFECT__PORT", "4400")
    settings = load_settings()
    assert (settings.prefect.port, settings.prefect.worker_limit) == (4400, 2)


def test_siar_config_names_the_file_and_an_empty_one_means_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write("[office]\nname = 'Sini'\n")
    (tmp_path / "lain").mkdir()
    other = write("[office]\nname = 'Sana'\n", "lain/kantor.toml")
    monkeypatch.setenv("SIAR_CONFIG", str(other))
    assert load_settings().office.name == "Sana"
    monkeypatch.setenv("SIAR_CONFIG", "")
    assert load_settings().office.name == Office().name


def test_relative_paths_count_from_the_folder_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    monkeypatch.setenv("SIAR_CONFIG", str(write('data_dir = "../data"\n', "etc/siar.toml")))
    assert load_settings().data_dir.resolve() == tmp_path / "data"


def test_all_that_is_wrong_is_said_at_once_with_place_and_example(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(
        'mode = "coba"\nkantor = 1\n[office]\nnames = "x"\n[prefect]\nport = "abc"\n'
        '[channels.website]\nbase_url = "https://a.example"\nusername = "a"\n'
        '[[channels.manual]]\ncode = "tiktok"\n'
    )
    monkeypatch.setenv("SIAR_PREFECT__WORKER_LIMIT", "0")
    monkeypatch.setenv("SIAR_MODUS", "gladi")
    found = problems()
    assert len(found) == 8
    text = "\n".join(found)
    assert 'Contoh: mode = "gladi"' in text
    assert "Kunci office.names di siar.toml tidak dikenal. Mungkin maksudnya name." in text
    assert "Kunci kantor di siar.toml tidak dikenal." in text
    assert "harus bilangan bulat. Contoh: [prefect] port = 4200" in text
    assert "Kunci channels.website.application_password wajib diisi di siar.toml." in text
    assert "channels.manual.0.label wajib diisi" in text
    assert (
        "variabel lingkungan SIAR_PREFECT__WORKER_LIMIT tidak dapat dipakai: paling kecil 1" in text
    )
    assert "SIAR_MODUS tidak dikenal. Mungkin maksudnya SIAR_MODE." in text


def test_a_password_never_stands_in_a_message_or_a_representation() -> None:
    write(
        'mode = "produksi"\n[prefect]\nauth = "rahasiaku"\n[channels.website]\n'
        'base_url = "kantor"\nusername = "a"\napplication_password = "rahasiaku"\nx = 1\n'
    )
    assert "rahasiaku" not in "\n".join(problems())
    write(PRODUCTION)
    assert "kata-sandi" not in repr(load_settings())


def test_a_quote_that_is_never_closed_is_said() -> None:
    write('mode = """a')
    (problem,) = problems()
    assert "belum ditutup" in problem


@pytest.mark.parametrize("text", ["x = = 1", "[office\n", "mode = a\n"])
def test_a_file_that_is_no_toml_is_named_with_the_line(text: str) -> None:
    write(text)
    (problem,) = problems()
    assert problem.startswith("Berkas pengaturan siar.toml tidak dapat dibaca pada baris 1")


def test_bytes_that_are_no_utf8_are_refused_without_a_traceback() -> None:
    Path("siar.toml").write_bytes(b"mode = '\xff'")
    (problem,) = problems()
    assert "bukan TOML UTF-8 yang benar" in problem


def test_a_named_file_that_is_absent_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAR_CONFIG", "tiada.toml")
    (problem,) = problems()
    assert "tiada.toml tidak ada" in problem


def test_a_list_variable_that_is_no_json_is_named_with_an_example(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIAR_OFFICE__UNITS", "Tim A, Tim B")
    (problem,) = problems()
    assert "SIAR_OFFICE" in problem
    assert "JSON" in problem


def test_production_refuses_to_start_without_password_csrf_and_channel() -> None:
    write('mode = "produksi"\n[prefect]\ncsrf = false\n')
    text = "\n".join(problems())
    assert "PREFECT_SERVER_API_AUTH_STRING" in text
    assert "CSRF" in text
    assert "satu saluran sungguhan" in text


def test_the_smallest_production_starts() -> None:
    write(PRODUCTION)
    settings = load_settings()
    assert not settings.is_rehearsal
    assert not settings.needs_rehearsal


def test_a_channel_worked_by_hand_counts_as_real() -> None:
    write(
        'mode = "produksi"\n[prefect]\nauth = "admin:kata-sandi"\n'
        '[[channels.manual]]\ncode = "tiktok"\nlabel = "TikTok"\n'
    )
    assert load_settings().channels.manual == (Manual(code="tiktok", label="TikTok"),)


def test_rehearsal_refuses_a_channel_outside_of_this_machine() -> None:
    write(PRODUCTION.replace("produksi", "gladi"))
    (problem,) = problems()
    assert "channels.website" in problem
    assert "kantor.example" in problem


def test_rehearsal_refuses_to_be_served_to_others() -> None:
    write('[prefect]\nhost = "0.0.0.0"\n')
    (problem,) = problems()
    assert "prefect.host" in problem


@pytest.mark.parametrize("password", ["admin", ":sandi-panjang", "admin:pendek"])
def test_an_api_password_needs_a_name_and_some_length(password: str) -> None:
    write(f'[prefect]\nauth = "{password}"\n')
    (problem,) = problems()
    assert "prefect.auth" in problem


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("kantor.example", False),
        ("127.0.0.1.kantor.example", False),
    ],
)
def test_loopback_is_told_from_the_network(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_every_key_of_every_channel_is_described() -> None:
    for model, described in CHANNEL_KEYS.items():
        assert set(described) == set(model.model_fields), model.__name__


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    units=st.lists(st.text(max_size=10), min_size=1, max_size=3),
    port=st.integers(0, 65535),
    password=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=8),
)
def test_a_child_process_reads_the_same_settings_from_its_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, units: list[str], port: int, password: str
) -> None:
    settings = Settings(
        data_dir=Path("var").absolute(),
        office=Office(name=name, units=tuple(units)),
        prefect=Prefect(port=port, auth=SecretStr(f"admin:{password}")),
        channels=loopback_channels(),
    )
    with monkeypatch.context() as patched:
        for variable, value in settings.to_environment().items():
            patched.setenv(variable, value)
        assert load_settings() == settings


def test_settings_made_by_hand_read_nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    write('mode = "produksi"\n')
    monkeypatch.setenv("SIAR_MODE", "produksi")
    assert Settings().mode is Mode.GLADI
    assert Settings().channels == Channels()


def test_addresses_for_notifications_reach_a_child_process_and_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {"urls": ["json://a/rahasia"], "roles": {"kepala": ["json://b/rahasia"]}}
    settings = Settings.model_validate({"data_dir": tmp_path, "notifications": chosen})
    assert "rahasia" not in repr(settings)
    for name, value in settings.to_environment().items():
        monkeypatch.setenv(name, value)
    passed = load_settings().notifications
    assert [one.get_secret_value() for one in passed.urls] == chosen["urls"]
    assert [one.get_secret_value() for one in passed.roles["kepala"]] == ["json://b/rahasia"]


def test_an_address_that_is_none_is_refused_without_being_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "siar.toml"
    path.write_text('[notifications.roles]\nkepala = ["token-rahasia"]\n', encoding="utf-8")
    monkeypatch.setenv("SIAR_CONFIG", str(path))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    (problem,) = refused.value.problems
    assert "notifications.roles" in problem
    assert "mailto://" in problem
    assert "token-rahasia" not in problem
