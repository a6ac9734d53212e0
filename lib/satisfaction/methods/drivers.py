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
    johnson_shares,
    redundant_items,
    shapley_shares,
    weighted_correlations,
)
from satisfaction.methods.driver_answers import MISSING, entering_sheets, usable_items
from satisfaction.methods.importance_bootstrap import bootstrap_columns, resampled_counts
from satisfaction.methods.pairwise import SINGULAR, pairwise_moments
from satisfaction.methods.result import Result

Array = NDArray[np.float64]

# Up to here all 2^p subsets are enumerated; beyond, Johnson's weights answer in p^3 operations.
EXACT_ITEMS = 12
# Matrices of so many draws are held at once: the last sweep levels then stay in the cache.
BATCH = 50


def shapley_importance(
    data: pd.DataFrame,
    outcome: str,
    items: Sequence[str],
    *,
    weight: str | None = None,
    missing: str = "pairwise",
    draws: int = 1000,
    seed: int,
    level: float = 0.95,
    minimum_n: int = 30,
) -> Result:
    """Each item's share in the R² of the outcome on all items (LMG = Shapley value).

    The share of an item is the R² that it adds, averaged over all orders in which the items can
    enter: sum over subsets S without it of |S|! (p-1-|S|)! / p! x (R²(S + item) - R²(S)), computed
    exactly from the weighted correlation matrix. With more than ``EXACT_ITEMS`` items Johnson's
    relative weights are used and ``method`` says so.

    missing    what a gap ("don't know") costs: ``"pairwise"`` correlates each pair on the answers
               that it has in common (R ``cor(use = "pairwise.complete.obs")``, mended to a
               correlation matrix where it is none); ``"complete"`` drops the whole sheet, as R's
               ``calc.relimp``. In 150 simulated surveys of 330 sheets x 15 items, half of them
               with a gap, the shares' root mean square error was .025 pairwise, .025 by normal
               maximum likelihood (EM), .029-.039 complete (.024 without gaps), also where
               gaps depend on the other answers (``benchmarks/missing_answers.py``)
    weight     column of weights; None takes the design column ``weight`` where there is one
    minimum_n  answers below which (or below items + 2) an item is not estimated: each pair of
               items needs so many in common; with ``"complete"`` so many complete sheets

    Intervals are percentiles of ``draws`` bootstrap samples: respondents (clusters where there is
    a ``cluster`` column) are redrawn within ``stratum``. Shares cannot be negative, so the
    interval of an item without any association still begins a little above zero; and shares
    resampled so lean upwards in small samples.

    Rows, by falling importance: ``item, estimate`` (in units of R²), ``std_error, ci_low, ci_high,
    share`` (of R², sums to 1), ``share_low, share_high, rank, rank_low, rank_high,
    top3_probability, tier`` (1 = the leading group that cannot be told apart), ``tied_with`` (items
    that cannot be told from this one), ``n`` (answers in common with the
    outcome), ``n_eff`` (Kish), ``method, reason``. An item that is a linear function of the others
    keeps its estimate (the sweep skips what is already explained, which equals a pseudo-inverse)
    with reason ``collinear``. Stages: ``sheets, complete_cases, smallest_pair`` (fewest answers
    that two questions have in common), ``missing_share`` (of the answers of the sheets used).

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
        missing=missing,
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
    missing: str = "pairwise",
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
        missing=missing,
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
    missing: str,
    draws: int,
    seed: int,
    level: float,
    minimum_n: int,
) -> Result:
    items = list(items)
    _check_arguments(data, outcome, items, weight, missing, draws, level)
    weight = weight or ("weight" if "weight" in data.columns else None)
    sheets, weights, exclusions = entering_sheets(data, outcome, items, weight, missing)
    n = len(sheets)
    stages: dict[str, object] = {
        "items": len(items),
        "missing": missing,
        "sheets": len(data),
        "complete_cases": int(sheets[items].notna().all(axis=1).sum()),
        "rows_with_missing": int(data[[outcome, *items]].isna().any(axis=1).sum()),
    }
    scores = sheets[[*items, outcome]].to_numpy(dtype=float)
    used, reasons = usable_items(scores, items, max(minimum_n, len(items) + 2))
    if not used:
        return _no_importance(items, reasons, method, level, n, stages, exclusions)
    scores = scores[:, [*used, -1]]
    answered = ~np.isnan(scores)
    common = answered.T.astype(float) @ answered
    point = decompose(weighted_correlations(scores, weights[None, :]))[0]
    plain = pairwise_moments(scores, weights).correlation  # as it is, not mended
    r_squared = float(point.sum())
    counts = resampled_counts(sheets, draws, np.random.default_rng(seed))
    resampled = np.concatenate(
        [
            decompose(weighted_correlations(scores, counts[i : i + BATCH] * weights))
            for i in range(0, draws, BATCH)
        ]
    )
    usable = resampled[resampled.sum(axis=1) > SINGULAR]
    stages |= {
        "smallest_pair": int(common.min()),
        "missing_share": float(1 - answered.mean()),
        "r_squared": r_squared,
        "draws": draws,
        "draws_without_variation": draws - len(usable),
    }
    if r_squared <= SINGULAR or len(usable) < 2:
        reasons = ["no_variation"] * len(items)
        return _no_importance(items, reasons, method, level, n, stages, exclusions)
    names = [items[place] for place in used]
    weighted = answered[:, :-1] * weights[:, None]
    rows = pd.DataFrame(
        {
            "item": names,
            "estimate": point,
            "share": point / r_squared,
            **bootstrap_columns(point, usable, names, level),
            "n": common[:-1, -1].astype(int),
            "n_eff": weighted.sum(axis=0) ** 2 / (weighted**2).sum(axis=0),
            "method": method,
            "reason": np.where(redundant_items(plain[:-1, :-1]), "collinear", ""),
        }
    ).sort_values("rank", kind="stable")
    left_out = [place for place in range(len(items)) if place not in used]
    if left_out:
        empty = _empty_rows([items[i] for i in left_out], [reasons[i] for i in left_out], method, n)
        rows = pd.concat([rows, empty])
    return Result(_ordered(rows), method, level, n, stages, exclusions)


def _check_arguments(
    data: pd.DataFrame,
    outcome: str,
    items: list[str],
    weight: str | None,
    missing: str,
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
    if missing not in MISSING:
        raise ValueError(f"missing must be one of {', '.join(MISSING)}, not {missing!r}")
    if draws < 2:
        raise ValueError(f"draws must be at least 2, not {draws}")


IMPORTANCE_COLUMNS = [
    *("item", "estimate", "std_error", "ci_low", "ci_high", "share", "share_low", "share_high"),
    *("rank", "rank_low", "rank_high", "top3_probability", "tier", "tied_with"),
    *("n", "n_eff", "method", "reason"),
]


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[IMPORTANCE_COLUMNS].reset_index(drop=True)


def _empty_rows(items: list[str], reasons: list[str], method: str, n: int) -> pd.DataFrame:
    rows = pd.DataFrame(np.nan, index=range(len(items)), columns=IMPORTANCE_COLUMNS[1:14])
    rows = rows.astype({"tied_with": object})
    return rows.assign(item=items, tied_with="", n=n, n_eff=np.nan, method=method, reason=reasons)


def _no_importance(
    items: list[str],
    reasons: list[str],
    method: str,
    level: float,
    n: int,
    stages: Mapping[str, object],
    exclusions: Mapping[str, int],
) -> Result:
    rows = _ordered(_empty_rows(items, reasons, method, n))
    return Result(rows, method, level, n, stages, exclusions)
