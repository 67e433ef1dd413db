"""Pictures fitted to a channel, from the cleaned original.

The same picture is wanted by several channels in a row: it is decoded once, and
where two channels want the same pixels in the same encoding it is encoded once.
The bytes never depend on what was held: they belong to the digest that is approved.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from connectors.intake.errors import IntakeError
from connectors.kept import StoredPicture, bytes_once, stored_once
from connectors.pixels import (
    MIME,
    MIN_SIDE,
    SUFFIX_OF_MIME,
    encoded,
    has_alpha,
    refuse_too_large,
    to_srgb,
    upright,
    verified_format,
)
from connectors.recent import Recent
from sop.manuscript import BlobStore

_QUALITIES: Final = (90, 84, 78, 72, 66, 60)
_SHRINK: Final = 0.85
_SAME_COLOUR: Final = 6  # of 255: what scaling and JPEG leave of one colour
_WHITE: Final = (255, 255, 255)
_PREVIEW: Final = ((560, 560), 70)  # the box in pixels, the JPEG quality
_GAP: Final = 2.0  # see Pillow's `resize`: no eye tells the result from the slow one
# About 150 MB at most: four photos of a phone. More are decoded once per channel again.
_PIXELS_HELD: Final = 48_000_000
_BYTES_HELD: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one channel accepts. Ratios are width divided by height."""

    max_bytes: int
    max_width: int
    max_height: int
    formats: tuple[str, ...] = ("JPEG", "PNG")
    min_width: int = 1
    min_ratio: float | None = None
    max_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Rendition:
    """A picture exactly as one channel will receive it."""

    data: bytes
    mime: str
    width: int
    height: int
    notes: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The file name ending that tells the truth about the bytes."""
        return SUFFIX_OF_MIME[self.mime]


# WordPress itself scales anything wider than 2560 px down to that.
WEBSITE: Final = Limits(4 * 1024 * 1024, 2560, 2560)
X: Final = Limits(5 * 1024 * 1024, 4096, 4096, formats=("JPEG", "PNG", "WEBP"))
FACEBOOK: Final = Limits(4 * 1024 * 1024, 2048, 2048)
# Instagram takes JPEG only, 4:5 to 1.91:1. The bounds stay a hair inside, so that
# rounding to whole pixels can never step over them.
INSTAGRAM: Final = Limits(
    8 * 1024 * 1024,
    1440,
    1800,
    formats=("JPEG",),
    min_width=320,
    min_ratio=0.8,
    max_ratio=1.91,
)


@dataclass(frozen=True, slots=True)
class _Picture:
    """Pixels, never changed in place; `made_by` says how they came about.

    The same `made_by` means the same pixels. A photo (JPEG) may lose detail that the
    eye does not miss, a drawing may not.
    """

    image: Image.Image
    made_by: tuple[object, ...]
    is_photo: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.size


_decoded: Recent[_Picture] = Recent(_PIXELS_HELD, lambda one: one.size[0] * one.size[1])
_encoded: Recent[bytes] = Recent(_BYTES_HELD, len)


def stored_rendition(
    blobs: BlobStore, sha256: str, limits: Limits, filename: str = "gambar"
) -> StoredPicture:
    """`rendition` of a stored picture, its bytes in the store too.

    Raises IntakeError, and what the store raises for the picture itself.
    """
    data = blobs.get(sha256)
    question = ["rendition", sha256, asdict(limits)]
    return stored_once(blobs, question, lambda: rendition(data, limits, filename))


def preview_jpeg(blobs: BlobStore, sha256: str) -> bytes:
    """A stored picture small enough to stand inside a form's preview."""
    data = blobs.get(sha256)
    return bytes_once(blobs, ["preview", sha256, *_PREVIEW], lambda: _preview(data))


def _preview(data: bytes) -> bytes:
    box, quality = _PREVIEW
    with Image.open(io.BytesIO(data)) as picture:
        # For a JPEG the decoder itself leaves out what a picture of this size cannot show.
        picture.thumbnail(box, reducing_gap=1.0)
        return encoded(picture.convert("RGB"), "JPEG", quality)


def rendition(data: bytes, limits: Limits, filename: str = "gambar") -> Rendition:
    """The picture as a channel with these limits accepts it.

    Never crops: people at the edge of a group photo are not cut away. A picture
    outside the ratio is set on a wider or higher ground instead: a blurred, greyed
    enlargement of itself; the paper's own colour where a chart or poster has one;
    plain white where it is transparent. Drawn pictures
    (PNG) stay PNG while that fits the limit; else JPEG of falling quality, then of
    falling size. Raises IntakeError if the bytes cannot be decoded.
    """
    kind = verified_format(data, filename)
    digest = hashlib.sha256(data).hexdigest()
    picture = _decoded.get(digest, lambda: _opened(data, kind, digest, filename))
    fitted = _fitted(_framed(picture, limits), limits)
    for candidate in _shrinking(fitted, limits):
        for name, quality in _encodings(candidate.image, kind, limits):
            out = _bytes_of(candidate, name, quality)
            if len(out) <= limits.max_bytes:
                return Rendition(out, MIME[name], *candidate.size)
    raise IntakeError(
        f"{filename} tidak dapat dibuat lebih kecil dari {limits.max_bytes // 1024} KB. "
        "Ganti dengan gambar yang lebih sederhana."
    )


def _opened(data: bytes, kind: str, digest: str, filename: str) -> _Picture:
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as opened:
            refuse_too_large(opened.size, filename)
            opened.load()
            return _Picture(to_srgb(upright(opened)), (digest,), kind == "JPEG")
    except IntakeError:
        raise
    except Exception as error:
        raise IntakeError(
            f"{filename} rusak sehingga tidak dapat disiapkan untuk saluran. "
            "Ganti gambarnya, lalu verifikasi lagi."
        ) from error


def _bytes_of(picture: _Picture, name: str, quality: int) -> bytes:
    return _encoded.get(
        (picture.made_by, name, quality),
        lambda: encoded(_flattened(picture.image, name), name, quality),
    )


def _resized(picture: _Picture, size: tuple[int, int]) -> _Picture:
    """Scaled to this size; of a photo at least four times as large, whole blocks first."""
    if size == picture.size:
        return picture
    gap = _GAP if picture.is_photo else None
    image = picture.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=gap)
    return _Picture(image, (*picture.made_by, size), picture.is_photo)


def _ratio_is_outside(size: tuple[int, int], limits: Limits) -> bool:
    ratio = size[0] / size[1]
    below = limits.min_ratio is not None and ratio < limits.min_ratio
    above = limits.max_ratio is not None and ratio > limits.max_ratio
    return below or above


def _framed(picture: _Picture, limits: Limits) -> _Picture:
    """The whole picture on a ground whose ratio the channel accepts."""
    if not _ratio_is_outside(picture.size, limits):
        return picture
    width, height = picture.size
    if limits.min_ratio is not None and width / height < limits.min_ratio:
        target = (-int(-height * limits.min_ratio // 1), height)
    else:
        assert limits.max_ratio is not None
        target = (width, -int(-width / limits.max_ratio // 1))
    # Framing at the size that will be sent keeps the blur the same for every source.
    scale = min(1.0, limits.max_width / target[0], limits.max_height / target[1])
    size = (max(1, round(target[0] * scale)), max(1, round(target[1] * scale)))
    size = _inside_ratio(size, limits)
    scaled = _resized(
        picture,
        (max(1, min(size[0], round(width * scale))), max(1, min(size[1], round(height * scale)))),
    )
    inner = scaled.image
    edge = _edge_colour(inner)
    ground = Image.new("RGB", size, edge) if edge else _blurred_ground(inner, size)
    place = ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2)
    ground.paste(inner, place, inner if has_alpha(inner) else None)
    return _Picture(ground, (*scaled.made_by, "framed", size), picture.is_photo)


def _inside_ratio(size: tuple[int, int], limits: Limits) -> tuple[int, int]:
    width, height = size
    if limits.min_ratio is not None and width / height < limits.min_ratio:
        width = -int(-height * limits.min_ratio // 1)
    if limits.max_ratio is not None and width / height > limits.max_ratio:
        width = int(height * limits.max_ratio)
    return max(1, width), height


def _edge_colour(image: Image.Image) -> tuple[int, int, int] | None:
    """White for a transparent picture, the paper's colour for a chart; None for a photo."""
    if has_alpha(image):
        return _WHITE
    rgb = image.convert("RGB")
    right, bottom = rgb.width, rgb.height
    edges = [
        rgb.crop(line)
        for line in (
            (0, 0, right, 1),
            (0, bottom - 1, right, bottom),
            (0, 0, 1, bottom),
            (right - 1, 0, right, bottom),
        )
    ]
    colour = []
    for channel in range(3):
        lows, highs = zip(*(edge.getchannel(channel).getextrema() for edge in edges), strict=True)
        if max(highs) - min(lows) > _SAME_COLOUR:
            return None
        colour.append(int(max(highs)))
    return colour[0], colour[1], colour[2]


def _blurred_ground(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A soft, greyed, lightened enlargement of the picture: fills without saying anything."""
    small = ImageOps.fit(image.convert("RGB"), (max(8, size[0] // 16), max(8, size[1] // 16)))
    soft = small.filter(ImageFilter.GaussianBlur(max(small.size) / 14))
    grey = ImageEnhance.Color(soft).enhance(0.35)
    light = Image.blend(grey, Image.new("RGB", grey.size, (236, 238, 240)), 0.45)
    return light.resize(size, Image.Resampling.BICUBIC)


def _fitted(picture: _Picture, limits: Limits) -> _Picture:
    """Scaled down into the box, or up to the least width, with the ratio kept."""
    width, height = picture.size
    scale = min(1.0, limits.max_width / width, limits.max_height / height)
    if width * scale < limits.min_width:
        scale = limits.min_width / width
    return _scaled(picture, scale, limits)


def _scaled(picture: _Picture, scale: float, limits: Limits) -> _Picture:
    if scale == 1.0:
        return picture
    width, height = picture.size
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if not _ratio_is_outside(picture.size, limits):
        size = _inside_ratio(size, limits)
    return _resized(picture, size)


def _shrinking(picture: _Picture, limits: Limits) -> Iterator[_Picture]:
    """The picture, then ever smaller ones; ends where it would be of no use to a reader."""
    scale = 1.0
    while True:
        yield _scaled(picture, scale, limits)
        scale *= _SHRINK
        if min(picture.size) * scale < MIN_SIDE or picture.size[0] * scale < limits.min_width:
            return


def _encodings(image: Image.Image, kind: str, limits: Limits) -> Iterator[tuple[str, int]]:
    """(format, quality) to try, best first."""
    if "PNG" in limits.formats and (has_alpha(image) or kind in ("PNG", "GIF")):
        yield "PNG", 0
    lossy = "JPEG" if "JPEG" in limits.formats else "WEBP"
    for quality in _QUALITIES:
        yield lossy, quality


def _flattened(image: Image.Image, name: str) -> Image.Image:
    """Without transparency where the format has none: on white, like the page it stood on."""
    if name != "JPEG" or not has_alpha(image):
        return image
    ground = Image.new("RGB", image.size, _WHITE)
    ground.paste(image, mask=image.getchannel("A"))
    return ground
