"""Differences: between groups, between waves, and many tests at once."""

from __future__ import annotations

from satisfaction.certification.case import Case, Values
from satisfaction.certification.samples import random_schools, stratified_schools
from satisfaction.methods.change import wave_difference
from satisfaction.methods.differences import group_difference
from satisfaction.methods.multiplicity import adjusted_p_values


def _two_groups() -> Values:
    row = group_difference(stratified_schools(), "api00", "comp.imp").rows.iloc[0]
    return {
        "diff": row["estimate"],
        "t": row["statistic"],
        "df": row["df"],
        "p": row["p_value"],
        "ci": [row["ci_low"], row["ci_high"]],
    }


def _two_waves() -> Values:
    now, before = stratified_schools(), random_schools()
    result = wave_difference(
        now.assign(score=now["api00"]), before.assign(score=before["api99"]), ["score"],
        at_least=None,
    )  # fmt: skip
    row = result.rows.iloc[0]
    return {
        "diff": row["estimate"],
        "se": row["std_error"],
        "t": row["estimate"] / row["std_error"],
        "df": row["df"],
        "p": row["p_value"],
    }


def _published_adjustment() -> Values:
    p = [0.01, 0.02, 0.03, 0.04, 0.05]
    return {"holm": adjusted_p_values(p), "BH": adjusted_p_values(p, "fdr_bh")}


CASES = (
    Case("svyttest_strat", _two_groups),
    Case("two_wave_independent", _two_waves),
    Case("padj_published", _published_adjustment),
)
