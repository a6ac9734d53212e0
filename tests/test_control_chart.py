"""Months between control limits, and the change against that of the peers."""

import itertools

import numpy as np
import pandas as pd
import pytest

from satisfaction.methods.monthly import control_chart
from satisfaction.methods.peer_change import peer_difference_in_differences

# Twelve months of satisfied among answers, worked out by hand below.
SATISFIED = [40, 42, 37, 45, 41, 38, 44, 39, 43, 40, 42, 26]
ANSWERS = [50, 50, 45, 55, 50, 45, 55, 50, 50, 50, 50, 50]


def months(satisfied, answers) -> pd.DataFrame:
    n = np.asarray(answers, dtype=float)
    share = np.asarray(satisfied, dtype=float) / n
    return pd.DataFrame({"wave": [f"m{i}" for i in range(len(n))], "estimate": share, "n": n})


def test_limits_by_hand():
    # Laney (2002): p = 477/600 = 0.795; sigma_i = sqrt(p(1-p)/n_i) = 0.403701/sqrt(n_i);
    # z = (p_i - p)/sigma_i; sigma_z = mean|z_i - z_(i-1)| / 1.128. What R draws:
    # qicharts2::qic(y = SATISFIED, n = ANSWERS, chart = "pp") but for its screening of ranges
    p = 477 / 600
    sigma = [0.4037016 / np.sqrt(n) for n in ANSWERS]
    z = [(x / n - p) / s for x, n, s in zip(SATISFIED, ANSWERS, sigma, strict=True)]
    ratio = sum(abs(b - a) for a, b in itertools.pairwise(z)) / 11 / 1.128
    result = control_chart(months(SATISFIED, ANSWERS), least_sigma_z=0)
    assert result.stages["centre"] == pytest.approx(p)
    assert result.stages["sigma_z"] == pytest.approx(ratio, rel=1e-6)
    rows = result.rows
    assert rows["z"].tolist() == pytest.approx(z, rel=1e-5)
    assert rows["ci_low"].tolist() == pytest.approx([p - 3 * ratio * s for s in sigma], rel=1e-6)
    assert rows["ci_high"].tolist() == pytest.approx(
        [min(p + 3 * ratio * s, 1) for s in sigma], rel=1e-6
    )


def test_the_month_of_a_real_drop_is_flagged():
    rows = control_chart(months(SATISFIED, ANSWERS)).rows
    assert rows["flag"].tolist() == [""] * 11 + ["beyond_limits"]
    assert (rows["reason"] == "").all()


def test_months_cannot_vary_less_than_chance_unless_asked():
    steady = months([40, 41] * 6, [50] * 12)
    usual, published = control_chart(steady), control_chart(steady, least_sigma_z=0)
    assert usual.stages["sigma_z"] == published.stages["sigma_z"] < 1
    assert usual.stages["sigma_z_used"] == 1
    width = [r.rows["ci_high"].iloc[0] - r.rows["ci_low"].iloc[0] for r in (usual, published)]
    assert width[0] > width[1]


def test_large_samples_do_not_raise_the_alarm_every_month():
    # months vary by 3 points of their own: a plain p-chart of n = 10,000 flags most of them
    random = np.random.default_rng(1)
    share = 0.8 + 0.03 * random.normal(size=24)
    large = months(share * 10_000, [10_000] * 24)
    result = control_chart(large)
    plain = np.sqrt(0.8 * 0.2 / 10_000)
    assert (np.abs(share - share.mean()) > 3 * plain).sum() > 10
    assert result.stages["sigma_z"] > 4
    assert (result.rows["flag"] == "beyond_limits").sum() <= 1


def test_a_run_on_one_side_is_flagged_from_its_eighth_month():
    low, high = [38] * 9, [42] * 9
    rows = control_chart(months([*low, *high], [50] * 18)).rows
    assert rows["flag"].tolist() == ([""] * 7 + ["run"] * 2) * 2
    on_the_line = control_chart(months([40] * 18 + [38, 42], [50] * 20)).rows
    assert (on_the_line["flag"] == "").all()


def test_effective_sizes_widen_the_limits_and_never_narrow_them():
    data = months(SATISFIED, ANSWERS)
    plain = control_chart(data, least_sigma_z=1).rows
    fewer = control_chart(data.assign(n_eff=data["n"] / 2)).rows
    more = control_chart(data.assign(n_eff=[np.inf, 900, *data["n"].iloc[2:]])).rows
    assert (fewer["ci_low"] < plain["ci_low"]).all()
    assert more["ci_low"].tolist() == pytest.approx(plain["ci_low"].tolist())


def test_limits_stay_on_the_scale():
    rows = control_chart(months([20, 19, 20, 18, 20, 20, 19, 20], [20] * 8)).rows
    assert rows["ci_high"].max() == 1
    assert rows["ci_low"].min() >= 0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (months([8] * 5, [10] * 5), "too_few"),
        (months([10] * 9, [10] * 9), "constant"),
        (months([8] * 9, [10] * 9).assign(estimate=np.nan), "no_answers"),
    ],
)
def test_too_few_or_equal_months_have_no_chart(data, reason):
    result = control_chart(data)
    assert (result.rows["reason"] == reason).all()
    assert result.rows[["centre", "ci_low", "ci_high"]].isna().all(axis=None)
    assert (result.rows["flag"] == "").all()


def test_months_with_few_answers_stay_out():
    data = pd.concat([months(SATISFIED, ANSWERS), months([0], [3]).assign(wave="thin")])
    result = control_chart(data, minimum_n=10)
    thin = result.row(wave="thin")
    assert thin["reason"] == "too_few"
    assert np.isnan(thin["estimate"])
    assert result.stages["months"] == 12
    assert len(control_chart(months([], []))) == 0
    with pytest.raises(ValueError, match="no column n"):
        control_chart(data.drop(columns="n"))


# --- difference in differences -----------------------------------------------------------------


def projects(**shares: tuple[float, int]) -> pd.DataFrame:
    rows = []
    for name, (p, n) in shares.items():
        se = np.sqrt(p * (1 - p) / n)
        rows.append(
            {"project": name, "estimate": p, "std_error": se, "ci_low": p - 1.96 * se,
             "ci_high": p + 1.96 * se, "n": n}
        )  # fmt: skip
    return pd.DataFrame(rows)


OWN = pd.Series(
    {"estimate": -0.12, "std_error": 0.03, "df": 400.0, "n": 300, "n_previous": 300, "reason": ""}
)
BEFORE = projects(own=(0.85, 300), a=(0.80, 300), b=(0.82, 300), c=(0.78, 300), d=(0.84, 300))


def test_equal_changes_of_the_peers_by_hand():
    # all peers fell by 2 points: tau = 0, m = -0.02, SE(m)^2 = 1 / sum(1/v_i)
    now = projects(own=(0.73, 300), a=(0.78, 300), b=(0.80, 300), c=(0.76, 300), d=(0.82, 300))
    row = peer_difference_in_differences(OWN, now, BEFORE, "own").rows.iloc[0]
    v = [
        (p * (1 - p) + q * (1 - q)) / 300
        for p, q in ((0.78, 0.80), (0.80, 0.82), (0.76, 0.78), (0.82, 0.84))
    ]
    shared = 1 / sum(1 / x for x in v)
    assert row["tau"] == 0
    assert row["peers"] == pytest.approx(-0.02)
    assert row["estimate"] == pytest.approx(-0.10)
    assert row["std_error"] == pytest.approx(np.sqrt(0.03**2 + shared))
    expected_df = (0.0009 + shared) ** 2 / (0.0009**2 / 400 + shared**2 / 3)
    assert row["df"] == pytest.approx(expected_df)
    assert row["direction"] == "below"
    assert row["peers_n"] == 4


def test_peers_that_differ_widen_the_comparison():
    # changes -12, +8, -2, +6 points: the own fall of 12 is nothing unheard of
    now = projects(own=(0.73, 300), a=(0.68, 300), b=(0.90, 300), c=(0.76, 300), d=(0.90, 300))
    row = peer_difference_in_differences(OWN, now, BEFORE, "own").rows.iloc[0]
    assert row["tau"] > 0.05
    assert row["direction"] == "none"
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    # the peers' mean weighs 1 / (v + tau^2), the same for all to within their v
    assert row["peers"] == pytest.approx(0.0, abs=0.01)


def test_a_common_fall_is_not_the_project_s_own():
    now = projects(own=(0.73, 300), a=(0.68, 300), b=(0.70, 300), c=(0.66, 300), d=(0.72, 300))
    row = peer_difference_in_differences(OWN, now, BEFORE, "own").rows.iloc[0]
    assert row["estimate"] == pytest.approx(0, abs=1e-9)
    assert row["p_value"] == pytest.approx(1, abs=1e-6)


def test_peers_at_the_end_of_the_scale_and_too_few_of_them():
    full = projects(a=(1.0, 50), b=(1.0, 50), c=(1.0, 50)).assign(ci_low=0.93, ci_high=1.0)
    row = peer_difference_in_differences(OWN, full, full, "own").rows.iloc[0]
    assert row["std_error"] > 0.03
    assert row["peers"] == 0
    few = peer_difference_in_differences(OWN, full, full.iloc[:2], "own").rows.iloc[0]
    assert (few["reason"], few["peers_n"]) == ("too_few", 2)
    assert np.isnan(few["estimate"])
    thin = full.assign(n=5)
    result = peer_difference_in_differences(OWN, thin, full, "own")
    assert result.rows["reason"].tolist() == ["too_few"]
    assert result.exclusions == {"peers_too_few": 3}
    reworded = OWN.copy()
    reworded["estimate"], reworded["reason"] = np.nan, "not_comparable"
    found = peer_difference_in_differences(reworded, full, full, "own").rows
    assert found["reason"].tolist() == ["not_comparable"]
    nobody = peer_difference_in_differences(OWN, full.iloc[:0], full.iloc[:0], "own").rows
    assert nobody["reason"].tolist() == ["too_few"]
