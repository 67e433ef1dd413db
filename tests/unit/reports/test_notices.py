"""The head is told that a report waits: once, and once a week, never twice."""

from __future__ import annotations

from pathlib import Path

from connectors.notifications import AddressBook
from ledger import reports
from ledger.reminders import ReminderOutcome
from tasks.office import Office
from tasks.pembacaan import open_reading
from tasks.pemberitahuan_laporan import tell_of_reports
from tasks.pengingat import remind
from tests.support.loopback import Loopback, Reply
from tests.unit.notifications.office import Clock, made_office
from tests.unit.reports.office import kept_report, last_event, read

SENT = ReminderOutcome.TERKIRIM


def waiting_report(office: Office) -> str:
    report_id = kept_report(office)
    open_reading(office, report_id, "laporan")
    return report_id


def titles(inbox: Loopback, name: str = "kepala") -> list[str]:
    return [call.json["title"] for call in inbox.calls(f"POST /{name}")]


def test_a_report_that_waits_is_told_once_to_the_head_only(office: Office, inbox: Loopback) -> None:
    remind(office)  # switches notifications on
    waiting_report(office)
    assert tell_of_reports(office) == {SENT: 1}
    assert tell_of_reports(office) == {}
    (call,) = inbox.calls("POST /kepala")
    assert call.json["title"] == "[GLADI] Laporan monev menunggu dibaca"
    assert "/runs/flow-run/run-laporan" in call.json["message"]
    assert len(inbox.asked) == 1
    assert last_event(office, reports.NOTIFIED)["hasil"] == "terkirim"


def test_it_is_told_again_each_week_while_the_office_is_open(
    office: Office, inbox: Loopback, clock: Clock
) -> None:
    remind(office)
    report_id = waiting_report(office)
    tell_of_reports(office)
    clock.pass_time(days=6)
    assert tell_of_reports(office) == {}
    clock.pass_time(days=1, hours=12)
    assert not office.calendar.is_working(clock.now)
    assert tell_of_reports(office) == {}
    clock.pass_time(hours=12)
    assert tell_of_reports(office) == {SENT: 1}
    clock.pass_time(days=21)
    assert tell_of_reports(office) == {SENT: 1}
    assert titles(inbox)[1:] == ["[GLADI] Laporan monev masih menunggu dibaca"] * 2
    read(office, clock, report_id)
    clock.pass_time(days=7)
    assert tell_of_reports(office) == {}


def test_nothing_is_told_of_a_report_from_before_notifications_were_on(
    office: Office, inbox: Loopback, clock: Clock
) -> None:
    waiting_report(office)
    assert tell_of_reports(office) == {}
    clock.pass_time(hours=1)
    remind(office)
    assert tell_of_reports(office) == {}
    clock.pass_time(days=7)
    assert tell_of_reports(office) == {SENT: 1}


def test_a_report_whose_form_does_not_wait_is_not_told(office: Office, inbox: Loopback) -> None:
    remind(office)
    kept_report(office)
    assert tell_of_reports(office) == {}
    assert inbox.asked == []


def test_a_failing_address_is_recorded_and_not_tried_again(office: Office, inbox: Loopback) -> None:
    inbox.answer("POST /kepala", Reply(500), Reply(200))
    remind(office)
    waiting_report(office)
    assert tell_of_reports(office) == {ReminderOutcome.GAGAL: 1}
    assert tell_of_reports(office) == {}
    assert "dijawab 500" in last_event(office, reports.NOTIFIED)["keterangan"]


def test_without_addresses_nothing_is_claimed(folder: Path, clock: Clock) -> None:
    here = made_office(folder, clock, AddressBook())
    report_id = waiting_report(here)
    assert tell_of_reports(here) == {}
    with here.ledger.read() as work:
        assert reports.get(work, report_id).notified == 0
    here.ledger.engine.dispose()
