"""Weighted moments from all answers that two questions have in common, and what each row adds.

Ten questions with five "don't know" in a hundred leave six sheets in ten without a gap. Every pair
of questions still has nine answers in ten in common, so a covariance matrix is put together pair by
pair. Such a matrix need not be one of any complete data; `nearest_correlations` mends it.
Without gaps all of it is the ordinary weighted covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A pivot, eigenvalue or variance below this share of its scale is a perfect linear relation.
SINGULAR = 1e-9


@dataclass(frozen=True)
class PairwiseMoments:
    """Moments of k columns; all matrices are (k, k), pair (a, b) on its common answers only.

    covariance   C[a, b], divisor sum of weights
    variance     V[a, b]: variance of column a among the answers in common with b
    correlation  C / sqrt(V V'); 0 throughout for a column that does not vary
    common       number of common answers
    """

    covariance: Array
    variance: Array
    correlation: Array
    common: Array
    _deviation: Array  # (rows, k, k): column a minus its mean among the answers common with b
    _share: Array  # (rows, k, k): weight of the row among the common answers, 0 with a gap

    def covariance_influence(self) -> Array:
        """(rows, k, k): the rows' weighted influence values on ``covariance``; they sum to 0."""
        products = self._deviation * np.swapaxes(self._deviation, 1, 2)
        return np.asarray(self._share * (products - self.covariance))

    def correlation_influence(self) -> Array:
        """(rows, k, k): the same on ``correlation``.

        With standardised z_a, z_b: z_a z_b - r/2 (z_a² + z_b²).
        """
        varies = self.variance > 0
        scale = np.where(varies, 1 / np.sqrt(np.where(varies, self.variance, 1)), 0)
        z = self._deviation * scale
        other = np.swapaxes(z, 1, 2)
        return np.asarray(self._share * (z * other - self.correlation / 2 * (z**2 + other**2)))


def pairwise_moments(scores: Array, weight: Array) -> PairwiseMoments:
    """Moments of the columns of ``scores`` (rows, k; NaN = no answer) under weights (rows,)."""
    answered = ~np.isnan(scores)
    both = answered[:, :, None] & answered[:, None, :]
    weighted = both * weight[:, None, None]
    total = weighted.sum(axis=0)
    share = weighted / np.where(total > 0, total, 1)
    filled = np.where(answered, scores, 0)
    level = np.where(answered.any(axis=0), filled.sum(axis=0) / np.maximum(answered.sum(0), 1), 0)
    filled = np.where(answered, filled - level, 0)
    deviation = filled[:, :, None] - (share * filled[:, :, None]).sum(axis=0)
    covariance = (share * deviation * np.swapaxes(deviation, 1, 2)).sum(axis=0)
    variance = (share * deviation**2).sum(axis=0)
    dust = SINGULAR * (filled**2).mean(axis=0)[:, None] if len(scores) else 0
    variance = np.where(variance > dust, variance, 0)
    scale = np.sqrt(variance * variance.T)
    correlation = np.where(scale > 0, covariance / np.where(scale > 0, scale, 1), 0)
    common = both.sum(axis=0).astype(float)
    return PairwiseMoments(covariance, variance, correlation, common, deviation, share)


def pairwise_correlations(scores: Array, weights: Array) -> Array:
    """Correlations of ``pairwise_moments``, one matrix per row of weights: (draws, k, k).

    ``scores`` (answers, k), ``weights`` (draws, answers); matrices are mended where needed.
    """
    answered = ~np.isnan(scores)
    mask = answered.astype(float)
    counts = np.maximum(answered.sum(axis=0), 1)
    level = np.where(answered, scores, 0).sum(axis=0) / counts
    z = np.where(answered, scores - level, 0)
    k = scores.shape[1]
    a, b = np.triu_indices(k)
    total = weights @ (mask[:, a] * mask[:, b])
    total = np.where(total > 0, total, 1)
    mean_a = weights @ (z[:, a] * mask[:, b]) / total
    mean_b = weights @ (z[:, b] * mask[:, a]) / total
    covariance = weights @ (z[:, a] * z[:, b]) / total - mean_a * mean_b
    variance_a = weights @ (z[:, a] ** 2 * mask[:, b]) / total - mean_a**2
    variance_b = weights @ (z[:, b] ** 2 * mask[:, a]) / total - mean_b**2
    dust = SINGULAR * (z**2).mean(axis=0)
    varies = (variance_a > dust[a]) & (variance_b > dust[b])
    scale = np.sqrt(np.where(varies, variance_a * variance_b, 1))
    correlations = np.empty((len(weights), k, k))
    correlations[:, a, b] = correlations[:, b, a] = np.where(varies, covariance / scale, 0)
    return nearest_correlations(correlations)


def nearest_correlations(correlations: Array) -> Array:
    """Matrices without negative eigenvalues: these are set to 0, and the diagonal is rescaled.

    Matrices that are correlation matrices already are returned as they are. Source: spectral
    shrinking of Rousseeuw & Molenberghs 1993, as the first step of Higham's R ``Matrix::nearPD``.
    """
    wrong = np.linalg.eigvalsh(correlations)[:, 0] < -SINGULAR
    if not wrong.any():
        return correlations
    values, vectors = np.linalg.eigh(correlations[wrong])
    mended = (vectors * np.maximum(values, 0)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    own = np.diagonal(mended, axis1=1, axis2=2)
    before = np.diagonal(correlations[wrong], axis1=1, axis2=2)
    scale = np.sqrt(np.where(own > SINGULAR, before / np.where(own > SINGULAR, own, 1), 0))
    result = correlations.copy()
    result[wrong] = mended * scale[:, :, None] * scale[:, None, :]
    return np.asarray(result)


def independent_columns(correlation: Array, tolerance: float = 1e-7) -> NDArray[np.bool_]:
    """Columns that do not follow from the ones before them: (k,), by sweeping them in turn."""
    rest = correlation.copy()
    kept = np.zeros(len(rest), dtype=bool)
    for place in range(len(rest)):
        pivot = rest[place, place]
        if pivot > tolerance:
            kept[place] = True
            rest = rest - np.outer(rest[:, place], rest[place]) / pivot
    return kept
