"""Intervals of shares and of their differences."""

from __future__ import annotations

from satisfaction.certification.case import Case, Values
from satisfaction.certification.samples import TYPES, stratified_schools, tenants
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.intervals import newcombe_difference, wilson_interval


def _wilson() -> Values:
    return {"ci": wilson_interval(81 / 263, 263)}


def _newcombe() -> Values:
    first, second = 56 / 70, 48 / 80
    parts = (first, *wilson_interval(first, 70)), (second, *wilson_interval(second, 80))
    return {"v": [first - second, *newcombe_difference(*parts[0], *parts[1])]}


def _wilson_on_effective_size() -> Values:
    data = stratified_schools()
    row = survey_proportion(data, ["target_met"], interval="wilson").rows.iloc[0]
    with_t = survey_proportion(data, ["target_met"], interval="wilson_t").rows.iloc[0]
    return {
        "p": row["estimate"],
        "se": row["std_error"],
        "n_eff": row["n_eff"],
        "ci_z": [row["ci_low"], row["ci_high"]],
        "ci_t": [with_t["ci_low"], with_t["ci_high"]],
    }


def _very_satisfied_by_type() -> Values:
    data = tenants()
    very = (data["satisfaction"] == 3).groupby(data["Type"]).agg(["sum", "size"]).loc[TYPES]
    x, n = very.to_numpy(dtype=float).T
    low, high = wilson_interval(x / n, n)
    return {"type": TYPES, "x": x, "n": n, "p": x / n, "lo": low, "hi": high}


CASES = (
    Case("wilson_81_263", _wilson),
    Case("newcombe_diff_56_70_48_80", _newcombe),
    Case("wilson_neff_strat", _wilson_on_effective_size),
    Case("housing_high_by_type_wilson", _very_satisfied_by_type),
)
