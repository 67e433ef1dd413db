"""Publications that already stand at a step, made without a run: for tests of what comes then.

They are carried there by the very functions that a run uses, with real codes; only
Prefect is left out, which saves a test the forms that it is not about. `bring` then
gives such a publication its run, as `siar recover` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from deployments.recover import recover
from ledger import forms, publications, rounds
from ledger.people import add_staff
from sop.forms.steps import YES
from tasks.answering import move_to, receive
from tasks.case import publication_in, read_case
from tasks.langkah import WORK_OF
from tests.support.kantor import FACTS, REHEARSED, WRITTEN, TestOffice

ROLES = ("subbag", "humas", "ppid", "kepala")
EACH = 20
_TIMES_WRITTEN = count(1)


class Crowd:
    """More staff than an office has: each code counts once, and no test shall wait for the next.

    They are enrolled once in each office, whoever asks for them first.
    """

    def __init__(self, here: TestOffice) -> None:
        self._left = here.crowd
        if self._left:
            return
        with here.office.ledger.work() as work:
            for place, role in enumerate(ROLES):
                names = [f"{role.capitalize()} {_word(number)}" for number in range(EACH)]
                for number, name in enumerate(names):
                    nip = f"19000101202001{place + 1}{number + 500:03d}"
                    here.player.know(name, add_staff(work, nip, name, [role]).secret)
                self._left[role] = names

    def one(self, role: str) -> str:
        """Somebody with this role: who was not asked yet, or else longest ago."""
        name = self._left[role].pop(0)
        self._left[role].append(name)
        return name


def _word(number: int) -> str:
    return "Contoh " + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number]


def written_anew() -> dict[str, Any]:
    """A manuscript whose text was not published before: X refuses a text that it has already."""
    return {**WRITTEN, "teras": f"{WRITTEN['teras']} Berita ke-{next(_TIMES_WRITTEN)}."}


def careful_answer(crowd: Crowd, kind: str) -> Mapping[str, Any]:
    """What a careful office answers at a step of this kind, without person and code."""
    answers: dict[str, Mapping[str, Any]] = {
        "instruksi": {"penulis": crowd.one("humas"), "catatan": "Tulis singkat dan lengkap."},
        "penulisan": written_anew(),
        "verifikasi": {"keputusan": YES, "alasan": "Lengkap."},
        "persetujuan": {"keputusan": YES},
        "penugasan": {"petugas_unggah": crowd.one("ppid")},
        "pendokumentasian": {"catatan": "Berjalan baik."},
    }
    return answers.get(kind, {})


def carried(
    here: TestOffice,
    crowd: Crowd,
    step: int,
    *,
    folder: str = "",
    marked: str = "",
    channels: Sequence[str] = REHEARSED,
    **request: Any,
) -> str:
    """A publication that waits at this step of the SOP and has no run yet; its id.

    `marked` stands in its title and lead, so that each of its posts can be told from others.
    """
    office = here.office
    with office.ledger.work() as work:
        row = publications.open_publication(
            work,
            flow_run_id=None,
            sop=office.sop,
            **{
                "title": "Vaksinasi meningitis di Boom Baru",
                "unit": "Tim Kerja 1",
                "classification": "berkala",
                "facts": FACTS,
                "folder": folder,
                "channels": list(channels),
                "wanted_at": None,
                "rehearsal": True,
                "first_step": office.sop.first.no,
                **request,
            },
        )
        move_to(office, work, row, office.sop, office.sop.first.no)
        publication_id = row.id
        # The office's own sweeper would otherwise find it without a run, and bring it one.
        turn = f"lanjut-{publication_id}"
        assert office.locks.acquire(turn)
    try:
        _carry_to(here, crowd, publication_id, step, marked, channels)
    finally:
        office.locks.release(turn)
    return publication_id


def _carry_to(
    here: TestOffice,
    crowd: Crowd,
    publication_id: str,
    step: int,
    marked: str,
    channels: Sequence[str],
) -> None:
    office = here.office
    while (case := read_case(office, publication_id)) is not None and case.step.no < step:
        work_of_step = WORK_OF[case.step.kind]
        with office.ledger.work() as work:
            current = rounds.current_round(work, publication_in(work, publication_id))
            assert current is not None
            form = forms.open_form(work, current, str(uuid4()), "", {}).id
        person = crowd.one(case.step.role)
        defaults = work_of_step.extras(office, case).prefill
        if case.step.kind == "penugasan":
            defaults = {
                **defaults,
                "saluran": [office.channel_labels[channel] for channel in channels],
            }
        raw = {**defaults, **careful_answer(crowd, case.step.kind)}
        if case.step.kind == "penulisan" and marked:
            raw |= {name: f"{raw[name].rstrip('.')} {marked}." for name in ("judul", "teras")}
        raw |= {"petugas": person, "kode": here.player.code(person)}
        verdict = receive(office, work_of_step, publication_id, form, raw)
        assert verdict.accepted, verdict.reasons


def bring(here: TestOffice, *publication_ids: str) -> list[UUID]:
    """Give these publications their runs; each opens the form of its step."""
    with redirect_stdout(StringIO()):
        assert recover(here.stack.settings) == 0
    return [run_of(here, publication_id) for publication_id in publication_ids]


def run_of(here: TestOffice, publication_id: str) -> UUID:
    """The run that carries this publication now."""
    with here.office.ledger.read() as work:
        return UUID(publications.get(work, publication_id).flow_run_id or "")


def complete(here: TestOffice, crowd: Crowd, *run_ids: UUID) -> None:
    """Answer every form that still comes, carefully; all are live and documented at the end."""
    open_runs = list(run_ids)
    while open_runs:
        for run_id in tuple(open_runs):
            here.form(run_id)
            case = read_case(here.office, here.publication_id(run_id))
            assert case is not None
            person = crowd.one(case.step.role)
            here.answer(run_id, person, **careful_answer(crowd, case.step.kind))
            if case.step.kind == "pendokumentasian":
                open_runs.remove(run_id)
    for run_id in run_ids:
        here.player.finished(run_id)
