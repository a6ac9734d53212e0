"""The funnel: how far from the common share chance alone takes a project of so many answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import axis_across, axis_room, axis_upwards, spread
from satisfaction.exhibits.canvas import NARROW, Canvas, Scale, header
from satisfaction.exhibits.comparison import known, value_text
from satisfaction.exhibits.crowd import MANY, listed_note, nearest
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import SMALL, widest
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, FRAME, MUTED, QUIET, SATISFIED
from satisfaction.exhibits.words import method_note, n_text, numbers, sentences
from satisfaction.i18n import _
from satisfaction.methods.result import Result

TOP, BOTTOM = 34.0, 254.0


def funnel_chart(funnel: Result, own: str, *, own_label: str = "", key: str = "project") -> Exhibit:
    """One project (``own``) among unnamed others, against the limits of ``peer_funnel``."""
    subject = _("Distance from projects of the same type")
    mine = (funnel.rows[key] == own).to_numpy()
    here = funnel.rows[mine]
    if here.empty or here["reason"].iloc[0]:
        alone = len(here) and here["reason"].iloc[0] == "too_few"
        others = _("only {peers} comparable projects of this type").format(
            peers=funnel.stages["others"]
        )
        return cannot_tell(subject, here, others if alone else "")
    row = here.iloc[0]
    shown = np.flatnonzero(funnel.rows["reason"] == "")
    peers = shown[~mine[shown]]
    title = _finding(row, funnel)
    inner, outer = funnel.level, float(funnel.stages["outer"])
    alt = sentences(
        title,
        _(
            "With {n} effective answers chance alone takes a project from {low} to {high}; "
            "{inside} of {k} other projects lie within their own lines"
        ).format(
            n=i18n.number(row["n_eff"]),
            low=i18n.percent(row["ci_low"]),
            high=i18n.percent(row["ci_high"]),
            inside=int((funnel.rows["direction"] == "none").to_numpy()[peers].sum()),
            k=len(peers),
        ),
    )
    estimates = funnel.rows["estimate"].to_numpy(dtype=float)
    ordered = shown[np.argsort(-estimates[shown], kind="stable")]
    listed = funnel.rows.iloc[ordered[nearest(int(np.argmax(mine[ordered])), len(peers))]]
    data = listed.assign(
        project=np.where(listed[key] == own, _("this project"), _("another project"))
    )
    return Exhibit(
        "chart funnel",
        title,
        _drawn(funnel.rows[["n_eff", "estimate"]].iloc[peers], row, funnel, own_label).html(alt),
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
            listed_note(len(peers)),
        ),
        alt=alt,
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
            _("{share} here: above the others' {centre}, outside all limits of chance")
            if row["direction"] == "above"
            else _("{share} here: below the others' {centre}, outside all limits of chance")
        )
    else:
        words = (
            _("{share} here: above the others' {centre}, outside the narrower limits of chance")
            if row["direction"] == "above"
            else _(
                "{share} here: below the others' {centre}, outside the narrower limits of chance"
            )
        )
    return words.format(share=i18n.percent(share), centre=i18n.percent(centre))


def _drawn(others: pd.DataFrame, own: pd.Series, funnel: Result, own_label: str) -> Canvas:
    centre, limits = float(funnel.stages["centre"]), funnel.stages["lines"]
    levels = (funnel.level, float(funnel.stages["outer"]))
    sizes = known(limits[["n_eff"]]) or [1.0, 2.0]
    least, most = min(sizes), max(sizes)
    shares = [*known(others[["estimate"]]), float(own["estimate"])]
    values = [*shares, *known(limits[["ci_low", "ci_high"]]), centre]
    air = 0.06 * (max(values) - min(values)) + 0.005
    low, high = max(min(values) - air, 0.0), min(max(values) + air, 1.0)
    ends = [(i18n.percent(centre), centre)]  # what the lines are, at their right ends
    for level, digits in zip(levels, (0, 1), strict=True):
        lower = limits.loc[limits["level"] == level, "ci_low"]
        if len(lower):
            words = _("{level} limits").format(level=i18n.percent(level, digits))
            ends.append((words, float(lower.iloc[-1])))
    right = widest([words for words, _end in ends], SMALL) + 8
    canvas = Canvas(BOTTOM + 42, axis_room(low, high, i18n.percent), right)
    down = axis_upwards(canvas, low, high, i18n.percent, TOP, BOTTOM)
    across = axis_across(canvas, least, most, i18n.number, TOP, BOTTOM, below=True, grid=False)
    header(canvas, 50, BOTTOM + 32, _("Effective number of answers"))
    _lines(canvas, limits, levels, across, down)
    canvas.line([(0, down(centre)), (100, down(centre))], MUTED, 1.5)
    places = spread([down(end) for _words, end in ends], [14] * len(ends), TOP, BOTTOM)
    for place, (words, _end) in zip(places, ends, strict=True):
        header(canvas, 100, place, words, "left", dx=8)
    xs = across(np.minimum(others["n_eff"].to_numpy(dtype=float), most))
    ys = down(others["estimate"].to_numpy(dtype=float))
    if len(others) > MANY:
        canvas.crowd(xs, ys, FRAME, 4)
    else:
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            canvas.dot(x, y, FRAME, 9)
    colour = FOCUS if own["direction"] == "below" else SATISFIED
    canvas.dot(across(min(float(own["n_eff"]), most)), down(float(own["estimate"])), colour, 11)
    words = f"{own_label} {value_text(float(own['estimate']), True)}".strip()
    canvas.dot(0, 12, colour, 11, dx=6)
    canvas.text(0, 12, words, dx=18, colour=colour, bold=True, room=NARROW - 80)
    return canvas


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
