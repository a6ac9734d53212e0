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
from satisfaction.data.portfolio import TRUTH, households
from satisfaction.data.portfolio.answers import frame_answers
from satisfaction.data.portfolio.truth import SEED, WEIGHTS
from satisfaction.methods import decomposition
from satisfaction.methods.drivers import (
    johnson_weights,
    shapley_importance,
)
from satisfaction.methods.importance_bootstrap import resampled_counts, tiers, told_apart
from satisfaction.methods.pairwise import (
    independent_columns,
    nearest_correlations,
    pairwise_correlations,
    pairwise_moments,
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
    counts = resampled_counts(data.drop(columns="cluster"), 30, np.random.default_rng(0))
    assert (counts[:, data["stratum"] == "a"].sum(axis=1) == 100).all()
    by_cluster = resampled_counts(data.drop(columns="stratum"), 30, np.random.default_rng(0))
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


def with_gaps(data: pd.DataFrame, share: float = 0.08, seed: int = 5) -> pd.DataFrame:
    """Answers missing at random; never the outcome."""
    random = np.random.default_rng(seed)
    items = [c for c in data if c not in ("overall", "weight", "stratum")]
    return data.assign(**data[items].mask(random.random((len(data), len(items))) < share))


def test_missing_answers_are_counted():
    data = survey(100)
    data.loc[:9, "q0"] = np.nan
    data.loc[5:14, "overall"] = np.nan
    data.loc[20, ITEMS] = np.nan
    result = shapley_importance(data, "overall", ITEMS, seed=1, draws=10)
    assert result.n == 89
    assert result.row(item="q0")["n"] == result.stages["smallest_pair"] == 84
    assert result.row(item="q1")["n"] == 89
    assert result.stages["complete_cases"] == 84
    assert result.stages["sheets"] == 100
    assert result.stages["missing_share"] == pytest.approx(5 / (89 * 6))
    assert result.exclusions == {
        "weight_zero": 0, "no_overall_answer": 10, "no_item_answer": 1,
    }  # fmt: skip
    complete = shapley_importance(data, "overall", ITEMS, seed=1, draws=10, missing="complete")
    assert complete.n == complete.stages["complete_cases"] == 84
    assert complete.exclusions["rows_with_missing"] == 16


def test_pairs_use_the_answers_that_they_have_in_common():
    # pandas' pairwise correlations, brought to R² subset by subset with plain linear algebra
    data = with_gaps(survey(150))
    result = shapley_importance(data, "overall", ITEMS, seed=1, draws=5)
    r = data[[*ITEMS, "overall"]].corr().to_numpy()
    p = len(ITEMS)
    explained = {}
    for size in range(p + 1):
        for chosen in combinations(range(p), size):
            at = list(chosen)
            explained[chosen] = (
                r[-1, at] @ np.linalg.solve(r[np.ix_(at, at)], r[at, -1]) if at else 0.0
            )
    for j, item in enumerate(ITEMS):
        value = sum(
            factorial(len(s)) * factorial(p - 1 - len(s)) / factorial(p)
            * (explained[tuple(sorted((*s, j)))] - r2)
            for s, r2 in explained.items()
            if j not in s
        )  # fmt: skip
        assert result.row(item=item)["estimate"] == pytest.approx(value, rel=1e-9)


def test_without_gaps_both_treatments_agree_exactly():
    data = survey(80).assign(weight=np.linspace(0.5, 2, 80), stratum=["a", "b"] * 40)
    both = [
        shapley_importance(data, "overall", ITEMS, seed=1, draws=30, missing=missing).rows
        for missing in ("pairwise", "complete")
    ]
    pd.testing.assert_frame_equal(*both)
    gaps = with_gaps(data)
    complete = shapley_importance(gaps, "overall", ITEMS, seed=1, draws=30, missing="complete")
    dropped = shapley_importance(gaps.dropna(), "overall", ITEMS, seed=1, draws=30)
    pd.testing.assert_frame_equal(complete.rows, dropped.rows)


def test_pairwise_is_closer_to_the_truth_than_complete_sheets():
    # 25 surveys of 120 sheets, 15 % don't know at random: 44 % of the sheets have no gap
    truth = shapley_importance(survey(100_000), "overall", ITEMS, seed=1, draws=2).rows
    truth = truth.set_index("item")["share"]
    error = {"pairwise": [], "complete": []}
    for seed in range(25):
        data = with_gaps(survey(120, seed), 0.15, seed)
        for missing, errors in error.items():
            found = shapley_importance(
                data, "overall", ITEMS, seed=1, draws=2, missing=missing
            ).rows.set_index("item")["share"]
            errors.append(((found - truth[found.index]) ** 2).mean())
    assert np.sqrt(np.mean(error["pairwise"])) < 0.8 * np.sqrt(np.mean(error["complete"]))


def test_a_thin_item_is_set_aside_and_the_others_stay():
    data = survey(120)
    data.loc[20:, "q3"] = np.nan  # 20 answers
    data.loc[:79, "q4"] = np.nan  # 40 answers, enough alone ...
    data.loc[80:104, "q2"] = np.nan  # ... but 15 in common with q2, which has more
    result = shapley_importance(data, "overall", ITEMS, seed=1, draws=20)
    assert result.row(item="q3")["reason"] == "too_few"
    assert result.row(item="q4")["reason"] == "too_few"
    rest = result.rows[result.rows["reason"] == ""]
    assert set(rest["item"]) == {"q0", "q1", "q2"}
    assert rest["share"].sum() == pytest.approx(1)


def test_collinear_items_with_gaps_stay_within_bounds():
    data = survey(100).assign(copy=lambda d: 2 * d["q0"] + 1)
    data.loc[:20, "q0"] = np.nan
    data.loc[10:40, "copy"] = np.nan
    result = shapley_importance(data, "overall", ["q0", "copy", "q1"], seed=1, draws=50)
    assert result.row(item="copy")["reason"] == "collinear"
    assert (result.rows["estimate"] >= 0).all()
    assert result.stages["r_squared"] <= 1
    assert result.rows["ci_high"].max() <= 1


def test_matrices_that_are_no_correlations_are_mended():
    wrong = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1.0]])
    right = np.array([[1, 0.5, 0.2], [0.5, 1, 0.1], [0.2, 0.1, 1.0]])
    mended = nearest_correlations(np.stack([wrong, right]))
    assert np.linalg.eigvalsh(mended[0]).min() >= -1e-12
    assert np.diag(mended[0]) == pytest.approx(1)
    assert (mended[1] == right).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_moments_with_gaps_agree_with_pandas_and_their_influence_with_differences(seed):
    random = np.random.default_rng(seed)
    scores = random.integers(1, 6, size=(40, 3)).astype(float)
    scores[random.random(scores.shape) < 0.15] = np.nan
    scores[0] = [1, 2, 3]
    weight = random.uniform(0.5, 2, 40)
    moments = pairwise_moments(scores, weight)
    plain = pairwise_moments(scores, np.ones(40))
    assert plain.correlation == pytest.approx(pd.DataFrame(scores).corr().to_numpy())
    batch = pairwise_correlations(scores, np.stack([np.ones(40), weight]))
    assert batch[1] == pytest.approx(nearest_correlations(moments.correlation[None])[0])
    moved = weight.copy()
    moved[0] *= 1 + 1e-6
    after = pairwise_moments(scores, moved)
    for name in ("covariance", "correlation"):
        change = (getattr(after, name) - getattr(moments, name)) / 1e-6
        influence = getattr(moments, f"{name}_influence")()
        assert change == pytest.approx(influence[0], abs=1e-5)
        assert influence.sum(axis=0) == pytest.approx(0, abs=1e-12)


def test_columns_that_follow_from_earlier_ones():
    x = np.random.default_rng(0).normal(size=(50, 3))
    x = np.column_stack([x, x[:, 0] - x[:, 1], np.ones(50)])
    moments = pairwise_moments(x, np.ones(50))
    assert independent_columns(moments.correlation).tolist() == [True] * 3 + [False] * 2


def test_groups_that_cannot_be_told_apart():
    # heads of the groups: 0, then 2: item 1 is as strong as 0, item 3 as 2, item 4 as neither
    apart = np.zeros((5, 5), dtype=bool)
    for a, b in [(0, 2), (0, 3), (0, 4), (1, 4), (2, 4)]:
        apart[a, b] = apart[b, a] = True
    assert tiers(np.array([0.5, 0.4, 0.3, 0.2, 0.1]), apart).tolist() == [1, 1, 2, 2, 3]
    # an item in between that differs does not break a group: order counts
    apart[0, 2] = apart[2, 0] = True
    apart[0, 3] = apart[3, 0] = False
    assert tiers(np.array([0.5, 0.4, 0.3, 0.2, 0.1]), apart).tolist() == [1, 1, 1, 1, 2]
    random = np.random.default_rng(0)
    draws = np.column_stack([random.normal(m, 0.02, 2000) for m in (0.5, 0.49, 0.2, 0.2)])
    draws[:, 3] = draws[:, 2]  # copies of one item
    found = told_apart(np.array([0.5, 0.49, 0.2, 0.2]), draws, 0.95)
    assert not found[0, 1]
    assert found[0, 2]
    assert found[1, 3]
    assert not found[2, 3]
    assert (found == found.T).all()


def test_an_item_as_strong_as_the_strongest_is_seldom_left_out_of_the_leading_group():
    left_out = 0
    for seed in range(50):
        random = np.random.default_rng(seed)
        items = random.normal(size=(200, 5)) + 0.5 * random.normal(size=(200, 1))
        data = pd.DataFrame(items, columns=ITEMS)
        data["overall"] = items.sum(axis=1) + 2 * random.normal(size=200)
        rows = johnson_weights(data, "overall", ITEMS, seed=seed, draws=100).rows
        left_out += (rows["tier"] > 1).sum()
    assert left_out <= 0.1 * 250  # each of five equals, 50 surveys; nominal 5 %


@pytest.fixture(scope="module")
def portfolio() -> pd.DataFrame:
    """What all 14,000 households of the sample portfolio would answer in 2025."""
    parts = []
    for key, truth in TRUTH.items():
        frame = households.households(truth, SEED)
        history = households.flags(truth, frame, SEED)
        parts.append(frame_answers(truth, frame, history, "2025", SEED).scores.assign(stratum=key))
    return pd.concat(parts, ignore_index=True)


def test_the_portfolio_s_drivers_are_found_in_their_true_order(portfolio):
    items = [item for item in WEIGHTS if item in portfolio]
    survey_of_all = with_gaps(portfolio.drop(columns="stratum"), 0.05)
    survey_of_all["stratum"] = portfolio["stratum"]
    assert survey_of_all.dropna().shape[0] < 0.5 * len(portfolio)
    result = johnson_weights(survey_of_all, "overall", items, seed=1, draws=40)
    true_order = sorted(items, key=lambda item: -WEIGHTS[item])
    assert list(result.rows["item"])[:4] == true_order[:4]
    assert result.row(item="lifts")["tier"] == 1
    assert (result.rows["tier"] == 1).sum() == 1
    assert (result.rows["top3_probability"].head(3) == 1).all()
    assert result.rows["top3_probability"].iloc[3:].max() == 0


def test_top_three_probabilities_are_calibrated(portfolio):
    # 30 surveys of 400: among the probabilities said, how often is the item truly in the top three
    items = [item for item in WEIGHTS if item in portfolio]
    true_top = sorted(items, key=lambda item: -WEIGHTS[item])[:3]
    said, true = [], []
    for seed in range(30):
        sample = with_gaps(portfolio.sample(400, random_state=seed).drop(columns="stratum"), 0.04)
        rows = johnson_weights(sample, "overall", items, seed=seed, draws=100).rows
        said += rows["top3_probability"].tolist()
        true += rows["item"].isin(true_top).tolist()
    said, true = np.array(said), np.array(true)
    assert true[said >= 0.8].mean() >= 0.9
    assert 0.35 <= true[(said > 0.3) & (said < 0.8)].mean() <= 0.9
    assert true[said < 0.1].mean() <= 0.05


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
        ({"missing": "impute"}, "missing must be one of pairwise, complete"),
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
