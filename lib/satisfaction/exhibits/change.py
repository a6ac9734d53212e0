"""What changed: between two waves with their test, and over all waves with intervals."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import (
    SMALL,
    WIDTH,
    Canvas,
    fit,
    header,
    scale,
    spread,
    ticks,
)
from satisfaction.exhibits.comparison import extent, value_text
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, INK, MUTED, QUIET, SATISFIED
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
    sentences,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

GAP = 19.0  # between two labels, one above the other


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
    alt = sentences(title, n_text(usable["n"]))
    absent = labelled(rows.loc[rows["estimate"].isna(), "item"], labels)
    left_out = _("Not compared: {items}.").format(items=i18n.listing(absent)) if absent else ""
    shares = ["current", "previous", "estimate", "ci_low", "ci_high", "detectable"]
    return Exhibit(
        "chart slope",
        title,
        _slopes(usable, names, moves, real, (previous_label, current_label), as_percent).svg(alt),
        lead=_("Only changes that pass the test (Holm's correction) are coloured."),
        note=sentences(
            n_text(usable["n"]),
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
    return f"{head} (%)" if as_percent else head


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
    height = max(GAP * len(rows) + 60, 270.0)
    canvas = Canvas(height)
    left, right, top, bottom = 150.0, 390.0, 44.0, height - 14
    values = pd.concat([rows["current"], rows["previous"]]).astype(float)
    down = scale(values.max(), values.min(), top, bottom)
    header(canvas, left, 12, waves[0] or _("previous wave"), room=220)
    header(canvas, right, 12, waves[1] or _("this wave"), room=220)
    before = spread([down(value) for value in rows["previous"]], GAP, top, bottom)
    after = spread([down(value) for value in rows["current"]], GAP, top, bottom)
    lines = records(rows)
    # What changed is drawn last, above the grey lines.
    for place in sorted(range(len(rows)), key=lambda place: real[place]):
        row = lines[place]
        rising = row["estimate"] > 0
        colour = (SATISFIED if rising else FOCUS) if real[place] else QUIET
        start, end = down(row["previous"]), down(row["current"])
        canvas.line([(left, start), (right, end)], colour, 2.5 if real[place] else 1.2)
        _leader(canvas, left - 6, start, left - 22, before[place])
        _leader(canvas, right + 6, end, right + 22, after[place])
        canvas.dot(left, start, colour, 8)
        canvas.dot(right, end, colour, 8)
        value = value_text(row["previous"], as_percent)
        canvas.text(left - 26, before[place], value, colour=MUTED, align="right")
        ink = colour if real[place] else INK
        value = value_text(row["current"], as_percent)
        canvas.text(right + 26, after[place], value, colour=ink, bold=True)
        words = names[place]
        ending = f" {'▲' if rising else '▼'} {moves[place]}" if real[place] else ""
        room = WIDTH - right - 72 - 9 * len(ending)
        ink = colour if real[place] else MUTED
        canvas.text(right + 68, after[place], fit(words, room) + ending, colour=ink)
    return canvas


def _leader(canvas: Canvas, x: float, y: float, to_x: float, to_y: float) -> None:
    """A fine line from a mark to its label where the label had to move."""
    if abs(to_y - y) > 3:
        canvas.line([(x, y), (to_x, to_y)])


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
    spoken = [
        f"{name} {value_text(value, as_percent)}"
        for name, value in zip(names, usable["estimate"], strict=True)
    ]
    alt = sentences(i18n.listing(spoken), n_text(usable["n"]))
    absent = [label(wave, labels) for wave in rows.loc[rows["estimate"].isna(), "wave"]]
    return Exhibit(
        "chart trend",
        title,
        _trend(usable, names, target, target_clause, as_percent).svg(alt),
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
    left, right, top, bottom = 52.0, WIDTH - 110, 20.0, 220.0
    canvas = Canvas(bottom + 44)
    low, high = extent(rows, target, as_percent)
    down = scale(low, high, bottom, top)
    places = ticks(low, high, 6)
    for place in places:
        canvas.line([(left, down(place)), (right + 20, down(place))])
        words = i18n.percent(place) if as_percent else i18n.number(place, 1)
        header(canvas, left - 8, down(place), words, "right")
    step = (right - left) / max(len(rows), 1)
    xs = [left + step * (place + 0.5) for place in range(len(rows))]
    if target is not None:
        canvas.line([(left, down(target)), (right + 20, down(target))], INK, 1.5, dashed=True)
        words = _("target {value}").format(value=value_text(target, as_percent))
        canvas.text(right + 26, down(target), words, colour=MUTED, size=SMALL, room=84)
        canvas.text(right + 26, down(target) + 15, target_clause, colour=MUTED, size=SMALL, room=84)
    if len(rows) > 1:
        ys = [down(value) for value in rows["estimate"]]
        canvas.line(list(zip(xs, ys, strict=True)), QUIET, 1.5)
    every = max(1, -(-len(rows) // 13))
    lines = records(rows)
    for place, (name, row, x) in enumerate(zip(names, lines, xs, strict=True)):
        if row["ci_low"] == row["ci_low"] and row["ci_high"] == row["ci_high"]:
            canvas.line([(x, down(row["ci_low"])), (x, down(row["ci_high"]))], SATISFIED, 3)
        canvas.dot(x, down(row["estimate"]), SATISFIED, 10)
        if (len(rows) - 1 - place) % every == 0:
            value = value_text(row["estimate"], as_percent)
            if len(rows) <= 8:
                rising = place + 1 < len(rows) and lines[place + 1]["estimate"] > row["estimate"]
                beside = down(row["estimate"]) + (13 if rising else -13)  # clear of the line
                canvas.text(x + 8, beside, value, bold=True)
            header(canvas, x, bottom + 16, fit(name, step * every - 6, SMALL))
            header(canvas, x, bottom + 32, fit(f"n = {row['n']:,.0f}", step * every - 4, SMALL))
    return canvas
