"""Grades and peers: edges, probabilities, honest places."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, norm
from statsmodels.stats.multitest import multipletests

from satisfaction import exhibits, i18n
from satisfaction.methods.intervals import wilson_interval
from satisfaction.methods.multiplicity import significant_changes
from satisfaction.methods.rank_simulation import rank_intervals
from satisfaction.methods.ranking import grade, grade_probabilities, peer_comparison
from satisfaction.methods.shrinkage import shrunken_shares

CUTS = {"excellent": 0.9, "good": 0.8, "average": 0.6}


def project(name: str, p: float, n: int = 100) -> dict[str, object]:
    low, high = wilson_interval(p, n)
    return {
        "project": name,
        "item": "overall",
        "estimate": p,
        "std_error": np.sqrt(p * (1 - p) / n) if n else np.nan,
        "ci_low": float(low),
        "ci_high": float(high),
        "n": n,
        "n_eff": float(n),
        "reason": "",
    }


def test_left_edge_belongs_to_the_better_grade():
    shares = [1, 0.9, 0.9 - 1e-15, 0.8999, 0.8, 0.6, 0.5999, 0, np.nan]
    assert grade(shares, CUTS).tolist() == [
        *("excellent", "excellent", "excellent", "good", "good", "average", "poor", "poor", "")
    ]
    assert str(grade(0.85, CUTS)) == "good"


def test_float_error_of_a_sum_does_not_cost_a_grade():
    assert str(grade(sum([0.1] * 8) - 1e-16, CUTS)) == "good"  # 0.7999999999999999


@pytest.mark.parametrize(
    "cuts",
    [
        {"excellent": 0.9, "good": 0.8},
        {"excellent": 0.8, "good": 0.9, "average": 0.6},
        {"excellent": 90, "good": 80, "average": 60},
    ],
)
def test_wrong_cut_points_are_errors(cuts):
    with pytest.raises(ValueError, match="cut_points"):
        grade(0.5, cuts)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.floats(1, 5000))
def test_grade_probabilities_are_a_distribution(p, n):
    rows = grade_probabilities(pd.Series({"item": "q", "estimate": p, "n_eff": n, "n": n}), CUTS)
    assert rows.rows["estimate"].sum() == pytest.approx(1)
    assert (rows.rows["estimate"] >= -1e-12).all()
    assert rows.rows["is_own"].sum() == 1


def test_grade_probabilities_are_masses_of_the_beta_posterior():
    # 85 of 100 satisfied: Beta(85.5, 15.5)
    rows = grade_probabilities(pd.DataFrame([project("a", 0.85)]), CUTS)
    cumulative = beta.cdf([0.6, 0.8, 0.9], 85.5, 15.5)
    assert rows.row(grade="good")["estimate"] == pytest.approx(cumulative[2] - cumulative[1])
    assert rows.row(grade="poor")["estimate"] == pytest.approx(cumulative[0])
    assert rows.row(grade="good")["is_own"]
    assert list(rows.rows["grade"]) == ["excellent", "good", "average", "poor"]


def test_grade_probabilities_cover_the_truth():
    # Calibration: over truths spread evenly, the stated probabilities average to the hit rate.
    random = np.random.default_rng(0)
    truth = random.uniform(0.5, 1, 4000)
    p = random.binomial(60, truth) / 60
    frame = pd.DataFrame({"item": np.arange(4000), "estimate": p, "n_eff": 60.0, "n": 60})
    rows = grade_probabilities(frame, CUTS).rows
    own = rows[rows["is_own"]]
    hit = grade(truth, CUTS) == grade(p, CUTS)
    assert own["estimate"].mean() == pytest.approx(hit.mean(), abs=0.03)


def test_grade_of_a_census_is_certain_and_of_nothing_unknown():
    frame = pd.DataFrame([project("a", 0.8), project("b", 0.8)])
    frame.loc[0, "n_eff"] = np.inf
    frame.loc[1, ["estimate", "n_eff", "reason"]] = [np.nan, np.nan, "no_answers"]
    rows = grade_probabilities(frame, CUTS)
    assert rows.row(project="a", grade="good")["estimate"] == 1
    unknown = rows.rows[rows.rows["project"] == "b"]
    assert unknown["estimate"].isna().all()
    assert (unknown["reason"] == "no_answers").all()


def compare(own: dict[str, object], *peers: dict[str, object], **arguments):
    return peer_comparison(pd.Series(own), pd.DataFrame([own, *peers]), **arguments).rows.iloc[0]


def test_peers_are_pooled_without_the_project_itself():
    row = compare(
        project("own", 0.9, 200), project("b", 0.8, 100), project("c", 0.6, 300), minimum_peers=2
    )
    assert row["peers"] == pytest.approx(260 / 400)
    assert row["estimate"] == pytest.approx(0.25)
    variance = 0.9 * 0.1 / 200 + (0.8 * 0.2 * 100 + 0.6 * 0.4 * 300) / 400**2
    assert row["std_error"] == pytest.approx(np.sqrt(variance))
    assert row["ci_low"] < 0.25 < row["ci_high"]
    assert row["direction"] == "above"
    assert row["peers_n"] == 2
    assert row["n_peers"] == 400


def test_places_count_only_what_is_certain():
    row = compare(
        project("own", 0.8),
        project("b", 0.3),
        project("c", 0.79),
        project("d", 0.82),
        project("e", 0.99),
    )
    assert (row["below"], row["above"], row["unclear"]) == (1, 1, 2)
    assert (row["rank"], row["rank_low"], row["rank_high"]) == (3, 2, 4)


def test_twenty_equal_projects_cannot_be_ranked():
    # requirements: 20 identical projects (p = .9, n = 60) spread 14 points by chance alone
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        [project(str(i), k / 60, 60) for i, k in enumerate(random.binomial(60, 0.9, 20))]
    )
    places = [peer_comparison(own, frame).rows.iloc[0] for _, own in frame.iterrows()]
    assert frame["estimate"].max() - frame["estimate"].min() > 0.1
    assert sum(p["unclear"] == 19 for p in places) >= 18


def test_all_at_one_hundred_percent_are_equal():
    row = compare(*(project(name, 1.0, 30) for name in "abcd"))
    assert row["estimate"] == 0
    assert row["direction"] == "none"
    assert row["unclear"] == 3
    assert row["ci_low"] < 0 < row["ci_high"]


def test_thin_comparisons_give_a_reason():
    few = compare(project("own", 0.9), project("b", 0.8), project("c", 0.8, 9))
    assert few["reason"] == "too_few"
    assert np.isnan(few["estimate"])
    small = compare(project("own", 0.9, 9), *(project(name, 0.8) for name in "bcd"))
    assert small["reason"] == "too_few"
    none = project("own", 0.9) | {"estimate": np.nan, "n": 0}
    assert compare(none, *(project(name, 0.8) for name in "bcd"))["reason"] == "no_answers"


def test_falls_are_those_of_benjamini_and_hochberg():
    # statsmodels' multipletests on the one-sided p-values
    random = np.random.default_rng(6)
    p = np.where(np.arange(200) < 40, random.uniform(0, 0.02, 200), random.uniform(0, 1, 200))
    change = np.where(random.random(200) < 0.7, -0.1, 0.1)
    one_sided = np.where(change < 0, p / 2, 1 - p / 2)
    expected = multipletests(one_sided, 0.05, "fdr_bh")[0]
    assert 0 < expected.sum() < 200
    assert significant_changes(change, p).tolist() == expected.tolist()
    both = multipletests(p, 0.1, "fdr_bh")[0]
    assert significant_changes(change, p, rate=0.1, direction="both").tolist() == both.tolist()
    up = significant_changes(-change, p, direction="up")
    assert up.tolist() == expected.tolist()


def test_unchanged_projects_are_rarely_named():
    random = np.random.default_rng(7)
    named = [
        significant_changes(z, 2 * norm.sf(np.abs(z))).any()
        for z in random.standard_normal((1000, 50))
    ]
    assert np.mean(named) <= 0.065  # .05 and two standard errors of 1,000 portfolios


def test_what_was_not_tested_is_not_named():
    found = significant_changes([-0.2, np.nan, -0.2], [0.001, 0.001, np.nan])
    assert found.tolist() == [True, False, False]
    assert significant_changes([], []).tolist() == []
    for wrong in ({"rate": 0}, {"direction": "sideways"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            significant_changes([-0.2], [0.01], **wrong)
    with pytest.raises(ValueError, match="one length"):
        significant_changes([-0.2], [0.01, 0.02])


def test_the_standing_note_gives_the_fair_share_and_the_chances():
    shares = dict(zip("abcde", (0.6, 0.8, 0.82, 0.9, 0.95), strict=True))
    frame = pd.DataFrame([project(name, p) for name, p in shares.items()])
    standing = peer_comparison(frame.iloc[0], frame)
    ranks = rank_intervals(shrunken_shares(frame), seed=1)
    with i18n.speaking("en"):
        note = exhibits.standing_note(standing, ranks)
        few = exhibits.standing_note(
            peer_comparison(frame.iloc[0], frame, minimum_peers=9),
            rank_intervals(shrunken_shares(frame, minimum_peers=9), seed=1),
        )
    assert "60.0% as answered" in note.alt
    assert "Place 5 of 5 is certain" in note.alt
    assert "among the last 1: above 99%" in note.alt
    assert "nan" not in (note.body + few.body).lower()
    assert few.title.endswith("cannot tell")
