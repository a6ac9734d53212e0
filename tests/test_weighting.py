"""Weights, Kish's design effect, representativeness."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reference_results import R
from satisfaction.methods.weighting import kish_deff, representativeness, stratum_weights

REFERENCE = Path(__file__).parent / "reference"


def test_kish_deff_of_raked_weights_equals_r():
    # The weights of R's rake(): iterative fitting, written out here, to both margins.
    data = pd.read_csv(REFERENCE / "apiclus1.csv")
    weight = data["pw"].copy()
    margins = {
        "stype": {"E": 4421, "H": 755, "M": 1018},
        "sch.wide": {"No": 1072, "Yes": 5122},
    }
    for _ in range(200):
        for column, target in margins.items():
            weight *= data[column].map(target) / weight.groupby(data[column]).transform("sum")
    expected = R["kish_deff_rake"]["values"]
    deff = kish_deff(weight)
    assert deff == pytest.approx(expected["deff_w"], rel=1e-9)
    assert len(weight) / deff == pytest.approx(expected["n_eff"], rel=1e-9)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30))
def test_kish_deff_is_at_least_one(weights):
    assert kish_deff(weights) >= 1 - 1e-12


def test_kish_deff_refuses_what_is_no_weight():
    assert np.isnan(kish_deff([0.0, 0.0]))
    for wrong in ([1, -1], [1, np.nan], [np.inf]):
        with pytest.raises(ValueError, match="weights"):
            kish_deff(wrong)


def test_stratum_weights_count_respondents():
    data = pd.DataFrame({"stratum": ["a", "a", "b"], "stratum_population": [10.0, 10.0, 7.0]})
    assert stratum_weights(data).tolist() == [5, 5, 7]


def test_unknown_population_makes_weights_equal_within_the_project_only():
    data = pd.DataFrame(
        {
            "project": ["p", "p", "q"],
            "stratum": ["p1", "p2", "q1"],
            "stratum_population": [10.0, np.nan, 8.0],
        }
    )
    assert stratum_weights(data).tolist() == [1, 1, 1]
    assert stratum_weights(data, within="project").tolist() == [1, 1, 8]
    assert stratum_weights(data, within=["project"]).tolist() == [1, 1, 8]


def test_contradicting_populations_are_errors():
    data = pd.DataFrame({"stratum": ["a", "a"], "stratum_population": [10.0, 11.0]})
    with pytest.raises(ValueError, match="stratum 'a' has more than one"):
        stratum_weights(data)
    data["stratum_population"] = 1.0
    with pytest.raises(ValueError, match="2 sampled units but a stratum_population of only 1"):
        stratum_weights(data)


def frame_and_respondents():
    frame = pd.DataFrame(
        {"building": ["1"] * 60 + ["2"] * 40, "group": ["owner"] * 70 + ["tenant"] * 30}
    )
    return frame, frame.iloc[list(range(10)) + list(range(60, 90))]


def test_representativeness_equals_scipy_and_holm():
    frame, respondents = frame_and_respondents()
    result = representativeness(respondents, frame, ["building", "group"])
    p = [
        stats.chisquare([10, 30], [24, 16]).pvalue,
        stats.chisquare([20, 20], [28, 12]).pvalue,
    ]
    rows = result.rows
    assert rows["p_value"].tolist() == pytest.approx([p[0], p[0], p[1], p[1]])
    assert rows["p_holm"].tolist() == pytest.approx([2 * p[0]] * 2 + [p[1]] * 2)
    one = result.row(variable="building", category="1")
    assert one["difference"] == pytest.approx(0.25 - 0.6)
    assert (rows["reason"] == "").all()


def test_categories_on_one_side_only():
    frame, respondents = frame_and_respondents()
    stranger = pd.DataFrame({"building": ["9", None], "group": ["owner", "owner"]})
    result = representativeness(
        pd.concat([respondents[respondents["building"] == "2"], stranger]), frame, ["building"]
    )
    assert result.row(category="9")["reason"] == "not_comparable"
    assert result.row(category="1")["respondent_n"] == 0
    assert result.exclusions == {"missing_building": 1}
    assert result.row(category="1")["p_value"] == pytest.approx(
        stats.chisquare([0, 30], [18, 12]).pvalue
    )


def test_what_cannot_be_tested_says_why():
    frame, respondents = frame_and_respondents()
    assert (representativeness(respondents[:3], frame, ["group"]).rows["reason"] == "too_few").all()
    nobody = representativeness(respondents[:0], frame, ["group"]).rows
    assert (nobody["reason"] == "no_answers").all()
    assert len(representativeness(respondents, frame[:0], ["group"])) == 0
    with pytest.raises(ValueError, match="no column 'floor'"):
        representativeness(respondents, frame, ["floor"])
