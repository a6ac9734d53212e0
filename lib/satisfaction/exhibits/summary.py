"""Figures in a row, figures in a table, and findings in sentences; each from Results alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import kpi_cards, note
from satisfaction.exhibits.tables import aligned
from satisfaction.exhibits.words import Labels, label, labelled, n_text, reason_text
from satisfaction.i18n import _
from satisfaction.methods.result import Result


def facts_cards(
    share: Result,
    mean: Result,
    spread: Result,
    items: Result,
    identity: Mapping[str, Any],
    labels: Labels,
) -> Exhibit:
    """Satisfied share, mean score, answers and the lowest item, each with its uncertainty."""
    row, score, deviation = (result.rows.iloc[0] for result in (share, mean, spread))
    n, invited = int(identity.get("sheets") or row["n"]), int(identity["invited"])
    rate = (
        _("response rate {rate}").format(rate=i18n.percent(n / invited))
        if invited
        else _("response rate not known")
    )
    cards = [
        (
            i18n.percent(row["estimate"]),
            _("Satisfied"),
            _("interval {interval}").format(interval=i18n.interval(row["ci_low"], row["ci_high"])),
            "neutral",
        ),
        (
            i18n.number(score["estimate"], 2),
            _("Mean score"),
            _("standard deviation {sd}").format(sd=i18n.number(deviation["estimate"], 2)),
            "neutral",
        ),
        (i18n.number(n), _("Answers"), rate, "neutral"),
    ]
    known = items.rows[items.rows["estimate"].notna()].sort_values("estimate", kind="stable")
    if len(known):
        lowest = known.iloc[0]
        cards.append(
            (
                label(lowest["item"], labels),
                _("Lowest item"),
                _("{share} satisfied, interval {interval}").format(
                    share=i18n.percent(lowest["estimate"]),
                    interval=i18n.interval(lowest["ci_low"], lowest["ci_high"]),
                ),
                "focus",
            )
        )
    return kpi_cards(cards)


def summary_table(
    share: Result,
    mean: Result,
    median: Result,
    spread: Result,
    labels: Labels,
    *,
    minimum_n: int = 10,
) -> Exhibit:
    """Per item: answers, satisfied share, mean, median, standard deviation (S0-16).

    Items with fewer than ``minimum_n`` answers are named, their figures withheld (S4-6).
    """
    figures = ["estimate", "ci_low", "ci_high"]
    few = share.rows.loc[share.rows["n"] < minimum_n, "item"]
    rows = share.rows.assign(
        **{name: share.rows[name].mask(share.rows["item"].isin(few)) for name in figures}
    )
    others = {
        name: result.rows[~result.rows["item"].isin(few)].set_index("item")
        for name, result in (("mean", mean), ("median", median), ("spread", spread))
    }
    averages = others["mean"].reindex(rows["item"])
    table = pd.DataFrame(
        {
            _("Item"): labelled(rows["item"], labels),
            _("Answers (n)"): [
                i18n.number(n) if n >= minimum_n else f"< {minimum_n}" for n in rows["n"]
            ],
            _("Satisfied"): [i18n.percent(p, 1) for p in rows["estimate"]],
            _("Interval"): [
                i18n.interval(low, high, 1)
                for low, high in zip(rows["ci_low"], rows["ci_high"], strict=True)
            ],
            _("Mean"): [i18n.number(m, 2) for m in averages["estimate"]],
            _("Interval of the mean"): [
                i18n.MISSING if pd.isna(low) else f"{low:.2f}–{high:.2f}"
                for low, high in zip(averages["ci_low"], averages["ci_high"], strict=True)
            ],
            _("Median"): [
                i18n.number(m, 1) for m in others["median"]["estimate"].reindex(rows["item"])
            ],
            _("Standard deviation"): [
                i18n.number(s, 2) for s in others["spread"]["estimate"].reindex(rows["item"])
            ],
        }
    )
    title = _("All items in figures")
    note_text = _("{n}. Weighted by stratum; level of the intervals {level}.").format(
        n=n_text(rows["n"]), level=i18n.percent(share.level)
    )
    body = f'<div class="scroll">{aligned(table)}</div>'
    return Exhibit("table", title, body, note=note_text, alt=title)


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
    target = i18n.percent(float(needed.stages["target"]), 1)
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
