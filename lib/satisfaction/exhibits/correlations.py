"""Which answers go together: pairwise correlations as a triangle."""

from __future__ import annotations

from itertools import accumulate

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import Canvas, header
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import SMALL, rows_of, widest
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import (
    DISSATISFIED,
    INK,
    MUTED,
    PAPER,
    RULE,
    SATISFIED,
    STRONGEST,
)
from satisfaction.exhibits.records import records
from satisfaction.exhibits.words import (
    Labels,
    label,
    labelled,
    method_note,
    n_text,
    numbers,
    sentences,
    spoken,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

TOP, ROW = 22.0, 22.0
TINTS = 20  # steps of colour, so that cells of one step are one shape
FULL = 0.8  # correlations from here on have the full colour
TINY = 9.0  # figures in narrow cells


def correlation_heatmap(result: Result, labels: Labels | None = None) -> Exhibit:
    """Pairwise correlations (item_a, item_b, estimate, n, p_holm) as a triangle, up to 25 items."""
    rows = result.rows
    usable = rows.dropna(subset=["estimate"]) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("Which answers go together"), rows)
    items = list(dict.fromkeys([*rows["item_a"], *rows["item_b"]]))
    names = labelled(items, labels)
    strongest = usable.iloc[int(usable["estimate"].abs().to_numpy().argmax())]
    title = _("Strongest link: {a} and {b} ({value})").format(
        a=label(strongest["item_a"], labels),
        b=label(strongest["item_b"], labels),
        value=i18n.signed(strongest["estimate"]),
    )
    ordered = records(usable.sort_values("estimate", ascending=False, kind="stable"))
    pairs = [
        _("{a} and {b}").format(a=label(row["item_a"], labels), b=label(row["item_b"], labels))
        for row in ordered
    ]
    alt = sentences(title, spoken(pairs, [i18n.signed(row["estimate"]) for row in ordered]))
    return Exhibit(
        "chart correlations",
        title,
        _triangle(rows, items, names, result.level).html(alt),
        lead=_("The darker, the closer two answers go together; grey figures: could be chance."),
        note=sentences(
            n_text(usable["n"]),
            method_note(result.method),
            _("Chance judged with Holm's correction over all pairs."),
        ),
        alt=alt,
        data=numbers(rows, ["item_a", "item_b", "estimate", "n", "p_holm", "reason"], labels),
    )


def _triangle(rows: pd.DataFrame, items: list[object], names: list[str], level: float) -> Canvas:
    count, numbered = len(items), [str(place + 1) for place in range(len(items))]
    lines = rows_of(names, TOP, ROW)
    numbers_room = widest(numbered, SMALL) + 8
    canvas = Canvas(lines.bottom + 4, lines.width + numbers_room + 8, 4)
    side = 100 / count
    width, narrow = canvas.wide / count, canvas.narrow / count  # of a cell
    edges = list(accumulate(lines.heights, initial=TOP))
    place_of = {item: place for place, item in enumerate(items)}
    canvas.names(lines, gap=numbers_room + 6)
    every = -(-int(widest(numbered, SMALL) + 3) // int(narrow))
    for place, number in enumerate(numbered):
        header(canvas, 0, lines.middles[place], number, "right", dx=-6)
    for place, number in enumerate(numbered):
        header(canvas, side * (place + 0.5), 10, number, wide_only=place % every > 0)
    cells: dict[tuple[str, float], list[tuple[int, int]]] = {}
    figures = []
    for row in records(rows):
        across, down = sorted((place_of[row["item_a"]], place_of[row["item_b"]]))
        value = float(row["estimate"])
        if value != value:
            figures.append((MUTED, across, down, i18n.MISSING))
            continue
        step = round(min(abs(value) / FULL, 1.0) * TINTS) / TINTS
        colour = SATISFIED if value >= 0 else DISSATISFIED
        cells.setdefault((colour, step), []).append((across, down))
        words = i18n.number(value, 2).replace("0.", ".").replace("-", "−")
        ink = INK if row["p_holm"] < 1 - level else MUTED
        figures.append((ink, across, down, words))
    for (colour, step), corners in cells.items():
        boxes = [(side * x, edges[y], side * (x + 1), edges[y + 1]) for x, y in corners]
        canvas.bars(boxes, colour, round(STRONGEST * step, 3))
    diagonal = zip(range(count), edges, edges[1:], strict=False)
    canvas.bars([(side * x, top, side * (x + 1), low) for x, top, low in diagonal], RULE)
    for place in range(count + 1):  # gaps between the cells
        canvas.line([(side * place, edges[0]), (side * place, edges[-1])], PAPER)
        canvas.line([(0, edges[place]), (100, edges[place])], PAPER)
    size, hidden = _figure_size([words for *_place, words in figures], narrow, width)
    for ink, x, y, words in sorted(figures):
        middle = side * (x + 0.5)
        canvas.text(
            middle, lines.middles[y], words, colour=ink, size=size, align="center", wide_only=hidden
        )
    return canvas


def _figure_size(figures: list[str], narrow: float, width: float) -> tuple[float, bool]:
    """Font size of the figures in cells so wide on phone and page; whether the phone has none."""
    for size in (SMALL, TINY):
        if widest(figures, size) + 2 <= narrow:
            return size, False
    return (SMALL if widest(figures, SMALL) + 2 <= width else TINY), True
