"""Shrinkage towards the peers' mean, and places as ranges."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta
from statsmodels.stats.meta_analysis import combine_effects

from reference_results import R
from satisfaction.methods.rank_simulation import rank_intervals
from satisfaction.methods.ranking import grade_probabilities
from satisfaction.methods.shrinkage import fay_herriot, paule_mandel, shrunken_shares

CUTS = {"excellent": 0.9, "good": 0.8, "average": 0.7}


def districts() -> tuple[pd.DataFrame, dict]:
    values = R["fayherriot_PM"]["values"]
    rows = pd.DataFrame(
        {
            "project": values["dnum"],
            "estimate": values["y"],
            "std_error": np.sqrt(values["v"]),
        }
    )
    return rows, values


def shares(satisfied, n) -> pd.DataFrame:
    satisfied, n = np.broadcast_arrays(np.asarray(satisfied, float), np.asarray(n, float))
    return pd.DataFrame(
        {
            "project": [f"p{i:04d}" for i in range(len(n))],
            "estimate": satisfied / n,
            "n": n.astype(int),
            "n_eff": n,
            "reason": "",
        }
    )


def test_district_means_are_those_of_metafor():
    # R: fit <- metafor::rma(y, v, method = "PM"); blup(fit)  (apiclus1, districts of n >= 3)
    rows, values = districts()
    result = fay_herriot(rows)
    assert result.stages["mean"] == pytest.approx(values["mu"], rel=1e-6)
    assert result.stages["mean_std_error"] == pytest.approx(values["se"], rel=1e-6)
    assert result.stages["tau2"] == pytest.approx(values["tau2"], rel=1e-6)
    np.testing.assert_allclose(result.rows["estimate"], values["blup"], rtol=1e-6)


def test_the_published_bcg_trials_give_the_published_values():
    # R: metafor::rma(measure = "RR", tpos, tneg, cpos, cneg, data = dat.bcg, method = "PM")
    # gives tau^2 = 0.3181 and mu = -0.7150 (Viechtbauer's analyses of dat.bcg)
    table = np.array(
        [
            [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
            [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619],
            [505, 87886, 499, 87892], [29, 7470, 45, 7232], [17, 1699, 65, 1600],
            [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
        ],
        dtype=float,
    )  # fmt: skip
    tpos, tneg, cpos, cneg = table.T
    y = np.log(tpos / (tpos + tneg) / (cpos / (cpos + cneg)))
    v = 1 / tpos - 1 / (tpos + tneg) + 1 / cpos - 1 / (cpos + cneg)
    found = paule_mandel(y, v)
    assert found.tau2 == pytest.approx(0.3181, abs=5e-5)
    assert found.mean == pytest.approx(-0.7150, abs=5e-5)


@pytest.mark.parametrize("seed", range(5))
def test_paule_mandel_equals_statsmodels(seed):
    random = np.random.default_rng(seed)
    v = random.uniform(0.001, 0.02, 15)
    y = random.normal(0.8, np.sqrt(v + random.choice([0.0, 0.01])))
    found, other = paule_mandel(y, v), combine_effects(y, v, method_re="iterated", atol=1e-14)
    assert found.tau2 == pytest.approx(max(other.tau2, 0), rel=1e-6, abs=1e-10)
    assert found.mean == pytest.approx(other.mean_effect_re, rel=1e-7)


def test_the_error_of_metafor_is_smaller_than_the_second_order_one():
    rows, values = districts()
    plain, full = fay_herriot(rows, mse="blup"), fay_herriot(rows)
    v, tau2 = np.array(values["v"]), values["tau2"]
    # metafor::blup: li v + (1 - li)^2 vb with li = tau2 / (tau2 + v)
    li = tau2 / (tau2 + v)
    np.testing.assert_allclose(
        plain.rows["std_error"] ** 2, li * v + (1 - li) ** 2 * values["se"] ** 2, rtol=1e-6
    )
    assert (full.rows["std_error"] >= plain.rows["std_error"]).all()
    assert (full.rows["std_error"] <= rows["std_error"] + 1e-12).all()
    with pytest.raises(ValueError, match="second_order or blup"):
        fay_herriot(rows, mse="naive")


def test_the_second_order_intervals_cover():
    random = np.random.default_rng(11)
    hits = []
    for _ in range(150):
        v = random.uniform(0.5, 2, 15)
        truth = random.normal(0, 1, 15)
        rows = pd.DataFrame({"estimate": random.normal(truth, np.sqrt(v)), "std_error": np.sqrt(v)})
        found = fay_herriot(rows).rows
        hits.append(((found["ci_low"] <= truth) & (truth <= found["ci_high"])).mean())
    assert 0.93 <= np.mean(hits) <= 0.97


def test_no_scatter_draws_all_to_the_mean():
    # Q(0) = 0.5 < k - 1: nothing beyond the sampling variances
    rows = pd.DataFrame({"estimate": [1.0, 1.5, 2.0], "std_error": [1.0, 1.0, 1.0]})
    result = fay_herriot(rows)
    assert result.stages["tau2"] == 0
    assert result.rows["estimate"].tolist() == pytest.approx([1.5] * 3)
    assert result.rows["shrinkage"].tolist() == [1, 1, 1]


def test_known_values_stay_and_missing_ones_give_a_reason():
    rows = pd.DataFrame(
        {
            "project": list("abcd"),
            "estimate": [0.9, 0.7, np.nan, 0.8],
            "std_error": [0.0, 0.05, 0.1, np.nan],
            "reason": ["", "", "no_answers", ""],
        }
    )
    result = fay_herriot(rows)
    assert result.row(project="a")["estimate"] == 0.9
    assert result.row(project="a")["std_error"] == 0
    assert 0.7 < result.row(project="b")["estimate"] < 0.9
    assert list(result.rows["reason"]) == ["", "", "no_answers", "too_few"]
    certain = fay_herriot(pd.DataFrame({"estimate": [1.0, 2.0, 4.0], "std_error": [0.0] * 3}))
    assert certain.rows["estimate"].tolist() == [1, 2, 4]
    assert certain.stages["tau2"] == pytest.approx(7 / 3)  # the plain variance
    alike = fay_herriot(pd.DataFrame({"estimate": [1.0, 1.0], "std_error": [0.0, 0.0]}))
    assert alike.rows["estimate"].tolist() == [1, 1]


def test_one_project_cannot_be_shrunken():
    alone = fay_herriot(pd.DataFrame({"estimate": [0.9], "std_error": [0.1], "n": [30]}))
    assert alone.rows["reason"].tolist() == ["too_few"]
    assert np.isnan(alone.rows["estimate"]).all()
    assert len(fay_herriot(pd.DataFrame({"estimate": [], "std_error": []}))) == 0
    with pytest.raises(ValueError, match="negative"):
        fay_herriot(pd.DataFrame({"estimate": [0.9, 1], "std_error": [0.1, -0.1]}))


def test_shares_shrink_like_a_beta_binomial_model():
    # truth: Beta(45, 5), i.e. mean .9, variance .09 / 51
    random = np.random.default_rng(2)
    n = random.integers(20, 300, 3000)
    truth = random.beta(45, 5, 3000)
    rows = shares(random.binomial(n, truth), n)
    result = shrunken_shares(rows)
    assert result.stages["mean"] == pytest.approx(0.9, abs=0.003)
    assert result.stages["tau2"] == pytest.approx(0.09 / 51, rel=0.1)
    # posterior mean of the true model: (45 + x) / (50 + n)
    best = (45 + rows["estimate"] * n) / (50 + n)
    assert np.abs(result.rows["estimate"] - best).max() < 0.01
    error = ((result.rows["estimate"] - truth) ** 2).mean()
    assert error < 1.01 * ((best - truth) ** 2).mean()
    assert error < 0.65 * ((rows["estimate"] - truth) ** 2).mean()
    covered = result.rows["ci_low"].le(truth) & result.rows["ci_high"].ge(truth)
    assert 0.93 <= covered.mean() <= 0.97
    # and so are the places
    places = rank_intervals(result, draws=400, seed=1).rows
    true_place = pd.Series(-truth).rank()
    inside = places["rank_low"].le(true_place) & places["rank_high"].ge(true_place)
    assert 0.93 <= inside.mean() <= 0.97
    top = true_place <= 750
    assert places["top_probability"].sum() == pytest.approx(750)
    likely = places["top_probability"] > 0.5
    assert top[likely].mean() == pytest.approx(places["top_probability"][likely].mean(), abs=0.05)


def test_a_lucky_small_project_is_drawn_further_than_a_large_one():
    rows = shares([30, 280, 255, 262, 268, 250], [30, 300, 300, 300, 300, 300])
    found = shrunken_shares(rows).rows
    assert found["direct"].iloc[0] == 1
    assert found["estimate"].iloc[0] < 0.95
    assert found["shrinkage"].iloc[0] > 3 * found["shrinkage"].iloc[1]
    assert (found["ci_high"] <= 1).all()
    assert (found["ci_low"] < found["estimate"]).all()


@pytest.mark.parametrize("satisfied", [0, 40])
def test_all_alike_at_the_end_of_the_scale(satisfied):
    found = shrunken_shares(shares([satisfied] * 5, 40))
    assert found.stages["tau2"] == 0
    assert np.isfinite(found.rows[["estimate", "ci_low", "ci_high"]].to_numpy()).all()
    assert found.rows["estimate"].to_numpy() == pytest.approx(satisfied / 40, abs=0.01)
    places = rank_intervals(found, seed=3).rows
    assert set(places["rank"]) == {1}
    assert (places["rank_low"] == 1).all()
    assert (places["rank_high"] == 5).all()


def test_uncertain_peers_do_not_shorten_the_interval_of_a_perfect_project():
    # three projects at 100 % and one at 50 %: not knowing tau2 must not look like knowing more
    rows = pd.DataFrame({"project": [*"abcd"], "estimate": [1.0, 1, 1, 0.5], "n": [30, 30, 30, 25]})
    row = shrunken_shares(rows.assign(n_eff=rows["n"])).rows.iloc[0]
    assert row["posterior_n"] == 30
    # the posterior of 30 answers under the prior that the model then has: 0.8 answers, 0.875 good
    assert row["ci_low"] == pytest.approx(beta.ppf(0.025, 30 + 0.8 * 0.875, 0.8 * 0.125), abs=0.01)


def test_few_answers_and_few_peers_have_no_place():
    rows = shares([18, 80, 85, 90, 0], [19, 100, 100, 100, 100])
    rows.loc[4, "estimate"] = np.nan
    assert set(shrunken_shares(rows, minimum_peers=3).rows["reason"]) == {"too_few", "no_answers"}
    found = shrunken_shares(rows, minimum_peers=2)
    assert list(found.rows["reason"]) == ["too_few", "", "", "", "no_answers"]
    places = rank_intervals(found, seed=1)
    assert places.rows["rank"].isna().tolist() == [True, False, False, False, True]
    assert places.stages["projects"] == 3
    nobody = rank_intervals(shrunken_shares(rows.iloc[:0]), seed=1)
    assert len(nobody) == 0


def test_a_census_keeps_its_share():
    rows = shares([80, 85, 90, 95], 100)
    rows["n_eff"] = np.inf
    found = shrunken_shares(rows)
    assert found.rows["estimate"].tolist() == rows["estimate"].tolist()
    places = rank_intervals(found, seed=1).rows
    assert places["rank_low"].tolist() == places["rank_high"].tolist() == [4, 3, 2, 1]
    assert places["claim"].tolist() == ["bottom", "none", "none", "top"]
    grades = grade_probabilities(found.rows, CUTS, prior="peers")
    assert grades.row(project="p0001", grade="good")["estimate"] == 1


def test_twenty_identical_projects_are_not_ranked_apart():
    # requirements: 20 identical projects (p = .9, n = 60) spread 14 points by chance alone
    random = np.random.default_rng(5)
    claims, apart, width = [], [], []
    for number in range(60):
        rows = shares(random.binomial(60, 0.9, 20), 60)
        places = rank_intervals(shrunken_shares(rows), draws=300, seed=number).rows
        claims.append((places["claim"] != "none").any())
        apart.append(places["rank_low"].max() > places["rank_high"].min())
        width.append((places["rank_high"] - places["rank_low"] + 1).mean())
    assert np.mean(claims) <= 0.05
    assert np.mean(apart) <= 0.05
    assert np.mean(width) > 18


def test_places_do_not_depend_on_the_order_of_the_rows():
    random = np.random.default_rng(8)
    found = shrunken_shares(shares(random.binomial(80, 0.8, 12), 80))
    first = rank_intervals(found, seed=4).rows.set_index("project")
    given = found.rows.assign(estimate=found.rows["direct"])
    mixed = shrunken_shares(given.sample(frac=1, random_state=1))
    again = rank_intervals(mixed, seed=4).rows.set_index("project").loc[first.index]
    pd.testing.assert_frame_equal(
        first[["rank", "rank_low", "rank_high", "top_probability"]],
        again[["rank", "rank_low", "rank_high", "top_probability"]],
    )


def test_wrong_arguments_are_errors():
    found = shrunken_shares(shares([80, 85, 90, 95], 100))
    with pytest.raises(ValueError, match="quarter"):
        rank_intervals(found, quarter=0, seed=1)
    with pytest.raises(ValueError, match="level"):
        rank_intervals(found, level=1.0, seed=1)
    with pytest.raises(ValueError, match="two estimates"):
        paule_mandel([1.0], [1.0])
    with pytest.raises(ValueError, match="prior"):
        grade_probabilities(found.rows, CUTS, prior="none")
    with pytest.raises(ValueError, match="shrunken_shares"):
        grade_probabilities(shares([80], 100), CUTS, prior="peers")


def test_grades_with_the_peers_as_prior_are_better_calibrated_for_small_projects():
    random = np.random.default_rng(9)
    truth = random.beta(45, 5, 3000)
    rows = shares(random.binomial(30, truth), 30)
    alone = grade_probabilities(rows, CUTS).rows
    together = grade_probabilities(shrunken_shares(rows).rows, CUTS, prior="peers").rows
    assert together.groupby("project")["estimate"].sum().to_numpy() == pytest.approx(1)
    excellent = {
        name: found.loc[found["grade"] == "excellent", "estimate"].to_numpy()
        for name, found in (("alone", alone), ("together", together))
    }
    real = truth >= 0.9
    score = {name: ((chance - real) ** 2).mean() for name, chance in excellent.items()}
    assert score["together"] < score["alone"]
    sure = excellent["together"] > 0.6
    assert real[sure].mean() == pytest.approx(excellent["together"][sure].mean(), abs=0.05)


def test_five_thousand_projects_are_ranked_in_seconds():
    random = np.random.default_rng(1)
    n = random.integers(20, 400, 5000)
    found = shrunken_shares(shares(random.binomial(n, random.beta(30, 6, 5000)), n))
    before = time.process_time()
    rank_intervals(found, seed=1, draws=200)
    assert time.process_time() - before < 1


def test_one_project_of_a_short_list_has_the_place_that_all_have():
    random = np.random.default_rng(4)
    found = shrunken_shares(shares(random.binomial(80, 0.8, 12), 80))
    everybody = rank_intervals(found, seed=4).rows
    alone = rank_intervals(found, own=everybody["project"].iloc[3], seed=4).rows
    pd.testing.assert_series_equal(alone.iloc[3], everybody.iloc[3])
    assert alone["rank"].drop(index=3).isna().all()
    nobody = rank_intervals(found, own="elsewhere", seed=4)
    assert nobody.rows["rank"].isna().all()


def test_one_project_of_a_long_list_has_about_the_place_of_a_draw_of_all():
    random = np.random.default_rng(6)
    n = random.integers(30, 300, 240)
    rows = shares(random.binomial(n, random.beta(40, 8, 240)), n)
    rows.loc[[5, 6, 7], "n_eff"] = np.inf
    rows.loc[[6, 7], "estimate"] = 0.85  # two of the same known value
    found = shrunken_shares(rows)
    everybody = rank_intervals(found, draws=4000, seed=1).rows
    for place in (0, 5, 6, int(everybody["rank"].idxmin()), int(everybody["rank"].idxmax())):
        name, expected = everybody["project"].iloc[place], everybody.iloc[place]
        own = rank_intervals(found, draws=4000, own=name, seed=2).rows.iloc[place]
        assert own["rank"] == expected["rank"]
        for column in ("rank_mean", "rank_low", "rank_high"):
            assert own[column] == pytest.approx(expected[column], abs=6)  # of 240
        for column in ("top_probability", "bottom_probability"):
            assert own[column] == pytest.approx(expected[column], abs=0.05)
