"""Step 9 against a running office: the report is made, laid before the head, and read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterId
from prefect.states import Scheduled

from deployments.player import OpenForm
from deployments.recover import recover
from deployments.stack import SERVER, WORKER
from ledger import publications, report_pages, reports
from ledger.forms import REFUSED_BY_SERVER
from ledger.models import OFFICE_CHAIN, Delivery, DeliveryState, Event, Report, ReportPage, Round
from ledger.restarts import RESTARTED
from ledger.verify import verify
from sop.forms.steps import NO, YES
from sop.indonesian import today
from tasks.laporan import week_before
from tasks.opening import REOPENED
from tasks.pembacaan import READ
from tests.support.cast import Cast, Person, carried_to, enrolled, new_cast
from tests.support.intruder import Intruder
from tests.support.kantor import TestOffice
from tests.support.processes import process_of
from tests.support.waiting import soon

pytestmark = pytest.mark.flow

FILES = {
    "laporan-monev.html",
    "laporan-monev.md",
    "laporan-monev.pdf",
    "laporan-monev.xlsx",
    "publik.html",
    "ringkasan.md",
    "tabel.json",
}
ANSWER = {"dibaca": READ, "tayang": NO}


@pytest.fixture(scope="module")
def here(here_in_haste: TestOffice) -> TestOffice:
    return here_in_haste


@pytest.fixture
def api(here: TestOffice) -> Iterator[Intruder]:
    made = Intruder(here.stack.api_url)
    yield made
    made.close()


@pytest.fixture
def gladi(here: TestOffice) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{here.stack.rehearsal_url}", trust_env=False) as client:
        yield client
        client.delete("/gladi/gangguan").raise_for_status()


@pytest.fixture
def head(here: TestOffice) -> Person:
    """Somebody who may read reports, with codes that nobody has spent."""
    return enrolled(here, "kepala")


def ordered(here: TestOffice, first: str = "", last: str = "") -> UUID:
    """Press Run on `monev-khusus`."""
    days = {"dari": first, "sampai": last}
    return here.player.order("monev-khusus/monev-khusus", days)


def october(day: int) -> str:
    """A day long gone: each test has a period of its own, and no publication stands in it."""
    return f"2026-10-{day:02d}"


def read(
    here: TestOffice, form: OpenForm, head: Person, note: str = "", *, public: str = NO
) -> dict[str, Any]:
    here.player.answer(form, head.name, {**ANSWER, "catatan": note, "tayang": public})
    state = here.player.finished(form.run_id)
    assert state["name"] == "Sudah dibaca", state
    return state


def report_of(here: TestOffice, run_id: UUID) -> Report:
    with here.office.ledger.read() as work:
        found = reports.of_run(work, str(run_id))
        assert found is not None
        return found


def told(here: TestOffice, kind: str, **wanted: str) -> list[dict[str, Any]]:
    """What the office's chain says of this kind where the wanted values stand."""
    with here.office.ledger.read() as work:
        rows = work.session.query(Event).filter_by(chain=OFFICE_CHAIN, kind=kind)
        found = [json.loads(row.data) for row in rows.order_by(Event.seq)]
    return [one for one in found if wanted.items() <= one.items()]


def swept_until_asked_anew(here: TestOffice, api: Intruder, form: OpenForm) -> OpenForm:
    """Sweep until the run waits under another form; that form."""

    def is_asked() -> bool:
        api.sweep()
        state = here.player.run(form.run_id)["state"]
        key = state["state_details"].get("pause_key")
        return bool(state["type"] == "PAUSED" and key != form.key)

    soon(is_asked, "another form")
    return here.player.form(form.run_id, after=form.key)


def documented(here: TestOffice, cast: Cast, title: str) -> UUID:
    """A publication that has come to step 9."""
    run = carried_to(here, 8, cast, channels=("website",), written={"judul": title})
    here.answer(run, cast.officer.name, catatan=f"Catatan untuk {title}.")
    here.player.finished(run)
    return run


def status_of(here: TestOffice, run_id: UUID) -> str:
    with here.office.ledger.read() as work:
        found = publications.by_flow_run(work, str(run_id))
        assert found is not None
        return found.status


def test_the_head_reads_the_report_and_what_it_covers_is_done(here: TestOffice) -> None:
    cast = new_cast(here)
    done = documented(here, cast, "Berita yang dilaporkan")
    under_way = carried_to(here, 4, cast, channels=("website",))
    run = ordered(here)
    form = here.player.form(run)

    assert "Berita yang dilaporkan" in form.description
    assert f"**{number_live(here)}** publikasi tayang" in form.description
    assert cast.kepala.name in form.options("petugas")
    assert cast.ppid.name not in form.options("petugas")
    here.player.resume(run, {**ANSWER, "petugas": cast.kepala.name, "kode": "000000"})
    again = here.player.form(run, after=form.key)
    assert "Belum dapat diterima" in again.description
    assert "Kode tidak cocok" in again.description
    assert status_of(here, done) == "berjalan"

    read(here, again, cast.kepala, "Percepat langkah 4.")

    report = report_of(here, run)
    assert report.note == "Percepat langkah 4."
    assert status_of(here, done) == "selesai"
    assert status_of(here, under_way) == "berjalan"
    assert here.events(done)[-3:] == ["dilaporkan", "putaran-ditutup", "publikasi-berakhir"]
    (refused,) = told(here, reports.REFUSED, laporan_id=report.id)
    assert refused["petugas"] == cast.kepala.name
    (said,) = told(here, reports.READ, laporan_id=report.id)
    assert reference_of(here, done) in said["selesai"]
    assert reference_of(here, under_way) not in said["selesai"]
    timeline = [
        ("9 · Monitoring dan evaluasi · susun laporan", "Completed"),
        ("9 · Monitoring dan evaluasi · dibaca", "Belum diterima"),
        ("9 · Monitoring dan evaluasi · dibaca", "Diterima"),
    ]

    def is_told() -> bool:
        # The server writes tasks from their events, a moment after the run has ended.
        found = [(one["name"], one["state"]["name"]) for one in here.player.task_runs(run)]
        return found == timeline

    soon(is_told, "the timeline")
    assert_files_are_as_recorded(here, report)
    text = (here.office.reports_root / report.folder / "laporan-monev.md").read_text("utf-8")
    assert "Catatan untuk Berita yang dilaporkan" in text
    assert "GLADI" in text
    assert verify(here.office.ledger) == []


def reference_of(here: TestOffice, run_id: UUID) -> str:
    with here.office.ledger.read() as work:
        return publications.get(work, here.publication_id(run_id)).reference


def number_live(here: TestOffice) -> int:
    """How many publications of this office are live somewhere and past the publishing step.

    Other tests leave some behind of which the publishing step is not over.
    """
    with here.office.ledger.read() as work:
        live = work.session.query(Delivery).filter_by(state=DeliveryState.PUBLISHED)
        over = work.session.query(Round).filter(Round.step_no == 7, Round.closed_at.is_not(None))
        return len({row.publication_id for row in live} & {row.publication_id for row in over})


def assert_files_are_as_recorded(here: TestOffice, report: Report) -> None:
    folder = here.office.reports_root / report.folder
    assert {one.name for one in folder.iterdir()} == FILES
    found = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.iterdir()}
    assert found == report.files
    assert [one.name for one in folder.parent.iterdir() if one.name.startswith(".")] == []


def test_the_report_stands_in_the_prefect_ui_as_text_and_as_tables(
    here: TestOffice, head: Person
) -> None:
    run = ordered(here, october(1), october(2))
    form = here.player.form(run)
    shown = here.player.artifacts("laporan-monev-khusus-2026-10-01-2026-10-02")
    assert {one["type"] for one in shown} == {"markdown", "table"}
    pages = [one for one in shown if one["type"] == "markdown"]
    page, preview = sorted(pages, key=lambda one: str(one["key"]))
    assert preview["key"] == f"{page['key']}-publik"
    assert f"[Buka pratinjaunya](/artifacts/artifact/{preview['latest_id']})" in form.description
    assert f"/artifacts/artifact/{page['latest_id']}" in form.description
    read(here, form, head)


@pytest.mark.parametrize("state", ["SCHEDULED", "RUNNING", "COMPLETED"])
def test_whatever_is_forced_upon_the_run_the_report_stays_unread(
    here: TestOffice, api: Intruder, head: Person, state: str
) -> None:
    day = {"SCHEDULED": 3, "RUNNING": 4, "COMPLETED": 5}[state]
    run = ordered(here, october(day), october(day))
    form = here.player.form(run)
    assert api.force(run, state).is_success
    again = swept_until_asked_anew(here, api, form)
    assert REOPENED[:40] in again.description
    assert report_of(here, run).read_at is None
    read(here, again, head)


def test_forged_answers_read_nothing_and_are_recorded(
    here: TestOffice, api: Intruder, head: Person
) -> None:
    other, writer = enrolled(here, "kepala"), enrolled(here, "ppid")
    run = ordered(here, october(6), october(6))
    form = here.player.form(run)
    for attempt in (None, {}, {**ANSWER, "petugas": head.name}, {**ANSWER, "kode": "1"}):
        assert api.resume(run, attempt).json()["status"] == "REJECT"
    assert here.player.form(run).key == form.key
    assert len(told(here, REFUSED_BY_SERVER, run=str(run))) == 4

    forged: list[Mapping[str, Any] | str] = [
        "bukan json",
        {},
        {**ANSWER, "petugas": head.name},
        {**ANSWER, "petugas": writer.name, "kode": here.player.code(writer.name)},
        {"petugas": head.name, "kode": here.player.code(head.name), "dibaca": "ya"},
    ]
    for answer in forged:
        text = answer if isinstance(answer, str) else orjson.dumps(answer).decode()
        assert api.write_answer(run, form.key, text).status_code == 201
        assert api.force(run, "SCHEDULED").is_success
        form = here.player.form(run, after=form.key)
        assert "Belum dapat diterima" in form.description

    report = report_of(here, run)
    assert report.read_at is None
    assert len(told(here, reports.REFUSED, laporan_id=report.id)) == len(forged)
    read(here, form, other)


def test_a_second_run_of_the_same_days_makes_nothing_while_the_first_waits(
    here: TestOffice, head: Person
) -> None:
    first = ordered(here, october(7), october(8))
    form = here.player.form(first)
    second = ordered(here, october(7), october(8))
    state = here.player.finished(second)
    assert state["name"] == "Sudah ada"
    assert str(first) in state["message"]
    read(here, form, head)


def test_after_the_reading_the_same_days_give_a_new_version_beside_the_old_one(
    here: TestOffice, head: Person
) -> None:
    other = enrolled(here, "kepala")
    first = ordered(here, october(9), october(9))
    read(here, here.player.form(first), head)
    second = ordered(here, october(9), october(9))
    form = here.player.form(second)
    assert "Periode 9 Oktober 2026 \\(versi 2\\)" in form.description
    read(here, form, other)
    old, new = report_of(here, first), report_of(here, second)
    assert new.folder == f"{old.folder}-versi-2"
    for report in (old, new):
        assert_files_are_as_recorded(here, report)


def test_the_weekly_report_is_about_the_week_before_and_made_once(
    here: TestOffice, head: Person
) -> None:
    run = here.player.order("monev-mingguan/monev-mingguan", {})
    form = here.player.form(run)
    report = report_of(here, run)
    assert (report.first_day, report.last_day) == week_before(today(datetime.now(UTC)))
    assert report.kind == "mingguan"
    assert here.player.run(run)["name"].startswith("Laporan monev · Minggu ")
    read(here, form, head)
    again = here.player.finished(here.player.order("monev-mingguan/monev-mingguan", {}))
    assert again["name"] == "Sudah ada"


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-10-20", "2026-10-10", "Tukar keduanya"),
        ("kemarin", "", "“kemarin” pada Dari bukan tanggal"),
        ("2999-01-01", "2999-01-02", "belum berjalan"),
    ],
)
def test_days_that_make_no_period_end_the_run_with_a_sentence(
    here: TestOffice, first: str, last: str, sentence: str
) -> None:
    state = here.player.finished(ordered(here, first, last))
    assert state["type"] == "FAILED"
    assert sentence in state["message"]


def test_a_process_killed_while_it_writes_leaves_one_report(
    here: TestOffice, api: Intruder, head: Person
) -> None:
    days = (october(11), october(12))
    run = ordered(here, *days)
    year = here.office.reports_root / "2026"
    soon(lambda: any(year.glob(f".khusus-{days[0]}*/*")), "the first file", later_every=0.02)
    with contextlib.suppress(LookupError, ProcessLookupError):
        os.kill(process_of(run), signal.SIGKILL)

    def is_asked() -> bool:
        api.sweep()
        return bool(here.player.run(run)["state"]["type"] == "PAUSED")

    soon(is_asked, "the form")
    assert here.player.run(run)["run_count"] > 1
    report = report_of(here, run)
    assert_files_are_as_recorded(here, report)
    with here.office.ledger.read() as work:
        kept = [one for one in reports.all_reports(work) if one.folder == report.folder]
    assert len(kept) == 1
    read(here, here.player.form(run), head)


def test_a_report_whose_run_is_gone_gets_another_run_by_recover(
    here: TestOffice, api: Intruder, head: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ordered(here, october(13), october(13))
    here.player.form(run)
    report = report_of(here, run)
    assert api.delete(run).is_success
    soon(lambda: here.office.locks.is_free("laporan-khusus-2026-10-13-2026-10-13"), "the end")
    assert recover(here.stack.settings) == 0
    assert "DIBUKA “Laporan monev · Periode 13 Oktober 2026”" in capsys.readouterr().out
    with here.office.ledger.read() as work:
        new_run = UUID(reports.get(work, report.id).flow_run_id or "")
    assert new_run != run
    form = here.player.form(new_run)
    assert here.player.run(new_run)["name"] == "Laporan monev · Periode 13 Oktober 2026"
    read(here, form, head)
    assert len(told(here, RESTARTED, putaran_id=report.id)) == 1


def test_after_the_loss_of_the_prefect_database_text_and_tables_are_shown_again(
    here: TestOffice, head: Person
) -> None:
    run = ordered(here, october(17), october(18))
    here.player.form(run)
    report = report_of(here, run)
    key = "laporan-monev-khusus-2026-10-17-2026-10-18"
    before = shown(here, key)
    assert {kind for kind, _ in before.values()} == {"markdown", "table"}
    here.stack.stop_part(WORKER)
    here.stack.stop_part(SERVER)
    for file in here.stack.settings.prefect_home.glob("prefect.db*"):
        file.unlink()
    here.stack.start_part(SERVER)
    here.stack.start_part(WORKER)
    assert shown(here, key) == {}

    assert recover(here.stack.settings) == 0
    with here.office.ledger.read() as work:
        new_run = UUID(reports.get(work, report.id).flow_run_id or "")
    form = here.player.form(new_run)
    assert shown(here, key) == before
    (page,) = [one for one in here.player.artifacts(key) if one["key"] == key]
    assert f"/artifacts/artifact/{page['latest_id']}" in form.description
    assert "tabel.json" not in form.description
    read(here, form, head)


def shown(here: TestOffice, key: str) -> dict[str, tuple[str, Any]]:
    """What the UI shows under keys that begin like this: kind and content."""
    found = here.player.artifacts(key)
    return {one["key"]: (one["type"], artifact_data(here, one["latest_id"])) for one in found}


def artifact_data(here: TestOffice, artifact_id: str) -> Any:
    with SyncPrefectClient(here.stack.api_url) as client:
        wanted = ArtifactFilter(id=ArtifactFilterId(any_=[UUID(artifact_id)]))
        (found,) = client.read_artifacts(artifact_filter=wanted)
    return found.data


def test_a_run_killed_after_the_reading_comes_to_its_end(
    here: TestOffice, api: Intruder, head: Person
) -> None:
    run = ordered(here, october(15), october(15))
    read(here, here.player.form(run), head)
    soon(lambda: here.office.locks.is_free("laporan-khusus-2026-10-15-2026-10-15"), "the end")
    assert api.force(run, "RUNNING").is_success

    def is_over() -> bool:
        api.sweep()
        return bool(here.player.run(run)["state"]["name"] == "Sudah dibaca")

    soon(is_over, "the end of the run")


def test_what_a_dead_run_left_without_a_row_is_replaced(here: TestOffice, head: Person) -> None:
    left = here.office.reports_root / "2026" / "khusus-2026-10-16_2026-10-16"
    aside = left.with_name(f".{left.name}.1")
    for folder in (left, aside):
        folder.mkdir(parents=True)
        (folder / "setengah.pdf").write_bytes(b"%PDF")
    run = ordered(here, october(16), october(16))
    form = here.player.form(run)
    assert_files_are_as_recorded(here, report_of(here, run))
    read(here, form, head)


def test_changed_files_are_named_on_the_form_and_in_the_record(
    here: TestOffice, api: Intruder, head: Person
) -> None:
    run = ordered(here, october(14), october(14))
    form = here.player.form(run)
    report = report_of(here, run)
    paper = here.office.reports_root / report.folder / "laporan-monev.pdf"
    paper.write_bytes(paper.read_bytes() + b" ")
    assert api.force(run, "SCHEDULED").is_success
    again = here.player.form(run, after=form.key)
    assert "laporan\\-monev\\.pdf tidak sama lagi" in again.description
    read(here, again, head)
    (said,) = told(here, reports.READ, laporan_id=report.id)
    assert said["berkas_berubah"] == ["laporan-monev.pdf"]


def test_a_scheduled_run_started_late_is_about_the_week_it_was_meant_for(
    here: TestOffice, head: Person
) -> None:
    meant = datetime.now(UTC) - timedelta(days=21)
    with SyncPrefectClient(here.stack.api_url) as client:
        found = client.read_deployment_by_name("monev-mingguan/monev-mingguan")
        state: Any = Scheduled(scheduled_time=meant)
        run = client.create_flow_run_from_deployment(found.id, state=state).id
    form = here.player.form(run)
    report = report_of(here, run)
    assert (report.first_day, report.last_day) == week_before(today(meant))
    read(here, form, head)


def page_of(here: TestOffice, report: Report) -> ReportPage:
    with here.office.ledger.read() as work:
        found = report_pages.of_report(work, report.id)
        assert found is not None
        return found


def live_pages(here: TestOffice, report: Report) -> list[dict[str, Any]]:
    """What readers find on the website of this report."""
    slug = page_of(here, report).slug
    answer = httpx.get(
        f"{here.stack.rehearsal_url}/wp-json/wp/v2/pages", params={"per_page": 100}, trust_env=False
    )
    return [one for one in answer.raise_for_status().json() if one["slug"].startswith(slug)]


def test_a_ya_shows_the_summary_on_the_website_and_a_tidak_nothing(
    here: TestOffice, head: Person
) -> None:
    other = enrolled(here, "kepala")
    run = ordered(here, october(19), october(19))
    form = here.player.form(run)
    report = report_of(here, run)
    assert report.files["publik.html"] in form.description
    state = read(here, form, head, public=YES)

    page = page_of(here, report)
    assert (page.state, page.digest) == ("published", report.files["publik.html"])
    (live,) = live_pages(here, report)
    assert page.url == live["link"]
    assert page.url in state["message"]
    shown = httpx.get(page.url, trust_env=False).raise_for_status().text
    assert "GLADI: data latihan" in shown
    assert "Keutuhan catatan" in shown
    assert page.slug not in str(here.posts()["website"])
    (link,) = here.player.artifacts(f"{page.slug}-tayang")
    assert page.url in artifact_data(here, link["latest_id"])
    (said,) = told(here, reports.READ, laporan_id=report.id)
    assert said["ringkasan"] == {"jawaban": "ya", "sidik": page.digest}

    unshown = ordered(here, october(20), october(20))
    read(here, here.player.form(unshown), other)
    with here.office.ledger.read() as work:
        assert report_pages.of_report(work, report_of(here, unshown).id) is None


def test_a_website_that_is_down_keeps_no_reading_and_the_sweeper_goes_on(
    here: TestOffice, api: Intruder, head: Person, gladi: httpx.Client
) -> None:
    down = {"channel": "website", "path": "/wp-json/wp/v2/pages*", "action": "drop_before"}
    gladi.post("/gladi/gangguan", json=down).raise_for_status()
    run = ordered(here, october(21), october(21))
    state = read(here, here.player.form(run), head, public=YES)
    assert "belum tayang" in state["message"]
    report = report_of(here, run)
    assert page_of(here, report).state == "held"
    gladi.delete("/gladi/gangguan").raise_for_status()

    def is_live() -> bool:
        api.sweep()
        return page_of(here, report).state == "published"

    soon(is_live, "the page")
    assert len(live_pages(here, report)) == 1


def test_a_process_killed_at_the_publishing_call_publishes_one_page(
    here: TestOffice, api: Intruder, head: Person, gladi: httpx.Client
) -> None:
    # The second POST to the page's own address is the one that publishes it.
    call = {"channel": "website", "method": "POST", "path": "/wp-json/wp/v2/pages/*", "nth": 2}
    slow = {**call, "action": "delay_after", "seconds": 60}
    gladi.post("/gladi/gangguan", json=slow).raise_for_status()
    run = ordered(here, october(22), october(22))
    here.player.answer(here.player.form(run), head.name, {**ANSWER, "tayang": YES})
    report = report_of(here, run)
    soon(lambda: gladi.get("/gladi/gangguan").json()["gangguan"][0]["matched"] == 2, "the call")
    assert page_of(here, report).state == "attempting"
    os.kill(process_of(run), signal.SIGKILL)
    gladi.delete("/gladi/gangguan").raise_for_status()

    def is_over() -> bool:
        api.sweep()
        over = here.player.run(run)["state"]["name"] == "Sudah dibaca"
        return over and page_of(here, report).state == "published"

    soon(is_over, "the page and the end of the run")
    assert len(live_pages(here, report)) == 1
    assert page_of(here, report).attempts == 1


def test_nothing_of_all_this_has_hurt_the_record(here: TestOffice) -> None:
    assert verify(here.office.ledger) == []
