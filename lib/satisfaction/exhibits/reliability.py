"""How well the items of each dimension hold together."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.tables import aligned, interval_text
from satisfaction.exhibits.words import (
    Labels,
    header_text,
    label,
    labelled,
    method_note,
    n_text,
    numbers,
    reason_text,
    sentences,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

NUMBERS = [
    *("dimension", "n_items", "n", "estimate", "ci_low", "ci_high", "std_error", "alpha_std"),
    *("lambda6", "omega_total", "alpha_without", "reason"),
]


def reliability_table(reliability: Result, labels: Labels) -> Exhibit:
    """Alpha and omega of every dimension, and the item that does not belong, if there is one.

    Rows of ``dimension_reliability``. A remark stands only where something cannot be told or alpha
    would rise beyond its interval without an item.
    """
    rows = reliability.rows
    known = rows[rows["estimate"].notna()]
    if known.empty:
        return cannot_tell(_("Reliability of the dimensions"), rows)
    least = known.iloc[int(known["estimate"].to_numpy().argmin())]
    words = (
        _("“{dimension}” holds together least: Cronbach’s alpha {alpha}")
        if len(known) > 1
        else _("Cronbach’s alpha of “{dimension}”: {alpha}")
    )
    title = words.format(
        dimension=label(least["dimension"], labels), alpha=i18n.number(least["estimate"], 2)
    )
    shown = {
        header_text("dimension"): labelled(rows["dimension"], labels),
        _("Items"): [i18n.number(k) for k in rows["n_items"]],
        header_text("n"): [i18n.number(n) for n in rows["n"]],
        _("Cronbach’s alpha"): [i18n.number(alpha, 2) for alpha in rows["estimate"]],
        _("Interval"): [
            interval_text(low, high, as_percent=False)
            for low, high in zip(rows["ci_low"], rows["ci_high"], strict=True)
        ],
        header_text("omega_total"): [i18n.number(omega, 2) for omega in rows["omega_total"]],
    }
    remarks = [_remark(row, labels) for _place, row in rows.iterrows()]
    if any(remarks):
        shown[header_text("reason")] = remarks
    spoken = [
        _("{subject}: {remark}").format(subject=label(name, labels), remark=remark)
        for name, remark in zip(rows["dimension"], remarks, strict=True)
        if remark
    ]
    return Exhibit(
        "table",
        title,
        aligned(pd.DataFrame(shown)),
        lead=_("How far the items of a dimension measure the same thing: 0 not at all, 1 exactly."),
        note=sentences(
            n_text(known["n"]),
            _("Complete answers, unweighted."),
            method_note(reliability.method),
        ),
        alt=sentences(title, *spoken),
        data=numbers(rows, NUMBERS, labels),
    )


def _remark(row: pd.Series, labels: Labels) -> str:
    if row["drop_item"]:
        return _("{alpha} without “{item}”").format(
            alpha=i18n.number(row["alpha_without"], 2), item=label(row["drop_item"], labels)
        )
    if not row["reason"]:
        return ""
    return _("cannot tell: {reason}").format(reason=reason_text(row["reason"]))
