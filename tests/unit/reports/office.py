"""A report before the head, without Prefect: what a run does, called by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pyotp

from ledger import people, reports, rounds
from ledger.models import OFFICE_CHAIN, Event
from sop.indonesian import today
from tasks.answering import Verdict, move_to
from tasks.case import publication_in
from tasks.office import Office
from tasks.pembacaan import READ, open_reading, receive_reading
from tests.unit.notifications.office import SOP, Clock, waiting

MONEV = 9
NIP = "1900010120000140{number:02d}"


def head(office: Office, number: int = 1, role: str = "kepala") -> tuple[str, str]:
    """Somebody with this role: name and secret."""
    name = f"Pejabat Contoh {number}"
    with office.ledger.work() as work:
        return name, people.add_staff(work, NIP.format(number=number), name, [role]).secret


def code(secret: str, clock: Clock) -> str:
    return pyotp.TOTP(secret).at(clock.now)


def kept_report(office: Office, *, first: date | None = None, last: date | None = None) -> str:
    """A report in the record, of today unless told otherwise; its id. Its files are not there."""
    with office.ledger.work() as work:
        day = today(work.now)
        return reports.keep(
            work,
            kind="khusus",
            first_day=first or day,
            last_day=last or day,
            as_of=work.now,
            seal_digest="",
            model_sha256="d" * 64,
            folder="2026/khusus",
            files={},
            flow_run_id="run-laporan",
        ).id


def at_step_9(office: Office, run: str) -> str:
    """A publication that waits for the report; its id."""
    publication_id = waiting(office, 8, run=run)
    with office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        current = rounds.current_round(work, publication)
        assert current is not None
        rounds.close_round(work, current, "selesai")
        move_to(office, work, publication, SOP, MONEV)
    return publication_id


def answered(office: Office, report_id: str, **fields: Any) -> Verdict:
    """Open the form and answer it with these fields."""
    form = open_reading(office, report_id, "laporan")
    return receive_reading(office, report_id, form.key, {"dibaca": READ, **fields})


def read(office: Office, clock: Clock, report_id: str) -> Verdict:
    """Have somebody who may read it."""
    name, secret = head(office, 90)
    verdict = answered(office, report_id, petugas=name, kode=code(secret, clock))
    assert verdict.accepted, verdict.reasons
    return verdict


def last_event(office: Office, kind: str) -> dict[str, Any]:
    """What the office's chain said last of this kind."""
    with office.ledger.read() as work:
        chosen = work.session.query(Event).filter_by(chain=OFFICE_CHAIN, kind=kind)
        event = chosen.order_by(Event.seq.desc()).first()
        assert event is not None
        found: dict[str, Any] = json.loads(event.data)
        return found


def placed(office: Office, **changes: Any) -> Office:
    """The same office with something else set."""
    return replace(office, **changes)
