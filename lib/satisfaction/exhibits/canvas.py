"""A chart as inline SVG that is as wide as its column, with text that keeps its size.

Between two margins, measured in pixels, lies the plot. A place across (x) is a percentage of the
plot's width, so marks move apart where there is room; ``dx`` adds pixels, so words keep their
distance from a mark, and negative ones or those from 100 % reach into the margins. A place down
(y) is in pixels. The SVG holds only what draws: no style block (it would leak into the page) and
no ids (charts on one page cannot clash).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from itertools import groupby
from typing import Literal, Protocol, overload

import numpy as np
import numpy.typing as npt

from satisfaction.exhibits import fonts
from satisfaction.exhibits.lettering import LEADING, SIZE, SMALL, Rows, wide, wrapped
from satisfaction.exhibits.palette import INK, MUTED, PAPER, RULE, named
from satisfaction.exhibits.words import clean

NARROW, WIDE = 328.0, 764.0  # columns of a small phone and of a desktop page: both must read well
BASELINE = 0.36  # of the font size: from the middle of a line of text down to its baseline
WIDE_ONLY = "wide-only"  # the style sheet hides such words on a phone

Point = tuple[float, float]
Values = npt.NDArray[np.float64]
Align = Literal["left", "center", "right"]

ANCHORS: dict[Align, str] = {"left": "start", "center": "middle", "right": "end"}


class Scale(Protocol):
    """The place of a value along an axis, or of thousands at once."""

    @overload
    def __call__(self, value: float, /) -> float: ...
    @overload
    def __call__(self, value: Values, /) -> Values: ...


class Canvas:
    """One chart in the making."""

    def __init__(self, height: float, left: float = 0.0, right: float = 0.0) -> None:
        self.height, self.left, self.right = height, left, right
        self.narrow, self.wide = NARROW - left - right, WIDE - left - right  # widths of the plot
        self._marks: list[tuple[str, str]] = []  # (attributes, element), in the order of drawing

    def bar(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        """A filled rectangle; nothing if it has no extent."""
        if right - left > 0.01 and bottom - top > 0.05:
            across = f'x="{_hundredths(left)}%" width="{_hundredths(right - left)}%"'
            down = f'y="{_tenths(top)}" height="{_tenths(bottom - top)}"'
            self._add(f"fill:{named(colour)}", f"<rect {across} {down}/>")

    def bars(
        self,
        boxes: Sequence[tuple[float, float, float, float]],
        colour: str,
        strength: float = 1,
    ) -> None:
        """Filled rectangles (left, top, right, bottom) of one colour, as one shape."""
        outline = "".join(
            f"M{_thousandths(left)} {_tenths(top)}H{_thousandths(right)}V{_tenths(bottom)}"
            f"H{_thousandths(left)}z"
            for left, top, right, bottom in boxes
        )
        paint = f"fill:{named(colour)}" + (f";fill-opacity:{strength:g}" if strength < 1 else "")
        self._add(paint, self._stretched(outline))

    def area(self, points: Sequence[Point], colour: str) -> None:
        """A filled shape."""
        self._add(f"fill:{named(colour)}", self._stretched(_path(points) + "z"))

    def line(
        self,
        points: Sequence[Point],
        colour: str = RULE,
        thickness: float = 1,
        *,
        dashed: bool = False,
        beside: float | None = None,
    ) -> None:
        """A line through the points; with ``beside`` their x are pixels from that place."""
        style = [f"fill:none;stroke:{named(colour)}"]
        if dashed:
            style.append(f"stroke-dasharray:{3 * thickness:g},{2.5 * thickness:g}")
        if thickness != 1:
            style.append(f"stroke-width:{thickness:g}")
        if beside is not None:
            outline = "M" + "L".join(f"{_tenths(x)} {_tenths(y)}" for x, y in points)
            path = f'<path d="{outline}"/>'
            element = f'<svg x="{_hundredths(beside)}%" overflow="visible">{path}</svg>'
        elif len(points) == 2:
            (x1, y1), (x2, y2) = points
            start = f'x1="{_hundredths(x1)}%" y1="{_tenths(y1)}"'
            element = f'<line {start} x2="{_hundredths(x2)}%" y2="{_tenths(y2)}"/>'
        else:
            element = self._stretched(_path(points))
        self._add(";".join(style), element)

    def rule(self, y: float, colour: str = RULE, *, dashed: bool = False) -> None:
        """A fine line over the whole width, margins included."""
        down = _tenths(y)
        style = "fill:none;" + ("stroke-dasharray:3,2.5;" if dashed else "")
        rest = f'<svg x="100%" overflow="visible"><path d="M0 {down}h{_tenths(self.right)}"/></svg>'
        line = f'<line x1="{_tenths(-self.left)}" y1="{down}" x2="100%" y2="{down}"/>'
        self._add(f"{style}stroke:{named(colour)}", line + rest * (self.right > 0))

    def dot(self, x: float, y: float, colour: str, diameter: float = 9, *, dx: float = 0) -> None:
        """A round mark with a thin paper-coloured ring, so that overlapping marks stay apart."""
        style = f"fill:{named(colour)};stroke:{named(PAPER)};stroke-width:1.25"
        place = f'cx="{_hundredths(x)}%" cy="{_tenths(y)}" r="{diameter / 2 + 0.6:g}"'
        move = f' transform="translate({_tenths(dx)})"' if dx else ""
        self._add(style, f"<circle {place}{move}/>")

    def crowd(self, xs: npt.ArrayLike, ys: npt.ArrayLike, colour: str, diameter: float) -> None:
        """Very many round marks as one shape, near ones in a row as a line."""
        fifths = np.rint(5 * np.asarray(xs)).astype(int).tolist()  # of a per cent
        cells = sorted(set(zip(np.rint(ys).astype(int).tolist(), fifths, strict=True)))
        runs: list[list[int]] = []  # y, first x, last x
        for y, x in cells:
            if runs and runs[-1][0] == y and x - runs[-1][2] <= 1:
                runs[-1][2] = x
            else:
                runs.append([y, x, x])
        outline = "".join(f"M{2 * x} {y}h{2 * (last - x) or 0.1}" for y, x, last in runs)
        style = f"fill:none;stroke:{named(colour)};stroke-width:{diameter:g};stroke-linecap:round"
        self._add(style, self._stretched(outline))

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        dx: float = 0,
        colour: str = INK,
        size: float = SIZE,
        bold: bool = False,
        align: Align = "left",
        room: float | None = None,
        wide_only: bool = False,
    ) -> None:
        """Words, vertically centred on ``y``; in several lines where ``room`` is too small."""
        words = clean(words)
        lines = ([words] if words else []) if room is None else wrapped(words, room, size)
        self._lines(x, y, lines, dx, _lettering(colour, size, bold, align), size, wide_only)

    def names(
        self,
        rows: Rows,
        *,
        gap: float = 8,
        bold: Collection[int] = (),
        bold_colour: str = INK,
    ) -> None:
        """The names of rows in the left margin, right-aligned ``gap`` pixels before the plot."""
        for place, (name, middle) in enumerate(zip(rows.names, rows.middles, strict=True)):
            strong = place in bold
            style = _lettering(bold_colour if strong else INK, SIZE, strong, "right")
            self._lines(0, middle, name, -gap, style, SIZE, False)

    def html(self, alt: str) -> str:
        """The finished chart, with ``alt`` as its text for screen readers."""
        # neighbours with the same attributes share one group
        drawn = "".join(
            f"<g {attributes}>{''.join(element for _, element in marks)}</g>"
            for attributes, marks in groupby(self._marks, key=lambda mark: mark[0])
        )
        return (
            f'<div class="chart-box" style="max-width:{WIDE:g}px;'
            f'padding:0 {_tenths(self.right)}px 0 {_tenths(self.left)}px">'
            f'<svg class="chart" role="img" aria-label="{escape(clean(alt))}" '
            f'width="100%" height="{_tenths(self.height)}" style="display:block;overflow:visible;'
            f"font-family:'{fonts.FAMILY}',{fonts.FALLBACKS}\">{drawn}</svg></div>"
        )

    def _add(self, style: str, element: str) -> None:
        self._marks.append((f'style="{style}"', element))

    def _lines(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        dx: float,
        style: str,
        size: float,
        wide_only: bool,
    ) -> None:
        hidden = f'class="{WIDE_ONLY}" ' if wide_only else ""
        across = f'x="{_hundredths(x)}%"' + (f' dx="{_tenths(dx)}"' if dx else "")
        if x == 0:
            across = f'x="{_tenths(dx)}"'
        first = y - LEADING * size * (len(lines) - 1) / 2 + BASELINE * size
        for place, line in enumerate(lines):
            down = f'y="{_tenths(first + LEADING * size * place)}"'
            element = f"<text {across} {down}>{escape(line)}</text>"
            self._marks.append((f'{hidden}style="{style}"', element))

    def _stretched(self, outline: str) -> str:
        """A shape in thousandths of the plot's width and pixels of its height."""
        high = _tenths(self.height)
        return (
            f'<svg width="100%" height="{high}" viewBox="0 0 1000 {high}" '
            f'preserveAspectRatio="none" overflow="visible">'
            f'<path d="{outline}" vector-effect="non-scaling-stroke"/></svg>'
        )


def _lettering(colour: str, size: float, bold: bool, align: Align) -> str:
    weight = "font-weight:700;" if bold else ""
    return f"{weight}font-size:{size:g}px;text-anchor:{ANCHORS[align]};fill:{named(colour)}"


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_thousandths(x)} {_tenths(y)}" for x, y in points)


def _tenths(pixels: float) -> str:
    """Tenths of a pixel are enough for the eye."""
    return f"{round(pixels, 1) + 0.0:g}"


def _hundredths(percent: float) -> str:
    return f"{round(percent, 2) + 0.0:g}"


def _thousandths(percent: float) -> str:
    """A percentage in the units of a stretched shape."""
    return f"{round(10 * percent, 1) + 0.0:g}"


def header(
    canvas: Canvas,
    x: float,
    y: float,
    words: str,
    align: Align = "center",
    *,
    dx: float = 0,
    room: float | None = None,
    wide_only: bool = False,
) -> None:
    """Small muted words: axis values and column heads."""
    canvas.text(
        x, y, words, dx=dx, colour=MUTED, size=SMALL, align=align, room=room, wide_only=wide_only
    )


def remark(canvas: Canvas, x: float, top: float, words: str) -> None:
    """Small muted words below ``top`` about a place across; the chart grows to hold them.

    They stand to the side that has more room where they do not fit around the place on a phone.
    """
    before = canvas.left + x / 100 * canvas.narrow
    sides: list[tuple[float, Align]] = [(before, "right"), (NARROW - before, "left")]
    room, align = max(sides)
    if wide(words, SMALL) <= 2 * (NARROW - room):
        align = "center"
    deep = LEADING * SMALL * len(wrapped(words, room, SMALL))
    header(canvas, x, top + deep / 2, words, align, room=room)
    canvas.height = max(canvas.height, top + deep + 4)
