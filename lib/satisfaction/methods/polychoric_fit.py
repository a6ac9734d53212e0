"""Fitting a bivariate normal distribution to a table of two ordered items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from satisfaction.methods.bivariate_normal import (
    FAR,
    FloatArray,
    cell_probabilities,
    slopes_in_correlation,
    strip_probabilities,
)

EDGE = 1 - 1e-7  # a likelihood still rising here has its maximum at a correlation of 1
NOISE = 1e-15  # a difference of four probabilities is not known better


@dataclass(frozen=True)
class Table:
    """Two items crossed: categories that occur, weighted counts scaled to the answers n.

    cell  (rows of the data,) cell of each row counted along the table's rows, -1 = not in it
    """

    counts: FloatArray
    cell: npt.NDArray[np.intp]
    n: int
    weight_sum: float

    @classmethod
    def of(cls, x: FloatArray, y: FloatArray, weight: FloatArray, correct: float = 0.0) -> Table:
        """The table of two columns of scores; ``correct`` replaces empty cells."""
        both = ~(np.isnan(x) | np.isnan(y)) & (weight > 0)
        n, weight_sum = int(both.sum()), float(weight[both].sum())
        first, rows = np.unique(x[both], return_inverse=True)
        second, columns = np.unique(y[both], return_inverse=True)
        cell = np.full(len(x), -1, dtype=np.intp)
        cell[both] = rows * len(second) + columns
        weights = np.bincount(cell[both], weight[both], len(first) * len(second))
        scaled = weights.astype(float) * (n / weight_sum if n else 1.0)
        counts = np.where(scaled == 0, correct, scaled).reshape(len(first), len(second))
        return cls(counts, cell, n, weight_sum)

    def reason(self, minimum_n: int) -> str:
        """Why there is no correlation; empty if there is one."""
        if self.n < minimum_n:
            return "too_few" if self.n else "no_answers"
        return "constant" if min(self.counts.shape) < 2 else ""

    def per_row(self, values: FloatArray) -> FloatArray:
        """A value for every cell as a value for every row of the data, 0 outside the table."""
        return np.where(self.cell >= 0, values.ravel()[self.cell], 0.0)

    def thresholds(self) -> tuple[FloatArray, FloatArray]:
        """Normal quantiles of the cumulative margins of the rows and of the columns."""
        return _cuts(self.counts.sum(axis=1)), _cuts(self.counts.sum(axis=0))


def two_step(tables: Sequence[Table]) -> FloatArray:
    """Maximum likelihood rho of every table at the thresholds of its margins; 1 or -1 at the edge.

    Fisher scoring within a bracket that the sign of the score narrows: it cannot leave [-1, 1], and
    all tables advance together, padded with categories of probability 0.
    """
    size = max(max(table.counts.shape) for table in tables)
    counts = np.zeros((len(tables), size, size))
    a, b = np.full((2, len(tables), size + 1), FAR)
    for place, table in enumerate(tables):
        rows, columns = table.counts.shape
        counts[place, :rows, :columns] = table.counts
        a[place, : rows + 1], b[place, : columns + 1] = table.thresholds()
    low, high = np.full(len(tables), -EDGE), np.full(len(tables), EDGE)
    falls, rises = _score(a, b, low, counts)[0] <= 0, _score(a, b, high, counts)[0] >= 0
    rho = np.zeros(len(tables))
    for _ in range(100):
        score, information = _score(a, b, rho, counts)
        low, high = np.where(score > 0, rho, low), np.where(score > 0, high, rho)
        with np.errstate(divide="ignore", invalid="ignore"):
            proposed = rho + score / information
        inside = (proposed > low) & (proposed < high)
        following = np.where(inside, proposed, (low + high) / 2)
        moved = np.abs(following - rho)
        rho = following
        if np.all((moved < 1e-13) | falls | rises):
            break
    return np.where(rises, 1.0, np.where(falls, -1.0, rho))


def _score(
    a: FloatArray, b: FloatArray, rho: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Slope of the log-likelihood in rho and its expected information, of every table."""
    p = cell_probabilities(a, b, rho)
    slope = slopes_in_correlation(a, b, rho)
    known = p > NOISE
    p = np.where(known, p, NOISE)
    # Answers where none can be: the likelihood falls steeply towards this end.
    impossible = ((counts > 0) & ~known).any(axis=(-2, -1))
    steep = np.copysign(np.inf, -rho)
    score = np.where(impossible, steep, (counts * slope / p).sum(axis=(-2, -1)))
    information = np.where(known, slope**2 / p, 0.0).sum(axis=(-2, -1))
    return score, counts.sum(axis=(-2, -1)) * information


def influence(table: Table, rho: float) -> FloatArray:
    """Influence of an answer in each cell on the two-step rho, thresholds being estimated too."""
    a, b = table.thresholds()
    p = np.maximum(cell_probabilities(a, b, rho), NOISE)
    score = slopes_in_correlation(a, b, rho) / p
    by_row = _through_thresholds(a, strip_probabilities(a, b, rho), score)
    by_column = _through_thresholds(b, strip_probabilities(b, a, rho), score.T)
    return (score - by_row[:, None] - by_column) / (p * score**2).sum()


def _through_thresholds(a: FloatArray, strips: FloatArray, score: FloatArray) -> FloatArray:
    """What an answer in each row does to the score by moving the thresholds between rows."""
    shared = (strips * (score[:-1] - score[1:])).sum(axis=1)  # E[score x score of the threshold]
    at_most = np.arange(len(score))[:, None] <= np.arange(len(score) - 1)
    return (at_most - ndtr(a[1:-1])) @ shared


def joint_maximum(table: Table, rho: float) -> tuple[float, float]:
    """Maximum likelihood of rho and all thresholds, with the standard error of rho; else NaN."""
    shape = table.counts.shape
    a, b = table.thresholds()
    place = np.concatenate(([rho], a[1:-1], b[1:-1]))
    likelihood, gradient, information = _likelihood(place, table.counts)
    for _ in range(200):
        step = np.linalg.lstsq(information, gradient, rcond=None)[0]
        for _half in range(40):
            found = place + step
            if _ordered(found, shape):
                trial = _likelihood(found, table.counts)
                if trial[0] >= likelihood - 1e-12 * abs(likelihood):
                    break
            step = step / 2
        else:
            return np.nan, np.nan
        place, (likelihood, gradient, information) = found, trial
        if np.abs(step).max() < 1e-11:
            break
    else:
        return np.nan, np.nan
    width = 1e-5
    shifts = width * np.eye(len(place))
    observed = [
        (_likelihood(place - shift, table.counts)[1] - _likelihood(place + shift, table.counts)[1])
        / (2 * width)
        for shift in shifts
    ]
    variance = np.linalg.pinv((np.array(observed) + np.transpose(observed)) / 2)[0, 0]
    return float(place[0]), float(np.sqrt(variance)) if variance > 0 else np.nan


def _likelihood(place: FloatArray, counts: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood at (rho, thresholds), its gradient and expected information."""
    rows, columns = counts.shape
    rho = place[0]
    a, b = _with_ends(place[1:rows]), _with_ends(place[rows:])
    p = np.maximum(cell_probabilities(a, b, rho), 1e-300)
    slopes = np.zeros((len(place), rows, columns))
    slopes[0] = slopes_in_correlation(a, b, rho)
    by_row = _density(a[1:-1])[:, None] * strip_probabilities(a, b, rho)
    by_column = _density(b[1:-1])[:, None] * strip_probabilities(b, a, rho)
    for i in range(rows - 1):
        slopes[1 + i, i], slopes[1 + i, i + 1] = by_row[i], -by_row[i]
    for j in range(columns - 1):
        slopes[rows + j, :, j], slopes[rows + j, :, j + 1] = by_column[j], -by_column[j]
    flat = slopes.reshape(len(place), -1)
    information = counts.sum() * (flat / p.ravel()) @ flat.T
    answered = counts > 0
    likelihood = float((counts[answered] * np.log(p[answered])).sum())
    return likelihood, (flat * (counts / p).ravel()).sum(axis=1), information


def _ordered(place: FloatArray, shape: tuple[int, ...]) -> bool:
    a, b = _with_ends(place[1 : shape[0]]), _with_ends(place[shape[0] :])
    return bool(abs(place[0]) < EDGE and (np.diff(a) > 0).all() and (np.diff(b) > 0).all())


def _density(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-z * z / 2) / np.sqrt(2 * np.pi))


def _cuts(margin: FloatArray) -> FloatArray:
    return _with_ends(ndtri(np.cumsum(margin)[:-1] / margin.sum()))


def _with_ends(inner: FloatArray) -> FloatArray:
    return np.concatenate(([-FAR], inner, [FAR]))
