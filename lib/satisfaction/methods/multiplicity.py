"""Many tests at once: p-values that stay honest together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def adjusted_p_values(p_values: npt.ArrayLike, method: str = "holm") -> Array:
    """p-values adjusted for their number: ``holm`` in a report, ``fdr_bh`` over a portfolio.

    Holm: the i-th smallest of m times (m - i + 1); Benjamini-Hochberg: times m / i; both made
    monotone and cut at 1. NaN (not tested) stays NaN and does not count. Equals R's ``p.adjust``.
    statsmodels' ``multipletests`` gives the same, but collects garbage at every call (60 ms).
    """
    if method not in ("holm", "fdr_bh"):
        raise ValueError(f"method must be holm or fdr_bh, not {method!r}")
    p = np.asarray(p_values, dtype=float)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    place = np.arange(1, len(order) + 1)
    if method == "holm":
        raised = np.maximum.accumulate(p[order] * (len(order) - place + 1))
    else:
        raised = np.minimum.accumulate((p[order] * len(order) / place)[::-1])[::-1]
    adjusted = np.full(p.shape, np.nan)
    adjusted[order] = np.minimum(raised, 1)
    return adjusted
