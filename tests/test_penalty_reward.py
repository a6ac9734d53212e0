"""Penalty and reward: least squares with dummies, known kinds, gaps, thin and bad input."""

import numpy as np
import pandas as pd
import pytest

from satisfaction.methods.penalty_reward import penalty_reward
from satisfaction.methods.regression import survey_regression

ITEMS = list("abcd")
ENDS = {"low_below": 4, "top_from": 5}


def answers(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """a costs when low, b earns when top, c counts alike at both ends, d does not count."""
    random = np.random.default_rng(seed)
    scores = random.normal(4, 1, (n, 4)) + 0.3 * random.normal(size=(n, 1))
    x = np.clip(np.round(scores), 1, 5)
    effect = -1.0 * (x[:, 0] < 4) + 0.8 * (x[:, 1] == 5) + 0.5 * (x[:, 2] - 4)
    frame = pd.DataFrame(x, columns=ITEMS)
    return frame.assign(overall=3 + effect + 0.5 * random.normal(size=n))


def run(data: pd.DataFrame, **arguments):
    return penalty_reward(data, "overall", ITEMS, **(ENDS | arguments))


def dummies(data: pd.DataFrame) -> pd.DataFrame:
    ends = {f"{i}_penalty": (data[i] < 4).astype(float) for i in ITEMS}
    ends |= {f"{i}_reward": (data[i] >= 5).astype(float) for i in ITEMS}
    return pd.DataFrame(ends).assign(**data.drop(columns=ITEMS))


def test_equals_the_design_based_regression_on_dummies():
    # survey_regression equals R's svyglm; here times sqrt(n / (n - k - 1)) for k = 8 coefficients
    data = answers().assign(stratum=["x", "y"] * 200, weight=np.linspace(0.5, 3, 400))
    design = dummies(data)
    names = [name for name in design if name.endswith(("penalty", "reward"))]
    expected = survey_regression(design, "overall", names)
    result = run(data)
    for item in ITEMS:
        row = result.row(item=item)
        for effect in ("penalty", "reward"):
            other = expected.row(item=f"{item}_{effect}")
            assert row[effect] == pytest.approx(other["estimate"], rel=1e-9)
            half = (other["ci_high"] - other["ci_low"]) / 2 * np.sqrt(400 / 391)
            assert row[f"{effect}_high"] - row[effect] == pytest.approx(half, rel=1e-9)
        assert row["df"] == other["df"]


def test_plain_answers_agree_with_statsmodels():
    from statsmodels.api import OLS, add_constant

    data = answers(200)
    design = dummies(data)
    names = [name for name in design if name != "overall"]
    fit = OLS(design["overall"], add_constant(design[names])).fit(cov_type="HC1")
    result = run(data)
    for item in ITEMS:
        row = result.row(item=item)
        assert row["penalty"] == pytest.approx(fit.params[f"{item}_penalty"], rel=1e-9)
        half = (row["reward_high"] - row["reward_low"]) / 2
        # HC1 takes n / (n - k - 1); ours also n / (n - 1) of the survey variance
        width = half / fit.bse[f"{item}_reward"] / np.sqrt(200 / 199)
        assert width == pytest.approx(1.9726, abs=0.001)  # t with 191 degrees of freedom


def test_known_kinds_are_found():
    result = run(answers())
    assert result.rows.set_index("item")["kano"].to_dict() == {
        "a": "must_be",
        "b": "attractive",
        "c": "performance",
        "d": "unclear",
    }
    a = result.row(item="a")
    assert a["penalty_low"] < -1.0 < a["penalty_high"]
    assert a["ci_high"] < 0
    assert a["n_low"] == (answers()["a"] < 4).sum()


def test_kinds_are_not_named_without_evidence():
    # of 30 surveys of 150 sheets in which nothing counts, Holm lets at most a few name a kind
    named = 0
    for seed in range(30):
        data = answers(150, seed)
        data["overall"] = np.random.default_rng(seed).normal(size=150)
        named += (run(data).rows["kano"] != "unclear").any()
    assert named <= 3


def test_intervals_cover_with_gaps():
    covered = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        data = answers(250, seed)
        data[ITEMS] = data[ITEMS].mask(random.random((250, 4)) < 0.1)
        row = run(data).row(item="a")
        covered.append(row["penalty_low"] <= -1.0 <= row["penalty_high"])
    assert np.mean(covered) >= 0.87


def test_gaps_are_used_pair_by_pair_or_dropped():
    data = answers(200)
    data.loc[:39, "a"] = np.nan
    data.loc[190:, "overall"] = np.nan
    result = run(data)
    assert result.n == 190
    assert result.row(item="a")["n"] == 150
    complete = run(data, missing="complete")
    dropped = run(data.dropna())  # the variance then knows nothing of the other rows: 0.1 %
    for name in ("estimate", "std_error", "penalty", "reward_high", "n", "df"):
        assert complete.rows[name].tolist() == pytest.approx(dropped.rows[name].tolist(), rel=2e-3)


def test_thin_ends_join_the_reference():
    data = answers()
    data["a"] = data["a"].clip(4)
    data["b"] = data["b"].where(data["b"] != 4, 5)  # no reference left
    result = run(data)
    a = result.row(item="a")
    assert a["reason"] == "one_end"
    assert np.isnan(a["penalty"])
    assert np.isfinite(a["reward"])
    assert a["kano"] == ""
    assert result.row(item="b")["reason"] == "too_few"
    assert result.row(item="c")["kano"] == "performance"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (answers(0), "too_few"),
        (answers(1), "too_few"),
        (answers(20), "too_few"),
        (answers(60) * np.nan, "too_few"),
        (answers(60).assign(overall=4.0), "no_variation"),
        (answers(60).assign(**dict.fromkeys(ITEMS, 3.0)), "constant"),
        (answers(60).assign(weight=0.0), "too_few"),
    ],
)
def test_thin_data_gives_a_reason(data, reason):
    result = run(data)
    assert (result.rows["reason"] == reason).all()
    assert result.rows["estimate"].isna().all()


def test_copies_of_an_item_are_left_out():
    data = answers().assign(d=lambda frame: frame["a"])
    result = run(data)
    assert result.row(item="d")["reason"] == "collinear"
    assert result.row(item="a")["kano"] == "must_be"


def test_a_scale_whose_top_alone_satisfies_has_no_reference():
    assert (run(answers(), low_below=5).rows["reason"] == "too_few").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"low_below": 6}, "may not lie above"),
        ({"items": ["a", "a"]}, "each once"),
        ({"items": ["a", "x"]}, "no column x"),
        ({"missing": "drop"}, "missing must be"),
        ({"level": 1}, "level"),
    ],
)
def test_wrong_arguments_are_errors(change, message):
    arguments = {"items": ITEMS} | ENDS | change
    with pytest.raises(ValueError, match=message):
        penalty_reward(answers(50), "overall", **arguments)
