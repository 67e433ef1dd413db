"""What an office may set, where it is read from, and what it defaults to.

`load_settings` reads, in this order of weight: `SIAR_*` in the environment
(nested keys joined by `__`, lists as JSON), then the TOML file named by
`SIAR_CONFIG` (`./siar.toml` when not set; an empty value means no file).
Everything wrong is collected and raised at once as `SettingsError`; its
sentences are for the administrator, in Indonesian.

`Settings(...)` itself reads nothing from outside: tests and the demo build one
by hand. `docs/pengaturan.md` is generated from the descriptions below.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as SourceError

from deployments.settings_problems import sentence, unknown_variable, unreadable_toml
from deployments.settings_sections import (
    Archive,
    Channels,
    Delivery,
    Monev,
    Notifications,
    Office,
    Prefect,
    Rehearsal,
)

PREFIX = "SIAR_"
CONFIG_VARIABLE = "SIAR_CONFIG"
DEFAULT_FILE = "siar.toml"
# Names that begin like settings and are not: switches of the tests and of the stack.
RESERVED = {CONFIG_VARIABLE, "SIAR_REQUIRE_ALL", "SIAR_WORDPRESS_DIR", "SIAR_STACK_ID"}


class SettingsError(Exception):
    """The settings cannot be used. `problems` are sentences, all of them at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Mode(StrEnum):
    """Rehearsal or the real thing."""

    GLADI = "gladi"
    PRODUKSI = "produksi"


class Settings(BaseSettings):
    """All settings, as one value."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    mode: Mode = Field(
        Mode.GLADI,
        description="gladi: latihan dengan saluran tiruan. produksi: sungguhan.",
        examples=["gladi"],
    )
    data_dir: Path = Field(Path("var"), description="Tempat semua data disimpan.", examples=["var"])
    ledger_url: SecretStr | None = Field(
        None,
        description="Basis data catatan; tanpa isian dipakai SQLite di dalam data_dir.",
        examples=["postgresql+psycopg://siar:sandi@127.0.0.1/siar"],
    )
    key_file: Path | None = Field(
        None,
        description="Berkas kunci penyandi rahasia pegawai; bawaannya kunci di dalam data_dir.",
        examples=["var/kunci"],
    )
    intake_dir: Path | None = Field(
        None,
        description="Folder tempat bahan publikasi ditaruh; bawaannya masuk di dalam data_dir.",
        examples=["var/masuk"],
    )
    sop_file: Path | None = Field(
        None,
        description="Berkas SOP; tanpa isian dipakai SOP OT.02.02/1/229/2022.",
        examples=["sop-kantor.toml"],
    )
    calendar_file: Path | None = Field(
        None,
        description="Tambahan kalender kantor: libur daerah, jam kerja, Ramadan.",
        examples=["kalender-kantor.toml"],
    )
    office: Office = Field(Office(), description="Kantor.")
    prefect: Prefect = Field(Prefect(), description="Peladen Prefect.")
    rehearsal: Rehearsal = Field(Rehearsal(), description="Saluran gladi.")
    channels: Channels = Field(Channels(), description="Saluran publikasi.")
    archive: Archive = Field(Archive(), description="Arsip.")
    monev: Monev = Field(Monev(), description="Laporan monev.")
    delivery: Delivery = Field(Delivery(), description="Pengiriman ke saluran.")
    notifications: Notifications = Field(Notifications(), description="Pemberitahuan.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @property
    def is_rehearsal(self) -> bool:
        return self.mode is Mode.GLADI

    @property
    def ledger_address(self) -> str:
        """The SQLAlchemy URL of the ledger, password included: never print it."""
        if self.ledger_url is not None:
            return self.ledger_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'siar.db').absolute()}"

    @property
    def key_path(self) -> Path:
        return self.key_file or self.data_dir / "kunci"

    @property
    def intake_path(self) -> Path:
        return self.intake_dir or self.data_dir / "masuk"

    @property
    def blobs_path(self) -> Path:
        return self.data_dir / "berkas"

    @property
    def kept_path(self) -> Path:
        """Renditions made once; whoever removes it loses nothing but time."""
        return self.data_dir / "olahan"

    @property
    def archive_path(self) -> Path:
        return self.data_dir / "arsip"

    @property
    def reports_path(self) -> Path:
        return self.data_dir / "laporan"

    @property
    def rehearsal_path(self) -> Path:
        return self.data_dir / "gladi"

    @property
    def prefect_home(self) -> Path:
        return self.data_dir / "prefect"

    @property
    def run_path(self) -> Path:
        """Lock file and logs of what is running."""
        return self.data_dir / "jalan"

    @property
    def prefect_url(self) -> str:
        """Where staff open the UI; the port must be known by now."""
        if self.prefect.public_url is not None:
            return self.prefect.public_url.rstrip("/")
        return _address(self.prefect.host, self.prefect.port)

    @property
    def prefect_api_url(self) -> str:
        """The API as this machine's own processes call it."""
        return _address(self.prefect.host, self.prefect.port) + "/api"

    @property
    def rehearsal_url(self) -> str:
        return _address("127.0.0.1", self.rehearsal.port)

    @property
    def needs_rehearsal(self) -> bool:
        """Whether any channel has to be played by the rehearsal channels."""
        return self.is_rehearsal and len(self.channels.hosts) < 4

    def to_environment(self) -> dict[str, str]:
        """The same settings for a child process; holds secrets, so never log it."""
        values = _plain(self)
        environment = {
            PREFIX + name.upper(): value if isinstance(value, str) else _json(value)
            for name, value in values.items()
            if value is not None
        }
        return {**environment, CONFIG_VARIABLE: ""}


def _address(host: str, port: int) -> str:
    # A server that listens everywhere is reached here by loopback.
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    if ":" in reached and not reached.startswith("["):
        reached = f"[{reached}]"
    return f"http://{reached}:{port}"


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """The value as JSON types, secrets in clear, paths absolute."""
    result = value
    match value:
        case BaseModel():
            result = {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        case Mapping():
            result = {key: _plain(item) for key, item in value.items()}
        case tuple():
            result = [_plain(item) for item in value]
        case SecretStr():
            result = value.get_secret_value()
        case Path():
            result = str(value.absolute())
        case StrEnum():
            result = value.value
    return result


class _FromSources(Settings):
    """`Settings`, read from the environment and the file."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # What load_settings passes in comes from the file, so it weighs less
        # than the environment.
        return (env_settings, init_settings)


def config_path() -> Path | None:
    """The settings file: `SIAR_CONFIG`, else ./siar.toml when there is one."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named is not None:
        return Path(named) if named.strip() else None
    default = Path(DEFAULT_FILE)
    return default if default.exists() else None


def _file_values(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = "tidak ada" if isinstance(error, FileNotFoundError) else "tidak dapat dibuka"
        raise SettingsError(
            (
                f"Berkas pengaturan {path} {reason}. Perbaiki isi {CONFIG_VARIABLE}, "
                f"atau kosongkan agar dipakai ./{DEFAULT_FILE}.",
            )
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError((unreadable_toml(path, error),)) from None


def load_settings() -> Settings:
    """Settings of this machine; raises `SettingsError` with everything that is wrong."""
    path = config_path()
    values = _file_values(path)
    source = str(path) if path else DEFAULT_FILE
    problems = [
        unknown_variable(name, list(Settings.model_fields), PREFIX)
        for name in sorted(os.environ)
        if _is_unknown(name)
    ]
    try:
        loaded: Settings = _FromSources(**values)
    except SourceError as error:
        raise SettingsError((*problems, _unreadable_variable(error))) from None
    except ValidationError as error:
        found = [sentence(item, Settings, source, os.environ, PREFIX) for item in error.errors()]
        raise SettingsError((*problems, *found)) from None
    problems.extend(mode_problems(loaded, source))
    if problems:
        raise SettingsError(tuple(problems))
    return _anchored(loaded, path.parent if path else Path())


WHOLE_FILE = "*"


@dataclass(frozen=True, slots=True)
class Usable:
    """What of the settings can be used for looking around; never for running anything.

    `assumed` names the keys ("prefect", "channels.x", or all: `WHOLE_FILE`) whose
    value was unusable, so that the default stands in its place.
    """

    settings: Settings
    problems: tuple[str, ...] = ()
    assumed: frozenset[str] = frozenset()


def usable_settings() -> Usable:
    """The settings as far as they can be used, with everything that is wrong with them."""
    try:
        return Usable(load_settings())
    except SettingsError as error:
        problems = error.problems
    path = config_path()
    assumed: set[str] = set()
    values: dict[str, Any] = {}
    try:
        values = _file_values(path)
        _merge(values, EnvSettingsSource(Settings)())
    except (SettingsError, SourceError):
        assumed.add(WHOLE_FILE)
    settings: Settings | None = None
    while settings is None:
        try:
            settings = Settings(**values)
        except ValidationError as error:
            assumed |= {_without(values, item["loc"]) for item in error.errors()}
    return Usable(
        _anchored(settings, path.parent if path else Path()), problems, frozenset(assumed)
    )


def _merge(values: dict[str, Any], stronger: Mapping[str, Any]) -> None:
    for key, value in stronger.items():
        below = values.get(key)
        if isinstance(below, dict) and isinstance(value, Mapping):
            _merge(below, value)
        else:
            values[key] = value


def _without(values: dict[str, Any], place: tuple[int | str, ...]) -> str:
    """Take the unusable key out of `values`: a whole channel, or a whole section; its name."""
    section = str(place[0]) if place else ""
    channels = values.get(section)
    if section == "channels" and isinstance(channels, dict) and len(place) > 1:
        channels.pop(str(place[1]), None)
        return f"channels.{place[1]}"
    if values.pop(section, None) is None:
        # Already taken out, or nowhere to be found: then nothing of it may stay.
        return section if section else _emptied(values)
    return section


def _emptied(values: dict[str, Any]) -> str:
    values.clear()
    return WHOLE_FILE


def _is_unknown(name: str) -> bool:
    upper = name.upper()
    if not upper.startswith(PREFIX) or upper in RESERVED:
        return False
    return upper.removeprefix(PREFIX).split("__")[0].lower() not in Settings.model_fields


def _unreadable_variable(error: SourceError) -> str:
    names = [name for name in Settings.model_fields if f'"{name}"' in str(error)]
    variable = PREFIX + (names[0].upper() if names else "…")
    return (
        f"Isi {variable} (atau kunci di bawahnya) di lingkungan bukan JSON yang benar. "
        f'Daftar ditulis begini: {PREFIX}OFFICE__UNITS=\'["Tim Kerja 1", "Tim Kerja 2"]\'.'
    )


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Relative paths count from the settings file's folder, wherever `siar` is called."""
    root = folder.absolute()
    paths = {
        name: root / value
        for name in Settings.model_fields
        if isinstance(value := getattr(settings, name), Path)
    }
    plain = {name: getattr(settings, name) for name in Settings.model_fields}
    return Settings.model_construct(**{**plain, **paths})


def is_loopback(host: str) -> bool:
    """Whether a host name or address is reached from this machine only."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def mode_problems(settings: Settings, source: str = DEFAULT_FILE) -> list[str]:
    """Why these settings may not run in their mode; empty when they may."""
    if settings.is_rehearsal:
        return _rehearsal_problems(settings, source)
    return _production_problems(settings, source)


def _rehearsal_problems(settings: Settings, source: str) -> list[str]:
    problems = [
        f"Mode gladi tidak boleh menyentuh saluran sungguhan, tetapi channels.{channel} di "
        f"{source} menunjuk ke {urlsplit(host).hostname}. Hapus bagian "
        'itu, atau pakai mode = "produksi".'
        for channel, host in settings.channels.hosts.items()
        if not is_loopback(urlsplit(host).hostname or "")
    ]
    if not is_loopback(settings.prefect.host):
        problems.append(
            "Mode gladi hanya melayani komputer ini, karena kode pegawai contoh ditampilkan. "
            f'Ubah prefect.host di {source} menjadi "127.0.0.1", atau pakai mode = "produksi".'
        )
    return problems


def _production_problems(settings: Settings, source: str) -> list[str]:
    problems = []
    if settings.prefect.auth is None:
        problems.append(
            "Mode produksi memerlukan kata sandi API Prefect (PREFECT_SERVER_API_AUTH_STRING). "
            f'Isi di {source}: [prefect] auth = "admin:kata-sandi-yang-panjang".'
        )
    if not settings.prefect.csrf:
        problems.append(
            "Mode produksi memerlukan perlindungan CSRF. "
            f"Hapus csrf = false dari [prefect] di {source}."
        )
    if not settings.channels.any_real:
        problems.append(
            "Mode produksi memerlukan paling sedikit satu saluran sungguhan. "
            f'Isi misalnya [channels.website] base_url = "https://kantor.example" di {source}, '
            'atau pakai mode = "gladi" untuk berlatih.'
        )
    return problems
