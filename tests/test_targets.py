"""Verdicts against a target and the residents still to be won."""

from fractions import Fraction
from math import ceil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satisfaction.methods.intervals import wilson_interval
from satisfaction.methods.targets import conversions_needed, next_grade_distance, target_verdict

CUTS = {"excellent": 0.9, "good": 0.8, "average": 0.6}


def row(estimate: float, low: float, high: float, n: int = 100) -> pd.Series:
    return pd.Series(
        {"item": "overall", "estimate": estimate, "ci_low": low, "ci_high": high, "n": n}
    )


@pytest.mark.parametrize(
    ("given_row", "verdict", "reason"),
    [
        (row(0.95, 0.9, 0.98), "met", ""),
        (row(0.8, 0.7, 0.8999), "not_met", ""),
        (row(0.92, 0.88, 0.96), "cannot_tell", "interval_covers_target"),
        (row(0.8, 0.7, 0.9), "cannot_tell", "interval_covers_target"),
        (row(1.0, 0.95, 1.0, 9), "cannot_tell", "too_few"),
        (row(np.nan, np.nan, np.nan, 0), "cannot_tell", "no_answers"),
        (row(0.9, np.nan, np.nan, 30), "cannot_tell", "too_few"),
    ],
)
def test_verdict(given_row, verdict, reason):
    found = target_verdict(given_row, 0.9).rows.iloc[0]
    assert (found["verdict"], found["reason"]) == (verdict, reason)
    assert found["item"] == "overall"
    assert found["target"] == 0.9


@pytest.mark.parametrize(
    ("satisfied", "n", "target", "needed"),
    [
        (60, 70, 0.9, 3),  # 0.9 x 70 = 63 exactly
        (0, 100, 0.07, 7),  # 0.07 x 100 is 7.000000000000001 in floats: 8 would be wrong
        (0, 100, 0.29, 29),  # 0.29 x 100 is 28.999999999999996
        (64, 70, 0.9, 0),
        (0, 10, 1, 10),
        (81, 263, 0.8, 130),  # ceil(210.4) - 81
    ],
)
def test_conversions_are_exact(satisfied, n, target, needed):
    assert conversions_needed(satisfied, n, target).row(goal="point")["estimate"] == needed


@given(st.integers(1, 3000), st.floats(0, 1), st.integers(0, 100), st.sampled_from([0.9, 0.95]))
def test_conversions_are_the_smallest_that_do(n, part, percent, level):
    satisfied, target = int(part * n), percent / 100
    result = conversions_needed(satisfied, n, target, level=level)
    point = result.row(goal="point")["estimate"]
    exact = Fraction(percent, 100)
    assert satisfied + point >= exact * n
    assert point == 0 or satisfied + point - 1 < exact * n
    assert point == max(ceil(exact * n) - satisfied, 0)
    sure = result.row(goal="interval")
    lower = [float(wilson_interval(k / n, n, level)[0]) for k in range(n + 1)] if n < 150 else None
    if np.isnan(sure["estimate"]):
        assert sure["reason"] == "too_few"
        assert float(wilson_interval(1.0, n, level)[0]) < target
        return
    assert sure["estimate"] >= point
    k = satisfied + int(sure["estimate"])
    assert float(wilson_interval(k / n, n, level)[0]) >= target - 1e-12
    if lower and sure["estimate"] > 0:
        assert lower[k - 1] < target + 1e-12


def test_nobody_asked_and_an_unreachable_target():
    nobody = conversions_needed(0, 0, 0.9)
    assert list(nobody.rows["reason"]) == ["no_answers", "no_answers"]
    certain = conversions_needed(50, 50, 1.0)
    assert certain.row(goal="point")["estimate"] == 0
    assert certain.row(goal="interval")["reason"] == "too_few"


@pytest.mark.parametrize("arguments", [(5, 4, 0.9), (-1, 4, 0.9), (1, 4, 90)])
def test_wrong_arguments_are_errors(arguments):
    with pytest.raises(ValueError, match="must lie between"):
        conversions_needed(*arguments)


def test_distance_to_the_next_grade():
    found = next_grade_distance(0.85, CUTS, n=100).rows.iloc[0]
    assert (found["grade"], found["next_grade"]) == ("good", "excellent")
    assert found["estimate"] == pytest.approx(0.05)
    assert found["conversions"] == 5
    poor = next_grade_distance(1 / 3, CUTS, n=30).rows.iloc[0]
    assert (poor["next_grade"], poor["conversions"]) == ("average", 8)


def test_distance_at_the_top_at_an_edge_and_without_answers():
    top = next_grade_distance(0.95, CUTS).rows.iloc[0]
    assert top["grade"] == "excellent"
    assert top["next_grade"] == ""
    assert top["estimate"] == 0
    edge = next_grade_distance(0.9 - 1e-12, CUTS).rows.iloc[0]
    assert edge["grade"] == "excellent"
    assert edge["next_grade"] == ""
    nothing = next_grade_distance(np.nan, CUTS).rows.iloc[0]
    assert np.isnan(nothing["estimate"])
    assert nothing["reason"] == "no_answers"


def test_a_weighted_sum_that_misses_the_target_by_float_error_reaches_it() -> None:
    reached = 0.2 + 0.7  # 0.8999999999999999
    assert reached < 0.9
    row = {"estimate": reached, "ci_low": reached, "ci_high": reached, "n": 40}
    assert target_verdict(row, 0.9).rows["verdict"].item() == "met"
