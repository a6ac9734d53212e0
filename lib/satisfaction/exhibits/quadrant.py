"""Importance against satisfaction: which items to improve first, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import axis_across, axis_room, axis_upwards
from satisfaction.exhibits.canvas import Align, Canvas, Point, header
from satisfaction.exhibits.comparison import known
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import wide
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import (
    FOCUS,
    FOCUS_TINT,
    INK,
    MUTED,
    PAPER,
    QUIET,
    RULE,
    SATISFIED,
    named,
)
from satisfaction.exhibits.records import Record, records
from satisfaction.exhibits.words import (
    Labels,
    labelled,
    method_note,
    n_text,
    numbers,
    sentences,
    spoken,
)
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

QUADRANTS = {
    "improve_first": N_("Improve first"),
    "keep": N_("Keep up"),
    "maintain": N_("Maintain"),
    "secondary": N_("Secondary"),
}
COLOURS = {"improve_first": FOCUS, "keep": SATISFIED}
TOP, BOTTOM = 42.0, 390.0
CROWDED = 14  # from here on the interval lines are grey
LABEL = 12.0
CORNERS: tuple[tuple[str, float, float, Align], ...] = (
    ("improve_first", 0, TOP - 11, "left"),
    ("keep", 100, TOP - 11, "right"),
    ("secondary", 0, BOTTOM + 12, "left"),
    ("maintain", 100, BOTTOM + 12, "right"),
)
FAR = 24.0  # pixels from a mark to its number from which on a line joins them
# Where a number may stand, nearest first: right, left, above, below, then ever wider circles.
SPOTS = [
    *((8.0, 0.0), (-8.0, 0.0), (0.0, -13.0), (0.0, 13.0), (7.0, -9.0), (-7.0, -9.0)),
    *((7.0, 9.0), (-7.0, 9.0)),
    *(
        (
            round(radius * math.cos(turn * math.pi / 8), 1),
            round(-radius * math.sin(turn * math.pi / 8), 1),
        )
        for radius in (20, 28, 38, 50, 64)
        for turn in range(16)
    ),
]
QUIET_ITEM = ' class="quiet"'


@dataclass(frozen=True)
class _Box:
    """Pixels taken by a mark or a word on a plot of one width."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: _Box) -> float:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across * down if across > 0 and down > 0 else 0.0


def quadrant_chart(result: Result, labels: Labels | None = None) -> Exhibit:
    """Items by performance (x) and importance (y) with both intervals, in four fields."""
    rows = result.rows
    axes = ["importance", "performance"]
    usable = rows.dropna(subset=axes) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("What to improve first"), rows)
    usable = usable.sort_values("importance", ascending=False, kind="stable").reset_index(drop=True)
    names = labelled(usable["item"], labels)
    first = usable["quadrant"] == "improve_first"
    sure = usable["sure"].astype(bool)
    clear = [names[place] for place in usable.index[first & sure]]
    possible = [names[place] for place in usable.index[first & ~sure]]
    title = _title(clear, possible)
    places = [
        _("{importance} importance, {performance} satisfied").format(
            importance=i18n.percent(row["importance"]), performance=i18n.percent(row["performance"])
        )
        for row in records(usable)
    ]
    alt = sentences(title, spoken(names, places))
    data = numbers(
        rows.assign(quadrant=[quadrant_text(code) for code in rows["quadrant"]]),
        [
            "item",
            *(f"{axis}{end}" for axis in axes for end in ("", "_low", "_high")),
            *("quadrant", "sure", "n", "reason"),
        ],
        labels,
        percent=[f"{axis}{end}" for axis in axes for end in ("", "_low", "_high")],
    )
    return Exhibit(
        "chart quadrant",
        title,
        _draw(usable, result).html(alt) + _key(usable, names),
        lead=_("Lines: intervals. Faint marks: the field is not certain."),
        note=sentences(
            n_text(usable["n"]),
            method_note(result.method),
            _("Fields split at the average of the items. Association, not proof of cause."),
        ),
        alt=alt,
        data=data,
    )


def quadrant_text(code: str) -> str:
    """The name of a field in words."""
    return _(QUADRANTS[code]) if code in QUADRANTS else i18n.MISSING


def _title(clear: list[str], possible: list[str]) -> str:
    if clear:
        return _("Improve first: {items}").format(items=_some(clear))
    if possible:
        return _("No item is certainly a priority; likeliest: {items}").format(
            items=_some(possible)
        )
    return _("No item is both important and below average")


def _some(names: list[str]) -> str:
    return i18n.listing(names[:3]) + ("…" if len(names) > 3 else "")


def _draw(rows: pd.DataFrame, result: Result) -> Canvas:
    crowded = len(rows) >= CROWDED
    (least, most), (low, high) = _reach(rows, "performance"), _reach(rows, "importance")
    canvas = Canvas(BOTTOM + 56, axis_room(low, high, i18n.percent), 14)
    x = axis_across(canvas, least, most, i18n.percent, TOP, BOTTOM + 16, below=True, grid=False)
    y = axis_upwards(canvas, low, high, i18n.percent, TOP, BOTTOM, colour=PAPER)
    words = "↑ " + _("goes with overall satisfaction")
    header(canvas, 0, 10, words, "left", dx=-canvas.left)
    header(canvas, 100, BOTTOM + 48, _("satisfied") + " →", "right")
    for code, place, down, align in CORNERS:
        colour = COLOURS.get(code, MUTED)
        canvas.text(place, down, quadrant_text(code), colour=colour, bold=True, align=align)
    split_x = x(result.stages.get("performance_split", rows["performance"].mean()))
    split_y = y(result.stages.get("importance_split", rows["importance"].mean()))
    canvas.bar(0, TOP, split_x, split_y, FOCUS_TINT)
    canvas.line([(split_x, TOP), (split_x, BOTTOM)])
    canvas.line([(0, split_y), (100, split_y)])
    marks, whiskers = [], []
    for row in records(rows):
        colour = _colour(row)
        across, down = x(row["performance"]), y(row["importance"])
        marks.append((across, down, colour))
        for ends in (
            ((x(row["performance_low"]), down), (x(row["performance_high"]), down)),
            ((across, y(row["importance_high"])), (across, y(row["importance_low"]))),
        ):
            if all(part == part for point in ends for part in point):
                shade = RULE if crowded else colour
                canvas.line(ends, shade, 1.5 if row["sure"] else 1)
                whiskers += [] if crowded else [ends]
    for across, down, colour in marks:
        canvas.dot(across, down, colour, 10)
    _number(canvas, marks, whiskers)
    return canvas


def _number(
    canvas: Canvas, marks: list[tuple[float, float, str]], whiskers: list[tuple[Point, Point]]
) -> None:
    """A number beside each mark, clear of marks, lines and numbers on a phone and on a page."""
    taken = {
        width: [
            *(_at(x, 0, y, 5, 5, width) for x, y, _colour in marks),
            *(
                _Box(start[0] / 100 * width, start[1], end[0] / 100 * width + 1, end[1] + 1)
                for start, end in whiskers
            ),
        ]
        for width in (canvas.narrow, canvas.narrow + 30, canvas.wide - 90, canvas.wide)
    }
    for place, (x, y, colour) in enumerate(marks, 1):
        words = str(place)
        half = wide(words, LABEL, bold=True) / 2
        best, least = (0.0, 0.0), math.inf
        for across, dy in SPOTS:
            dx = across + math.copysign(half, across) * (across != 0)
            cost = sum(
                _cost(_at(x, dx, y + dy, half, 6, width), width, boxes)
                for width, boxes in taken.items()
            )
            if cost < least:
                best, least = (dx, dy), cost
            if not cost:
                break
        dx, dy = best
        for width, boxes in taken.items():
            boxes.append(_at(x, dx, y + dy, half, 6, width))
        if math.hypot(dx, dy) > FAR:
            short = 1 - 9 / math.hypot(dx, dy)
            canvas.line([(0, y), (dx * short, y + dy * short)], colour, 0.7, beside=x)
        ink = INK if colour == QUIET else colour
        canvas.text(x, y + dy, words, dx=dx, colour=ink, size=LABEL, bold=True, align="center")


def _colour(row: Record) -> str:
    return COLOURS.get(row["quadrant"], QUIET) if row["sure"] else QUIET


def _reach(rows: pd.DataFrame, name: str) -> tuple[float, float]:
    values = known(rows[[name, f"{name}_low", f"{name}_high"]])
    air = max(0.05 * (max(values) - min(values)), 0.01)
    return max(min(values) - air, 0.0), max(values) + air


def _at(x: float, dx: float, y: float, half: float, high: float, width: float) -> _Box:
    """A box around a place, on a plot so wide."""
    middle = x / 100 * width + dx
    return _Box(middle - half, y - high, middle + half, y + high)


def _cost(box: _Box, width: float, taken: list[_Box]) -> float:
    """What a number would cover, and how far it would stand outside a plot so wide."""
    outside = max(-box.left, 0) + max(box.right - width, 0)
    outside += max(TOP - box.top, 0) + max(box.bottom - BOTTOM, 0)
    return 50 * outside + sum(box.overlap(other) for other in taken)


def _key(rows: pd.DataFrame, names: list[str]) -> str:
    """The numbered items of each field; those whose field is not certain in grey."""
    parts = []
    for code in QUADRANTS:
        items = [
            f"<span{'' if sure else QUIET_ITEM}><b>{place + 1}</b> {escape(name)}</span>"
            for place, (name, field, sure) in enumerate(
                zip(names, rows["quadrant"], rows["sure"], strict=True)
            )
            if field == code
        ]
        if items:
            colour = named(COLOURS.get(code, MUTED))
            parts.append(
                f'<dt style="color:{colour}">{escape(quadrant_text(code))}</dt>'
                f"<dd>{' '.join(items)}</dd>"
            )
    return f'<dl class="chart-key">{"".join(parts)}</dl>'
