"""What a task may use, wired once per process by the composition root.

Tasks never build an engine, a connector or a clock: `deployments.wiring` does and
hands the result over with `install`. A process in which nobody did so cannot
publish anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from archive import Retention
from connectors.base import Connector
from connectors.notifications import Notifier
from ledger.work import Ledger
from monev.model import Letterhead
from sop.calendar import OfficeCalendar
from sop.manuscript import BlobStore
from sop.model import Sop
from tasks.patience import Patience

_PLAIN_PAPER = Letterhead("", "", "", "", "", "", "", "", "", "", rehearsal=False)


class Exclusive(Protocol):
    """Locks that die with their holder: one process at a time per publication.

    `place` names how far they reach: of one place, only one process holds a lock.
    """

    @property
    def place(self) -> str: ...

    def acquire(self, name: str) -> bool:
        """Take the lock for the life of this process; False when another holds it."""
        ...

    def release(self, name: str) -> None:
        """Give the lock back before the process ends."""
        ...

    def is_free(self, name: str) -> bool:
        """Whether nobody holds it now."""
        ...

    def tidy(self) -> None:
        """Forget what was kept about locks that nobody has used for long."""
        ...


@dataclass(frozen=True)
class Office:
    """One office: its record, its SOP in force, its calendar, channels and folders.

    `link_status` answers a link's HTTP status, or None when it cannot be reached.
    `settling` is how long a run may stand without a process before it counts as dead;
    `patience` says how deliveries wait. `retention` is the office's own schedule (JRA).
    `notifier` tells people outside of the forms; `ui_address` is where they open a run.
    """

    ledger: Ledger
    blobs: BlobStore
    sop: Sop
    calendar: OfficeCalendar
    connectors: Mapping[str, Connector]
    manual_channels: frozenset[str]
    intake_root: Path
    archive_root: Path
    units: tuple[str, ...]
    own_domains: frozenset[str]
    clock: Callable[[], datetime]
    locks: Exclusive
    link_status: Callable[[str], int | None]
    settling: timedelta
    rehearsal: bool
    patience: Patience = field(default_factory=Patience)
    retention: tuple[Retention, ...] = ()
    notifier: Notifier = field(default_factory=Notifier)
    ui_address: str = ""
    # What stands on top of monev reports; the SOP and the head are filled in with each.
    letterhead: Letterhead = _PLAIN_PAPER
    reports_root: Path = Path("var/laporan")
    # What a report's public summary becomes on the website ("": nothing), and the website
    # as it takes each kind ("halaman", "artikel"): pages that wait keep their kind.
    public_summary: str = ""
    summary_channels: Mapping[str, Connector] = field(default_factory=dict)
    website_address: str = ""

    @property
    def channel_labels(self) -> dict[str, str]:
        """Channel code to the name that staff know, website first."""
        return {code: connector.label for code, connector in self.connectors.items()}

    @property
    def shows_summaries(self) -> bool:
        """Whether the head is asked to show each report's summary to the public."""
        return self.public_summary in self.summary_channels


_provider: Callable[[], Office] | None = None
_office: Office | None = None


def show_life(here: Office, flow_run_id: object) -> None:
    """Let others see, until this process ends, that somebody carries this run out."""
    here.locks.acquire(_life_of(flow_run_id))


def is_carried_out(here: Office, flow_run_id: object) -> bool:
    """Whether a living process carries this run out, wherever the locks reach."""
    return not here.locks.is_free(_life_of(flow_run_id))


def _life_of(flow_run_id: object) -> str:
    return f"run-{flow_run_id}"


def install(provider: Callable[[], Office]) -> None:
    """Name the function that builds this process's office on first use."""
    global _provider, _office
    _provider, _office = provider, None


def office() -> Office:
    """This process's office."""
    global _office  # noqa: PLW0603
    if _office is None:
        if _provider is None:
            raise RuntimeError("kantor belum dirangkai: jalankan lewat deployments.entrypoints")
        _office = _provider()
    return _office
