"""The intake folder: which folders there are, and what lies in one.

Staff put a manuscript and its photos into a folder of the office's share and name
that folder in a form. A name is only ever compared with the names that are really
there, never joined to a path, so nothing outside the intake can be reached by it.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connectors.intake.errors import IntakeError
from connectors.intake.plain import decoded, not_text
from connectors.intake.values import MAX_DOCUMENT_BYTES, clean_text

MAX_NAME: Final = 120
MAX_ENTRIES: Final = 200
MAX_MEDIA: Final = 40
MAX_PICTURE_FILE_BYTES: Final = 60 * 1024 * 1024
MAX_VIDEO_FILE_BYTES: Final = 512 * 1024 * 1024
MAX_FOLDER_BYTES: Final = 1024 * 1024 * 1024
MAX_NOTES_BYTES: Final = 256 * 1024

MANUSCRIPT_SUFFIXES: Final = (".docx", ".odt", ".md", ".txt")
PICTURE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif")
VIDEO_SUFFIXES: Final = (".mp4", ".mov", ".m4v")
NOTES_NAMES: Final = ("keterangan.txt", "keterangan.csv")

_MENDS: Final = {
    ".doc": "format Word lama; simpan sebagai .docx",
    ".docm": "dokumen dengan makro; simpan sebagai .docx",
    ".rtf": "format RTF; simpan sebagai .docx",
    ".pdf": "PDF tidak dibaca sebagai naskah; simpan naskah sebagai .docx",
    ".pages": "format Apple Pages; ekspor sebagai .docx",
    ".heic": "foto iPhone (HEIC); simpan sebagai JPEG",
    ".heif": "foto iPhone (HEIF); simpan sebagai JPEG",
    ".tif": "gambar TIFF; simpan sebagai JPEG",
    ".tiff": "gambar TIFF; simpan sebagai JPEG",
    ".bmp": "gambar BMP; simpan sebagai PNG",
    ".svg": "gambar SVG; simpan sebagai PNG",
    ".avi": "video AVI; ubah ke MP4",
    ".mkv": "video MKV; ubah ke MP4",
    ".webm": "video WebM; ubah ke MP4",
    ".3gp": "video 3GP; ubah ke MP4",
    ".zip": "berkas ZIP; keluarkan isinya ke folder",
    ".rar": "berkas RAR; keluarkan isinya ke folder",
}
_SYSTEM_FILES: Final = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})


@dataclass(frozen=True, slots=True)
class FolderContents:
    """What lies in one folder. `ignored` pairs a name with the reason (Indonesian).

    `problems` are sentences about what must be mended in the folder first; media are
    in natural order (foto-2 before foto-10), pictures before videos.
    """

    manuscript: Path | None
    media: tuple[Path, ...]
    ignored: tuple[tuple[str, str], ...] = ()
    notes: Path | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureNote:
    """What `keterangan.txt` says about one file."""

    alt: str
    credit: str = ""


# --- naming a folder --------------------------------------------------------------


def list_folders(root: Path) -> tuple[str, ...]:
    """The folders that a form may name, in natural order. Raises IntakeError."""
    return tuple(sorted((entry.name for entry in _folders(root)), key=natural_key))


def resolve_folder(intake_root: Path, name: str) -> Path:
    """The folder that staff named. Raises IntakeError, naming folders that do exist."""
    wanted = unicodedata.normalize("NFC", name.strip())
    problem = _problem_with_name(wanted)
    folders = {unicodedata.normalize("NFC", entry.name): entry for entry in _folders(intake_root)}
    if problem:
        raise IntakeError(f"{problem} {_suggestion(wanted, folders)}")
    entry = folders.get(wanted)
    if entry is None:
        raise IntakeError(
            f'Folder bahan "{shown_name(wanted)}" tidak ditemukan. {_suggestion(wanted, folders)}'
        )
    return Path(entry.path)


def _folders(root: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(root) as entries:
            found = list(entries)
    except OSError as error:
        raise IntakeError(
            "Folder bahan tidak dapat dibaca. Minta petugas TI memeriksa pengaturan folder bahan "
            "dan izin aksesnya."
        ) from error
    # A link could lead anywhere on the machine: only true folders count.
    return (
        entry
        for entry in found
        if not _problem_with_name(unicodedata.normalize("NFC", entry.name))
        and entry.is_dir(follow_symlinks=False)
    )


def _problem_with_name(name: str) -> str | None:
    if not name:
        return "Nama folder bahan belum diisi."
    if len(name) > MAX_NAME:
        return f"Nama folder bahan terlalu panjang (batas {MAX_NAME} karakter)."
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") for char in name):
        return "Nama folder bahan memuat karakter yang tidak terlihat."
    if "/" in name or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "Tulis nama foldernya saja, tanpa garis miring atau huruf drive."
    if name.startswith((".", "~")):
        return "Nama folder bahan tidak boleh diawali titik atau tilde."
    return None


def _suggestion(wanted: str, folders: Iterable[str]) -> str:
    names = {name.casefold(): name for name in folders}
    if not names:
        return "Folder bahan masih kosong; buat dulu foldernya dan isi dengan naskah dan foto."
    key = wanted.casefold()[: 2 * MAX_NAME]
    if key in names:
        return f'Maksud Anda "{shown_name(names[key])}"? Besar-kecil huruf harus sama.'
    near = difflib.get_close_matches(key, list(names)[:2000], n=3, cutoff=0.5)
    near = near or [other for other in names if key and (key in other or other in key)][:3]
    if near:
        listed = ", ".join(f'"{shown_name(names[other])}"' for other in near)
        return f"Yang mirip dan ada: {listed}."
    listed = ", ".join(
        f'"{shown_name(name)}"' for name in sorted(names.values(), key=natural_key)[:5]
    )
    return f"Folder yang ada antara lain: {listed}."


def shown_name(name: str) -> str:
    """A name fit to stand in a sentence."""
    visible = "".join(c if c.isprintable() else "�" for c in name)
    return visible if len(visible) <= 60 else visible[:57] + "…"


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts foto-2 before foto-10."""
    return tuple(
        (int(part), "") if part.isdecimal() and len(part) < 19 else (-1, part.casefold())
        for part in re.split(r"(\d+)", name)
        if part
    )


# --- looking into it --------------------------------------------------------------


def scan(folder: Path) -> FolderContents:
    """What lies in the folder, looked at by name, kind and size only. Raises IntakeError."""
    entries = _entries(folder)
    ignored: list[tuple[str, str]] = []
    problems: list[str] = []
    files: list[tuple[os.DirEntry[str], int]] = []
    for entry in entries:
        reason, size = _reason_to_ignore(entry)
        if reason:
            ignored.append((shown_name(entry.name), reason))
        else:
            files.append((entry, size))
    problems += [problem for entry, size in files if (problem := _problem_with_size(entry, size))]
    if sum(size for _, size in files) > MAX_FOLDER_BYTES:
        problems.append(
            f'Isi folder "{shown_name(folder.name)}" melebihi {MAX_FOLDER_BYTES // 1_048_576} MB. '
            "Kurangi atau perkecil foto dan videonya."
        )
    paths = [Path(entry.path) for entry, size in files if not _problem_with_size(entry, size)]
    notes = [path for path in paths if path.name.casefold() in NOTES_NAMES]
    manuscript = _manuscript(
        [p for p in paths if p.suffix.casefold() in MANUSCRIPT_SUFFIXES and p not in notes],
        ignored,
        problems,
    )
    media = [p for p in paths if p.suffix.casefold() in PICTURE_SUFFIXES]
    media += [p for p in paths if p.suffix.casefold() in VIDEO_SUFFIXES]
    if len(media) > MAX_MEDIA:
        problems.append(
            f'Folder "{shown_name(folder.name)}" memuat {len(media)} foto dan video, melebihi '
            f"batas {MAX_MEDIA}. Pilih yang akan ditayangkan saja."
        )
        media = media[:MAX_MEDIA]
    if not files:
        problems.append(
            f'Folder "{shown_name(folder.name)}" belum berisi naskah maupun foto. Letakkan naskah '
            "(.docx, .odt atau .md) dan fotonya di sana, lalu coba lagi."
        )
    return FolderContents(
        manuscript, tuple(media), tuple(ignored), notes[0] if notes else None, tuple(problems)
    )


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    found: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(entry)
                if len(found) > MAX_ENTRIES:
                    raise IntakeError(
                        f'Folder "{shown_name(folder.name)}" memuat lebih dari {MAX_ENTRIES} '
                        "berkas. Sisakan naskah serta foto dan video yang akan ditayangkan saja."
                    )
    except OSError as error:
        raise IntakeError(
            f'Folder "{shown_name(folder.name)}" tidak dapat dibuka. Periksa apakah foldernya '
            "masih ada dan boleh dibaca, lalu coba lagi."
        ) from error
    return sorted(found, key=lambda entry: natural_key(entry.name))


def _reason_to_ignore(entry: os.DirEntry[str]) -> tuple[str | None, int]:
    """Why the entry is not looked at (None: it is), and its size in bytes."""
    name = entry.name.casefold()
    if name.startswith((".", "~$")) or name in _SYSTEM_FILES:
        return "berkas sementara atau berkas sistem", 0
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return "tidak dapat dibaca", 0
    if stat.S_ISDIR(found.st_mode):
        return "subfolder; letakkan berkasnya langsung di folder bahan", 0
    if not stat.S_ISREG(found.st_mode):
        return "tautan atau berkas khusus; salin berkas aslinya ke folder", 0
    suffix = Path(name).suffix
    if suffix in MANUSCRIPT_SUFFIXES + PICTURE_SUFFIXES + VIDEO_SUFFIXES or name in NOTES_NAMES:
        return None, found.st_size
    return _MENDS.get(suffix, "jenis berkas ini tidak dipakai"), 0


def _problem_with_size(entry: os.DirEntry[str], size: int) -> str | None:
    suffix = Path(entry.name.casefold()).suffix
    limit = MAX_DOCUMENT_BYTES
    if entry.name.casefold() in NOTES_NAMES:
        limit = MAX_NOTES_BYTES
    elif suffix in PICTURE_SUFFIXES:
        limit = MAX_PICTURE_FILE_BYTES
    elif suffix in VIDEO_SUFFIXES:
        limit = MAX_VIDEO_FILE_BYTES
    if size > limit:
        return too_big(shown_name(entry.name), size, limit)
    return None


def too_big(name: str, size: int, limit: int) -> str:
    """The sentence for a file beyond its limit (both in bytes)."""
    return (
        f"{name} berukuran {-(-size // 1_048_576)} MB, melebihi batas "
        f"{max(1, limit // 1_048_576)} MB. Perkecil berkasnya, lalu coba lagi."
    )


def _manuscript(
    candidates: list[Path], ignored: list[tuple[str, str]], problems: list[str]
) -> Path | None:
    """The one manuscript: the only text file, or the only one that is named "naskah"."""
    named = [path for path in candidates if path.stem.casefold() == "naskah"]
    chosen = named if named else candidates
    if len(chosen) > 1:
        listed = ", ".join(shown_name(path.name) for path in chosen)
        problems.append(
            f"Ada lebih dari satu naskah: {listed}. Sisakan satu saja, atau beri nama "
            '"naskah" pada yang dipakai dan pindahkan yang lain.'
        )
        return None
    if not chosen:
        return None
    reason = f"naskah yang dipakai adalah {shown_name(chosen[0].name)}"
    ignored += [(shown_name(path.name), reason) for path in candidates if path != chosen[0]]
    return chosen[0]


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Raises IntakeError.

    Opened without following a link and without waiting: the folder belongs to
    others, who may have put something else there since it was looked at.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - flags are the point
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError("not a regular file")
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise IntakeError(
            f"{shown_name(path.name)} tidak dapat dibaca. Periksa apakah berkasnya masih ada dan "
            "tidak sedang dibuka program lain, lalu coba lagi."
        ) from error
    if len(data) > limit:
        raise IntakeError(too_big(shown_name(path.name), len(data), limit))
    return data


# --- alternative texts ------------------------------------------------------------

_NOTE_LINE: Final = re.compile(r"^([^:：;\t]{1,200}\.[A-Za-z0-9]{2,5})\s*[:：;\t]\s*(.*)$")
_CREDIT: Final = re.compile(
    r"\s*(?:[|(]\s*)?(?:foto|kredit|sumber)\s*[:：]\s*([^)|]+?)\s*\)?\s*$", re.IGNORECASE
)


def read_notes(path: Path) -> tuple[dict[str, PictureNote], tuple[str, ...]]:
    """Notes by file name in lower case, and sentences about lines that say nothing.

    A line of `keterangan.txt` is `foto-1.jpg: teks alternatif`, optionally followed by
    `| kredit: nama`; a row of `keterangan.csv` is name, text, credit, parted by comma or
    semicolon. Raises IntakeError when the file is no text.
    """
    text = clean_text(decoded(read_bounded(path, MAX_NOTES_BYTES), path.name))
    rows = _csv_rows(text) if path.suffix.casefold() == ".csv" else _note_rows(text)
    notes: dict[str, PictureNote] = {}
    problems: list[str] = []
    try:
        listed = list(rows)
    except csv.Error as error:
        raise not_text(path.name) from error
    for no, row in listed:
        if row is None:
            problems.append(
                f"{path.name} baris {no} tidak dimengerti. Tulis seperti: "
                "foto-1.jpg: petugas memeriksa dokumen kapal."
            )
            continue
        name, alt, credit = row
        notes[unicodedata.normalize("NFC", name).casefold()] = PictureNote(alt, credit)
    return notes, tuple(problems)


def _note_rows(text: str) -> Iterator[tuple[int, tuple[str, str, str] | None]]:
    for no, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _NOTE_LINE.match(line.strip())
        if not found:
            yield no, None
            continue
        alt, credit = found[2].strip(), ""
        named = _CREDIT.search(alt)
        if named:
            alt, credit = alt[: named.start()].strip(" |"), named[1].strip()
        yield no, (found[1].strip(), alt, credit)


def _csv_rows(text: str) -> Iterator[tuple[int, tuple[str, str, str] | None]]:
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    for no, cells in enumerate(reader, start=1):
        row = [cell.strip() for cell in cells]
        if not any(row):
            continue
        if len(row) < 2 or "." not in row[0]:
            if no > 1:  # the first row may be a heading
                yield no, None
            continue
        yield no, (row[0], row[1], row[2] if len(row) > 2 else "")
