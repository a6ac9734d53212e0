"""Probabilities of the cells that thresholds cut out of a bivariate normal distribution.

By Owen's T function, with ``s = sqrt(1 - rho^2)`` and d = 1/2 where h and k have opposite signs:

    P(X <= h, Y <= k) = (F(h) + F(k))/2 - T(h, (k - rho h)/(h s)) - T(k, (h - rho k)/(k s)) - d

Right to about 1e-16 (Owen 1956, as evaluated by scipy). Thresholds run along the last axis, the
first and the last being -FAR and FAR; all other axes broadcast, so that many tables with
correlations of their own are done at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, owens_t

FloatArray = npt.NDArray[np.float64]

FAR = 38.0  # stands for an infinite threshold: F(-38) is 0 in double precision
TINY = 1e-100  # in place of a threshold of exactly 0, where the formula would divide by it


def cell_probabilities(a: FloatArray, b: FloatArray, rho: FloatArray | float) -> FloatArray:
    """Probability of each cell (..., rows, columns) between thresholds a and b."""
    h, k, r = _corners(a, b, rho)
    h, k = np.where(h == 0, TINY, h), np.where(k == 0, TINY, k)
    root = np.sqrt((1 - r) * (1 + r))
    below = (
        (ndtr(h) + ndtr(k)) / 2
        - owens_t(h, (k - r * h) / (h * root))
        - owens_t(k, (h - r * k) / (k * root))
        - np.where(h * k < 0, 0.5, 0.0)
    )
    return np.asarray(np.diff(np.diff(below, axis=-1), axis=-2))


def slopes_in_correlation(a: FloatArray, b: FloatArray, rho: FloatArray | float) -> FloatArray:
    """How the cells' probabilities change with rho: differences of the density at their corners."""
    h, k, r = _corners(a, b, rho)
    rest = (1 - r) * (1 + r)
    density = np.exp(-(h * h - 2 * r * h * k + k * k) / (2 * rest)) / (2 * np.pi * np.sqrt(rest))
    return np.asarray(np.diff(np.diff(density, axis=-1), axis=-2))


def strip_probabilities(a: FloatArray, b: FloatArray, rho: float) -> FloatArray:
    """P(Y between neighbouring thresholds b | X = a): (inner thresholds of a, columns).

    Times the density of a, it is what a cell gains when its upper threshold a moves up.
    """
    inner = a[1:-1, None]
    return np.asarray(np.diff(ndtr((b - rho * inner) / np.sqrt((1 - rho) * (1 + rho))), axis=-1))


def _corners(
    a: FloatArray, b: FloatArray, rho: FloatArray | float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    return a[..., :, None], b[..., None, :], np.asarray(rho)[..., None, None]
