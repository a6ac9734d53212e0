"""Pearson's correlation under the survey design: weighted, with a linearised standard error."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from satisfaction.methods.complete_rows import CompleteRows, complete_rows
from satisfaction.methods.design import FloatArray
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level, t_interval
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result
from satisfaction.methods.significance import t_p_value

MISSING = ("pairwise", "listwise")
COLUMNS = (
    "item_a", "item_b", "estimate", "std_error", "ci_low", "ci_high", "df", "p_value", "p_holm",
    "n", "method", "reason",
)  # fmt: skip


def survey_correlation(
    data: pd.DataFrame,
    items: Sequence[str],
    outcome: str | None = None,
    *,
    missing: str = "pairwise",
    level: float = 0.95,
) -> Result:
    """Weighted correlation of every pair of items, or of each item with ``outcome`` only.

    r = S_xy / sqrt(S_xx S_yy) of the weighted (co)variances: R ``cov2cor(svyvar(~x + y, design))``.
    Its influence value is u_x u_y - r (u_x² + u_y²) / 2 over sum w, u being standardised scores, so
    the standard error knows strata, clusters, weights and FPC. Interval and test on Fisher's
    z = atanh r with SE / (1 - r²) and units - strata degrees of freedom.

    missing  ``pairwise``: a pair uses all rows that have both; ``listwise``: rows that have all
             columns (R, ``na.rm = TRUE``)

    Rows: ``item_a, item_b, estimate, std_error, ci_low, ci_high, df, p_value, p_holm`` (over all
    pairs), ``n, method, reason``. Reasons: ``no_answers``, ``too_few`` fewer than three rows or no
    degrees of freedom, ``constant`` an item does not vary. At |r| = 1 the interval closes on it.
    ValueError: unknown columns, one named twice, another ``missing``.
    """
    check_level(level)
    if missing not in MISSING:
        raise ValueError(f"missing must be one of {', '.join(MISSING)}, not {missing!r}")
    items = list(items)
    columns = items if outcome is None else [*items, outcome]
    if len(set(columns)) < len(columns):
        raise ValueError("each item may be named once, and the outcome is not an item")
    require_columns(data, columns)
    values = scores(data, columns)
    known = ~np.isnan(values)
    last = len(columns) - 1
    pairs = (
        list(combinations(range(len(columns)), 2))
        if outcome is None
        else [(place, last) for place in range(last)]
    )
    base = complete_rows(data, np.asarray(known.all(axis=1)))
    blocks = []
    for a, b in pairs:
        rows = base
        if missing == "pairwise":
            used = known[:, a] & known[:, b] & (base.design.weight > 0)
            rows = CompleteRows(base.design, used)
        found = _correlation(rows, values[rows.used][:, [a, b]], level)
        blocks.append({"item_a": columns[a], "item_b": columns[b], "n": rows.n, **found})
    table = pd.DataFrame(blocks, columns=[c for c in COLUMNS if c not in ("p_holm", "method")])
    table["p_holm"] = adjusted_p_values(table["p_value"].to_numpy(dtype=float))
    table["method"] = "survey_pearson"
    return Result(
        table[list(COLUMNS)],
        "survey_pearson",
        level,
        int(table["n"].max()) if len(table) else 0,
        {"pairs": len(pairs), "pairs_tested": int(table["p_value"].notna().sum())},
    )


def _correlation(rows: CompleteRows, pair: FloatArray, level: float) -> dict[str, object]:
    numbers = ("estimate", "std_error", "ci_low", "ci_high", "df", "p_value")
    nothing: dict[str, object] = dict.fromkeys(numbers, np.nan)
    if rows.n == 0:
        return nothing | {"reason": "no_answers"}
    if (np.ptp(pair, axis=0) == 0).any():
        return nothing | {"reason": "constant"}
    df = rows.design_df
    if rows.n < 3 or df < 1:
        return nothing | {"reason": "too_few"}
    weight = rows.weight[:, None]
    centred = pair - (weight * pair).sum(axis=0) / weight.sum()
    u = centred / np.sqrt((weight * centred**2).sum(axis=0) / weight.sum())
    r = float(np.clip((rows.weight * u[:, 0] * u[:, 1]).sum() / weight.sum(), -1, 1))
    influence = (u[:, 0] * u[:, 1] - r * (u**2).sum(axis=1) / 2) / weight.sum()
    error = float(np.sqrt(rows.covariance(influence)[0, 0]))
    if 1 - abs(r) < 1e-12:
        r, error = float(np.sign(r)), 0.0
        low, high, p_value = r, r, 0.0
    else:
        z, spread = np.arctanh(r), error / (1 - r**2)
        low, high = np.tanh(t_interval(z, spread, df, level))
        p_value = float(t_p_value(z, spread, df))
    found = (r, error, float(low), float(high), df, p_value)
    return dict(zip(numbers, found, strict=True)) | {"reason": ""}
