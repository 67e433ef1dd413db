"""The report in its forms: the same bytes, whole, readable, and quick."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from monev.model import MonevReport, Week
from monev.render import html, markdown, pdf, tables, write_all, xlsx
from monev.render.table import records
from tests.unit.monev_render import samples
from tests.unit.monev_render.hostile import TEXTS, hostile_report

ROOT = Path(__file__).parents[3]
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="poppler-utils is not installed"
)
FILES = {"laporan-monev.pdf", "laporan-monev.xlsx", "laporan-monev.html", "laporan-monev.md"}


def text_of(data: bytes, folder: Path) -> str:
    place = folder / "laporan.pdf"
    place.write_bytes(data)
    done = subprocess.run(
        ["pdftotext", "-layout", str(place), "-"], capture_output=True, text=True, check=True
    )
    return " ".join(done.stdout.split())


def pages_of(data: bytes, folder: Path) -> list[str]:
    place = folder / "laporan.pdf"
    place.write_bytes(data)
    done = subprocess.run(
        ["pdftotext", str(place), "-"], capture_output=True, text=True, check=True
    )
    return done.stdout.split("\f")[:-1]


def words_of(page: str) -> str:
    return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())


def rendered(report: MonevReport) -> str:
    return str(MarkdownIt("gfm-like", {"html": True}).render(markdown(report)))


def test_every_file_is_written_and_named_with_its_digest(tmp_path: Path) -> None:
    digests = write_all(samples.report(), tmp_path / "2026" / "november")
    folder = tmp_path / "2026" / "november"
    assert set(digests) == FILES
    assert {place.name for place in folder.iterdir()} == FILES
    for name, digest in digests.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_same_report_gives_the_same_bytes_in_another_process_zone_and_language(
    tmp_path: Path,
) -> None:
    here = write_all(samples.report(), tmp_path / "satu")
    program = (
        "import sys; from pathlib import Path; from monev.render import write_all; "
        "from tests.unit.monev_render import samples; "
        "print(write_all(samples.report(), Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "dua")],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONHASHSEED": "4711",
            "TZ": "America/Lima",
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(here)


def test_another_figure_gives_other_bytes_in_every_form() -> None:
    report = samples.report()
    other = replace(report, counts=replace(report.counts, published=28))
    for form in (pdf, xlsx, html, markdown):
        assert form(report) != form(other), form.__name__


def test_a_file_that_cannot_be_written_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "laporan-monev.pdf").mkdir()
    with pytest.raises(OSError, match=r"laporan-monev\.pdf"):
        write_all(samples.report(), tmp_path)
    assert {place.name for place in tmp_path.iterdir()} == {"laporan-monev.pdf"}


@needs_poppler
def test_the_pdf_tells_what_the_head_signs(tmp_path: Path) -> None:
    data = pdf(samples.report())
    text = text_of(data, tmp_path)
    for shown in (
        "KEMENTERIAN KESEHATAN REPUBLIK INDONESIA",
        "Jalan Contoh No. 1, Palembang",
        "LAPORAN MONITORING DAN EVALUASI PUBLIKASI",
        "Bulan November 2026",
        "SOP Nomor OT.02.02/1/229/2022",
        "Keadaan catatan pada Selasa, 1 Desember 2026 07.20 WIB",
        "Pada periode ini 27 publikasi tayang dan 32 dimulai",
        "Hambatan terbesar ada di langkah 4",
        "tanpa baku",
        "3 dari 4",
        "Foto 3 memperlihatkan nomor paspor",
        "1 ditolak dan 1 dibatalkan; alasannya di bagian 3",
        "3. Publikasi yang dihentikan",
        "4. Verifikasi",
        "Titik yang bertanda",
        "1 Des 2026 05.00",
        "di atas batas",
        "2.117 (19)",
        "Tim PPID",
        "95,8% (68 dari 71)",
        "siar verify",
        "5e5e5e5e",
        "Cuti bersama tahun 2027 belum diumumkan",
        "Palembang, 1 Desember 2026",
        "Kepala Balai",
        "NIP 19000101 190001 1 001",
        "Halaman 1 dari ",
    ):
        assert shown in text, shown
    assert "GLADI" not in text


@needs_poppler
def test_the_pdf_is_tagged_and_made_for_keeping_and_for_screen_readers(tmp_path: Path) -> None:
    data = pdf(samples.report())
    place = tmp_path / "laporan.pdf"
    place.write_bytes(data)
    said = subprocess.run(["pdfinfo", str(place)], capture_output=True, text=True, check=True)
    assert "Tagged:          yes" in said.stdout
    assert b"pdfuaid" in data
    assert b"pdfaid" in data
    shape = subprocess.run(
        ["pdfinfo", "-struct", str(place)], capture_output=True, text=True, check=True
    )
    assert shape.stdout.count("Figure") >= 3
    assert "TH" in shape.stdout


@needs_poppler
def test_a_rehearsal_is_marked_on_every_page_of_every_form(tmp_path: Path) -> None:
    report = samples.report(rehearsal=True)
    pages = pages_of(pdf(report), tmp_path)
    assert len(pages) > 1
    assert all("GLADI: data latihan, bukan laporan resmi" in page for page in pages)
    assert "GLADI" in html(report)
    assert markdown(report).startswith("> **GLADI")
    assert "GLADI" not in html(samples.report()) + markdown(samples.report())


@needs_poppler
def test_a_signature_never_stands_alone_on_a_page(tmp_path: Path) -> None:
    for listed in (1, 4, 7, 10, 13):
        last = pages_of(pdf(samples.report(listed=listed)), tmp_path)[-1]
        assert "NIP 19000101" in last
        assert "Catatan tentang mutu data" in last


@needs_poppler
def test_a_month_without_publications_reads_well(tmp_path: Path) -> None:
    report = samples.empty_report()
    for said in (text_of(pdf(report), tmp_path), words_of(html(report)), markdown(report)):
        assert "Tidak ada publikasi pada periode ini." in said
        assert "None" not in said
        assert "nan" not in said.lower().split()
        assert "Hambatan" not in said
    assert len(pages_of(pdf(report), tmp_path)) == 1


@needs_poppler
def test_a_head_whom_the_record_does_not_name_signs_on_dots(tmp_path: Path) -> None:
    report = samples.report()
    nameless = replace(report, letterhead=replace(report.letterhead, head_name="", head_nip=""))
    assert "....................." in text_of(pdf(nameless), tmp_path)
    assert "None" not in words_of(html(nameless))


@needs_poppler
def test_what_was_typed_is_text_in_the_pdf(tmp_path: Path) -> None:
    text = text_of(pdf(hostile_report()), tmp_path)
    assert "#panic[!] $x^2$ *tebal* _miring_ `kode`" in text
    assert "<script>alert(1)</script>" in text


@needs_poppler
def test_emoji_and_endless_words_leave_the_pdf_whole_and_fit_for_keeping(tmp_path: Path) -> None:
    report = samples.report()
    first, second, *rest = report.notes
    endless = "q" * 700
    titled = (
        replace(first, title="Kesehatan 🩺 untuk semua 👨‍👩‍👧 ✅ 🇮🇩", note="panjang" * 900),
        replace(second, title="😀", note="https://contoh.example/" + "a" * 300),
    )
    data = pdf(replace(report, notes=(*titled, *rest), quality=(endless,)))
    text = text_of(data, tmp_path)
    assert "Kesehatan untuk semua" in text
    assert b"pdfuaid" in data
    place = tmp_path / "laporan.pdf"
    boxes = subprocess.run(
        ["pdftotext", "-bbox", str(place), "-"], capture_output=True, text=True, check=True
    )
    rights = [
        float(str(word["xmax"])) for word in BeautifulSoup(boxes.stdout, "html.parser")("word")
    ]
    assert max(rights) < 595 - 55
    assert report.seal is not None
    assert report.seal.digest in text
    assert "🩺" in html(replace(report, notes=titled))


@needs_poppler
def test_a_letter_that_no_font_has_costs_the_standard_and_not_the_report(tmp_path: Path) -> None:
    report = samples.report(listed=1)
    chinese = replace(report, quality=("検疫",))
    assert "Halaman 1" in text_of(pdf(chinese), tmp_path)


def test_what_was_typed_is_text_in_the_html() -> None:
    page = html(hostile_report())
    found = BeautifulSoup(page, "html.parser")
    assert not found.find_all("script")
    assert not found.find_all(onerror=True)
    assert not found.find_all("a")
    assert all(
        str(picture["src"]).startswith("data:image/svg+xml;base64,")
        for picture in found.find_all("img")
    )
    said = words_of(page)
    assert "<img src=x onerror=alert(1)>" in said
    assert "{{ 7*7 }}" in said
    assert "\u202e" not in page
    assert "\x00" not in page
    page.encode("utf-8")


def test_what_was_typed_is_text_in_the_markdown() -> None:
    page = rendered(hostile_report())
    found = BeautifulSoup(page, "html.parser")
    for name in ("script", "img", "a", "h4", "ol"):
        assert not found.find_all(name), name
    said = words_of(page)
    assert "*tebal* _miring_ `kode`" in said
    assert "[klik](http://jahat.example)" in said
    for row in found.find_all("tr"):
        table = row.find_parent("table")
        assert table is not None
        assert len(row.find_all(["td", "th"])) == len(table.find_all("th"))


def test_markdown_reads_well_as_it_is_too() -> None:
    said = markdown(samples.report())
    assert "79,9% langkah selesai dalam baku waktu SOP, yaitu 187 dari 234 langkah" in said
    assert "SOP Nomor OT.02.02/1/229/2022 tentang" in said


def test_the_html_is_one_file_for_a_phone_and_for_paper() -> None:
    page = html(samples.report())
    found = BeautifulSoup(page, "html.parser")
    assert found.html is not None
    assert found.html["lang"] == "id"
    assert "width=device-width" in page
    assert "@media print" in page
    assert not found.find_all(["link", "script", "iframe"])
    addresses = [str(tag[name]) for name in ("src", "href") for tag in found.select(f"[{name}]")]
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    assert all(str(picture["alt"]).strip() for picture in found.find_all("img"))
    for table in found.find_all("table"):
        breadth = len(table.find_all("th"))
        assert all(len(row.find_all("td")) in (0, breadth) for row in table.find_all("tr"))


def test_every_page_form_tells_the_same_figures(tmp_path: Path) -> None:
    report = samples.report()
    pages = (words_of(html(report)), words_of(rendered(report)))
    for said in pages:
        for shown in ("23 jam 30 mnt", "96,3% (26 dari 27)", "41.230", "dr. Sampel Kepala, M.K.M."):
            assert shown in said, shown


def test_long_lists_are_cut_on_pages_and_told_where_the_rest_is(tmp_path: Path) -> None:
    report = samples.big_report(2_000)
    assert "… dan 1.900 lainnya, lihat XLSX" in words_of(html(report))
    assert "… dan 1.980 lainnya, lihat XLSX" in words_of(rendered(report))
    assert len(html(report)) < 1_000_000
    assert len(markdown(report)) < 60_000


@needs_poppler
def test_a_thousand_rows_make_a_short_pdf(tmp_path: Path) -> None:
    data = pdf(samples.big_report(2_000))
    assert "… dan 1.975 lainnya, lihat XLSX" in text_of(data, tmp_path)
    assert "200 publikasi terakhir dari 2.000" in text_of(data, tmp_path)
    assert len(pages_of(data, tmp_path)) < 12


def test_a_year_of_weeks_is_drawn_and_its_numbers_left_to_the_workbook() -> None:
    report = samples.report()
    monday = report.weeks[0].monday
    year = tuple(Week(monday + timedelta(weeks=n), n % 5, n % 4) for n in range(52))
    said = words_of(html(replace(report, weeks=year)))
    assert "Angka tiap minggu ada di XLSX." in said
    assert "Minggu mulai" not in said.replace("Minggu mulai hari Senin", "")


def test_records_for_an_artifact_are_words_and_end_with_what_was_left_out() -> None:
    notes = tables(samples.big_report(60))[-1]
    found = records(notes, limit=20)
    assert len(found) == 21
    assert found[0]["Catatan"].startswith("Foto terlambat dikirim")
    assert found[-1]["Nomor"] == "… dan 40 lainnya, lihat XLSX"
    assert all(isinstance(value, str) for row in found for value in row.values())


def test_hostile_texts_do_not_break_any_form(tmp_path: Path) -> None:
    digests = write_all(hostile_report(), tmp_path)
    assert set(digests) == FILES
    assert len(TEXTS) > 10


def test_what_was_given_up_has_a_part_of_its_own_only_where_there_is_any() -> None:
    named = samples.report()
    for page in (words_of(html(named)), rendered(named)):
        assert "3. Publikasi yang dihentikan" in page
        assert "Kegiatannya diundur sampai tahun depan." in page
        assert "dr. Sampel Kepala, M.K.M." in page
        assert "4. Waktu sampai tayang" in page
    without = replace(named, ended=())
    for page in (words_of(html(without)), rendered(without)):
        assert "Publikasi yang dihentikan" not in page
        assert "1 dibatalkan." in page
        assert "3. Waktu sampai tayang" in page
