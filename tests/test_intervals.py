"""Intervals against R and published examples, and at their limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_results import R
from satisfaction.methods.intervals import (
    critical_value,
    korn_graubard_interval,
    logit_interval,
    newcombe_difference,
    t_interval,
    wilson_interval,
)


def values(name):
    return R[name]["values"]


def test_wilson_equals_prop_test():
    assert wilson_interval(81 / 263, 263) == pytest.approx(values("wilson_81_263")["ci"], abs=1e-12)


def test_wilson_is_vectorised_over_building_types():
    v = values("housing_high_by_type_wilson")
    low, high = wilson_interval(v["p"], v["n"])
    assert low == pytest.approx(v["lo"], abs=1e-12)
    assert high == pytest.approx(v["hi"], abs=1e-12)


def test_wilson_on_effective_n_with_normal_and_t_quantile():
    v = values("wilson_neff_strat")
    assert wilson_interval(v["p"], v["n_eff"]) == pytest.approx(v["ci_z"], abs=1e-10)
    assert wilson_interval(v["p"], v["n_eff"], df=197) == pytest.approx(v["ci_t"], abs=1e-10)


def test_korn_graubard_equals_svyciprop_beta():
    v, known = values("ciprop_beta"), values("wilson_neff_strat")
    found = korn_graubard_interval(known["p"], known["se"], 200, 197)
    assert found == pytest.approx(v["ci"], abs=1e-10)


def test_logit_interval_stays_inside_and_has_mirror_image():
    low, high = logit_interval([0.98, 0.02, 0.0, 1.0, 0.3], [0.02, 0.02, 0.0, 0.0, 0.0], 40)
    assert 0 < low[1] < 0.02 < high[1]
    assert low[0] == pytest.approx(1 - high[1])
    assert np.isnan([low[2], high[2], low[3], high[3]]).all()
    assert (low[4], high[4]) == pytest.approx((0.3, 0.3))


def test_newcombe_equals_published_example():
    d, low, high = values("newcombe_diff_56_70_48_80")["v"]
    p1, p2 = 56 / 70, 48 / 80
    found = newcombe_difference(p1, *wilson_interval(p1, 70), p2, *wilson_interval(p2, 80))
    assert p1 - p2 == pytest.approx(d)
    assert found == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("n", [1, 12, 300])
def test_everybody_or_nobody_satisfied_leaves_an_open_side(n):
    z2 = 1.959963984540054**2
    assert wilson_interval(0, n) == pytest.approx((0, z2 / (n + z2)))
    assert wilson_interval(1, n) == pytest.approx((n / (n + z2), 1))
    # Clopper-Pearson: (alpha/2)^(1/n)
    assert korn_graubard_interval(1, 0, n, n - 1) == pytest.approx((0.025 ** (1 / n), 1))
    assert korn_graubard_interval(0, 0, n, n - 1) == pytest.approx((0, 1 - 0.025 ** (1 / n)))


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_census_gives_the_degenerate_interval(p):
    assert wilson_interval(p, np.inf) == pytest.approx((p, p))
    assert korn_graubard_interval(p, 0, 50, 49, n_eff=np.inf) == pytest.approx((p, p))
    assert t_interval(p, 0.0, 0) == pytest.approx((p, p))


def test_no_interval_without_answers_or_degrees_of_freedom():
    for found in (wilson_interval(np.nan, 0), wilson_interval(0.5, 0), t_interval(3, 0.2, 0)):
        assert np.isnan(found).all()
    assert np.isnan(korn_graubard_interval(np.nan, np.nan, 0, 0)).all()


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, float("nan")])
def test_level_must_be_a_probability(level):
    with pytest.raises(ValueError, match="confidence level"):
        critical_value(level)


@given(st.floats(0, 1), st.floats(0.5, 1e6), st.floats(0.5, 0.999))
def test_wilson_holds_the_estimate_and_mirrors(p, n, level):
    low, high = map(float, wilson_interval(p, n, level))
    assert 0 <= low <= p + 1e-12
    assert p - 1e-12 <= high <= 1
    mirrored = list(map(float, wilson_interval(1 - p, n, level)))
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)
