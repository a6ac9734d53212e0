"""How many to ask, where, and what it would find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction.certification.case import Case, Values
from satisfaction.certification.reference import data_set
from satisfaction.methods.estimation import survey_std
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
    strata = pd.DataFrame(
        {"stratum": frame["group"], "population": frame["n"], "std_dev": frame["estimate"]}
    )
    size, spread = (strata[name].to_numpy(dtype=float) for name in ("population", "std_dev"))
    parts = {
        short: allocation(strata, 200, how=how).rows["estimate"].to_numpy()
        for short, how in (("prop", "proportional"), ("neyman", "neyman"))
    }
    share, whole = size / size.sum(), survey_std(schools, ["api00"]).rows.iloc[0]
    errors = {
        f"se_{short}": np.sqrt((share**2 * spread**2 / n * (1 - n / size)).sum())
        for short, n in parts.items()
    }
    random = whole["estimate"] * np.sqrt(1 / 200 - 1 / whole["n"])
    return {"Nh": size, "Sh": spread, **parts, **errors, "se_srs": random}


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
