"""Pictures: verified by content, cleaned of everything but pixels, fitted to a channel.

Two steps. `clean_original` turns what arrived into an upright sRGB picture with no
metadata at all (law 9: no GPS, no camera, no thumbnail, no comment). `rendition`
turns a cleaned picture into the bytes that one channel accepts. Both are
deterministic for the locked Pillow, because their output belongs to the digest
that is approved.

Both re-encode always, even when nothing seems to be in the way: only bytes that
our own encoder wrote are known to carry no second file, no trailing data and no
metadata block that we did not think of.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import PurePath
from typing import Final

from PIL import Image, ImageCms, ImageEnhance, ImageFilter, ImageOps

from connectors.intake.errors import IntakeError
from connectors.intake.kinds import foreign_kind, image_format
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

MAX_PIXELS: Final = 40_000_000
MAX_IMAGE_BYTES: Final = 60 * 1024 * 1024
MIN_SIDE: Final = 16

_JPEG_CLEAN_QUALITY: Final = 95
_QUALITIES: Final = (90, 84, 78, 72, 66, 60)
_SHRINK: Final = 0.85
_SAME_COLOUR: Final = 6  # of 255: what scaling and JPEG leave of one colour
_WHITE: Final = (255, 255, 255)

_MIME: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SUFFIX_OF_MIME: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}


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


# --- the cleaned original -----------------------------------------------------


def clean_original(data: bytes, filename: str) -> CleanedImage:
    """The picture upright, in sRGB, 8 bits a channel, without any metadata.

    JPEG stays JPEG, PNG stays PNG; WebP and GIF become JPEG, or PNG where they are
    transparent or drawn. Of an animation the first frame is kept.
    Raises IntakeError.
    """
    kind = _verified_format(data, filename)
    notes: list[str] = []
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as opened:
            _refuse_too_large(opened.size, filename)
            if getattr(opened, "n_frames", 1) > 1:
                notes.append(
                    f"{filename} adalah gambar bergerak; hanya gambar pertamanya yang dipakai."
                )
            opened.load()
            upright = _upright(opened)
            flat = _to_srgb(upright)
    except IntakeError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise IntakeError(
            f"{filename} terlalu besar untuk dibuka (lebih dari {_mega(MAX_PIXELS)} megapiksel). "
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
    target = "PNG" if kind in ("PNG", "GIF") or _has_alpha(flat) else "JPEG"
    out = _encode(flat, target, _JPEG_CLEAN_QUALITY, subsampling=0)
    return CleanedImage(out, _MIME[target], flat.width, flat.height, len(out), tuple(notes))


def _verified_format(data: bytes, filename: str) -> str:
    if not data:
        raise IntakeError(
            f"{filename} kosong (0 byte). Salin ulang berkasnya ke folder, lalu coba lagi."
        )
    if len(data) > MAX_IMAGE_BYTES:
        raise IntakeError(
            f"{filename} berukuran {len(data) / 1_048_576:.0f} MB, melebihi batas "
            f"{MAX_IMAGE_BYTES // 1_048_576} MB. Perkecil gambarnya, lalu coba lagi."
        )
    kind = image_format(data)
    if kind is None:
        raise IntakeError(
            f"{filename} bukan foto JPEG, PNG, WebP atau GIF; isinya {foreign_kind(data)}. "
            "Buka gambarnya, simpan sebagai JPEG, lalu letakkan lagi di folder."
        )
    return kind


def _refuse_too_large(size: tuple[int, int], filename: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise IntakeError(
            f"{filename} berukuran {width} × {height} piksel ({_mega(width * height)} megapiksel), "
            f"melebihi batas {_mega(MAX_PIXELS)} megapiksel. Perkecil gambarnya, misalnya menjadi "
            "lebar 4000 piksel, lalu coba lagi."
        )


def _mega(pixels: int) -> str:
    return f"{pixels / 1_000_000:.0f}"


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # Broken EXIF is common and says nothing about the pixels: keep them as they lie.
        return image.copy()


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA")


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _to_srgb(image: Image.Image) -> Image.Image:
    """One of L, RGB or RGBA, in sRGB; the alpha channel is dropped where it hides nothing."""
    icc = image.info.get("icc_profile")
    alpha = _alpha_of(image)
    colour = _eight_bit(image)
    if icc:
        colour = _through_profile(colour, icc)
    if colour.mode not in ("L", "RGB"):
        colour = colour.convert("RGB")
    if alpha is None or alpha.getextrema() == (255, 255):
        return colour
    rgba = colour.convert("RGB")
    rgba.putalpha(alpha)
    return rgba


def _alpha_of(image: Image.Image) -> Image.Image | None:
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA").getchannel("A")
    return None


def _eight_bit(image: Image.Image) -> Image.Image:
    """The colour part with 8 bits a channel; 16-bit grey is scaled, not clipped."""
    if image.mode.startswith("I") or image.mode == "F":
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    if image.mode in ("1", "LA", "La"):
        return image.convert("L")
    return (
        image.convert("RGBA").convert("RGB")
        if "transparency" in image.info
        else (image.convert("RGB"))
    )


def _through_profile(image: Image.Image, icc: bytes) -> Image.Image:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        out = "L" if image.mode == "L" else "RGB"
        if out == "L":
            # A grey profile differs from sRGB in its curve only, and not visibly.
            return image
        done = ImageCms.profileToProfile(image, profile, _srgb(), outputMode=out)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # A profile that does not fit its picture: the plain numbers are the best guess.
        return image
    return image if done is None else done


# --- the rendition ------------------------------------------------------------


# A step's answer and the next form render the same pictures, in one process.
@lru_cache(maxsize=32)
def rendition(data: bytes, limits: Limits, filename: str = "gambar") -> Rendition:
    """The picture as a channel with these limits accepts it.

    Never crops: people at the edge of a group photo are not cut away. A picture
    outside the ratio is set on a wider or higher ground instead: a blurred, greyed
    enlargement of itself; the paper's own colour where a chart or poster has one;
    plain white where it is transparent. Drawn pictures
    (PNG) stay PNG while that fits the limit; else JPEG of falling quality, then of
    falling size. Raises IntakeError if the bytes cannot be decoded.
    """
    kind = _verified_format(data, filename)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as opened:
            _refuse_too_large(opened.size, filename)
            if kind == "JPEG" and not _ratio_is_outside(opened.size, limits):
                # Lets the decoder skip work; the result stays deterministic.
                opened.draft("RGB", (limits.max_width, limits.max_height))
            opened.load()
            image = _to_srgb(_upright(opened))
    except IntakeError:
        raise
    except Exception as error:
        raise IntakeError(
            f"{filename} rusak sehingga tidak dapat disiapkan untuk saluran. "
            "Ganti gambarnya, lalu verifikasi lagi."
        ) from error
    fitted = _fitted(_framed(image, limits), limits)
    for candidate in _shrinking(fitted, limits):
        for name, quality in _encodings(candidate, kind, limits):
            out = _encode(_flattened(candidate, name), name, quality)
            if len(out) <= limits.max_bytes:
                return Rendition(out, _MIME[name], candidate.width, candidate.height)
    raise IntakeError(
        f"{filename} tidak dapat dibuat lebih kecil dari {limits.max_bytes // 1024} KB. "
        "Ganti dengan gambar yang lebih sederhana."
    )


def _ratio_is_outside(size: tuple[int, int], limits: Limits) -> bool:
    ratio = size[0] / size[1]
    below = limits.min_ratio is not None and ratio < limits.min_ratio
    above = limits.max_ratio is not None and ratio > limits.max_ratio
    return below or above


def _framed(image: Image.Image, limits: Limits) -> Image.Image:
    """The whole picture on a ground whose ratio the channel accepts."""
    if not _ratio_is_outside(image.size, limits):
        return image
    width, height = image.size
    if limits.min_ratio is not None and width / height < limits.min_ratio:
        target = (-int(-height * limits.min_ratio // 1), height)
    else:
        assert limits.max_ratio is not None
        target = (width, -int(-width / limits.max_ratio // 1))
    # Framing at the size that will be sent keeps the blur the same for every source.
    scale = min(1.0, limits.max_width / target[0], limits.max_height / target[1])
    size = (max(1, round(target[0] * scale)), max(1, round(target[1] * scale)))
    size = _inside_ratio(size, limits)
    inner = image.resize(
        (max(1, min(size[0], round(width * scale))), max(1, min(size[1], round(height * scale)))),
        Image.Resampling.LANCZOS,
    )
    edge = _edge_colour(inner)
    ground = Image.new("RGB", size, edge) if edge else _blurred_ground(inner, size)
    place = ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2)
    ground.paste(inner, place, inner if _has_alpha(inner) else None)
    return ground


def _inside_ratio(size: tuple[int, int], limits: Limits) -> tuple[int, int]:
    width, height = size
    if limits.min_ratio is not None and width / height < limits.min_ratio:
        width = -int(-height * limits.min_ratio // 1)
    if limits.max_ratio is not None and width / height > limits.max_ratio:
        width = int(height * limits.max_ratio)
    return max(1, width), height


def _edge_colour(image: Image.Image) -> tuple[int, int, int] | None:
    """White for a transparent picture, the paper's colour for a chart; None for a photo."""
    if _has_alpha(image):
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


def _fitted(image: Image.Image, limits: Limits) -> Image.Image:
    """Scaled down into the box, or up to the least width, with the ratio kept."""
    width, height = image.size
    scale = min(1.0, limits.max_width / width, limits.max_height / height)
    if width * scale < limits.min_width:
        scale = limits.min_width / width
    return _scaled(image, scale, limits)


def _scaled(image: Image.Image, scale: float, limits: Limits) -> Image.Image:
    if scale == 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if not _ratio_is_outside(image.size, limits):
        size = _inside_ratio(size, limits)
    return image.resize(size, Image.Resampling.LANCZOS)


def _shrinking(image: Image.Image, limits: Limits) -> Iterator[Image.Image]:
    """The picture, then ever smaller ones; ends where it would be of no use to a reader."""
    scale = 1.0
    while True:
        candidate = _scaled(image, scale, limits)
        yield candidate
        scale *= _SHRINK
        if min(image.size) * scale < MIN_SIDE or image.width * scale < limits.min_width:
            return


def _encodings(image: Image.Image, kind: str, limits: Limits) -> Iterator[tuple[str, int]]:
    """(format, quality) to try, best first."""
    if "PNG" in limits.formats and (_has_alpha(image) or kind in ("PNG", "GIF")):
        yield "PNG", 0
    lossy = "JPEG" if "JPEG" in limits.formats else "WEBP"
    for quality in _QUALITIES:
        yield lossy, quality


def _flattened(image: Image.Image, name: str) -> Image.Image:
    """Without transparency where the format has none: on white, like the page it stood on."""
    if name != "JPEG" or not _has_alpha(image):
        return image
    ground = Image.new("RGB", image.size, _WHITE)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _encode(image: Image.Image, name: str, quality: int, *, subsampling: int = 2) -> bytes:
    """Bytes with pixels and nothing else; a fresh image carries no `info` to leak."""
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    out = io.BytesIO()
    if name == "JPEG":
        bare.save(out, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
    elif name == "PNG":
        bare.save(out, "PNG", compress_level=6)
    else:
        bare.save(out, "WEBP", quality=quality, method=4)
    return out.getvalue()


# --- into the store -----------------------------------------------------------


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
    clean = clean_original(data, filename)
    media = Media(
        filename=PurePath(filename).stem + clean.suffix,
        sha256=blobs.put(clean.data),
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
