"""Confidence intervals that stay right at 0 %, at 100 %, for one answer and for a census.

Every function takes numbers or arrays (they broadcast) and returns ``(low, high)`` as arrays.
An interval that cannot be given is NaN; a census (infinite effective n, or zero standard error
by design) gives the degenerate interval at the estimate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special  # the ufuncs behind scipy.stats, at a tenth of the cost per call

FloatArray = npt.NDArray[np.float64]
Interval = tuple[FloatArray, FloatArray]


def check_level(level: float) -> None:
    """ValueError unless the confidence level lies strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"the confidence level must lie between 0 and 1, not {level!r}")


def critical_value(level: float, df: npt.ArrayLike | None = None) -> FloatArray:
    """Two-sided critical value: normal, or Student's t where ``df`` is given (NaN for df <= 0)."""
    check_level(level)
    if df is None:
        return np.asarray(special.ndtri((1 + level) / 2))
    freedom = np.asarray(df, dtype=float)
    return np.where(
        freedom > 0, special.stdtrit(np.where(freedom > 0, freedom, 1.0), (1 + level) / 2), np.nan
    )


def wilson_interval(
    p: npt.ArrayLike, n_eff: npt.ArrayLike, level: float = 0.95, df: npt.ArrayLike | None = None
) -> Interval:
    """Wilson score interval of a proportion on an effective sample size.

    ``(p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)`` with n = ``n_eff`` (need not be
    whole; infinite for a census) and z the normal quantile, or Student's t if ``df`` is given.

    Source: Wilson (1927); on n_eff = p(1-p)/SE^2: Korn & Graubard (1998), Dean & Pacheco (2014).
    Equals R ``prop.test(x, n, correct = FALSE)`` for whole n.
    """
    p, n = np.asarray(p, dtype=float), np.asarray(n_eff, dtype=float)
    z2 = critical_value(level, df) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = z2 / n  # zero for a census
        centre = (p + share / 2) / (1 + share)
        half = np.sqrt(share * p * (1 - p) + share**2 / 4) / (1 + share)
    usable = n > 0
    low = np.where(usable, np.where(p == 0, 0.0, np.maximum(centre - half, 0.0)), np.nan)
    high = np.where(usable, np.where(p == 1, 1.0, np.minimum(centre + half, 1.0)), np.nan)
    unknown = np.isnan(p + share)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def korn_graubard_interval(
    p: npt.ArrayLike,
    std_error: npt.ArrayLike,
    n: npt.ArrayLike,
    df_design: npt.ArrayLike,
    level: float = 0.95,
    *,
    n_eff: npt.ArrayLike | None = None,
) -> Interval:
    """Korn-Graubard interval: Clopper-Pearson on an effective n corrected for few design df.

    ``n* = p(1-p)/SE^2 (t_{n-1} / t_{df})^2``; limits are the beta quantiles
    ``B(a/2; n*p, n*(1-p)+1)`` and ``B(1-a/2; n*p+1, n*(1-p))``. Where SE says nothing (p at 0
    or 1, SE zero or NaN) ``n_eff`` stands in for p(1-p)/SE^2 (default: ``n``); give infinity for a
    census. The t ratio is left out where df or n-1 is below 1. Conservative for simple
    random samples; where few answers carry much of the weight it falls below its level, as every
    interval on a plain n_eff does (see ``survey_proportion``).

    Source: Korn & Graubard (1998). Equals R survey 4.1 ``svyciprop(method = "beta")``, which does
    not cap n* at n as some later software does.
    """
    p, se = np.asarray(p, dtype=float), np.asarray(std_error, dtype=float)
    n, df = np.asarray(n, dtype=float), np.asarray(df_design, dtype=float)
    substitute = n if n_eff is None else np.asarray(n_eff, dtype=float)
    informative = (se > 0) & (p > 0) & (p < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(informative, p * (1 - p) / se**2, substitute)
        ratio = critical_value(level, n - 1) / critical_value(level, df)
        size = size * np.where(np.isfinite(ratio), ratio**2, 1.0)
        census = np.isposinf(size)
        finite = np.where(census, 1.0, size)
        tail = (1 - level) / 2
        low = special.betaincinv(finite * p, finite * (1 - p) + 1, tail)
        high = special.betaincinv(finite * p + 1, finite * (1 - p), 1 - tail)
    low = np.where(census, p, np.where(p == 0, 0.0, low))
    high = np.where(census, p, np.where(p == 1, 1.0, high))
    unusable = ~(size > 0) | np.isnan(p)
    return np.where(unusable, np.nan, low), np.where(unusable, np.nan, high)


def t_interval(
    estimate: npt.ArrayLike, std_error: npt.ArrayLike, df: npt.ArrayLike, level: float = 0.95
) -> Interval:
    """``estimate -+ t_df SE``; degenerate where SE is 0 whatever df, NaN where df <= 0.

    Equals R ``confint(svymean(...), df = degf(design))``.
    """
    estimate, se = np.asarray(estimate, dtype=float), np.asarray(std_error, dtype=float)
    with np.errstate(invalid="ignore"):
        half = np.where(se == 0, 0.0, se * critical_value(level, df))
    return estimate - half, estimate + half


def logit_interval(
    p: npt.ArrayLike, std_error: npt.ArrayLike, df: npt.ArrayLike, level: float = 0.95
) -> Interval:
    """t interval of log(p / (1-p)) with SE / (p (1-p)), turned back into shares.

    None (NaN) where p is 0 or 1; degenerate where SE is 0 between them. Equals R survey
    ``svyciprop(method = "logit")``, its default, and ``"xlogit"``.
    """
    p, se = np.asarray(p, dtype=float), np.asarray(std_error, dtype=float)
    inside = (p > 0) & (p < 1)
    share = np.where(inside, p, 0.5)
    low, high = t_interval(special.logit(share), se / (share * (1 - share)), df, level)
    return np.where(inside, special.expit(low), np.nan), np.where(
        inside, special.expit(high), np.nan
    )


def newcombe_difference(
    p1: npt.ArrayLike,
    lo1: npt.ArrayLike,
    hi1: npt.ArrayLike,
    p2: npt.ArrayLike,
    lo2: npt.ArrayLike,
    hi2: npt.ArrayLike,
    correlation: npt.ArrayLike = 0.0,
) -> Interval:
    """Interval of ``p1 - p2`` from their own (Wilson) intervals.

    With a = p1 - lo1, b = hi2 - p2: ``low = d - sqrt(a^2 - 2 r a b + b^2)``, and with a = hi1 - p1,
    b = p2 - lo2: ``high = d + sqrt(...)``. r is the correlation of the two *estimates*: 0 for
    independent proportions; for pairs the phi coefficient of the two answers.

    Source: Newcombe (1998b), method 10 ("hybrid score"; "MOVER" for intervals of any kind), and
    Newcombe (1998c), method 10, for pairs (there phi may be given a continuity correction).
    """
    p1, lo1, hi1 = (np.asarray(x, dtype=float) for x in (p1, lo1, hi1))
    p2, lo2, hi2 = (np.asarray(x, dtype=float) for x in (p2, lo2, hi2))
    r, difference = np.asarray(correlation, dtype=float), p1 - p2

    def half(a: FloatArray, b: FloatArray) -> FloatArray:
        # the exact root where there is no correlation; never below 0 by rounding
        return np.where(r == 0, np.hypot(a, b), np.sqrt(np.maximum(a**2 - 2 * r * a * b + b**2, 0)))

    return difference - half(p1 - lo1, hi2 - p2), difference + half(hi1 - p1, p2 - lo2)
