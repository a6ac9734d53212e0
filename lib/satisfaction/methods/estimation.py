"""Survey estimates with design-based intervals: means, shares, totals, ratios, distributions.

Data first: one row per respondent, item columns hold scores (NaN = no answer). Design columns are
recognised by name, all optional: ``stratum``, ``weight``, ``stratum_population``, ``cluster``.
Without ``weight`` but with known ``stratum_population`` a row stands for N_h / n_h units, n_h
counting the stratum's *respondents*: who did not respond is taken to answer like those of the same
stratum who did. Somebody who skipped an item remains in the variance as outside that item's
domain, as do the rows outside a ``by=`` group.

``items`` is a list of columns, or a mapping name -> columns to pool: the ratio of all their answers'
sums over respondents, so that one respondent's answers count as correlated.

Result rows: ``item``, with ``by=`` also ``by`` (the variable) and ``group`` (its value), then
``estimate, std_error, ci_low, ci_high, n, n_eff, deff, df, method, reason``:

n       respondents that entered (of a pooled item: who answered any of it)
n_eff   p(1-p)/SE^2 of a proportion, else S^2/SE^2; where SE is 0 or unknown, Kish's n with FPC
deff    variance over that of a simple random sample of the same n with the FPC that the weights
        imply (R ``svymean(deff = TRUE)``; none where the weights sum to no more than n)
df      sampled units - strata, among the rows that entered (at least 1 from two units on)
reason  "" | no_answers (nothing to estimate) | too_few (one unit: no standard error; a
        proportion keeps its score interval) | constant (all answers equal: SE 0 says nothing about
        others) | no_variation (SE 0 because answers are equal within strata)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.intervals import (
    check_level,
    korn_graubard_interval,
    t_interval,
    wilson_interval,
)
from satisfaction.methods.linearisation import (
    Design,
    Domains,
    Estimates,
    FloatArray,
    domains,
    ratios,
    survey_design,
    totals,
)
from satisfaction.methods.result import STATISTICS, Result

Items = Sequence[str] | Mapping[str, Sequence[str]]
Statistics = dict[str, Any]
PROPORTION_METHODS = {
    "wilson": "wilson_n_eff",
    "wilson_t": "wilson_n_eff_t",
    "korn_graubard": "korn_graubard",
    "wald": "wald_t",
}


def survey_mean(
    data: pd.DataFrame, items: Items, *, by: str | None = None, level: float = 0.95
) -> Result:
    """Mean score with t interval. Equals R ``svymean``/``svyby``, ``confint(df = degf)``."""

    def statistics(domain: Domains, answers: FloatArray) -> list[tuple[dict, Statistics]]:
        estimates = ratios(domain, *_sum_and_count(answers))
        return [({}, mean_statistics(estimates, level, "mean_linearised"))]

    return _survey(data, items, by, level, "mean_linearised", statistics)


def survey_proportion(
    data: pd.DataFrame,
    items: Items,
    *,
    at_least: float | None = None,
    by: str | None = None,
    level: float = 0.95,
    interval: str = "wilson",
) -> Result:
    """Share of answers of at least ``at_least`` (S3-5: 4), or of ones in a 0/1 column.

    interval: ``"wilson"`` (z, the default), ``"wilson_t"`` (t with the design's df),
    ``"korn_graubard"`` (R ``svyciprop(method = "beta")``) or ``"wald"`` (``method = "mean"``, not
    to be reported: it fails near 0 and 1). Near 0 or 1 clusters are not allowed for: at exactly
    0 or 1 they show no variation, and n counts rows.
    """
    method = proportion_method(interval)

    def statistics(domain: Domains, answers: FloatArray) -> list[tuple[dict, Statistics]]:
        estimates = ratios(domain, *_sum_and_count(_satisfied(answers, at_least)))
        return [({}, proportion_statistics(estimates, level, method))]

    return _survey(data, items, by, level, method, statistics)


def survey_total(
    data: pd.DataFrame, items: Items, *, by: str | None = None, level: float = 0.95
) -> Result:
    """Weighted total of those who answered, with t interval. Equals R ``svytotal``.

    Missing answers count as nothing, not as an average answer. Unlike R, single-unit strata are
    centred at the mean of all units' contributions here too.
    """

    def statistics(domain: Domains, answers: FloatArray) -> list[tuple[dict, Statistics]]:
        values, count = _sum_and_count(answers)
        estimates = totals(domain, np.where(np.isnan(count), np.nan, values))
        return [({}, mean_statistics(estimates, level, "total_linearised"))]

    return _survey(data, items, by, level, "total_linearised", statistics)


def survey_ratio(
    data: pd.DataFrame,
    numerator: str,
    denominator: str,
    *,
    by: str | None = None,
    level: float = 0.95,
) -> Result:
    """Ratio of two totals over the rows that have both, with t interval. Equals R ``svyratio``.

    Key columns: ``item`` (the numerator), ``denominator``, then ``by`` and ``group``.
    """

    def statistics(domain: Domains, answers: FloatArray) -> list[tuple[dict, Statistics]]:
        estimates = ratios(domain, answers[:, 0], answers[:, 1])
        keys = {"denominator": denominator}
        return [(keys, mean_statistics(estimates, level, "ratio_linearised"))]

    items = {numerator: [numerator, denominator]}
    return _survey(data, items, by, level, "ratio_linearised", statistics, ("denominator",))


def score_distribution(
    data: pd.DataFrame,
    items: Items,
    *,
    scores: Sequence[float] = (1, 2, 3, 4, 5),
    by: str | None = None,
    level: float = 0.95,
) -> Result:
    """Weighted share of each score among the answers, with Wilson interval.

    Key columns: ``item``, ``score``, then ``by`` and ``group``. ``n`` counts all who answered.
    """

    def statistics(domain: Domains, answers: FloatArray) -> list[tuple[dict, Statistics]]:
        found = []
        for score in scores:
            chosen = np.where(np.isnan(answers), np.nan, answers == score)
            estimates = ratios(domain, *_sum_and_count(chosen))
            found.append(
                ({"score": score}, proportion_statistics(estimates, level, "wilson_n_eff"))
            )
        return found

    return _survey(data, items, by, level, "wilson_n_eff", statistics, ("score",))


def survey_std(
    data: pd.DataFrame, items: Items, *, by: str | None = None, level: float = 0.95
) -> Result:
    """Standard deviation of the answers in the population: root of R's ``svyvar``.

    ``S^2 = n/(n-1) sum w (y - mean)^2 / sum w``; plain n-1 standard deviation for equal weights.
    SE by the delta method, SE(S^2) / 2S; t interval cut at 0. For pooled items n counts answers.
    """

    def statistics(domain: Domains, answers: FloatArray) -> list[tuple[dict, Statistics]]:
        values, count = _sum_and_count(answers)
        mean = ratios(domain, values, count).estimate
        centre = np.full(len(answers), np.nan)
        centre[slice(None) if domain.rows is None else domain.rows] = mean[domain.group]
        squares, _ = _sum_and_count((answers - centre[:, None]) ** 2)
        spread = ratios(domain, squares, count)
        asked = domain.total(np.nan_to_num(domain.take(count)) * (_weights(domain) > 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            correction = asked / (asked - 1)
            std = np.sqrt(spread.estimate * correction)
            std = np.where(std <= 1e-12 * np.abs(mean), 0.0, std)
            # d sqrt(v) = dv / 2 sqrt(v)
            slope = np.where(std > 0, correction / (2 * std), 0.0)
        rescaled = Estimates(
            estimate=np.where(asked > 1, std, np.nan),
            variance=spread.variance * slope**2,
            n=spread.n,
            sampled_units=spread.sampled_units,
            strata=spread.strata,
            unit_variance=spread.unit_variance * slope**2,
            n_kish=spread.n_kish,
            weight_sum=spread.weight_sum,
        )
        found = mean_statistics(rescaled, level, "std_linearised")
        found["ci_low"] = np.maximum(found["ci_low"], 0)
        return [({}, found)]

    return _survey(data, items, by, level, "std_linearised", statistics)


def mean_statistics(estimates: Estimates, level: float, method: str) -> Statistics:
    """Columns of a Result for means, totals and ratios: t interval on the linearised SE."""
    std_error, reason = _standard_error(estimates)
    df = estimates.df
    low, high = t_interval(estimates.estimate, std_error, df, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = estimates.unit_variance / std_error**2
    n_eff = np.where(std_error > 0, n_eff, estimates.n_kish)
    flat = (std_error == 0) & ~estimates.census
    reason = np.where(
        (reason == "") & flat,
        np.where(estimates.unit_variance == 0, "constant", "no_variation"),
        reason,
    )
    return _statistics(estimates, std_error, low, high, n_eff, method, reason)


def proportion_statistics(estimates: Estimates, level: float, method: str) -> Statistics:
    """Columns of a Result for proportions: score, exact or Wald interval on the effective n."""
    p = estimates.estimate = np.clip(estimates.estimate, 0, 1) if False else estimates.estimate
    std_error, reason = _standard_error(estimates)
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = p * (1 - p) / std_error**2
    n_eff = np.where(std_error > 0, n_eff, estimates.n_kish)
    df = estimates.df
    if method == "wald_t":
        low, high = t_interval(p, std_error, df, level)
    elif method == "korn_graubard":
        low, high = korn_graubard_interval(p, std_error, estimates.n, df, level, n_eff=n_eff)
    elif method == "wilson_n_eff_t":
        low, high = wilson_interval(p, n_eff, level, df=np.maximum(df, 1))
    else:
        low, high = wilson_interval(p, n_eff, level)
    return _statistics(estimates, std_error, low, high, n_eff, method, reason)


def proportion_method(interval: str) -> str:
    """Method code of an interval by its short name; ValueError for an unknown one."""
    if interval not in PROPORTION_METHODS:
        raise ValueError(f"interval must be one of {sorted(PROPORTION_METHODS)}, not {interval!r}")
    return PROPORTION_METHODS[interval]
