"""How well do the items of a dimension hold together? Alpha, lambda 6, omega, item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import fdtri

from satisfaction.methods.one_factor import (
    FloatArray,
    omega_of_loadings,
    one_factor_loadings,
    squared_multiple_correlations,
)
from satisfaction.methods.result import Result

MISSING = ("listwise", "pairwise")
TABLE = (
    *("dimension", "estimate", "std_error", "ci_low", "ci_high", "alpha_std", "mean_r", "lambda6"),
    *("omega_total", "alpha_without", "drop_item", "n", "n_items", "method", "reason"),
)


def cronbach_alpha(
    data: pd.DataFrame,
    dimensions: Mapping[str, Sequence[str]],
    *,
    missing: str = "listwise",
    level: float = 0.95,
    minimum_n: int = 10,
) -> Result:
    """Cronbach's alpha of each dimension, k/(k-1) (1 - sum of variances / variance of the sum).

    ``missing``: ``listwise`` uses complete answers; ``pairwise`` the pairwise covariances, as
    ``psych::alpha`` does (n is then the answers to any item, and the interval too narrow).
    The interval is Feldt's (1965), from F with n - 1 and (n - 1)(k - 1) degrees of freedom; it is
    computed here because pingouin rounds its own to three digits. Unweighted.

    Alpha below 0 is possible and says that items contradict each other (a reversed item, mostly).

    Rows: ``dimension, estimate, ci_low, ci_high, n, n_items, method, reason``; reason
    ``single_item``, ``too_few`` for fewer than ``minimum_n`` answers (at least 3),
    ``no_variation`` when the items' sum does not vary.
    """
    _check(data, dimensions, missing, level)
    columns = ("dimension", "estimate", "ci_low", "ci_high", "n", "n_items", "method", "reason")
    rows = [
        {"dimension": name, **_alpha(data[list(items)], missing, level, minimum_n)}
        for name, items in dimensions.items()
    ]
    return _collected(rows, columns, "cronbach_alpha", level, missing)


def dimension_reliability(
    data: pd.DataFrame,
    dimensions: Mapping[str, Sequence[str]],
    *,
    missing: str = "listwise",
    level: float = 0.95,
    minimum_n: int = 10,
) -> Result:
    """All that a report says of each dimension's items, from their covariances at once.

    estimate       Cronbach's alpha as in ``cronbach_alpha``, with Feldt's interval
    std_error      asymptotic standard error of alpha (psych 2.2.9; Duhachek & Iacobucci 2004)
    alpha_std      alpha of the standardised items, from their mean correlation ``mean_r``
    lambda6        Guttman's lambda 6, ``1 - sum(1 - R_i^2) / sum of all correlations``, R_i^2 the
                   share of item i that the others explain
    omega_total    of the one-factor model fitted by minres (see ``omega_total``)
    drop_item      the item without which alpha would be highest, if that lies above alpha's
                   interval: else "". ``alpha_without`` is the highest alpha without one item.

    Equals R ``psych::alpha`` (``missing="pairwise"``; its standard error divides by all rows, also
    those without any answer). Unweighted. With two items nothing can be dropped.

    Rows: ``dimension``, the above, ``n, n_items, method, reason``; reasons of ``cronbach_alpha``,
    and ``constant_item`` where an item does not vary: it has no correlations, alpha is given.
    """
    _check(data, dimensions, missing, level)
    rows = []
    for name, items in dimensions.items():
        covariance, n, reason = _covariance(data[list(items)], missing, minimum_n)
        row: dict[str, Any] = dict.fromkeys(TABLE, np.nan)
        row |= {"dimension": name, "n": n, "n_items": len(items), "drop_item": ""}
        row |= {"method": "dimension_reliability", "reason": reason}
        rows.append(row if reason else row | _figures(covariance, list(items), n, level))
    return _collected(rows, TABLE, "dimension_reliability", level, missing)


def item_reliability(
    data: pd.DataFrame,
    dimensions: Mapping[str, Sequence[str]],
    *,
    missing: str = "listwise",
    minimum_n: int = 10,
) -> Result:
    """How well each item goes with the rest of its dimension, and alpha without it.

    estimate       correlation of the item with the sum of the others (``r.drop`` of psych::alpha)
    alpha_without  alpha of the others; NaN where only one would be left

    Rows: ``dimension, item, estimate, alpha_without, n, method, reason``; reasons of
    ``cronbach_alpha`` and ``constant_item``. Unweighted.
    """
    _check(data, dimensions, missing, 0.95)
    rows = []
    for name, items in dimensions.items():
        covariance, n, reason = _covariance(data[list(items)], missing, minimum_n)
        linked = without = np.full(len(items), np.nan)
        if not reason:
            linked, without = _item_rest(covariance), _without_each(covariance)
        rows += [
            {
                "dimension": name,
                "item": item,
                "estimate": r,
                "alpha_without": alpha,
                "n": n,
                "method": "item_rest",
                "reason": reason or ("" if np.isfinite(r) else "constant_item"),
            }
            for item, r, alpha in zip(items, linked, without, strict=True)
        ]
    columns = ("dimension", "item", "estimate", "alpha_without", "n", "method", "reason")
    return _collected(rows, columns, "item_rest", 0.95, missing)


def ordinal_alpha(
    data: pd.DataFrame, dimensions: Mapping[str, Sequence[str]], *, minimum_n: int = 10
) -> Result:
    """Alpha of the opinions behind the scores: standardised alpha of the polychoric correlations.

    ``k/(k-1) (1 - k / sum of all correlations)`` on complete answers, unweighted (Zumbo, Gadermann
    & Zeisser 2007). Higher than alpha where scores bunch at one end; it says how reliable a finer
    scale would be, not this one.

    Rows: ``dimension, estimate, n, n_items, method, reason``; reasons of
    ``polychoric_correlations`` and ``single_item``.
    """
    from satisfaction.methods.polychoric import polychoric_correlations  # not needed by the reports

    _check(data, dimensions, "listwise", 0.95)
    rows = []
    for name, items in dimensions.items():
        complete, k = data[list(items)].dropna(), len(items)
        alpha, reason = np.nan, "single_item"
        if k > 1:
            pairs = polychoric_correlations(complete, items, minimum_n=minimum_n).rows
            missed = pairs.loc[pairs["estimate"].isna(), "reason"]
            total = k + 2 * pairs["estimate"].sum()
            reason = missed.iloc[0] if len(missed) else "" if total > 0 else "no_variation"
            alpha = np.nan if reason else k / (k - 1) * (1 - k / total)
        rows.append(
            {
                "dimension": name,
                "estimate": alpha,
                "n": len(complete),
                "n_items": k,
                "method": "ordinal_alpha",
                "reason": reason,
            }
        )
    columns = ("dimension", "estimate", "n", "n_items", "method", "reason")
    return _collected(rows, columns, "ordinal_alpha", 0.95, "listwise")


def _check(
    data: pd.DataFrame, dimensions: Mapping[str, Sequence[str]], missing: str, level: float
) -> None:
    unknown = [c for items in dimensions.values() for c in items if c not in data.columns]
    if unknown:
        raise ValueError(f"unknown columns: {', '.join(map(str, unknown))}")
    if missing not in MISSING:
        raise ValueError(f"missing must be one of {', '.join(MISSING)}, not {missing!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")


def _collected(
    rows: list[dict[str, Any]], columns: Sequence[str], method: str, level: float, missing: str
) -> Result:
    table = pd.DataFrame(rows, columns=list(columns))
    n = int(table["n"].max()) if len(table) else 0
    return Result(table, method, level, n, {"missing": missing})


def _covariance(scores: pd.DataFrame, missing: str, minimum_n: int) -> tuple[FloatArray, int, str]:
    """Covariance matrix of the items, answers behind it, and why there is no alpha."""
    answers = scores.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(answers)
    answers = answers[known.all(axis=1) if missing == "listwise" else known.any(axis=1)]
    n, k = answers.shape
    nothing = np.full((k, k), np.nan)
    if k < 2:
        return nothing, n, "single_item"
    if n < max(minimum_n, 3):
        return nothing, n, "too_few" if n else "no_answers"
    if missing == "listwise":
        covariance = np.cov(answers, rowvar=False)
    else:
        covariance = pd.DataFrame(answers).cov().to_numpy()
    if np.isnan(covariance).any():  # two items that nobody answered together
        return nothing, n, "too_few"
    return covariance, n, "" if covariance.sum() > 0 else "no_variation"


def _alpha(
    scores: pd.DataFrame, missing: str, level: float, minimum_n: int
) -> dict[str, float | str]:
    _, n, reason = _covariance(scores, missing, minimum_n)
    k = scores.shape[1]
    alpha = np.nan
    if not reason:
        from pingouin import cronbach_alpha as pingouin_alpha  # seconds to import

        answered = scores.astype(float).dropna(how="any" if missing == "listwise" else "all")
        alpha = float(pingouin_alpha(data=answered, nan_policy=missing)[0])
    low, high = _feldt(alpha, n, k, level)
    return {
        "estimate": alpha,
        "ci_low": low,
        "ci_high": high,
        "n": n,
        "n_items": k,
        "method": f"cronbach_alpha_{missing}",
        "reason": reason,
    }


def _feldt(alpha: float, n: int, k: int, level: float) -> tuple[float, float]:
    if np.isnan(alpha):
        return np.nan, np.nan
    df = n - 1, (n - 1) * (k - 1)
    low, high = (1 - (1 - alpha) * fdtri(*df, (1 + side * level) / 2) for side in (1, -1))
    return float(low), float(high)


def _raw_alpha(covariance: FloatArray) -> float:
    k, total = len(covariance), float(covariance.sum())
    if k < 2 or total <= 0:
        return np.nan
    return float(k / (k - 1) * (1 - np.trace(covariance) / total))


def _standard_error(covariance: FloatArray, n: int) -> float:
    k, total, trace = len(covariance), covariance.sum(), np.trace(covariance)
    square = covariance @ covariance
    spread = total * (np.trace(square) + trace**2) - 2 * trace * square.sum()
    return float(np.sqrt(max(2 * k**2 / ((k - 1) ** 2 * total**3) * spread, 0.0) / n))


def _without_each(covariance: FloatArray) -> FloatArray:
    """Alpha without each item; NaN where one would be left."""
    places = np.arange(len(covariance))
    others = [np.ix_(places != place, places != place) for place in places]
    return np.array([_raw_alpha(covariance[rest]) for rest in others])


def _item_rest(covariance: FloatArray) -> FloatArray:
    """Correlation of each item with the sum of the others; NaN for an item that does not vary."""
    own = np.diag(covariance)
    with_rest = covariance.sum(axis=0) - own
    rest = covariance.sum() - 2 * with_rest - own
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((own > 0) & (rest > 0), with_rest / np.sqrt(own * rest), np.nan)


def _figures(covariance: FloatArray, items: Sequence[str], n: int, level: float) -> dict[str, Any]:
    """The columns of ``dimension_reliability`` that need a covariance matrix."""
    k, alpha = len(covariance), _raw_alpha(covariance)
    low, high = _feldt(alpha, n, k, level)
    found: dict[str, Any] = {
        "estimate": alpha,
        "std_error": _standard_error(covariance, n),
        "ci_low": low,
        "ci_high": high,
    }
    without = _without_each(covariance)
    if np.isfinite(without).any():
        best = int(np.nanargmax(without))
        found["alpha_without"] = without[best]
        found["drop_item"] = items[best] if without[best] > high else ""
    spread = np.sqrt(np.diag(covariance))
    if (spread == 0).any():
        return found | {"reason": "constant_item"}
    correlations = covariance / np.outer(spread, spread)
    total = correlations.sum()
    explained = squared_multiple_correlations(correlations)
    return found | {
        "alpha_std": k / (k - 1) * (1 - k / total) if total > 0 else np.nan,
        "mean_r": (total - k) / (k * (k - 1)),
        "lambda6": 1 - (k - explained.sum()) / total if total > 0 else np.nan,
        "omega_total": omega_of_loadings(one_factor_loadings(correlations)),
    }
