"""Apprise on real loopback servers: what was reached is told, what is secret never is."""

from __future__ import annotations

import email
import email.policy
import logging
import time
from collections.abc import Iterator

import pytest

from connectors.notifications import (
    Address,
    AddressBook,
    Message,
    Notifier,
    Reached,
    is_understood,
)
from tests.support.loopback import Loopback, Reply, loopback
from tests.unit.notifications.smtp import mail_server

SECRET = "kata-sandi-rahasia"
HELLO = Message("Formulir menunggu: Persetujuan", "“Judul & <b>isi</b>”\nBuka: http://127.0.0.1/")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


def address(server: Loopback, path: str = "/kait") -> Address:
    host = server.url.removeprefix("http://")
    return Address(f"json://siar:{SECRET}@{host}{path}", "peran kepala, alamat 1 (json)")


def sent(where: Address, *, timeout: float = 8.0) -> tuple[Reached, str]:
    (receipt,) = Notifier(timeout=timeout).send([where], HELLO)
    return receipt.reached, receipt.why


def test_a_message_arrives_as_it_was_written(server: Loopback) -> None:
    server.answer("POST /kait", Reply(200))
    assert sent(address(server)) == (Reached.TERKIRIM, "")
    (call,) = server.calls("POST /kait")
    assert call.json["title"] == HELLO.title
    assert call.json["message"] == HELLO.body


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_refusal_is_told_with_its_status(server: Loopback, status: int) -> None:
    server.answer("POST /kait", Reply(status))
    assert sent(address(server)) == (Reached.GAGAL, f"dijawab {status}")
    assert len(server.asked) == 1  # never tried again by itself


def test_an_address_where_nobody_listens_was_surely_not_reached() -> None:
    with loopback() as gone:
        where = address(gone)
    assert sent(where) == (Reached.GAGAL, "tidak terjangkau")


def test_a_server_that_never_answers_holds_nobody_up_and_leaves_it_open(server: Loopback) -> None:
    server.answer("POST /kait", Reply(silent=True))
    begun = time.monotonic()
    assert sent(address(server), timeout=0.4)[0] is Reached.TIDAK_PASTI
    assert time.monotonic() - begun < 4


def test_a_connection_cut_after_the_message_left_proves_nothing(server: Loopback) -> None:
    server.answer("POST /kait", Reply(cut=True))
    assert sent(address(server))[0] is Reached.TIDAK_PASTI


def test_a_silent_address_does_not_keep_the_others_from_being_reached(server: Loopback) -> None:
    server.answer("POST /kait", Reply(silent=True))
    server.answer("POST /lain", Reply(200))
    wanted = [address(server), address(server, "/lain")]
    receipts = Notifier(timeout=1.5).send(wanted, HELLO)
    assert [one.reached for one in receipts] == [Reached.TIDAK_PASTI, Reached.TERKIRIM]


def test_mail_is_sent_in_words_that_a_mail_program_shows() -> None:
    with mail_server() as (port, letters):
        url = f"mailto://127.0.0.1:{port}?from=siar@surel.example&to=kepala@surel.example&mode=insecure"
        assert sent(Address(url, "umum")) == (Reached.TERKIRIM, "")
    (letter,) = [email.message_from_string(one, policy=email.policy.default) for one in letters]
    assert letter["Subject"] == HELLO.title
    body = letter.get_body(("plain", "html"))
    assert body is not None
    assert "Judul" in body.get_content()
    assert "<b>" not in body.get_content() or body.get_content_type() == "text/plain"


@pytest.mark.parametrize("reply", [Reply(200), Reply(500), Reply(cut=True)])
def test_no_secret_of_an_address_is_logged_or_told(
    server: Loopback, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    server.answer("POST /kait", reply)
    where = address(server)
    with caplog.at_level(logging.DEBUG):
        receipts = Notifier().send([where], HELLO)
    for text in (caplog.text, repr(receipts), repr(where), repr(AddressBook((where.url,)))):
        assert SECRET not in text
        assert "/kait" not in text


def test_a_telegram_token_in_the_path_stays_out_of_the_log(
    server: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    # The path of a request is what http libraries like to log.
    server.answer(f"POST /bot{SECRET}", Reply(500))
    with caplog.at_level(logging.DEBUG):
        Notifier().send([address(server, f"/bot{SECRET}")], HELLO)
    assert server.asked
    assert SECRET not in caplog.text


def test_an_address_that_apprise_does_not_know_is_told_and_not_shown() -> None:
    where = Address(f"layanan://{SECRET}/x", "daftar umum, alamat 1 (layanan)")
    assert sent(where) == (Reached.GAGAL, "alamatnya tidak dikenali")
    assert not is_understood(where.url)
    assert not is_understood("tgram://")
    assert is_understood("json://127.0.0.1:1/x")


def test_a_long_message_is_cut_to_what_every_service_takes(server: Loopback) -> None:
    server.answer("POST /kait", Reply(200))
    Notifier().send([address(server)], Message("j" * 400, "i" * 5000))
    (call,) = server.calls("POST /kait")
    assert len(call.json["title"]) == 150
    assert len(call.json["message"]) == 1500


def test_nobody_is_told_twice_who_is_listed_twice() -> None:
    book = AddressBook(
        everyone=("json://grup",),
        roles={"ppid": ("json://grup", "json://ppid"), "kepala": ("json://kepala",)},
        people={"190001012000014002": ("json://ppid",)},
    )
    found = book.of(["ppid"], ["190001012000014002"])
    assert [one.url for one in found] == ["json://grup", "json://ppid"]
    assert [one.url for one in book.of(["kepala"], [], with_everyone=False)] == ["json://kepala"]
    assert len(book.all()) == 3


def test_an_empty_book_means_that_nothing_is_configured() -> None:
    assert not Notifier().is_configured
    assert not Notifier(AddressBook(roles={"kepala": ()})).is_configured
    assert Notifier(AddressBook(people={"190001012000014002": ("json://a",)})).is_configured
