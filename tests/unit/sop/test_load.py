"""The SOP as data: what the office's file says, and what a faulty file is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop.load import DATA, SopError, available, find, load, parse
from sop.model import Actor, Sop, StepKind
from sop.transitions import problems_in_steps

FIVE_STEPS = Path(__file__).parents[2] / "data" / "sop-lima-langkah.toml"
OFFICE = (DATA / "ot-02-02-1-229-2022.toml").read_text(encoding="utf-8")
SMALL = FIVE_STEPS.read_text(encoding="utf-8")


def mistakes(text: str) -> str:
    with pytest.raises(SopError) as caught:
        parse(text, name="uji.toml")
    assert all(problem.file == "uji.toml" for problem in caught.value.problems)
    return str(caught.value)


def in_step(no: int, old: str, new: str, text: str = SMALL) -> str:
    """`text` with `old` replaced by `new` in one step only."""
    head, *steps = text.split("[[langkah]]")
    for position, step in enumerate(steps):
        if re.search(rf"^no = {no}$", step, re.MULTILINE):
            assert old in step
            steps[position] = step.replace(old, new, 1)
            return "[[langkah]]".join([head, *steps])
    raise AssertionError(f"no step {no}")


def test_the_office_sop_has_the_nine_steps_of_the_document() -> None:
    sop = find("OT.02.02/1/229/2022")
    assert sop.revisi == "3"
    assert "tahun tidak terbaca" in sop.tanggal_efektif
    assert [(s.no, s.role, s.standard_minutes, s.on_yes, s.on_no) for s in sop.steps] == [
        (1, "subbag", 60, 2, None),
        (2, "humas", 15, 3, None),
        (3, "humas", 120, 4, None),
        (4, "ppid", 60, 5, 3),
        (5, "kepala", 30, 6, 4),
        (6, "humas", 60, 7, None),
        (7, "ppid", 15, 8, None),
        (8, "ppid", 15, 9, None),
        (9, "ppid", None, None, None),
    ]
    assert [s.kind for s in sop.steps] == list(StepKind)
    assert [s.actor for s in sop.steps] == [
        *[Actor.ORANG] * 6,
        Actor.KONEKTOR,
        Actor.ORANG,
        Actor.ALUR,
    ]
    assert sop.step(5).short == "Persetujuan pemuatan"
    assert len(sop.dasar_hukum) == 5


def test_an_sop_with_other_steps_and_roles_is_loaded_just_the_same() -> None:
    sop = load(FIVE_STEPS)
    assert [s.no for s in sop.steps] == [10, 20, 30, 40, 50]
    assert sop.role_name("pimpinan") == "Pimpinan Redaksi"
    following = sop.following(30, yes=False)
    assert following is not None
    assert following.kind is StepKind.PENULISAN


@pytest.mark.parametrize("path", [FIVE_STEPS, DATA / "ot-02-02-1-229-2022.toml"])
def test_an_sop_can_be_rebuilt_from_the_text_it_keeps(path: Path) -> None:
    sop = load(path)
    assert parse(sop.source, name="salinan") == sop


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    assert parse("\ufeff" + SMALL.replace("\n", "\r\n"), name="w") == parse(SMALL, name="u")


def test_every_sop_that_ships_is_sound_and_found_by_file_name_or_nomor() -> None:
    sops = available()
    assert "OT.02.02/1/229/2022" in [sop.nomor for sop in sops]
    assert find("ot-02-02-1-229-2022") == find("ot.02.02/1/229/2022")


def test_an_unknown_sop_is_answered_with_the_closest_one() -> None:
    with pytest.raises(SopError, match=r'Maksudnya "OT\.02\.02/1/229/2022"'):
        find("OT.02.02/1/229/2023")
    with pytest.raises(SopError, match="Yang tersedia: ot-02-02-1-229-2022"):
        find("zzz")


def test_two_files_with_one_nomor_must_be_told_apart_by_file(tmp_path: Path) -> None:
    for stem in ("satu", "dua"):
        (tmp_path / f"{stem}.toml").write_text(SMALL, encoding="utf-8")
    with pytest.raises(SopError, match="dua, satu"):
        find("SOP/CONTOH/5/2026", folder=tmp_path)
    assert find("satu", folder=tmp_path).nomor == "SOP/CONTOH/5/2026"


def test_available_reports_the_mistakes_of_all_files_and_passes_over_the_calendar(
    tmp_path: Path,
) -> None:
    (tmp_path / "kalender.toml").write_text("zona = 1", encoding="utf-8")
    (tmp_path / "a.toml").write_text(SMALL, encoding="utf-8")
    assert len(available(tmp_path)) == 1
    (tmp_path / "b.toml").write_text("x", encoding="utf-8")
    (tmp_path / "c.toml").write_text("", encoding="utf-8")
    with pytest.raises(SopError) as caught:
        available(tmp_path)
    assert {problem.file for problem in caught.value.problems} == {"b.toml", "c.toml"}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SopError, match=r"tidak-ada\.toml"):
        load(tmp_path / "tidak-ada.toml")
    (tmp_path / "biner.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SopError, match=r"biner\.toml.*UTF-8"):
        load(tmp_path / "biner.toml")


def test_a_slip_of_the_pen_names_its_line() -> None:
    assert "uji.toml, baris 2" in mistakes('[dokumen]\nnomor = "x\n')


FAULTS: list[tuple[Callable[[], str], str]] = [
    (lambda: in_step(10, "ya = 20", ""), "langkah 10: Langkah ini buntu"),
    (lambda: in_step(10, "ya = 20", "ya = 99"), "langkah 99, padahal langkah itu tidak ada"),
    (lambda: in_step(10, "ya = 20", 'ya = "selesei"'), 'ya = "selesei" bukan nomor langkah'),
    (lambda: in_step(20, "ya = 30", "ya = 50"), "langkah 30: Langkah ini tidak pernah dicapai"),
    (lambda: in_step(50, 'ya = "selesai"', "ya = 50"), "Dari langkah ini SOP tidak pernah"),
    (lambda: in_step(10, '"redaktur"', '"redaktor"'), 'Maksudnya "redaktur"?'),
    (lambda: in_step(10, '"redaktur"', '"qqq"'), 'Pakai salah satu dari "redaktur"'),
    (lambda: in_step(20, "no = 20", "no = 30"), "langkah 30: Nomor 30 dipakai 2 kali"),
    (lambda: in_step(20, "no = 20", "no = 0"), "[[langkah]] urutan ke-2"),
    (lambda: in_step(20, "no = 20", "no = true"), "bilangan bulat"),
    (lambda: in_step(20, "menit = 20", "menit = 0"), 'langkah 20: Isian menit = "0"'),
    (lambda: in_step(20, "menit = 20", "menit = -5"), "bilangan bulat mulai dari 1"),
    (lambda: in_step(20, "menit = 20", "menit = 1.5"), "bilangan bulat mulai dari 1"),
    (lambda: in_step(20, "menit = 20", ""), 'Isian "menit" belum ada'),
    (lambda: in_step(20, '"verifikasi"', '"verfikasi"'), 'Maksudnya "verifikasi"?'),
    (lambda: in_step(20, '"verifikasi"', '"xyz"'), "Pilih salah satu"),
    (lambda: in_step(20, '"verifikasi"', "7"), "Pilih salah satu"),
    (lambda: in_step(20, "jenis =", "jenes ="), 'Maksudnya "jenis"?'),
    (lambda: in_step(20, 'dikerjakan = "orang"', 'dikerjakan = "orag"'), 'Maksudnya "orang"?'),
    (lambda: in_step(20, "tidak = 10", ""), 'Verifikasi belum menyebut tujuan bila jawabannya "t'),
    (lambda: in_step(30, "tidak = 10", ""), "langkah 30: Persetujuan belum menyebut tujuan"),
    (lambda: in_step(30, "tidak = 10", 'tidak = "selesai"'), 'Isian tidak = "selesai" bukan'),
    (lambda: in_step(30, "tidak = 10", "tidak = 40"), '"ya" dan "tidak" sama-sama'),
    (lambda: in_step(10, "ya = 20", "ya = 20\ntidak = 10"), '"tidak" hanya berlaku pada'),
    (
        lambda: in_step(30, 'dikerjakan = "orang"', 'dikerjakan = "alur"'),
        'Persetujuan tidak boleh dikerjakan oleh "alur"',
    ),
    (
        lambda: in_step(20, 'dikerjakan = "orang"', 'dikerjakan = "konektor"'),
        'Verifikasi tidak boleh dikerjakan oleh "konektor"',
    ),
    (
        lambda: in_step(40, 'dikerjakan = "konektor"', 'dikerjakan = "orang"'),
        'Unggah tidak boleh dikerjakan oleh "orang"',
    ),
    (lambda: in_step(20, "ya = 30", "ya = 40"), "langkah 40: Unggah dapat dicapai tanpa melewati"),
    (lambda: in_step(30, "ya = 40", "ya = 20"), "langkah 20: Dari langkah ini SOP tidak pernah"),
    (
        lambda: (
            in_step(50, 'dikerjakan = "orang"', 'dikerjakan = "alur"')
            .replace('ya = "selesai"', "ya = 40")
            .replace('"tanpa baku"', "5")
        ),
        "langkah 50: Langkah ini berputar kembali ke dirinya tanpa melewati seorang pun",
    ),
    (lambda: in_step(50, 'ya = "selesai"', "ya = 10"), "Sesudah unggah, SOP ini dapat kembali"),
    (
        lambda: in_step(10, 'jenis = "penulisan"', 'jenis = "instruksi"'),
        "SOP ini tidak mempunyai langkah penulisan",
    ),
    (
        lambda: in_step(10, 'jenis = "penulisan"', 'jenis = "instruksi"'),
        "langkah 30: Persetujuan dapat dicapai sebelum ada penulisan",
    ),
    (
        lambda: in_step(
            50,
            'jenis = "pendokumentasian"\ndikerjakan = "orang"',
            'jenis = "unggah"\ndikerjakan = "konektor"',
        ),
        "langkah 50: Unggah sudah dikerjakan di langkah 40",
    ),
    (lambda: in_step(10, 'output = "Naskah"', 'output = " "'), 'Isian "output" kosong'),
    (lambda: in_step(10, 'output = "Naskah"', ""), 'Isian "output" belum ada'),
    (lambda: in_step(10, 'output = "Naskah"', "output = 3"), 'Isian "output" bukan teks'),
    (
        lambda: in_step(10, '"Penulisan berita ringkas"', f'"{"a" * 61}"'),
        "terlalu panjang (61 huruf)",
    ),
    (lambda: SMALL.replace('revisi = "1"', "revisi = 1"), 'misalnya revisi = "1"'),
    (lambda: SMALL.replace('revisi = "1"', 'revsi = "1"'), 'Maksudnya "revisi"?'),
    (lambda: SMALL.replace("keterkaitan = []", "keterkaitan = [1]"), "harus berupa daftar teks"),
    (lambda: SMALL.replace("keterkaitan = []", ""), 'Isian "keterkaitan" belum ada'),
    (lambda: SMALL.replace("[peran]", "[paran]"), 'Maksudnya "peran"?'),
    (lambda: SMALL.replace("korektor =", '"Korektor 1" ='), 'Kode peran "Korektor 1"'),
    (lambda: SMALL.replace('"Korektor"', '""'), 'Peran "korektor" belum bernama'),
    (lambda: SMALL.split("[[langkah]]")[0], "Belum ada satu pun langkah"),
    (lambda: "", "Bagian [dokumen] tidak ada"),
    (lambda: "langkah = 1\nperan = 2", "Belum ada satu pun langkah"),
]


@pytest.mark.parametrize(("faulty", "said"), FAULTS, ids=[said[:50] for _, said in FAULTS])
def test_a_faulty_sop_is_refused_with_place_and_mend(faulty: Callable[[], str], said: str) -> None:
    assert said in mistakes(faulty())


def test_all_mistakes_are_told_at_once() -> None:
    text = in_step(10, '"redaktur"', '"redaktor"')
    text = in_step(20, "menit = 20", "menit = 0", text)
    text = in_step(30, "tidak = 10", "", text)
    text = text.replace('revisi = "1"', "revisi = 1")
    said = mistakes(text)
    assert said.count("\n- ") == 3
    for place in ("langkah 10:", "langkah 20:", "langkah 30:", "bagian [dokumen]:"):
        assert place in said


def test_text_changed_after_approval_must_be_approved_again() -> None:
    # penulisan -> persetujuan -> verifikasi -> unggah: the verifier edits what was approved.
    text = in_step(10, "ya = 20", "ya = 30")
    text = in_step(30, "ya = 40", "ya = 20", text)
    text = in_step(20, "ya = 30", "ya = 40", text)
    assert "Unggah dapat dicapai tanpa melewati persetujuan atas naskah terakhir" in mistakes(text)


NUMBERS = (10, 20, 30, 40, 50)


@settings(max_examples=500)
@given(
    yes=st.tuples(*[st.sampled_from([*NUMBERS, None])] * 5),
    no_at_verification=st.sampled_from(NUMBERS),
    no_at_approval=st.sampled_from(NUMBERS),
)
def test_an_upload_of_an_unapproved_text_is_refused_exactly_when_a_walk_leads_to_it(
    yes: tuple[int | None, ...], no_at_verification: int, no_at_approval: int
) -> None:
    """Arrows drawn at random, judged by the rules and by walking every way there is."""
    no = {20: no_at_verification, 30: no_at_approval}
    sop = parse(SMALL, name="uji.toml")
    steps = tuple(
        replace(step, on_yes=target, on_no=no.get(step.no))
        for step, target in zip(sop.steps, yes, strict=True)
    )
    said = [problem.sentence for problem in problems_in_steps(steps, "acak")]
    if not any("tidak pernah dicapai" in sentence for sentence in said):
        refused = any("tanpa melewati persetujuan" in sentence for sentence in said)
        assert refused == uploads_unapproved(replace(sop, steps=steps))


def uploads_unapproved(sop: Sop) -> bool:
    """Whether some row of answers reaches the upload without a "ya" to the last text."""
    seen: set[tuple[int, bool]] = set()
    waiting = [(sop.first.no, False)]
    while waiting:
        at, agreed = waiting.pop()
        if (at, agreed) in seen:
            continue
        seen.add((at, agreed))
        kind = sop.step(at).kind
        if kind is StepKind.UNGGAH and not agreed:
            return True
        if kind in (StepKind.PENULISAN, StepKind.VERIFIKASI):
            agreed = False
        for answer in (True, False):
            following = sop.following(at, yes=answer)
            if following is not None:
                said_yes = answer and kind is StepKind.PERSETUJUAN
                waiting.append((following.no, agreed or said_yes))
    return False
