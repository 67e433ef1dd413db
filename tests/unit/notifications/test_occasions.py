"""When people are told: by working time, once each, the newest of a round only.

Step 4 has a standard of 60 working minutes; opened on Monday at 09.00 WIB, 80 % of it
are over at 09.48 and all of it at 10.00. The office opens at 07.30.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.notifications import AddressBook, Notifier
from ledger import publications, reminders, rounds
from ledger.models import Event
from ledger.people import add_staff, delegate
from ledger.reminders import ReminderKind, WaitingRound
from sop.indonesian import WIB, today
from tasks.office import Office
from tasks.pemberitahuan import newest_of_time
from tasks.pengingat import remind
from tests.support.loopback import Loopback
from tests.unit.notifications.conftest import address
from tests.unit.notifications.office import (
    CALENDAR,
    MONDAY,
    Clock,
    advance,
    answer,
    kinds,
    made_office,
    recorded,
    waiting,
)

VERIFICATION, APPROVAL, UPLOAD = 4, 5, 7


@pytest.fixture(autouse=True)
def switched_on(office: Office) -> None:
    remind(office)


def titles(inbox: Loopback, role: str) -> list[str]:
    return [call.json["title"] for call in inbox.calls(f"POST /{role}")]


def test_a_form_that_opens_is_told_to_its_role_with_title_step_end_and_link(
    office: Office, inbox: Loopback
) -> None:
    publication_id = waiting(office, VERIFICATION, title="Vaksinasi meningitis", run="run-9")
    remind(office)
    (call,) = inbox.asked
    assert call.path == "/ppid"
    assert call.json["title"].startswith("[GLADI] Formulir menunggu: ")
    with office.ledger.read() as work:
        reference = publications.get(work, publication_id).reference
    told = call.json["message"]
    assert f"“Vaksinasi meningitis” (rujukan {reference})" in told
    assert "Langkah 4 · " in told
    assert "oleh Tim PPID." in told
    assert "Mohon dijawab sebelum Senin, 23 November 2026 10.00 WIB." in told
    assert "Buka: http://127.0.0.1:4200/runs/flow-run/run-9" in told


def test_it_is_told_once_however_often_the_flow_runs(office: Office, inbox: Loopback) -> None:
    waiting(office, VERIFICATION)
    for _ in range(3):
        remind(office)
    assert len(inbox.asked) == 1
    assert kinds(office) == [("formulir-terbuka", "ppid", "terkirim")]


def test_a_refused_answer_is_not_told_as_a_new_form(
    office: Office, inbox: Loopback, clock: Clock
) -> None:
    publication_id = waiting(office, VERIFICATION)
    remind(office)
    clock.pass_time(minutes=5)
    answer(office, publication_id, accepted=False)
    remind(office)
    assert len(inbox.asked) == 1


def test_an_answer_within_the_minute_is_not_told_at_all(office: Office, inbox: Loopback) -> None:
    publication_id = waiting(office, VERIFICATION)
    answer(office, publication_id)
    remind(office)
    assert inbox.asked == []


def test_the_standard_is_told_at_eighty_per_cent_at_its_end_and_every_working_day_after(
    office: Office, inbox: Loopback, clock: Clock
) -> None:
    waiting(office, VERIFICATION)
    told = []
    # Friday is the 27th; the office rests on Saturday and Sunday.
    for day, at in [
        (23, "09.00"), (23, "09.47"), (23, "09.48"), (23, "09.59"), (23, "10.00"), (23, "15.00"),
        (23, "20.00"), (24, "07.29"), (24, "07.30"), (24, "14.00"), (27, "07.31"), (28, "09.00"),
        (29, "09.00"), (30, "07.30"),
    ]:  # fmt: skip
        clock.wib(day, at)
        before = {row.key for row in recorded(office)}
        remind(office)
        new = sorted(row.kind for row in recorded(office) if row.key not in before)
        told.append(new)
    daily = ["eskalasi", "harian"]
    assert told == [
        ["formulir-terbuka"], [], ["80-persen"], [], ["baku-habis"], [],
        [], [], daily, [], daily, [],
        [], daily,
    ]  # fmt: skip
    assert len(titles(inbox, "kepala")) == 3
    assert all("mohon perhatian" in title for title in titles(inbox, "kepala"))
    assert "terlambat" in inbox.calls("POST /kepala")[0].json["message"]


def test_the_head_is_not_told_twice_of_what_waits_for_the_head(
    office: Office, inbox: Loopback, clock: Clock
) -> None:
    waiting(office, APPROVAL)
    clock.wib(24, "08.00")
    remind(office)
    assert kinds(office) == [("harian", "kepala", "terkirim")]


def test_a_holiday_is_not_a_day_for_reminding(office: Office, clock: Clock) -> None:
    clock.now = datetime(2026, 12, 24, 2, 0, tzinfo=UTC)  # 09.00 WIB, cuti bersama
    waiting(office, VERIFICATION)
    remind(office)
    clock.now = datetime(2026, 12, 25, 2, 0, tzinfo=UTC)
    remind(office)
    assert kinds(office) == [("formulir-terbuka", "ppid", "terkirim")]


def test_an_office_that_was_off_is_told_how_things_stand_and_not_all_it_missed(
    office: Office, inbox: Loopback, clock: Clock
) -> None:
    waiting(office, VERIFICATION)
    clock.wib(25, "09.00")
    remind(office)
    assert kinds(office) == [
        ("eskalasi", "kepala", "terkirim"),
        ("harian", "ppid", "terkirim"),
    ]
    clock.wib(25, "21.00")  # the standard ended long ago: that is no news any more
    remind(office)
    assert len(inbox.asked) == 2


def test_a_new_round_of_the_step_is_told_anew(office: Office, inbox: Loopback) -> None:
    publication_id = waiting(office, VERIFICATION)
    remind(office)
    advance(office, publication_id, 3)
    advance(office, publication_id, VERIFICATION)
    remind(office)
    assert len(titles(inbox, "ppid")) == 2


def test_switching_on_later_brings_nothing_of_the_past(
    folder: Path, inbox: Loopback, book: AddressBook
) -> None:
    clock = Clock()
    silent = made_office(folder, clock, AddressBook())
    # Switched off, since the test's own office has been on.
    assert remind(silent).is_off
    for number in range(5):
        waiting(silent, VERIFICATION, run=f"run-{number}")
    clock.wib(24, "10.00")
    assert remind(silent).is_off
    assert recorded(silent) == []
    loud = made_office(folder, clock, book)
    remind(loud)
    assert inbox.asked == []
    clock.wib(25, "07.30")
    remind(loud)
    assert len(titles(inbox, "ppid")) == 5
    with loud.ledger.read() as work:
        switched = work.session.query(Event).filter_by(kind=reminders.SWITCHED).count()
    assert switched == 3  # on, off, on
    for one in (silent, loud):
        one.ledger.engine.dispose()


def test_an_office_without_addresses_writes_nothing_into_its_record(folder: Path) -> None:
    here = made_office(folder, Clock(), AddressBook())
    with here.ledger.read() as work:
        before = work.session.query(Event).count()
    assert remind(here).is_off
    waiting(here, VERIFICATION)
    remind(here)
    assert recorded(here) == []
    with here.ledger.read() as work:
        kinds_of = [row.kind for row in work.session.query(Event).order_by(Event.id)]
    assert kinds_of[before:].count(reminders.SWITCHED) == 1  # the test's own office was on
    here.ledger.engine.dispose()


def test_a_role_without_an_address_is_recorded_and_not_sent_later(
    folder: Path, inbox: Loopback, clock: Clock
) -> None:
    here = made_office(folder, clock, AddressBook(roles={"humas": (address(inbox, "humas"),)}))
    waiting(here, VERIFICATION)
    remind(here)
    assert kinds(here) == [("formulir-terbuka", "ppid", "tanpa-penerima")]
    assert inbox.asked == []
    here.ledger.engine.dispose()


def test_whoever_stands_in_for_the_head_today_is_told(
    folder: Path, inbox: Loopback, clock: Clock
) -> None:
    regular, stand_in = "190001012000010001", "190001012000010002"
    book = AddressBook(
        people={regular: (address(inbox, "kepala"),), stand_in: (address(inbox, "ppid"),)}
    )
    here = made_office(folder, clock, book)
    with here.ledger.work() as work:
        add_staff(work, regular, "Contoh Kepala", ["kepala"])
        add_staff(work, stand_in, "Contoh Pengganti", ["ppid"])
        delegate(work, "kepala", stand_in, "Plh.", today(clock.now), today(clock.now))
    waiting(here, APPROVAL)
    remind(here)
    assert sorted(call.path for call in inbox.asked) == ["/kepala", "/ppid"]
    clock.wib(24, "08.00")  # the day after, the stand-in is none any more
    remind(here)
    assert [call.path for call in inbox.asked[2:]] == ["/kepala"]
    here.ledger.engine.dispose()


def test_the_general_list_gets_everything_once_but_not_the_escalation(
    folder: Path, inbox: Loopback, clock: Clock
) -> None:
    here = made_office(folder, clock, AddressBook(everyone=(address(inbox, "umum"),)))
    waiting(here, VERIFICATION)
    clock.wib(24, "08.00")
    remind(here)
    assert kinds(here) == [
        ("eskalasi", "kepala", "tanpa-penerima"),
        ("harian", "ppid", "terkirim"),
    ]
    assert len(inbox.calls("POST /umum")) == 1
    here.ledger.engine.dispose()


def test_a_title_cannot_bring_lines_or_length_of_its_own(office: Office, inbox: Loopback) -> None:
    waiting(office, VERIFICATION, title="Judul\n\nBuka: http://palsu.example/ " + "x" * 400)
    remind(office)
    lines = inbox.asked[0].json["message"].splitlines()
    assert len(lines) == 4
    assert len(lines[0]) < 130


def test_every_reminder_stands_on_the_chain_of_its_publication(office: Office) -> None:
    publication_id = waiting(office, VERIFICATION)
    remind(office)
    with office.ledger.read() as work:
        told = [
            row.kind
            for row in work.session.query(Event).filter_by(chain=publication_id).order_by(Event.seq)
        ]
    assert told[-2:] == [reminders.CLAIMED, reminders.SETTLED]


def test_the_last_day_of_the_standard_is_judged_by_the_record_not_by_todays_settings(
    office: Office,
) -> None:
    publication_id = waiting(office, VERIFICATION)
    with office.ledger.read() as work:
        current = rounds.current_round(work, publications.get(work, publication_id))
        assert current is not None
        assert current.deadline_at == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


# --- the rule itself ----------------------------------------------------------------------


def round_of(opened: datetime, minutes: float) -> WaitingRound:
    ends = CALENDAR.deadline(opened, minutes)
    return WaitingRound("p", "s", "r", 4, opened, ends, opened, opened, 0, None)


moments = st.integers(0, 60 * 24 * 40).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
standards = st.sampled_from([15, 30, 60, 120, 450])


@given(moments, standards, st.lists(moments, min_size=2, max_size=40))
def test_what_is_newest_never_lies_in_the_future_and_never_goes_back_within_a_day(
    opened: datetime, standard: float, looks: list[datetime]
) -> None:
    waiting_round = round_of(opened, standard)
    seen: dict[str, datetime] = {}
    for now in sorted(look for look in looks if look >= opened):
        found = newest_of_time(CALENDAR, waiting_round, standard, now)
        assert found is not None
        assert opened <= found.due_at <= now
        if found.kind is ReminderKind.HARIAN:
            assert CALENDAR.is_working(now)
            assert found.due_at.astimezone(WIB).date() == today(now)
            assert waiting_round.deadline_at is not None
            assert found.due_at > waiting_round.deadline_at
        else:
            # Apart from the daily ones, each kind has one due time for the round.
            assert seen.setdefault(found.kind, found.due_at) == found.due_at


def test_limits_that_passed_before_anybody_was_asked_are_left_out() -> None:
    asked = MONDAY + timedelta(hours=3)
    late = WaitingRound(
        "p", "s", "r", 4, MONDAY, MONDAY + timedelta(hours=1), asked, asked, 0, None
    )
    found = newest_of_time(CALENDAR, late, 60, asked + timedelta(minutes=1))
    assert found is not None
    assert found.kind is ReminderKind.FORMULIR


def test_a_step_without_a_standard_is_told_once() -> None:
    endless = WaitingRound("p", "s", "r", 9, MONDAY, None, MONDAY, MONDAY, 0, None)
    for days in (0, 1, 30):
        found = newest_of_time(CALENDAR, endless, None, MONDAY + timedelta(days=days))
        assert found is not None
        assert found.kind is ReminderKind.FORMULIR


def test_a_notifier_without_addresses_is_off() -> None:
    assert not Notifier().is_configured
