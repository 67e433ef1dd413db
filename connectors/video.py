"""Videos: verified by content, measured, and rid of the place they were taken.

Pictures are encoded again; videos are not (it would need a codec and minutes).
The places where phones write location and device are boxes of known kinds, so
these are overwritten with zeros in place: no offset moves, no frame changes. A
location that runs through the recording itself cannot be cut out like that and
is refused.

Size, duration and codec are read from the same boxes, in time bounded by their
number. libmediainfo was measured to take more than a minute over a 700-byte file
with one damaged table, and cannot be interrupted: it judges in the tests only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from connectors.intake.errors import IntakeError

MAX_VIDEO_BYTES: Final = 512 * 1024 * 1024
_MIB: Final = 1024 * 1024
_MAX_BOXES: Final = 100_000

# Boxes that hold words about the recording, never the recording: ©xyz, maker, XMP, …
_TELLING: Final = frozenset({b"udta", b"meta", b"uuid"})
_CODECS: Final = {
    b"avc1": "AVC",
    b"avc3": "AVC",
    b"hvc1": "HEVC",
    b"hev1": "HEVC",
    b"av01": "AV1",
    b"vp09": "VP9",
    b"mp4v": "MPEG-4 Visual",
    b"jpeg": "JPEG",
}
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
    try:
        moov = _only(data, (0, len(data)), b"moov", filename)
        seconds = _movie_seconds(data, moov, filename)
        for kind, _, body, end in _boxes(data, *moov, filename):
            if kind == b"trak" and _handler(data, (body, end), filename) == b"vide":
                width, height, codec = _picture_of(data, (body, end), filename)
                break
        else:
            raise _incomplete(filename)
    except (struct.error, IndexError, ZeroDivisionError) as error:
        raise _incomplete(filename) from error
    if not (width and height and seconds):
        raise _incomplete(filename)
    mime = "video/quicktime" if data[4:12] == b"ftypqt  " else "video/mp4"
    return VideoFacts(mime, width, height, round(seconds, 3), len(data), codec)


def _only(data: bytes, inside: tuple[int, int], wanted: bytes, filename: str) -> tuple[int, int]:
    """The payload of the first box of this kind within a stretch."""
    for kind, _, body, end in _boxes(data, *inside, filename):
        if kind == wanted:
            return body, end
    raise _incomplete(filename)


def _handler(data: bytes, track: tuple[int, int], filename: str) -> bytes:
    """What a track is for: b"vide", b"soun", …"""
    media = _only(data, track, b"mdia", filename)
    body, _ = _only(data, media, b"hdlr", filename)
    return data[body + 8 : body + 12]


def _movie_seconds(data: bytes, moov: tuple[int, int], filename: str) -> float:
    body, _ = _only(data, moov, b"mvhd", filename)
    if data[body] == 1:
        scale, length = struct.unpack_from(">IQ", data, body + 20)
    else:
        scale, length = struct.unpack_from(">II", data, body + 12)
    if not length:
        # Screen recorders write the length of a fragmented movie elsewhere.
        fragments, _ = _only(data, _only(data, moov, b"mvex", filename), b"mehd", filename)
        (length,) = struct.unpack_from(">Q" if data[fragments] == 1 else ">I", data, fragments + 4)
    return float(length) / float(scale)


def _picture_of(data: bytes, track: tuple[int, int], filename: str) -> tuple[int, int, str]:
    """Width and height as shown, and the codec, of a video track."""
    head, _ = _only(data, track, b"tkhd", filename)
    matrix = head + (52 if data[head] == 1 else 40)
    across, turned = struct.unpack_from(">ii", data, matrix)
    width, height = (value >> 16 for value in struct.unpack_from(">II", data, matrix + 36))
    if across == 0 and turned != 0:  # a quarter turn
        width, height = height, width
    samples = _only(data, track, b"mdia", filename)
    for kind in (b"minf", b"stbl", b"stsd"):
        samples = _only(data, samples, kind, filename)
    coding = data[samples[0] + 12 : samples[0] + 16]
    name = _CODECS.get(coding, coding.decode("latin-1") if coding.isalnum() else "")
    return width, height, name


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
    handler = _handler(data, (body, end), filename)
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
