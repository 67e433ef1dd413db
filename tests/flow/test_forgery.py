"""Whoever reaches the API may resume, force and write: nothing goes out by that (laws 1 and 2).

Each attack here ends in the same three ways: no reader sees anything, the record
tells of it, and the form can be answered by the one who may.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import func, select

from deployments.player import OpenForm
from deployments.recover import recover
from ledger import people, publications
from ledger.forms import REFUSED_BY_SERVER
from ledger.models import Answer, Event, Publication
from ledger.types import wib_day
from sop.markup import escape_for_form
from tasks.opening import REOPENED
from tasks.pemulihan import POSTPONED
from tests.support.cast import Cast, Person, carried_to, enrolled, new_cast
from tests.support.intruder import PATIENCE, Intruder
from tests.support.kantor import TestOffice
from tests.support.waiting import soon

pytestmark = pytest.mark.flow

# No post, of any test here, is ever to be seen but this one's that is approved.
NEVER = "Berita yang tidak disetujui."
YES = {"keputusan": "ya", "alasan": ""}


@pytest.fixture(scope="module")
def intruder(here: TestOffice) -> Iterator[Intruder]:
    api = Intruder(here.stack.api_url)
    yield api
    api.close()


def waiting_for_approval(here: TestOffice, cast: Cast) -> UUID:
    """A run that waits at step 5 with text that nobody may ever read."""
    return carried_to(here, 5, cast, channels=("website",), written={"teras": NEVER})


def nothing_is_live(here: TestOffice) -> bool:
    shown = [post for posts in here.posts().values() for post in posts]
    return not any(NEVER in post["title"] + post["text"] + post["html"] for post in shown)


def next_form(here: TestOffice, run: UUID, form: OpenForm) -> OpenForm:
    """The form after this one."""
    here.answered[run] = form.key
    return here.form(run)


def refusals(here: TestOffice, publication_id: str) -> list[Answer]:
    """The refused answers of a publication, in order."""
    with here.office.ledger.read() as work:
        chosen = select(Answer).where(
            Answer.publication_id == publication_id, Answer.accepted.is_(False)
        )
        return list(work.session.scalars(chosen.order_by(Answer.received_at)))


def forge(intruder: Intruder, run: UUID, form: OpenForm, answer: Any) -> None:
    """Write an answer past the server's check and have the run look at it."""
    text = answer if isinstance(answer, str) else orjson.dumps(answer).decode()
    assert intruder.write_answer(run, form.key, text).status_code == 201
    assert intruder.force(run, "SCHEDULED").is_success


def test_the_server_refuses_what_does_not_fit_the_form_and_the_form_stays(
    here: TestOffice, intruder: Intruder
) -> None:
    cast = new_cast(here)
    newcomer = enrolled(here, "subbag")
    delegated(here, newcomer, tomorrow(here))
    run = waiting_for_approval(here, cast)
    form = here.form(run)
    code = here.player.code(cast.ppid.name)

    attempts: list[Mapping[str, Any] | None] = [
        None,
        {},
        {**YES, "petugas": cast.kepala.name},
        {**YES, "kode": code},
        {**YES, "petugas": cast.ppid.name, "kode": code},
        {**YES, "petugas": newcomer.name, "kode": code},
        {"petugas": cast.kepala.name, "kode": code},
        {**YES, "petugas": cast.kepala.name, "kode": 123456},
    ]
    answers = [intruder.resume(run, attempt) for attempt in attempts]

    # FACTS: a refused resume answers 200; only the body tells.
    assert [answer.json()["status"] for answer in answers] == ["REJECT"] * len(attempts)
    assert here.form(run).key == form.key
    assert nothing_is_live(here)
    told = refused_by_the_server(here, run)
    assert len(told) == len(attempts)
    assert [one["petugas"] for one in told] == [
        (attempt or {}).get("petugas", "") for attempt in attempts
    ]
    assert told[-2]["isian"] == ["kode", "petugas"]
    assert all("127.0.0.1" in one["dari"] and one["alasan"] for one in told)
    assert code not in str(told)
    assert "123456" not in str(told)

    here.answer(run, cast.kepala.name, keputusan="ya")
    assert "Tunjuk petugas" in here.form(run).description


def refused_by_the_server(here: TestOffice, run: UUID) -> list[dict[str, Any]]:
    """What the record says of resumes that Prefect itself turned away."""
    with here.office.ledger.read() as work:
        chosen = select(Event.data).where(
            Event.chain == here.publication_id(run), Event.kind == REFUSED_BY_SERVER
        )
        return [orjson.loads(data) for data in work.session.scalars(chosen.order_by(Event.seq))]


def test_a_flood_of_refused_resumes_is_counted_whole(here: TestOffice, intruder: Intruder) -> None:
    run = here.start(judul="Dibanjiri", saluran=["Website"])
    form = here.form(run)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: intruder.resume(run, {}), range(60)))

    assert {answer.json()["status"] for answer in answers} == {"REJECT"}
    assert sum(one["kali"] for one in refused_by_the_server(here, run)) == 60
    assert here.form(run).key == form.key


def test_an_answer_written_past_the_servers_check_is_refused_with_its_reason(
    here: TestOffice, intruder: Intruder
) -> None:
    cast = new_cast(here, writer=("kepala",))
    revoked, newcomer = enrolled(here, "kepala"), enrolled(here, "subbag")
    delegated(here, newcomer, tomorrow(here))
    with here.office.ledger.work() as work:
        people.revoke(work, revoked.nip, "Pindah tugas")
    run = waiting_for_approval(here, cast)
    publication_id = here.publication_id(run)
    code = here.player.code
    spent: list[str] = []

    def by(person: Person, given: str = "", **fields: Any) -> dict[str, Any]:
        return {"petugas": person.name, "kode": given or code(person.name), **YES, **fields}

    def spends_a_code() -> dict[str, Any]:
        spent.append(code(cast.kepala.name))
        return by(cast.kepala, spent[0], keputusan="tidak")

    label = f"{newcomer.name} (Plh. Kepala Balai)"
    other_types = {"petugas": {"nama": 1}, "kode": [1], "keputusan": ["ya"], "alasan": {}, "x": 1}
    # Made when their turn comes: a code is good for a minute.
    cases: list[tuple[str, Callable[[], Any], str]] = [
        ("spends a code", spends_a_code, "Alasan wajib diisi"),
        ("a used code", lambda: by(cast.kepala, spent[0]), "sudah pernah dipakai"),
        ("another's code", lambda: by(cast.kepala, code(cast.subbag.name)), "Kode tidak cocok"),
        ("no code", lambda: {**YES, "petugas": cast.kepala.name}, "Kode harus 6 angka"),
        ("another role", lambda: by(cast.ppid), "tidak memegang peran"),
        ("revoked", lambda: by(revoked), "tidak memegang peran"),
        ("not yet delegated", lambda: by(newcomer) | {"petugas": label}, "tidak memegang peran"),
        ("the writer's own", lambda: by(cast.writer), "Anda ikut menulis"),
        ("another word", lambda: by(cast.kepala, "1", keputusan="boleh"), "tidak tersedia"),
        ("nothing at all", lambda: {}, "masih kosong"),
        ("no JSON", lambda: "ya, setuju", "masih kosong"),
        ("other types", lambda: other_types, "harus berupa teks"),
        (
            "too long",
            lambda: by(cast.subbag, "1", alasan="a" * 120_001),
            "terlalu panjang (120.001 huruf",
        ),
    ]
    form = here.form(run)
    for number, (name, answer, reason) in enumerate(cases, start=1):
        forge(intruder, run, form, answer())
        form = next_form(here, run, form)
        refused = refusals(here, publication_id)
        assert len(refused) == number, name
        assert any(reason in one for one in refused[-1].reasons), (name, refused[-1].reasons)
        # The form stands again, with the reason on top, and asks for a decision anew.
        top = form.description.split("**")[0]
        assert escape_for_form(reason) in top, (name, top)
        assert "keputusan" not in form.defaults(), name
    assert nothing_is_live(here)
    assert here.events(run).count("jawaban-ditolak") == len(cases)

    here.answer(run, cast.kepala.name, keputusan="ya")
    assert "Tunjuk petugas" in here.form(run).description


def tomorrow(here: TestOffice) -> date:
    return wib_day(here.office.clock()) + timedelta(days=1)


def delegated(here: TestOffice, person: Person, first_day: date) -> None:
    """Make the person Plh. Kepala Balai from that day, for a day."""
    with here.office.ledger.work() as work:
        people.delegate(
            work, "kepala", person.nip, "Plh.", first_day, first_day, role_name="Kepala Balai"
        )


def test_a_delegate_in_force_approves_under_the_name_of_the_delegation(here: TestOffice) -> None:
    cast = new_cast(here)
    delegate = enrolled(here, "subbag")
    delegated(here, delegate, wib_day(here.office.clock()))
    run = waiting_for_approval(here, cast)
    label = f"{delegate.name} (Plh. Kepala Balai)"

    assert label in here.form(run).options("petugas")
    here.answer(run, label, keputusan="ya")
    following = here.form(run)
    assert "Tunjuk petugas" in following.description
    assert escape_for_form(label) in following.description


def test_a_run_started_without_an_answer_opens_the_form_again(
    here: TestOffice, intruder: Intruder
) -> None:
    cast = new_cast(here)
    run = waiting_for_approval(here, cast)
    form = here.form(run)

    intruder.force(run, "SCHEDULED", "AwaitingRetry")
    again = next_form(here, run, form)
    assert escape_for_form(REOPENED) in again.description
    assert "formulir-ditinggalkan" in here.events(run)
    assert nothing_is_live(here)

    here.answer(run, cast.kepala.name, keputusan="ya")
    assert "Tunjuk petugas" in here.form(run).description


def test_an_answer_key_that_is_taken_does_not_lock_the_form(
    here: TestOffice, intruder: Intruder
) -> None:
    cast = new_cast(here)
    run = waiting_for_approval(here, cast)
    form = here.form(run)

    intruder.write_answer(run, form.key, orjson.dumps(YES).decode())
    honest = {**YES, "petugas": cast.kepala.name, "kode": here.player.code(cast.kepala.name)}
    assert intruder.resume(run, honest).status_code == 409

    intruder.sweep()
    again = next_form(here, run, form)
    assert "masih kosong" in again.description.split("**")[0]
    assert "run-dijalankan-kembali" in here.events(run)
    assert nothing_is_live(here)
    here.answer(run, cast.kepala.name, keputusan="ya")
    assert "Tunjuk petugas" in here.form(run).description


def test_no_forced_state_and_no_deleted_run_ends_a_publication(
    here: TestOffice, intruder: Intruder
) -> None:
    forced = ["RUNNING", "COMPLETED", "FAILED", "CANCELLED", "far away", "deleted"]
    casts = {name: new_cast(here) for name in forced}
    runs = {name: waiting_for_approval(here, cast) for name, cast in casts.items()}
    opened = {name: here.form(run) for name, run in runs.items()}
    ids = {name: here.publication_id(run) for name, run in runs.items()}

    for name, run in runs.items():
        match name:
            case "deleted":
                assert intruder.delete(run).is_success
            case "far away":
                assert intruder.postpone(run, here.office.clock() + timedelta(days=900)).is_success
            case _:
                assert intruder.force(run, name).is_success
    # What the schedule does within two minutes, at once.
    assert recover(here.stack.settings) == 0

    for name, run in runs.items():
        carrier = carrier_of(here, ids[name])
        assert (carrier != run) == (name == "deleted"), name
        again = next_form(here, carrier, opened[name])
        assert escape_for_form(REOPENED) in again.description, name
        assert "run-dijalankan-kembali" in here.events(carrier), name
        runs[name] = carrier
    assert nothing_is_live(here)
    assert POSTPONED in recorded_reasons(here, ids["far away"])

    for name, run in runs.items():
        here.answer(run, casts[name].kepala.name, keputusan="ya")
        assert "Tunjuk petugas" in here.form(run).description, name


def carrier_of(here: TestOffice, publication_id: str) -> UUID:
    """The run that carries the publication now."""
    with here.office.ledger.read() as work:
        return UUID(publications.get(work, publication_id).flow_run_id)


def test_a_run_that_names_somebody_elses_publication_neither_takes_nor_doubles_it(
    here: TestOffice, intruder: Intruder
) -> None:
    cast = new_cast(here)
    first = here.start(judul="Publikasi yang direbut", saluran=["Website"])
    form = here.form(first)
    with here.office.ledger.read() as work:
        reference = publications.get(work, here.publication_id(first)).reference

    second = intruder.start({"judul": "Rebut"}, rujukan=reference)
    soon(lambda: intruder.state(second)["type"] == "FAILED", "the failure", PATIENCE)
    state = intruder.state(second)

    assert "sudah dilanjutkan oleh run lain" in state["message"]
    assert str(first) in state["message"]
    with here.office.ledger.read() as work:
        chosen = select(func.count()).where(
            Publication.title.in_(["Publikasi yang direbut", "Rebut"])
        )
        assert work.session.scalar(chosen) == 1
    assert here.form(first).key == form.key
    here.answer(first, cast.subbag.name)
    assert "Tunjuk penulis" in here.form(first).description


def test_template_text_is_text_up_to_the_article(here: TestOffice, intruder: Intruder) -> None:
    cast = new_cast(here)
    run = waiting_for_approval(here, cast)
    template = "{{ 7*7 }} {% for i in [1,2] %}x{% endfor %}"

    # As a comment: kept letter by letter, shown to the verifier without being carried out.
    here.answer(run, cast.kepala.name, keputusan="tidak", alasan=f"Salah {template}")
    form = here.form(run)
    assert escape_for_form(f"Salah {template}") in form.description.split("**Verif")[0]

    # As a template that Prefect itself carries out: what comes of it is text like any other.
    person = {"petugas": cast.officer.name, "keputusan": "tidak", "alasan": ""}
    order = {"__prefect_kind": "jinja", "template": "ya{{ 7*7 }}"}
    code = here.player.code(cast.officer.name)
    intruder.resume(run, {**form.defaults(), **person, "kode": code, "alasan": order})
    writing = next_form(here, run, form)
    assert "ya49" in writing.description.split("**")[0]
    trick = {**person, "keputusan": {"__prefect_kind": "jinja", "template": "{{ 'y' }}a"}}
    assert intruder.resume(run, {**writing.defaults(), **trick}).json()["status"] == "REJECT"
    assert nothing_is_live(here)

    # As title and text: published exactly as typed.
    title = f"Judul {template}"
    here.answer(
        run,
        cast.writer.name,
        sumber="Isian formulir ini",
        judul=title,
        teras="Teras yang disetujui.",
        isi=f"Isi {template} apa adanya, bukan hasil hitungan.",
    )
    here.answer(run, cast.ppid.name, keputusan="ya", alasan="Benar")
    here.answer(run, cast.kepala.name, keputusan="ya")
    here.answer(run, cast.humas.name, petugas_unggah=cast.officer.name)
    here.form(run)
    article = next(post for post in here.posts()["website"] if "disetujui." in post["text"])
    assert article["title"] == title
    assert template in html.unescape(article["html"])


def recorded_reasons(here: TestOffice, publication_id: str) -> str:
    """Everything that the publication's events say about why."""
    with here.office.ledger.read() as work:
        rows = work.session.scalars(select(Event).where(Event.chain == publication_id))
        return " ".join(row.data for row in rows)


def test_a_deployment_that_somebody_else_made_runs_nothing(
    here: TestOffice, intruder: Intruder, tmp_path: Path
) -> None:
    trace = tmp_path / "jejak"
    step = {"prefect.deployments.steps.run_shell_script": {"script": f"touch {trace}"}}
    run = intruder.deploy_and_run("serangan", pull_steps=[step])
    state = here.player.finished(run, patience=PATIENCE)
    assert state["type"] == "CRASHED"
    assert "bukan bagian dari Siar" in state["message"]
    assert not trace.exists()


def test_a_run_cannot_bring_settings_of_its_own(
    here: TestOffice, intruder: Intruder, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "lain"
    run = intruder.start(
        {"judul": "Pengaturan sendiri"},
        job_variables={"env": {"SIAR_DATA_DIR": str(elsewhere), "SIAR_LEDGER_URL": ""}},
    )
    here.form(run)
    assert here.publication_id(run)
    assert not elsewhere.exists()
