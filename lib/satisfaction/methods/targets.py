"""Is a target met, and how many residents must be won over to meet it (S2-2, S4-4, S3-12)?"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, sqrt

import numpy as np
import pandas as pd
from scipy.special import ndtri

from satisfaction.methods.ranking import FLOAT_ERROR, GRADES, grade, ordered_cut_points
from satisfaction.methods.result import Result


def target_verdict(
    row: pd.Series | Mapping[str, object],
    target: float,
    *,
    minimum_n: int = 10,
    level: float = 0.95,
) -> Result:
    """Does the interval of a share lie on one side of the target?

    ``met`` when ci_low >= target, ``not_met`` when ci_high < target, else ``cannot_tell`` with
    reason ``interval_covers_target``, ``too_few`` (fewer than ``minimum_n`` answers) or
    ``no_answers``. ``row`` has ``estimate, ci_low, ci_high, n``; its key columns are kept.
    ``level`` is the level of the row's interval, for the record only.

    One row: the keys of ``row``, ``target, estimate, ci_low, ci_high, n, gap`` (estimate - target),
    ``verdict, reason``.
    """
    _check_target(target)
    given = pd.Series(dict(row))
    estimate, low, high = (float(given[c]) for c in ("estimate", "ci_low", "ci_high"))
    n = int(given["n"])
    if n == 0 or np.isnan(estimate):
        verdict, reason = "cannot_tell", str(given.get("reason") or "no_answers")
    elif n < minimum_n or np.isnan(low) or np.isnan(high):
        verdict, reason = "cannot_tell", "too_few"
    elif low >= target - FLOAT_ERROR:
        verdict, reason = "met", ""
    elif high < target - FLOAT_ERROR:
        verdict, reason = "not_met", ""
    else:
        verdict, reason = "cannot_tell", "interval_covers_target"
    keys = {k: given[k] for k in ("project", "wave", "item", "by", "group") if k in given.index}
    rows = pd.DataFrame(
        [
            {
                **keys,
                "target": target,
                "estimate": estimate,
                "ci_low": low,
                "ci_high": high,
                "n": n,
                "gap": estimate - target,
                "verdict": verdict,
                "reason": reason,
            }
        ]
    )
    return Result(rows, "target_verdict", level, n, {"target": target, "minimum_n": minimum_n})


def conversions_needed(satisfied: int, n: int, target: float, *, level: float = 0.95) -> Result:
    """How many of the asked who are not satisfied must become so (S3-12).

    Two rows, ``goal``:

    - ``point``     k = ceil(T n) - satisfied, in exact arithmetic on the target's decimal digits
                    (0.9 x 70 is 63, not 63.00000000000001);
    - ``interval``  until the Wilson interval's lower end reaches T, so that the target is met
                    beyond sampling doubt: the lower end reaches T exactly when
                    p >= T + z sqrt(T (1 - T) / n).

    Columns: ``goal, estimate`` (number needed, 0 when reached), ``satisfied, n, target, reason``;
    reason ``no_answers`` at n = 0, ``too_few`` where even n of n would not do.
    """
    _check_target(target)
    if not 0 <= satisfied <= n:
        raise ValueError(f"satisfied must lie between 0 and n, not {satisfied} of {n}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    z = float(ndtri((1 + level) / 2))
    exact = Fraction(repr(float(target)))
    point = ceil(exact * n)
    # At T = 1 the bound below degenerates: no finite number of answers proves 100 %.
    sure = n + 1 if exact == 1 else ceil(n * target + z * sqrt(n * target * (1 - target)))
    rows = pd.DataFrame(
        [
            {
                "goal": goal,
                "estimate": max(required - satisfied, 0) if n > 0 and required <= n else np.nan,
                "satisfied": satisfied,
                "n": n,
                "target": target,
                "reason": "no_answers" if n == 0 else "too_few" if required > n else "",
            }
            for goal, required in (("point", point), ("interval", max(sure, point)))
        ]
    )
    stages = {"target": target, "required": point, "required_sure": sure}
    return Result(rows, "conversions_needed", level, n, stages)


def next_grade_distance(
    estimate: float, cut_points: Mapping[str, float], *, n: int | None = None
) -> Result:
    """How far the next better grade is, in share and, with ``n``, in residents.

    One row: ``grade, next_grade, cut_point, estimate`` (distance, 0 and an empty ``next_grade`` at
    the top), ``reason``; given ``n`` also ``conversions`` (ceil of cut-point x n, minus the
    satisfied) and ``n``.
    """
    points = ordered_cut_points(cut_points)
    current = str(grade(estimate, cut_points))
    better = (
        [name for name in points if GRADES.index(name) < GRADES.index(current)] if current else []
    )
    row: dict[str, object] = {"grade": current, "next_grade": "", "cut_point": np.nan}
    row |= {"estimate": 0.0, "reason": ""}
    if n is not None:
        row |= {"conversions": 0.0, "n": n}
    if not current:
        row |= {"estimate": np.nan, "reason": "no_answers"}
    elif better:
        name, cut = better[-1], points[better[-1]]
        row |= {"next_grade": name, "cut_point": cut, "estimate": cut - estimate}
        if n is not None:
            # estimate x n is a count but for float error, or weighted: only whole residents count.
            needed = ceil(Fraction(repr(float(cut))) * n) - estimate * n
            row["conversions"] = float(ceil(needed - FLOAT_ERROR * n))
    return Result(pd.DataFrame([row]), "next_grade_distance", n=n or 0, stages=points)


def _check_target(target: float) -> None:
    if not 0 <= target <= 1:
        raise ValueError(f"target must lie between 0 and 1, not {target}")


def conversions_for(
    data: pd.DataFrame, item: str, *, at_least: int, target: float, level: float = 0.95
) -> Result:
    """``conversions_needed`` counted from answer sheets; stage ``neutral``: one score below."""
    answered = data[item].dropna()
    satisfied = int((answered >= at_least).sum())
    needed = conversions_needed(satisfied, len(answered), target, level=level)
    neutral = int((answered == at_least - 1).sum())
    return Result(
        needed.rows, needed.method, level, needed.n, {**needed.stages, "neutral": neutral}
    )
