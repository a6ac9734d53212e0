"""Which answers enter an analysis of drivers, and which questions have enough of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

# How gaps are treated: on the answers that two questions have in common, or on sheets without any.
MISSING = ("pairwise", "complete")


def entering_sheets(
    data: pd.DataFrame, outcome: str, items: list[str], weight: str | None, missing: str
) -> tuple[pd.DataFrame, Array, dict[str, int]]:
    """The sheets that enter in a fixed order, their weights, and why the others do not."""
    answered = data[items].notna()
    with_outcome = data[outcome].notna()
    enters = with_outcome & (
        answered.all(axis=1) if missing == "complete" else answered.any(axis=1)
    )
    # In a fixed order the same answers and seed give the same intervals, however they are stored.
    order = [outcome, *items, *([weight] if weight else [])]
    order += [c for c in ("stratum", "cluster") if c in data.columns]
    sheets = data[enters].sort_values(order, kind="stable")
    weights = np.ones(len(sheets))
    if weight is not None:
        weights = pd.to_numeric(sheets[weight]).to_numpy(dtype=float, na_value=np.nan)
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise ValueError(f"{weight} must be neither missing nor negative in a used answer")
    used = weights > 0
    exclusions = {"weight_zero": int((~used).sum())}
    if missing == "complete":
        exclusions["rows_with_missing"] = int((~enters).sum())
    else:
        exclusions["no_overall_answer"] = int((~with_outcome).sum())
        exclusions["no_item_answer"] = int((with_outcome & ~enters).sum())
    return sheets[used], weights[used], exclusions


def usable_items(scores: Array, items: list[str], minimum: int) -> tuple[list[int], list[str]]:
    """Places of the items that can be compared, and per item why it cannot.

    Every pair, also with the outcome (last column), needs ``minimum`` common answers: of a pair
    with fewer, the item with fewer answers is set aside.
    """
    answered = ~np.isnan(scores)
    known = np.where(answered, scores, scores[answered].mean() if answered.any() else 0)
    outcome_varies = bool(len(scores)) and np.ptp(known[:, -1]) > 0
    common = answered.T.astype(int) @ answered
    reasons = [""] * len(items)
    for place in range(len(items)):
        values = scores[answered[:, place], place]
        if common[place, -1] < minimum:
            reasons[place] = "too_few"
        elif not outcome_varies:
            reasons[place] = "no_variation"
        elif np.ptp(values) == 0:
            reasons[place] = "constant"
    used = [place for place, reason in enumerate(reasons) if not reason]
    while used and common[np.ix_(used, used)].min() < minimum:
        thin = common[np.ix_(used, used)]
        a, b = divmod(int(thin.argmin()), len(used))
        weaker = min(used[a], used[b], key=lambda place: (common[place, place], -place))
        reasons[weaker] = "too_few"
        used.remove(weaker)
    return used, reasons


def entering_rows(scores: Array, missing: str) -> NDArray[np.bool_]:
    """Sheets that enter, from scores (rows, items + outcome): the outcome and some item, or all."""
    known = ~np.isnan(scores)
    if missing == "complete":
        return np.asarray(known.all(axis=1), dtype=bool)
    return np.asarray(known[:, -1] & known[:, :-1].any(axis=1), dtype=bool)


def check_items(items: list[str], outcome: str, missing: str = "pairwise") -> None:
    """ValueError for items that are not one each, or an unknown treatment of gaps."""
    if len({*items, outcome}) < len(items) + 1 or not items:
        raise ValueError("name at least one item, each once, and not the outcome among them")
    if missing not in MISSING:
        raise ValueError(f"missing must be one of {', '.join(MISSING)}, not {missing!r}")
