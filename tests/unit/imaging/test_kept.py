"""What was made of a picture once: the same bytes as made anew, and never relied upon."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from connectors.imaging import FACEBOOK, INSTAGRAM, WEBSITE, Limits, X, rendition, take_media
from connectors.kept import Kept, name_of, stored_once
from connectors.recent import Recent
from connectors.renditions import Rendition, preview_jpeg, stored_rendition
from connectors.social import rendered_image
from deployments.wiring import OfficeBlobs
from ledger.blobs import FileBlobStore
from sop.manuscript import BlobTampered

CHANNELS = (WEBSITE, X, FACEBOOK, INSTAGRAM)
EXAMPLE = Path(__file__).parents[3] / "examples" / "rilis-contoh" / "foto-1.jpg"


def office_of(folder: Path) -> OfficeBlobs:
    """What a process of its own would open."""
    return OfficeBlobs(folder / "berkas", Kept(folder / "olahan"))


def taken(blobs: OfficeBlobs) -> str:
    return take_media(blobs, "foto-1.jpg", EXAMPLE.read_bytes(), "Petugas").sha256


def kept_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "olahan").rglob("*") if path.is_file()]


def no_more_made() -> Rendition:
    raise AssertionError("made again")


def asked(blobs: OfficeBlobs, question: str = "q") -> bytes:
    """The answer to a question that was answered before."""
    return blobs.get(stored_once(blobs, [question], no_more_made).sha256)


def answered(blobs: OfficeBlobs, question: str = "q", data: bytes = b"gambar") -> bytes:
    made = stored_once(blobs, [question], lambda: Rendition(data, "image/jpeg", 2, 3))
    return blobs.get(made.sha256)


@pytest.mark.parametrize("limits", CHANNELS)
def test_what_is_kept_is_to_the_byte_what_would_be_made(tmp_path: Path, limits: Limits) -> None:
    sha256 = taken(office_of(tmp_path))
    blobs = office_of(tmp_path)
    plain = rendition(blobs.get(sha256), limits)
    for _ in range(2):
        stored = stored_rendition(office_of(tmp_path), sha256, limits)
        assert blobs.get(stored.sha256) == plain.data
        assert (stored.mime, stored.width, stored.height, stored.size) == (
            plain.mime,
            plain.width,
            plain.height,
            len(plain.data),
        )


def test_a_fresh_process_makes_the_same_bytes_for_all_channels_in_any_order(
    tmp_path: Path,
) -> None:
    """Nothing that an earlier rendition left in memory may show in a later one."""
    blobs = office_of(tmp_path)
    data = blobs.get(taken(blobs))
    (tmp_path / "bersih.jpg").write_bytes(data)
    program = (
        "import sys, hashlib, pathlib; from connectors import imaging as i\n"
        "data = pathlib.Path(sys.argv[1]).read_bytes()\n"
        "for name in sys.argv[2:]:\n"
        "    made = i.rendition(data, getattr(i, name)).data\n"
        "    print(name, hashlib.sha256(made).hexdigest())\n"
    )
    orders = (["INSTAGRAM", "FACEBOOK", "X", "WEBSITE"], ["WEBSITE"], ["INSTAGRAM"])
    known = {
        name: hashlib.sha256(rendition(data, limits).data).hexdigest()
        for name, limits in zip(("WEBSITE", "X", "FACEBOOK", "INSTAGRAM"), CHANNELS, strict=True)
    }
    for order in orders:
        out = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "bersih.jpg"), *order],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[3],
        ).stdout
        assert dict(line.split() for line in out.splitlines()) == {n: known[n] for n in order}


def test_what_was_made_once_is_not_made_again_by_the_next_process(tmp_path: Path) -> None:
    assert answered(office_of(tmp_path)) == b"gambar"
    assert asked(office_of(tmp_path)) == b"gambar"


def test_a_cleaned_original_is_recalled_with_what_was_said_about_it(tmp_path: Path) -> None:
    from connectors.imaging import take_media_with_notes

    out = io.BytesIO()
    first = Image.new("RGB", (40, 40), "red")
    first.save(out, "GIF", save_all=True, append_images=[Image.new("RGB", (40, 40), "blue")])
    once, again = (
        take_media_with_notes(office_of(tmp_path), name, out.getvalue(), "Alt")
        for name in ("gerak.gif", "gerak.gif")
    )
    assert once == again
    assert "gerak.gif adalah gambar bergerak" in again[1][0]
    other = take_media_with_notes(office_of(tmp_path), "lain.gif", out.getvalue(), "Alt")
    assert "lain.gif" in other[1][0]


def test_other_limits_and_another_recipe_are_other_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(office_of(tmp_path))
    with pytest.raises(AssertionError, match="made again"):
        asked(office_of(tmp_path), "another")
    monkeypatch.setattr("connectors.kept.RECIPE", "Pillow of next year")
    with pytest.raises(AssertionError, match="made again"):
        asked(office_of(tmp_path))
    names = {
        name_of("rendition", "a" * 64, replace(WEBSITE, max_bytes=size).max_bytes)
        for size in (1, 2, 3)
    }
    assert len(names) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b" "),
        lambda path: path.write_bytes(path.read_bytes().replace(b'"width": 2', b'"width": 9')),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_a_damaged_note_is_not_believed_and_the_work_is_done_again(
    tmp_path: Path, damage: object
) -> None:
    answered(office_of(tmp_path))
    (note,) = kept_files(tmp_path)
    note.chmod(0o600)
    damage(note)  # type: ignore[operator]
    with pytest.raises(AssertionError, match="made again"):
        asked(office_of(tmp_path))
    assert answered(office_of(tmp_path)) == b"gambar"


def test_a_note_under_another_name_is_not_believed(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    one, other = "ab" + "0" * 62, "ab" + "1" * 62
    kept.keep(one, b"nilai")
    (tmp_path / "ab" / one).rename(tmp_path / "ab" / other)
    assert kept.recall(other) is None


@pytest.mark.parametrize("lost", [True, False])
def test_a_rendition_whose_bytes_are_lost_or_altered_is_made_anew(
    tmp_path: Path, lost: bool
) -> None:
    sha256 = taken(office_of(tmp_path))
    store = FileBlobStore(tmp_path / "berkas")
    stored = stored_rendition(office_of(tmp_path), sha256, INSTAGRAM)
    path = store.path(stored.sha256)
    path.unlink()
    if not lost:
        path.write_bytes(b"diganti")
    assert stored_rendition(office_of(tmp_path), sha256, INSTAGRAM) == stored
    assert store.is_intact(stored.sha256)


def test_an_altered_original_is_refused_although_its_rendition_is_known(tmp_path: Path) -> None:
    sha256 = taken(office_of(tmp_path))
    stored_rendition(office_of(tmp_path), sha256, WEBSITE)
    preview_jpeg(office_of(tmp_path), sha256)
    path = FileBlobStore(tmp_path / "berkas").path(sha256)
    path.chmod(0o600)
    path.write_bytes(b"diganti")
    with pytest.raises(BlobTampered):
        stored_rendition(office_of(tmp_path), sha256, WEBSITE)
    with pytest.raises(BlobTampered):
        preview_jpeg(office_of(tmp_path), sha256)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from connectors.kept import Kept
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
Kept(Path(sys.argv[1])).keep("ab" + "0" * 62, b"x" * 1000)
"""


def test_a_full_disk_only_means_that_nothing_is_kept(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_only_means_that_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "olahan").write_text("a file stands in the way")
    assert answered(office_of(tmp_path)) == b"gambar"
    assert answered(office_of(tmp_path), data=b"lain") == b"lain"


def test_beyond_the_limit_the_oldest_go(tmp_path: Path) -> None:
    kept = Kept(tmp_path, most_bytes=256 * 1000)
    names = [f"ab{number:062d}" for number in range(6)]
    for age, name in enumerate(names):
        kept.keep(name, bytes(300 - 32))
        path = tmp_path / "ab" / name
        os.utime(path, ns=(10**9 * age, 10**9 * age))
    kept.keep("ab" + "f" * 62, bytes(300 - 32))
    assert [kept.recall(name) is not None for name in names] == [False] * 4 + [True] * 2
    assert sum(path.stat().st_size for path in (tmp_path / "ab").iterdir()) <= 1000


def test_a_preview_is_kept_too_and_shows_the_picture(tmp_path: Path) -> None:
    blobs = office_of(tmp_path)
    sha256 = taken(blobs)
    first = preview_jpeg(blobs, sha256)
    shown = Image.open(io.BytesIO(first))
    assert max(shown.size) == 560
    assert shown.getpixel((280, 180)) == pytest.approx(
        Image.open(EXAMPLE).resize(shown.size).getpixel((280, 180)), abs=24
    )
    files = kept_files(tmp_path)
    assert preview_jpeg(office_of(tmp_path), sha256) == first
    assert kept_files(tmp_path) == files


def test_channels_that_want_the_same_pixels_share_the_bytes(tmp_path: Path) -> None:
    blobs = office_of(tmp_path)
    media = take_media(blobs, "foto-1.jpg", EXAMPLE.read_bytes(), "Petugas")
    posts = {rendered_image(media, blobs, limits).sha256 for limits in (WEBSITE, X, FACEBOOK)}
    assert len(posts) == 1
    assert rendered_image(media, blobs, INSTAGRAM).sha256 not in posts


def test_of_recent_work_the_longest_unused_is_given_up() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    recent = Recent(6, len)
    for name in ("aaa", "bbb", "aaa", "ccc", "aaa", "bbb"):
        assert recent.get(name, lambda name=name: make(name)) == name
    assert made == ["aaa", "bbb", "ccc", "bbb"]
    assert recent.get("too heavy", lambda: make("too heavy")) == "too heavy"
