"""Revisions, the frozen form, the approval, and the separation of roles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ledger import decisions, publications, revisions, rounds
from ledger.types import CanonicalJson
from ledger.verify import verify
from ledger.work import Ledger, Work
from sop.manuscript import Facts, Manuscript, Media
from sop.model import Sop, StepKind
from tests.unit.ledger.carrying import (
    DIGEST,
    MANUSCRIPT,
    POSTS,
    answered,
    approved,
    carried_to_approval,
    closed,
    opened,
    verified,
    written,
)
from tests.unit.ledger.conftest import Clock, Team

OTHER = "9" * 64

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
sizes = st.none() | st.integers(1, 10_000)
media = st.builds(
    Media,
    filename=words,
    sha256=words,
    received_sha256=words,
    mime=words,
    size=st.integers(0, 2**40),
    alt=words,
    width=sizes,
    height=sizes,
    duration=st.none() | st.floats(0, 1e6),
    credit=words,
)
manuscripts = st.builds(
    Manuscript,
    title=words,
    lead=words,
    body=words,
    facts=st.builds(Facts, words, words),
    captions=st.dictionaries(words, words, max_size=3),
    tags=st.lists(words, max_size=3).map(tuple),
    category=words,
    media=st.lists(media, max_size=2).map(tuple),
    source_sha256=st.none() | words,
    source_filename=st.none() | words,
)


@settings(max_examples=40)
@given(manuscript=manuscripts)
def test_every_manuscript_comes_back_exactly_from_its_json(manuscript: Manuscript) -> None:
    column: Any = CanonicalJson()
    stored = column.process_bind_param(revisions.manuscript_json(manuscript), None)
    assert revisions.manuscript_from(column.process_result_value(stored, None)) == manuscript


def test_a_manuscript_comes_back_exactly_from_the_database(
    ledger: Ledger, sop: Sop, team: Team
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        first = written(work, team, publication)
        assert revisions.manuscript_of(first) == MANUSCRIPT
    with ledger.read() as work:
        stored = revisions.get_revision(work, first.id)
        assert revisions.manuscript_of(stored) == MANUSCRIPT
        assert isinstance(revisions.manuscript_of(stored).media[1].duration, float)
        assert [one.number for one in revisions.revisions(work, publication)] == [1]
        with pytest.raises(LookupError):
            revisions.get_revision(work, "tidak-ada")
        with pytest.raises(LookupError):
            revisions.latest_freeze(work, publication)


def test_an_approval_is_for_exactly_one_digest(ledger: Ledger, team: Team, sop: Sop) -> None:
    publication_id = carried_to_approval(ledger, team, sop)
    with ledger.read() as work:
        publication = publications.get(work, publication_id)
        found = decisions.approval(work, publication, DIGEST)
        assert found is not None
        assert found.staff_id == team.id("kepala")
        assert decisions.approval_obstacles(work, publication, DIGEST) == []
        assert decisions.approval(work, publication, OTHER) is None
        assert decisions.approval_obstacles(work, publication, OTHER)


def test_a_verifiers_yes_is_no_approval(ledger: Ledger, team: Team, sop: Sop) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        written(work, team, publication)
        verified(work, team, publication)
    with ledger.read() as work:
        assert decisions.approval(work, publication, DIGEST) is None


def test_a_no_is_no_approval(ledger: Ledger, team: Team, sop: Sop) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        written(work, team, publication)
        verified(work, team, publication)
        approved(work, team, publication, decision="tidak")
    with ledger.read() as work:
        assert decisions.approval(work, publication, DIGEST) is None


def test_an_approval_counts_inside_the_work_that_gives_it(
    ledger: Ledger, team: Team, sop: Sop
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        written(work, team, publication)
        verified(work, team, publication)
    with ledger.work() as work:
        approved(work, team, publication)
        assert decisions.approval(work, publication, DIGEST) is not None


def test_a_revoked_approval_no_longer_counts(ledger: Ledger, team: Team, sop: Sop) -> None:
    publication_id = carried_to_approval(ledger, team, sop)
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        assert decisions.revoke_approvals(work, publication, "Foto berubah") == 1
        assert decisions.revoke_approvals(work, publication, "Foto berubah") == 0
        assert decisions.approval(work, publication, DIGEST) is None
    assert verify(ledger) == []


def test_the_same_content_frozen_again_needs_another_approval(
    ledger: Ledger, team: Team, sop: Sop, clock: Clock
) -> None:
    publication_id = carried_to_approval(ledger, team, sop)
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        before = revisions.latest_freeze(work, publication)
        verified(work, team, publication)
        assert revisions.latest_freeze(work, publication).number == before.number + 1
        assert decisions.approval(work, publication, DIGEST) is None
    clock.pass_time(minutes=1)
    with ledger.work() as work:
        approved(work, team, publication)
    with ledger.read() as work:
        assert decisions.approval(work, publication, DIGEST) is not None


def test_two_publications_may_say_the_very_same_thing(ledger: Ledger, team: Team, sop: Sop) -> None:
    first = carried_to_approval(ledger, team, sop)
    second = carried_to_approval(ledger, team, sop, "run-2")
    with ledger.work() as work:
        decisions.revoke_approvals(work, publications.get(work, first), "uji")
    with ledger.read() as work:
        assert decisions.approval(work, publications.get(work, first), DIGEST) is None
        assert decisions.approval(work, publications.get(work, second), DIGEST) is not None
        frozen = revisions.frozen(work, publications.get(work, second), DIGEST)
        assert frozen is not None
        assert frozen.posts == POSTS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decision": "selesai"}, "ya or tidak"),
        ({"digest": OTHER}, "has frozen"),
        ({"digest": None}, "has frozen"),
        ({"staff_id": "0" * 32}, "own person's"),
    ],
)
def test_a_decision_without_its_basis_is_refused(
    ledger: Ledger, team: Team, sop: Sop, change: dict[str, Any], message: str
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        written(work, team, publication)
        verified(work, team, publication)
    with ledger.work() as work:
        answer = answered(work, team, publication, 5, "kepala")
        given: dict[str, Any] = {
            "answer_id": answer.id,
            "staff_id": team.id("kepala"),
            "decision": "ya",
            "reason": "",
            "revision_id": None,
            "digest": DIGEST,
        }
        with pytest.raises(ValueError, match=message):
            decisions.decide(work, publication, **{**given, **change})


def reasons(work: Work, team: Team, publication: Any, who: str, kind: StepKind) -> list[str]:
    return decisions.separation_reasons(work, publication, team.id(who), kind)


def test_writer_verifier_and_approver_are_three_people(
    ledger: Ledger, team: Team, sop: Sop
) -> None:
    verifying, approving = StepKind.VERIFIKASI, StepKind.PERSETUJUAN
    with ledger.work() as work:
        publication = opened(work, sop)
        assert reasons(work, team, publication, "serba", verifying) == []
        written(work, team, publication, "serba")
        assert "Anda menulis" in reasons(work, team, publication, "serba", verifying)[0]
        assert reasons(work, team, publication, "serba", approving)
        assert reasons(work, team, publication, "serba", StepKind.PENUGASAN) == []
        assert reasons(work, team, publication, "pemeriksa", verifying) == []
        verified(work, team, publication)
        assert (
            "Anda sudah memverifikasi"
            in reasons(work, team, publication, "pemeriksa", approving)[0]
        )
        assert reasons(work, team, publication, "kepala", approving) == []


def test_a_verifier_who_edits_is_no_writer_but_may_not_approve(
    ledger: Ledger, team: Team, sop: Sop, clock: Clock
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        written(work, team, publication)
        answer = answered(work, team, publication, 4, "pemeriksa")
        revisions.add_revision(
            work,
            publication,
            replace(MANUSCRIPT, title="Disunting"),
            author=team.id("pemeriksa"),
            round_id=answer.round_id,
            step_no=4,
            source="form",
        )
        assert reasons(work, team, publication, "pemeriksa", StepKind.VERIFIKASI) == []
        found = reasons(work, team, publication, "pemeriksa", StepKind.PERSETUJUAN)
        assert "ikut menulis atau menyunting" in found[0]
        assert decisions.writer_ids(work, publication) == {team.id("penulis")}
        closed(work, publication, "tidak")
    assert verify(ledger) == []


def test_who_verified_an_earlier_text_only_may_approve_the_new_one(
    ledger: Ledger, team: Team, sop: Sop, clock: Clock
) -> None:
    with ledger.work() as work:
        publication = opened(work, sop)
        written(work, team, publication)
        verified(work, team, publication, "serba")
        assert reasons(work, team, publication, "serba", StepKind.PERSETUJUAN)
        approved(work, team, publication, decision="tidak")
    clock.pass_time(minutes=1)
    with ledger.work() as work:
        written(work, team, publication, title="Judul baru")
        assert reasons(work, team, publication, "serba", StepKind.PERSETUJUAN) == []
        assert rounds.current_round(work, publication) is None


@pytest.mark.parametrize(
    "alteration",
    [
        "UPDATE freezes SET posts = '{}'",
        "UPDATE decisions SET reason = 'lain'",
        "UPDATE decisions SET digest = 'lain' WHERE step_no = 5",
    ],
)
def test_after_an_alteration_the_publication_can_be_verified_and_approved_again(
    ledger: Ledger, team: Team, sop: Sop, clock: Clock, alteration: str
) -> None:
    publication_id = carried_to_approval(ledger, team, sop)
    with ledger.engine.begin() as connection:
        connection.execute(text(alteration))
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        assert decisions.approval(work, publication, DIGEST) is None
        decisions.revoke_approvals(work, publication, "Catatan berubah")
        verified(work, team, publication)
    clock.pass_time(minutes=1)
    with ledger.work() as work:
        assert decisions.approval(work, publication, DIGEST) is None
        approved(work, team, publication)
    with ledger.read() as work:
        assert decisions.approval_obstacles(work, publication, DIGEST) == []
    assert {problem.table for problem in verify(ledger)} == {alteration.split()[1]}


def test_a_revision_with_an_altered_picture_row_is_not_intact(
    ledger: Ledger, team: Team, sop: Sop
) -> None:
    publication_id = carried_to_approval(ledger, team, sop)
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        revision = revisions.latest_revision(work, publication)
        assert revision is not None
        assert revisions.is_intact(work, revision)
    with ledger.engine.begin() as connection:
        trigger = "media_no_update"
        on = " ON media" if ledger.engine.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER {trigger}{on}"))
        connection.execute(text("UPDATE media SET alt = 'lain'"))
    with ledger.read() as work:
        assert not revisions.is_intact(work, revisions.get_revision(work, revision.id))
