"""Survey estimates with design-based intervals: means, shares, totals, ratios, distributions.

Data first: one row per respondent, item columns hold scores (NaN = no answer). Design columns are
recognised by name, all optional: ``stratum``, ``weight``, ``stratum_population``, ``cluster``.
Without ``weight`` but with known ``stratum_population`` a row stands for N_h / n_h units, n_h
counting the stratum's *respondents*: who did not respond is taken to answer like those of the same
stratum who did. Somebody who skipped an item stays in the variance as outside that item's
domain, as do the rows outside a ``by=`` group.

``items`` is a list of columns, or a mapping name -> columns to pool: all their answers, added up
per respondent first, so that the answers of one respondent are not taken for independent.

Result rows: ``item``, further keys if a function has them, with ``by=`` also ``by`` (the variable)
and ``group`` (its value), then the statistics as explained in ``inference``, with ``by=`` at the
end ``weight``: the sum of the group's weights, its part in the whole. Thin data never raise: they
give a ``reason``. ValueError for an unknown column, text in a score, a level outside (0, 1), a
negative weight, a stratum with several populations or more rows than population.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from satisfaction.methods.design import FloatArray
from satisfaction.methods.inference import (
    DEFAULT_INTERVAL,
    Items,
    Statistics,
    mean_statistics,
    proportion_method,
    proportion_statistics,
    survey_result,
)
from satisfaction.methods.intervals import t_interval
from satisfaction.methods.linearisation import Domains, ratios, totals
from satisfaction.methods.quantiles import OrderedAnswers
from satisfaction.methods.result import Result

Found = Iterator[tuple[dict[str, Any], Statistics]]


def survey_mean(
    data: pd.DataFrame, items: Items, *, by: str | None = None, level: float = 0.95
) -> Result:
    """Mean score with t interval. Equals R ``svymean``/``svyby``, ``confint(df = degf(...))``."""
    method = "mean_linearised"

    def estimator(domain: Domains, answers: FloatArray) -> Found:
        yield {}, mean_statistics(ratios(domain, *sum_and_count(answers)), level, method)

    return survey_result(data, items, by, level, method, estimator)


def survey_proportion(
    data: pd.DataFrame,
    items: Items,
    *,
    at_least: float | None = None,
    by: str | None = None,
    level: float = 0.95,
    interval: str = DEFAULT_INTERVAL,
) -> Result:
    """Share of answers of at least ``at_least`` (S3-5: 4), or of ones in a 0/1 column.

    interval (all on n_eff = p(1-p)/SE^2):

    wilson_kish     Wilson, n_eff never above Kish's (sum w)^2 / sum(w^2 (1-f)): a stratum that
                    shows no variation by chance is not taken for known. With clusters, of which
                    there are few, Student's t on the design's df instead. The default.
    wilson          Wilson on n_eff as it is, z
    wilson_t        the same, t
    korn_graubard   R ``svyciprop(method = "beta")``
    logit           ``method = "logit"``; none where the share is 0 or 1
    wald            ``method = "mean"``; for comparison only, it fails near 0 and 1

    Coverage of 95 % intervals (tests/test_coverage.py: p = .5, .9, .98; n = 20, 60, 300; simple,
    stratified, raked; exact but for raking): ``wilson_kish`` 93-97 % but for 92 % (300 of 1,000
    households, p = .98), 90 % (n = 20, p = .98, a quarter of the sample from three quarters of the
    households) and up to 98.1 % where strata truly differ: it does not count on their gain.
    ``wilson`` falls to 90 % where half the households are asked a third as often as the others, to
    75 % where three quarters are, and to 84 % after raking at n = 20. Clusters show no effect where
    the share is exactly 0 or 1: the interval then counts rows.
    """
    method = proportion_method(interval)

    def estimator(domain: Domains, answers: FloatArray) -> Found:
        parts = sum_and_count(satisfied(answers, at_least))
        clustered = method == "wilson_kish_n" and domain.design.cluster is not None
        chosen = "wilson_n_eff_t" if clustered else method
        yield {}, proportion_statistics(ratios(domain, *parts), level, chosen)

    return survey_result(data, items, by, level, method, estimator)


def survey_total(
    data: pd.DataFrame, items: Items, *, by: str | None = None, level: float = 0.95
) -> Result:
    """Weighted total over those who answered, with t interval. Equals R ``svytotal``.

    A missing answer adds nothing (it is not replaced by an average one). Strata with a single
    unit are centred at the mean contribution of all units, as for means.
    """
    method = "total_linearised"

    def estimator(domain: Domains, answers: FloatArray) -> Found:
        values, _ = sum_and_count(answers)
        yield {}, mean_statistics(totals(domain, values), level, method)

    return survey_result(data, items, by, level, method, estimator)


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
    method = "ratio_linearised"

    def estimator(domain: Domains, answers: FloatArray) -> Found:
        estimates = ratios(domain, answers[:, 0], answers[:, 1])
        yield {"denominator": denominator}, mean_statistics(estimates, level, method)

    items = {numerator: [numerator, denominator]}
    return survey_result(data, items, by, level, method, estimator, ["denominator"])


def score_distribution(
    data: pd.DataFrame,
    items: Items,
    *,
    scores: Sequence[float] = (1, 2, 3, 4, 5),
    by: str | None = None,
    level: float = 0.95,
) -> Result:
    """Weighted share of each score among the answers, with the default interval.

    Key columns: ``item``, ``score``, then ``by`` and ``group``. ``n`` counts all who answered,
    whatever their score.
    """
    method = proportion_method(DEFAULT_INTERVAL)

    def estimator(domain: Domains, answers: FloatArray) -> Found:
        for score in scores:
            chosen = np.where(np.isnan(answers), np.nan, answers == score)
            estimates = ratios(domain, *sum_and_count(chosen))
            yield {"score": score}, proportion_statistics(estimates, level, method)

    return survey_result(data, items, by, level, method, estimator, ["score"])


def survey_std(
    data: pd.DataFrame, items: Items, *, by: str | None = None, level: float = 0.95
) -> Result:
    """Standard deviation of the answers in the population: the root of R's ``svyvar``.

    ``S^2 = n/(n-1) sum w (y - mean)^2 / sum w``; the plain n-1 standard deviation if weights are
    equal. SE(S) = SE(S^2) / 2S (delta method), t interval cut at 0. For pooled items the n in
    n/(n-1) counts answers. One answer has no standard deviation: ``too_few``.
    """
    method = "std_linearised"

    def estimator(domain: Domains, answers: FloatArray) -> Found:
        values, count = sum_and_count(answers)
        mean = ratios(domain, values, count).estimate
        centre = _spread_over_rows(domain, mean, len(answers))
        spread = ratios(domain, sum_and_count((answers - centre[:, None]) ** 2)[0], count)
        used = domain.take(np.where(domain.design.weight > 0, np.nan_to_num(count), 0.0))
        n = domain.total(used)
        with np.errstate(divide="ignore", invalid="ignore"):
            correction = n / (n - 1)
            std = np.sqrt(spread.estimate * correction)
            std = np.where(std <= 1e-12 * np.abs(mean), 0.0, std)
            slope = np.where(std > 0, correction / (2 * std), 0.0)  # dS / d(mean square)
        found = mean_statistics(
            replace(
                spread,
                estimate=np.where(n > 1, std, np.nan),
                variance=spread.variance * slope**2,
                unit_variance=spread.unit_variance * slope**2,
            ),
            level,
            method,
        )
        found["ci_low"] = np.maximum(found["ci_low"], 0.0)
        found["reason"] = np.where(n == 1, "too_few", found["reason"])
        yield {}, found

    return survey_result(data, items, by, level, method, estimator)


def survey_quantile(
    data: pd.DataFrame,
    items: Items,
    *,
    q: Sequence[float] = (0.5,),
    by: str | None = None,
    level: float = 0.95,
    rule: str = "math",
) -> Result:
    """Weighted quantiles with Woodruff's interval. Equals R ``svyquantile`` (survey 4.1).

    rule ``"math"`` (R's default): the smallest value that at least a share q of the population does
    not exceed, always a score that was given. ``"school"``: the mean of that value and the next
    where the share is exactly q, which is ``np.median`` for q = 0.5 and equal weights.

    Interval: the t interval of the share not above the quantile, F(Q), mapped back to scores
    (R ``interval.type = "mean"``); SE = its width / 2t. A limit of that share beyond 0 or 1 gives
    the smallest or largest score given (R: NaN). Where F(Q) shows no variation (the median
    is the top score), R's interval has no width; here q +- t sqrt(q(1-q)/n) with Kish's n is
    mapped back instead. ``deff`` and ``n_eff`` are those of F(Q). Key columns: ``item``, ``q``,
    then ``by`` and ``group``.
    """
    if rule not in ("math", "school"):
        raise ValueError(f"rule must be 'math' or 'school', not {rule!r}")
    if any(not 0 < share < 1 for share in q):
        raise ValueError(f"quantiles must lie between 0 and 1, not {list(q)}")

    def estimator(domain: Domains, answers: FloatArray) -> Found:
        ordered = OrderedAnswers(domain, answers)
        for share in q:
            value = ordered.quantile(np.full(domain.size, share), rule)
            limit = _spread_over_rows(domain, value, len(answers))
            below = np.where(np.isnan(answers), np.nan, answers <= limit[:, None])
            estimates = ratios(domain, *sum_and_count(below))
            found = mean_statistics(estimates, level, "woodruff")
            top = (found["std_error"] == 0) & ~estimates.census
            with np.errstate(divide="ignore", invalid="ignore"):
                expected = np.sqrt(share * (1 - share) / estimates.n_kish)
            reached = np.where(top, share, estimates.estimate)
            spread = np.where(top, expected, found["std_error"])
            low, high = t_interval(reached, spread, estimates.df, level)
            width = t_interval(0.0, 1.0, estimates.df, level)[1]
            found["estimate"] = value
            found["ci_low"] = ordered.quantile(low, rule)
            found["ci_high"] = ordered.quantile(high, rule)
            found["std_error"] = np.where(
                estimates.census, 0.0, (found["ci_high"] - found["ci_low"]) / (2 * width)
            )
            flat = np.isin(found["reason"], ["constant", "no_variation"])
            found["reason"] = np.where(flat, "", found["reason"])
            yield {"q": share}, found

    return survey_result(data, items, by, level, "woodruff", estimator, ["q"])


def sum_and_count(answers: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Per respondent the sum and number of answers; NaN in both where there is none."""
    if answers.shape[1] == 1:
        values = answers[:, 0]
        return values, np.where(np.isnan(values), np.nan, 1.0)
    count = (~np.isnan(answers)).sum(axis=1).astype(float)
    count[count == 0] = np.nan
    return np.where(np.isnan(count), np.nan, np.nansum(answers, axis=1)), count


def satisfied(answers: FloatArray, at_least: float | None) -> FloatArray:
    """1 / 0 for scores above / below the mark, NaN kept; a 0/1 column is checked instead."""
    if at_least is not None:
        return np.where(np.isnan(answers), np.nan, answers >= at_least)
    if not (np.isnan(answers) | (answers == 0) | (answers == 1)).all():
        raise ValueError("a proportion without at_least needs columns of 0 and 1")
    return answers


def _spread_over_rows(domain: Domains, values: FloatArray, rows: int) -> FloatArray:
    """The value of its domain for every row; NaN outside all domains."""
    spread = np.full(rows, np.nan)
    spread[slice(None) if domain.rows is None else domain.rows] = values[domain.group]
    return spread
