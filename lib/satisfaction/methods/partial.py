"""What an item has in common with the outcome beyond what the other items say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from satisfaction.methods.complete_rows import complete_rows
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

DESIGN_COLUMNS = ("weight", "stratum", "stratum_population", "cluster")
COLUMNS = (
    "item", "estimate", "std_error", "ci_low", "ci_high", "n", "df", "p_value", "p_holm",
    "method", "reason",
)  # fmt: skip


def partial_correlations(
    data: pd.DataFrame,
    outcome: str,
    items: Sequence[str],
    *,
    missing: str = "pairwise",
    level: float = 0.95,
    minimum_n: int = 30,
) -> Result:
    """Correlation of each item with the outcome, the other items held fixed.

    With P the inverse of the weighted correlation matrix of items and outcome y,
    r_j = -P_jy / sqrt(P_jj P_yy): the correlation of what the other items leave of both.

    partial             plain answers without design columns and without gaps: t test on
                        n - k - 2 degrees of freedom, Fisher's interval with 1 / (n - k - 3), k the
                        other items. Equals ``pingouin.partial_corr`` and R ``ppcor::pcor``.
    partial_linearised  otherwise: the influence values of all correlations carried through the
                        inverse, their design covariance (strata, clusters, FPC), enlarged by
                        n / (n - k - 3) for the items held fixed; interval and test of atanh r with
                        Student's t on units - strata - k - 1 degrees of freedom.

    missing    ``"pairwise"``: each correlation from the answers in common; ``"complete"``: sheets
               without a gap only
    minimum_n  common answers that every pair needs (never fewer than items + 4)

    Rows, in the order of ``items``: ``item, estimate, std_error`` (NaN for ``partial``), ``ci_low,
    ci_high, n`` (answers in common with the outcome), ``df, p_value, p_holm`` (over the items),
    ``method, reason``. Reasons: ``too_few, constant, no_variation``; ``collinear`` the item follows
    from the ones named before it (it is left out, as R does), or they leave nothing of the outcome.
    """
    check_level(level)
    items = list(items)
    check_items(items, outcome, missing)
    require_columns(data, [outcome, *items])
    matrix = scores(data, [*items, outcome])
    rows = complete_rows(data, entering_rows(matrix, missing))
    matrix = matrix[rows.used]
    used, reasons = usable_items(matrix, items, max(minimum_n, len(items) + 4))
    plain = not np.isnan(matrix[:, [*used, -1]]).any()
    plain &= not any(column in data for column in DESIGN_COLUMNS)
    method = "partial" if plain else "partial_linearised"
    table = pd.DataFrame(np.nan, index=range(len(items)), columns=list(COLUMNS))
    table = table.assign(item=items, n=rows.n, method=method)
    if used:
        moments = pairwise_moments(matrix[:, [*used, -1]], rows.weight)
        kept = independent_columns(moments.correlation)
        if not kept[-1]:
            kept[:] = False
        for place, fine in zip(used, kept[:-1], strict=True):
            reasons[place] = reasons[place] if fine else "collinear"
        if kept.any():
            chosen = [place for place, fine in zip(used, kept[:-1], strict=True) if fine]
            inside = np.ix_(kept, kept)
            inverse: Array = np.asarray(np.linalg.inv(moments.correlation[inside]))
            r = _partial(inverse)
            n = moments.common[inside][:-1, -1]
            others = len(chosen) - 1
            if plain:
                df = n - others - 2
                error = np.full(len(r), np.nan)
                p_value = t_p_value(r, np.sqrt((1 - r**2) / df), df)
                z_error, critical = 1 / np.sqrt(n - others - 3), critical_value(level)
            else:
                influence = _influence(
                    inverse, r, moments.correlation_influence()[:, kept][:, :, kept]
                )
                covariance = rows.covariance(influence / rows.weight[:, None])
                df = rows.design_df - (rows.n - n) - others - 1
                error = np.sqrt(np.diag(covariance) * n / (n - others - 3))
                z_error = error / (1 - r**2)
                critical = critical_value(level, df)
                p_value = t_p_value(np.arctanh(r), z_error, df)
            table.loc[chosen, "estimate"], table.loc[chosen, "std_error"] = r, error
            table.loc[chosen, "ci_low"] = np.tanh(np.arctanh(r) - critical * z_error)
            table.loc[chosen, "ci_high"] = np.tanh(np.arctanh(r) + critical * z_error)
            table.loc[chosen, "df"], table.loc[chosen, "p_value"] = df, p_value
            table.loc[chosen, "n"] = n
    table["p_holm"] = adjusted_p_values(table["p_value"].to_numpy(dtype=float))
    table["n"] = table["n"].astype(int)
    table["reason"] = reasons
    return Result(
        table[list(COLUMNS)],
        method,
        level,
        rows.n,
        {"items": len(items), "missing": missing, "sheets": len(data)},
        {"rows_left_out": len(data) - rows.n},
    )


def _partial(inverse: Array) -> Array:
    diagonal = np.diag(inverse)
    return np.asarray(-inverse[:-1, -1] / np.sqrt(diagonal[:-1] * diagonal[-1]))


def _influence(inverse: Array, r: Array, correlation: Array) -> Array:
    """Influence values (rows, items) on the partial correlations from those on the correlations.

    d(inverse) = -inverse dR inverse; of it the entries (j, y), (j, j) and (y, y) enter.
    """
    changed = np.einsum("iab,bc->iac", correlation, inverse)
    own = -np.einsum("ja,iaj->ij", inverse, changed)
    cross = -np.einsum("ja,ia->ij", inverse, changed[:, :, -1])[:, :-1]
    diagonal = np.diag(inverse)
    relative = own[:, :-1] / diagonal[:-1] + own[:, -1:] / diagonal[-1]
    return np.asarray(-cross / np.sqrt(diagonal[:-1] * diagonal[-1]) - r / 2 * relative)
