"""How many answer sheets would give the same score everywhere if nobody filled them in that way?

Satisfied residents do give many 5s, and one who gives a 5 to the lifts is more likely to give one
to the guards, too: independent items would expect far too few uniform sheets. Here the number k of
answers with a given score on a sheet of m answers follows a beta-binomial distribution: every
resident has a rate of their own of giving that score, and the rates vary. Its two parameters are
estimated from the sheets that are *not* uniform (their likelihood is k given k < m), so that sheets
filled in by one hand cannot raise the expectation that they are measured against. The expected
number of uniform sheets is then ``sum_i P(k = m_i)``.

Items differ in difficulty, which this leaves out; it makes a sheet of one score look a little more
likely than it is, so the check is on the careful side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEWTON_STEPS = 40
STEP = 1e-4  # of the numerical derivatives
# Weak priors on logit(rate) and log(a + b): they matter only where a score hardly occurs.
PRIOR_SPREAD = (4.0, 2.0)
PRIOR_CENTRE = (0.0, 1.0)
POISSON_FROM = 1e8  # beyond this size a negative binomial is a Poisson


@dataclass(frozen=True)
class Uniform:
    """Sheets with one score only: how many there are, how many to expect, and the chance of it.

    p_value  of at least ``found`` (Poisson with a gamma error for the estimated expectation)
    """

    found: int
    expected: float
    variance: float
    p_value: float


def uniform_sheets(answered: IntArray, given: IntArray) -> Uniform:
    """Compare the sheets whose ``answered`` answers are all of one score with the expectation.

    answered  answers per sheet
    given     how many of them are this score
    """
    other = given < answered
    found = int((~other).sum())
    pairs, count = np.unique(np.stack([answered[other], given[other]]), axis=1, return_counts=True)
    sizes, sheets = np.unique(answered, return_counts=True)
    theta, covariance = _fit(pairs[0], pairs[1], count)
    points = theta + STEP * np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    expected = np.exp(_log_all(points, sizes)) @ sheets
    slope = np.array([expected[1] - expected[2], expected[3] - expected[4]]) / (2 * STEP)
    variance = float(slope @ covariance @ slope)
    return Uniform(found, float(expected[0]), variance, _at_least(found, expected[0], variance))


def _at_least(found: int, mean: float, variance: float) -> float:
    if found <= 0:
        return 1.0
    size = mean**2 / variance if variance > 0 else np.inf
    if size > POISSON_FROM:
        return float(special.gammainc(found, mean))
    return float(special.betainc(found, size, mean / (mean + size)))


def _shapes(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    rate, total = special.expit(theta[:, :1]), np.exp(theta[:, 1:])
    return rate * total, (1 - rate) * total


def _log_all(theta: FloatArray, size: npt.NDArray) -> FloatArray:
    """Log chance of a uniform sheet, (points, sizes)."""
    a, b = _shapes(theta)
    return np.asarray(special.betaln(size + a, b) - special.betaln(a, b))


def _log_likelihood(
    theta: FloatArray, size: npt.NDArray, given: npt.NDArray, count: npt.NDArray
) -> FloatArray:
    """Of k given k < m at several points; the binomial coefficient is left out."""
    a, b = _shapes(theta)
    log = special.betaln(given + a, size - given + b) - special.betaln(a, b)
    rest = -np.expm1(np.minimum(_log_all(theta, size), -1e-12))
    prior = ((theta - PRIOR_CENTRE) / PRIOR_SPREAD) ** 2
    return np.asarray((log - np.log(rest)) @ count - prior.sum(axis=1) / 2)


_AROUND = np.array(
    [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=float
)


def _fit(
    size: npt.NDArray, given: npt.NDArray, count: npt.NDArray
) -> tuple[FloatArray, FloatArray]:
    """Parameters (logit of the rate, log of a + b) and their covariance, by damped Newton steps."""
    answers = float(size @ count)
    rate = (float(given @ count) + 0.5) / (answers + 1.0)
    theta = np.array([np.log(rate / (1 - rate)), 1.0])
    value, slope, curvature = _derivatives(theta, size, given, count)
    for _step in range(NEWTON_STEPS):
        root, axes = np.linalg.eigh(-curvature)
        move = axes @ ((axes.T @ slope) / np.maximum(np.abs(root), 1e-3))
        move *= min(1.0, 2.0 / max(np.abs(move).max(), 1e-12))
        halves = 0.5 ** np.arange(8)
        tried = theta + halves[:, None] * move
        best = int(np.argmax(_log_likelihood(tried, size, given, count)))
        theta = tried[best]
        before = value
        value, slope, curvature = _derivatives(theta, size, given, count)
        if value - before < 1e-7:
            break
    root, axes = np.linalg.eigh(-curvature)
    return theta, (axes / np.maximum(root, 1e-6)) @ axes.T


def _derivatives(
    theta: FloatArray, size: npt.NDArray, given: npt.NDArray, count: npt.NDArray
) -> tuple[float, FloatArray, FloatArray]:
    wide = 10 * STEP
    value = _log_likelihood(theta + wide * _AROUND, size, given, count)
    slope = np.array([value[1] - value[2], value[3] - value[4]]) / (2 * wide)
    cross = (value[5] - value[6] - value[7] + value[8]) / (4 * wide**2)
    first = (value[1] + value[2] - 2 * value[0]) / wide**2
    second = (value[3] + value[4] - 2 * value[0]) / wide**2
    return float(value[0]), slope, np.array([[first, cross], [cross, second]])
