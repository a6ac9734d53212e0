"""Polychoric correlations: R's values, an independent likelihood, coverage, awkward tables."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal, norm

from reference_results import R
from satisfaction.methods.bivariate_normal import cell_probabilities, slopes_in_correlation
from satisfaction.methods.polychoric import polychoric_correlations

REFERENCE = Path(__file__).parent / "reference"
A = ["A1", "A2", "A3", "A4", "A5"]
# MASS::housing, xtabs(Freq ~ Infl + Sat)
HOUSING = np.array(R["housing_chisq"]["values"]["table"]).reshape(3, 3)
# R's one-dimensional search (optimize, optim) stops within about 1e-5 of the maximum; ours goes on.
R_SEARCH = 3e-5


def spread_out(counts) -> pd.DataFrame:
    """The rows behind a table of counts."""
    a, b = np.indices(np.shape(counts))
    times = np.ravel(counts)
    return pd.DataFrame({"a": np.repeat(a.ravel(), times), "b": np.repeat(b.ravel(), times)})


@pytest.fixture(scope="module")
def agreeableness() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "bfi_agreeableness.csv").dropna()
    return data.assign(A1=7 - data["A1"])


def independent_likelihood(counts, rho: float) -> float:
    """Log-likelihood at the margins' thresholds, by scipy's own bivariate normal distribution."""
    counts = np.asarray(counts, dtype=float)
    cuts = [
        np.concatenate(([-9], norm.ppf(np.cumsum(counts.sum(axis=axis))[:-1] / counts.sum()), [9]))
        for axis in (1, 0)
    ]
    grid = np.dstack(np.meshgrid(*cuts, indexing="ij"))
    below = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf(grid)
    return float((counts * np.log(np.diff(np.diff(below, axis=0), axis=1))).sum())


def test_two_step_equals_psych(agreeableness):
    # R: psych::polychoric(complete A1..A5, correct = 0)$rho, lower triangle
    rows = polychoric_correlations(agreeableness, A).rows
    assert rows["estimate"].tolist() == pytest.approx(R["bfi_polychoric"]["values"]["r"], abs=3e-5)
    assert (rows["n"] == len(agreeableness)).all()


def test_two_step_and_maximum_likelihood_equal_polycor():
    # R: polycor::polychor(xtabs(Freq ~ Infl + Sat)), and with ML = TRUE, std.err = TRUE
    expected = R["housing_ordinal_assoc"]["values"]
    data = spread_out(HOUSING)
    two_step = polychoric_correlations(data, ["a", "b"]).rows.iloc[0]
    joint = polychoric_correlations(data, ["a", "b"], estimator="ml").rows.iloc[0]
    assert two_step["estimate"] == pytest.approx(expected["polychor_2step"], abs=R_SEARCH)
    assert joint["estimate"] == pytest.approx(expected["polychor_ml"], abs=R_SEARCH)
    assert joint["std_error"] == pytest.approx(expected["polychor_ml_se"], rel=1e-4)


def test_two_step_is_the_maximum_of_an_independent_likelihood():
    data = spread_out(HOUSING)
    found = polychoric_correlations(data, ["a", "b"]).rows["estimate"][0]
    best = minimize_scalar(
        lambda rho: -independent_likelihood(HOUSING, rho), bounds=(0, 0.9), options={"xatol": 1e-7}
    )
    assert found == pytest.approx(best.x, abs=2e-6)
    assert independent_likelihood(HOUSING, found) >= -best.fun - 1e-9


def test_both_estimators_agree_where_the_answers_are_many(agreeableness):
    pair = ["A4", "A5"]
    joint = polychoric_correlations(agreeableness, pair, estimator="ml").rows.iloc[0]
    two_step = polychoric_correlations(agreeableness, pair).rows.iloc[0]
    assert joint["estimate"] == pytest.approx(two_step["estimate"], abs=0.01)
    assert joint["std_error"] == pytest.approx(two_step["std_error"], rel=0.05)


def test_cell_probabilities_equal_scipys():
    a, b = np.array([-38, -1.2, 0.0, 0.8, 38]), np.array([-38, -0.4, 1.5, 38])
    for rho in (-0.95, -0.3, 0.0, 0.6, 0.99):
        grid = np.dstack(np.meshgrid(np.clip(a, -9, 9), np.clip(b, -9, 9), indexing="ij"))
        below = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf(grid)
        expected = np.diff(np.diff(below, axis=0), axis=1)
        assert cell_probabilities(a, b, rho) == pytest.approx(expected, abs=1e-7)
        ahead, behind = (cell_probabilities(a, b, rho + step) for step in (1e-6, -1e-6))
        slopes = slopes_in_correlation(a, b, rho)
        assert slopes == pytest.approx((ahead - behind) / 2e-6, abs=1e-6)


def test_tetrachoric_of_medians_has_a_closed_form():
    # Cut at the medians: P(both above) = 1/4 + arcsin(rho) / (2 pi)  (Sheppard 1899)
    both, one = 300, 100
    data = spread_out([[both, one], [one, both]])
    row = polychoric_correlations(data, ["a", "b"]).rows.iloc[0]
    share = both / (2 * (both + one))
    assert row["estimate"] == pytest.approx(np.sin(2 * np.pi * (share - 0.25)), abs=1e-9)
    turned = polychoric_correlations(data.assign(b=1 - data["b"]), ["a", "b"]).rows.iloc[0]
    assert turned["estimate"] == pytest.approx(-row["estimate"], abs=1e-12)
    assert turned["std_error"] == pytest.approx(row["std_error"], rel=1e-9)


def test_independent_items_have_none():
    row = polychoric_correlations(spread_out(np.full((4, 3), 25)), ["a", "b"]).rows.iloc[0]
    assert row["estimate"] == pytest.approx(0, abs=1e-12)
    assert row["p_value"] == pytest.approx(1)


def test_intervals_hold_the_true_correlation():
    generator = np.random.default_rng(8)
    cuts, samples, n = [-1.5, -0.7, 0.1, 0.9], 60, 300
    covered, errors, found = 0, [], []
    for rho in (0.2, 0.8):
        z = generator.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=(samples, n))
        for one in np.digitize(z, cuts):
            row = polychoric_correlations(pd.DataFrame(one, columns=["a", "b"]), ["a", "b"]).rows
            covered += row["ci_low"][0] <= rho <= row["ci_high"][0]
            errors.append(row["std_error"][0])
            found.append(row["estimate"][0] - rho)
    assert 0.9 <= covered / (2 * samples) <= 0.99
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(found), rel=0.15)


def test_weights_count_answers_and_the_design_enters_the_error():
    data = spread_out(HOUSING).sample(600, random_state=1, ignore_index=True)
    plain = polychoric_correlations(data, ["a", "b"]).rows.iloc[0]
    again = polychoric_correlations(data.assign(weight=3.0), ["a", "b"]).rows.iloc[0]
    assert again["estimate"] == pytest.approx(plain["estimate"], abs=1e-12)
    assert again["std_error"] == pytest.approx(plain["std_error"], rel=1e-9)
    zero = data.assign(weight=[1.0] * 500 + [0.0] * 100)
    fewer = polychoric_correlations(zero, ["a", "b"]).rows.iloc[0]
    without = polychoric_correlations(data.head(500), ["a", "b"]).rows.iloc[0]
    assert fewer["estimate"] == pytest.approx(without["estimate"], abs=1e-12)
    assert fewer["n"] == 500
    doubled = pd.concat([data, data], ignore_index=True)
    as_pairs = doubled.assign(cluster=[*range(600), *range(600)])
    clustered = polychoric_correlations(as_pairs, ["a", "b"]).rows.iloc[0]
    assert clustered["std_error"] == pytest.approx(plain["std_error"], rel=1e-6)
    census = polychoric_correlations(
        data.assign(stratum="all", stratum_population=600), ["a", "b"]
    ).rows.iloc[0]
    assert census["std_error"] == 0
    with pytest.raises(ValueError, match="weight"):
        polychoric_correlations(data.assign(weight=-1.0), ["a", "b"])


def test_awkward_tables_give_a_reason():
    n = 40
    data = pd.DataFrame({"a": [0, 1] * (n // 2), "same": 5.0, "none": np.nan})
    data["copy"], data["opposite"] = data["a"] * 2, -data["a"]
    data["few"] = data["a"].where(data.index < 6)
    rows = polychoric_correlations(data, list(data.columns)).rows.set_index(["item_a", "item_b"])
    assert rows["reason"].to_dict() == {
        ("a", "same"): "constant",
        ("a", "none"): "no_answers",
        ("a", "copy"): "perfect_association",
        ("a", "opposite"): "perfect_association",
        ("a", "few"): "too_few",
        ("same", "none"): "no_answers",
        ("same", "copy"): "constant",
        ("same", "opposite"): "constant",
        ("same", "few"): "too_few",
        ("none", "copy"): "no_answers",
        ("none", "opposite"): "no_answers",
        ("none", "few"): "no_answers",
        ("copy", "opposite"): "perfect_association",
        ("copy", "few"): "too_few",
        ("opposite", "few"): "too_few",
    }
    assert rows["estimate"][("a", "copy")] == 1
    assert rows["estimate"][("a", "opposite")] == -1
    assert rows["ci_low"].isna().all()
    hopeless = rows["reason"].isin(["constant", "no_answers", "too_few"])
    assert rows["estimate"].isna().equals(hopeless)


def test_a_zero_cell_is_corrected_only_on_request():
    data = spread_out([[30, 0], [10, 20]])
    edge = polychoric_correlations(data, ["a", "b"]).rows.iloc[0]
    assert (edge["estimate"], edge["reason"]) == (1, "perfect_association")
    inside = polychoric_correlations(data, ["a", "b"], correct=0.5).rows.iloc[0]
    assert 0.9 < inside["estimate"] < 1
    assert inside["reason"] == ""
    assert inside["ci_high"] < 1


def test_empty_categories_do_not_count():
    data = spread_out(HOUSING)
    gaps = data.assign(a=data["a"].map({0: 1, 1: 4, 2: 9}))
    first, second = (
        polychoric_correlations(d, ["a", "b"]).rows["estimate"][0] for d in (data, gaps)
    )
    assert first == second


def test_gaps_are_left_out_pair_by_pair(agreeableness):
    data = agreeableness.head(400).copy()
    data.loc[data.index[:100], "A1"] = np.nan
    rows = polychoric_correlations(data, A[:3], outcome="A5").rows
    assert rows["n"].tolist() == [300, 400, 400]
    alone = polychoric_correlations(data.iloc[100:], ["A1"], outcome="A5").rows
    assert rows["estimate"][0] == pytest.approx(alone["estimate"][0], abs=1e-12)
    assert rows["item_b"].tolist() == ["A5"] * 3


def test_pairs_together_are_the_pairs_alone(agreeableness):
    data = agreeableness.head(200).assign(A3=agreeableness["A3"].clip(upper=3))
    together = polychoric_correlations(data, A).rows["estimate"]
    alone = [
        polychoric_correlations(data, list(pair)).rows["estimate"][0] for pair in combinations(A, 2)
    ]
    assert together.tolist() == pytest.approx(alone, abs=1e-12)


def test_wrong_arguments_are_errors(agreeableness):
    with pytest.raises(ValueError, match="no column z"):
        polychoric_correlations(agreeableness, ["A1", "z"])
    with pytest.raises(ValueError, match="named once"):
        polychoric_correlations(agreeableness, ["A1"], outcome="A1")
    with pytest.raises(ValueError, match="estimator"):
        polychoric_correlations(agreeableness, A, estimator="bayes")
    with pytest.raises(ValueError, match="correct"):
        polychoric_correlations(agreeableness, A, correct=-1)
    with pytest.raises(ValueError, match="level"):
        polychoric_correlations(agreeableness, A, level=1)
