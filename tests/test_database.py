"""The database: many readers, one writer, all or nothing, and words for what goes wrong."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from databases import Databases, address
from satisfaction.data.database import (
    Location,
    append,
    database_of,
    execute,
    exists,
    fetch,
    reader,
    run_script,
    writer,
)
from satisfaction.problems import DataProblem

INSERT = "INSERT INTO projects (project, name, property_type, region, source) VALUES "
ROW = "('P1', '一号', 'residential', '东', 'test')"
HOLD = """
import sys
from satisfaction.data.database import fetch, located, reader, writer
with {kind}(located(sys.argv[1])) as connection:
    names = fetch(connection, "SELECT name FROM projects")["name"].tolist()
    print("open", len(names), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def place(tmp_path: Path, databases: Databases) -> Location:
    made = databases.new(tmp_path)
    with writer(made) as connection:
        execute(connection, INSERT + ROW)
    return made


def names(place: Location) -> list[str]:
    with reader(place) as connection:
        return fetch(connection, "SELECT name FROM projects ORDER BY project")["name"].tolist()


@contextmanager
def held(place: Location, kind: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the file open until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(kind=kind), address(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "open 1\n"
        yield process
    finally:
        process.communicate("\n", timeout=20)


def test_a_transaction_is_committed_at_its_end(place: Location) -> None:
    assert names(place) == ["一号"]


def fail_half_way(place: Location, error: type[BaseException]) -> None:
    with writer(place) as connection:
        execute(connection, INSERT + "('P2', '二号', 'residential', '东', 'test')")
        execute(connection, "UPDATE projects SET name = 'changed'")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failing_transaction_is_rolled_back(place: Location, error: type[BaseException]) -> None:
    with pytest.raises(error):
        fail_half_way(place, error)
    assert names(place) == ["一号"]


def test_a_first_transaction_that_fails_leaves_nothing(
    tmp_path: Path, databases: Databases
) -> None:
    place = databases.new(tmp_path)
    with pytest.raises(RuntimeError):
        fail_half_way(place, RuntimeError)
    assert not exists(place)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_reader_cannot_write(place: Location) -> None:
    from adbc_driver_manager import Error

    for statement in ("DELETE FROM projects", "CREATE TABLE t (a integer)", INSERT + ROW):
        with pytest.raises(Error, match=r"(?i)read.only"), reader(place) as connection:
            execute(connection, statement)
    assert names(place) == ["一号"]


def test_a_missing_database_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="does not exist") as caught, reader(tmp_path / "no.db"):
        pass
    assert "import projects" in caught.value.problems[0].remedy
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_says_how_to_begin(tmp_path: Path, databases: Databases) -> None:
    place = databases.new(tmp_path)
    with pytest.raises(DataProblem, match="does not exist") as caught, reader(place):
        pass
    assert "import projects" in caught.value.problems[0].remedy


@pytest.mark.parametrize("content", [b"not a database" * 500, b"PK\x03\x04" + b"\0" * 5000])
@pytest.mark.parametrize("use", [reader, writer])
def test_a_corrupt_file_is_told_and_kept(tmp_path: Path, use: Callable, content: bytes) -> None:
    path = tmp_path / "workbook.duckdb"
    path.write_bytes(content)
    with pytest.raises(DataProblem) as caught, use(path):
        pass
    (problem,) = caught.value.problems
    assert problem.rule == "the file is not a readable database"
    assert "import the raw files again" in problem.remedy
    assert path.read_bytes() == content


@pytest.mark.duckdb
def test_a_cut_off_file_is_told(place: Path) -> None:
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(DataProblem), reader(place) as connection:
        fetch(connection, "SELECT * FROM projects")


def test_several_processes_read_at_once(place: Location) -> None:
    with held(place, "reader"), held(place, "reader"):
        assert names(place) == ["一号"]
        with reader(place) as one, reader(place) as two:
            counts = [fetch(c, "SELECT count(*) AS n FROM projects")["n"][0] for c in (one, two)]
    assert counts == [1, 1]


@pytest.mark.duckdb
def test_a_writer_waits_for_a_reader_of_the_file(place: Location) -> None:
    with (
        held(place, "reader"),
        pytest.raises(DataProblem, match="in use by"),
        writer(place, wait=0.2),
    ):
        pass


def test_a_writer_waits_and_then_names_the_holder(place: Location) -> None:
    with held(place, "writer") as process:
        began = time.monotonic()
        with pytest.raises(DataProblem) as caught, writer(place, wait=0.4):
            pass
        waited = time.monotonic() - began
    (problem,) = caught.value.problems
    assert "the database is in use by" in problem.rule
    assert f"PID {process.pid}" in problem.rule
    assert 0.4 <= waited < 5
    assert names(place) == ["一号"]


def test_a_writer_goes_on_as_soon_as_the_file_is_free(place: Location) -> None:
    with held(place, "writer") as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        with writer(place, wait=20) as connection:
            execute(connection, "UPDATE projects SET name = '新'")
    assert names(place) == ["新"]


@pytest.mark.duckdb
def test_a_reader_waits_for_a_writer(place: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satisfaction.data.database.WRITER_WAIT_SECONDS", 0.3)
    with held(place, "writer"), pytest.raises(DataProblem, match="in use by"):
        names(place)


def test_references_and_checks_hold(place: Location) -> None:
    from adbc_driver_manager import Error

    refused = [
        INSERT + ROW,  # the key
        INSERT + "('P2', '二号', 'castle', '东', 'test')",
        INSERT + "(NULL, '二号', 'residential', '东', 'test')",
        INSERT + f"('{'x' * 64}', '二号', 'residential', '东', 'test')",
        "INSERT INTO households (project, household, building, customer_group, occupancy, source) "
        "VALUES ('P9', 'H1', '1', 'owner', 'resident', 'test')",
    ]
    for statement in refused:
        with pytest.raises(Error), writer(place) as connection:
            execute(connection, statement)
    assert names(place) == ["一号"]


def test_rows_come_back_with_types_that_know_missing_values(place: Location) -> None:
    with reader(place) as connection:
        found = fetch(connection, "SELECT * FROM projects WHERE project = $1", ("P1",))
    types = {name: str(dtype) for name, dtype in found.dtypes.items()}
    assert types["name"] == "str"
    assert types["butlers"] == "Int64"
    assert types["synthetic"] == "boolean"
    assert types["handed_over_on"].startswith("datetime64")


def test_parameters_are_values_and_not_sql(place: Location) -> None:
    attack = "P1'; DROP TABLE projects; --"
    with reader(place) as connection:
        found = fetch(connection, "SELECT * FROM projects WHERE project = $1", (attack,))
    assert len(found) == 0
    assert names(place) == ["一号"]


def test_rows_are_appended_from_arrow(place: Location) -> None:
    rows = pa.table(
        {
            "project": ["P1"],
            "wave": ["W"],
            "response": ["R"],
            "item": ["a"],
            "score": pa.array([None], pa.int32()),
            "source": ["test"],
        }
    )
    with writer(place) as connection:
        append(connection, "answers", rows)
        append(connection, "answers", rows)
        execute(connection, "UPDATE answers SET score = $1 WHERE item = $2", (3, "a"))
    with reader(place) as connection:
        assert fetch(connection, "SELECT score FROM answers")["score"].tolist() == [3, 3]


def test_a_script_is_split_at_line_ends_only(place: Location) -> None:
    with writer(place) as connection:
        run_script(
            connection,
            "-- a comment; with a semicolon\n"
            "CREATE TABLE t (a text);\nINSERT INTO t VALUES ('x; y');\n",
        )
        assert fetch(connection, "SELECT a FROM t")["a"].tolist() == ["x; y"]


def test_where_the_database_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SATISFACTION_DATABASE", raising=False)
    assert database_of(tmp_path) == tmp_path / "data" / "workbook.duckdb"
    monkeypatch.setenv("SATISFACTION_DATABASE", str(tmp_path / "else" / "x.duckdb"))
    assert database_of(tmp_path) == tmp_path / "else" / "x.duckdb"
    assert not exists(database_of(tmp_path), personal=True)
    with writer(database_of(tmp_path), personal=True):
        pass
    assert [path.name for path in (tmp_path / "else").iterdir()] == ["contacts.duckdb"]
    monkeypatch.setenv("SATISFACTION_DATABASE", "postgresql://ann:secret@db.example:5433/survey")
    assert database_of(tmp_path).name == "postgresql://db.example:5433/survey"


@pytest.mark.parametrize("opened", [reader, writer])
def test_a_database_of_another_version_is_said_to_be_one(opened, place: Location) -> None:
    with writer(place) as connection:
        execute(connection, "ALTER TABLE tallies DROP COLUMN counts")
    with pytest.raises(DataProblem) as caught, opened(place) as connection:
        fetch(connection, "SELECT counts FROM tallies")
    assert "another version made this database: its table tallies" in str(caught.value)
    assert "Import the raw files into a new database" in str(caught.value)
    assert names(place) == ["一号"]


@pytest.mark.parametrize("opened", [reader, writer])
def test_a_wrong_statement_on_our_own_tables_stays_an_error(opened, place: Location) -> None:
    from adbc_driver_manager import Error

    with pytest.raises(Error, match="nothing_of_ours"), opened(place) as connection:
        fetch(connection, "SELECT nothing_of_ours FROM tallies")
