"""Intraclass correlations against psych::ICC, Shrout & Fleiss's own example and pingouin."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reference_results import R
from satisfaction.methods.agreement import intraclass_correlation
from satisfaction.methods.reliability import cronbach_alpha

REFERENCE = Path(__file__).parent / "reference"
A = ["A1", "A2", "A3", "A4", "A5"]
# Shrout & Fleiss (1979), table 2: four judges, six targets
JUDGES = pd.DataFrame(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    columns=["j1", "j2", "j3", "j4"],
)
FIGURES = ["estimate", "ci_low", "ci_high", "statistic", "df1", "df2", "p_value"]


def test_six_correlations_equal_psych():
    # R: psych::ICC(first 200 complete rows of A1..A5, A1 reversed, lmer = FALSE)
    data = pd.read_csv(REFERENCE / "bfi_agreeableness.csv").dropna().head(200)
    rows = intraclass_correlation(data.assign(A1=7 - data["A1"]), A).rows
    expected = R["bfi_icc"]["values"]
    assert rows["type"].tolist() == expected["type"]
    assert rows["estimate"].tolist() == pytest.approx(expected["ICC"], rel=1e-9)


def test_published_example():
    # Shrout & Fleiss (1979), table 4
    rows = intraclass_correlation(JUDGES, list(JUDGES)).rows
    assert rows["estimate"].round(2).tolist() == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_intervals_and_tests_equal_pingouin():
    import pingouin

    tall = JUDGES.reset_index().melt("index", var_name="judge", value_name="score")
    found = pingouin.intraclass_corr(tall, targets="index", raters="judge", ratings="score")
    rows = intraclass_correlation(JUDGES, list(JUDGES)).rows
    assert rows["estimate"].tolist() == pytest.approx(found["ICC"].tolist(), rel=1e-9)
    assert rows["statistic"].tolist() == pytest.approx(found["F"].tolist(), rel=1e-9)
    assert rows["p_value"].tolist() == pytest.approx(found["pval"].tolist(), rel=1e-9)
    assert rows["df2"].tolist() == found["df2"].tolist()
    ends = np.array(found["CI95"].tolist())  # pingouin rounds these to two digits
    assert rows[["ci_low", "ci_high"]].to_numpy() == pytest.approx(ends, abs=0.006)


def test_consistency_of_the_mean_is_cronbachs_alpha():
    rows = intraclass_correlation(JUDGES, list(JUDGES)).rows.set_index("type")
    alpha = cronbach_alpha(JUDGES, {"all": list(JUDGES)}, minimum_n=3).rows.iloc[0]
    assert rows["estimate"]["ICC3k"] == pytest.approx(alpha["estimate"], rel=1e-9)
    assert rows["ci_low"]["ICC3k"] == pytest.approx(alpha["ci_low"], rel=1e-9)


def test_raters_who_agree_exactly():
    data = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [1.0, 2, 3, 4, 5]})
    rows = intraclass_correlation(data, ["a", "b"]).rows
    assert rows["estimate"].tolist() == [1] * 6
    assert (rows["p_value"] == 0).all()
    assert (rows[["ci_low", "ci_high"]] == 1).all(axis=None)
    stricter = intraclass_correlation(data.assign(b=data["b"] - 1), ["a", "b"]).rows
    by_type = stricter.set_index("type")["estimate"]
    assert by_type["ICC3"] == 1  # the order is the same
    assert by_type["ICC2"] < 1  # the level is not


def test_thin_ratings_give_a_reason():
    assert set(intraclass_correlation(JUDGES, ["j1"]).rows["reason"]) == {"single_item"}
    few = intraclass_correlation(JUDGES.head(4), list(JUDGES)).rows
    assert set(few["reason"]) == {"too_few"}
    assert few["estimate"].isna().all()
    empty = intraclass_correlation(JUDGES.assign(j4=np.nan), list(JUDGES))
    assert set(empty.rows["reason"]) == {"no_answers"}
    assert empty.exclusions == {"incomplete": 6}
    flat = intraclass_correlation(JUDGES * 0 + 4, list(JUDGES)).rows
    assert set(flat["reason"]) == {"constant"}
    gaps = intraclass_correlation(JUDGES.mask(JUDGES == 10), list(JUDGES))
    assert gaps.n == 5
    assert gaps.rows[FIGURES].notna().all(axis=None)


def test_wrong_arguments_are_errors():
    with pytest.raises(ValueError, match="no column z"):
        intraclass_correlation(JUDGES, ["j1", "z"])
    with pytest.raises(ValueError, match="once"):
        intraclass_correlation(JUDGES, ["j1", "j1"])
    with pytest.raises(ValueError, match="level"):
        intraclass_correlation(JUDGES, list(JUDGES), level=0)
