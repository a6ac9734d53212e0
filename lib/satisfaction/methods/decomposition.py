"""R² divided among the items that explain it: algebra over batches of correlation matrices."""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

from satisfaction.methods.pairwise import SINGULAR, pairwise_correlations

Array = NDArray[np.float64]


def weighted_correlations(scores: Array, weights: Array) -> Array:
    """Weighted correlation matrices, one per row of weights: (draws, columns, columns).

    Where answers are missing, each pair of columns uses the answers that it has in common. A
    column without variation under some weights gets zeros throughout, also on the diagonal, so
    that it explains nothing there.
    """
    if np.isnan(scores).any():
        return pairwise_correlations(scores, weights)
    scores = scores - scores.mean(axis=0)  # small numbers lose fewer digits in the cross products
    k = scores.shape[1]
    first, second = np.triu_indices(k)
    total = weights.sum(axis=1, keepdims=True)
    means = weights @ scores / total
    products = weights @ (scores[:, first] * scores[:, second]) / total
    covariances = np.empty((len(weights), k, k))
    covariances[:, first, second] = products - means[:, first] * means[:, second]
    covariances[:, second, first] = covariances[:, first, second]
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    constant = variances <= SINGULAR * (scores**2).mean(axis=0)
    scale = np.where(constant, 0, 1 / np.sqrt(np.where(constant, 1, variances)))
    return covariances * scale[:, :, None] * scale[:, None, :]


def subset_r_squared(correlations: Array) -> Array:
    """R² of the outcome (last column) on every subset of items: (draws, 2^p).

    Bit j of the subset's number stands for item j. Item by item, each state splits in two: the
    item is left out (its row and column dropped) or let in (swept out of the rest: a Schur
    complement). After the last item only the outcome's residual variance 1 - R² is left. Of the
    symmetric matrices only one half is kept, each entry as (subsets, draws): all subsets together
    cost about 4 x 2^p multiplications a draw, not p³ x 2^p.
    """
    k = correlations.shape[-1]
    rest = {
        (a, b): np.ascontiguousarray(correlations[None, :, a, b])
        for a in range(k)
        for b in range(a, k)
    }
    for j in range(k - 1):
        pivot = rest[j, j]
        inverse = np.where(pivot > SINGULAR, 1 / np.maximum(pivot, SINGULAR), 0)
        state = {}
        for a in range(j + 1, k):
            factor = rest[j, a] * inverse
            for b in range(a, k):
                out = rest[a, b]
                both = np.empty((2 * len(out), out.shape[1]))
                both[: len(out)] = out
                np.multiply(factor, rest[j, b], out=both[len(out) :])
                np.subtract(out, both[len(out) :], out=both[len(out) :])
                state[a, b] = both
        rest = state
    outcome_variance = correlations[:, -1, -1]
    return np.asarray(np.clip(outcome_variance - rest[k - 1, k - 1], 0, 1).T)


def shapley_shares(correlations: Array) -> Array:
    """Shapley values of R²: (draws, items)."""
    p = correlations.shape[-1] - 1
    member = (np.arange(2**p)[:, None] >> np.arange(p)) & 1
    size = member.sum(axis=1)
    orders = np.array([factorial(s) * factorial(p - 1 - s) / factorial(p) for s in range(p)])
    joining = orders[np.maximum(size - 1, 0)][:, None]
    leaving = orders[np.minimum(size, p - 1)][:, None]
    coefficients = np.where(member == 1, joining, -leaving)
    return np.asarray(subset_r_squared(correlations) @ coefficients)


def johnson_shares(correlations: Array) -> Array:
    """Johnson's relative weights: (draws, items); null directions of the items are dropped."""
    values, vectors = np.linalg.eigh(correlations[:, :-1, :-1])
    root = np.sqrt(np.maximum(values, 0))[:, None, :]
    inverse = np.where(root > np.sqrt(SINGULAR), 1 / np.maximum(root, np.sqrt(SINGULAR)), 0)
    back = np.swapaxes(vectors, 1, 2)
    loadings = (vectors * root) @ back
    slopes = (vectors * inverse) @ back @ correlations[:, :-1, -1:]
    return np.asarray((loadings**2 @ slopes**2)[..., 0])


def redundant_items(correlations: Array) -> NDArray[np.bool_]:
    """Items that are a linear function of the others: those loading on a null direction.

    Where answers are missing, a null direction may come out negative and blurred: then those that
    carry a hundredth of it.
    """
    values, vectors = np.linalg.eigh(correlations)
    null = vectors[:, values < SINGULAR]
    return np.asarray((null**2).sum(axis=1) > (SINGULAR if values[0] > -SINGULAR else 0.01))
