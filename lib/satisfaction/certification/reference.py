"""The reference results and their data sets, as they lie in the package.

Computed with R 4.2.2: survey 4.1.1, psych 2.2.9, MASS 7.3-58, metafor 3.8, lme4; some are
published tables. The data sets come with these R packages, cut to the columns that a result needs.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = Path(__file__).parent


@cache
def reference_results() -> dict[str, dict[str, Any]]:
    """Every entry by its id: ``id, data, call, values, note``."""
    text = (FOLDER / "reference.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def data_set(name: str) -> pd.DataFrame:
    """A data set of the package; the caller owns it."""
    return _read(name).copy()


@cache
def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data" / f"{name}.csv", encoding="utf-8")
