"""A sheet of paper measured in CSS pixels, drawn on with matplotlib.

Charts here place every mark themselves (x to the right, y down), because labels, values and notes
around the marks need exact room; matplotlib's own axes would guess it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D

from satisfaction.exhibits import fonts
from satisfaction.exhibits.palette import INK, MUTED, PAPER, RULE
from satisfaction.exhibits.svg import svg, workbook_style
from satisfaction.exhibits.words import clean

WIDTH = 720.0
SIZE = 12.5  # ordinary text
SMALL = 11.0  # axes and hints
BASELINE = 0.36  # of the font size: from the middle of a line of text down to its baseline

CLOSED = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]

Scale = Callable[[float], float]
Align = Literal["left", "center", "right"]


class Canvas:
    """One chart in the making."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._marks: list[Callable[[Affine2D], Artist]] = []

    def bar(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        """A filled rectangle; nothing if it has no extent."""
        if right - left > 0.05 and bottom - top > 0.05:
            self.bars([(left, top, right, bottom)], colour)

    def bars(self, boxes: Sequence[tuple[float, float, float, float]], colour: str) -> None:
        """Filled rectangles (left, top, right, bottom) of one colour, as one shape."""
        outlines = [
            Path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], CLOSED)
            for left, top, right, bottom in boxes
        ]

        def draw(pixels: Affine2D) -> Artist:
            whole = Path.make_compound_path(*outlines)
            return PathPatch(whole, facecolor=colour, linewidth=0, transform=pixels)

        self._marks.append(draw)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str = RULE,
        thickness: float = 1,
        *,
        dashed: bool = False,
        round_ends: bool = False,
    ) -> None:
        """A straight or broken line through the points."""
        across, down = zip(*points, strict=True)

        def draw(pixels: Affine2D) -> Artist:
            stroke = Line2D(across, down, color=colour, linewidth=thickness, transform=pixels)
            stroke.set_linestyle((0, (3, 2.5)) if dashed else "-")
            stroke.set_solid_capstyle("round" if round_ends else "butt")
            return stroke

        self._marks.append(draw)

    def dot(self, x: float, y: float, colour: str, diameter: float = 9) -> None:
        """A round mark with a thin paper-coloured ring, so that overlapping marks stay apart."""
        # A round-capped line of almost no length: one short path, not eight curves and an id.
        place = [(x - 0.05, y), (x + 0.05, y)]
        self.line(place, PAPER, diameter + 2.5, round_ends=True)
        self.line(place, colour, diameter, round_ends=True)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        colour: str = INK,
        size: float = SIZE,
        bold: bool = False,
        align: Align = "left",
        upwards: bool = False,
        room: float | None = None,
    ) -> None:
        """One line of text, vertically centred on ``y``; cut with an ellipsis to fit ``room``."""
        words = clean(words) if room is None else fit(clean(words), room, size)
        if not words:
            return
        drop = BASELINE * size

        def draw(pixels: Affine2D) -> Artist:
            return Text(
                x + drop * upwards,
                y + drop * (not upwards),
                words,
                transform=pixels,
                color=colour,
                fontsize=size,
                fontweight="bold" if bold else "normal",
                horizontalalignment=align,
                verticalalignment="baseline",
                rotation=90 if upwards else 0,
                rotation_mode="anchor",
            )

        self._marks.append(draw)

    def svg(self, alt: str) -> str:
        """The finished chart."""
        with workbook_style():
            figure = Figure(figsize=(self.width / 72, self.height / 72))
            pixels = Affine2D().scale(1, -1).translate(0, self.height)
            for order, draw in enumerate(self._marks):
                mark = draw(pixels)
                mark.set_zorder(order)  # as drawn, not shapes below lines below text
                figure.add_artist(mark)
            return svg(figure, alt)


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """A linear map from values ``low .. high`` to pixels ``start .. end``."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round values inside ``low .. high``, at most ``most`` of them."""
    places = MaxNLocator(nbins=most - 1, steps=[1, 2, 5, 10]).tick_values(low, high)
    slack = 1e-9 * (high - low)
    return [float(round(place, 9)) for place in places if low - slack <= place <= high + slack]


def fit(words: str, room: float, size: float = SIZE) -> str:
    """``words``, cut with an ellipsis where it would be wider than ``room``."""
    if fonts.width(words, size) <= room:
        return words
    while words and fonts.width(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip() + "…" if words else ""


def label_room(labels: Sequence[str], *, size: float = SIZE, most: float = 210.0) -> float:
    """Width that a column of labels needs, within reason."""
    return min(most, max((fonts.width(label, size) for label in labels), default=0.0) + 12)


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move labels apart along one axis: order kept, at least ``gap`` between two, within bounds.

    Labels that would touch form a block around their mean place (isotonic regression of
    ``place - rank * gap``), so none moves farther than it must.
    """
    order = sorted(range(len(places)), key=lambda index: places[index])
    gap = min(gap, (high - low) / max(len(places) - 1, 1))
    blocks: list[tuple[float, int]] = []  # (sum of shifted places, members)
    for rank, index in enumerate(order):
        total, members = places[index] - rank * gap, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / members:
            earlier, count = blocks.pop()
            total, members = total + earlier, members + count
        blocks.append((total, members))
    shifted = [total / members for total, members in blocks for _ in range(members)]
    ceiling = high - gap * (len(places) - 1)
    result = [0.0] * len(places)
    for rank, (index, place) in enumerate(zip(order, shifted, strict=True)):
        result[index] = min(max(place, low), ceiling) + rank * gap
    return result


def header(
    canvas: Canvas,
    x: float,
    y: float,
    words: str,
    align: Align = "center",
    room: float | None = None,
) -> None:
    """A small muted line of text: axis values and column heads."""
    canvas.text(x, y, words, colour=MUTED, size=SMALL, align=align, room=room)
