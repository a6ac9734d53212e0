"""Where to begin: importance against performance, and what residents themselves name first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.result import Result

DESIGN_COLUMNS = ("stratum", "weight", "stratum_population", "cluster")
QUADRANTS = {
    (True, False): "improve_first",
    (True, True): "keep",
    (False, True): "maintain",
    (False, False): "secondary",
}


def importance_shares(importance: Result) -> Result:
    """The same importance with ``estimate, ci_low, ci_high`` as shares of R² instead of R²."""
    rows = importance.rows.assign(
        estimate=importance.rows["share"],
        ci_low=importance.rows["share_low"],
        ci_high=importance.rows["share_high"],
    )
    return Result(
        rows,
        importance.method,
        importance.level,
        importance.n,
        importance.stages,
        importance.exclusions,
    )


def priority_quadrant(
    importance: Result,
    performance: Result,
    *,
    importance_split: float | None = None,
    performance_split: float | None = None,
) -> Result:
    """Importance against performance, item by item.

    Both Results have rows by ``item``; only items with an estimate on both axes enter. The axes
    split at the mean over these items unless a split is given: a fixed split (a target, say) makes
    quadrants comparable between projects, the mean always calls some items low. Quadrants:
    ``improve_first`` (important, below), ``keep`` (important, above), ``maintain`` (less
    important, above), ``secondary`` (less important, below). The line itself counts as above.

    Rows: ``item, importance, importance_low, importance_high, performance, performance_low,
    performance_high, quadrant, sure, n, reason``. ``sure`` says that neither interval crosses its
    line; the line is taken as known, so with few items ``sure`` is a little too confident.
    """
    rows = _axis(importance, "importance").merge(
        _axis(performance, "performance").join(performance.rows["n"]), on="item", validate="1:1"
    )
    known = rows["importance"].notna() & rows["performance"].notna()
    splits = {
        "importance": _split(rows.loc[known, "importance"], importance_split),
        "performance": _split(rows.loc[known, "performance"], performance_split),
    }
    high = {axis: rows[axis] >= split for axis, split in splits.items()}
    sure = known.copy()
    for axis, split in splits.items():
        sure &= (rows[f"{axis}_low"] >= split) | (rows[f"{axis}_high"] < split)
    rows["quadrant"] = [
        QUADRANTS[bool(i), bool(p)] if k else ""
        for i, p, k in zip(high["importance"], high["performance"], known, strict=True)
    ]
    rows["sure"] = sure
    missing = rows["importance_reason"].where(rows["importance"].isna(), rows["performance_reason"])
    rows["reason"] = missing.where(~known, "")  # collinear items have an estimate: no reason here
    n = int(rows["n"].max()) if len(rows) else 0
    stages = {
        "importance_method": importance.method,
        "importance_split": splits["importance"],
        "performance_split": splits["performance"],
    }
    order = ["item", *(f"{axis}{end}" for axis in splits for end in ("", "_low", "_high"))]
    rows = rows[[*order, "quadrant", "sure", "n", "reason"]]
    return Result(rows, "priority_quadrant", performance.level, n, stages)


def _axis(result: Result, name: str) -> pd.DataFrame:
    names = {"estimate": name, "ci_low": f"{name}_low", "ci_high": f"{name}_high"}
    names["reason"] = f"{name}_reason"
    return result.rows[["item", *names]].rename(columns=names)


def _split(values: pd.Series, given: float | None) -> float:
    return float(values.mean()) if given is None else given


def stated_importance(
    data: pd.DataFrame,
    choice_columns: Sequence[str],
    codes: Mapping[object, str],
    satisfaction: Result,
    *,
    level: float = 0.95,
) -> Result:
    """I-S rating: share naming an item among the priorities x (1 - share satisfied with it).

    ``choice_columns`` hold codes (first, second, ... choice), ``codes`` says which item a code
    means; without choice columns nothing was asked and there are no rows. Whoever answered any
    choice is counted; a code that is not listed ("none of these") names
    nothing but counts. ``satisfaction`` has one share per ``item``.

    Rows, by falling I-S: ``item, named_share, named_low, named_high, satisfied_share, estimate,
    std_error, ci_low, ci_high, n, method, reason``. The interval is the delta method on the two
    standard errors as if the two shares came from different residents; kept within 0 and 1.
    Source: ETC Institute's importance-satisfaction rating.
    """
    unknown = [column for column in choice_columns if column not in data.columns]
    if unknown:
        raise ValueError(f"unknown choice columns: {', '.join(map(str, unknown))}")
    choices = data[list(choice_columns)]
    answered = choices.notna().any(axis=1)
    items = list(dict.fromkeys(codes.values()))
    named = pd.DataFrame(
        {
            item: choices.isin([code for code, name in codes.items() if name == item])
            .any(axis=1)
            .astype(float)
            .where(answered)
            for item in items
        },
        index=data.index,
    )
    design = [c for c in DESIGN_COLUMNS if c in data.columns]
    shares = survey_proportion(named.join(data[design]), items, level=level)
    left = shares.rows.rename(
        columns={"estimate": "named_share", "ci_low": "named_low", "ci_high": "named_high"}
    )[["item", "named_share", "named_low", "named_high", "std_error", "n", "reason"]]
    right = satisfaction.rows.rename(columns={"estimate": "satisfied_share"})[
        ["item", "satisfied_share", "std_error", "reason"]
    ]
    rows = left.merge(right, on="item", how="left", suffixes=("", "_satisfied"), validate="1:1")
    gap = 1 - rows["satisfied_share"]
    rows["estimate"] = rows["named_share"] * gap
    variance = (gap * rows["std_error"]) ** 2
    variance += (rows["named_share"] * rows.pop("std_error_satisfied")) ** 2
    rows["std_error"] = np.sqrt(variance)
    half = ndtri((1 + level) / 2) * rows["std_error"]
    rows["ci_low"] = (rows["estimate"] - half).clip(0, 1)
    rows["ci_high"] = (rows["estimate"] + half).clip(0, 1)
    rows["method"] = "importance_satisfaction"
    other = rows.pop("reason_satisfied").fillna("no_answers")
    known = rows["estimate"].notna()
    rows["reason"] = rows["reason"].where(rows["named_share"].isna(), other).where(~known, "")
    order = ["item", "named_share", "named_low", "named_high", "satisfied_share", "estimate"]
    order += ["std_error", "ci_low", "ci_high", "n", "method", "reason"]
    rows = rows.sort_values("estimate", ascending=False, kind="stable")[order]
    return Result(
        rows.reset_index(drop=True),
        "importance_satisfaction",
        level,
        int(answered.sum()),
        {"choices": len(choice_columns), "items": len(items)},
        {"no_answers": int((~answered).sum())},
    )
