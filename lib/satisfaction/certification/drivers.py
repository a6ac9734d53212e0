"""What goes with the overall answer: shares of R², and the ordinal model that checks them."""

from __future__ import annotations

import pandas as pd

from satisfaction.certification.case import Case, Values
from satisfaction.certification.reference import data_set
from satisfaction.certification.samples import SATISFACTION, stratified_schools
from satisfaction.methods.drivers import johnson_weights, shapley_importance
from satisfaction.methods.ordinal import proportional_odds
from satisfaction.methods.result import Result

ATTITUDE = ["complaints", "privileges", "learning", "raises", "critical", "advance"]
FEW = 20  # bootstrap draws: only the estimates are compared


def _shares(result: Result) -> Values:
    return dict(zip(result.rows["item"], result.rows["estimate"], strict=True))


def _shapley() -> Values:
    data = data_set("attitude")
    result = shapley_importance(data, "rating", ATTITUDE, seed=1, draws=FEW)
    alone = {
        item: shapley_importance(data, "rating", [item], seed=1, draws=FEW).stages["r_squared"]
        for item in ATTITUDE
    }
    return {"R2": result.stages["r_squared"], "lmg": _shares(result), "first": alone}


def _johnson() -> Values:
    return {"rw": _shares(johnson_weights(data_set("attitude"), "rating", ATTITUDE, seed=1,
                                          draws=FEW))}  # fmt: skip


def _weighted_shapley() -> Values:
    items = ["meals", "ell", "mobility", "avg.ed"]
    result = shapley_importance(stratified_schools(), "api00", items, seed=1, draws=FEW)
    return {"n": result.n, "lmg": _shares(result), "R2": result.stages["r_squared"]}


def _proportional_odds() -> Values:
    table = data_set("housing")
    levels = {
        "Infl": ["Medium", "High"], "Type": ["Apartment", "Atrium", "Terrace"], "Cont": ["High"],
    }  # fmt: skip
    indicators = {
        f"{column}{level}": (table[column] == level).astype(float)
        for column, names in levels.items()
        for level in names
    }
    data = pd.DataFrame({"Sat": pd.Categorical(table["Sat"], list(SATISFACTION), ordered=True),
                         "Freq": table["Freq"], **indicators})  # fmt: skip
    result = proportional_odds(data, "Sat", list(indicators), frequency="Freq")
    rows = result.rows.set_index("item")
    threshold = rows["kind"] == "threshold"
    return {
        "coef": rows.loc[~threshold, "estimate"].to_dict(),
        "zeta": rows.loc[threshold, "estimate"].to_dict(),
        "se": rows["std_error"].to_dict(),
        "deviance": result.stages["deviance"],
    }


CASES = (
    Case("lmg_attitude", _shapley),
    Case("johnson_attitude", _johnson),
    Case("lmg_weighted_api", _weighted_shapley),
    Case("housing_polr", _proportional_odds),
)
