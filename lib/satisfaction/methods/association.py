"""Do two categorical answers go together beyond chance? Rao-Scott tests under the survey design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from satisfaction.methods.complete_rows import (
    CompleteRows,
    category_codes,
    complete_rows,
    present,
)
from satisfaction.methods.design import FloatArray, IntArray
from satisfaction.methods.effect_sizes import cramers_v
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result
from satisfaction.methods.significance import chi2_p_value, f_p_value

METHOD = "rao_scott"
TESTS = (METHOD, "rao_scott_1", "pearson_chi_square")
TEST_COLUMNS = ("estimate", "ci_low", "ci_high", "chi_square", "statistic", "ndf", "ddf", "p_value")


def survey_association(
    data: pd.DataFrame, row: str, column: str, *, test: str = "rao_scott", level: float = 0.95
) -> Result:
    """Independence of two categorical columns: Rao-Scott's second-order F test, and Cramér's V.

    chi_square  Pearson's X² of the weighted table, scaled to the n rows that have both
    statistic   F = X² / tr(D), on ndf = tr(D)² / tr(D²) and ddf = ndf (units - strata) degrees of
                freedom; D = (C'P^-1 C / n)^-1 C'P^-1 V P^-1 C holds the generalised design
                effects, P the diagonal of cell shares, V their design covariance, C contrasts of
                pure interaction
    estimate    V = sqrt(X² / (n (min(rows, columns) - 1))), its interval from X² over the mean
                design effect (see ``cramers_v``)

    test  ``rao_scott`` as above: R ``svychisq(~row + column, design, statistic = "F")``;
          ``rao_scott_1`` the first-order correction: X² over the mean design effect as chi-square
          (``statistic = "Chisq"``); ``pearson_chi_square`` plain counts, without weights or
          design: R ``chisq.test(correct = FALSE)``. The last two have ndf = (rows-1)(columns-1)
          and no ddf.

    Rows that miss either answer stay in the variance as outside the domain. R counts them in n (so
    that its X² is larger then, F is the same) and in the degrees of freedom of ``ddf``. Values
    that nobody has do not count as rows or columns.

    Rows (one): ``row, column, estimate, ci_low, ci_high, chi_square, statistic, ndf, ddf, p_value,
    n, method, reason``. Reasons: ``no_answers``; ``constant`` one row or one column only;
    ``too_few`` too many empty cells, or no degrees of freedom. Where the design leaves V no
    variance (each row has a column of its own), the plain chi-square test steps in and ``method``
    says so; in a census p is 0 or 1. ValueError for an unknown column or test.
    """
    check_level(level)
    if test not in TESTS:
        raise ValueError(f"test must be one of {', '.join(TESTS)}, not {test!r}")
    require_columns(data, [row, column])
    coded = [category_codes(data, name) for name in (row, column)]
    asked = data[[]] if test == "pearson_chi_square" else data
    rows = complete_rows(asked, (coded[0][0] >= 0) & (coded[1][0] >= 0))
    across, down = (present(*code, rows.used)[0] for code in coded)
    found = _association(rows, across, down, level, test)
    table = pd.DataFrame([{"row": row, "column": column, "n": rows.n, **found}])
    missing = len(data) - rows.n
    return Result(
        table[["row", "column", *TEST_COLUMNS, "n", "method", "reason"]],
        test,
        level,
        rows.n,
        {"design_df": rows.design_df},
        {"rows_with_missing": missing} if missing else {},
    )


def group_tests(
    data: pd.DataFrame,
    item: str,
    variables: Sequence[str],
    *,
    at_least: float,
    minimum_n: int = 10,
    level: float = 0.95,
) -> Result:
    """Does the share of scores >= ``at_least`` differ between groups? One test per variable.

    Each variable is tested against satisfied yes/no as in ``survey_association``; ``p_holm``
    adjusts over the variables, ``significant`` is p_holm < 1 - level. Groups with fewer than
    ``minimum_n`` answers do not enter (they could not be shown).

    Rows: ``variable, estimate`` (Cramér's V), ``ci_low, ci_high, statistic`` (F), ``ndf, ddf,
    p_value, p_holm, significant, n, groups`` (tested), ``left_out`` (groups too small),
    ``highest, highest_share, lowest, lowest_share`` (group and its weighted share), ``method,
    reason``. Reasons: ``no_answers``; ``too_few`` fewer than two groups are large enough, or too
    few degrees of freedom; ``constant`` all are satisfied or none is.
    """
    check_level(level)
    variables = list(variables)
    require_columns(data, [item, *variables])
    y = scores(data, [item])[:, 0]
    satisfied = (y >= at_least).astype(np.intp)
    blocks = []
    for variable in variables:
        codes, labels = category_codes(data, variable)
        rows = complete_rows(data, ~np.isnan(y) & (codes >= 0))
        counts = np.bincount(codes[rows.used], minlength=len(labels))
        small = (counts > 0) & (counts < minimum_n)
        if small.any():
            rows = CompleteRows(rows.design, rows.used & ~small[codes])
        group, names = present(codes, labels, rows.used)
        answers = satisfied[rows.used]
        found = _association(rows, group, _dense(answers), level)
        if len(names) < 2:
            found |= {"reason": "too_few" if small.any() or rows.n else "no_answers"}
        found |= _extremes(rows.weight, group, names, answers)
        left_out = int(small.sum())
        blocks.append(
            {"variable": variable, "n": rows.n, "groups": len(names), "left_out": left_out, **found}
        )
    columns = ["variable", *TEST_COLUMNS, "n", "groups", "left_out", *EXTREMES, "method", "reason"]
    table = pd.DataFrame(blocks, columns=columns)
    table["p_holm"] = adjusted_p_values(table["p_value"].to_numpy(dtype=float))
    table["significant"] = table["p_holm"] < 1 - level
    order = ["variable", "estimate", "ci_low", "ci_high", "statistic", "ndf", "ddf", "p_value"]
    order += ["p_holm", "significant", "n", "groups", "left_out", *EXTREMES, "method", "reason"]
    return Result(
        table[order],
        METHOD,
        level,
        int(table["n"].max()) if len(table) else 0,
        {
            "tested": int(table["p_value"].notna().sum()),
            "significant": int(table["significant"].sum()),
            "minimum_n": minimum_n,
        },
    )


EXTREMES = ("highest", "highest_share", "lowest", "lowest_share")


def _extremes(
    weight: FloatArray, group: IntArray, names: list[object], answers: IntArray
) -> dict[str, object]:
    if not names:
        return dict(zip(EXTREMES, (None, np.nan, None, np.nan), strict=True))
    total = np.bincount(group, weights=weight)
    share = np.bincount(group, weights=weight * answers) / total
    top, bottom = int(share.argmax()), int(share.argmin())
    found = (names[top], share[top], names[bottom], share[bottom])
    return dict(zip(EXTREMES, found, strict=True))


def _dense(codes: IntArray) -> IntArray:
    return np.unique(codes, return_inverse=True)[1]


@dataclass(frozen=True)
class _Table:
    """Weighted cell shares (rows x columns) and what each respondent adds to them."""

    shares: FloatArray
    influence: FloatArray  # (n, cells), the cells row by row


def _weighted_table(rows: CompleteRows, row: IntArray, column: IntArray) -> _Table:
    r, c = int(row.max()) + 1, int(column.max()) + 1
    cell = row * c + column
    weight = rows.weight / rows.weight.sum()
    shares = np.zeros(r * c)
    np.add.at(shares, cell, weight)
    influence = -np.tile(shares, (rows.n, 1))
    influence[np.arange(rows.n), cell] += 1
    return _Table(shares.reshape(r, c), influence / rows.weight.sum())


def _association(
    rows: CompleteRows, row: IntArray, column: IntArray, level: float, test: str = METHOD
) -> dict[str, object]:
    found: dict[str, object] = dict.fromkeys(TEST_COLUMNS, np.nan) | {"method": test}
    if rows.n == 0:
        return found | {"reason": "no_answers"}
    table = _weighted_table(rows, row, column)
    shares, (r, c) = table.shares, table.shares.shape
    if min(r, c) < 2:
        return found | {"reason": "constant"}
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    chi_square = float(rows.n * ((shares - expected) ** 2 / expected).sum())
    degrees, nu = (r - 1) * (c - 1), rows.design_df
    if test == "pearson_chi_square":
        v, low, high = cramers_v(chi_square, rows.n, r, c, level=level)
        p_value = float(chi2_p_value(chi_square, degrees))
        numbers = (v, low, high, chi_square, chi_square, degrees, np.nan, p_value)
        return found | dict(zip(TEST_COLUMNS, numbers, strict=True)) | {"reason": ""}
    contrasts = np.kron(_contrasts(r), _contrasts(c))
    flat = shares.ravel()
    inverse = np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)
    scaled = inverse[:, None] * contrasts
    simple = contrasts.T @ scaled / rows.n
    if nu < 1 or np.linalg.matrix_rank(simple) < degrees:
        return found | {"reason": "too_few"}
    complex_ = scaled.T @ rows.covariance(table.influence) @ scaled
    effects = np.linalg.solve(simple, complex_)
    trace, squares = float(np.trace(effects)), float(np.trace(effects @ effects))
    flat_variance = trace <= 1e-12
    v, low, high = cramers_v(
        chi_square, rows.n, r, c, design_effect=0.0 if flat_variance else trace / degrees,
        level=level,
    )  # fmt: skip
    found |= {"estimate": v, "chi_square": chi_square}
    if flat_variance and not rows.census:
        p_value = float(chi2_p_value(chi_square, degrees))
        found |= {"statistic": chi_square, "ndf": degrees, "p_value": p_value}
        return found | {"reason": "", "method": "pearson_chi_square"}
    found |= {"ci_low": low, "ci_high": high}
    if flat_variance:
        return found | {"p_value": float(chi_square <= 1e-12 * rows.n), "reason": ""}
    ndf, statistic = trace**2 / squares, chi_square / trace
    tested = (statistic, ndf, ndf * nu, float(f_p_value(statistic, ndf, ndf * nu)))
    if test == "rao_scott_1":
        statistic *= degrees
        tested = (statistic, degrees, np.nan, float(chi2_p_value(statistic, degrees)))
    return found | dict(zip(TEST_COLUMNS[-4:], tested, strict=True)) | {"reason": ""}


def _contrasts(size: int) -> FloatArray:
    """Orthonormal (size, size - 1) columns that add up to zero."""
    centred = np.eye(size) - 1 / size
    return np.linalg.qr(centred[:, :-1])[0]
