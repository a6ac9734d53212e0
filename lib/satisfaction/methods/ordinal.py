"""Scores as ordered categories: proportional odds, and whether they tell the same story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import special

from satisfaction.methods.complete_rows import category_codes, present
from satisfaction.methods.design import FloatArray, IntArray
from satisfaction.methods.driver_answers import check_items
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level, critical_value
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.pairwise import independent_columns, pairwise_moments
from satisfaction.methods.result import Result
from satisfaction.methods.significance import normal_p_value

METHOD = "proportional_odds"
COLUMNS = (
    "item", "kind", "estimate", "std_error", "ci_low", "ci_high", "standardised", "p_value",
    "p_holm", "n", "method", "reason",
)  # fmt: skip
ITERATIONS = 50
# A linear predictor beyond this puts a fitted probability at 0 or 1: the fit runs away.
RUNAWAY = 40.0
TOP = 3


def proportional_odds(
    data: pd.DataFrame,
    outcome: str,
    items: Sequence[str],
    *,
    frequency: str | None = None,
    level: float = 0.95,
    minimum_n: int = 30,
) -> Result:
    """Ordered logit: P(score <= k) = 1 / (1 + exp(-(zeta_k - x b))), the same b at every k.

    Maximum likelihood on the sheets without a gap, unweighted, by Newton's method with the exact
    first and second derivatives; standard errors from the observed information. Equals R
    ``MASS::polr(Hess = TRUE)``: thresholds zeta on its scale. statsmodels' ``OrderedModel`` gives
    the same (it stores the first threshold and the logarithms of the steps), with numeric
    derivatives: 0.5 s a fit and seconds to import, against milliseconds here.

    frequency  column with how many sheets a row stands for; None: one each
    minimum_n  sheets below which (or below 2 items + categories) nothing is estimated

    Rows: one per item (``kind`` "item"), then one per threshold ("threshold", ``item`` the two
    scores that it parts): ``item, kind, estimate`` (log odds of a higher score per unit of the
    item), ``std_error, ci_low, ci_high, standardised`` (estimate x standard deviation of the item;
    NaN for thresholds), ``p_value`` (normal), ``p_holm`` (over the items), ``n, method, reason``.
    Stages: ``deviance`` (-2 log likelihood), ``categories, iterations``. Reasons: ``too_few``,
    ``no_answers``, ``no_variation`` (of the outcome), ``constant, collinear`` (follows from the
    items before it, left out), ``separated`` (no finite fit). Source: McCullagh 1980.
    """
    check_level(level)
    items = list(items)
    check_items(items, outcome)
    require_columns(data, [outcome, *items, *([frequency] if frequency else [])])
    x = scores(data, items)
    codes, labels = category_codes(data, outcome, ordered=True)
    count = np.ones(len(data)) if frequency is None else scores(data, [frequency])[:, 0]
    if np.isnan(count).any() or (count < 0).any():
        raise ValueError(f"{frequency} must be neither missing nor negative")
    used = (codes >= 0) & ~np.isnan(x).any(axis=1) & (count > 0)
    y, names = present(codes, labels, used)
    x, count = x[used], count[used]
    n = round(float(count.sum()))
    table = pd.DataFrame(np.nan, index=range(len(items)), columns=list(COLUMNS))
    table = table.assign(item=items, kind="item", n=n, method=METHOD, reason="")
    stages: dict[str, object] = {"categories": len(names), "sheets": len(data)}
    excluded = {"rows_with_missing": int((~used).sum())}
    varies = np.ptp(x, axis=0) > 0 if n else np.zeros(len(items), dtype=bool)
    if n == 0 or n < max(minimum_n, 2 * len(items) + len(names)):
        table["reason"] = "too_few" if n else "no_answers"
        return Result(table[list(COLUMNS)], METHOD, level, n, stages, excluded)
    if len(names) < 2:
        table["reason"] = "no_variation"
        return Result(table[list(COLUMNS)], METHOD, level, n, stages, excluded)
    correlation = pairwise_moments(x, count).correlation
    kept = np.flatnonzero(independent_columns(correlation))
    mean = np.average(x, axis=0, weights=count)
    spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=count))
    fit = _newton((x[:, kept] - mean[kept]) / spread[kept], y, count, len(names))
    reasons = np.where(varies, "collinear", "constant").astype(object)
    reasons[kept] = "" if fit is not None else "separated"
    table["reason"] = reasons
    if fit is None:
        return Result(table[list(COLUMNS)], METHOD, level, n, stages, excluded)
    cuts = len(names) - 1
    # From standardised items back to their own units: b / sd, and zeta + sum(b mean / sd).
    back = np.zeros((len(fit.parameters), len(fit.parameters)))
    back[:cuts, :cuts] = np.eye(cuts)
    back[:cuts, cuts:] = mean[kept] / spread[kept]
    back[cuts:, cuts:] = np.diag(1 / spread[kept])
    estimate = back @ fit.parameters
    error = np.sqrt(np.diag(back @ fit.covariance @ back.T))
    steps = pd.DataFrame(np.nan, index=range(cuts), columns=list(COLUMNS)).assign(
        item=[f"{low}|{high}" for low, high in pairwise(names)],
        kind="threshold", n=n, method=METHOD, reason="",
    )  # fmt: skip
    table.loc[kept, "standardised"] = fit.parameters[cuts:]
    table.loc[kept, "estimate"], table.loc[kept, "std_error"] = estimate[cuts:], error[cuts:]
    steps["estimate"], steps["std_error"] = estimate[:cuts], error[:cuts]
    table = pd.concat([table, steps], ignore_index=True)
    half = critical_value(level) * table["std_error"]
    table["ci_low"], table["ci_high"] = table["estimate"] - half, table["estimate"] + half
    item = (table["kind"] == "item") & table["estimate"].notna()
    found = table.loc[item, "estimate"] / table.loc[item, "std_error"]
    table.loc[item, "p_value"] = normal_p_value(found)
    table.loc[item, "p_holm"] = adjusted_p_values(table.loc[item, "p_value"].to_numpy(dtype=float))
    stages |= {"deviance": -2 * fit.log_likelihood, "iterations": fit.iterations}
    return Result(table[list(COLUMNS)], METHOD, level, n, stages, excluded)


@dataclass(frozen=True)
class _Fit:
    parameters: FloatArray  # thresholds, then slopes
    covariance: FloatArray
    log_likelihood: float
    iterations: int


def _newton(x: FloatArray, y: IntArray, count: FloatArray, categories: int) -> _Fit | None:
    """Newton's method with halved steps; None where the likelihood has no inner maximum."""
    cuts = categories - 1
    share = np.bincount(y, weights=count, minlength=categories).cumsum()[:-1] / count.sum()
    beta = np.concatenate([special.logit(share), np.zeros(x.shape[1])])
    value, gradient, information = _likelihood(beta, x, y, count, cuts)
    for iteration in range(1, ITERATIONS + 1):
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        for _ in range(30):
            found = _likelihood(beta + step, x, y, count, cuts)
            if found[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
        beta = beta + step
        value, gradient, information = found
        if np.abs(beta).max() > RUNAWAY:
            return None
        if np.abs(step).max() < 1e-10:
            return _Fit(beta, np.asarray(np.linalg.inv(information)), value, iteration)
    return None


def _likelihood(
    beta: FloatArray, x: FloatArray, y: IntArray, count: FloatArray, cuts: int
) -> tuple[float, FloatArray, FloatArray]:
    """Log likelihood, gradient and observed information (negative Hessian)."""
    edges = np.concatenate([[-np.inf], beta[:cuts], [np.inf]])
    if (np.diff(edges) <= 0).any():
        return -np.inf, beta, np.eye(len(beta))
    eta = x @ beta[cuts:]
    above, below = special.expit(edges[y + 1] - eta), special.expit(edges[y] - eta)
    p = np.maximum(above - below, 1e-300)
    slope_above, slope_below = above * (1 - above), below * (1 - below)
    # d(upper edge - x b) and d(lower edge - x b) with respect to all parameters
    upper, lower = np.zeros((len(y), len(beta))), np.zeros((len(y), len(beta)))
    rows = np.arange(len(y))
    has_upper, has_lower = y < cuts, y > 0
    upper[rows[has_upper], y[has_upper]] = 1
    lower[rows[has_lower], y[has_lower] - 1] = 1
    upper[:, cuts:] = lower[:, cuts:] = -x
    score = (slope_above[:, None] * upper - slope_below[:, None] * lower) / p[:, None]
    bend_above = count * slope_above * (1 - 2 * above) / p
    bend_below = count * slope_below * (1 - 2 * below) / p
    hessian = (bend_above[:, None] * upper).T @ upper - (bend_below[:, None] * lower).T @ lower
    hessian -= (count[:, None] * score).T @ score
    return float(count @ np.log(p)), count @ score, -hessian


def ordinal_check(
    importance: Result,
    data: pd.DataFrame,
    outcome: str,
    *,
    strongest: int = 6,
    level: float = 0.95,
    minimum_n: int = 30,
) -> Result:
    """Does a model that takes scores as mere order put the same items on top?

    `proportional_odds` of the outcome on the ``strongest`` items of the importance (the more
    items, the fewer sheets without a gap), its standardised coefficients held against the shares.

    One row: ``item`` (the first by importance), ``ordinal_first`` (the first by the model),
    ``same_first, in_common`` (how many of the ``of`` first, three at most, both have), ``of,
    estimate`` (in_common / of), ``reversed`` (items of the first three with a negative
    coefficient, by comma), ``n`` (sheets of the model), ``method, reason``. Reasons: those of the
    model, or the importance's own.
    """
    ranked = importance.rows[importance.rows["estimate"].notna()].sort_values("rank")
    row: dict[str, object] = dict.fromkeys(("item", "ordinal_first", "reversed"), "")
    row |= {"same_first": False, "in_common": 0, "of": 0, "estimate": np.nan, "n": 0}
    row |= {"method": "ordinal_check", "reason": ""}
    if ranked.empty:
        reasons = importance.rows["reason"]
        row["reason"] = str(reasons.iloc[0]) if len(reasons) else "no_answers"
        return Result(pd.DataFrame([row]), "ordinal_check", level, 0)
    items = [str(item) for item in ranked["item"].head(strongest)]
    fit = proportional_odds(data, outcome, items, level=level, minimum_n=minimum_n)
    fitted = fit.rows[(fit.rows["kind"] == "item") & fit.rows["standardised"].notna()]
    row |= {"item": items[0], "n": fit.n}
    if fitted.empty:
        row["reason"] = str(fit.rows["reason"].iloc[0])
        return Result(pd.DataFrame([row]), "ordinal_check", level, fit.n, {}, fit.exclusions)
    coefficient = fitted.set_index("item")["standardised"].sort_values(ascending=False)
    of = min(TOP, len(coefficient))
    first, ordinal = items[:of], [str(item) for item in coefficient.index[:of]]
    common = len(set(first) & set(ordinal))
    row |= {
        "ordinal_first": ordinal[0],
        "same_first": ordinal[0] == items[0],
        "in_common": common,
        "of": of,
        "estimate": common / of,
        "reversed": ",".join(i for i in first if i in coefficient and coefficient[i] < 0),
    }
    stages = {"strongest": len(items), "deviance": fit.stages["deviance"]}
    return Result(pd.DataFrame([row]), "ordinal_check", level, fit.n, stages, fit.exclusions)
