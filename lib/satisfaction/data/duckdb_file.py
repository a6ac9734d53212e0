"""A DuckDB file: many readers or one writer, who waits for the others and then names them."""

from __future__ import annotations

import ctypes
import re
import sys
import time
from pathlib import Path
from typing import Any

from satisfaction.data.connection import Connection
from satisfaction.problems import DataProblem, Problem


def load_driver() -> None:
    """Load all that opening a file needs, without opening one: no thread is started."""
    import adbc_driver_duckdb

    _dbapi()
    ctypes.CDLL(adbc_driver_duckdb.driver_path())


def _dbapi() -> Any:
    """ADBC's interface, without polars: it imports that where it is installed, and needs it not.

    polars takes most of a second and starts threads.
    """
    hidden = "polars" not in sys.modules
    if hidden:
        sys.modules["polars"] = None  # type: ignore[assignment]
    try:
        from adbc_driver_manager import dbapi
    finally:
        if hidden:
            del sys.modules["polars"]
    return dbapi


def open_file(path: Path, *, read_only: bool, wait: float) -> Connection:
    """A connection to the file, made where a writer finds none; the file is locked until closed."""
    import adbc_driver_duckdb
    from adbc_driver_manager import Error

    dbapi = _dbapi()
    # a reader's queries are small: more threads only cost more
    reading = {"access_mode": "READ_ONLY", "threads": "1"}
    options = {"path": str(path)} | (reading if read_only else {})
    until = time.monotonic() + wait
    while True:
        try:
            return dbapi.connect(
                driver=adbc_driver_duckdb.driver_path(),
                entrypoint="duckdb_adbc_init",
                db_kwargs=options,
                autocommit=read_only,
            )
        except Error as error:
            message = str(error)
            locked = "lock" in message.lower()
            if locked and time.monotonic() < until:
                time.sleep(0.1)
                continue
            raise _unusable(path, message, locked=locked) from None


def discard(path: Path) -> None:
    """Remove a database whose very first transaction failed: nothing half-made stays behind."""
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)


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
