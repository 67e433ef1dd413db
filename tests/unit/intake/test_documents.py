"""Manuscripts as offices write them: what must survive, and what must not leak."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from connectors.intake.documents import ReadDocument, read_manuscript, read_manuscript_bytes
from connectors.intake.errors import IntakeError

from .samples import MARKDOWN_RELEASE, add_link, docx, odt, odt_release, photo, release, rezipped

LEAD = "Balai Contoh memeriksa kapal MV Contoh di Pelabuhan Contoh, Jumat."


def read_docx(build: Callable[[Any], None]) -> ReadDocument:
    return read_manuscript_bytes(docx(build), "naskah.docx")


def lines(*words: str) -> Callable[[Any], None]:
    def build(document: Any) -> None:
        for line in words:
            document.add_paragraph(line)

    return build


def test_everything_in_a_word_release_survives() -> None:
    read = read_docx(release)
    assert read.title == "Kapal Contoh Bebas Karantina"
    assert read.lead == LEAD
    assert read.body == (
        "## Pemeriksaan\n\n"
        "Tim memeriksa **enam palka** dan *dapur*, lihat "
        "[laman resmi](https://example.go.id/a?b=1&c=2).\n\n"
        "### Hasil\n\n"
        "- sanitasi baik\n- tidak ada vektor\n  - tikus\n\n"
        "1. periksa\n2. catat\n\n"
        "| Bagian | Hasil |\n| --- | --- |\n| Dapur \\| pantri | Baik |\n\n"
        "![Petugas memeriksa palka kapal](media:gambar-1.jpg)"
    )
    assert read.facts.apa == "pemeriksaan kapal"
    assert read.facts.di_mana == "Pelabuhan Contoh"
    assert read.facts.bagaimana == "inspeksi dan wawancara"
    assert read.tags == ("karantina", "pelabuhan sehat")
    assert read.captions == {
        "instagram": "Kapal aman, kita tenang.\n\nSimak di tautan bio.",
        "x": "Kapal contoh bebas karantina.",
    }
    assert [(p.filename, p.data, p.alt) for p in read.pictures] == [
        ("gambar-1.jpg", photo(), "Petugas memeriksa palka kapal")
    ]
    assert len(read.source_sha256) == 64


def test_everything_in_a_libreoffice_release_survives() -> None:
    read = read_manuscript_bytes(odt(odt_release), "naskah.odt")
    assert read.title == "Kapal Contoh Bebas Karantina"
    assert read.lead == LEAD
    assert read.body == (
        "## Pemeriksaan\n\n"
        "Tim memeriksa **enam palka** dan *dapur*, lihat "
        "[laman resmi](https://example.go.id/a?b=1&c=2).\n\n"
        "1. periksa\n2. catat\n\n   - tikus\n\n"
        "| Bagian | Hasil |\n| --- | --- |\n| Dapur | Baik |\n\n"
        "![Petugas memeriksa palka kapal](media:gambar-1.jpg)"
    )
    assert (read.facts.apa, read.facts.siapa) == ("pemeriksaan kapal", "tim kerja contoh")
    assert read.pictures[0].data == photo()
    assert "tersembunyi" in read.warnings[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_everything_in_a_markdown_release_survives_in_every_encoding(encoding: str) -> None:
    text = MARKDOWN_RELEASE.replace("Dapur", "Café")
    read = read_manuscript_bytes(text.encode(encoding), "naskah.md")
    assert read.title == "Kapal Contoh Bebas Karantina"
    assert read.lead == LEAD
    assert read.body == (
        "## Pemeriksaan\n\n"
        "Tim memeriksa **enam palka** dan *dapur*, lihat "
        "[laman resmi](https://example.go.id/a?b=1&c=2).\n\n"
        "![Petugas memeriksa palka](media:foto%201.jpg)\n\n"
        "1. periksa\n2. catat\n   - tikus\n\n"
        "| Bagian | Hasil |\n| --- | --- |\n| Café | Baik |"
    )
    assert read.facts.siapa == "tim kerja contoh"
    assert read.tags == ("karantina", "pelabuhan sehat")
    assert read.captions == {"facebook": "Kapal aman, kita tenang."}


def test_a_notepad_file_is_a_title_a_lead_and_paragraphs() -> None:
    text = "Judul Rilis\r\nTeras rilis ini.\r\n\tParagraf dua.\r\n- satu\r\n"
    read = read_manuscript_bytes(text.encode(), "rilis.txt")
    assert (read.title, read.lead) == ("Judul Rilis", "Teras rilis ini.")
    assert read.body == "Paragraf dua.\n\n- satu"


def test_the_first_line_is_the_title_where_no_style_names_one() -> None:
    def build(document: Any) -> None:
        document.add_paragraph().add_run("Judul tebal tanpa gaya").bold = True
        document.add_paragraph("Terasnya di sini.")
        document.add_heading("Latar", level=3)
        document.add_paragraph("Isi.")

    read = read_docx(build)
    assert (read.title, read.lead) == ("Judul tebal tanpa gaya", "Terasnya di sini.")
    assert read.body == "## Latar\n\nIsi."


def test_a_long_first_paragraph_is_the_lead_and_no_title_is_made_up() -> None:
    read = read_docx(lines("Kalimat panjang sekali. " * 20, "Isi."))
    assert read.title == ""
    assert read.lead.startswith("Kalimat panjang")


def test_bylines_and_picture_captions_are_never_the_lead() -> None:
    def build(document: Any) -> None:
        document.add_paragraph("Judul", style="Title")
        document.add_picture(io.BytesIO(photo()))
        document.add_paragraph("Tim berpose usai kegiatan", style="Caption")
        document.add_paragraph("Oleh: Humas")
        document.add_paragraph("Inilah terasnya.")

    read = read_docx(build)
    assert read.lead == "Inilah terasnya."
    assert "Oleh: Humas" in read.body
    assert "Tim berpose" in read.body


def test_labelled_title_and_lead_win_over_guessing() -> None:
    read = read_docx(
        lines("Judul: Vaksinasi Pelaut", "Teras: Vaksin diberikan.", "Isi:", "Paragraf.")
    )
    assert (read.title, read.lead, read.body) == (
        "Vaksinasi Pelaut",
        "Vaksin diberikan.",
        "Paragraf.",
    )


def test_facts_are_read_from_a_table_a_list_or_one_paragraph() -> None:
    def in_table(document: Any) -> None:
        lines("Judul", "Teras.", "Isi.", "Unsur berita (5W+1H):")(document)
        grid = document.add_table(rows=3, cols=3)
        rows = [("No", "Unsur", "Uraian"), ("1", "Apa", "rapat"), ("2", "Di mana (Where)", "aula")]
        for row, cells in zip(grid.rows, rows, strict=True):
            for cell, words in zip(row.cells, cells, strict=True):
                cell.text = words

    def in_list(document: Any) -> None:
        lines("Judul", "Teras.", "Isi.")(document)
        document.add_paragraph("Apa: rapat", style="List Bullet")
        document.add_paragraph("Dimana : aula", style="List Bullet")

    def in_one_paragraph(document: Any) -> None:
        lines("Judul", "Teras.", "Isi.", "APA: rapat\nlanjutan\nDi Mana: aula")(document)

    for build, what in (
        (in_table, "rapat"),
        (in_list, "rapat"),
        (in_one_paragraph, "rapat lanjutan"),
    ):
        read = read_docx(build)
        assert (read.facts.apa, read.facts.di_mana) == (what, "aula")
        assert read.body == "Isi."


def test_one_sentence_that_begins_like_a_label_stays_in_the_article() -> None:
    read = read_docx(lines("Judul", "Teras.", "Mengapa: karena pelabuhan adalah pintu masuk."))
    assert read.facts.mengapa == ""
    assert read.body == "Mengapa: karena pelabuhan adalah pintu masuk."


def test_captions_below_a_common_heading_are_told_apart() -> None:
    def build(document: Any) -> None:
        lines("Judul", "Teras.", "Isi.")(document)
        document.add_heading("Takarir media sosial", level=1)
        document.add_heading("Instagram", level=2)
        document.add_paragraph("Untuk IG.")
        document.add_heading("X (Twitter)", level=2)
        document.add_paragraph("Untuk X.")
        document.add_heading("Penutup", level=1)
        document.add_paragraph("Salam sehat.")
        document.add_paragraph("Caption FB: Untuk Facebook.")

    read = read_docx(build)
    assert read.captions == {
        "instagram": "Untuk IG.",
        "x": "Untuk X.",
        "facebook": "Untuk Facebook.",
    }
    assert read.body == "Isi.\n\n## Penutup\n\nSalam sehat."


def tracked(tag: str, words: str, *, deleted: bool) -> Any:
    change = OxmlElement(tag)
    run = OxmlElement("w:r")
    inner = OxmlElement("w:delText" if deleted else "w:t")
    inner.text = words
    run.append(inner)
    change.append(run)
    return change


def test_deleted_moved_hidden_and_commented_words_do_not_leak() -> None:
    def build(document: Any) -> None:
        lines("Judul", "Teras.")(document)
        paragraph = document.add_paragraph("Tetap ")
        paragraph._p.append(tracked("w:del", "hapus-rahasia", deleted=True))
        paragraph._p.append(tracked("w:moveFrom", "pindah-rahasia", deleted=False))
        paragraph._p.append(tracked("w:ins", "sisipan", deleted=False))
        hidden = paragraph.add_run("sembunyi-rahasia")
        hidden._r.get_or_add_rPr().append(OxmlElement("w:vanish"))
        document.add_comment(paragraph.runs, text="komentar-rahasia", author="A", initials="A")
        document.sections[0].header.paragraphs[0].text = "kop-rahasia"
        document.core_properties.author = "penulis-rahasia"

    read = read_docx(build)
    assert read.body == "Tetap sisipan"
    assert "rahasia" not in repr(read)
    assert any("tersembunyi" in warning for warning in read.warnings)


def test_deleted_words_of_a_libreoffice_document_do_not_leak() -> None:
    data = odt(odt_release)
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        content = package.read("content.xml").decode()
    change = (
        '<text:tracked-changes xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        "<text:changed-region><text:deletion><text:p>hapus-rahasia</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
    )
    changed = content.replace("<office:text>", "<office:text>" + change)
    assert changed != content
    read = read_manuscript_bytes(rezipped(data, {"content.xml": changed.encode()}), "n.odt")
    assert "rahasia" not in repr(read)


def test_a_linked_picture_is_never_fetched_but_mentioned() -> None:
    def build(document: Any) -> None:
        release(document)
        blip = next(document.element.body.iter(qn("a:blip")))
        relation = document.part.relate_to(
            "http://127.0.0.1:9/gambar.png",
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image",
            is_external=True,
        )
        del blip.attrib[qn("r:embed")]
        blip.set(qn("r:link"), relation)

    read = read_docx(build)
    assert read.pictures == ()
    assert "media:" not in read.body
    assert any("tautan tidak diambil" in warning for warning in read.warnings)


def test_pictures_outside_the_folder_are_left_out_of_markdown() -> None:
    text = "Judul\n\nTeras.\n\n![a](https://x.id/a.png) ![b](../../etc/passwd) ![c](foto.jpg)"
    read = read_manuscript_bytes(text.encode(), "n.md")
    assert read.body == "![c](media:foto.jpg)"
    assert sum("berada di luar folder" in warning for warning in read.warnings) == 2


def test_dangerous_links_lose_their_address_and_keep_their_words() -> None:
    def build(document: Any) -> None:
        lines("Judul", "Teras.")(document)
        paragraph = document.add_paragraph()
        add_link(paragraph, "javascript:alert(1)", "klik")
        add_link(paragraph, "file:///etc/passwd", "berkas")
        add_link(paragraph, "https://example.go.id/", "https://example.go.id/")

    read = read_docx(build)
    assert read.body == "klikberkas<https://example.go.id/>"
    assert sum("tidak dipakai" in warning for warning in read.warnings) == 2


def test_script_and_html_stay_words() -> None:
    words = "<script>alert(1)</script> dan <b>x</b> &lt; **y** [z](javascript:a)"
    read = read_docx(lines("Judul", "Teras.", words))
    assert rendered_words(read.body) == words
    assert "<script" not in MarkdownIt("commonmark", {"html": True}).render(read.body)


def test_alternative_texts_that_no_person_wrote_count_as_missing() -> None:
    for alt in (
        "A ship in the harbor Description automatically generated",
        "IMG_2031.jpg",
        "Picture 1",
        "Gambar 3",
    ):
        read = read_docx(lambda document, alt=alt: release(document, alt=alt))
        assert read.pictures[0].alt == ""
        assert "![" in read.body


def test_merged_cells_keep_the_table_in_its_columns() -> None:
    def build(document: Any) -> None:
        lines("Judul", "Teras.")(document)
        grid = document.add_table(rows=3, cols=3)
        for no, cell in enumerate(cell for row in grid.rows for cell in row.cells):
            cell.text = str(no)
        grid.cell(0, 0).merge(grid.cell(1, 0))
        grid.cell(0, 1).merge(grid.cell(0, 2))

    rows = [line for line in read_docx(build).body.split("\n") if line]
    assert {row.count("|") for row in rows} == {4}
    assert rows[2].split("|")[2:4] == [" 4 ", " 5 "]


def test_powers_and_indices_become_their_own_characters() -> None:
    def build(document: Any) -> None:
        lines("Judul", "Teras.")(document)
        paragraph = document.add_paragraph("Luas 20 m")
        paragraph.add_run("2").font.superscript = True
        paragraph.add_run(" H")
        paragraph.add_run("2").font.subscript = True
        paragraph.add_run("O")

    assert read_docx(build).body == "Luas 20 m² H₂O"


def test_struck_out_words_are_pointed_out() -> None:
    def build(document: Any) -> None:
        lines("Judul", "Teras.")(document)
        document.add_paragraph().add_run("dicoret").font.strike = True

    assert "dicoret" in read_docx(build).warnings[0]


def test_the_same_bytes_read_the_same(tmp_path: Any) -> None:
    path = tmp_path / "naskah.docx"
    path.write_bytes(docx(release))
    assert read_manuscript(path) == read_manuscript(path)


def test_arabic_and_emoji_survive() -> None:
    words = "السلام عليكم 👩🏽‍⚕️ selamat"
    assert read_docx(lines("Judul", "Teras.", words)).body == words


def test_a_title_alone_is_a_document_with_the_rest_missing() -> None:
    read = read_docx(lines("Hanya judul"))
    assert (read.title, read.lead, read.body) == ("Hanya judul", "", "")


def rendered_words(markdown: str) -> str:
    """What a reader of the rendered paragraph sees."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "softbreak", "text_special"}
    return "".join(child.content for child in children)


@settings(max_examples=400, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from(list("ab 1.)#*_-+=~`[](){}<>!|\\&;:/x\"'é漢\u00a0")),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_was_typed_reads_the_same_after_markdown(words: str) -> None:
    import html

    from connectors.intake.cleaning import regular_blocks
    from connectors.intake.writing import markdown_of

    expected = " ".join(words.split())
    blocks, _ = regular_blocks(f"<p>{html.escape(words)}</p>", "n.docx")
    if not expected:
        assert blocks == []
        return
    assert rendered_words(markdown_of(blocks[0])) == expected


@pytest.mark.parametrize("name", ["naskah.pdf", "naskah", "naskah.exe"])
def test_other_kinds_of_file_are_refused_by_name(name: str) -> None:
    with pytest.raises(IntakeError, match="Simpan naskah sebagai"):
        read_manuscript_bytes(b"apa saja", name)


def test_a_list_whose_kind_is_named_by_a_style_only_stays_a_list() -> None:
    """Of the styles only names and numbering are read; looks, however many, are left out."""
    number = '<w:numPr xmlns:w="%s"><w:ilvl w:val="0"/><w:numId w:val="77"/></w:numPr>'
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    lists = (
        f'<w:abstractNum xmlns:w="{space}" w:abstractNumId="970">'
        '<w:numStyleLink w:val="DaftarKantor"/></w:abstractNum>',
        f'<w:abstractNum xmlns:w="{space}" w:abstractNumId="971"><w:lvl w:ilvl="0">'
        '<w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>',
        f'<w:num xmlns:w="{space}" w:numId="77"><w:abstractNumId w:val="970"/></w:num>',
        f'<w:num xmlns:w="{space}" w:numId="78"><w:abstractNumId w:val="971"/></w:num>',
    )
    style = (
        f'<w:style xmlns:w="{space}" w:type="numbering" w:styleId="DaftarKantor">'
        '<w:name w:val="Daftar Kantor"/><w:rPr><w:b/></w:rPr><w:pPr><w:numPr>'
        '<w:numId w:val="78"/></w:numPr></w:pPr></w:style>'
    )

    def build(document: Any) -> None:
        from docx.oxml import parse_xml

        document.styles.element.append(parse_xml(style))
        numbering = document.part.numbering_part.element
        for one in lists:
            numbering.append(parse_xml(one))
        document.add_paragraph("Judul", style="Title")
        document.add_paragraph("Teras.")
        for words in ("satu", "dua"):
            paragraph = document.add_paragraph(words)
            paragraph._p.get_or_add_pPr().append(parse_xml(number % space))

    read = read_docx(build)
    assert (read.title, read.body) == ("Judul", "1. satu\n2. dua")
