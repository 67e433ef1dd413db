"""Prefect's tokens against forged requests, remembered for a minute by the server that gave them.

Prefect reads the caller's token from its database at each change that is asked for,
eighty times for one publication. A token that was read within the last minute is taken
from memory here. A renewal ends the old one at once, and for some seconds that client's
token is read each time: a reading that saw the row as it was before must not be kept.
Where several servers share a database, a token that another one replaced counts here
for up to a minute more.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from prefect.server.models import csrf_token
from prefect.server.schemas.core import CsrfToken

KEPT_SECONDS = 60.0
UNSETTLED_SECONDS = 10.0
MOST_KEPT = 1_000

Call = Callable[..., Awaitable[Any]]


class RememberedTokens:
    """Stands before Prefect's two functions of the same names."""

    def __init__(
        self, read: Call, renew: Call, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read, self._renew, self._clock = read, renew, clock
        # Client to the moment until which the token is kept, and the token.
        self._kept: dict[str, tuple[float, CsrfToken]] = {}
        # Client to the moment from which its token may be kept again.
        self._unsettled: dict[str, float] = {}

    async def read_token_for_client(self, *, session: Any, client: str) -> CsrfToken | None:
        """This client's token; None when it has none that is valid."""
        until, token = self._kept.get(client, (0.0, None))
        if token is not None and self._clock() < until:
            return token
        found: CsrfToken | None = await self._read(session=session, client=client)
        if found is not None and self._clock() >= self._unsettled.get(client, 0.0):
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[client] = (self._clock() + KEPT_SECONDS, found)
        return found

    async def create_or_update_csrf_token(self, *, session: Any, client: str) -> CsrfToken:
        """A new token for this client; the old one is over."""
        self._unsettle(client)
        try:
            token: CsrfToken = await self._renew(session=session, client=client)
        finally:
            self._unsettle(client)
        return token

    def _unsettle(self, client: str) -> None:
        now = self._clock()
        self._kept.pop(client, None)
        if len(self._unsettled) >= MOST_KEPT:
            self._unsettled = {one: at for one, at in self._unsettled.items() if at > now}
        self._unsettled[client] = now + UNSETTLED_SECONDS


def remember_tokens() -> None:
    """Have this process's Prefect server do so."""
    kept = RememberedTokens(
        csrf_token.read_token_for_client, csrf_token.create_or_update_csrf_token
    )
    csrf_token.read_token_for_client = kept.read_token_for_client
    csrf_token.create_or_update_csrf_token = kept.create_or_update_csrf_token
