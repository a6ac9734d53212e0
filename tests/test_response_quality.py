"""Checks of the answer sheets: exact tests, expectations, what is flagged and what is not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from satisfaction import methods
from satisfaction.methods import exact_tests
from satisfaction.methods.exact_tests import (
    binomial_more,
    draw_p_value,
    fisher_more,
    fisher_p_value,
    hypergeometric,
    sum_more,
)
from satisfaction.methods.uniform_sheets import uniform_sheets

ITEMS = [f"q{number}" for number in range(1, 11)]
RULE = {"outcome": "q1", "at_least": 4, "scores": (1, 2, 3, 4, 5)}
FIELD_WORK = pd.Timestamp("2025-11-01 09:00")


# --- exact tests ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("population", "marked", "drawn"), [(20, 5, 7), (9, 9, 4), (9, 0, 4), (30, 4, 30), (1, 1, 0)]
)
def test_hypergeometric_chances(population: int, marked: int, drawn: int) -> None:
    expected = stats.hypergeom(population, marked, drawn).pmf(np.arange(drawn + 1))
    assert hypergeometric(population, marked, drawn) == pytest.approx(expected, abs=1e-12)


def test_fishers_tea_tasting() -> None:
    # R: fisher.test(matrix(c(3, 1, 1, 3), 2), alternative = ...): 0.4857, 0.2429, 0.9857
    assert fisher_p_value(3, 4, 1, 4) == pytest.approx(0.4857, abs=5e-5)
    assert fisher_p_value(3, 4, 1, 4, "more") == pytest.approx(0.2429, abs=5e-5)
    assert fisher_p_value(3, 4, 1, 4, "fewer") == pytest.approx(0.9857, abs=5e-5)


@pytest.mark.parametrize(
    ("hits", "n", "other", "rest"), [(0, 5, 0, 9), (5, 5, 9, 9), (2, 31, 60, 311), (83, 83, 11, 17)]
)
@pytest.mark.parametrize(
    ("side", "name"), [("both", "two-sided"), ("more", "greater"), ("fewer", "less")]
)
def test_fisher_against_scipy(
    hits: int, n: int, other: int, rest: int, side: str, name: str
) -> None:
    table = [[hits, n - hits], [other, rest - other]]
    expected = stats.fisher_exact(table, alternative=name).pvalue
    assert fisher_p_value(hits, n, other, rest, side) == pytest.approx(expected, rel=1e-7)


def test_sums_of_chances_and_draws() -> None:
    assert binomial_more(11, 32, 800 / 3811) == pytest.approx(
        stats.binomtest(11, 32, 800 / 3811, "greater").pvalue, rel=1e-10
    )
    assert binomial_more(0, 5, 0.1) == 1
    assert sum_more([0.3] * 12, 5) == pytest.approx(stats.binom.sf(4, 12, 0.3), rel=1e-10)
    assert sum_more([], 0) == 1
    assert draw_p_value([(50, 6, 20)], 1) == pytest.approx(stats.hypergeom(50, 6, 20).cdf(1))
    # two strata, nobody marked among the drawn: the product of both chances
    both = stats.hypergeom(50, 6, 20).pmf(0) * stats.hypergeom(30, 3, 10).pmf(0)
    assert draw_p_value([(50, 6, 20), (30, 3, 10)], 0) == pytest.approx(both)
    assert draw_p_value([(10, 4, 10)], 4) == 1  # everybody drawn: nothing can be missing


@pytest.mark.parametrize("wrong", [(5, 6, 1), (5, 1, 6), (5, -1, 2)])
def test_impossible_counts_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        hypergeometric(*wrong)
    with pytest.raises(ValueError, match="side must be"):
        fisher_p_value(1, 2, 1, 2, "up")


# --- sheets of one score -------------------------------------------------------------------------


def beta_binomial(n: int, items: int, a: float, b: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.binomial(items, random.beta(a, b, n))


def test_the_fit_is_the_maximum_of_the_truncated_likelihood() -> None:
    given = beta_binomial(400, 10, 1.2, 1.0, seed=3)
    answered = np.full(400, 10)
    found = uniform_sheets(answered, given)
    kept = given[given < 10]

    def loss(theta: np.ndarray) -> float:
        rate, total = 1 / (1 + math.exp(-theta[0])), math.exp(theta[1])
        model = stats.betabinom(10, rate * total, (1 - rate) * total)
        prior = (theta[0] / 4) ** 2 / 2 + ((theta[1] - 1) / 2) ** 2 / 2
        return prior - float((model.logpmf(kept) - math.log(1 - model.pmf(10))).sum())

    best = optimize.minimize(loss, [0.0, 1.0], method="Nelder-Mead", tol=1e-9).x
    rate, total = 1 / (1 + math.exp(-best[0])), math.exp(best[1])
    expected = 400 * stats.betabinom(10, rate * total, (1 - rate) * total).pmf(10)
    assert found.found == int((given == 10).sum())
    assert found.expected == pytest.approx(expected, rel=1e-4)


def test_honest_sheets_are_rarely_called_uniform() -> None:
    answered = np.full(250, 12)
    p = [
        uniform_sheets(answered, beta_binomial(250, 12, 3.0, 1.5, seed)).p_value
        for seed in range(150)
    ]
    assert np.mean(np.array(p) < 0.05) <= 0.09  # 0.05 + 2 standard errors


def test_filled_in_sheets_do_not_raise_their_own_expectation() -> None:
    honest = beta_binomial(250, 12, 3.0, 1.5, seed=1)
    both = np.append(honest, np.full(80, 12))
    clean = uniform_sheets(np.full(250, 12), honest)
    mixed = uniform_sheets(np.full(330, 12), both)
    assert mixed.expected == pytest.approx(clean.expected * 330 / 250)
    assert clean.p_value > 0.05
    assert mixed.p_value < 1e-3


# --- the checks ----------------------------------------------------------------------------------


def survey(n: int = 300, seed: int = 1, coached: int = 0) -> pd.DataFrame:
    """Honest answers; the first ``coached`` sheets are one collector's."""
    random = np.random.default_rng(seed)
    attitude = random.normal(0, 0.7, n)
    scores = 4.0 + attitude[:, None] + random.normal(0, 0.7, (n, len(ITEMS)))
    data = pd.DataFrame(np.clip(np.rint(scores), 1, 5), columns=ITEMS)
    data["mode"] = np.where(np.arange(n) % 3 == 0, "phone", "web")
    data["collector"] = [f"T{place % 4}" if place % 3 == 0 else None for place in range(n)]
    data["answered_at"] = FIELD_WORK + pd.to_timedelta(random.integers(0, 28 * 1440, n), unit="min")
    data["household"] = [f"H{place}" for place in range(n)]
    data.loc[data.index[:coached], ITEMS] = 5.0
    data.loc[data.index[:coached], ["mode", "collector"]] = ["phone", "S07"]
    moments = FIELD_WORK + pd.to_timedelta(11 * 1440 + np.arange(coached) * 5, unit="min")
    data.loc[data.index[:coached], "answered_at"] = moments
    return data


def visits(data: pd.DataFrame, just_before: int = 0, seed: int = 2) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    moments = FIELD_WORK + pd.to_timedelta(random.integers(-90 * 1440, 28 * 1440, 400), unit="min")
    usual = pd.DataFrame(
        {"household": random.choice(data["household"], 400), "visited_at": moments}
    )
    late = data[["household", "answered_at"]].head(just_before)
    late = late.assign(visited_at=late["answered_at"] - pd.Timedelta(hours=30))
    return pd.concat([usual, late[["household", "visited_at"]]], ignore_index=True)


def test_a_coaching_collector_is_flagged_by_every_check() -> None:
    data = survey(coached=90)
    found = methods.response_quality(data, ITEMS, visits=visits(data, 90), **RULE)
    rows = found.rows.set_index(["check", "group"])
    for check in ("collector_share", "collector_top", "burst"):
        assert rows.loc[(check, "S07"), "flagged"], check
        assert rows.loc[(check, "S07"), "compared"] == "mode"
    for check in ("all_top", "collector_icc", "visited", "visited_share"):
        assert rows.loc[(check, ""), "flagged"], check
    assert rows.loc[("burst", "S07"), "estimate"] == 1
    assert not rows.loc[("uniform", ""), "flagged"]
    assert set(found.rows.loc[found.rows["flagged"], "group"]) == {"", "S07"}
    sheets = methods.flagged_sheets(
        data, ITEMS, found, scores=RULE["scores"], visits=visits(data, 90)
    )
    assert sheets.rows["estimate"].head(90).eq(1).all()
    assert sheets.n < 90 + 0.2 * 210  # besides them only those that a visit came before
    shares = methods.quality_sensitivity(data, "q1", sheets, at_least=4).rows.set_index("sheets")
    kept = data[sheets.rows["estimate"] == 0]
    assert shares.loc["all", "estimate"] == pytest.approx((data["q1"] >= 4).mean())
    assert shares.loc["unflagged", "estimate"] == pytest.approx((kept["q1"] >= 4).mean())


def test_honest_surveys_are_rarely_flagged() -> None:
    flagged = 0
    for seed in range(25):
        data = survey(200, seed)
        record = visits(data, seed=seed)
        found = methods.response_quality(data, ITEMS, visits=record, level=0.95, **RULE)
        flagged += found.stages["flagged"] > 0
    assert flagged <= 3  # 25 x 0.05, and two standard errors


def test_straight_lining_below_the_top_is_seen() -> None:
    data = survey(300)
    data.loc[data.index[:40], ITEMS] = 3.0
    found = methods.response_quality(data, ITEMS, **RULE)
    row = found.row(check="uniform")
    assert row["flagged"]
    assert row["estimate"] == pytest.approx(40 / 300, abs=0.01)
    sheets = methods.flagged_sheets(data, ITEMS, found, scores=RULE["scores"])
    assert sheets.rows["estimate"].head(40).eq(1).all()
    assert sheets.n < 45


def test_a_mode_of_its_own_is_not_a_collector_of_its_own() -> None:
    data = survey(400)
    phone = data["mode"] == "phone"
    data.loc[phone, "q1"] = 5.0  # everybody is content by phone, whoever calls
    found = methods.response_quality(data, ITEMS, **RULE)
    collectors = found.rows[found.rows["check"].isin(["collector_share", "burst"])]
    assert (collectors["compared"] == "mode").all()
    assert not collectors["flagged"].any()


def test_likeness_within_collectors_is_the_published_icc() -> None:
    # Shrout & Fleiss (1979), table 2: six targets, four ratings each: ICC(1,1) = .17, F = 1.79
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    data = pd.DataFrame(
        {
            "q1": np.ravel(ratings).astype(float),
            "collector": np.repeat([f"T{place}" for place in range(6)], 4),
        }
    )
    rule = RULE | {"scores": range(1, 11), "minimum_n": 4}
    row = methods.response_quality(data, ["q1"], **rule).row(check="collector_icc")
    assert row["estimate"] == pytest.approx(0.17, abs=0.005)
    assert row["p_value"] == pytest.approx(stats.f_oneway(*ratings).pvalue)


def test_visits_are_counted_against_the_same_households_before() -> None:
    data = survey(60)
    # everybody visited every week: the week before the answer is like any other
    weeks = pd.to_timedelta(np.arange(-12, 4) * 7, unit="D")
    record = pd.DataFrame(
        [
            {"household": name, "visited_at": moment + pd.Timedelta(hours=3)}
            for name in data["household"]
            for moment in FIELD_WORK + weeks
        ]
    )
    row = methods.response_quality(data, ITEMS, visits=record, **RULE).row(check="visited")
    assert row["estimate"] == 1
    assert row["expected"] == pytest.approx(1, abs=0.02)
    assert row["p_value"] == pytest.approx(1)


def test_what_was_found_does_not_depend_on_the_order_and_leaves_the_data_alone() -> None:
    data = survey(120, coached=30)
    before = data.copy()
    record = visits(data, 30)
    first = methods.response_quality(data, ITEMS, visits=record, **RULE).rows
    shuffled = data.sample(frac=1, random_state=5)
    again = methods.response_quality(shuffled, ITEMS, visits=record, **RULE).rows
    keys = ["check", "group"]
    pd.testing.assert_frame_equal(
        first.sort_values(keys, ignore_index=True), again.sort_values(keys, ignore_index=True)
    )
    pd.testing.assert_frame_equal(data, before)


@pytest.mark.parametrize(
    ("change", "check", "reason"),
    [
        (lambda d: d.head(5), "all_top", "too_few"),
        (lambda d: d.iloc[:0], "all_top", "too_few"),
        (lambda d: d.assign(**dict.fromkeys(ITEMS, 5.0)), "all_top", "no_variation"),
        (lambda d: d.assign(**dict.fromkeys(ITEMS, np.nan)), "all_top", "too_few"),
        (lambda d: d.assign(collector=None), "collector_share", "no_collector"),
        (lambda d: d.drop(columns="collector"), "burst", "no_collector"),
        (lambda d: d.head(20), "collector_share", "too_few"),
        (lambda d: d.assign(answered_at=pd.NaT), "burst", "no_time"),
        (lambda d: d.assign(**dict.fromkeys(ITEMS, 5.0)), "collector_icc", "constant"),
        (lambda d: d, "visited", "no_visits"),
    ],
)
def test_thin_data_give_a_reason(change, check: str, reason: str) -> None:
    found = methods.response_quality(change(survey(200)), ITEMS, **RULE)
    rows = found.rows[found.rows["check"] == check]
    assert set(rows["reason"]) == {reason}
    assert rows["p_value"].isna().all()
    assert not rows["flagged"].any()
    known = found.rows["estimate"].notna() | (found.rows["reason"] != "")
    assert known.all()


def test_wrong_arguments_are_refused() -> None:
    data = survey(20)
    with pytest.raises(ValueError, match="no_such"):
        methods.response_quality(data, [*ITEMS, "no_such"], **RULE)
    with pytest.raises(ValueError, match="burst_days"):
        methods.response_quality(data, ITEMS, burst_days=0, **RULE)
    with pytest.raises(ValueError, match="level"):
        methods.response_quality(data, ITEMS, level=1.0, **RULE)


def test_fisher_against_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    others, sizes = np.array([0, 3, 40, 1, 300, 9]), np.array([0, 50, 40, 2000, 301, 30])
    single = [
        stats.fisher_exact([[7, 83], [k, n - k]], alternative="greater").pvalue
        for k, n in zip(others, sizes, strict=True)
    ]
    assert fisher_more(7, 90, others, sizes) == pytest.approx(single, rel=1e-9)
    monkeypatch.setattr(exact_tests, "CELLS_AT_ONCE", 400)  # in several parts
    assert fisher_more(7, 90, others, sizes) == pytest.approx(single, rel=1e-9)
    assert fisher_more(0, 90, others, sizes).tolist() == pytest.approx([1.0] * 6)
    assert fisher_more(7, 90, [], []).size == 0
    with pytest.raises(ValueError, match="hits"):
        fisher_more(7, 90, [5], [4])
