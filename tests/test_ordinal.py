"""Proportional odds: R's polr, statsmodels, thin and separated data; the check of the drivers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reference_results import R
from satisfaction.methods.drivers import johnson_weights
from satisfaction.methods.ordinal import ordinal_check, proportional_odds

REFERENCE = Path(__file__).parent / "reference"
POLR = R["housing_polr"]["values"]
ITEMS = [f"q{i}" for i in range(4)]


def housing(name: str = "housing.csv") -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / name)
    terms = {
        f"{column}{value}": (data[column] == value).astype(float)
        for column, values in {
            "Infl": ["Medium", "High"],
            "Type": ["Apartment", "Atrium", "Terrace"],
            "Cont": ["High"],
        }.items()
        for value in values
    }
    satisfied = pd.Categorical(data["Sat"], ["Low", "Medium", "High"])
    return pd.DataFrame(terms).assign(Sat=satisfied, Freq=data.get("Freq", 1))


def survey(n: int = 300, seed: int = 0, items: int = 4) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, items)) + 0.5 * random.normal(size=(n, 1))
    latent = x[:, :4] @ [1.2, 0.7, 0.4, 0.0] + random.logistic(size=n)
    scores = np.clip(np.round(latent + 3), 1, 5)
    frame = pd.DataFrame(x, columns=[f"q{i}" for i in range(items)])
    return frame.assign(overall=scores)


def test_housing_equals_r():
    # R: polr(Sat~Infl+Type+Cont,weights=Freq,data=housing,Hess=TRUE)
    result = proportional_odds(housing(), "Sat", list(POLR["coef"]), frequency="Freq")
    # polr stops its BFGS early: its coefficients lie 5e-7 from the maximum, its deviance 1e-14
    for name, value in (POLR["coef"] | POLR["zeta"]).items():
        row = result.row(item=name)
        assert row["estimate"] == pytest.approx(value, rel=1e-6)
        assert row["std_error"] == pytest.approx(POLR["se"][name], rel=1e-6)
    assert result.stages["deviance"] == pytest.approx(POLR["deviance"], rel=1e-12)
    assert result.n == 1681
    assert list(result.rows["kind"]) == ["item"] * 6 + ["threshold"] * 2


def test_frequencies_are_repeated_sheets():
    table = housing()
    repeated = table.loc[table.index.repeat(table["Freq"])].reset_index(drop=True)
    names = list(POLR["coef"])
    one = proportional_odds(table, "Sat", names, frequency="Freq").rows
    other = proportional_odds(repeated, "Sat", names).rows
    pd.testing.assert_frame_equal(one, other, rtol=1e-8)


def test_scores_agree_with_statsmodels():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    data = survey()
    expected = OrderedModel(data["overall"], data[ITEMS], distr="logit").fit(
        method="bfgs", disp=0, gtol=1e-8
    )
    result = proportional_odds(data, "overall", ITEMS)
    found = result.rows[result.rows["kind"] == "item"].set_index("item")
    assert found["estimate"].to_numpy() == pytest.approx(expected.params[:4], rel=1e-4)
    assert found["std_error"].to_numpy() == pytest.approx(expected.bse[:4], rel=1e-3)
    assert -2 * expected.llf == pytest.approx(result.stages["deviance"], rel=1e-9)
    steps = result.rows.loc[result.rows["kind"] == "threshold", "estimate"].to_numpy()
    increments = np.concatenate([[expected.params.iloc[4]], np.exp(expected.params[5:])])
    assert steps == pytest.approx(np.cumsum(increments), rel=1e-4)


def test_two_categories_are_a_logistic_regression():
    from statsmodels.api import Logit, add_constant

    data = survey().assign(overall=lambda frame: (frame["overall"] >= 4).astype(float))
    expected = Logit(data["overall"], add_constant(data[ITEMS])).fit(disp=0)
    result = proportional_odds(data, "overall", ITEMS)
    for item in ITEMS:
        row = result.row(item=item)
        assert row["estimate"] == pytest.approx(expected.params[item], rel=1e-6)
        assert row["std_error"] == pytest.approx(expected.bse[item], rel=1e-6)
        assert row["standardised"] == pytest.approx(row["estimate"] * data[item].std(ddof=0))
    assert result.row(item="0.0|1.0")["estimate"] == pytest.approx(-expected.params["const"])


def test_shifts_and_scales_of_items_do_not_matter():
    data = survey()
    moved = data.assign(q0=data["q0"] * 100 + 5000)
    one, other = (proportional_odds(d, "overall", ITEMS) for d in (data, moved))
    assert other.row(item="q0")["estimate"] == pytest.approx(one.row(item="q0")["estimate"] / 100)
    assert other.row(item="q0")["p_value"] == pytest.approx(one.row(item="q0")["p_value"])
    assert other.stages["deviance"] == pytest.approx(one.stages["deviance"])


def test_gaps_constants_and_copies():
    data = survey().assign(same=1.0, copy=lambda frame: 3 - frame["q0"])
    data.loc[:9, "q1"] = np.nan
    data.loc[20, "overall"] = np.nan
    result = proportional_odds(data, "overall", [*ITEMS, "same", "copy"])
    assert result.n == 289
    assert result.exclusions["rows_with_missing"] == 11
    assert result.row(item="same")["reason"] == "constant"
    assert result.row(item="copy")["reason"] == "collinear"
    alone = proportional_odds(data, "overall", ITEMS)
    assert result.row(item="q0")["estimate"] == pytest.approx(alone.row(item="q0")["estimate"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (survey(0), "no_answers"),
        (survey(50) * np.nan, "no_answers"),
        (survey(20), "too_few"),
        (survey(50).assign(overall=3), "no_variation"),
        (survey(60).assign(overall=lambda d: (d["q0"] > 0) + 1), "separated"),
    ],
)
def test_thin_data_gives_a_reason(data, reason):
    result = proportional_odds(data, "overall", ITEMS)
    assert (result.rows["reason"] == reason).all()
    assert result.rows["estimate"].isna().all()


def test_wrong_arguments_are_errors():
    data = survey(50)
    with pytest.raises(ValueError, match="each once"):
        proportional_odds(data, "overall", ["q0", "q0"])
    with pytest.raises(ValueError, match="no column x"):
        proportional_odds(data, "overall", ["x"])
    with pytest.raises(ValueError, match="no order"):
        proportional_odds(data.assign(overall="good"), "overall", ITEMS)
    with pytest.raises(ValueError, match="negative"):
        proportional_odds(data.assign(f=-1.0), "overall", ITEMS, frequency="f")


def test_the_check_agrees_where_the_order_is_clear():
    data = survey(500, items=9)
    items = [f"q{i}" for i in range(9)]
    importance = johnson_weights(data, "overall", items, seed=1, draws=20)
    row = ordinal_check(importance, data, "overall").rows.iloc[0]
    assert row["item"] == row["ordinal_first"] == "q0"
    assert row["same_first"]
    assert row["in_common"] == row["of"] == 3
    assert row["reversed"] == ""
    assert row["n"] == 500


def test_the_check_says_what_it_cannot():
    data = survey(20)
    importance = johnson_weights(data, "overall", ITEMS, seed=1, draws=5)
    assert ordinal_check(importance, data, "overall").rows["reason"].tolist() == ["too_few"]
    fine = johnson_weights(survey(200), "overall", ITEMS, seed=1, draws=5)
    row = ordinal_check(fine, survey(20), "overall").rows.iloc[0]
    assert row["reason"] == "too_few"
    assert np.isnan(row["estimate"])
