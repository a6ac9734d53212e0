"""Rows that are counted first give the same estimates as rows one by one."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from satisfaction.methods import counted_rows
from satisfaction.methods.estimation import (
    score_distribution,
    survey_mean,
    survey_proportion,
    survey_quantile,
    survey_std,
    survey_total,
)
from satisfaction.methods.result import Result

ESTIMATORS: dict[str, Callable[..., Result]] = {
    "mean": survey_mean,
    "proportion": lambda data, items, **how: survey_proportion(data, items, at_least=4, **how),
    "korn_graubard": lambda data, items, **how: survey_proportion(
        data, items, at_least=4, interval="korn_graubard", **how
    ),
    "total": survey_total,
    "distribution": score_distribution,
    "std": survey_std,
    "quantile": survey_quantile,
}


def portfolio(rows: int = 3000, projects: int = 20, seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    project = random.integers(0, projects, rows)
    group = random.choice(3, rows, p=[0.6, 0.3, 0.1])
    size = np.bincount(project * 3 + group, minlength=3 * projects)
    population = np.ceil(size * random.uniform(1, 4, 3 * projects))
    data = pd.DataFrame(random.integers(1, 6, (rows, 2)).astype(float), columns=["q1", "q2"])
    data[random.random(data.shape) < 0.1] = np.nan
    data["q2"] = data["q2"].where(project > 0)  # nobody answers q2 in the first project
    return data.assign(
        project=project,
        stratum=project * 3 + group,
        stratum_population=population[project * 3 + group],
        tower=random.choice(["a", "b", None], rows),
    )


def both_ways(monkeypatch, estimator, data, **how) -> tuple[pd.DataFrame, pd.DataFrame]:
    by_row = estimator(data, ["q1", "q2"], **how).rows
    monkeypatch.setattr(counted_rows, "WORTHWHILE", 0)
    return by_row, estimator(data, ["q1", "q2"], **how).rows


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("by", [None, "project", "tower"])
def test_counted_rows_give_the_same_estimates(monkeypatch, name, by):
    by_row, counted = both_ways(monkeypatch, ESTIMATORS[name], portfolio(), by=by)
    pd.testing.assert_frame_equal(counted, by_row, rtol=1e-10)


@pytest.mark.parametrize(
    "change",
    [
        {"q1": lambda d: d["q1"] + 0.5},
        {"q1": lambda d: d["q1"] - 4},  # negative scores
        {"q1": lambda d: d["q1"] * 1e6},
        {"weight": lambda d: np.linspace(1, 2, len(d))},
        {"cluster": lambda d: np.arange(len(d)) // 7, "stratum_population": lambda d: 1000},
    ],
)
def test_what_cannot_be_counted_is_taken_row_by_row(monkeypatch, change):
    data = portfolio().assign(**change)
    by_row, counted = both_ways(monkeypatch, survey_mean, data, by="project")
    pd.testing.assert_frame_equal(counted, by_row, rtol=1e-10)


def test_a_large_table_is_counted(monkeypatch):
    counted = []
    count = counted_rows.RowCounter.count
    monkeypatch.setattr(
        counted_rows.RowCounter, "count", lambda self, a: counted.append(1) or count(self, a)
    )
    survey_mean(portfolio(counted_rows.WORTHWHILE), ["q1", "q2"], by="project")
    assert counted == [1, 1]
