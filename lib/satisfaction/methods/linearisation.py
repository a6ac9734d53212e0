"""The one estimator: ratios of weighted sums, with design-based variance by linearisation.

A mean, a proportion, a ratio or a domain mean is ``R_g = sum(w num) / sum(w den)`` over the rows
of domain g. Each row's influence on it is ``z = w (num - R_g den) / sum(w den)``, zero outside the
domain, and the variance is that of a stratified total of z:

    V_g = sum_h (1 - f_h) n_h / (n_h - 1) sum_{i in h} (z_gi - mean_h z_g)^2,   f_h = n_h / N_h

where i runs over *all* n_h sampled units of stratum h (rows, or clusters with their rows added
up), also those outside the domain or without an answer. The whole table is worked through with
``numpy.bincount`` over the (domain x stratum) cells that occur: no loop over domains or strata.

Source: Särndal, Swensson & Wretman (1992), 5.5-5.8; equals R survey ``svymean``, ``svyratio`` and
``svyby`` with one stage. Strata with a single unit are centred at the mean of all units (R's
``options(survey.lonely.psu = "adjust")``); a stratum with n_h = N_h adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.weighting import stratum_counts, stratum_weights

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

# Variances below this share of their natural scale are rounding dust of exact zeros.
DUST = 1e-24


@dataclass(frozen=True)
class Design:
    """What the variance needs to know about how the rows were sampled.

    weight     (rows,) how many units a row stands for
    stratum    (rows,) code 0..S-1
    units      (S,) sampled units n_h: rows, or clusters
    remaining  (S,) 1 - f_h; 1 where N_h is unknown
    cluster    (rows,) code, or None
    count      (rows,) identical respondents that the row stands for (tallies), or None for one each
    weighting  where the weights come from: "given", "stratum_population" or "equal"
    """

    weight: FloatArray
    stratum: IntArray
    units: FloatArray
    remaining: FloatArray
    cluster: IntArray | None = None
    count: FloatArray | None = None
    weighting: str = "given"


def survey_design(data: pd.DataFrame) -> Design:
    """The design in the columns ``stratum, weight, stratum_population, cluster`` (all optional).

    Without ``weight`` the weights are ``stratum_weights(data)``. ValueError for a weight that is
    missing, infinite or negative, or a missing cluster.
    """
    stratum, units, population = stratum_counts(data)
    if "weight" in data.columns:
        weight = pd.to_numeric(data["weight"]).to_numpy(dtype=float, na_value=np.nan)
        wrong = int((~np.isfinite(weight) | (weight < 0)).sum())
        if wrong:
            raise ValueError(f"{wrong} rows have a weight that is missing, infinite or negative")
        weighting = "given"
    else:
        weight = stratum_weights(data).to_numpy()
        weighting = "equal" if np.isnan(population).any() else "stratum_population"
    cluster = None
    if "cluster" in data.columns:
        if data["cluster"].isna().any():
            raise ValueError(f"{int(data['cluster'].isna().sum())} rows have no cluster")
        own = pd.factorize(data["cluster"])[0]
        cluster = pd.factorize(stratum.astype(np.int64) * (own.max(initial=0) + 1) + own)[0]
    return Design(
        weight, stratum, units, remaining_share(units, population), cluster, None, weighting
    )


def remaining_share(units: FloatArray, population: FloatArray) -> FloatArray:
    """Finite population correction 1 - n_h/N_h; 1 where N_h is unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isnan(population), 1.0, 1 - units / population)


@dataclass(frozen=True)
class Domains:
    """Rows sorted into domains, and the (domain x stratum) cells over which variances add up."""

    design: Design
    size: int
    rows: IntArray | None  # rows that lie in some domain; None = all
    group: IntArray
    unit: IntArray | None  # with clusters: (domain, cluster) code of each row
    cell: IntArray  # cell of each unit (row, or cluster within a domain)
    cell_group: IntArray
    cell_stratum: IntArray
    cell_units: FloatArray

    def take(self, values: npt.NDArray) -> npt.NDArray:
        """Values of the rows that lie in some domain."""
        return values if self.rows is None else values[self.rows]

    def total(self, values: npt.NDArray) -> FloatArray:
        """Sum over each domain, counting tallied rows as often as they stand for."""
        return _sums(self.group, _counted(self, values), self.size)


def domains(design: Design, group: IntArray | None = None, size: int = 1) -> Domains:
    """Domains 0..size-1 by the code of each row; rows with code -1 lie in none."""
    n = len(design.stratum)
    group = np.zeros(n, dtype=np.intp) if group is None else group
    rows = None if (group >= 0).all() else np.flatnonzero(group >= 0)
    kept = slice(None) if rows is None else rows
    group, stratum = group[kept].astype(np.int64), design.stratum[kept]
    count = None if design.count is None else design.count[kept]
    unit = None
    unit_group, unit_stratum = group, stratum
    if design.cluster is not None:
        cluster = design.cluster[kept]
        unit = pd.factorize(group * (cluster.max(initial=0) + 1) + cluster)[0]
        first = np.zeros(unit.max(initial=-1) + 1, dtype=np.intp)
        first[unit] = np.arange(len(unit))
        unit_group, unit_stratum = group[first], stratum[first]
    cell, label = pd.factorize(unit_group * len(design.units) + unit_stratum)
    return Domains(
        design=design,
        size=size,
        rows=rows,
        group=group,
        unit=unit,
        cell=cell,
        cell_group=label // len(design.units),
        cell_stratum=label % len(design.units),
        cell_units=_sums(cell, count, len(label)),
    )


def variance_of_totals(domain: Domains, z: FloatArray) -> FloatArray:
    """Design variance of ``sum(z)`` of each domain; z has one value per row in a domain."""
    design, cells = domain.design, len(domain.cell_group)
    units = design.units[domain.cell_stratum]
    lonely = units == 1
    grand_mean = domain.total(z) / max(design.units.sum(), 1)
    if domain.unit is not None:
        z = _sums(domain.unit, z, len(domain.cell))
    sums = _sums(domain.cell, _counted_units(domain, z), cells)
    centre = np.where(lonely, grand_mean[domain.cell_group], sums / units)
    squares = (z - centre[domain.cell]) ** 2
    spread = _sums(domain.cell, _counted_units(domain, squares), cells)
    # Units of the stratum outside the cell have z = 0: they deviate by the mean.
    spread += (units - domain.cell_units) * centre**2
    scale = design.remaining[domain.cell_stratum] * units / np.where(lonely, 1.0, units - 1)
    return _sums(domain.cell_group, scale * spread, domain.size)


def covariance_of_totals(design: Design, z: FloatArray) -> FloatArray:
    """Design covariance (k, k) of the column sums of ``z`` (rows, k): weighted influence values.

    Any smooth statistic of weighted totals fits in: z = w x (its influence value), 0 for the rows
    outside the domain or without an answer. Same strata, clusters and FPC as every estimate here.
    """
    z = np.asarray(z, dtype=float).reshape(len(design.stratum), -1)
    stratum = design.stratum
    lonely = design.units == 1
    grand_mean = z.sum(axis=0) / max(design.units.sum(), 1)
    if design.cluster is not None:
        first = np.zeros(design.cluster.max(initial=-1) + 1, dtype=np.intp)
        first[design.cluster] = np.arange(len(stratum))
        z = np.column_stack([_sums(design.cluster, column, len(first)) for column in z.T])
        stratum = stratum[first]
    strata = len(design.units)
    sums = np.column_stack([_sums(stratum, column, strata) for column in z.T])
    centre = np.where(lonely[:, None], grand_mean, sums / np.maximum(design.units, 1)[:, None])
    scale = design.remaining * design.units / np.where(lonely, 1.0, design.units - 1)
    deviation = (z - centre[stratum]) * np.sqrt(scale)[stratum, None]
    return np.asarray(deviation.T @ deviation)


@dataclass(frozen=True)
class Estimates:
    """One statistic in each domain; all arrays have one value per domain.

    n             rows that entered (answered, weight above 0)
    sampled_units of them: rows or clusters; strata: strata they lie in
    unit_variance variance of one draw (R ``svyvar`` for a mean)
    n_kish        (sum w)^2 / sum(w^2 (1-f)): sample size that the weights and the FPC leave
    weight_sum    estimated population of the domain
    """

    estimate: FloatArray
    variance: FloatArray
    n: FloatArray
    sampled_units: FloatArray
    strata: FloatArray
    unit_variance: FloatArray
    n_kish: FloatArray
    weight_sum: FloatArray

    @property
    def census(self) -> npt.NDArray[np.bool_]:
        """Every unit of the population answered."""
        return np.isposinf(self.n_kish)

    @property
    def df(self) -> FloatArray:
        """Units minus strata, among the rows that entered; at least 1 once there are two units.

        R's ``degf(subset(design, ...))``, but for the floor: domains thinly spread over many
        strata get a (very wide) interval instead of none.
        """
        return np.where(self.sampled_units >= 2, np.maximum(self.sampled_units - self.strata, 1), 0)


def ratios(domain: Domains, numerator: FloatArray, denominator: FloatArray) -> Estimates:
    """``sum(w num) / sum(w den)`` in each domain; rows with NaN in either did not answer."""
    answered, weight, num, den = _answers(domain, numerator, denominator)
    base = domain.total(weight * den)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = domain.total(weight * num) / base
        residual = num - estimate[domain.group] * den
        influence = weight * residual / base[domain.group]
    return _estimates(domain, answered, weight, residual, influence, estimate, base)


def totals(domain: Domains, values: FloatArray) -> Estimates:
    """``sum(w y)`` over the rows of each domain that answered."""
    answered, weight, num, ones = _answers(domain, values, np.ones(len(values)))
    size = domain.total(weight)
    estimate = np.where(domain.total(answered) > 0, domain.total(weight * num), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = num - (estimate / size)[domain.group] * ones
    # Scaled by N: the variance of one draw refers to the total, not to the mean.
    return _estimates(
        domain, answered, weight, residual, weight * num, estimate, np.ones_like(size)
    )


def _answers(
    domain: Domains, numerator: FloatArray, denominator: FloatArray
) -> tuple[npt.NDArray[np.bool_], FloatArray, FloatArray, FloatArray]:
    num, den = domain.take(numerator), domain.take(denominator)
    weight = domain.take(domain.design.weight)
    answered = ~(np.isnan(num) | np.isnan(den)) & (weight > 0)
    zero = np.float64(0)
    return (
        answered,
        np.where(answered, weight, zero),
        np.where(answered, num, zero),
        np.where(answered, den, zero),
    )


def _estimates(
    domain: Domains,
    answered: npt.NDArray[np.bool_],
    weight: FloatArray,
    residual: FloatArray,
    influence: FloatArray,
    estimate: FloatArray,
    base: FloatArray,
) -> Estimates:
    n, weight_sum = domain.total(answered), domain.total(weight)
    remaining = domain.design.remaining[domain.take(domain.design.stratum)]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = domain.total(weight * residual**2) / weight_sum * n / (n - 1)
        unit_variance = spread * (weight_sum / base) ** 2
        n_kish = weight_sum**2 / domain.total(weight**2 * remaining)
        dust = DUST * np.fmax(estimate**2, np.nan_to_num(unit_variance))
        unit_variance = np.where(unit_variance <= DUST * estimate**2, 0.0, unit_variance)
        variance = variance_of_totals(domain, influence)
        variance = np.where(variance <= dust, 0.0, variance)
    units = _counted(domain, answered.astype(float))
    if domain.unit is not None:
        units = _sums(domain.unit, units, len(domain.cell)) > 0
    in_cell = _sums(domain.cell, units, len(domain.cell_group))
    return Estimates(
        estimate=estimate,
        variance=variance,
        n=n,
        sampled_units=_sums(domain.cell_group, in_cell, domain.size),
        strata=_sums(domain.cell_group, in_cell > 0, domain.size),
        unit_variance=unit_variance,
        n_kish=n_kish,
        weight_sum=weight_sum,
    )


def _counted(domain: Domains, values: npt.NDArray) -> npt.NDArray:
    count = domain.design.count
    return values if count is None else values * domain.take(count)


def _counted_units(domain: Domains, values: FloatArray) -> FloatArray:
    return values if domain.unit is not None else _counted(domain, values)


def _sums(codes: npt.NDArray, values: npt.NDArray | None, size: int) -> FloatArray:
    """Sum of the values (or number of rows) of each code 0..size-1."""
    return np.bincount(codes, weights=values, minlength=size).astype(float, copy=False)
