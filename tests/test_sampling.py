"""Sizes, allocation, selection: against published tables, and their promises."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_results import R
from satisfaction.methods.precision import expected_domain_margins, expected_margin
from satisfaction.methods.sampling import (
    draw_sample,
    eligibility_counts,
    exclusion_bounds,
    frame_waterfall,
    permanent_random_numbers,
)
from satisfaction.methods.sizes import power_sample_size, power_sample_size_means, sample_size
from satisfaction.methods.stratification import allocation, stratum_deviations


@pytest.mark.parametrize(
    ("population", "n"), [(200, 132), (500, 218), (1000, 278), (3000, 341), (0, 0), (1, 1)]
)
def test_cochran_with_fpc(population, n):
    # Rounding n0 up to 385 before the FPC would give 279 for 1000.
    assert sample_size(population, margin=0.05).n == n


def test_cochran_table_of_r():
    table = R["cochran_n"]["values"]
    assert [sample_size(N, margin=0.05).n for N in table["N"]] == table["n_minus1"]


def test_stages_are_kept():
    result = sample_size(
        1000, margin=0.05, minimum_share=0.3, minimum_per_stratum=40, strata=8, response_rate=0.4
    )
    stages = result.stages
    assert stages["cochran"] == pytest.approx(384.1458820694124)
    # R: X2*N*p*q/(d^2*(N-1)+X2*p*q), the formula of Krejcie & Morgan
    assert stages["finite_population"] == pytest.approx(277.733453173188)
    assert (stages["minimum_share"], stages["minimum_strata"]) == (300, 320)
    assert (stages["needed"], stages["invitations"]) == (320, 800)
    assert result.row(stage="finite_population")["n"] == 278
    short = sample_size(100, margin=0.05, response_rate=0.5).stages
    assert (short["invitations"], short["expected_answers"]) == (100, 50)


def test_unknown_population_has_no_fpc():
    result = sample_size(None, margin=0.05, minimum_share=0.1, response_rate=0.5)
    assert (result.n, result.stages["invitations"]) == (385, 770)
    assert result.row(stage="minimum_share")["reason"] == "no_frame"


@pytest.mark.parametrize(
    "wrong",
    [{"margin": 0}, {"margin": 5}, {"level": 95}, {"response_rate": 0}, {"minimum_share": 2}],
)
def test_sizes_refuse_impossible_arguments(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        sample_size(100, **{"margin": 0.05, **wrong})


def test_allocation_equals_r_before_rounding():
    v = R["allocation_apipop"]["values"]
    strata = pd.DataFrame({"stratum": list("EHM"), "population": v["Nh"], "std_dev": v["Sh"]})
    for how, expected in (("proportional", v["prop"]), ("neyman", v["neyman"])):
        result = allocation(strata, 200, how=how)
        assert result.rows["estimate"].tolist() == pytest.approx(expected, rel=1e-9)
        assert result.rows["n"].sum() == 200
    # largest remainders: 142.75, 24.38, 32.87
    assert allocation(strata, 200).rows["n"].tolist() == [143, 24, 33]


strata_tables = st.lists(
    st.tuples(st.integers(0, 500), st.floats(0, 3)), min_size=1, max_size=12
).map(
    lambda rows: pd.DataFrame(rows, columns=["population", "std_dev"]).assign(
        stratum=[f"s{i}" for i in range(len(rows))]
    )
)


@settings(deadline=None)
@given(
    strata_tables,
    st.integers(0, 3000),
    st.integers(0, 5),
    st.sampled_from(["proportional", "neyman", "power"]),
    st.randoms(use_true_random=False),
)
def test_allocation_keeps_every_promise(strata, n, minimum, how, random):
    lower = np.minimum(minimum, strata["population"])
    goal = min(n, strata["population"].sum())
    if lower.sum() > goal:
        with pytest.raises(ValueError, match="minimum of"):
            allocation(strata, n, how=how, minimum=minimum)
        return
    rows = allocation(strata, n, how=how, minimum=minimum).rows
    assert rows["n"].sum() == goal
    assert rows["estimate"].sum() == pytest.approx(goal)
    assert (rows["n"] >= lower).all()
    assert (rows["n"] <= strata["population"]).all()
    assert ((rows["n"] - rows["estimate"]).abs() < 1 + 1e-6).all()
    order = random.sample(range(len(strata)), len(strata))
    again = allocation(strata.iloc[order], n, how=how, minimum=minimum).rows
    assert again.set_index("stratum")["n"].to_dict() == rows.set_index("stratum")["n"].to_dict()


def test_caps_are_shared_out_again():
    strata = pd.DataFrame(
        {"stratum": ["a", "b", "c"], "population": [5, 100, 100], "std_dev": [50.0, 1.0, 0.0]}
    )
    assert allocation(strata, 105, how="neyman").rows["n"].tolist() == [5, 100, 0]
    assert allocation(strata, 155, how="neyman").rows["n"].tolist() == [5, 100, 50]


@pytest.mark.parametrize(
    ("strata", "arguments", "message"),
    [
        ({"stratum": ["a", "a"], "population": [1, 2]}, {}, "twice"),
        ({"stratum": ["a"], "population": [1.5]}, {}, "whole numbers"),
        ({"stratum": ["a"], "population": [-1]}, {}, "whole numbers"),
        ({"stratum": ["a"], "population": [9]}, {"how": "equal"}, "how must be"),
        ({"stratum": ["a"], "population": [9]}, {"how": "neyman"}, "no column std_dev"),
    ],
)
def test_allocation_refuses_wrong_strata(strata, arguments, message):
    with pytest.raises(ValueError, match=message):
        allocation(pd.DataFrame(strata), 1, **arguments)


def frame(n=300):
    return pd.DataFrame(
        {
            "household": [f"H{i:05}" for i in range(n)],
            "stratum": [("a", "b", "c")[i % 3] for i in range(n)],
        }
    )


def drawn(table, n=60, **arguments):
    strata = table.groupby("stratum").size().rename("population").reset_index()
    return draw_sample(table, allocation(strata, n), **{"seed": 7, **arguments})


def test_random_numbers_depend_on_unit_and_seed_only():
    numbers = permanent_random_numbers(["H1", "H2"], 1)
    assert permanent_random_numbers(["H2"], 1)["H2"] == numbers["H2"]
    assert permanent_random_numbers(["H1"], 2)["H1"] != numbers["H1"]
    # Pinned: a change here would redraw every sample ever drawn.
    assert numbers["H1"] == pytest.approx(0.33087518376262437, abs=1e-16)
    many = permanent_random_numbers(range(20_000), 3)
    assert many.between(0, 1, inclusive="left").all()
    assert np.histogram(many, 10, (0, 1))[0].std() < 150  # binomial: 42


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_draw_does_not_depend_on_row_order(shuffle):
    table = frame()
    again = drawn(table.sample(frac=1, random_state=shuffle), reserve_share=0.5)
    pd.testing.assert_frame_equal(again, drawn(table, reserve_share=0.5))


def test_draw_has_main_and_reserve_in_every_stratum():
    sample = drawn(frame(), n=60, reserve_share=0.26)
    counts = pd.crosstab(sample["stratum"], sample["role"])
    assert counts["main"].tolist() == [20, 20, 20]
    assert counts["reserve"].tolist() == [6, 6, 6]  # ceil(5.2)
    assert not sample["household"].duplicated().any()
    assert (sample["probability"] == 0.2).all()
    assert list(sample.columns) == [
        "household", "stratum", "stratum_population", "stratum_sample", "probability", "role",
        "draw_order", "seed",
    ]  # fmt: skip
    assert sample[sample["stratum"] == "b"]["draw_order"].tolist() == list(range(1, 27))


def test_moving_the_start_asks_other_households():
    first = set(drawn(frame(3000), n=300)["household"])
    assert len(first & set(drawn(frame(3000), n=300, start=0.5)["household"])) == 0
    assert set(drawn(frame(3000), n=300, start=0.0)["household"]) == first


def test_small_strata_run_out_of_reserves():
    assert len(drawn(frame(9), n=9, reserve_share=1)) == 9


def test_draw_refuses_frames_that_do_not_fit():
    table = frame(6)
    with pytest.raises(ValueError, match="its own household"):
        drawn(pd.concat([table, table]))
    plan = pd.DataFrame({"stratum": ["a"], "n": [1]})
    with pytest.raises(ValueError, match="says nothing about"):
        draw_sample(table, plan, seed=1)
    with pytest.raises(ValueError, match="fewer than the 3"):
        draw_sample(table, pd.DataFrame({"stratum": list("abc"), "n": [3, 1, 1]}), seed=1)


@given(st.integers(50, 20_000))
def test_size_and_expected_margin_are_inverse(population):
    n = sample_size(population, margin=0.05).n
    rows = pd.DataFrame({"stratum": ["all"], "population": [population], "n": [n]})
    assert expected_margin(rows).row(scope="all")["estimate"] <= 0.05 + 1e-12
    fewer = expected_margin(rows.assign(n=n - 1)).row(scope="all")["estimate"]
    assert fewer > 0.05 - 1e-12


def test_expected_margin_at_the_edges():
    rows = pd.DataFrame({"stratum": ["a", "b"], "population": [50, 30], "n": [50, 30]})
    assert (expected_margin(rows).rows["estimate"] == 0).all()
    missing = expected_margin(rows.assign(n=[50, 0]))
    assert missing.row(scope="all")["reason"] == "empty_stratum"
    unknown = expected_margin(pd.DataFrame({"stratum": ["a"], "n": [385]}))
    assert unknown.row(scope="all")["estimate"] == pytest.approx(0.04995, abs=1e-5)


def test_waterfall_counts_who_each_step_removes():
    table = pd.DataFrame({"in": [True, True, False, True], "flag": [False, True, True, False]})
    result = frame_waterfall(table, steps={"moved_in": table["in"], "kept": ~table["flag"]})
    assert result.rows["step"].tolist() == ["frame", "moved_in", "kept"]
    assert result.rows["n"].tolist() == [4, 3, 2]
    assert result.rows["removed"].tolist() == [0, 1, 1]
    assert result.rows["share_of_start"].tolist() == [1, 0.75, 0.5]
    with pytest.raises(ValueError, match="'kept'"):
        frame_waterfall(table, steps={"kept": table["flag"].iloc[:2]})
    empty = frame_waterfall(table[:0], steps={"moved_in": table["in"][:0]})
    assert (empty.rows["reason"] == "no_frame").all()


def test_exclusion_bounds_of_the_requirement():
    # S = 90 %, 5 % excluded: between 85.5 % and 90.5 %
    row = exclusion_bounds(0.9, 0.05).rows.iloc[0]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.855, 0.905))
    assert exclusion_bounds(float("nan"), 0.1).rows["reason"].item() == "no_answers"
    assert exclusion_bounds(0.9, float("nan")).rows["reason"].item() == "no_frame"
    with pytest.raises(ValueError, match="excluded_share"):
        exclusion_bounds(0.9, 5)


def test_krejcie_and_morgan_table():
    # R: X2*N*p*q/(d^2*(N-1)+X2*p*q), d=.05, and the printed table of Krejcie & Morgan (1970)
    table = R["krejcie_morgan"]["values"]
    raw = [sample_size(N, margin=0.05).stages["finite_population"] for N in table["N"]]
    assert raw == pytest.approx(table["raw"], rel=1e-12)
    assert [round(n) for n in raw] == table["n"]


def test_power_of_two_waves_as_in_r():
    r = R["power_prop"]["values"]
    # R: power.prop.test(p1=.80, p2=.85, power=.8)$n; power.t.test(delta=.2, sd=1, power=.8)$n
    assert power_sample_size(0.80, 0.85, 0.8, 0.95) == pytest.approx(r["n_prop"], rel=1e-10)
    assert power_sample_size_means(0.2) == pytest.approx(r["n_t"], rel=1e-10)
    # R: ?power.prop.test: power.prop.test(p1 = .50, p2 = .75, power = .90)  # =>  n = 76.7
    #    power.prop.test(p1 = .5, p2 = .75, power = .9, alternative = "one.sided"): n = 62.0...
    assert power_sample_size(0.5, 0.75, 0.9) == pytest.approx(76.7, abs=0.05)
    # R: ?power.t.test: power.t.test(power = .90, delta = 1) # n = 22.02110
    #    power.t.test(power = .90, delta = 1, alternative = "one.sided")  # n = 17.84713
    assert power_sample_size_means(1, power=0.9) == pytest.approx(22.02110, abs=1e-5)
    assert power_sample_size_means(1, power=0.9, sides=1) == pytest.approx(17.84713, abs=1e-5)


def test_means_reach_the_power_that_scipy_computes():
    from scipy import stats

    for effect, paired in ((0.05, False), (0.5, True), (3, False), (8, True)):
        n = power_sample_size_means(2 * effect, 2.0, power=0.85, level=0.9, paired=paired)
        groups = 1 if paired else 2
        df = groups * (n - 1)
        beyond = stats.nct.sf(stats.t.ppf(0.95, df), df, np.sqrt(n / groups) * effect)
        assert beyond == pytest.approx(0.85, abs=1e-9)


def test_power_of_a_size_by_simulation():
    # 500 answers per wave at .80 against .87: power by the formula and by 4,000 pairs of waves
    random = np.random.default_rng(4)
    n = int(np.ceil(power_sample_size(0.80, 0.87, 0.8)))
    one, two = random.binomial(n, 0.80, 4000) / n, random.binomial(n, 0.87, 4000) / n
    pooled = (one + two) / 2
    z = (two - one) / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert (np.abs(z) > 1.959964).mean() == pytest.approx(0.8, abs=0.02)


def test_sizes_for_a_change_at_the_edges():
    assert np.isinf(power_sample_size(0.5, 0.5))
    assert power_sample_size([0.8, 0.9], [0.9, 1.0]).shape == (2,)
    assert power_sample_size(0, 1) == pytest.approx(0.5 * 1.959964**2, rel=1e-6)
    assert np.isinf(power_sample_size_means(1e-7))
    for wrong in ({"power": 1}, {"level": 0}, {"sides": 3}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            power_sample_size(0.8, 0.9, **wrong)
        with pytest.raises(ValueError, match=next(iter(wrong))):
            power_sample_size_means(0.5, **wrong)
    with pytest.raises(ValueError, match="p1 and p2"):
        power_sample_size(0.8, 1.2)
    with pytest.raises(ValueError, match="difference"):
        power_sample_size_means(0)


def test_the_change_to_be_seen_is_a_stage():
    planned = {"margin": 0.05, "change": 0.05, "expected_share": 0.85}
    shown = sample_size(3000, **planned)
    # the harder direction is towards one half: the .80 -> .85 of R, with the FPC of 3000 households
    n = R["power_prop"]["values"]["n_prop"]
    assert shown.stages["see_change"] == pytest.approx(n / (1 + (n - 1) / 3000), rel=1e-10)
    assert shown.n == 341
    assert sample_size(3000, **planned, change_decides=True).n == 696
    assert sample_size(None, **planned).stages["see_change"] == pytest.approx(n, rel=1e-10)
    assert sample_size(300, **planned, change_decides=True).n <= 300
    assert "see_change" not in sample_size(3000, margin=0.05).stages
    assert sample_size(0, **planned).stages["see_change"] == 0
    # next to the end of the scale one direction is left
    end = sample_size(None, margin=0.05, change=0.1, expected_share=1.0)
    assert end.stages["see_change"] == pytest.approx(power_sample_size(1.0, 0.9))
    with pytest.raises(ValueError, match="change in"):
        sample_size(100, margin=0.05, change=0.6)


def test_error_of_a_stratified_mean_as_in_r():
    v = R["allocation_apipop"]["values"]
    strata = pd.DataFrame({"stratum": list("EHM"), "population": v["Nh"], "std_dev": v["Sh"]})
    for how in ("prop", "neyman"):
        error = expected_margin(strata.assign(n=v[how])).row(scope="all")["std_error"]
        assert error == pytest.approx(v[f"se_{how}"], rel=1e-9)
    # R: sd(apipop$api00) = 128.2888 follows from se_srs; one stratum is a simple random sample
    N = sum(v["Nh"])
    spread = v["se_srs"] / np.sqrt((1 - 200 / N) / 200)
    one = pd.DataFrame({"stratum": ["a"], "population": [N], "n": [200], "std_dev": [spread]})
    assert expected_margin(one).rows["std_error"].iloc[0] == pytest.approx(v["se_srs"])


def test_census_has_no_error_and_neyman_is_never_worse():
    strata = pd.DataFrame(
        {"stratum": list("abc"), "population": [50, 300, 90], "std_dev": [0.5, 0.2, 0.4]}
    )
    whole = expected_margin(strata.assign(n=strata["population"]))
    assert (whole.rows["std_error"] == 0).all()
    errors = {
        how: expected_margin(
            strata.assign(n=allocation(strata, 60, how=how).rows["estimate"])
        ).rows["std_error"].iloc[0]
        for how in ("neyman", "proportional", "power")
    }  # fmt: skip
    assert errors["neyman"] == min(errors.values())


def test_margins_of_groups_that_cut_across_the_strata():
    random = np.random.default_rng(2)
    strata = np.repeat(["a", "b"], [300, 120])
    table = pd.DataFrame({"stratum": strata, "building": random.choice(["1", "2", "3"], 420)})
    plan = pd.DataFrame({"stratum": ["a", "b"], "population": [300, 120], "n": [90, 60]})
    found = expected_domain_margins(table, plan, "building", proportion=0.7)
    assert found.rows["n"].sum() == pytest.approx(150)
    # 1,500 samples from one population: the ratio estimate of each building, weights N_h/n_h
    y = random.random(420) < 0.7
    weight = np.where(strata == "a", 300 / 90, 2.0)
    estimates = []
    for _ in range(1500):
        keep = np.concatenate([random.permutation(300)[:90], 300 + random.permutation(120)[:60]])
        w, own = weight[keep], table["building"].to_numpy()[keep]
        estimates.append(
            [np.average(y[keep][own == name], weights=w[own == name]) for name in "123"]
        )
    simulated = np.std(estimates, axis=0)
    assert found.rows["std_error"].to_numpy() == pytest.approx(simulated, rel=0.12)
    # a group that is a stratum has the stratum's own margin
    same = expected_domain_margins(table.assign(own=table["stratum"]), plan, "own")
    margin = expected_margin(plan).rows["estimate"].iloc[1:]
    assert same.rows["estimate"].tolist() == pytest.approx(margin.tolist())
    none = expected_domain_margins(table, plan.assign(n=[90, 0]), "building")
    assert (none.rows["reason"] == "empty_stratum").all()
    with pytest.raises(ValueError, match="every stratum"):
        expected_domain_margins(table, plan.iloc[:1], "building")


def test_deviations_of_the_previous_wave():
    answers = pd.DataFrame(
        {
            "stratum": ["a"] * 20 + ["b"] * 20 + ["c"] * 3,
            "overall": [5] * 15 + [3] * 5 + [5] * 20 + [1, 5, np.nan],
        }
    )
    found = stratum_deviations(answers, "overall", strata=["d"], minimum_n=10)
    rows = found.rows.set_index("stratum")
    # R: sd(c(rep(1, 15), rep(0, 5))) = 0.4442617; sd over all 42: 36 of 42 -> 0.3541688
    assert rows.loc["a", "estimate"] == pytest.approx(0.4442617, abs=1e-7)
    assert rows["reason"].to_dict() == {"a": "", "b": "constant", "c": "too_few", "d": "no_answers"}
    assert found.stages["pooled"] == pytest.approx(0.3541688, abs=1e-7)
    assert rows.loc[["b", "c", "d"], "estimate"].tolist() == pytest.approx([0.3541688] * 3)
    alike = stratum_deviations(answers.iloc[20:40], "overall")
    assert alike.rows["estimate"].isna().all()
    assert stratum_deviations(answers.iloc[:0], "overall", strata=["a"]).rows["n"].tolist() == [0]


def test_eligibility_counts_each_household_once():
    table = pd.DataFrame({"eligibility": ["", "x", "y", "y", ""]})
    found = eligibility_counts(table)
    assert found.rows["eligibility"].tolist() == ["eligible", "y", "x"]
    assert found.rows["n"].tolist() == [2, 2, 1]
    assert dict(found.exclusions) == {"y": 2, "x": 1}
    assert eligibility_counts(table.iloc[:0]).rows["reason"].tolist() == ["no_frame"]


def test_a_start_for_every_stratum():
    table = frame(300)
    one = drawn(table, start=0.25)
    assert drawn(table, start=dict.fromkeys("abc", 0.25)).equals(one)
    with pytest.raises(ValueError, match="every stratum"):
        drawn(table, start={"a": 0.1, "b": 0.2})
    with pytest.raises(ValueError, match="start must lie"):
        drawn(table, start=1.0)
