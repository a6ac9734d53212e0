"""Why a share moved: exact parts, published rates, and changes whose cause is known."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from satisfaction.methods.change import wave_difference
from satisfaction.methods.kitagawa import change_decomposition

FACTORS = {"residents": ["group", "stay"], "modes": ["mode"]}
# Das Gupta (1993), Standardization and Decomposition of Rates, example 5.3: population (thousands)
# and deaths per 1,000 of the USA by race and age, 1985 and 1970
SIZE = {
    1985: [3041, 11577, 27450, 32711, 35480, 27411, 19555, 19795, 15254, 8022, 2472,
           707, 2692, 6473, 6841, 6547, 4352, 3034, 2540, 1749, 804, 236],
    1970: [2968, 11484, 34614, 30992, 21983, 20314, 20928, 16897, 11339, 5720, 1315,
           535, 2162, 6120, 4781, 3096, 2718, 2363, 1767, 1149, 448, 117],
}  # fmt: skip
RATE = {
    1985: [9.163, 0.462, 0.248, 0.929, 1.084, 1.810, 4.715, 12.187, 27.728, 64.068, 157.570,
           17.208, 0.738, 0.328, 1.103, 2.045, 3.724, 8.052, 17.812, 34.128, 68.276, 125.161],
    1970: [18.469, 0.751, 0.391, 1.146, 1.287, 2.672, 6.636, 15.691, 34.723, 79.763, 176.837,
           36.993, 1.352, 0.541, 2.040, 3.523, 6.746, 12.967, 24.471, 45.091, 74.902, 123.205],
}  # fmt: skip


def wave(seed: int, n: int = 200, effect: float = 0.0, **shares: float) -> pd.DataFrame:
    """Answers that depend on who answers and how."""
    random = np.random.default_rng(seed)
    owner = random.random(n) < shares.get("owner", 0.6)
    stays = random.random(n) < shares.get("stays", 0.7)
    phone = random.random(n) < shares.get("phone", 0.3)
    p = 0.6 + 0.1 * owner + 0.2 * stays + 0.1 * phone + effect
    return pd.DataFrame(
        {
            "household": [f"{seed}-{i}" for i in range(n)],
            "group": np.where(owner, "owner", "tenant"),
            "stay": np.where(stays, "resident", "occasional"),
            "mode": np.where(phone, "phone", "web"),
            "q": np.where(random.random(n) < np.clip(p, 0, 1), 5.0, 2.0),
            "stratum": np.where(owner, "owner", "tenant"),
            "stratum_population": np.where(owner, 900.0, 600.0),
        }
    )


def cells(now: dict[tuple[str, str], tuple[int, int]]) -> pd.DataFrame:
    """Rows from (stay, mode) -> (satisfied, answers)."""
    rows = [
        {"group": "owner", "stay": stay, "mode": mode, "q": 5.0 if i < yes else 2.0}
        for (stay, mode), (yes, n) in now.items()
        for i in range(n)
    ]
    return pd.DataFrame(rows)


def parts(result) -> pd.Series:
    return result.rows.set_index("part")["estimate"]


def kitagawa(now: pd.DataFrame, before: pd.DataFrame, cell: str) -> tuple[float, float]:
    """Kitagawa (1955): mean shares x change of rates, and change of shares x mean rates."""
    share = [d[cell].value_counts(normalize=True).sort_index() for d in (now, before)]
    rate = [d.assign(s=d["q"] >= 4).groupby(cell)["s"].mean() for d in (now, before)]
    within = ((share[0] + share[1]) / 2 * (rate[0] - rate[1])).sum()
    return float(within), float(((share[0] - share[1]) * (rate[0] + rate[1]) / 2).sum())


def test_published_rates_are_decomposed_as_kitagawa_does():
    year = {
        y: pd.DataFrame({"cell": range(22), "rate": RATE[y], "weight": np.array(SIZE[y], float)})
        for y in SIZE
    }
    found = parts(
        change_decomposition(
            *year.values(), "rate", {"ages": ["cell"]}, at_least=None, standard="average"
        )
    )
    share = {y: np.array(SIZE[y]) / np.sum(SIZE[y]) for y in SIZE}
    rate = {y: np.array(RATE[y]) for y in RATE}
    within = ((share[1985] + share[1970]) / 2 * (rate[1985] - rate[1970])).sum()
    between = ((share[1985] - share[1970]) * (rate[1985] + rate[1970]) / 2).sum()
    assert found["answers"] == pytest.approx(within)
    assert found["ages"] == pytest.approx(between)
    # crude deaths per 1,000 of the USA: 9.4 in 1970, 8.7 in 1985
    assert found["total"] == pytest.approx(8.7 - 9.4, abs=0.1)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["pooled", "average"]), st.sampled_from([4, None]))
def test_the_parts_add_up_exactly(seed, standard, at_least):
    now, before = wave(seed, phone=0.8), wave(seed + 1, stays=0.4)
    result = change_decomposition(now, before, "q", FACTORS, standard=standard, at_least=at_least)
    found = parts(result)
    change = wave_difference(now, before, ["q"], at_least=at_least).row(item="q")
    assert found.drop("total").sum() == pytest.approx(found["total"], abs=1e-12)
    assert found["total"] == pytest.approx(change["estimate"])
    total = result.row(part="total")
    assert total["std_error"] == pytest.approx(change["std_error"])
    assert result.stages["current"] - result.stages["previous"] == pytest.approx(found["total"])


@pytest.mark.parametrize("standard", ["pooled", "average"])
def test_identical_waves_have_no_parts(standard):
    data = wave(1)
    result = change_decomposition(data, data, "q", FACTORS, standard=standard, unit="household")
    assert np.abs(result.rows["estimate"]).max() < 1e-12
    assert (result.rows["p_value"] == 1).all()
    assert not result.rows["significant"].any()


def test_pure_composition_has_no_part_within():
    rates = {("resident", "web"): 0.9, ("occasional", "web"): 0.6}
    now, before = (
        cells({key: (round(rates[key] * n), n) for key, n in zip(rates, sizes, strict=True)})
        for sizes in ((40, 160), (150, 50))
    )
    for standard in ("pooled", "average"):
        found = parts(change_decomposition(now, before, "q", FACTORS, standard=standard))
        assert found["answers"] == pytest.approx(0, abs=1e-12)
        assert found["residents"] == pytest.approx((40 / 200 - 150 / 200) * 0.3)
        assert found["modes"] == 0


def test_pure_change_of_answers_and_pure_change_of_modes():
    same = {("resident", "web"): (90, 100), ("resident", "phone"): (95, 100)}
    less = {("resident", "web"): (70, 100), ("resident", "phone"): (75, 100)}
    found = parts(change_decomposition(cells(less), cells(same), "q", FACTORS))
    assert found["answers"] == pytest.approx(-0.2)
    assert found["modes"] == pytest.approx(0, abs=1e-12)
    more_phone = {("resident", "web"): (36, 40), ("resident", "phone"): (152, 160)}
    found = parts(change_decomposition(cells(more_phone), cells(same), "q", FACTORS))
    assert found["answers"] == pytest.approx(0, abs=1e-12)
    assert found["modes"] == pytest.approx((0.8 - 0.5) * 0.05)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_one_factor_by_hand(seed):
    now, before = wave(seed, stays=0.3), wave(seed + 1, effect=-0.1)
    plain = ["stratum", "stratum_population"]
    now, before = now.drop(columns=plain), before.drop(columns=plain)
    found = parts(
        change_decomposition(now, before, "q", {"residents": ["stay"]}, standard="average")
    )
    assert [found["answers"], found["residents"]] == pytest.approx(kitagawa(now, before, "stay"))
    # pooled: Mantel-Haenszel weights n1 n0 / (n1 + n0) of the cells
    n1, n0 = (d["stay"].value_counts().sort_index() for d in (now, before))
    rate1, rate0 = (d.assign(s=d["q"] >= 4).groupby("stay")["s"].mean() for d in (now, before))
    weight = n1 * n0 / (n1 + n0)
    pooled = parts(change_decomposition(now, before, "q", {"residents": ["stay"]}))
    assert pooled["answers"] == pytest.approx((weight * (rate1 - rate0)).sum() / weight.sum())


def test_answers_are_the_wave_s_coefficient_in_a_regression():
    # an independent implementation: weighted least squares with a dummy of the wave
    now, before = wave(5, phone=0.8, effect=-0.1), wave(6)
    both = pd.concat([now.assign(wave=1.0), before.assign(wave=0.0)], ignore_index=True)
    size = both.groupby(["wave", "stratum"])["q"].transform("size")
    both["w"] = both["stratum_population"] / size
    both["w"] /= both.groupby("wave")["w"].transform("mean")
    cell = pd.get_dummies(both["group"] + both["stay"], drop_first=True, dtype=float)
    x = pd.concat([both[["wave"]], cell, (both["mode"] == "phone").astype(float)], axis=1)
    fit = sm.WLS((both["q"] >= 4).astype(float), sm.add_constant(x), weights=both["w"]).fit()
    found = parts(change_decomposition(now, before, "q", FACTORS))
    assert found["answers"] == pytest.approx(fit.params["wave"])
    weighted = both.groupby("wave")[["w"]].sum()["w"]
    phone = (both["w"] * (both["mode"] == "phone")).groupby(both["wave"]).sum() / weighted
    assert found["modes"] == pytest.approx((phone[1.0] - phone[0.0]) * fit.params["mode"])


def test_standard_errors_agree_with_the_spread_of_repeated_waves():
    # 70 pairs of waves: the spread of a part has an SE of 8.5 %
    found, errors = [], []
    plain = ["stratum", "stratum_population"]
    for seed in range(70):
        now = wave(2 * seed, n=120, phone=0.8, stays=0.5).drop(columns=plain)
        before = wave(2 * seed + 1, n=120).drop(columns=plain)
        rows = change_decomposition(now, before, "q", FACTORS).rows.set_index("part")
        found.append(rows["estimate"])
        errors.append(rows["std_error"])
    spread, stated = pd.DataFrame(found).std(), pd.DataFrame(errors).mean()
    assert (stated / spread).between(0.75, 1.3).all()


def test_categories_of_one_wave_only():
    now = wave(1)
    now.loc[now.index[:60], "mode"] = "app"
    before = wave(2)
    pooled = change_decomposition(now, before, "q", FACTORS)
    assert pooled.rows["estimate"].notna().all()
    assert pooled.stages["one_wave_only"] == pytest.approx(60 / 200, abs=0.05)
    average = change_decomposition(now, before, "q", FACTORS, standard="average").rows
    reasons = average.set_index("part")["reason"]
    assert reasons.to_dict() == {
        "answers": "not_comparable", "residents": "", "modes": "not_comparable", "total": "",
    }  # fmt: skip


def test_a_mode_of_each_wave_alone_cannot_be_told_from_a_change():
    now, before = wave(1).assign(mode="web"), wave(2).assign(mode="phone")
    rows = change_decomposition(now, before, "q", FACTORS).rows.set_index("part")
    assert rows["reason"].to_dict() == {
        "answers": "confounded", "residents": "", "modes": "confounded", "total": "",
    }  # fmt: skip
    assert rows.loc[["answers", "modes"], ["estimate", "ci_low", "p_value"]].isna().all(axis=None)
    assert rows.loc["residents", "estimate"] == rows.loc["residents", "estimate"]


def test_a_factor_that_a_wave_does_not_know_stays_in_the_answers():
    now, before = wave(1), wave(2).assign(mode=None)
    result = change_decomposition(now, before, "q", FACTORS)
    rows = result.rows.set_index("part")
    assert rows.loc["modes", "reason"] == "no_group"
    assert rows.loc[["answers", "residents"], "estimate"].sum() == pytest.approx(
        rows.loc["total", "estimate"]
    )
    assert result.stages["not_separated"] == ["mode"]
    without = change_decomposition(
        now.drop(columns="stay"), before, "q", {"residents": ["group", "stay"]}
    )
    assert without.stages["not_separated"] == ["stay"]
    one = wave(3)
    one.loc[0, "mode"] = None  # a single unknown mode is a category of its own
    assert change_decomposition(one, wave(4), "q", FACTORS).rows["estimate"].notna().all()


def test_one_mode_only_moves_nothing():
    now, before = wave(1).assign(mode="web"), wave(2).assign(mode="web")
    row = change_decomposition(now, before, "q", FACTORS).row(part="modes")
    assert (row["estimate"], row["std_error"], row["p_value"]) == (0, 0, 1)


def test_thin_and_missing_waves_give_a_reason():
    data = wave(1)
    cases = [
        (data.iloc[:5], data, "too_few"),
        (data.iloc[:0], data, "no_answers"),
        (data, data.assign(q=np.nan), "no_answers"),
        (data, data.drop(columns="q"), "not_comparable"),
    ]
    for now, before, reason in cases:
        rows = change_decomposition(now, before, "q", FACTORS).rows
        assert (rows["reason"] == reason).all()
        assert rows[["estimate", "ci_low", "p_value"]].isna().all(axis=None)
    rows = change_decomposition(data, data, "q", FACTORS, comparable=False).rows
    assert (rows["reason"] == "not_comparable").all()


def test_a_census_has_no_error():
    now, before = wave(1), wave(2)
    for data in (now, before):
        size = data.groupby("stratum")["q"].transform("size").astype(float)
        data["stratum_population"] = size
    rows = change_decomposition(now, before, "q", FACTORS).rows
    assert rows["std_error"].max() == 0
    assert rows["estimate"].notna().all()


def test_wrong_arguments_are_errors():
    data = wave(1)
    for arguments, message in (
        ({"standard": "other"}, "standard must be"),
        ({"level": 95}, "level"),
        ({"factors": {"total": ["mode"]}}, "may not be called"),
        ({"factors": {"modes": ["nowhere"]}}, "no column nowhere"),
        ({"item": "x"}, "neither wave holds x"),
    ):
        with pytest.raises(ValueError, match=message):
            change_decomposition(data, data, **{"item": "q", "factors": FACTORS, **arguments})
