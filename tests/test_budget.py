"""A budget over projects: optimal against brute force, exact sums, and fast for a large company."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databases import Databases
from satisfaction.budgeting import company_plan
from satisfaction.methods.budget import (
    CRITERIA,
    BudgetTooSmall,
    budget_allocation,
    cautious_share,
)
from satisfaction.methods.precision import expected_margin
from satisfaction.problems import DataProblem
from satisfaction.study import open_study
from small_workbook import Workbook


def company(*rows: tuple[int, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["population", "proportion"])
    return table.assign(project=[f"p{place}" for place in range(len(rows))])


def variances(n: tuple[int, ...], table: pd.DataFrame) -> list[float]:
    """p(1-p)/n (N-n)/(N-1), written out for one project after the other."""
    found = []
    for count, size, p in zip(n, table["population"], table["proportion"], strict=True):
        if size:
            found.append(p * (1 - p) / count * ((size - count) / (size - 1) if size > 1 else 0))
    return found


def best_by_trying_all(table: pd.DataFrame, budget: int, criterion: str, minimum: int) -> float:
    ranges = [
        range(min(max(minimum, 1), size), size + 1) if size else range(1)
        for size in table["population"]
    ]
    goal = min(budget, table["population"].sum())
    choices = [n for n in itertools.product(*ranges) if sum(n) == goal]
    if criterion == "sum_of_variances":
        return min(sum(variances(n, table)) for n in choices)
    return min(max(variances(n, table), default=0.0) for n in choices)


tables = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from([0.0, 0.1, 0.5, 0.8, 0.93, 1.0])),
    min_size=1,
    max_size=3,
).map(lambda rows: company(*rows))


@settings(deadline=None, max_examples=80)
@given(tables, st.integers(0, 20), st.integers(0, 3), st.sampled_from(CRITERIA))
def test_no_other_whole_numbers_are_better(
    table: pd.DataFrame, more: int, minimum: int, criterion: str
) -> None:
    least = int(np.minimum(max(minimum, 1), table["population"]).sum())
    result = budget_allocation(table, least + more, criterion=criterion, minimum=minimum)
    n = tuple(result.rows["n"])
    best = best_by_trying_all(table, least + more, criterion, minimum)
    whole = sum if criterion == "sum_of_variances" else max
    assert whole([0.0, *variances(n, table)]) == pytest.approx(best, rel=1e-12, abs=1e-15)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.floats(0, 1)), min_size=1, max_size=40),
    st.integers(0, 20_000),
    st.integers(0, 30),
    st.sampled_from(CRITERIA),
    st.randoms(use_true_random=False),
)
def test_every_promise_is_kept(rows, more, minimum, criterion, random):
    table = company(*rows)
    lower = np.minimum(max(minimum, 1), table["population"])
    budget = int(lower.sum()) + more
    result = budget_allocation(table, budget, criterion=criterion, minimum=minimum)
    n = result.rows["n"].to_numpy()
    assert n.sum() == min(budget, table["population"].sum()) == result.stages["allocated"]
    assert (n >= lower).all()
    assert (n <= table["population"]).all()
    order = random.sample(range(len(table)), len(table))
    again = budget_allocation(table.iloc[order], budget, criterion=criterion, minimum=minimum)
    assert again.rows.set_index("project")["n"].to_dict() == dict(
        zip(table["project"], n, strict=True)
    )


def test_equal_projects_get_equal_parts_and_unequal_ones_equal_margins() -> None:
    table = company((500, 0.5), (500, 0.5), (5000, 0.5), (80, 0.5))
    rows = budget_allocation(table, 800).rows
    assert abs(rows["n"].iloc[0] - rows["n"].iloc[1]) <= 1
    # an interview more or less of the smallest moves its margin by 0.0016
    assert rows["estimate"].max() - rows["estimate"].min() < 0.002
    # by hand: the same margin as a single estate of 500 with this n
    one = pd.DataFrame({"stratum": ["a"], "population": [500], "n": [rows["n"].iloc[0]]})
    assert rows["estimate"].iloc[0] == pytest.approx(expected_margin(one).rows["estimate"].iloc[0])


def test_without_caps_the_sum_is_neyman() -> None:
    # sqrt(p(1-p)): 0.5, 0.4, 0.3 -> 12 interviews as 5 : 4 : 3, whatever the size
    table = company((10**9, 0.5), (10**8, 0.2), (10**9, 0.9))
    rows = budget_allocation(table, 1200, criterion="sum_of_variances").rows
    assert rows["n"].tolist() == [500, 400, 300]


def test_a_census_has_no_margin_and_nothing_is_left_over() -> None:
    for criterion in CRITERIA:
        result = budget_allocation(company((5, 0.5), (3, 0.9), (0, 0.5)), 99, criterion=criterion)
        assert result.rows["n"].tolist() == [5, 3, 0]
        assert result.rows["estimate"].tolist()[:2] == [0, 0]
        assert result.rows["reason"].tolist() == ["", "", "no_frame"]
        assert result.stages["allocated"] == 8


def test_certain_projects_take_what_is_left() -> None:
    table = company((50, 1.0), (900_000, 0.0), (20, 0.5))
    rows = budget_allocation(table, 400_000, minimum=2).rows
    assert rows["n"].tolist() == [2, 399_978, 20]


def test_unknown_shares_are_one_half() -> None:
    table = company((500, np.nan), (500, 0.5))
    rows = budget_allocation(table, 100).rows
    assert rows["n"].tolist() == [50, 50]
    assert budget_allocation(table.drop(columns="proportion"), 100).rows["n"].tolist() == [50, 50]


def test_five_thousand_projects_in_half_a_second() -> None:
    random = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "project": [f"p{place:04}" for place in range(5000)],
            "population": random.integers(0, 4000, 5000),
            "proportion": random.beta(8, 2, 5000),
        }
    )
    for criterion in CRITERIA:
        started = time.process_time()
        result = budget_allocation(table, 250_000, criterion=criterion, minimum=10)
        assert time.process_time() - started < 0.5
        assert result.rows["n"].sum() == 250_000


def test_a_budget_below_the_minima_says_what_is_needed() -> None:
    with pytest.raises(BudgetTooSmall, match="need 25 interviews, but the budget is 24") as caught:
        budget_allocation(company((100, 0.5), (5, 0.5)), 24, minimum=20)
    assert caught.value.needed == 25


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        (company((5, 0.5)), {"criterion": "best"}, "criterion must be"),
        (company((5, 0.5)), {"minimum": -1}, "not be negative"),
        (company((5, 0.5)), {"level": 95}, "level"),
        (company((5, 1.5)), {}, "proportions"),
        (company((-5, 0.5)), {}, "whole numbers"),
        (company((5, 0.5), (5, 0.5)).assign(project="p"), {}, "twice"),
    ],
)
def test_wrong_arguments(table: pd.DataFrame, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        budget_allocation(table, 9, **arguments)


def test_earlier_shares_are_drawn_towards_one_half() -> None:
    # Agresti & Coull: two successes and two failures more; 10 of 10 -> 12/14
    assert cautious_share([1.0, 0.8, np.nan, 0.7], [10, 96, 5, 0]).tolist() == pytest.approx(
        [12 / 14, 78.8 / 100, 0.5, 0.5]
    )


def test_the_plan_counts_the_households_that_a_study_counts(surveyed: Workbook) -> None:
    plan = company_plan(surveyed.home, 300, wave="2026", minimum=1)
    rows = plan.rows.set_index("project")
    for project in ("P1", "P4", "E-frameless"):
        population = open_study(project, "2026", "en", home=surveyed.home).population
        assert rows.loc[project, "population"] == (population or 0)
    assert rows.loc["E-frameless", "reason"] == "no_frame"
    assert rows["n"].sum() == 300
    # E-five: 60 answers of 2025, all 5; E-nobody: none in 2025, 30 in 2024
    assert rows.loc["E-five", "proportion"] == pytest.approx(62 / 64)
    before = open_study("E-nobody", "2024", "en", home=surveyed.home).responses["overall"]
    expected = ((before >= 4).sum() + 2) / (before.notna().sum() + 4)
    assert rows.loc["E-nobody", "proportion"] == pytest.approx(expected)
    assert rows.loc["P4", "proportion"] == 0.5


def test_a_declared_exclusion_counts(own_copy: Workbook) -> None:
    path = own_copy.home / "params" / "projects" / "P1.yaml"
    path.write_text(
        "reason: r\napproved_by: a\napproved_on: 2025-01-01\npolicy:\n  sampling:\n"
        "    exclude_blacklisted: true\n    exclusion_reason: agreed\n",
        encoding="utf-8",
    )
    population = open_study("P1", "2026", "en", home=own_copy.home).population
    plan = company_plan(own_copy.home, 100, minimum=1)
    assert plan.rows.set_index("project").loc["P1", "population"] == population
    assert plan.stages["wave"] == "2026"


def test_problems_of_a_plan(surveyed: Workbook) -> None:
    with pytest.raises(DataProblem, match="At least"):
        company_plan(surveyed.home, 10)
    with pytest.raises(DataProblem, match="unknown wave"):
        company_plan(surveyed.home, 10, wave="1999")


def test_a_company_without_households(tmp_path: Path, databases: Databases) -> None:
    workbook = Workbook(tmp_path, databases)
    workbook.enter("projects", "project,name,region,property_type\nP1,甲,东,residential\n")
    with pytest.raises(DataProblem, match="no annual wave"):
        company_plan(workbook.home, 10)
    workbook.enter(
        "waves",
        "wave,name,kind,opened_on,closed_on,questionnaire\n"
        "2025,年,annual,2025-10-01,2025-11-30,small-1\n",
    )
    with pytest.raises(DataProblem, match="no project has a household"):
        company_plan(workbook.home, 10)
