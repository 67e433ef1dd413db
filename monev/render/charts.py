"""The charts, as SVG that is the same on every machine and readable in black and white.

Letters are drawn as paths, so no font is looked for; ids come from a fixed salt and no
date is written. What a chart shows is told in its alternative text as well.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from babel.dates import format_date

from monev.model import SMALL_SAMPLE, StepFigures, Week, Xmr
from monev.render.wording import count, duration, one_line, shortened, working
from sop.indonesian import LOCALE, number, today

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, PALE = "#1b1b1b", "#5c5c5c", "#c9c9c9"
FEWEST_POINTS = 2
MOST_POINTS = 200
MOST_WEEKS = 53
LONGEST_NAME = 42
MARKED_UP_TO = 60
SETTINGS: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "siar",
    "font.family": ["STIXGeneral", "DejaVu Serif"],
    "font.size": 9.5,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "text.parse_math": False,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True)
class Chart:
    """A drawing, what it shows in words, and the line under it.

    `width` and `height` are inches. It is drawn when first looked at: Markdown never is.
    """

    name: str
    alt: str
    caption: str
    draw: Callable[[Figure], None]
    height: float
    width: float = 7.0

    @cached_property
    def svg(self) -> bytes:
        return _drawn(self.width, self.height, self.draw)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A step's median and P90 as multiples of its standard; of a few rounds there is no P90."""

    step: StepFigures
    median: float
    p90: float | None

    @property
    def farthest(self) -> float:
        return self.median if self.p90 is None else self.p90

    @property
    def in_words(self) -> str:
        median = f"median {number(round(self.median, 1))} kali baku"
        p90 = "" if self.p90 is None else f", P90 {number(round(self.p90, 1))} kali baku"
        return f"Langkah {self.step.no} {one_line(self.step.name)}: {median}{p90}."


def steps_chart(steps: Sequence[StepFigures]) -> Chart | None:
    """Median and P90 of each step as multiples of its standard; None when nothing is judged."""
    judged = [
        _Judged(
            step,
            step.time.median / step.standard,
            step.time.p90 / step.standard if step.time.n >= SMALL_SAMPLE else None,
        )
        for step in steps
        if step.standard and step.time.median is not None and step.time.p90 is not None
    ]
    if not judged:
        return None
    has_p90 = any(one.p90 is not None for one in judged)
    return Chart(
        "langkah",
        "Bagan langkah terhadap bakunya. " + " ".join(one.in_words for one in judged),
        "Lama tiap langkah sebagai kelipatan bakunya. Garis tegak: baku waktu SOP; bulatan penuh: "
        f"median{'; bulatan kosong: P90' if has_p90 else ''}.",
        lambda figure: _draw_steps(figure, judged),
        0.62 + 0.29 * len(judged),
    )


def _draw_steps(figure: Figure, judged: Sequence[_Judged]) -> None:
    axes = figure.add_subplot()
    end = min(6.0, max(2.0, 1.15 * max(one.farthest for one in judged)))
    for row, one in enumerate(judged):
        left, right = min(one.median, end), min(one.farthest, end)
        if one.p90 is not None:
            axes.plot([left, right], [row, row], color=SOFT, linewidth=1.6, zorder=2)
            empty: dict[str, Any] = {"mfc": "white", "mec": INK, "clip_on": False}
            axes.plot([right], [row], "o", markersize=6, zorder=3, **empty)
        axes.plot([left], [row], "o", markersize=6, mfc=INK, mec=INK, zorder=4, clip_on=False)
        if one.farthest > end:
            label = f"sampai {number(round(one.farthest, 1))}×"
            axes.annotate(label, (end, row), (8, 0), textcoords="offset points", va="center")
    axes.axvline(1, color=INK, linewidth=1.3, zorder=1)
    axes.set_ylim(len(judged) - 0.5, -0.5)
    axes.set_xlim(0, end)
    axes.set_yticks(
        range(len(judged)),
        [
            f"{step.no}. {shortened(step.name, LONGEST_NAME)}"
            for step in (one.step for one in judged)
        ],
    )
    axes.tick_params(axis="y", length=0)
    ticks = [tick for tick in (0, 1, 2, 3, 4, 5, 6) if tick <= end]
    axes.set_xticks(ticks, ["0", "baku", *(f"{tick}× baku" for tick in ticks[2:])])
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=PALE, linewidth=0.5)
    axes.spines["left"].set_visible(False)


def control_chart(xmr: Xmr) -> Chart | None:
    """Lead time in order of publication with its limits, and the moving range under it.

    Few points are shown without limits and ranges, which would judge them. Above 200
    points the last 200 are drawn, with the limits of all.
    """
    if len(xmr.points) < FEWEST_POINTS or xmr.mean is None:
        return None
    first = max(0, len(xmr.points) - MOST_POINTS)
    drawn = len(xmr.points) - first
    caption = "Waktu kerja dari langkah 1 sampai tayang, menurut urutan tayang."
    if first:
        caption += (
            f" Digambar {count(drawn)} publikasi terakhir dari {count(len(xmr.points))}; batas "
            "dihitung dari semuanya, dan semua titik dan tandanya ada di XLSX."
        )
    if not xmr.is_judged:
        return Chart(
            "kendali",
            f"Bagan waktu sampai tayang dengan {count(drawn)} titik: "
            + "; ".join(working(point.value) for point in xmr.points)
            + ". Titiknya terlalu sedikit untuk batas kendali.",
            f"{caption} Tanpa batas kendali: titiknya terlalu sedikit.",
            lambda figure: _draw_points(figure, xmr),
            1.9,
        )
    caption += " Garis putus: batas kendali; kotak: titik yang bertanda."
    return Chart(
        "kendali",
        f"Bagan kendali XmR dengan {count(drawn)} titik. Rata-rata {working(xmr.mean)}, batas "
        f"bawah {duration(xmr.lower)}, batas atas {duration(xmr.upper)}, "
        f"{count(len(xmr.signals))} titik bertanda.",
        caption,
        lambda figure: _draw_control(figure, xmr, first),
        3.5,
    )


def _draw_control(figure: Figure, xmr: Xmr, first: int) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.3, 1])
    hours = [point.value / 60 for point in xmr.points]
    places = range(first + 1, len(hours) + 1)
    marker = "o" if len(places) <= MARKED_UP_TO else ""
    style: dict[str, Any] = {"color": INK, "linewidth": 0.9, "marker": marker, "markersize": 3.2}
    upper.plot(places, hours[first:], **style)
    marked = [index for index in xmr.signals if first <= index < len(hours)]
    upper.plot(
        [index + 1 for index in marked],
        [hours[index] for index in marked],
        linestyle="",
        marker="s",
        markersize=7.5,
        mfc="none",
        mec=INK,
        mew=1.3,
    )
    for index in _labelled(marked, xmr):
        upper.annotate(
            xmr.points[index].reference[:14],
            (index + 1, hours[index]),
            (0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    _limit(upper, xmr.mean, "rata-rata", "-")
    _limit(upper, xmr.upper, "batas atas", (0, (5, 3)))
    _limit(upper, xmr.lower, "batas bawah", (0, (5, 3)))
    ranges = [abs(after - before) for before, after in pairwise(hours)]
    lower.plot(places[1 if not first else 0 :], ranges[max(0, first - 1) :], **style)
    _limit(lower, xmr.mean_range, "rata-rata", "-")
    _limit(lower, xmr.upper_range, "batas atas", (0, (5, 3)))
    _scale(upper, "Waktu (jam kerja)")
    _scale(lower, "Rentang (jam)")
    _name_places(lower, xmr, first)


def _draw_points(figure: Figure, xmr: Xmr) -> None:
    axes = figure.add_subplot()
    hours = [point.value / 60 for point in xmr.points]
    axes.plot(range(1, len(hours) + 1), hours, color=INK, linewidth=0.9, marker="o", markersize=4.2)
    _scale(axes, "Waktu (jam kerja)")
    axes.set_xlim(0.5, len(hours) + 0.5)
    _name_places(axes, xmr, 0)


def _scale(axes: Axes, label: str) -> None:
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.margins(x=0.02, y=0.16)
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="y", nbins=4)


def _labelled(marked: Sequence[int], xmr: Xmr) -> list[int]:
    """The points outside the limits, the most distant first, while their labels have room."""
    mean = xmr.mean or 0
    outside = [
        index
        for index in marked
        if (xmr.upper is not None and xmr.points[index].value > xmr.upper)
        or (xmr.lower is not None and xmr.points[index].value < xmr.lower)
    ]
    room = min(len(xmr.points), MOST_POINTS) / 9
    chosen: list[int] = []
    for index in sorted(outside, key=lambda one: -abs(xmr.points[one].value - mean)):
        if all(abs(index - other) >= room for other in chosen):
            chosen.append(index)
    return chosen


def _limit(axes: Axes, value: float | None, label: str, dashes: Any) -> None:
    if value is None:
        return
    # No time is shorter than none: a limit below zero says no more than zero.
    value = max(0.0, value)
    axes.axhline(value / 60, color=SOFT, linewidth=0.9, linestyle=dashes, zorder=1)
    axes.annotate(
        f"{label}\n{duration(value)}",
        (1, value / 60),
        (5, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=SOFT,
        linespacing=1.0,
    )


def _name_places(axes: Axes, xmr: Xmr, first: int) -> None:
    step = max(1, (len(xmr.points) - first) // 7)
    chosen = range(first, len(xmr.points), step)
    axes.set_xticks(
        [index + 1 for index in chosen],
        [
            format_date(today(xmr.points[index].published_at), "d MMM", locale=LOCALE)
            for index in chosen
        ],
    )
    axes.set_xlabel("Tayang (menurut urutan)")


def weeks_chart(weeks: Sequence[Week]) -> Chart | None:
    """Begun and published of each week, side by side; the last 53 weeks."""
    shown = weeks[-MOST_WEEKS:]
    if not any(week.begun or week.published for week in shown):
        return None
    last = "" if len(shown) == len(weeks) else f" {MOST_WEEKS} minggu terakhir."
    return Chart(
        "mingguan",
        f"Bagan batang {count(len(shown))} minggu: dimulai "
        f"{count(sum(week.begun for week in shown))}, tayang "
        f"{count(sum(week.published for week in shown))} publikasi. Angkanya ada di XLSX.",
        f"Batang bergaris: dimulai; batang penuh: tayang. Minggu mulai hari Senin.{last}",
        lambda figure: _draw_weeks(figure, shown),
        1.9,
    )


def _draw_weeks(figure: Figure, weeks: Sequence[Week]) -> None:
    axes = figure.add_subplot()
    places = list(range(len(weeks)))
    few = len(weeks) <= 14
    begun = axes.bar(
        [place - 0.2 for place in places],
        [week.begun for week in weeks],
        0.38,
        facecolor="white",
        edgecolor=INK,
        linewidth=0.7,
        hatch="////",
    )
    published = axes.bar(
        [place + 0.2 for place in places],
        [week.published for week in weeks],
        0.38,
        facecolor=INK,
        edgecolor=INK,
        linewidth=0.7,
    )
    if few:
        for bars in (begun, published):
            axes.bar_label(bars, fmt=number, fontsize=8.5, padding=1.5)
        axes.yaxis.set_visible(False)
        axes.spines["left"].set_visible(False)
    step = max(1, len(weeks) // 10)
    axes.set_xticks(
        places[::step],
        [format_date(week.monday, "d MMM", locale=LOCALE) for week in weeks[::step]],
    )
    axes.tick_params(axis="x", length=0)
    # A few bars stand in the middle at a moderate breadth.
    room = max(0, 7 - len(weeks)) / 2
    axes.set_xlim(-0.6 - room, len(weeks) - 0.4 + room)


def _drawn(width: float, height: float, draw: Callable[[Figure], None]) -> bytes:
    """The SVG that `draw` makes on a figure of this size in inches."""
    # Imported here: the command line must not wait for the drawing library.
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure)
        out = io.BytesIO()
        figure.savefig(
            out, format="svg", metadata={"Date": None, "Creator": None}, facecolor="none"
        )
    return out.getvalue()
