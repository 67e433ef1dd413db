"""Files made to harm, and files that merely went wrong: one sentence each, no crash."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.intake import packages
from connectors.intake.documents import read_manuscript_bytes
from connectors.intake.errors import IntakeError
from connectors.intake.values import MAX_CHARACTERS, MAX_PICTURE_BYTES, MAX_PICTURES

from .samples import docx, odt, odt_release, part_of, photo, release, rezipped

DOCX = docx(release)
ODT = odt(odt_release)
DOCUMENT = part_of(DOCX, "word/document.xml")


def refusal(data: bytes, name: str = "naskah.docx") -> str:
    with pytest.raises(IntakeError) as caught:
        read_manuscript_bytes(data, name)
    sentence = caught.value.sentence
    assert name in sentence
    assert sentence.endswith(".")
    return sentence


def bounded_refusal(data: bytes, name: str = "naskah.docx") -> str:
    """The refusal, and that it cost neither much memory nor much time."""
    started = time.process_time()
    tracemalloc.start()
    try:
        sentence = refusal(data, name)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 120 * 1024 * 1024
    assert time.process_time() - started < 20
    return sentence


@pytest.mark.parametrize("name", ["naskah.docx", "naskah.odt", "naskah.md", "naskah.txt"])
@pytest.mark.parametrize("data", [b"", b"  \n\t "])
def test_an_empty_file_is_called_empty(name: str, data: bytes) -> None:
    assert "kosong" in refusal(data, name)


def test_a_document_without_a_word_is_said_to_hold_none() -> None:
    assert "tidak memuat teks" in refusal(docx(lambda document: None))


def test_a_zip_bomb_is_refused_unopened() -> None:
    bomb = rezipped(DOCX, extra={"word/media/nol.bin": b"\0" * (100 * 1024 * 1024)})
    assert len(bomb) < 1_000_000
    assert "mengembang terlalu besar" in bounded_refusal(bomb)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(rezipped(DOCX, {"word/document.xml": DOCUMENT + b" " * 30_000_000}))
    at = bomb.rfind(b"PK\x01\x02", 0, bomb.rfind(b"word/document.xml"))
    bomb[at + 24 : at + 28] = struct.pack("<I", 1000)
    assert "rusak" in bounded_refusal(bytes(bomb))


def test_a_directory_of_endless_entries_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for no in range(packages.MAX_ENTRIES + 1):
            package.writestr(f"word/{no}.bin", b"")
    assert "mengembang" in bounded_refusal(out.getvalue())


def test_a_zip64_directory_is_refused_before_it_is_read() -> None:
    data = bytearray(DOCX)
    at = data.rfind(b"PK\x05\x06")
    data[at:at] = b"PK\x06\x07" + b"\0" * 16
    assert "mengembang" in refusal(bytes(data))


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = rezipped(DOCX, extra={"word/document.xml": DOCUMENT})
    assert "rusak" in refusal(twice)


@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'"><!ENTITY b "&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
@pytest.mark.parametrize(
    ("data", "part", "name"),
    [(DOCX, "word/document.xml", "naskah.docx"), (ODT, "content.xml", "naskah.odt")],
)
def test_xml_entities_are_refused(prologue: bytes, data: bytes, part: str, name: str) -> None:
    head, rest = part_of(data, part).split(b"?>", 1)
    changed = rezipped(data, {part: head + b"?>" + prologue + rest})
    assert "berbahaya" in bounded_refusal(changed, name)


@pytest.mark.parametrize(
    "part", ["word/theme/theme1.xml", "docProps/core.xml", "word/stylesWithEffects.xml"]
)
def test_parts_that_say_nothing_are_never_parsed(part: str) -> None:
    """Hostile where nobody looks: not refused, and neither expanded nor fetched."""
    hostile = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'
    missing = {part: hostile} if part in zipfile.ZipFile(io.BytesIO(DOCX)).namelist() else {}
    changed = rezipped(DOCX, missing, extra={} if missing else {part: hostile})
    read = read_manuscript_bytes(changed, "naskah.docx")
    assert read.body == read_manuscript_bytes(DOCX, "naskah.docx").body
    # Nor can the document name such a part as what is to be read.
    types = part_of(DOCX, "word/_rels/document.xml.rels")
    pointing = types.replace(b'Target="styles.xml"', b'Target="/' + part.encode() + b'"')
    assert pointing != types
    misled = rezipped(changed, {"word/_rels/document.xml.rels": pointing})
    assert read_manuscript_bytes(misled, "naskah.docx").title


def test_hostile_styles_are_refused() -> None:
    head, rest = part_of(DOCX, "word/styles.xml").split(b"?>", 1)
    entity = b'?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    assert "berbahaya" in refusal(rezipped(DOCX, {"word/styles.xml": head + entity + rest}))


def test_endless_depth_and_endless_elements_are_refused() -> None:
    for filling in (b"<w:r>" * 5000 + b"</w:r>" * 5000, b"<w:r/>" * (packages.MAX_ELEMENTS + 1)):
        changed = DOCUMENT.replace(b"<w:body>", b"<w:body>" + filling)
        assert "terlalu rumit" in bounded_refusal(rezipped(DOCX, {"word/document.xml": changed}))


def test_deep_markdown_does_not_exhaust_the_stack() -> None:
    for text in (">" * 5000 + " a", "- " * 3000 + "a", "[" * 20_000, "*a " * 20_000, "`" * 9_999):
        try:
            read_manuscript_bytes(text.encode(), "naskah.md")
        except IntakeError as caught:
            assert "naskah.md" in caught.sentence  # noqa: PT017 - reading it is fine as well


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "naskah.docx", "kata sandi"),
        (b"%PDF-1.7", "naskah.docx", "bukan dokumen Word"),
        (b"{\\rtf1 halo}", "naskah.docx", "bukan dokumen Word"),
        (DOCX, "naskah.odt", "sebenarnya dokumen Word"),
        (ODT, "naskah.docx", "sebenarnya dokumen OpenDocument"),
        (rezipped(DOCX, {"word/document.xml": None}), "naskah.docx", "bukan dokumen Word"),
        (rezipped(DOCX, extra={"word/vbaProject.bin": b"x"}), "naskah.docx", "makro"),
        (rezipped(ODT, extra={"Basic/Standard/Modul.xml": b"<a/>"}), "naskah.odt", "makro"),
        (
            rezipped(ODT, {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}),
            "naskah.odt",
            "bukan dokumen teks OpenDocument",
        ),
        (DOCX[: len(DOCX) // 2], "naskah.docx", "rusak"),
        (DOCX[:4] + b"sampah", "naskah.docx", "rusak"),
        (
            rezipped(DOCX, {"word/document.xml": b"<w:document>"}),
            "naskah.docx",
            "rusak",
        ),
        (b"abc\0def", "naskah.md", "bukan berkas teks"),
        (b"\x81\x8d\x8f", "naskah.txt", "bukan berkas teks"),
        (b"\xff\xfe\x00", "naskah.txt", "bukan berkas teks"),
    ],
)
def test_wrong_locked_and_broken_files_are_told_apart(data: bytes, name: str, words: str) -> None:
    assert words in refusal(data, name)


def test_a_password_on_a_zip_or_on_a_libreoffice_file_is_named() -> None:
    locked = bytearray(DOCX)
    at = locked.find(b"PK\x01\x02")
    locked[at + 8] |= 1
    assert "kata sandi" in refusal(bytes(locked))
    manifest = part_of(ODT, "META-INF/manifest.xml").replace(
        b"</manifest:manifest>", b"<manifest:encryption-data/></manifest:manifest>"
    )
    assert "kata sandi" in refusal(rezipped(ODT, {"META-INF/manifest.xml": manifest}), "a.odt")


@pytest.mark.parametrize("name", ["naskah.docx", "naskah.odt", "naskah.md"])
def test_a_hundred_thousand_characters_and_more_are_refused_with_both_numbers(name: str) -> None:
    long = "kata " * (MAX_CHARACTERS // 5) + "lebih"
    data = {
        "naskah.docx": lambda: docx(lambda document: document.add_paragraph(long)),
        "naskah.odt": lambda: odt_with_paragraph(long),
        "naskah.md": long.encode,
    }[name]()
    sentence = refusal(data, name)
    assert "100.005 karakter" in sentence
    assert "100.000" in sentence


def odt_with_paragraph(words: str) -> bytes:
    from odf import text

    return odt(lambda document: document.text.addElement(text.P(text=words)))


def test_too_many_or_too_large_pictures_are_refused() -> None:
    def build_many(document: object) -> None:
        for no in range(MAX_PICTURES + 1):
            document.add_picture(io.BytesIO(photo(16, 16, (no, no, no))))  # type: ignore[attr-defined]

    assert f"lebih dari {MAX_PICTURES} gambar" in refusal(docx(build_many))
    noise = bytes(range(256)) * (MAX_PICTURE_BYTES // 256 + 1)
    image = next(n for n in zipfile.ZipFile(io.BytesIO(DOCX)).namelist() if "media" in n)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(DOCX)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            part = noise if entry.filename == image else old.read(entry)
            new.writestr(entry.filename, part)
    assert "melebihi batas 30 MB" in refusal(out.getvalue())


def test_nul_bytes_and_control_characters_never_reach_the_text() -> None:
    read = read_manuscript_bytes("Judul\x07\n\nTe\x1bras\u0085.\n\nIsi\x7f\n".encode(), "n.md")
    assert (read.title, read.lead, read.body) == ("Judul", "Teras.", "Isi")


@settings(max_examples=150, deadline=None)
@given(data=st.data(), which=st.sampled_from(["naskah.docx", "naskah.odt", "naskah.md"]))
def test_any_damage_ends_in_a_document_or_a_sentence(data: st.DataObject, which: str) -> None:
    whole = {"naskah.docx": DOCX, "naskah.odt": ODT, "naskah.md": b"# a\n\n**b** [c](d)\n" * 9}[
        which
    ]
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    try:
        read = read_manuscript_bytes(bytes(damaged), which)
    except IntakeError as caught:
        assert which in caught.sentence  # noqa: PT017 - both ends are right
    else:
        assert "\0" not in read.body
