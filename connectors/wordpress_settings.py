"""The settings of the website: where it is, who Siar is there, how long it waits."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

MEGABYTE = 1024 * 1024


class WordPressSettings(BaseModel):
    """How to reach the website. Time-outs are seconds, sizes bytes.

    `base_url` is the address of the site's front page; `categories` maps the
    category names that staff use to WordPress' numbers where the names differ;
    `default_category` is taken when a manuscript names none. `verify_media` reads
    each uploaded file back and compares it to the byte: switch it off only for a
    site whose plug-ins recompress pictures on purpose.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str
    username: str = Field(min_length=1)
    application_password: SecretStr
    rest_path: str = "/wp-json"
    connect_timeout: float = Field(default=5.0, gt=0)
    read_timeout: float = Field(default=30.0, gt=0)
    upload_timeout: float = Field(default=120.0, gt=0)
    categories: Mapping[str, int] = Field(default_factory=dict)
    default_category: str = ""
    max_upload_bytes: int = Field(default=64 * MEGABYTE, gt=0)
    featured_in_body: bool = False
    verify_media: bool = True

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ValueError(
                "alamat website harus lengkap dan tanpa sandi, misalnya https://bkk.example.go.id"
            )
        return value.strip().rstrip("/")

    @field_validator("application_password")
    @classmethod
    def _a_password(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().replace(" ", "")) < 8:
            raise ValueError("sandi aplikasi WordPress kosong atau terlalu pendek")
        return value

    @model_validator(mode="after")
    def _password_not_in_clear(self) -> WordPressSettings:
        parts = urlsplit(self.base_url)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            raise ValueError(
                "alamat website harus https:// karena sandi ikut terkirim di setiap permintaan"
            )
        return self


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
