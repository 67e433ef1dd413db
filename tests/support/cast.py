"""A publication with people of its own, carried to a step without a form for each step.

Every test has its own cast, so nobody waits for a code that another test spent.
The steps before the one that a test is about are answered through the same
`receive` that a run calls; from there on a real run, server and worker take over
as they do when a publication is recovered.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from ledger import forms, people, publications, rounds
from sop.forms import questions_for
from tasks.answering import move_to, receive
from tasks.case import publication_in, read_case
from tasks.langkah import WORK_OF
from tasks.opening import asking_of
from tests.support.carrying import written_anew
from tests.support.intruder import Intruder
from tests.support.kantor import FACTS, TestOffice

_NUMBERS = count(1)
CARRYING = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody enrolled for one test."""

    name: str
    nip: str


@dataclass(frozen=True, slots=True)
class Cast:
    """One person for each part that the SOP gives."""

    subbag: Person
    humas: Person
    writer: Person
    ppid: Person
    officer: Person
    kepala: Person


def enrolled(here: TestOffice, *roles: str) -> Person:
    """A new person with these roles, whose codes the player knows."""
    number = next(_NUMBERS)
    person = Person(f"Pegawai Contoh {number}", f"19000101{2000_99:06}{number:04}")
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    with here.office.ledger.work() as work:
        people.add_staff(work, person.nip, person.name, roles, secret=secret)
    here.player.know(person.name, secret)
    return person


def new_cast(here: TestOffice, **roles: tuple[str, ...]) -> Cast:
    """A cast; `roles` gives a part more roles than its own."""
    own = {
        "subbag": "subbag",
        "humas": "humas",
        "writer": "humas",
        "ppid": "ppid",
        "officer": "ppid",
        "kepala": "kepala",
    }
    return Cast(**{part: enrolled(here, role, *roles.get(part, ())) for part, role in own.items()})


def carried_to(
    here: TestOffice,
    step: int,
    cast: Cast,
    *,
    channels: tuple[str, ...] = ("website", "x"),
    title: str = "Vaksinasi meningitis di Boom Baru",
    written: Mapping[str, Any] | None = None,
) -> UUID:
    """A run that waits at this step; everything before it is answered in the ledger."""
    office = here.office
    api = Intruder(here.stack.api_url)
    # Ordered first and let go last: a publication without a run would be given one by the sweeper.
    run_id = api.start({"judul": title}, at=office.clock() + CARRYING)
    with office.ledger.work() as work:
        publication = publications.open_publication(
            work,
            flow_run_id=str(run_id),
            sop=office.sop,
            title=title,
            unit=office.units[0],
            classification="berkala",
            facts=FACTS,
            folder="",
            channels=channels,
            wanted_at=None,
            rehearsal=True,
            first_step=office.sop.first.no,
        )
        move_to(office, work, publication, office.sop, office.sop.first.no)
        publication_id = publication.id
    for number, person, fields in _careful(cast, {**written_anew(), **(written or {})}):
        if number < step:
            _answered(here, publication_id, person, fields)
    assert api.force(run_id, "SCHEDULED").is_success
    api.close()
    return run_id


def _careful(
    cast: Cast, written: Mapping[str, Any]
) -> tuple[tuple[int, Person, Mapping[str, Any]], ...]:
    return (
        (1, cast.subbag, {}),
        (2, cast.humas, {"penulis": cast.writer.name, "catatan": "Tulis singkat."}),
        (3, cast.writer, written),
        (4, cast.ppid, {"keputusan": "ya", "alasan": "Lengkap."}),
        (5, cast.kepala, {"keputusan": "ya"}),
        (6, cast.humas, {"petugas_unggah": cast.officer.name}),
    )


def _answered(
    here: TestOffice, publication_id: str, person: Person, fields: Mapping[str, Any]
) -> None:
    office = here.office
    case = read_case(office, publication_id)
    assert case is not None
    step_work = WORK_OF[case.step.kind]
    offered = {
        question.name: question.default
        for question in questions_for(asking_of(office, case, step_work))
        if question.default is not None
    }
    with office.ledger.work() as work:
        opened = rounds.current_round(work, publication_in(work, publication_id))
        assert opened is not None
        form_id = forms.open_form(work, opened, flow_run_id="", notice="", prefill={}).id
    filled = {**offered, "petugas": person.name, "kode": here.player.code(person.name), **fields}
    verdict = receive(office, step_work, publication_id, form_id, filled)
    assert verdict.accepted, verdict.reasons
