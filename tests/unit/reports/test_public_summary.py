"""A report's summary on the website: asked about, approved to the byte, shown exactly once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from bs4 import BeautifulSoup

from connectors.http import ChannelHttp
from ledger import report_pages, reports
from ledger.models import DeliveryState
from ledger.reminders import ReminderOutcome
from ledger.verify import verify
from monev.render.public import parts_of
from sop.forms.steps import NO, YES
from tasks.gate import NotApprovedError, authorise_summary
from tasks.pembacaan import READ, SHOW_IT, open_reading, receive_reading, slug_of
from tasks.pemberitahuan_laporan import tell_of_reports
from tasks.penayangan import GIVEN_UP_AFTER, show, show_due
from tasks.pengingat import remind
from tests.support.loopback import Loopback
from tests.support.rehearsal import start_rehearsal
from tests.unit.delivery.faults import FAULTS, FOR_A_PERSON
from tests.unit.reports.office import code, head, last_event, placed
from tests.unit.reports.summary import SummaryDesk, website

PAGES, PAGE = "/wp-json/wp/v2/pages", "/wp-json/wp/v2/pages/*"
# Every call of the way to a live page.
CALLS: dict[str, dict[str, Any]] = {
    "look": {"method": "GET", "path": PAGES, "nth": 1},
    "draft": {"method": "POST", "path": PAGES, "nth": 1},
    "fill": {"method": "POST", "path": PAGE, "nth": 1},
    "compare": {"method": "GET", "path": PAGE, "nth": 1},
    "publish": {"method": "POST", "path": PAGE, "nth": 2},
}
HANGING = {name for name in FAULTS if name.startswith("hang")}


# --- asking ----------------------------------------------------------------------------


def test_the_form_asks_and_says_what_would_appear_where_and_with_which_digest(
    desk: SummaryDesk,
) -> None:
    digest = desk.kept()
    form = open_reading(desk.office, desk.report_id, "laporan", "/artifacts/artifact/pratinjau")
    asked = form.model.model_json_schema()
    assert asked["properties"]["tayang"]["title"] == SHOW_IT
    assert asked["properties"]["tayang"]["enum"] == [YES, NO]
    assert "tayang" in asked["required"]
    with desk.office.ledger.read() as work:
        slug = slug_of(reports.get(work, desk.report_id))
    for said in (
        digest,
        f"tayang di {desk.gladi.base_url} sebagai halaman `{slug}`",
        "[Buka pratinjaunya](/artifacts/artifact/pratinjau)",
    ):
        assert said in form.description, said


def test_nothing_is_asked_where_it_is_switched_off_or_the_file_is_damaged(
    desk: SummaryDesk,
) -> None:
    desk.kept()
    off = placed(desk.office, public_summary="")
    without = placed(desk.office, summary_channels={})
    for here in (off, without):
        form = open_reading(here, desk.report_id, "laporan")
        assert "tayang" not in form.model.model_json_schema()["properties"]
        assert "masyarakat" not in form.description
    kept = desk.place.read_bytes()
    desk.place.write_bytes(kept + b" ")
    form = open_reading(desk.office, desk.report_id, "laporan")
    assert "tayang" not in form.model.model_json_schema()["properties"]
    assert "Berkas publik\\.html tidak sama lagi" in form.description


def test_a_ya_names_the_digest_and_a_tidak_shows_nothing_and_both_are_a_reading(
    desk: SummaryDesk,
) -> None:
    digest = desk.kept()
    assert desk.read(NO).accepted
    assert desk.maybe_page is None
    assert last_event(desk.office, reports.READ)["ringkasan"] == {"jawaban": NO, "sidik": digest}
    assert show(desk.office, desk.report_id) is None


def test_the_page_is_planned_with_the_reading_itself(desk: SummaryDesk) -> None:
    digest = desk.approved()
    assert last_event(desk.office, reports.READ)["ringkasan"] == {"jawaban": YES, "sidik": digest}
    assert last_event(desk.office, report_pages.PLANNED)["sidik"] == digest
    with desk.office.ledger.read() as work:
        assert desk.page.approved_by == reports.get(work, desk.report_id).read_by
    assert (desk.page.digest, desk.page.state) == (digest, "planned")


@pytest.mark.parametrize("answer", ["", "barangkali", "YA"])
def test_only_a_plain_ya_or_tidak_counts(desk: SummaryDesk, answer: str) -> None:
    desk.kept()
    verdict = desk.read(answer)
    assert not verdict.accepted
    assert any(SHOW_IT in reason for reason in verdict.reasons)
    assert desk.maybe_page is None


def ya_of(desk: SummaryDesk) -> dict[str, str]:
    """The head's answer, with a good code."""
    name, secret = head(desk.office)
    return {"petugas": name, "kode": code(secret, desk.clock), "dibaca": READ, "tayang": YES}


def test_a_ya_to_what_was_damaged_meanwhile_reads_nothing_and_is_asked_again(
    desk: SummaryDesk,
) -> None:
    desk.kept()
    form = open_reading(desk.office, desk.report_id, "laporan")
    desk.place.unlink()
    verdict = receive_reading(desk.office, desk.report_id, form.key, ya_of(desk))
    assert not verdict.accepted
    assert "tidak dapat ditayangkan sekarang" in verdict.reasons[0]
    assert desk.maybe_page is None


def test_a_form_that_did_not_ask_takes_no_ya(desk: SummaryDesk) -> None:
    desk.kept()
    kept = desk.place.read_bytes()
    desk.place.unlink()
    form = open_reading(desk.office, desk.report_id, "laporan")
    assert SHOW_IT not in str(form.model.model_json_schema())
    desk.place.write_bytes(kept)  # restored while the form is open
    verdict = receive_reading(desk.office, desk.report_id, form.key, ya_of(desk))
    assert not verdict.accepted
    assert "tidak dapat ditayangkan sekarang" in verdict.reasons[0]
    assert desk.maybe_page is None


def test_a_ya_to_a_page_is_none_to_an_article(desk: SummaryDesk) -> None:
    desk.kept()
    form = open_reading(desk.office, desk.report_id, "laporan")
    changed = replace(desk.office, public_summary="artikel")
    assert not receive_reading(changed, desk.report_id, form.key, ya_of(desk)).accepted
    assert desk.maybe_page is None


# --- the gate --------------------------------------------------------------------------


def test_what_goes_out_is_cut_from_the_approved_bytes(desk: SummaryDesk) -> None:
    desk.approved()
    approved = parts_of(desk.place.read_bytes())
    page = desk.settle()
    assert page.state == DeliveryState.PUBLISHED, page.error_sentence
    (live,) = desk.on_website()
    assert live["title"]["raw"] == approved.title
    content = live["content"]["raw"]
    assert content.startswith(approved.content)
    marker = f"<!-- siar:laporan-{desk.report_id[:8]}:{page.digest[:12]} -->"
    assert content[len(approved.content) :].strip() == marker
    shown = requests.get(page.url, timeout=20)
    assert shown.status_code == 200
    text = " ".join(BeautifulSoup(shown.text, "html.parser").get_text(" ").split())
    assert "Ketepatan waktu" in text
    assert "96,3% (26 dari 27)" in text


def test_not_one_byte_may_differ_from_what_was_approved(desk: SummaryDesk) -> None:
    desk.approved()
    kept = desk.place.read_bytes()
    desk.place.write_bytes(kept.replace(b"96,3%", b"99,9%"))
    with pytest.raises(NotApprovedError, match="tidak sama lagi"):
        authorise_summary(desk.office, desk.report_id)
    page = show(desk.office, desk.report_id)
    assert page is not None
    assert (page.state, page.asked, page.attempts) == ("held", True, 0)
    assert desk.on_website() == []
    assert [one.table for one in verify(desk.office.ledger, reports=desk.office.reports_root)] == [
        "reports"
    ]
    desk.place.write_bytes(kept)
    desk.clock.pass_time(hours=1)
    assert desk.settle().state == DeliveryState.PUBLISHED


def test_bytes_that_change_during_a_pass_are_held_with_the_reason(desk: SummaryDesk) -> None:
    desk.approved()
    kept = desk.place.read_bytes()
    connector = desk.office.summary_channels["halaman"]

    class Changing:
        """The website, and somebody who changes the file while the draft is made."""

        def __getattr__(self, name: str) -> object:
            return getattr(connector, name)

        def prepare(self, *args: object) -> object:
            made = connector.prepare(*args)  # type: ignore[arg-type]
            desk.place.write_bytes(kept + b" ")
            return made

    changing = replace(desk.office, summary_channels={"halaman": Changing()})  # type: ignore[dict-item]
    page = show(changing, desk.report_id)
    assert page is not None
    assert (page.state, page.asked, page.attempts) == ("held", True, 0)
    assert "tidak sama lagi" in page.error_sentence
    assert desk.on_website() == []
    desk.place.write_bytes(kept)
    desk.clock.pass_time(hours=1)
    assert desk.settle().state == DeliveryState.PUBLISHED


def test_without_a_ya_there_is_no_leave(desk: SummaryDesk) -> None:
    desk.kept()
    with pytest.raises(NotApprovedError, match="belum disetujui"):
        authorise_summary(desk.office, desk.report_id)
    desk.read(NO)
    with pytest.raises(NotApprovedError, match="belum disetujui"):
        authorise_summary(desk.office, desk.report_id)


def test_as_an_article_it_is_shown_among_the_articles(desk: SummaryDesk) -> None:
    desk.office = placed(desk.office, public_summary="artikel")
    desk.approved()
    desk.office = placed(desk.office, public_summary="halaman")  # what waits keeps its kind
    assert desk.settle().state == DeliveryState.PUBLISHED
    assert (len(desk.on_website("posts")), desk.on_website("pages")) == (1, [])


# --- exactly once ----------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", sorted(set(FAULTS) - HANGING))
def test_whatever_happens_at_whichever_call_there_is_one_page_in_the_end(
    desk: SummaryDesk, call: str, fault: str
) -> None:
    desk.approved()
    desk.gladi.fault(channel="website", **CALLS[call], **FAULTS[fault])
    page = desk.settle()
    if page.asked:
        assert fault in FOR_A_PERSON or fault.startswith(("200", "2xx")), page.error_sentence
        assert page.error_sentence
        assert page.error_action
        desk.clock.pass_time(hours=1)
        page = show(desk.office, desk.report_id) or page
        if page.state != DeliveryState.PUBLISHED:
            page = desk.settle()
    assert page.state == DeliveryState.PUBLISHED, (page.state, page.error_sentence)
    assert len(desk.on_website()) == 1
    assert verify(desk.office.ledger) == []


@pytest.mark.parametrize("reached", ["before the call", "after the call"])
def test_a_process_that_died_at_the_publishing_call_publishes_nothing_twice(
    desk: SummaryDesk, reached: str
) -> None:
    desk.approved()
    order = authorise_summary(desk.office, desk.report_id)
    connector = desk.office.summary_channels["halaman"]
    prepared = connector.prepare(order, desk.office.blobs)
    with desk.office.ledger.work() as work:
        page = work.own(desk.page)
        prepared_data = dict(prepared.data)
        report_pages.move(work, page, DeliveryState.PREPARED, prepared=prepared_data)
    with desk.office.ledger.work() as work:
        report_pages.move(work, work.own(desk.page), DeliveryState.ATTEMPTING)
    if reached == "after the call":
        connector.publish(order, prepared)

    page_now = show(desk.office, desk.report_id)
    assert page_now is not None
    if reached == "after the call":
        assert page_now.state == DeliveryState.PUBLISHED
        assert page_now.attempts == 1
    else:
        # One clear look is not enough: the call may still be on its way.
        assert (page_now.state, page_now.readings) == ("unknown", 1)
    began = desk.clock.now
    assert desk.settle().state == DeliveryState.PUBLISHED
    if reached == "before the call":
        assert desk.page.attempts == 2
        assert desk.clock.now - began >= desk.office.patience.resend_after
    assert len(desk.on_website()) == 1


def test_the_publishing_call_itself_is_made_once_for_each_attempt(desk: SummaryDesk) -> None:
    desk.approved()
    before = len(desk.gladi.calls("website", "POST", "/wp/v2/pages/"))
    desk.gladi.fault(channel="website", **CALLS["publish"], **FAULTS["500 after effect"])
    assert desk.settle().state == DeliveryState.PUBLISHED
    # One to fill the draft and one to publish it; then it was found by looking.
    assert len(desk.gladi.calls("website", "POST", "/wp/v2/pages/")) - before == 2
    assert desk.page.attempts == 1


# --- trouble ---------------------------------------------------------------------------


def test_a_website_that_is_down_is_tried_again_and_blocks_nobody(
    desk: SummaryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = website(desk.gladi, desk.clock, "pages", base_url="http://127.0.0.1:9")
    desk.office = placed(desk.office, summary_channels={"halaman": dead})
    desk.approved()
    waits = []
    for _ in range(4):
        page = show(desk.office, desk.report_id)
        assert page is not None
        assert page.next_try_at is not None
        assert (page.state, page.asked) == ("held", False)
        waits.append(page.next_try_at - desk.clock.now)
        desk.clock.now = page.next_try_at
    assert waits == sorted(waits)
    alive = website(desk.gladi, desk.clock, "pages")
    desk.office = placed(desk.office, summary_channels={"halaman": alive})
    assert [page.state for page in show_due(desk.office)] == ["published"]


def test_an_account_that_may_make_no_pages_is_told_to_a_person_and_tried_again(
    desk: SummaryDesk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    strict = start_rehearsal(tmp_path_factory.mktemp("ketat"), wp_pages=False)
    try:
        refused = website(strict, desk.clock, "pages")
        desk.office = placed(desk.office, summary_channels={"halaman": refused})
        desk.approved()
        page = desk.settle()
    finally:
        strict.stop()
    assert (page.state, page.asked) == ("held", True)
    assert "Editor (Penyunting)" in page.error_action
    assert "Siar mencoba lagi" in page.error_action
    mended = website(desk.gladi, desk.clock, "pages")
    desk.office = placed(desk.office, summary_channels={"halaman": mended})
    assert show_due(desk.office) == []
    desk.clock.pass_time(minutes=31)
    assert [one.state for one in show_due(desk.office)] == ["published"]


def test_what_nobody_mends_for_a_week_is_given_up_unless_it_may_be_live(
    desk: SummaryDesk,
) -> None:
    desk.approved()
    gone = placed(desk.office, summary_channels={})
    show(gone, desk.report_id)
    desk.clock.now += GIVEN_UP_AFTER + timedelta(minutes=1)
    page = show(gone, desk.report_id)
    assert page is not None
    assert (page.state, page.next_try_at) == ("rejected", None)
    assert "Siar berhenti mencoba" in page.error_action


def test_an_unknown_outcome_is_never_given_up(desk: SummaryDesk) -> None:
    desk.approved()
    with desk.office.ledger.work() as work:
        page = work.own(desk.page)
        report_pages.move(work, page, DeliveryState.PREPARED)
    with desk.office.ledger.work() as work:
        report_pages.move(work, work.own(desk.page), DeliveryState.ATTEMPTING)
    gone = placed(desk.office, summary_channels={})
    show(gone, desk.report_id)
    desk.clock.now += GIVEN_UP_AFTER * 2
    page_now = show(gone, desk.report_id)
    assert page_now is not None
    assert (page_now.state, page_now.asked) == ("unknown", True)


def test_a_strange_failure_of_ours_counts_as_an_answer_that_cannot_be_read(
    desk: SummaryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.approved()
    with monkeypatch.context() as broken:

        def fail(*_: object, **__: object) -> None:
            raise LookupError("tak terduga")

        broken.setattr(ChannelHttp, "publish", fail)
        page = show(desk.office, desk.report_id)
    assert page is not None
    assert page.state == "unknown"
    assert desk.settle().state == DeliveryState.PUBLISHED
    assert len(desk.on_website()) == 1


# --- telling ---------------------------------------------------------------------------


def told(inbox: Loopback, name: str) -> list[tuple[str, str]]:
    return [(call.json["title"], call.json["message"]) for call in inbox.calls(f"POST /{name}")]


def test_a_live_summary_is_told_once_to_officers_and_head_with_its_address(
    desk: SummaryDesk, inbox: Loopback
) -> None:
    remind(desk.office)  # switches notifications on
    desk.approved()
    assert tell_of_reports(desk.office) == {}
    url = desk.settle().url
    assert tell_of_reports(desk.office) == {ReminderOutcome.TERKIRIM: 1}
    assert tell_of_reports(desk.office) == {}
    for name in ("ppid", "kepala"):
        ((title, message),) = told(inbox, name)
        assert title == "[GLADI] Ringkasan laporan monev tayang di website"
        assert url in message
    assert last_event(desk.office, report_pages.TOLD)["hasil"] == "terkirim"


def test_trouble_that_needs_a_person_is_told_once_to_the_officers(
    desk: SummaryDesk, inbox: Loopback
) -> None:
    remind(desk.office)
    desk.approved()
    desk.gladi.fault(channel="website", path=f"{PAGES}*", action="answer_before", status=401)
    assert desk.settle().asked
    assert tell_of_reports(desk.office) == {ReminderOutcome.TERKIRIM: 1}
    desk.clock.pass_time(hours=1)
    show(desk.office, desk.report_id)
    assert tell_of_reports(desk.office) == {}
    ((title, message),) = told(inbox, "ppid")
    assert "belum dapat tayang" in title
    assert "sandi aplikasi" in message
    assert told(inbox, "kepala") == []
    desk.gladi.clear_faults()
    desk.clock.pass_time(hours=1)
    show(desk.office, desk.report_id)
    assert tell_of_reports(desk.office) == {ReminderOutcome.TERKIRIM: 1}
