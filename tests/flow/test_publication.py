"""One publication through the SOP against a running office, as staff would do it in the UI."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from ledger import publications, rounds
from ledger.models import Event
from sop.forms.steps import ALREADY_LIVE, FROM_FILE
from sop.indonesian import WIB
from tests.support.cast import carried_to, new_cast
from tests.support.intruder import Intruder
from tests.support.kantor import (
    HUMAS,
    HUMAS_3,
    KEPALA,
    PPID,
    PPID_2,
    SUBBAG,
    WRITER,
    TestOffice,
)
from tests.support.waiting import soon

pytestmark = pytest.mark.flow

FOUR = ["Website", "X", "Facebook", "Instagram"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "rilis-contoh"


def live(here: TestOffice, text: str) -> dict[str, list[dict[str, Any]]]:
    """The posts that hold this text, by channel; only channels that have one."""
    return {
        channel: found
        for channel, posts in here.posts().items()
        if (found := [post for post in posts if text in post["title"] + post["text"]])
    }


def timeline(here: TestOffice, run_id: UUID) -> list[tuple[int, int, str | None, str]]:
    """Step, round, outcome and reason of every round, in the order they were opened."""
    with here.office.ledger.read() as work:
        found = publications.get(work, here.publication_id(run_id))
        return [
            (view.step_no, view.number, view.outcome, view.reason)
            for view in rounds.timeline(work, found)
        ]


def test_a_release_with_photos_goes_through_every_step_and_stands_on_four_channels(
    here: TestOffice,
) -> None:
    shutil.copytree(EXAMPLE, here.office.intake_root / "rilis-contoh")
    run = here.start(judul="Vaksinasi awak kapal", folder="rilis-contoh", saluran=FOUR)

    here.answer(run, SUBBAG)
    here.answer(run, HUMAS, penulis=WRITER, catatan="Pakai naskah di folder.")
    here.answer(run, WRITER, sumber=FROM_FILE)
    here.answer(run, PPID, keputusan="ya", alasan="Sudah diperiksa.")
    asked = here.answer(run, KEPALA, keputusan="ya")
    here.answer(run, HUMAS_3, petugas_unggah=PPID_2)
    result = here.answer(run, PPID_2, catatan="Berjalan baik.")
    state = here.player.finished(run)

    title = "21 Awak Kapal MV Contoh Bahari Divaksin Sebelum Berlayar"
    assert (state["type"], state["name"]) == ("COMPLETED", "Tayang")
    assert here.player.run(run)["name"] == "Vaksinasi awak kapal"
    # On one line of the UI's timeline each, in the words of the SOP; step 7 channel by channel.
    # The server draws it from events, a little after the run's end.
    soon(lambda: len(here.player.task_runs(run)) == 13, "the timeline")
    names = [task["name"] for task in here.player.task_runs(run)]
    assert names[:7] == [
        "1 · Penyampaian data informasi dan kegiatan · putaran 1",
        "2 · Instruksi penulisan · putaran 1",
        "3 · Penulisan berita · putaran 1",
        "4 · Verifikasi dan penyuntingan · putaran 1",
        "5 · Persetujuan pemuatan · putaran 1",
        "6 · Penugasan unggah · putaran 1",
        "7 · Unggah publikasi · Website · putaran 1",
    ]
    assert set(names[7:]) == {
        "7 · Unggah publikasi · X · putaran 1",
        "7 · Unggah publikasi · Facebook · putaran 1",
        "7 · Unggah publikasi · Instagram · putaran 1",
        "8 · Pendokumentasian dan pengarsipan · rekam hasil · putaran 1",
        "8 · Pendokumentasian dan pengarsipan · putaran 1",
        "8 · Pendokumentasian dan pengarsipan · segel arsip · putaran 1",
    }
    # The log page is for staff: what happened, in their language, and nothing of the engine's.
    told = here.player._call(
        "POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [str(run)]}}}
    )
    lines = [line["message"] for line in told]
    assert f"Jawaban {KEPALA} diterima." in lines
    assert not [line for line in lines if "flow run" in line or "Finished" in line]
    # What the approver saw: title, text, alt texts, digest, and the link to the preview.
    for shown in (title, "Dua petugas karantina", "Sidik (digest)", "/artifacts/artifact/"):
        assert shown in asked.description

    posts = {channel: found[0] for channel, found in live(here, "MV Contoh Bahari").items()}
    assert set(posts) == {"website", "x", "facebook", "instagram"}
    assert posts["website"]["title"] == title
    assert "<strong>" in posts["website"]["html"]
    assert "<table>" in posts["website"]["html"]
    for channel, post in posts.items():
        alts = [picture["alt"] for picture in post["pictures"]]
        assert len(alts) == 4, channel
        assert all(alts), channel
        assert any("Seorang perawat bermasker" in alt for alt in alts), channel
        assert httpx.get(post["url"], trust_env=False).status_code == 200, channel
        assert post["url"] in result.description
        assert httpx.get(post["pictures"][0]["url"], trust_env=False).status_code == 200

    # Each code was judged by when the server took the answer, not by when a process read it.
    with here.office.ledger.read() as work:
        mine = Event.chain == here.publication_id(run)
        taken = work.session.query(Event).filter(mine, Event.kind == "jawaban-diterima").all()
        sent = [datetime.fromisoformat(json.loads(event.data)["dikirim"]) for event in taken]
        assert len(sent) == 7
        assert all(one < event.at for one, event in zip(sent, taken, strict=True))


def test_a_no_leads_back_with_its_reason_on_top_and_every_round_is_kept(here: TestOffice) -> None:
    cast = new_cast(here)
    run = carried_to(here, 5, cast, written={"judul": "Berita dengan dua tidak"})

    here.answer(run, cast.kepala.name, keputusan="tidak", alasan="Nama kapal belum disebut")
    verifying = here.answer(
        run, cast.officer.name, keputusan="tidak", alasan="Tulis ulang bersama nama kapalnya"
    )
    writing = here.form(run)
    assert verifying.description.startswith("### ⚠")
    assert "Nama kapal belum disebut" in verifying.description.split("**")[0]
    assert writing.description.startswith("### ⚠")
    assert "Tulis ulang bersama nama kapalnya" in writing.description.split("**")[0]
    assert "putaran 2" in writing.description
    # The writer starts from what was written, not from an empty form.
    assert writing.defaults()["judul"] == "Berita dengan dua tidak"
    assert "Jalannya kegiatan" in writing.defaults()["isi"]

    # A wrong code: everything typed comes back, with the reason on top.
    typed = {**writing.defaults(), "petugas": cast.writer.name, "sumber": "Isian formulir ini"}
    typed |= {"judul": "KM Contoh Jaya diperiksa", "isi": "Isi **baru** " * 30, "kode": "000000"}
    here.player.resume(run, typed)
    here.answered[run] = writing.key
    refused = here.form(run)
    assert "Kode tidak cocok" in refused.description.split("**")[0]
    offered = refused.defaults()
    assert offered["judul"] == "KM Contoh Jaya diperiksa"
    assert offered["isi"] == ("Isi **baru** " * 30).strip()
    assert offered["sumber"] == "Isian formulir ini"
    assert "kode" not in offered

    here.player.resume(run, {**typed, "kode": here.player.code(cast.writer.name)})
    here.answered[run] = refused.key
    again = here.form(run)
    assert again.defaults()["judul"] == "KM Contoh Jaya diperiksa"
    assert timeline(here, run) == [
        (1, 1, "selesai", ""),
        (2, 1, "selesai", ""),
        (3, 1, "selesai", ""),
        (4, 1, "ya", "Lengkap."),
        (5, 1, "tidak", "Nama kapal belum disebut"),
        (4, 2, "tidak", "Tulis ulang bersama nama kapalnya"),
        (3, 2, "selesai", ""),
        (4, 3, None, ""),
    ]
    steps = [
        ("5 · Persetujuan pemuatan · putaran 1", "Tidak"),
        ("4 · Verifikasi dan penyuntingan · putaran 2", "Tidak"),
        ("3 · Penulisan berita · putaran 2", "Belum diterima"),
        ("3 · Penulisan berita · putaran 2", "Diterima"),
    ]

    def shown() -> list[tuple[str, str]]:
        return [(task["name"], task["state_name"]) for task in here.player.task_runs(run)]

    # The server draws them from events, a little after the form stands.
    soon(lambda: shown() == steps, "the timeline")
    assert live(here, "dua tidak") == live(here, "KM Contoh Jaya") == {}


def test_excluded_information_is_refused_with_its_law_named(here: TestOffice) -> None:
    cast = new_cast(here)
    run = here.start(judul="Data rahasia", klasifikasi="dikecualikan", saluran=["Website"])

    first = here.answer(run, cast.subbag.name)
    refused = here.form(run)
    for form in (first, refused):
        assert "Pasal 17" in form.description
        assert "Nomor 14 Tahun 2008" in form.description
    assert refused.description.startswith("### ⚠")
    assert refused.defaults()["klasifikasi"] == "dikecualikan"

    here.answer(run, cast.subbag.name, klasifikasi="setiap saat")
    assert "Tunjuk penulis" in here.form(run).description


def test_writer_verifier_and_approver_are_three_people(here: TestOffice) -> None:
    cast = new_cast(here, writer=("ppid",), ppid=("kepala",))
    run = carried_to(here, 4, cast)

    here.answer(run, cast.writer.name, keputusan="ya", alasan="Tulisan saya sendiri")
    verifying = here.answer(run, cast.ppid.name, keputusan="ya", alasan="Lengkap")
    here.answer(run, cast.ppid.name, keputusan="ya")
    approving = here.answer(run, cast.kepala.name, keputusan="ya")

    assert "Anda menulis naskah ini" in verifying.description.split("**")[0]
    assert "Anda sudah memverifikasi naskah ini" in approving.description.split("**")[0]
    assert "Tunjuk petugas" in here.form(run).description
    assert [row[:3] for row in timeline(here, run)][-3:] == [
        (4, 1, "ya"),
        (5, 1, "ya"),
        (6, 1, None),
    ]


def test_it_is_published_by_itself_at_the_wanted_time_and_only_where_assigned(
    here: TestOffice,
) -> None:
    cast = new_cast(here)
    channels = ("website", "x", "facebook")
    run = carried_to(
        here, 6, cast, channels=channels, written={"teras": "Berita yang ditunggu jamnya."}
    )
    form = here.form(run)
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=20)
    here.answer(
        run,
        cast.humas.name,
        petugas_unggah=cast.officer.name,
        saluran=["Website", "X"],
        waktu_tayang=due.astimezone(WIB).strftime("%Y-%m-%d %H:%M:%S"),
    )
    intruder = Intruder(here.stack.api_url)
    waiting = pause_after(intruder, run, form.key)
    # Nobody can hurry it: a resume has nothing to answer and ends in waiting again.
    intruder.resume(run, None)
    pause_after(intruder, run, waiting)

    # The posts' own times prove it, on a slow machine too.
    result = here.form(run)
    posts = live(here, "ditunggu jamnya")
    assert set(posts) == {"website", "x"}
    assert all(datetime.fromisoformat(found[0]["at"]) >= due for found in posts.values())
    assert "Periksa hasil publikasi" in result.description
    # Not the sweep of every minute: a run of it was ordered for that very second.
    key = f"tayang-{here.publication_id(run)}-{int(due.timestamp())}"
    assert intruder.scheduled_times(key) == [due]


def pause_after(intruder: Intruder, run: UUID, key: str) -> str:
    """Wait until the run is paused with another key than this one; that key."""

    def is_paused_anew() -> bool:
        state = intruder.state(run)
        return state["type"] == "PAUSED" and state["state_details"]["pause_key"] != key

    soon(is_paused_anew, "another pause")
    return str(intruder.state(run)["state_details"]["pause_key"])


def test_a_channel_without_an_api_asks_the_officer_for_the_address(here: TestOffice) -> None:
    cast = new_cast(here)
    teras = "Berita yang juga diunggah dengan tangan."
    run = carried_to(here, 6, cast, channels=("website", "tiktok"), written={"teras": teras})

    here.answer(run, cast.humas.name, petugas_unggah=cast.officer.name)
    asked = here.answer(
        run, cast.officer.name, tindakan_tiktok=ALREADY_LIVE, alamat_tiktok="sudah saya unggah"
    )
    address = "https://tiktok.example/@kantor/video/1"
    refused = here.answer(run, cast.ppid.name, tindakan_tiktok=ALREADY_LIVE, alamat_tiktok=address)
    result = here.form(run)

    website = live(here, "diunggah dengan tangan")["website"][0]
    assert teras in asked.description  # the text to copy
    assert website["url"] in asked.description
    assert asked.options("tindakan_tiktok") == ["Sudah tayang", "Batalkan saluran ini"]
    assert "belum benar" in refused.description.split("**")[0]
    assert refused.defaults()["alamat_tiktok"] == "sudah saya unggah"
    assert address in result.description
