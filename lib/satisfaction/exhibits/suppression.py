"""What may be shown of few answers (S4-6).

**Confidential** is what people answered where fewer than ``minimum_n`` of them did: shares, means,
distributions and tests of a group that can be recognised from outside (customer group, building,
occupancy, mode, collector, or whoever was asked a question at all). How many households there are,
were invited or answered is no answer and is shown. A group of ``minimum_n`` and more may be shown
even where all of it answers alike. So may a group together with others.

**A reader is taken to know** every page, table, CSV file, picture and record of the project, the
number of answers and the weight of every group, and the exact total over all groups.

**What follows.** Before anything is computed (`satisfaction.small_groups`), a question with fewer
than ``minimum_n`` answers is taken out of a study, so no total contains it; and strata with fewer
answer sheets are weighted together with the next larger ones, because two groups that weigh
differently can be told apart by a weighted and an unweighted total, or by one exact total alone.
Groups are parts of a total: small ones are hidden, and others with them, first those that weigh
alike and then the next larger, until all that are hidden hold ``minimum_n`` answers together and
the total leaves room for every small one: for two satisfied residents more or less, or, where even
the total alone leaves less, for as much as that. Published numbers are rounded.
"""

from __future__ import annotations

from decimal import ROUND_05UP, Context

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]

ROOM = 2.0  # satisfied residents: with an interval of two, at least two counts are possible
FIGURES = 4  # of a published number below 1; two decimals above
AGAIN = Context(prec=FIGURES, rounding=ROUND_05UP)


def hidden_cells(
    counts: pd.DataFrame,
    minimum_n: int,
    shares: pd.DataFrame | None = None,
    weights: pd.DataFrame | None = None,
) -> Mask:
    """Cells to hide in a table of groups (columns), each row adding up to a known total.

    ``counts`` answers, ``shares`` what must not be computed, ``weights`` of the groups in the
    total (default: the counts). Without ``shares`` a small cell is never hidden alone, and that
    is all. The same groups are hidden in all rows, as far as their numbers allow.
    """
    n = counts.fillna(0).to_numpy(dtype=float)
    small = (n > 0) & (n < minimum_n)
    if not small.any():
        return np.asarray(small)
    share = np.full(n.shape, np.nan) if shares is None else shares.to_numpy(dtype=float)
    weight = n if weights is None else weights.fillna(0).to_numpy(dtype=float)
    size = n.sum(axis=0)
    hidden = small.copy()
    for row in np.flatnonzero(small.any(axis=1)):
        unlike = _unlike(n[row], weight[row], small[row])
        order = np.lexsort((size, unlike))
        hidden[row] = _row(n[row], share[row], weight[row], small[row], order, minimum_n)
    return hidden


def hidden_groups(
    counts: pd.Series,
    minimum_n: int,
    shares: pd.Series | None = None,
    weights: pd.Series | None = None,
) -> Mask:
    """The same for one family of groups."""
    rows = [None if part is None else part.to_frame().T for part in (shares, weights)]
    return hidden_cells(counts.to_frame().T, minimum_n, *rows)[0]


def without_small(rows: pd.DataFrame, minimum_n: int) -> pd.DataFrame:
    """Rows on fewer than ``minimum_n`` answers lose their numbers and get the reason."""
    if "n" not in rows or "estimate" not in rows:
        return rows
    n = rows["n"].to_numpy(dtype=float)
    return withheld(rows, (n > 0) & (n < minimum_n), "too_few")


def withheld(rows: pd.DataFrame, hidden: Mask, reason: str) -> pd.DataFrame:
    """The rows, those that are hidden without numbers but with the reason."""
    numbers = [name for name in ("estimate", "ci_low", "ci_high", "n") if name in rows]
    kept = {name: np.where(hidden, np.nan, rows[name].to_numpy(dtype=float)) for name in numbers}
    known = rows["reason"].to_numpy(dtype=object) if "reason" in rows else ""
    return rows.assign(**kept, reason=np.where(hidden, reason, known))


def published(values: ArrayLike) -> Numbers:
    """Numbers as they may leave the workbook: four figures below 1, two decimals above."""
    exact = np.asarray(values, dtype=float)
    size = np.abs(exact)
    inner = np.isfinite(exact) & (size > 0) & (size < 1)
    scale = 10.0 ** (FIGURES - 1 - np.floor(np.log10(np.where(inner, size, 1.0))))
    return np.where(inner, np.rint(exact * scale) / scale, np.round(exact, 2))


def recorded(value: float) -> float:
    """The same for one number that is rounded again: whoever does reads what the page says."""
    return float(AGAIN.create_decimal(f"{value:.12g}"))


def _row(
    n: Numbers,
    share: Numbers,
    weight: Numbers,
    small: Mask,
    order: NDArray[np.intp],
    minimum_n: int,
) -> Mask:
    wanted = np.minimum(np.minimum(ROOM / n[small], 1.0), _room(share, weight, small, n > 0))
    hidden = small.copy()
    for column in order:
        together = hidden.sum() > 1 and n[hidden].sum() >= minimum_n
        if together and (_room(share, weight, small, hidden) >= wanted - 1e-9).all():
            break
        hidden[column] |= n[column] > 0
    return hidden


def _unlike(n: Numbers, weight: Numbers, small: Mask) -> Mask:
    """Groups whose answers weigh otherwise than those of any small one: they hide it less well."""
    each = np.divide(weight, n, out=np.zeros(len(n)), where=n > 0)
    return np.asarray(~np.isclose(each[:, None], each[small], rtol=1e-9).any(axis=1))


def _room(share: Numbers, weight: Numbers, small: Mask, hidden: Mask) -> Numbers:
    """How far the share of each small group may lie from one end to the other.

    All that is known of the hidden groups is their weighted sum: total minus what is shown.
    """
    if np.isnan(share[hidden]).any():
        return np.ones(int(small.sum()))
    own, others = weight[small], weight[hidden].sum() - weight[small]
    left = (weight[hidden] * share[hidden]).sum()
    return np.minimum(left / own, 1.0) - np.maximum((left - others) / own, 0.0)
