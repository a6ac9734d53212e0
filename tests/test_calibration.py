"""Calibrated weights and their standard errors: R, the jackknife, margins out of reach."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_results import R
from satisfaction.methods.calibration import (
    nonresponse_weights,
    post_stratify,
    rake,
    rake_to_frame,
    trim_weights,
    weight_summary,
)
from satisfaction.methods.differences import group_difference
from satisfaction.methods.estimation import survey_mean, survey_proportion, survey_total
from satisfaction.methods.weighting import kish_deff

REFERENCE = Path(__file__).parent / "reference"
TYPES = {"E": 4421, "H": 755, "M": 1018}
WIDE = {"No": 1072, "Yes": 5122}


@pytest.fixture(scope="module")
def clustered():
    names = {"pw": "weight", "fpc": "stratum_population", "dnum": "cluster"}
    return pd.read_csv(REFERENCE / "apiclus1.csv").rename(columns=names)


def sample(n=60, seed=1, **columns):
    """Two strata of unequal weight, two crossing characteristics; the answer follows both."""
    random = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "stratum": np.where(np.arange(n) < n // 3, "small", "large"),
            "sex": random.choice(["f", "m"], n),
            "age": random.choice(["young", "middle", "old"], n),
        }
    )
    data["stratum_population"] = np.where(data["stratum"] == "small", n, 10 * n)
    data["y"] = (data["sex"] == "f") + (data["age"] == "old") + random.normal(size=n)
    return data.assign(**columns)


MARGINS = {"sex": {"f": 360.0, "m": 300.0}, "age": {"young": 160.0, "middle": 200.0, "old": 300.0}}


def reached(data, variable):
    return data.groupby(variable)["weight"].sum()


# --- R ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "estimator", "item", "key"),
    [
        ("poststrat_clus1", survey_mean, "api00", "mean_api00"),
        ("poststrat_clus1", survey_total, "enroll", "total_enroll"),
        ("rake_clus1", survey_mean, "api00", "mean_api00"),
        ("rake_clus1", survey_total, "enroll", "total_enroll"),
    ],
)
def test_calibrated_estimates_equal_r(clustered, name, estimator, item, key):
    # postStratify(dclus1, ~stype, pop.types); rake(dclus1, list(~stype, ~sch.wide), ...)
    calibrated = (
        post_stratify(clustered, "stype", TYPES)
        if name == "poststrat_clus1"
        else rake(clustered, {"stype": TYPES, "sch.wide": WIDE})
    )
    row = estimator(calibrated, [item]).rows.iloc[0]
    expected = R[name]["values"][key]
    # R stops raking at epsilon = 1e-10 of a table cell, this one at 1e-10 of a margin
    assert row["estimate"] == pytest.approx(expected["est"][item], rel=1e-9)
    assert row["std_error"] == pytest.approx(expected["se"][item], rel=1e-8)


def test_raked_weights_equal_r(clustered):
    raked = rake(clustered, {"stype": TYPES, "sch.wide": WIDE})
    expected = R["rake_clus1"]["values"]
    found = [raked["weight"].min(), raked["weight"].max(), raked["weight"].iloc[0]]
    assert found == pytest.approx([expected[k] for k in ("w_min", "w_max", "w_first")], rel=1e-9)
    kish = R["kish_deff_rake"]["values"]
    assert kish_deff(raked["weight"]) == pytest.approx(kish["deff_w"], rel=1e-9)
    summary = weight_summary({"design": clustered, "raked": raked}).rows.set_index("step")
    assert summary.loc["raked", "n_eff"] == pytest.approx(kish["n_eff"], rel=1e-9)
    assert summary.loc["design", "deff"] == pytest.approx(1)


def test_two_stages_equal_r():
    # svymean(~api00, svydesign(id=~dnum+snum, fpc=~fpc1+fpc2, data=apiclus2))
    names = {"fpc1": "stratum_population", "dnum": "cluster", "fpc2": "cluster_population"}
    data = pd.read_csv(REFERENCE / "apiclus2.csv").rename(columns=names)
    expected = R["clus2_mean"]["values"]
    for table in (data.rename(columns={"pw": "weight"}), data):  # weights given, and from the frame
        row = survey_mean(table, ["api00"]).rows.iloc[0]
        assert row["estimate"] == pytest.approx(expected["est"]["api00"], rel=1e-7)
        assert row["std_error"] == pytest.approx(expected["se"]["api00"], rel=1e-7)
    with pytest.raises(ValueError, match="cluster_population"):
        survey_mean(data.assign(cluster_population=0), ["api00"])


def test_all_clusters_asked_in_part_are_no_census():
    # 10 households of 100 in each of all 3 buildings: 30 answers of 300
    building = np.repeat(["a", "b", "c"], 10)
    data = pd.DataFrame({"cluster": building, "stratum_population": 3, "cluster_population": 100})
    data = data.assign(group=np.tile(["x", "y"], 15), q1=5.0)
    row = survey_proportion(data, ["q1"], at_least=4).rows.iloc[0]
    assert row["n_eff"] == pytest.approx(30 / (1 - 30 / 300))
    assert row["ci_low"] < 0.9
    assert survey_mean(data, ["q1"]).rows["reason"].iloc[0] == "constant"
    assert group_difference(data, "q1", "group", at_least=4).rows["ci_high"].iloc[0] > 0.1
    whole = data.assign(cluster_population=10)
    assert survey_proportion(whole, ["q1"], at_least=4).rows["ci_low"].iloc[0] == 1


# --- the standard errors, another way --------------------------------------------------------


@pytest.mark.parametrize("variables", [["age"], ["sex", "age"]])
@pytest.mark.parametrize("by", [None, "sex"])
def test_standard_errors_agree_with_the_jackknife(variables, by):
    """Leaving out each answer in turn and calibrating anew is another road to the same variance."""
    data = sample(150, seed=4, stratum="all", stratum_population=np.nan, weight=2.2)

    def calibrated(rows):
        if variables == ["age"]:
            return post_stratify(rows, "age", MARGINS["age"])
        return rake(rows, {name: MARGINS[name] for name in variables})

    whole = survey_mean(calibrated(data), ["y"], by=by).rows
    parts = []
    for left_out in range(len(data)):
        rest = calibrated(data.drop(index=left_out).reset_index(drop=True))
        inside = rest if by is None else rest[rest[by] == "f"]
        parts.append(np.average(inside["y"], weights=inside["weight"]))
    n = len(data)
    jackknife = np.sqrt((n - 1) / n * np.sum((np.array(parts) - np.mean(parts)) ** 2))
    assert whole["std_error"].iloc[0] == pytest.approx(jackknife, rel=0.04)


def test_a_margin_takes_out_what_it_explains():
    data = sample(90, seed=2)
    data["y"] = data["sex"].map({"f": 1.0, "m": 0.0})  # known of everybody: nothing left to vary
    row = survey_mean(post_stratify(data, "sex", MARGINS["sex"]), ["y"]).rows.iloc[0]
    assert row["estimate"] == pytest.approx(360 / 660)
    assert row["std_error"] == 0
    assert survey_mean(data, ["y"]).rows["std_error"].iloc[0] > 0.02


def test_strata_that_are_the_margin_change_nothing():
    data = sample(60)
    known = data.groupby("stratum")["stratum_population"].first().to_dict()
    plain = survey_mean(data, ["y"]).rows.iloc[0]
    calibrated = survey_mean(post_stratify(data, "stratum", known), ["y"]).rows.iloc[0]
    assert calibrated["estimate"] == pytest.approx(plain["estimate"])
    assert calibrated["std_error"] == pytest.approx(plain["std_error"])


# --- properties ------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 90))
def test_raked_weights_reproduce_every_margin(seed, n):
    data = sample(n, seed)
    if data["age"].nunique() < 3 or data["sex"].nunique() < 2:
        return
    shuffled = data.sample(frac=1, random_state=seed)
    raked = rake(data, MARGINS)
    assert (raked["weight"] > 0).all()
    for variable, known in MARGINS.items():
        assert reached(raked, variable).to_dict() == pytest.approx(known, rel=1e-8)
    again = rake(shuffled, MARGINS)["weight"].sort_index()
    assert again.to_numpy() == pytest.approx(raked["weight"].to_numpy(), rel=1e-8)


def test_equal_rows_of_a_census_have_no_error():
    data = sample(60, stratum="all", stratum_population=60)
    known = data["age"].value_counts().to_dict()
    row = survey_proportion(
        post_stratify(data.assign(good=(data["y"] > 0).astype(float)), "age", known), ["good"]
    ).rows.iloc[0]
    assert row["std_error"] == 0
    assert row["ci_low"] == row["ci_high"] == row["estimate"]


# --- what cannot be done ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "margins", "message"),
    [
        ({}, {"sex": {"f": 1, "m": 2, "x": 3}}, "nobody answered for 'sex': x"),
        ({}, {"sex": {"f": 1}}, "does not hold: m"),
        ({}, {"sex": {"f": 1, "m": -1}}, "at least 0"),
        ({}, {"sex": {"f": 1, "m": 1}, "age": MARGINS["age"]}, "add up to 2 and 660"),
        ({}, {}, "at least one margin"),
        ({}, {"income": {"a": 1}}, "no column 'income'"),
        ({"weight": -1.0}, MARGINS, "60 rows have a weight"),
        ({"sex": None}, MARGINS, "60 rows have no 'sex'"),
    ],
)
def test_wrong_margins_are_named(change, margins, message):
    with pytest.raises(ValueError, match=message):
        rake(sample(60).assign(**change), margins)


def test_an_unreachable_margin_is_an_error():
    data = pd.DataFrame({"sex": ["f", "f", "m"], "age": ["old", "old", "young"]})
    with pytest.raises(ValueError, match="cannot reach the margins: 'sex'"):
        rake(data, {"sex": {"f": 10, "m": 90}, "age": {"old": 50, "young": 50}}, rounds=50)


def test_one_category_and_one_answer():
    data = pd.DataFrame({"sex": ["f"], "y": [4.0]})
    row = survey_mean(post_stratify(data, "sex", {"f": 7}), ["y"]).rows.iloc[0]
    assert row["estimate"] == 4
    assert np.isnan(row["std_error"])
    assert row["reason"] == "too_few"


# --- trimming --------------------------------------------------------------------------------


def test_what_is_trimmed_goes_to_the_others():
    # by hand: 10 is cut to 5, the 5 left over go in equal parts to the four others
    data = pd.DataFrame({"weight": [1.0, 1.0, 1.0, 2.0, 10.0]})
    assert trim_weights(data, upper=5)["weight"].tolist() == [2.25, 2.25, 2.25, 3.25, 5.0]


def test_strict_trimming_leaves_no_weight_outside():
    data = pd.DataFrame({"weight": [1.0, 1.0, 4.8, 4.8, 10.0]})
    once = trim_weights(data, upper=5)["weight"]
    assert once.max() > 5
    strict = trim_weights(data, upper=5, strict=True)["weight"]
    assert strict.max() <= 5
    assert strict.sum() == pytest.approx(21.6)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"upper": 1}, "cannot sum"),
        ({"lower": 9}, "cannot sum"),
        ({"lower": 3, "upper": 2}, "must rise"),
    ],
)
def test_bounds_that_cannot_hold_are_an_error(bounds, message):
    with pytest.raises(ValueError, match=message):
        trim_weights(pd.DataFrame({"weight": [2.0, 4.0]}), **bounds)


# --- non-response ----------------------------------------------------------------------------


def drawn():
    return pd.DataFrame(
        {
            "group": ["a"] * 6 + ["b"] * 4 + ["c"],
            "weight": [2.0] * 6 + [5.0] * 4 + [9.0],
            "answered": [True, True, False, False, False, False, True, True, True, False, False],
        }
    )


def test_respondents_speak_for_the_silent_of_their_class():
    # by hand: nobody of c answered, so it joins a, the next smallest: 2 (12 + 9) / 4; b: 5 x 20/15
    weights = nonresponse_weights(drawn(), "answered", "group", minimum_n=2)
    assert weights[:2].tolist() == [10.5, 10.5]
    assert weights[6:9].tolist() == pytest.approx([20 / 3] * 3)
    assert (weights[~drawn()["answered"]] == 0).all()
    assert weights.sum() == pytest.approx(drawn()["weight"].sum())


def test_nobody_responded_is_an_error():
    with pytest.raises(ValueError, match="nobody responded"):
        nonresponse_weights(drawn().assign(answered=False), "answered", "group")


# --- to the frame of a project ---------------------------------------------------------------


def test_thin_categories_are_merged_before_raking():
    frame = pd.DataFrame({"block": ["1"] * 50 + ["2"] * 40 + ["3"] * 6 + ["4"] * 4})
    data = pd.DataFrame({"block": ["1"] * 10 + ["2"] * 10 + ["3"] * 5})
    raked = rake_to_frame(data, frame, ["block"], minimum_n=5)
    assert reached(raked, "block").to_dict() == pytest.approx({"1": 50, "2": 40, "3": 10})
    assert list(raked["block"]) == list(data["block"])


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (pd.DataFrame({"block": ["1"] * 5}), pd.DataFrame({"block": []})),
        (pd.DataFrame({"block": ["1"] * 5}), pd.DataFrame({"block": ["1"] * 9})),
        (pd.DataFrame({"block": ["1"] * 5}), pd.DataFrame({"block": ["1"] * 9 + ["2"] * 9})),
        (pd.DataFrame({"block": ["9"] * 8}), pd.DataFrame({"block": ["1"] * 9})),
        (pd.DataFrame({"block": [None] * 8}), pd.DataFrame({"block": ["1"] * 9})),
    ],
)
def test_without_a_usable_margin_the_design_weights_stay(data, frame):
    kept = rake_to_frame(data, frame, ["block"])
    assert (kept["weight"] == 1).all()
    assert not [c for c in kept.columns if c.startswith("margin_")]
