"""How far two ordered answers rise together: gamma, tau-b, Somers' d, Spearman."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction.methods.complete_rows import (
    CompleteRows,
    category_codes,
    complete_rows,
    present,
)
from satisfaction.methods.design import FloatArray, IntArray
from satisfaction.methods.inference import require_columns
from satisfaction.methods.intervals import check_level, t_interval
from satisfaction.methods.result import Result
from satisfaction.methods.significance import t_p_value

METHOD = "rank_association"
MEASURES = ("gamma", "tau_b", "somers_d", "spearman")


def rank_association(data: pd.DataFrame, row: str, column: str, *, level: float = 0.95) -> Result:
    """Four measures of ordinal association of the (weighted) table of two ordered columns.

    With C and D the probabilities that two respondents drawn at random agree or disagree in the
    order of both answers, p_i. and p_.j the shares of the rows and columns:

    gamma     (C - D) / (C + D)                                     Goodman & Kruskal 1954
    tau_b     (C - D) / sqrt((1 - sum p_i.²)(1 - sum p_.j²))        Kendall 1945
    somers_d  (C - D) / (1 - sum p_i.²), the column depending on the row   Somers 1962
    spearman  Pearson's correlation of the mean ranks

    Standard errors: each measure is a function of the cell shares; its gradient gives the influence
    of every respondent, and the design gives the variance. Of a simple random sample that is the
    ASE1 of Goodman & Kruskal (1972) and Brown & Benedetti (1977) times sqrt(n / (n - 1)). t
    intervals on units - strata degrees of freedom, cut at ±1; the p-value is that of estimate / SE
    (SAS divides by the ASE under independence instead).

    Order: numbers by size, categoricals by their categories; text is refused (ValueError).

    Rows: ``row, column, measure, estimate, std_error, ci_low, ci_high, df, p_value, n, method,
    reason``. Reasons: ``no_answers``; ``too_few`` no degrees of freedom; ``constant`` one value
    only; ``no_exception`` a measure of ±1, whose standard error of 0 says nothing.
    """
    check_level(level)
    require_columns(data, [row, column])
    coded = [category_codes(data, name, ordered=True) for name in (row, column)]
    rows = complete_rows(data, (coded[0][0] >= 0) & (coded[1][0] >= 0))
    a, b = (present(*code, rows.used)[0] for code in coded)
    found, reason = _measures(rows, a, b, level)
    table = pd.DataFrame({"row": row, "column": column, "measure": MEASURES, **found})
    table["n"], table["method"], table["reason"] = rows.n, METHOD, reason
    missing = len(data) - rows.n
    return Result(
        table,
        METHOD,
        level,
        rows.n,
        {},
        {"rows_with_missing": missing} if missing else {},
    )


def _measures(
    rows: CompleteRows, a: IntArray, b: IntArray, level: float
) -> tuple[dict[str, FloatArray], list[str]]:
    nothing = np.full(len(MEASURES), np.nan)
    names = ("estimate", "std_error", "ci_low", "ci_high", "df", "p_value")
    empty = dict.fromkeys(names, nothing)
    if rows.n == 0:
        return empty, ["no_answers"] * len(MEASURES)
    r, c = int(a.max()) + 1, int(b.max()) + 1
    if min(r, c) < 2:
        return empty, ["constant"] * len(MEASURES)
    df = rows.design_df
    if df < 1:
        return empty, ["too_few"] * len(MEASURES)
    weight = rows.weight / rows.weight.sum()
    cell = a * c + b
    shares = np.zeros((r, c))
    np.add.at(shares, (a, b), weight)
    estimates, gradients = _ordinal_measures(shares)
    gradients -= (gradients * shares).sum(axis=(1, 2), keepdims=True)
    influence = gradients.reshape(len(MEASURES), -1)[:, cell].T / rows.weight.sum()
    error = np.sqrt(np.diag(rows.covariance(influence)))
    extreme = 1 - np.abs(estimates) < 1e-12
    error = np.where(extreme, np.nan, error)
    low, high = t_interval(estimates, error, df, level)
    found = (
        np.clip(estimates, -1, 1),
        error,
        np.maximum(low, -1),
        np.minimum(high, 1),
        np.full(len(MEASURES), float(df)),
        t_p_value(estimates, error, df),
    )
    return dict(zip(names, found, strict=True)), ["no_exception" if e else "" for e in extreme]


def _ordinal_measures(p: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The measures (4,) of a table of shares, and their derivatives by each cell (4, r, c)."""
    agreeing, opposing = _agreement(p), _agreement(p[:, ::-1])[:, ::-1]
    concordant, discordant = (p * agreeing).sum(), (p * opposing).sum()
    surplus, untied = concordant - discordant, concordant + discordant
    # d(C - D)/dp and d(C + D)/dp
    d_surplus, d_untied = 2 * (agreeing - opposing), 2 * (agreeing + opposing)
    row, column = p.sum(axis=1), p.sum(axis=0)
    spread_row, spread_column = 1 - (row**2).sum(), 1 - (column**2).sum()
    d_row, d_column = -2 * row[:, None], -2 * column[None, :]

    gamma = surplus / untied if untied > 0 else np.nan
    root = np.sqrt(spread_row * spread_column)
    tau = surplus / root
    somers = surplus / spread_row
    with np.errstate(invalid="ignore"):
        d_gamma = (d_surplus - gamma * d_untied) / untied
    d_tau = d_surplus / root - tau / 2 * (d_row / spread_row + d_column / spread_column)
    d_somers = (d_surplus - somers * d_row) / spread_row
    rho, d_rho = _spearman(p, row, column)
    return np.array([gamma, tau, somers, rho]), np.stack([d_gamma, d_tau, d_somers, d_rho])


def _agreement(p: FloatArray) -> FloatArray:
    """For each cell the share of respondents above in both answers, or below in both."""
    below = np.zeros((p.shape[0] + 1, p.shape[1] + 1))
    below[1:, 1:] = p.cumsum(axis=0).cumsum(axis=1)
    row, column = below[:, -1], below[-1, :]
    total = below[-1, -1]
    above = total - row[1:, None] - column[None, 1:] + below[1:, 1:]
    return np.asarray(below[:-1, :-1] + above)


def _spearman(p: FloatArray, row: FloatArray, column: FloatArray) -> tuple[float, FloatArray]:
    a, b = (share.cumsum() - share / 2 - 0.5 for share in (row, column))  # mean ranks, centred
    covariance = a @ p @ b
    var_a, var_b = (1 - (row**3).sum()) / 12, (1 - (column**3).sum()) / 12
    # One more answer in row i moves the rank of the rows above it by 1 and its own by 1/2.
    moved_a = _later_sum(p @ b)
    moved_b = _later_sum(a @ p)
    d_covariance = np.outer(a, b) + moved_a[:, None] + moved_b[None, :]
    rho = covariance / np.sqrt(var_a * var_b)
    d_var_a, d_var_b = -(row**2)[:, None] / 4, -(column**2)[None, :] / 4
    slope = rho / 2 * (d_var_a / var_a + d_var_b / var_b)
    return float(rho), d_covariance / np.sqrt(var_a * var_b) - slope


def _later_sum(values: FloatArray) -> FloatArray:
    """Half of each value plus all later ones."""
    return np.asarray(values[::-1].cumsum()[::-1] - values / 2)
