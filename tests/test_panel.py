"""Households asked twice: paired tests and intervals, overlapping waves, who went where."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel
from statsmodels.stats.contingency_tables import mcnemar

from satisfaction.methods.change import wave_difference
from satisfaction.methods.estimation import survey_mean
from satisfaction.methods.intervals import newcombe_difference, wilson_interval
from satisfaction.methods.panel import panel, panel_difference
from satisfaction.methods.panel_moves import transitions

BANDS = {"dissatisfied": [1, 2], "neutral": [3], "satisfied": [4, 5]}


def pair(both: int, now: int, before: int, neither: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two waves of the same households by who was satisfied when."""
    cells = (
        [(5.0, 5.0)] * both + [(5.0, 2.0)] * now + [(2.0, 5.0)] * before + [(2.0, 2.0)] * neither
    )
    names = [f"H{i}" for i in range(len(cells))]
    current = pd.DataFrame({"household": names, "q": [c[0] for c in cells]})
    previous = pd.DataFrame({"household": names, "q": [c[1] for c in cells]})
    return current, previous.iloc[::-1].reset_index(drop=True)


def scores(seed: int, n: int = 60, spread: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(seed)
    names = [f"H{i}" for i in range(n)]
    now = random.integers(1, 6, n).astype(float)
    before = np.clip(now + random.integers(-spread, spread + 1, n), 1, 5)
    return (
        pd.DataFrame({"household": names, "q": now}),
        pd.DataFrame({"household": names, "q": before}),
    )


def strata(data: pd.DataFrame, first: int = 20, populations=(50.0, 300.0)) -> pd.DataFrame:
    small = np.arange(len(data)) < first
    return data.assign(
        stratum=np.where(small, "x", "y"),
        stratum_population=np.where(small, *populations),
    )


# --- Newcombe's interval for pairs -------------------------------------------------------------


def published_interval(a: int, b: int, c: int, d: int) -> list[float]:
    """Newcombe (1998c) method 10, phi with his continuity correction, from the 2 x 2 table."""
    n, cross = a + b + c + d, a * d - b * c
    cross = max(cross - n / 2, 0) if cross > 0 else cross
    phi = cross / np.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    one, two = wilson_interval((a + b) / n, n), wilson_interval((a + c) / n, n)
    ends = newcombe_difference((a + b) / n, *one, (a + c) / n, *two, correlation=phi)
    return [float(end) for end in ends]


def test_newcombe_for_pairs_equals_r():
    # R: contingencytables::Newcombe_square_and_add_CI_paired_2x2(rbind(c(59, 6), c(16, 80)))
    # prints estimate = -0.0621 (95% CI -0.1186 to -0.0046)
    assert published_interval(59, 6, 16, 80) == pytest.approx([-0.1186, -0.0046], abs=5e-5)


def test_no_correlation_is_the_interval_of_independent_shares():
    one, two = wilson_interval(0.8, 70), wilson_interval(0.6, 80)
    plain = newcombe_difference(0.8, *one, 0.6, *two)
    assert np.array(newcombe_difference(0.8, *one, 0.6, *two, correlation=0)) == pytest.approx(
        np.array(plain), rel=0
    )
    narrower = newcombe_difference(0.8, *one, 0.6, *two, correlation=0.5)
    assert narrower[1] - narrower[0] < plain[1] - plain[0]


# --- the panel ---------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [(59, 16, 6, 80), (30, 9, 2, 4), (20, 5, 5, 10), (10, 0, 7, 3)])
def test_mcnemar_equals_statsmodels(table):
    a, b, c, d = table
    row = panel_difference(*pair(*table), ["q"]).row(item="q")
    assert row["p_value"] == pytest.approx(mcnemar([[a, b], [c, d]], exact=True).pvalue)
    assert row["estimate"] == pytest.approx((b - c) / (a + b + c + d))
    assert (row["improved"], row["worsened"]) == (b, c)
    assert row["method"] == "mcnemar"


def test_the_interval_of_a_share_is_near_the_published_one():
    # n - 1 in the linearised SE, no continuity correction of phi
    row = panel_difference(*pair(59, 6, 16, 80), ["q"]).row(item="q")
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([-0.1186, -0.0046], abs=2e-3)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_means_equal_the_paired_t_test(seed):
    now, before = scores(seed)
    row = panel_difference(now, before.sample(frac=1, random_state=seed), ["q"], at_least=None)
    row = row.row(item="q")
    expected = ttest_rel(now["q"], before["q"])
    assert row["p_value"] == pytest.approx(expected.pvalue)
    assert row["estimate"] / row["std_error"] == pytest.approx(expected.statistic)
    low, high = expected.confidence_interval()
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([low, high])


def test_strata_weigh_and_take_their_part_of_the_variance():
    now, before = scores(3)
    data = strata(now)
    row = panel_difference(data, before, ["q"], at_least=None).row(item="q")
    # by hand: sum W_h dbar_h, sum W_h^2 (1 - f_h) s_h^2 / n_h
    change = now["q"].to_numpy() - before["q"].to_numpy()
    parts = [(50.0, change[:20]), (300.0, change[20:])]
    mean = sum(size * d.mean() for size, d in parts) / 350
    variance = sum((s / 350) ** 2 * (1 - len(d) / s) * d.var(ddof=1) / len(d) for s, d in parts)
    assert row["estimate"] == pytest.approx(mean)
    assert row["std_error"] == pytest.approx(np.sqrt(variance))
    assert row["df"] == 58


def test_unequal_weights_use_the_designs_test():
    now, before = pair(59, 6, 16, 80)
    row = panel_difference(strata(now, 40), before, ["q"]).row(item="q")
    assert row["method"] == "paired_t"
    assert 0 < row["p_value"] < 0.2


def test_a_panel_of_three_is_too_few():
    row = panel_difference(*pair(1, 1, 1, 0), ["q"]).row(item="q")
    assert row["reason"] == "too_few"
    assert row["n"] == 3
    assert np.isnan([row["estimate"], row["ci_low"], row["p_value"]]).all()


def test_identical_answers_have_no_change():
    now, _ = scores(1)
    for at_least in (4, None):
        row = panel_difference(now, now, ["q"], at_least=at_least).row(item="q")
        assert row["estimate"] == 0
        assert not row["significant"]
        assert row["direction"] == "none"


def test_a_census_of_both_waves_is_certain():
    now, before = pair(70, 5, 15, 10)
    whole = {"stratum": "all", "stratum_population": 100.0}
    row = panel_difference(now.assign(**whole), before.assign(**whole), ["q"]).row(item="q")
    assert row["std_error"] == 0
    assert row["p_value"] == 0
    assert row["direction"] == "down"


def test_only_households_with_one_sheet_each_are_paired():
    now, before = scores(2, n=30)
    now.loc[0, "household"] = None
    now = pd.concat([now, now.iloc[[5]]], ignore_index=True)
    current, previous, left_out = panel(now, before)
    assert len(current) == len(previous) == 28
    assert (current["household"].to_numpy() == previous["household"].to_numpy()).all()
    assert left_out == {"no_unit_current": 1, "several_sheets_current": 2}


def test_items_and_waves_that_cannot_be_compared():
    now, before = scores(2)
    now, before = now.assign(new=3.0, other=4.0), before.assign(old=3.0, other=np.nan)
    result = panel_difference(now, before, ["q", "new", "other"], comparable={"other"})
    assert result.rows["reason"].tolist() == ["not_comparable", "not_comparable", "no_answers"]
    assert panel_difference(now.iloc[:0], before, ["q"]).rows["reason"].tolist() == ["no_answers"]
    apart = before.assign(household="Z" + before["household"])
    assert panel_difference(now, apart, ["q"]).rows["reason"].tolist() == ["no_answers"]
    with pytest.raises(ValueError, match="neither wave"):
        panel_difference(now, before, ["nothing"])
    with pytest.raises(ValueError, match="no column household"):
        panel_difference(now.drop(columns="household"), before, ["q"])


# --- overlapping waves -------------------------------------------------------------------------


@pytest.mark.parametrize("at_least", [4, None])
def test_without_common_households_the_waves_are_independent(at_least):
    now, before = strata(scores(1)[0]), strata(scores(2)[0])
    before["household"] = "Z" + before["household"]
    plain = wave_difference(now, before, ["q"], at_least=at_least).rows
    with_unit = wave_difference(now, before, ["q"], at_least=at_least, unit="household").rows
    pd.testing.assert_frame_equal(plain, with_unit)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_complete_overlap_is_the_paired_t_test(seed):
    now, before = scores(seed)
    shuffled = before.sample(frac=1, random_state=seed)
    row = wave_difference(now, shuffled, ["q"], at_least=None, unit="household").row(item="q")
    expected = ttest_rel(now["q"], before["q"])
    assert row["df"] == 59
    assert row["n_common"] == 60
    assert row["p_value"] == pytest.approx(expected.pvalue)
    assert row["estimate"] / row["std_error"] == pytest.approx(expected.statistic)


def test_complete_overlap_in_strata_with_fpc_is_the_mean_of_the_changes():
    now, before = (strata(data) for data in scores(5))
    row = wave_difference(now, before, ["q"], at_least=None, unit="household").row(item="q")
    change = survey_mean(now.assign(d=now["q"] - before["q"]), ["d"]).row(item="d")
    assert row["std_error"] == pytest.approx(change["std_error"])
    assert row["df"] == change["df"]


def test_partial_overlap_by_hand():
    # SE^2 = V1 + V2 - 2 Cov; Cov = sum over the common of (y1 - m1)(y2 - m2) n / (n - 1) / n^2
    now, before = scores(7)
    before = before.iloc[30:].reset_index(drop=True)
    extra, _ = scores(8, n=30)
    extra["household"] = "Z" + extra["household"]
    before = pd.concat([extra, before], ignore_index=True)
    row = wave_difference(now, before, ["q"], at_least=None, unit="household").row(item="q")
    n, y1, y2 = 60, now["q"].to_numpy(), before["q"].to_numpy()
    shared = ((y1[30:] - y1.mean()) * (y2[30:] - y2.mean())).sum() / (n * (n - 1))
    expected = y1.var(ddof=1) / n + y2.var(ddof=1) / n - 2 * shared
    assert row["std_error"] ** 2 == pytest.approx(expected)
    assert row["n_common"] == 30
    assert row["df"] == 59 + 59 - 29


def test_as_much_overlap_as_chance_gives_says_nothing():
    # 60 of 120 twice: 30 common households are what two independent draws share
    now, before = scores(7)
    extra, _ = scores(8, n=30)
    extra["household"] = "Z" + extra["household"]
    before = pd.concat([extra, before.iloc[30:]], ignore_index=True)
    whole = {"stratum": "all", "stratum_population": 120.0}
    now, before = now.assign(**whole), before.assign(**whole)
    plain = wave_difference(now, before, ["q"], at_least=None).row(item="q")
    row = wave_difference(now, before, ["q"], at_least=None, unit="household").row(item="q")
    assert row["std_error"] == plain["std_error"]
    assert row["df"] == plain["df"]


def test_the_test_of_overlapping_waves_keeps_its_level():
    # 200 populations without change, half of 80 households in both waves, answers correlated .7:
    # share of p < .05 within .05 +- 3 SE, and the independent formula far below it
    random = np.random.default_rng(4)
    names, items = [f"H{i}" for i in range(120)], [f"q{i}" for i in range(200)]
    mind = random.normal(size=(120, 200))
    first, second = (0.84 * mind + 0.55 * random.normal(size=(120, 200)) for _ in range(2))
    now = pd.DataFrame(first[:80], columns=items).assign(household=names[:80])
    before = pd.DataFrame(second[40:], columns=items).assign(household=names[40:])
    claims, independent = (
        (
            wave_difference(now, before, items, at_least=None, unit=unit).rows["p_value"] < 0.05
        ).mean()
        for unit in ("household", None)
    )
    assert 0.005 <= claims <= 0.096
    assert independent < claims


# --- transitions -------------------------------------------------------------------------------


def test_conversion_of_neutral_households():
    now = pd.DataFrame(
        {"household": range(40), "q": [4.0] * 12 + [3.0] * 8 + [5.0] * 18 + [1.0] * 2}
    )
    before = pd.DataFrame({"household": range(40), "q": [3.0] * 20 + [4.0] * 20})
    rows = transitions(now, before, "q", BANDS).rows
    row = rows[(rows["previous"] == "dissatisfied+neutral") & (rows["current"] == "satisfied")]
    assert row["estimate"].tolist() == [pytest.approx(12 / 20)]
    assert row["n"].tolist() == [12]
    assert row["n_previous"].tolist() == [20]
    # the SE of a domain of a sample of 40 has n / (n - 1) = 40 / 39, so n_eff is 19.5
    low, high = wilson_interval(0.6, 19.5)
    assert row["ci_low"].tolist() == [pytest.approx(float(low))]
    assert row["ci_high"].tolist() == [pytest.approx(float(high))]
    assert (
        rows.groupby("previous", observed=True)["estimate"].sum().tolist() == [pytest.approx(1)] * 2
    )


def test_every_score_can_be_a_band():
    now, before = scores(1, n=400, spread=4)
    bands = {str(score): [score] for score in range(1, 6)}
    rows = transitions(now, before, "q", bands, minimum_n=1).rows
    table = pd.crosstab(before["q"], now["q"])
    assert rows["n"].to_numpy().reshape(5, 5).tolist() == table.to_numpy().tolist()
    shares = table.div(table.sum(axis=1), axis=0).to_numpy()
    assert rows["estimate"].to_numpy().reshape(5, 5) == pytest.approx(shares)


def test_few_households_are_not_divided_further():
    rows = transitions(*pair(1, 1, 1, 0), "q", BANDS).rows
    assert (rows["reason"] != "").all()
    assert rows["estimate"].isna().all()
    nobody = transitions(*(data.iloc[:0] for data in pair(1, 1, 1, 0)), "q", BANDS).rows
    assert (nobody["reason"] == "no_answers").all()
    with pytest.raises(ValueError, match="one band only"):
        transitions(*pair(1, 1, 1, 0), "q", {"low": [1, 2], "high": [2, 5]})
