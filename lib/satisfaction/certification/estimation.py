"""Means, totals, quantiles and shares of sample surveys: R's ``survey``."""

from __future__ import annotations

import pandas as pd

from satisfaction.certification.case import Case, Values
from satisfaction.certification.samples import (
    clustered_schools,
    random_schools,
    stratified_schools,
    two_stage_schools,
)
from satisfaction.methods.estimation import (
    survey_mean,
    survey_proportion,
    survey_quantile,
    survey_total,
)
from satisfaction.methods.result import Result


def _estimate_and_error(result: Result) -> Values:
    rows = result.rows.set_index("item")
    return {"est": rows["estimate"].to_dict(), "se": rows["std_error"].to_dict()}


def _random_sample() -> Values:
    return _estimate_and_error(survey_mean(random_schools(), ["api00"]))


def _stratified_mean() -> Values:
    result = survey_mean(stratified_schools(), ["api00"])
    row = result.rows.iloc[0]
    return {
        **_estimate_and_error(result),
        "ci95": [row["ci_low"], row["ci_high"]],
        "df": row["df"],
    }


def _without_fpc() -> Values:
    data = stratified_schools().drop(columns="stratum_population")
    return _estimate_and_error(survey_mean(data, ["api00"]))


def _design_effect() -> Values:
    row = survey_mean(stratified_schools(), ["api00"]).rows.iloc[0]
    return {"deff": row["deff"], "deff_wr": row["n"] / row["n_eff"]}


def _total() -> Values:
    return _estimate_and_error(survey_total(stratified_schools(), ["enroll"]))


def _one_stage() -> Values:
    result = survey_mean(clustered_schools(), ["api00"])
    return {**_estimate_and_error(result), "df": result.rows["df"].iloc[0]}


def _two_stages() -> Values:
    return _estimate_and_error(survey_mean(two_stage_schools(), ["api00"]))


def _domains() -> Values:
    rows = survey_mean(stratified_schools(), ["api00"], by="stype").rows.set_index("group")
    return {"est": rows["estimate"].to_dict(), "se": rows["std_error"].to_dict()}


def _quantiles() -> Values:
    rows = survey_quantile(stratified_schools(), ["api00"], q=(0.25, 0.5, 0.75)).rows
    columns = {"q": "estimate", "lo": "ci_low", "hi": "ci_high", "se": "std_error"}
    return {name: rows[column].to_numpy() for name, column in columns.items()}


def _shares() -> Values:
    data = stratified_schools()
    data = data.assign(**{"sch.wideYes": data["target_met"], "sch.wideNo": 1 - data["target_met"]})
    return _estimate_and_error(survey_proportion(data, ["sch.wideNo", "sch.wideYes"]))


def _share(data: pd.DataFrame, interval: str) -> Values:
    row = survey_proportion(data, ["target_met"], interval=interval).rows.iloc[0]
    return {"est": row["estimate"], "ci": [row["ci_low"], row["ci_high"]]}


CASES = (
    Case("srs_mean_fpc", _random_sample),
    Case("strat_mean_fpc", _stratified_mean),
    Case("strat_mean_nofpc", _without_fpc),
    Case("strat_mean_deff", _design_effect),
    Case("strat_total_fpc", _total),
    Case("clus1_mean", _one_stage),
    Case("clus2_mean", _two_stages),
    Case("strat_domain_stratum", _domains),
    Case("strat_median", _quantiles),
    Case("strat_prop", _shares),
    Case("ciprop_beta", lambda: _share(stratified_schools(), "korn_graubard")),
    Case("ciprop_mean", lambda: _share(stratified_schools(), "wald")),
    Case("ciprop_clus1_beta", lambda: _share(clustered_schools(), "korn_graubard")),
)
