"""Do the items of a dimension measure one thing? Cronbach's alpha."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import fdtri

from satisfaction.methods.result import Result

MISSING = ("listwise", "pairwise")


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
    unknown = [c for items in dimensions.values() for c in items if c not in data.columns]
    if unknown:
        raise ValueError(f"unknown columns: {', '.join(map(str, unknown))}")
    if missing not in MISSING:
        raise ValueError(f"missing must be one of {', '.join(MISSING)}, not {missing!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    rows = pd.DataFrame(
        [
            {"dimension": name, **_alpha(data[list(items)], missing, level, max(minimum_n, 3))}
            for name, items in dimensions.items()
        ],
        columns=[
            *("dimension", "estimate", "ci_low", "ci_high", "n", "n_items", "method", "reason")
        ],
    )
    n = int(rows["n"].max()) if len(rows) else 0
    return Result(rows, "cronbach_alpha", level, n, {"missing": missing})


def _alpha(
    scores: pd.DataFrame, missing: str, level: float, minimum_n: int
) -> dict[str, float | str]:
    scores = scores.astype(float).dropna(how="any" if missing == "listwise" else "all")
    n, k = scores.shape
    row: dict[str, float | str] = {
        "estimate": np.nan,
        "ci_low": np.nan,
        "ci_high": np.nan,
        "n": n,
        "n_items": k,
        "method": f"cronbach_alpha_{missing}",
        "reason": "",
    }
    if k < 2:
        return row | {"reason": "single_item"}
    if n < minimum_n:
        return row | {"reason": "too_few" if n else "no_answers"}
    covariances = scores.cov()
    if covariances.isna().any(axis=None):  # two items that nobody answered together
        return row | {"reason": "too_few"}
    if covariances.to_numpy().sum() <= 0:
        return row | {"reason": "no_variation"}
    from pingouin import cronbach_alpha as pingouin_alpha  # seconds to import; only needed here

    alpha = float(pingouin_alpha(data=scores, nan_policy=missing)[0])
    upper_tail, lower_tail = (1 - level) / 2, (1 + level) / 2
    df = n - 1, (n - 1) * (k - 1)
    return row | {
        "estimate": alpha,
        "ci_low": 1 - (1 - alpha) * fdtri(*df, 1 - upper_tail),
        "ci_high": 1 - (1 - alpha) * fdtri(*df, 1 - lower_tail),
    }
