"""Links are asked side by side, and the form that waits for them does not wait for long."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.links import Asking, link_status
from tests.support.loopback import Loopback, Reply, loopback


@pytest.fixture
def site() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


def test_the_status_is_what_the_last_address_on_the_way_answers(site: Loopback) -> None:
    site.answer("HEAD /ada", Reply(200, b""))
    site.answer("HEAD /pindah", Reply(301, b"", headers={"location": "/ada"}))
    assert link_status(f"{site.url}/ada") == 200
    assert link_status(f"{site.url}/pindah") == 200
    site.answer("HEAD /hilang", Reply(404, b""))
    assert link_status(f"{site.url}/hilang") == 404


def test_a_refusal_of_head_is_asked_again_with_get(site: Loopback) -> None:
    site.answer("HEAD /a", Reply(405, b""))
    site.answer("GET /a", Reply(200, b"x" * 100_000))
    assert link_status(f"{site.url}/a") == 200
    assert [asked.method for asked in site.asked] == ["HEAD", "GET"]


def test_endless_redirects_end(site: Loopback) -> None:
    site.answer("HEAD /a", Reply(302, b"", headers={"location": "/a"}))
    assert link_status(f"{site.url}/a") is None


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/",
        "https://127.0.0.1:9/",
        "http://[::1",
        "http://",
        "http://" + "a" * 300 + ".id",
        "http://xn--/",
        "http://a..b/",
        "http://tidak ada/",
        "http://127.0.0.1:99999/",
    ],
)
def test_what_cannot_be_reached_is_none(address: str) -> None:
    assert link_status(address) is None


def test_a_connection_cut_without_a_word_is_none(site: Loopback) -> None:
    site.answer("HEAD /a", Reply(cut=True))
    assert link_status(f"{site.url}/a") is None


def test_addresses_are_asked_side_by_side() -> None:
    together = threading.Barrier(5)

    def ask(_address: str) -> int:
        together.wait(20)  # broken unless five are being asked at once
        return 200

    answers = Asking(ask, [f"https://{n}.id" for n in range(5)], patience=20).answers()
    assert answers == {f"https://{n}.id": 200 for n in range(5)}


def test_who_has_not_answered_in_time_is_left_out_and_the_others_are_told() -> None:
    never = threading.Event()

    def ask(address: str) -> int | None:
        if "lambat" in address:
            never.wait(30)
        return None if "mati" in address else 200

    began = time.monotonic()
    asking = Asking(ask, ["https://a.id", "https://lambat.id", "https://mati.id"], patience=0.3)
    assert asking.answers() == {"https://a.id": 200, "https://mati.id": None}
    assert time.monotonic() - began < 15
    never.set()


def test_the_patience_counts_from_the_asking_not_from_the_wish_to_know() -> None:
    never = threading.Event()
    asking = Asking(lambda _address: 200 if never.wait(30) else None, ["https://a.id"], patience=0)
    began = time.monotonic()
    assert asking.answers() == {}
    assert time.monotonic() - began < 15
    never.set()


def test_without_links_nothing_is_waited_for() -> None:
    assert Asking(lambda _address: 200, [], patience=600).answers() == {}


def test_an_address_over_which_the_asking_stumbles_cannot_be_reached() -> None:
    def ask(address: str) -> int:
        if "b" in address:
            raise RuntimeError(address)
        return 200

    addresses = [f"{letter}{number}" for number in range(20) for letter in "ab"]
    answers = Asking(ask, addresses, patience=20).answers()
    assert answers == {one: None if "b" in one else 200 for one in addresses}


STUCK = """
import threading
from connectors.links import Asking
print(Asking(lambda address: threading.Event().wait(), ["https://a.id"], patience=0.05).answers())
"""


def test_a_dead_address_does_not_keep_the_process_from_ending() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUCK],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout == "{}\n"
