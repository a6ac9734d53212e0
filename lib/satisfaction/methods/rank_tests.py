"""Do groups answer higher or lower? Rank tests, plain and under the survey design."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from satisfaction.methods.complete_rows import (
    category_codes,
    complete_rows,
    present,
)
from satisfaction.methods.design import FloatArray, IntArray
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result
from satisfaction.methods.significance import chi2_p_value, f_p_value, normal_p_value


def kruskal_wallis(data: pd.DataFrame, item: str, by: str) -> Result:
    """Kruskal & Wallis' test that all groups answer alike, from the mean ranks of their answers.

    H = (12 / (n(n+1)) sum n_g (mean rank_g - (n+1)/2)²) / (1 - sum(t³ - t) / (n³ - n)), t the sizes
    of the ties; chi-square with groups - 1 degrees of freedom. Equals R ``kruskal.test``.
    Unweighted, and blind to the design: ``survey_rank_test`` knows both. The estimate is
    epsilon² = H / (n - 1), the share of the variance of the ranks that lies between groups.

    Rows (one): ``item, by, estimate, statistic`` (H), ``df, p_value, n, groups, method, reason``;
    reasons ``no_answers``, ``too_few`` fewer than two groups, ``constant`` all answers are equal.
    """
    values, group, labels, exclusions = _answers(data, item, by)
    n, groups = len(values), len(labels)
    row: dict[str, object] = dict.fromkeys(("estimate", "statistic", "df", "p_value"), np.nan)
    row["reason"] = _reason(values, groups)
    if not row["reason"]:
        rank, ties = _mean_ranks(values)
        size = np.bincount(group, minlength=groups)
        gap = np.bincount(group, weights=rank, minlength=groups) / size - (n + 1) / 2
        h = 12 / (n * (n + 1)) * (size * gap**2).sum() / (1 - (ties**3 - ties).sum() / (n**3 - n))
        p_value = float(chi2_p_value(h, groups - 1))
        row |= {"estimate": h / (n - 1), "statistic": h, "df": groups - 1, "p_value": p_value}
    table = pd.DataFrame(
        [{"item": item, "by": by, **row, "n": n, "groups": groups, "method": "kruskal_wallis"}]
    )
    order = ["item", "by", "estimate", "statistic", "df", "p_value", "n", "groups", "method"]
    return Result(table[[*order, "reason"]], "kruskal_wallis", 0.95, n, {}, exclusions)


def pairwise_ranks(data: pd.DataFrame, item: str, by: str, *, adjust: str = "holm") -> Result:
    """Wilcoxon's rank sum test (Mann & Whitney) of every pair of groups, p-values adjusted.

    z = (U - nm/2) / sqrt(nm/12 (n + m + 1 - sum(t³ - t) / ((n+m)(n+m-1)))), without continuity
    correction. Equals R ``pairwise.wilcox.test(correct = FALSE, exact = FALSE)``; R turns to exact
    p-values by itself where a group has fewer than 50 answers without any tie. The estimate is
    Cliff's delta, 2U / nm - 1: above 0 where the later group answers higher.

    adjust  as ``adjusted_p_values``: holm, hommel, fdr_bh, fdr_by, ...

    Rows, pairs in the order of the groups (R's lower triangle, column by column): ``item, by,
    group, reference, estimate, statistic`` (z), ``p_value, p_adjusted, n, n_reference, method,
    reason``. Reasons: ``constant`` all answers of a pair are equal.
    """
    values, group, labels, exclusions = _answers(data, item, by)
    blocks = []
    for first, second in combinations(range(len(labels)), 2):
        x, y = values[group == second], values[group == first]
        estimate, z, reason = np.nan, np.nan, "constant"
        both = np.concatenate([x, y])
        n, m = len(x), len(y)
        if np.ptp(both) > 0:
            rank, ties = _mean_ranks(both)
            u = rank[:n].sum() - n * (n + 1) / 2
            tied = (ties**3 - ties).sum() / ((n + m) * (n + m - 1))
            z, reason = (u - n * m / 2) / np.sqrt(n * m / 12 * (n + m + 1 - tied)), ""
            estimate = 2 * u / (n * m) - 1
        blocks.append(
            {
                "item": item, "by": by, "group": labels[second], "reference": labels[first],
                "estimate": estimate, "statistic": z, "p_value": float(normal_p_value(z)),
                "n": n, "n_reference": m, "method": "wilcoxon", "reason": reason,
            }
        )  # fmt: skip
    columns = ["item", "by", "group", "reference", "estimate", "statistic", "p_value", "n"]
    table = pd.DataFrame(blocks, columns=[*columns, "n_reference", "method", "reason"])
    adjusted = adjusted_p_values(table["p_value"].to_numpy(dtype=float), adjust)
    table.insert(columns.index("p_value") + 1, "p_adjusted", adjusted)
    return Result(table, "wilcoxon", 0.95, len(values), {"adjust": adjust}, exclusions)


def survey_rank_test(data: pd.DataFrame, item: str, by: str, *, ties: str = "middle") -> Result:
    """The same question as ``kruskal_wallis`` under the survey design.

    Each answer's estimated rank in the population, as a share: the weight below it plus half that
    of its ties, is compared over the groups: Wald's F of the group means with
    their design covariance, on groups - 1 and units - strata - (groups - 1) degrees of freedom.
    With two groups F = t². Equals R ``svyranktest(item ~ by, design, test = "KruskalWallis")``
    (Lumley & Scott 2013) where weights within ties are equal; R ranks each of several tied answers
    after the other before averaging, so that there its result changes with the order of the rows
    (``ties="r"`` does the same). The estimate is the largest minus the smallest mean rank, 0 to 1.

    Rows (one): ``item, by, estimate, statistic`` (F), ``ndf, ddf, p_value, n, groups, method,
    reason``; reasons as ``kruskal_wallis``, ``too_few`` also without degrees of freedom, and
    ``no_variation`` where the design leaves the mean ranks no variance.
    """
    if ties not in ("middle", "r"):
        raise ValueError(f"ties must be middle or r, not {ties!r}")
    require_columns(data, [item, by])
    y = scores(data, [item])[:, 0]
    codes, labels = category_codes(data, by)
    rows = complete_rows(data, ~np.isnan(y) & (codes >= 0))
    group, names = present(codes, labels, rows.used)
    values, weight, groups = y[rows.used], rows.weight, len(names)
    row: dict[str, object] = dict.fromkeys(
        ("estimate", "statistic", "ndf", "ddf", "p_value"), np.nan
    )
    row["reason"] = _reason(values, groups)
    ndf = groups - 1
    ddf = rows.design_df - ndf
    if not row["reason"] and ddf < 1:
        row["reason"] = "too_few"
    if not row["reason"]:
        rank = _population_ranks(values, weight, ties)
        size = np.bincount(group, weights=weight)
        mean = np.bincount(group, weights=weight * rank) / size
        influence = np.zeros((rows.n, groups))
        influence[np.arange(rows.n), group] = (rank - mean[group]) / size[group]
        contrast = np.column_stack([-np.ones(ndf), np.eye(ndf)])
        covariance = contrast @ rows.covariance(influence) @ contrast.T
        gap = contrast @ mean
        row["estimate"] = float(np.ptp(mean))
        if np.linalg.matrix_rank(covariance) < ndf:
            row["reason"] = "no_variation"
        else:
            f = float(gap @ np.linalg.solve(covariance, gap)) / ndf
            p_value = float(f_p_value(f, ndf, ddf))
            row |= {"statistic": f, "ndf": ndf, "ddf": ddf, "p_value": p_value}
    method = "survey_rank_test"
    table = pd.DataFrame(
        [{"item": item, "by": by, **row, "n": rows.n, "groups": groups, "method": method}]
    )
    order = ["item", "by", "estimate", "statistic", "ndf", "ddf", "p_value", "n", "groups"]
    missing = len(data) - rows.n
    return Result(
        table[[*order, "method", "reason"]],
        method,
        0.95,
        rows.n,
        {},
        {"rows_with_missing": missing} if missing else {},
    )


def _answers(
    data: pd.DataFrame, item: str, by: str
) -> tuple[FloatArray, IntArray, list[object], dict[str, int]]:
    """Scores and group codes of the rows that have both, and the groups that occur."""
    require_columns(data, [item, by])
    values = scores(data, [item])[:, 0]
    codes, labels = category_codes(data, by)
    used = ~np.isnan(values) & (codes >= 0)
    group, names = present(codes, labels, used)
    missing = int((~used).sum())
    return values[used], group, names, {"rows_with_missing": missing} if missing else {}


def _reason(values: FloatArray, groups: int) -> str:
    if not len(values):
        return "no_answers"
    if groups < 2:
        return "too_few"
    return "constant" if np.ptp(values) == 0 else ""


def _mean_ranks(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rank of each value, ties at their mean, and the sizes of the ties."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ties = count.astype(float)
    return np.asarray((ties.cumsum() - (ties - 1) / 2)[place]), ties


def _population_ranks(values: FloatArray, weight: FloatArray, ties: str) -> FloatArray:
    """Estimated rank of each value in the population, divided by its size."""
    order = np.argsort(values, kind="stable")
    _, place, count = np.unique(values[order], return_inverse=True, return_counts=True)
    if ties == "r":
        reached = weight[order].cumsum() - weight[order] / 2
        level = np.bincount(place, weights=reached) / count
    else:
        tied = np.bincount(place, weights=weight[order])
        level = tied.cumsum() - tied / 2
    rank = np.empty(len(values))
    rank[order] = level[place]
    return rank / weight.sum()
