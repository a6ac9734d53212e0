"""The monthly series between its control limits (S3-6)."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import axis_room, axis_upwards, labels_along, scale
from satisfaction.exhibits.canvas import Canvas
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import SMALL, wide
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, INK, MUTED, NEUTRAL, QUIET, RULE, SATISFIED
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
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

FLAGS = {
    "beyond_limits": N_("outside the limits"),
    "run": N_("one of many months in a row on one side"),
}


def control_chart(result: Result, labels: Labels | None = None) -> Exhibit:
    """Months as dots between control limits; those that are more than chance in colour."""
    rows = result.rows
    usable = rows.dropna(subset=["estimate", "centre"]) if len(rows) else rows
    if usable.empty:
        months = int(result.stages.get("months", 0))
        why = _("only {months} months with enough answers").format(months=months)
        few = len(rows) == 0 or (rows["reason"] == "too_few").any()
        return cannot_tell(_("Monthly series"), rows, why if few else "")
    usable = usable.reset_index(drop=True)
    flagged = usable[usable["flag"] != ""]
    if len(flagged):
        title = _("More than chance: {months}").format(
            months=i18n.listing(
                [
                    _("{month} {value} ({why})").format(
                        month=label(row["wave"], labels),
                        value=i18n.percent(row["estimate"]),
                        why=_(FLAGS[row["flag"]]),
                    )
                    for row in records(flagged)
                ]
            )
        )
    else:
        title = _("No month out of {months} stands out from the usual ups and downs").format(
            months=len(usable)
        )
    values = [i18n.percent(share) for share in usable["estimate"]]
    alt = sentences(title, spoken(labelled(usable["wave"], labels), values))
    return Exhibit(
        "chart control",
        title,
        _chart(usable, labels).html(alt),
        lead=_(
            "Middle line: all months together, {centre}. Band: where months lie by chance."
        ).format(centre=i18n.percent(result.stages["centre"])),
        note=sentences(
            n_text(usable["n"]),
            method_note(result.method),
            _("Months vary {ratio} times as much as samples of their size.").format(
                ratio=i18n.number(result.stages["sigma_z"], 2)
            ),
            _("A signal: outside the band, or eight months in a row on one side."),
        ),
        alt=alt,
        data=numbers(
            rows.assign(flag=[_(FLAGS[code]) if code else "" for code in rows["flag"]]),
            ["wave", "estimate", "centre", "ci_low", "ci_high", "n", "flag", "reason"],
            labels,
            percent=["estimate", "centre", "ci_low", "ci_high"],
        ).rename(
            columns={
                f"{_('Interval from')} (%)": _("Limit from (%)"),
                f"{_('Interval to')} (%)": _("Limit to (%)"),
            }
        ),
    )


def _chart(rows: pd.DataFrame, labels: Labels | None) -> Canvas:
    top, bottom = 12.0, 196.0
    low = float(min(rows["ci_low"].min(), rows["estimate"].min()))
    high = float(max(rows["ci_high"].max(), rows["estimate"].max()))
    low, high = max(low - 0.03, 0.0), min(high + 0.03, 1.0)
    centre = float(rows["centre"].iloc[0])
    left, right = axis_room(low, high, i18n.percent), wide(i18n.percent(centre), SMALL) + 8
    canvas = Canvas(bottom, left, right)
    step = 100 / len(rows)
    xs = [step * (place + 0.5) for place in range(len(rows))]
    down = scale(low, high, bottom, top)
    upper, lower = (
        [
            (x + side * step / 2, down(limit))
            for x, limit in zip(xs, rows[end], strict=True)
            for side in (-1, 1)
        ]
        for end in ("ci_high", "ci_low")
    )
    canvas.area([*upper, *reversed(lower)], RULE)
    axis_upwards(canvas, low, high, i18n.percent, top, bottom, colour=NEUTRAL)
    canvas.line([(0, down(centre)), (100, down(centre))], INK, 1.2, dashed=True)
    canvas.text(100, down(centre), i18n.percent(centre), dx=8, colour=MUTED, size=SMALL)
    heights = [down(value) for value in rows["estimate"]]
    canvas.line(list(zip(xs, heights, strict=True)), QUIET, 1.2)
    flagged = rows["flag"] != ""
    for x, y, flag in zip(xs, heights, flagged, strict=True):
        canvas.dot(x, y, FOCUS if flag else SATISFIED, 11 if flag else 9)
    names = [str(row["wave"]) or label(row["wave"], labels) for row in records(rows)]
    counts = [f"n={count:,.0f}" for count in rows["n"]]
    canvas.height = labels_along(canvas, xs, bottom + 8, names, counts)
    return canvas
