"""Checks against the database and the writing of one file's rows, all inside one transaction.

The rows of a file first stand in a temporary table beside their row numbers, so that every check
is one query and names the rows it concerns.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from satisfaction.data.database import (
    Connection,
    append,
    execute,
    fetch,
    fetch_arrow,
    gather_statistics,
    put_aside,
)
from satisfaction.data.findings import LISTED, Field, Findings
from satisfaction.data.keys import HOUSEHOLD, PROJECT, WAVE, References
from satisfaction.data.tables import RESPONSES, TABLES

INCOMING = "incoming"
_ARROW = {
    "ident": pa.string(),
    "text": pa.string(),
    "choice": pa.string(),
    "integer": pa.int32(),
    "real": pa.float64(),
    "boolean": pa.bool_(),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
}
RESPONSE: References = {("project", "wave", "response"): "responses"}
# no foreign keys of the database, so held here: DuckDB could not replace responses with children
# in one transaction, four million answers would take minutes, contacts lie in another file
_HELD_HERE: dict[str, References] = {
    "answers": PROJECT | WAVE | RESPONSE,
    "comments": RESPONSE,
    "contacts": HOUSEHOLD,
}


def references(table: str) -> References:
    """Columns of a table -> the table whose key they name."""
    return {**TABLES[table].metadata["references"], **_HELD_HERE.get(table, {})}


def stage(
    connection: Connection, model: pandera.DataFrameSchema, frame: pd.DataFrame, name: str
) -> None:
    """Put rows into a temporary table, with their place in the file."""
    names = [*frame.columns.intersection(list(model.columns)), "place"]
    schema = pa.schema(
        [
            (
                column,
                pa.int64() if column == "place" else _ARROW[model.columns[column].metadata["kind"]],
            )
            for column in names
        ]
    )
    rows = pa.Table.from_pandas(frame[names], schema=schema, preserve_index=False)
    put_aside(connection, name, rows)


def check_references(
    connection: Connection, table: str, fields: Dictionary[str, Field], findings: Findings
) -> None:
    """Projects, waves, households and responses that rows name must exist."""
    without_parent: set[int] = set()
    for columns, target in references(table).items():
        if not set(columns) <= set(fields):
            continue
        given = " AND ".join(f"i.{column} IS NOT NULL" for column in columns)
        found = fetch(
            connection,
            f"SELECT i.place FROM {INCOMING} i LEFT JOIN {target} t ON {_same(columns)} "
            f"WHERE {given} AND t.{columns[0]} IS NULL ORDER BY i.place",
        )["place"].to_numpy(np.int64)
        # a household of an unknown project is one problem, not two
        found = np.array([place for place in found.tolist() if place not in without_parent], int)
        without_parent |= set(found.tolist())
        within = {
            "households": "this project has no such household",
            "responses": "this project and wave have no such response",
        }
        findings.add_cells(
            fields[columns[-1]],
            found,
            within.get(target, f"unknown {columns[-1]}"),
            f"Correct it, or import {target} first.",
        )


def check_other_sources(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    source: str,
    fields: Dictionary[str, Field],
    findings: Findings,
    what: str = "",
) -> None:
    """Keys that another file has brought already."""
    if not set(columns) <= set(fields):
        return
    other = "" if not what else " AND t.response <> i.response"
    found = fetch(
        connection,
        f"SELECT i.place, t.source FROM {INCOMING} i JOIN {table} t ON {_same(columns)} "
        f"WHERE t.source <> $1{other} ORDER BY i.place",
        [source],
    )
    rules = [f"{what or 'this key'} came already with {one}" for one in found["source"]]
    findings.add_cells(
        fields[columns[-1]],
        found["place"].to_numpy(np.int64),
        rules,
        "Remove the row, or import with --source to replace that file's rows.",
    )


def check_twins(
    connection: Connection,
    table: str,
    source: str,
    fields: Dictionary[str, Field],
    findings: Findings,
) -> None:
    """Ids of projects and waves that differ from known ones only in upper and lower case."""
    key = TABLES[table].metadata["key"][0]
    if table not in ("projects", "waves") or key not in fields:
        return
    found = fetch(
        connection,
        f"SELECT i.place, t.{key} AS twin FROM {INCOMING} i JOIN {table} t "
        f"ON lower(t.{key}) = lower(i.{key}) AND t.{key} <> i.{key} "
        "WHERE t.source <> $1 ORDER BY i.place",
        [source],
    )
    rules = [f"{one} exists and differs only in upper and lower case" for one in found["twin"]]
    findings.add_cells(
        fields[key],
        found["place"].to_numpy(np.int64),
        rules,
        f"Use the known {key}, or another id.",
    )


def check_vanished(connection: Connection, table: str, source: str, findings: Findings) -> None:
    """Rows that the corrected file no longer has must not be referred to."""
    key = TABLES[table].metadata["key"]
    for name, model in TABLES.items():
        for columns, target in references(name).items():
            if target != table or model.metadata["personal"]:
                continue
            # what came in the same file goes away with it
            own = " AND r.source <> $2" if table == RESPONSES.name else ""
            pairs = " AND ".join(f"r.{a} = t.{b}" for a, b in zip(columns, key, strict=True))
            found = fetch(
                connection,
                f"SELECT {', '.join(f't.{part}' for part in key)}, count(*) AS referring, "
                f"min(r.source) AS source FROM {table} t JOIN {name} r ON {pairs}{own} "
                f"WHERE t.source = $1 AND NOT EXISTS (SELECT 1 FROM {INCOMING} i "
                f"WHERE {_same(key)}) GROUP BY {', '.join(f't.{part}' for part in key)} "
                f"ORDER BY {', '.join(f't.{part}' for part in key)}",
                [source] * (2 if own else 1),
            )
            for row in found.head(LISTED).itertuples(index=False):
                value = ", ".join(str(part) for part in row[: len(key)])
                findings.add(
                    f"this {key[-1]} is no longer in the file, but {row[-2]} rows of {name} "
                    f"({row[-1]}) refer to it",
                    "Keep the row, or first import these files again without it.",
                    column=key[-1],
                    value=value,
                )
            findings.count += max(len(found) - LISTED, 0)


def replace_rows(connection: Connection, table: str, staged: str, source: str) -> None:
    """Make the rows of ``source`` in an indexed table those of ``staged``, and no others."""
    model = TABLES[table]
    key, columns = model.metadata["key"], list(model.columns)
    execute(
        connection,
        f"DELETE FROM {table} t WHERE t.source = $1 AND NOT EXISTS "
        f"(SELECT 1 FROM {staged} i WHERE {_same(key)})",
        [source],
    )
    updates = ", ".join(
        f"{name} = excluded.{name}" for name in [*columns, "source"] if name not in key
    )
    execute(
        connection,
        f"INSERT INTO {table} ({', '.join(columns)}, source) "
        f"SELECT {', '.join(columns)}, CAST($1 AS text) FROM {staged} ORDER BY {', '.join(key)} "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {updates}",
        [source],
    )
    gather_statistics(connection, table)


def replace_answers(connection: Connection, rows: pa.Table, source: str) -> None:
    """Make the answers of ``source`` these rows (without an index they are simply rewritten)."""
    execute(connection, "DELETE FROM answers WHERE source = $1", [source])
    if len(rows):
        append(connection, "answers", rows)
    gather_statistics(connection, "answers")


def staged_answers(connection: Connection, source: str) -> pa.Table:
    """Long answers as they stand in the file, in the order of the table."""
    return fetch_arrow(
        connection,
        "SELECT project, wave, response, item, score, CAST($1 AS text) AS source "
        f"FROM {INCOMING} ORDER BY project, wave, response, item",
        [source],
    )


def check_other_answers(
    connection: Connection, source: str, fields: Dictionary[str, Field], findings: Findings
) -> None:
    """Answers and comments to the same sheets and items that another file has brought."""
    for table in ("answers", "comments"):
        found = fetch(
            connection,
            f"SELECT i.place, t.item, t.source FROM {INCOMING} i JOIN {table} t "
            f"ON {_same(['project', 'wave', 'response'])} WHERE t.source <> $1 "
            # a sheet of another file is one problem, not one per item
            "AND NOT EXISTS (SELECT 1 FROM responses r WHERE r.project = i.project "
            "AND r.wave = i.wave AND r.response = i.response AND r.source <> $1) "
            "ORDER BY i.place",
            [source],
        )
        for (item, other), rows in found.groupby(["item", "source"]):
            field = fields.get(str(item))
            if field is None:
                continue
            places = rows["place"].to_numpy(np.int64)
            filled = (field.text.notna() | field.declared).to_numpy(bool)[places]
            findings.add_cells(
                field,
                places[filled],
                f"an answer of this sheet to this item came already with {other}",
                "Leave it out here, or import that file again without it.",
            )


def check_shared_source(
    connection: Connection, table: str, source: str, findings: Findings
) -> None:
    """A source name stands for answers of one file only: wide sheets or long rows, not both."""
    others = {
        "responses": ("answers", "comments"),
        "answers": ("responses",),
        "comments": ("responses",),
    }.get(table, ())
    for other in others:
        if len(
            fetch(connection, f"SELECT 1 AS one FROM {other} WHERE source = $1 LIMIT 1", [source])
        ):
            imported = fetch(
                connection,
                "SELECT 1 AS one FROM imports WHERE table_name = $1 AND source = $2 LIMIT 1",
                [other, source],
            )
            if len(imported):
                findings.add(
                    f"{other} were imported under the same source name",
                    "Give this file another name with --source.",
                    value=source,
                )


def pairs_of(connection: Connection, table: str, source: str) -> set[tuple[str, str]]:
    """The (project, wave) pairs that have rows of ``source`` in a table."""
    found = fetch(
        connection, f"SELECT DISTINCT project, wave FROM {table} WHERE source = $1", [source]
    )
    return set(zip(found["project"], found["wave"], strict=True))


def _same(columns: Sequence[str]) -> str:
    return " AND ".join(f"t.{column} = i.{column}" for column in columns)
