"""The whole SOP as people do it: in the Prefect UI, with codes read from the rehearsal page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from sop.forms.steps import FROM_FILE, NO, YES
from tests.e2e.browser import (
    PHONE,
    ClassicForm,
    ClassicUi,
    CodePage,
    V2Form,
    V2Ui,
    Value,
    new_page,
    overflow,
)
from tests.support.kantor import (
    HUMAS,
    HUMAS_3,
    KEPALA,
    PPID,
    PPID_2,
    PPID_3,
    SUBBAG,
    WRITER,
    TestOffice,
)

# About a minute each when the machine is idle; patience for one that is not.
pytestmark = [pytest.mark.e2e, pytest.mark.flow, pytest.mark.timeout(900)]

ACTIVITY = "Pengawasan kekarantinaan kapal di Pelabuhan Boom Baru"
BETTER = "21 Awak Kapal Divaksin Sebelum Berlayar"
ASKED_OF_HEAD = "Yang tayang adalah persis pratinjau ini."
Shot = Callable[[Page, str], None]


@dataclass
class Desk:
    """A desk with Prefect's UI on the screen and the rehearsal's codes beside it."""

    office: TestOffice
    ui: ClassicUi
    codes: CodePage
    shot: Shot
    run_id: UUID
    shown: int = 0

    def open(self) -> ClassicForm:
        """The next form, once it is there."""
        found = self.office.form(self.run_id)
        self.office.answered[self.run_id] = found.key
        form = self.ui.open_form(self.run_id)
        form.text()
        self._keep()
        return form

    def answer(
        self, form: ClassicForm, person: str, fields: Mapping[str, Value], *, code: str = ""
    ) -> None:
        """Fill the form and send it; the code last, since it soon grows old."""
        form.fill({"Nama Anda": person, **fields})
        form.fill({"Kode 6 angka": code or self.codes.code(person)})
        self._keep()
        form.submit()
        self.ui.page.goto("about:blank")  # until there is another form, nobody looks

    def _keep(self) -> None:
        self.shown += 1
        self.shot(self.ui.page, f"{self.shown:02}")


def test_a_publication_goes_from_the_start_form_to_the_website(
    browser: Browser, office: TestOffice, codes: CodePage, shot: Shot
) -> None:
    ui = ClassicUi(new_page(browser), office.stack.ui_url)
    start = ui.start_form()
    start.fill(
        {
            "Judul kegiatan": ACTIVITY,
            "Unit kerja": "Tim Kerja 1",
            "Klasifikasi informasi": "berkala",
            "Folder materi": "rilis-contoh",
        }
    )
    shot(ui.page, "00")
    start.submit()
    desk = Desk(office, ui, codes, shot, UUID(ui.run_named(ACTIVITY)))

    desk.answer(desk.open(), SUBBAG, {})

    instruction = {"Penulis yang ditugaskan": WRITER, "Catatan instruksi": "Singkat dan lengkap."}
    desk.answer(desk.open(), HUMAS, instruction, code="000000")
    again = desk.open()
    assert again.text().startswith("⚠ Belum dapat diterima\n")
    assert "Kode tidak cocok" in again.text()
    assert again.value("Catatan instruksi") == "Singkat dan lengkap."
    desk.answer(again, HUMAS, {})

    desk.answer(desk.open(), WRITER, {"Naskah diambil dari": FROM_FILE})
    checked = {"Keputusan": YES, "Alasan / catatan koreksi": "Sudah diperiksa."}
    desk.answer(desk.open(), PPID, checked)

    asked = desk.open()
    assert asked.text().startswith(ASKED_OF_HEAD)
    desk.answer(asked, KEPALA, {"Keputusan": NO, "Alasan": "Judulnya terlalu panjang."})

    returned = desk.open()
    assert "Judulnya terlalu panjang." in returned.text().split("\n\n")[0]
    assert "putaran 2" in returned.text()
    desk.answer(returned, PPID_3, {**checked, "Judul berita": BETTER})

    asked = desk.open()
    assert BETTER in asked.text()
    desk.answer(asked, KEPALA, {"Keputusan": YES})
    desk.answer(desk.open(), HUMAS_3, {"Petugas yang ditugaskan mengunggah": PPID_2})
    desk.answer(desk.open(), PPID_2, {"Catatan monev": "Tayang tanpa kendala."})

    office.player.finished(desk.run_id)
    _reads_as_the_sop(ui, desk.run_id, shot)
    _article_is_live(new_page(browser), codes.address, shot)
    assert {channel: len(posts) for channel, posts in office.posts().items()} == {
        "website": 1,
        "x": 1,
        "facebook": 1,
        "instagram": 1,
    }


def _reads_as_the_sop(ui: ClassicUi, run_id: UUID, shot: Shot) -> None:
    """The run's list of tasks tells the steps and rounds as the SOP names them."""
    ui.page.goto(f"{ui.address}/runs/flow-run/{run_id}")
    ui.page.get_by_text("Task Runs", exact=True).first.click()
    for name in (
        "4 · Verifikasi dan penyuntingan · putaran 2",
        "5 · Persetujuan pemuatan · putaran 2",
        "7 · Unggah publikasi · Website · putaran 1",
    ):
        expect(ui.page.get_by_text(name).first).to_be_visible()
    shot(ui.page, "98-langkah")


def _article_is_live(page: Page, website: str, shot: Shot) -> None:
    page.goto(website)
    page.get_by_role("link", name=BETTER).first.click()
    expect(page.get_by_role("heading", name=BETTER)).to_be_visible()
    _all_pictures_are_seen(page)
    shot(page, "99-artikel")


def _all_pictures_are_seen(page: Page) -> None:
    pictures = page.locator("img[alt]:not([alt=''])")
    expect(pictures.first).to_be_visible()
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).not_to_have_js_property("naturalWidth", 0)


@pytest.mark.parametrize("version", ["klasik", "v2"])
def test_the_head_decides_on_a_phone(
    browser: Browser, office: TestOffice, codes: CodePage, shot: Shot, version: str
) -> None:
    run_id = office.start(
        judul=f"Vaksinasi di ponsel {version}", folder=office.material(f"ponsel-{version}")
    )
    office.to_step(run_id, 5)
    office.answered[run_id] = office.form(run_id).key
    page = new_page(browser, PHONE)
    ui = (ClassicUi if version == "klasik" else V2Ui)(page, office.stack.ui_url)

    form: ClassicForm | V2Form = ui.open_form(run_id)
    assert form.text().startswith(ASKED_OF_HEAD)
    shot(page, "1-formulir")
    _preview_opens(page, shot)

    form = ui.open_form(run_id)
    form.fill({"Nama Anda": KEPALA, "Keputusan": YES})
    form.fill({"Kode 6 angka": codes.code(KEPALA)})
    shot(page, "3-dijawab")
    form.submit()
    assert "5 · Persetujuan pemuatan" in office.form(run_id).description


def _preview_opens(page: Page, shot: Shot) -> None:
    """The link on top of the form leads to the whole post with its pictures, on one screen."""
    link = page.get_by_role("link", name="Buka pratinjau lengkap dengan gambar")
    address = link.get_attribute("href")
    assert address is not None
    page.goto(page.url.split("/runs/")[0].removesuffix("/v2") + address)
    _all_pictures_are_seen(page)
    assert overflow(page) <= 0
    shot(page, "2-pratinjau")
