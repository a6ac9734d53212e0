"""The stored counts of answers: as a plain count of the rows has them, at any setting."""

from __future__ import annotations

import pandas as pd
import pytest

from satisfaction.data.tallies import unfolded
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.tallies import estimates_from_tallies
from satisfaction.study import open_study
from small_workbook import Workbook

KEYS = ["project", "wave", "item"]
STRATUM = ["project", "wave", "stratum"]


def recount(workbook: Workbook) -> pd.DataFrame:
    """The counts, unfolded, from the rows with pandas; strata in the order of their names."""
    sheets = workbook.rows("responses")[["project", "wave", "response", "household"]]
    samples = workbook.rows("samples")[["project", "wave", "household", "stratum",
                                        "stratum_population"]]  # fmt: skip
    drawn = samples[["project", "wave"]].drop_duplicates().assign(drawn=True)
    sheets = sheets.merge(drawn, how="left").merge(samples, how="left")
    sheets = sheets[sheets["drawn"].isna() | sheets["stratum"].notna()]
    sheets["stratum"] = sheets["stratum"].fillna("all")
    sheets["responses"] = sheets.groupby(STRATUM)["response"].transform("size")
    answers = workbook.rows("answers").drop(columns="source").merge(
        sheets, on=["project", "wave", "response"]
    )  # fmt: skip
    by = [*KEYS, "stratum", "stratum_population", "responses", "score"]
    found = answers.groupby(by, dropna=False).size().rename("n").reset_index()
    order = found["score"].fillna(-1).astype(int)
    found = found.assign(order=order).sort_values([*KEYS, "stratum", "order"])
    return found.drop(columns="order").reset_index(drop=True)


def test_counts_are_those_of_the_rows(surveyed: Workbook) -> None:
    stored = surveyed.rows("tallies")
    expected = recount(surveyed)
    found = unfolded(stored)
    assert len(expected) > 300
    assert expected.groupby(KEYS)["stratum"].nunique().max() > 1
    assert expected["score"].isna().any()
    columns = [*KEYS, "stratum_population", "responses", "score", "n"]
    pd.testing.assert_frame_equal(found[columns], expected[columns], check_dtype=False)
    names = expected.groupby([*KEYS, "stratum"], sort=False).ngroup()
    assert found["stratum"].tolist() == names.tolist()
    sheets = expected.drop_duplicates([*KEYS, "stratum"]).groupby(KEYS)["responses"].sum()
    assert stored.set_index(KEYS)["responses"].tolist() == sheets.tolist()


def test_nothing_unfolds_to_nothing(surveyed: Workbook) -> None:
    found = unfolded(surveyed.rows("tallies").iloc[:0])
    assert not len(found)
    assert not len(estimates_from_tallies(found, at_least=4))


@pytest.mark.parametrize("satisfied_from", [3, 5])
def test_another_meaning_of_satisfied_needs_no_import(
    own_copy: Workbook, satisfied_from: int
) -> None:
    before = open_study("P1", "2025", "en", home=own_copy.home)
    for file in (own_copy.home / "params" / "questionnaires").glob("*.yaml"):
        text = file.read_text("utf-8")
        scale = f"scale: {{satisfied_from: {satisfied_from}}}\n"
        file.write_text(scale + text, encoding="utf-8")
    study = open_study("P1", "2025", "en", home=own_copy.home)
    assert study.shares["at_least"] == satisfied_from
    peers = estimates_from_tallies(study.peers, **study.shares).rows.set_index("project")
    own = survey_proportion(study.responses, [study.overall], **study.shares).rows.iloc[0]
    assert peers.loc["P1", "estimate"] == pytest.approx(own["estimate"], rel=1e-12)
    assert peers.loc["P1", "std_error"] == pytest.approx(own["std_error"], rel=1e-12)
    old = estimates_from_tallies(before.peers, **before.shares).rows.set_index("project")
    assert peers.loc["P1", "estimate"] != old.loc["P1", "estimate"]
