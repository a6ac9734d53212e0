"""No number that is hidden for its few answers can be computed from what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pytest

from attacker import Found, attack, read
from notebook_runs import REPORTS, run_notebook
from satisfaction import checks, i18n, methods
from satisfaction import exhibits as ex
from satisfaction.config.questionnaire import Questionnaire
from satisfaction.exhibits import groups, suppression, words
from satisfaction.methods.result import Result
from satisfaction.small_groups import (
    joined_strata,
    with_joined_strata,
    with_joined_tallies,
    without_rare_answers,
)
from satisfaction.study import open_study
from small_workbook import Workbook

MINIMUM = 10
MARK = {"at_least": 4}
OVERALL = "overall"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("zh")


def survey(seed: int) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Answer sheets with small groups, small modes and gaps; and dimensions of their items."""
    random = np.random.default_rng(seed)
    k = int(random.integers(3, 6))
    sizes = [int(random.integers(25, 90)), *random.integers(2, 45, k - 2)]
    sizes.append(int(random.integers(2, MINIMUM)))
    names = [f"group {letter}" for letter in "abcde"[:k]]
    population = {
        name: int(size * random.uniform(1.5, 8)) for name, size in zip(names, sizes, strict=True)
    }
    group = np.repeat(names, sizes)
    n, modes = len(group), np.array(["web", "phone", "visit", "paper"])
    mode = random.choice(modes, n, p=random.dirichlet([8, 4, 1, 0.5]))
    rows = pd.DataFrame({"customer_group": group, "stratum": group, "mode": mode})
    rows["stratum_population"] = [float(population[name]) for name in group]
    dimensions = {f"dimension {d}": [f"item {d}{i}" for i in range(1 + d % 3)] for d in range(4)}
    level = random.uniform(0.5, 0.99)
    for item in [OVERALL, *(item for part in dimensions.values() for item in part)]:
        scores = np.where(random.random(n) < level, 5.0, 2.0)
        scores[random.random(n) < 0.06] = np.nan
        rows[item] = scores
    return rows, dimensions


def pages(rows: pd.DataFrame, dimensions: dict[str, list[str]]) -> list[str]:
    """What a report shows of them."""
    by_group = methods.survey_proportion(rows, dimensions, by="customer_group", **MARK)
    by_mode = methods.survey_proportion(rows, [OVERALL], by="mode", **MARK)
    needed = methods.conversions_for(rows, OVERALL, target=0.995, **MARK)
    shown = [
        ex.dot_plot(methods.survey_proportion(rows, dimensions, **MARK)),
        ex.dot_plot(methods.survey_proportion(rows, [OVERALL], **MARK)),
        ex.group_heat_table(by_group, minimum_n=MINIMUM),
        ex.group_dot_plot(by_mode, minimum_n=MINIMUM),
        ex.conversion_note(needed),
    ]
    return [exhibit.html() for exhibit in shown]


def found(seed: int) -> list[Found]:
    rows, dimensions = survey(seed)
    rows, _joined = with_joined_strata(rows, MINIMUM)
    shown = pages(rows, dimensions)
    items = [OVERALL, *(item for part in dimensions.values() for item in part)]
    answered = rows.assign(**{item: rows[item].where(rows[item].isna(), 1.0) for item in items})
    return list(attack(shown, answered, dimensions, OVERALL, minimum=MINIMUM))


SEEDS = range(14)  # the last three groups of each are small, and some modes


@pytest.mark.parametrize("seed", SEEDS)
def test_no_hidden_number_can_be_computed(seed: int) -> None:
    hidden = found(seed)
    assert hidden
    assert [one for one in hidden if one.exposed] == []


def exposed(seeds: Iterable[int]) -> int:
    return sum(one.exposed for seed in seeds for one in found(seed))


def primary_only(counts: pd.DataFrame | pd.Series, minimum_n: int, *_more: object) -> np.ndarray:
    n = counts.to_numpy(dtype=float)
    return (n > 0) & (n < minimum_n)


def test_the_attacker_finds_what_is_hidden_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "hidden_cells", primary_only)
    monkeypatch.setattr(groups, "hidden_groups", primary_only)
    assert exposed([0, 5]) >= 4


def test_the_attacker_finds_what_weights_give_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cells hidden, but other tables hold totals in which the two groups weigh differently."""
    monkeypatch.setattr(
        "test_small_numbers.with_joined_strata", lambda rows, _minimum_n: (rows, {})
    )
    assert exposed([0, 11]) >= 3


def test_the_attacker_reads_tables_and_files() -> None:
    rows, dimensions = survey(4)
    shown = read(pages(rows, dimensions))
    exact = methods.survey_proportion(rows, dimensions, **MARK).rows.set_index("item")["estimate"]
    low, high = shown.cells["dimension 1", "Estimate (%)"]
    assert low < exact["dimension 1"] < high < low + 0.0011
    counted = methods.survey_proportion(rows, dimensions, by="customer_group", **MARK)
    low, high = shown.cells["dimension 1", "group a"]
    assert low < counted.row(item="dimension 1", group="group a")["estimate"] < high < low + 0.011
    assert shown.satisfied == (rows[OVERALL] >= 4).sum()


# --- the rule itself ------------------------------------------------------------------------------


def hidden(counts: list[int], shares: list[float] | None = None) -> list[bool]:
    known = [] if shares is None else [pd.Series(shares)]
    return suppression.hidden_groups(pd.Series(counts), MINIMUM, *known).tolist()


@pytest.mark.parametrize(
    ("counts", "shares", "expected"),
    [
        ([50, 10, 0], None, [False, False, False]),
        ([50, 20, 9], None, [False, True, True]),  # never alone
        ([50, 0, 9], None, [True, False, True]),
        ([50, 20, 4, 3], None, [False, True, True, True]),  # fewer than ten together
        ([50, 20, 6, 5], None, [False, False, True, True]),
        # the companion is satisfied throughout: both together leave the small one no room
        ([50, 20, 9], [0.5, 1.0, 1.0], [True, True, True]),
        ([50, 20, 9], [0.5, 0.5, 1.0], [False, True, True]),
        # nobody dissatisfied anywhere: the total tells it, more hidden cells would not help
        ([50, 20, 9], [1.0, 1.0, 1.0], [False, True, True]),
    ],
)
def test_which_groups_are_hidden(
    counts: list[int], shares: list[float] | None, expected: list[bool]
) -> None:
    assert hidden(counts, shares) == expected


def test_a_small_group_hides_behind_those_that_weigh_alike() -> None:
    counts, weights = pd.Series([50, 12, 20, 5]), pd.Series([500.0, 240.0, 100.0, 25.0])
    shares = pd.Series([0.5, 0.5, 0.5, 0.4])
    assert suppression.hidden_groups(counts, MINIMUM, shares, weights).tolist() == [
        *(False, False),
        *(True, True),
    ]


def test_published_numbers_are_rounded() -> None:
    exact = [83.456789, 0.0123456, 1234.5678, -0.99996, 0.0, np.nan]
    expected = [83.46, 0.01235, 1234.57, -1.0, 0.0, np.nan]
    assert suppression.published(exact) == pytest.approx(expected, nan_ok=True, abs=1e-12)
    table = words.numbers(pd.DataFrame({"estimate": [1 / 3], "n": [12345]}), ["estimate", "n"])
    assert table.iloc[0].tolist() == [0.3333, 12345]


@pytest.mark.parametrize("digits", [0, 1])
def test_a_recorded_number_rounds_like_the_exact_one(digits: int) -> None:
    for exact in (0.83496, 0.8345, 0.83450001, 0.9, 0.89999, 0.05125, 0.99999):
        again = suppression.recorded(exact)
        assert abs(again - exact) <= 1e-4
        assert i18n.percent(again, digits) == i18n.percent(exact, digits)
    assert (suppression.recorded(0.9), suppression.recorded(0.123456)) == (0.9, 0.1234)


# --- before anything is computed ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheets", "joined"),
    [
        ({"a": 50, "b": 10}, []),
        ({"a": 50, "b": 9}, ["a", "b"]),
        ({"a": 50, "b": 30, "c": 4}, ["b", "c"]),
        ({"a": 50, "b": 30, "c": 4, "d": 3}, ["b", "c", "d"]),
        ({"a": 50, "b": 30, "c": 6, "d": 5, "e": 0}, ["c", "d"]),
        ({"a": 4}, []),
    ],
)
def test_small_strata_are_weighted_with_the_next(sheets: dict[str, int], joined: list[str]) -> None:
    expected = dict.fromkeys(joined, " + ".join(joined))
    assert joined_strata(sheets, MINIMUM) == expected


def test_answers_and_tallies_join_alike() -> None:
    rows, _dimensions = survey(5)
    stored = rows.groupby(["stratum", "stratum_population", OVERALL]).size().reset_index(name="n")
    sheets = rows["stratum"].value_counts()
    stored = stored.rename(columns={OVERALL: "score"}).assign(
        project="P", wave="W", item=OVERALL, responses=stored["stratum"].map(sheets)
    )
    together, joined = with_joined_strata(rows, MINIMUM)
    assert joined
    direct = methods.survey_proportion(together, [OVERALL], **MARK).rows.iloc[0]
    plain = methods.survey_proportion(rows, [OVERALL], **MARK).rows.iloc[0]
    tallied = methods.estimates_from_tallies(with_joined_tallies(stored, MINIMUM), **MARK)
    for name in ("estimate", "ci_low", "ci_high", "n"):
        assert tallied.rows[name].iloc[0] == pytest.approx(direct[name])
    assert direct["estimate"] != plain["estimate"]
    weights = methods.stratum_weights(together)[together["stratum"].isin(joined.values())]
    assert weights.min() == weights.max()


def test_each_wave_of_the_tallies_joins_its_own() -> None:
    facts = [("1", "a", 40, 400), ("1", "b", 30, 90), ("2", "a", 40, 400), ("2", "b", 3, 90)]
    columns = ["wave", "stratum", "responses", "stratum_population"]
    found = with_joined_tallies(pd.DataFrame(facts, columns=columns), MINIMUM)
    assert found["stratum"].tolist() == ["a", "b", "a + b", "a + b"]
    assert found["responses"].tolist() == [40, 30, 43, 43]
    assert found["stratum_population"].tolist() == [400, 90, 490, 490]


# --- what exhibits show ---------------------------------------------------------------------------


def test_no_moves_where_a_band_was_small() -> None:
    rows, _dimensions = survey(2)
    twice = rows.assign(household=[f"H{place}" for place in range(len(rows))])
    twice[OVERALL] = np.where(np.arange(len(rows)) < len(rows) - 4, 5.0, 3.0)
    bands = {"dissatisfied": [1, 2], "neutral": [3], "satisfied": [4, 5]}
    change = methods.panel_difference(twice, twice, [OVERALL], **MARK)
    shown = ex.panel_table(change, methods.transitions(twice, twice, OVERALL, bands))
    assert "is not shown: a band held fewer than 10 households" in shown.body
    assert "<table" not in shown.html()
    assert not shown.lead


def test_shares_of_groups_only_where_no_characteristic_has_a_small_one() -> None:
    rows, _dimensions = survey(3)
    rows[OVERALL] = np.where(rows["mode"] == "web", 5.0, np.where(rows.index % 9 < 2, 5.0, 2.0))
    rows["half"] = np.where(rows.index % 2, "one", "other")
    rows["web"] = np.where(rows["mode"] == "web", "yes", "no")
    open_ones = methods.group_tests(rows, OVERALL, ["web", "half"], minimum_n=MINIMUM, **MARK)
    assert "highest: yes 100%" in ex.group_test_note(open_ones).body
    closed = methods.group_tests(rows, OVERALL, ["web", "customer_group"], minimum_n=MINIMUM,
                                 **MARK)  # fmt: skip
    assert "highest: yes, lowest: no" in ex.group_test_note(closed).body


def quality(flagged: int) -> tuple[Result, Result]:
    facts = {"compared": "all", "p_value": 0.001, "p_holm": 0.004, "n_expected": 90, "reason": ""}
    checks = pd.DataFrame([
        {"check": "all_top", "group": "", "estimate": 0.3, "expected": 0.1, "n": 99,
         "flagged": True, **facts},
        {"check": "collector_share", "group": "A", "estimate": 0.9123, "expected": 0.8123, "n": 40,
         "flagged": False, **facts},
    ])  # fmt: skip
    stages = {"tests": 2, "burst_days": 2, "visit_days": 7}
    kept = pd.DataFrame({"sheets": ["all", "unflagged"], "estimate": [0.8, 0.77],
                         "ci_low": 0.7, "ci_high": 0.9, "n": [99, 99 - flagged]})  # fmt: skip
    return (Result(checks, "response_quality", n=99, stages=stages),
            Result(kept, "wilson_n_eff", n=99, stages={"flagged": flagged}))  # fmt: skip


def test_few_flagged_sheets_are_not_judged_by_the_rest() -> None:
    assert "77.0%" in ex.quality_table(*quality(30)).body
    assert "77.0%" not in ex.quality_table(*quality(9)).body
    assert "77.0%" not in ex.quality_table(*quality(95)).body


def test_answers_of_a_collector_are_shown_only_where_flagged() -> None:
    data = ex.quality_table(*quality(30)).data
    assert data is not None
    assert data["Estimate"].isna().tolist() == [False, True]
    assert data["p (Holm)"].isna().tolist() == [False, True]


def test_hidden_groups_stay_in_the_numbers_with_their_reason() -> None:
    rows, _dimensions = survey(5)
    by_mode = methods.survey_proportion(rows, [OVERALL], by="mode", **MARK)
    data = ex.group_dot_plot(by_mode, minimum_n=MINIMUM).data
    assert data is not None
    small = by_mode.rows.loc[by_mode.rows["n"] < MINIMUM, "group"].tolist()
    lost = data[data["Estimate (%)"].isna()]
    assert small
    assert set(small) <= set(lost["Group"])
    assert lost["Answers (n)"].isna().all()
    assert (lost["Remark"] != "").all()


# --- a whole study --------------------------------------------------------------------------------


def test_rare_answers_are_taken_out() -> None:
    asked = Questionnaire.model_construct()
    items = {
        "overall": ["total"],
        "item": ["rare", "known"],
        "detail": [],
        "priority": ["p1", "p2"],
    }
    rows = pd.DataFrame(dict.fromkeys(["total", "known", "p1", "p2"], [5.0] * 12))
    rows["rare"] = [5.0] * 9 + [np.nan] * 3
    rows.loc[3:, "p2"] = np.nan  # few name a second priority, enough name one
    object.__setattr__(asked, "select", lambda *roles: [x for role in roles for x in items[role]])
    kept, withheld = without_rare_answers(rows, asked, MINIMUM)
    assert withheld == ("rare",)
    assert kept["rare"].isna().all()
    pd.testing.assert_frame_equal(kept.drop(columns="rare"), rows.drop(columns="rare"))
    assert without_rare_answers(rows.loc[:8], asked, MINIMUM)[0].isna().all(axis=None)


def test_two_answers_reach_no_figure(surveyed: Workbook) -> None:
    """Whatever the two households answered, the study is the same."""
    study = open_study("E-two", "2025", "en", home=surveyed.home)
    assert len(study.responses) == 2
    assert study.responses[[*study.closed_items, *study.priorities]].isna().all(axis=None)
    assert study.withheld[0] == OVERALL
    assert "E-two" not in set(study.peers["project"])
    assert "E-varied" in set(study.peers["project"])
    said = checks.data_checks(study).set_index("state").loc["warning", "detail"]
    assert any("Fewer than 10 answers, not evaluated (S4-6)" in words for words in said)


def test_a_small_stratum_of_a_study(surveyed: Workbook) -> None:
    study = open_study("P1", "2025", "en", home=surveyed.home)
    assert study.joined
    own = methods.own_row(methods.estimates_from_tallies(study.peers, **study.shares), "P1")
    trend = methods.estimates_from_tallies(study.trend, **study.shares).row(wave="2025")
    share = methods.survey_proportion(study.responses, [OVERALL], **study.shares).rows.iloc[0]
    for name in ("estimate", "ci_low", "ci_high", "n"):
        assert own[name] == pytest.approx(share[name])
        assert trend[name] == pytest.approx(share[name])
    assert not [
        words for words in checks.data_checks(study)["detail"] if "Nobody answered" in words
    ]


@pytest.mark.duckdb
def test_reports_of_a_small_study_withstand(
    surveyed: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All four reports together, with a group of three and modes of four and five sheets."""
    monkeypatch.setenv("SATISFACTION_HOME", str(surveyed.home))
    shown = []
    for path in REPORTS:
        cells, names = run_notebook(path, project="P1", wave="2025", lang="en", seed=7)
        shown += [cell.html for cell in cells]
    study = names["study"]
    items = study.closed_items
    answered = study.responses.assign(
        **{item: study.responses[item].where(study.responses[item].isna(), 1.0) for item in items}
    )
    hidden_ones = list(
        attack(shown, answered, study.dimensions, study.overall, labels=study.labels)
    )
    assert len(hidden_ones) > 4
    assert "电梯太慢" not in "".join(shown)  # what residents wrote is in no report
    assert [one for one in hidden_ones if one.exposed] == []
