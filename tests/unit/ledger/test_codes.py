"""One-time codes (law 2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, text

from ledger import people
from ledger.codes import CodeOutcome, CodeVerdict, check_code, locked_until, unlock
from ledger.models import CodeTry
from ledger.verify import verify
from ledger.work import Ledger
from tests.unit.ledger.conftest import Clock, Team


def check(
    ledger: Ledger, team: Team, who: str, code: str, sent_at: datetime | None = None
) -> CodeVerdict:
    with ledger.work() as work:
        return check_code(work, team.id(who), code, sent_at)


def wrong(team: Team, who: str) -> str:
    right = {team.code(who, steps=steps) for steps in (-1, 0, 1)}
    return next(f"{number:06d}" for number in range(10) if f"{number:06d}" not in right)


def test_a_right_code_works_once(ledger: Ledger, team: Team) -> None:
    code = team.code("kepala")
    assert check(ledger, team, "kepala", code).ok
    again = check(ledger, team, "kepala", code)
    assert not again.ok
    assert again.reason is CodeOutcome.TERPAKAI
    assert "sudah pernah dipakai" in again.sentence


def test_a_code_that_came_too_late_is_told_from_a_wrong_one_and_does_not_count(
    ledger: Ledger, team: Team
) -> None:
    for steps in (-2, -20, -60):
        late = check(ledger, team, "kepala", team.code("kepala", steps=steps))
        assert (late.ok, late.reason) == (False, CodeOutcome.KEDALUWARSA)
        assert "sudah lewat waktunya" in late.sentence
    for steps in (-61, 2):
        strange = check(ledger, team, "kepala", team.code("kepala", steps=steps))
        assert strange.reason is CodeOutcome.SALAH
    with ledger.read() as work:
        newest = select(CodeTry.failures).order_by(CodeTry.no.desc()).limit(1)
        assert work.session.scalar(newest) == 2
    assert check(ledger, team, "kepala", team.code("kepala")).ok


def test_a_code_is_judged_by_the_moment_at_which_it_was_sent_in(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    sent, early, right = clock.now, team.code("kepala", steps=-2), team.code("kepala")
    clock.pass_time(minutes=59)
    # What was too old then is no better now, and the one of now was not yet known then.
    assert check(ledger, team, "kepala", early, sent).reason is CodeOutcome.KEDALUWARSA
    assert check(ledger, team, "kepala", team.code("kepala"), sent).reason is CodeOutcome.SALAH
    assert check(ledger, team, "kepala", right, sent).ok
    assert check(ledger, team, "kepala", right, sent).reason is CodeOutcome.TERPAKAI


def test_an_answer_that_lay_unread_for_more_than_an_hour_is_asked_again_and_does_not_count(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    sent, code = clock.now, team.code("kepala")
    clock.pass_time(hours=1, seconds=1)
    for _ in range(6):
        late = check(ledger, team, "kepala", code, sent)
    assert (late.ok, late.reason, late.locked_until) == (False, CodeOutcome.KEDALUWARSA, None)
    assert check(ledger, team, "kepala", team.code("kepala")).ok


def test_a_moment_still_to_come_counts_as_now(ledger: Ledger, team: Team, clock: Clock) -> None:
    ahead = clock.now + timedelta(minutes=5)
    later = check(ledger, team, "kepala", team.code("kepala", steps=10), ahead)
    assert later.reason is CodeOutcome.SALAH
    assert check(ledger, team, "kepala", team.code("kepala"), ahead).ok


def test_no_lock_is_slipped_past_by_an_answer_sent_before_it_or_read_after_it(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    before, first = clock.now, team.code("kepala")
    clock.pass_time(seconds=5)
    for _ in range(5):
        check(ledger, team, "kepala", wrong(team, "kepala"))
    assert check(ledger, team, "kepala", first, before).reason is CodeOutcome.TERKUNCI
    clock.pass_time(minutes=10)
    during, second = clock.now, team.code("kepala")
    clock.pass_time(minutes=10)
    assert check(ledger, team, "kepala", second, during).reason is CodeOutcome.TERKUNCI
    assert check(ledger, team, "kepala", team.code("kepala")).ok


def test_a_used_code_is_refused_in_the_next_step_too(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    code = team.code("kepala")
    assert check(ledger, team, "kepala", code).ok
    clock.pass_time(seconds=30)
    assert check(ledger, team, "kepala", code).reason is CodeOutcome.TERPAKAI


@pytest.mark.parametrize(
    ("steps", "ok"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_phone_may_be_one_step_off_and_no_more(
    ledger: Ledger, team: Team, steps: int, ok: bool
) -> None:
    assert check(ledger, team, "kepala", team.code("kepala", steps=steps)).ok is ok


@pytest.mark.parametrize("shape", ["{0}{1} {2}", " {0} {1}\t{2} ", "{0}{1}{2}"])
def test_spaces_in_a_code_do_not_matter(ledger: Ledger, team: Team, shape: str) -> None:
    code = team.code("kepala")
    assert check(ledger, team, "kepala", shape.format(code[:2], code[2:3], code[3:])).ok


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "12345６", "１２３４５６", "{{7*7}}", "\x00" * 6]
)
def test_what_is_no_code_is_refused_without_counting_as_a_guess(
    ledger: Ledger, team: Team, typed: str
) -> None:
    for _ in range(6):
        verdict = check(ledger, team, "kepala", typed)
    assert verdict.reason is CodeOutcome.FORMAT
    assert "6 angka" in verdict.sentence
    assert check(ledger, team, "kepala", team.code("kepala")).ok


def test_another_persons_code_is_wrong(ledger: Ledger, team: Team) -> None:
    assert check(ledger, team, "kepala", team.code("penulis")).reason is CodeOutcome.SALAH


def test_five_wrong_codes_lock_for_fifteen_minutes(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    for _ in range(4):
        assert check(ledger, team, "kepala", wrong(team, "kepala")).locked_until is None
    fifth = check(ledger, team, "kepala", wrong(team, "kepala"))
    assert fifth.locked_until == clock.now + timedelta(minutes=15)
    clock.pass_time(minutes=14, seconds=59)
    during = check(ledger, team, "kepala", team.code("kepala"))
    assert during.reason is CodeOutcome.TERKUNCI
    assert "10.15 WIB" in during.sentence
    clock.pass_time(seconds=1)
    assert check(ledger, team, "kepala", team.code("kepala")).ok


def test_trying_during_the_lock_does_not_lengthen_it_nor_spend_the_code(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    for _ in range(5):
        check(ledger, team, "kepala", wrong(team, "kepala"))
    until = clock.now + timedelta(minutes=15)
    clock.pass_time(minutes=14, seconds=50)
    code = team.code("kepala", steps=1)
    for _ in range(7):
        assert check(ledger, team, "kepala", code).locked_until == until
    clock.pass_time(seconds=10)
    assert check(ledger, team, "kepala", code).ok


def test_the_moment_named_in_the_sentence_is_never_too_early(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    clock.pass_time(seconds=20)
    for _ in range(5):
        verdict = check(ledger, team, "kepala", wrong(team, "kepala"))
    assert "10.16 WIB" in verdict.sentence


def test_wrong_codes_count_since_the_last_right_one(ledger: Ledger, team: Team) -> None:
    for _ in range(4):
        check(ledger, team, "kepala", wrong(team, "kepala"))
    assert check(ledger, team, "kepala", team.code("kepala")).ok
    for _ in range(4):
        assert check(ledger, team, "kepala", wrong(team, "kepala")).locked_until is None
    with ledger.read() as work:
        assert locked_until(work, team.id("kepala")) is None


def test_one_persons_lock_leaves_the_others_alone(ledger: Ledger, team: Team) -> None:
    for _ in range(5):
        check(ledger, team, "kepala", wrong(team, "kepala"))
    assert check(ledger, team, "serba", team.code("serba")).ok


def test_the_administrator_ends_a_lock_and_says_why(
    ledger: Ledger, team: Team, clock: Clock
) -> None:
    with ledger.work() as work:
        assert not unlock(work, team.id("kepala"), "Belum terkunci")
    for _ in range(5):
        check(ledger, team, "kepala", wrong(team, "kepala"))
    with ledger.work() as work:
        assert unlock(work, team.id("kepala"), "Salah ketik")
        assert locked_until(work, team.id("kepala")) is None
    assert check(ledger, team, "kepala", team.code("kepala")).ok
    clock.pass_time(seconds=60)
    for _ in range(4):
        assert check(ledger, team, "kepala", wrong(team, "kepala")).locked_until is None
    assert verify(ledger) == []


def test_a_revoked_persons_right_code_is_refused(ledger: Ledger, team: Team) -> None:
    with ledger.work() as work:
        people.revoke(work, team.nips["kepala"], "Pindah tugas")
    assert check(ledger, team, "kepala", team.code("kepala")).reason is CodeOutcome.DICABUT


def test_every_try_is_recorded_and_no_code_is_kept(ledger: Ledger, team: Team) -> None:
    codes = [wrong(team, "kepala"), team.code("kepala"), "abc"]
    for code in codes:
        check(ledger, team, "kepala", code)
    with ledger.read() as work:
        tries = work.session.scalars(select(CodeTry).order_by(CodeTry.no)).all()
        assert [one.outcome for one in tries] == ["salah", "benar", "format"]
        said = " ".join(work.session.execute(text("SELECT data FROM events")).scalars())
    assert not any(f'"{code}"' in said for code in codes)
    assert verify(ledger) == []


def test_of_two_who_use_one_code_at_once_exactly_one_is_let_in(ledger: Ledger, team: Team) -> None:
    code, start = team.code("kepala"), Barrier(4)

    def use(_number: int) -> CodeVerdict:
        start.wait()
        return check(ledger, team, "kepala", code)

    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(use, range(4)))
    assert sorted(verdict.reason for verdict in verdicts) == ["benar", *["terpakai"] * 3]


def test_a_code_is_not_spent_when_the_work_it_was_for_fails(ledger: Ledger, team: Team) -> None:
    code = team.code("kepala")
    with pytest.raises(ZeroDivisionError), ledger.work() as work:  # noqa: PT012
        assert check_code(work, team.id("kepala"), code).ok
        raise ZeroDivisionError
    assert check(ledger, team, "kepala", code).ok


def test_a_secret_swapped_in_the_database_opens_nothing(ledger: Ledger, team: Team) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE staff SET secret = (SELECT secret FROM staff WHERE id = :mine) "
                "WHERE id = :his"
            ),
            {"mine": team.id("penulis"), "his": team.id("kepala")},
        )
    verdict = check(ledger, team, "kepala", team.code("penulis"))
    assert verdict.reason is CodeOutcome.DIUBAH
    assert [problem.row for problem in verify(ledger)] == [team.id("kepala")]
