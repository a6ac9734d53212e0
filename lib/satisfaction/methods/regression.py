"""Regression under the survey design: which items go with the outcome, all else equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from satisfaction.methods.complete_rows import CompleteRows, complete_rows
from satisfaction.methods.design import FloatArray
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level, t_interval
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result
from satisfaction.methods.significance import t_p_value

FAMILIES = ("gaussian", "logistic")
INTERCEPT = "(Intercept)"
# Of a column, this share of its own length must be left once earlier columns are taken out.
COLLINEAR = 1e-9
# A linear predictor beyond this puts a fitted probability at 0 or 1: the fit runs away.
RUNAWAY = 25.0
ITERATIONS = 60


def survey_regression(
    data: pd.DataFrame,
    outcome: str,
    items: Sequence[str],
    *,
    family: str = "gaussian",
    at_least: float | None = None,
    level: float = 0.95,
) -> Result:
    """Coefficients of the outcome on all items at once, with design-based standard errors.

    gaussian   weighted least squares, b = (X'WX)^-1 X'Wy. Equals R ``svyglm(y ~ x, design)``.
    logistic   weighted maximum likelihood of P(y = 1) = 1 / (1 + exp(-x b)); the estimates are
               log odds. Equals R ``svyglm(family = quasibinomial)``.

    Variance: covariance of the totals of w x (influence values (X'WX)^-1 x_i r_i), logistic with
    W p(1-p) for W: the linearised sandwich (Binder 1983). t tests and intervals on
    units - strata - (terms - 1) degrees of freedom, as ``summary.svyglm``; ``confint`` of a fit
    uses the same.

    at_least   turns the outcome into 1 (score >= at_least) and 0
    Rows that miss the outcome or an item do not enter, but stay in the variance (R subsets the
    design). ``p_holm`` adjusts over the items, the intercept left out.

    Rows: ``item`` (the intercept first, as in R), ``estimate, std_error, ci_low, ci_high,
    statistic`` (t), ``df, p_value, p_holm, n, method, reason``. Reasons: ``constant`` the item (or
    the outcome, then all rows) does not vary; ``collinear`` the item follows from the ones named
    before it and is left out, as R does; ``too_few`` no degrees of freedom; ``separated`` the items
    tell the ones from the zeros without error, so there is no finite fit (R warns only).
    ValueError: unknown family or column, an item named twice, a logistic outcome outside 0..1.
    """
    check_level(level)
    items = list(items)
    if family not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}, not {family!r}")
    if len({*items, outcome}) < len(items) + 1 or not items:
        raise ValueError("name at least one item, each once, and not the outcome among them")
    require_columns(data, [outcome, *items])
    y, x = scores(data, [outcome])[:, 0], scores(data, items)
    if at_least is not None:
        y = np.where(np.isnan(y), np.nan, y >= at_least)
    rows = complete_rows(data, ~(np.isnan(y) | np.isnan(x).any(axis=1)))
    y, x = y[rows.used], x[rows.used]
    if family == "logistic" and len(y) and (y.min() < 0 or y.max() > 1):
        raise ValueError("a logistic outcome lies between 0 and 1: name at_least for scores")
    method = f"survey_{family}"
    found, reasons = _fitted(rows, y, x, family, level)
    table = pd.DataFrame({"item": [INTERCEPT, *items], **found})
    table["p_holm"] = np.nan
    table.loc[1:, "p_holm"] = adjusted_p_values(table["p_value"].to_numpy()[1:])
    table["n"], table["method"], table["reason"] = rows.n, method, reasons
    return Result(
        table[[*RESULT_COLUMNS]],
        method,
        level,
        rows.n,
        {"terms": int(table["estimate"].notna().sum()), "family": family},
        {"rows_with_missing": len(data) - rows.n} if rows.n < len(data) else {},
    )


RESULT_COLUMNS = (
    "item", "estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value", "p_holm",
    "n", "method", "reason",
)  # fmt: skip


def _fitted(
    rows: CompleteRows, y: FloatArray, x: FloatArray, family: str, level: float
) -> tuple[dict[str, FloatArray], list[str]]:
    terms = x.shape[1] + 1
    nothing = np.full(terms, np.nan)
    empty = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "statistic"), nothing)
    empty |= {"df": nothing, "p_value": nothing}
    if rows.n == 0:
        return empty, ["no_answers"] * terms
    if np.ptp(y) == 0:
        return empty, ["constant"] * terms
    matrix = np.column_stack([np.ones(rows.n), x])
    reasons = _redundant(matrix, rows.weight)
    kept = [place for place, reason in enumerate(reasons) if not reason]
    df = rows.design_df - (len(kept) - 1)
    if df < 1:
        return empty, [reason or "too_few" for reason in reasons]
    fit = _least_squares if family == "gaussian" else _logistic
    found = fit(matrix[:, kept], y, rows.weight)
    if found is None:
        return empty, [reason or "separated" for reason in reasons]
    beta, influence = found
    error = np.sqrt(np.diag(rows.covariance(influence)))
    low, high = t_interval(beta, error, df, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = beta / error
    values = (beta, error, low, high, statistic, np.full(len(kept), float(df)))
    placed = {}
    for name, value in zip(empty, (*values, t_p_value(beta, error, df)), strict=True):
        placed[name] = nothing.copy()
        placed[name][kept] = value
    return placed, reasons


def _redundant(matrix: FloatArray, weight: FloatArray) -> list[str]:
    """Per column why it is left out, or "": it follows from the columns before it."""
    root = np.sqrt(weight / weight.mean())[:, None]
    scaled = matrix * root
    basis = np.empty((len(matrix), 0))
    reasons = []
    for place, column in enumerate(scaled.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # once more, for what rounding left
        length = np.linalg.norm(rest)
        if length > COLLINEAR * np.linalg.norm(column):
            basis = np.column_stack([basis, rest / length])
            reasons.append("")
        else:
            reasons.append("constant" if np.ptp(matrix[:, place]) == 0 else "collinear")
    return reasons


def _least_squares(
    matrix: FloatArray, y: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Coefficients and influence values (n, terms)."""
    bread, beta = _solve(matrix, y, weight)
    return beta, (y - matrix @ beta)[:, None] * (matrix @ bread)


def _logistic(
    matrix: FloatArray, y: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """The same by iteratively reweighted least squares; None where the fit runs away."""
    share = (y + 0.5) / 2
    eta = np.log(share / (1 - share))
    beta = np.zeros(matrix.shape[1])
    for _ in range(ITERATIONS):
        spread = share * (1 - share)
        bread, new = _solve(matrix, eta + (y - share) / spread, weight * spread)
        eta = matrix @ new
        if not np.isfinite(eta).all() or np.abs(eta).max() > RUNAWAY:
            return None
        share = 1 / (1 + np.exp(-eta))
        step, beta = np.abs(new - beta).max(), new
        if step <= 1e-12 * max(1.0, np.abs(beta).max()):
            break
    bread = _solve(matrix, eta, weight * share * (1 - share))[0]
    return beta, (y - share)[:, None] * (matrix @ bread)


def _solve(matrix: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(X'WX)^-1 and the weighted least squares coefficients, by QR."""
    root = np.sqrt(weight)
    q, r = np.linalg.qr(matrix * root[:, None])
    inverse = np.linalg.inv(r)
    return inverse @ inverse.T, inverse @ (q.T @ (y * root))
