"""The sample portfolio's changes are found again, and put down to what caused them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from satisfaction import exhibits, i18n, methods
from satisfaction.data.portfolio import TRUTH, households, survey
from satisfaction.data.portfolio.project import ProjectTruth
from satisfaction.data.portfolio.truth import SEED
from satisfaction.study import open_study
from small_workbook import Workbook

FACTORS = {"residents": ["customer_group", "occupancy"], "modes": ["mode"]}
CASES = ("cuihu", "yunshan", "wanlong", "heyuan")


class Annual(ProjectTruth):
    """A project without its monthly waves, which nothing here reads."""

    @property
    def waves(self) -> tuple[str, ...]:
        return ("2024", "2025")


def waves(project: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answer sheets of 2025 and 2024 as a study holds them."""
    truth = TRUTH[project]
    frame = households.households(truth, SEED)
    history = households.flags(truth, frame, SEED)
    drawn = survey.samples(truth, frame, history, SEED)
    sheets = survey.sheets(Annual(**vars(truth)), frame, history, drawn, SEED)
    facts = frame[["household", "customer_group", "occupancy"]]
    found = []
    for wave in ("2025", "2024"):
        strata = drawn.loc[drawn["wave"] == wave, ["household", "stratum", "stratum_population"]]
        rows = sheets[wave].drop(columns=["customer_group", "occupancy"], errors="ignore")
        rows = rows.merge(strata, on="household").merge(facts, on="household")
        rows["stratum_population"] = rows["stratum_population"].astype(float)
        rows["overall"] = pd.to_numeric(rows["overall"], errors="coerce").astype(float)
        rows.loc[rows["overall"] > 5, "overall"] = np.nan
        found.append(rows)
    return found[0], found[1]


@pytest.fixture(scope="module")
def portfolio() -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    return {project: waves(project) for project in CASES}


@pytest.fixture(scope="module")
def parts(portfolio) -> dict[str, pd.DataFrame]:
    return {
        project: methods.change_decomposition(
            *portfolio[project], "overall", FACTORS, unit="household"
        ).rows.set_index("part")
        for project in CASES
    }


def test_a_real_fall_is_one_of_the_answers(parts) -> None:
    rows = parts["cuihu"]
    true = TRUTH["cuihu"].facts["change"]
    assert rows.loc["answers", "ci_low"] <= true <= rows.loc["answers", "ci_high"]
    assert rows["direction"].to_dict() == {
        "answers": "down", "residents": "none", "modes": "none", "total": "down",
    }  # fmt: skip


def test_a_fall_of_the_mix_is_put_down_to_other_residents(parts) -> None:
    rows = parts["yunshan"]
    assert rows.loc["answers", "ci_low"] < 0 < rows.loc["answers", "ci_high"]
    assert rows["direction"].to_dict() == {
        "answers": "none", "residents": "down", "modes": "none", "total": "down",
    }  # fmt: skip
    assert rows.loc["residents", "estimate"] / rows.loc["total", "estimate"] > 0.8


def test_a_fall_through_the_phone_is_put_down_to_the_modes(parts) -> None:
    rows = parts["wanlong"]
    assert rows.loc["answers", "ci_low"] < 0 < rows.loc["answers", "ci_high"]
    facts = TRUTH["wanlong"].facts
    true = 0.1 * (facts["phone_2025"] - facts["phone_2024"])
    assert rows.loc["modes", "ci_low"] <= true <= rows.loc["modes", "ci_high"]
    assert rows.loc["modes", "direction"] == "down"
    assert rows.loc["residents", "direction"] == "none"


def test_small_groups_and_a_mode_of_one_wave_do_not_stop_it(parts, portfolio) -> None:
    rows = parts["heyuan"]
    assert rows["estimate"].notna().all()
    assert (rows["direction"] == "none").all()
    landlords = (portfolio["heyuan"][0]["customer_group"] == "landlord").sum()
    assert 0 < landlords < 10


def test_those_who_answered_twice_did_not_change_where_the_mix_moved(portfolio) -> None:
    twice = methods.panel_difference(*portfolio["yunshan"], ["overall"]).row(item="overall")
    assert twice["n"] > 50
    assert twice["direction"] == "none"
    assert methods.panel_difference(*portfolio["cuihu"], ["overall"], minimum_n=20).rows[
        "reason"
    ].tolist() == ["too_few"]


def test_overlap_narrows_the_change_only_where_there_is_some(portfolio) -> None:
    errors = {}
    for project in ("yunshan", "cuihu"):
        for unit in (None, "household"):
            rows = methods.wave_difference(*portfolio[project], ["overall"], unit=unit).rows
            errors[project, unit] = rows["std_error"].iloc[0]
    assert errors["yunshan", "household"] < errors["yunshan", None]
    assert errors["cuihu", "household"] == pytest.approx(errors["cuihu", None], rel=0.01)


def test_a_study_of_few_answers_says_that_it_cannot_tell(surveyed: Workbook) -> None:
    study = open_study("P1", "2025", "en", home=surveyed.home)
    assert "panel" in study.absent
    assert "no-monthly" in study.absent
    monthly = methods.estimates_from_tallies(study.monthly, **study.shares)
    assert monthly.rows["wave"].tolist() == ["2025-01"]
    chart = exhibits.control_chart(methods.control_chart(monthly.rows, **study.monthly_rule))
    assert chart.title == "Monthly series: cannot tell"
    twice = methods.panel_difference(*study.waves, [study.overall], **study.panel_rule)
    moves = methods.transitions(*study.waves, study.overall, study.bands)
    assert exhibits.panel_table(twice, moves).title.endswith("cannot tell")
    rows = methods.change_decomposition(*study.waves, study.overall, **study.decomposition_rule)
    assert exhibits.change_bridge(rows, study.labels).title.endswith("cannot tell")
    overall = methods.wave_difference(*study.waves, [study.overall], **study.comparison)
    now, before = (
        methods.estimates_from_tallies(tallies, **study.shares).rows
        for tallies in (study.peers, study.earlier_peers)
    )
    moved = methods.peer_difference_in_differences(
        overall.rows.iloc[0], now, before, "P1", **study.peer_rule
    )
    assert exhibits.peer_change_note(moved).title.endswith("cannot tell")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_exhibits_name_the_cause(parts, portfolio, lang: str) -> None:
    with i18n.speaking(lang):
        for project, part in (("yunshan", "−13.0"), ("wanlong", "−1"), ("heyuan", "")):
            result = methods.change_decomposition(
                *portfolio[project], "overall", FACTORS, unit="household"
            )
            shown = exhibits.change_bridge(result)
            assert part in shown.title
            assert "nan" not in shown.html().lower()
        twice = methods.panel_difference(*portfolio["yunshan"], ["overall"])
        bands = {"dissatisfied": [1, 2], "neutral": [3], "satisfied": [4, 5]}
        moves = methods.transitions(*portfolio["yunshan"], "overall", bands)
        table = exhibits.panel_table(twice, moves)
        assert str(twice.n) in table.title
        assert "nan" not in table.html().lower()
        unknown = portfolio["yunshan"][1].assign(mode=None, occupancy=None)
        result = methods.change_decomposition(portfolio["yunshan"][0], unknown, "overall", FACTORS)
        assert "nan" not in exhibits.change_bridge(result).html().lower()
