"""The data sets of the reference results, under the names that our methods know."""

from __future__ import annotations

import pandas as pd

from satisfaction.certification.reference import data_set

DESIGN = {"pw": "weight", "fpc": "stratum_population"}
AGREEABLENESS = ["A1", "A2", "A3", "A4", "A5"]
SATISFACTION = {"Low": 1, "Medium": 2, "High": 3}
TYPES = ["Tower", "Apartment", "Atrium", "Terrace"]


def stratified_schools() -> pd.DataFrame:
    """R's ``dstrat``: 200 schools in three strata of school type."""
    data = data_set("apistrat").rename(columns=DESIGN)
    return _with_whole_school_target(data.assign(stratum=data["stype"]))


def random_schools() -> pd.DataFrame:
    """R's ``dsrs``: a simple random sample of 200 schools."""
    return data_set("apisrs").rename(columns=DESIGN)


def clustered_schools() -> pd.DataFrame:
    """R's ``dclus1``: all schools of 15 districts."""
    data = data_set("apiclus1").rename(columns={**DESIGN, "dnum": "cluster"})
    return _with_whole_school_target(data)


def two_stage_schools() -> pd.DataFrame:
    """R's ``dclus2``: some schools of 40 districts."""
    names = {"pw": "weight", "dnum": "cluster", "fpc1": "stratum_population"}
    return data_set("apiclus2").rename(columns={**names, "fpc2": "cluster_population"})


def agreeableness() -> pd.DataFrame:
    """Five items of a personality questionnaire on 1-6, the first reversed (7 - x)."""
    data = data_set("bfi")[AGREEABLENESS]
    return data.assign(A1=7 - data["A1"])


def tenants() -> pd.DataFrame:
    """MASS ``housing``, one row per tenant; satisfaction and influence as 1, 2, 3."""
    table = data_set("housing")
    data = table.loc[table.index.repeat(table["Freq"])].reset_index(drop=True)
    return data.assign(
        satisfaction=data["Sat"].map(SATISFACTION), influence=data["Infl"].map(SATISFACTION)
    )


def _with_whole_school_target(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(target_met=(data["sch.wide"] == "Yes").astype(float))
