"""Cronbach's alpha against psych::alpha."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reference_results import R
from satisfaction.methods.reliability import cronbach_alpha

REFERENCE = Path(__file__).parent / "reference"
A = ["A1", "A2", "A3", "A4", "A5"]


@pytest.fixture(scope="module")
def agreeableness() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "bfi_agreeableness.csv")
    return data.assign(A1=7 - data["A1"])


def test_listwise_alpha_and_feldt_interval_equal_psych(agreeableness):
    # R: psych::alpha(na.omit(bfi[A1..A5])), feldt interval
    expected = R["bfi_alpha_A_complete"]["values"]
    row = cronbach_alpha(agreeableness, {"A": A}).row(dimension="A")
    assert row["n"] == expected["n"]
    assert row["n_items"] == 5
    assert row["estimate"] == pytest.approx(expected["raw"], rel=1e-9)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(expected["feldt"], rel=1e-6)


def test_pairwise_alpha_equals_psych(agreeableness):
    # R: psych::alpha(bfi[A1..A5], A1 reversed 7-x), pairwise covariances
    row = cronbach_alpha(agreeableness, {"A": A}, missing="pairwise").row(dimension="A")
    assert row["estimate"] == pytest.approx(R["bfi_alpha_A"]["values"]["raw"], rel=1e-9)


def test_identical_items_have_alpha_one():
    scores = pd.Series(np.tile([1.0, 2, 3, 4, 5], 4))
    data = pd.DataFrame({"a": scores, "b": scores})
    row = cronbach_alpha(data, {"d": ["a", "b"]}).row(dimension="d")
    assert row["estimate"] == pytest.approx(1)


def test_thin_dimensions_give_a_reason():
    data = pd.DataFrame({"a": np.arange(20.0), "b": 4.0, "c": 5.0, "e": np.nan})
    data["f"] = -data["a"]
    dimensions = {
        "single": ["a"],
        "none": ["a", "e"],
        "same": ["b", "c"],
        "opposite": ["a", "f"],
    }
    rows = cronbach_alpha(data, dimensions).rows.set_index("dimension")
    assert rows["reason"].to_dict() == {
        "single": "single_item",
        "none": "no_answers",
        "same": "no_variation",
        "opposite": "no_variation",
    }
    assert rows["estimate"].isna().all()
    few = cronbach_alpha(data.head(9).assign(b=data["a"] ** 2), {"d": ["a", "b"]})
    assert few.rows["reason"][0] == "too_few"


def test_wrong_arguments_are_errors():
    data = pd.DataFrame({"a": [1.0], "b": [2.0]})
    with pytest.raises(ValueError, match="unknown columns: z"):
        cronbach_alpha(data, {"d": ["a", "z"]})
    with pytest.raises(ValueError, match="missing"):
        cronbach_alpha(data, {"d": ["a", "b"]}, missing="drop")
    with pytest.raises(ValueError, match="level"):
        cronbach_alpha(data, {"d": ["a", "b"]}, level=2)
