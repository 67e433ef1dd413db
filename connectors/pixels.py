"""Pixels from bytes and bytes from pixels: what cleaning and fitting a picture share.

Both re-encode always, even when nothing seems to be in the way: only bytes that
our own encoder wrote are known to carry no second file, no trailing data and no
metadata block that we did not think of.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Final

from PIL import (
    ExifTags,
    Image,
    ImageCms,
    ImageOps,
    TiffImagePlugin,  # noqa: F401 - reads EXIF
)

from connectors.intake.errors import IntakeError
from connectors.intake.kinds import foreign_kind, image_format

# What Pillow imports at its first picture, each run would import again: it is a fork.
Image.preinit()

MAX_PIXELS: Final = 40_000_000
MAX_IMAGE_BYTES: Final = 60 * 1024 * 1024
MIN_SIDE: Final = 16

MIME: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SUFFIX_OF_MIME: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}


def verified_format(data: bytes, filename: str) -> str:
    """Pillow's name of the format that the bytes are in. Raises IntakeError."""
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


def refuse_too_large(size: tuple[int, int], filename: str) -> None:
    """Raises IntakeError for more pixels than are ever decoded; `size` is in pixels."""
    width, height = size
    if width * height > MAX_PIXELS:
        raise IntakeError(
            f"{filename} berukuran {width} × {height} piksel ({in_mega(width * height)} "
            f"megapiksel), melebihi batas {in_mega(MAX_PIXELS)} megapiksel. Perkecil gambarnya, "
            "misalnya menjadi lebar 4000 piksel, lalu coba lagi."
        )


def in_mega(pixels: int) -> str:
    """For a sentence, without the unit."""
    return f"{pixels / 1_000_000:.0f}"


def upright(image: Image.Image) -> Image.Image:
    """The picture as its EXIF says it is to be held; itself when it says nothing."""
    try:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image
    except Exception:
        # Broken EXIF is common and says nothing about the pixels: keep them as they lie.
        return image


def has_alpha(image: Image.Image) -> bool:
    """Whether something behind the picture would show through."""
    return image.mode in ("RGBA", "LA")


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def to_srgb(image: Image.Image) -> Image.Image:
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


def encoded(image: Image.Image, name: str, quality: int, *, subsampling: int = 2) -> bytes:
    """Bytes with pixels and nothing else; a fresh image carries no `info` to leak."""
    bare = Image.new(image.mode, image.size, None)
    bare.paste(image)
    out = io.BytesIO()
    if name == "JPEG":
        bare.save(out, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
    elif name == "PNG":
        bare.save(out, "PNG", compress_level=6)
    else:
        bare.save(out, "WEBP", quality=quality, method=4)
    return out.getvalue()
