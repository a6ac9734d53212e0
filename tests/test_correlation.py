"""Correlations: R's values, intervals, thin and constant items."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from reference_results import R
from satisfaction.methods.correlation import (
    _fisher_interval,
    correlation_matrix,
    correlations,
)

REFERENCE = Path(__file__).parent / "reference"
A = ["A1", "A2", "A3", "A4", "A5"]


@pytest.fixture(scope="module")
def agreeableness() -> pd.DataFrame:
    """psych::bfi A1-A5 with A1 reversed, complete answers."""
    data = pd.read_csv(REFERENCE / "bfi_agreeableness.csv").dropna()
    return data.assign(A1=7 - data["A1"])


def test_spearman_and_tau_b_equal_r(agreeableness):
    # R: cor(complete A, method = 'spearman'), lower triangle column by column
    expected = R["bfi_spearman"]["values"]
    result = correlations(agreeableness, A)
    assert result.rows["estimate"].tolist() == pytest.approx(expected["r"], rel=1e-9)
    # R: cor(A1, A2, method = 'kendall')
    kendall = correlations(agreeableness, A[:2], method="kendall")
    assert kendall.rows["estimate"][0] == pytest.approx(expected["tau_b_12"], rel=1e-9)


def test_pairwise_pearson_p_values_and_holm_equal_psych():
    # R: psych::corr.test(sat.act, adjust = 'holm'), pairwise
    expected = R["satact_corrtest"]["values"]
    data = pd.read_csv(REFERENCE / "sat_act.csv")
    result = correlations(data, list(data.columns), method="pearson")
    act = result.row(item_a="ACT", item_b="SATV")
    assert act["estimate"] == pytest.approx(expected["r_ACT_SATV"], rel=1e-9)
    education = result.row(item_a="education", item_b="age")
    assert education["estimate"] == pytest.approx(expected["r_education_age"], rel=1e-9)
    gender = result.row(item_a="gender", item_b="SATQ")
    assert gender["n"] == expected["n_SATQ_gender"]
    assert gender["p_value"] == pytest.approx(expected["p_raw_gender_SATQ"], rel=1e-6)
    assert gender["p_holm"] == pytest.approx(expected["p_holm_gender_SATQ"], rel=1e-6)


def test_missing_answers_are_ranked_pair_by_pair():
    data = pd.read_csv(REFERENCE / "bfi_agreeableness.csv").iloc[:300]
    result = correlations(data, A)
    for row in result.rows.itertuples():
        both = data[[row.item_a, row.item_b]].dropna()
        expected = spearmanr(both)
        assert row.n == len(both)
        assert row.estimate == pytest.approx(expected.statistic, rel=1e-12)
        assert row.p_value == pytest.approx(expected.pvalue, rel=1e-6)


def test_intervals_by_hand():
    # r = 0.5 at n = 103: z = 0.549306, pearson SE 0.1, spearman SE sqrt(1.125)/10, Bonett-Wright
    r, n = pd.Series([0.5]), pd.Series([103])
    low, high = _fisher_interval(r, n, "pearson", 0.95)
    assert (low[0], high[0]) == pytest.approx(
        (np.tanh(0.5493061 - 0.1959964), np.tanh(0.5493061 + 0.1959964))
    )
    low, high = _fisher_interval(r, n, "spearman", 0.95)
    half = 1.959964 * np.sqrt(1.125) / 10
    assert (low[0], high[0]) == pytest.approx((np.tanh(0.549306 - half), np.tanh(0.549306 + half)))


def test_outcome_gives_only_its_pairs(agreeableness):
    result = correlations(agreeableness, A[:4], outcome="A5")
    assert list(result.rows["item_b"]) == ["A5"] * 4
    assert result.stages["pairs"] == 4


def test_matrix_is_square_and_symmetric(agreeableness):
    square = correlation_matrix(correlations(agreeableness, A))
    assert list(square.index) == list(square.columns) == A
    assert np.allclose(square, square.T)
    assert (np.diag(square) == 1).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["spearman", "kendall", "pearson"]))
def test_row_order_is_irrelevant_and_intervals_hold_the_estimate(seed, method):
    random = np.random.default_rng(seed)
    data = pd.DataFrame(random.integers(1, 6, size=(30, 3)).astype(float), columns=list("abc"))
    data = data.mask(random.random(data.shape) < 0.1)
    rows = correlations(data, list("abc"), method=method).rows
    shuffled = correlations(data.sample(frac=1, random_state=1), list("abc"), method=method).rows
    pd.testing.assert_frame_equal(rows, shuffled)
    fine = rows[rows["reason"] == ""]
    assert ((fine["ci_low"] <= fine["estimate"]) & (fine["estimate"] <= fine["ci_high"])).all()
    assert (fine["p_holm"] >= fine["p_value"]).all()


@pytest.mark.parametrize("method", ["spearman", "kendall", "pearson"])
def test_thin_and_constant_items_give_a_reason(method):
    data = pd.DataFrame({"a": np.arange(20.0), "b": 3.0, "c": [1.0] * 4 + [np.nan] * 16})
    rows = correlations(data.assign(d=data["a"] * 2), list("abcd"), method=method).rows
    reason = {(r.item_a, r.item_b): r.reason for r in rows.itertuples()}
    assert reason[("a", "b")] == "constant"
    assert reason[("a", "c")] == "too_few"
    assert reason[("a", "d")] == ""
    perfect = rows[(rows["item_a"] == "a") & (rows["item_b"] == "d")].iloc[0]
    assert perfect["estimate"] == perfect["ci_low"] == perfect["ci_high"] == pytest.approx(1)
    assert rows.loc[rows["reason"] != "", "estimate"].isna().all()


def test_no_answers_at_all():
    empty = pd.DataFrame({"a": [], "b": []}, dtype=float)
    assert list(correlations(empty, ["a", "b"]).rows["reason"]) == ["too_few"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": ["a", "x"]}, "unknown columns: x"),
        ({"items": ["a", "b"], "method": "phi"}, "method must be"),
        ({"items": ["a", "b"], "level": 0}, "level"),
        ({"items": ["a", "b"], "outcome": "a"}, "named once"),
    ],
)
def test_wrong_arguments_are_errors(arguments, message):
    data = pd.DataFrame({"a": [1.0, 2], "b": [1.0, 2]})
    with pytest.raises(ValueError, match=message):
        correlations(data, **arguments)
