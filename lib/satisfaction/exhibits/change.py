"""What changed: between two waves with their test, and over all waves with intervals."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import axis_room, axis_upwards, labels_along, scale, spread
from satisfaction.exhibits.canvas import Canvas, header
from satisfaction.exhibits.comparison import (
    axis_words,
    extent,
    target_text,
    value_text,
)
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import LEADING, NAMES, SIZE, widest, wrapped
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, INK, MUTED, QUIET, RULE, SATISFIED
from satisfaction.exhibits.records import records
from satisfaction.exhibits.suppression import without_small
from satisfaction.exhibits.tables import interval_text
from satisfaction.exhibits.words import (
    Labels,
    label,
    labelled,
    method_note,
    n_text,
    numbers,
    percent_head,
    sentences,
    spoken,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

GAP = 6.0  # between two labels, one above the other
LEADER = 26.0  # from the plot to the labels


def slope_chart(
    change: Result,
    labels: Labels | None = None,
    *,
    current_label: str = "",
    previous_label: str = "",
    as_percent: bool = True,
    headline: str = "",
) -> Exhibit:
    """Previous against current wave per item; colour and arrow only for tested, real changes.

    ``headline`` is the item that a report also tests on its own: a note says where the two differ.
    """
    rows = change.rows
    usable = rows.dropna(subset=["current", "previous", "estimate"]) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("Change since the previous wave"), rows)
    usable = usable.sort_values("current", ascending=False, kind="stable").reset_index(drop=True)
    names = labelled(usable["item"], labels)
    real = usable["significant"].astype(bool).tolist()
    moves = [change_text(step, as_percent) for step in usable["estimate"]]
    found = [
        f"{names[place]} {_with_unit(moves[place], as_percent)}"
        for place in _by_size(usable)
        if real[place]
    ]
    if found:
        title = _("Changed beyond chance: {items}").format(
            items=i18n.listing(found[:3]) + ("…" if len(found) > 3 else "")
        )
    else:
        title = _("No detectable change in any of {m} items").format(m=len(usable))
    steps = [
        f"{value_text(row['previous'], as_percent)} → {value_text(row['current'], as_percent)}"
        for row in records(usable)
    ]
    alt = sentences(title, spoken(names, steps))
    absent = labelled(rows.loc[rows["estimate"].isna(), "item"], labels)
    left_out = _("Not compared: {items}.").format(items=i18n.listing(absent)) if absent else ""
    shares = ["current", "previous", "estimate", "ci_low", "ci_high", "detectable"]
    return Exhibit(
        "chart slope",
        title,
        _slopes(usable, names, moves, real, (previous_label, current_label), as_percent).html(alt),
        lead=_("Only changes that pass the test (Holm's correction) are coloured."),
        note=sentences(
            n_text(usable["n"]),
            method_note(change.method),
            _detectable(usable, as_percent),
            _alone(usable[usable["item"] == headline], labels, change.level, len(usable)),
            left_out,
        ),
        alt=alt,
        data=numbers(
            _comparable_only(rows),
            ["item", *shares, "p_holm", "n", "n_previous", "significant", "reason"],
            labels,
            percent=shares if as_percent else [],
        ).rename(columns={_change_head(as_percent, False): _change_head(as_percent, True)}),
    )


def _alone(rows: pd.DataFrame, labels: Labels | None, level: float, tests: int) -> str:
    """Why the headline can be a change that its line in the chart is not."""
    if rows.empty or rows["significant"].iloc[0] or not rows["p_value"].iloc[0] < 1 - level:
        return ""
    return _(
        "{item}: tested on its own the change is beyond chance ({p}), as one of {m} tests it is not"
    ).format(
        item=label(rows["item"].iloc[0], labels), p=i18n.p_value(rows["p_value"].iloc[0]), m=tests
    )


def _comparable_only(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the two levels where they must not be compared (reworded, or too few answers)."""
    levels = ["current", "previous"]
    return rows.assign(**{name: rows[name].where(rows["estimate"].notna()) for name in levels})


def change_text(step: float, as_percent: bool) -> str:
    """A signed change: points of a share, or of a score."""
    return i18n.points(step, 0) if as_percent else i18n.signed(step)


def _with_unit(move: str, as_percent: bool) -> str:
    return _("{change} points").format(change=move) if as_percent else move


def _change_head(as_percent: bool, named: bool) -> str:
    head = _("Change") if named else _("Estimate")
    return percent_head(head) if as_percent else head


def _by_size(rows: pd.DataFrame) -> list[int]:
    return rows["estimate"].abs().sort_values(ascending=False, kind="stable").index.tolist()


def _detectable(rows: pd.DataFrame, as_percent: bool) -> str:
    known = rows["detectable"].dropna() if "detectable" in rows else pd.Series(dtype=float)
    if known.empty:
        return ""
    low, high = i18n.number(known.min() * 100), i18n.number(known.max() * 100)
    if not as_percent:
        low, high = i18n.number(known.min(), 2), i18n.number(known.max(), 2)
    reach = low if low == high else f"{low}–{high}"
    return _("Changes below {points} points can easily go unseen.").format(points=reach)


def _slopes(
    rows: pd.DataFrame,
    names: list[str],
    moves: list[str],
    real: list[bool],
    waves: tuple[str, str],
    as_percent: bool,
) -> Canvas:
    parts = [
        f"{name} {'▲' if row['estimate'] > 0 else '▼'}{move}" if beyond else name
        for name, move, beyond, row in zip(names, moves, real, records(rows), strict=True)
    ]
    values = [value_text(value, as_percent) for value in rows["current"]]
    earlier = [value_text(value, as_percent) for value in rows["previous"]]
    line = LEADING * SIZE
    heights = [line * len(wrapped(words, NAMES)) + GAP for words in parts]
    to_names = LEADER + widest(values, bold=True) + 8
    left, right = LEADER + widest(earlier), to_names + min(NAMES, widest(parts)) + 2
    top, height = 48.0, max(sum(heights) + 48, 240.0)
    canvas = Canvas(height, left, right)
    bottom = height - max(heights) / 2
    both = pd.concat([rows["current"], rows["previous"]]).astype(float)
    down = scale(both.max(), both.min(), top, bottom)
    half = canvas.narrow / 2
    header(canvas, 0, 16, waves[0] or _("previous wave"), "left", dx=-left, room=left + half - 6)
    header(canvas, 100, 16, waves[1] or _("this wave"), "left", dx=6 - half, room=right + half - 6)
    before = spread(
        [down(value) for value in rows["previous"]], [line + GAP] * len(rows), top, bottom
    )
    after = spread([down(value) for value in rows["current"]], heights, top, bottom)
    lines = records(rows)
    steps = zip(rows["estimate"], real, strict=True)
    inks = [_colour(step, True) if beyond else MUTED for step, beyond in steps]
    # What changed is drawn last, above the grey lines.
    for place in sorted(range(len(rows)), key=lambda place: real[place]):
        row = lines[place]
        colour = _colour(row["estimate"], real[place])
        start, end = down(row["previous"]), down(row["current"])
        canvas.line([(0, start), (100, end)], colour, 2.5 if real[place] else 1.2)
        fine = colour if real[place] else RULE
        _leader(canvas, 0, start, -1, before[place], fine)
        _leader(canvas, 100, end, 1, after[place], fine)
        canvas.dot(0, start, colour, 8)
        canvas.dot(100, end, colour, 8)
    for place, (was, now, words) in enumerate(zip(earlier, values, parts, strict=True)):
        ink = inks[place] if real[place] else INK
        canvas.text(0, before[place], was, dx=-LEADER, colour=inks[place], align="right")
        canvas.text(100, after[place], now, dx=LEADER, colour=ink, bold=True)
        canvas.text(100, after[place], words, dx=to_names, colour=inks[place], room=NAMES)
    return canvas


def _colour(step: float, real: bool) -> str:
    return (SATISFIED if step > 0 else FOCUS) if real else QUIET


def _leader(canvas: Canvas, x: float, y: float, side: int, to_y: float, colour: str) -> None:
    """A fine line from a mark to its label where the label had to move."""
    if abs(to_y - y) > 3:
        canvas.line([(6 * side, y), ((LEADER - 4) * side, to_y)], colour, beside=x)


def trend_chart(
    result: Result,
    labels: Labels | None = None,
    *,
    target: float | None = None,
    target_clause: str = "",
    as_percent: bool = True,
    subject: str = "",
    minimum_n: int = 10,
) -> Exhibit:
    """One statistic over the waves (wave, estimate, ci_low, ci_high, n), oldest first."""
    rows = without_small(result.rows, minimum_n)
    usable = rows.dropna(subset=["estimate"]) if len(rows) else rows
    if usable.empty:
        return cannot_tell(subject or _("Over the waves"), rows)
    usable = usable.reset_index(drop=True)
    names = labelled(usable["wave"], labels)
    last = usable.iloc[-1]
    title = _("{wave}: {value} (interval {interval}); earlier waves: {k}").format(
        wave=names[-1],
        value=value_text(last["estimate"], as_percent),
        interval=interval_text(last["ci_low"], last["ci_high"], as_percent=as_percent),
        k=len(usable) - 1,
    )
    if len(usable) == 1:
        title = _("{wave}: {value}; a first wave has no trend yet").format(
            wave=names[0], value=value_text(last["estimate"], as_percent)
        )
    values = [value_text(value, as_percent) for value in usable["estimate"]]
    alt = sentences(title, spoken(names, values))
    absent = [label(wave, labels) for wave in rows.loc[rows["estimate"].isna(), "wave"]]
    return Exhibit(
        "chart trend",
        title,
        _trend(usable, names, target, target_clause, as_percent).html(alt),
        lead=_("Dot: the estimate. Line: its {level} interval.").format(
            level=i18n.percent(result.level)
        ),
        note=sentences(
            n_text(usable["n"]),
            method_note(result.method),
            _("Cannot tell: {items}.").format(items=i18n.listing(absent)) if absent else "",
        ),
        alt=alt,
        data=numbers(
            rows,
            ["wave", "estimate", "ci_low", "ci_high", "n", "reason"],
            labels,
            percent=["estimate", "ci_low", "ci_high"] if as_percent else [],
        ),
    )


def _trend(
    rows: pd.DataFrame,
    names: list[str],
    target: float | None,
    target_clause: str,
    as_percent: bool,
) -> Canvas:
    low, high = extent(rows, target, as_percent)
    words = axis_words(low, high, as_percent)
    top, bottom = 16.0 if target is None else 36.0, 230.0
    canvas = Canvas(bottom, axis_room(low, high, words), 20)
    down = axis_upwards(canvas, low, high, words, top, bottom)
    step = 100 / len(rows)
    xs = [step * (place + 0.5) for place in range(len(rows))]
    if target is not None:
        canvas.line([(0, down(target)), (100, down(target))], INK, 1.5, dashed=True)
        canvas.line([(0, 10), (24, 10)], INK, 1.5, dashed=True, beside=0)
        header(canvas, 0, 10, target_text(target, target_clause, as_percent), "left", dx=32)
    ys = [down(value) for value in rows["estimate"]]
    if len(rows) > 1:
        canvas.line(list(zip(xs, ys, strict=True)), QUIET, 1.5)
    for x, y, row in zip(xs, ys, records(rows), strict=True):
        if row["ci_low"] == row["ci_low"] and row["ci_high"] == row["ci_high"]:
            canvas.line([(x, down(row["ci_low"])), (x, down(row["ci_high"]))], SATISFIED, 3)
        canvas.dot(x, y, SATISFIED, 10)
    values = [value_text(value, as_percent) for value in rows["estimate"]]
    room = widest(values, bold=True) + 12
    if room <= canvas.wide / len(rows):
        for place, (x, y, value) in enumerate(zip(xs, ys, values, strict=True)):
            rising = place + 1 < len(rows) and ys[place + 1] < y
            beside = y + (13 if rising else -13)  # clear of the line
            hidden = room > canvas.narrow / len(rows)
            canvas.text(x, beside, value, dx=8, bold=True, wide_only=hidden)
    counts = [f"n = {count:,.0f}" for count in rows["n"]]
    canvas.height = labels_along(canvas, xs, bottom + 8, names, counts)
    return canvas
