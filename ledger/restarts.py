"""How often a publication's run had to be started again, and why: read from the events.

The restarts of a round are counted, so that a run which fails again and again is
started less and less, and a person can read in the record what it failed of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ledger.models import Event
from ledger.work import Work

RESTARTED = "run-dijalankan-kembali"
SLOWED_DOWN = "pemulihan-dijarangkan"
BLOCKED = "pemulihan-tertahan"

_ROUND = "putaran_id"


def record_restart(
    work: Work, publication_id: str, round_id: str, reason: str, *, run_id: str
) -> None:
    """Say that the run is being started again, and why."""
    said = {_ROUND: round_id, "alasan": reason, "run": run_id}
    work.record(publication_id, RESTARTED, said)


def restarts_of(work: Work, publication_id: str, round_id: str) -> list[datetime]:
    """When the run was started again during this round (UTC), the first one first."""
    return [at for at, _ in _told(work, publication_id, round_id, RESTARTED)]


def record_once(work: Work, publication_id: str, round_id: str, kind: str, reason: str) -> None:
    """Say why nothing is started (`SLOWED_DOWN`, `BLOCKED`), once per round and reason."""
    told = _told(work, publication_id, round_id, kind)
    if all(said.get("alasan") != reason for _, said in told):
        work.record(publication_id, kind, {_ROUND: round_id, "alasan": reason})


def _told(
    work: Work, publication_id: str, round_id: str, kind: str
) -> Iterator[tuple[datetime, dict[str, Any]]]:
    chosen = select(Event.at, Event.data).where(Event.chain == publication_id, Event.kind == kind)
    for at, data in work.session.execute(chosen.order_by(Event.seq)):
        said = json.loads(data)
        if said.get(_ROUND) == round_id:
            yield at, said
