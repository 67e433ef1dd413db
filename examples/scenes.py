"""The example release's pictures: flat illustrations, drawn here and free to use.

Drawn twice as large as they are saved, so that edges come out smooth. No photograph
of a real person, ship or harbour is used; see LISENSI.md.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SCALE: Final = 2
SIZE: Final = (1620, 1080)

Colour = tuple[int, int, int]
Point = tuple[float, float]

SKIN: Final[Sequence[Colour]] = ((224, 172, 125), (198, 142, 98), (176, 121, 80))
NAVY: Final[Colour] = (28, 54, 92)
TEAL: Final[Colour] = (0, 128, 128)
ORANGE: Final[Colour] = (240, 128, 40)
LIME: Final[Colour] = (206, 222, 66)
WHITE: Final[Colour] = (250, 250, 248)
DARK: Final[Colour] = (38, 42, 52)


class Canvas:
    """Drawing in the coordinates of the finished picture."""

    def __init__(self, size: tuple[int, int] = SIZE, ground: Colour = WHITE) -> None:
        self.image = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), ground)
        self.size = size
        self._draw = ImageDraw.Draw(self.image)

    def box(
        self, x: float, y: float, width: float, height: float, fill: Colour, radius: float = 0
    ) -> None:
        corners = [v * SCALE for v in (x, y, x + width, y + height)]
        self._draw.rounded_rectangle(corners, radius * SCALE, fill=fill)

    def oval(self, x: float, y: float, width: float, height: float, fill: Colour) -> None:
        self._draw.ellipse([v * SCALE for v in (x, y, x + width, y + height)], fill=fill)

    def shape(self, points: Sequence[Point], fill: Colour) -> None:
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def stroke(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * SCALE), joint="curve")
        r = width * SCALE / 2
        for x, y in (scaled[0], scaled[-1]):
            self._draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def slice(
        self, x: float, y: float, width: float, height: float, span: tuple[int, int], fill: Colour
    ) -> None:
        corners = [v * SCALE for v in (x, y, x + width, y + height)]
        self._draw.pieslice(corners, *span, fill=fill)

    def smile(self, x: float, y: float, width: float, height: float, thick: float) -> None:
        corners = [v * SCALE for v in (x, y, x + width, y + height)]
        self._draw.arc(corners, 25, 155, fill=(120, 52, 46), width=round(thick * SCALE))

    def words(self, x: float, y: float, text: str, size: float, fill: Colour) -> None:
        """Text with its middle at (x, y)."""
        font = ImageFont.load_default(size * SCALE)
        self._draw.text((x * SCALE, y * SCALE), text, font=font, fill=fill, anchor="mm")

    def fade(self, top: float, bottom: float, first: Colour, last: Colour) -> None:
        """A vertical gradient over the whole width."""
        height = round((bottom - top) * SCALE)
        mask = Image.linear_gradient("L").resize((self.image.width, height))
        upper = Image.new("RGB", mask.size, first)
        upper.paste(Image.new("RGB", mask.size, last), mask=mask)
        self.image.paste(upper, (0, round(top * SCALE)))

    def soften(self, amount: float) -> None:
        """Blurs what has been drawn so far: a background out of focus."""
        self.image = self.image.filter(ImageFilter.GaussianBlur(amount * SCALE))
        self._draw = ImageDraw.Draw(self.image)

    def finished(self) -> Image.Image:
        return self.image.resize(self.size, Image.Resampling.LANCZOS)


def person(
    canvas: Canvas,
    x: float,
    ground: float,
    tall: float,
    *,
    skin: Colour,
    top: Colour,
    legs: Colour = DARK,
    vest: Colour | None = None,
    head: str = "hair",
    cover: Colour = DARK,
    left_hand: Point | None = None,
    right_hand: Point | None = None,
    mask: bool = False,
) -> None:
    """A standing person whose feet are at (x, ground); hands relative to the shoulders.

    `head` is "hair", "helmet", "cap" or "hijab"; `cover` its colour. Sizes follow `tall`.
    """
    u = tall / 100
    shoulder, hip, neck = ground - 78 * u, ground - 44 * u, ground - 82 * u
    for side in (-1, 1):
        canvas.stroke([(x + side * 6 * u, hip), (x + side * 7 * u, ground - 7 * u)], legs, 10.5 * u)
        canvas.box(x + side * 7 * u - 5.5 * u, ground - 5 * u, 13 * u, 5 * u, (30, 26, 26), 2 * u)
    for side, hand in ((-1, left_hand), (1, right_hand)):
        reach = hand or (side * 6, 34)
        start = (x + side * 12 * u, shoulder + 5 * u)
        end = (start[0] + reach[0] * u, start[1] + reach[1] * u)
        bend = ((start[0] + end[0]) / 2 + side * 3.5 * u, (start[1] + end[1]) / 2 + 3 * u)
        canvas.stroke([start, bend, end], top, 8 * u)
        canvas.oval(end[0] - 4 * u, end[1] - 4 * u, 8 * u, 8 * u, skin)
    canvas.box(x - 15 * u, shoulder, 30 * u, 38 * u, top, 8 * u)
    if vest:
        canvas.box(x - 14 * u, shoulder + 1 * u, 28 * u, 34 * u, vest, 5 * u)
        canvas.shape([(x - 4 * u, shoulder), (x + 4 * u, shoulder), (x, shoulder + 13 * u)], top)
        for band in (15, 25):
            canvas.box(x - 14 * u, shoulder + band * u, 28 * u, 3.2 * u, (240, 240, 225))
        canvas.box(x - 0.6 * u, shoulder + 12 * u, 1.2 * u, 23 * u, DARK)
    canvas.box(x - 4 * u, neck - 3 * u, 8 * u, 8 * u, skin, 3 * u)
    _head(canvas, x, neck, u, skin, head, cover)
    face = neck - 11 * u
    if mask:
        canvas.box(x - 6 * u, face + 2.5 * u, 12 * u, 7 * u, (170, 214, 226), 3 * u)
    else:
        canvas.smile(x - 3.2 * u, face + 0.5 * u, 6.4 * u, 5.5 * u, 0.9 * u)
    for side in (-1, 1):
        canvas.oval(x + side * 3 * u - 0.9 * u, face - 1 * u, 1.8 * u, 2.2 * u, DARK)


def _head(
    canvas: Canvas, x: float, neck: float, u: float, skin: Colour, head: str, cover: Colour
) -> None:
    if head == "hijab":
        canvas.oval(x - 10 * u, neck - 22 * u, 20 * u, 25 * u, cover)
        canvas.shape(
            [(x - 9 * u, neck - 6 * u), (x + 9 * u, neck - 6 * u), (x + 13 * u, neck + 13 * u),
             (x, neck + 18 * u), (x - 13 * u, neck + 13 * u)],
            cover,
        )  # fmt: skip
        canvas.oval(x - 6.4 * u, neck - 18 * u, 12.8 * u, 16.5 * u, skin)
        return
    canvas.oval(x - 7.5 * u, neck - 19 * u, 15 * u, 19 * u, skin)
    if head == "hair":
        canvas.slice(x - 8 * u, neck - 21 * u, 16 * u, 18 * u, (180, 360), cover)
    elif head == "cap":
        canvas.slice(x - 8.2 * u, neck - 22 * u, 16.4 * u, 19 * u, (180, 360), cover)
        canvas.box(x - 2 * u, neck - 14 * u, 13 * u, 2.6 * u, cover, 1.3 * u)
    else:
        canvas.slice(x - 9 * u, neck - 24 * u, 18 * u, 22 * u, (180, 360), cover)
        canvas.box(x - 10.5 * u, neck - 14.4 * u, 21 * u, 2.8 * u, cover, 1.4 * u)


# --- scene 1: a ship alongside ----------------------------------------------------


def harbour() -> Image.Image:
    """Two officers on the quay in front of a cargo ship."""
    canvas = Canvas()
    canvas.fade(0, 640, (120, 178, 220), (248, 226, 196))
    canvas.oval(1180, 300, 150, 150, (255, 238, 200))
    for x, y, w in ((140, 120, 300), (560, 70, 220), (1020, 150, 340), (1330, 90, 200)):
        for dx, dy, ww, hh in ((0, 18, 1, 34), (0.2, 0, 0.45, 50), (0.5, 8, 0.35, 42)):
            canvas.oval(x + dx * w, y + dy, w * ww, hh, (252, 248, 244))
    canvas.shape([(0, 640), (0, 575), (180, 540), (420, 566), (700, 548), (980, 574), (1240, 540),
                  (1480, 566), (1620, 552), (1620, 640)], (126, 158, 140))  # fmt: skip
    canvas.soften(2.5)
    canvas.fade(632, 850, (96, 150, 168), (52, 104, 132))
    rng = random.Random(7)  # noqa: S311 - ripples, not secrets
    for _ in range(130):
        left, top = rng.uniform(0, 1620), rng.uniform(645, 840)
        canvas.box(left, top, rng.uniform(20, 110), 2.4, (128, 178, 190), 1.2)
    _ship(canvas)
    _crane(canvas, 150)
    canvas.fade(846, 1080, (178, 176, 170), (140, 138, 134))
    canvas.box(0, 836, 1620, 16, (96, 96, 98))
    for x in range(0, 1620, 96):
        canvas.shape([(x, 860), (x + 48, 860), (x + 34, 876), (x - 14, 876)], (236, 190, 48))
    for x in (90, 1130, 1530):
        canvas.box(x, 800, 38, 52, (62, 64, 70), 8)
        canvas.box(x - 9, 792, 56, 18, (62, 64, 70), 9)
    for x, y, w, h, c in (
        (1330, 900, 220, 110, (176, 74, 58)),
        (1376, 800, 200, 104, (52, 110, 150)),
    ):
        canvas.box(x, y, w, h, c, 4)
        for i in range(1, 9):
            canvas.box(x + i * w / 9, y + 8, 3, h - 16, tuple(int(v * 0.82) for v in c))  # type: ignore[arg-type]
    canvas.oval(540, 1020, 180, 26, (118, 116, 112))
    canvas.oval(790, 1034, 190, 26, (118, 116, 112))
    person(canvas, 632, 1034, 380, skin=SKIN[1], top=NAVY, legs=NAVY, vest=ORANGE, head="helmet",
           cover=WHITE, right_hand=(7, 20), left_hand=(7, 24))  # fmt: skip
    canvas.box(622, 806, 76, 98, (150, 104, 60), 6)
    canvas.box(629, 820, 62, 78, WHITE, 3)
    for i in range(5):
        canvas.box(637, 832 + i * 12, 46 if i % 2 else 36, 4, (150, 160, 170))
    person(canvas, 886, 1046, 372, skin=SKIN[0], top=NAVY, legs=NAVY, vest=LIME, head="hijab",
           cover=TEAL, right_hand=(26, -16), mask=True)  # fmt: skip
    return canvas.finished()


def _ship(canvas: Canvas) -> None:
    hull = (150, 46, 46)
    canvas.shape([(300, 560), (1500, 560), (1560, 480), (1590, 480), (1500, 800), (360, 800)], NAVY)
    canvas.shape([(345, 748), (1517, 748), (1500, 816), (362, 816)], hull)
    canvas.box(300, 552, 1214, 12, WHITE)
    canvas.box(340, 330, 250, 224, WHITE, 6)
    canvas.box(366, 268, 196, 66, (236, 236, 232), 6)
    canvas.box(430, 160, 60, 110, (228, 120, 44), 5)
    canvas.box(430, 186, 60, 22, WHITE)
    for row in range(3):
        for column in range(6):
            canvas.box(360 + column * 38, 362 + row * 58, 24, 26, (92, 140, 170), 5)
    for column in range(6):
        canvas.box(380 + column * 29, 286, 22, 26, (64, 106, 136), 3)
    stacks = ((198, 86, 62), (58, 120, 160), (222, 168, 60), (86, 140, 96), (128, 112, 150))
    rng = random.Random(3)  # noqa: S311 - container colours, not secrets
    for column in range(8):
        for row in range(2 + (column % 3 != 1)):
            colour = stacks[rng.randrange(len(stacks))]
            x, y = 636 + column * 104, 504 - row * 50
            canvas.box(x, y, 98, 48, colour, 2)
            for rib in range(1, 8):
                canvas.box(x + rib * 12.2, y + 5, 2, 38, tuple(int(v * 0.84) for v in colour))  # type: ignore[arg-type]
    canvas.words(1290, 640, "CONTOH BAHARI", 40, WHITE)
    for x in range(440, 1100, 90):
        canvas.oval(x, 612, 20, 20, (150, 190, 210))
    canvas.shape([(470, 566), (500, 566), (300, 850), (262, 850)], (206, 206, 204))
    for i in range(9):
        t = i / 9
        canvas.box(470 - 206 * t, 572 + 278 * t, 30 + 6 * t, 4, (150, 150, 150))


def _crane(canvas: Canvas, x: float) -> None:
    red = (206, 84, 52)
    for dx in (0, 120):
        canvas.stroke([(x + dx, 850), (x + 60 + (dx - 60) * 0.5, 300)], red, 15)
    for t in (0.2, 0.45, 0.7):
        y = 850 - 550 * t
        canvas.stroke([(x + 30 * t, y), (x + 120 - 30 * t, y)], red, 8)
    canvas.stroke([(x - 90, 316), (x + 470, 240)], red, 16)
    canvas.stroke([(x + 60, 150), (x + 60, 300)], red, 14)
    canvas.stroke([(x + 60, 156), (x + 460, 242)], (120, 60, 48), 4)
    canvas.stroke([(x + 60, 156), (x - 86, 316)], (120, 60, 48), 4)
    canvas.stroke([(x + 400, 252), (x + 400, 350)], DARK, 3)
    canvas.box(x + 366, 350, 68, 34, (222, 168, 60), 3)


# --- scene 2: a vaccination -------------------------------------------------------


def vaccination() -> Image.Image:
    """A nurse vaccinates a sailor in the clinic of the port."""
    canvas = Canvas(ground=(226, 238, 236))
    canvas.fade(0, 820, (222, 238, 238), (240, 246, 242))
    canvas.box(90, 120, 430, 360, (252, 252, 250), 10)
    canvas.box(106, 136, 398, 328, (176, 212, 232))
    canvas.shape([(106, 400), (230, 350), (360, 388), (504, 340), (504, 464), (106, 464)],
                 (120, 160, 150))  # fmt: skip
    canvas.shape([(180, 420), (420, 420), (396, 452), (206, 452)], NAVY)
    canvas.box(230, 388, 52, 34, WHITE)
    canvas.box(300, 396, 90, 24, (198, 86, 62))
    canvas.box(298, 136, 10, 328, (252, 252, 250))
    canvas.box(650, 90, 620, 120, TEAL, 12)
    canvas.words(960, 132, "VAKSINASI PELAKU PERJALANAN", 31, WHITE)
    canvas.words(960, 176, "Ruang layanan contoh", 23, (206, 236, 232))
    canvas.box(1330, 150, 200, 250, WHITE, 8)
    canvas.box(1410, 190, 40, 120, TEAL, 5)
    canvas.box(1370, 230, 120, 40, TEAL, 5)
    for i in range(3):
        canvas.box(1360, 334 + i * 18, 140 - i * 24, 7, (198, 208, 212), 3)
    canvas.soften(1.4)
    canvas.fade(820, 1080, (196, 206, 204), (172, 184, 184))
    canvas.box(0, 812, 1620, 14, (164, 182, 182))
    canvas.box(1180, 640, 400, 26, (168, 122, 80), 6)
    for x in (1204, 1536):
        canvas.box(x, 660, 22, 340, (138, 98, 64), 4)
    canvas.box(1240, 560, 130, 82, (230, 240, 244), 10)
    canvas.box(1240, 548, 130, 24, (66, 132, 176), 8)
    canvas.words(1305, 610, "2-8 °C", 24, (66, 132, 176))
    for i in range(4):
        canvas.box(1400 + i * 38, 598, 24, 44, (206, 226, 230), 5)
        canvas.box(1402 + i * 38, 588, 20, 12, (198, 86, 62), 3)
    _seated_sailor(canvas)
    person(canvas, 1010, 1040, 640, skin=SKIN[0], top=(206, 226, 236), legs=TEAL, head="hijab",
           cover=(62, 148, 140), left_hand=(-19, 19), right_hand=(-34, 21), mask=True)  # fmt: skip
    canvas.stroke([(790, 693), (842, 688)], (236, 242, 246), 15)
    canvas.stroke([(816, 690), (842, 688)], (112, 178, 206), 11)
    canvas.stroke([(756, 697), (790, 693)], (120, 126, 134), 3)
    canvas.stroke([(842, 688), (872, 685)], (120, 126, 134), 6)
    for x, y in ((786, 672), (846, 664)):
        canvas.oval(x, y, 46, 44, (120, 186, 214))  # gloves
    return canvas.finished()


def _seated_sailor(canvas: Canvas) -> None:
    skin, shirt = SKIN[2], (44, 88, 148)
    canvas.oval(440, 1010, 420, 40, (160, 172, 172))
    canvas.box(470, 560, 30, 300, (92, 98, 106), 10)
    canvas.box(460, 800, 270, 32, (92, 98, 106), 12)
    for x in (486, 700):
        canvas.stroke([(x, 826), (x, 1024)], (70, 74, 82), 14)
    canvas.stroke([(590, 786), (770, 800), (776, 1000)], DARK, 74)
    canvas.box(744, 984, 110, 42, (30, 26, 26), 16)
    canvas.box(508, 520, 196, 300, shirt, 62)
    canvas.box(508, 560, 196, 20, WHITE)
    canvas.stroke([(668, 588), (706, 690)], shirt, 66)
    canvas.stroke([(706, 690), (716, 720), (660, 800)], skin, 50)
    canvas.oval(632, 776, 56, 52, skin)
    canvas.box(580, 478, 56, 70, skin, 20)
    canvas.oval(546, 340, 124, 160, skin)
    canvas.slice(540, 322, 136, 150, (170, 372), DARK)
    canvas.slice(546, 306, 124, 130, (180, 360), WHITE)
    canvas.box(536, 362, 144, 22, NAVY, 10)
    for x in (590, 636):
        canvas.oval(x, 414, 11, 14, DARK)
    canvas.smile(592, 416, 46, 44, 6)
    canvas.box(684, 668, 26, 40, (246, 226, 196), 8)


# --- scene 3: inspection in the galley --------------------------------------------


def galley() -> Image.Image:
    """An officer and a cook look over the ship's galley."""
    canvas = Canvas(ground=(216, 222, 226))
    canvas.fade(0, 760, (206, 214, 220), (232, 236, 238))
    for x in range(0, 1620, 90):
        canvas.box(x, 120, 3, 420, (190, 200, 206))
    for y in range(120, 541, 70):
        canvas.box(0, y, 1620, 3, (190, 200, 206))
    for x in (220, 820, 1400):
        canvas.oval(x - 74, 190, 148, 148, (150, 160, 168))
        canvas.oval(x - 58, 206, 116, 116, (140, 192, 222))
        canvas.slice(x - 58, 206, 116, 116, (12, 168), (66, 126, 156))
    canvas.box(360, 60, 300, 26, (150, 158, 164), 6)
    canvas.shape([(390, 86), (630, 86), (690, 190), (330, 190)], (170, 178, 184))
    canvas.soften(1.2)
    canvas.fade(760, 1080, (150, 120, 96), (122, 96, 76))
    for x in range(-200, 1700, 150):
        canvas.stroke([(810 + (x - 810) * 0.7, 762), (x, 1080)], (110, 86, 68), 3)
    canvas.box(60, 560, 980, 34, (188, 196, 202), 8)
    canvas.box(80, 594, 940, 250, (214, 220, 224), 6)
    for x in (110, 410, 710):
        canvas.box(x, 624, 270, 190, (198, 206, 212), 6)
        canvas.box(x + 96, 642, 78, 12, (140, 150, 158), 6)
    for x, w, h, c in ((130, 150, 92, (130, 138, 146)), (420, 190, 120, (96, 104, 114))):
        canvas.box(x, 562 - h, w, h, c, 10)
        canvas.box(x - 10, 556 - h, w + 20, 18, tuple(v + 26 for v in c), 9)  # type: ignore[arg-type]
        canvas.oval(x + w / 2 - 14, 538 - h, 28, 24, (60, 64, 72))
    for x, c in ((700, (206, 74, 56)), (750, (236, 176, 52)), (800, (104, 156, 72)),
                 (856, (206, 74, 56)), (908, (236, 130, 48))):  # fmt: skip
        canvas.oval(x, 512, 52, 50, c)
        canvas.box(x + 23, 502, 6, 14, (70, 104, 56), 2)
    canvas.box(690, 548, 290, 16, (168, 122, 80), 7)
    canvas.oval(1040, 1008, 240, 34, (104, 82, 66))
    canvas.oval(1300, 1020, 240, 34, (104, 82, 66))
    glow = Image.new("L", canvas.image.size, 0)
    beam = ImageDraw.Draw(glow)
    beam.polygon(
        [(v * SCALE, w * SCALE) for v, w in ((1040, 604), (700, 420), (640, 600))], fill=120
    )
    glow = glow.filter(ImageFilter.GaussianBlur(26 * SCALE))
    canvas.image.paste((255, 248, 206), mask=glow)
    person(canvas, 1168, 1026, 600, skin=SKIN[1], top=NAVY, legs=NAVY, vest=ORANGE, head="helmet",
           cover=WHITE, left_hand=(-9, 10), right_hand=(-10, 21), mask=True)  # fmt: skip
    canvas.stroke([(1082, 608), (1040, 600)], (44, 46, 54), 22)
    canvas.oval(1018, 582, 30, 36, (255, 240, 170))
    canvas.box(1124, 636, 96, 124, (150, 104, 60), 7)
    canvas.box(1133, 654, 78, 98, WHITE, 3)
    for i in range(5):
        canvas.box(1143, 668 + i * 15, 14, 9, (96, 156, 112), 2)
        canvas.box(1164, 670 + i * 15, 38, 5, (150, 160, 170))
    person(canvas, 1426, 1036, 590, skin=SKIN[2], top=(250, 250, 252), legs=(70, 74, 84),
           head="cap", cover=WHITE, left_hand=(4, 26), right_hand=(-4, 27))  # fmt: skip
    canvas.box(1376, 668, 100, 190, (92, 136, 168), 12)
    return canvas.finished()


# --- the picture inside the text --------------------------------------------------


def flow() -> Image.Image:
    """How a ship is examined, in four pictures: stands inside the manuscript."""
    canvas = Canvas((1200, 420), WHITE)
    steps = ("Dokumen", "Pemeriksaan", "Vaksinasi", "Izin bebas karantina")
    for no, words in enumerate(steps):
        x = 40 + no * 290
        canvas.box(x, 60, 240, 250, (232, 242, 242), 22)
        canvas.oval(x + 66, 84, 108, 108, TEAL if no != 3 else (92, 150, 72))
        canvas.words(x + 120, 250, words, 21 if no == 3 else 25, NAVY)
        canvas.words(x + 120, 286, f"langkah {no + 1}", 17, (110, 126, 136))
        if no < 3:
            canvas.shape([(x + 248, 170), (x + 268, 170), (x + 268, 156), (x + 286, 180),
                          (x + 268, 204), (x + 268, 190), (x + 248, 190)], ORANGE)  # fmt: skip
    canvas.box(136, 108, 48, 60, WHITE, 4)
    for i in range(4):
        canvas.box(144, 118 + i * 11, 32 - 8 * (i % 2), 4, TEAL)
    canvas.oval(424, 110, 42, 42, WHITE)
    canvas.oval(431, 117, 28, 28, TEAL)
    canvas.stroke([(462, 148), (478, 166)], WHITE, 9)
    canvas.stroke([(710, 160), (756, 116)], WHITE, 14)
    canvas.stroke([(698, 172), (710, 160)], WHITE, 4)
    canvas.stroke([(756, 116), (768, 104)], WHITE, 6)
    canvas.stroke([(1004, 140), (1024, 160), (1058, 116)], WHITE, 12)
    canvas.words(600, 372, "Alur pemeriksaan kapal (ilustrasi contoh)", 20, (110, 126, 136))
    return canvas.finished()
