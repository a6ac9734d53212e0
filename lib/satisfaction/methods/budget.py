"""A budget of interviews shared out over projects, so that the results are most precise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.intervals import check_level, critical_value
from satisfaction.methods.result import Result

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CRITERIA = ("largest_margin", "sum_of_variances")
HALVINGS = 200  # of an interval of doubles: more than enough to reach two neighbouring ones


class BudgetTooSmall(ValueError):
    """The budget does not pay for the minima; ``needed`` would."""

    def __init__(self, budget: int, needed: int) -> None:
        super().__init__(f"the minima need {needed} interviews, but the budget is {budget}")
        self.needed = needed


def budget_allocation(
    projects: pd.DataFrame,
    budget: int,
    *,
    criterion: str = "largest_margin",
    minimum: int = 0,
    level: float = 0.95,
) -> Result:
    """Share a budget of interviews out over projects, in whole interviews that sum to the budget.

    With V_i(n) = p_i (1-p_i)/n (N_i - n)/(N_i - 1), as in ``expected_margin``:

    largest_margin    the largest z sqrt(V_i) is as small as whole numbers allow: every interview
                      goes where the margin is widest
    sum_of_variances  the sum of V_i is as small as whole numbers allow: every interview goes where
                      it lowers the variance most, p (1-p) N/(N-1) (1/n - 1/(n+1)); without caps
                      and minima n_i is proportional to sqrt(p (1-p)), whatever the project's size

    Both give the next interview to the project with the largest priority, and priorities fall with
    n: so a common threshold is found by bisection, and only the last few are given one by one
    (ties: larger project, then name).

    projects: columns ``project, population`` (N), optionally ``proportion`` (expected share
    satisfied, missing: 0.5). Every project gets at least min(minimum, N), at least 1 where N > 0,
    and at most N.

    Rows, as given: ``project, population, proportion, n, probability`` (n/N), ``estimate``
    (expected margin), ``std_error``, method, reason (``no_frame``: no households). ``stages``:
    ``requested, population, minimum, needed`` (the minima together), ``allocated`` (min(budget, sum
    of N)), ``largest_margin, sum_of_variances``.

    Source: Neyman (1934) for the sum; greedy allocation is optimal for convex losses (Fox 1966;
    Friedrich, Münnich, de Vries & Wagner 2015). ``BudgetTooSmall`` (a ValueError that knows how
    much is needed), and ValueError for other wrong arguments.
    """
    check_level(level)
    if criterion not in CRITERIA:
        raise ValueError(f"criterion must be one of {', '.join(CRITERIA)}, not {criterion!r}")
    if budget < 0 or minimum < 0:
        raise ValueError("budget and minimum must not be negative")
    if projects["project"].duplicated().any():
        raise ValueError("projects name a project twice")
    size = projects["population"].to_numpy(dtype=float, na_value=np.nan)
    if not ((size >= 0) & (size == np.floor(size))).all():
        raise ValueError("populations must be whole numbers of at least 0")
    share = (
        projects["proportion"].to_numpy(dtype=float, na_value=np.nan)
        if "proportion" in projects
        else np.full(len(size), np.nan)
    )
    share = np.where(np.isnan(share), 0.5, share)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError("proportions must lie between 0 and 1")
    lower = np.minimum(max(minimum, 1), size).astype(np.int64)
    if lower.sum() > budget:
        raise BudgetTooSmall(int(budget), int(lower.sum()))
    goal = min(int(budget), int(size.sum()))
    spread = share * (1 - share) * size / np.maximum(size - 1, 1)
    name = projects["project"].astype(str).to_numpy()
    n = _allocated(criterion, goal, spread, size, lower, name)
    variance = _variance(n, spread, size)
    std_error = np.sqrt(variance)
    margin = float(critical_value(level)) * std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        probability = n / size
    rows = pd.DataFrame(
        {
            "project": projects["project"].to_numpy(),
            "population": size.astype(np.int64),
            "proportion": share,
            "n": n,
            "probability": probability,
            "estimate": margin,
            "std_error": std_error,
            "method": f"budget_{criterion}",
            "reason": np.where(size > 0, "", "no_frame"),
        }
    )
    stages = {
        "requested": int(budget),
        "population": int(size.sum()),
        "minimum": int(minimum),
        "needed": int(lower.sum()),
        "allocated": goal,
        "largest_margin": float(np.nanmax(margin)) if (size > 0).any() else np.nan,
        "sum_of_variances": float(np.nansum(variance)),
    }
    return Result(rows, f"budget_{criterion}", level, goal, stages)


def cautious_share(share: npt.ArrayLike, n: npt.ArrayLike) -> FloatArray:
    """An earlier wave's share, drawn towards one half by four answers: (p n + 2)/(n + 4).

    For planning: a share of 100 % among few answers would leave a project without interviews.
    Where ``n`` is 0 or the share is missing: one half. Source: Agresti & Coull (1998).
    """
    p, count = np.broadcast_arrays(np.asarray(share, dtype=float), np.asarray(n, dtype=float))
    known = ~np.isnan(p) & (count > 0)
    return np.where(known, (np.where(known, p, 0.5) * count + 2) / (count + 4), 0.5)


def _variance(n: npt.ArrayLike, spread: FloatArray, size: FloatArray) -> FloatArray:
    """V(n) = spread (1/n - 1/N); NaN without households."""
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.maximum(1 / np.asarray(n, dtype=float) - 1 / size, 0.0)
        return np.where(size > 0, spread * left, np.nan)


def _priority(criterion: str, n: npt.ArrayLike, spread: FloatArray, size: FloatArray) -> FloatArray:
    """What the next interview is worth in a project that has n; falls with n, -1 once all are."""
    count = np.asarray(n, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if criterion == "sum_of_variances":
            worth = spread / (count * (count + 1))
        else:
            worth = _variance(count, spread, size)
    return np.where(count < size, worth, -1.0)


def _reached(
    criterion: str, limit: float, spread: FloatArray, size: FloatArray, lower: IntArray
) -> IntArray:
    """Interviews of each project once every priority above ``limit`` has been served."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if criterion == "sum_of_variances":
            n = np.ceil((np.sqrt(1 + 4 * spread / limit) - 1) / 2)
        else:
            n = np.ceil(spread / (limit + spread / size))
    return np.clip(np.nan_to_num(n), lower, size).astype(np.int64)


def _allocated(
    criterion: str,
    goal: int,
    spread: FloatArray,
    size: FloatArray,
    lower: IntArray,
    name: npt.NDArray,
) -> IntArray:
    if goal >= size.sum():
        return size.astype(np.int64)
    low, high = 0.0, float(_priority(criterion, lower, spread, size).max(initial=0.0))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        enough = _reached(criterion, middle, spread, size, lower).sum() <= goal
        low, high = (low, middle) if enough else (middle, high)
    n = _reached(criterion, high, spread, size, lower) if high > 0 else lower.copy()
    n = np.maximum(n - (n > lower), lower)  # one step back: the threshold is exact to rounding only
    while (rest := goal - int(n.sum())) > 0:
        worth = _priority(criterion, n, spread, size)
        order = np.lexsort((name, -size, -worth))
        open_ones = order[worth[order] >= 0]
        if worth[open_ones[0]] == 0:  # nothing is gained any more: fill up, the largest first
            room = (size - n)[open_ones].astype(np.int64)
            n[open_ones] += np.clip(rest - (np.cumsum(room) - room), 0, room)
            break
        after = _priority(criterion, n + 1, spread, size).max()
        # all whose next interview is worth more than anybody's second can be served at once
        ahead = int((worth[open_ones] > after).sum())
        n[open_ones[: min(rest, max(ahead, 1))]] += 1
    return n
