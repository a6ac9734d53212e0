"""What other weights would change: by hand, against the jackknife, thin data."""

import numpy as np
import pandas as pd
import pytest

from satisfaction.methods.calibration import rake_to_frame
from satisfaction.methods.sensitivity import weighting_sensitivity


def survey(n=240, seed=5, effect=0.4):
    """Occasional users answer twice as readily as residents and are less often satisfied."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"occupancy": np.repeat(["resident", "occasional"], [600, 400])})
    occasional = random.random(n) < 2 / 3
    satisfied = random.random(n) < 0.9 - effect * occasional
    sheets = pd.DataFrame(
        {
            "occupancy": np.where(occasional, "occasional", "resident"),
            "overall": np.where(satisfied, 5.0, 2.0),
            "stratum": "all",
            "stratum_population": 1000,
        }
    )
    return sheets, frame


def steps(sheets, frame, **how):
    result = weighting_sensitivity(sheets, frame, "overall", ["occupancy"], at_least=4, **how)
    return result.rows.set_index("step")


def test_raking_is_the_mean_of_the_groups_by_their_households():
    sheets, frame = survey()
    rows = steps(sheets, frame)
    share = (sheets["overall"] >= 4).groupby(sheets["occupancy"]).mean()
    expected = 0.6 * share["resident"] + 0.4 * share["occasional"]
    assert rows.loc["raked", "estimate"] == pytest.approx(expected)
    assert rows.loc["raked", "difference"] == pytest.approx(
        expected - (sheets["overall"] >= 4).mean()
    )
    assert rows.loc["raked", "p_value"] < 0.001
    assert rows.loc["stratum_weights", "difference"] == 0
    assert np.isnan(rows.loc["stratum_weights", "p_value"])


def test_the_error_of_the_difference_agrees_with_the_jackknife():
    sheets, frame = survey()
    sheets["stratum_population"] = np.nan
    row = steps(sheets, frame).loc["raked"]
    parts = []
    for left_out in sheets.index:
        rest = sheets.drop(index=left_out)
        raked = rake_to_frame(rest, frame, ["occupancy"])
        good = rest["overall"] >= 4
        parts.append(np.average(good, weights=raked["weight"]) - good.mean())
    n = len(sheets)
    jackknife = np.sqrt((n - 1) / n * np.sum((np.array(parts) - np.mean(parts)) ** 2))
    half = row["difference_high"] - row["difference"]
    assert half / 1.97 == pytest.approx(jackknife, rel=0.03)


def test_weights_that_change_nothing_are_not_called_a_difference():
    """Satisfaction unrelated to occupancy: about one wave in twenty is called different."""
    found = []
    for seed in range(120):
        sheets, frame = survey(seed=seed, effect=0)
        # answers come from an endless model here: no finite population correction
        rows = steps(sheets.assign(stratum_population=np.nan), frame)
        found.append(rows.loc["raked", "p_value"] < 0.05)
    assert np.mean(found) < 0.1


@pytest.mark.parametrize(
    ("sheets", "frame"),
    [
        (survey()[0], pd.DataFrame({"occupancy": []})),
        (survey()[0].iloc[:0], survey()[1]),
        (survey()[0].iloc[:1], survey()[1]),
        (survey()[0].assign(overall=np.nan), survey()[1]),
        (survey()[0].assign(occupancy=None), survey()[1]),
    ],
)
def test_thin_data_give_a_reason(sheets, frame):
    rows = steps(sheets, frame)
    unknown = rows[rows["estimate"].isna()]
    assert (unknown["reason"] != "").all()
    assert rows.loc["raked", "reason"] != "" or rows.loc["raked", "difference"] == 0


def test_all_answers_equal():
    sheets, frame = survey()
    rows = steps(sheets.assign(overall=5.0), frame)
    assert rows["estimate"].tolist() == [1, 1, 1]
    assert rows.loc["raked", "difference"] == 0
    assert not rows.loc["raked", "p_value"] < 0.05
