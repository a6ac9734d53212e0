"""Many tests at once: p-values that stay honest together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


METHODS = ("holm", "hommel", "hochberg", "bonferroni", "fdr_bh", "fdr_by", "none")


def adjusted_p_values(p_values: npt.ArrayLike, method: str = "holm") -> Array:
    """p-values adjusted for their number: ``holm`` in a report, ``fdr_bh`` over a portfolio.

    Of m p-values, the i-th smallest is multiplied by

    - holm, hochberg  m - i + 1, made monotone from below (holm) or from above (hochberg)
    - fdr_bh, fdr_by  m / i (by: times sum 1/i too, for any dependence), monotone from above
    - bonferroni      m

    and cut at 1; hommel (1988) is the closed test with Simes' inequality. NaN (not tested) stays
    NaN and does not count. Equals R's ``p.adjust``; statsmodels' ``multipletests`` gives the same,
    but collects garbage at every call (60 ms). ValueError for another method.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    p = np.asarray(p_values, dtype=float)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    ranked, count = p[order], len(order)
    place = np.arange(1, count + 1)
    if method == "holm":
        raised = np.maximum.accumulate(ranked * (count - place + 1))
    elif method == "hochberg":
        raised = _from_above(ranked * (count - place + 1))
    elif method == "hommel":
        raised = _hommel(ranked)
    elif method in ("fdr_bh", "fdr_by"):
        dependence = (1 / place).sum() if method == "fdr_by" else 1.0
        raised = _from_above(ranked * dependence * count / place)
    else:
        raised = ranked * (count if method == "bonferroni" else 1)
    adjusted = np.full(p.shape, np.nan)
    adjusted[order] = np.minimum(raised, 1)
    return adjusted


def _from_above(values: Array) -> Array:
    """Each value, or a later one if that is smaller."""
    return np.minimum.accumulate(values[::-1])[::-1]


def _hommel(ranked: Array) -> Array:
    """Over every size j of an intersection of hypotheses: Simes' bound for each p in it.

    The intersections of size j that reject p_i last hold the j - 1 largest others: their bound is
    min over k of j p_(m-j+k) / k. p_i itself enters as the smallest (j p_i) of those it leads.
    """
    count = len(ranked)
    raised = ranked.copy()
    for size in range(2, count + 1):
        largest = ranked[count - size + 1 :]
        bound = (size * largest / np.arange(2, size + 1)).min()
        led = np.minimum(size * ranked, bound)
        led[count - size + 1 :] = bound
        raised = np.maximum(raised, led)
    return raised


def significant_changes(
    changes: npt.ArrayLike, p_values: npt.ArrayLike, *, rate: float = 0.05, direction: str = "down"
) -> npt.NDArray[np.bool_]:
    """Which of many projects moved: of these claims, a share ``rate`` is expected to be false.

    Benjamini & Hochberg (1995) over all projects of a wave, on one-sided p-values: half the
    two-sided p where the project moved in ``direction`` (down, up), else 1 minus that half. So the
    rate holds for the drops (or rises) named, not for drops and rises taken together. It holds
    for independent projects; ``both`` tests two-sided.

    ``changes`` current - previous, ``p_values`` two-sided, not adjusted; NaN in either is not
    tested, does not count and is never claimed. Equals ``p.adjust(p, "BH") <= rate`` in R.
    """
    if not 0 < rate < 1:
        raise ValueError(f"the rate must lie between 0 and 1, not {rate!r}")
    if direction not in ("down", "up", "both"):
        raise ValueError(f"direction must be down, up or both, not {direction!r}")
    change, p = np.asarray(changes, dtype=float), np.asarray(p_values, dtype=float)
    if change.shape != p.shape:
        raise ValueError("changes and p_values must be of one length")
    if direction != "both":
        towards = change < 0 if direction == "down" else change > 0
        p = np.where(towards, p / 2, 1 - p / 2)
    adjusted = adjusted_p_values(np.where(np.isnan(change), np.nan, p), "fdr_bh")
    return np.nan_to_num(adjusted, nan=1.0) <= rate
