"""What changed between two revisions, as people read it."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sop.difference import NOTHING, difference
from sop.manuscript import Facts, Manuscript, Media

PHOTO = Media("foto.jpg", "a" * 64, "b" * 64, "image/jpeg", 1000, "Petugas", 800, 600)
OLD = Manuscript(
    title="Petugas Memeriksa Kapal",
    lead="Teras tetap.",
    body="Kalimat pertama tetap. Suhu 1.500 derajat. Kalimat ketiga.\n\nParagraf kedua.",
    facts=Facts(apa="pemeriksaan"),
    captions={"x": "Halo"},
    tags=("bkk",),
    media=(PHOTO,),
)
GFM = MarkdownIt("gfm-like", {"html": True, "linkify": True})


def body(old: str, new: str) -> str:
    return difference(replace(OLD, body=old), replace(OLD, body=new))


def test_nothing_changed_is_said() -> None:
    assert difference(OLD, OLD) == NOTHING


def test_a_changed_word_is_struck_and_the_new_one_is_bold() -> None:
    assert body("Kapal tiba di Palembang pagi ini", "Kapal tiba di Jambi pagi ini") == (
        "**Isi**\n\nKapal tiba di ~~Palembang~~ **Jambi** pagi ini"
    )


def test_only_changed_fields_are_shown_each_under_its_name() -> None:
    new = replace(
        OLD,
        title="Petugas Memeriksa Pesawat",
        facts=replace(OLD.facts, di_mana="Palembang"),
        captions={"x": "Halo", "facebook": "Baru"},
        tags=("bkk", "kapal"),
        category="Berita",
    )
    blocks = difference(OLD, new).split("\n\n")
    assert blocks[::2] == [
        "**Judul**",
        "**Di mana**",
        "**Keterangan facebook**",
        "**Tagar**",
        "**Kategori**",
    ]


def test_unchanged_text_far_from_a_change_is_left_out() -> None:
    words = [f"kata{n}" for n in range(100)]
    changed = [*words[:50], "baru", *words[51:]]
    shown = body(" ".join(words), " ".join(changed))
    assert shown.startswith("**Isi**\n\n… kata42")
    assert "~~kata50~~ **baru**" in shown
    assert shown.endswith("kata58 …")


def test_numbers_and_titles_are_not_torn_apart() -> None:
    assert "~~1\\.500~~ **1\\.600**" in body("Suhu 1.500 derajat", "Suhu 1.600 derajat")


def test_added_and_removed_paragraphs_are_marked_line_by_line() -> None:
    shown = body("Satu.", "Satu.\n\nDua.")
    assert "**Dua\\.**" in shown
    assert "¶" in shown
    assert "~~Dua\\.~~" in body("Satu.\n\nDua.", "Satu.")


def test_a_change_of_blanks_alone_is_said_so() -> None:
    assert body("a b", "a  b") == "**Isi**\n\nHanya spasi yang berubah."


def test_media_added_removed_described_replaced_and_moved_are_told() -> None:
    second = replace(PHOTO, filename="dua.jpg", alt="Kapal")
    old = replace(OLD, media=(PHOTO, second))
    assert "dihapus: ~~dua\\.jpg~~" in difference(old, OLD)
    assert "ditambahkan: **dua\\.jpg** (teks alternatif: Kapal)" in difference(OLD, old)
    assert "berkasnya diganti" in difference(
        OLD, replace(OLD, media=(replace(PHOTO, sha256="c" * 64),))
    )
    assert "foto\\.jpg, teks alternatif: ~~Petugas~~ **Dokter**" in difference(
        OLD, replace(OLD, media=(replace(PHOTO, alt="Dokter"),))
    )
    assert "urutan berubah menjadi: dua\\.jpg, foto\\.jpg" in difference(
        old, replace(old, media=(second, PHOTO))
    )


_PIECES = st.lists(
    st.sampled_from(
        [
            "satu",
            "dua",
            "tiga.",
            "*",
            "~~",
            "**x**",
            "<b>",
            "<script>",
            "![a](b)",
            "\n",
            "\n\n",
            "|",
        ]
    ),
    max_size=25,
).map(" ".join)


@given(old=_PIECES, new=_PIECES)
def test_a_text_cannot_become_markup_in_its_difference(old: str, new: str) -> None:
    soup = BeautifulSoup(GFM.render(body(old, new)), "html.parser")
    assert {tag.name for tag in soup.find_all()} <= {"p", "s", "strong", "br"}


@given(old=_PIECES, new=_PIECES)
def test_all_changed_words_are_shown_on_their_side(old: str, new: str) -> None:
    shown = body(old, new)
    if old == new:
        assert shown == NOTHING
        return
    soup = BeautifulSoup(GFM.render(shown), "html.parser")
    heading = soup.find("p")
    assert heading is not None
    heading.decompose()
    gone = " ".join(tag.get_text() for tag in soup.find_all("s")).replace("¶", "").split()
    come = " ".join(tag.get_text() for tag in soup.find_all("strong")).replace("¶", "").split()
    # Taking away what went and what came leaves the same words on both sides.
    assert sorted(_without(old.split(), gone)) == sorted(_without(new.split(), come))


def _without(words: list[str], taken: list[str]) -> list[str]:
    left = list(words)
    for word in taken:
        left.remove(word)
    return left


def _long_texts() -> dict[str, tuple[str, str]]:
    chance = random.Random(1)
    words = [f"kata{n}" for n in range(3000)]
    prose = ". ".join(" ".join(chance.choices(words[:400], k=12)) for _ in range(1200))
    edited = prose.split(" ")
    edited[::37] = ["ganti"] * len(edited[::37])
    return {
        "edited": (prose, " ".join(edited)),
        "one sentence": (prose.replace(".", ""), " ".join(edited).replace(".", "")),
        "every other line": (
            "\n".join(f"b{n}" for n in range(18_000)),
            "\n".join(f"b{n}" if n % 2 else f"c{n}" for n in range(18_000)),
        ),
        "two words": ("a b " * 25_000, "b a " * 25_000),
        "one word": ("a" * 100_000, "b" * 100_000),
        "line ends": ("\n" * 100_000, "\n" * 99_999 + "a"),
    }


@pytest.mark.parametrize(("old", "new"), _long_texts().values(), ids=_long_texts().keys())
def test_a_hundred_thousand_characters_are_compared_in_seconds(old: str, new: str) -> None:
    began = time.perf_counter()
    shown = body(old, new)
    assert time.perf_counter() - began < 10
    assert len(shown) < 60_000
