"""The database in another place: every row of it or nothing, in both directions."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from databases import Databases, TeamServer, address
from satisfaction import cli
from satisfaction.data import exporting
from satisfaction.data.database import Location, execute, exists, fetch, reader, writer
from satisfaction.data.exporting import export
from satisfaction.data.tables import TABLES
from satisfaction.problems import DataProblem
from satisfaction.study import open_study
from small_workbook import Workbook

CONTACTS = "project,household,姓名,phone\nP1,H01,张三丰,13800138000\n"


@pytest.fixture(scope="module")
def workbook(surveyed: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """A workbook with personal data on each kind of database."""
    copy = surveyed.copy(tmp_path_factory.mktemp("exported") / "copy")
    copy.enter("contacts", CONTACTS)
    return copy


@pytest.fixture
def target(tmp_path: Path, databases: Databases, server: TeamServer) -> Location:
    """An empty database of the other kind."""
    if databases.kind == "postgresql":
        return tmp_path / "new" / "workbook.duckdb"
    return server.new(tmp_path / "new")


def everything(location: Location, *, personal: bool = False) -> dict[str, pd.DataFrame]:
    with reader(location, personal=personal) as connection:
        found = {
            name: fetch(connection, f"SELECT * FROM {name}")
            for name, model in TABLES.items()
            if model.metadata["personal"] == personal
        }
    return {
        name: rows.sort_values(list(rows.columns), ignore_index=True)
        for name, rows in found.items()
    }


def test_every_row_arrives_with_its_values_and_types(workbook: Workbook, target: Location) -> None:
    counts = export(workbook.database, target)
    given, stored = everything(workbook.database), everything(target)
    assert counts == {name: len(rows) for name, rows in given.items()}
    assert counts["answers"] > 1000
    assert counts["imports"] > 8
    for name, rows in given.items():
        pd.testing.assert_frame_equal(stored[name], rows, obj=name)
    assert not exists(target, personal=True)


def test_personal_data_go_along_only_when_asked_for(workbook: Workbook, target: Location) -> None:
    assert export(workbook.database, target, contacts=True)["contacts"] == 1
    stored = everything(target, personal=True)["contacts"]
    assert stored["name"].tolist() == ["张三丰"]


def test_a_study_is_the_same_in_both_places(
    workbook: Workbook, target: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = open_study("P1", "2025", "en", home=workbook.home)
    export(workbook.database, target)
    monkeypatch.setattr("satisfaction.study.database_of", lambda _home: target)
    there = open_study("P1", "2025", "en", home=workbook.home)
    for name, part in vars(here.slice).items():
        other = getattr(there.slice, name)
        if isinstance(part, pd.DataFrame):
            pd.testing.assert_frame_equal(other, part, obj=name)
        elif isinstance(part, pd.Series):
            pd.testing.assert_series_equal(other, part, obj=name)
    pd.testing.assert_frame_equal(there.responses, here.responses)
    assert there.data_fingerprint == here.data_fingerprint


def test_a_place_with_rows_is_refused_and_kept(workbook: Workbook, target: Location) -> None:
    with writer(target) as connection:
        execute(
            connection,
            "INSERT INTO waves (wave, name, kind, opened_on, closed_on, questionnaire, source) "
            "VALUES ('W', 'w', 'annual', DATE '2025-01-01', DATE '2025-01-02', 'q', 's')",
        )
    with pytest.raises(DataProblem, match="not empty: waves has rows"):
        export(workbook.database, target)
    stored = everything(target)
    assert {name: len(rows) for name, rows in stored.items() if len(rows)} == {"waves": 1}


def test_what_arrives_otherwise_is_not_kept(
    workbook: Workbook, target: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(connection, table, rows) -> None:
        append(connection, table, rows)
        if table == "answers":
            execute(connection, "UPDATE answers SET score = 1 WHERE score = 2")

    append = exporting.append
    monkeypatch.setattr(exporting, "append", careless)
    with pytest.raises(DataProblem, match=r"answers arrived with .* other values"):
        export(workbook.database, target)
    assert not exists(target)


def test_the_command_counts_what_it_copied_and_shows_no_password(
    workbook: Workbook,
    target: Location,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SATISFACTION_HOME", str(workbook.home))
    monkeypatch.setenv("SATISFACTION_DATABASE", address(workbook.database))
    monkeypatch.setenv("COLUMNS", "250")  # no line is broken, however long the folder's name
    assert cli.main(["export", "--to", address(target)]) == 0
    told = "".join(capfd.readouterr())
    assert "projects" in told
    assert "keeper" not in told
    assert cli.main(["export", "--to", address(target)]) == 2
    assert "not empty" in re.sub(r"[\s│]+", " ", capfd.readouterr().err)


def test_a_database_is_not_its_own_target(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="this is the database itself"):
        export(tmp_path / "a.duckdb", tmp_path / "b" / ".." / "a.duckdb")
