"""All means with standard errors of a portfolio: 1,000,000 answer sheets, 1,000 projects, 20 items.

Run by ``make bench``, on one core. The package svy does the first projects and items in the same
run; its time and ours are compared per estimate, its numbers and ours to the last digit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import svy

from satisfaction.methods.estimation import survey_mean

GROUPS = 3
SVY_PROJECTS = 200
SVY_ITEMS = 1


def portfolio(sheets: int, projects: int, items: int) -> pd.DataFrame:
    """Answers 1-5, one in twenty missing, in three strata a project with known populations."""
    random = np.random.default_rng(20251028)
    project = random.integers(0, projects, sheets)
    stratum = project * GROUPS + random.choice(GROUPS, sheets, p=[0.6, 0.25, 0.15])
    answers = random.choice([1.0, 2, 3, 4, 5], (sheets, items), p=[0.03, 0.05, 0.12, 0.35, 0.45])
    answers[random.random((sheets, items)) < 0.05] = np.nan
    drawn = np.bincount(stratum, minlength=projects * GROUPS)
    population = np.ceil(drawn * random.uniform(1.5, 4, len(drawn)))
    data = pd.DataFrame(answers, columns=[f"q{i:02d}" for i in range(items)])
    return data.assign(
        project=pd.Categorical(project),
        stratum=pd.Categorical(stratum),
        stratum_population=population[stratum],
        weight=(population / drawn)[stratum],
    )


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What ``work`` returns, and the CPU seconds it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def main() -> None:
    """Print seconds, the ratio to svy and the largest relative difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=1_000_000)
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--items", type=int, default=20)
    given = parser.parse_args()
    data = portfolio(given.sheets, given.projects, given.items)
    items = [c for c in data.columns if c.startswith("q")]
    ours, seconds = timed(lambda: survey_mean(data, items, by="project"))
    estimates = given.projects * given.items
    print(
        f"portfolio means: {given.sheets:,} sheets x {given.projects:,} projects x {given.items} "
        f"items: {estimates:,} means with SE in {seconds:.2f} CPU s"
    )
    part = data[data["project"].cat.codes < SVY_PROJECTS]
    columns = [*items[:SVY_ITEMS], "project", "stratum", "stratum_population", "weight"]
    table = pl.from_pandas(part[columns].astype({"project": int, "stratum": int}))
    design = svy.Design(stratum="stratum", wgt="weight", pop_size="stratum_population")

    def theirs() -> list[Any]:
        sample = svy.Sample(table, design)
        mean = sample.estimation.mean
        return [mean(item, by="project", drop_nulls=True) for item in items[:SVY_ITEMS]]

    found, svy_seconds = timed(theirs)
    rows = pd.concat(
        [one.to_polars().to_pandas().assign(item=i) for i, one in zip(items, found, strict=False)]
    )
    own = ours.rows.set_index(["item", "group"])
    key = pd.MultiIndex.from_arrays([rows["item"], rows["project"].astype(int)])
    off = {
        name: float(np.abs(own.loc[key, mine].to_numpy() / rows[name].to_numpy() - 1).max())
        for name, mine in (("est", "estimate"), ("se", "std_error"))
    }
    ratio = (svy_seconds / len(rows)) / (seconds / estimates)
    print(
        f"svy: {len(rows):,} of these means in {svy_seconds:.2f} CPU s, {ratio:.0f} times ours per "
        f"mean; largest relative difference {off['est']:.0e} (mean), {off['se']:.0e} (SE)"
    )


if __name__ == "__main__":
    main()
