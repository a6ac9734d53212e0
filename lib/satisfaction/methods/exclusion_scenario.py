"""What the score could be if nobody had been kept out of the survey (S3-4).

Two bounds that nothing can leave, and between them the scenario that the excluded households would
have answered like comparable dissatisfied respondents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.covariance import covariance_of_totals
from satisfaction.methods.design import survey_design
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.inference import require_columns
from satisfaction.methods.intervals import check_level, wilson_interval
from satisfaction.methods.result import Result

Row = dict[str, Any]
FloatArray = npt.NDArray[np.float64]


def exclusion_scenario(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    outcome: str,
    at_least: float,
    excluded: Mapping[str, int],
    population: int,
    minimum_n: int = 10,
    level: float = 0.95,
) -> Result:
    """The share of the whole frame if the excluded answered like comparable dissatisfied ones.

    ``(1-b) S + sum_h b_h S_dh``: S the surveyed share, b_h the excluded households of stratum h
    over all (excluded and ``population``), b their sum, S_dh the share satisfied overall among the
    *comparable* respondents of h: those who are dissatisfied (score below ``at_least``) with at
    least half of the ``items`` they answered. Strata with fewer than ``minimum_n`` of these use all
    comparable respondents together. Variance: linearisation of the whole sum, one influence value
    per sheet; Wilson interval on n_eff = p(1-p)/V. That the excluded resemble dissatisfied
    respondents is an assumption; the bounds need none.

    excluded    stratum -> households left out because of their flag
    population  households that could be drawn

    Rows ``scenario``: ``surveyed`` (S), ``none_satisfied`` ((1-b) S), ``like_dissatisfied``,
    ``all_satisfied`` ((1-b) S + b); ``assumed`` (share of the excluded taken as satisfied),
    ``estimate, std_error, ci_low, ci_high, n`` (sheets behind it), ``method, reason``
    (``no_answers``, ``no_frame``, ``too_few`` comparable respondents). Stages: ``excluded_share``,
    ``excluded``, ``comparable``, ``pooled`` (strata that used all).
    """
    check_level(level)
    require_columns(data, [*items, outcome])
    left_out = {str(name): int(n) for name, n in excluded.items() if n}
    if min(left_out.values(), default=0) < 0 or population < 0:
        raise ValueError("excluded and population must not be negative")
    whole = population + sum(left_out.values())
    b = sum(left_out.values()) / whole if whole else np.nan
    surveyed = survey_proportion(data, [outcome], at_least=at_least, level=level).rows.iloc[0]
    chosen = _comparable(data, items, outcome, at_least)
    rows = [_surveyed_row("surveyed", surveyed, 0.0, 0.0, np.nan)]
    rows.append(_surveyed_row("none_satisfied", surveyed, b, 0.0, 0.0))
    parts, pooled = _parts(data, chosen, left_out, minimum_n)
    rows.append(_scenario_row(data, outcome, at_least, b, whole, parts, surveyed, minimum_n, level))
    rows.append(_surveyed_row("all_satisfied", surveyed, b, b, 1.0))
    stages = {
        "excluded_share": b, "excluded": sum(left_out.values()), "population": population,
        "comparable": int(chosen.sum()), "pooled": pooled,
    }  # fmt: skip
    return Result(pd.DataFrame(rows), "exclusion_scenario", level, int(surveyed["n"]), stages)


def _surveyed_row(name: str, share: pd.Series, b: float, added: float, assumed: float) -> Row:
    numbers = {
        column: (1 - b) * share[column] + added for column in ("estimate", "ci_low", "ci_high")
    }
    reason = str(share["reason"]) if np.isnan(share["estimate"]) else "no_frame" if b != b else ""
    return {
        "scenario": name, "assumed": assumed, "estimate": numbers["estimate"],
        "std_error": (1 - b) * share["std_error"], "ci_low": numbers["ci_low"],
        "ci_high": numbers["ci_high"], "n": int(share["n"]), "method": "exclusion_bounds",
        "reason": reason,
    }  # fmt: skip


def _comparable(
    data: pd.DataFrame, items: Sequence[str], outcome: str, at_least: float
) -> npt.NDArray[np.bool_]:
    scores = data[list(items)].to_numpy(dtype=float)
    answered = (~np.isnan(scores)).sum(axis=1)
    low = (scores < at_least).sum(axis=1)
    return (answered > 0) & (2 * low >= answered) & data[outcome].notna().to_numpy()


def _parts(
    data: pd.DataFrame, chosen: npt.NDArray[np.bool_], left_out: Mapping[str, int], minimum_n: int
) -> tuple[list[tuple[int, npt.NDArray[np.bool_]]], tuple[str, ...]]:
    """(households, comparable sheets that stand for them); the thin strata are pooled."""
    stratum = data["stratum"].astype(str).to_numpy() if "stratum" in data else None
    parts, pooled, rest = [], [], 0
    for name, n in left_out.items():
        own = chosen & (stratum == name) if stratum is not None else np.zeros_like(chosen)
        if own.sum() >= minimum_n:
            parts.append((n, own))
        else:
            pooled.append(name)
            rest += n
    return parts + ([(rest, chosen)] if rest else []), tuple(pooled)


def _scenario_row(
    data: pd.DataFrame,
    outcome: str,
    at_least: float,
    b: float,
    whole: int,
    parts: list[tuple[int, npt.NDArray[np.bool_]]],
    surveyed: pd.Series,
    minimum_n: int,
    level: float,
) -> Row:
    row = _surveyed_row("like_dissatisfied", surveyed, b, np.nan, np.nan)
    row |= {"method": "exclusion_scenario", "std_error": np.nan}
    if row["reason"] or not parts:
        return row if row["reason"] else {**row, **_unchanged(surveyed)}
    if min(int(sheets.sum()) for _n, sheets in parts) < minimum_n:
        return {**row, "reason": "too_few"}
    design = survey_design(data)
    satisfied = (data[outcome].to_numpy(dtype=float) >= at_least).astype(float)
    answered = data[outcome].notna().to_numpy()
    influence = (1 - b) * _influence(design.weight, satisfied, answered)[1]
    estimate, assumed = (1 - b) * float(surveyed["estimate"]), 0.0
    for n, sheets in parts:
        share, own = _influence(design.weight, satisfied, sheets)
        estimate, influence = estimate + n / whole * share, influence + n / whole * own
        assumed += n / whole / b * share
    variance = float(covariance_of_totals(design, influence[:, None])[0, 0])
    census = not (design.not_drawn > 0).any()
    inside = 0 < estimate < 1 and variance > 0
    size = estimate * (1 - estimate) / variance if inside else np.inf if census else row["n"]
    low, high = wilson_interval(estimate, size, level)
    return {
        **row, "assumed": assumed, "estimate": estimate, "std_error": variance**0.5,
        "ci_low": float(low), "ci_high": float(high),
    }  # fmt: skip


def _influence(
    weight: FloatArray, satisfied: FloatArray, inside: npt.NDArray[np.bool_]
) -> tuple[float, FloatArray]:
    """Weighted share of the sheets inside, and each sheet's part in its error."""
    own = weight * inside
    share = float(own @ satisfied / own.sum())
    return share, own * (satisfied - share) / own.sum()


def _unchanged(surveyed: pd.Series) -> Row:
    return {name: surveyed[name] for name in ("estimate", "std_error", "ci_low", "ci_high")}
