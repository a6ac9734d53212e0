"""The one estimator: ratios of weighted sums, with design-based variance by linearisation.

A mean, a proportion, a ratio or a domain mean is ``R_g = sum(w num) / sum(w den)`` over the rows
of domain g. Each row's influence on it is ``z = w (num - R_g den) / sum(w den)``, zero outside the
domain, and the variance is that of a stratified total of z:

    V_g = sum_h (1 - f_h) n_h / (n_h - 1) sum_{i in h} (z_gi - mean_h z_g)^2,   f_h = n_h / N_h

where i runs over *all* n_h sampled units of stratum h (rows, or clusters with their rows added
up), also those outside the domain or without an answer. The whole table is worked through with
``numpy.bincount`` over the (domain x stratum) cells that occur: no loop over domains or strata.

Two stages: where ``cluster_population`` says how many units a cluster holds, the units asked in it
vary, too, and f_h (1 - f_hc) m / (m - 1) sum (z - mean_c z)^2 is added for each cluster.
Calibrated weights: z is replaced by its residual on the margins (`calibration_residuals`).

Source: Särndal, Swensson & Wretman (1992), 4.3, 5.5-5.8, 6.5; equals R survey ``svymean``,
``svyratio`` and ``svyby``, also after ``postStratify`` and ``rake``. Strata with a single unit are
centred at the mean of all units (R's ``options(survey.lonely.psu = "adjust")``, which leaves totals
uncentred); a stratum with n_h = N_h adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.covariance import code_sums, covariance_of_totals
from satisfaction.methods.design import Design, FloatArray, IntArray

# Variances below this share of their natural scale are rounding dust of exact zeros.
DUST = 1e-24


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
        return code_sums(self.group, _counted(self, values), self.size)


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
        cell_units=code_sums(cell, count, len(label)),
    )


def repeated_domains(design: Design, group: IntArray | None, size: int, times: int) -> Domains:
    """The domains of a table whose rows stand one below the other ``times`` times.

    So several items are estimated at once: domains ``size * i`` to ``size * (i + 1) - 1`` are those
    of item i. Not for calibrated weights or two stages, whose variance takes in all rows.
    """
    if times == 1:
        return domains(design, group, size)
    codes = np.zeros(len(design.stratum), dtype=np.intp) if group is None else group
    shifted = codes + size * np.arange(times)[:, None]
    tall = replace(
        design,
        weight=np.tile(design.weight, times),
        stratum=np.tile(design.stratum, times),
        cluster=None if design.cluster is None else np.tile(design.cluster, times),
        count=None if design.count is None else np.tile(design.count, times),
    )
    return domains(tall, np.where(codes < 0, -1, shifted).ravel(), size * times)


def variance_of_totals(domain: Domains, z: FloatArray) -> FloatArray:
    """Design variance of ``sum(z)`` of each domain; z has one value per row in a domain."""
    design, cells = domain.design, len(domain.cell_group)
    if design.calibration is not None or design.asked_share is not None:
        return _variance_by_domain(domain, z)
    units = design.units[domain.cell_stratum]
    lonely = units == 1
    grand_mean = domain.total(z) / max(design.units.sum(), 1)
    if domain.unit is not None:
        z = code_sums(domain.unit, z, len(domain.cell))
    sums = code_sums(domain.cell, _counted_units(domain, z), cells)
    centre = np.where(lonely, grand_mean[domain.cell_group], sums / units)
    squares = (z - centre[domain.cell]) ** 2
    spread = code_sums(domain.cell, _counted_units(domain, squares), cells)
    # Units of the stratum outside the cell have z = 0: they deviate by the mean.
    spread += (units - domain.cell_units) * centre**2
    scale = design.remaining[domain.cell_stratum] * units / np.where(lonely, 1.0, units - 1)
    return code_sums(domain.cell_group, scale * spread, domain.size)


def _variance_by_domain(domain: Domains, z: FloatArray) -> FloatArray:
    """The same, domain by domain over all rows: a margin reaches rows outside the domain, too."""
    design = domain.design
    rows = np.arange(len(design.stratum)) if domain.rows is None else domain.rows
    variance = np.zeros(domain.size)
    for group in range(domain.size):
        inside = domain.group == group
        whole = np.zeros(len(design.stratum))
        whole[rows[inside]] = z[inside]
        variance[group] = covariance_of_totals(design, whole)[0, 0]
    return variance


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
    remaining = domain.take(domain.design.not_drawn)
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
        units = code_sums(domain.unit, units, len(domain.cell)) > 0
    in_cell = code_sums(domain.cell, units, len(domain.cell_group))
    return Estimates(
        estimate=estimate,
        variance=variance,
        n=n,
        sampled_units=code_sums(domain.cell_group, in_cell, domain.size),
        strata=code_sums(domain.cell_group, in_cell > 0, domain.size),
        unit_variance=unit_variance,
        n_kish=n_kish,
        weight_sum=weight_sum,
    )


def _counted(domain: Domains, values: npt.NDArray) -> npt.NDArray:
    count = domain.design.count
    return values if count is None else values * domain.take(count)


def _counted_units(domain: Domains, values: FloatArray) -> FloatArray:
    return values if domain.unit is not None else _counted(domain, values)
