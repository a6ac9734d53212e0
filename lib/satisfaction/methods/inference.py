"""From a linearised estimate to the rows of a Result: interval, n_eff, design effect, reason.

Columns beyond the key columns:

n       respondents that entered (of pooled items: who answered any of them)
n_eff   p(1-p)/SE^2 of a proportion, else S^2/SE^2; where SE is 0 or unknown, the sample size that
        unequal weights and the FPC leave, (sum w)^2 / sum(w^2 (1-f)): infinite in a census
deff    variance over that of a simple random sample of the same n, with the FPC that the weights
        imply, n / sum(w) (R ``svymean(deff = TRUE)``; none if the weights sum to no more than n)
df      sampled units - strata, among the rows that entered (at least 1 from two units on)
reason  ``no_answers`` nothing to estimate; ``too_few`` one unit, so no standard error (a proportion
        keeps its score interval); ``constant`` all answers are equal: SE 0 says nothing about
        the others; ``no_variation`` SE 0 because answers are equal within strata; else ""
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import groupby, islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.counted_rows import RowCounter
from satisfaction.methods.design import Design, FloatArray, survey_design
from satisfaction.methods.intervals import (
    check_level,
    korn_graubard_interval,
    logit_interval,
    t_interval,
    wilson_interval,
)
from satisfaction.methods.linearisation import Domains, Estimates, repeated_domains
from satisfaction.methods.result import STATISTICS, Result

Items = Sequence[str] | Mapping[str, Sequence[str]]
Statistics = dict[str, Any]
# Of one item: the additional key columns and the statistics of every domain.
Estimator = Callable[[Domains, FloatArray], Iterable[tuple[dict[str, Any], Statistics]]]

# Up to so many answers items are estimated together: the calls cost more than the numbers.
SMALL_TABLE = 100_000

DEFAULT_INTERVAL = "wilson_kish"
PROPORTION_METHODS = {
    "wilson": "wilson_n_eff",
    "wilson_t": "wilson_n_eff_t",
    "wilson_kish": "wilson_kish_n",
    "korn_graubard": "korn_graubard",
    "logit": "logit_t",
    "wald": "wald_t",
}


def proportion_method(interval: str) -> str:
    """Method code of an interval by its short name; ValueError for an unknown one."""
    if interval not in PROPORTION_METHODS:
        raise ValueError(f"interval must be one of {sorted(PROPORTION_METHODS)}, not {interval!r}")
    return PROPORTION_METHODS[interval]


def mean_statistics(estimates: Estimates, level: float, method: str) -> Statistics:
    """Columns for means, totals and ratios: t interval on the linearised standard error."""
    std_error, reason = _standard_error(estimates)
    low, high = t_interval(estimates.estimate, std_error, estimates.df, level)
    n_eff = _effective_n(estimates.unit_variance, std_error, estimates.n_kish)
    flat = (reason == "") & (std_error == 0) & ~estimates.census
    why_flat = np.where(estimates.unit_variance == 0, "constant", "no_variation")
    reason = np.where(flat, why_flat, reason)
    # without degrees of freedom a spread is known, but no interval
    reason = np.where((reason == "") & np.isnan(low), "too_few", reason)
    return _statistics(estimates, std_error, low, high, n_eff, method, reason)


def proportion_statistics(estimates: Estimates, level: float, method: str) -> Statistics:
    """Columns for proportions: score, exact or Wald interval on the effective sample size."""
    p, df = estimates.estimate, estimates.df
    std_error, reason = _standard_error(estimates)
    n_eff = _effective_n(p * (1 - p), std_error, estimates.n_kish)
    if method == "wald_t":
        low, high = t_interval(p, std_error, df, level)
    elif method == "logit_t":
        low, high = logit_interval(p, std_error, df, level)
    elif method == "korn_graubard":
        low, high = korn_graubard_interval(p, std_error, estimates.n, df, level, n_eff=n_eff)
    elif method == "wilson_n_eff_t":
        low, high = wilson_interval(p, n_eff, level, df=np.maximum(df, 1))
    elif method == "wilson_kish_n":
        low, high = wilson_interval(p, np.fmin(n_eff, estimates.n_kish), level)
    else:
        low, high = wilson_interval(p, n_eff, level)
    return _statistics(estimates, std_error, low, high, n_eff, method, reason)


def _standard_error(estimates: Estimates) -> tuple[FloatArray, npt.NDArray]:
    alone = (estimates.sampled_units < 2) & ~estimates.census
    reason = np.where(estimates.n == 0, "no_answers", np.where(alone, "too_few", ""))
    return np.where(alone, np.nan, np.sqrt(estimates.variance)), reason


def _effective_n(
    unit_variance: FloatArray, std_error: FloatArray, n_kish: FloatArray
) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(std_error > 0, unit_variance / std_error**2, n_kish)


def _statistics(
    estimates: Estimates,
    std_error: FloatArray,
    low: FloatArray,
    high: FloatArray,
    n_eff: FloatArray,
    method: str,
    reason: npt.NDArray,
) -> Statistics:
    n, weight_sum = estimates.n, estimates.weight_sum
    with np.errstate(divide="ignore", invalid="ignore"):
        fpc = np.where(weight_sum > n * (1 + 1e-9), 1 - n / weight_sum, 1.0)
        deff = std_error**2 / (estimates.unit_variance / n * fpc)
    return {
        "estimate": estimates.estimate,
        "std_error": std_error,
        "ci_low": low,
        "ci_high": high,
        "n": np.rint(n).astype(int),
        "n_eff": np.where(n > 0, n_eff, 0.0),
        "deff": np.where(np.isfinite(deff), deff, np.nan),
        "df": estimates.df,
        "weight": weight_sum,
        "method": method,
        "reason": reason,
    }


def survey_result(
    data: pd.DataFrame,
    items: Items,
    by: str | None,
    level: float,
    method: str,
    estimator: Estimator,
    keys: Sequence[str] = (),
) -> Result:
    """Run one estimator over all items and domains of a table, and collect its Result."""
    check_level(level)
    named = {name: [name] for name in items} if not isinstance(items, Mapping) else dict(items)
    require_columns(data, [c for columns in named.values() for c in columns] + ([by] if by else []))
    design = survey_design(data)
    group, labels = _groups(data, by)
    size = len(labels) if by else 1
    domain_keys = {"by": by, "group": labels} if by else {}
    domains_of = cache(partial(repeated_domains, design, group, size))
    counter = RowCounter.of(design, group, size)
    blocks = []
    unanswered = np.full(len(data), bool(named))
    plain = counter is None and design.calibration is None and design.asked_share is None
    most = max(SMALL_TABLE // max(len(data), 1), 1) if plain else 1
    for names in _batches(named, most):
        given = [scores(data, named[name]) for name in names]
        for answers in given:
            unanswered &= np.isnan(answers).all(axis=1)
        together = np.concatenate(given)
        counted = counter.count(together) if counter else None
        found = [*estimator(*(counted or (domains_of(len(names)), together)))]
        for place, name in enumerate(names):
            own = slice(place * size, (place + 1) * size)
            for extra, statistics in found:
                mine = {c: v if np.ndim(v) == 0 else v[own] for c, v in statistics.items()}
                blocks.append({"item": name, **extra, **domain_keys, **mine})
    columns = ["item", *keys, *domain_keys, *STATISTICS, *(["weight"] if by else [])]
    rows = _stacked(blocks, columns, size)
    no_group = 0 if group is None else int((group < 0).sum())
    exclusions = {"no_answers": int(unanswered.sum()), "no_group": no_group}
    return Result(
        rows=rows,
        method=method,
        level=level,
        n=int(rows["n"].max()) if len(rows) else 0,
        stages=_stages(design),
        exclusions={reason: count for reason, count in exclusions.items() if count},
    )


def _batches(named: Mapping[str, Sequence[str]], most: int) -> Iterator[list[str]]:
    """Neighbouring items of as many columns, at most so many together."""
    for _, names in groupby(named, key=lambda name: len(named[name])):
        while batch := list(islice(names, most)):
            yield batch


def _stacked(blocks: list[dict[str, Any]], columns: list[str], size: int) -> pd.DataFrame:
    """One table of all blocks (a frame for each would cost most of a small report's time)."""
    if not blocks:
        return pd.DataFrame(columns=columns)
    return pd.DataFrame(
        {
            column: np.concatenate(
                [
                    np.repeat(block[column], size)
                    if np.ndim(block[column]) == 0
                    else np.asarray(block[column])
                    for block in blocks
                ]
            )
            for column in columns
        }
    )


def require_columns(data: pd.DataFrame, columns: Iterable[str]) -> None:
    """ValueError naming the columns that the table lacks."""
    missing = sorted({str(c) for c in columns if c not in data.columns})
    if missing:
        raise ValueError(f"the data have no column {', '.join(missing)}")


def scores(data: pd.DataFrame, columns: Sequence[str]) -> FloatArray:
    """Scores as (rows, columns) floats, NaN where there is no answer; ValueError for text."""
    arrays = []
    for column in columns:
        values = data[column]
        if values.dtype != float:
            try:
                values = pd.to_numeric(values)
            except (ValueError, TypeError) as error:
                raise ValueError(f"column {column!r} holds values that are not numbers") from error
        arrays.append(values.to_numpy(dtype=float, na_value=np.nan))
    matrix = np.column_stack(arrays) if arrays else np.full((len(data), 1), np.nan)
    if np.isinf(matrix).any():
        raise ValueError(f"columns {list(columns)} hold an infinite value")
    return matrix


def _groups(data: pd.DataFrame, by: str | None) -> tuple[npt.NDArray[np.intp] | None, Any]:
    """Domain code of each row (-1 = missing) and the values; all levels of a categorical."""
    if by is None:
        return None, None
    column = data[by]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.intp), np.asarray(column.cat.categories)
    codes, labels = pd.factorize(column, sort=True)
    return codes, np.asarray(labels)


def _stages(design: Design) -> dict[str, Any]:
    sampled = design.units > 0
    return {
        "rows": len(design.stratum),
        "strata": int(sampled.sum()),
        "single_unit_strata": int((design.units == 1).sum()),
        "weights": design.weighting,
        "finite_population": bool((design.remaining[sampled] < 1).any()),
    }
