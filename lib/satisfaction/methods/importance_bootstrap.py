"""What resampled importances say: intervals, ranks, top three, and who cannot be told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOP = 3


def resampled_counts(data: pd.DataFrame, draws: int, random: np.random.Generator) -> Array:
    """How often each answer enters each draw: (draws, answers).

    Respondents (``cluster`` where there is one) are redrawn with replacement within ``stratum``.
    """
    n = len(data)
    strata = data["stratum"] if "stratum" in data else pd.Series(0, data.index)
    stratum = pd.factorize(strata, use_na_sentinel=False)[0]
    unit = np.arange(n)
    if "cluster" in data:  # its code counts within a stratum only, where it is used
        unit = pd.factorize(data["cluster"], use_na_sentinel=False)[0]
    counts = np.empty((draws, n))
    for code in np.unique(stratum):
        inside = np.flatnonzero(stratum == code)
        which, units = pd.factorize(unit[inside])
        drawn = random.multinomial(len(units), np.full(len(units), 1 / len(units)), size=draws)
        counts[:, inside] = drawn[:, which]
    return counts


def bootstrap_columns(
    point: Array, resampled: Array, items: list[str], level: float
) -> dict[str, Array | list[str]]:
    """Columns of the importance from the estimate (items,) and its draws (draws, items)."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(resampled, tails, axis=0)
    shares = resampled / resampled.sum(axis=1, keepdims=True)
    share_low, share_high = np.quantile(shares, tails, axis=0)
    ranks = (-resampled).argsort(axis=1, kind="stable").argsort(axis=1) + 1
    rank_low, rank_high = np.quantile(ranks, tails, axis=0, method="closest_observation")
    apart = told_apart(point, resampled, level)
    tied = ~apart & ~np.eye(len(items), dtype=bool)
    return {
        "std_error": resampled.std(axis=0, ddof=1),
        "ci_low": low,
        "ci_high": high,
        "share_low": share_low,
        "share_high": share_high,
        "rank": (-point).argsort(kind="stable").argsort() + 1.0,
        "rank_low": rank_low,
        "rank_high": rank_high,
        "top3_probability": (ranks <= TOP).mean(axis=0),
        "tier": tiers(point, apart),
        "tied_with": [
            ",".join(other for other, t in zip(items, row, strict=True) if t) for row in tied
        ],
    }


def told_apart(point: Array, resampled: Array, level: float) -> NDArray[np.bool_]:
    """Pairs of items whose importances differ: (items, items), symmetric.

    Each item is held against all weaker ones at once: a weaker one differs where d > c SE, with c
    the ``level`` quantile of the largest (d* - mean d*) / SE among them, over the draws. So an item
    as strong as the strongest is told from the leading one with probability 1 - ``level`` (that
    this happens to any of many equals is likelier). Subset selection, Gupta 1965; comparisons with
    the best, Hsu 1984; the critical value resampled, Beran 1988.
    """
    order = np.argsort(-point, kind="stable")
    apart = np.zeros((len(point), len(point)), dtype=bool)
    for place, head in enumerate(order[:-1]):
        weaker = order[place + 1 :]
        drawn = resampled[:, [head]] - resampled[:, weaker]
        centre, error = drawn.mean(axis=0), drawn.std(axis=0, ddof=1)
        moves = error > 1e-9 * point.max()  # copies of one item never differ
        if not moves.any():
            continue
        deviation = (drawn[:, moves] - centre[moves]) / error[moves]
        critical = np.quantile(deviation.max(axis=1), level)
        apart[head, weaker] = moves & (point[head] - point[weaker] > critical * error)
    return apart | apart.T


def tiers(point: Array, apart: NDArray[np.bool_]) -> Array:
    """Group of each item, 1 = the leading one: (items,).

    A group reaches from its strongest item down to the last one that cannot be told apart from
    it, so that every item of a later group is weaker than the head of each earlier group.
    """
    order = np.argsort(-point, kind="stable")
    tier = np.empty(len(point))
    start, number = 0, 1
    while start < len(order):
        head = order[start]
        same = [place for place in range(start, len(order)) if not apart[head, order[place]]]
        end = same[-1] + 1
        tier[order[start:end]] = number
        start, number = end, number + 1
    return tier
