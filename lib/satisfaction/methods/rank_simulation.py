"""Places in a list as ranges, and the chance of standing in its best or last quarter (S0-31)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satisfaction.methods.intervals import check_level
from satisfaction.methods.result import Result

CELLS_AT_ONCE = 1_000_000  # draws x projects in memory as numbers; places take two bytes each
LONG_LIST = 100  # projects; from here on the place of a single one is drawn alone
OTHERS_DRAWS = 10_000  # of the others then, all together: as exact a part of any list
NODES = 33  # values of the single one at which those above it are counted


def rank_intervals(
    shrunken: Result,
    *,
    quarter: float = 0.25,
    draws: int = 1000,
    level: float | None = None,
    own: str | None = None,
    seed: int,
) -> Result:
    """Places of projects (1 = highest) under their joint uncertainty.

    ``shrunken``: of ``shrunken_shares``. All true shares are drawn from their posteriors ``draws``
    times and ranked in each draw (equal values by lot), after Goldstein & Spiegelhalter (1996).
    Because the posteriors are drawn together by as much as chance spreads the projects, equal
    projects get ranges over nearly the whole list; posteriors of each project alone would not do
    that. The same seed gives the same places whatever the order of the rows.

    With ``own`` only that project gets a place. In a list of ``LONG_LIST`` projects or more it is
    drawn alone: how many of the others are above a value x, a sum of many independent events of
    chance P(share_i > x), is drawn from the normal distribution of its mean and variance.

    Rows: those of ``shrunken`` with ``rank`` (by the shrunken estimate; equal ones share the best
    place), ``rank_mean``, ``rank_low, rank_high`` (equal-tailed, ``level``), ``top_probability,
    bottom_probability`` (to be among the first, last ``quarter`` of the list: round(k quarter),
    at least one), ``claim`` (top, bottom: that probability reaches ``level``; else none). Stages
    ``projects, quarter`` (places), ``draws``. What has a reason in ``shrunken`` has no place.
    """
    level = shrunken.level if level is None else level
    check_level(level)
    if not 0 < quarter < 1 or draws < 1:
        raise ValueError("rank_intervals needs a quarter between 0 and 1, and at least one draw")
    rows = shrunken.rows.reset_index(drop=True)
    known = rows["estimate"].notna().to_numpy()
    ranked = rows[known]
    # by value, not by row: the same draws belong to the same projects in every order
    keys = [ranked[name] for name in ("project", "posterior_n", "estimate") if name in ranked]
    order = np.lexsort(keys)
    mean = ranked["estimate"].to_numpy(dtype=float)[order]
    size = ranked["posterior_n"].to_numpy(dtype=float)[order]
    places = max(1, int(np.floor(len(mean) * quarter + 0.5)))
    wanted = np.ones(len(mean), dtype=bool)
    if own is not None:
        wanted = (ranked["project"] == own).to_numpy()[order]
    found = np.full((6, len(rows)), np.nan)
    if wanted.any():
        if own is not None and len(mean) >= LONG_LIST:
            drawn = _drawn_place(mean, size, int(np.argmax(wanted)), draws, seed)
        else:
            drawn = _drawn_ranks(mean, size, draws, seed)[wanted]
        tail = (1 - level) / 2
        cut = int(np.floor(tail * draws))
        ordered = np.sort(drawn, axis=1, kind="stable")
        statistics = [
            1 + len(mean) - np.searchsorted(mean, mean[wanted], side="right"),
            drawn.mean(axis=1),
            ordered[:, cut],
            ordered[:, draws - 1 - cut],
            (drawn <= places).mean(axis=1),
            (drawn > len(mean) - places).mean(axis=1),
        ]
        found[:, np.flatnonzero(known)[order[wanted]]] = statistics
    rank, rank_mean, low, high, top, bottom = found
    table = rows.assign(
        rank=rank,
        rank_mean=rank_mean,
        rank_low=low,
        rank_high=high,
        top_probability=top,
        bottom_probability=bottom,
        claim=np.select([top >= level, bottom >= level], ["top", "bottom"], default="none"),
    )
    stages = {"projects": len(mean), "quarter": places, "draws": draws}
    return Result(
        table, "rank_simulation", level, shrunken.n, stages, {"too_few": len(rows) - len(mean)}
    )


def _drawn_ranks(
    mean: npt.NDArray[np.float64], size: npt.NDArray[np.float64], draws: int, seed: int
) -> npt.NDArray[np.integer]:
    """Places (projects, draws), 1 = highest."""
    random = np.random.default_rng(seed)
    projects = len(mean)
    sure = np.isinf(size)
    a, b = (np.where(sure, 1.0, size * part) for part in (mean, 1 - mean))
    dtype = np.dtype(np.int16 if projects < 2**15 else np.int32)
    numbers = np.arange(1, projects + 1, dtype=dtype)
    ranks = np.empty((projects, draws), dtype=dtype)
    step = max(1, CELLS_AT_ONCE // projects)
    for start in range(0, draws, step):
        many = min(step, draws - start)
        truth = random.beta(a, b, (many, projects))
        if sure.any():  # known values: equal ones by lot
            lot = 1e-12 * random.random((many, int(sure.sum())))
            truth[:, sure] = mean[sure] + lot
        falling = np.argsort(-truth, axis=1)
        part = np.empty((many, projects), dtype=dtype)
        np.put_along_axis(part, falling, np.broadcast_to(numbers, part.shape), axis=1)
        ranks[:, start : start + many] = part.T
    return ranks


def _drawn_place(
    mean: npt.NDArray[np.float64], size: npt.NDArray[np.float64], own: int, draws: int, seed: int
) -> npt.NDArray[np.integer]:
    """Places of one project of a long list (1, draws)."""
    random = np.random.default_rng(seed)
    sure, other = np.isinf(size), np.arange(len(mean)) != own
    a, b = (np.where(sure, 1.0, size * part) for part in (mean, 1 - mean))
    truth = np.full(draws, mean[own]) if sure[own] else random.beta(a[own], b[own], draws)
    nodes = np.unique(np.quantile(truth, np.linspace(0, 1, NODES)))
    open_ = other & ~sure
    each = max(8, -(-OTHERS_DRAWS // max(int(open_.sum()), 1)))
    values = random.beta(a[open_], b[open_], (each, int(open_.sum())))
    chance = np.stack([(values > node).mean(axis=0) for node in nodes])
    variance = (chance * (1 - chance)).sum(axis=1) * each / (each - 1)
    above = np.interp(truth, nodes, chance.sum(axis=1))
    spread = np.sqrt(np.interp(truth, nodes, variance))
    place = 1 + np.rint(above + spread * random.standard_normal(draws)).clip(0, open_.sum())
    known = np.sort(mean[other & sure])
    place += len(known) - np.searchsorted(known, truth, side="right")
    equal = int((known == mean[own]).sum()) if sure[own] else 0
    return (place + random.integers(0, equal + 1, draws)).astype(np.int64)[None, :]  # by lot
