"""Polychoric correlation: how two rated questions go together behind their few scores.

Scores are taken for cuts through two normally distributed opinions; the correlation of those is
estimated, so that it does not shrink because most residents give 4 or 5. With two answers each it
is the tetrachoric correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from satisfaction.methods.bivariate_normal import (
    FAR,
    cell_probabilities,
    slopes_in_correlation,
    strip_probabilities,
)
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level, critical_value
from satisfaction.methods.linearisation import (
    FloatArray,
    domains,
    survey_design,
    variance_of_totals,
)
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result

ESTIMATORS = ("two_step", "ml")
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
        counts = np.bincount(cell[both], weight[both], len(first) * len(second))
        counts = counts * (n / weight_sum if n else 1.0)
        counts = np.where(counts == 0, correct, counts).reshape(len(first), len(second))
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


def polychoric(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    outcome: str | None = None,
    estimator: str = "two_step",
    correct: float = 0.0,
    level: float = 0.95,
    minimum_n: int = 10,
) -> Result:
    """Polychoric correlation of every pair of items, or of each item with ``outcome`` only.

    estimator  ``"two_step"`` (the default): thresholds from the pair's margins, then rho by maximum
        likelihood. Weighted by the design columns of ``data``; the standard error counts that the
        thresholds are estimated too (Olsson 1979) and goes through the linearised engine.
        ``"ml"``: rho and thresholds together; unweighted, standard error from the observed
        information.
    correct  what a cell without answers gets instead of 0; 0.5 keeps sparse tables off +-1

    Answers that a pair has in common (pairwise n); scores that nobody gave are no category.
    Intervals and p-values by Fisher's z, ``atanh(rho)`` with SE / (1 - rho^2). ``p_holm`` takes all
    pairs of the call as one family.

    Rows: ``item_a, item_b, estimate, std_error, ci_low, ci_high, n, p_value, p_holm, method,
    reason``; reason ``too_few`` below ``minimum_n`` common answers (never fewer than 5; ``no_answers`` for none),
    ``constant`` where an item does not vary among them, ``perfect_association`` where the
    likelihood rises up to a correlation of 1 or -1 (estimate 1 or -1, without interval: a table
    of two by two with an empty cell does this), ``no_maximum`` where ``ml`` does not converge.

    Source: Olsson (1979). Estimates equal R ``psych::polychoric(correct = 0)`` on complete answers
    (with gaps psych takes the thresholds from all answers to an item, here from the pair's) and
    ``polycor::polychor``; its SE for two-step takes the thresholds as known and is a little
    smaller. The ``ordinalcorr`` package stops at 1e-5, has neither weights nor standard errors.
    """
    items = list(items)
    columns = items if outcome is None else [*items, outcome]
    require_columns(data, columns)
    check_level(level)
    if len(set(columns)) < len(columns):
        raise ValueError("each item may be named once, and the outcome is not an item")
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator must be one of {', '.join(ESTIMATORS)}, not {estimator!r}")
    if correct < 0:
        raise ValueError(f"correct must not be negative, it is {correct!r}")
    answers = scores(data, columns)
    last = len(columns) - 1
    pairs = (
        list(combinations(range(len(items)), 2))
        if outcome is None
        else [(place, last) for place in range(len(items))]
    )
    design = survey_design(data) if estimator == "two_step" else None
    weight = np.ones(len(data)) if design is None else design.weight
    tables = [Table.of(answers[:, a], answers[:, b], weight, correct) for a, b in pairs]
    n = np.array([table.n for table in tables], dtype=int)
    reason = np.array([table.reason(max(minimum_n, 5)) for table in tables], dtype=object)
    rho, std_error = np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)
    fitted = np.flatnonzero(reason == "")
    if len(fitted):
        rho[fitted] = two_step([tables[place] for place in fitted])
        reason[np.abs(rho) == 1] = "perfect_association"
    whole = None if design is None else domains(design)
    for place in np.flatnonzero(reason == ""):
        table = tables[place]
        if whole is None:
            rho[place], std_error[place] = _joint(table, rho[place])
        else:
            influence = weight * table.per_row(_influence(table, rho[place])) / table.weight_sum
            std_error[place] = np.sqrt(variance_of_totals(whole, influence)[0])
    reason[(reason == "") & np.isnan(rho)] = "no_maximum"
    with np.errstate(divide="ignore", invalid="ignore"):
        z, z_error = np.arctanh(rho), std_error / (1 - rho**2)
        p_value = 2 * ndtr(-np.abs(z) / z_error)
        half = critical_value(level) * z_error
        low, high = np.tanh(z - half), np.tanh(z + half)
    method = f"polychoric_{estimator}"
    rows = pd.DataFrame(
        {
            "item_a": [columns[a] for a, _ in pairs],
            "item_b": [columns[b] for _, b in pairs],
            "estimate": rho,
            "std_error": std_error,
            "ci_low": low,
            "ci_high": high,
            "n": n,
            "p_value": p_value,
            "p_holm": adjusted_p_values(p_value),
            "method": method,
            "reason": reason,
        }
    )
    stages = {"pairs": len(pairs), "pairs_tested": int(np.isfinite(p_value).sum())}
    return Result(rows, method, level, int(n.max(initial=0)), stages)


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
    score = np.where(impossible, -np.sign(rho) * np.inf, (counts * slope / p).sum(axis=(-2, -1)))
    information = np.where(known, slope**2 / p, 0.0).sum(axis=(-2, -1))
    return score, counts.sum(axis=(-2, -1)) * information


def _influence(table: Table, rho: float) -> FloatArray:
    """Influence of an answer in each cell on the two-step rho, thresholds being estimated too."""
    a, b = table.thresholds()
    p = np.maximum(cell_probabilities(a, b, np.float64(rho)), NOISE)
    score = slopes_in_correlation(a, b, np.float64(rho)) / p
    by_row = _through_thresholds(a, strip_probabilities(a, b, rho), score)
    by_column = _through_thresholds(b, strip_probabilities(b, a, rho), score.T)
    return (score - by_row[:, None] - by_column) / (p * score**2).sum()


def _through_thresholds(a: FloatArray, strips: FloatArray, score: FloatArray) -> FloatArray:
    """What an answer in each row does to the score by moving the thresholds between rows."""
    shared = (strips * (score[:-1] - score[1:])).sum(axis=1)  # E[score x score of the threshold]
    at_most = np.arange(len(score))[:, None] <= np.arange(len(score) - 1)
    return (at_most - ndtr(a[1:-1])) @ shared


def _joint(table: Table, rho: float) -> tuple[float, float]:
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
