"""Exact tests of counts: two shares, a draw from a list, a sum of unequal chances.

Every function takes whole numbers and returns a p-value between 0 and 1; there is no normal
approximation, so that it may be used with three answers as with three thousand.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
# Outcomes whose probability differs by less are equally likely (R's fisher.test does the same).
TIE = 1e-7
CELLS_AT_ONCE = 500_000


def hypergeometric(population: int, marked: int, drawn: int) -> FloatArray:
    """Chances of 0, 1, ..., ``drawn`` marked units in a draw without replacement.

    ``C(K, k) C(N-K, n-k) / C(N, n)`` with N = population, K = marked, n = drawn. ValueError unless
    0 <= K, n <= N. Equals R ``dhyper(0:n, K, N-K, n)``.
    """
    if not (0 <= marked <= population and 0 <= drawn <= population):
        raise ValueError("marked and drawn must lie between 0 and the population")
    k = np.arange(drawn + 1)
    possible = (k <= marked) & (drawn - k <= population - marked)
    k = np.where(possible, k, max(0, drawn - (population - marked)))
    log = (
        _log_choose(marked, k)
        + _log_choose(population - marked, drawn - k)
        - _log_choose(population, drawn)
    )
    return np.where(possible, np.exp(log), 0.0)


def _log_choose(n: npt.ArrayLike, k: npt.ArrayLike) -> FloatArray:
    n, k = np.asarray(n, dtype=float), np.asarray(k, dtype=float)
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def fisher_p_value(hits: int, n: int, other_hits: int, other_n: int, side: str = "both") -> float:
    """Fisher's exact test of ``hits`` of ``n`` against ``other_hits`` of ``other_n``.

    side: ``"both"``, ``"more"`` (the first share is larger) or ``"fewer"``. 1 where nothing can
    differ. Equals R ``fisher.test`` (two.sided, greater, less).
    """
    if side not in ("both", "more", "fewer"):
        raise ValueError(f"side must be both, more or fewer, not {side!r}")
    if not (0 <= hits <= n and 0 <= other_hits <= other_n):
        raise ValueError("hits must lie between 0 and n")
    chance = hypergeometric(n + other_n, hits + other_hits, n)
    if side == "more":
        return float(min(chance[hits:].sum(), 1.0))
    if side == "fewer":
        return float(min(chance[: hits + 1].sum(), 1.0))
    return float(min(chance[chance <= chance[hits] * (1 + TIE)].sum(), 1.0))


def fisher_more(hits: int, n: int, other_hits: npt.ArrayLike, other_n: npt.ArrayLike) -> FloatArray:
    """``fisher_p_value(..., "more")`` of ``hits`` of ``n`` against each of many others."""
    others, sizes = (np.asarray(x, dtype=int) for x in (other_hits, other_n))
    if not (0 <= hits <= n and (others >= 0).all() and (others <= sizes).all()):
        raise ValueError("hits must lie between 0 and n")
    log = special.gammaln(np.arange(n + sizes.max(initial=0) + 1) + 1.0)  # of the factorials
    found = np.empty(len(others))
    rows = max(1, CELLS_AT_ONCE // (int(others.max(initial=0)) + 1))
    for start in range(0, len(others), rows):
        part = slice(start, start + rows)
        marked, size = hits + others[part, None], sizes[part, None]
        k = hits + np.arange(others[part].max() + 1)
        possible = (k <= marked) & (k <= n)
        k = np.where(possible, k, hits)
        ways = log[marked] - log[k] - log[marked - k]
        ways += log[n + size - marked] - log[n - k] - log[size - marked + k]
        chance = np.where(possible, np.exp(ways - (log[n + size] - log[n] - log[size])), 0.0)
        found[part] = np.minimum(chance.sum(axis=1), 1.0)
    return found


def draw_p_value(strata: Iterable[tuple[int, int, int]], found: int) -> float:
    """Chance that a stratified draw holds at most ``found`` marked units.

    strata: one (population, marked, drawn) each; the chances of the strata are convolved. One
    stratum: R ``phyper(found, marked, population - marked, drawn)``.
    """
    total = np.ones(1)
    for population, marked, drawn in strata:
        total = np.convolve(total, hypergeometric(population, marked, drawn))
    return float(min(total[: max(found, -1) + 1].sum(), 1.0))


def binomial_more(hits: int, n: int, share: float) -> float:
    """Chance of at least ``hits`` of ``n`` at a given share: R ``pbinom(hits-1, n, share, F)``."""
    return 1.0 if hits <= 0 else float(special.betainc(hits, n - hits + 1, share))


def sum_more(chances: npt.ArrayLike, hits: int) -> float:
    """Chance that at least ``hits`` of independent events of unequal chances happen."""
    total = np.ones(1)
    for chance in np.asarray(chances, dtype=float):
        total = np.convolve(total, [1 - chance, chance])
    return float(min(total[max(hits, 0) :].sum(), 1.0))
