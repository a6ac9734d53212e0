"""Households that answered in both waves: two waves that share some are not independent samples.

    Var(d) = V_now + V_before - 2 Cov,   Cov = sum over common households of  f x D_now x D_before

D is the household's weighted influence value less the mean of its stratum in that wave, times
sqrt(n_h / (n_h - 1)): the very terms whose squares add up to V_now and V_before. Without common
households Cov is 0 (independent waves); if all are common, d has the standard error of the paired
t test. f is the finite population correction of a covariance, 1 - n_now n_before / (n_common N)
per stratum: as many common households as two independent draws would give say nothing, and fewer
are taken as none. f = 1 where N is unknown.

Source: Särndal, Swensson & Wretman (1992), 9.9; Berger (2004), Canadian Journal of Statistics 32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.covariance import calibration_residuals
from satisfaction.methods.design import Design, FloatArray, IntArray, survey_design
from satisfaction.methods.inference import scores


@dataclass(frozen=True)
class Overlap:
    """Pairs of units that are the same household in both waves, and both waves' designs.

    now, before  (pairs,) numbers of the units: rows, or clusters where a design has them
    factor       (pairs,) finite population correction of their covariance
    """

    design_now: Design
    design_before: Design
    now: IntArray
    before: IntArray
    factor: FloatArray

    def covariance(self, z_now: FloatArray, z_before: FloatArray) -> FloatArray:
        """Design covariance (k, l) of the column sums of two waves' influence values."""
        there = _deviations(self.design_now, z_now)[self.now]
        here = _deviations(self.design_before, z_before)[self.before]
        return np.asarray((there * self.factor[:, None]).T @ here)

    def degrees(self, used_now: FloatArray, used_before: FloatArray) -> FloatArray:
        """(k,) common units that count, minus their strata; of those that entered both waves."""
        entered = _sums(self.design_now, used_now)[self.now] > 0
        entered &= _sums(self.design_before, used_before)[self.before] > 0
        pairs = entered & (self.factor > 0)[:, None]
        stratum = _unit_strata(self.design_now)[self.now]
        found = [max(int(column.sum()) - len(np.unique(stratum[column])), 0) for column in pairs.T]
        return np.asarray(found, dtype=float)


def overlap(
    current: pd.DataFrame,
    previous: pd.DataFrame,
    design_now: Design,
    design_before: Design,
    unit: str | None,
) -> Overlap:
    """Match the rows of two waves on the column ``unit``; rows without a value match none.

    ``unit=None``, or a column that a wave lacks: no pairs, independent waves. With a ``cluster``
    column the clusters are matched instead, since they are what was sampled.
    """
    clustered = design_now.cluster is not None or design_before.cluster is not None
    name = "cluster" if clustered and unit is not None else unit
    none = np.zeros(0, dtype=np.intp)
    if name is None or name not in current.columns or name not in previous.columns:
        return Overlap(design_now, design_before, none, none, np.zeros(0))
    now, before = _pairs(_keys(current, design_now, name), _keys(previous, design_before, name))
    stayed = _strata(current, design_now)[now] == _strata(previous, design_before)[before]
    factor = _factor(stayed, design_now, design_before, now, before)
    return Overlap(design_now, design_before, now, before, factor)


def _keys(data: pd.DataFrame, design: Design, name: str) -> npt.NDArray[np.object_]:
    """What each sampled unit is called."""
    return data[name].to_numpy(dtype=object)[_first_rows(design)]


def _strata(data: pd.DataFrame, design: Design) -> npt.NDArray[np.object_]:
    """Name of each sampled unit's stratum."""
    if "stratum" not in data.columns:
        return np.full(len(design.stratum), "all", dtype=object)[_first_rows(design)]
    return data["stratum"].astype(str).to_numpy(dtype=object)[_first_rows(design)]


def _first_rows(design: Design) -> slice | IntArray:
    """The row, or the first one, of each sampled unit."""
    if design.cluster is None:
        return slice(None)
    return np.unique(design.cluster, return_index=True)[1]


def _pairs(
    now: npt.NDArray[np.object_], before: npt.NDArray[np.object_]
) -> tuple[IntArray, IntArray]:
    """Places of equal keys, in the order of ``now``; a missing key equals none."""
    codes = pd.factorize(np.concatenate([now, before]))[0]
    left, right = codes[: len(now)], codes[len(now) :]
    order = np.argsort(right, kind="stable")
    start = np.searchsorted(right[order], left, side="left")
    end = np.searchsorted(right[order], left, side="right")
    found = np.where(left >= 0, end - start, 0)
    skipped = start - (np.cumsum(found) - found)
    places = np.arange(found.sum()) + np.repeat(skipped, found)
    return np.repeat(np.arange(len(now)), found), order[places]


def _factor(
    stayed: npt.NDArray[np.bool_], first: Design, second: Design, now: IntArray, before: IntArray
) -> FloatArray:
    h, k = _unit_strata(first)[now], _unit_strata(second)[before]
    n_now, n_before = first.units[h], second.units[k]
    left, left_before = first.remaining[h], second.remaining[k]
    widest = np.sqrt(np.maximum(left * left_before, 0))
    with np.errstate(divide="ignore"):
        population = np.maximum(n_now / (1 - left), n_before / (1 - left_before))
    finite = (left < 1) & (left_before < 1)
    cell = pd.factorize(h * (len(second.units) + 1) + k)[0]
    common = np.bincount(cell, minlength=1)[cell] if len(cell) else np.zeros(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.clip(1 - n_now * n_before / (common * population), 0, widest)
    factor = np.where(finite, factor, widest)
    moved = finite & ~stayed  # the size of the two strata's intersection is not known
    if moved.any():
        usual = factor[finite & stayed]
        factor = np.where(moved, usual.mean() if len(usual) else 0.0, factor)
    return np.asarray(factor)


def _unit_strata(design: Design) -> IntArray:
    if design.cluster is None:
        return design.stratum
    first = np.zeros(design.cluster.max(initial=-1) + 1, dtype=np.intp)
    first[design.cluster] = np.arange(len(design.stratum))
    return design.stratum[first]


def _sums(design: Design, z: FloatArray) -> FloatArray:
    """Values per sampled unit: (units, k)."""
    z = np.asarray(z, dtype=float).reshape(len(design.stratum), -1)
    if design.cluster is None:
        return z
    sums = np.zeros((design.cluster.max(initial=-1) + 1, z.shape[1]))
    np.add.at(sums, design.cluster, z)
    return sums


def _deviations(design: Design, z: FloatArray) -> FloatArray:
    """Deviations from the stratum's mean; a stratum of one unit from the mean of all."""
    z = np.asarray(z, dtype=float).reshape(len(design.stratum), -1)
    if design.calibration is not None:
        z = calibration_residuals(design, z)
    values, stratum = _sums(design, z), _unit_strata(design)
    totals = np.zeros((len(design.units), values.shape[1]))
    np.add.at(totals, stratum, values)
    alone = design.units == 1
    grand = values.sum(axis=0) / max(design.units.sum(), 1)
    centre = np.where(alone[:, None], grand, totals / np.maximum(design.units, 1)[:, None])
    scale = np.sqrt(design.units / np.where(alone, 1.0, np.maximum(design.units - 1, 1)))
    return np.asarray((values - centre[stratum]) * scale[stratum, None])


def shared_covariances(
    current: pd.DataFrame,
    previous: pd.DataFrame,
    items: Mapping[str, Sequence[str]],
    *,
    at_least: float | None,
    by: str | None = None,
    unit: str | None = None,
) -> dict[tuple[object, ...], tuple[float, float, float]]:
    """Covariance of the two waves' shares (or means) of every item, in every group of ``by``.

    By ``(item,)`` or ``(item, by, group)``: the covariance, the households that answered the item
    in both waves, and of them those that count as degrees of freedom (less their strata). Empty
    where the waves have no household in common.
    """
    designs = survey_design(current), survey_design(previous)
    pairs = overlap(current, previous, *designs, unit)
    held = {
        name: list(columns)
        for name, columns in items.items()
        if all(c in current.columns and c in previous.columns for c in columns)
    }
    there, here = set(), set()
    if by is not None:
        there, here = (set(data[by].dropna()) for data in (current, previous))
    groups = sorted(there & here, key=str) if by is not None else [None]
    if not len(pairs.now) or not held:
        return {}
    now, used_now = _influences(current, designs[0], held, at_least, by, groups)
    before, used_before = _influences(previous, designs[1], held, at_least, by, groups)
    both = (_sums(designs[0], used_now)[pairs.now] > 0) & (
        _sums(designs[1], used_before)[pairs.before] > 0
    )
    keys: list[tuple[object, ...]] = [
        (name, by, group) if by else (name,) for name in held for group in groups
    ]
    covariance = np.diag(pairs.covariance(now, before))
    degrees = pairs.degrees(used_now, used_before)
    return dict(zip(keys, zip(covariance, both.sum(axis=0), degrees, strict=True), strict=True))


def _influences(
    data: pd.DataFrame,
    design: Design,
    items: Mapping[str, Sequence[str]],
    at_least: float | None,
    by: str | None,
    groups: Sequence[object],
) -> tuple[FloatArray, FloatArray]:
    """Weighted influence of each row on each share or mean, and 1 where the row entered it."""
    columns, used = [], []
    for names in items.values():
        answers = scores(data, names)
        given = ~np.isnan(answers) & (design.weight > 0)[:, None]
        marked = answers if at_least is None else (answers >= at_least).astype(float)
        number = np.where(given, marked, 0.0).sum(axis=1)
        count = given.sum(axis=1).astype(float)
        for group in groups:
            inside = np.ones(len(data)) if by is None else (data[by] == group).to_numpy(dtype=float)
            weight = design.weight * inside
            base = (weight * count).sum()
            share = (weight * number).sum() / base if base > 0 else 0.0
            columns.append(weight * (number - share * count) / base if base > 0 else 0.0 * weight)
            used.append(inside * (count > 0))
    return np.column_stack(columns), np.column_stack(used)
