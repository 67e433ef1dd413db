"""Step 4's findings name the links that do not answer; a typed text needs no Word file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from connectors.notifications import AddressBook
from ledger.db import migrate
from sop.forms.steps import FACTS, FROM_FILE, FROM_FORM
from sop.manuscript import Manuscript
from tasks.case import read_case
from tasks.office import Office
from tasks.penulisan import prepare
from tasks.rendering import all_findings, asked_links
from tests.unit.notifications.office import Clock, made_office, waiting

TEXT = Manuscript("Judul", "Teras https://ada.id", "[a](https://hilang.id) [b](https://mati.id)")
TYPED = {
    "judul": "Petugas Memeriksa Kapal",
    "teras": "Petugas memeriksa kapal di Boom Baru.",
    "isi": "Pemeriksaan berjalan lancar.",
    "tagar": "",
    **{name: "diisi" for name, _, _ in FACTS},
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    here = made_office(tmp_path, Clock(), AddressBook())
    migrate(here.ledger.engine)
    yield here
    here.ledger.engine.dispose()


def test_links_are_found_by_what_they_answered(office: Office) -> None:
    statuses = {"https://ada.id": 200, "https://hilang.id": 404, "https://mati.id": None}
    here = replace(office, link_status=statuses.__getitem__)
    found = {
        one.code: one.sentence for one in all_findings(here, TEXT, [], asked_links(here, TEXT))
    }
    assert "https://hilang.id" in found["tautan.rusak"]
    assert "https://mati.id" in found["tautan.tak_terperiksa"]
    assert not any("https://ada.id" in sentence for sentence in found.values())


def test_an_answer_looks_no_link_up(office: Office) -> None:
    found = all_findings(office, TEXT, [])
    assert not any(one.code.startswith("tautan") for one in found)


@pytest.mark.parametrize(("source", "accepted"), [(FROM_FORM, True), (FROM_FILE, False)])
def test_a_word_file_that_cannot_be_opened_stops_only_who_wants_its_text(
    office: Office, source: str, accepted: bool
) -> None:
    folder = office.intake_root / "bahan"
    folder.mkdir()
    (folder / "naskah.docx").write_bytes(b"PK\x03\x04 rusak")
    Image.effect_noise((320, 240), 60).convert("RGB").save(folder / "foto.jpg")
    (folder / "keterangan.txt").write_text("foto.jpg: Petugas di dermaga", encoding="utf-8")
    case = read_case(office, waiting(office, 3))
    assert case is not None
    draft = prepare(office, case, {"sumber": source, "folder": "bahan", **TYPED})
    assert (draft.problems == ()) is accepted
    assert accepted or any("naskah.docx rusak" in one for one in draft.problems)
    manuscript, _ = draft.payload
    assert [media.filename for media in manuscript.media] == ["foto.jpg"]
