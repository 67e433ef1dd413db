"""Who may say that a report was read, what that ends, and what a refusal leaves."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger import people, publications, reports
from ledger.verify import verify
from sop.indonesian import today
from sop.load import parse
from tasks.case import past_rounds
from tasks.office import Office
from tasks.opening import REOPENED
from tasks.pembacaan import READ, damaged_files, open_reading, reader_of, receive_reading
from tests.unit.notifications.office import SOP, Clock, waiting
from tests.unit.reports.office import (
    NIP,
    answered,
    at_step_9,
    code,
    head,
    kept_report,
    last_event,
    placed,
    read,
)


def status(office: Office, publication_id: str) -> str:
    with office.ledger.read() as work:
        return publications.get(work, publication_id).status


def test_a_reading_ends_what_stood_at_step_9_and_nothing_else(office: Office, clock: Clock) -> None:
    done = at_step_9(office, "run-1")
    under_way = waiting(office, 4, run="run-2")
    clock.pass_time(hours=1)
    report_id = kept_report(office)
    read(office, clock, report_id)

    assert (status(office, done), status(office, under_way)) == ("selesai", "berjalan")
    with office.ledger.read() as work:
        publication = publications.get(work, done)
        rounds = past_rounds(office, work, publication, SOP)
        assert publication.finished_at == work.now
        assert publication.assignment is not None
        assert publication.assignment["laporan"]["id"] == report_id
        assert last_event(office, reports.READ)["selesai"] == [publication.reference]
    assert (rounds[-1].step_no, rounds[-1].outcome) == (9, "selesai")
    assert rounds[-1].person == "Pejabat Contoh 90"


def test_what_came_to_step_9_after_the_period_waits_for_the_next_report(
    office: Office, clock: Clock
) -> None:
    before = at_step_9(office, "run-1")
    clock.pass_time(days=1)
    yesterday = today(clock.now) - timedelta(days=1)
    after = at_step_9(office, "run-2")
    report_id = kept_report(office, first=yesterday, last=yesterday)
    clock.pass_time(hours=1)
    read(office, clock, report_id)
    assert (status(office, before), status(office, after)) == ("selesai", "berjalan")


def test_what_came_to_step_9_after_the_report_was_made_is_not_in_it(
    office: Office, clock: Clock
) -> None:
    report_id = kept_report(office)
    clock.pass_time(minutes=1)
    after = at_step_9(office, "run-1")
    read(office, clock, report_id)
    assert status(office, after) == "berjalan"


def test_an_altered_publication_is_left_and_named_and_keeps_no_other(
    folder: Path, office: Office, clock: Clock
) -> None:
    altered, sound = at_step_9(office, "run-1"), at_step_9(office, "run-2")
    clock.pass_time(hours=1)
    report_id = kept_report(office)
    change = "UPDATE publications SET title = :title WHERE id = :id"
    with office.ledger.engine.connect() as connection, connection.begin():
        connection.execute(text(change), {"title": "Lain", "id": altered})
    read(office, clock, report_id)
    assert (status(office, altered), status(office, sound)) == ("berjalan", "selesai")
    assert len(last_event(office, reports.READ)["dilewati"]) == 1
    (problem,) = verify(office.ledger)
    assert problem.row == altered
    with office.ledger.engine.connect() as connection, connection.begin():
        connection.execute(text(change), {"title": "Vaksinasi", "id": altered})


def test_a_refusal_ends_nothing_and_gives_back_what_was_typed(office: Office, clock: Clock) -> None:
    publication_id = at_step_9(office, "run-1")
    clock.pass_time(hours=1)
    report_id = kept_report(office)
    name, secret = head(office)
    verdict = answered(
        office, report_id, petugas=name, kode="000000", catatan="Percepat\nlangkah 3."
    )
    assert not verdict.accepted
    form = open_reading(office, report_id, "laporan")
    assert "Belum dapat diterima" in form.description
    assert "Kode tidak cocok" in form.description
    assert form.model.model_json_schema()["properties"]["catatan"]["default"] == (
        "Percepat\nlangkah 3."
    )
    assert status(office, publication_id) == "berjalan"
    answer = {"petugas": name, "kode": code(secret, clock), "dibaca": READ}
    assert receive_reading(office, report_id, form.key, answer).accepted
    # A code counts once, and a report is read once.
    assert not receive_reading(office, report_id, form.key, answer).accepted


@pytest.mark.parametrize(
    ("role", "fields", "sentence"),
    [
        ("ppid", {}, "tidak memegang peran Kepala Balai"),
        ("kepala", {"dibaca": "belum"}, "pilihan itu tidak tersedia"),
        ("kepala", {"dibaca": ""}, "masih kosong"),
        ("kepala", {"catatan": "x" * 200_000}, "terlalu panjang"),
        ("kepala", {"catatan": ["daftar"]}, "harus berupa teks"),
        ("kepala", {"kode": ""}, "masih kosong"),
    ],
)
def test_only_a_whole_answer_of_the_head_counts(
    office: Office, clock: Clock, role: str, fields: dict[str, object], sentence: str
) -> None:
    report_id = kept_report(office)
    name, secret = head(office, role=role)
    given = {"petugas": name, "kode": code(secret, clock), **fields}
    verdict = answered(office, report_id, **given)
    assert not verdict.accepted
    assert any(sentence in reason for reason in verdict.reasons), verdict.reasons
    assert last_event(office, reports.REFUSED)["alasan"] == list(verdict.reasons)


def test_an_acting_head_may_read_it_on_the_days_of_the_delegation(
    office: Office, clock: Clock
) -> None:
    report_id = kept_report(office)
    name, secret = head(office, role="subbag")
    day = today(clock.now)
    with office.ledger.work() as work:
        people.delegate(
            work, "kepala", NIP.format(number=1), "Plh.", day, day, role_name="Kepala Balai"
        )
    label = f"{name} (Plh. Kepala Balai)"
    verdict = answered(office, report_id, petugas=label, kode=code(secret, clock))
    assert verdict.accepted, verdict.reasons
    assert last_event(office, reports.READ)["petugas"] == label


def test_an_answer_to_an_earlier_form_is_stale(office: Office, clock: Clock) -> None:
    report_id = kept_report(office)
    name, secret = head(office)
    earlier = open_reading(office, report_id, "laporan")
    later = open_reading(office, report_id, "laporan")
    assert REOPENED[:30] in later.description
    answer = {"petugas": name, "kode": code(secret, clock), "dibaca": READ}
    assert not receive_reading(office, report_id, earlier.key, answer).accepted
    assert receive_reading(office, report_id, later.key, answer).accepted


def test_the_form_says_so_when_nobody_may_answer_it(office: Office) -> None:
    form = open_reading(office, kept_report(office), "laporan")
    assert "Belum ada pemegang peran Kepala Balai" in form.description


def test_the_reader_is_whom_the_sop_in_force_names(office: Office) -> None:
    other = parse(SOP.source.replace('kepala = "Kepala Balai"', 'kepala = "Direktur"'), name="lain")
    assert reader_of(other).name == "Direktur"
    form = open_reading(placed(office, sop=other), kept_report(office), "laporan")
    assert "peran Direktur" in form.description


def test_files_that_vanished_or_changed_are_found(office: Office, tmp_path: Path) -> None:
    here = placed(office, reports_root=tmp_path / "laporan")
    folder = tmp_path / "laporan" / "2026" / "khusus"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text("isi", encoding="utf-8")
    (folder / "b.md").write_text("isi", encoding="utf-8")
    digest = hashlib.sha256(b"isi").hexdigest()
    with office.ledger.read() as work:
        report = reports.get(work, kept_report(office))
    report.files = {"a.md": digest, "b.md": digest, "c.md": digest}
    assert damaged_files(here, report) == ["c.md"]
    (folder / "b.md").write_text("lain", encoding="utf-8")
    assert damaged_files(here, report) == ["b.md", "c.md"]
