"""A page of another site cannot speak to the server by pointing its own name here."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from deployments.known_hosts import only_known_hosts
from deployments.settings import Settings


def status(settings: Settings, host: str) -> int:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("ya"))])
    return (
        TestClient(only_known_hosts(app, settings), base_url=f"http://{host}").get("/").status_code
    )


def settings_of(**prefect: object) -> Settings:
    return Settings.model_validate({"prefect": prefect})


@pytest.mark.parametrize("host", ["127.0.0.1:4200", "localhost:4200"])
def test_staff_at_this_machine_are_answered(host: str) -> None:
    assert status(settings_of(), host) == 200


def test_a_name_that_somebody_else_points_here_is_not() -> None:
    assert status(settings_of(), "jahat.example") == 400


def test_the_public_name_behind_a_proxy_is_answered() -> None:
    settings = settings_of(public_url="https://siar.kantor.example")
    assert status(settings, "siar.kantor.example") == 200
    assert status(settings, "jahat.example") == 400


def test_a_server_on_the_network_is_known_by_any_name() -> None:
    assert status(settings_of(host="0.0.0.0"), "kantor.lokal") == 200
