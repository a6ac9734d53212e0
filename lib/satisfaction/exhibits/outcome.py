"""What goes with the overall answer item by item, with and without the other items."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import Canvas
from satisfaction.exhibits.comparison import ROW, TOP, dot_plot, interval_mark, value_axis
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import rows_of, widest
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FRAME, QUIET, SATISFIED
from satisfaction.exhibits.records import records
from satisfaction.exhibits.suppression import without_small
from satisfaction.exhibits.words import (
    Labels,
    labelled,
    method_text,
    n_text,
    numbers,
    sentences,
    spoken,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result


def outcome_plot(
    related: Result,
    labels: Labels | None = None,
    partial: Result | None = None,
    *,
    minimum_n: int = 10,
) -> Exhibit:
    """Correlation of every item with the outcome, alone and with the other items held fixed.

    ``related`` rows of ``correlations(outcome=...)``, ``partial`` of ``partial_correlations``.
    """
    subject = _("Correlation with overall satisfaction")
    if partial is None or partial.rows["estimate"].isna().all():
        return dot_plot(
            related, labels, key="item_a", as_percent=False, minimum_n=minimum_n, subject=subject
        )
    alone = without_small(related.rows, minimum_n).rename(columns={"item_a": "item"})
    rest = without_small(partial.rows, minimum_n)
    ends = ["estimate", "ci_low", "ci_high", "p_holm", "reason"]
    rows = alone[["item", "n", *ends]].merge(
        rest[["item", *ends]], on="item", suffixes=("", "_partial"), validate="1:1"
    )
    usable = rows.dropna(subset=["estimate"])
    if usable.empty:
        return cannot_tell(subject, rows)
    usable = usable.sort_values("estimate", ascending=False, kind="stable")
    names = labelled(usable["item"], labels)
    own = (usable["p_holm_partial"] < 1 - partial.level).tolist()
    title = _finding([name for name, beyond in zip(names, own, strict=True) if beyond], len(names))
    alt = sentences(title, spoken(names, [i18n.number(r, 2) for r in usable["estimate"]]))
    left_out = labelled(rows.loc[rows["estimate"].isna(), "item"], labels)
    return Exhibit(
        "chart dots",
        title,
        _draw(usable, names, own).html(alt),
        lead=sentences(
            _("Dot and line: correlation with its {level} interval").format(
                level=i18n.percent(related.level)
            ),
            _(
                "Below it, smaller: what is left with the other items held fixed; "
                "grey: could be chance"
            ),
        ),
        note=sentences(
            n_text(usable["n"]),
            _("Method: {method}.").format(
                method=i18n.listing([method_text(related.method), method_text(partial.method)])
            ),
            _("Cannot tell: {items}.").format(items=i18n.listing(left_out)) if left_out else "",
        ),
        alt=alt,
        data=numbers(
            rows.rename(columns={f"{name}_partial": f"partial_{name}" for name in ends}),
            [
                *("item", "estimate", "ci_low", "ci_high", "n", "p_holm", "partial_estimate"),
                *("partial_ci_low", "partial_ci_high", "partial_p_holm", "reason"),
            ],
            labels,
        ),
    )


def _finding(beyond: list[str], of: int) -> str:
    if not beyond:
        return _(
            "No item goes with overall satisfaction beyond chance once the others are held fixed"
        )
    some = i18n.listing(beyond[:3]) + ("…" if len(beyond) > 3 else "")
    return _(
        "Beyond what the other items say, {k} of {m} items go with overall satisfaction: {items}"
    ).format(k=len(beyond), m=of, items=some)


def _draw(rows: pd.DataFrame, names: list[str], own: list[bool]) -> Canvas:
    lines = rows_of(names, TOP, ROW + 6)
    values = [i18n.number(value, 2) for value in rows["estimate"]]
    canvas = Canvas(lines.bottom + 8, lines.width + 14, widest(values, bold=True) + 14)
    ends = ("estimate", "ci_low", "ci_high")
    small = rows[[f"{end}_partial" for end in ends]].set_axis(list(ends), axis=1)
    both = pd.concat([rows[list(ends)], small])
    along = value_axis(canvas, both, TOP - 8, lines.bottom, 0.0, False)
    canvas.line([(along(0), TOP - 8), (along(0), lines.bottom)], FRAME)
    canvas.names(lines, gap=14)
    for middle, height in list(zip(lines.middles, lines.heights, strict=True))[1:]:
        canvas.rule(middle - height / 2)
    pairs = zip(lines.middles, records(rows), records(small), strict=True)
    for place, (middle, row, rest) in enumerate(pairs):
        interval_mark(canvas, along, row, middle - 5, SATISFIED)
        if rest["estimate"] == rest["estimate"]:
            colour = SATISFIED if own[place] else QUIET
            span = [(along(rest["ci_low"]), middle + 7), (along(rest["ci_high"]), middle + 7)]
            canvas.line(span, colour, 1.2)
            canvas.dot(along(rest["estimate"]), middle + 7, colour, 6)
    for middle, value in zip(lines.middles, values, strict=True):
        canvas.text(100, middle, value, dx=canvas.right, bold=True, align="right")
    return canvas
