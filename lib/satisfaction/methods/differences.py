"""Do two groups of respondents differ, under the survey design?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from satisfaction.methods.change import share_difference_p_value
from satisfaction.methods.complete_rows import CompleteRows, category_codes, complete_rows
from satisfaction.methods.design import FloatArray, IntArray
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level, newcombe_difference, t_interval
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result
from satisfaction.methods.significance import t_p_value

COLUMNS = (
    "item", "by", "group", "reference", "group_value", "reference_value", "estimate", "std_error",
    "ci_low", "ci_high", "statistic", "df", "p_value", "p_holm", "n", "n_reference", "method",
    "reason",
)  # fmt: skip


def group_difference(
    data: pd.DataFrame,
    items: str | Sequence[str],
    by: str,
    *,
    groups: tuple[object, object] | None = None,
    at_least: float | None = None,
    level: float = 0.95,
) -> Result:
    """Mean (with ``at_least``: share of scores >= it) of one group minus that of another.

    Groups are domains that may cut across strata and clusters: the variance is that of the
    difference of the two linearised means, with their covariance. t test and interval on
    units - strata - 1 degrees of freedom among the rows of the two groups that answered. Equals R
    ``svyttest(item ~ by, design)``, of shares ``svyttest(I(item >= at_least) ~ by, design)``.

    Where a share stands at 0 % or 100 % its standard error says nothing: there Newcombe's interval
    and the pooled score test on n_eff take over (R goes on with the t test).

    groups  (group, reference); by default ``by`` must have two values, the later in order (of a
            categorical, else sorted) being compared with the earlier, as R does

    Rows: ``item, by, group, reference, group_value, reference_value, estimate, std_error, ci_low,
    ci_high, statistic`` (t), ``df, p_value, p_holm`` (over the items), ``n, n_reference, method,
    reason``. Reasons: ``no_answers`` a group without answers; ``too_few`` no degrees of freedom;
    ``constant`` all answers of means are equal; ``no_variation`` they vary in no group. ValueError:
    unknown columns, or not two groups.
    """
    check_level(level)
    names = [items] if isinstance(items, str) else list(items)
    require_columns(data, [*names, by])
    codes, labels = category_codes(data, by)
    reference, group = _two(by, codes, labels, groups)
    member = np.where(codes == group, 1, np.where(codes == reference, 0, -1))
    if (group < 0) or (reference < 0):
        member = np.full(len(data), -1)
    named = groups or (labels[group], labels[reference])
    keys: dict[str, object] = {"by": by, "group": named[0], "reference": named[1]}
    blocks = []
    for name in names:
        y = scores(data, [name])[:, 0]
        if at_least is not None:
            y = np.where(np.isnan(y), np.nan, y >= at_least)
        rows = complete_rows(data, ~np.isnan(y) & (member >= 0))
        found = _difference(rows, y[rows.used], member[rows.used] == 1, level)
        at_end = {found["group_value"], found["reference_value"]} & {0.0, 1.0}
        known = found["reason"] in ("", "constant", "no_variation") and not rows.census
        if at_least is not None and at_end and known:
            found |= _at_the_end(data, name, by, keys, at_least, level)
        blocks.append({"item": name, **keys, **found})
    table = pd.DataFrame(blocks)
    table["p_holm"] = adjusted_p_values(table["p_value"].to_numpy(dtype=float))
    n = table["n"] + table["n_reference"]
    return Result(
        table[list(COLUMNS)],
        "group_difference",
        level,
        int(n.max()),
        {"tested": int(table["p_value"].notna().sum())},
        {"no_group": int((member < 0).sum())} if (member < 0).any() else {},
    )


def _two(
    by: str, codes: IntArray, labels: list[object], groups: tuple[object, object] | None
) -> tuple[int, int]:
    """Codes of (reference, group); -1 for a named group that does not occur."""
    if groups is not None:
        if len(groups) != 2 or groups[0] == groups[1]:
            raise ValueError("groups names two different values: (group, reference)")
        places = [labels.index(name) if name in labels else -1 for name in groups]
        return places[1], places[0]
    found = np.unique(codes[codes >= 0])
    if len(found) != 2:
        raise ValueError(f"{by!r} has {len(found)} values: name two of them as groups")
    return int(found[0]), int(found[1])


def _difference(
    rows: CompleteRows, y: FloatArray, member: np.ndarray, level: float
) -> dict[str, object]:
    n, n_reference = int(member.sum()), int((~member).sum())
    weight = rows.weight
    size, size_reference = weight[member].sum(), weight[~member].sum()
    found: dict[str, object] = {"n": n, "n_reference": n_reference, "method": "t", "reason": ""}
    found |= dict.fromkeys(
        ("std_error", "ci_low", "ci_high", "statistic", "df", "p_value", "estimate"), np.nan
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * y)[member].sum() / size
        other = (weight * y)[~member].sum() / size_reference
    found |= {"group_value": mean, "reference_value": other}
    if not n or not n_reference:
        return found | {"reason": "no_answers"}
    found["estimate"] = estimate = mean - other
    df = rows.design_df - 1
    if df < 1:
        return found | {"reason": "too_few"}
    influence = np.where(member, (y - mean) / size, -(y - other) / size_reference)
    error = float(np.sqrt(rows.covariance(influence)[0, 0]))
    if error <= 1e-12 * max(abs(mean), abs(other)):
        error = 0.0
    if error == 0 and not rows.census:
        return found | {"df": df, "reason": "constant" if np.ptp(y) == 0 else "no_variation"}
    low, high = t_interval(estimate, error, df, level)
    return found | {
        "std_error": error,
        "ci_low": float(low),
        "ci_high": float(high),
        "statistic": estimate / error if error else np.nan,
        "df": df,
        "p_value": float(t_p_value(estimate, error, df)),
    }


def _at_the_end(
    data: pd.DataFrame, item: str, by: str, keys: dict[str, object], at_least: float, level: float
) -> dict[str, object]:
    """Interval and test where a share stands at 0 or 1."""
    shares = survey_proportion(data, [item], at_least=at_least, by=by, level=level)
    one, two = shares.row(group=keys["group"]), shares.row(group=keys["reference"])
    low, high = newcombe_difference(
        *(one["estimate"], one["ci_low"], one["ci_high"]),
        *(two["estimate"], two["ci_low"], two["ci_high"]),
    )
    p_value = share_difference_p_value(
        *(one["estimate"], one["std_error"], one["n_eff"]),
        *(two["estimate"], two["std_error"], two["n_eff"]),
        max(one["df"] + two["df"] - 1, 1),
    )
    # Two equal ends (all satisfied in both groups) are no evidence of a difference.
    p = 1.0 if one["estimate"] == two["estimate"] else float(p_value)
    return {
        "ci_low": float(low), "ci_high": float(high), "statistic": np.nan, "p_value": p,
        "method": "newcombe", "reason": "",
    }  # fmt: skip
