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
from satisfaction.data.tallies import SORT
from satisfaction.demo import import_portfolio

REPOSITORY = Path(__file__).parent.parent
ROWS_AT_ONCE = 1_000_000
FIRST = ("waves", "projects", "households")  # other tables refer to them
MEMORY = "1GB"


def make_sample(home: Path) -> Path:
    """The sample portfolio, written and imported into ``home`` by the library's own import."""
    home.mkdir(parents=True)
    shutil.copytree(REPOSITORY / "params", home / "params")
    for _report in import_portfolio(home):
        pass
    return home


def make_portfolio(sample: Path, home: Path, projects: int, households: float = 1) -> Path:
    """A workbook in ``home`` with ``projects`` projects, p00001 and on, in the sample's order.

    Each is a copy of one of the sample's projects under a new id and name. Those of the first copy
    are whole; of the others ``households`` is the part of the households (and their samples,
    answers and visits) that is kept. Tallies and frames, which are all that a report reads of other
    projects, are copied whole. Rows lie as the library's own import leaves them: by project,
    tallies by item.
    """
    shutil.copytree(sample / "params", home / "params")
    for folder in ("data", "notebooks"):
        (home / folder).mkdir()
    for notebook in (REPOSITORY / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, home / "notebooks")
    with (
        tempfile.TemporaryDirectory(dir=home) as spill,
        duckdb.connect(str(home / "data" / "workbook.duckdb")) as database,
    ):
        database.execute(f"SET memory_limit = '{MEMORY}'")
        database.execute(f"SET temp_directory = '{spill}'")
        database.execute(SCHEMA.read_text("utf-8"))
        database.execute(f"ATTACH '{sample / 'data' / 'workbook.duckdb'}' AS sample (READ_ONLY)")
        templates = _templates(database)
        columns = _columns(database)
        for table in [*FIRST, *(name for name in columns if name not in FIRST)]:
            if "project" in columns[table]:
                kept = _kept(columns[table], households)
                _replicate(database, table, kept, projects, len(templates))
            else:  # waves, imports
                database.execute(f"INSERT INTO {table} BY NAME SELECT * FROM sample.{table}")
        database.execute(SORT)
    _copy_settings(home, templates, projects)
    return home


def project_id(number: int) -> str:
    """Id of a project, counted from 1."""
    return f"p{number:05d}"


def _templates(database: duckdb.DuckDBPyConnection) -> list[str]:
    """Ids of the sample's projects; ``templates`` holds them with their place."""
    database.execute(
        "CREATE TEMP TABLE templates AS "
        "SELECT project AS template, row_number() OVER (ORDER BY project) AS place "
        "FROM sample.projects"
    )
    found = database.execute("SELECT template FROM templates ORDER BY place").fetchall()
    return [project for (project,) in found]


def _columns(database: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Names of the columns of every table of the sample."""
    return dict(
        database.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() "
            "WHERE database_name = 'sample' GROUP BY table_name ORDER BY table_name"
        ).fetchall()
    )


def _replicate(
    database: duckdb.DuckDBPyConnection,
    table: str,
    kept: str,
    projects: int,
    templates: int,
) -> None:
    """Fill ``table`` a few copies of the sample at a time: sorted in little memory."""
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE part AS SELECT t.place, {kept} AS kept, "
        f"s.* EXCLUDE (project) FROM (SELECT *, rowid AS nth FROM sample.{table}) s "
        "JOIN templates t ON t.template = s.project ORDER BY t.place, s.nth"
    )
    (rows,) = database.execute("SELECT count(*) FROM part").fetchone() or (0,)
    step = max(1, ROWS_AT_ONCE // max(1, rows))
    copies = -(-projects // templates)
    columns = "* EXCLUDE (place, kept, nth, copy, number)"
    if table == "projects":
        columns += " REPLACE (name || ' ' || number AS name, name_en || ' ' || number AS name_en)"
    for start in range(0, copies, step):
        database.execute(
            f"INSERT INTO {table} BY NAME "
            f"SELECT printf('p%05d', number) AS project, {columns} FROM ("
            f"SELECT *, copy * {templates} + place AS number "
            f"FROM part, range({start}, {min(start + step, copies)}) AS copies(copy)) "
            f"WHERE number <= {projects} AND (copy = 0 OR kept) ORDER BY number, nth"
        )


def _kept(columns: list[str], households: float) -> str:
    """Condition of the rows that stay; those of the same household or answer sheet go together."""
    stays = f"household IS NULL OR hash(project, household) % 1000 < {round(households * 1000)}"
    if "household" in columns:
        return stays
    if "response" in columns:
        return (
            "(project, wave, response) IN "
            f"(SELECT (project, wave, response) FROM sample.responses WHERE {stays})"
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
