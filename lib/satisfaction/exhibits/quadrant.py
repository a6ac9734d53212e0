"""Importance against satisfaction: which items to improve first, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits import fonts
from satisfaction.exhibits.canvas import (
    SMALL,
    WIDTH,
    Align,
    Canvas,
    Scale,
    fit,
    header,
    scale,
    ticks,
)
from satisfaction.exhibits.comparison import known
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, FOCUS_TINT, INK, MUTED, QUIET, RULE, SATISFIED
from satisfaction.exhibits.records import Record, records
from satisfaction.exhibits.words import Labels, labelled, n_text, numbers, sentences
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

QUADRANTS = {
    "improve_first": N_("Improve first"),
    "keep": N_("Keep up"),
    "maintain": N_("Maintain"),
    "secondary": N_("Secondary"),
}
COLOURS = {"improve_first": FOCUS, "keep": SATISFIED}
LEFT, RIGHT, TOP, BOTTOM = 56.0, WIDTH - 8.0, 14.0, 400.0
CROWDED = 14  # from here on marks carry numbers, and the names stand in a key below
LABEL = 12.0


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: _Box) -> float:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0.0) * max(down, 0.0)


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
    alt = sentences(title, n_text(usable["n"]))
    canvas = _draw(usable, names, result)
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
        canvas.svg(alt),
        lead=_("Lines: intervals. Faint marks: the field is not certain."),
        note=sentences(
            n_text(usable["n"]),
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


def _draw(rows: pd.DataFrame, names: list[str], result: Result) -> Canvas:
    crowded = len(rows) >= CROWDED
    key_lines = -(-len(rows) // 3) if crowded else 0
    canvas = Canvas(BOTTOM + 44 + 20 * key_lines)
    x, y = _axis(rows, "performance", LEFT, RIGHT), _axis(rows, "importance", BOTTOM, TOP)
    split_x = x(result.stages.get("performance_split", rows["performance"].mean()))
    split_y = y(result.stages.get("importance_split", rows["importance"].mean()))
    canvas.bar(LEFT, TOP, split_x, split_y, FOCUS_TINT)
    canvas.line([(split_x, TOP), (split_x, BOTTOM)])
    canvas.line([(LEFT, split_y), (RIGHT, split_y)])
    corners = [
        _corner(canvas, "improve_first", LEFT + 8, TOP + 12, "left"),
        _corner(canvas, "keep", RIGHT - 8, TOP + 12, "right"),
        _corner(canvas, "secondary", LEFT + 8, BOTTOM - 12, "left"),
        _corner(canvas, "maintain", RIGHT - 8, BOTTOM - 12, "right"),
    ]
    _axis_values(canvas, rows, x, y)
    marks, whiskers = [], []
    for row in records(rows):
        colour = _colour(row)
        across, down = x(row["performance"]), y(row["importance"])
        marks.append((across, down, colour))
        width = 1.5 if row["sure"] else 1.0
        for ends in (
            [(x(row["performance_low"]), down), (x(row["performance_high"]), down)],
            [(across, y(row["importance_low"])), (across, y(row["importance_high"]))],
        ):
            if all(part == part for point in ends for part in point):
                canvas.line(ends, colour if not crowded else RULE, width)
                whiskers += [] if crowded else [_around(*ends)]
    for across, down, colour in marks:
        canvas.dot(across, down, colour, 10)
    words = [str(place + 1) for place in rows.index] if crowded else names
    _place_labels(canvas, marks, words, [*corners, *whiskers])
    if crowded:
        _key(canvas, names, marks)
    return canvas


def _colour(row: Record) -> str:
    return COLOURS.get(row["quadrant"], QUIET) if row["sure"] else QUIET


def _axis(rows: pd.DataFrame, name: str, start: float, end: float) -> Scale:
    values = known(rows[[name, f"{name}_low", f"{name}_high"]])
    air = max(0.05 * (max(values) - min(values)), 0.01)
    return scale(max(min(values) - air, 0.0), max(values) + air, start, end)


def _axis_values(canvas: Canvas, rows: pd.DataFrame, x: Scale, y: Scale) -> None:
    for name, along, horizontal in (("performance", x, True), ("importance", y, False)):
        values = known(rows[[name, f"{name}_low", f"{name}_high"]])
        for place in ticks(min(values), max(values), 6):
            if horizontal:
                header(canvas, along(place), BOTTOM + 12, i18n.percent(place))
            else:
                header(canvas, LEFT - 6, along(place), i18n.percent(place), "right")
    header(canvas, (LEFT + RIGHT) / 2, BOTTOM + 30, _("satisfied") + " →")
    middle = (TOP + BOTTOM) / 2
    words = _("goes with overall satisfaction") + " →"
    canvas.text(8, middle, words, colour=MUTED, size=SMALL, align="center", upwards=True)


def _corner(canvas: Canvas, code: str, x: float, y: float, align: Align) -> _Box:
    words = quadrant_text(code)
    canvas.text(x, y, words, colour=COLOURS.get(code, MUTED), bold=True, align=align)
    wide = fonts.width(words, 13)
    left = x if align == "left" else x - wide
    return _Box(left, y - 9, left + wide, y + 9)


def _place_labels(
    canvas: Canvas,
    marks: list[tuple[float, float, str]],
    words: list[str],
    obstacles: list[_Box],
) -> None:
    """Each label where it covers least of marks, interval lines and other labels, and near."""
    taken = [*obstacles, *(_Box(x - 6, y - 6, x + 6, y + 6) for x, y, _colour in marks)]
    for (x, y, colour), name in zip(marks, words, strict=True):
        text = fit(name, 170, LABEL)
        wide = fonts.width(text, LABEL)
        beside = (x + 7, x - 7 - wide)
        places = [
            *((left, rise) for left in beside for rise in (0, -12, 12)),
            *((left, rise) for rise in (-24, 24, -38, 38, -52, 52) for left in beside),
            *((x - wide / 2, rise) for rise in (-18, 18, -66, 66)),
        ]
        reach = _Box(x - 7 - wide, y - 74, x + 7 + wide, y + 74)  # of all its places
        near = [other for other in taken if reach.overlap(other)]
        boxes = [_Box(left, y + rise - 8, left + wide, y + rise + 8) for left, rise in places]
        box = min(boxes, key=lambda box: _cost(box, near, boxes.index(box)))
        taken.append(box)
        middle = (box.top + box.bottom) / 2
        if abs(middle - y) > 20:
            canvas.line([(x, y), (min(max(x, box.left), box.right), middle)], colour, 0.7)
        ink = INK if colour == QUIET else colour
        canvas.text(box.left, middle, text, colour=ink, size=LABEL)


def _around(start: tuple[float, float], end: tuple[float, float]) -> _Box:
    """The strip around a line that a label should leave free."""
    across, down = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return _Box(across[0] - 2, down[0] - 2, across[1] + 2, down[1] + 2)


def _cost(box: _Box, taken: list[_Box], order: int) -> float:
    outside = max(LEFT - box.left, 0) + max(box.right - RIGHT, 0)
    outside += max(TOP - box.top, 0) + max(box.bottom - BOTTOM, 0)
    return sum(box.overlap(other) for other in taken) + 50 * outside + 4 * order


def _key(canvas: Canvas, names: list[str], marks: list[tuple[float, float, str]]) -> None:
    """The numbered names in three columns under the chart."""
    per_column = -(-len(names) // 3)
    for place, name in enumerate(names):
        x = LEFT + (place // per_column) * (WIDTH - LEFT) / 3
        y = BOTTOM + 54 + 20 * (place % per_column)
        colour = marks[place][2]
        ink = INK if colour == QUIET else colour
        canvas.text(x + 18, y, str(place + 1), colour=ink, bold=True, align="right")
        canvas.text(x + 25, y, name, colour=ink, size=LABEL, room=(WIDTH - LEFT) / 3 - 34)
