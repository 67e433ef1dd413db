"""What can go wrong at a channel, sorted by what may be done next.

    ChannelError
    ├── Sementara          nothing was published; trying again later is safe
    │   └── Dibatasi       … and the channel says, or we know, when (429, quota)
    ├── Ditolak            nothing was published, and the same request never will be
    ├── PerluOtorisasi     nothing was published; a person must mend the account
    └── TidakPasti         it may have been published: read before any resend

Every error carries a sentence that says what happened (`sentence`) and one that
says what to do (`action`), both Indonesian, both free of secrets. `str(error)`
is the two together. Only `TidakPasti` is never retried: no channel has an
idempotency key, so a resend without reading could publish twice.
"""

from __future__ import annotations

from datetime import datetime


class ChannelError(Exception):
    """A channel call failed. `detail` is technical, redacted, for the record."""

    def __init__(
        self,
        sentence: str,
        action: str,
        *,
        channel: str,
        status: int | None = None,
        code: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(f"{sentence} {action}")
        self.sentence = sentence
        self.action = action
        self.channel = channel
        self.status = status
        self.code = code
        self.detail = detail


class Sementara(ChannelError):
    """Nothing was published; the same call may be made again later."""


class Dibatasi(Sementara):
    """Throttled. `until` is when the channel says to come back (UTC), if it does."""

    def __init__(self, *args: str, until: datetime | None = None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.until = until


class Ditolak(ChannelError):
    """The channel understood and refused; the content or the request must change."""


class PerluOtorisasi(ChannelError):
    """Password, token, scope, role, credit or account: a person must act first."""


class TidakPasti(ChannelError):
    """The outcome is unknown; only reading the channel can tell."""
