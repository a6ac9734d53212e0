"""Grades and comparison with peers, never without their uncertainty (S0-18, S0-19, S0-31)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincc

from satisfaction.methods.change import share_difference_p_value
from satisfaction.methods.intervals import check_level, newcombe_difference
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result

GRADES = ("excellent", "good", "average", "poor")
# A share such as 0.9 may arrive as 0.8999999999999999 from a weighted sum; it has reached 0.9.
FLOAT_ERROR = 1e-9


def ordered_cut_points(cut_points: Mapping[str, float]) -> dict[str, float]:
    """``excellent``, ``good``, ``average`` in falling order; ValueError if they are not so."""
    if set(cut_points) != set(GRADES[:-1]):
        raise ValueError(f"cut_points must name {', '.join(GRADES[:-1])}, not {list(cut_points)}")
    points = {name: float(cut_points[name]) for name in GRADES[:-1]}
    excellent, good, average = points.values()
    if not 0 < average < good < excellent <= 1:
        raise ValueError(f"cut_points must fall from excellent to average within 0 and 1: {points}")
    return points


def grade(estimate: npt.ArrayLike, cut_points: Mapping[str, float]) -> npt.NDArray[np.str_]:
    """Grade code of each share; the left edge belongs to the better grade (S0-19).

    An array of the shape of ``estimate`` (0-d for one number: ``str()`` it); "" for NaN.
    """
    score = np.asarray(estimate, dtype=float)
    points = ordered_cut_points(cut_points)
    conditions = [np.isnan(score), *(score >= cut - FLOAT_ERROR for cut in points.values())]
    return np.asarray(np.select(conditions, ["", *points], default="poor"))


def grade_probabilities(
    rows: pd.DataFrame | pd.Series, cut_points: Mapping[str, float], *, prior: str = "jeffreys"
) -> Result:
    """Probability of each grade, given the share and its effective number of answers.

    The mass of the true share's posterior between the cut-points. A census (n_eff infinite) has its
    own grade with probability 1.

    prior  ``"jeffreys"``: Beta(n_eff p + 1/2, n_eff (1 - p) + 1/2), from the project's own answers
           alone; ``"peers"``: the posterior of ``shrunken_shares``, whose prior is the spread of
           the peers. The first says what these residents said and does not move when other
           projects do: it stands with a project's grade. The second is better calibrated for
           small projects in a list (their luck counts less): use it where projects are compared.

    ``rows``: rows of `survey_proportion` (``estimate``, ``n_eff`` and key columns); for ``"peers"``
    rows of ``shrunken_shares``. Rows out, four per row in: keys, ``grade, estimate`` (probability),
    ``is_own`` (the grade of the project's own share), ``n, reason``.
    """
    if prior not in ("jeffreys", "peers"):
        raise ValueError(f"prior must be jeffreys or peers, not {prior!r}")
    given = pd.DataFrame([rows]) if isinstance(rows, pd.Series) else rows
    given = given.reset_index(drop=True)
    points = ordered_cut_points(cut_points)
    from_peers = prior == "peers"
    if from_peers and not {"posterior_n", "direct"} <= set(given.columns):
        raise ValueError("prior='peers' needs rows of shrunken_shares")
    share = given["estimate"].to_numpy(dtype=float)
    n_eff = given["posterior_n" if from_peers else "n_eff"].to_numpy(dtype=float)
    known = ~np.isnan(share) & (n_eff > 0)
    own = grade(given["direct"] if from_peers else share, cut_points)
    census = np.isinf(n_eff)
    size = np.where(known & ~census, n_eff, 1.0)
    p = np.clip(np.where(known, share, 0.5), 0, 1)
    half = 0.0 if from_peers else 0.5
    above = [betaincc(size * p + half, size * (1 - p) + half, cut) for cut in points.values()]
    edges = np.vstack([np.zeros(len(given)), *above, np.ones(len(given))])
    keys = [c for c in ("project", "wave", "item", "by", "group") if c in given.columns]
    reasons = given["reason"] if "reason" in given.columns else pd.Series("", given.index)
    reasons = reasons.where(reasons != "", "no_answers").where(~known, "")
    n = given["n"].to_numpy() if "n" in given.columns else n_eff
    parts = []
    for i, name in enumerate(GRADES):
        probability = np.where(census, own == name, edges[i + 1] - edges[i])
        parts.append(
            given[keys].assign(
                grade=name,
                estimate=np.where(known, probability, np.nan),
                is_own=own == name,
                n=n,
                reason=reasons,
            )
        )
    table = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    total = int(np.nanmax(n)) if len(given) and not np.isinf(n).any() else 0
    return Result(table, "beta_peers" if from_peers else "beta_jeffreys", n=total, stages=points)


def peer_comparison(
    own: pd.Series,
    peers: pd.DataFrame,
    *,
    key: str = "project",
    minimum_peers: int = 3,
    minimum_n: int = 10,
    level: float = 0.95,
) -> Result:
    """One project against the others of its type (S0-18): shares of the same item and wave.

    ``own`` and the rows of ``peers`` have ``project, estimate, std_error, ci_low, ci_high, n,
    n_eff``; the project itself and peers with fewer than ``minimum_n`` answers are left out.

    peers     pooled share sum(n p) / sum(n): every answer counts the same
    estimate  own - peers; std_error from both; the interval by Newcombe's method on the own
              interval and that of the pool (variance recovery from the peers' own intervals)
    below, above, unclear   peers that are certainly below / above the project, and those that
              cannot be told from it: pairwise tests, Holm over the peers, so that all of these
              claims hold together with probability ``level``
    rank_low, rank_high     best and worst place that agree with this; ``rank`` by the estimates

    One row: keys, ``own, peers, estimate, std_error, ci_low, ci_high, p_value, direction`` (above,
    below, none), ``rank, rank_low, rank_high, peers_n, below, above, unclear, n, n_peers, reason``;
    reason ``too_few`` with fewer than ``minimum_peers`` peers or ``minimum_n`` own answers,
    ``no_answers`` without own estimate.
    """
    check_level(level)
    others = peers[peers[key] != own[key]]
    usable = others[others["estimate"].notna() & (others["n"] >= minimum_n)]
    row: dict[str, object] = {c: own[c] for c in (key, "wave", "item") if c in own.index}
    row |= {"own": own["estimate"]} | dict.fromkeys(
        ("peers", "estimate", "std_error", "ci_low", "ci_high", "p_value"), np.nan
    )
    row |= {"direction": "none"} | dict.fromkeys(("rank", "rank_low", "rank_high"), np.nan)
    row |= {"peers_n": len(usable), "below": 0, "above": 0, "unclear": 0, "n": int(own["n"])}
    row |= {"n_peers": int(usable["n"].sum()), "reason": ""}
    if np.isnan(own["estimate"]):
        row["reason"] = "no_answers"
    elif own["n"] < minimum_n or len(usable) < minimum_peers:
        row["reason"] = "too_few"
    else:
        row |= _against_pool(own, usable, level) | _places(own, usable, level)
    return Result(
        pd.DataFrame([row]),
        "peer_comparison",
        level,
        int(own["n"]),
        {"peers": list(usable[key]), "minimum_peers": minimum_peers},
        {"peers_too_few": len(others) - len(usable)},
    )


def _against_pool(own: pd.Series, peers: pd.DataFrame, level: float) -> dict[str, object]:
    weight = peers["n"] / peers["n"].sum()
    pooled = float((weight * peers["estimate"]).sum())
    std_error = float(np.sqrt(((weight * peers["std_error"]) ** 2).sum()))
    low = pooled - np.sqrt(((weight * (peers["estimate"] - peers["ci_low"])) ** 2).sum())
    high = pooled + np.sqrt(((weight * (peers["ci_high"] - peers["estimate"])) ** 2).sum())
    ends = newcombe_difference(own["estimate"], own["ci_low"], own["ci_high"], pooled, low, high)
    # The pool's effective size: a pool at 0 % or 100 % has SE 0 and counts its peers' own sizes.
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = pooled * (1 - pooled) / std_error**2 if std_error > 0 else peers["n_eff"].sum()
    p_value = float(
        share_difference_p_value(
            *(own["estimate"], own["std_error"], own["n_eff"], pooled, std_error, n_eff)
        )
    )
    difference = float(own["estimate"] - pooled)
    certain = p_value < 1 - level
    return {
        "peers": pooled,
        "estimate": difference,
        "std_error": float(np.hypot(own["std_error"], std_error)),
        "ci_low": float(ends[0]),
        "ci_high": float(ends[1]),
        "p_value": p_value,
        "direction": ("above" if difference > 0 else "below") if certain else "none",
    }


def _places(own: pd.Series, peers: pd.DataFrame, level: float) -> dict[str, object]:
    p_values = adjusted_p_values(
        share_difference_p_value(
            *(own["estimate"], own["std_error"], own["n_eff"]),
            *(peers["estimate"], peers["std_error"], peers["n_eff"]),
        )
    )
    certain = p_values < 1 - level
    below = int((certain & (peers["estimate"] < own["estimate"])).sum())
    above = int((certain & (peers["estimate"] > own["estimate"])).sum())
    unclear = len(peers) - below - above
    return {
        "rank": float(1 + (peers["estimate"] > own["estimate"]).sum()),
        "rank_low": float(1 + above),
        "rank_high": float(1 + above + unclear),
        "below": below,
        "above": above,
        "unclear": unclear,
    }


def certainly_low(result: Result) -> list[str]:
    """Items whose whole interval lies below the plain mean of all items' estimates, lowest first.

    A screen for where to look (S0-20), not a test: the mean is taken as known.
    """
    rows = result.rows[result.rows["estimate"].notna()]
    below = rows[rows["ci_high"] < rows["estimate"].mean()]
    return [str(item) for item in below.sort_values("estimate", kind="stable")["item"]]


def own_row(result: Result, project: str) -> pd.Series:
    """The row of one project among its peers; without answers a row that says so."""
    found = result.rows[result.rows["project"] == project]
    if len(found):
        return found.iloc[0]
    nothing = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "n_eff"), np.nan)
    return pd.Series({"project": project, **nothing, "n": 0, "reason": "no_answers"})


def other_projects(result: Result, project: str, *, minimum_n: int = 1) -> Result:
    """The peers of a project: without itself and without those with fewer than ``minimum_n``."""
    rows = result.rows[(result.rows["project"] != project) & (result.rows["n"] >= minimum_n)]
    return replace(result, rows=rows.reset_index(drop=True))
