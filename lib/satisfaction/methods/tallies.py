"""Survey estimates from stored counts: what trend and peers read instead of every answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized

import numpy as np
import pandas as pd

from satisfaction.methods.design import Design, IntArray, remaining_share
from satisfaction.methods.estimation import satisfied, sum_and_count
from satisfaction.methods.inference import (
    DEFAULT_INTERVAL,
    mean_statistics,
    proportion_method,
    proportion_statistics,
    require_columns,
)
from satisfaction.methods.intervals import check_level
from satisfaction.methods.linearisation import domains, ratios
from satisfaction.methods.result import STATISTICS, Result


def estimates_from_tallies(
    tallies: pd.DataFrame,
    *,
    at_least: float | None,
    keys: Sequence[str] = ("project", "wave", "item"),
    level: float = 0.95,
    interval: str = DEFAULT_INTERVAL,
) -> Result:
    """Shares of scores >= ``at_least`` (None: mean scores) from counts instead of rows.

    tallies: the key columns, ``stratum``, ``stratum_population`` (NaN unknown), ``score``, ``n``
    answers with that score in the stratum, ``responses`` respondents of the stratum, whether they
    answered the item or not. The same numbers as ``survey_proportion`` / ``survey_mean`` give for
    each key from the rows, for thousands of projects at once. Weights are N_h / responses; where
    a key without its ``item`` has a stratum of unknown population, all its weights are 1. Tally
    every stratum with responses, also (n = 0) where nobody answered the item.
    """
    check_level(level)
    keys = list(keys)
    require_columns(tallies, [*keys, "stratum", "stratum_population", "score", "n", "responses"])
    method = "mean_linearised" if at_least is None else proportion_method(interval)
    coded = {key: pd.factorize(tallies[key], sort=True, use_na_sentinel=False) for key in keys}
    group = _combined(coded, keys)
    size = int(group.max(initial=-1)) + 1
    answers = tallies["score"].to_numpy(dtype=float, na_value=np.nan)[:, None]
    marked = answers if at_least is None else satisfied(answers, at_least)
    values, count = sum_and_count(marked)
    domain = domains(_tallied_design(tallies, coded, group), group, size)
    estimates = ratios(domain, values, count)
    found = (
        mean_statistics(estimates, level, method)
        if at_least is None
        else proportion_statistics(estimates, level, method)
    )
    first = np.zeros(size, dtype=np.intp)
    first[group[::-1]] = np.arange(len(group))[::-1]
    rows = tallies[keys].iloc[first].reset_index(drop=True).assign(**found)
    return Result(
        rows=rows[[*keys, *STATISTICS]],
        method=method,
        level=level,
        n=int(rows["n"].max()) if size else 0,
        stages={"keys": size, "tallies": len(tallies)},
    )


def _combined(coded: Mapping[str, tuple[IntArray, Sized]], keys: Sequence[str]) -> IntArray:
    """Number 0.. of each row's combination of keys, in their order; missing ones come last."""
    varied = [coded[key] for key in keys if len(coded[key][1]) > 1]
    code = varied[0][0] if varied else np.zeros_like(coded[keys[0]][0])
    for own, found in varied[1:]:
        code = np.unique(code * len(found) + own, return_inverse=True)[1]
    return code


def _tallied_design(
    tallies: pd.DataFrame, coded: Mapping[str, tuple[IntArray, Sized]], group: IntArray
) -> Design:
    """Strata are key x stratum; a tally row stands for n respondents."""
    count, responses, population = (
        tallies[column].to_numpy(dtype=float, na_value=np.nan)
        for column in ("n", "responses", "stratum_population")
    )
    if not (count >= 0).all() or not (responses >= count).all():
        raise ValueError("tallies need 0 <= n <= responses in every row")
    if (population < responses).any():
        raise ValueError("tallies have a stratum with more responses than stratum_population")
    study_code = _combined(coded, [key for key in coded if key != "item"] or list(coded))
    unknown = np.bincount(study_code, weights=np.isnan(population))[study_code] > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(responses > 0, np.where(unknown, 1.0, population / responses), 0.0)
    name = pd.factorize(tallies["stratum"], use_na_sentinel=False)[0]
    stratum = pd.factorize(group.astype(np.int64) * (name.max(initial=0) + 1) + name)[0]
    strata = int(stratum.max(initial=-1)) + 1
    units, sizes = np.zeros(strata), np.zeros(strata)
    units[stratum], sizes[stratum] = responses, population
    return Design(weight, stratum, units, remaining_share(units, sizes), None, count)
