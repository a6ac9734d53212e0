"""An open ADBC connection: queries as frames, statements, rows in bulk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# pandas then holds texts itself instead of in Arrow: the many small tables of a report cost a sixth
# less, those of an import about the same
pd.options.mode.string_storage = "python"

_NULLABLE = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int16(): pd.Int64Dtype(),
    pa.int32(): pd.Int64Dtype(),
    pa.int64(): pd.Int64Dtype(),
}

# ADBC reports any trouble of the driver through this type; named here to keep its import lazy.
Connection = Any


def fetch(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
    """Rows of a query as a frame: ``str``, ``Int64``, ``boolean``, ``float64``, ``datetime64``."""
    return as_frame(fetch_arrow(connection, sql, parameters))


def as_frame(rows: pa.Table) -> pd.DataFrame:
    """Rows of a query as ``fetch`` returns them."""
    return rows.to_pandas(date_as_object=False, use_threads=False, types_mapper=_NULLABLE.get)


def fetch_arrow(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
    """Rows of a query as an Arrow table."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, tuple(parameters) or None)
        return cursor.fetch_arrow_table()


def execute(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> None:
    """Run one statement that returns nothing."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, tuple(parameters) or None)


def append(connection: Connection, table: str, rows: pa.Table | pa.RecordBatchReader) -> None:
    """Add Arrow rows to a table; column names and types must fit."""
    # a cursor of its own: after an ingest the driver binds further parameters to the old columns
    with closing(connection.cursor()) as cursor:
        cursor.adbc_ingest(table, rows, mode="append")


def put_aside(connection: Connection, table: str, rows: pa.Table) -> None:
    """Make a temporary table of Arrow rows, in place of an earlier one of this name."""
    for place, column in enumerate(rows.columns):
        if pa.types.is_string(column.type):
            # PostgreSQL takes no NUL, not even of a cell that is refused in a moment
            clean = pc.replace_substring(column, "\0", "\ufffd")
            rows = rows.set_column(place, rows.schema.field(place), clean)
    execute(connection, f"DROP TABLE IF EXISTS {table}")
    with closing(connection.cursor()) as cursor:
        cursor.adbc_ingest(table, rows, mode="create", temporary=True)
    gather_statistics(connection, table)


def gather_statistics(connection: Connection, table: str) -> None:
    """Let a server plan by what a table holds now; DuckDB knows it anyway."""
    if is_server(connection):
        execute(connection, f"ANALYZE {table}")


def is_server(connection: Connection) -> bool:
    """Whether it leads to PostgreSQL, not to a DuckDB file."""
    return bool(connection.adbc_get_info()["vendor_name"] == "PostgreSQL")


def run_script(connection: Connection, script: str) -> None:
    """Run the statements of a schema file one by one (a semicolon ends a line and a statement)."""
    text = re.sub(r"^--.*$", "", script, flags=re.MULTILINE)
    for statement in re.split(r";\s*$", text, flags=re.MULTILINE):
        if statement.strip():
            execute(connection, statement)
