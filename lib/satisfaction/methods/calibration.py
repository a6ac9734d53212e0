"""Weights that make the answers add up to what is known of the frame, and what that costs.

Post-stratification and raking return the table with three kinds of columns: ``weight``
(calibrated), ``base_weight`` (before) and one ``margin_<variable>`` per variable that was used.
The estimator knows these columns: the part of an answer that a margin explains no longer varies
from sample to sample, so the variance is that of the residuals
(``covariance.calibration_residuals``).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.design import MARGIN
from satisfaction.methods.result import Result
from satisfaction.methods.weighting import kish_deff, stratum_weights

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]
Population = Mapping[Hashable, float]

# Totals of two margins may differ by rounding, not by households.
SAME_TOTAL = 1e-6


def post_stratify(data: pd.DataFrame, variable: str, population: Population) -> pd.DataFrame:
    """Weights scaled within each category of ``variable`` to its number of households.

    ``w = d N_c / sum_c(d)`` with d the design weight. Equals R ``postStratify``, also in the
    standard errors. ValueError where a category of the population has no answer to stand for it,
    an answer has no category, or a category is not in the population.
    """
    weight = _design_weights(data)
    codes, totals = _margin(data, variable, population, weight)
    return _calibrated(data, weight, weight * _adjustment(weight, codes, totals), [variable])


def rake(
    data: pd.DataFrame,
    margins: Mapping[str, Population],
    *,
    tolerance: float = 1e-10,
    rounds: int = 1000,
) -> pd.DataFrame:
    """Weights scaled to several margins in turn until all of them hold (iterative proportional
    fitting; Deming & Stephan 1940).

    Stops when no category is off by more than ``tolerance`` of its total. Equals R ``rake``,
    also in the standard errors (with one margin they are those of ``postStratify``). ValueError as
    in `post_stratify`, for margins whose totals differ, and where ``rounds`` do not suffice: then
    no positive weights satisfy all margins.
    """
    if not margins:
        raise ValueError("raking needs at least one margin")
    weight = _design_weights(data)
    sides = {name: _margin(data, name, known, weight) for name, known in margins.items()}
    whole = {name: totals.sum() for name, (_, totals) in sides.items()}
    first = next(iter(whole))
    for name, total in whole.items():
        if abs(total - whole[first]) > SAME_TOTAL * whole[first]:
            raise ValueError(
                f"the margins {first!r} and {name!r} add up to {whole[first]:g} and {total:g}: "
                "they must describe the same households"
            )
    raked = weight.copy()
    for _ in range(rounds):
        for codes, totals in sides.values():
            raked = raked * _adjustment(raked, codes, totals)
        off = {name: _distance(raked, *side) for name, side in sides.items()}
        if max(off.values()) <= tolerance:
            return _calibrated(data, weight, raked, list(margins))
    worst = max(off, key=lambda name: off[name])
    raise ValueError(
        f"raking cannot reach the margins: {worst!r} is still off by {off[worst]:.1%} after "
        f"{rounds} rounds; leave a margin out or merge its categories"
    )


def trim_weights(
    data: pd.DataFrame, *, lower: float = 0.0, upper: float = np.inf, strict: bool = False
) -> pd.DataFrame:
    """Weights cut to [lower, upper]; what is cut off goes in equal parts to all other rows.

    The sum stays. The others may cross a bound by that; ``strict`` repeats until none does. Equals
    R ``trimWeights`` (not strict). A calibration does not survive trimming exactly: its columns go,
    and margins must be checked (or raked) again. ValueError where the bounds cannot hold the sum.
    """
    if not 0 <= lower < upper:
        raise ValueError(f"the bounds must rise from 0 or more, not {lower!r} to {upper!r}")
    weight = _design_weights(data)
    total, n = weight.sum(), len(weight)
    if not n * lower <= total <= n * upper:
        raise ValueError(
            f"{n} weights between {lower:g} and {upper:g} cannot sum to {total:g}: widen the bounds"
        )
    trimmed = weight
    cut = np.zeros(n, dtype=bool)
    while (outside := ((trimmed < lower) | (trimmed > upper)) & ~cut).any():
        cut |= outside
        if cut.all():
            raise ValueError("every weight lies outside the bounds: widen them")
        bounded = np.where(cut, np.clip(trimmed, lower, upper), trimmed)
        bounded[~cut] += (trimmed - bounded).sum() / (~cut).sum()
        trimmed = bounded
        if not strict:
            break
    kept = data.drop(columns=[c for c in data.columns if c.startswith(MARGIN)])
    return kept.assign(weight=trimmed, base_weight=weight)


def nonresponse_weights(
    sample: pd.DataFrame, responded: str, classes: str | Sequence[str], *, minimum_n: int = 1
) -> pd.Series:
    """Weights of the respondents: each also speaks for the silent ones of its class.

    ``w = d sum_c(d) / sum_{c, responded}(d)`` in each response class c (one variable, or the
    crossing of several), 0 for who did not respond. It takes silence to be chance within a class.
    Classes with fewer than ``minimum_n`` respondents are merged with each other, and with the next
    smallest until there are enough. Sources: Little (1986); Kalton & Flores-Cervantes (2003).

    ValueError if nobody responded, or ``responded`` is neither true nor false.
    """
    if sample[responded].isna().any():
        raise ValueError(f"{responded!r} must be true or false for every household of the sample")
    answered = sample[responded].to_numpy(dtype=bool)
    if not answered.any():
        raise ValueError("nobody responded: there is nobody to speak for the sample")
    weight = _design_weights(sample)
    names = [classes] if isinstance(classes, str) else list(classes)
    code = sample.groupby(names, dropna=False, observed=True, sort=True).ngroup().to_numpy()
    code = _merged_codes(code, np.bincount(code, weights=answered), minimum_n)
    whole = np.bincount(code, weights=weight)
    heard = np.bincount(code, weights=weight * answered)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(heard > 0, whole / heard, 0.0)
    return pd.Series(np.where(answered, weight * factor[code], 0.0), sample.index, name="weight")


def rake_to_frame(
    data: pd.DataFrame, frame: pd.DataFrame, variables: Sequence[str], *, minimum_n: int = 5
) -> pd.DataFrame:
    """The answers raked to the frame's counts of each variable; the design weight comes first.

    Categories with fewer than ``minimum_n`` answers are merged (those of the frame without any
    answer, too), so that no single sheet speaks for many households. A variable that is left with
    one category is not used. Answers without a category (not in the frame) make the variable
    unusable. Without a frame, or with no usable variable, the design weights remain and there is
    no ``margin_`` column.
    """
    weight = _design_weights(data)
    unchanged = data.assign(weight=weight, base_weight=weight)
    if frame.empty or data.empty:
        return unchanged
    merged = {}
    margins: dict[str, Population] = {}
    for variable in variables:
        known = frame[variable].notna()
        if data[variable].isna().any() or not known.all():
            continue
        categories, code = np.unique(
            np.concatenate([data[variable].astype(str), frame[variable].astype(str)]),
            return_inverse=True,
        )
        own, framed = code[: len(data)], code[len(data) :]
        answers = np.bincount(own, minlength=len(categories))
        households = np.bincount(framed, minlength=len(categories))
        if (answers > 0)[households == 0].any():
            continue  # answers from outside the frame: its counts do not describe them
        group = _merged_codes(np.arange(len(categories)), answers, minimum_n)
        if len(np.unique(group)) < 2:
            continue
        merged[variable] = group[own]
        totals = np.bincount(group, weights=households)
        margins[variable] = {int(g): float(totals[g]) for g in np.unique(group)}
    if not margins:
        return unchanged
    raked = rake(unchanged.assign(**merged), margins)
    return raked.assign(**{variable: data[variable] for variable in margins})


def weight_summary(tables: Mapping[str, pd.DataFrame]) -> Result:
    """What each step of weighting does to the weights.

    Rows: ``step, n, weight_sum, smallest, largest, deff, n_eff, method, reason``.
    ``deff`` is Kish's 1 + cv^2 of the weights and ``n_eff`` = n / deff: the answers that the
    inequality of the weights leaves. The steps are tables with a ``weight`` column (without: the
    design weights).
    """
    rows = []
    most = 0
    for step, data in tables.items():
        weight = _design_weights(data)
        deff = kish_deff(weight)
        most = max(most, len(weight))
        rows.append(
            {
                "step": step,
                "n": len(weight),
                "weight_sum": float(weight.sum()),
                "smallest": float(weight.min()) if len(weight) else np.nan,
                "largest": float(weight.max()) if len(weight) else np.nan,
                "deff": deff,
                "n_eff": len(weight) / deff,
                "method": "kish",
                "reason": "" if len(weight) else "no_answers",
            }
        )
    return Result(pd.DataFrame(rows), "kish", n=most)


def _design_weights(data: pd.DataFrame) -> FloatArray:
    if "weight" not in data.columns:
        return stratum_weights(data).to_numpy()
    weight = pd.to_numeric(data["weight"]).to_numpy(dtype=float, na_value=np.nan)
    wrong = int((~np.isfinite(weight) | (weight < 0)).sum())
    if wrong:
        raise ValueError(f"{wrong} rows have a weight that is missing, infinite or negative")
    return weight


def _margin(
    data: pd.DataFrame, variable: str, population: Population, weight: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Category of each row and households of each category; ValueError where they do not fit."""
    if variable not in data.columns:
        raise ValueError(f"the data have no column {variable!r}")
    if data[variable].isna().any():
        raise ValueError(f"{int(data[variable].isna().sum())} rows have no {variable!r}")
    totals = np.array([float(households) for households in population.values()])
    if not len(totals) or not (np.isfinite(totals) & (totals >= 0)).all():
        raise ValueError(f"the population of {variable!r} must be numbers of at least 0")
    place = {category: number for number, category in enumerate(population)}
    codes = data[variable].map(place)
    if codes.isna().any():
        unknown = sorted({str(v) for v in data.loc[codes.isna(), variable]})
        raise ValueError(f"the population of {variable!r} does not hold: {', '.join(unknown)}")
    own: IntArray = codes.to_numpy(dtype=np.intp)
    silent = (np.bincount(own, weights=weight, minlength=len(totals)) == 0) & (totals > 0)
    if silent.any():
        names = ", ".join(str(name) for name, s in zip(population, silent, strict=True) if s)
        raise ValueError(
            f"nobody answered for {variable!r}: {names}; merge it with a category that has answers"
        )
    return own, totals


def _adjustment(weight: FloatArray, codes: IntArray, totals: FloatArray) -> FloatArray:
    reached = np.bincount(codes, weights=weight, minlength=len(totals))
    return np.where(reached > 0, totals / np.where(reached > 0, reached, 1), 1.0)[codes]


def _distance(weight: FloatArray, codes: IntArray, totals: FloatArray) -> float:
    reached = np.bincount(codes, weights=weight, minlength=len(totals))
    return float((np.abs(reached - totals) / np.where(totals > 0, totals, 1.0)).max())


def _calibrated(
    data: pd.DataFrame, base: FloatArray, weight: FloatArray, variables: Sequence[str]
) -> pd.DataFrame:
    kept = data.drop(columns=[c for c in data.columns if c.startswith(MARGIN)])
    codes = {f"{MARGIN}{name}": pd.factorize(data[name])[0] for name in variables}
    return kept.assign(weight=weight, base_weight=base, **codes)


def _merged_codes(code: IntArray, answers: npt.NDArray, minimum_n: int) -> IntArray:
    """Codes in which categories with too few answers share one, topped up by the next smallest."""
    order = np.argsort(answers, kind="stable")
    thin = int((answers < minimum_n).sum())
    if thin:
        while thin < len(order) and (thin < 2 or answers[order[:thin]].sum() < minimum_n):
            thin += 1
    target = np.arange(len(answers))
    target[order[:thin]] = order[:1]
    return target[code]
