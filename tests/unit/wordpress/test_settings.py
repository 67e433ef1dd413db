"""What the website's settings refuse, and that they never show the password."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.wordpress import WordPressSettings

PASSWORD = "abcd efgh ijkl mnop"


def settings(**changed: Any) -> WordPressSettings:
    return WordPressSettings.model_validate(
        {
            "base_url": "https://bkk.example.test/",
            "username": "siar",
            "application_password": PASSWORD,
            **changed,
        }
    )


def test_the_password_stands_in_no_repr() -> None:
    assert "abcd" not in repr(settings()) + str(settings()) + settings().model_dump_json()


def test_the_address_loses_its_last_slash() -> None:
    assert settings().base_url == "https://bkk.example.test"


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:1"])
def test_plain_http_is_fine_on_this_machine(address: str) -> None:
    assert settings(base_url=address).base_url == address


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "http://bkk.example.test"},
        {"base_url": "bkk.example.test"},
        {"base_url": "https://siar:rahasia@bkk.example.test"},
        {"base_url": "ftp://bkk.example.test"},
        {"application_password": ""},
        {"username": ""},
        {"read_timeout": 0},
        {"sandi": "x"},
    ],
)
def test_wrong_settings_are_refused_without_showing_the_password(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**changed)
    assert "abcd" not in str(caught.value)
    assert "rahasia" not in str(caught.value)
