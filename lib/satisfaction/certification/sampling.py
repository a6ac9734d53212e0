"""How many to ask, where, and what it would find."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.certification.case import Case, Values
from satisfaction.certification.reference import data_set
from satisfaction.methods.estimation import survey_std
from satisfaction.methods.precision import expected_margin
from satisfaction.methods.sizes import (
    power_sample_size,
    power_sample_size_means,
    sample_size,
)
from satisfaction.methods.stratification import allocation


def _krejcie_morgan() -> Values:
    sizes = [10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 75_000, 1_000_000]
    raw = [sample_size(size, margin=0.05).stages["finite_population"] for size in sizes]
    return {"N": sizes, "n": [round(value) for value in raw], "raw": raw}


def _cochran() -> Values:
    sizes = [300, 1000, 3000, 10_000]
    return {"N": sizes, "n_minus1": [sample_size(size, margin=0.05).n for size in sizes]}


def _allocation() -> Values:
    table = data_set("apipop")
    schools = table.loc[table.index.repeat(table["schools"])]
    frame = survey_std(schools, ["api00"], by="stype").rows
    whole = survey_std(schools, ["api00"]).rows.assign(group="all")
    strata, one = (_strata(rows) for rows in (frame, whole))
    parts = {
        short: allocation(strata, 200, how=how).rows["estimate"].to_numpy()
        for short, how in (("prop", "proportional"), ("neyman", "neyman"))
    }
    errors = {f"se_{short}": _std_error(strata, n) for short, n in parts.items()}
    return {
        "Nh": strata["population"].to_numpy(),
        "Sh": strata["std_dev"].to_numpy(),
        **parts,
        **errors,
        "se_srs": _std_error(one, [200]),
    }


def _strata(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {"stratum": rows["group"], "population": rows["n"], "std_dev": rows["estimate"]}
    )


def _std_error(strata: pd.DataFrame, n: npt.ArrayLike) -> float:
    """Of the mean that this allocation will give."""
    rows = expected_margin(strata.assign(n=np.asarray(n, dtype=float))).rows
    return float(rows.loc[rows["scope"] == "all", "std_error"].iloc[0])


def _power() -> Values:
    return {
        "n_prop": power_sample_size(0.80, 0.85, 0.8),
        "n_t": power_sample_size_means(0.2, 1.0, 0.8),
    }


CASES = (
    Case("krejcie_morgan", _krejcie_morgan),
    Case(
        "cochran_n",
        _cochran,
        left_out={"n_simple": "an approximation that no method here uses; the sizes are the same"},
    ),
    Case("allocation_apipop", _allocation),
    Case("power_prop", _power),
)
