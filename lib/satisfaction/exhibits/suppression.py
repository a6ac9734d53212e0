"""Small cells hidden, and as many more as it takes that none can be computed from what is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def hidden_cells(counts: pd.DataFrame, minimum_n: int) -> NDArray[np.bool_]:
    """Cells to hide in a table of answer counts (rows and columns are families with a total).

    A cell with 1 to ``minimum_n - 1`` answers is hidden. Where a row or column would have exactly
    one hidden cell, total minus the rest would reveal it: the smallest shown cell of that row or
    column is hidden too, until nothing changes. Cells without answers hide nothing.
    """
    n = counts.fillna(0).to_numpy(dtype=float)
    hidden = np.asarray((n > 0) & (n < minimum_n))
    changed = True
    while changed:
        changed = False
        for family in (*_lines(n, hidden), *_lines(n.T, hidden.T)):
            sizes, mask = family
            open_cells = np.flatnonzero((sizes > 0) & ~mask)
            if mask.sum() == 1 and len(open_cells):
                mask[open_cells[sizes[open_cells].argmin()]] = True  # a view: writes to ``hidden``
                changed = True
    return hidden


def without_small(rows: pd.DataFrame, minimum_n: int) -> pd.DataFrame:
    """Rows on fewer than ``minimum_n`` answers lose their numbers and get the reason."""
    if "n" not in rows or "estimate" not in rows:
        return rows
    n = rows["n"].to_numpy(dtype=float)
    small = (n > 0) & (n < minimum_n)
    numbers = [name for name in ("estimate", "ci_low", "ci_high", "n") if name in rows]
    kept = {name: np.where(small, np.nan, rows[name].to_numpy(dtype=float)) for name in numbers}
    reason = rows["reason"].to_numpy(dtype=object) if "reason" in rows else ""
    return rows.assign(**kept, reason=np.where(small, "too_few", reason))


def hidden_groups(counts: pd.Series, minimum_n: int) -> NDArray[np.bool_]:
    """The same for one family: groups that add up to a known total."""
    return hidden_cells(counts.to_frame().T, minimum_n)[0]


def _lines(
    n: NDArray[np.float64], hidden: NDArray[np.bool_]
) -> list[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    return [(n[place], hidden[place]) for place in range(len(n)) if n.shape[1] > 1]
