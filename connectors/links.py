"""Do the addresses in a text answer? Asked side by side, and never waited for for long.

The next form waits for these answers, so all of them together get `PATIENCE_SECONDS`.
An address that has not answered by then is not called broken: nobody knows yet.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

import httpx

PATIENCE_SECONDS: Final = 1.5
# Longer than anybody waits here: an answer that is late is "not yet", not "none".
_REQUEST_SECONDS: Final = 4.0
_SIDE_BY_SIDE: Final = 8
_MOST_REDIRECTS: Final = 8
_making = threading.Lock()


class Asking:
    """Addresses being asked, from the moment this is made."""

    def __init__(
        self,
        ask: Callable[[str], int | None],
        addresses: Iterable[str],
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._ask = ask
        self._waiting = deque(dict.fromkeys(addresses))
        self._wanted = len(self._waiting)
        self._answers: dict[str, int | None] = {}
        self._answered = threading.Condition()
        self._until = time.monotonic() + patience
        for _ in range(min(_SIDE_BY_SIDE, self._wanted)):
            # Whoever still waits for a dead address must not keep the process from ending.
            threading.Thread(target=self._ask_on, daemon=True).start()

    def answers(self) -> dict[str, int | None]:
        """What has been answered when all have, or when the patience is at its end.

        A status, or None where the address surely cannot be reached; an address that
        has not answered yet is not among them.
        """
        with self._answered:
            while len(self._answers) < self._wanted:
                left = self._until - time.monotonic()
                if left <= 0 or not self._answered.wait(left):
                    break
            self._waiting.clear()
            return dict(self._answers)

    def _ask_on(self) -> None:
        while True:
            try:
                address = self._waiting.popleft()
            except IndexError:
                return
            try:
                status = self._ask(address)
            except Exception:
                # Whatever one address does to us must not leave the others unasked.
                status = None
            with self._answered:
                self._answers[address] = status
                self._answered.notify_all()


def link_status(address: str) -> int | None:
    """A link's HTTP status; None when it cannot be reached. Nothing is sent but the request.

    Some servers answer HEAD falsely, so a refusal is asked again with GET, of
    which only the head is read.
    """
    try:
        status = _client().head(address).status_code
        if status >= httpx.codes.BAD_REQUEST:
            with _client().stream("GET", address) as answer:
                return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        # ValueError: what the IDNA encoder says about a host that can be none.
        return None
    return status


def _client() -> httpx.Client:
    with _making:
        return _made_client()


@cache
def _made_client() -> httpx.Client:
    """One for all addresses: reading the list of trusted authorities takes long."""
    return httpx.Client(
        timeout=_REQUEST_SECONDS,
        follow_redirects=True,
        max_redirects=_MOST_REDIRECTS,
        headers={"User-Agent": "Siar (pemeriksa tautan)"},
    )
