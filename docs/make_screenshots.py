"""Takes the pictures of docs/panduan and docs/img anew.

Run it as `.venv/bin/python docs/make_screenshots.py`. A real stack carries the example
release through the SOP; what staff see on the way is kept. Needs Debian's chromium and
poppler-utils.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # tests/ is no installed package

from playwright.sync_api import Browser, Locator, Page, expect  # noqa: E402

from sop.forms.steps import FROM_FILE, YES  # noqa: E402
from tests.e2e.browser import (  # noqa: E402
    PHONE,
    ClassicForm,
    ClassicUi,
    chromium,
    new_page,
)
from tests.support.kantor import (  # noqa: E402
    HUMAS,
    HUMAS_3,
    KEPALA,
    PPID,
    PPID_2,
    SUBBAG,
    WRITER,
    TestOffice,
    running_office,
)

RELEASE = ROOT / "examples" / "rilis-contoh"
GUIDE, IMAGES = ROOT / "docs" / "panduan" / "gambar", ROOT / "docs" / "img"
SCREEN = (1200, 760)
ACTIVITY = "Pengawasan kekarantinaan kapal di Pelabuhan Boom Baru"
COLOURS = 128


def main() -> None:
    """Take every picture; the old ones are replaced."""
    for folder in (GUIDE, IMAGES):
        folder.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="siar-gambar-"))
    try:
        shutil.copytree(RELEASE, data / "masuk" / RELEASE.name)
        with chromium() as browser, running_office(data) as office:
            Album(browser, office).fill()
    finally:
        shutil.rmtree(data, ignore_errors=True)


def keep(target: Page | Locator, path: Path) -> Image.Image:
    """Keep what is on the screen, in few colours so that the pictures stay small."""
    shown = Image.open(io.BytesIO(target.screenshot(animations="disabled"))).convert("RGB")
    save(shown, path)
    return shown


def save(picture: Image.Image, path: Path) -> None:
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(path.relative_to(ROOT), path.stat().st_size // 1024, "KiB")


@dataclass
class Album:
    """One publication, photographed on its way."""

    browser: Browser
    office: TestOffice

    def fill(self) -> None:
        page = new_page(self.browser, SCREEN)
        ui = ClassicUi(page, self.office.stack.ui_url)
        run_id = self._start(ui)
        self._first_forms(ui, run_id)
        self._verification(ui, run_id)
        approval = self._approval_on_a_phone(run_id)
        self._upload_with_trouble(ui, run_id)
        self._result(ui, run_id, approval)
        self._report(ui)

    def _start(self, ui: ClassicUi) -> UUID:
        page = ui.page
        page.goto(f"{ui.address}/deployments")
        page.get_by_placeholder("Search deployments").fill("publikasi")
        expect(page.get_by_text("arsip", exact=True)).to_be_hidden()
        expect(page.get_by_role("link", name="publikasi", exact=True).first).to_be_visible()
        keep(page, GUIDE / "mulai-1-deployments.png")
        form = ui.start_form()
        form.fill(
            {
                "Judul kegiatan": ACTIVITY,
                "Unit kerja": "Tim Kerja 1",
                "Klasifikasi informasi": "berkala",
                "Folder materi": RELEASE.name,
            }
        )
        form.control("Judul kegiatan").scroll_into_view_if_needed()
        keep(page, GUIDE / "mulai-2-formulir.png")
        form.submit()
        page.goto(str(self.office.stack.rehearsal_url))
        keep(page, GUIDE / "gladi-kode.png")
        return UUID(ui.run_named(ACTIVITY))

    def _open(self, ui: ClassicUi, run_id: UUID) -> ClassicForm:
        self.office.form(run_id)
        form = ui.open_form(run_id)
        form.text()
        return form

    def _first_forms(self, ui: ClassicUi, run_id: UUID) -> None:
        self.office.form(run_id)
        ui.open_run(run_id)
        expect(ui.page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
        keep(ui.page, GUIDE / "formulir-1-resume.png")
        form = self._open(ui, run_id)
        form.control("Nama Anda").locator("xpath=..").click()
        keep(ui.page, GUIDE / "formulir-2-isi.png")
        self.office.answer(run_id, SUBBAG)
        instruction = {"penulis": WRITER, "catatan": "Singkat dan lengkap; muat foto vaksinasi."}
        self.office.answer(run_id, HUMAS, **instruction, kode="000000")
        self._open(ui, run_id)
        keep(ui.page, GUIDE / "formulir-3-ditolak.png")
        self.office.answer(run_id, HUMAS, **instruction)
        self._open(ui, run_id)
        keep(ui.page, GUIDE / "penulisan.png")
        self.office.answer(run_id, WRITER, sumber=FROM_FILE)

    def _verification(self, ui: ClassicUi, run_id: UUID) -> None:
        form = self._open(ui, run_id)
        keep(ui.page, GUIDE / "verifikasi-1-temuan.png")
        form.control("Keputusan").scroll_into_view_if_needed()
        form.field("Isi berita").scroll_into_view_if_needed()
        keep(ui.page, GUIDE / "verifikasi-2-isian.png")
        self.office.answer(run_id, PPID, keputusan=YES, alasan="Sudah diperiksa.")

    def _approval_on_a_phone(self, run_id: UUID) -> Image.Image:
        self.office.form(run_id)
        phone = new_page(self.browser, PHONE)
        ui = ClassicUi(phone, self.office.stack.ui_url)
        ui.open_run(run_id)
        phone.locator(".p-icon-button-menu button").first.tap()
        expect(phone.get_by_text("Resume", exact=True).first).to_be_visible()
        keep(phone, GUIDE / "ponsel-1-menu.png")
        form = ui.open_form(run_id)
        form.text()
        approval = keep(phone, GUIDE / "ponsel-2-formulir.png")
        address = phone.get_by_role("link", name="Buka pratinjau").get_attribute("href")
        form.fill({"Nama Anda": KEPALA, "Keputusan": YES})
        form.control("Kode 6 angka").scroll_into_view_if_needed()
        keep(phone, GUIDE / "ponsel-4-jawab.png")
        phone.goto(f"{ui.address}{address}")
        picture = phone.locator("img[alt]:not([alt=''])").first
        picture.scroll_into_view_if_needed()
        expect(picture).not_to_have_js_property("naturalWidth", 0)
        keep(phone, GUIDE / "ponsel-3-pratinjau.png")
        phone.context.close()
        self.office.answer(run_id, KEPALA, keputusan=YES)
        return approval

    def _upload_with_trouble(self, ui: ClassicUi, run_id: UUID) -> None:
        self._open(ui, run_id)
        keep(ui.page, GUIDE / "penugasan.png")
        refusal = {"title": "Forbidden", "detail": "Your account is suspended.", "status": 403}
        fault = {"channel": "x", "method": "POST", "path": "/2/tweets", "status": 403}
        faults = f"{self.office.stack.rehearsal_url}/gladi/gangguan"
        plan = {**fault, "action": "answer_before", "body": refusal}
        httpx.post(faults, json=plan, trust_env=False).raise_for_status()
        self.office.answer(run_id, HUMAS_3, petugas_unggah=PPID_2)
        form = self._open(ui, run_id)
        keep(ui.page, GUIDE / "kendala.png")
        form.root.page.keyboard.press("Escape")
        httpx.delete(faults, trust_env=False).raise_for_status()
        self.office.answer(run_id, PPID_2, tindakan_x="Kirim ulang")
        self._open(ui, run_id)
        keep(ui.page, GUIDE / "pendokumentasian.png")
        self.office.answer(run_id, PPID_2, catatan="Akun X sempat tertahan; sudah dipulihkan.")

    def _result(self, ui: ClassicUi, run_id: UUID, approval: Image.Image) -> None:
        page = ui.page
        self.office.player.finished(run_id)
        page.goto(f"{ui.address}/runs/flow-run/{run_id}")
        tab = page.get_by_text("Task Runs", exact=True).first
        tab.click()
        expect(page.get_by_text("8 · ").first).to_be_visible()
        tab.scroll_into_view_if_needed()
        keep(page, IMAGES / "run.png")
        website = new_page(self.browser, (900, PHONE[1]))
        website.goto(next(post["url"] for post in self.office.posts()["website"]))
        website.locator("img[alt]").first.scroll_into_view_if_needed()
        website.evaluate("window.scrollTo(0, 0)")
        article = keep(website, GUIDE / "artikel.png")
        save(beside(approval, article), IMAGES / "persetujuan-dan-artikel.png")

    def _report(self, ui: ClassicUi) -> None:
        run_id = self.office.player.order("monev-khusus/monev-khusus", {})
        self._open(ui, run_id)
        keep(ui.page, GUIDE / "monev-1-formulir.png")
        paper = next(self.office.office.reports_root.rglob("*.pdf"))
        drawn = subprocess.run(  # noqa: S603 (our own file)
            ["pdftoppm", "-png", "-r", "70", "-f", "1", "-l", "1", str(paper)],  # noqa: S607
            check=True,
            capture_output=True,
        ).stdout
        save(Image.open(io.BytesIO(drawn)).convert("RGB"), GUIDE / "monev-2-laporan.png")


def beside(left: Image.Image, right: Image.Image, *, gap: int = 24) -> Image.Image:
    """Two pictures of one height on one sheet."""
    sheet = Image.new("RGB", (left.width + gap + right.width, left.height), "white")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + gap, 0))
    return sheet


if __name__ == "__main__":
    main()
