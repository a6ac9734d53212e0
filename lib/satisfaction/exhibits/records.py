"""Rows and columns of small tables as plain Python values.

A chart or table goes through them one by one: pandas' own rows cost a hundred times as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

Record = Mapping[Any, Any]


def records(rows: pd.DataFrame) -> list[Record]:
    """Each row by the names of its columns."""
    names = list(rows.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*values(rows), strict=True)]


def crossed(rows: pd.DataFrame, down: str, across: str, value: str) -> pd.DataFrame:
    """One column by two others, in the order in which their values occur; NaN where none is."""
    cells: dict[Any, dict[Any, float]] = {}
    columns: dict[Any, None] = {}
    for line, column, found in zip(*values(rows[[down, across, value]]), strict=True):
        columns[column] = None
        cells.setdefault(line, {})[column] = found
    table = [[line.get(column, np.nan) for column in columns] for line in cells.values()]
    return pd.DataFrame(table, index=[*cells], columns=[*columns], dtype=float)


def values(rows: pd.DataFrame) -> list[list[Any]]:
    """The values of each column."""
    return [rows.iloc[:, place].to_numpy(dtype=object).tolist() for place in range(rows.shape[1])]
