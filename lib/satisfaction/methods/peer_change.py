"""Did this project move more than projects of its type? A difference in differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special  # the functions behind scipy.stats, which takes a second to import

from satisfaction.methods.design import FloatArray
from satisfaction.methods.intervals import check_level
from satisfaction.methods.result import Result
from satisfaction.methods.shrinkage import paule_mandel


def peer_difference_in_differences(
    own: pd.Series,
    now: pd.DataFrame,
    before: pd.DataFrame,
    project: str,
    *,
    key: str = "project",
    minimum_peers: int = 3,
    minimum_n: int = 10,
    level: float = 0.95,
) -> Result:
    """Own change minus the peers' mean change: what is not common to projects of the type.

    own        row of `wave_difference` (``estimate, std_error, df, n, n_previous, reason``)
    project    the project's name, to be left out of the peers
    now, before  rows of `estimates_from_tallies` of all projects of the type in the two waves
               (``project, estimate, std_error, ci_low, ci_high, n``); peers are the others with at
               least ``minimum_n`` answers in both
    peers      mean change m of the peers under random effects: change_i ~ N(m, SE_i² + tau²),
               weights 1/(SE_i² + tau²), tau² by Paule & Mandel (R metafor ``rma(method = "PM")``):
               projects differ in their changes by more than sampling, and tau says by how much
    estimate   own - m;  std_error = sqrt(SE_own² + tau² + SE(m)²)
    p_value    two-sided t test, Satterthwaite's df with peers - 1 for what the peers contribute

    With tau² in it the question is "did this project move otherwise than a project of its type
    usually does", not "otherwise than the average of these peers", which almost every project
    would. It claims no cause: only what the projects share is taken away. A peer at 0 % or 100 %
    has SE 0; its Wilson interval's half width over z stands in.

    One row: ``project, own, peers, estimate, std_error, ci_low, ci_high, df, p_value, direction``
    (above, below, none), ``tau, peers_n, n, n_peers, method, reason``: ``too_few`` peers or own
    answers, ``no_answers``, or the reason of the own change.
    """
    check_level(level)
    columns = [key, "estimate", "std_error", "ci_low", "ci_high", "n"]
    both = now[columns].merge(before[columns], on=key, suffixes=("", "_before"))
    others = both[both[key] != project]
    enough = (others["n"] >= minimum_n) & (others["n_before"] >= minimum_n)
    peers = others[enough & others["estimate"].notna() & others["estimate_before"].notna()]
    n = int(own["n"])
    row: dict[str, object] = {key: project, "own": own["estimate"]}
    empty = ("peers", "estimate", "std_error", "ci_low", "ci_high", "df", "p_value")
    row |= dict.fromkeys(empty, np.nan) | {"direction": "none", "tau": np.nan}
    reason = str(own.get("reason", ""))
    if not reason and (pd.isna(own["estimate"]) or not n):
        reason = "no_answers"
    if not reason and (len(peers) < minimum_peers or min(n, int(own["n_previous"])) < minimum_n):
        reason = "too_few"
    if not reason:
        row |= _against(own, peers, level)
    row |= {"peers_n": len(peers), "n": n, "n_peers": int(peers["n"].sum())}
    row |= {"method": "difference_in_differences", "reason": reason}
    left_out = {"peers_too_few": len(others) - len(peers)}
    stages = {"peers": list(peers[key]), "minimum_peers": minimum_peers}
    return Result(pd.DataFrame([row]), "difference_in_differences", level, n, stages, left_out)


def _against(own: pd.Series, peers: pd.DataFrame, level: float) -> dict[str, object]:
    change = (peers["estimate"] - peers["estimate_before"]).to_numpy(dtype=float)
    variance = _variance(peers, "", level) + _variance(peers, "_before", level)
    scatter = paule_mandel(change, variance)
    mean, common = scatter.mean, scatter.tau2 + scatter.std_error**2
    estimate, own_variance = float(own["estimate"]) - mean, float(own["std_error"]) ** 2
    std_error = np.sqrt(own_variance + common)
    own_df = max(float(own.get("df", np.inf)), 1.0)
    parts = own_variance**2 / own_df + common**2 / max(len(peers) - 1, 1)
    df = float(std_error**4 / parts) if parts > 0 else np.inf
    p_value = 2 * float(special.stdtr(df, -abs(estimate) / std_error)) if std_error > 0 else np.nan
    half = float(special.stdtrit(df, (1 + level) / 2)) * std_error
    certain = p_value < 1 - level
    return {
        "peers": mean,
        "estimate": estimate,
        "std_error": float(std_error),
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "df": df,
        "p_value": p_value,
        "direction": ("above" if estimate > 0 else "below") if certain else "none",
        "tau": float(np.sqrt(scatter.tau2)),
    }


def _variance(peers: pd.DataFrame, wave: str, level: float) -> FloatArray:
    std_error = peers[f"std_error{wave}"].to_numpy(dtype=float)
    z = float(special.ndtri((1 + level) / 2))
    width = (peers[f"ci_high{wave}"] - peers[f"ci_low{wave}"]).to_numpy(dtype=float)
    return np.asarray(np.where(std_error > 0, std_error, width / (2 * z)) ** 2)
