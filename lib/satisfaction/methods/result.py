"""What every statistical method returns.

Result columns are the same everywhere: key columns first (``item``, ``group``, ...), then
``estimate, std_error, ci_low, ci_high, n, n_eff, deff, df, method, reason``.
Proportions stay between 0 and 1; nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import pandas as pd

STATISTICS = (
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "n",
    "n_eff",
    "deff",
    "df",
    "method",
    "reason",
)


@dataclass(frozen=True)
class Result:
    """Tidy rows of one statistic, with how they were made and what was left out.

    rows        one row per estimate; NaN in ``estimate`` always comes with a ``reason`` code
    method      code of the method, e.g. ``"wilson_n_eff"`` (exhibits put it into words)
    level       confidence level of the intervals
    n           answers that entered (the largest over the rows)
    stages      named intermediate quantities, in the order they were computed
    exclusions  why rows of the input did not enter -> how many
    """

    rows: pd.DataFrame
    method: str
    level: float = 0.95
    n: int = 0
    stages: Mapping[str, Any] = field(default_factory=dict)
    exclusions: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", MappingProxyType(dict(self.stages)))
        object.__setattr__(self, "exclusions", MappingProxyType(dict(self.exclusions)))

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, **keys: Any) -> pd.Series:
        """The one row whose key columns have these values; KeyError if none or several."""
        hit = pd.Series(True, index=self.rows.index)
        for column, value in keys.items():
            hit &= self.rows[column] == value
        found = self.rows[hit]
        if len(found) != 1:
            raise KeyError(f"{len(found)} rows of {self.method} match {keys}")
        return found.iloc[0]

    def in_order(self, column: str, values: Sequence[Any]) -> Result:
        """The same Result with its rows in the order of ``values`` of a key column."""
        place = {value: number for number, value in enumerate(values)}
        rows = self.rows.sort_values(column, key=lambda v: v.map(place), kind="stable")
        return replace(self, rows=rows.reset_index(drop=True))
