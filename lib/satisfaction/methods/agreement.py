"""Do several ratings of the same agree? Intraclass correlations (Shrout & Fleiss 1979)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import fdtrc, fdtri

from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level
from satisfaction.methods.result import Result

COLUMNS = (
    *("type", "estimate", "ci_low", "ci_high", "statistic", "df1", "df2", "p_value"),
    *("n", "n_raters", "method", "reason"),
)
TYPES = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")


def intraclass_correlation(
    data: pd.DataFrame, raters: Sequence[str], *, level: float = 0.95, minimum_n: int = 5
) -> Result:
    """Six intraclass correlations of the ``raters`` (columns: judges, waves, codings).

    From the mean squares of a two-way analysis of variance (B rows, J raters, E the rest; W rows
    within: J and E together), k raters and n rows:

    - ICC1   ``(B - W) / (B + (k-1) W)``                    every row has raters of its own
    - ICC2   ``(B - E) / (B + (k-1) E + k (J - E)/n)``      the same raters, a sample; agreement
    - ICC3   ``(B - E) / (B + (k-1) E)``                    these raters only; consistency
    - ICC1k, ICC2k, ICC3k: the same for the mean of the k ratings (ICC3k is Cronbach's alpha)

    Intervals and the F test of no agreement (``statistic, df1, df2, p_value``): Shrout & Fleiss
    (1979), McGraw & Wong (1996). Rows that a rater left out do not enter. Unweighted. Equals R
    ``psych::ICC(lmer = FALSE)``; with ``lmer = TRUE`` psych sets negative components to 0.

    Rows: ``type, estimate, ci_low, ci_high, statistic, df1, df2, p_value, n, n_raters, method,
    reason``; reason ``single_item`` for one rater, ``no_answers``, ``too_few`` below ``minimum_n``
    complete rows (at least 2), ``constant`` where no two rows differ on average. Raters who differ
    in level alone leave no error to measure by: then ICC1 and ICC2 come without an interval.
    """
    check_level(level)
    raters = list(raters)
    require_columns(data, raters)
    if len(set(raters)) < len(raters):
        raise ValueError("each rater may be named once")
    ratings = scores(data, raters)
    ratings = ratings[~np.isnan(ratings).any(axis=1)]
    n, k = len(ratings), len(raters)
    rows = pd.DataFrame({"type": list(TYPES)})
    rows = rows.assign(n=n, n_raters=k, method="intraclass_correlation", reason="")
    rows[["estimate", "ci_low", "ci_high", "statistic", "df1", "df2", "p_value"]] = np.nan
    dropped = len(data) - n
    if k < 2:
        rows["reason"] = "single_item"
    elif n < max(minimum_n, 2):
        rows["reason"] = "too_few" if n else "no_answers"
    else:
        between, rater, error, within = _mean_squares(ratings)
        if between <= 1e-24 * np.square(ratings).mean():
            rows["reason"] = "constant"
        else:
            found = _correlations(between, rater, error, within, n, k, level)
            for column, values in found.items():
                rows[column] = values
    return Result(
        rows[list(COLUMNS)],
        "intraclass_correlation",
        level,
        n,
        exclusions={"incomplete": dropped} if dropped else {},
    )


def _mean_squares(ratings: np.ndarray) -> tuple[float, float, float, float]:
    """Mean squares of rows, raters, residuals, and within rows."""
    n, k = ratings.shape
    mean = ratings.mean()
    of_rows, of_raters = ratings.mean(axis=1), ratings.mean(axis=0)
    rest = ratings - of_rows[:, None] - of_raters + mean
    between = k * ((of_rows - mean) ** 2).sum()
    rater, error = n * ((of_raters - mean) ** 2).sum(), (rest**2).sum()
    within = (rater + error) / (n * (k - 1))
    return between / (n - 1), rater / (k - 1), error / ((n - 1) * (k - 1)), within


def _correlations(
    between: float, rater: float, error: float, within: float, n: int, k: int, level: float
) -> dict[str, list[float]]:
    upper, lower = (1 + level) / 2, (1 - level) / 2
    df1, df_within, df_error = n - 1, n * (k - 1), (n - 1) * (k - 1)
    agreement = (between - error) / (between + (k - 1) * error + k * (rater - error) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        f_within, f_error = np.float64(between) / within, np.float64(between) / error
        one = f_within / fdtri(df1, df_within, upper), f_within / fdtri(df1, df_within, lower)
        three = f_error / fdtri(df1, df_error, upper), f_error / fdtri(df1, df_error, lower)
        ratio = np.float64(rater) / error
        a = k * agreement * ratio + n * (1 + (k - 1) * agreement) - k * agreement
        b = (n - 1) * (k * agreement * ratio) ** 2 + (
            n * (1 + (k - 1) * agreement) - k * agreement
        ) ** 2
        df = df_error * a**2 / b  # Satterthwaite
        high, low = fdtri(df1, df, upper), 1 / fdtri(df1, df, lower)
        rest = k * rater + (k * n - k - n) * error
        two = (
            n * (between - high * error) / (high * rest + n * between),
            n * (low * between - error) / (rest + n * low * between),
        )
        singles = [
            ((one[0] - 1) / (one[0] + k - 1), (one[1] - 1) / (one[1] + k - 1)),
            two,
            ((three[0] - 1) / (three[0] + k - 1), (three[1] - 1) / (three[1] + k - 1)),
        ]
        means = [tuple(k * end / (1 + (k - 1) * end) for end in ends) for ends in singles]
    ends = [*singles, *means]
    if error == 0:  # no ratio to that: consistency is 1, agreement if the levels are equal too
        ends[2] = ends[5] = (1.0, 1.0)
        if rater == 0:
            ends = [(1.0, 1.0)] * 6
    return {
        "estimate": [
            (between - within) / (between + (k - 1) * within),
            agreement,
            (between - error) / (between + (k - 1) * error),
            (between - within) / between,
            (between - error) / (between + (rater - error) / n),
            (between - error) / between,
        ],
        "ci_low": [float(low) for low, _ in ends],
        "ci_high": [float(high) for _, high in ends],
        "statistic": [float(f_within), float(f_error), float(f_error)] * 2,
        "df1": [float(df1)] * 6,
        "df2": [float(df_within), float(df_error), float(df_error)] * 2,
        "p_value": [
            float(fdtrc(df1, d, f)) if np.isfinite(f) else 0.0
            for d, f in [(df_within, f_within), (df_error, f_error), (df_error, f_error)] * 2
        ],
    }
