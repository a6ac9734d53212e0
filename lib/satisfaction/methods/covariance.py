"""The design's covariance of totals: strata, one or two stages, finite population, calibration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satisfaction.methods.design import Design, FloatArray, IntArray

# Raked margins are taken out in turn this often, as R does.
SWEEPS = 10


def calibration_residuals(design: Design, z: FloatArray) -> FloatArray:
    """``z`` (rows, k) without what the margins explain of z/w; unchanged without calibration.

    One margin (post-stratification): z/w minus its mean in the category, weighted by the weights
    before. Several (raking): minus the plain category means, margin by margin, ten times over.
    """
    if design.calibration is None:
        return z
    weight = np.where(design.weight > 0, design.weight, 1.0)[:, None]
    margins = design.calibration.margins
    single = len(margins) == 1
    base = design.calibration.base_weight if single else np.ones(len(z))
    residual = z / weight
    for _ in range(1 if single else SWEEPS):
        for codes in margins:
            size = np.bincount(codes, weights=base)
            means = [np.bincount(codes, weights=base * column) / size for column in residual.T]
            residual = residual - np.column_stack(means)[codes]
    return np.where(design.weight[:, None] > 0, residual * weight, 0.0)


def covariance_of_totals(design: Design, z: FloatArray) -> FloatArray:
    """Design covariance (k, k) of the column sums of ``z`` (rows, k): weighted influence values.

    Any smooth statistic of weighted totals fits in: z = w x (its influence value), 0 for the rows
    outside the domain or without an answer. Same strata, clusters, FPC and calibration as every
    estimate here.
    """
    z = calibration_residuals(design, np.asarray(z, dtype=float).reshape(len(design.stratum), -1))
    stratum, within = design.stratum, np.zeros((z.shape[1], z.shape[1]))
    lonely = design.units == 1
    grand_mean = z.sum(axis=0) / max(design.units.sum(), 1)
    if design.cluster is not None:
        first = np.zeros(design.cluster.max(initial=-1) + 1, dtype=np.intp)
        first[design.cluster] = np.arange(len(stratum))
        if design.asked_share is not None:
            within = _second_stage(
                design.cluster, design.asked_share, (1 - design.remaining)[stratum[first]], z
            )
        z = _column_sums(design.cluster, z, len(first))
        stratum = stratum[first]
    sums = _column_sums(stratum, z, len(design.units))
    centre = np.where(lonely[:, None], grand_mean, sums / np.maximum(design.units, 1)[:, None])
    scale = design.remaining * design.units / np.where(lonely, 1.0, design.units - 1)
    deviation = (z - centre[stratum]) * np.sqrt(scale)[stratum, None]
    return np.asarray(deviation.T @ deviation + within)


def _second_stage(
    cluster: IntArray, asked_share: FloatArray, drawn_share: FloatArray, z: FloatArray
) -> FloatArray:
    """What the choice of units within the drawn clusters adds; a single unit is not centred."""
    asked = np.bincount(cluster).astype(float)
    centre = _column_sums(cluster, z, len(asked)) / asked[:, None]
    centre[asked == 1] = 0.0
    scale = drawn_share * (1 - asked_share) * asked / np.maximum(asked - 1, 1)
    deviation = (z - centre[cluster]) * np.sqrt(scale)[cluster, None]
    return np.asarray(deviation.T @ deviation)


def _column_sums(codes: IntArray, values: FloatArray, size: int) -> FloatArray:
    return np.column_stack([code_sums(codes, column, size) for column in values.T])


def code_sums(codes: npt.NDArray, values: npt.NDArray | None, size: int) -> FloatArray:
    """Sum of the values (or number of rows) of each code 0..size-1."""
    return np.bincount(codes, weights=values, minlength=size).astype(float, copy=False)
