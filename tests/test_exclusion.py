"""The exclusion audit: late flags, who is missing from the draw, what the score could be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from satisfaction import methods
from satisfaction.data.portfolio import TRUTH, households
from satisfaction.data.portfolio.answers import FrameAnswers, frame_answers
from satisfaction.data.portfolio.truth import SEED

DRAWN = pd.Timestamp("2025-10-28 10:00")
COUNTS = ["eligible", "blacklisted", "drawn", "drawn_blacklisted"]
AUDIT = {"project": "P", "wave": "2025", "late_days": 14}


def frame(project: str, wave: str, *counts: int) -> dict[str, object]:
    year = int(wave)
    drawn_at = DRAWN.replace(year=year)
    return {
        "project": project,
        "wave": wave,
        "drawn_at": drawn_at,
        **dict(zip(COUNTS, counts, strict=True)),
    }


FRAMES = pd.DataFrame(
    [
        frame("P", "2024", 1000, 20, 200, 4),
        frame("P", "2025", 1000, 80, 200, 1),
        frame("A", "2025", 900, 15, 200, 3),
        frame("B", "2025", 500, 12, 200, 5),
        frame("C", "2025", 700, 10, 200, 2),
    ]
)


def flags(*days_before: float, cleared: float | None = None) -> pd.DataFrame:
    moments = [DRAWN - pd.Timedelta(days=days) for days in days_before]
    end = pd.NaT if cleared is None else DRAWN - pd.Timedelta(days=cleared)
    return pd.DataFrame({"set_at": moments, "cleared_at": [end] * len(moments)}).astype(
        "datetime64[us]"
    )


# --- traces --------------------------------------------------------------------------------------


def test_late_flags_against_the_year_before() -> None:
    history = flags(1, 2, 3, 13.9, 20, 100, 200, 378, 400)
    found = methods.exclusion_audit(FRAMES, history, **AUDIT)
    row = found.row(check="late_set")
    # R: poisson.test(c(4, 4), c(14, 365), alternative = "greater") is binom.test(4, 8, 14/379, ...)
    assert row["p_value"] == pytest.approx(stats.binomtest(4, 8, 14 / 379, "greater").pvalue)
    assert (row["n"], row["n_expected"]) == (4, 4)
    assert row["expected"] == pytest.approx(4 / 365 * 14)
    assert found.stages["by_day"] == {
        "2025-10-14": {"set": 1, "cleared": 0},
        "2025-10-25": {"set": 1, "cleared": 0},
        "2025-10-26": {"set": 1, "cleared": 0},
        "2025-10-27": {"set": 1, "cleared": 0},
    }
    assert found.row(check="late_cleared")["reason"] == "no_changes"


def test_a_young_project_has_a_shorter_year() -> None:
    since = DRAWN - pd.Timedelta(days=114)
    row = methods.exclusion_audit(FRAMES, flags(1, 50, 90), since=since, **AUDIT).row(
        check="late_set"
    )
    assert row["expected"] == pytest.approx(2 / 100 * 14)


def test_flags_cleared_late_and_after_the_draw() -> None:
    late = methods.exclusion_audit(FRAMES, flags(300, 200, cleared=3), **AUDIT)
    assert late.row(check="late_cleared")["n"] == 2
    after = methods.exclusion_audit(FRAMES, flags(-1, -2, cleared=-3), **AUDIT)
    assert after.row(check="late_set")["reason"] == "no_changes"
    assert after.stages["by_day"] == {}


def test_missing_among_the_drawn() -> None:
    row = methods.exclusion_audit(FRAMES, flags(), **AUDIT).row(check="drawn")
    assert row["estimate"] == pytest.approx(1 / 200)
    assert row["expected"] == pytest.approx(0.08)
    # R: phyper(1, 80, 920, 200)
    assert row["p_value"] == pytest.approx(stats.hypergeom(1000, 80, 200).cdf(1))
    assert row["flagged"]


def test_the_strata_of_the_draw_count() -> None:
    # the marked all live where few are drawn: none among the drawn is no wonder
    strata = pd.DataFrame([[500, 80, 2, 0], [500, 0, 198, 0]], columns=COUNTS)
    row = methods.exclusion_audit(FRAMES, flags(), strata=strata, **AUDIT).row(check="drawn")
    assert row["p_value"] == pytest.approx(stats.hypergeom(500, 80, 2).cdf(0))
    assert row["expected"] == pytest.approx(2 * 80 / 500 / 200)
    assert not row["flagged"]


def test_against_the_draw_before_and_every_peer() -> None:
    found = methods.exclusion_audit(FRAMES, flags(), **AUDIT)
    earlier = found.row(check="earlier")
    table = [[80, 920], [20, 980]]
    assert earlier["p_value"] == pytest.approx(stats.fisher_exact(table, "greater").pvalue)
    peers = found.row(check="peers")
    assert peers["expected"] == pytest.approx(37 / 2100)
    single = [
        stats.fisher_exact([[80, 920], [marked, size - marked]], "greater").pvalue
        for size, marked in ((900, 15), (500, 12), (700, 10))
    ]
    assert peers["p_value"] == pytest.approx(max(single))
    assert earlier["flagged"]
    assert peers["flagged"]


def test_one_peer_with_as_many_is_enough() -> None:
    other = pd.DataFrame([frame("D", "2025", 1000, 80, 200, 16)])
    found = methods.exclusion_audit(pd.concat([FRAMES, other]), flags(), **AUDIT)
    assert not found.row(check="peers")["flagged"]


@pytest.mark.parametrize(
    ("frames", "check", "reason"),
    [
        (FRAMES.iloc[:0], "drawn", "not_drawn"),
        (FRAMES.iloc[[0, 2]], "late_set", "not_drawn"),
        (FRAMES.assign(eligible=0, blacklisted=0, drawn=0), "peers", "no_frame"),
        (FRAMES.assign(drawn=0, drawn_blacklisted=0), "drawn", "not_drawn"),
        (FRAMES.iloc[1:], "earlier", "no_earlier_draw"),
        (FRAMES.iloc[:3], "peers", "too_few"),
        (FRAMES, "late_set", "no_changes"),
    ],
)
def test_what_cannot_be_told_says_why(frames: pd.DataFrame, check: str, reason: str) -> None:
    row = methods.exclusion_audit(frames, flags(), **AUDIT).row(check=check)
    assert row["reason"] == reason
    assert np.isnan(row["p_value"])
    assert not row["flagged"]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="late_days"):
        methods.exclusion_audit(FRAMES, flags(), **AUDIT | {"late_days": 0})
    with pytest.raises(ValueError, match="one row per project and wave"):
        methods.exclusion_audit(pd.concat([FRAMES, FRAMES]), flags(), **AUDIT)
    with pytest.raises(ValueError, match="set_at"):
        methods.exclusion_audit(FRAMES, flags().drop(columns="set_at"), **AUDIT)


# --- scenario ------------------------------------------------------------------------------------


def answers(n: int = 200, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    mood = random.normal(0, 1, n)
    scores = np.clip(np.rint(3.6 + mood[:, None] + random.normal(0, 0.6, (n, 4))), 1, 5)
    data = pd.DataFrame(scores, columns=["overall", "a", "b", "c"])
    return data.assign(stratum=np.where(np.arange(n) < n / 2, "own", "let"))


RULE = {"outcome": "overall", "at_least": 4}


def test_the_scenario_by_hand() -> None:
    data = pd.DataFrame(
        {
            "overall": [5, 5, 5, 4, 2, 1, 4, 5, 2, 4],
            "a": [5, 5, 4, 4, 3, 1, 2, 5, 3, 3],
            "b": [4, 5, 5, 4, 2, 2, 5, 4, np.nan, np.nan],
        }
    ).astype(float)
    found = methods.exclusion_scenario(
        data, ["a", "b"], excluded={"x": 10}, population=90, minimum_n=5, **RULE
    )
    # comparable: rows 4, 5, 6 (one of two items low), 8, 9; two of the five satisfied overall
    rows = found.rows.set_index("scenario")
    assert found.stages["comparable"] == 5
    assert found.stages["excluded_share"] == pytest.approx(0.1)
    assert rows.loc["surveyed", "estimate"] == pytest.approx(0.7)
    assert rows.loc["none_satisfied", "estimate"] == pytest.approx(0.63)
    assert rows.loc["all_satisfied", "estimate"] == pytest.approx(0.73)
    assert rows.loc["like_dissatisfied", "assumed"] == pytest.approx(0.4)
    assert rows.loc["like_dissatisfied", "estimate"] == pytest.approx(0.63 + 0.04)


def test_the_error_of_the_scenario_is_that_of_the_bootstrap() -> None:
    data = answers(400)
    rule = {"excluded": {"own": 60, "let": 20}, "population": 920, **RULE}
    found = methods.exclusion_scenario(data, ["a", "b", "c"], **rule)
    row = found.row(scenario="like_dissatisfied")

    def by_hand(rows: pd.DataFrame) -> float:
        low = (rows[["a", "b", "c"]] < 4).sum(axis=1) >= 2
        happy = rows["overall"] >= 4
        shares = {name: happy[low & (rows["stratum"] == name)].mean() for name in ("own", "let")}
        return 0.92 * happy.mean() + 0.06 * shares["own"] + 0.02 * shares["let"]

    assert row["estimate"] == pytest.approx(by_hand(data))
    draws = [
        by_hand(data.groupby("stratum").sample(frac=1, replace=True, random_state=seed))
        for seed in range(150)
    ]
    assert row["std_error"] == pytest.approx(np.std(draws), rel=0.15)
    assert row["ci_low"] < row["estimate"] < row["ci_high"]


def test_thin_strata_are_pooled() -> None:
    data = answers(200)
    found = methods.exclusion_scenario(
        data, ["a", "b", "c"], excluded={"own": 5, "elsewhere": 7}, population=100, **RULE
    )
    assert found.stages["pooled"] == ("elsewhere",)
    one = methods.exclusion_scenario(
        data.drop(columns="stratum"), ["a", "b", "c"], excluded={"own": 12}, population=100, **RULE
    )
    assert one.stages["pooled"] == ("own",)


def test_a_census_has_no_error_and_nobody_excluded_changes_nothing() -> None:
    data = answers(100).assign(stratum_population=50.0)
    rule = {"population": 100, **RULE}
    census = methods.exclusion_scenario(data, ["a", "b", "c"], excluded={"own": 9}, **rule)
    row = census.row(scenario="like_dissatisfied")
    assert row["std_error"] == 0
    assert row["ci_low"] == row["ci_high"] == pytest.approx(row["estimate"])
    same = methods.exclusion_scenario(data, ["a", "b", "c"], excluded={}, **rule).rows
    assert same["estimate"].to_numpy() == pytest.approx(same["estimate"].iloc[0])


@pytest.mark.parametrize(
    ("data", "population", "reason"),
    [
        (answers(200).iloc[:0], 100, "no_answers"),
        (answers(200).assign(overall=np.nan), 100, "no_answers"),
        (answers(200).assign(a=5.0, b=5.0, c=5.0), 100, "too_few"),
    ],
)
def test_without_answers_there_is_no_scenario(
    data: pd.DataFrame, population: int, reason: str
) -> None:
    found = methods.exclusion_scenario(
        data, ["a", "b", "c"], excluded={"own": 5}, population=population, **RULE
    )
    row = found.row(scenario="like_dissatisfied")
    assert row["reason"] == reason
    assert np.isnan(row["estimate"])


def test_without_a_frame_nothing_is_known() -> None:
    found = methods.exclusion_scenario(answers(), ["a"], excluded={}, population=0, **RULE)
    assert found.row(scenario="none_satisfied")["reason"] == "no_frame"
    with pytest.raises(ValueError, match="must not be negative"):
        methods.exclusion_scenario(answers(), ["a"], excluded={"own": -1}, population=9, **RULE)


# --- the sample portfolio ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jinhe() -> tuple[FrameAnswers, set[str]]:
    """What every household would answer, and who is blacklisted at the draw of 2025."""
    truth = TRUTH["jinhe"]
    estate = households.households(truth, SEED)
    history = households.flags(truth, estate, SEED)
    potential = frame_answers(truth, estate, history, "2025", SEED)
    return potential, households.flagged(history, "blacklisted", DRAWN)


def test_the_scenario_comes_closer_to_the_truth_than_the_survey(
    jinhe: tuple[FrameAnswers, set[str]],
) -> None:
    potential, black = jinhe
    truth = TRUTH["jinhe"].shares["2025"]
    people = pd.concat([potential.households, potential.scores], axis=1)
    people["stratum"] = people["customer_group"]
    out = people["household"].isin(black)
    kept, excluded = people[~out], people.loc[out, "stratum"].value_counts().to_dict()
    sizes = kept["stratum"].value_counts()
    items = [name for name in potential.scores if name != "overall"]
    surveyed, scenario, inside = [], [], []
    for seed in range(12):
        sheets = kept.groupby("stratum").sample(frac=0.13, random_state=seed)
        sheets = sheets.assign(stratum_population=sheets["stratum"].map(sizes).astype(float))
        found = methods.exclusion_scenario(
            sheets, items, excluded=excluded, population=len(kept), **RULE
        ).rows.set_index("scenario")
        surveyed.append(found.loc["surveyed", "estimate"])
        row = found.loc["like_dissatisfied"]
        scenario.append(row["estimate"])
        inside.append(row["ci_low"] <= truth <= row["ci_high"])
        assert found.loc["none_satisfied", "ci_low"] < truth < found.loc["all_satisfied", "ci_high"]
    assert abs(np.mean(scenario) - truth) < 0.5 * abs(np.mean(surveyed) - truth)
    assert np.mean(inside) >= 0.75


def test_of_many_peers_the_one_hardest_to_tell_apart_decides() -> None:
    random = np.random.default_rng(3)
    size = random.integers(20, 400, 80)
    marked = random.binomial(size, random.beta(2, 30, 80))
    peers = [
        frame(f"Q{place}", "2025", int(n), int(m), 10, 0)
        for place, (n, m) in enumerate(zip(size, marked, strict=True))
    ]
    frames = pd.DataFrame([frame("P", "2025", 200, 60, 20, 1), *peers])
    flags = pd.DataFrame({"set_at": pd.to_datetime([]), "cleared_at": pd.to_datetime([])})
    row = methods.exclusion_audit(frames, flags, **AUDIT).rows.set_index("check").loc["peers"]
    each = [
        stats.fisher_exact([[60, 140], [m, n - m]], alternative="greater").pvalue
        for m, n in zip(marked, size, strict=True)
    ]
    assert row["p_value"] == pytest.approx(max(each), rel=1e-9)
