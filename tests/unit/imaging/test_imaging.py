"""Pictures as they arrive from phones, cameras, offices and strangers."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from connectors.imaging import (
    FACEBOOK,
    INSTAGRAM,
    WEBSITE,
    CleanedImage,
    Limits,
    X,
    clean_original,
    rendition,
)
from connectors.intake.errors import IntakeError

GPS = 0x8825


def picture(
    width: int = 640, height: int = 480, mode: str = "RGB", *, noise: bool = False
) -> Image.Image:
    """A picture with detail: its top left quarter is red where the mode has colour."""
    if noise:
        return Image.effect_noise((width, height), 90).convert(mode)
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill=(200, 20, 20))
    return image.convert(mode)


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def phone_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "KameraKarangan"
    exif[0x0110] = "Seri-1"
    exif[0x0112] = orientation
    exif[0x9003] = "2026:11:20 08:00:00"
    exif[GPS] = {1: "S", 2: (2.0, 59.0, 0.0), 3: "E", 4: (104.0, 45.0, 0.0)}
    return exif


def opened(result: CleanedImage) -> Image.Image:
    return Image.open(io.BytesIO(result.data))


def png_claiming(width: int, height: int) -> bytes:
    """A few hundred bytes that say they are a picture of this size."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 2000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_a_phone_photo_loses_place_device_time_and_thumbnail() -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf>lokasi-rahasia</rdf></x:xmpmeta>"
    data = saved(
        picture(), exif=phone_exif(), xmp=xmp, comment=b"komentar-rahasia", icc_profile=b""
    )
    assert b"KameraKarangan" in data
    assert b"lokasi-rahasia" in data
    clean = clean_original(data, "foto-1.jpg")
    for secret in (b"Exif", b"KameraKarangan", b"Seri-1", b"2026:11", b"rahasia", b"xmpmeta"):
        assert secret not in clean.data
    assert not opened(clean).getexif()
    assert set(opened(clean).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_bytes_hidden_after_the_end_of_a_picture_do_not_travel_on() -> None:
    data = saved(picture()) + b"PK\x03\x04 berkas-selundupan"
    assert b"selundupan" not in clean_original(data, "foto.jpg").data


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, "tl"), (2, "tr"), (3, "br"), (4, "bl"), (5, "tl"), (6, "tr"), (7, "br"), (8, "bl")],
)
def test_every_orientation_comes_out_upright(orientation: int, corner: str) -> None:
    data = saved(picture(400, 200), exif=phone_exif(orientation))
    clean = clean_original(data, "foto.jpg")
    turned = orientation >= 5
    assert (clean.width, clean.height) == ((200, 400) if turned else (400, 200))
    image = opened(clean).convert("RGB")
    x = 20 if corner[1] == "l" else image.width - 20
    y = 20 if corner[0] == "t" else image.height - 20
    red, green, _ = image.getpixel((x, y))
    assert red > 150
    assert green < 80


def test_broken_exif_does_not_lose_the_photo() -> None:
    data = saved(picture(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\xff" * 40)
    assert clean_original(data, "foto.jpg").width == 640


def test_the_same_input_gives_the_same_bytes() -> None:
    data = saved(picture(900, 700, noise=True), exif=phone_exif(6))
    assert clean_original(data, "a.jpg") == clean_original(data, "a.jpg")
    clean = clean_original(data, "a.jpg").data
    assert rendition(clean, INSTAGRAM) == rendition(clean, INSTAGRAM)


def profile_with_red_and_green_swapped() -> bytes:
    """A valid RGB profile in which the numbers of red mean green, and the other way round."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = {bytes(data[132 + 12 * i :][:4]): 136 + 12 * i for i in range(data[131])}
    red, green = at[b"rXYZ"], at[b"gXYZ"]
    data[red : red + 4], data[green : green + 4] = (
        data[green : green + 4],
        data[red : red + 4],
    )
    return bytes(data)


def test_colours_are_carried_over_from_the_photos_own_profile_to_srgb() -> None:
    data = saved(picture(), icc_profile=profile_with_red_and_green_swapped())
    clean = clean_original(data, "a.jpg")
    red, green, _ = opened(clean).getpixel((20, 20))
    assert green > 150 > 90 > red
    assert "icc_profile" not in opened(clean).info


def test_a_profile_that_does_not_fit_its_picture_is_ignored() -> None:
    broken = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for icc in (broken, b"bukan profil"):
        clean = clean_original(saved(picture(), icc_profile=icc), "a.jpg")
        assert opened(clean).getpixel((20, 20))[0] > 150


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_colour_modes_become_what_browsers_show(mode: str) -> None:
    clean = clean_original(saved(picture(mode=mode)), "a.jpg")
    assert opened(clean).mode in {"RGB", "L"}
    if mode == "CMYK":
        red, green, _ = opened(clean).getpixel((20, 20))
        assert red > 150 > 90 > green


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    grey = Image.new("I;16", (64, 64), 32768)
    clean = clean_original(saved(grey, "PNG"), "a.png")
    assert opened(clean).getpixel((5, 5)) == pytest.approx(128, abs=1)


def test_a_palette_picture_with_transparency_keeps_it() -> None:
    image = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((0, 0, 30, 60), fill=(0, 90, 60, 255))
    clean = clean_original(saved(image.quantize(8), "PNG"), "logo.png")
    assert clean.mime == "image/png"
    assert opened(clean).getpixel((50, 30))[3] == 0
    assert opened(clean).getpixel((5, 30))[3] == 255


def test_an_alpha_channel_that_hides_nothing_is_dropped() -> None:
    clean = clean_original(saved(picture(mode="RGBA"), "PNG"), "a.png")
    assert opened(clean).mode == "RGB"


@pytest.mark.parametrize(("kind", "mime"), [("GIF", "image/png"), ("WEBP", "image/jpeg")])
def test_of_an_animation_the_first_frame_stays_and_it_is_said(kind: str, mime: str) -> None:
    first, second = picture(), picture().rotate(180)
    data = saved(first, kind, save_all=True, append_images=[second], duration=100)
    clean = clean_original(data, "gerak.gif")
    assert clean.mime == mime
    assert not getattr(opened(clean), "is_animated", False)
    assert opened(clean).convert("RGB").getpixel((20, 20))[0] > 150
    assert "bergerak" in clean.notes[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "kosong"),
        (b"<html><script>alert(1)</script>", "halaman web"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "video"),
        (b"<?xml version='1.0'?><svg onload='x'/>", "SVG"),
        (b"PK\x03\x04aaaa", "ZIP"),
        (b"bukan apa-apa", "tidak dikenal"),
    ],
)
def test_a_jpg_that_is_none_is_refused_with_what_it_seems_to_be(data: bytes, words: str) -> None:
    with pytest.raises(IntakeError) as refusal:
        clean_original(data, "foto-3.jpg")
    assert "foto-3.jpg" in refusal.value.sentence
    assert words in refusal.value.sentence


def test_the_content_decides_not_the_name() -> None:
    assert clean_original(saved(picture(), "PNG"), "foto.jpg").suffix == ".png"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_a_truncated_picture_is_refused_in_a_sentence(kind: str, part: float) -> None:
    data = saved(picture(noise=True), kind)
    with pytest.raises(IntakeError, match=r"rusak|bukan foto"):
        clean_original(data[: int(len(data) * part)], "foto.img")


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]),
    at=st.integers(0, 3000),
    junk=st.binary(min_size=1, max_size=40),
)
def test_damaged_bytes_end_in_a_picture_or_a_sentence(kind: str, at: int, junk: bytes) -> None:
    data = bytearray(saved(picture(80, 60, noise=True), kind))
    at %= len(data)
    data[at : at + len(junk)] = junk
    try:
        clean = clean_original(bytes(data), "foto.img")
    except IntakeError:
        return
    assert opened(clean).size == (clean.width, clean.height)


@pytest.mark.parametrize("side", [(10_000, 6_000), (60_000, 60_000), (2_000_000_000, 3)])
def test_a_sixty_megapixel_picture_or_a_bomb_is_refused_before_it_is_decoded(
    side: tuple[int, int],
) -> None:
    with pytest.raises(IntakeError, match="megapiksel") as refusal:
        clean_original(png_claiming(*side), "besar.png")
    assert "Perkecil" in refusal.value.sentence


def test_a_real_sixty_megapixel_jpeg_is_refused() -> None:
    data = saved(Image.new("L", (10_000, 6_000), 90))
    with pytest.raises(IntakeError, match="10000 × 6000 piksel"):
        clean_original(data, "besar.jpg")


def test_a_picture_of_a_few_pixels_is_refused() -> None:
    with pytest.raises(IntakeError, match="terlalu kecil"):
        clean_original(saved(picture(8, 8)), "titik.jpg")


# --- renditions -----------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(16, 1800),
    height=st.integers(16, 1800),
    mode=st.sampled_from(["RGB", "L", "RGBA"]),
    limits=st.sampled_from([WEBSITE, X, FACEBOOK, INSTAGRAM]),
)
def test_every_rendition_stays_inside_its_limits(
    width: int, height: int, mode: str, limits: Limits
) -> None:
    image = picture(width, height, mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    result = rendition(saved(image, "PNG"), limits)
    shown = Image.open(io.BytesIO(result.data))
    assert shown.size == (result.width, result.height)
    assert shown.format in limits.formats
    assert result.mime == Image.MIME[shown.format]
    assert len(result.data) <= limits.max_bytes
    assert result.width <= limits.max_width
    assert result.height <= limits.max_height
    assert result.width >= limits.min_width
    if limits.min_ratio is not None and limits.max_ratio is not None:
        assert limits.min_ratio <= result.width / result.height <= limits.max_ratio


@pytest.mark.parametrize("size", [(3000, 400), (400, 3000)])
def test_a_panorama_or_a_poster_is_framed_and_nobody_is_cut_away(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (60, 60, 60))
    draw = ImageDraw.Draw(image)
    edge = 80
    draw.rectangle((0, 0, edge, edge), fill=(255, 0, 0))
    draw.rectangle((size[0] - edge, size[1] - edge, *size), fill=(0, 0, 255))
    result = rendition(saved(image, quality=95), INSTAGRAM)
    colours = (
        Image.open(io.BytesIO(result.data)).convert("RGB").resize((400, 400)).get_flattened_data()
    )
    assert any(r > 180 and g < 70 and b < 70 for r, g, b in colours)
    assert any(b > 180 and g < 70 and r < 70 for r, g, b in colours)


def test_a_chart_is_framed_in_the_colour_of_its_paper() -> None:
    chart = Image.new("RGB", (900, 200), (250, 240, 220))
    ImageDraw.Draw(chart).rectangle((300, 50, 600, 150), fill=(0, 90, 90))
    result = rendition(saved(chart, "PNG"), INSTAGRAM)
    image = Image.open(io.BytesIO(result.data))
    for corner in ((2, 2), (image.width - 3, image.height - 3)):
        assert image.getpixel(corner) == pytest.approx((250, 240, 220), abs=4)


def test_quality_then_size_falls_until_the_bytes_fit() -> None:
    data = saved(picture(1200, 900, noise=True), quality=95)
    small = rendition(data, Limits(60_000, 4096, 4096))
    assert len(small.data) <= 60_000
    assert small.width < 1200
    larger = rendition(data, Limits(600_000, 4096, 4096))
    assert larger.width == 1200


def test_a_drawing_stays_png_while_it_fits_and_becomes_jpeg_when_it_does_not() -> None:
    assert rendition(saved(picture(), "PNG"), WEBSITE).mime == "image/png"
    heavy = saved(picture(700, 700, noise=True), "PNG")
    assert rendition(heavy, Limits(300_000, 2560, 2560)).mime == "image/jpeg"


def test_what_cannot_be_made_small_enough_is_said() -> None:
    with pytest.raises(IntakeError, match="tidak dapat dibuat lebih kecil"):
        rendition(saved(picture()), Limits(100, 2000, 2000))


def test_transparency_becomes_white_where_the_channel_has_none() -> None:
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    result = rendition(saved(image, "PNG"), INSTAGRAM)
    assert Image.open(io.BytesIO(result.data)).getpixel((10, 10)) == (255, 255, 255)


def test_a_rendition_carries_no_metadata_even_from_an_uncleaned_picture() -> None:
    result = rendition(saved(picture(), exif=phone_exif(6)), X)
    assert b"KameraKarangan" not in result.data
    assert (result.width, result.height) == (480, 640)
