"""What a channel's health asks of people: nothing, something soon, or something now.

`siar doctor` and the daily check read it the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.base import Connector, Health

# A new token takes an office some days: whoever may make it can be on leave.
EXPIRY_WARNING = timedelta(days=14)


class Need(StrEnum):
    """How much a person is needed."""

    NOTHING = "baik"
    SOON = "segera"
    NOW = "sekarang"


@dataclass(frozen=True, slots=True)
class Checked:
    """One channel as it stood when it was looked at."""

    code: str
    label: str
    health: Health
    need: Need
    days_left: int | None = None

    @property
    def sentence(self) -> str:
        """What there is to say: state, rights, quota, and when the credential ends."""
        notes = list(self.health.facts)
        if self.days_left is not None:
            notes.append(_ending(self.days_left))
        said = self.health.sentence
        return f"{said.rstrip('.')} ({'; '.join(notes)})." if notes else said


def check_all(connectors: Iterable[Connector], now: datetime) -> list[Checked]:
    """Look at all channels side by side; none of them can keep the others waiting or fail them."""
    wanted = list(connectors)
    if not wanted:
        return []
    with ThreadPoolExecutor(max_workers=len(wanted), thread_name_prefix="periksa") as pool:
        return list(pool.map(lambda one: _checked(one, now), wanted))


def need_of(health: Health, now: datetime) -> Need:
    """Whether a person has to do something for this channel, and how soon."""
    if not health.ok:
        return Need.NOW
    if health.expires_at is not None and health.expires_at - now < EXPIRY_WARNING:
        return Need.SOON if health.expires_at > now else Need.NOW
    return Need.NOTHING


def _checked(connector: Connector, now: datetime) -> Checked:
    try:
        health = connector.check()
    except Exception as error:  # a fault of ours must not hide the other channels
        health = Health(
            connector.channel,
            ok=False,
            sentence=f"{connector.label} tidak dapat diperiksa ({type(error).__name__}).",
            action="Jalankan `siar doctor`; bila berulang, laporkan kepada pengembang.",
        )
    left = None if health.expires_at is None else (health.expires_at - now).days
    return Checked(connector.channel, connector.label, health, need_of(health, now), left)


def _ending(days: int) -> str:
    if days < 0:
        return "masa berlakunya sudah lewat"
    return f"berlaku {days} hari lagi" if days else "berakhir hari ini"
