"""Post-stratified and raked weights, and what weights cost."""

from __future__ import annotations

import pandas as pd

from satisfaction.certification.case import Case, Values
from satisfaction.certification.samples import clustered_schools
from satisfaction.methods.calibration import Population, post_stratify, rake
from satisfaction.methods.estimation import survey_mean, survey_total
from satisfaction.methods.weighting import kish_deff

SCHOOL_TYPES: Population = {"E": 4421, "H": 755, "M": 1018}
WHOLE_SCHOOL_TARGET: Population = {"No": 1072, "Yes": 5122}


def _mean_and_total(data: pd.DataFrame) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for name, result in (
        ("mean_api00", survey_mean(data, ["api00"])),
        ("total_enroll", survey_total(data, ["enroll"])),
    ):
        rows = result.rows.set_index("item")
        found[name] = {"est": rows["estimate"].to_dict(), "se": rows["std_error"].to_dict()}
    return found


def _raked() -> pd.DataFrame:
    margins = {"stype": SCHOOL_TYPES, "sch.wide": WHOLE_SCHOOL_TARGET}
    return rake(clustered_schools(), margins)


def _post_stratification() -> Values:
    return _mean_and_total(post_stratify(clustered_schools(), "stype", SCHOOL_TYPES))


def _raking() -> Values:
    data = _raked()
    weight = data["weight"]
    return {
        **_mean_and_total(data),
        "w_min": weight.min(),
        "w_max": weight.max(),
        "w_first": weight.iloc[0],
    }


def _cost_of_weights() -> Values:
    weight = _raked()["weight"]
    deff = kish_deff(weight)
    return {"deff_w": deff, "n_eff": len(weight) / deff}


CASES = (
    Case("poststrat_clus1", _post_stratification),
    Case("rake_clus1", _raking),
    Case("kish_deff_rake", _cost_of_weights),
)
