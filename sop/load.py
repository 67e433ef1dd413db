"""Reads an SOP from TOML and refuses one that could not be carried out.

The keys of the file are Indonesian because an office worker edits it; the
comments at the top of `sop/data/ot-02-02-1-229-2022.toml` explain them. All
mistakes of a file are reported together.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sop.errors import Problem, SopError
from sop.model import Actor, Role, Sop, Step, StepKind
from sop.spelling import suggestion
from sop.transitions import problems_in_steps

__all__ = [
    "DATA",
    "NO_STANDARD",
    "THE_END",
    "Problem",
    "SopError",
    "available",
    "find",
    "load",
    "parse",
]

DATA = Path(__file__).parent / "data"
CALENDAR_FILE = "kalender.toml"

NO_STANDARD = "tanpa baku"
THE_END = "selesai"
SHORT_NAME_LIMIT = 60

_SECTIONS = ("dokumen", "peran", "langkah")
_HEAD_TEXTS = (
    "nomor",
    "nama",
    "instansi",
    "unit",
    "revisi",
    "tanggal_pembuatan",
    "tanggal_revisi",
    "tanggal_efektif",
    "disahkan_oleh",
)
_HEAD_LISTS = (
    "dasar_hukum",
    "kualifikasi",
    "keterkaitan",
    "peralatan",
    "peringatan",
    "pencatatan",
)
_STEP_KEYS = (
    "no",
    "kegiatan",
    "nama_singkat",
    "pelaksana",
    "jenis",
    "dikerjakan",
    "kelengkapan",
    "output",
    "menit",
    "ya",
    "tidak",
)
_ROLE_CODE = re.compile(r"[a-z][a-z0-9_-]*\Z")

_Word = TypeVar("_Word", bound=StrEnum)


def load(path: Path) -> Sop:
    """The SOP in this file; `SopError` lists everything that is wrong with it."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SopError(
            [
                Problem(
                    path.name,
                    "",
                    f"Berkas SOP tidak dapat dibaca ({error.strerror}).",
                    "Periksa nama berkas dan hak bacanya.",
                )
            ]
        ) from error
    except UnicodeDecodeError as error:
        raise SopError(
            [
                Problem(
                    path.name,
                    "",
                    "Berkas SOP bukan teks UTF-8.",
                    'Buka di penyunting teks lalu simpan dengan pengodean "UTF-8".',
                )
            ]
        ) from error
    return parse(text, name=path.name)


def parse(text: str, *, name: str) -> Sop:
    """The SOP written in `text`; `name` is the file name that mistakes are reported under.

    `Sop.source` parses to an equal `Sop`, so a publication can keep its revision as text.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SopError([_syntax_problem(name, str(error))]) from error
    reader = _Reader(name)
    sop = reader.sop(data, text)
    if reader.problems:
        raise SopError(reader.problems)
    return sop


def available(folder: Path = DATA) -> tuple[Sop, ...]:
    """Every SOP of the folder, by file name; `SopError` lists the mistakes of all files."""
    sops: list[Sop] = []
    problems: list[Problem] = []
    for path in _sop_files(folder):
        try:
            sops.append(load(path))
        except SopError as error:
            problems.extend(error.problems)
    if problems:
        raise SopError(problems)
    return tuple(sops)


def find(wanted: str, *, folder: Path = DATA) -> Sop:
    """The SOP with this file stem or nomor. Where revisions share a nomor, name the file."""
    files = _sop_files(folder)
    for path in files:
        if path.stem == wanted.removesuffix(".toml"):
            return load(path)
    readable: list[tuple[Path, Sop]] = []
    for path in files:
        try:
            readable.append((path, load(path)))
        except SopError:
            # A broken neighbour must not hide the SOP that was asked for.
            continue
    matches = [(path, sop) for path, sop in readable if _same_nomor(sop.nomor, wanted)]
    if len(matches) == 1:
        return matches[0][1]
    if matches:
        stems = ", ".join(path.stem for path, _ in matches)
        raise SopError(
            [
                Problem(
                    folder.name,
                    "",
                    f'Nomor SOP "{wanted}" dipakai oleh beberapa berkas: {stems}.',
                    "Sebutkan nama berkasnya.",
                )
            ]
        )
    known = [path.stem for path in files] + [sop.nomor for _, sop in readable]
    raise SopError(
        [
            Problem(
                folder.name,
                "",
                f'SOP "{wanted}" tidak ditemukan.',
                suggestion(wanted, known)
                or f"Yang tersedia: {', '.join(path.stem for path in files) or 'belum ada'}.",
            )
        ]
    )


def _sop_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.toml") if path.name != CALENDAR_FILE)


def _same_nomor(left: str, right: str) -> bool:
    return "".join(left.split()).casefold() == "".join(right.split()).casefold()


def _choices(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _syntax_problem(name: str, message: str) -> Problem:
    at = re.search(r"line (\d+)", message)
    return Problem(
        name,
        f"baris {at.group(1)}" if at else "akhir berkas",
        "Penulisannya tidak dapat dibaca.",
        "Periksa tanda kutip, tanda sama dengan, koma dan kurung di baris itu dan baris sebelumnya "
        f"(keterangan teknis: {message}).",
    )


class _Reader:
    """Turns the parsed TOML into values and keeps every mistake on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []

    def sop(self, data: dict[str, Any], source: str) -> Sop:
        self._only_known_keys(data, _SECTIONS, "tingkat teratas")
        head = self._section(data, "dokumen")
        self._only_known_keys(head, _HEAD_TEXTS + _HEAD_LISTS, "bagian [dokumen]")
        texts = {key: self._text(head, key, "bagian [dokumen]") for key in _HEAD_TEXTS}
        lists = {key: self._list(head, key) for key in _HEAD_LISTS}
        role_table = self._section(data, "peran")
        roles = self._roles(role_table)
        steps = self._steps(data.get("langkah"), list(role_table))
        return Sop(
            nomor=texts["nomor"],
            nama=texts["nama"],
            instansi=texts["instansi"],
            unit=texts["unit"],
            revisi=texts["revisi"],
            tanggal_pembuatan=texts["tanggal_pembuatan"],
            tanggal_revisi=texts["tanggal_revisi"],
            tanggal_efektif=texts["tanggal_efektif"],
            disahkan_oleh=texts["disahkan_oleh"],
            dasar_hukum=lists["dasar_hukum"],
            kualifikasi=lists["kualifikasi"],
            keterkaitan=lists["keterkaitan"],
            peralatan=lists["peralatan"],
            peringatan=lists["peringatan"],
            pencatatan=lists["pencatatan"],
            roles=roles,
            steps=steps,
            source=source,
            sha256=hashlib.sha256(source.encode()).hexdigest(),
        )

    def _add(self, place: str, sentence: str, mend: str) -> None:
        self.problems.append(Problem(self.name, place, sentence, mend))

    def _section(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        section = data.get(key)
        if isinstance(section, dict):
            return section
        self._add("", f"Bagian [{key}] tidak ada.", f"Tambahkan baris [{key}] beserta isinya.")
        return {}

    def _only_known_keys(self, table: dict[str, Any], known: Sequence[str], place: str) -> None:
        for key in table:
            if key not in known:
                self._add(
                    place,
                    f'Isian "{key}" tidak dikenal.',
                    suggestion(key, known) or f"Yang dikenal: {_choices(known)}.",
                )

    def _text(self, table: dict[str, Any], key: str, place: str) -> str:
        if table and key not in table:
            self._add(place, f'Isian "{key}" belum ada.', f'Tambahkan {key} = "…".')
            return ""
        value = table.get(key, "")
        if not isinstance(value, str):
            self._add(
                place,
                f'Isian "{key}" bukan teks.',
                f'Tulis di antara tanda kutip, misalnya {key} = "{value}".',
            )
            return ""
        if table and not value.strip():
            self._add(place, f'Isian "{key}" kosong.', f'Isi, misalnya {key} = "…".')
        return value.strip()

    def _list(self, head: dict[str, Any], key: str) -> tuple[str, ...]:
        value = head.get(key)
        if isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value):
            return tuple(v.strip() for v in value)
        if head:
            self._add(
                "bagian [dokumen]",
                f'Isian "{key}" harus berupa daftar teks.'
                if key in head
                else f'Isian "{key}" belum ada.',
                f'Tulis misalnya {key} = ["butir pertama", "butir kedua"], '
                f"atau {key} = [] bila memang kosong.",
            )
        return ()

    def _roles(self, table: dict[str, Any]) -> tuple[Role, ...]:
        roles: list[Role] = []
        for code, name in table.items():
            if not _ROLE_CODE.match(code):
                self._add(
                    "bagian [peran]",
                    f'Kode peran "{code}" tidak dapat dipakai.',
                    "Pakai huruf kecil, angka, tanda - atau _, diawali huruf.",
                )
            if not isinstance(name, str) or not name.strip():
                self._add(
                    "bagian [peran]",
                    f'Peran "{code}" belum bernama.',
                    f'Tulis namanya, misalnya {code} = "Pranata Humas".',
                )
            else:
                roles.append(Role(code=code, name=name.strip()))
        return tuple(roles)

    def _steps(self, value: Any, role_codes: list[str]) -> tuple[Step, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
            self._add("", "Belum ada satu pun langkah.", "Tambahkan bagian [[langkah]].")
            return ()
        numbers: list[int] = [n for n in (_number(row.get("no")) for row in value) if n is not None]
        before = len(self.problems)
        for no, count in Counter(numbers).items():
            if count > 1:
                self._add(
                    f"langkah {no}",
                    f"Nomor {no} dipakai {count} kali.",
                    "Beri setiap langkah nomor sendiri.",
                )
        steps: list[Step] = []
        sound = len(self.problems) == before
        for position, row in enumerate(value, start=1):
            step = self._step(row, position, set(numbers), role_codes)
            if step is None:
                sound = False
            else:
                steps.append(step)
        steps.sort(key=lambda step: step.no)
        # With a number, kind, actor or arrow unreadable, anything said about
        # the order of the steps would be a guess.
        if sound:
            self.problems.extend(problems_in_steps(steps, self.name))
        return tuple(steps)

    def _step(
        self, row: dict[str, Any], position: int, numbers: set[int], role_codes: list[str]
    ) -> Step | None:
        no = _number(row.get("no"))
        place = f"langkah {no}" if no is not None else f"[[langkah]] urutan ke-{position}"
        if no is None:
            self._add(
                place,
                'Isian "no" belum ada atau bukan bilangan bulat mulai dari 1.',
                f"Tulis tanpa tanda kutip, misalnya no = {position}.",
            )
        self._only_known_keys(row, _STEP_KEYS, place)
        before = len(self.problems)
        kind = self._word(row, "jenis", StepKind, place)
        actor = self._word(row, "dikerjakan", Actor, place)
        on_yes = self._next(row, "ya", numbers, place)
        on_no = self._next(row, "tidak", numbers, place)
        arrows_are_sound = len(self.problems) == before
        step_texts = {
            key: self._text(row, key, place)
            for key in ("kegiatan", "nama_singkat", "pelaksana", "kelengkapan", "output")
        }
        minutes = self._minutes(row, place)
        self._short_enough(step_texts["nama_singkat"], place)
        role = step_texts["pelaksana"]
        if role and role not in role_codes:
            self._add(
                place,
                f'Pelaksana "{role}" tidak ada di bagian [peran].',
                suggestion(role, role_codes)
                or f"Pakai salah satu dari {_choices(role_codes)}, atau tambahkan peran itu.",
            )
        if no is None or kind is None or actor is None or not arrows_are_sound:
            return None
        return Step(
            no=no,
            activity=step_texts["kegiatan"],
            short=step_texts["nama_singkat"],
            role=role,
            kind=kind,
            actor=actor,
            inputs=step_texts["kelengkapan"],
            output=step_texts["output"],
            standard_minutes=minutes,
            on_yes=on_yes,
            on_no=on_no,
        )

    def _short_enough(self, short: str, place: str) -> None:
        if len(short) > SHORT_NAME_LIMIT:
            self._add(
                place,
                f'Isian "nama_singkat" terlalu panjang ({len(short)} huruf).',
                f"Ringkas menjadi paling banyak {SHORT_NAME_LIMIT} huruf.",
            )

    def _word(self, row: dict[str, Any], key: str, words: type[_Word], place: str) -> _Word | None:
        value = row.get(key)
        choices = [word.value for word in words]
        if isinstance(value, str) and value in choices:
            return words(value)
        if key not in row:
            self._add(place, f'Isian "{key}" belum ada.', f"Pilih salah satu: {_choices(choices)}.")
            return None
        meant = suggestion(value.lower(), choices) if isinstance(value, str) else ""
        self._add(
            place,
            f'Isian {key} = "{value}" tidak dikenal.',
            meant or f"Pilih salah satu: {_choices(choices)}.",
        )
        return None

    def _next(self, row: dict[str, Any], key: str, numbers: set[int], place: str) -> int | None:
        """The step that `key` leads to; None at the end and where there is no such arrow."""
        if key not in row:
            if key == "ya":
                self._add(
                    place,
                    "Langkah ini buntu: tidak disebut langkah sesudahnya.",
                    f'Tulis nomornya, misalnya ya = 5, atau ya = "{THE_END}" bila SOP berakhir.',
                )
            return None
        value = row[key]
        if key == "ya" and value == THE_END:
            return None
        target = _number(value)
        if target is None:
            self._add(
                place,
                f'Isian {key} = "{value}" bukan nomor langkah.',
                f"Tulis nomornya tanpa tanda kutip{_or_the_end(key)}.",
            )
        elif target not in numbers:
            self._add(
                place,
                f'"{key}" menunjuk ke langkah {target}, padahal langkah itu tidak ada.',
                f"Ganti dengan nomor langkah yang ada ({', '.join(map(str, sorted(numbers)))})"
                f"{_or_the_end(key)}.",
            )
        return target

    def _minutes(self, row: dict[str, Any], place: str) -> int | None:
        """Working minutes. Saying "no standard" is explicit: a forgotten line is a mistake."""
        value = row.get("menit")
        if value == NO_STANDARD:
            return None
        minutes = _number(value)
        if minutes is None:
            self._add(
                place,
                'Isian "menit" belum ada.'
                if "menit" not in row
                else f'Isian menit = "{value}" bukan bilangan bulat mulai dari 1.',
                f'Tulis misalnya menit = 30, atau menit = "{NO_STANDARD}" '
                "bila SOP tidak menetapkan waktu.",
            )
        return minutes


def _or_the_end(key: str) -> str:
    return f', atau "{THE_END}" bila SOP berakhir di situ' if key == "ya" else ""


def _number(value: Any) -> int | None:
    """A whole number from 1; TOML's true and false are not numbers here."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    return None
