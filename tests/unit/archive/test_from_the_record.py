"""From the record of a published release to its sealed bag, against the rehearsal channels."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import bagit
import pytest
from sqlalchemy import text
from warcio.archiveiterator import ArchiveIterator

from archive import ArchiveError, Retention, check
from ledger import publications, rounds
from ledger.models import Event
from tasks import archiving
from tasks.archiving import Sealed, seal_publication, unsealed
from tasks.arsip import try_to_seal
from tasks.case import publication_in, read_case
from tasks.keutuhan import BagProblem, archive_problems, end_of_events, recorded_seals
from tasks.pendokumentasian import body
from tasks.recording import record_result
from tests.unit.delivery.office import Desk

TWO = ("website", "x")


def published(desk: Desk, token: str, channels: tuple[str, ...] = TWO) -> str:
    """A publication that stands at step 8 with its posts live; its id."""
    publication_id = desk.approved(token, channels)
    for channel in channels:
        assert desk.settle(publication_id, channel).state == "published"
    with desk.office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        opened = rounds.current_round(work, publication)
        assert opened is not None
        rounds.close_round(work, opened, "selesai")
        rounds.open_round(work, publication, 8, None)
    return publication_id


def answered(desk: Desk, publication_id: str) -> None:
    """Step 8 is answered with a monev note; step 9 is open."""
    desk.clock.to(desk.clock.now + timedelta(minutes=5))
    with desk.office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        desk._answered(work, publication, 8, "ppid")
        publications.note_monev(
            work, publication, note="Tanpa kendala.", staff_id=desk.people["ppid"]
        )
        desk._close(work, publication, "selesai")
        rounds.open_round(work, publication, 9, None)


def bag_of(desk: Desk, sealed: Sealed) -> Path:
    return desk.office.archive_root / sealed.path


def found_in(desk: Desk) -> list[BagProblem]:
    return list(archive_problems(desk.office.ledger, desk.office.archive_root))


def event_kinds(desk: Desk, publication_id: str) -> list[str]:
    with desk.office.ledger.read() as work:
        rows = work.session.query(Event).filter_by(chain=publication_id).order_by(Event.seq)
        return [row.kind for row in rows]


@pytest.fixture
def sealed(desk: Desk, token: str) -> Sealed:
    publication_id = published(desk, token)
    record_result(desk.office, publication_id)
    answered(desk, publication_id)
    return seal_publication(desk.office, publication_id)


def test_bagit_validates_the_bag_and_warcio_reads_the_page_and_its_pictures_back(
    desk: Desk, sealed: Sealed, token: str
) -> None:
    bag = bag_of(desk, sealed)
    bagit.Bag(str(bag)).validate()
    assert check(desk.office.archive_root) == []
    assert found_in(desk) == []

    warc = (bag / "data/website/halaman.warc.gz").read_bytes()
    responses = {
        record.rec_headers["WARC-Target-URI"]: (
            record.http_headers.get_statuscode(),
            record.http_headers.get_header("Content-Type"),
            record.content_stream().read(),
        )
        for record in ArchiveIterator(io.BytesIO(warc), check_digests="raise")
        if record.rec_type == "response"
    }
    article = desk.row(sealed.publication_id, "website").url
    status, kind, page = responses[article]
    assert status == "200"
    assert "html" in kind
    assert token.encode() in page
    pictures = [one for one in responses.values() if one[1].startswith("image/")]
    assert pictures
    assert all(body.startswith(b"\xff\xd8") for _, _, body in pictures)


def test_the_bag_holds_what_was_approved_sent_answered_and_read_again(
    desk: Desk, sealed: Sealed, token: str
) -> None:
    data = bag_of(desk, sealed) / "data"
    row = desk.row(sealed.publication_id, "x")
    asked = json.loads((data / "saluran/x/permintaan.json").read_text())
    answer = json.loads((data / "saluran/x/jawaban.json").read_text())
    again = json.loads((data / "saluran/x/dibaca-kembali.json").read_text())
    links = json.loads((data / "saluran/x/tautan.json").read_text())
    assert asked["sidik"] == row.digest
    assert token in asked["kiriman"]["text"]
    assert answer["nomor"] == row.remote_id
    assert again["keadaan"] == "live"
    assert desk.row(sealed.publication_id, "website").url in links.values() or not links
    decisions = json.loads((data / "persetujuan/persetujuan.json").read_text())
    assert [(one["langkah"], one["keputusan"]) for one in decisions["keputusan"]] == [(5, "ya")]
    assert decisions["sidik"] == row.digest
    assert (data / "catatan-monev.txt").read_text() == "Tanpa kendala.\n"
    steps = json.loads((data / "langkah.json").read_text())
    assert [one["langkah"] for one in steps] == [3, 5, 7, 8]
    assert [one["baku_menit"] for one in steps] == [120, 30, 15, 15]


def test_no_credential_of_a_channel_is_anywhere_in_the_bag(desk: Desk, sealed: Sealed) -> None:
    held = desk.gladi.settings
    secrets = [
        held.wp_application_password.get_secret_value()
        if hasattr(held.wp_application_password, "get_secret_value")
        else str(held.wp_application_password),
        str(held.x_access_token),
        str(held.x_access_token_secret),
        str(held.x_consumer_secret),
        str(held.fb_page_token),
    ]
    for path in bag_of(desk, sealed).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [one for one in secrets if one.encode() in data], path


def test_sealing_again_gives_the_same_bag_and_one_event(desk: Desk, sealed: Sealed) -> None:
    again = seal_publication(desk.office, sealed.publication_id)

    assert again == sealed
    assert event_kinds(desk, sealed.publication_id).count("arsip-disegel") == 1
    with desk.office.ledger.read() as work:
        assert sealed.publication_id not in unsealed(work)


def test_a_crash_between_the_bag_and_its_event_ends_in_the_same_bag(
    desk: Desk, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication_id = published(desk, token)
    record_result(desk.office, publication_id)
    answered(desk, publication_id)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(archiving, "_noted", dies)
        with pytest.raises(KeyboardInterrupt):
            seal_publication(desk.office, publication_id)
    with desk.office.ledger.work() as work:
        work.record(publication_id, "kejadian-sesudahnya", {"langkah": 9})
        assert publication_id in unsealed(work)

    assert check(bag_of(desk, seal_publication(desk.office, publication_id)).parents[1]) == []


def test_a_page_that_cannot_be_read_is_said_on_the_form_and_sealed_once_it_can(
    desk: Desk, token: str
) -> None:
    publication_id = published(desk, token)
    offline = replace(desk.office, connectors=desk.office.connectors)
    row = desk.row(publication_id, "website")
    desk.gladi.fault("answer_before", channel="website", method="GET", status=500)
    record_result(offline, publication_id)
    case = read_case(desk.office, publication_id)
    assert case is not None
    assert "Belum terekam" in body(desk.office, case)
    answered(desk, publication_id)
    waiting = try_to_seal(desk.office, publication_id)
    assert waiting.sealed is None
    assert "dicoba tiap jam" in waiting.sentence

    desk.gladi.clear_faults()
    assert try_to_seal(desk.office, publication_id).sealed is not None
    assert row.url


def test_after_a_week_the_bag_is_sealed_and_says_what_it_lacks(desk: Desk, token: str) -> None:
    publication_id = published(desk, token)
    desk.gladi.fault("answer_before", channel="website", method="GET", status=500)
    answered(desk, publication_id)
    assert try_to_seal(desk.office, publication_id).sealed is None

    desk.clock.to(desk.clock.now + timedelta(days=7, minutes=1))
    bag = bag_of(desk, seal_publication(desk.office, publication_id))

    assert "Kekurangan: " in (bag / "bag-info.txt").read_text()
    bagit.Bag(str(bag)).validate()


def test_a_publication_that_is_not_documented_yet_is_not_sealed(desk: Desk, token: str) -> None:
    with pytest.raises(ArchiveError, match="langkah 8"):
        seal_publication(desk.office, published(desk, token))


def test_a_bag_that_vanished_or_was_exchanged_is_named(desk: Desk, sealed: Sealed) -> None:
    bag = bag_of(desk, sealed)
    aside = desk.office.archive_root / "dipindahkan"
    bag.rename(aside)
    assert [one.path for one in archive_problems(desk.office.ledger, desk.office.archive_root)] == [
        sealed.path
    ]
    aside.rename(bag)
    bag.rename(bag.with_name("00000000-01"))
    found = found_in(desk)
    assert any("tidak ada dalam catatan" in one.sentence for one in found)
    assert any("tidak ada lagi" in one.sentence for one in found)


def _flip(path: Path) -> None:
    """Change one bit in the middle of a file, as the owner of the disk can."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def test_one_flipped_bit_in_any_file_of_a_bag_is_named_with_the_file(
    desk: Desk, sealed: Sealed
) -> None:
    bag = bag_of(desk, sealed)
    for path in sorted(one for one in bag.rglob("*") if one.is_file()):
        whole = path.read_bytes()
        if not whole:
            continue
        _flip(path)
        name = path.relative_to(bag).as_posix()
        assert any(one.sentence.startswith(f"{name} (") for one in found_in(desk)), name
        path.write_bytes(whole)
    assert found_in(desk) == []


def test_the_record_knows_both_digests_that_the_check_in_the_bag_prints(
    desk: Desk, sealed: Sealed
) -> None:
    (known,) = recorded_seals(desk.office.ledger)
    bag = bag_of(desk, sealed)
    with desk.office.ledger.read() as work:
        end = end_of_events(work, known)
    printed = subprocess.run(
        [sys.executable, str(bag / "verifikasi.py")], capture_output=True, text=True, check=True
    ).stdout
    assert (known.path, known.seal) == (sealed.path, sealed.seal)
    assert f"Segel paket      : {known.seal}\n" in printed
    assert f"Ujung kejadian   : {end}\n" in printed


def test_a_bag_of_an_altered_publication_is_still_known_by_its_event(
    desk: Desk, sealed: Sealed
) -> None:
    with desk.office.ledger.engine.connect() as connection:
        kept = connection.execute(text("SELECT assignment FROM publications")).scalar_one()
        connection.execute(text("UPDATE publications SET assignment = '{}'"))
        connection.commit()
        assert found_in(desk) == []
        connection.execute(text("UPDATE publications SET assignment = :kept"), {"kept": kept})
        connection.commit()


def test_retention_comes_from_the_office_alone(desk: Desk, token: str) -> None:
    publication_id = published(desk, token, ("website",))
    record_result(desk.office, publication_id)
    answered(desk, publication_id)
    rule = Retention("berkala", "HM.01", active_years=2, inactive_years=3, disposition="permanen")
    office = replace(desk.office, retention=(rule,))

    info = (bag_of(desk, seal_publication(office, publication_id)) / "bag-info.txt").read_text()

    year = desk.clock.now.year
    assert f"Retensi-Aktif-Sampai: {year + 2}" in info
    assert f"Retensi-Sampai: {year + 5}" in info
    assert "Nasib-Akhir: permanen" in info
