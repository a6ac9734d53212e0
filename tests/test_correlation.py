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
from satisfaction.methods.partial import partial_correlations

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


PREDICTORS = ["complaints", "privileges", "learning", "raises", "critical", "advance"]


@pytest.fixture(scope="module")
def attitude() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "attitude.csv")


def test_partial_correlations_equal_pingouin(attitude):
    from pingouin import partial_corr

    result = partial_correlations(attitude, "rating", PREDICTORS)
    assert result.method == "partial"
    for item in PREDICTORS:
        others = [name for name in PREDICTORS if name != item]
        expected = partial_corr(attitude, x=item, y="rating", covar=others)
        row = result.row(item=item)
        assert row["estimate"] == pytest.approx(float(expected["r"].iloc[0]), rel=1e-9)
        p_name = next(name for name in expected if name.startswith("p"))
        assert row["p_value"] == pytest.approx(float(expected[p_name].iloc[0]), rel=1e-6)
        low, high = next(expected[name].iloc[0] for name in expected if name.startswith("CI"))
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), abs=0.0051)
    assert (result.rows["p_holm"] >= result.rows["p_value"]).all()


def test_weighted_partial_correlation_is_that_of_weighted_residuals(attitude):
    random = np.random.default_rng(0)
    data = attitude.assign(weight=random.uniform(0.5, 3, len(attitude)))
    result = partial_correlations(data, "rating", PREDICTORS[:3])
    assert result.method == "partial_linearised"
    root = np.sqrt(data["weight"].to_numpy())
    x = np.column_stack([np.ones(len(data)), data[PREDICTORS[1:3]]]) * root[:, None]
    left = []
    for name in ("complaints", "rating"):
        y = data[name].to_numpy() * root
        left.append(y - x @ np.linalg.lstsq(x, y, rcond=None)[0])
    r = left[0] @ left[1] / np.sqrt((left[0] @ left[0]) * (left[1] @ left[1]))
    assert result.row(item="complaints")["estimate"] == pytest.approx(r, rel=1e-9)
    doubled = data.assign(weight=2 * data["weight"])
    again = partial_correlations(doubled, "rating", PREDICTORS[:3])
    pd.testing.assert_frame_equal(result.rows, again.rows)


def test_partial_correlation_s_standard_error_with_gaps():
    # 80 surveys of 150 sheets, 10 % gaps: mean standard error against the spread of estimates
    estimates, errors = [], []
    for seed in range(80):
        random = np.random.default_rng(seed)
        x = random.normal(size=(150, 3)) + random.normal(size=(150, 1))
        data = pd.DataFrame(x, columns=list("abc"))
        data["y"] = x @ [0.5, 0.3, 0] + random.normal(size=150)
        data = data.mask(random.random(data.shape) < 0.1)
        rows = partial_correlations(data, "y", list("abc")).rows
        estimates.append(rows["estimate"])
        errors.append(rows["std_error"])
    ratio = np.mean(errors, axis=0) / np.std(estimates, axis=0)
    assert ratio == pytest.approx(1, abs=0.25)


def test_partial_correlations_of_thin_constant_and_collinear_items(attitude):
    data = pd.concat([attitude] * 3, ignore_index=True)
    data = data.assign(
        copy=data["raises"] * 2, same=1.0, thin=data["advance"].where(data.index < 9)
    )
    rows = partial_correlations(data, "rating", [*PREDICTORS, "copy", "same", "thin"]).rows
    reason = dict(zip(rows["item"], rows["reason"], strict=True))
    assert reason["copy"] == "collinear"
    assert reason["same"] == "constant"
    assert reason["thin"] == "too_few"
    assert reason["raises"] == ""
    expected = partial_correlations(data, "rating", PREDICTORS).rows["estimate"]
    assert rows["estimate"].iloc[:6].tolist() == pytest.approx(expected.tolist())
    few = partial_correlations(attitude.iloc[:20], "rating", PREDICTORS).rows
    assert (few["reason"] == "too_few").all()
    explained = data.assign(rating=data["learning"] + data["raises"])
    assert (partial_correlations(explained, "rating", PREDICTORS).rows["estimate"].isna()).all()


def test_partial_correlations_refuse_wrong_arguments(attitude):
    with pytest.raises(ValueError, match="each once"):
        partial_correlations(attitude, "rating", ["raises", "raises"])
    with pytest.raises(ValueError, match="missing must be"):
        partial_correlations(attitude, "rating", PREDICTORS, missing="none")
