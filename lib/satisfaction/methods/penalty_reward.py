"""What a bad score costs and what a top score earns, item by item (Kano's three kinds)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satisfaction.methods.complete_rows import CompleteRows, complete_rows
from satisfaction.methods.driver_answers import (
    Array,
    check_items,
    entering_rows,
    usable_items,
)
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level, critical_value
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.pairwise import independent_columns, pairwise_moments
from satisfaction.methods.result import Result
from satisfaction.methods.significance import t_p_value

METHOD = "penalty_reward"
EFFECTS = ("penalty", "reward")
COLUMNS = (
    "item", "estimate", "std_error", "ci_low", "ci_high", "p_value", "p_holm", "kano",
    *(f"{effect}{end}" for effect in EFFECTS for end in ("", "_low", "_high", "_p_holm")),
    "n", "n_low", "n_top", "df", "method", "reason",
)  # fmt: skip


def penalty_reward(
    data: pd.DataFrame,
    outcome: str,
    items: Sequence[str],
    *,
    low_below: float,
    top_from: float,
    missing: str = "pairwise",
    level: float = 0.95,
    minimum_n: int = 30,
    minimum_cell: int = 10,
) -> Result:
    """Penalty and reward of every item, and its kind where the answers support one.

    Weighted regression of the outcome on two indicators an item: score < ``low_below`` (not
    satisfied) and score >= ``top_from`` (the top of the scale); the scores between are the
    reference, with 1-5, 4 and 5 these are the 4s. ``penalty`` is the outcome of low scores less
    that of the reference, all other items alike; ``reward`` that of top scores. Coefficients solve
    S_xx b = S_xy; with ``missing="pairwise"`` the moments come from the answers that two questions
    have in common, without gaps or with ``"complete"`` this is weighted least squares.

    Standard errors: influence values S_xx^-1 (dS_xy - dS_xx b), their design covariance (strata,
    clusters, FPC), times n / (n - k - 1) for the k coefficients, which R's ``svyglm`` leaves out;
    t on units - strata - k degrees of freedom. ``*_p_holm`` adjusts over all coefficients.

    ``estimate`` is the asymmetry: reward a point of the scale plus penalty a point, each divided by
    how far the mean of its scores lies from that of the reference (taken as known); 0 for an item
    that counts alike at both ends, below 0 where losing weighs more. Kinds (``kano``), only as far
    as tests at ``level`` with Holm's correction carry:

    must_be      a penalty, and the asymmetry below 0: taken for granted, missed when absent
    attractive   a reward, and the asymmetry above 0
    performance  a penalty and a reward, no asymmetry shown: the better the better
    unclear      none of these (also where only one end is shown and no asymmetry)

    minimum_n     common answers that every pair of questions needs (never below 2 items + 2)
    minimum_cell  answers that the low, reference and top scores need; an end with fewer joins the
                  reference, an item whose reference has fewer is set aside
    Rows, in the order of ``items``: ``item, estimate, std_error, ci_low, ci_high, p_value, p_holm,
    kano, penalty, penalty_low, penalty_high, penalty_p_holm, reward, ..., n, n_low, n_top, df,
    method, reason``. Reasons: ``too_few, constant, no_variation, collinear``; ``one_end`` one end
    has too few answers, the other is estimated. Sources: Brandt 1987; Matzler & Sauerwein 2002.
    """
    check_level(level)
    items = list(items)
    check_items(items, outcome, missing)
    if len({*items, outcome}) < len(items) + 1 or not items:
        raise ValueError("name at least one item, each once, and not the outcome among them")
    if low_below > top_from:
        raise ValueError(f"low_below ({low_below}) may not lie above top_from ({top_from})")
    require_columns(data, [outcome, *items])
    matrix = scores(data, [*items, outcome])
    rows = complete_rows(data, entering_rows(matrix, missing))
    matrix = matrix[rows.used]
    used, reasons = usable_items(matrix, items, max(minimum_n, 2 * len(items) + 2))
    table = pd.DataFrame(np.nan, index=range(len(items)), columns=list(COLUMNS))
    table = table.assign(
        item=items, kano="", method=METHOD, n=(~np.isnan(matrix[:, :-1])).sum(axis=0)
    )
    ends = _Ends(matrix[:, :-1], low_below, top_from)
    table["n_low"], table["n_top"] = ends.low.sum(axis=0), ends.top.sum(axis=0)
    for place in list(used):
        if ends.between[:, place].sum() < minimum_cell:
            reasons[place] = "too_few"
            used.remove(place)
    if used:
        _estimate(table, reasons, rows, matrix, ends, used, level, minimum_cell)
    table["reason"] = reasons
    for column in ("n", "n_low", "n_top"):
        table[column] = table[column].astype(int)
    stages = {
        "items": len(items),
        "low_below": low_below,
        "top_from": top_from,
        "missing": missing,
        "sheets": len(data),
    }
    excluded = {"rows_left_out": len(data) - rows.n}
    return Result(table[list(COLUMNS)], METHOD, level, rows.n, stages, excluded)


@dataclass(frozen=True)
class _Ends:
    """Which scores (rows, items) are low, between and top."""

    scores: Array
    low_below: float
    top_from: float

    @property
    def low(self) -> NDArray[np.bool_]:
        return np.asarray(self.scores < self.low_below, dtype=bool)

    @property
    def top(self) -> NDArray[np.bool_]:
        return np.asarray(self.scores >= self.top_from, dtype=bool)

    @property
    def between(self) -> NDArray[np.bool_]:
        return np.asarray(~np.isnan(self.scores) & ~self.low & ~self.top, dtype=bool)


def _estimate(
    table: pd.DataFrame,
    reasons: list[str],
    rows: CompleteRows,
    matrix: Array,
    ends: _Ends,
    used: list[int],
    level: float,
    minimum_cell: int,
) -> None:
    """Fill in the rows of the items that can be estimated."""
    end_of = {"penalty": ends.low, "reward": ends.top}
    terms = [
        (place, effect)
        for place in used
        for effect in EFFECTS
        if end_of[effect][:, place].sum() >= minimum_cell
    ]
    gaps = np.isnan(matrix[:, :-1])
    columns = [np.where(gaps[:, j], np.nan, end_of[effect][:, j]) for j, effect in terms]
    moments = pairwise_moments(np.column_stack([*columns, matrix[:, -1]]), rows.weight)
    kept = independent_columns(moments.correlation[:-1, :-1])
    terms = [term for term, fine in zip(terms, kept, strict=True) if fine]
    k = len(terms)
    df = rows.design_df - k
    for place in used:
        found = sum(1 for term in terms if term[0] == place)
        whole = sum(end_of[effect][:, place].sum() >= minimum_cell for effect in EFFECTS)
        if df < 1 or not whole:
            reasons[place] = "too_few"
        elif found < whole:
            reasons[place] = "collinear"
        elif found < len(EFFECTS):
            reasons[place] = "one_end"
    if df < 1 or not terms:
        return
    inside = np.append(np.flatnonzero(kept), len(kept))
    covariance = moments.covariance[np.ix_(inside, inside)]
    change = moments.covariance_influence()[:, inside[:, None], inside]
    inverse = np.linalg.inv(covariance[:-1, :-1])
    b = inverse @ covariance[:-1, -1]
    influence = (change[:, :-1, -1] - change[:, :-1, :-1] @ b) @ inverse
    spread = rows.covariance(influence / rows.weight[:, None]) * rows.n / max(rows.n - k - 1, 1)
    error = np.sqrt(np.diag(spread))
    half = critical_value(level, df) * error
    p_holm = adjusted_p_values(t_p_value(b, error, df))
    places, effects = [place for place, _ in terms], [effect for _, effect in terms]
    for effect in EFFECTS:
        mine = [i for i, name in enumerate(effects) if name == effect]
        at = [places[i] for i in mine]
        table.loc[at, effect] = b[mine]
        table.loc[at, f"{effect}_low"] = b[mine] - half[mine]
        table.loc[at, f"{effect}_high"] = b[mine] + half[mine]
        table.loc[at, f"{effect}_p_holm"] = p_holm[mine]
    table.loc[places, "df"] = df
    both = [i for i, place in enumerate(places[:-1]) if places[i + 1] == place]
    at = [places[i] for i in both]
    contrast = np.zeros((len(both), k))
    for row, i in enumerate(both):
        low, top = _distances(ends, places[i], rows.weight)
        contrast[row, [i, i + 1]] = 1 / low, 1 / top
    asymmetry = contrast @ b
    error = np.sqrt(np.diag(contrast @ spread @ contrast.T))
    half = critical_value(level, df) * error
    p_value = t_p_value(asymmetry, error, df)
    table.loc[at, "estimate"], table.loc[at, "std_error"] = asymmetry, error
    table.loc[at, "ci_low"], table.loc[at, "ci_high"] = asymmetry - half, asymmetry + half
    table.loc[at, "p_value"], table.loc[at, "p_holm"] = p_value, adjusted_p_values(p_value)
    alpha = 1 - level
    hurts = (table["penalty"] < 0) & (table["penalty_p_holm"] < alpha)
    helps = (table["reward"] > 0) & (table["reward_p_holm"] < alpha)
    lopsided = table["p_holm"] < alpha
    table["kano"] = np.select(
        [
            table["estimate"].isna(),
            hurts & lopsided & (table["estimate"] < 0),
            helps & lopsided & (table["estimate"] > 0),
            hurts & helps,
        ],
        ["", "must_be", "attractive", "performance"],
        "unclear",
    )


def _distances(ends: _Ends, place: int, weight: Array) -> tuple[float, float]:
    """How far the mean low and the mean top score lie from the mean of the reference."""
    score = ends.scores[:, place]
    middle, low, top = (
        float(np.average(score[mask[:, place]], weights=weight[mask[:, place]]))
        for mask in (ends.between, ends.low, ends.top)
    )
    return middle - low, top - middle
