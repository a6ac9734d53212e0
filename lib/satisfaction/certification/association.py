"""Associations: correlations, tables, groups, regression."""

from __future__ import annotations

import pandas as pd

from satisfaction.certification.case import Case, Values
from satisfaction.certification.reference import data_set
from satisfaction.certification.samples import (
    AGREEABLENESS,
    TYPES,
    agreeableness,
    stratified_schools,
    tenants,
)
from satisfaction.methods.association import survey_association
from satisfaction.methods.correlation import correlations
from satisfaction.methods.ordinal_association import rank_association
from satisfaction.methods.pearson import survey_correlation
from satisfaction.methods.polychoric import polychoric_correlations
from satisfaction.methods.rank_tests import kruskal_wallis, pairwise_ranks
from satisfaction.methods.regression import survey_regression
from satisfaction.methods.reliability import ordinal_alpha
from satisfaction.methods.significance import chi2_p_value

R_STOPS_EARLY = "R's optimizer stops about 1e-5 from the maximum of the likelihood"


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


def _weighted_correlations() -> Values:
    rows = survey_correlation(stratified_schools(), ["api00", "meals", "ell"]).rows
    return {f"r_{row.item_a}_{row.item_b}": row.estimate for row in rows.itertuples()}


def _polychoric() -> Values:
    complete = agreeableness().dropna()
    alpha = ordinal_alpha(complete, {"A": AGREEABLENESS}).rows
    return {
        "r": polychoric_correlations(complete, AGREEABLENESS).rows["estimate"].to_numpy(),
        "alpha_ordinal": alpha["estimate"].iloc[0],
    }


def _ordinal_association() -> Values:
    data, pair = tenants(), ["influence", "satisfaction"]
    rows = rank_association(data, *pair).rows
    likelihood = polychoric_correlations(data, pair, estimator="ml").rows.iloc[0]
    return {
        **dict(zip(rows["measure"], rows["estimate"], strict=True)),
        "polychor_2step": polychoric_correlations(data, pair).rows["estimate"].iloc[0],
        "polychor_ml": likelihood["estimate"],
        "polychor_ml_se": likelihood["std_error"],
    }


def _rao_scott() -> Values:
    row = survey_association(stratified_schools(), "sch.wide", "stype").rows.iloc[0]
    columns = {"F": "statistic", "ndf": "ndf", "ddf": "ddf", "p": "p_value", "X2": "chi_square"}
    return {name: row[column] for name, column in columns.items()}


def _independence() -> Values:
    data = tenants()
    counts = pd.crosstab(data["influence"], data["satisfaction"])
    row = survey_association(data, "influence", "satisfaction").rows.iloc[0]
    df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return {
        "X2": row["chi_square"],
        "df": df,
        "p": chi2_p_value(row["chi_square"], df),
        "V": row["estimate"],
        "table": counts.to_numpy().ravel(),
    }


def _kruskal_wallis() -> Values:
    row = kruskal_wallis(tenants(), "satisfaction", "Type").rows.iloc[0]
    return {"H": row["statistic"], "p": row["p_value"]}


def _pairs_of_types() -> Values:
    data = tenants()
    data["Type"] = pd.Categorical(data["Type"], TYPES)
    adjusted = {
        name: pairwise_ranks(data, "satisfaction", "Type", adjust=method).rows
        for name, method in (
            ("holm", "holm"), ("BH", "fdr_bh"), ("hommel", "hommel"), ("BY", "fdr_by"),
        )
    }  # fmt: skip
    values = {name: rows["p_adjusted"].to_numpy() for name, rows in adjusted.items()}
    return {"raw": adjusted["holm"]["p_value"].to_numpy(), **values}


def _regression() -> Values:
    rows = survey_regression(stratified_schools(), "api00", ["ell", "meals", "mobility"]).rows
    columns = {
        "term": "item", "coef": "estimate", "se": "std_error", "t": "statistic", "p": "p_value",
    }  # fmt: skip
    return {name: rows[column].tolist() for name, column in columns.items()}


CASES = (
    Case("svychisq_strat", _rao_scott),
    Case("svyglm_strat", _regression),
    Case("svy_corr", _weighted_correlations),
    Case("housing_chisq", _independence),
    Case(
        "housing_ordinal_assoc",
        _ordinal_association,
        looser={
            "polychor_2step": (1e-4, R_STOPS_EARLY),
            "polychor_ml": (1e-4, R_STOPS_EARLY),
            "polychor_ml_se": (1e-4, R_STOPS_EARLY),
        },
    ),
    Case("housing_kruskal", _kruskal_wallis),
    Case(
        "housing_pairwise_padj",
        _pairs_of_types,
        left_out={"order": "says in words in which order the values stand"},
    ),
    Case(
        "bfi_polychoric",
        _polychoric,
        looser={"r": (1e-4, R_STOPS_EARLY), "alpha_ordinal": (1e-5, R_STOPS_EARLY)},
    ),
    Case("bfi_spearman", _rank_correlations),
    Case("satact_corrtest", _pairwise_correlations),
)
