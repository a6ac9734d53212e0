"""The funnel: how far from the common share chance alone takes a project of so many answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import SMALL, WIDTH, Canvas, Scale, header, scale, ticks
from satisfaction.exhibits.comparison import known, value_text
from satisfaction.exhibits.crowd import MANY, listed_note, nearest
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, FRAME, MUTED, QUIET, RULE, SATISFIED
from satisfaction.exhibits.words import method_note, n_text, numbers, sentences
from satisfaction.i18n import _
from satisfaction.methods.result import Result

LIMITS = ("ci_low", "ci_high", "outer_low", "outer_high")
LEFT, RIGHT, TOP, BOTTOM = 52.0, WIDTH - 84, 16.0, 236.0


def funnel_chart(funnel: Result, own: str, *, own_label: str = "", key: str = "project") -> Exhibit:
    """One project (``own``) among unnamed others, against the limits of ``peer_funnel``."""
    subject = _("Distance from projects of the same type")
    here = funnel.rows[funnel.rows[key] == own]
    if here.empty or here["reason"].iloc[0]:
        alone = len(here) and here["reason"].iloc[0] == "too_few"
        others = _("only {peers} comparable projects of this type").format(
            peers=funnel.stages["others"]
        )
        return cannot_tell(subject, here, others if alone else "")
    row = here.iloc[0]
    shown = funnel.rows[funnel.rows["reason"] == ""]
    title = _finding(row, funnel)
    inner, outer = funnel.level, float(funnel.stages["outer"])
    ordered = shown.sort_values("estimate", ascending=False, kind="stable")
    listed = ordered.iloc[nearest(int(np.argmax(ordered[key] == own)), len(ordered) - 1)]
    data = listed.assign(
        project=np.where(listed[key] == own, _("this project"), _("another project"))
    )
    return Exhibit(
        "chart funnel",
        title,
        _drawn(shown, row, funnel, own_label, key).svg(title),
        lead=_(
            "Dot: a project; the more answers, the further right. Lines: how far from the others' "
            "common {centre} chance alone would take it, in {inner} and {outer} of cases."
        ).format(
            centre=i18n.percent(funnel.stages["centre"]),
            inner=i18n.percent(inner),
            outer=i18n.percent(outer, 1),
        ),
        note=sentences(
            n_text([row["n"]]),
            method_note(funnel.method),
            _("One project in twenty lies outside the inner lines by chance alone"),
            listed_note(len(shown) - 1),
        ),
        alt=title,
        data=numbers(
            data,
            ["project", "estimate", "n_eff", "ci_low", "ci_high", "outer_low", "outer_high"],
            percent=["estimate", "ci_low", "ci_high", "outer_low", "outer_high"],
        ),
    )


def _finding(row: pd.Series, funnel: Result) -> str:
    share, centre = row["estimate"], float(funnel.stages["centre"])
    if row["direction"] == "none":
        words = _("{share} here: chance alone may explain the distance from the others' {centre}")
    elif row["beyond"] > funnel.level:
        words = (
            _("{share} here: further above the others' {centre} than chance takes a project")
            if row["direction"] == "above"
            else _("{share} here: further below the others' {centre} than chance takes a project")
        )
    else:
        words = (
            _("{share} here: above the others' {centre}, at the edge of what chance does")
            if row["direction"] == "above"
            else _("{share} here: below the others' {centre}, at the edge of what chance does")
        )
    return words.format(share=i18n.percent(share), centre=i18n.percent(centre))


def _drawn(rows: pd.DataFrame, own: pd.Series, funnel: Result, own_label: str, key: str) -> Canvas:
    canvas = Canvas(BOTTOM + 44)
    centre, limits = float(funnel.stages["centre"]), funnel.stages["lines"]
    levels = (funnel.level, float(funnel.stages["outer"]))
    sizes = known(limits[["n_eff"]]) or [1.0, 2.0]
    least, most = min(sizes), max(sizes)
    values = [*known(rows[["estimate"]]), *known(limits[["ci_low", "ci_high"]]), centre]
    air = 0.06 * (max(values) - min(values)) + 0.005
    low, high = max(min(values) - air, 0.0), min(max(values) + air, 1.0)
    across, down = scale(least, most, LEFT, RIGHT), scale(low, high, BOTTOM, TOP)
    for place in ticks(low, high, 6):
        canvas.line([(LEFT, down(place)), (RIGHT, down(place))], RULE)
        header(canvas, LEFT - 8, down(place), i18n.percent(place), "right")
    for place in ticks(least, most, 6):
        header(canvas, across(place), BOTTOM + 14, i18n.number(place))
    header(canvas, (LEFT + RIGHT) / 2, BOTTOM + 32, _("Effective number of answers"), room=420)
    _lines(canvas, limits, levels, across, down)
    canvas.line([(LEFT, down(centre)), (RIGHT, down(centre))], MUTED, 1.5)
    canvas.text(RIGHT + 8, down(centre), i18n.percent(centre), colour=MUTED, size=SMALL, room=74)
    others = rows.loc[rows[key] != own[key], ["n_eff", "estimate"]].to_numpy(dtype=float)
    places = [(across(min(size, most)), down(share)) for size, share in others.tolist()]
    if len(places) > MANY:
        canvas.crowd(places, FRAME, 4)
    else:
        for x, y in places:
            canvas.dot(x, y, FRAME, 9)
    x, y = across(min(float(own["n_eff"]), most)), down(float(own["estimate"]))
    colour = FOCUS if own["direction"] == "below" else SATISFIED
    canvas.dot(x, y, colour, 11)
    words = f"{own_label} {value_text(float(own['estimate']), True)}".strip()
    crossing = [down(centre), *(down(limit) for limit in known(own[list(LIMITS)].to_frame()))]
    beside = min((0, -15, 15, -24, 24), key=lambda step: _blocked(y + step, crossing) + abs(step))
    if x > WIDTH * 0.5:
        canvas.text(x - 12, y + beside, words, bold=True, align="right", room=x - LEFT - 16)
    else:
        canvas.text(x + 12, y + beside, words, bold=True, room=RIGHT - x - 16)
    return canvas


def _blocked(y: float, lines: list[float]) -> float:
    """Whether a line of text would lie on a line of the funnel, or outside the chart."""
    free = TOP <= y <= BOTTOM and all(abs(y - line) > 9 for line in lines)
    return 0.0 if free else 100.0


def _lines(
    canvas: Canvas, limits: pd.DataFrame, levels: tuple[float, float], across: Scale, down: Scale
) -> None:
    for level in levels:
        part = limits[limits["level"] == level]
        for side in ("ci_low", "ci_high"):
            points = [
                (across(size), down(limit))
                for size, limit in part[["n_eff", side]].to_numpy(dtype=float)
            ]
            if len(points) > 1:
                canvas.line(points, QUIET, 1.2, dashed=level == levels[0])
        if len(part):
            words = i18n.percent(level, 0 if level == levels[0] else 1)
            end = down(float(part["ci_low"].iloc[-1]))
            canvas.text(RIGHT + 8, end, words, colour=MUTED, size=SMALL, room=74)
