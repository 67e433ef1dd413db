"""Videos: verified by content, measured, and rid of the place they were taken.

Pictures are encoded again; videos are not (it would need a codec and minutes).
The places where phones write location and device are boxes of known kinds, so
these are overwritten with zeros in place: no offset moves, no frame changes. A
location that runs through the recording itself cannot be cut out like that and
is refused.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pymediainfo import MediaInfo

from connectors.intake.errors import IntakeError

MAX_VIDEO_BYTES: Final = 512 * 1024 * 1024
_MIB: Final = 1024 * 1024
_MAX_BOXES: Final = 100_000

# Boxes that hold words about the recording, never the recording: ©xyz, maker, XMP, …
_TELLING: Final = frozenset({b"udta", b"meta", b"uuid"})
_SHOWN_TRACKS: Final = frozenset({b"vide", b"soun", b"subt", b"sbtl", b"text", b"clcp", b"tmcd"})


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What one channel accepts; durations in seconds. `channel` is its name for staff."""

    channel: str
    max_bytes: int
    max_seconds: float
    min_seconds: float = 0.5
    codecs: tuple[str, ...] = ("AVC", "HEVC")


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """A video as a player shows it: sides in pixels after rotation, seconds, bytes."""

    mime: str
    width: int
    height: int
    duration: float
    size: int
    codec: str


WEBSITE_VIDEO: Final = VideoLimits("Website", 256 * _MIB, 1200, codecs=("AVC",))
X_VIDEO: Final = VideoLimits("X", 512 * _MIB, 140, codecs=("AVC",))
FACEBOOK_VIDEO: Final = VideoLimits("Facebook", 512 * _MIB, 1200, min_seconds=1)
INSTAGRAM_VIDEO: Final = VideoLimits("Instagram", 300 * _MIB, 900, min_seconds=3)


def check_video(data: bytes, filename: str, limits: VideoLimits | None = None) -> VideoFacts:
    """What the video is, by its content. Raises IntakeError, also beyond the limits."""
    _refuse_unlike_video(data, filename)
    facts = _measured(data, filename)
    if limits is None:
        return facts
    return _inside(facts, limits, filename)


def clean_video(data: bytes, filename: str) -> bytes:
    """The same recording without location, device and titles. Raises IntakeError."""
    _refuse_unlike_video(data, filename)
    try:
        telling = list(_telling_ranges(data, filename))
    except (struct.error, IndexError) as error:
        raise _incomplete(filename) from error
    if not telling:
        return data
    cleaned = bytearray(data)
    for start, body, end in telling:
        cleaned[start + 4 : start + 8] = b"free"
        cleaned[body:end] = bytes(end - body)
    return bytes(cleaned)


def _refuse_unlike_video(data: bytes, filename: str) -> None:
    if not data:
        raise IntakeError(
            f"{filename} kosong (0 byte). Salin ulang berkasnya ke folder, lalu coba lagi."
        )
    if len(data) > MAX_VIDEO_BYTES:
        raise IntakeError(
            f"{filename} berukuran {len(data) // _MIB} MB, melebihi batas "
            f"{MAX_VIDEO_BYTES // _MIB} MB. Potong atau kompres videonya, lalu coba lagi."
        )
    if data[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide"):
        raise IntakeError(
            f"{filename} bukan video MP4 atau MOV. Simpan ulang videonya sebagai MP4, "
            "lalu coba lagi."
        )


def _measured(data: bytes, filename: str) -> VideoFacts:
    info = MediaInfo.parse(io.BytesIO(data))
    video = next((track for track in info.tracks if track.track_type == "Video"), None)
    if video is None or not (video.width and video.height and video.duration):
        raise _incomplete(filename)
    width, height = int(video.width), int(video.height)
    if round(float(video.rotation or 0)) % 180 == 90:
        width, height = height, width
    mime = "video/quicktime" if data[4:12] == b"ftypqt  " else "video/mp4"
    seconds = round(float(video.duration) / 1000, 3)
    return VideoFacts(mime, width, height, seconds, len(data), str(video.format or ""))


def _inside(facts: VideoFacts, limits: VideoLimits, filename: str) -> VideoFacts:
    where = f"untuk {limits.channel}"
    if facts.size > limits.max_bytes:
        raise IntakeError(
            f"{filename} berukuran {-(-facts.size // _MIB)} MB, melebihi batas "
            f"{limits.max_bytes // _MIB} MB {where}. Kompres videonya atau lepas saluran itu."
        )
    if facts.duration > limits.max_seconds:
        raise IntakeError(
            f"{filename} berdurasi {facts.duration:.0f} detik, melebihi batas "
            f"{limits.max_seconds:.0f} detik {where}. Potong videonya atau lepas saluran itu."
        )
    if facts.duration < limits.min_seconds:
        raise IntakeError(
            f"{filename} hanya berdurasi {facts.duration:.1f} detik, terlalu pendek {where}. "
            "Pakai video yang lebih panjang atau lepas saluran itu."
        )
    if facts.codec not in limits.codecs:
        raise IntakeError(
            f"{filename} memakai kodek {facts.codec or 'tidak dikenal'} yang tidak diterima "
            f"{where}. Simpan ulang videonya sebagai MP4 (H.264), lalu coba lagi."
        )
    return facts


def _telling_ranges(data: bytes, filename: str) -> Iterator[tuple[int, int, int]]:
    """(start, start of payload, end) of every box that must fall silent."""
    kinds = set()
    for kind, start, body, end in _boxes(data, 0, len(data), filename):
        kinds.add(kind)
        if kind in _TELLING:
            yield start, body, end
        elif kind == b"moov":
            for part, part_start, part_body, part_end in _boxes(data, body, end, filename):
                if part in _TELLING:
                    yield part_start, part_body, part_end
                elif part == b"trak":
                    yield from _telling_in_track(data, part_start, part_body, part_end, filename)
    if b"moov" not in kinds:
        raise _incomplete(filename)


def _telling_in_track(
    data: bytes, start: int, body: int, end: int, filename: str
) -> Iterator[tuple[int, int, int]]:
    parts = list(_boxes(data, body, end, filename))
    media = next(((b, e) for kind, _, b, e in parts if kind == b"mdia"), None)
    if media is None:
        raise _incomplete(filename)
    handler = next(
        (
            data[b + 8 : b + 12]
            for kind, _, b, _ in _boxes(data, *media, filename)
            if kind == b"hdlr"
        ),
        b"",
    )
    if handler not in _SHOWN_TRACKS:
        # iPhones add tracks of face and motion data (mebx) that say nothing of the place;
        # action cameras and dashcams add GPS tracks whose samples lie among the frames.
        words = data[body:end]
        if b"mebx" not in words or b"location" in words:
            raise IntakeError(
                f"{filename} memuat jejak lokasi atau data perekam yang menyatu dengan rekamannya. "
                "Simpan ulang lewat aplikasi edit video, lalu pakai hasilnya."
            )
        yield start, body, end
        return
    yield from ((s, b, e) for kind, s, b, e in parts if kind in _TELLING)


def _boxes(
    data: bytes, start: int, end: int, filename: str
) -> Iterator[tuple[bytes, int, int, int]]:
    """(kind, start, start of payload, end) of the boxes that fill this stretch."""
    count = 0
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        elif size == 0:
            size = end - start
        count += 1
        if size < body - start or start + size > end or count > _MAX_BOXES:
            raise _incomplete(filename)
        yield kind, start, body, start + size
        start += size
    # QuickTime ends a user data list with four zero bytes; a longer rest is no box.
    if end - start > 4:
        raise _incomplete(filename)


def _incomplete(filename: str) -> IntakeError:
    return IntakeError(
        f"{filename} rusak atau belum tersalin lengkap sehingga tidak dapat diputar. "
        "Salin ulang berkas aslinya, lalu coba lagi."
    )
