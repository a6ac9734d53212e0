"""The monthly series between its control limits (S3-6)."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import SMALL, WIDTH, Canvas, fit, header, scale, ticks
from satisfaction.exhibits.exhibit import Exhibit
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
    alt = sentences(title, n_text(usable["n"]))
    return Exhibit(
        "chart control",
        title,
        _chart(usable, labels).svg(alt),
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
    left, right, top, bottom = 52.0, WIDTH - 70, 20.0, 200.0
    canvas = Canvas(bottom + 40)
    low = float(min(rows["ci_low"].min(), rows["estimate"].min()))
    high = float(max(rows["ci_high"].max(), rows["estimate"].max()))
    down = scale(max(low - 0.03, 0.0), min(high + 0.03, 1.0), bottom, top)
    step = (right - left) / len(rows)
    xs = [left + step * (place + 0.5) for place in range(len(rows))]
    for x, upper, lower in zip(xs, rows["ci_high"], rows["ci_low"], strict=True):
        canvas.bar(x - step / 2, down(upper), x + step / 2 + 0.5, down(lower), RULE)
    for place in ticks(max(low - 0.03, 0.0), min(high + 0.03, 1.0), 6):
        canvas.line([(left, down(place)), (right, down(place))], NEUTRAL, 0.7)
        header(canvas, left - 8, down(place), i18n.percent(place), "right")
    centre = float(rows["centre"].iloc[0])
    canvas.line([(left, down(centre)), (right, down(centre))], INK, 1.2, dashed=True)
    canvas.text(right + 8, down(centre), i18n.percent(centre), colour=MUTED, size=SMALL)
    heights = [down(value) for value in rows["estimate"]]
    canvas.line(list(zip(xs, heights, strict=True)), QUIET, 1.2)
    every = max(1, -(-len(rows) // 13))
    names = labelled(rows["wave"], labels)
    for place, (x, y, row) in enumerate(zip(xs, heights, records(rows), strict=True)):
        flagged = bool(row["flag"])
        canvas.dot(x, y, FOCUS if flagged else SATISFIED, 11 if flagged else 9)
        if (len(rows) - 1 - place) % every == 0:
            header(
                canvas,
                x,
                bottom + 14,
                fit(str(row["wave"]) or names[place], step * every - 4, SMALL),
            )
            header(canvas, x, bottom + 30, fit(f"n={row['n']:,.0f}", step * every - 2, SMALL))
    return canvas
