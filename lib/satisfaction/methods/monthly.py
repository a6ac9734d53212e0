"""The monthly series as a control chart: which months are more than the usual ups and downs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction.methods.design import FloatArray, IntArray
from satisfaction.methods.result import Result

# Mean absolute difference of two independent standard normal values (d2 for n = 2).
MOVING_RANGE = 1.128


def control_chart(
    estimates: pd.DataFrame,
    *,
    minimum_months: int = 8,
    minimum_n: int = 1,
    run_length: int = 8,
    sigmas: float = 3.0,
    least_sigma_z: float = 1.0,
) -> Result:
    """p-chart of monthly shares with Laney's correction (p' chart).

    estimates  one row per month, oldest first: ``wave, estimate, n`` and, if known, ``n_eff``
    centre     p = sum(n_eff estimate) / sum(n_eff) over the months; n_eff at most n,
               because what strata seem to gain in thirty answers is mostly luck
    sigma_z    z_i = (estimate_i - p) / sqrt(p (1 - p) / n_eff_i); mean |z_i - z_(i-1)| / 1.128:
               how much more months vary than samples of their size do by chance
    limits     p -+ ``sigmas`` sigma_z sqrt(p (1 - p) / n_eff_i), cut at 0 and 1
    flag       ``beyond_limits``; ``run``: the month ends or continues a run of at least
               ``run_length`` months on one side of the centre (a month on it breaks the run); ""

    ``least_sigma_z`` 1: independent samples cannot vary less than chance, a smaller value from a
    dozen months is luck and would raise false alarms. 0 gives Laney's limits as published, as R
    ``qicharts2::qic(chart = "pp")`` and Minitab draw them. Months with fewer than ``minimum_n``
    answers are left out of the chart (reason ``too_few``).

    Rows: ``wave, estimate, centre, ci_low, ci_high`` (the control limits, not an interval of the
    estimate), ``z, flag, n, n_eff, method, reason``. stages: ``months, centre, sigma_z`` (as
    computed), ``sigma_z_used, flagged``. With fewer than ``minimum_months`` usable months, or
    where every answer of every month is the same (``constant``), there is no chart and all rows
    give that reason. Source: Laney (2002), Quality Engineering 14.
    """
    missing = {"wave", "estimate", "n"} - set(estimates.columns)
    if missing:
        raise ValueError(f"the estimates have no column {', '.join(sorted(missing))}")
    rows = estimates[["wave", "estimate", "n"]].reset_index(drop=True)
    n = rows["n"].to_numpy(dtype=float)
    size = n.copy()
    if "n_eff" in estimates.columns:
        given = estimates["n_eff"].to_numpy(dtype=float)
        size = np.where(np.isfinite(given) & (given > 0), np.minimum(given, n), n)
    share = rows["estimate"].to_numpy(dtype=float)
    used = ~np.isnan(share) & (n >= minimum_n) & (size > 0)
    months = int(used.sum())
    centre = float((size * share)[used].sum() / size[used].sum()) if months else np.nan
    whole = "" if months >= minimum_months else "too_few"
    if not whole and not 0 < centre < 1:
        whole = "constant"
    reason = np.where(np.isnan(share), "no_answers", np.where(used, whole, "too_few"))
    rows = rows.assign(centre=np.nan, ci_low=np.nan, ci_high=np.nan, z=np.nan, flag="", n_eff=size)
    sigma_z = used_sigma_z = float("nan")
    if not whole:
        noise = np.sqrt(centre * (1 - centre) / np.where(used, size, 1.0))
        z = np.where(used, (share - centre) / noise, np.nan)
        sigma_z = float(np.abs(np.diff(z[used])).mean() / MOVING_RANGE)
        used_sigma_z = max(sigma_z, least_sigma_z)
        half = np.where(used, sigmas * used_sigma_z * noise, np.nan)
        low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
        runs = np.zeros(len(rows), dtype=np.intp)
        runs[used] = _runs(np.sign(np.round(z[used], 12)))
        beyond = (share < low) | (share > high)
        rows["centre"] = np.where(used, centre, np.nan)
        rows["ci_low"], rows["ci_high"], rows["z"] = low, high, z
        rows["flag"] = np.select([beyond, runs >= run_length], ["beyond_limits", "run"], default="")
    rows["estimate"] = np.where(reason == "too_few", share if whole else np.nan, share)
    rows = rows.assign(method="laney", reason=reason)
    order = ["wave", "estimate", "centre", "ci_low", "ci_high", "z", "flag", "n", "n_eff"]
    return Result(
        rows[[*order, "method", "reason"]],
        "laney",
        n=int(n.max()) if len(n) else 0,
        stages={
            "months": months,
            "centre": centre,
            "sigma_z": sigma_z,
            "sigma_z_used": used_sigma_z,
            "flagged": int((rows["flag"] != "").sum()),
        },
    )


def _runs(side: FloatArray) -> IntArray:
    """Length of the run of equal, non-zero signs that ends at each place."""
    length = np.zeros(len(side), dtype=np.intp)
    for place, sign in enumerate(side):
        before = length[place - 1] if place and side[place - 1] == sign else 0
        length[place] = before + 1 if sign else 0
    return length
