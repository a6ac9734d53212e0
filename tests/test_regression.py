"""Regression, group differences and correlation under the survey design."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reference_results import R
from satisfaction.methods.differences import group_difference
from satisfaction.methods.pearson import survey_correlation
from satisfaction.methods.regression import INTERCEPT, survey_regression
from satisfaction.methods.significance import chi2_p_value, f_p_value, normal_p_value, t_p_value

REFERENCE = Path(__file__).parent / "reference"
CLOSE = {"rel": 1e-9}


def schools(name, **columns):
    data = pd.read_csv(REFERENCE / f"{name}.csv")
    return data.rename(columns={"pw": "weight", "fpc": "stratum_population", **columns})


@pytest.fixture(scope="module")
def stratified():
    return schools("apistrat").assign(stratum=lambda data: data["stype"])


def sample(n=200, seed=1):
    """Unweighted scores of one simple random sample without finite population correction."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    y = x @ [0.5, -0.2, 0] + rng.normal(size=n)
    data = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y)
    return data.assign(yes=(y + rng.normal(size=n) > 0).astype(float))


# --- R ---------------------------------------------------------------------------------------


def test_linear_regression(stratified):
    # R: summary(svyglm(api00 ~ ell + meals + mobility, dstrat))
    v = R["svyglm_strat"]["values"]
    rows = survey_regression(stratified, "api00", ["ell", "meals", "mobility"]).rows
    assert rows["item"].tolist() == v["term"]
    for column, key in (("estimate", "coef"), ("std_error", "se"), ("statistic", "t")):
        assert rows[column].tolist() == pytest.approx(v[key], **CLOSE)
    assert rows["p_value"].tolist() == pytest.approx(v["p"], **CLOSE)
    assert set(rows["df"]) == {194}


def test_difference_of_two_groups(stratified):
    # R: svyttest(api00 ~ comp.imp, dstrat)
    v = R["svyttest_strat"]["values"]
    row = group_difference(stratified, "api00", "comp.imp").rows.iloc[0]
    assert (row["group"], row["reference"]) == ("Yes", "No")
    assert row["estimate"] == pytest.approx(v["diff"], **CLOSE)
    assert row["statistic"] == pytest.approx(v["t"], **CLOSE)
    assert row["df"] == v["df"]
    assert row["p_value"] == pytest.approx(v["p"], **CLOSE)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(v["ci"], **CLOSE)


def test_difference_of_two_stacked_waves(stratified):
    # R: stack apisrs (api99) and apistrat (api00), strata = wave:stratum; svyttest(y ~ wave)
    v = R["two_wave_independent"]["values"]
    first = schools("apisrs").assign(y=lambda d: d["api99"], wave=1, stratum="1")
    second = stratified.assign(y=stratified["api00"], wave=2, stratum="2" + stratified["stype"])
    row = group_difference(pd.concat([first, second]), "y", "wave").rows.iloc[0]
    assert row["estimate"] == pytest.approx(v["diff"], **CLOSE)
    assert row["std_error"] == pytest.approx(v["se"], **CLOSE)
    assert row["statistic"] == pytest.approx(v["t"], **CLOSE)
    assert row["df"] == v["df"]
    assert row["p_value"] == pytest.approx(v["p"], **CLOSE)


def test_weighted_correlations(stratified):
    # R: cov2cor(svyvar(~api00 + meals + ell, dstrat))
    v = R["svy_corr"]["values"]
    rows = survey_correlation(stratified, ["api00", "meals", "ell"]).rows
    found = {
        f"r_{a}_{b}": r
        for a, b, r in zip(rows["item_a"], rows["item_b"], rows["estimate"], strict=True)
    }
    assert found == pytest.approx(v, **CLOSE)


# --- statsmodels and scipy -------------------------------------------------------------------


def test_a_simple_random_sample_has_the_hc1_sandwich():
    """Without strata: the heteroscedasticity-robust variance, over n - 1 instead of n - p."""
    import statsmodels.api as sm

    data = sample()
    n, p = len(data), 4
    fit = sm.OLS(data["y"], sm.add_constant(data[["a", "b", "c"]])).fit(cov_type="HC0")
    rows = survey_regression(data, "y", ["a", "b", "c"]).rows
    assert rows["estimate"].tolist() == pytest.approx(fit.params.tolist(), rel=1e-10)
    errors = np.sqrt(n / (n - 1)) * fit.bse
    assert rows["std_error"].tolist() == pytest.approx(errors.tolist(), rel=1e-10)
    assert set(rows["df"]) == {n - p}


def test_logistic_regression_equals_statsmodels():
    import statsmodels.api as sm

    data = sample()
    weight = np.random.default_rng(2).uniform(1, 5, len(data))
    model = sm.GLM(
        data["yes"],
        sm.add_constant(data[["a", "b", "c"]]),
        family=sm.families.Binomial(),
        freq_weights=weight,
    )
    fit = model.fit(tol=1e-14)
    rows = survey_regression(data.assign(weight=weight), "yes", ["a", "b", "c"], family="logistic")
    assert rows.rows["estimate"].tolist() == pytest.approx(fit.params.tolist(), rel=1e-8)
    # The same with the outcome as scores, cut at 4.
    scores = data.assign(weight=weight, yes=np.where(data["yes"] == 1, 5, 2))
    again = survey_regression(scores, "yes", ["a", "b", "c"], family="logistic", at_least=4)
    assert again.rows["estimate"].tolist() == rows.rows["estimate"].tolist()


def test_correlation_of_a_simple_random_sample_equals_numpy():
    data = sample()
    rows = survey_correlation(data, ["a", "b", "c"], "y").rows
    expected = [np.corrcoef(data[item], data["y"])[0, 1] for item in "abc"]
    assert rows["estimate"].tolist() == pytest.approx(expected, rel=1e-12)


def test_p_values_equal_scipy():
    from scipy import stats

    assert float(t_p_value(-2.1, 1.0, 17)) == pytest.approx(2 * stats.t.sf(2.1, 17), rel=1e-12)
    assert float(f_p_value(3.3, 1.7, 210.5)) == pytest.approx(stats.f.sf(3.3, 1.7, 210.5), rel=1e-9)
    assert float(chi2_p_value(9.9, 4)) == pytest.approx(stats.chi2.sf(9.9, 4), rel=1e-12)
    assert float(normal_p_value(-1.3)) == pytest.approx(2 * stats.norm.sf(1.3), rel=1e-12)
    assert float(t_p_value(0, 0, 5)) == 1  # no difference is no evidence
    assert np.isnan(float(t_p_value(1, 1, 0)))


def test_the_interval_covers_the_correlation():
    """Bivariate normal, r = 0.6, n = 60: 95 % intervals hold r in 91-99 % of 200 samples."""
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(200):
        x = rng.normal(size=60)
        data = pd.DataFrame({"x": x, "y": 0.6 * x + 0.8 * rng.normal(size=60)})
        row = survey_correlation(data, ["x", "y"]).rows.iloc[0]
        hits += row["ci_low"] < 0.6 < row["ci_high"]
    assert 0.91 <= hits / 200 <= 0.99


# --- properties ------------------------------------------------------------------------------


def test_regression_on_a_group_is_the_group_difference(stratified):
    """A 0/1 item's coefficient is the difference of the two domain means, with the same error."""
    data = stratified.assign(yes=(stratified["comp.imp"] == "Yes").astype(float))
    slope = survey_regression(data, "api00", ["yes"]).rows.iloc[1]
    gap = group_difference(data, "api00", "yes").rows.iloc[0]
    for column in ("estimate", "std_error", "ci_low", "ci_high", "df", "p_value"):
        assert slope[column] == pytest.approx(gap[column], rel=1e-10)


def test_swapping_the_groups_turns_the_sign(stratified):
    kinds = group_difference(stratified, ["api00", "ell"], "stype", groups=("E", "H")).rows
    turned = group_difference(stratified, ["api00", "ell"], "stype", groups=("H", "E")).rows
    assert kinds["estimate"].tolist() == pytest.approx((-turned["estimate"]).tolist())
    assert kinds["p_holm"].tolist() == pytest.approx(turned["p_holm"].tolist())
    assert (kinds["p_holm"] >= kinds["p_value"]).all()


def test_row_order_and_scale_of_weights_do_not_matter(stratified):
    shuffled = stratified.sample(frac=1, random_state=1).assign(
        weight=lambda data: 7 * data["weight"]
    )
    for name in ("gaussian", "logistic"):
        item = "api00" if name == "gaussian" else "target_met"
        first, second = (
            survey_regression(
                data.assign(target_met=data["sch.wide"] == "Yes"), item, ["ell"], family=name
            ).rows
            for data in (stratified, shuffled)
        )
        for column in ("estimate", "std_error", "p_value"):
            assert first[column].tolist() == pytest.approx(second[column].tolist(), rel=1e-9)


def test_rows_with_missing_answers_stay_in_the_variance(stratified):
    """Taking rows out of the file instead would shrink n_h: another error and another FPC."""
    gaps = stratified.copy()
    gaps.loc[gaps.index[::4], "ell"] = np.nan
    rows = survey_regression(gaps, "api00", ["ell"])
    assert rows.n == 150
    assert rows.exclusions == {"rows_with_missing": 50}
    assert set(rows.rows["df"]) == {150 - 3 - 1}
    dropped = survey_regression(gaps.dropna(subset=["ell"]), "api00", ["ell"]).rows
    assert rows.rows["estimate"].tolist() == pytest.approx(dropped["estimate"].tolist())
    assert rows.rows["std_error"][1] != pytest.approx(dropped["std_error"][1], rel=1e-3)


def test_shares_against_each_other(stratified):
    high = group_difference(stratified, "api00", "comp.imp", at_least=700).rows.iloc[0]
    marked = stratified.assign(high=(stratified["api00"] >= 700).astype(float))
    mean = group_difference(marked, "high", "comp.imp").rows.iloc[0]
    assert high["estimate"] == pytest.approx(mean["estimate"])
    assert high["p_value"] == pytest.approx(mean["p_value"])
    assert high["method"] == "t"


# --- thin and odd data -----------------------------------------------------------------------


def test_collinear_and_constant_items_are_left_out_as_in_r():
    data = sample().assign(d=lambda x: x["a"] + 2 * x["b"], one=1.0)
    rows = survey_regression(data, "y", ["a", "b", "d", "one", "c"]).rows.set_index("item")
    assert rows["reason"].tolist() == ["", "", "", "collinear", "constant", ""]
    plain = survey_regression(data, "y", ["a", "b", "c"]).rows.set_index("item")
    kept = [INTERCEPT, "a", "b", "c"]
    assert rows.loc[kept, "estimate"].tolist() == pytest.approx(plain["estimate"].tolist())
    assert rows.loc[["d", "one"], ["estimate", "std_error", "p_value"]].isna().all(axis=None)
    assert set(rows["df"].dropna()) == {200 - 1 - 3}


def test_items_of_very_different_size_are_not_collinear():
    data = sample().assign(huge=lambda x: 1e9 + 1e3 * x["c"])
    rows = survey_regression(data, "y", ["a", "huge"]).rows
    assert (rows["reason"] == "").all()


def test_more_items_than_answers():
    rng = np.random.default_rng(3)
    data = pd.DataFrame(rng.normal(size=(5, 8)), columns=list("abcdefgh"))
    rows = survey_regression(data, "h", list("abcdefg")).rows
    assert rows["estimate"].isna().all()
    assert set(rows["reason"]) == {"too_few", "collinear"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"y": np.nan}, "no_answers"),
        ({"y": 3.0}, "constant"),
    ],
)
def test_outcomes_without_information(change, reason):
    rows = survey_regression(sample().assign(**change), "y", ["a", "b"]).rows
    assert set(rows["reason"]) == {reason}
    assert rows["estimate"].isna().all()


def test_perfect_separation_is_said():
    data = sample().assign(yes=lambda x: (x["a"] > 0).astype(float))
    rows = survey_regression(data, "yes", ["a", "b"], family="logistic").rows
    assert set(rows["reason"]) == {"separated"}
    quasi = data.assign(never=lambda x: ((x["yes"] == 0) & (x["b"] > 1)).astype(float))
    assert "separated" in set(
        survey_regression(quasi, "yes", ["never"], family="logistic").rows.reason
    )


def test_a_census_has_no_error():
    data = sample(40).assign(stratum="all", stratum_population=40)
    rows = survey_regression(data, "y", ["a"]).rows
    assert rows["std_error"].tolist() == [0, 0]
    assert rows["p_value"].tolist() == [0, 0]
    whole = data.assign(group=np.arange(40) % 2)
    row = group_difference(whole, "y", "group").rows.iloc[0]
    assert (row["std_error"], row["p_value"], row["reason"]) == (0, 0, "")
    assert row["ci_low"] == row["ci_high"] == row["estimate"]


def test_singleton_strata_do_not_break_the_variance():
    data = sample(30).assign(stratum=["x"] * 14 + ["y"] * 15 + ["alone"])
    assert survey_regression(data, "y", ["a"]).rows["std_error"].notna().all()


def test_shares_at_the_end_of_the_scale():
    """20 of 20 against 12 of 20: the t test would take the 20 for certain."""
    data = pd.DataFrame({"s": [5] * 20 + [5] * 12 + [2] * 8, "g": ["a"] * 20 + ["b"] * 20})
    row = group_difference(data, "s", "g", at_least=4, groups=("a", "b")).rows.iloc[0]
    assert row["method"] == "newcombe"
    # z² = .4² / (.8 x .2 x (1/20 + 1/20)) = 10; n_eff of 12/20 is 19 (SE over n - 1), not 20.
    assert row["p_value"] == pytest.approx(0.001565402, rel=0.03)
    # Newcombe (1998), method 10, from the Wilson limits .8389-1 and .3866-.7812
    low = 0.4 - np.hypot(1 - 0.8389, 0.7812 - 0.6)
    assert row["ci_low"] == pytest.approx(low, abs=0.01)
    same = data.assign(s=5)
    row = group_difference(same, "s", "g", at_least=4).rows.iloc[0]
    assert (row["estimate"], row["p_value"]) == (0, 1)
    assert row["ci_low"] < 0 < row["ci_high"]
    assert group_difference(same, "s", "g").rows["reason"].tolist() == ["constant"]


def test_groups_without_answers_or_freedom():
    data = pd.DataFrame({"s": [1, 2, np.nan], "g": ["a", "a", "b"]})
    row = group_difference(data, "s", "g").rows.iloc[0]
    assert row["reason"] == "no_answers"
    assert np.isnan(row["estimate"])
    pair = pd.DataFrame({"s": [1.0, 2.0], "g": ["a", "b"]})
    assert group_difference(pair, "s", "g").rows["reason"].tolist() == ["too_few"]
    absent = group_difference(data, "s", "g", groups=("a", "nobody")).rows.iloc[0]
    assert absent["reason"] == "no_answers"


def test_correlations_of_odd_items():
    data = sample(50).assign(same=lambda x: 2 * x["a"], flat=1.0, none=np.nan)
    rows = survey_correlation(data, ["same", "flat", "none"], "a").rows.set_index("item_a")
    perfect = rows.loc["same"]
    assert perfect["estimate"] == perfect["ci_low"] == perfect["ci_high"] == 1
    assert rows.loc[["flat", "none"], "reason"].tolist() == ["constant", "no_answers"]
    two = survey_correlation(data.head(2), ["a", "b"]).rows
    assert two["reason"].tolist() == ["too_few"]


def test_pairwise_and_listwise_correlations():
    data = sample(60)
    data.loc[:9, "c"] = np.nan
    pairwise = survey_correlation(data, ["a", "b", "c"]).rows
    assert pairwise["n"].tolist() == [60, 50, 50]
    listwise = survey_correlation(data, ["a", "b", "c"], missing="listwise").rows
    assert set(listwise["n"]) == {50}
    assert listwise["estimate"][0] == pytest.approx(data[10:][["a", "b"]].corr().iloc[0, 1])


def test_wrong_arguments_are_named():
    data = sample(20).assign(g=list("abcd") * 5, text="x")
    with pytest.raises(ValueError, match="family must be one of"):
        survey_regression(data, "y", ["a"], family="poisson")
    with pytest.raises(ValueError, match="each once"):
        survey_regression(data, "y", ["a", "a"])
    with pytest.raises(ValueError, match="between 0 and 1"):
        survey_regression(data, "y", ["a"], family="logistic")
    with pytest.raises(ValueError, match="not numbers"):
        survey_regression(data, "y", ["text"])
    with pytest.raises(ValueError, match="no column z"):
        survey_regression(data, "y", ["z"])
    with pytest.raises(ValueError, match="negative"):
        survey_regression(data.assign(weight=-1.0), "y", ["a"])
    with pytest.raises(ValueError, match="4 values"):
        group_difference(data, "y", "g")
    with pytest.raises(ValueError, match="two different values"):
        group_difference(data, "y", "g", groups=("a", "a"))
    with pytest.raises(ValueError, match="pairwise, listwise"):
        survey_correlation(data, ["a", "b"], missing="mean")
    with pytest.raises(ValueError, match="named once"):
        survey_correlation(data, ["a", "y"], "y")
