"""Memeriksa satu paket arsip Siar: apakah tiap berkasnya masih persis seperti saat disegel.

Jalankan dari mana saja:  python3 verifikasi.py [FOLDER-PAKET]

Yang diperiksa: sidik SHA-256 dan SHA-512 tiap berkas (BagIt, RFC 8493), rantai kejadian,
dan bahwa isi yang disetujui adalah isi yang ada di paket ini. Keluar dengan angka 0 bila
utuh, 1 bila tidak. Hanya memerlukan Python 3.8 atau lebih baru, tanpa pustaka tambahan.
"""

# This file lies in every bag and has to run there alone, on a Python as old as 3.8.
# `archive.fixity` uses the same functions, so what a stranger sees is what we see.

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any, Iterable, Iterator, NamedTuple  # noqa: UP035

ALGORITHMS = ("sha256", "sha512")
LENGTHS = {"sha256": 64, "sha512": 128}
GENESIS = "0" * 64
EVENTS = "data/kejadian.jsonl"
APPROVED = "data/persetujuan/isi-yang-disetujui.json"
DECISIONS = "data/persetujuan/persetujuan.json"
DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_PIECE = 1 << 20

CHANGED = "berubah"
MISSING = "hilang"
ADDED = "tambahan"


class Finding(NamedTuple):
    """One thing that is not as it was sealed; `path` counts from the bag's folder."""

    path: str
    kind: str
    sentence: str


def check_bag(bag: Path) -> list[Finding]:
    """Everything that is wrong with a bag; empty when it is whole."""
    if not (bag / "bagit.txt").is_file():
        return [_finding("bagit.txt", MISSING, "ini bukan paket arsip, atau berkas ini dibuang")]
    actual = {path: _digests(bag / path) for path in _files(bag)}
    found: list[Finding] = []
    for prefix, belongs in (("tagmanifest", _is_tag_file), ("manifest", _is_payload)):
        listed = {name: _manifest(bag, prefix, name) for name in ALGORITHMS}
        here = {path: digests for path, digests in actual.items() if belongs(path)}
        found += _compare(prefix, listed, here)
    if _text(bag / "bagit.txt") != DECLARATION:
        found.append(_finding("bagit.txt", CHANGED, "isinya bukan pernyataan BagIt 1.0"))
    found += _chain_findings(bag)
    found += _approval_findings(bag, actual)
    return _each_once(found)


def seal_of(bag: Path) -> str:
    """The one digest that stands for the whole bag: SHA-256 of its first tag manifest."""
    return hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


def head_of(bag: Path) -> str:
    """The hash of the last event in the bag; "" when there is none."""
    lines = _lines(bag / EVENTS)
    try:
        return str(json.loads(lines[-1])["hash"]) if lines else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _files(folder: Path, above: str = "") -> list[str]:
    """Everything below the folder that is not a folder, links and special files included."""
    found = []
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            found += _files(entry, above + entry.name + "/")
        else:
            found.append(above + entry.name)
    return sorted(found)


def _is_payload(path: str) -> bool:
    return path.startswith("data/")


def _is_tag_file(path: str) -> bool:
    # A tag manifest cannot list itself; the two vouch for the same files.
    return not _is_payload(path) and not path.startswith("tagmanifest-")


def _digests(path: Path) -> dict[str, str]:
    if path.is_symlink() or not path.is_file():
        return {}
    sums = {name: hashlib.new(name) for name in ALGORITHMS}
    try:
        with path.open("rb") as file:
            for piece in iter(lambda: file.read(_PIECE), b""):
                for one in sums.values():
                    one.update(piece)
    except OSError:
        return {}
    return {name: one.hexdigest() for name, one in sums.items()}


class _Manifest(NamedTuple):
    """What a manifest says, and whether every line of it is as it was written."""

    digests: dict[str, str]
    is_readable: bool


def _manifest(bag: Path, prefix: str, algorithm: str) -> _Manifest | None:
    text = _text(bag / ("%s-%s.txt" % (prefix, algorithm)))  # noqa: UP031
    if not text:
        return None
    line = re.compile("([0-9a-f]{%d})  ([^\r\n]+)" % LENGTHS[algorithm])  # noqa: UP031
    matches = [line.fullmatch(one) for one in text.split("\n")[:-1]]
    digests = {match[2]: match[1] for match in matches if match}
    whole = all(matches) and text.endswith("\n") and list(digests) == sorted(digests)
    return _Manifest(digests, whole and len(digests) == len(matches))


def _compare(
    prefix: str, listed: dict[str, _Manifest | None], actual: dict[str, dict[str, str]]
) -> Iterator[Finding]:
    """Two lists and the files themselves: the one that differs from the others is named."""
    known = {name: one for name, one in listed.items() if one is not None}
    for name in ALGORITHMS:
        path = "%s-%s.txt" % (prefix, name)  # noqa: UP031
        if name not in known:
            yield _finding(path, MISSING, "daftar sidik ini tidak ada atau kosong")
        elif not known[name].is_readable:
            yield _finding(path, CHANGED, "daftar sidik ini tidak seperti saat ditulis")
    paths = set(actual)
    for manifest in known.values():
        paths.update(manifest.digests)
    for path in sorted(paths):
        yield from _judge(prefix, path, known, actual.get(path))


def _judge(
    prefix: str, path: str, known: dict[str, _Manifest], actual: dict[str, str] | None
) -> Iterator[Finding]:
    names = [name for name, one in known.items() if path in one.digests]
    agree = [name for name in names if actual and known[name].digests[path] == actual.get(name)]
    if actual is None and len(names) == len(known):
        yield _finding(path, MISSING, "tercatat di daftar sidik, tetapi tidak ada")
        return
    if actual is not None and not names:
        yield _finding(path, ADDED, "ada di paket, tetapi tidak pernah disegel")
        return
    if actual is not None and not agree:
        yield _finding(path, CHANGED, "isinya tidak lagi sama dengan saat disegel")
        return
    # Either the file is well and a list differs, or a list names what never was.
    for name in names if actual is None else known:
        if name not in agree:
            manifest = "%s-%s.txt" % (prefix, name)  # noqa: UP031
            yield _finding(manifest, CHANGED, "barisnya tentang %s tidak cocok" % path)  # noqa: UP031


def _chain_findings(bag: Path) -> Iterator[Finding]:
    """The events: each hash over its own fields, each joined to the one before."""
    before, number = GENESIS, 0
    for line in _lines(bag / EVENTS):
        number += 1
        try:
            event = dict(json.loads(line))
            given = event.pop("hash")
        except (ValueError, KeyError, TypeError):
            yield _finding(EVENTS, CHANGED, "baris %d tidak terbaca" % number)  # noqa: UP031
            return
        if event_hash(event) != given:
            yield _finding(EVENTS, CHANGED, "kejadian ke-%d diubah isinya" % number)  # noqa: UP031
        elif event.get("prev_hash") != before or event.get("seq") != number:
            yield _finding(EVENTS, CHANGED, "kejadian ke-%d tidak menyambung" % number)  # noqa: UP031
        before = given
    if not number:
        yield _finding(EVENTS, MISSING, "rantai kejadian kosong")


def event_hash(event: dict[str, Any]) -> str:
    """SHA-256 of the event's RFC 8785 text without its own hash."""
    # Names are ASCII and values text or whole numbers, so the standard library's
    # sorted JSON is RFC 8785 to the byte.
    text = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _approval_findings(bag: Path, actual: dict[str, dict[str, str]]) -> Iterator[Finding]:
    """The approved digest is that of the approved content, and its media lie here."""
    try:
        named = json.loads(_text(bag / DECISIONS))["sidik"]
        media = json.loads(_text(bag / APPROVED))["manuscript"]["media"]
        wanted = [(str(one["filename"]), str(one["sha256"])) for one in media]
    except (ValueError, KeyError, TypeError):
        yield _finding(DECISIONS, CHANGED, "persetujuan dan isinya tidak terbaca")
        return
    if actual.get(APPROVED, {}).get("sha256") != named:
        yield _finding(APPROVED, CHANGED, "sidiknya bukan sidik yang disetujui")
    present = {digests.get("sha256") for digests in actual.values()}
    for name, sha256 in wanted:
        if sha256 not in present:
            sentence = "berkas %s dari naskah yang disetujui tidak ada di paket" % name  # noqa: UP031
            yield _finding(APPROVED, MISSING, sentence)


def _lines(path: Path) -> list[str]:
    # Not splitlines(): a text may hold other signs that Unicode calls line ends.
    return [line for line in _text(path).split("\n") if line]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _finding(path: str, kind: str, sentence: str) -> Finding:
    return Finding(path, kind, "%s (%s): %s." % (path, kind, sentence))  # noqa: UP031


def _each_once(found: Iterable[Finding]) -> list[Finding]:
    return sorted(set(found))


def main(arguments: list[str]) -> int:
    """Check the bag that this file lies in, or the one that is named."""
    bag = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    if not bag.is_dir():
        print("Folder %s tidak ada. Tulis folder paket yang hendak diperiksa." % bag)  # noqa: UP031
        return 1
    found = check_bag(bag)
    if found:
        print("PAKET TIDAK UTUH: %s" % bag)  # noqa: UP031
        for one in found:
            print("  - " + one.sentence)
        print("Jangan ubah apa pun; pulihkan paket ini dari cadangan dan laporkan kepada Kepala.")
        return 1
    print("Paket utuh: %s" % bag)  # noqa: UP031
    print("  %d berkas sesuai dengan saat disegel." % len(_files(bag)))  # noqa: UP031
    print("  Segel paket      : " + seal_of(bag))
    print("  Ujung kejadian   : " + head_of(bag))
    print("Cocokkan kedua sidik itu dengan catatan kantor: siar verify --segel menampilkannya.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
