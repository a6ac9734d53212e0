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

from satisfaction.data.database import (
    append,
    database_path,
    execute,
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
from pathlib import Path
from satisfaction.data.database import fetch, reader, writer
with {kind}(Path(sys.argv[1])) as connection:
    names = fetch(connection, "SELECT name FROM projects")["name"].tolist()
    print("open", len(names), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "data" / "workbook.duckdb"
    with writer(made) as connection:
        execute(connection, INSERT + ROW)
    return made


def names(path: Path) -> list[str]:
    with reader(path) as connection:
        return fetch(connection, "SELECT name FROM projects ORDER BY project")["name"].tolist()


@contextmanager
def held(path: Path, kind: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the file open until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(kind=kind), str(path)],
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


def test_a_transaction_is_committed_at_its_end(path: Path) -> None:
    assert names(path) == ["一号"]


def fail_half_way(path: Path, error: type[BaseException]) -> None:
    with writer(path) as connection:
        execute(connection, INSERT + "('P2', '二号', 'residential', '东', 'test')")
        execute(connection, "UPDATE projects SET name = 'changed'")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failing_transaction_is_rolled_back(path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        fail_half_way(path, error)
    assert names(path) == ["一号"]


def test_a_first_transaction_that_fails_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "data" / "workbook.duckdb"
    with pytest.raises(RuntimeError):
        fail_half_way(path, RuntimeError)
    assert list(path.parent.iterdir()) == []


def test_a_reader_cannot_write(path: Path) -> None:
    from adbc_driver_manager import Error

    before = path.read_bytes()
    for statement in ("DELETE FROM projects", "CREATE TABLE t (a integer)", INSERT + ROW):
        with pytest.raises(Error), reader(path) as connection:
            execute(connection, statement)
    assert path.read_bytes() == before
    assert names(path) == ["一号"]


def test_a_missing_database_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="does not exist") as caught, reader(tmp_path / "no.db"):
        pass
    assert "import projects" in caught.value.problems[0].remedy
    assert list(tmp_path.iterdir()) == []


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


def test_a_cut_off_file_is_told(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(DataProblem), reader(path) as connection:
        fetch(connection, "SELECT * FROM projects")


def test_several_processes_read_at_once(path: Path) -> None:
    with held(path, "reader"), held(path, "reader"):
        assert names(path) == ["一号"]
        with reader(path) as one, reader(path) as two:
            counts = [fetch(c, "SELECT count(*) AS n FROM projects")["n"][0] for c in (one, two)]
    assert counts == [1, 1]


@pytest.mark.parametrize("kind", ["reader", "writer"])
def test_a_writer_waits_and_then_names_the_holder(path: Path, kind: str) -> None:
    with held(path, kind) as process:
        began = time.monotonic()
        with pytest.raises(DataProblem) as caught, writer(path, wait=0.4):
            pass
        waited = time.monotonic() - began
    (problem,) = caught.value.problems
    assert "the database is in use by" in problem.rule
    assert f"PID {process.pid}" in problem.rule
    assert 0.4 <= waited < 5
    assert names(path) == ["一号"]


def test_a_writer_goes_on_as_soon_as_the_file_is_free(path: Path) -> None:
    with held(path, "reader") as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        with writer(path, wait=20) as connection:
            execute(connection, "UPDATE projects SET name = '新'")
    assert names(path) == ["新"]


def test_a_reader_waits_for_a_writer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satisfaction.data.database.WRITER_WAIT_SECONDS", 0.3)
    with held(path, "writer"), pytest.raises(DataProblem, match="in use by"):
        names(path)


def test_references_and_checks_hold(path: Path) -> None:
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
        with pytest.raises(Error), writer(path) as connection:
            execute(connection, statement)
    assert names(path) == ["一号"]


def test_rows_come_back_with_types_that_know_missing_values(path: Path) -> None:
    with reader(path) as connection:
        found = fetch(connection, "SELECT * FROM projects WHERE project = $1", ("P1",))
    types = {name: str(dtype) for name, dtype in found.dtypes.items()}
    assert types["name"] == "str"
    assert types["butlers"] == "Int64"
    assert types["synthetic"] == "boolean"
    assert types["handed_over_on"].startswith("datetime64")


def test_parameters_are_values_and_not_sql(path: Path) -> None:
    attack = "P1'; DROP TABLE projects; --"
    with reader(path) as connection:
        found = fetch(connection, "SELECT * FROM projects WHERE project = $1", (attack,))
    assert len(found) == 0
    assert names(path) == ["一号"]


def test_rows_are_appended_from_arrow(path: Path) -> None:
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
    with writer(path) as connection:
        append(connection, "answers", rows)
        append(connection, "answers", rows)
        execute(connection, "UPDATE answers SET score = $1 WHERE item = $2", (3, "a"))
    with reader(path) as connection:
        assert fetch(connection, "SELECT score FROM answers")["score"].tolist() == [3, 3]


def test_a_script_is_split_at_line_ends_only(path: Path) -> None:
    with writer(path) as connection:
        run_script(
            connection,
            "-- a comment; with a semicolon\n"
            "CREATE TABLE t (a text);\nINSERT INTO t VALUES ('x; y');\n",
        )
        assert fetch(connection, "SELECT a FROM t")["a"].tolist() == ["x; y"]


def test_where_the_database_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SATISFACTION_DATABASE", raising=False)
    assert database_path(tmp_path) == tmp_path / "data" / "workbook.duckdb"
    assert database_path(tmp_path, personal=True) == tmp_path / "data" / "contacts.duckdb"
    monkeypatch.setenv("SATISFACTION_DATABASE", str(tmp_path / "else" / "x.duckdb"))
    assert database_path(tmp_path) == tmp_path / "else" / "x.duckdb"
    assert database_path(tmp_path, personal=True) == tmp_path / "else" / "contacts.duckdb"
