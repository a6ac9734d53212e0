"""The verdict in one look: share and interval on the scale of the grades, the target as a line."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import pairwise

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits import fonts
from satisfaction.exhibits.words import clean
from satisfaction.i18n import _

PHONE = 300.0  # px that the scale is wide where it is narrowest
LABEL = 11.0  # px


def gauge(
    row: pd.Series,
    target: float,
    cuts: Mapping[str, float],
    names: Mapping[str, str],
    digits: int = 0,
) -> str:
    """HTML of the scale from just below what is shown up to 100 %; "" without an interval.

    ``row`` has ``estimate, ci_low, ci_high``; ``cuts`` where each grade but the lowest begins
    (shares); ``names`` the words of the grades from the highest to the lowest; ``digits`` decimals.
    """
    if pd.isna(row["estimate"]) or pd.isna(row["ci_low"]):
        return ""
    lowest = min(row["ci_low"], target, *cuts.values())
    low = max(0.0, (int(100 * lowest) // 10 - 1) / 10)

    def at(share: float) -> float:
        return round(100 * (min(max(share, low), 1.0) - low) / (1 - low), 2)

    edges = sorted({low, 1.0, *(cut for cut in cuts.values() if low < cut < 1)})
    zones = []
    for start, end in pairwise(edges):
        grade = next((name for name in names if start >= cuts.get(name, 0.0)), "")
        word, width = clean(names.get(grade, "")), at(end) - at(start)
        fits = fonts.width(word, LABEL) < width / 100 * PHONE
        zones.append(
            f'<span class="zone" style="left:{at(start):g}%;width:{width:g}%">'
            f"{escape(word) if fits else ''}</span>"
        )
    span = f"left:{at(row['ci_low']):g}%;width:{at(row['ci_high']) - at(row['ci_low']):g}%"
    goal = _("target {target}").format(target=i18n.percent(target, digits))
    side = " before" if at(target) > 70 else ""
    said = _("Scale from {low} to 100%: {share}, interval {interval}; {goal}").format(
        low=i18n.percent(low),
        share=i18n.percent(row["estimate"], digits),
        interval=i18n.interval(row["ci_low"], row["ci_high"], digits),
        goal=goal,
    )
    return (
        f'<div class="gauge" role="img" aria-label="{escape(said)}">{"".join(zones)}'
        f'<span class="range" style="{span}"></span>'
        f'<span class="point" style="left:{at(row["estimate"]):g}%"></span>'
        f'<span class="goal{side}" style="left:{at(target):g}%"><b>{escape(goal)}</b></span></div>'
    )
