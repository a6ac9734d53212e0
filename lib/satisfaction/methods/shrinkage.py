"""Estimates drawn towards the mean of all projects, by as much as chance spreads them (S0-31).

A project of 30 answers reaches the top or the bottom of a list by luck more often than one of
300. The model of Fay & Herriot (1979) with an intercept only: the true values of k projects scatter
with variance tau2 around a mean mu, and project i is seen with sampling variance v_i,

    y_i = mu + u_i + e_i,     mu = sum(w y) / sum(w),     w_i = 1 / (tau2 + v_i),
    EBLUP_i = mu + tau2 / (tau2 + v_i) (y_i - mu).

tau2 is Paule & Mandel's (1982): the root of sum(w_i (y_i - mu)^2) = k - 1, or 0 where already the
sampling variances explain the whole scatter. A project of known value (v = 0) keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv

from satisfaction.methods.intervals import check_level, critical_value
from satisfaction.methods.result import Result

Array = npt.NDArray[np.float64]
ROUNDS = 200  # both searches settle within a few dozen


@dataclass(frozen=True)
class Scatter:
    """The fitted model: mean and its standard error, variance between the true values."""

    mean: float
    std_error: float
    tau2: float


def paule_mandel(estimates: npt.ArrayLike, variances: npt.ArrayLike) -> Scatter:
    """Mean, its standard error and tau2 of at least two estimates with known variances >= 0.

    Equals R ``metafor::rma(y, v, method = "PM")``. The sum of squares falls and is convex in tau2,
    so that Newton's method from the left cannot miss the root.
    """
    y, v = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if y.size < 2 or not (v >= 0).all():
        raise ValueError("paule_mandel needs two estimates or more, with variances of at least 0")
    known = y[v == 0]
    # Known values that differ: the root is at least their own sum of squares over k - 1.
    tau2 = float(((known - known.mean()) ** 2).sum() / (y.size - 1)) if known.size else 0.0
    for _ in range(ROUNDS):
        mean, std_error, weight = _centre(y, v, tau2)
        squares = np.where(y == mean, 0.0, (y - mean) ** 2)
        with np.errstate(invalid="ignore"):
            pulls = np.where(squares == 0, 0.0, weight * squares)
            slope = float(np.where(squares == 0, 0.0, weight * pulls).sum())
        surplus = float(pulls.sum()) - (y.size - 1)
        if surplus <= 1e-14 * y.size:
            break
        tau2 += surplus / slope
    mean, std_error, _weight = _centre(y, v, tau2)
    return Scatter(mean, std_error, tau2)


def _centre(y: Array, v: Array, tau2: float) -> tuple[float, float, Array]:
    """Weighted mean, its standard error, weights; a known value outweighs all others."""
    total = v + tau2
    with np.errstate(divide="ignore"):
        weight = 1 / total
    certain = total == 0
    if certain.any():
        return float(y[certain].mean()), 0.0, weight
    return float((weight * y).sum() / weight.sum()), float(weight.sum() ** -0.5), weight


def fay_herriot(
    rows: pd.DataFrame, *, level: float = 0.95, minimum_peers: int = 1, mse: str = "second_order"
) -> Result:
    """EBLUP of means, scores or other estimates with their own standard errors.

    ``rows``: ``estimate, std_error`` and any other columns (``project``, ``n``).

    mse  ``"second_order"``: Prasad & Rao (1990) in the form of Datta, Rao & Smith (2005) for this
         tau2, which counts that tau2 is estimated (R ``sae::mseFH(method = "FH")``: g1 + g2 +
         2 g3 - b B^2), at most the own variance; ``"blup"``: tau2 taken as known, g1 + g2, what R
         ``metafor::blup()`` prints as se and pi: too sure with few projects.

    Rows: the columns of ``rows`` with ``direct`` (own estimate), ``estimate`` (EBLUP),
    ``std_error, ci_low, ci_high`` (normal), ``shrinkage`` (0 own value .. 1 the common mean),
    ``reason``. Stages ``mean, mean_std_error, tau2, projects``. Reasons: the given one or
    ``no_answers`` without an estimate, ``too_few`` without a standard error or with
    fewer than ``minimum_peers`` others. ValueError for a negative standard error.
    """
    check_level(level)
    given = rows.reset_index(drop=True)
    y, se = (given[name].to_numpy(dtype=float) for name in ("estimate", "std_error"))
    if (se < 0).any():
        raise ValueError("a standard error must not be negative")
    usable = ~np.isnan(y) & ~np.isnan(se)
    few = usable.sum() < max(minimum_peers, 1) + 1
    shown = usable & ~few
    scatter, shrunk = None, np.full((3, len(given)), np.nan)
    if not few:
        v = se[usable] ** 2
        scatter = paule_mandel(y[usable], v)
        shrunk[:, usable] = _eblup(y[usable], v, scatter, mse)
    estimate, share, variance = shrunk
    half = critical_value(level) * np.sqrt(variance)
    table = given.assign(
        direct=y,
        estimate=estimate,
        std_error=np.sqrt(variance),
        ci_low=estimate - half,
        ci_high=estimate + half,
        shrinkage=share,
        reason=_reasons(given, np.isnan(y), shown),
    )
    return _result(table, "fay_herriot", level, scatter, int(usable.sum()))


def shrunken_shares(
    rows: pd.DataFrame, *, minimum_peers: int = 3, minimum_n: int = 20, level: float = 0.95
) -> Result:
    """Satisfied shares of projects drawn towards their common mean, each with a Beta posterior.

    ``rows``: one per project as from ``estimates_from_tallies``: ``estimate, n, n_eff`` and keys.

    A share's own standard error is no measure of its chance here: it is 0 at 0 % and 100 %, and
    smaller the luckier the project was, which would draw the mean towards the lucky. So
    v_i = (mu (1 - mu) - tau2) / n_eff, the mean sampling variance that the model itself implies,
    iterated with mu and tau2 (Kleinman 1973): the EBLUP is then the posterior mean of a
    beta-binomial model. A project at 100 % counts its n_eff like all others.

    The posterior is the Beta distribution with the EBLUP as mean and its second-order MSE (see
    ``fay_herriot``) as variance: ``posterior_n`` is the sum of its two parameters,
    estimate (1 - estimate) / MSE - 1, infinite for a census; the project's own n_eff where
    that makes the interval longer (close to 0 and 1 a larger variance heaps the distribution up at
    the end). ci_low, ci_high are its quantiles.

    Rows: the columns of ``rows`` with ``direct, estimate, std_error, ci_low, ci_high, shrinkage,
    posterior_n, reason``; stages and reasons as ``fay_herriot``, and ``too_few`` below
    ``minimum_n`` answers: such a project does not enter.
    """
    check_level(level)
    given = rows.reset_index(drop=True)
    p, size, n = (given[name].to_numpy(dtype=float) for name in ("estimate", "n_eff", "n"))
    usable = ~np.isnan(p) & (n >= minimum_n) & (size > 0)
    few = usable.sum() < max(minimum_peers, 1) + 1
    scatter, shrunk = None, np.full((6, len(given)), np.nan)
    if not few:
        scatter, shrunk[:, usable] = _beta_binomial(p[usable], size[usable], level)
    names = ("estimate", "shrinkage", "std_error", "ci_low", "ci_high", "posterior_n")
    table = given.assign(
        direct=p,
        **dict(zip(names, shrunk, strict=True)),
        reason=_reasons(given, np.isnan(p), usable & ~few),
    )
    return _result(table, "shrunken_share", level, scatter, int(usable.sum()))


def _beta_binomial(p: Array, size: Array, level: float) -> tuple[Scatter, Array]:
    counted = size[np.isfinite(size)].sum()
    edge = 0.5 / (counted + 1)  # where all answers agree, Jeffreys' half answer against them
    mean = float(np.clip(p.mean(), edge, 1 - edge))
    within = mean * (1 - mean)
    for _ in range(ROUNDS):
        scatter = paule_mandel(p, within / size)
        mean = float(np.clip(scatter.mean, edge, 1 - edge))
        spread = mean * (1 - mean)
        previous, within = within, max(spread - scatter.tau2, 0.01 * spread)
        if abs(within - previous) <= 1e-13 * within:
            break
    v = within / size
    estimate, share, variance = _eblup(p, v, scatter, "second_order")
    estimate = np.where(v > 0, np.clip(estimate, edge, 1 - edge), estimate)
    with np.errstate(divide="ignore"):
        weight = np.where(
            variance > 0, np.maximum(estimate * (1 - estimate) / variance - 1, 1.0), np.inf
        )
    low, high = _beta_interval(estimate, weight, level)
    # Near 0 and 1 a larger variance may heap the distribution at the end and shorten the interval.
    loose = np.flatnonzero(weight < size)
    own_low, own_high = _beta_interval(estimate[loose], size[loose], level)
    longer = own_high - own_low > high[loose] - low[loose]
    heaped = loose[longer]
    weight[heaped], low[heaped], high[heaped] = size[heaped], own_low[longer], own_high[longer]
    return scatter, np.vstack([estimate, share, np.sqrt(variance), low, high, weight])


def _beta_interval(mean: Array, weight: Array, level: float) -> tuple[Array, Array]:
    """Equal-tailed interval of the Beta distribution worth ``weight`` answers; infinite: none."""
    sure = np.isinf(weight)
    a, b = (np.where(sure, 1.0, weight * part) for part in (mean, 1 - mean))
    tails = (1 - level) / 2, (1 + level) / 2
    low, high = (np.where(sure, mean, betaincinv(a, b, tail)) for tail in tails)
    return low, high


def _eblup(y: Array, v: Array, scatter: Scatter, mse: str) -> Array:
    """EBLUP, weight of the mean, and MSE."""
    if mse not in ("second_order", "blup"):
        raise ValueError(f"mse must be second_order or blup, not {mse!r}")
    total = v + scatter.tau2
    share = np.where(v > 0, v / np.where(v > 0, total, 1.0), 0.0)
    estimate = y + share * (scatter.mean - y)
    error = share * scatter.tau2 + share**2 * scatter.std_error**2
    weight = 1 / np.where(total > 0, total, np.inf)
    if mse == "second_order" and weight.sum() > 0:
        first, second = weight.sum(), (weight**2).sum()
        of_tau2 = 2 * y.size / first**2
        bias = 2 * (y.size * second - first**2) / first**3
        error = error + 2 * share**2 * of_tau2 * weight - bias * share**2
        # An approximation in 1/k: with few projects it may leave the range of what can be.
        error = np.clip(error, share**2 * scatter.std_error**2, v)
    return np.vstack([estimate, share, error])


def _reasons(given: pd.DataFrame, unknown: npt.NDArray, shown: npt.NDArray) -> npt.NDArray:
    old = given["reason"].to_numpy(dtype=object) if "reason" in given else np.full(len(given), "")
    missing = np.where(old == "", "no_answers", old)
    return np.select([shown, unknown], ["", missing], default="too_few")


def _result(
    table: pd.DataFrame, method: str, level: float, scatter: Scatter | None, projects: int
) -> Result:
    found = scatter or Scatter(float("nan"), float("nan"), float("nan"))
    stages: Mapping[str, Any] = {
        "mean": found.mean,
        "mean_std_error": found.std_error,
        "tau2": found.tau2,
        "projects": projects,
    }
    n = int(table["n"].max()) if "n" in table and len(table) else projects
    return Result(table, method, level, n, stages, {"too_few": len(table) - projects})
