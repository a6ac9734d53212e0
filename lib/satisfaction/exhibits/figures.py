"""The survey's figures: a few in a row, and those of every item in a table; from Results alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import kpi_cards
from satisfaction.exhibits.tables import aligned
from satisfaction.exhibits.words import (
    Labels,
    label,
    labelled,
    method_note,
    method_text,
    n_text,
    sentences,
    some,
)
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
    title = (
        _("Nobody gave a score for overall satisfaction")
        if pd.isna(row["estimate"])
        else _("{share} are satisfied ({n} answer sheets), mean score {mean}").format(
            share=i18n.percent(row["estimate"]),
            n=i18n.number(row["n"]),
            mean=i18n.number(score["estimate"], 2),
        )
    )
    words = sentences(n_text([row["n"]]), method_note(share.method))
    return replace(kpi_cards(cards), title=title, note=words)


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
    title = _means_finding(averages["estimate"], labels)
    note_text = sentences(
        n_text(rows.loc[rows["n"] >= minimum_n, "n"]),
        _("Method: {method}.").format(
            method=i18n.listing([method_text(share.method), method_text(mean.method)])
        ),
        _("Weighted by stratum; level of the intervals {level}.").format(
            level=i18n.percent(share.level)
        ),
    )
    lead = _("Each row: an item, its satisfied share and its mean score, each with its interval.")
    return Exhibit("table", title, aligned(table), lead=lead, note=note_text, alt=title, data=table)


def _means_finding(means: pd.Series, labels: Labels) -> str:
    known = means.dropna().sort_values(ascending=False, kind="stable")
    if known.empty:
        return _("No item has enough answers for a mean score")
    high, low = (i18n.number(known.iloc[place], 2) for place in (0, -1))
    if high == low:
        return _("Mean score {mean} ({items})").format(
            mean=high, items=some(labelled(known.index, labels))
        )
    return _("Mean scores from {high} ({best}) down to {low} ({worst})").format(
        high=high,
        best=label(known.index[0], labels),
        low=low,
        worst=label(known.index[-1], labels),
    )
