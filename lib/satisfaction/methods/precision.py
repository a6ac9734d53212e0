"""What a planned sample will be able to say: margins of error before the field work."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction.methods.intervals import critical_value
from satisfaction.methods.result import Result


def expected_margin(
    allocation_rows: pd.DataFrame, *, proportion: float = 0.5, level: float = 0.95
) -> Result:
    """Margin of error to expect before the field work if everybody drawn answers.

    ``SE^2 = sum_h W_h^2 p(1-p)/n_h (N_h - n_h)/(N_h - 1)``, margin = z SE: the inverse of
    ``sample_size``, for any allocation. Where the rows have a ``std_dev`` S_h, that of the mean:
    ``SE^2 = sum_h W_h^2 S_h^2/n_h (1 - n_h/N_h)``. Where a ``population`` is missing, W_h = n_h/n
    and no FPC.

    Rows: ``scope`` ("all", then "stratum"), ``stratum`` ("" for all), ``estimate`` (half width of
    the interval), ``std_error``, ``n``, reason: ``empty_stratum`` if nobody is drawn from a stratum
    that has units; the whole then has no margin either.

    Source: Cochran (1977), 5.3.
    """
    if not 0 < proportion < 1:
        raise ValueError(f"proportion must lie between 0 and 1, not {proportion!r}")
    n = allocation_rows["n"].to_numpy(dtype=float)
    population = (
        allocation_rows["population"].to_numpy(dtype=float, na_value=np.nan)
        if "population" in allocation_rows.columns
        else np.full(len(n), np.nan)
    )
    if (population < n).any() or (n < 0).any():
        raise ValueError("n must lie between 0 and the population in every stratum")
    known = not np.isnan(population).any()
    sizes = population if known else n
    with np.errstate(divide="ignore", invalid="ignore"):
        if "std_dev" in allocation_rows.columns:
            spread = allocation_rows["std_dev"].to_numpy(dtype=float, na_value=np.nan) ** 2
            fpc = 1 - n / population
        else:
            spread = np.full(len(n), proportion * (1 - proportion))
            fpc = np.where(population > 1, (population - n) / (population - 1), population - n)
        variance = spread / n * np.where(np.isnan(population), 1.0, fpc)
        share = sizes / sizes.sum()
    whole = np.sum((share**2 * variance)[share > 0]) if (share > 0).any() else np.nan
    std_error = np.sqrt(np.append(whole, variance))
    std_error[~np.isfinite(std_error)] = np.nan
    rows = pd.DataFrame(
        {
            "scope": ["all"] + ["stratum"] * len(n),
            "stratum": ["", *allocation_rows["stratum"].astype(str)],
            "estimate": critical_value(level) * std_error,
            "std_error": std_error,
            "n": np.append(n.sum(), n).astype(int),
            "method": "expected_margin",
            "reason": np.where(np.isnan(std_error), "empty_stratum", ""),
        }
    )
    return Result(rows=rows, method="expected_margin", level=level, n=int(n.sum()))


def expected_domain_margins(
    frame: pd.DataFrame,
    allocation_rows: pd.DataFrame,
    by: str,
    *,
    proportion: float = 0.5,
    level: float = 0.95,
) -> Result:
    """The same for groups that cut across the strata, say buildings: n of a group is not planned.

    Linearised, with N_hd units of group d in stratum h and equal p:
    ``SE_d^2 = sum_h (N_h/N_d)^2 p(1-p)/n_h (1 - n_h/N_h) N_hd/(N_h - 1)``. For a group that is a
    stratum it is ``expected_margin``.

    frame: one row a unit, columns ``stratum`` and ``by``. Rows: ``by, group, population, n``
    (answers to expect, n_h N_hd/N_h summed), ``estimate`` (half width), ``std_error``, method,
    reason (``empty_stratum``: a stratum of the group is not asked). Units of unknown group are
    left out, and counted in ``exclusions``.
    """
    if not 0 < proportion < 1:
        raise ValueError(f"proportion must lie between 0 and 1, not {proportion!r}")
    table = frame.groupby([by, "stratum"], observed=True).size().rename("units").reset_index()
    table["size"] = table["stratum"].map(frame["stratum"].value_counts())
    table["n"] = table["stratum"].map(allocation_rows.set_index("stratum")["n"].astype(float))
    if table["n"].isna().any() or (table["n"] > table["size"]).any():
        raise ValueError("the allocation must give every stratum of the frame at most its units")
    table["whole"] = table.groupby(by, observed=True)["units"].transform("sum")
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = proportion * (1 - proportion) * table["units"] / (table["size"] - 1).clip(lower=1)
        left = table["size"] * (table["size"] - table["n"]) / table["n"]
    table["variance"] = spread * left / table["whole"] ** 2
    table["expected"] = table["n"] * table["units"] / table["size"]
    found = table.groupby(by, observed=True).agg(
        population=("units", "sum"), n=("expected", "sum"), variance=("variance", "sum")
    )
    std_error = np.sqrt(found["variance"].where(np.isfinite(found["variance"]))).to_numpy()
    rows = pd.DataFrame(
        {
            "by": by,
            "group": found.index.astype(str),
            "population": found["population"].to_numpy(),
            "n": found["n"].to_numpy(),
            "estimate": critical_value(level) * std_error,
            "std_error": std_error,
            "method": "expected_margin",
            "reason": np.where(np.isnan(std_error), "empty_stratum", ""),
        }
    )
    unknown = int(frame[by].isna().sum())
    return Result(
        rows,
        "expected_margin",
        level,
        int(allocation_rows["n"].sum()),
        exclusions={"no_group": unknown} if unknown else {},
    )
