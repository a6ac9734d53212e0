"""How large a difference or an association is, apart from whether it is beyond chance."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from satisfaction.methods.complete_rows import category_codes
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level
from satisfaction.methods.result import Result

FloatArray = npt.NDArray[np.float64]
Found = tuple[float, float, float, float]
Measure = Callable[[FloatArray, FloatArray], Found | None]
COLUMNS = (
    "item", "by", "group", "reference", "estimate", "std_error", "ci_low", "ci_high", "df", "n",
    "n_reference", "method", "reason",
)  # fmt: skip
VARIANCES = ("consistent", "unbiased")


def cliffs_delta(
    data: pd.DataFrame,
    item: str,
    by: str,
    *,
    groups: tuple[object, object] | None = None,
    variance: str = "consistent",
    level: float = 0.95,
) -> Result:
    """Cliff's delta: P(a member of the group scores higher) - P(lower), for every pair of groups.

    delta = sum_ij sign(x_i - y_j) / (n m), between -1 and 1; 0 where neither tends to be higher.
    With d_ij the signs, d_i. and d_.j their row and column means:

    consistent  [(m-1) S²(d_i.) + (n-1) S²(d_.j) + S²(d_ij)] / (n m), S²(d_ij) the squares over
                (n-1)(m-1) (Cliff 1996, Feng & Cliff 2004); never negative
    unbiased    [m² sum (d_i. - d)² + n² sum (d_.j - d)² - sum (d_ij - d)²] / [n m (n-1)(m-1)],
                at least (1 - d²) / (n m - 1) (Cliff 1993)

    Interval: (d - d³ -+ t s sqrt((1 - d²)² + t² s²)) / (1 - d² + t² s²), t on n + m - 2 degrees of
    freedom. Groups without overlap (|d| = 1) get it at (1 - 1/nm) d, closed at d. ``unbiased``
    equals R ``effsize::cliff.delta``, ``consistent`` its ``use.unbiased = FALSE``. Unweighted: it
    describes the respondents.

    groups  (group, reference); by default every pair of values of ``by``, the later in order being
            compared with the earlier

    Rows: ``item, by, group, reference, estimate, std_error, ci_low, ci_high, df, n, n_reference,
    method, reason``; reasons ``no_answers``, ``too_few`` (a group of one has no interval).
    """
    if variance not in VARIANCES:
        raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {variance!r}")

    def measure(x: FloatArray, y: FloatArray) -> Found:
        delta, spread = _dominance(x, y, variance)
        t = special.stdtrit(len(x) + len(y) - 2, (1 + level) / 2)
        inner = delta if abs(delta) < 1 else delta * (1 - 1 / (len(x) * len(y)))
        centre, rest = inner - inner**3, 1 - inner**2
        half = t * np.sqrt(spread) * np.sqrt(rest**2 + t**2 * spread)
        low, high = (centre + np.array([-half, half])) / (rest + t**2 * spread)
        return delta, np.sqrt(spread), -1.0 if delta == -1 else low, 1.0 if delta == 1 else high

    return _pairs(data, item, by, groups, level, measure, "cliffs_delta")


def hedges_g(
    data: pd.DataFrame,
    item: str,
    by: str,
    *,
    groups: tuple[object, object] | None = None,
    level: float = 0.95,
) -> Result:
    """Hedges' g: the difference of means in standard deviations, for every pair of groups.

    g = (1 - 3 / (4 (n + m) - 9)) (mean_x - mean_y) / s, s² pooled over both groups. Interval:
    g -+ t sqrt((n + m) / (n m) + g² / (2 (n + m))), n + m - 2 degrees of freedom. Equals pingouin
    ``compute_effsize(eftype="hedges")`` with ``compute_esci``, and R
    ``effsize::cohen.d(hedges.correction = TRUE)``. Unweighted.

    Arguments and rows as for ``cliffs_delta``; reason ``constant`` where s is 0.
    """

    def measure(x: FloatArray, y: FloatArray) -> Found | None:
        n, m = len(x), len(y)
        pooled = (((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum()) / (n + m - 2)
        if pooled == 0:
            return None
        g = (1 - 3 / (4 * (n + m) - 9)) * (x.mean() - y.mean()) / np.sqrt(pooled)
        error = np.sqrt((n + m) / (n * m) + g**2 / (2 * (n + m)))
        half = special.stdtrit(n + m - 2, (1 + level) / 2) * error
        return g, error, g - half, g + half

    return _pairs(data, item, by, groups, level, measure, "hedges_g")


def cramers_v(
    chi_square: float,
    n: float,
    rows: int,
    columns: int,
    *,
    design_effect: float = 1.0,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Cramér's V of a table with its interval: ``(v, low, high)``, each between 0 and 1.

    V = sqrt(X² / (n k)), k = min(rows, columns) - 1. X² / design_effect is taken as noncentral
    chi-square with (rows-1)(columns-1) degrees of freedom; the limits of its noncentrality L give
    those of V = sqrt(L design_effect / (n k)), as R's ``effectsize`` (which has no design effect).
    An X² below its expectation under independence is raised to that for the upper limit, which
    would otherwise shrink to 0 with it. V of a sample leans upwards: under independence it is
    about sqrt(df / (n k)), and the interval may begin at 0.
    """
    check_level(level)
    base, df = n * (min(rows, columns) - 1), (rows - 1) * (columns - 1)
    if base <= 0:
        return np.nan, np.nan, np.nan
    v = np.sqrt(chi_square / base)
    if design_effect <= 0:  # a census
        return float(v), float(v), float(v)
    adjusted = chi_square / design_effect
    tail = (1 - level) / 2
    low = _noncentrality(adjusted, df, 1 - tail)
    high = _noncentrality(max(adjusted, df), df, tail)
    limits = np.sqrt(np.array([low, high]) * design_effect / base)
    return float(v), float(min(limits[0], v)), float(np.clip(limits[1], v, 1))


def _noncentrality(statistic: float, df: int, probability: float) -> float:
    """L with P(chi²(df, L) <= statistic) = probability; 0 if already L = 0 lies below it."""
    if special.chdtr(df, statistic) <= probability:
        return 0.0
    return float(special.chndtrinc(statistic, df, probability))


def _dominance(x: FloatArray, y: FloatArray, variance: str) -> tuple[float, float]:
    """Delta and its variance, from the ranks of each group in the other."""
    n, m = len(x), len(y)
    ordered_x, ordered_y = np.sort(x), np.sort(y)
    lower = np.searchsorted(ordered_y, x, side="left")
    higher = m - np.searchsorted(ordered_y, x, side="right")
    by_row = (lower - higher) / m
    by_column = (n - np.searchsorted(ordered_x, y, "right") - np.searchsorted(ordered_x, y)) / n
    delta = float(by_row.mean())
    centre = delta if abs(delta) < 1 else delta * (1 - 1 / (n * m))
    untied = float(lower.sum() + higher.sum())
    # sum (d_ij - c)² with sum d_ij = n m delta
    cells = untied - 2 * centre * n * m * delta + n * m * centre**2
    rows, columns = ((by_row - centre) ** 2).sum(), ((by_column - centre) ** 2).sum()
    if variance == "unbiased":
        found = (m**2 * rows + n**2 * columns - cells) / (n * m * (n - 1) * (m - 1))
        return delta, max(float(found), (1 - centre**2) / (n * m - 1))
    parts = rows * (m - 1) / (n - 1) + columns * (n - 1) / (m - 1) + cells / ((n - 1) * (m - 1))
    return delta, float(parts / (n * m))


def _pairs(
    data: pd.DataFrame,
    item: str,
    by: str,
    groups: tuple[object, object] | None,
    level: float,
    measure: Measure,
    method: str,
) -> Result:
    """The measure (estimate, SE, low, high) of each pair of groups; None: not defined."""
    check_level(level)
    require_columns(data, [item, by])
    values = scores(data, [item])[:, 0]
    codes, labels = category_codes(data, by)
    known = ~np.isnan(values) & (codes >= 0)
    if groups is None:
        pairs = [(b, a) for a, b in combinations([labels[c] for c in np.unique(codes[known])], 2)]
    elif len(groups) != 2 or groups[0] == groups[1]:
        raise ValueError("groups names two different values: (group, reference)")
    else:
        pairs = [groups]
    place = {name: code for code, name in enumerate(labels)}
    blocks = []
    for pair in pairs:
        x, y = (values[known & (codes == place.get(name, -1))] for name in pair)
        found: Found | None = None
        if not len(x) or not len(y):
            reason = "no_answers"
        elif min(len(x), len(y)) < 2:
            reason = "too_few"
        else:
            found = measure(x, y)
            reason = "" if found else "constant"
        numbers = found or (np.nan,) * 4
        df = max(len(x) + len(y) - 2, 0)
        blocks.append((item, by, *pair, *numbers, df, len(x), len(y), method, reason))
    table = pd.DataFrame(blocks, columns=list(COLUMNS))
    used = int(known.sum())
    missing = {"rows_with_missing": len(data) - used} if used < len(data) else {}
    return Result(table, method, level, used, {"pairs": len(pairs)}, missing)
