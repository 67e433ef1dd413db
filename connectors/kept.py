"""What was made of a picture once is not made again by the next process.

Each step of a publication runs in a process of its own, and several of them need
the same renditions. What decides a result (the source's digest, the limits, the
code and the codecs) is its name here; the result of fitting is a blob of the store
already, so only its digest and its measures are kept, and a small preview itself.

Nothing depends on what lies here. It may be lost, damaged, unwritable or full at
any time: then the work is done again, with the same bytes as its result.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol

import PIL
from PIL import features

from connectors.pixels import SUFFIX_OF_MIME
from sop.manuscript import BlobStore, BlobTampered

_DIGEST_BYTES: Final = hashlib.sha256().digest_size
_SHELVES: Final = 256  # folders: by the first two letters of a name


def _recipe() -> str:
    """Changes whenever the same picture could become other bytes: code, Pillow, codecs."""
    code = [
        hashlib.sha256(Path(__file__).with_name(name).read_bytes()).hexdigest()
        for name in ("imaging.py", "kept.py", "pixels.py", "renditions.py")
    ]
    codecs = [
        features.version(name) for name in ("jpg", "libjpeg_turbo", "zlib", "webp", "littlecms2")
    ]
    said = json.dumps([code, codecs, PIL.__version__])
    return hashlib.sha256(said.encode()).hexdigest()


RECIPE: Final = _recipe()


def name_of(*question: object) -> str:
    """The name under which the answer to this question is kept; JSON values only."""
    return hashlib.sha256(json.dumps([RECIPE, *question]).encode()).hexdigest()


class Kept:
    """Bytes by name in a folder, the oldest given up beyond `most_bytes`.

    No write is forced to the disk: what a power cut leaves half-written does not
    match the digest kept with it, and is made anew.
    """

    def __init__(self, folder: Path, most_bytes: int = 256 * 1024 * 1024) -> None:
        self._folder = folder
        self._most_on_a_shelf = most_bytes // _SHELVES

    def recall(self, name: str) -> bytes | None:
        """The bytes kept under this name; None when there are none, or not these any more."""
        try:
            kept = self._path(name).read_bytes()
        except OSError:
            return None
        value = kept[_DIGEST_BYTES:]
        return value if kept[:_DIGEST_BYTES] == _seal(name, value) else None

    def keep(self, name: str, value: bytes) -> None:
        """Keep these bytes, if the disk lets us."""
        path = self._path(name)
        draft = path.with_name(f".{name}.{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_seal(name, value) + value)
            draft.replace(path)
            self._give_up_oldest(path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _give_up_oldest(self, shelf: Path) -> None:
        """Bound one shelf at each write: a few dozen files, so that no sweep is needed."""
        with os.scandir(shelf) as entries:
            files = sorted(
                ((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path) for entry in entries),
                reverse=True,
            )
        total = 0
        for _, size, path in files:
            total += size
            if total > self._most_on_a_shelf:
                Path(path).unlink(missing_ok=True)


def _seal(name: str, value: bytes) -> bytes:
    """Ties the bytes to their name, so that a file moved to another name is not believed."""
    return hashlib.sha256(name.encode() + value).digest()


def kept_beside(blobs: BlobStore) -> Kept | None:
    """What this store's owner keeps beside it, as `kept`; None where nothing is kept."""
    kept = getattr(blobs, "kept", None)
    return kept if isinstance(kept, Kept) else None


class MadePicture(Protocol):
    """What cleaning and fitting have in common."""

    @property
    def data(self) -> bytes: ...
    @property
    def mime(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A made picture whose bytes are in the blob store; `size` in bytes, sides in pixels."""

    sha256: str
    mime: str
    size: int
    width: int
    height: int
    notes: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The file name ending that tells the truth about the bytes."""
        return SUFFIX_OF_MIME[self.mime]


def stored_once(
    blobs: BlobStore, question: Sequence[object], make: Callable[[], MadePicture]
) -> StoredPicture:
    """The picture that answers the question; made only where it is not known and intact."""
    kept = kept_beside(blobs)
    name = name_of("stored", *question)
    known = _known_picture(kept, name)
    if known is not None and _is_intact(blobs, known):
        return known
    made = make()
    stored = StoredPicture(
        sha256=blobs.put(made.data),
        mime=made.mime,
        size=len(made.data),
        width=made.width,
        height=made.height,
        notes=made.notes,
    )
    if kept is not None:
        kept.keep(name, json.dumps(asdict(stored)).encode())
    return stored


def _known_picture(kept: Kept | None, name: str) -> StoredPicture | None:
    value = kept.recall(name) if kept is not None else None
    if value is None:
        return None
    fields = json.loads(value)
    return StoredPicture(**{**fields, "notes": tuple(fields["notes"])})


def _is_intact(blobs: BlobStore, picture: StoredPicture) -> bool:
    """Whether the store holds these very bytes: it checks their digest at each reading."""
    try:
        return len(blobs.get(picture.sha256)) == picture.size
    except (KeyError, BlobTampered):
        return False


def bytes_once(blobs: BlobStore, question: Sequence[object], make: Callable[[], bytes]) -> bytes:
    """The bytes that answer the question, for what does not belong in the blob store."""
    kept = kept_beside(blobs)
    name = name_of("bytes", *question)
    known = kept.recall(name) if kept is not None else None
    if known is not None:
        return known
    made = make()
    if kept is not None:
        kept.keep(name, made)
    return made
