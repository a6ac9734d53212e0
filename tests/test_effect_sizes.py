"""Cliff's delta, Hedges' g, Cramér's V."""

import numpy as np
import pandas as pd
import pytest

from satisfaction.methods.effect_sizes import cliffs_delta, cramers_v, hedges_g

# The example of R's effsize package (M. Torchiano), after Hogarty & Kromrey (1999).
TREATMENT = [10, 10, 20, 20, 20, 30, 30, 30, 40, 50]
CONTROL = [10, 20, 30, 40, 40, 50]


def two_groups(x, y):
    return pd.DataFrame({"s": [*x, *y], "g": ["x"] * len(x) + ["y"] * len(y)})


def only(result):
    assert len(result) == 1
    return result.rows.iloc[0]


def dominance(x, y):
    return np.sign(np.subtract.outer(np.asarray(x, dtype=float), np.asarray(y, dtype=float)))


# --- published values ------------------------------------------------------------------------


def test_cliffs_delta_of_the_published_example():
    # R: effsize::cliff.delta(treatment, control): delta -0.25, -0.7265846 to 0.3890062
    data = two_groups(TREATMENT, CONTROL)
    row = only(cliffs_delta(data, "s", "g", groups=("x", "y"), variance="unbiased"))
    assert row["estimate"] == -0.25
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([-0.7265846, 0.3890062], abs=5e-8)
    # The three terms of the consistent variance as the package's source notes them (Cliff 1996)
    row = only(cliffs_delta(data, "s", "g", groups=("x", "y")))
    variance = (5 * 0.2669753 + 9 * 0.447 + 1.0055556) / 60
    assert row["std_error"] == pytest.approx(np.sqrt(variance), rel=1e-4)


def test_hedges_g_equals_pingouin():
    import pingouin as pg

    rng = np.random.default_rng(1)
    x, y = rng.integers(1, 6, 37), rng.integers(1, 5, 52)
    row = only(hedges_g(two_groups(x, y), "s", "g", groups=("x", "y")))
    g = pg.compute_effsize(x, y, eftype="hedges")
    assert row["estimate"] == pytest.approx(g, rel=1e-12)
    low, high = pg.compute_esci(g, nx=37, ny=52, eftype="hedges", decimals=10)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([low, high], abs=1e-9)


def test_the_limits_of_cramers_v_are_where_the_tails_are():
    """MASS housing, Infl x Sat: X² = 106.175 (R: chisq.test), n = 1681, 3 x 3."""
    from scipy import stats

    statistic, n = 106.175058541183, 1681
    v, low, high = cramers_v(statistic, n, 3, 3)
    assert v == pytest.approx(0.177710218153833, rel=1e-10)
    assert stats.ncx2.sf(statistic, 4, low**2 * n * 2) == pytest.approx(0.025, rel=1e-6)
    assert stats.ncx2.cdf(statistic, 4, high**2 * n * 2) == pytest.approx(0.025, rel=1e-6)
    # Twice the variance: the same as half the statistic on half the answers.
    assert cramers_v(statistic, n, 3, 3, design_effect=2) == pytest.approx(
        cramers_v(statistic / 2, n / 2, 3, 3)
    )


# --- properties ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_cliffs_delta_equals_the_dominance_matrix(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(1, 6, 23), rng.integers(2, 7, 31)
    d = dominance(x, y)
    n, m, delta = 23, 31, d.mean()
    rows = ((d.mean(axis=1) - delta) ** 2).sum()
    columns = ((d.mean(axis=0) - delta) ** 2).sum()
    cells = ((d - delta) ** 2).sum()
    unbiased = (m**2 * rows + n**2 * columns - cells) / (n * m * (n - 1) * (m - 1))
    consistent = (
        (m - 1) * rows / (n - 1) + (n - 1) * columns / (m - 1) + cells / ((n - 1) * (m - 1))
    ) / (n * m)
    data = two_groups(x, y)
    for variance, expected in (("unbiased", unbiased), ("consistent", consistent)):
        row = only(cliffs_delta(data, "s", "g", groups=("x", "y"), variance=variance))
        assert row["estimate"] == pytest.approx(delta)
        assert row["std_error"] == pytest.approx(np.sqrt(expected))
        turned = only(cliffs_delta(data, "s", "g", groups=("y", "x"), variance=variance))
        assert turned["ci_low"] == pytest.approx(-row["ci_high"])


def test_every_pair_of_groups_in_order():
    data = pd.DataFrame(
        {"s": [1, 2, 3, 4, 5, 4, 2, 1, 2], "g": pd.Categorical(list("bbbaaaccc"), list("bac"))}
    )
    rows = cliffs_delta(data, "s", "g").rows
    pairs = list(zip(rows["group"], rows["reference"], strict=True))
    assert pairs == [("a", "b"), ("c", "b"), ("c", "a")]
    assert rows["estimate"][0] > 0 > rows["estimate"][2]


def test_the_interval_covers_cliffs_delta():
    """Scores 1-5 of two groups, delta known: 95 % intervals hold it in 91-99 % of 200 samples."""
    rng = np.random.default_rng(3)
    p, q = np.array([0.05, 0.1, 0.2, 0.4, 0.25]), np.array([0.1, 0.2, 0.3, 0.3, 0.1])
    truth = (np.outer(p, q) * dominance(range(5), range(5))).sum()
    hits = 0
    for _ in range(200):
        data = two_groups(rng.choice(5, 40, p=p), rng.choice(5, 50, p=q))
        row = only(cliffs_delta(data, "s", "g", groups=("x", "y")))
        hits += row["ci_low"] < truth < row["ci_high"]
    assert 0.91 <= hits / 200 <= 0.99


# --- thin and odd data -----------------------------------------------------------------------


def test_groups_without_overlap():
    row = only(cliffs_delta(two_groups([4, 5, 5], [1, 2, 3]), "s", "g", groups=("x", "y")))
    assert (row["estimate"], row["ci_high"]) == (1, 1)
    assert row["ci_low"] < 1
    same = only(cliffs_delta(two_groups([3, 3], [3, 3]), "s", "g"))
    assert (same["estimate"], same["std_error"]) == (0, 0)


def test_thin_groups_give_reasons():
    data = pd.DataFrame({"s": [1.0, 2, 3, np.nan], "g": list("aabc")})
    row = only(cliffs_delta(data, "s", "g"))
    assert row["reason"] == "too_few"
    assert np.isnan(row["estimate"])
    assert only(hedges_g(data, "s", "g", groups=("a", "c")))["reason"] == "no_answers"
    assert only(hedges_g(two_groups([3, 3], [3, 3]), "s", "g"))["reason"] == "constant"
    assert len(cliffs_delta(data.head(0), "s", "g")) == 0


def test_v_without_association_and_in_a_census():
    v, low, high = cramers_v(0.0, 400, 2, 2)
    assert (v, low) == (0, 0)
    assert 0.05 < high < 0.2
    assert cramers_v(400, 400, 2, 2)[0] == 1
    assert cramers_v(400, 400, 2, 2)[2] == 1
    assert cramers_v(40, 400, 2, 2, design_effect=0) == pytest.approx((0.1**0.5,) * 3)
    assert np.isnan(cramers_v(0, 400, 1, 3)).all()


def test_wrong_arguments_are_named():
    data = two_groups([1, 2], [3, 4])
    with pytest.raises(ValueError, match="variance must be one of"):
        cliffs_delta(data, "s", "g", variance="exact")
    with pytest.raises(ValueError, match="two different values"):
        hedges_g(data, "s", "g", groups=("x", "x"))
    with pytest.raises(ValueError, match="level"):
        cramers_v(1, 10, 2, 2, level=2)
