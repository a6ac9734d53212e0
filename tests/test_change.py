"""Wave differences: R's values, identical waves, thin waves, what could have been seen."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from reference_results import R
from satisfaction.methods.change import share_difference_p_value, wave_difference
from satisfaction.methods.detection import detectable_difference, smallest_significant_change
from satisfaction.methods.multiplicity import adjusted_p_values

REFERENCE = Path(__file__).parent / "reference"


def wave(satisfied: int, n: int, item: str = "q") -> pd.DataFrame:
    return pd.DataFrame({item: [5.0] * satisfied + [2.0] * (n - satisfied)})


def random_wave(seed: int, n: int = 80, items: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    scores = random.integers(1, 6, size=(n, items)).astype(float)
    return pd.DataFrame(scores, columns=[f"q{i}" for i in range(items)])


def test_means_of_two_independent_waves_equal_r():
    # R: stack apisrs(api99) and apistrat(api00), strata = wave:stratum; svyttest(y ~ wave)
    expected = R["two_wave_independent"]["values"]
    names = {"pw": "weight", "fpc": "stratum_population", "stype": "stratum"}
    first = pd.read_csv(REFERENCE / "apisrs.csv").drop(columns="stype").rename(columns=names)
    second = pd.read_csv(REFERENCE / "apistrat.csv").rename(columns=names)
    result = wave_difference(
        second.assign(score=second["api00"]),
        first.assign(score=first["api99"]),
        ["score"],
        at_least=None,
    )
    row = result.row(item="score")
    assert row["estimate"] == pytest.approx(expected["diff"], rel=1e-9)
    assert row["std_error"] == pytest.approx(expected["se"], rel=1e-9)
    assert row["df"] == expected["df"]
    assert row["p_value"] == pytest.approx(expected["p"], rel=1e-6)
    assert row["estimate"] / row["std_error"] == pytest.approx(expected["t"], rel=1e-9)
    assert row["significant"]
    assert row["direction"] == "up"


def test_shares_have_newcombe_s_interval():
    # Newcombe (1998b), method 10: 56/70 - 48/80
    estimate, low, high = R["newcombe_diff_56_70_48_80"]["values"]["v"]
    row = wave_difference(wave(56, 70), wave(48, 80), ["q"]).row(item="q")
    assert row["estimate"] == pytest.approx(estimate)
    # The linearised SE has n - 1, so n_eff is 69 and 79: 0.001 wider than the published interval.
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([low, high], abs=1.5e-3)
    assert row["n"] == 70
    assert row["n_previous"] == 80


def test_p_adjust_equals_r():
    published = R["padj_published"]["values"]
    p = [0.01, 0.02, 0.03, 0.04, 0.05]
    # R: p.adjust(c(.01, .02, .03, .04, .05), m). 0.09 holds for the last three
    assert adjusted_p_values(p).tolist() == pytest.approx(published["holm"])
    assert adjusted_p_values(p, "fdr_bh").tolist() == pytest.approx(published["BH"])
    pairs = R["housing_pairwise_padj"]["values"]
    assert adjusted_p_values(pairs["raw"]).tolist() == pytest.approx(pairs["holm"], rel=1e-9)
    assert adjusted_p_values(pairs["raw"], "fdr_bh").tolist() == pytest.approx(
        pairs["BH"], rel=1e-9
    )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_equal_statsmodels(p):
    for method in ("holm", "fdr_bh"):
        expected = multipletests(p, method=method)[1]
        assert adjusted_p_values(p, method).tolist() == pytest.approx(expected.tolist())


def test_untested_rows_do_not_count_in_the_family():
    assert adjusted_p_values([0.01, np.nan, 0.04]).tolist() == pytest.approx(
        [0.02, np.nan, 0.04], nan_ok=True
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([4, None]))
def test_identical_waves_have_no_change(seed, at_least):
    data = random_wave(seed)
    rows = wave_difference(data, data, list(data.columns), at_least=at_least).rows
    assert (rows["estimate"] == 0).all()
    assert (rows["p_value"] == 1).all()
    assert not rows["significant"].any()
    assert (rows["direction"] == "none").all()
    assert ((rows["ci_low"] < 0) & (rows["ci_high"] > 0)).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_swapped_waves_change_the_sign_only(seed):
    a, b = random_wave(seed), random_wave(seed + 1, n=60)
    there = wave_difference(a, b, list(a.columns)).rows
    back = wave_difference(b, a, list(a.columns)).rows
    assert there["estimate"].to_numpy() == pytest.approx(-back["estimate"].to_numpy())
    assert there["p_holm"].to_numpy() == pytest.approx(back["p_holm"].to_numpy())
    assert there["ci_low"].to_numpy() == pytest.approx(-back["ci_high"].to_numpy())


def test_no_change_is_claimed_more_often_than_five_percent():
    # 150 pairs of waves of 60 with the same truth p = 0.85: 2.5 % to 9.5 % holds for 0.05 ± 2.5 SE
    random = np.random.default_rng(1)
    columns = [f"q{i}" for i in range(150)]
    waves = [
        pd.DataFrame(np.where(random.random((60, 150)) < 0.85, 5.0, 2.0), columns=columns)
        for _ in range(2)
    ]
    rows = wave_difference(*waves, columns).rows
    assert (rows["p_value"] < 0.05).mean() <= 0.095
    assert ((rows["ci_low"] > 0) | (rows["ci_high"] < 0)).mean() <= 0.095
    assert rows["significant"].sum() <= 1


def test_a_real_drop_is_found_with_its_direction():
    row = wave_difference(wave(140, 200), wave(176, 200), ["q"]).row(item="q")
    assert row["direction"] == "down"
    assert row["ci_high"] < 0
    assert abs(row["estimate"]) > row["detectable"] > 0


def test_reworded_and_dropped_items_are_not_compared():
    current = random_wave(1).assign(new=3.0)
    previous = random_wave(2).drop(columns="q2")
    rows = wave_difference(
        current, previous, ["q0", "q1", "q2", "new"], comparable={"q0", "q2"}
    ).rows.set_index("item")
    assert rows["reason"].to_dict() == {
        "q0": "",
        "q1": "not_comparable",
        "q2": "not_comparable",
        "new": "not_comparable",
    }
    assert rows.loc["q1":, ["estimate", "p_value", "p_holm", "detectable"]].isna().all(axis=None)
    assert not np.isnan(rows.loc["q2", "current"])
    assert rows.loc["q0", "p_holm"] == rows.loc["q0", "p_value"]


def test_waves_without_a_common_item():
    current, previous = random_wave(1, items=1), random_wave(2, items=1).rename(columns={"q0": "x"})
    rows = wave_difference(current, previous, ["q0", "x"]).rows
    assert (rows["reason"] == "not_comparable").all()
    assert rows["estimate"].isna().all()


def test_groups_of_one_wave_only_have_no_answers_in_the_other():
    current = random_wave(1).assign(group_name=["a", "b"] * 40)
    previous = random_wave(2).assign(group_name=["a", "c"] * 40)
    rows = wave_difference(current, previous, ["q0"], by="group_name").rows.set_index("group")
    assert rows["reason"].to_dict() == {"a": "", "b": "no_answers", "c": "no_answers"}
    assert rows.loc["b", "n_previous"] == 0


def test_dimensions_are_compared_when_all_their_items_are():
    a, b = random_wave(1), random_wave(2)
    items = {"service": ["q0", "q1"], "safety": ["q1", "q2"]}
    rows = wave_difference(a, b, items, comparable={"q0", "q1"}).rows.set_index("item")
    assert rows["reason"].to_dict() == {"service": "", "safety": "not_comparable"}


@pytest.mark.parametrize("at_least", [4, None])
@pytest.mark.parametrize(
    ("current", "previous", "reason"),
    [
        (wave(3, 3), wave(40, 50), "too_few"),
        (wave(40, 50), wave(1, 1), "too_few"),
        (wave(40, 50) * np.nan, wave(40, 50), "no_answers"),
        (wave(0, 0), wave(40, 50), "no_answers"),
    ],
)
def test_thin_waves_give_a_reason(current, previous, reason, at_least):
    rows = wave_difference(current, previous, ["q"], at_least=at_least).rows
    assert rows["reason"].tolist() == [reason]
    assert rows[["estimate", "ci_low", "p_value", "p_holm", "detectable"]].isna().all(axis=None)
    assert rows["direction"].tolist() == ["none"]


def test_means_without_any_variation_have_no_yardstick():
    row = wave_difference(wave(20, 20), wave(0, 20), ["q"], at_least=None).row(item="q")
    assert row["estimate"] == 3
    assert row["reason"] == "no_variation"
    assert np.isnan(row["p_value"])
    assert not row["significant"]


def test_all_satisfied_against_some_uses_the_score_test():
    # by hand, 30/30 against 27/30: chi-squared 0.1^2 / (0.95 x 0.05 x 2/30) = 3.1579, p = 0.07556
    assert share_difference_p_value(1.0, 0, 30, 0.9, 0.055, 30) == pytest.approx(0.07556, abs=1e-5)
    assert share_difference_p_value(1.0, 0, 30, 1.0, 0, 40) == 1
    row = wave_difference(wave(30, 30), wave(27, 30), ["q"]).row(item="q")
    assert not row["significant"]
    assert row["ci_low"] < 0


def test_two_censuses_differ_for_certain():
    now = wave(90, 100).assign(stratum_population=100.0, stratum="all")
    before = wave(89, 100).assign(stratum_population=100.0, stratum="all")
    row = wave_difference(now, before, ["q"]).row(item="q")
    assert row["std_error"] == pytest.approx(0, abs=1e-12)
    assert row["p_value"] == pytest.approx(0)
    assert row["direction"] == "up"


def test_smallest_significant_change_as_the_requirements_print_it():
    change = smallest_significant_change(0.85, [25, 60, 100, 300], [25, 60, 100, 300])
    assert np.round(change * 100, 1).tolist() == [19.8, 12.8, 9.9, 5.7]


def test_detectable_difference_inverts_power_prop_test():
    # R: power.prop.test(p1 = .80, p2 = .85, power = .8)$n; uniroot stops at about 1e-4 in n
    n = R["power_prop"]["values"]["n_prop"]
    assert detectable_difference(0.80, n, n, direction="rise") == pytest.approx(0.05, rel=1e-6)
    assert detectable_difference(0.85, n, n, direction="drop") == pytest.approx(0.05, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.95), st.integers(50, 2000), st.integers(50, 2000))
def test_detectable_difference_has_its_power(p, n1, n2):
    d = detectable_difference(p, n1, n2, direction="drop")
    if np.isnan(d):
        return
    new = p - d
    pooled = (n1 * new + n2 * p) / (n1 + n2)
    null = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    real = np.sqrt(new * (1 - new) / n1 + p * (1 - p) / n2)
    assert norm.cdf((d - norm.ppf(0.975) * null) / real) == pytest.approx(0.8, abs=1e-6)
    assert detectable_difference(p, 2 * n1, 2 * n2, direction="drop") < d


def test_detectable_difference_knows_the_ends_of_the_scale():
    assert np.isnan(detectable_difference(0.95, 60, 60, direction="rise"))
    drop = detectable_difference(0.95, 60, 60, direction="drop")
    assert detectable_difference(0.95, 60, 60) == drop
    assert np.isnan(detectable_difference(0.5, 2, 2))
    assert detectable_difference([0.5, np.nan], 100, 100).shape == (2,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"items": ["x"]}, "neither wave"), ({"items": ["q"], "level": 95}, "level")],
)
def test_wrong_arguments_are_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        wave_difference(wave(10, 20), wave(10, 20), **arguments)
