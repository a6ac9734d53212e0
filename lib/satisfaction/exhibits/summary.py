"""Findings in sentences, each from Results alone."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import note
from satisfaction.exhibits.words import Labels, label, reason_text
from satisfaction.i18n import _
from satisfaction.methods.result import Result


def exclusion_note(bounds: Result) -> Exhibit:
    """How far the exclusion of blacklisted customers could move the result (S3-4)."""
    row = bounds.rows.iloc[0]
    if row["excluded_share"] == 0:
        return note(
            _("No household is excluded for being blacklisted"),
            [_("The result speaks for all eligible households (S3-4, S4-13).")],
        )
    if row["reason"]:
        return note(
            _("Effect of the exclusion: cannot tell"),
            [_("Why: {reason}.").format(reason=reason_text(str(row["reason"])))],
            "cannot_tell",
        )
    words = _(
        "{share} of the eligible households are excluded. If all of them were dissatisfied, "
        "{low} of all would be satisfied; if all were satisfied, {high}."
    ).format(
        share=i18n.percent(row["excluded_share"], 1),
        low=i18n.percent(row["ci_low"], 1),
        high=i18n.percent(row["ci_high"], 1),
    )
    title = _("Excluded customers could move the result down to {low}").format(
        low=i18n.percent(row["ci_low"], 1)
    )
    return note(title, [words, _("Bounds, not an interval (S3-4).")], "warning")


def conversion_note(needed: Result) -> Exhibit:
    """How many residents must be won over to reach the target (S3-12)."""
    rows = needed.rows.set_index("goal")
    point, sure = rows.loc["point"], rows.loc["interval"]
    goal = float(needed.stages["target"])
    target = i18n.percent(goal, 0 if round(100 * goal, 6).is_integer() else 1)
    if pd.isna(point["estimate"]):
        return note(
            _("Residents to win over: cannot tell"),
            [_("Why: {reason}.").format(reason=reason_text(str(point["reason"])))],
            "cannot_tell",
        )
    title = (
        _("The target of {target} is reached among those who answered").format(target=target)
        if point["estimate"] == 0
        else _("{k} more of {n} would have to be satisfied to reach {target}").format(
            k=i18n.number(point["estimate"]), n=i18n.number(point["n"]), target=target
        )
    )
    neutral = int(needed.stages["neutral"])
    parts = [
        _(
            "{count} gave the score just below satisfied: they are the nearest to be won (S3-9)."
        ).format(count=i18n.number(neutral)),
        _("No number of these answers would prove the target.")
        if pd.isna(sure["estimate"])
        else _("So that the whole interval reaches the target: {k} more.").format(
            k=i18n.number(sure["estimate"])
        ),
        _("Counts of answer sheets, not weighted (S3-12)."),
    ]
    return note(title, parts)


def advice_note(items: Result, low: Sequence[str], labels: Labels) -> Exhibit:
    """Where to look first: items that are low beyond chance (S0-20, S0-21)."""
    known = items.rows[items.rows["estimate"].notna()].sort_values("estimate", kind="stable")
    if not len(known):
        return note(
            _("Where to look first: cannot tell"), [_("There are no answers.")], "cannot_tell"
        )
    if not low:
        lowest = label(known["item"].iloc[0], labels)
        return note(
            _("No item is low beyond chance"),
            [
                _("“{item}” is the lowest, but its interval reaches the items' average.").format(
                    item=lowest
                )
            ],
        )
    names = i18n.listing([label(item, labels) for item in low])
    return note(
        _("Look first at: {items}").format(items=names),
        [
            _("Their whole interval lies below the average of all items (S0-20)."),
            _("Set a measure with owner, deadline, metric and target for each (S0-27)."),
            _("Which items matter most to residents: see the report on drivers."),
        ],
    )


def detectable_note(change: Result) -> Exhibit:
    """The change that this pair of waves could have shown, said before the result."""
    row = change.rows.iloc[0]
    if pd.isna(row["detectable"]):
        return note(
            _("Detectable change: cannot tell"),
            [_("Why: {reason}.").format(reason=reason_text(str(row["reason"])))],
            "cannot_tell",
        )
    return note(
        _("A change of ±{points} points or more could be seen").format(
            points=i18n.points(row["detectable"]).lstrip("+")
        ),
        [
            _(
                "With {n} answers now and {before} before, a true change of this size is found in "
                "{power} of cases. Smaller true changes are more likely missed: not found is not "
                "the same as not there."
            ).format(
                n=i18n.number(row["n"]),
                before=i18n.number(row["n_previous"]),
                power=i18n.percent(change.stages["power"]),
            )
        ],
    )


def comparability_note(kept: Sequence[str], lost: Sequence[str], labels: Labels) -> Exhibit:
    """Which items may be compared with the last wave, and which may not."""
    title = _("Comparable items: {kept}; not comparable: {lost}").format(
        kept=len(kept), lost=len(lost)
    )
    if not lost:
        return note(title, [_("All items were asked in the same words.")])
    names = i18n.listing([label(item, labels) for item in lost])
    return note(
        title, [_("New or reworded, left out of the comparison: {items}.").format(items=names)]
    )


def next_time_note(items: Sequence[str], labels: Labels) -> Exhibit:
    """What the next wave can be compared on, where there is no earlier one."""
    names = i18n.listing([label(item, labels) for item in items])
    return note(
        _("There is no earlier wave of this kind"),
        [
            _("Next time these items can be compared, if their wording stays: {items}.").format(
                items=names
            )
        ],
        "cannot_tell",
    )
