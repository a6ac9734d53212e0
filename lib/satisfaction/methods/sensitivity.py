"""How much a result owes to its weights: without, with the official ones, raked to the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from satisfaction.methods.calibration import rake_to_frame
from satisfaction.methods.covariance import calibration_residuals, covariance_of_totals
from satisfaction.methods.design import MARGIN, FloatArray, survey_design
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.inference import DEFAULT_INTERVAL
from satisfaction.methods.intervals import check_level
from satisfaction.methods.result import Result
from satisfaction.methods.weighting import kish_deff, stratum_weights

OFFICIAL = "stratum_weights"
STEPS = ("unweighted", OFFICIAL, "raked")


def weighting_sensitivity(
    data: pd.DataFrame,
    frame: pd.DataFrame,
    item: str,
    variables: Sequence[str],
    *,
    at_least: float,
    level: float = 0.95,
    interval: str = DEFAULT_INTERVAL,
    minimum_n: int = 5,
) -> Result:
    """The share of ``item`` >= ``at_least`` under three weightings of the same answers (S0-11).

    unweighted       every sheet counts the same
    stratum_weights  the official weights N_h / n_h
    raked            these, raked to the frame's counts of every variable (`rake_to_frame`: thin
                     categories merged, variables without use left out)

    ``difference`` is to the official share, with its own standard error: both shares come from the
    same answers, so the error is that of the difference of their influence values, z_raked - z, in
    the same design; ``p_value`` from its t test. A clear difference says that who answered is
    related to how they answered, in a way the official weights do not mend. It cannot show what no
    frame variable tells.

    Rows: ``step, estimate, std_error, ci_low, ci_high, n, n_eff, deff`` (Kish's, of the weights),
    ``difference, difference_low, difference_high, p_value, df, method, reason``; reason
    ``no_frame`` where nothing could be raked. Stages: ``variables`` used for raking.
    """
    check_level(level)
    official = data.assign(weight=stratum_weights(data))
    raked = rake_to_frame(official, frame, variables, minimum_n=minimum_n)
    used = [c.removeprefix(MARGIN) for c in raked.columns if c.startswith(MARGIN)]
    tables = dict(zip(STEPS, (data.assign(weight=1.0), official, raked), strict=True))
    base = _influence(official, item, at_least)
    rows = []
    for step, table in tables.items():
        usable = step != "raked" or bool(used)
        found = survey_proportion(
            table, [item], at_least=at_least, level=level, interval=interval
        ).rows.iloc[0]
        row = found.drop("item").to_dict()
        row |= {"step": step, "deff": kish_deff(table["weight"]) if len(table) else np.nan}
        if not usable:
            row |= dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high"), np.nan)
            row["reason"] = row["reason"] or "no_frame"
        rows.append(row | _difference(_influence(table, item, at_least), base, usable, level))
    order = ["step", "estimate", "std_error", "ci_low", "ci_high", "n", "n_eff", "deff"]
    order += ["difference", "difference_low", "difference_high", "p_value", "df"]
    return Result(
        pd.DataFrame(rows)[[*order, "method", "reason"]],
        "weighting_sensitivity",
        level,
        int(rows[0]["n"]),
        {"variables": used},
    )


@dataclass(frozen=True)
class _Share:
    """A share with the influence of every row on it, in the design of the official weights."""

    table: pd.DataFrame
    estimate: float
    influence: FloatArray


def _influence(table: pd.DataFrame, item: str, at_least: float) -> _Share:
    design = survey_design(table)
    answer = table[item].to_numpy(dtype=float)
    weight = np.where(np.isnan(answer), 0.0, design.weight)
    good = (answer >= at_least).astype(float)
    whole = weight.sum()
    share = float((weight * good).sum() / whole) if whole > 0 else np.nan
    z = weight * (good - share) / whole if whole > 0 else np.zeros(len(table))
    return _Share(table, share, calibration_residuals(design, z[:, None])[:, 0])


def _difference(one: _Share, official: _Share, usable: bool, level: float) -> dict[str, float]:
    names = ("difference", "difference_low", "difference_high", "p_value")
    difference = one.estimate - official.estimate
    if not usable or np.isnan(difference):
        return dict.fromkeys(names, np.nan)
    if one.table is official.table:
        return dict(zip(names, (0.0, 0.0, 0.0, np.nan), strict=True))
    design = survey_design(official.table)
    variance = covariance_of_totals(design, one.influence - official.influence)[0, 0]
    std_error = float(np.sqrt(variance))
    df = max(float(design.units.sum() - (design.units > 0).sum()), 1.0)
    half = float(stdtrit(df, (1 + level) / 2)) * std_error
    p_value = 2 * float(stdtr(df, -abs(difference) / std_error)) if std_error > 0 else np.nan
    values = (difference, difference - half, difference + half, p_value)
    return dict(zip(names, values, strict=True))
