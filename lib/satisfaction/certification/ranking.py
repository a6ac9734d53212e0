"""Fair comparison of projects: shrinkage and funnel limits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction.certification.case import Case, Values
from satisfaction.certification.reference import data_set
from satisfaction.methods.funnel import funnel_limits
from satisfaction.methods.shrinkage import fay_herriot


def _district_means() -> pd.DataFrame:
    """Districts of three schools and more: mean score and the variance of that mean."""
    schools = data_set("apiclus1").groupby("dnum")["api00"]
    table = schools.agg(["size", "mean", "var"]).reset_index()
    table = table[table["size"] >= 3].reset_index(drop=True)
    return pd.DataFrame(
        {
            "project": table["dnum"],
            "estimate": table["mean"],
            "std_error": np.sqrt(table["var"] / table["size"]),
        }
    )


def _shrinkage() -> Values:
    districts = _district_means()
    result = fay_herriot(districts)
    return {
        "dnum": districts["project"].to_numpy(),
        "y": districts["estimate"].to_numpy(),
        "v": districts["std_error"].to_numpy() ** 2,
        "mu": result.stages["mean"],
        "se": result.stages["mean_std_error"],
        "tau2": result.stages["tau2"],
        "blup": result.rows["estimate"].to_numpy(),
    }


def _funnel() -> Values:
    sizes = [10, 50, 100, 400]
    rows = funnel_limits(sizes, 0.8).rows
    limits = {
        f"{side}{short}": rows.loc[rows["level"] == level, column].to_numpy()
        for short, level in (("95", 0.95), ("998", 0.998))
        for side, column in (("lo", "ci_low"), ("hi", "ci_high"))
    }
    return {"n": sizes, **limits}


CASES = (Case("fayherriot_PM", _shrinkage), Case("funnel_binom", _funnel))
