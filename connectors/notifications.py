"""Telling people that something waits for them, by whatever Apprise can speak.

An address is an Apprise URL (mailto://…, tgram://…, json://…) and holds secrets: it is
never logged, never shown and never part of an error. Sending never raises and never
takes longer than the time-out: an address that does not answer in time is left alone,
and whether it was reached is then unknown.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

DEFAULT_TIMEOUT = 10.0  # seconds
MOST_TITLE, MOST_BODY = 150, 1500  # characters; a short message suits every service

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S")
# What Apprise says of a "no": an HTTP status, or an SMTP reply inside an exception's text.
_STATUS = re.compile(r"\berror=(\d{3})\b|\((\d{3}), b")
_NEVER_LEFT = re.compile(
    r"refused|Failed to establish|NameResolution|Name or service|ConnectTimeout|unreachable", re.I
)


class Reached(StrEnum):
    """What is known of one message."""

    TERKIRIM = "terkirim"
    GAGAL = "gagal"
    TIDAK_PASTI = "tidak-pasti"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to send to. `named` says whose it is, as the record and people may see it."""

    url: str = field(repr=False)
    named: str


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text; made to fit when it is long."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """How one address took it; `why` is a short Indonesian reason without secrets."""

    named: str
    reached: Reached
    why: str = ""


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Who is told: everybody's list, and by role code or by NIP. URLs in clear."""

    everyone: tuple[str, ...] = field(default=(), repr=False)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @property
    def is_empty(self) -> bool:
        return not self.all()

    def all(self) -> tuple[Address, ...]:
        """Every address, each once."""
        return self.of(self.roles, self.people)

    def of(
        self, roles: Iterable[str], nips: Iterable[str], *, with_everyone: bool = True
    ) -> tuple[Address, ...]:
        """The addresses of these roles and people, each once however often it is listed."""
        found: dict[str, Address] = {}
        lists = [("daftar umum", self.everyone)] if with_everyone else []
        lists += [(f"peran {role}", self.roles.get(role, ())) for role in roles]
        lists += [(f"NIP {_masked(nip)}", self.people.get(nip, ())) for nip in nips]
        for whose, urls in lists:
            for number, url in enumerate(urls, start=1):
                named = f"{whose}, alamat {number} ({scheme_of(url)})"
                found.setdefault(url, Address(url, named))
        return tuple(found.values())


def scheme_of(url: str) -> str:
    """The kind of service, the one part of an address that may be shown."""
    found = _SCHEME.match(url)
    return found[1].lower() if found else "?"


def is_address_like(url: str) -> bool:
    """Whether the text looks like an address at all; says nothing about the service."""
    return _SCHEME.match(url) is not None


def is_understood(url: str) -> bool:
    """Whether Apprise knows the service and finds in the address what it needs."""
    apprise = _quiet_apprise()
    try:
        return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None
    except Exception:  # the text of the error could hold the address
        return False


class Notifier:
    """Sends messages; `timeout` is the longest that one message may take, in seconds."""

    def __init__(
        self, book: AddressBook | None = None, *, timeout: float = DEFAULT_TIMEOUT
    ) -> None:
        self.book = book or AddressBook()
        self._timeout = timeout

    @property
    def is_configured(self) -> bool:
        return not self.book.is_empty

    def send(self, addresses: Iterable[Address], message: Message) -> tuple[Receipt, ...]:
        """Send to all of them side by side; one receipt for each, in their order."""
        wanted = tuple(addresses)
        if not wanted:
            return ()
        apprise = _quiet_apprise()
        fitted = Message(_shortened(message.title, MOST_TITLE), _shortened(message.body, MOST_BODY))
        answers: SimpleQueue[tuple[int, Receipt]] = SimpleQueue()
        for place, address in enumerate(wanted):
            # Daemons, since nothing can end a thread that waits for a silent server:
            # neither this call nor the end of the process shall wait for it.
            threading.Thread(
                target=lambda place=place, address=address: answers.put(
                    (place, _told(apprise, address, fitted))
                ),
                name="pemberitahuan",
                daemon=True,
            ).start()
        receipts = _collected(answers, len(wanted), monotonic() + self._timeout)
        return tuple(
            receipts.get(place)
            or Receipt(address.named, Reached.TIDAK_PASTI, "tidak menjawab pada waktunya")
            for place, address in enumerate(wanted)
        )


def _collected(
    answers: SimpleQueue[tuple[int, Receipt]], count: int, until: float
) -> dict[int, Receipt]:
    found: dict[int, Receipt] = {}
    while len(found) < count:
        try:
            place, receipt = answers.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            break
        found[place] = receipt
    return found


def _told(apprise: Any, address: Address, message: Message) -> Receipt:
    _heard.lines = []
    try:
        # As one service object for one message: what a service remembers of the last
        # message (its own pace, for one) must not hold up the next.
        service = apprise.Apprise(asset=_asset(apprise))
        if not service.add(address.url):
            return Receipt(address.named, Reached.GAGAL, "alamatnya tidak dikenali")
        done = service.notify(
            title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT
        )
    except Exception as error:  # the text of the error could hold the address
        return Receipt(address.named, Reached.GAGAL, type(error).__name__)
    if done:
        return Receipt(address.named, Reached.TERKIRIM)
    return _refusal(address, "\n".join(_heard.lines))


def _refusal(address: Address, said: str) -> Receipt:
    """A clear "no" did not reach anybody; silence after something was sent proves nothing."""
    if found := _STATUS.search(said):
        return Receipt(address.named, Reached.GAGAL, f"dijawab {found[1] or found[2]}")
    if _NEVER_LEFT.search(said):
        return Receipt(address.named, Reached.GAGAL, "tidak terjangkau")
    return Receipt(address.named, Reached.TIDAK_PASTI, "tidak memberi jawaban yang jelas")


def _asset(apprise: Any) -> Any:
    """No picture and no address of Apprise's own in what staff read."""
    return apprise.AppriseAsset(
        app_id="Siar",
        app_desc="Siar",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        secure_logging=True,
    )


_heard = threading.local()


class _Deaf(logging.Filter):
    """Lets nothing of Apprise into any log; what it says while sending is looked at here only."""

    def filter(self, record: logging.LogRecord) -> bool:
        lines: list[str] | None = getattr(_heard, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())
        return False


_DEAF = _Deaf()


def _quiet_apprise() -> Any:
    """Apprise, imported on first use: it is slow to import, and most processes never send."""
    import apprise

    log = logging.getLogger("apprise")
    if _DEAF not in log.filters:
        log.addFilter(_DEAF)
        log.setLevel(logging.DEBUG)
        # The lines of its debug level name the path, which for some services is the secret.
        logging.getLogger("urllib3").setLevel(logging.INFO)
    return apprise


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _masked(nip: str) -> str:
    return f"…{nip[-4:]}"


__all__ = [
    "Address",
    "AddressBook",
    "Message",
    "Notifier",
    "Reached",
    "Receipt",
    "is_address_like",
    "is_understood",
    "scheme_of",
]
