"""One database behind ADBC, a DuckDB file or a PostgreSQL server: many readers, one writer.

A reader cannot write and closes at once. Personal data stand apart: in ``contacts.duckdb`` beside
the workbook's file, in the schema ``contacts`` on a server; a connection sees one or the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from satisfaction.data.connection import (
    Connection,
    append,
    execute,
    fetch,
    fetch_arrow,
    gather_statistics,
    is_server,
    put_aside,
    run_script,
)
from satisfaction.data.duckdb_file import discard, open_file
from satisfaction.data.location import Location, Server, database_of, located
from satisfaction.data.postgresql import CONTACTS, WORKBOOK, has_schema, open_server, told
from satisfaction.problems import DataProblem, Problem

__all__ = [
    "CONTACTS_SCHEMA",
    "INDEXES",
    "SCHEMA",
    "Connection",
    "Location",
    "append",
    "database_of",
    "execute",
    "exists",
    "fetch",
    "fetch_arrow",
    "gather_statistics",
    "located",
    "put_aside",
    "reader",
    "run_script",
    "writer",
]

WRITER_WAIT_SECONDS = 10.0
SCHEMA = Path(__file__).with_name("schema.sql")
CONTACTS_SCHEMA = Path(__file__).with_name("contacts.sql")
INDEXES = Path(__file__).with_name("indexes.sql")


@contextmanager
def reader(location: Location, *, personal: bool = False) -> Iterator[Connection]:
    """A read-only connection, closed at the end of the block; many may be open at once."""
    if isinstance(location, Server):
        opened = open_server(location, personal=personal, read_only=True, wait=WRITER_WAIT_SECONDS)
        with (
            closing(opened) as connection,
            told(location),
            _our_tables(connection, location.name, personal=personal),
        ):
            yield connection
        return
    path = _file(location, personal=personal)
    if not path.is_file():
        raise DataProblem(
            Problem(
                str(path),
                "the database does not exist",
                "Import data first: python -m satisfaction import projects <file>.",
            )
        )
    opened = open_file(path, read_only=True, wait=WRITER_WAIT_SECONDS)
    with closing(opened) as connection, _our_tables(connection, str(path), personal=personal):
        yield connection


@contextmanager
def writer(
    location: Location, *, personal: bool = False, wait: float = WRITER_WAIT_SECONDS
) -> Iterator[Connection]:
    """A transaction: committed when the block ends well, rolled back otherwise.

    Creates the tables if there are none, and a file if need be. Waits ``wait`` seconds for other
    processes, then says who holds the database.
    """
    if isinstance(location, Server):
        opened = open_server(location, personal=personal, read_only=False, wait=wait)
        with (
            closing(opened) as connection,
            told(location),
            _our_tables(connection, location.name, personal=personal),
            _transaction(connection),
        ):
            if _make_tables(connection, personal=personal) and not personal:
                run_script(connection, INDEXES.read_text("utf-8"))
            yield connection
        return
    path = _file(location, personal=personal)
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    opened = open_file(path, read_only=False, wait=wait)
    try:
        with (
            closing(opened) as connection,
            _our_tables(connection, str(path), personal=personal),
            _transaction(connection),
        ):
            _make_tables(connection, personal=personal)
            yield connection
    except BaseException:
        if is_new:
            discard(path)
        raise


def exists(location: Location, *, personal: bool = False) -> bool:
    """Whether anything was ever imported there."""
    if isinstance(location, Server):
        return has_schema(location, personal=personal)
    return _file(location, personal=personal).is_file()


def _file(path: Path, *, personal: bool) -> Path:
    return path.with_name("contacts.duckdb") if personal else path


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        from adbc_driver_manager import Error

        with suppress(Error):  # a lost connection has rolled back by itself
            connection.rollback()
        raise
    connection.commit()


def _make_tables(connection: Connection, *, personal: bool) -> bool:
    """Create the tables where there are none; whether it did."""
    known = "SELECT 1 AS one FROM pg_tables WHERE schemaname = current_schema() LIMIT 1"
    if len(fetch(connection, known)):
        return False
    run_script(connection, _schema(personal=personal))
    return True


def _schema(*, personal: bool) -> str:
    return (CONTACTS_SCHEMA if personal else SCHEMA).read_text("utf-8")


@contextmanager
def _our_tables(connection: Connection, name: str, *, personal: bool) -> Iterator[None]:
    """Where a statement fails: says so if the tables are those of another version.

    Looked into only then: a catalog takes longer to read than a study.
    """
    from adbc_driver_manager import Error

    try:
        yield
        return
    except Error as error:
        failed = error
        with suppress(Error):
            connection.rollback()  # PostgreSQL answers nothing more in a failed transaction
    table = None
    with suppress(Error):
        table = _other_table(connection, personal=personal)
    if table is None:
        raise failed
    raise DataProblem(
        Problem(
            name,
            f"another version made this database: its table {table} has other columns",
            "Import the raw files into a new database (they hold everything); move this one away.",
        )
    )


def _other_table(connection: Connection, *, personal: bool) -> str | None:
    """The first of our tables that has other columns there, or is missing."""
    schema = (CONTACTS if personal else WORKBOOK) if is_server(connection) else "main"
    there = fetch(
        connection,
        "SELECT c.relname AS name, a.attname AS field FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = $1 AND a.attnum > 0 AND NOT a.attisdropped",
        (schema,),
    )
    tables = re.compile(r"^CREATE TABLE (\w+) \(\n(.*?)^\);", re.MULTILINE | re.DOTALL)
    for name, body in tables.findall(_schema(personal=personal)):
        columns = set(re.findall(r"^    ([a-z]\w*) ", body, re.MULTILINE))
        if set(there.loc[there["name"] == name, "field"]) != columns:
            return str(name)
    return None
