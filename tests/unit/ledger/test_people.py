"""Staff, roles and delegations by WIB days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyotp
import pytest
from sqlalchemy import text

from ledger import people
from ledger.codes import check_code
from ledger.people import PeopleError
from ledger.types import wib_day
from ledger.verify import verify
from ledger.work import Ledger
from tests.unit.ledger.conftest import Clock, Team

TODAY = date(2026, 11, 23)


def labels(ledger: Ledger, role: str, day: date = TODAY) -> list[str]:
    with ledger.read() as work:
        return [holder.label for holder in people.holders(work, role, day)]


def test_an_enrolled_person_holds_the_roles_given_from_today(ledger: Ledger, team: Team) -> None:
    assert labels(ledger, "ppid") == ["Dewi Lestari", "Siti Aminah"]
    assert labels(ledger, "ppid", date(2026, 11, 22)) == []
    assert labels(ledger, "tidak-ada") == []
    with ledger.read() as work:
        assert people.may_act(work, team.id("kepala"), "kepala", TODAY)
        assert not people.may_act(work, team.id("kepala"), "ppid", TODAY)


def test_the_otpauth_address_carries_the_secret_and_it_is_not_stored_in_clear(
    ledger: Ledger, team: Team
) -> None:
    enrolment = team.people["kepala"]
    assert enrolment.otpauth_uri.startswith("otpauth://totp/")
    assert enrolment.secret in enrolment.otpauth_uri
    assert enrolment.secret not in repr(enrolment)
    with ledger.engine.connect() as connection:
        stored = connection.execute(text("SELECT secret FROM staff")).scalars().all()
    assert not any(enrolment.secret in secret for secret in stored)


@pytest.mark.parametrize(
    ("nip", "name", "roles", "sentence"),
    [
        ("123", "Budi", ["humas"], "NIP harus 18 angka"),
        ("19000101200001000x", "Budi", ["humas"], "NIP harus 18 angka"),
        ("１９０００１０１２００００１０００９", "Budi", ["humas"], "NIP harus 18 angka"),
        ("190001012000010009", "", ["humas"], "Nama belum diisi"),
        ("190001012000010009", "{{ 7*7 }}", ["humas"], "tidak boleh memuat tanda"),
        ("190001012000010009", "{% raw %}", ["humas"], "tidak boleh memuat tanda"),
        ("190001012000010009", "{Budi", ["humas"], "tidak boleh memuat tanda"),
        ("190001012000010009", "<b>Budi</b>", ["humas"], "tidak boleh memuat tanda"),
        ("190001012000010009", "Budi\x00", ["humas"], "tidak terlihat"),
        ("190001012000010009", "Budi\nSantoso", ["humas"], "tidak terlihat"),
        ("190001012000010009", "Budi\u202e", ["humas"], "tidak terlihat"),
        ("190001012000010009", "B" * 151, ["humas"], "paling panjang 150"),
        ("190001012000010009", "Budi", [], "Peran belum disebut"),
        ("190001012000010009", "Budi", ["Humas!"], "Peran 'Humas!' tidak benar"),
    ],
)
def test_what_is_wrong_with_an_enrolment_is_said(
    ledger: Ledger, nip: str, name: str, roles: list[str], sentence: str
) -> None:
    with ledger.work() as work, pytest.raises(PeopleError, match=sentence):
        people.add_staff(work, nip, name, roles)


def test_all_that_is_wrong_is_said_at_once(ledger: Ledger) -> None:
    with ledger.work() as work, pytest.raises(PeopleError) as caught:
        people.add_staff(work, "1", "", [])
    assert len(str(caught.value).splitlines()) == 3


def test_a_nip_is_enrolled_once(ledger: Ledger, team: Team) -> None:
    spaced = f"{team.nips['kepala'][:8]} {team.nips['kepala'][8:]}"
    with ledger.work() as work, pytest.raises(PeopleError, match="atas nama Rahmat Hidayat"):
        people.add_staff(work, spaced, "Orang Lain", ["humas"])


def test_a_new_phone_voids_the_codes_of_the_old_one(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    old = team.people["kepala"]
    with ledger.work() as work:
        new = people.renew_secret(work, team.nips["kepala"], "HP hilang")
    with ledger.work() as work:
        refused = check_code(work, old.staff_id, pyotp.TOTP(old.secret).at(clock()))
        taken = check_code(work, old.staff_id, pyotp.TOTP(new.secret).at(clock()))
    assert (refused.ok, taken.ok) == (False, True)
    assert verify(ledger) == []
    with ledger.work() as work, pytest.raises(PeopleError, match="Alasan belum diisi"):
        people.renew_secret(work, team.nips["kepala"], "")


def test_a_revoked_person_holds_nothing_and_cannot_come_back(ledger: Ledger, team: Team) -> None:
    with ledger.work() as work:
        people.revoke(work, team.nips["pemeriksa"], "Pensiun")
    assert labels(ledger, "ppid") == ["Dewi Lestari"]
    with ledger.work() as work, pytest.raises(PeopleError, match="Pensiun"):
        people.grant_role(work, team.nips["pemeriksa"], "humas")
    with ledger.work() as work, pytest.raises(PeopleError, match="sudah dicabut"):
        people.revoke(work, team.nips["pemeriksa"], "Lagi")
    with ledger.work() as work, pytest.raises(PeopleError, match="Alasan belum diisi"):
        people.revoke(work, team.nips["kepala"], " ")


def test_a_role_is_granted_and_withdrawn_by_days(ledger: Ledger, team: Team) -> None:
    nip = team.nips["penulis"]
    with ledger.work() as work:
        people.grant_role(
            work, nip, "ppid", valid_from=date(2026, 12, 1), valid_to=date(2026, 12, 31)
        )
    assert "Budi Santoso" not in labels(ledger, "ppid", date(2026, 11, 30))
    assert "Budi Santoso" in labels(ledger, "ppid", date(2026, 12, 1))
    assert "Budi Santoso" in labels(ledger, "ppid", date(2026, 12, 31))
    assert "Budi Santoso" not in labels(ledger, "ppid", date(2027, 1, 1))
    with ledger.work() as work:
        people.withdraw_role(work, nip, "humas", reason="Mutasi")
    assert "Budi Santoso" not in labels(ledger, "humas")
    with ledger.work() as work, pytest.raises(PeopleError, match="tidak memegang peran"):
        people.withdraw_role(work, nip, "humas")


@pytest.mark.parametrize(
    ("moment", "acts"),
    [
        (datetime(2026, 11, 24, 16, 59, 59, tzinfo=UTC), False),  # 24th, 23.59.59 WIB
        (datetime(2026, 11, 24, 17, 0, tzinfo=UTC), True),  # 25th, 00.00 WIB
        (datetime(2026, 11, 26, 16, 59, 59, tzinfo=UTC), True),  # 26th, 23.59.59 WIB
        (datetime(2026, 11, 26, 17, 0, tzinfo=UTC), False),  # 27th, 00.00 WIB
    ],
)
def test_a_delegate_acts_from_the_first_to_the_last_wib_day(
    ledger: Ledger, team: Team, moment: datetime, acts: bool
) -> None:
    with ledger.work() as work:
        people.delegate(
            work,
            "kepala",
            team.nips["penulis"],
            "Plh.",
            date(2026, 11, 25),
            date(2026, 11, 26),
            role_name="Kepala Balai",
        )
    with ledger.read() as work:
        assert people.may_act(work, team.id("penulis"), "kepala", wib_day(moment)) is acts
    expected = ["Budi Santoso (Plh. Kepala Balai)"] if acts else []
    assert labels(ledger, "kepala", wib_day(moment))[2:] == expected


def test_a_cancelled_delegation_gives_nothing(ledger: Ledger, team: Team, clock: Clock) -> None:
    nip = team.nips["penulis"]
    with ledger.work() as work:
        people.delegate(work, "kepala", nip, "Plt.", TODAY, TODAY)
        assert people.cancel_delegation(work, nip, "kepala", "Kepala sudah kembali") == 1
    assert labels(ledger, "kepala") == ["Dewi Lestari", "Rahmat Hidayat"]
    with ledger.work() as work, pytest.raises(PeopleError, match="tidak sedang ditunjuk"):
        people.cancel_delegation(work, nip, "kepala", "Lagi")
    assert verify(ledger) == []


@pytest.mark.parametrize(
    ("kind", "first", "last", "sentence"),
    [
        ("Pjs", TODAY, TODAY, "Pakai Plh. atau Plt."),
        ("Plh.", date(2026, 11, 25), date(2026, 11, 24), "lebih awal daripada hari pertama"),
        ("Plh.", date(2026, 11, 1), date(2026, 11, 22), "sudah lewat"),
    ],
)
def test_a_delegation_that_makes_no_sense_is_refused(
    ledger: Ledger, team: Team, kind: str, first: date, last: date, sentence: str
) -> None:
    with ledger.work() as work, pytest.raises(PeopleError, match=sentence):
        people.delegate(work, "kepala", team.nips["penulis"], kind, first, last)


def test_delegations_of_one_person_do_not_overlap(ledger: Ledger, team: Team) -> None:
    nip = team.nips["penulis"]
    with ledger.work() as work:
        people.delegate(work, "kepala", nip, "Plh.", TODAY, date(2026, 11, 30))
        with pytest.raises(PeopleError, match="pada sebagian hari itu"):
            people.delegate(work, "kepala", nip, "Plh.", date(2026, 11, 30), date(2026, 12, 2))


def test_who_holds_a_role_by_right_is_not_listed_as_a_delegate_too(
    ledger: Ledger, team: Team
) -> None:
    with ledger.work() as work:
        people.delegate(work, "kepala", team.nips["serba"], "Plh.", TODAY, TODAY)
    assert labels(ledger, "kepala") == ["Dewi Lestari", "Rahmat Hidayat"]


def test_people_of_one_name_are_told_apart_by_their_nip(ledger: Ledger, team: Team) -> None:
    with ledger.work() as work:
        for nip in ("190001012000010101", "190001012000020101", "190001012000010102"):
            people.add_staff(work, nip, "Siti Aminah", ["ppid"])
    found = labels(ledger, "ppid")
    assert len(set(found)) == len(found) == 5
    assert "Siti Aminah (NIP …0102)" in found
    assert "Siti Aminah (NIP …0003)" in found
    assert "Siti Aminah (NIP …20101)" in found


def test_an_unknown_nip_is_answered_with_what_to_do(ledger: Ledger) -> None:
    with ledger.work() as work, pytest.raises(PeopleError, match="siar staff list"):
        people.revoke(work, "190001012000019999", "x")


def test_the_list_shows_roles_delegations_and_the_revoked(ledger: Ledger, team: Team) -> None:
    with ledger.work() as work:
        people.delegate(
            work, "kepala", team.nips["penulis"], "Plh.", TODAY, TODAY, role_name="Kepala Balai"
        )
        people.revoke(work, team.nips["pemeriksa"], "Pensiun")
    with ledger.read() as work:
        entries = {entry.name: entry for entry in people.list_staff(work)}
    assert entries["Budi Santoso"].roles == ("humas",)
    assert entries["Budi Santoso"].delegations == ("Plh. Kepala Balai 23-11-2026 s.d. 23-11-2026",)
    assert entries["Siti Aminah"].is_revoked
    assert entries["Siti Aminah"].revoked_reason == "Pensiun"
