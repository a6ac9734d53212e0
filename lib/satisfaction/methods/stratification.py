"""How a sample is shared out over its strata (S0-10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.result import Result
from satisfaction.methods.sizes import ROUNDING

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# A stratum whose measure of size is this much below the largest gets nothing but its minimum.
NEGLIGIBLE = 1e-12


def allocation(
    strata: pd.DataFrame,
    n: int,
    *,
    how: str = "proportional",
    minimum: int = 0,
    power: float = 0.5,
) -> Result:
    """Share n out over strata: ``proportional`` to N_h, ``neyman`` N_h S_h, ``power`` N_h^power.

    strata: columns ``stratum``, ``population`` and, for Neyman, ``std_dev``. Every stratum gets
    at least min(minimum, N_h) and at most N_h; what caps and minima leave is shared out again in
    the same proportions, and fractions go to the largest remainders (ties: larger population, then
    name), so that the parts sum to exactly min(n, N) and the order of rows does not matter.

    Rows, as given: ``stratum``, ``population``, ``estimate`` (unrounded), ``n``, ``probability``
    (n/N_h), method, reason (``empty_stratum``: nobody in the frame). ValueError if the minima need
    more than n, or for missing, negative or fractional populations.

    Source: Neyman (1934); Bankier (1988) for power allocation.
    """
    needed = ["stratum", "population", *(["std_dev"] if how == "neyman" else [])]
    missing = [column for column in needed if column not in strata.columns]
    if missing:
        raise ValueError(f"strata have no column {', '.join(missing)}")
    if strata["stratum"].duplicated().any():
        raise ValueError("strata name a stratum twice")
    population = strata["population"].to_numpy(dtype=float, na_value=np.nan)
    if not ((population >= 0) & (population == np.floor(population))).all():
        raise ValueError("populations must be whole numbers of at least 0")
    if n < 0 or minimum < 0:
        raise ValueError("n and minimum must not be negative")
    goal = min(int(n), int(population.sum()))
    lower = np.minimum(minimum, population)
    if lower.sum() > goal:
        raise ValueError(
            f"the minimum of {minimum} per stratum needs {lower.sum():g} interviews, but n is {n}"
        )
    size = _measure_of_size(strata, population, how, power)
    target = _share_out(goal, size, population, lower)
    name = strata["stratum"].astype(str).to_numpy()
    parts = _largest_remainder(target, goal, population, name)
    with np.errstate(divide="ignore", invalid="ignore"):
        probability = np.where(population > 0, parts / population, np.nan)
    method = f"{how}_allocation"
    rows = pd.DataFrame(
        {
            "stratum": strata["stratum"].to_numpy(),
            "population": population.astype(int),
            "estimate": target,
            "n": parts,
            "probability": probability,
            "method": method,
            "reason": np.where(population > 0, "", "empty_stratum"),
        }
    )
    stages = {"requested": int(n), "population": int(population.sum()), "minimum": minimum}
    return Result(rows=rows, method=method, n=goal, stages={**stages, "allocated": goal})


def stratum_deviations(
    answers: pd.DataFrame,
    item: str,
    *,
    at_least: float | None = 4,
    strata: Sequence[str] = (),
    minimum_n: int = 10,
) -> Result:
    """Standard deviation of the answers in each stratum, for the Neyman allocation of a later wave.

    ``S_h = sqrt(sum (y - mean)^2 / (n_h - 1))`` of y = 1 for a score of ``at_least`` or more, else
    0 (None: of the score itself). A stratum with fewer than ``minimum_n`` answers, or whose answers
    are all alike, is too little to plan by: it and every stratum of ``strata`` without answers get
    the pooled value over all answers.

    answers: columns ``stratum`` and the item. Rows: ``stratum, estimate`` (S_h), ``n``, method,
    reason ("" its own value; ``too_few``, ``constant`` or ``no_answers``: the pooled one).
    ``stages``: ``pooled`` (NaN: fewer than two answers, or all alike; estimates are NaN then too).
    """
    score = answers[item].astype(float)
    marked = score if at_least is None else (score >= at_least).where(score.notna()).astype(float)
    by = marked.groupby(answers["stratum"].astype(str))
    own = pd.DataFrame({"estimate": by.std(), "n": by.count()})
    names = sorted({*own.index, *map(str, strata)})
    own = own.reindex(names)
    n = own["n"].fillna(0).astype(int).to_numpy()
    reason = np.select(
        [n == 0, n < max(minimum_n, 2), (own["estimate"] == 0).to_numpy()],
        ["no_answers", "too_few", "constant"],
        default="",
    )
    pooled = float(marked.std()) or np.nan
    rows = pd.DataFrame(
        {
            "stratum": names,
            "estimate": np.where(reason == "", own["estimate"], pooled),
            "n": n,
            "method": "stratum_deviations",
            "reason": reason,
        }
    )
    total = int(marked.count())
    return Result(rows, "stratum_deviations", n=total, stages={"pooled": pooled})


def _measure_of_size(
    strata: pd.DataFrame, population: FloatArray, how: str, power: float
) -> FloatArray:
    if how == "proportional":
        return population
    if how == "power":
        if not 0 <= power <= 1:
            raise ValueError(f"power must lie between 0 and 1, not {power!r}")
        return np.where(population > 0, population**power, 0.0)
    if how == "neyman":
        std_dev = strata["std_dev"].to_numpy(dtype=float, na_value=np.nan)
        if not (np.isfinite(std_dev) & (std_dev >= 0)).all():
            raise ValueError("Neyman allocation needs a std_dev of at least 0 in every stratum")
        return population * std_dev
    raise ValueError(f"how must be 'proportional', 'neyman' or 'power', not {how!r}")


def _share_out(
    goal: int, size: FloatArray, population: FloatArray, lower: FloatArray
) -> FloatArray:
    """Parts ``clip(factor * size, lower, population)`` with the factor that makes them sum up."""
    sized = size > NEGLIGIBLE * size.max(initial=0)
    size = np.where(sized, size, 0.0)
    most = np.where(sized, population, lower)
    if most.sum() < goal:
        # Strata without variation are asked only once all others are used up.
        rest = np.where(sized, 0.0, population)
        spare = _share_out(
            goal - int(population[sized].sum()), rest, rest, np.where(sized, 0, lower)
        )
        return np.where(sized, population, spare)
    # The sum is piecewise linear in the factor, with kinks where a part leaves a bound.
    ratio = np.where(sized, size, 1.0)
    kinks = np.unique(np.concatenate([[0.0], (lower / ratio)[sized], (population / ratio)[sized]]))
    parts = np.clip(kinks[:, None] * size, lower, most)
    sums = parts.sum(axis=1)
    after = int(np.searchsorted(sums, goal))
    if after == 0 or after == len(sums):
        return parts[min(after, len(sums) - 1)]
    weight = (goal - sums[after - 1]) / (sums[after] - sums[after - 1])
    return parts[after - 1] + weight * (parts[after] - parts[after - 1])


def _largest_remainder(
    target: FloatArray, goal: int, population: FloatArray, name: npt.NDArray
) -> IntArray:
    whole = np.floor(target + ROUNDING)
    remainder = np.round(np.maximum(target - whole, 0), 9)
    order = np.lexsort((name, -population, -remainder))
    order = order[(whole < population)[order]]
    whole[order[: int(goal - whole.sum())]] += 1
    return whole.astype(int)
