"""The funnel: limits as in R, honest flags, overdispersion."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from reference_results import R
from satisfaction import exhibits, i18n
from satisfaction.exhibits.canvas import Canvas
from satisfaction.exhibits.crowd import heaps
from satisfaction.methods.funnel import funnel_limits, overdispersion, peer_funnel


@pytest.fixture(autouse=True)
def english():
    with i18n.speaking("en"):
        yield


def shares(satisfied, n) -> pd.DataFrame:
    satisfied, n = np.broadcast_arrays(np.asarray(satisfied, float), np.asarray(n, float))
    return pd.DataFrame(
        {
            "project": [f"p{i}" for i in range(len(n))],
            "estimate": satisfied / n,
            "n": n.astype(int),
            "n_eff": n,
            "reason": "",
        }
    )


def test_limits_are_those_of_r():
    # R: r <- qbinom(q, n, .8); (r - (pbinom(r, n, .8) - q) / dbinom(r, n, .8)) / n
    values = R["funnel_binom"]["values"]
    rows = funnel_limits(values["n"], 0.8).rows
    for level, name in ((0.95, "95"), (0.998, "998")):
        found = rows[rows["level"] == level]
        np.testing.assert_allclose(found["ci_low"], values[f"lo{name}"], rtol=1e-6)
        np.testing.assert_allclose(found["ci_high"], values[f"hi{name}"], rtol=1e-6)


@pytest.mark.parametrize("centre", [0.001, 0.3, 0.9, 0.999])
def test_limits_at_every_size_follow_scipy(centre):
    n = np.array([*range(1, 300), 5_000, 100_000])
    rows = funnel_limits(n, centre, levels=[0.95]).rows
    for q, column in ((0.025, "ci_low"), (0.975, "ci_high")):
        r = binom.ppf(q, n, centre)
        limit = (r - (binom.cdf(r, n, centre) - q) / binom.pmf(r, n, centre)) / n
        np.testing.assert_allclose(rows[column], np.clip(limit, 0, 1), atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 5000), st.floats(0.01, 0.99))
def test_limits_enclose_the_centre_and_the_inner_lie_within(n, centre):
    inner, outer = funnel_limits(n, centre).rows[["ci_low", "ci_high"]].to_numpy()
    assert 0 <= outer[0] <= inner[0] <= inner[1] <= outer[1] <= 1
    assert inner[0] <= centre + 1 / n
    assert inner[1] >= centre - 1 / n


def test_limits_between_two_whole_numbers_lie_between():
    rows = funnel_limits([60, 60.25, 61], 0.8, levels=[0.95]).rows
    low = rows["ci_low"].to_numpy()
    assert low[1] == pytest.approx(0.75 * low[0] + 0.25 * low[2])


def test_limits_at_the_edges():
    rows = funnel_limits([np.inf, 0.5, np.nan], 0.8, levels=[0.95]).rows
    assert rows.loc[0, ["ci_low", "ci_high"]].tolist() == [0.8, 0.8]
    assert rows["reason"].tolist() == ["", "too_few", "too_few"]
    for end in (0.0, 1.0):
        found = funnel_limits([40], end).rows
        assert (found[["ci_low", "ci_high"]] == end).all(axis=None)
    with pytest.raises(ValueError, match="centre"):
        funnel_limits([40], 1.2)
    with pytest.raises(ValueError, match="level"):
        funnel_limits([40], 0.8, levels=[95])


def test_flags_are_exact_tails():
    rows = shares([30, 50, 38, 40], 50)
    found = peer_funnel(rows, centre=0.8).rows
    # twice the smaller tail of R's binom.test, by scipy
    for place, k in enumerate((30, 50, 38, 40)):
        tails = [binomtest(k, 50, 0.8, side).pvalue for side in ("less", "greater")]
        assert found["p_value"].iloc[place] == pytest.approx(min(1, 2 * min(tails)))
    assert found["direction"].tolist() == ["below", "above", "none", "none"]
    assert found["beyond"].iloc[0] == 0.998
    assert np.isnan(found["beyond"].iloc[2])


def test_identical_projects_are_rarely_outside():
    random = np.random.default_rng(0)
    beyond = peer_funnel(shares(random.binomial(60, 0.9, 20_000), 60)).rows["beyond"]
    assert beyond.notna().mean() <= 0.05
    assert (beyond > 0.95).mean() <= 0.002


def test_the_centre_is_the_others_and_thin_data_give_a_reason():
    rows = shares([90, 160, 140, 9], [100, 200, 200, 10])
    result = peer_funnel(rows, own="p0", minimum_peers=2)
    assert result.stages["centre"] == pytest.approx(300 / 400)
    assert result.rows["reason"].tolist() == ["", "", "", "too_few"]
    assert result.exclusions == {"too_few": 1}
    few = peer_funnel(rows, own="p0", minimum_peers=3)
    assert set(few.rows["reason"]) == {"too_few"}
    assert few.rows["p_value"].isna().all()
    rows.loc[0, ["estimate", "reason"]] = [np.nan, "no_answers"]
    assert peer_funnel(rows, minimum_peers=1).rows["reason"].tolist()[0] == "no_answers"
    assert len(peer_funnel(rows.iloc[:0])) == 0


def test_a_census_away_from_the_centre_is_certain():
    rows = shares([80, 80, 70], 100)
    rows["n_eff"] = np.inf
    found = peer_funnel(rows, centre=0.8, minimum_peers=1).rows
    assert found["p_value"].tolist() == [1, 1, 0]


def test_overdispersion_by_hand():
    # z = -2, -1, 0, 1, 2 at n = 100 around one half; winsorised by type-7 quantiles at 10 %, 90 %
    p = 0.5 + 0.05 * np.array([-2, -1, 0, 1, 2])
    plain = overdispersion(p, [100] * 5, 0.5, winsorised=0)
    assert plain == 1  # mean of z^2 is 2, below 1 + 2 sqrt(2/5) = 2.26
    wide = overdispersion(0.5 + 2 * (p - 0.5), [100] * 5, 0.5, winsorised=0)
    assert wide == pytest.approx(8)
    trimmed = overdispersion(0.5 + 2 * (p - 0.5), [100] * 5, 0.5)
    assert trimmed == pytest.approx((3.2**2 * 2 + 2**2 * 2) / 5)  # quantiles at -3.2 and 3.2
    with pytest.raises(ValueError, match="winsorised"):
        overdispersion(p, [100] * 5, 0.5, winsorised=0.5)


def test_overdispersion_widens_the_funnel():
    random = np.random.default_rng(4)
    n = random.integers(100, 500, 200)
    rows = shares(random.binomial(n, random.beta(40, 10, 200)), n)
    strict = peer_funnel(rows)
    wide = peer_funnel(rows, overdispersed=True)
    assert wide.stages["phi"] > 2
    assert strict.rows["beyond"].notna().mean() > 0.3
    assert wide.rows["beyond"].notna().mean() < 0.1


def test_the_chart_says_what_it_shows_and_names_nobody():
    rows = shares([62, 170, 165, 172, 168], [100, 200, 200, 200, 200])
    result = peer_funnel(rows, own="p0")
    chart = exhibits.funnel_chart(result, "p0", own_label="Harmony Court")
    assert chart.title.startswith("62% here: below the others’ 84%, outside all limits")
    assert not any(f"p{number}" in chart.html() for number in range(1, 5))
    assert "Harmony Court 62%" in chart.html()
    assert "nan" not in chart.html().lower()
    inside = exhibits.funnel_chart(peer_funnel(rows, own="p1"), "p1")
    assert "above" in inside.title or "chance alone" in inside.title
    few = exhibits.funnel_chart(peer_funnel(rows.iloc[:2], own="p0"), "p0")
    assert few.title.endswith("cannot tell")
    assert "only 1 comparable" in few.body
    assert exhibits.funnel_chart(result, "nobody").title.endswith("cannot tell")


def test_a_chart_of_thousands_stays_small_and_keeps_those_nearby():
    n = np.arange(3000) % 400 + 30
    rows = shares(np.rint(n * (0.6 + 0.0001 * np.arange(3000))), n)
    chart = exhibits.funnel_chart(peer_funnel(rows, own="p1500"), "p1500")
    assert len(chart.body) < 40_000
    assert chart.body.count("<path") < 30
    assert "Of 2,999 other projects" in chart.note
    listed = chart.data.iloc[:, 0].tolist()
    assert len(listed) == 51
    assert listed.index("this project") == 25
    whole = exhibits.funnel_chart(peer_funnel(rows.iloc[:151], own="p0"), "p0")
    assert len(whole.data) == 151
    assert "other projects the" not in whole.note


def test_every_project_of_a_crowd_is_drawn_where_it_lies():
    canvas = Canvas(100)
    canvas.crowd([10.02, 10.22, 10, 40, 7], [5.1, 4.9, 5.4, 5, 80], "#123456", 4)
    assert 'd="M100 5h2M400 5h0.1M70 80h0.1"' in canvas.html("")


def test_heaps_are_as_high_as_many_lie_there():
    assert heaps([0.5, 1, 2.9, 10], 71, 18, 3) == [(0, 53, 3, 71), (9, 65, 12, 71)]
    assert heaps([1.0] * 99 + [5], 71, 18, 3)[1] == (3, 69.5, 6, 71)
