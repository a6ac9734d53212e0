"""How far projects spread around their common share by chance alone: the funnel (S0-31).

Small projects scatter widely, large ones little; what lies within the limits for its number of
answers is no evidence of being different. Source: Spiegelhalter (2005), Statistics in Medicine 24.

A weighted share is judged as a share of n_eff answers, which need not be whole. Between two whole
numbers the limits are interpolated linearly; tail probabilities continue the binomial ones by the
incomplete beta function.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from satisfaction.methods.intervals import check_level
from satisfaction.methods.result import Result

Array = npt.NDArray[np.float64]
POINTS = 40  # of each drawn limit
OUTER = 0.998  # about three standard errors: one project in 500 by chance, in either direction


def funnel_limits(
    n_eff: npt.ArrayLike, centre: float, *, levels: Sequence[float] = (0.95, OUTER)
) -> Result:
    """Exact binomial limits around ``centre`` for numbers of answers.

    With r the smallest count whose P(R <= r) reaches q (R ``qbinom``), the limit is
    (r - (P(R <= r) - q) / P(R = r)) / n, for q = (1 - level)/2 and (1 + level)/2, within 0 and 1.
    An infinite n_eff (census) has both limits at the centre, below one answer there are none.

    Rows, ``levels`` per n: ``n_eff, level, ci_low, ci_high, reason`` (``too_few``).
    """
    for level in levels:
        check_level(level)
    if not 0 <= centre <= 1:
        raise ValueError(f"the centre of a funnel lies between 0 and 1, not {centre!r}")
    size = np.atleast_1d(np.asarray(n_eff, dtype=float))
    low, high = _limits(size, centre, levels)
    rows = pd.DataFrame(
        {
            "n_eff": np.repeat(size, len(levels)),
            "level": np.tile(np.asarray(levels, dtype=float), len(size)),
            "ci_low": low.T.ravel(),
            "ci_high": high.T.ravel(),
            "reason": np.where(np.isnan(low.T.ravel()), "too_few", ""),
        }
    )
    counted = size[np.isfinite(size)]
    n = int(counted.max()) if counted.size else 0
    return Result(rows, "funnel_binomial", max(levels), n, {"centre": float(centre)})


def _limits(size: Array, centre: float, levels: Sequence[float]) -> Array:
    """The limits ``[low or high, level, n_eff]``."""
    known = np.isfinite(size) & (size >= 1)
    below = np.where(known, np.floor(size), 1.0)
    share = np.where(known, size - below, 0.0)
    counts, place = np.unique([below, below + 1], return_inverse=True)
    width = np.asarray(levels, dtype=float)
    tails = np.concatenate([(1 - width) / 2, (1 + width) / 2])
    whole = _whole_limits(counts, centre, tails)[:, place.reshape(2, -1)]
    limits = whole[:, 0] + share * (whole[:, 1] - whole[:, 0])
    limits = np.where(known, limits, np.where(np.isposinf(size), centre, np.nan))
    return np.clip(limits, 0, 1).reshape(2, len(width), -1)


def _whole_limits(counts: Array, centre: float, tails: Array) -> Array:
    """The limit of every tail (rows) for every number of answers (columns)."""
    shape = (len(tails), len(counts))
    if centre in (0.0, 1.0):  # nothing can deviate by chance
        return np.full(shape, centre)
    q, n = np.repeat(tails, len(counts)), np.tile(counts, len(tails))
    r = _near_quantile(q, n, centre)
    reached, before = _at_most(r, n, centre), _at_most(r - 1, n, centre)
    while len(off := np.flatnonzero((reached < q) | (before >= q))):
        r[off] += np.where(reached[off] < q[off], 1, -1)
        reached[off] = _at_most(r[off], n[off], centre)
        before[off] = _at_most(r[off] - 1, n[off], centre)
    return np.asarray((r - (reached - q) / (reached - before)) / n).reshape(shape)


def _near_quantile(q: Array, n: Array, centre: float) -> Array:
    """A count near the smallest one that P(R <= r) >= q holds for (Cornish & Fisher 1938)."""
    z, spread = special.ndtri(q), np.sqrt(n * centre * (1 - centre))
    skewed = (1 - 2 * centre) * (z**2 - 1) / 6
    return np.asarray(np.clip(np.floor(n * centre + z * spread + skewed + 0.5), 0, n))


def _at_most(r: Array, n: Array, centre: float) -> Array:
    """P(R <= r), where bdtr would round n; betainc, as betaincc takes five times as long."""
    inside = (r >= 0) & (r < n)
    some = np.where(inside, r, 0.0)
    return np.where(inside, special.betainc(n - some, some + 1, 1 - centre), r >= n)


def overdispersion(
    estimates: npt.ArrayLike, n_eff: npt.ArrayLike, centre: float, *, winsorised: float = 0.1
) -> float:
    """Factor phi by which projects scatter more around the centre than chance allows.

    phi = mean of z^2 with z = (p - centre) / sqrt(centre (1 - centre) / n_eff), the ``winsorised``
    lowest and highest set to the quantiles there, so that true outliers do not widen the funnel.
    1 unless phi exceeds 1 by two standard errors, 1 + 2 sqrt(2 / k) (Spiegelhalter 2005).
    """
    if not 0 <= winsorised < 0.5:
        raise ValueError(f"winsorised must lie between 0 and 0.5, not {winsorised!r}")
    p, size = np.asarray(estimates, dtype=float), np.asarray(n_eff, dtype=float)
    known = np.isfinite(p) & np.isfinite(size) & (size > 0)
    spread = centre * (1 - centre)
    if not known.any() or spread <= 0:
        return 1.0
    z = (p[known] - centre) / np.sqrt(spread / size[known])
    low, high = np.quantile(z, [winsorised, 1 - winsorised])
    phi = float((np.clip(z, low, high) ** 2).mean())
    return phi if phi > 1 + 2 * np.sqrt(2 / known.sum()) else 1.0


def peer_funnel(
    rows: pd.DataFrame,
    *,
    own: str | None = None,
    key: str = "project",
    centre: float | None = None,
    overdispersed: bool = False,
    minimum_peers: int = 3,
    minimum_n: int = 20,
    level: float = 0.95,
    outer: float = OUTER,
) -> Result:
    """Shares of projects against the funnel around their common share.

    ``rows``: one per project: ``key, estimate, n, n_eff``. ``centre`` is a given share (a target)
    or, by default, the pooled share sum(n p) / sum(n), without the project ``own`` if one is named;
    it counts as known. ``overdispersed`` divides every n_eff by ``overdispersion`` (without
    ``own``): as multiplying the variance.

    Whether a project lies outside is decided by the exact tail probability, not by the drawn line:
    Spiegelhalter's upper limit may lie a fraction of one answer below a count that is not rare.

    Rows: the columns of ``rows`` with ``p_value`` (twice the smaller tail, at most 1),
    ``direction`` (above, below, none), ``beyond`` (the widest of ``level`` and ``outer`` that it
    lies outside of, else NaN), ``ci_low, ci_high`` (limits at ``level`` for its n_eff),
    ``outer_low, outer_high``, ``reason``: ``too_few`` below ``minimum_n`` answers, and for all with
    fewer than ``minimum_peers`` others; ``no_answers``. Stages ``centre, phi, projects, others
    (than own), outer`` and ``lines`` (the limits to be drawn: ``n_eff, level, ci_low, ci_high``).
    """
    check_level(level)
    given = rows.reset_index(drop=True)
    p, n, size = (given[name].to_numpy(dtype=float) for name in ("estimate", "n", "n_eff"))
    usable = ~np.isnan(p) & (n >= minimum_n) & (size >= 1)
    others = usable & (given[key] != own).to_numpy()
    enough = (others.sum() if own is not None else usable.sum() - 1) >= minimum_peers
    shown = usable & bool(enough)
    middle, phi = np.nan, 1.0
    if enough:
        middle = float((n * p)[others].sum() / n[others].sum()) if centre is None else float(centre)
        if overdispersed:
            phi = overdispersion(p[others], size[others], middle)
    size = np.where(shown, size / phi, np.nan)
    low, high = np.full((2, 2, len(given)), np.nan)
    p_value = np.full(len(given), np.nan)
    if enough:
        low, high = _limits(size, middle, (level, outer))
        p_value = _two_sided(p, size, middle)
    beyond = np.select([p_value <= 1 - outer, p_value <= 1 - level], [outer, level], np.nan)
    side = np.where(p > middle, "above", "below")
    reasons = given["reason"].to_numpy() if "reason" in given else np.full(len(given), "")
    unanswered = np.where(reasons == "", "no_answers", reasons)
    table = given.assign(
        p_value=p_value,
        direction=np.where(np.isnan(beyond), "none", side),
        beyond=beyond,
        ci_low=low[0],
        ci_high=high[0],
        outer_low=low[1],
        outer_high=high[1],
        reason=pd.Series(np.select([shown, ~np.isnan(p)], ["", "too_few"], unanswered), dtype=str),
    )
    stages = {
        "centre": middle,
        "phi": phi,
        "projects": int(usable.sum()),
        "others": int(others.sum()),
        "outer": outer,
        "lines": _lines(given.loc[shown, "n_eff"].to_numpy(dtype=float), middle, phi, level, outer),
    }
    total = int(n[usable].max()) if usable.any() else 0
    return Result(
        table, "funnel_binomial", level, total, stages, {"too_few": len(given) - int(usable.sum())}
    )


def _lines(size: Array, centre: float, phi: float, level: float, outer: float) -> pd.DataFrame:
    """The funnel to be drawn: its limits from half the smallest to above the largest project."""
    finite = size[np.isfinite(size)]
    if not finite.size:
        return pd.DataFrame(columns=["n_eff", "level", "ci_low", "ci_high"])
    grid = np.unique(np.rint(np.linspace(max(1, finite.min() / 2), 1.06 * finite.max(), POINTS)))
    grid = grid[grid / phi >= 1]
    rows = funnel_limits(grid / phi, centre, levels=(level, outer)).rows
    return rows.assign(n_eff=rows["n_eff"] * phi)[["n_eff", "level", "ci_low", "ci_high"]]


def _two_sided(p: Array, size: Array, centre: float) -> Array:
    """Twice the smaller of P(R >= x) and P(R <= x); a census is certain."""
    whole = np.isfinite(size)
    n = np.where(whole, size, 1.0)
    x = np.where(whole, np.clip(np.nan_to_num(p), 0, 1) * n, 0.0)
    near = np.rint(x)
    x = np.where(np.abs(x - near) < 1e-9 * np.maximum(n, 1), near, x)
    with np.errstate(invalid="ignore", divide="ignore"):
        upper = np.where(x <= 0, 1.0, special.betainc(x, n - x + 1, centre))
        lower = np.where(x >= n, 1.0, special.betainc(n - x, x + 1, 1 - centre))
    both = np.minimum(2 * np.minimum(upper, lower), 1.0)
    sure = np.where(p == centre, 1.0, 0.0)
    return np.where(np.isnan(size) | np.isnan(p), np.nan, np.where(whole, both, sure))
