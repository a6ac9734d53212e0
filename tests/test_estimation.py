"""The linearised estimator: R's survey package, properties, thin data, tallies."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_results import R
from satisfaction.methods.estimation import (
    score_distribution,
    survey_mean,
    survey_proportion,
    survey_quantile,
    survey_ratio,
    survey_std,
    survey_total,
)
from satisfaction.methods.intervals import wilson_interval
from satisfaction.methods.tallies import estimates_from_tallies

REFERENCE = Path(__file__).parent / "reference"
CLOSE = {"rel": 1e-9}


def values(name):
    return R[name]["values"]


def schools(name, **columns):
    data = pd.read_csv(REFERENCE / f"{name}.csv")
    data["all_wide"] = (data["sch.wide"] == "Yes").astype(float)
    names = {"pw": "weight", "fpc": "stratum_population", "stype": "stratum", **columns}
    return data.rename(columns={old: new for old, new in names.items() if new})


@pytest.fixture(scope="module")
def stratified():
    return schools("apistrat")


@pytest.fixture(scope="module")
def clustered():
    return schools("apiclus1", dnum="cluster", stype=None)


def only(result):
    assert len(result) == 1
    return result.rows.iloc[0]


# --- R ---------------------------------------------------------------------------------------


def test_simple_random_sample():
    row = only(survey_mean(schools("apisrs", stype=None), ["api00"]))
    assert row["estimate"] == pytest.approx(values("srs_mean_fpc")["est"]["api00"], **CLOSE)
    assert row["std_error"] == pytest.approx(values("srs_mean_fpc")["se"]["api00"], **CLOSE)


def test_stratified_mean_with_interval_and_df(stratified):
    v, row = values("strat_mean_fpc"), only(survey_mean(stratified, ["api00"]))
    assert row["estimate"] == pytest.approx(v["est"]["api00"], **CLOSE)
    assert row["std_error"] == pytest.approx(v["se"]["api00"], **CLOSE)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(v["ci95"], **CLOSE)
    assert row["df"] == v["df"]
    assert row["deff"] == pytest.approx(values("strat_mean_deff")["deff"], **CLOSE)
    # n_eff is the with-replacement view: S^2 / SE^2
    assert 200 / row["n_eff"] == pytest.approx(values("strat_mean_deff")["deff_wr"], **CLOSE)


def test_weights_from_the_frame_equal_design_weights(stratified):
    # The weights in the file are rounded to single precision.
    row = only(survey_mean(stratified.drop(columns="weight"), ["api00"]))
    assert row["std_error"] == pytest.approx(values("strat_mean_fpc")["se"]["api00"], rel=1e-7)


def test_without_population_there_is_no_fpc(stratified):
    row = only(survey_mean(stratified.drop(columns="stratum_population"), ["api00"]))
    assert row["std_error"] == pytest.approx(values("strat_mean_nofpc")["se"]["api00"], **CLOSE)


def test_total(stratified):
    v, row = values("strat_total_fpc"), only(survey_total(stratified, ["enroll"]))
    assert row["estimate"] == pytest.approx(v["est"]["enroll"], **CLOSE)
    assert row["std_error"] == pytest.approx(v["se"]["enroll"], **CLOSE)


def test_clusters(clustered):
    v, row = values("clus1_mean"), only(survey_mean(clustered, ["api00"]))
    assert row["estimate"] == pytest.approx(v["est"]["api00"], **CLOSE)
    assert row["std_error"] == pytest.approx(v["se"]["api00"], **CLOSE)
    assert row["df"] == v["df"]


def test_domains(stratified):
    data = stratified.assign(kind=stratified["stratum"])
    rows = survey_mean(data, ["api00"], by="kind").rows.set_index("group")
    v = values("strat_domain_stratum")
    assert rows["estimate"].to_dict() == pytest.approx(v["est"], **CLOSE)
    assert rows["std_error"].to_dict() == pytest.approx(v["se"], **CLOSE)
    assert set(rows["by"]) == {"kind"}


def test_quantiles(stratified):
    v = values("strat_median")
    rows = survey_quantile(stratified, ["api00"], q=(0.25, 0.5, 0.75)).rows
    for column, key in (
        ("estimate", "q"),
        ("ci_low", "lo"),
        ("ci_high", "hi"),
        ("std_error", "se"),
    ):
        assert rows[column].tolist() == pytest.approx(v[key], **CLOSE)


@pytest.mark.parametrize(
    ("interval", "oracle", "key"),
    [
        ("wilson", "wilson_neff_strat", "ci_z"),
        ("wilson_t", "wilson_neff_strat", "ci_t"),
        ("korn_graubard", "ciprop_beta", "ci"),
        ("wald", "ciprop_mean", "ci"),
    ],
)
def test_proportion_and_its_intervals(stratified, interval, oracle, key):
    row = only(survey_proportion(stratified, ["all_wide"], interval=interval))
    assert row["estimate"] == pytest.approx(values("strat_prop")["est"]["sch.wideYes"], **CLOSE)
    assert row["std_error"] == pytest.approx(values("strat_prop")["se"]["sch.wideYes"], **CLOSE)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(values(oracle)[key], **CLOSE)


def test_korn_graubard_with_clusters(clustered):
    row = only(survey_proportion(clustered, ["all_wide"], interval="korn_graubard"))
    v = values("ciprop_clus1_beta")
    assert row["estimate"] == pytest.approx(v["est"], **CLOSE)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(v["ci"], **CLOSE)


# --- by hand -----------------------------------------------------------------------------------


def answers(*scores, **columns):
    return pd.DataFrame({"q1": np.array(scores, dtype=float), **columns})


def test_plain_sample_is_textbook():
    scores = [5, 4, 4, 2, 5, 3, 1]
    data = answers(*scores)
    mean, std = only(survey_mean(data, ["q1"])), only(survey_std(data, ["q1"]))
    assert mean["estimate"] == pytest.approx(np.mean(scores))
    assert mean["std_error"] == pytest.approx(np.std(scores, ddof=1) / np.sqrt(7))
    assert (mean["df"], mean["deff"], mean["n_eff"]) == pytest.approx((6, 1, 7))
    assert std["estimate"] == pytest.approx(np.std(scores, ddof=1))
    assert only(survey_quantile(data, ["q1"]))["estimate"] == np.median(scores)
    even = survey_quantile(answers(1, 2, 4, 5), ["q1"], rule="school")
    assert only(even)["estimate"] == 3
    assert only(survey_quantile(answers(1, 2, 4, 5), ["q1"]))["estimate"] == 2


def test_median_at_the_top_score_still_has_an_interval():
    data = answers(*[4] * 48, *[5] * 52)
    row = only(survey_quantile(data, ["q1"]))
    assert (row["estimate"], row["ci_low"], row["ci_high"], row["reason"]) == (5, 4, 5, "")


def test_skipped_items_stay_in_the_variance():
    # 4 respondents, 3 of whom answered: z = (y - 4) / 3, SE^2 = 4/3 sum z^2
    row = only(survey_mean(answers(5, 4, 3, np.nan), ["q1"]))
    assert row["std_error"] == pytest.approx(np.sqrt(4 / 3 * 2 / 9))
    assert row["n"] == 3


def test_ratio_uses_rows_with_both():
    data = pd.DataFrame({"closed": [1, 2, 3, np.nan], "opened": [2, 2, 4, 9.0]})
    row = only(survey_ratio(data, "closed", "opened"))
    assert (row["estimate"], row["n"], row["denominator"]) == (6 / 8, 3, "opened")


def test_pooled_items_are_ratios_over_respondents():
    data = pd.DataFrame({"a": [5, 4, np.nan, 2], "b": [4, np.nan, np.nan, 1]}, dtype=float)
    row = only(survey_mean(data, {"dimension": ["a", "b"]}))
    expected = only(
        survey_ratio(
            pd.DataFrame({"sum": [9, 4, np.nan, 3], "count": [2, 1, np.nan, 2]}), "sum", "count"
        )
    )
    assert row["estimate"] == 16 / 5
    assert (row["item"], row["n"]) == ("dimension", 3)
    assert row["std_error"] == pytest.approx(expected["std_error"])
    share = only(survey_proportion(data, {"dimension": ["a", "b"]}, at_least=4))
    assert share["estimate"] == 3 / 5


def test_distribution_adds_to_one_and_agrees_with_the_share():
    data = answers(5, 4, 4, 2, np.nan, stratum=["a", "a", "b", "b", "b"])
    rows = score_distribution(data, ["q1"]).rows
    assert rows["estimate"].sum() == pytest.approx(1)
    assert rows["score"].tolist() == [1, 2, 3, 4, 5]
    satisfied = only(survey_proportion(data, ["q1"], at_least=4))["estimate"]
    assert rows["estimate"].iloc[3:].sum() == pytest.approx(satisfied)


# --- thin and broken data ----------------------------------------------------------------------


def test_nobody_answered():
    for function in (survey_mean, survey_total, survey_std, survey_quantile, score_distribution):
        for data in (answers(np.nan, np.nan), answers()):
            rows = function(data, ["q1"]).rows
            assert (rows["reason"] == "no_answers").all()
            assert rows["estimate"].isna().all()
            assert (rows["n"] == 0).all()
    share = only(survey_proportion(answers(), ["q1"], at_least=4))
    assert share["reason"] == "no_answers"
    assert np.isnan(share["ci_low"])


def test_one_answer():
    mean = only(survey_mean(answers(4), ["q1"]))
    assert (mean["estimate"], mean["reason"]) == (4, "too_few")
    assert np.isnan([mean["std_error"], mean["ci_low"], mean["ci_high"]]).all()
    share = only(survey_proportion(answers(4), ["q1"], at_least=4))
    assert (share["ci_low"], share["ci_high"]) == pytest.approx(
        tuple(map(float, wilson_interval(1, 1)))
    )
    assert only(survey_std(answers(4), ["q1"]))["reason"] == "too_few"


def test_equal_answers_say_so():
    row = only(survey_mean(answers(4.1, 4.1, 4.1), ["q1"]))
    assert (row["std_error"], row["reason"]) == (0, "constant")
    split = answers(5, 5, 1, 1, stratum=["a", "a", "b", "b"])
    assert only(survey_mean(split, ["q1"]))["reason"] == "no_variation"
    share = only(survey_proportion(split, ["q1"], at_least=4))
    assert (share["ci_low"], share["ci_high"]) == pytest.approx(
        tuple(map(float, wilson_interval(0.5, 4)))
    )


def test_singleton_stratum_is_centred_at_the_grand_mean():
    # R 4.1 options(survey.lonely.psu = "adjust"): its influence enters as it is. By hand:
    # mean 4, z = (5-4, 3-4, 4-4, 4-4)/4; stratum a: 2/1 * ((1/4)^2 + (1/4)^2); b, c: z = 0
    data = answers(5, 3, 4, 4, stratum=["a", "a", "b", "c"])
    row = only(survey_mean(data, ["q1"]))
    assert row["std_error"] == pytest.approx(np.sqrt(2 * 2 / 16))
    assert row["df"] == 1
    alone = only(survey_mean(answers(5, 3, stratum=["a", "b"]), ["q1"]))
    assert alone["std_error"] == pytest.approx(np.sqrt(2 / 4))
    assert np.isfinite([alone["ci_low"], alone["ci_high"]]).all()


def test_one_cluster_has_no_standard_error():
    assert only(survey_mean(answers(5, 3, 2, cluster="x"), ["q1"]))["reason"] == "too_few"


def test_domains_may_be_empty_or_missing():
    group = pd.Categorical(["x", "x", None], categories=["x", "y"])
    result = survey_mean(answers(5, 3, 1, kind=group), ["q1"], by="kind")
    assert result.rows["group"].tolist() == ["x", "y"]
    assert result.rows["reason"].tolist() == ["", "no_answers"]
    assert result.exclusions == {"no_group": 1}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"weight": [1, -1]}, "1 rows have a weight"),
        ({"weight": [1, np.nan]}, "1 rows have a weight"),
        ({"stratum_population": [1, 1]}, "only 1"),
        ({"stratum_population": [8, 9]}, "more than one value"),
        ({"cluster": ["a", None]}, "1 rows have no cluster"),
        ({"q1": ["good", "bad"]}, "not numbers"),
    ],
)
def test_wrong_data_are_errors(columns, message):
    with pytest.raises(ValueError, match=message):
        survey_mean(pd.DataFrame({"q1": [4.0, 5.0], **columns}), ["q1"])


def test_wrong_arguments_are_errors():
    data = answers(4, 5)
    with pytest.raises(ValueError, match="no column q9"):
        survey_mean(data, ["q9"])
    with pytest.raises(ValueError, match="level"):
        survey_mean(data, ["q1"], level=95)
    with pytest.raises(ValueError, match="0 and 1"):
        survey_proportion(data, ["q1"])
    with pytest.raises(ValueError, match="interval"):
        survey_proportion(data, ["q1"], at_least=4, interval="exact")
    with pytest.raises(ValueError, match="quantiles"):
        survey_quantile(data, ["q1"], q=(50,))


# --- properties --------------------------------------------------------------------------------


@st.composite
def surveys(draw, missing=True):
    """Respondents in a few strata of known population, with some item non-response."""
    score = st.sampled_from([1.0, 2, 3, 4, 5] + ([np.nan] if missing else []))
    rows = []
    for stratum in range(draw(st.integers(1, 4))):
        scores = draw(st.lists(score, min_size=1, max_size=8))
        population = len(scores) + draw(st.sampled_from([0, 1, 40]))
        rows += [(f"s{stratum}", float(population), value) for value in scores]
    return pd.DataFrame(rows, columns=["stratum", "stratum_population", "q1"]).assign(
        kind=lambda d: ["x" if i % 3 else "y" for i in range(len(d))]
    )


def assert_same(found, expected):
    for column in ("estimate", "std_error", "ci_low", "ci_high", "n", "n_eff", "deff", "df"):
        np.testing.assert_allclose(
            found[column].to_numpy(float),
            expected[column].to_numpy(float),
            rtol=1e-9,
            atol=1e-12,
            err_msg=column,
        )
    assert found["reason"].tolist() == expected["reason"].tolist()


@settings(deadline=None, max_examples=20)
@given(surveys(), st.randoms(use_true_random=False))
def test_row_order_is_irrelevant(data, random):
    shuffled = data.iloc[random.sample(range(len(data)), len(data))]
    for by, at_least in itertools.product((None, "kind"), (4, 2)):
        expected = survey_proportion(data, ["q1"], at_least=at_least, by=by)
        found = survey_proportion(shuffled, ["q1"], at_least=at_least, by=by)
        assert_same(found.rows, expected.rows)


@settings(deadline=None, max_examples=20)
@given(surveys())
def test_census_has_no_error(data):
    everybody = data.assign(stratum_population=data.groupby("stratum")["q1"].transform("size"))
    row = only(survey_mean(everybody, ["q1"]))
    assert np.isnan(row["estimate"]) or row["std_error"] == 0
    share = only(survey_proportion(everybody, ["q1"], at_least=4))
    if share["n"]:
        assert row["reason"] == share["reason"] == ""
        assert share["ci_low"] == pytest.approx(share["estimate"])
        assert share["ci_high"] == pytest.approx(share["estimate"])


@settings(deadline=None, max_examples=20)
@given(surveys())
def test_nothing_is_nan_without_a_reason(data):
    for function in (survey_mean, survey_total, survey_std, survey_quantile, score_distribution):
        for by in (None, "kind"):
            rows = function(data, ["q1"], by=by).rows
            fine = rows[rows["reason"] == ""]
            assert fine[["estimate", "std_error", "ci_low", "ci_high"]].notna().all(axis=None)
            assert rows.loc[rows["reason"] != "no_answers", "n"].gt(0).all()


@settings(deadline=None, max_examples=30)
@given(surveys(), st.floats(0.1, 50))
def test_equal_weights_are_a_plain_mean(data, weight):
    equal = data[["q1"]].assign(weight=weight)
    row = only(survey_mean(equal, ["q1"]))
    assert row["estimate"] == pytest.approx(data["q1"].mean(), nan_ok=True)


@settings(deadline=None, max_examples=20)
@given(surveys())
def test_domains_as_loops_would_give(data):
    # An independent, slow way: zero-extended influence values, stratum by stratum.
    found = survey_mean(data, ["q1"], by="kind").rows.set_index("group")
    sizes = data.groupby("stratum")["q1"].transform("size")
    weight = data["stratum_population"] / sizes
    for kind in found.index:
        inside = (data["kind"] == kind) & data["q1"].notna()
        if inside.sum() < 2:
            continue
        mean = np.average(data["q1"][inside], weights=weight[inside])
        z = (weight * (data["q1"] - mean)).where(inside, 0.0) / weight[inside].sum()
        variance = 0.0
        for _, part in data.assign(z=z).groupby("stratum"):
            n, population = len(part), part["stratum_population"].iloc[0]
            spread = part["z"].var(ddof=1) * n if n > 1 else part["z"].iloc[0] ** 2
            variance += (1 - n / population) * spread
        assert found.loc[kind, "estimate"] == pytest.approx(mean)
        assert found.loc[kind, "std_error"] == pytest.approx(np.sqrt(variance), abs=1e-9)


# --- tallies -----------------------------------------------------------------------------------


def tally(data, project):
    strata = data.groupby("stratum").agg(
        stratum_population=("stratum_population", "first"), responses=("q1", "size")
    )
    scores = pd.MultiIndex.from_product([strata.index, [1, 2, 3, 4, 5]], names=["stratum", "score"])
    counts = data.groupby(["stratum", "q1"]).size()
    counts.index.names = ["stratum", "score"]
    tallied = counts.reindex(scores, fill_value=0).rename("n").reset_index()
    return tallied.join(strata, on="stratum").assign(project=project, wave="2025", item="q1")


@settings(deadline=None, max_examples=20)
@given(st.lists(surveys(), min_size=1, max_size=4), st.booleans(), st.data())
def test_tallies_equal_rows(studies, unknown, data):
    if unknown:
        studies[0] = studies[0].assign(stratum_population=np.nan)
    tallies = pd.concat([tally(study, f"p{i}") for i, study in enumerate(studies)])
    order = data.draw(st.permutations(range(len(tallies))))
    for at_least in (None, 4):
        found = estimates_from_tallies(tallies.iloc[order], at_least=at_least)
        rows = [
            survey_mean(study, ["q1"]).rows
            if at_least is None
            else survey_proportion(study, ["q1"], at_least=at_least).rows
            for study in studies
        ]
        expected = pd.concat(rows, ignore_index=True)
        assert found.rows["project"].tolist() == [f"p{i}" for i in range(len(studies))]
        for column in ("estimate", "std_error", "ci_low", "ci_high"):
            np.testing.assert_allclose(
                found.rows[column], expected[column].astype(float), rtol=1e-12, atol=1e-12
            )
        assert_same(found.rows, expected)


def test_tallies_refuse_impossible_counts():
    tallies = tally(answers(5, 4, stratum="a", stratum_population=9.0), "p")
    with pytest.raises(ValueError, match="responses"):
        estimates_from_tallies(tallies.assign(responses=0), at_least=4)
    with pytest.raises(ValueError, match="no column score"):
        estimates_from_tallies(tallies.drop(columns="score"), at_least=4)
    assert len(estimates_from_tallies(tallies[:0], at_least=4)) == 0
