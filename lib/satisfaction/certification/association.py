"""Associations: correlations, tests of tables and groups, regressions."""

from __future__ import annotations

import pandas as pd

from satisfaction.certification.case import Case, Values
from satisfaction.certification.reference import data_set
from satisfaction.certification.samples import AGREEABLENESS, agreeableness, stratified_schools
from satisfaction.methods.correlation import correlations
from satisfaction.methods.polychoric import polychoric
from satisfaction.methods.regression import survey_regression


def _rank_correlations() -> Values:
    complete = agreeableness().dropna()
    kendall = correlations(complete, AGREEABLENESS[:2], method="kendall")
    return {
        "r": correlations(complete, AGREEABLENESS).rows["estimate"].to_numpy(),
        "tau_b_12": kendall.rows["estimate"].iloc[0],
    }


def _pairwise_correlations() -> Values:
    data = data_set("sat_act")
    result = correlations(data, list(data.columns), method="pearson")

    def pair(first: str, second: str) -> pd.Series:
        return result.row(item_a=first, item_b=second)

    gender = pair("gender", "SATQ")
    return {
        "r_ACT_SATV": pair("ACT", "SATV")["estimate"],
        "r_education_age": pair("education", "age")["estimate"],
        "p_raw_gender_SATQ": gender["p_value"],
        "p_holm_gender_SATQ": gender["p_holm"],
        "n_SATQ_gender": gender["n"],
    }


def _regression() -> Values:
    rows = survey_regression(stratified_schools(), "api00", ["ell", "meals", "mobility"]).rows
    columns = {
        "term": "item", "coef": "estimate", "se": "std_error", "t": "statistic", "p": "p_value",
    }  # fmt: skip
    return {name: rows[column].tolist() for name, column in columns.items()}


def _polychoric() -> Values:
    rows = polychoric(agreeableness().dropna(), AGREEABLENESS).rows
    return {"r": rows["estimate"].to_numpy()}


CASES = (
    Case("svyglm_strat", _regression),
    Case("bfi_polychoric", _polychoric),
    Case("bfi_spearman", _rank_correlations),
    Case("satact_corrtest", _pairwise_correlations),
)
