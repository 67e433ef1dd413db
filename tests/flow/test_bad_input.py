"""Whatever is typed or put into the folder: a clear sentence on the form, and the run goes on."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from ledger.verify import verify
from sop.forms.steps import FROM_FILE, FROM_FORM
from sop.model import StepKind
from tasks.case import read_case
from tests.support.carrying import Crowd, bring, carried, complete
from tests.support.cast import carried_to, enrolled, new_cast
from tests.support.kantor import BODY, FACTS, WRITTEN, TestOffice

pytestmark = pytest.mark.flow

LONG = "panjang sekali " * 6_667
EMOJI = "Vaksinasi 💉🚢 di Boom Baru 👩‍⚕️"
ARABIC = "تطعيم الحجاج في \u202eباليمبانغ"
NUL = "Vaksin\x00asi"
SCRIPT = "<script>alert('kena')</script><img src=x onerror=alert(1)>Vaksinasi"
# A "<" that is not escaped in the Markdown of a form.
LIVE_HTML = re.compile(r"(?<!\\)<(script|img)", re.IGNORECASE)
TEMPLATE = "{{ 7*7 }} {% for a in b %}"


def told(description: str) -> str:
    """The reasons on top of a form, as they are read."""
    return description.split("\n**", maxsplit=1)[0].replace("\\", "")


def test_the_start_form_takes_anything_and_step_1_says_what_is_wrong(
    here: TestOffice, crowd: Crowd
) -> None:
    titles = ["", LONG, EMOJI, ARABIC, NUL, SCRIPT]
    runs = [here.start(judul=title, apa=title, folder="../../etc") for title in titles]
    for run_id, title in zip(runs, titles, strict=True):
        form = here.form(run_id)
        assert "- ⚠" in form.description, title
        assert "folder" in form.description.partition("Langkah 1")[0], title
        assert not LIVE_HTML.search(form.description)
        assert "\x00" not in json.dumps(dict(form.schema))
        assert here.player.run(run_id)["name"].strip()
    assert "Judul kegiatan masih kosong" in here.form(runs[0]).description
    assert "(tanpa judul)" in here.form(runs[0]).description.replace("\\", "")
    too_long = "Judul kegiatan terlalu panjang (20.000 huruf)"
    assert too_long in here.form(runs[1]).description.replace("\\", "")
    assert len(here.player.run(runs[1])["name"]) <= 120

    for never in ("2026-02-30 09:00", "0001-01-01 00:00"):
        lost = here.form(here.start(judul="Tanpa hari", waktu_tayang=never))
        assert f"Waktu tayang “{never}” tidak dapat dibaca" in lost.description.replace("\\", "")
        assert lost.defaults()["waktu_tayang"] == never

    here.answer(runs[0], crowd.one("subbag"), judul="", folder="")
    assert "“Judul kegiatan” masih kosong" in told(here.form(runs[0]).description)
    for folder in ("../../etc", "/etc", "a\x00b", "tidak-ada"):
        here.answer(runs[0], crowd.one("subbag"), judul=EMOJI, folder=folder)
        form = here.form(runs[0])
        assert "Belum dapat diterima" in told(form.description), folder
        assert "older" in told(form.description), folder
        assert "root:" not in form.description
        assert form.defaults()["judul"] == EMOJI
    here.answer(runs[0], crowd.one("subbag"), judul=EMOJI, folder="")
    assert "Langkah 2" in here.form(runs[0]).description


def test_after_a_refused_verification_the_findings_are_about_what_was_typed(
    here: TestOffice,
) -> None:
    cast = new_cast(here)
    other = enrolled(here, "humas")
    run = carried_to(here, 3, cast, channels=("website",))
    here.answer(run, other.name, **WRITTEN)
    form = here.form(run)
    assert f"ditulis oleh **{other.name}**" in form.description
    assert cast.writer.name in form.description
    assert "NIK" not in form.description

    here.answer(run, cast.ppid.name, keputusan="ya", teras="Hubungi NIK 1671010101900001.")
    again = here.form(run)
    assert "data pribadi" in told(again.description)
    findings = again.description.split("\n**", maxsplit=1)[1]
    assert "NIK" in findings
    assert again.defaults()["teras"] == "Hubungi NIK 1671010101900001."


def bomb() -> bytes:
    """A .docx that unpacks to far more than it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", b" " * 300_000_000)
    return out.getvalue()


def put_bomb(folder: Path) -> None:
    (folder / "naskah.docx").write_bytes(bomb())


def put_false_picture(folder: Path) -> None:
    (folder / "foto.jpg").write_bytes(b"<?php system($_GET['x']); ?>" * 50)
    (folder / "keterangan.txt").write_text("foto.jpg: Petugas", "utf-8")


def put_huge_picture(folder: Path) -> None:
    Image.new("1", (10_000, 6_000)).save(folder / "foto.png")
    (folder / "keterangan.txt").write_text("foto.png: Petugas", "utf-8")


def put_link_out(folder: Path) -> None:
    folder.rmdir()
    folder.symlink_to("/etc")


def put_nothing_readable(folder: Path) -> None:
    """No manuscript that can be opened: a folder and a pipe stand in the files' places."""
    (folder / "naskah.docx").mkdir()
    os.mkfifo(folder / "foto.jpg")


def test_step_3_refuses_bad_material_with_a_sentence_and_takes_good_material_afterwards(
    here: TestOffice, crowd: Crowd
) -> None:
    publication_id = carried(here, crowd, 3)
    (run_id,) = bring(here, publication_id)
    refused = {
        "bom": (put_bomb, FROM_FILE, "mengembang terlalu besar"),
        "palsu": (put_false_picture, FROM_FORM, "foto.jpg"),
        "raksasa": (put_huge_picture, FROM_FORM, "foto.png"),
        "tautan": (put_link_out, FROM_FORM, "tautan"),
        "takterbaca": (put_nothing_readable, FROM_FILE, "naskah"),
    }
    good: dict[str, Any] = {
        "judul": f"{EMOJI} {SCRIPT}",
        "teras": "Sebanyak 120 calon jemaah menerima vaksin. " + SCRIPT,
        "isi": f"{BODY}\n\n{SCRIPT}\n\n{ARABIC}\n\n{TEMPLATE}\n\n[tautan](javascript:alert(1))\n",
        "tagar": "vaksinasi",
        **FACTS,
    }
    for name, (put, source, sentence) in refused.items():
        folder = here.office.intake_root / name
        folder.mkdir()
        put(folder)
        here.answer(run_id, crowd.one("humas"), sumber=source, **{**good, "folder": name})
        form = here.form(run_id)
        assert "Belum dapat diterima" in told(form.description), name
        assert sentence in told(form.description), name
        assert form.defaults()["judul"].startswith(EMOJI)
    for isi, sentence in (("", "isi"), (LONG * 2, "terlalu panjang")):
        here.answer(
            run_id,
            crowd.one("humas"),
            **{**good, "sumber": FROM_FORM, "isi": isi, "folder": ""},
        )
        assert sentence in told(here.form(run_id).description)

    material = here.material("baik")
    here.answer(run_id, crowd.one("humas"), **{**good, "sumber": FROM_FORM, "folder": material})
    form = here.form(run_id)
    case = read_case(here.office, publication_id)
    assert case is not None
    assert case.step.kind is StepKind.VERIFIKASI, told(form.description)
    assert not LIVE_HTML.search(form.description)

    link = {"isi": str(good["isi"]).replace("[tautan](javascript:alert(1))", "")}
    here.answer(
        run_id, crowd.one("ppid"), **{**good, **link}, keputusan="ya", alasan="Sudah diperiksa."
    )
    complete(here, crowd, run_id)

    (post,) = [post for post in here.posts()["website"] if case.reference in json.dumps(post)]
    page = httpx.get(f"{here.stack.rehearsal_url}{post['path']}", trust_env=False)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert 'href="javascript' not in page.text
    # The words alone: a port or a file's name may well hold these figures.
    assert "49" not in BeautifulSoup(post["html"], "html.parser").get_text()
    assert "💉" in page.text
    assert verify(here.office.ledger) == []
