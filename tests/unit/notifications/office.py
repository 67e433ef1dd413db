"""An office whose publications wait for people, without a run: real record, clock to move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.notifications import AddressBook, Notifier
from deployments.locks import FileLocks
from ledger import forms, publications, rounds
from ledger.db import open_engine
from ledger.models import Answer, Reminder, Round
from ledger.vault import Vault
from ledger.work import Ledger, Work
from sop.calendar import OfficeCalendar
from sop.load import find
from tasks.answering import move_to
from tasks.case import publication_in
from tasks.office import Office
from tests.contract.material import MemoryBlobs

SOP = find("OT.02.02/1/229/2022")
CALENDAR = OfficeCalendar.load()
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 09.00 WIB, a day like any other
UI = "http://127.0.0.1:4200"


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)

    def wib(self, day: int, clock: str) -> None:
        """A time in WIB on a day of November 2026."""
        hour, minute = map(int, clock.split("."))
        self.now = datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


def made_office(folder: Path, clock: Clock, book: AddressBook, **settings: Any) -> Office:
    """The office over the record in `folder`."""
    engine = open_engine(f"sqlite:///{folder / 'siar.db'}")
    return Office(
        ledger=Ledger(engine, clock=clock, vault=Vault.open(folder / "kunci")),
        blobs=MemoryBlobs(),
        sop=SOP,
        calendar=CALENDAR,
        connectors={},
        manual_channels=frozenset(),
        intake_root=folder,
        archive_root=folder / "arsip",
        units=("Tim Kerja 1",),
        own_domains=frozenset(),
        clock=clock,
        locks=FileLocks(folder / "kunci-publikasi"),
        link_status=lambda _address: 200,
        settling=timedelta(seconds=20),
        rehearsal=True,
        notifier=Notifier(book, timeout=settings.pop("timeout", 8.0)),
        ui_address=UI,
        **settings,
    )


def waiting(office: Office, step: int, *, title: str = "Vaksinasi", run: str = "run-1") -> str:
    """A publication whose form at this step waits; its id."""
    with office.ledger.work() as work:
        return waiting_in(office, work, step, title=title, run=run)


def waiting_in(office: Office, work: Work, step: int, *, title: str, run: str) -> str:
    """The same inside a transaction that is already open."""
    row = publications.open_publication(
        work,
        flow_run_id=run,
        sop=SOP,
        title=title,
        unit="Tim Kerja 1",
        classification="berkala",
        facts={},
        folder="",
        channels=["website"],
        wanted_at=None,
        rehearsal=True,
        first_step=step,
    )
    move_to(office, work, row, SOP, step)
    current = rounds.current_round(work, row)
    assert current is not None
    forms.open_form(work, current, run, "", {})
    return row.id


def answer(office: Office, publication_id: str, *, accepted: bool = True) -> None:
    """Answer the waiting form; the round stays open, and a refused answer is asked again."""
    with office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        form = forms.waiting_form(work, publication)
        assert form is not None
        kept: Answer = forms.record_answer(
            work,
            form,
            named_person="Contoh",
            staff_id=None,
            accepted=accepted,
            reasons=[] if accepted else ["Kode salah."],
            fields={},
        )
        if not accepted:
            current = work.session.get_one(Round, kept.round_id)
            forms.open_form(work, current, "run", "", {})


def advance(office: Office, publication_id: str, to_step: int) -> None:
    """Close the round, open the next step and its form."""
    with office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        current = rounds.current_round(work, publication)
        assert current is not None
        rounds.close_round(work, current, "selesai")
        move_to(office, work, publication, SOP, to_step)
        opened = rounds.current_round(work, publication)
        assert opened is not None
        forms.open_form(work, opened, "run", "", {})


def recorded(office: Office) -> list[Reminder]:
    """Every reminder of the record, in the order in which they were due."""
    with office.ledger.read() as work:
        return list(work.session.query(Reminder).order_by(Reminder.due_at, Reminder.kind))


def kinds(office: Office) -> list[tuple[str, str, str]]:
    """Kind, role and outcome of each."""
    return [(row.kind, row.role, row.outcome) for row in recorded(office)]
