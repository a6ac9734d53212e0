"""What goes with the overall answer: shares of R², and the ordinal model that checks them."""

from __future__ import annotations

from satisfaction.certification.case import Case, Values
from satisfaction.certification.reference import data_set
from satisfaction.certification.samples import stratified_schools
from satisfaction.methods.drivers import johnson_weights, shapley_importance
from satisfaction.methods.result import Result

ATTITUDE = ["complaints", "privileges", "learning", "raises", "critical", "advance"]
FEW = 20  # bootstrap draws: only the estimates are compared


def _shares(result: Result) -> dict[str, float]:
    return {str(row.item): float(row.estimate) for row in result.rows.itertuples()}


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


CASES = (
    Case("lmg_attitude", _shapley),
    Case("johnson_attitude", _johnson),
    Case("lmg_weighted_api", _weighted_shapley),
)
