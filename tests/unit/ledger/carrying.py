"""Carrying a publication through the SOP's steps in the ledger, as the tasks would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ledger import decisions, deliveries, forms, publications, revisions, rounds
from ledger.codes import check_code
from ledger.models import Answer, DeliveryState, Freeze, Publication, Revision
from ledger.work import Ledger, Work
from sop.manuscript import Facts, Manuscript, Media
from sop.model import Sop
from tests.unit.ledger.conftest import Team

PHOTO = Media(
    filename="foto-1.jpg",
    sha256="a" * 64,
    received_sha256="b" * 64,
    mime="image/jpeg",
    size=1234,
    alt="Petugas memeriksa kapal",
    width=1600,
    height=900,
    credit="Humas",
)
VIDEO = Media("klip.mp4", "c" * 64, "d" * 64, "video/mp4", 99_000, duration=12.0)

MANUSCRIPT = Manuscript(
    title="Vaksinasi jemaah di Palembang",
    lead="Petugas memvaksin 120 jemaah.",
    body="## Latar\n\nIsi berita — “dengan” tanda & baris.\n\n- satu\n- dua 🚢\n",
    facts=Facts("Vaksinasi", "Petugas", "Senin", "Pelabuhan", "Wajib", "Lancar"),
    captions={"x": "Ringkas", "instagram": "Takarir"},
    tags=("vaksin", "jemaah"),
    category="Berita",
    media=(PHOTO, VIDEO),
    source_sha256="e" * 64,
    source_filename="naskah.docx",
)

POSTS: dict[str, dict[str, Any]] = {
    "website": {"channel": "website", "title": "Vaksinasi", "media": []},
    "x": {"channel": "x", "title": "", "text": "Ringkas {{tautan}}", "media": []},
}

DIGEST = "f" * 64


def opened(work: Work, sop: Sop, flow_run_id: str = "run-1") -> Publication:
    return publications.open_publication(
        work,
        flow_run_id=flow_run_id,
        sop=sop,
        title="Vaksinasi jemaah",
        unit="Tim Kerja 1",
        classification="berkala",
        facts=MANUSCRIPT.facts,
        folder="rilis-contoh",
        channels=["website", "x"],
        wanted_at=work.now + timedelta(days=1),
        rehearsal=True,
        first_step=1,
    )


def answered(
    work: Work, team: Team, publication: Publication, step: int, who: str, **fields: Any
) -> Answer:
    """Open a round of the step, put its form, and take a proven answer."""
    current = rounds.open_round(work, publication, step, work.now + timedelta(hours=1))
    form = forms.open_form(work, current, "run-1", "", {"judul": "Vaksinasi"})
    verdict = check_code(work, team.id(who), team.code(who))
    assert verdict.ok, verdict
    return forms.record_answer(
        work,
        form,
        named_person=who,
        staff_id=team.id(who),
        accepted=True,
        reasons=[],
        fields=fields,
    )


def closed(work: Work, publication: Publication, outcome: str) -> None:
    current = rounds.current_round(work, publication)
    assert current is not None
    rounds.close_round(work, current, outcome)


def written(
    work: Work, team: Team, publication: Publication, who: str = "penulis", title: str = ""
) -> Revision:
    """Step 3."""
    answer = answered(work, team, publication, 3, who, judul="x")
    manuscript = replace(MANUSCRIPT, title=title) if title else MANUSCRIPT
    revision = revisions.add_revision(
        work,
        publication,
        manuscript,
        author=team.id(who),
        round_id=answer.round_id,
        step_no=3,
        source="form",
    )
    closed(work, publication, "selesai")
    return revision


def verified(
    work: Work,
    team: Team,
    publication: Publication,
    who: str = "pemeriksa",
    decision: str = "ya",
    digest: str = DIGEST,
) -> Freeze | None:
    """Step 4."""
    answer = answered(work, team, publication, 4, who)
    revision = revisions.latest_revision(work, publication)
    assert revision is not None
    frozen = None
    if decision == "ya":
        frozen = revisions.freeze(work, revision, digest=digest, posts=POSTS)
    decisions.decide(
        work,
        publication,
        answer_id=answer.id,
        staff_id=team.id(who),
        decision=decision,
        reason="",
        revision_id=revision.id,
        digest=digest if frozen else None,
    )
    closed(work, publication, decision)
    return frozen


def approved(
    work: Work,
    team: Team,
    publication: Publication,
    who: str = "kepala",
    decision: str = "ya",
    digest: str = DIGEST,
) -> None:
    """Step 5."""
    answer = answered(work, team, publication, 5, who)
    frozen = revisions.latest_freeze(work, publication)
    decisions.decide(
        work,
        publication,
        answer_id=answer.id,
        staff_id=team.id(who),
        decision=decision,
        reason="" if decision == "ya" else "Perbaiki judul",
        revision_id=frozen.revision_id,
        digest=digest,
    )
    closed(work, publication, decision)


def carried_to_approval(ledger: Ledger, team: Team, sop: Sop, flow_run_id: str = "run-1") -> str:
    """A publication whose step 5 has just said "ya"; returns its id."""
    with ledger.work() as work:
        publication = opened(work, sop, flow_run_id)
        written(work, team, publication)
    team.clock.pass_time(minutes=5)
    with ledger.work() as work:
        verified(work, team, publications.get(work, publication.id))
    team.clock.pass_time(minutes=5)
    with ledger.work() as work:
        approved(work, team, publications.get(work, publication.id))
    team.clock.pass_time(minutes=5)
    return publication.id


def published(ledger: Ledger, publication_id: str, channel: str = "x") -> str:
    """Carry one delivery to `published`; returns its id."""
    with ledger.work() as work:
        publication = publications.get(work, publication_id)
        row = deliveries.plan_delivery(work, publication, DIGEST, channel)
        state = DeliveryState
        deliveries.settle(
            work, row, from_state=state.PLANNED, to_state=state.PREPARED, prepared={"draf": 1}
        )
        assert deliveries.claim(work, row, state.PREPARED, state.ATTEMPTING, "run-1")
        deliveries.settle(
            work,
            row,
            from_state=state.ATTEMPTING,
            to_state=state.PUBLISHED,
            remote_id="17",
            url="http://127.0.0.1/x/17",
            media_urls={},
            raw={"id": "17"},
        )
        return row.id
