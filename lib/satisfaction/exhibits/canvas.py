"""A sheet of paper measured in CSS pixels, drawn on as inline SVG.

Charts here place every mark themselves (x to the right, y down), because labels, values and notes
around the marks need exact room; a plotting library's axes would guess it. The SVG holds only what
draws: no style block (it would leak into the page) and no ids (charts on one page cannot clash).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby
from typing import Literal

from satisfaction.exhibits import fonts
from satisfaction.exhibits.palette import INK, MUTED, PAPER, RULE, named
from satisfaction.exhibits.words import clean

WIDTH = 720.0
SIZE = 12.5  # ordinary text
SMALL = 11.0  # axes and hints
BASELINE = 0.36  # of the font size: from the middle of a line of text down to its baseline

Scale = Callable[[float], float]
Align = Literal["left", "center", "right"]

ANCHORS: dict[Align, str] = {"left": "start", "center": "middle", "right": "end"}


class Canvas:
    """One chart in the making."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._marks: list[tuple[str, str]] = []  # (style, element), in the order of drawing

    def bar(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        """A filled rectangle; nothing if it has no extent."""
        if right - left > 0.05 and bottom - top > 0.05:
            self.bars([(left, top, right, bottom)], colour)

    def bars(self, boxes: Sequence[tuple[float, float, float, float]], colour: str) -> None:
        """Filled rectangles (left, top, right, bottom) of one colour, as one shape."""
        outline = "".join(
            _polyline([(left, top), (right, top), (right, bottom), (left, bottom)]) + "z"
            for left, top, right, bottom in boxes
        )
        self._marks.append((f"fill:{named(colour)}", f'<path d="{outline}"/>'))

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
        style = ["fill:none"]
        if dashed:
            style.append(f"stroke-dasharray:{3 * thickness:g},{2.5 * thickness:g}")
        style.append(f"stroke:{named(colour)}")
        if thickness != 1:
            style.append(f"stroke-width:{thickness:g}")
        if round_ends:
            style.append("stroke-linecap:round")
        self._marks.append((";".join(style), f'<path d="{_polyline(points)}"/>'))

    def dot(self, x: float, y: float, colour: str, diameter: float = 9) -> None:
        """A round mark with a thin paper-coloured ring, so that overlapping marks stay apart."""
        # A round-capped line of almost no length: one short path, not eight curves and an id.
        place = [(x - 0.05, y), (x + 0.05, y)]
        self.line(place, PAPER, diameter + 2.5, round_ends=True)
        self.line(place, colour, diameter, round_ends=True)

    def crowd(self, places: Sequence[tuple[float, float]], colour: str, diameter: float) -> None:
        """Very many round marks as one shape, on whole pixels: neighbours in a row make a line."""
        pixels = sorted({(round(y), round(x)) for x, y in places})
        runs: list[list[int]] = []  # y, first x, last x
        for y, x in pixels:
            if runs and runs[-1][0] == y and x - runs[-1][2] <= 1:
                runs[-1][2] = x
            else:
                runs.append([y, x, x])
        outline = "".join(f"M{x} {y}h{(last - x) or 0.1}" for y, x, last in runs)
        style = f"fill:none;stroke:{named(colour)};stroke-width:{diameter:g};stroke-linecap:round"
        self._marks.append((style, f'<path d="{outline}"/>'))

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
        across, down = _tenths(x + drop * upwards), _tenths(y + drop * (not upwards))
        turn = f' transform="rotate(-90 {across} {down})"' if upwards else ""
        weight = "font-weight:700;" if bold else ""
        style = f"{weight}font-size:{size:g}px;text-anchor:{ANCHORS[align]};fill:{named(colour)}"
        element = f'<text x="{across}" y="{down}"{turn}>{escape(words)}</text>'
        self._marks.append((style, element))

    def svg(self, alt: str) -> str:
        """The finished chart, with ``alt`` as its text for screen readers."""
        # neighbours with the same style share one group
        drawn = "".join(
            f'<g style="{style}">{"".join(element for _, element in marks)}</g>'
            for style, marks in groupby(self._marks, key=lambda mark: mark[0])
        )
        across, down = f"{self.width:g}", f"{self.height:g}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" '
            f'aria-label="{escape(clean(alt))}" viewBox="0 0 {across} {down}" width="100%" '
            f'style="max-width:{across}px;height:auto;'
            f"font-family:'{fonts.FAMILY}',{fonts.FALLBACKS}\">{drawn}</svg>"
        )


def _polyline(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_tenths(x)} {_tenths(y)}" for x, y in points)


def _tenths(pixels: float) -> str:
    """Tenths of a pixel are enough for the eye."""
    return f"{round(pixels, 1) + 0.0:g}"


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """A linear map from values ``low .. high`` to pixels ``start .. end``."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round values inside ``low .. high``, at most ``most`` of them and two at least."""
    if not high > low:
        return [round(low, 9)]
    apart = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(apart))
    steps = [share * power for share in (10, 5, 2, 1, 0.5, 0.2, 0.1)]
    widest = sum(step > apart * (1 - 1e-9) for step in steps) - 1
    for step in steps[widest:]:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last > first:
            break
    return [round(number * step, 9) for number in range(first, last + 1)]


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
