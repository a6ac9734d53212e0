"""How far shares of importance lie from the truth, by how gaps in the sheets are treated.

Seeded surveys of 330 sheets and 15 items in which about half of the sheets have a gap; Johnson's
weights on complete sheets, on pairwise correlations and on normal maximum likelihood (EM). Run by
hand: ``python benchmarks/missing_answers.py``; it takes a minute.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from satisfaction.methods.decomposition import johnson_shares, weighted_correlations

Array = NDArray[np.float64]

WEIGHTS = np.array(
    [0.22, 0.17, 0.13, 0.09, 0.065, 0.05, 0.04, 0.03, 0.025, 0.02, 0.015, 0.01, 0.008, 0.005, 0.005]
)
GAPS = np.array([3, 3, 3, 4, 3, 5, 3, 3, 8, 3, 4, 8, 7, 6, 4]) / 100
SHEETS, SURVEYS = 330, 150


def population(n: int, random: np.random.Generator) -> Array:
    """Scores 1-5 of the items and, last, of the whole."""
    items = len(WEIGHTS)
    shared = np.sqrt(0.45) * random.normal(size=(n, 1))
    latent = 4.2 + 0.95 * (shared + np.sqrt(0.55) * random.normal(size=(n, items)))
    scores = np.clip(np.floor(latent + 0.5), 1, 5)
    whole = (scores - 4) @ WEIGHTS + 4.5 + 0.5 * random.normal(size=n)
    return np.column_stack([scores, np.clip(np.floor(whole), 1, 5)])


# Chance of a gap relative to GAPS, by sheet: completely at random; more among the dissatisfied;
# few residents who skip much; more where the item itself is rated low (not at random).
MECHANISMS: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "at random": lambda x, _random: np.ones((len(x), 1)),
    "dissatisfied skip": lambda x, _random: np.where(x[:, -1:] <= 3, 2.5, 0.5),
    "few skip much": lambda x, random: np.where(random.random((len(x), 1)) < 0.15, 5, 0.3),
    "low scores skipped": lambda x, _random: np.where(x[:, :-1] <= 3, 2.2, 0.5),
}


def complete(x: Array) -> Array:
    """Correlations of the sheets without a gap."""
    return np.asarray(np.corrcoef(x[~np.isnan(x).any(axis=1)].T))


def pairwise(x: Array) -> Array:
    """As the product does."""
    return np.asarray(weighted_correlations(x, np.ones((1, len(x))))[0])


def maximum_likelihood(x: Array) -> Array:
    """EM for a multivariate normal distribution."""
    known = ~np.isnan(x)
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    seen = patterns.astype(float)
    count = np.bincount(which.ravel())
    mean, covariance = np.nanmean(x, axis=0), np.diag(np.nanvar(x, axis=0))
    filled = np.where(known, x, 0)
    for _ in range(100):
        both = seen[:, :, None] * seen[:, None, :]
        inverse = np.linalg.inv(covariance * both + np.eye(x.shape[1]) * (1 - seen)[:, :, None])
        slopes = covariance @ (inverse * both)
        left = covariance - slopes @ covariance
        deviation = np.where(known, filled - mean, 0)
        expected = np.einsum("nij,nj->ni", slopes[which.ravel()], deviation)
        shift = expected.mean(axis=0)
        centred = expected - shift
        new = (centred.T @ centred + np.tensordot(count, left, 1)) / len(x)
        mean, step, covariance = mean + shift, np.abs(new - covariance).max(), new
        if step < 1e-7:
            break
    scale = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(scale, scale))


TREATMENTS: dict[str, Callable[[Array], Array]] = {
    "complete sheets": complete,
    "pairwise": pairwise,
    "maximum likelihood": maximum_likelihood,
}


def shares(correlation: Array) -> Array:
    """Shares of R², adding up to 1."""
    found = johnson_shares(correlation[None])[0]
    return np.asarray(found / found.sum())


def main() -> None:
    """Root mean square error and largest bias of the shares."""
    truth = shares(complete(population(1_000_000, np.random.default_rng(9))))
    for name, chance in MECHANISMS.items():
        found: dict[str, list[Array]] = {}
        whole = []
        for survey in range(SURVEYS):
            random = np.random.default_rng(1000 + survey)
            x = population(SHEETS, random)
            gaps = random.random((SHEETS, len(WEIGHTS))) < GAPS * chance(x, random)
            holes = x.copy()
            holes[:, :-1][gaps] = np.nan
            whole.append((~gaps.any(axis=1)).mean())
            found.setdefault("no gaps", []).append(shares(complete(x)))
            for label, treatment in TREATMENTS.items():
                found.setdefault(label, []).append(shares(treatment(holes)))
        print(f"{name}: {np.mean(whole):.0%} of the sheets have no gap")
        for label, values in found.items():
            error = np.sqrt(np.mean((np.array(values) - truth) ** 2))
            bias = np.abs(np.mean(values, axis=0) - truth).max()
            print(f"  {label:20} error {error:.4f}, largest bias {bias:.4f}")


if __name__ == "__main__":
    main()
