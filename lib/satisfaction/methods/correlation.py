"""How strongly pairs of items go together: rank and product-moment correlations with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special  # the functions behind scipy.stats, which takes a second to import

from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result

Array = NDArray[np.float64]

METHODS = ("spearman", "kendall", "pearson")


def correlations(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    outcome: str | None = None,
    method: str = "spearman",
    level: float = 0.95,
    minimum_n: int = 10,
) -> Result:
    """Correlation of every pair of items, or of each item with ``outcome`` only.

    Unweighted, on the answers that a pair has in common (pairwise n). Ties get mean ranks;
    ``kendall`` is tau-b. Intervals: Fisher's z, z = atanh(r), with variance

    - pearson   1 / (n - 3)
    - spearman  (1 + r²/2) / (n - 3)      Bonett & Wright 2000
    - kendall   0.437 / (n - 4)           Fieller, Hartley & Pearson 1957

    p-values: t with n - 2 degrees of freedom for Pearson and Spearman (as ``psych::corr.test``; R's
    ``cor.test`` uses exact tables for Spearman below n = 10 without ties), the tie-corrected normal
    approximation for Kendall. ``p_holm`` adjusts over all pairs of this call as one family.

    Rows: ``item_a, item_b, estimate, ci_low, ci_high, n, p_value, p_holm, method, reason``; reason
    ``too_few`` below ``minimum_n`` common answers (never fewer than 5), ``constant`` where an item
    does not vary among them.
    """
    items = list(items)
    columns = items if outcome is None else [*items, outcome]
    unknown = [c for c in columns if c not in data.columns]
    if unknown:
        raise ValueError(f"unknown columns: {', '.join(map(str, unknown))}")
    if len(set(columns)) < len(columns):
        raise ValueError("each item may be named once, and the outcome is not an item")
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")

    scores = data[columns].to_numpy(dtype=float)
    position = {c: i for i, c in enumerate(columns)}
    pairs = list(combinations(items, 2)) if outcome is None else [(i, outcome) for i in items]
    a = np.array([position[first] for first, _ in pairs], dtype=int)
    b = np.array([position[second] for _, second in pairs], dtype=int)
    n, estimate, p_value = _pairs(scores, a, b, method)
    rows = pd.DataFrame(
        {
            "item_a": [first for first, _ in pairs],
            "item_b": [second for _, second in pairs],
            "estimate": estimate,
            "n": n,
            "p_value": p_value,
        }
    )
    too_few = rows["n"] < max(minimum_n, 5)
    rows.loc[too_few, ["estimate", "p_value"]] = np.nan
    rows["reason"] = np.where(too_few, "too_few", np.where(rows["estimate"].isna(), "constant", ""))
    rows["p_holm"] = adjusted_p_values(rows["p_value"].to_numpy(dtype=float))
    rows["ci_low"], rows["ci_high"] = _fisher_interval(rows["estimate"], rows["n"], method, level)
    rows["method"] = method
    order = ["item_a", "item_b", "estimate", "ci_low", "ci_high", "n", "p_value", "p_holm"]
    return Result(
        rows[[*order, "method", "reason"]],
        method,
        level,
        int(n.max()) if len(n) else 0,
        {"pairs": len(pairs), "pairs_tested": int(rows["p_value"].notna().sum())},
    )


def correlation_matrix(result: Result) -> pd.DataFrame:
    """The pairs of `correlations` as a square symmetric frame, 1 on the diagonal."""
    rows = result.rows
    names = list(dict.fromkeys([*rows["item_a"], *rows["item_b"]]))
    square = pd.DataFrame(np.nan, index=names, columns=names)
    for first, second, r in zip(rows["item_a"], rows["item_b"], rows["estimate"], strict=True):
        square.loc[first, second] = square.loc[second, first] = r
    for name in names:
        square.loc[name, name] = 1.0
    return square


def _pairs(scores: Array, a: Array, b: Array, method: str) -> tuple[Array, Array, Array]:
    """Common answers, estimate and p-value of each pair of columns a[i], b[i]."""
    known = ~np.isnan(scores)
    n = (known.T.astype(int) @ known.astype(int))[a, b]
    if method == "kendall":
        estimate, p_value = _kendall(scores, known, a, b)
        return n, estimate, p_value
    if known.all() and len(scores):
        ranked = _ranks(scores) if method == "spearman" else scores
        estimate = _product_moment(ranked[:, a], ranked[:, b])
    else:
        estimate = np.full(len(a), np.nan)
        for i, (first, second) in enumerate(zip(a, b, strict=True)):
            both = scores[known[:, first] & known[:, second]][:, [first, second]]
            if len(both) > 2:
                both = _ranks(both) if method == "spearman" else both
                estimate[i] = _product_moment(both[:, :1], both[:, 1:])[0]
    df = np.maximum(n - 2, 1)
    with np.errstate(divide="ignore"):  # r = 1 has t = infinity and p = 0, which is meant
        statistic = np.abs(estimate) * np.sqrt(df / (1 - estimate**2))
    return n, estimate, 2 * special.stdtr(df, -statistic)


def _ranks(scores: Array) -> Array:
    """Ranks within each column; ties get their mean rank."""
    ranks = []
    for column in scores.T:
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(count) - (count - 1) / 2)[place])
    return np.column_stack(ranks)


def _product_moment(x: Array, y: Array) -> Array:
    """Pearson's r column by column; NaN where a column is constant."""
    varies = (np.ptp(x, axis=0) > 0) & (np.ptp(y, axis=0) > 0)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    r = (x * y).sum(axis=0) / np.where(varies, scale, 1)
    return np.where(varies, np.clip(r, -1, 1), np.nan)


def _kendall(scores: Array, known: NDArray[np.bool_], a: Array, b: Array) -> tuple[Array, Array]:
    from scipy.stats import kendalltau  # no report needs it

    estimate, p_value = np.full(len(a), np.nan), np.full(len(a), np.nan)
    for i, (first, second) in enumerate(zip(a, b, strict=True)):
        both = scores[known[:, first] & known[:, second]][:, [first, second]]
        if len(both) > 2 and (np.ptp(both, axis=0) > 0).all():
            found = kendalltau(both[:, 0], both[:, 1], method="asymptotic")
            estimate[i], p_value[i] = found.statistic, found.pvalue
    return estimate, p_value


def _fisher_interval(
    estimate: pd.Series, n: pd.Series, method: str, level: float
) -> tuple[pd.Series, pd.Series]:
    variance = {
        "pearson": 1 / (n - 3).clip(lower=1),
        "spearman": (1 + estimate**2 / 2) / (n - 3).clip(lower=1),
        "kendall": 0.437 / (n - 4).clip(lower=1),
    }[method]
    with np.errstate(divide="ignore"):  # atanh(±1) is infinite: the interval closes on ±1
        z = np.arctanh(estimate)
    half = special.ndtri((1 + level) / 2) * np.sqrt(variance)
    return np.tanh(z - half), np.tanh(z + half)
