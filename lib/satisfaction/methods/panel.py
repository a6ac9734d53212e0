"""Households that answered both times: how many changed their mind, and is it beyond chance."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special  # the functions behind scipy.stats, which takes a second to import

from satisfaction.methods.design import FloatArray, IntArray, survey_design
from satisfaction.methods.estimation import survey_mean, survey_proportion
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level, newcombe_difference, t_interval
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result

BoolArray = npt.NDArray[np.bool_]

DESIGN = ("stratum", "stratum_population", "weight", "cluster", "cluster_population")


def panel_difference(
    current: pd.DataFrame,
    previous: pd.DataFrame,
    items: Sequence[str],
    *,
    unit: str = "household",
    at_least: float | None = 4,
    comparable: Collection[str] | None = None,
    minimum_n: int = 10,
    level: float = 0.95,
) -> Result:
    """Change of shares (``at_least``) or means (None) among the households that answered twice.

    The panel: units with exactly one sheet in each wave. It is taken as a sample of its own, with
    the strata of the current wave, weights N_h / (its households in h) where no ``weight`` is
    given, and the FPC. It speaks for households that answer again, not for all.

    estimate  mean of (now - before) over the pairs that answered the item both times
    std_error design-based, of that mean: sqrt(V1 + V2 - 2 Cov); n, n_eff: pairs
    interval  shares: Newcombe (1998c), method 10, with the design's correlation; means: t
    p_value   shares with equal weights: exact McNemar test, 2 Binom(min(b, c); b + c, 1/2), b and
              c the pairs that improved and worsened (R ``mcnemar.exact``, statsmodels
              ``mcnemar(exact=True)``); else the paired t test on the design's SE. It is
              conservative: with 5 changes or fewer it can never fall below 0.05.
    p_holm    over the items that were tested

    Rows: ``item, current, previous, estimate, std_error, ci_low, ci_high, df, p_value, p_holm, n,
    n_eff, improved, worsened, significant`` (p_holm < 1 - level and an interval without 0),
    ``direction, method, reason``. stages: ``panel`` households, ``share_of_current`` answer
    sheets; exclusions: sheets without unit, units with several sheets.
    reason: ``too_few`` pairs, ``no_answers``, ``not_comparable``, ``no_variation``.
    ValueError: an item that neither wave holds.
    """
    check_level(level)
    unknown = [i for i in items if i not in current.columns and i not in previous.columns]
    if unknown:
        raise ValueError(f"neither wave holds {', '.join(unknown)}")
    held = [i for i in items if i in current.columns and i in previous.columns]
    same = {i for i in held if comparable is None or i in comparable}
    now, before, exclusions = panel(current, previous, unit)
    rows = pd.DataFrame({"item": list(items)})
    measured = pd.DataFrame(columns=["item", *_MEASURED])
    if len(now) and held:
        measured = _measured(now, before, held, at_least, level)
    rows = rows.merge(measured, on="item", how="left")
    for name in ("n", "improved", "worsened"):
        rows[name] = rows[name].fillna(0).astype(int)
    rows["reason"] = np.select(
        [~rows["item"].isin(same), rows["n"] == 0, rows["n"] < minimum_n],
        ["not_comparable", "no_answers", "too_few"],
        default=rows["reason"].fillna("no_answers"),
    )
    statistics = ["estimate", "std_error", "ci_low", "ci_high", "df", "p_value", "n_eff"]
    blocked = rows["reason"].isin(["not_comparable", "no_answers", "too_few"])
    rows[statistics] = rows[statistics].astype(float).mask(blocked)
    rows["p_holm"] = adjusted_p_values(rows["p_value"].to_numpy(dtype=float))
    apart = (rows["ci_low"] > 0) | (rows["ci_high"] < 0)
    rows["significant"] = (rows["p_holm"] < 1 - level) & apart
    rows["direction"] = np.select(
        [rows["significant"] & (rows["estimate"] > 0), rows["significant"]],
        ["up", "down"],
        default="none",
    )
    rows["method"] = rows["method"].fillna("paired_t")
    order = ["item", "current", "previous", "estimate", "std_error", "ci_low", "ci_high", "df"]
    order += ["p_value", "p_holm", "n", "n_eff", "improved", "worsened", "significant"]
    return Result(
        rows[[*order, "direction", "method", "reason"]],
        "panel_difference",
        level,
        int(rows["n"].max()) if len(rows) else 0,
        {
            "panel": len(now),
            "share_of_current": len(now) / len(current) if len(current) else 0.0,
            "tested": int(rows["p_value"].notna().sum()),
        },
        exclusions,
    )


_MEASURED = ["current", "previous", "estimate", "std_error", "ci_low", "ci_high", "df", "p_value"]
_MEASURED += ["n", "n_eff", "improved", "worsened", "method", "reason"]


def panel(
    current: pd.DataFrame, previous: pd.DataFrame, unit: str = "household"
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Both waves' rows of the units with exactly one sheet in each, in the same order."""
    require_columns(current, [unit])
    require_columns(previous, [unit])
    exclusions: dict[str, int] = {}
    singles = []
    for wave, data in (("current", current), ("previous", previous)):
        known = data[data[unit].notna()]
        twice = known[unit].duplicated(keep=False)
        exclusions[f"no_unit_{wave}"] = len(data) - len(known)
        exclusions[f"several_sheets_{wave}"] = int(twice.sum())
        singles.append(known[~twice].set_index(unit, drop=False))
    common = singles[0].index.intersection(singles[1].index, sort=False)
    found = [data.loc[common].reset_index(drop=True) for data in singles]
    return found[0], found[1], {name: n for name, n in exclusions.items() if n}


def _measured(
    now: pd.DataFrame,
    before: pd.DataFrame,
    items: list[str],
    at_least: float | None,
    level: float,
) -> pd.DataFrame:
    """One row per item: the paired estimate with its interval and test."""
    data = now[[c for c in DESIGN if c in now.columns]].copy()
    first, second = scores(now, items), scores(before, items)
    both = ~(np.isnan(first) | np.isnan(second))
    names = {"now": [f"now {i}" for i in items], "before": [f"before {i}" for i in items]}
    names["change"] = [f"change {i}" for i in items]
    marked = [v if at_least is None else (v >= at_least).astype(float) for v in (first, second)]
    values = [np.where(both, v, np.nan) for v in (*marked, marked[0] - marked[1])]
    table = pd.DataFrame(np.hstack(values), columns=[n for part in names.values() for n in part])
    data = pd.concat([data, table], axis=1)
    change = survey_mean(data, names["change"], level=level).rows
    levels = [*names["now"], *names["before"]]
    kind = survey_mean if at_least is None else survey_proportion
    found = kind(data, levels, level=level).rows
    one, two = (found.iloc[: len(items)], found.iloc[len(items) :].reset_index(drop=True))
    improved, worsened = (values[2] > 0).sum(axis=0), (values[2] < 0).sum(axis=0)
    estimate = change["estimate"].to_numpy(dtype=float)
    std_error = change["std_error"].to_numpy(dtype=float)
    std_error = np.where(np.abs(std_error) < 1e-12, 0.0, std_error)
    df, census = change["df"].to_numpy(dtype=float), np.isinf(change["n_eff"])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(estimate == 0, 0.0, np.abs(estimate) / std_error)
        p_value = 2 * special.stdtr(np.maximum(df, 1), -t)
        flat = (std_error == 0) & ~census & ((at_least is None) | (improved + worsened == 0))
    p_value = np.where((std_error == 0) & ~census, np.nan, p_value)
    low, high = t_interval(estimate, np.where(flat, np.nan, std_error), df, level)
    method = np.full(len(items), "paired_t")
    if at_least is not None:
        low, high = _newcombe(one, two, std_error)
        exact = _mcnemar(improved, worsened)
        equal = _equal_weights(data, both) & ~census
        p_value, method = np.where(equal, exact, p_value), np.where(equal, "mcnemar", method)
    unknown = np.isnan(p_value) & (change["n"].to_numpy() > 0)
    return pd.DataFrame(
        {
            "item": items,
            "current": one["estimate"].to_numpy(),
            "previous": two["estimate"].to_numpy(),
            "estimate": estimate,
            "std_error": std_error,
            "ci_low": low,
            "ci_high": high,
            "df": df,
            "p_value": p_value,
            "n": change["n"].to_numpy(),
            "n_eff": change["n_eff"].to_numpy(),
            "improved": improved,
            "worsened": worsened,
            "method": method,
            "reason": np.where(unknown, "no_variation", ""),
        }
    )


def _newcombe(
    one: pd.DataFrame, two: pd.DataFrame, std_error: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Newcombe's interval with the correlation that the paired standard error implies."""
    se1, se2 = (x["std_error"].to_numpy(dtype=float) for x in (one, two))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (se1**2 + se2**2 - std_error**2) / (2 * se1 * se2)
    columns = ("estimate", "ci_low", "ci_high")
    p1, lo1, hi1 = (one[c].to_numpy(dtype=float) for c in columns)
    p2, lo2, hi2 = (two[c].to_numpy(dtype=float) for c in columns)
    correlation = np.clip(np.where(np.isfinite(r), r, 0.0), -1, 1)
    return newcombe_difference(p1, lo1, hi1, p2, lo2, hi2, correlation)


def _mcnemar(improved: IntArray, worsened: IntArray) -> FloatArray:
    """Exact McNemar test: two-sided binomial test of the pairs that changed."""
    changed, fewer = improved + worsened, np.minimum(improved, worsened)
    return np.minimum(1.0, 2 * special.bdtr(fewer, np.maximum(changed, 1), 0.5))


def _equal_weights(data: pd.DataFrame, both: BoolArray) -> BoolArray:
    """Items whose pairs all weigh the same, in a design without clusters."""
    if "cluster" in data.columns:
        return np.zeros(both.shape[1], dtype=bool)
    weight = survey_design(data).weight[:, None]
    low = np.where(both, weight, np.inf).min(axis=0, initial=np.inf)
    high = np.where(both, weight, -np.inf).max(axis=0, initial=-np.inf)
    return np.asarray(high <= low * (1 + 1e-9))
