"""Editions of a project's data: another one if and only if something that a study reads changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from satisfaction.data import editions as module
from satisfaction.data.database import execute, writer
from satisfaction.data.editions import OWN, PEERS, editions
from small_workbook import Workbook

CHANGES = {
    "household": "UPDATE households SET building = 'elsewhere' WHERE project = 'P1'",
    "flag": "DELETE FROM household_flags WHERE project = 'P1'",
    "sheet": "UPDATE responses SET mode = 'phone' WHERE project = 'P1' AND mode <> 'phone'",
    "score": "UPDATE answers SET score = 1 WHERE project = 'P1' AND score = 5",
    "name": "UPDATE projects SET name = 'another' WHERE project = 'P1'",
}


def current(workbook: Workbook) -> dict[str, str]:
    names = workbook.rows("projects")["project"].tolist()
    return editions(workbook.database, "2025", names)


def changed(workbook: Workbook, *statements: str) -> set[str]:
    before = current(workbook)
    with writer(workbook.database) as connection:
        for statement in statements:
            execute(connection, statement)
    after = current(workbook)
    assert after.keys() == before.keys()
    return {project for project, edition in after.items() if edition != before[project]}


def test_every_project_has_its_own(surveyed: Workbook) -> None:
    found = current(surveyed)
    assert sorted(found) == sorted(surveyed.rows("projects")["project"])
    assert len(set(found.values())) == len(found)
    assert all(re.fullmatch("[0-9a-f]{16}", edition) for edition in found.values())
    assert current(surveyed) == found


def test_only_those_asked_for(surveyed: Workbook) -> None:
    assert editions(surveyed.database, "2025", ["P1", "nobody"]) == {"P1": current(surveyed)["P1"]}


@pytest.mark.duckdb
def test_many_projects_are_not_named_one_by_one(
    surveyed: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = current(surveyed)
    monkeypatch.setattr(module, "_NAMED_AT_MOST", 1)
    assert current(surveyed) == found


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_own_rows_touches_this_project_alone(own_copy: Workbook, what: str) -> None:
    assert changed(own_copy, CHANGES[what]) == {"P1"}


def test_a_change_of_counts_touches_the_peers_of_the_same_type(own_copy: Workbook) -> None:
    projects = own_copy.rows("projects").set_index("project")["property_type"]
    peers = set(projects[projects == projects["P1"]].index)
    assert peers < set(projects.index)
    statement = "UPDATE tallies SET counts = '-1/1=5:1,' WHERE project = 'P1' AND wave = '2025'"
    assert changed(own_copy, statement) == peers


def test_the_order_of_rows_does_not_matter(own_copy: Workbook) -> None:
    again = "CREATE TEMPORARY TABLE kept AS SELECT * FROM answers ORDER BY score, response"
    assert not changed(
        own_copy, again, "DELETE FROM answers", "INSERT INTO answers SELECT * FROM kept"
    )


def test_the_name_of_the_file_does_not_matter(own_copy: Workbook) -> None:
    assert not changed(own_copy, "UPDATE answers SET source = 'renamed.csv'")


def test_a_later_wave_s_plan_does_not_matter(own_copy: Workbook) -> None:
    statement = (
        "INSERT INTO waves (wave, name, kind, opened_on, closed_on, questionnaire, source) "
        "VALUES ('2099', '2099', 'annual', '2099-01-01', '2099-02-01', 'none', 'test')"
    )
    assert not changed(own_copy, statement)


def test_every_table_that_a_study_reads_is_covered() -> None:
    source = Path(module.__file__).with_name("slices.py").read_text(encoding="utf-8")
    read = set(re.findall(r"(?:FROM|JOIN) ([a-z_]+)\b", source))
    assert len(read) >= 8
    assert read <= {*OWN, *PEERS, "waves"}
