"""Pictures as they arrive: verified by content, cleaned of everything but pixels.

`clean_original` turns what arrived into an upright sRGB picture with no metadata at
all (law 9: no GPS, no camera, no thumbnail, no comment). `connectors.renditions`
turns a cleaned picture into the bytes that one channel accepts. Both are
deterministic for the locked Pillow, because their output belongs to the digest
that is approved.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from PIL import Image

from connectors.intake.errors import IntakeError
from connectors.intake.kinds import foreign_kind, image_format
from connectors.kept import stored_once
from connectors.pixels import (
    MAX_PIXELS,
    MIME,
    MIN_SIDE,
    SUFFIX_OF_MIME,
    encoded,
    has_alpha,
    in_mega,
    refuse_too_large,
    to_srgb,
    upright,
    verified_format,
)
from connectors.renditions import FACEBOOK, INSTAGRAM, WEBSITE, Limits, Rendition, X, rendition
from connectors.video import VideoFacts, VideoLimits, check_video, clean_video
from sop.manuscript import BlobStore, Media

__all__ = [
    "FACEBOOK",
    "INSTAGRAM",
    "WEBSITE",
    "CleanedImage",
    "Limits",
    "Rendition",
    "VideoFacts",
    "VideoLimits",
    "X",
    "check_video",
    "clean_original",
    "rendition",
    "take_media",
    "take_media_with_notes",
]

_JPEG_CLEAN_QUALITY: Final = 95


@dataclass(frozen=True, slots=True)
class CleanedImage:
    """An upright sRGB picture without metadata; `size` in bytes, the sides in pixels.

    `notes` are Indonesian sentences about what was changed and might surprise.
    """

    data: bytes
    mime: str
    width: int
    height: int
    size: int
    notes: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The file name ending that tells the truth about the bytes."""
        return SUFFIX_OF_MIME[self.mime]


def clean_original(data: bytes, filename: str) -> CleanedImage:
    """The picture upright, in sRGB, 8 bits a channel, without any metadata.

    JPEG stays JPEG, PNG stays PNG; WebP and GIF become JPEG, or PNG where they are
    transparent or drawn. Of an animation the first frame is kept.
    Raises IntakeError.
    """
    kind = verified_format(data, filename)
    notes: list[str] = []
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as opened:
            refuse_too_large(opened.size, filename)
            if getattr(opened, "n_frames", 1) > 1:
                notes.append(
                    f"{filename} adalah gambar bergerak; hanya gambar pertamanya yang dipakai."
                )
            opened.load()
            flat = to_srgb(upright(opened))
    except IntakeError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise IntakeError(
            f"{filename} terlalu besar untuk dibuka (lebih dari {in_mega(MAX_PIXELS)} megapiksel). "
            "Perkecil gambarnya, misalnya menjadi lebar 4000 piksel, lalu unggah lagi."
        ) from None
    except Exception as error:
        # A decoder fed with hostile bytes may raise anything; all of it means the same.
        raise IntakeError(
            f"{filename} rusak atau terpotong sehingga tidak dapat dibuka. "
            "Salin ulang berkas aslinya dari kamera atau ponsel, lalu coba lagi."
        ) from error
    if min(flat.size) < MIN_SIDE:
        raise IntakeError(
            f"{filename} hanya berukuran {flat.width} × {flat.height} piksel, terlalu kecil untuk "
            "ditayangkan. Pakai foto aslinya, bukan gambar pratinjau."
        )
    # GIF is drawn with a palette (logos, charts): JPEG would smear its edges.
    target = "PNG" if kind in ("PNG", "GIF") or has_alpha(flat) else "JPEG"
    out = encoded(flat, target, _JPEG_CLEAN_QUALITY, subsampling=0)
    return CleanedImage(out, MIME[target], flat.width, flat.height, len(out), tuple(notes))


def take_media(
    blobs: BlobStore, filename: str, data: bytes, alt: str = "", credit: str = ""
) -> Media:
    """Store a picture or video as received and cleaned. Raises IntakeError.

    The ending of the name is put right when the content is of another kind.
    """
    return take_media_with_notes(blobs, filename, data, alt, credit)[0]


def take_media_with_notes(
    blobs: BlobStore, filename: str, data: bytes, alt: str = "", credit: str = ""
) -> tuple[Media, tuple[str, ...]]:
    """`take_media`, and Indonesian sentences about what was changed on the way."""
    if image_format(data) is None and data[4:8] == b"ftyp" and "video" in foreign_kind(data):
        return _taken_video(blobs, filename, data, alt, credit), ()
    # The name belongs to the question: what is said about the picture names it.
    question = ["clean", hashlib.sha256(data).hexdigest(), filename]
    clean = stored_once(blobs, question, lambda: clean_original(data, filename))
    media = Media(
        filename=PurePath(filename).stem + clean.suffix,
        sha256=clean.sha256,
        received_sha256=blobs.put(data),
        mime=clean.mime,
        size=clean.size,
        alt=alt,
        width=clean.width,
        height=clean.height,
        credit=credit,
    )
    return media, clean.notes


def _taken_video(blobs: BlobStore, filename: str, data: bytes, alt: str, credit: str) -> Media:
    clean = clean_video(data, filename)
    facts = check_video(clean, filename)
    return Media(
        filename=PurePath(filename).stem + (".mov" if "quicktime" in facts.mime else ".mp4"),
        sha256=blobs.put(clean),
        received_sha256=blobs.put(data),
        mime=facts.mime,
        size=facts.size,
        alt=alt,
        width=facts.width,
        height=facts.height,
        duration=facts.duration,
        credit=credit,
    )
