"""Importance of items: R's values, the sweep against plain least squares, bad and thin input."""

from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_results import R
from satisfaction.methods import decomposition, drivers
from satisfaction.methods.drivers import (
    johnson_weights,
    shapley_importance,
)
from satisfaction.methods.priorities import priority_quadrant, stated_importance
from satisfaction.methods.result import Result

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="module")
def attitude() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "attitude.csv")


def survey(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """True order of association: q0, q1, q2; q3 and q4 have none of their own."""
    random = np.random.default_rng(seed)
    common = random.normal(size=(n, 1))
    items = random.normal(size=(n, 5)) + 0.5 * common
    outcome = items @ [1.0, 0.6, 0.3, 0, 0] + random.normal(size=n)
    frame = pd.DataFrame(items, columns=[f"q{i}" for i in range(5)])
    return frame.assign(overall=outcome)


ITEMS = [f"q{i}" for i in range(5)]


def shares(result: Result) -> dict[str, float]:
    return dict(zip(result.rows["item"], result.rows["estimate"], strict=True))


def test_shapley_equals_r_on_attitude(attitude):
    # R: LMG/Shapley shares, all-subset R2 (relaimpo type='lmg') on datasets::attitude
    expected = R["lmg_attitude"]["values"]
    result = shapley_importance(attitude, "rating", list(expected["lmg"]), seed=1, draws=20)
    assert shares(result) == pytest.approx(expected["lmg"], rel=1e-9)
    assert result.stages["r_squared"] == pytest.approx(expected["R2"], rel=1e-9)
    assert result.method == "shapley"


def test_johnson_equals_r_on_attitude(attitude):
    # R: Johnson (2000) relative weights, sum = R2
    expected = R["johnson_attitude"]["values"]["rw"]
    result = johnson_weights(attitude, "rating", list(expected), seed=1, draws=20)
    assert shares(result) == pytest.approx(expected, rel=1e-9)


def test_weighted_shapley_equals_r_on_apistrat():
    # R: weighted LMG api00 ~ meals + ell + mobility + avg.ed, weights = pw
    expected = R["lmg_weighted_api"]["values"]
    data = pd.read_csv(REFERENCE / "apistrat.csv")
    result = shapley_importance(data, "api00", list(expected["lmg"]), weight="pw", seed=1, draws=20)
    assert shares(result) == pytest.approx(expected["lmg"], rel=1e-9)
    assert result.stages["r_squared"] == pytest.approx(expected["R2"], rel=1e-9)
    # a column called `weight` is the design's weight without being named
    named = data.rename(columns={"pw": "weight"})
    implied = shapley_importance(named, "api00", list(expected["lmg"]), seed=1, draws=20)
    assert shares(implied) == pytest.approx(expected["lmg"], rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_sweep_agrees_with_least_squares_on_every_subset(seed, p):
    random = np.random.default_rng(seed)
    scores = random.integers(1, 6, size=(25, p + 1)).astype(float)
    scores += 1e-3 * random.normal(size=scores.shape)
    swept = decomposition.subset_r_squared(
        decomposition.weighted_correlations(scores, np.ones((1, 25)))
    )[0]
    y = scores[:, -1] - scores[:, -1].mean()
    brute = {}
    for size in range(p + 1):
        for subset in combinations(range(p), size):
            x = np.column_stack([np.ones(25), scores[:, subset]])
            residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
            brute[subset] = 1 - residual @ residual / (y @ y)
            assert swept[sum(1 << j for j in subset)] == pytest.approx(brute[subset], abs=1e-9)
    shapley = decomposition.shapley_shares(
        decomposition.weighted_correlations(scores, np.ones((1, 25)))
    )[0]
    for j in range(p):
        value = sum(
            factorial(len(s))
            * factorial(p - 1 - len(s))
            / factorial(p)
            * (brute[tuple(sorted((*s, j)))] - r2)
            for s, r2 in brute.items()
            if j not in s
        )
        assert shapley[j] == pytest.approx(value, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_shares_sum_to_r_squared_and_row_order_is_irrelevant(seed):
    data = survey(80, seed)
    result = shapley_importance(data, "overall", ITEMS, seed=3, draws=20)
    assert result.rows["estimate"].sum() == pytest.approx(result.stages["r_squared"], abs=1e-12)
    assert result.rows["share"].sum() == pytest.approx(1)
    assert (result.rows["estimate"] >= -1e-12).all()
    shuffled = data.sample(frac=1, random_state=seed % 1000)
    again = shapley_importance(shuffled, "overall", ITEMS, seed=3, draws=20)
    pd.testing.assert_frame_equal(result.rows, again.rows)


def test_equal_weights_change_nothing():
    data = survey(100)
    plain = shapley_importance(data, "overall", ITEMS, seed=1, draws=50)
    weighted = shapley_importance(data.assign(weight=7.0), "overall", ITEMS, seed=1, draws=50)
    pd.testing.assert_frame_equal(plain.rows, weighted.rows)


def test_weights_act_like_repeated_answers():
    data = survey(60).assign(weight=[1, 2] * 30)
    repeated = data.loc[data.index.repeat(data["weight"])].drop(columns="weight")
    weighted = shapley_importance(data, "overall", ITEMS, seed=1, draws=5)
    assert shares(weighted) == pytest.approx(
        shares(shapley_importance(repeated, "overall", ITEMS, seed=1, draws=5))
    )
    assert weighted.rows["n_eff"].iloc[0] == pytest.approx(90**2 / 150)


def test_bootstrap_finds_the_true_order_and_what_cannot_be_told_apart():
    result = shapley_importance(survey(400), "overall", ITEMS, seed=1)
    assert list(result.rows["item"])[:3] == ["q0", "q1", "q2"]
    first, last = result.row(item="q0"), result.row(item="q4")
    assert first["top3_probability"] == 1
    assert first["rank_low"] == first["rank_high"] == 1
    assert first["tied_with"] == ""
    assert last["tied_with"] == "q3"
    assert first["ci_low"] < first["estimate"] < first["ci_high"]
    assert first["share_low"] < first["share"] < first["share_high"]
    assert result.rows["top3_probability"].sum() == pytest.approx(3)
    again = shapley_importance(survey(400), "overall", ITEMS, seed=1)
    pd.testing.assert_frame_equal(result.rows, again.rows)


def test_bootstrap_interval_covers_the_population_value():
    # 95 % nominal; percentile intervals of q0 (a strong driver) over 60 seeded surveys of 150
    truth = shares(shapley_importance(survey(200_000), "overall", ITEMS, seed=1, draws=2))["q0"]
    covered = 0
    for seed in range(60):
        row = shapley_importance(
            survey(150, seed + 100), "overall", ITEMS, seed=seed, draws=200
        ).row(item="q0")
        covered += row["ci_low"] <= truth <= row["ci_high"]
    assert covered >= 53  # a 94 % interval falls below 53 of 60 in about 1 % of such tests


def test_strata_and_clusters_are_redrawn_as_they_were_sampled():
    data = survey(200).assign(stratum=["a", "b"] * 100, cluster=np.arange(200) // 10)
    counts = drivers._resampled_counts(data.drop(columns="cluster"), 30, np.random.default_rng(0))
    assert (counts[:, data["stratum"] == "a"].sum(axis=1) == 100).all()
    by_cluster = drivers._resampled_counts(
        data.drop(columns="stratum"), 30, np.random.default_rng(0)
    )
    for cluster in range(20):
        inside = by_cluster[:, data["cluster"] == cluster]
        assert (inside == inside[:, :1]).all()


def test_more_than_twelve_items_fall_back_to_johnson():
    random = np.random.default_rng(0)
    data = pd.DataFrame(random.normal(size=(60, 14)), columns=[f"q{i}" for i in range(14)])
    data["overall"] = data.sum(axis=1) + random.normal(size=60)
    items = [f"q{i}" for i in range(14)]
    result = shapley_importance(data, "overall", items, seed=1, draws=20)
    assert result.method == "johnson"
    assert (result.rows["method"] == "johnson").all()
    assert result.rows["estimate"].sum() == pytest.approx(result.stages["r_squared"])


@pytest.mark.parametrize("importance", [shapley_importance, johnson_weights])
def test_collinear_items_share_and_constant_items_are_set_apart(importance):
    data = survey(100).assign(copy=lambda d: 2 * d["q0"] + 1, same=4.0)
    result = importance(data, "overall", ["q0", "copy", "q1", "same"], seed=1, draws=50)
    assert result.row(item="q0")["estimate"] == pytest.approx(result.row(item="copy")["estimate"])
    assert result.row(item="q0")["reason"] == result.row(item="copy")["reason"] == "collinear"
    assert result.row(item="q1")["reason"] == ""
    constant = result.row(item="same")
    assert constant["reason"] == "constant"
    assert np.isnan(constant["estimate"])
    without = importance(data, "overall", ["q0", "q1"], seed=1, draws=50)
    assert result.stages["r_squared"] == pytest.approx(without.stages["r_squared"])


def test_missing_answers_are_counted():
    data = survey(100)
    data.loc[:9, "q0"] = np.nan
    data.loc[5:14, "overall"] = np.nan
    result = shapley_importance(data, "overall", ITEMS, seed=1, draws=10)
    assert result.n == result.stages["complete_cases"] == 85
    assert result.exclusions["rows_with_missing"] == 15


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (survey(0), "too_few"),
        (survey(1), "too_few"),
        (survey(29), "too_few"),
        (survey(50) * np.nan, "too_few"),
        (survey(50).assign(overall=5.0), "no_variation"),
        (survey(50).assign(**dict.fromkeys(ITEMS, 3.0)), "constant"),
    ],
)
def test_thin_data_gives_a_reason(data, reason):
    result = shapley_importance(data, "overall", ITEMS, seed=1, draws=10)
    assert list(result.rows["item"]) == ITEMS
    assert result.rows["estimate"].isna().all()
    assert (result.rows["reason"] == reason).all()


def test_more_items_than_answers_is_too_few():
    data = survey(6)
    result = shapley_importance(data, "overall", ITEMS, seed=1, draws=10, minimum_n=1)
    assert (result.rows["reason"] == "too_few").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": ["nothing"]}, "unknown columns: nothing"),
        ({"items": []}, "at least one item"),
        ({"items": ["q0", "q0"]}, "named once"),
        ({"items": ["q0", "overall"]}, "named once"),
        ({"level": 1.0}, "level"),
        ({"draws": 1}, "draws"),
        ({"weight": "bad"}, "negative"),
    ],
)
def test_wrong_arguments_are_errors(change, message):
    data = survey(50).assign(bad=-1.0)
    with pytest.raises(ValueError, match=message):
        shapley_importance(data, **({"outcome": "overall", "items": ITEMS, "seed": 1} | change))


def axis(values: dict[str, tuple[float, float, float]], n: int = 100) -> Result:
    rows = pd.DataFrame(
        [
            {"item": k, "estimate": e, "ci_low": lo, "ci_high": hi, "n": n, "reason": ""}
            for k, (e, lo, hi) in values.items()
        ]
    )
    return Result(rows, "shapley")


def test_quadrants_split_at_the_means_and_know_what_is_sure():
    importance = axis({"a": (0.4, 0.3, 0.5), "b": (0.1, 0.05, 0.3), "c": (0.1, 0, 0.2)})
    performance = axis({"a": (0.6, 0.5, 0.7), "b": (0.9, 0.8, 0.95), "c": (0.7, 0.65, 0.72)})
    result = priority_quadrant(importance, performance)
    rows = result.rows.set_index("item")
    # means 0.2 and 0.7333
    assert rows["quadrant"].to_dict() == {"a": "improve_first", "b": "maintain", "c": "secondary"}
    assert rows["sure"].to_dict() == {"a": True, "b": False, "c": False}
    fixed = priority_quadrant(importance, performance, performance_split=0.5)
    assert fixed.row(item="a")["quadrant"] == "keep"


def test_quadrant_leaves_out_items_without_an_estimate():
    importance = axis({"a": (0.4, 0.3, 0.5), "b": (np.nan, np.nan, np.nan)})
    importance.rows.loc[1, "reason"] = "constant"
    performance = axis({"a": (0.6, 0.5, 0.7), "b": (0.9, 0.8, 0.95)})
    row = priority_quadrant(importance, performance).row(item="b")
    assert row["quadrant"] == ""
    assert not row["sure"]
    assert row["reason"] == "constant"


def test_stated_importance_by_hand():
    # 4 residents chose, 1 did not; 99 = none. cleaning is named by 3 of 4, safety by 1 of 4.
    data = pd.DataFrame(
        {
            "first": [1, 1, 2, 99, np.nan],
            "second": [np.nan, 2, 1, np.nan, np.nan],
        }
    )
    data.loc[2, "first"], data.loc[1, "second"] = 3, 2
    satisfied = axis({"cleaning": (0.6, 0.5, 0.7), "safety": (0.9, 0.8, 1.0)})
    satisfied.rows["std_error"] = [0.05, 0.03]
    result = stated_importance(data, ["first", "second"], {1: "cleaning", 2: "safety"}, satisfied)
    top = result.rows.iloc[0]
    assert top["item"] == "cleaning"
    assert top["n"] == 4
    assert top["named_share"] == pytest.approx(0.75)
    assert top["estimate"] == pytest.approx(0.75 * 0.4)
    assert result.row(item="safety")["estimate"] == pytest.approx(0.25 * 0.1)
    assert 0 <= top["ci_low"] < top["estimate"] < top["ci_high"] <= 1
    assert result.exclusions["no_answers"] == 1


def test_stated_importance_needs_its_columns():
    with pytest.raises(ValueError, match="fourth"):
        stated_importance(survey(5), ["fourth"], {1: "a"}, axis({"a": (0.5, 0.4, 0.6)}))
