"""Workbooks of any size for the benchmarks: the sample portfolio's projects, many times over.

``python benchmarks/portfolios.py FOLDER --projects 5000 --households 0.1`` makes one to look at.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import duckdb

from satisfaction.data.database import SCHEMA
from satisfaction.demo import import_portfolio

REPOSITORY = Path(__file__).parent.parent
ROWS_AT_ONCE = 1_000_000
COPIED = ("waves", "imports")  # the same in a portfolio of any size
FIRST = ("projects", "households")  # other tables refer to them
MEMORY = "1GB"


def make_sample(home: Path) -> Path:
    """The sample portfolio, written and imported into ``home`` by the library's own import."""
    home.mkdir(parents=True)
    shutil.copytree(REPOSITORY / "params", home / "params")
    shutil.copytree(
        REPOSITORY / "notebooks", home / "notebooks", ignore=lambda _, names: _no_notebook(names)
    )
    for _report in import_portfolio(home):
        pass
    return home


def make_portfolio(sample: Path, home: Path, projects: int, households: float = 1) -> Path:
    """A workbook in ``home`` with ``projects`` projects, p00001 and on, in the sample's order.

    Each is a copy of one of the sample's projects under a new id and name; ``households`` is the
    part of the households (and their samples, answers and visits) that is kept. Tallies and frames,
    which are all that a report reads of other projects, are copied whole. Rows lie by project, as
    the library's own import leaves them.
    """
    for folder in ("params", "notebooks"):
        shutil.copytree(sample / folder, home / folder, dirs_exist_ok=True)
    (home / "data").mkdir()
    with (
        tempfile.TemporaryDirectory(dir=home) as spill,
        duckdb.connect(str(home / "data" / "workbook.duckdb")) as database,
    ):
        database.execute(f"SET memory_limit = '{MEMORY}'")
        database.execute(f"SET temp_directory = '{spill}'")
        database.execute(SCHEMA.read_text("utf-8"))
        database.execute(f"ATTACH '{sample / 'data' / 'workbook.duckdb'}' AS sample (READ_ONLY)")
        templates = _templates(database)
        others = [table for table in _tables(database) if table not in (*COPIED, *FIRST)]
        for table in (*COPIED, *FIRST, *others):
            if table in COPIED:
                database.execute(f"INSERT INTO {table} BY NAME SELECT * FROM sample.{table}")
            else:
                _replicate(database, table, projects, len(templates), households)
    _copy_settings(home, templates, projects)
    return home


def project_id(number: int) -> str:
    """Id of a project, counted from 1."""
    return f"p{number:05d}"


def _no_notebook(names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".ipynb")}


def _templates(database: duckdb.DuckDBPyConnection) -> list[str]:
    """Ids of the sample's projects; ``templates`` holds them with their place."""
    database.execute(
        "CREATE TEMP TABLE templates AS "
        "SELECT project, row_number() OVER (ORDER BY project) AS place FROM sample.projects"
    )
    found = database.execute("SELECT project FROM templates ORDER BY place").fetchall()
    return [project for (project,) in found]


def _tables(database: duckdb.DuckDBPyConnection) -> list[str]:
    found = database.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'sample' ORDER BY table_oid"
    ).fetchall()
    return [name for (name,) in found]


def _replicate(
    database: duckdb.DuckDBPyConnection,
    table: str,
    projects: int,
    templates: int,
    households: float,
) -> None:
    """Fill ``table`` a few copies of the sample at a time: sorted in little memory."""
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE part AS SELECT t.place, s.* EXCLUDE (project) "
        f"FROM (SELECT *, rowid AS nth FROM sample.{table}) s "
        f"JOIN templates t ON t.project = s.project WHERE {_kept(database, table, households)} "
        "ORDER BY t.place, s.nth"
    )
    (rows,) = database.execute("SELECT count(*) FROM part").fetchone() or (0,)
    step = max(1, ROWS_AT_ONCE // max(1, rows))
    copies = -(-projects // templates)
    columns = "* EXCLUDE (place, nth, copy, number)"
    if table == "projects":
        columns += (
            " REPLACE (concat(name, ' ', number) AS name, concat(name_en, ' ', number) AS name_en)"
        )
    for start in range(0, copies, step):
        database.execute(
            f"INSERT INTO {table} BY NAME "
            f"SELECT printf('p%05d', number) AS project, {columns} FROM ("
            f"SELECT *, copy * {templates} + place AS number "
            f"FROM part, range({start}, {min(start + step, copies)}) AS copies(copy)) "
            f"WHERE number <= {projects} ORDER BY number, nth"
        )


def _kept(database: duckdb.DuckDBPyConnection, table: str, households: float) -> str:
    """Condition of the rows that stay; those of the same household or answer sheet go together."""
    if households >= 1:
        return "true"
    limit = round(households * 1000)
    columns = {
        name
        for (name,) in database.execute(
            "SELECT column_name FROM duckdb_columns() "
            f"WHERE database_name = 'sample' AND table_name = '{table}'"
        ).fetchall()
    }
    mine = f"hash(s.project, s.household) % 1000 < {limit}"
    if "household" in columns:
        return f"(s.household IS NULL OR {mine})"
    if "response" in columns:
        return (
            "(s.project, s.wave, s.response) IN (SELECT (r.project, r.wave, r.response) "
            "FROM sample.responses r WHERE r.household IS NULL "
            f"OR hash(r.project, r.household) % 1000 < {limit})"
        )
    return "true"


def _copy_settings(home: Path, templates: list[str], projects: int) -> None:
    """A project's own settings, for each of its copies."""
    folder = home / "params" / "projects"
    for place, template in enumerate(templates, 1):
        own = folder / f"{template}.yaml"
        if own.is_file():
            for number in range(place, projects + 1, len(templates)):
                shutil.copy(own, folder / f"{project_id(number)}.yaml")


def main() -> None:
    """Make one portfolio, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--projects", type=int, default=5000)
    parser.add_argument("--households", type=float, default=1)
    parser.add_argument("--sample", type=Path, help="a workbook that holds the sample portfolio")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sample = given.sample or make_sample(Path(folder) / "sample")
        begun = time.perf_counter()
        make_portfolio(sample, given.folder, given.projects, given.households)
        size = (given.folder / "data" / "workbook.duckdb").stat().st_size
    print(
        f"{given.projects:,} projects, {size / 1e6:,.0f} MB, in {time.perf_counter() - begun:.0f} s"
    )


if __name__ == "__main__":
    main()
