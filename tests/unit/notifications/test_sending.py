"""Each due reminder is sent once: through failures, silence, restarts and killed processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.notifications import AddressBook
from ledger import reminders
from ledger.reminders import ReminderKind, ReminderOutcome
from ledger.verify import verify
from tasks.office import Office
from tasks.pengingat import LEASE, Reminded, hasil_pengingat, remind
from tests.support.loopback import Loopback, Reply
from tests.support.waiting import soon
from tests.unit.notifications.conftest import address
from tests.unit.notifications.office import (
    Clock,
    kinds,
    made_office,
    recorded,
    waiting,
    waiting_in,
)

VERIFICATION, APPROVAL = 4, 5
OPEN = 1000


def test_a_server_error_is_recorded_and_not_sent_again(office: Office, inbox: Loopback) -> None:
    inbox.answer("POST /ppid", Reply(500), Reply(200))
    remind(office)
    waiting(office, VERIFICATION)
    done = remind(office)
    assert kinds(office) == [("formulir-terbuka", "ppid", "gagal")]
    assert recorded(office)[0].detail == (
        "0 dari 1 alamat; peran ppid, alamat 1 (json): dijawab 500"
    )
    assert hasil_pengingat(done).name == "Perlu tindakan"
    remind(office)
    assert len(inbox.asked) == 1


def test_a_silent_notifier_is_recorded_as_uncertain_and_soon_left_alone(
    folder: Path, inbox: Loopback, clock: Clock
) -> None:
    inbox.answer("POST /ppid", Reply(silent=True))
    here = made_office(
        folder, clock, AddressBook(roles={"ppid": (address(inbox, "ppid"),)}), timeout=0.5
    )
    remind(here)
    for number in range(20):
        waiting(here, VERIFICATION, run=f"run-{number}")
    begun = time.monotonic()
    done = remind(here)
    # The first few learn that it is silent; the rest is not wasted on it.
    assert time.monotonic() - begun < 10
    assert 1 <= done.outcomes[ReminderOutcome.TIDAK_PASTI] <= 4
    assert done.left == 20 - done.outcomes[ReminderOutcome.TIDAK_PASTI]
    inbox.ended.set()
    inbox.answer("POST /ppid", Reply(200))
    assert remind(here).outcomes == {ReminderOutcome.TERKIRIM: done.left}
    assert verify(here.ledger) == []
    here.ledger.engine.dispose()


def test_one_roles_broken_address_does_not_hold_up_another_role(
    folder: Path, inbox: Loopback, clock: Clock
) -> None:
    inbox.answer("POST /kepala", Reply(500))
    roles = {name: (address(inbox, name),) for name in ("ppid", "kepala")}
    here = made_office(folder, clock, AddressBook(roles=roles))
    remind(here)
    for number in range(10):
        waiting(here, APPROVAL, run=f"kepala-{number}")
        waiting(here, VERIFICATION, run=f"ppid-{number}")
    remind(here)
    assert len(inbox.calls("POST /ppid")) == 10
    assert len(inbox.calls("POST /kepala")) <= 4
    here.ledger.engine.dispose()


def test_who_is_reached_counts_and_who_is_not_is_named(
    folder: Path, inbox: Loopback, clock: Clock
) -> None:
    inbox.answer("POST /kepala", Reply(403))
    both = (address(inbox, "ppid"), address(inbox, "kepala"))
    here = made_office(folder, clock, AddressBook(roles={"ppid": both}))
    remind(here)
    waiting(here, VERIFICATION)
    remind(here)
    (row,) = recorded(here)
    assert row.outcome == "terkirim"
    assert row.detail == "1 dari 2 alamat; peran ppid, alamat 2 (json): dijawab 403"
    here.ledger.engine.dispose()


def test_what_a_dead_sender_had_claimed_is_settled_as_uncertain_and_not_sent(
    office: Office, inbox: Loopback, clock: Clock
) -> None:
    remind(office)
    publication_id = waiting(office, VERIFICATION)
    with office.ledger.read() as work:
        (found,) = reminders.waiting_rounds(work)
    with office.ledger.work() as work:
        claimed = reminders.claim(
            work,
            key=f"formulir-terbuka:{found.round_id}",
            kind=ReminderKind.FORMULIR,
            publication_id=publication_id,
            round_id=found.round_id,
            step_no=VERIFICATION,
            role="ppid",
            due_at=found.asked_at,
        )
        assert claimed is not None
    remind(office)  # its sender may still be alive
    assert kinds(office) == [("formulir-terbuka", "ppid", "diambil")]
    clock.now += LEASE
    remind(office)
    assert kinds(office) == [("formulir-terbuka", "ppid", "tidak-pasti")]
    assert inbox.asked == []


def test_two_senders_at_once_send_each_once(
    folder: Path, inbox: Loopback, clock: Clock, book: AddressBook
) -> None:
    offices = [made_office(folder, clock, book) for _ in range(2)]
    remind(offices[0])
    for number in range(30):
        waiting(offices[0], VERIFICATION, run=f"run-{number}")
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(remind, offices))
    assert sum(one.outcomes.get(ReminderOutcome.TERKIRIM, 0) for one in done) == 30
    references = Counter(call.json["message"].splitlines()[0] for call in inbox.asked)
    assert len(references) == 30
    assert set(references.values()) == {1}
    for one in offices:
        one.ledger.engine.dispose()


def test_a_run_stops_when_its_time_is_up_and_the_next_goes_on(
    office: Office, inbox: Loopback
) -> None:
    remind(office)
    for number in range(3):
        waiting(office, VERIFICATION, run=f"run-{number}")
    none = remind(office, budget=timedelta(0))
    assert (none.left, inbox.asked) == (3, [])
    assert "3 menyusul" in str(hasil_pengingat(none).message)
    assert remind(office).outcomes == {ReminderOutcome.TERKIRIM: 3}


@pytest.mark.parametrize(
    ("done", "name"),
    [
        (Reminded({}, is_off=True), "Tanpa penerima"),
        (Reminded({}), "Tidak ada"),
        (Reminded({ReminderOutcome.TERKIRIM: 2}), "Terkirim"),
        (Reminded({ReminderOutcome.TIDAK_PASTI: 1}), "Perlu tindakan"),
    ],
)
def test_a_run_says_in_its_name_how_it_went(done: Reminded, name: str) -> None:
    assert hasil_pengingat(done).name == name


# --- the storm ----------------------------------------------------------------------------


def start_sender(folder: Path, url: str, clock: Clock) -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parents[3]
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.unit.notifications.sender",
            str(folder),
            url,
            clock.now.isoformat(),
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


def test_a_thousand_due_reminders_go_out_once_each_though_the_sender_is_killed_twice(
    folder: Path, inbox: Loopback, clock: Clock
) -> None:
    url = address(inbox, "ppid")
    here = made_office(folder, clock, AddressBook(roles={"ppid": (url,)}))
    remind(here)
    with here.ledger.work() as work:
        for number in range(OPEN):
            waiting_in(here, work, VERIFICATION, title=f"Berita {number}", run=f"run-{number}")
    for reached in (OPEN // 4, OPEN // 2):
        sender = start_sender(folder, url, clock)
        soon(lambda reached=reached: len(inbox.asked) >= reached, "the storm", 120)
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        assert len(inbox.asked) < OPEN, "killed too late to prove anything"
    clock.now += LEASE
    last = start_sender(folder, url, clock)
    assert last.wait(timeout=240) == 0

    rows = recorded(here)
    assert len({row.key for row in rows}) == len(rows) == OPEN
    outcomes = Counter(row.outcome for row in rows)
    assert set(outcomes) <= {"terkirim", "tidak-pasti"}
    # Each kill can leave open at most what was under way at that moment.
    assert outcomes["tidak-pasti"] <= 2 * 4
    told = Counter(call.json["message"].splitlines()[0] for call in inbox.asked)
    assert set(told.values()) == {1}
    assert outcomes["terkirim"] <= len(told) <= OPEN
    assert verify(here.ledger) == []
    here.ledger.engine.dispose()
