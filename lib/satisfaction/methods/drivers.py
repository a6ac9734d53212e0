"""Which items go with the overall answer: their importance, with its uncertainty.

Everything here describes association among the answers of one wave. A high share says that
residents who rate the item well also rate the whole well, not that mending the item lifts the
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satisfaction.methods.decomposition import (
    SINGULAR,
    johnson_shares,
    redundant_items,
    shapley_shares,
    weighted_correlations,
)
from satisfaction.methods.result import Result

Array = NDArray[np.float64]

# Up to here all 2^p subsets are enumerated; beyond, Johnson's weights answer in p^3 operations.
EXACT_ITEMS = 12
# Matrices of so many draws are held at once: the last sweep levels then stay in the cache.
BATCH = 50
TOP = 3


def shapley_importance(
    data: pd.DataFrame,
    outcome: str,
    items: Sequence[str],
    *,
    weight: str | None = None,
    draws: int = 1000,
    seed: int,
    level: float = 0.95,
    minimum_n: int = 30,
) -> Result:
    """Each item's share in the R² of the outcome on all items (LMG = Shapley value).

    The share of an item is the R² that it adds, averaged over all orders in which the items can
    enter: sum over subsets S without it of |S|! (p-1-|S|)! / p! x (R²(S + item) - R²(S)), computed
    exactly from the weighted correlation matrix of the complete answers. With more than
    ``EXACT_ITEMS`` items Johnson's relative weights are used and ``method`` says so.

    Intervals are percentiles of ``draws`` bootstrap samples: respondents (clusters where there is
    a ``cluster`` column) are redrawn within ``stratum``. Shares cannot be negative, so the
    interval of an item without any association still begins a little above zero; and shares
    resampled so lean upwards in small samples.

    weight     column of weights; None takes the design column ``weight`` where there is one
    minimum_n  complete answers below which (or below items + 2) nothing is estimated

    Rows, by falling importance: ``item, estimate`` (in units of R²), ``std_error, ci_low, ci_high,
    share`` (of R², sums to 1), ``share_low, share_high, rank, rank_low, rank_high,
    top3_probability, tied_with`` (items whose difference to this one has a bootstrap interval
    covering 0), ``n, n_eff`` (Kish), ``method, reason``. An item that is a linear function of the
    others keeps its estimate (the sweep skips what is already explained, which equals a
    pseudo-inverse) with reason ``collinear``.

    Equals R's ``relaimpo::calc.relimp(type = "lmg")``; pingouin's ``relimp`` raises with weights.
    Sources: Lindeman, Merenda & Gold 1980; Grömping 2006; Johnson 2000.
    """
    exact = len(items) <= EXACT_ITEMS
    return _importance(
        data,
        outcome,
        items,
        decompose=shapley_shares if exact else johnson_shares,
        method="shapley" if exact else "johnson",
        weight=weight,
        draws=draws,
        seed=seed,
        level=level,
        minimum_n=minimum_n,
    )


def johnson_weights(
    data: pd.DataFrame,
    outcome: str,
    items: Sequence[str],
    *,
    weight: str | None = None,
    draws: int = 1000,
    seed: int,
    level: float = 0.95,
    minimum_n: int = 30,
) -> Result:
    """Johnson's (2000) relative weights; arguments and columns as `shapley_importance`.

    With R_xx = V D V', the orthogonal items nearest to the items have loadings L = V sqrt(D) V';
    the weight of item j is sum_k L_jk² b_k² with b = L^-1 r_xy. The weights sum to R².
    """
    return _importance(
        data,
        outcome,
        items,
        decompose=johnson_shares,
        method="johnson",
        weight=weight,
        draws=draws,
        seed=seed,
        level=level,
        minimum_n=minimum_n,
    )


def _importance(
    data: pd.DataFrame,
    outcome: str,
    items: Sequence[str],
    *,
    decompose: Callable[[Array], Array],
    method: str,
    weight: str | None,
    draws: int,
    seed: int,
    level: float,
    minimum_n: int,
) -> Result:
    items = list(items)
    _check_arguments(data, outcome, items, weight, draws, level)
    weight = weight or ("weight" if "weight" in data.columns else None)
    complete = data[data[[outcome, *items]].notna().all(axis=1)]
    # In a fixed order the same answers and seed give the same intervals, however they are stored.
    order = [outcome, *items, *([weight] if weight else [])]
    order += [c for c in ("stratum", "cluster") if c in data.columns]
    complete = complete.sort_values(order, kind="stable")
    weights = _weights(complete, weight)
    complete, weights = complete[weights > 0], weights[weights > 0]
    n = len(complete)
    incomplete = int(data[[outcome, *items]].isna().any(axis=1).sum())
    stages: dict[str, float] = {
        "items": len(items),
        "complete_cases": n,
        "rows_with_missing": incomplete,
    }
    exclusions = {"rows_with_missing": incomplete, "weight_zero": len(data) - incomplete - n}

    scores = complete[[*items, outcome]].to_numpy(dtype=float)
    varies = np.ptp(scores, axis=0) > 0 if n else np.zeros(len(items) + 1, dtype=bool)
    used = [item for item, v in zip(items, varies[:-1], strict=True) if v]
    if n < max(minimum_n, len(items) + 2):
        return _no_importance(items, "too_few", method, level, n, stages, exclusions)
    if not varies[-1] or not used:
        reason = "no_variation" if not varies[-1] else "constant"
        return _no_importance(items, reason, method, level, n, stages, exclusions)

    scores = scores[:, varies]
    whole = weighted_correlations(scores, weights[None, :])
    point = decompose(whole)[0]
    r_squared = float(point.sum())
    counts = _resampled_counts(complete, draws, np.random.default_rng(seed))
    resampled = np.concatenate(
        [
            decompose(weighted_correlations(scores, counts[i : i + BATCH] * weights))
            for i in range(0, draws, BATCH)
        ]
    )
    usable = resampled[resampled.sum(axis=1) > SINGULAR]
    stages |= {
        "r_squared": r_squared,
        "draws": draws,
        "draws_without_variation": draws - len(usable),
    }
    if r_squared <= SINGULAR or len(usable) < 2:
        return _no_importance(items, "no_variation", method, level, n, stages, exclusions)
    rows = pd.DataFrame(
        {
            "item": used,
            "estimate": point,
            "share": point / r_squared,
            **_bootstrap_columns(point, usable, used, level),
            "n": n,
            "n_eff": weights.sum() ** 2 / (weights**2).sum(),
            "method": method,
            "reason": np.where(redundant_items(whole[0, :-1, :-1]), "collinear", ""),
        }
    ).sort_values("rank", kind="stable")
    left_out = [item for item in items if item not in used]
    if left_out:
        rows = pd.concat([rows, _empty_rows(left_out, "constant", method, n)])
    return Result(_ordered(rows), method, level, n, stages, exclusions)


def _check_arguments(
    data: pd.DataFrame,
    outcome: str,
    items: list[str],
    weight: str | None,
    draws: int,
    level: float,
) -> None:
    wanted = [outcome, *items, *([weight] if weight else [])]
    unknown = [column for column in wanted if column not in data.columns]
    if unknown:
        raise ValueError(f"unknown columns: {', '.join(map(str, unknown))}")
    if not items:
        raise ValueError("importance needs at least one item")
    if len(set(items)) < len(items) or outcome in items:
        raise ValueError("each item may be named once, and the outcome is not an item")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    if draws < 2:
        raise ValueError(f"draws must be at least 2, not {draws}")


def _weights(complete: pd.DataFrame, weight: str | None) -> Array:
    if weight is None:
        return np.ones(len(complete))
    weights = complete[weight].to_numpy(dtype=float)
    if np.isnan(weights).any() or (weights < 0).any():
        raise ValueError(f"{weight} must be neither missing nor negative in a complete answer")
    return weights


def _resampled_counts(complete: pd.DataFrame, draws: int, random: np.random.Generator) -> Array:
    """How often each answer enters each draw: (draws, answers)."""
    n = len(complete)
    strata = complete["stratum"] if "stratum" in complete else pd.Series(0, complete.index)
    stratum = pd.factorize(strata, use_na_sentinel=False)[0]
    unit = np.arange(n)
    if "cluster" in complete:  # its code counts within a stratum only, where it is used
        unit = pd.factorize(complete["cluster"], use_na_sentinel=False)[0]
    counts = np.empty((draws, n))
    for code in np.unique(stratum):
        inside = np.flatnonzero(stratum == code)
        which, units = pd.factorize(unit[inside])
        drawn = random.multinomial(len(units), np.full(len(units), 1 / len(units)), size=draws)
        counts[:, inside] = drawn[:, which]
    return counts


def _bootstrap_columns(
    point: Array, resampled: Array, items: list[str], level: float
) -> dict[str, Array | list[str]]:
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(resampled, tails, axis=0)
    shares = resampled / resampled.sum(axis=1, keepdims=True)
    share_low, share_high = np.quantile(shares, tails, axis=0)
    ranks = (-resampled).argsort(axis=1, kind="stable").argsort(axis=1) + 1
    rank_low, rank_high = np.quantile(ranks, tails, axis=0, method="closest_observation")
    differences = resampled[:, :, None] - resampled[:, None, :]
    pair_low, pair_high = np.quantile(differences, tails, axis=0)
    tied = (pair_low <= 0) & (pair_high >= 0) & ~np.eye(len(items), dtype=bool)
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
        "tied_with": [
            ",".join(other for other, t in zip(items, row, strict=True) if t) for row in tied
        ],
    }


IMPORTANCE_COLUMNS = [
    *("item", "estimate", "std_error", "ci_low", "ci_high", "share", "share_low", "share_high"),
    *("rank", "rank_low", "rank_high", "top3_probability", "tied_with"),
    *("n", "n_eff", "method", "reason"),
]


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[IMPORTANCE_COLUMNS].reset_index(drop=True)


def _empty_rows(items: list[str], reason: str, method: str, n: int) -> pd.DataFrame:
    rows = pd.DataFrame(np.nan, index=range(len(items)), columns=IMPORTANCE_COLUMNS[1:13])
    rows = rows.astype({"tied_with": object})
    return rows.assign(item=items, tied_with="", n=n, n_eff=np.nan, method=method, reason=reason)


def _no_importance(
    items: list[str],
    reason: str,
    method: str,
    level: float,
    n: int,
    stages: Mapping[str, object],
    exclusions: Mapping[str, int],
) -> Result:
    rows = _ordered(_empty_rows(items, reason, method, n))
    return Result(rows, method, level, n, stages, exclusions)
