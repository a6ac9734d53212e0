"""One database behind ADBC: readers open read-only and close at once, a writer has it alone.

Default ``data/workbook.duckdb``; ``SATISFACTION_DATABASE`` names another file.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from satisfaction.problems import DataProblem, Problem

WRITER_WAIT_SECONDS = 10.0
SCHEMA = Path(__file__).with_name("schema.sql")
CONTACTS_SCHEMA = Path(__file__).with_name("contacts.sql")

_NULLABLE = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int16(): pd.Int64Dtype(),
    pa.int32(): pd.Int64Dtype(),
    pa.int64(): pd.Int64Dtype(),
}

# ADBC reports any trouble of the driver through this type; named here to keep its import lazy.
Connection = Any


def database_path(root: Path, *, personal: bool = False) -> Path:
    """Where the workbook's database lies; personal data has a file of its own beside it."""
    named = os.environ.get("SATISFACTION_DATABASE")
    path = Path(named) if named else root / "data" / "workbook.duckdb"
    return path.with_name("contacts.duckdb") if personal else path


@contextmanager
def reader(path: Path) -> Iterator[Connection]:
    """A read-only connection, closed at the end of the block; many may be open at once."""
    if not path.is_file():
        raise DataProblem(
            Problem(
                str(path),
                "the database does not exist",
                "Import data first: python -m satisfaction import projects <file>.",
            )
        )
    with closing(_open(path, read_only=True, wait=WRITER_WAIT_SECONDS)) as connection:
        yield connection


@contextmanager
def writer(
    path: Path, *, personal: bool = False, wait: float = WRITER_WAIT_SECONDS
) -> Iterator[Connection]:
    """A transaction: committed when the block ends well, rolled back otherwise.

    Creates the database with its schema if there is none. Waits ``wait`` seconds for other
    processes, then says who holds the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with closing(_open(path, read_only=False, wait=wait)) as connection:
        try:
            if not fetch(
                connection, "SELECT 1 AS one FROM information_schema.tables LIMIT 1"
            ).shape[0]:
                script = CONTACTS_SCHEMA if personal else SCHEMA
                run_script(connection, script.read_text("utf-8"))
            yield connection
        except BaseException:
            connection.rollback()
            if is_new:
                _discard(connection, path)
            raise
        connection.commit()


def _discard(connection: Connection, path: Path) -> None:
    """Remove a database whose very first transaction failed: nothing half-made stays behind."""
    connection.close()
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)


def _open(path: Path, *, read_only: bool, wait: float) -> Connection:
    import adbc_driver_duckdb
    import adbc_driver_manager
    import adbc_driver_manager.dbapi as dbapi

    options = {"path": str(path)} | ({"access_mode": "READ_ONLY"} if read_only else {})
    until = time.monotonic() + wait
    while True:
        try:
            return dbapi.connect(
                driver=adbc_driver_duckdb.driver_path(),
                entrypoint="duckdb_adbc_init",
                db_kwargs=options,
                autocommit=read_only,
            )
        except adbc_driver_manager.Error as error:
            message = str(error)
            locked = "lock" in message.lower()
            if locked and time.monotonic() < until:
                time.sleep(0.1)
                continue
            raise _unusable(path, message, locked=locked) from None


def _unusable(path: Path, message: str, *, locked: bool) -> DataProblem:
    if locked:
        holder = re.search(r"held in (.*?PID \d+\))", message)
        who = holder.group(1) if holder else "another process"
        return DataProblem(
            Problem(
                str(path),
                f"the database is in use by {who}",
                "Close that program, or wait until it has finished, and try again.",
            )
        )
    if "not a valid DuckDB database" in message or "corrupt" in message.lower():
        rule, remedy = (
            "the file is not a readable database",
            "Move it away and import the raw files again: they hold everything.",
        )
    else:
        rule, remedy = f"the database cannot be opened: {message}", "Check folder and rights."
    return DataProblem(Problem(str(path), rule, remedy))


def fetch(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
    """Rows of a query as a frame: ``str``, ``Int64``, ``boolean``, ``float64``, ``datetime64``."""
    rows = fetch_arrow(connection, sql, parameters)
    return rows.to_pandas(date_as_object=False, types_mapper=_NULLABLE.get)


def fetch_arrow(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
    """Rows of a query as an Arrow table."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, tuple(parameters) or None)
        return cursor.fetch_arrow_table()


def execute(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> None:
    """Run one statement that returns nothing."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, tuple(parameters) or None)


def append(connection: Connection, table: str, rows: pa.Table) -> None:
    """Add Arrow rows to a table; column names and types must fit."""
    # a cursor of its own: after an ingest the driver binds further parameters to the old columns
    with closing(connection.cursor()) as cursor:
        cursor.adbc_ingest(table, rows, mode="append")


def run_script(connection: Connection, script: str) -> None:
    """Run the statements of a schema file one by one (a semicolon ends a line and a statement)."""
    text = re.sub(r"^--.*$", "", script, flags=re.MULTILINE)
    for statement in re.split(r";\s*$", text, flags=re.MULTILINE):
        if statement.strip():
            execute(connection, statement)
