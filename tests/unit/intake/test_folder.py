"""Folder names as staff type them, and as attackers would."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.intake import folder
from connectors.intake.errors import IntakeError
from connectors.intake.folder import (
    PictureNote,
    list_folders,
    read_bounded,
    read_notes,
    resolve_folder,
    scan,
)


@pytest.fixture
def intake(tmp_path: Path) -> Path:
    root = tmp_path / "bahan"
    for name in ("Rilis-Contoh", "vaksinasi 2", "vaksinasi 10", ".tersembunyi"):
        (root / name).mkdir(parents=True)
    (tmp_path / "rahasia").mkdir()
    (root / "berkas.txt").write_text("bukan folder")
    (root / "keluar").symlink_to(tmp_path / "rahasia")
    return root


def refusal(root: Path, name: str) -> str:
    with pytest.raises(IntakeError) as caught:
        resolve_folder(root, name)
    return caught.value.sentence


def test_only_true_folders_are_listed_in_natural_order(intake: Path) -> None:
    assert list_folders(intake) == ("Rilis-Contoh", "vaksinasi 2", "vaksinasi 10")


def test_a_folder_is_found_by_its_name(intake: Path) -> None:
    assert resolve_folder(intake, " Rilis-Contoh ") == intake / "Rilis-Contoh"


def test_an_accented_name_is_found_however_its_accent_is_written(intake: Path) -> None:
    (intake / "cafe\u0301").mkdir()
    assert resolve_folder(intake, "caf\u00e9") == intake / "cafe\u0301"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "belum diisi"),
        ("   ", "belum diisi"),
        ("..", "diawali titik"),
        (".tersembunyi", "diawali titik"),
        ("~", "tilde"),
        ("../rahasia", "garis miring"),
        ("Rilis-Contoh/../../rahasia", "garis miring"),
        ("..\\rahasia", "garis miring"),
        ("/etc", "garis miring"),
        ("C:", "huruf drive"),
        ("C:rahasia", "huruf drive"),
        ("Rilis\0Contoh", "tidak terlihat"),
        ("Rilis\u202eContoh", "tidak terlihat"),
        ("a" * 500, "terlalu panjang"),
        ("keluar", "tidak ditemukan"),
        ("berkas.txt", "tidak ditemukan"),
    ],
)
def test_names_that_lead_elsewhere_are_refused_in_a_sentence(
    intake: Path, name: str, words: str
) -> None:
    sentence = refusal(intake, name)
    assert words in sentence
    assert str(intake) not in sentence
    assert "\0" not in sentence


def test_a_name_in_other_letters_is_refused_with_the_right_one(intake: Path) -> None:
    sentence = refusal(intake, "rilis-contoh")
    assert 'Maksud Anda "Rilis-Contoh"' in sentence


def test_a_typing_error_is_answered_with_folders_that_exist(intake: Path) -> None:
    assert '"vaksinasi 2"' in refusal(intake, "vaksinsi 2")
    assert '"Rilis-Contoh"' in refusal(intake, "sesuatu yang lain")


def test_an_empty_or_missing_intake_says_what_to_do(tmp_path: Path) -> None:
    assert "buat dulu foldernya" in refusal(tmp_path, "apa")
    assert "petugas TI" in refusal(tmp_path / "tiada", "apa")


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=80)
    | st.text(alphabet="./\\~:abC \0", max_size=30)
    | st.lists(st.sampled_from(["..", ".", "/", "\\", "rilis", "rahasia", "keluar"])).map("/".join)
)
def test_no_name_ever_leads_out_of_the_intake(name: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "bahan"
        (root / "rilis").mkdir(parents=True)
        (Path(place) / "rahasia").mkdir()
        (root / "keluar").symlink_to(Path(place) / "rahasia")
        try:
            found = resolve_folder(root, name)
        except IntakeError as caught:
            assert caught.sentence.rstrip('"').endswith((".", "?"))  # noqa: PT017
        else:
            assert found == root / "rilis"


# --- looking into a folder ----------------------------------------------------------


def fill(place: Path, *names: str) -> Path:
    place.mkdir(exist_ok=True)
    for name in names:
        (place / name).write_bytes(b"isi")
    return place


def test_the_manuscript_and_media_are_found_and_the_rest_is_explained(tmp_path: Path) -> None:
    place = fill(
        tmp_path / "rilis",
        "NASKAH.DOCX",
        "foto-10.JPG",
        "foto-2.jpg",
        "a.mp4",
        "keterangan.txt",
        "~$NASKAH.DOCX",
        "Thumbs.db",
        "lama.doc",
        "iphone.heic",
        "tabel.xlsx",
    )
    (place / "sub").mkdir()
    (place / "tautan.jpg").symlink_to("/etc/passwd")
    os.mkfifo(place / "pipa.jpg")
    contents = scan(place)
    assert contents.manuscript == place / "NASKAH.DOCX"
    assert [path.name for path in contents.media] == ["foto-2.jpg", "foto-10.JPG", "a.mp4"]
    assert contents.notes == place / "keterangan.txt"
    assert contents.problems == ()
    ignored = dict(contents.ignored)
    assert "simpan sebagai .docx" in ignored["lama.doc"]
    assert "simpan sebagai JPEG" in ignored["iphone.heic"]
    assert "tidak dipakai" in ignored["tabel.xlsx"]
    assert "subfolder" in ignored["sub"]
    assert "tautan" in ignored["tautan.jpg"]
    assert "berkas khusus" in ignored["pipa.jpg"]
    assert "sementara" in ignored["~$NASKAH.DOCX"]


def test_two_manuscripts_are_a_problem_unless_one_is_named_naskah(tmp_path: Path) -> None:
    two = scan(fill(tmp_path / "a", "satu.docx", "dua.odt"))
    assert two.manuscript is None
    assert "dua.odt, satu.docx" in two.problems[0]
    named = scan(fill(tmp_path / "b", "naskah.docx", "catatan.txt"))
    assert named.manuscript is not None
    assert named.problems == ()
    assert named.ignored == (("catatan.txt", "naskah yang dipakai adalah naskah.docx"),)
    both = scan(fill(tmp_path / "c", "naskah.docx", "naskah.odt"))
    assert "lebih dari satu naskah" in both.problems[0]


def test_a_folder_with_photos_only_is_fine_and_an_empty_one_is_not(tmp_path: Path) -> None:
    assert scan(fill(tmp_path / "a", "foto.jpg")).problems == ()
    assert "belum berisi" in scan(fill(tmp_path / "b")).problems[0]


def test_a_folder_that_went_away_is_said(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="tidak dapat dibuka"):
        scan(tmp_path / "tiada")


def test_too_many_files_and_too_many_photos_are_said(tmp_path: Path) -> None:
    names = [f"{no}.jpg" for no in range(folder.MAX_MEDIA + 1)]
    contents = scan(fill(tmp_path / "a", *names))
    assert "41 foto dan video" in contents.problems[0]
    assert len(contents.media) == folder.MAX_MEDIA
    fill(tmp_path / "a", *[f"{no}.dat" for no in range(folder.MAX_ENTRIES)])
    with pytest.raises(IntakeError, match=f"lebih dari {folder.MAX_ENTRIES} berkas"):
        scan(tmp_path / "a")


def test_huge_files_are_refused_by_their_size_without_being_read(tmp_path: Path) -> None:
    place = fill(tmp_path / "a", "naskah.docx", "foto.jpg")
    for name in ("naskah.docx", "foto.jpg"):
        with (place / name).open("r+b") as file:
            file.truncate(70 * 1024 * 1024)
    contents = scan(place)
    assert contents.manuscript is None
    assert contents.media == ()
    assert [("naskah" in p, "60 MB" in p) for p in contents.problems] == [
        (False, True),
        (True, True),
    ]


def test_a_link_or_pipe_put_there_after_the_look_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "b.jpg")
    for name in ("a.jpg", "b.jpg", "tiada.jpg"):
        with pytest.raises(IntakeError, match="tidak dapat dibaca"):
            read_bounded(tmp_path / name, 100)


def test_a_file_that_grew_after_the_look_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x" * 101)
    with pytest.raises(IntakeError, match="melebihi batas"):
        read_bounded(tmp_path / "a.jpg", 100)


# --- keterangan ---------------------------------------------------------------------


def test_lines_give_alternative_texts_and_credits(tmp_path: Path) -> None:
    path = tmp_path / "keterangan.txt"
    path.write_text(
        "# catatan\n"
        "foto-1.jpg: Petugas memeriksa: palka | kredit: Tim Contoh\r\n"
        "Foto 2.JPG ; Kapal bersandar (Foto: Humas Contoh)\n"
        "\n"
        "tanpa titik dua\n"
        "foto-3.png:\n",
        encoding="utf-8-sig",
    )
    notes, problems = read_notes(path)
    assert notes == {
        "foto-1.jpg": PictureNote("Petugas memeriksa: palka", "Tim Contoh"),
        "foto 2.jpg": PictureNote("Kapal bersandar", "Humas Contoh"),
        "foto-3.png": PictureNote(""),
    }
    assert len(problems) == 1
    assert "keterangan.txt baris 5" in problems[0]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_gives_alternative_texts_and_credits(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "keterangan.csv"
    rows = [("berkas", "teks", "kredit"), ("a.jpg", f'"kapal{mark} besar"', "Tim"), ("b.jpg", "c")]
    path.write_text("\n".join(mark.join(row) for row in rows), encoding="cp1252")
    notes, problems = read_notes(path)
    assert notes == {
        "a.jpg": PictureNote(f"kapal{mark} besar".replace("\t", "\t"), "Tim"),
        "b.jpg": PictureNote("c"),
    }
    assert problems == ()


@pytest.mark.parametrize("data", [b"\0\1\2", b"\x81\x8d", b'a.jpg,"' + b"x" * 200_000])
@pytest.mark.parametrize("name", ["keterangan.txt", "keterangan.csv"])
def test_notes_that_are_no_text_end_in_a_sentence(tmp_path: Path, data: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    try:
        _, problems = read_notes(path)
    except IntakeError as caught:
        assert name in caught.sentence  # noqa: PT017
    else:
        assert problems
