"""The automatic checks of a manuscript."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop.checks import (
    BODY_LIMIT,
    LINKS_LIMIT,
    SIGHTINGS_SHOWN,
    broken_links,
    check,
    links_to_ask,
)
from sop.manuscript import Facts, Finding, Manuscript, Media
from sop.personal_data import sightings

TODAY = date(2026, 11, 23)
PHOTO = Media("foto.jpg", "a" * 64, "b" * 64, "image/jpeg", 1000, "Petugas", 800, 600)
SOUND = Manuscript(
    title="Petugas Memeriksa Kapal",
    lead="Petugas memeriksa kapal pada Senin.",
    body="Pemeriksaan berjalan lancar.",
    facts=Facts("a", "b", "c", "d", "e", "f"),
    media=(PHOTO,),
)


def said(manuscript: Manuscript, code: str) -> list[Finding]:
    return [one for one in check(manuscript, today=TODAY) if one.code == code]


def codes(manuscript: Manuscript) -> set[str]:
    return {one.code for one in check(manuscript, today=TODAY)}


def with_body(body: str) -> Manuscript:
    return replace(SOUND, body=body)


def with_photo(**changes: object) -> Manuscript:
    return replace(SOUND, media=(replace(PHOTO, **changes),))  # type: ignore[arg-type]


def test_a_sound_manuscript_has_nothing_to_mend() -> None:
    assert check(SOUND, today=TODAY) == []


def test_an_empty_manuscript_is_told_each_thing_that_is_missing() -> None:
    findings = check(Manuscript("", " \n", "###\n\n---"), today=TODAY)
    assert all(one.blocking for one in findings)
    assert [one.place for one in findings] == [
        "judul",
        "teras",
        "isi",
        "5W + 1H, apa",
        "5W + 1H, siapa",
        "5W + 1H, kapan",
        "5W + 1H, di mana",
        "5W + 1H, mengapa",
        "5W + 1H, bagaimana",
    ]
    assert len({one.sentence for one in findings}) == 9


@pytest.mark.parametrize("name", ["apa", "siapa", "kapan", "di_mana", "mengapa", "bagaimana"])
def test_one_missing_fact_is_one_sentence(name: str) -> None:
    findings = check(replace(SOUND, facts=replace(SOUND.facts, **{name: " "})), today=TODAY)
    assert [one.code for one in findings] == [f"5w1h.{name}"]


def test_a_length_over_the_limit_is_told_with_limit_and_present_length() -> None:
    (finding,) = said(with_body("a" * 123_456), "panjang")
    assert finding.blocking
    assert finding.place == "isi"
    for number in ("123.456", "100.000", "23.456"):
        assert number in finding.sentence
    assert codes(with_body("a" * BODY_LIMIT)) == set()
    assert codes(replace(SOUND, title="a" * 151)) == {"panjang"}
    assert codes(replace(SOUND, captions={"x": "a" * 10_001})) == {"panjang"}
    assert codes(replace(SOUND, tags=tuple(f"t{n}" for n in range(31)))) == {"banyak"}


@pytest.mark.parametrize(
    ("changes", "code", "blocking"),
    [
        ({"alt": ""}, "alt.kosong", True),
        ({"alt": " "}, "alt.kosong", True),
        ({"alt": "Foto"}, "alt.hampa", False),
        ({"alt": "foto.jpg"}, "alt.hampa", False),
        ({"mime": "application/pdf"}, "media.jenis", True),
        ({"mime": "image/png"}, "media.akhiran", True),
        ({"mime": "image/svg+xml", "filename": "a.svg"}, "media.jenis", True),
        ({"size": 0}, "media.kosong", True),
        ({"width": None}, "media.ukuran", True),
        ({"filename": "../foto.jpg"}, "media.nama", True),
        ({"filename": "a\\foto.jpg"}, "media.nama", True),
    ],
)
def test_a_picture_that_cannot_be_used_as_it_is_is_named(
    changes: dict[str, object], code: str, blocking: bool
) -> None:
    (finding,) = said(with_photo(**changes), code)
    assert finding.blocking is blocking
    assert finding.place == changes.get("filename", "foto.jpg")


def test_a_video_needs_no_alt_text_or_dimensions() -> None:
    video = Media("v.mp4", "a" * 64, "b" * 64, "video/mp4", 10)
    assert check(replace(SOUND, media=(video,)), today=TODAY) == []


def test_two_files_of_one_name_are_told_once() -> None:
    both = replace(SOUND, media=(PHOTO, replace(PHOTO, filename="FOTO.jpg")))
    assert len(said(both, "media.nama_ganda")) == 1


def test_a_picture_named_in_the_text_must_be_there_and_the_reverse() -> None:
    second = replace(PHOTO, filename="dua.jpg")
    third = replace(PHOTO, filename="tiga.jpg")
    text = replace(
        SOUND, body="Awal\n\n![a](media:dua.jpg)\n\n![b](media:hilang.jpg)", media=(PHOTO, second)
    )
    (missing,) = said(text, "gambar.tidak_ada")
    assert missing.blocking
    assert missing.place == "isi, baris 5"
    assert "hilang.jpg" in missing.sentence
    (unplaced,) = said(replace(text, media=(PHOTO, second, third)), "gambar.tidak_disebut")
    assert not unplaced.blocking
    assert unplaced.place == "tiga.jpg"


def test_a_picture_from_elsewhere_is_refused() -> None:
    (finding,) = said(with_body("x ![a](https://jahat.example/p.png)"), "gambar.luar")
    assert finding.blocking
    assert finding.place == "isi, baris 1"


@pytest.mark.parametrize(
    ("text", "code", "masked"),
    [
        ("NIK 1671050412900001.", "nik", "16710…"),
        ("NIK 1671 0544 1290 0001", "nik", "1671 …"),
        ("NIK 16.71.05.290200.0001", "nik", "16.71…"),
        ("NIP 190001012000011001", "nip", "19000…"),
        ("NIP 19000101 200001 1 001", "nip", "19000…"),
        ("telepon 0812-3456-7890", "telepon", "0812-…"),
        ("+62 811 7777 888", "telepon", "+62 8…"),
        ("(0711) 711234", "telepon", "(0711…"),
        ("https://wa.me/6281234567890", "telepon", "62812…"),
        ("nomor paspor A1234567", "paspor", "A1234…"),
        ("X 1234567 adalah nomor Paspor", "paspor", "X 123…"),
        ("surel budi.santoso@gmail.com", "surel", "bu…@gmail.com"),
    ],
)
def test_personal_data_is_pointed_at_masked_and_left_to_the_verifier(
    text: str, code: str, masked: str
) -> None:
    (finding,) = check(with_body("satu\ndua\n\n" + text), today=TODAY)
    assert finding.code == f"pribadi.{code}"
    assert finding.place == "isi, baris 4"
    assert not finding.blocking
    assert f"“{masked}”" in finding.sentence


@pytest.mark.parametrize(
    "text",
    [
        "Nomor OT.02.02/1/229/2022 tanggal 23 November 2026",
        "HK.01.07/Menkes/2598/2020",
        "Rp 1.500.000.000 untuk 1.234.567 orang",
        "pukul 08.00-16.00 WIB, 2026-11-23, layanan 119",
        "rekening 1671051313900001",  # the thirteenth month
        "1671050412900001234 (19 angka)",
        "kode A1234567",  # no passport without the word
        "paspor" + " kata" * 30 + " A1234567",
        "info@bkk-palembang.kemkes.go.id",
    ],
)
def test_what_only_looks_like_personal_data_is_passed_over(text: str) -> None:
    assert sightings(text, today=TODAY, own_addresses={"kemkes.go.id"}) == []


def test_own_addresses_are_taken_exactly_or_by_their_domain() -> None:
    own = {"kemkes.go.id", "kantor@gmail.com"}
    text = "a@kemkes.go.id b@bkk.kemkes.go.id kantor@gmail.com c@gmail.com d@palsukemkes.go.id"
    assert [s.masked for s in sightings(text, today=TODAY, own_addresses=own)] == [
        "c…@gmail.com",
        "d…@palsukemkes.go.id",
    ]


def test_a_birth_date_in_the_future_is_no_nik() -> None:
    assert sightings("1671052411260001", today=TODAY) != []  # may be of 1926
    assert sightings("1671053002900001", today=TODAY) == []  # 30 February


def test_personal_data_is_looked_for_wherever_the_public_reads() -> None:
    number = "081234567890"
    places = {
        one.place
        for one in check(
            replace(
                SOUND,
                title=f"Judul {number}",
                lead=f"Teras {number}",
                facts=replace(SOUND.facts, siapa=number),
                captions={"instagram": number},
                media=(replace(PHOTO, alt=f"Foto {number}"),),
            ),
            today=TODAY,
        )
    }
    assert places == {
        "judul",
        "teras, baris 1",
        "5W + 1H, siapa",
        "keterangan instagram, baris 1",
        "teks alternatif foto.jpg",
    }


def test_hundreds_of_numbers_are_not_hundreds_of_findings() -> None:
    findings = check(with_body("081234567890\n" * 300), today=TODAY)
    assert len(findings) == SIGHTINGS_SHOWN + 1
    assert "280" in findings[-1].sentence


def test_blocking_findings_come_first() -> None:
    findings = check(with_body("081234567890 ![x](media:y.jpg)"), today=TODAY)
    assert [one.blocking for one in findings] == [True, False]


@pytest.mark.parametrize(
    ("status", "code", "blocking"),
    [
        (404, "tautan.rusak", True),
        (410, "tautan.rusak", True),
        (403, "tautan.ragu", False),
        (500, "tautan.ragu", False),
        (None, "tautan.tak_terperiksa", False),
    ],
)
def test_a_link_that_does_not_answer_well_is_named_with_its_place(
    status: int | None, code: str, blocking: bool
) -> None:
    body = "satu\n\n[kemkes](https://kemkes.go.id/x)"
    (finding,) = broken_links(with_body(body), {"https://kemkes.go.id/x": status})
    assert (finding.code, finding.blocking) == (code, blocking)
    assert finding.place == "isi, baris 3"
    assert "https://kemkes.go.id/x" in finding.sentence


def test_an_address_that_has_not_answered_yet_is_not_called_broken() -> None:
    body = "[satu](https://a.id) [dua](https://b.id)"
    (finding,) = broken_links(with_body(body), {"https://a.id": 200})
    assert (finding.code, finding.blocking) == ("tautan.belum_terjawab", False)
    assert "https://b.id belum terjawab" in finding.sentence


def test_only_addresses_on_the_web_are_asked_and_each_once() -> None:
    text = replace(
        SOUND,
        lead="https://a.id",
        body="https://a.id [b](mailto:x@y.id) [c](/relatif) [d](#e) <https://b.id> S.KM",
    )
    assert links_to_ask(text) == ("https://a.id", "https://b.id")
    assert broken_links(text, dict.fromkeys(links_to_ask(text), 200)) == []


def test_too_many_links_are_not_all_asked() -> None:
    text = with_body("\n".join(f"https://a.id/{n}" for n in range(LINKS_LIMIT + 7)))
    asked = links_to_ask(text)
    (finding,) = broken_links(text, dict.fromkeys(asked, 200))
    assert len(asked) == LINKS_LIMIT
    assert finding.sentence.startswith("7 tautan lain")


@given(
    text=st.text(
        alphabet=st.one_of(st.characters(), st.sampled_from(list("0123456789 @.-+/[](!:\n"))),
        max_size=200,
    )
)
def test_no_text_makes_the_checks_fail(text: str) -> None:
    check(Manuscript(text, text, text, captions={"x": text}, tags=(text,)), today=TODAY)


@pytest.mark.parametrize("piece", ["1671055204900001 ", "a@b.c ", "paspor A1234567 ", "1/", "😀"])
def test_a_long_text_is_checked_in_seconds(piece: str) -> None:
    began = time.perf_counter()
    check(with_body((piece * BODY_LIMIT)[:BODY_LIMIT]), today=TODAY)
    assert time.perf_counter() - began < 20
