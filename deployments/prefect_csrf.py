"""Prefect's tokens against forged requests, remembered for a minute by the server that gave them.

Prefect reads the caller's token from its database at each change that is asked for,
eighty times for one publication. A token that was read or given within the last minute
is taken from memory here; a new one replaces the old one at once. Where several servers
share a database, a token that another one replaced counts here for up to a minute more.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from prefect.server.models import csrf_token
from prefect.server.schemas.core import CsrfToken

KEPT_SECONDS = 60.0
MOST_KEPT = 1_000

Call = Callable[..., Awaitable[Any]]


class RememberedTokens:
    """Stands before Prefect's two functions of the same names."""

    def __init__(
        self, read: Call, renew: Call, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read, self._renew, self._clock = read, renew, clock
        self._kept: dict[str, tuple[float, CsrfToken]] = {}
        self._renewing: ContextVar[bool] = ContextVar("renewing", default=False)

    async def read_token_for_client(self, *, session: Any, client: str) -> CsrfToken | None:
        """This client's token; None when it has none that is valid."""
        kept = None if self._renewing.get() else self._kept.get(client)
        if kept is not None and self._clock() < kept[0]:
            return kept[1]
        return self._keep(client, await self._read(session=session, client=client))

    async def create_or_update_csrf_token(self, *, session: Any, client: str) -> CsrfToken:
        """A new token for this client; the old one is over."""
        mark = self._renewing.set(True)
        try:
            token: CsrfToken = await self._renew(session=session, client=client)
        finally:
            self._renewing.reset(mark)
        self._keep(client, token)
        return token

    def _keep(self, client: str, token: CsrfToken | None) -> CsrfToken | None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        if token is None:
            self._kept.pop(client, None)
        else:
            self._kept[client] = (self._clock() + KEPT_SECONDS, token)
        return token


def remember_tokens() -> None:
    """Have this process's Prefect server do so."""
    kept = RememberedTokens(
        csrf_token.read_token_for_client, csrf_token.create_or_update_csrf_token
    )
    csrf_token.read_token_for_client = kept.read_token_for_client
    csrf_token.create_or_update_csrf_token = kept.create_or_update_csrf_token
