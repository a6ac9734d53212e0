"""Whether a project's data changed since its last report, asked of all projects in a few queries.

An edition is a hash over all rows that a study of the project reads, counted up by the database:
the same rows, in whatever order, give the same edition; nothing of a row can be read from it.
Editions of DuckDB and of PostgreSQL differ: after a move every report is made anew.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection

from satisfaction.data.database import Connection, Location, fetch, fetch_arrow, reader
from satisfaction.data.location import Server

# read by a study for its own project, all waves
OWN = ("projects", "households", "household_flags", "samples", "responses", "answers", "visits",
       "tallies", "frames")  # fmt: skip
PEERS = ("tallies", "frames")  # read by wave for the projects of the same type
_NAMED_AT_MOST = 500  # more projects are all read


def editions(location: Location, wave: str, projects: Collection[str]) -> dict[str, str]:
    """Project -> edition (16 hex digits) of all that a study in ``wave`` reads.

    The counts of peers belong to it: a report that ranks a project is out of date when one of
    them changes. Projects that the database lacks are missing.
    """
    with reader(location) as connection:
        hashed = _POSTGRESQL if isinstance(location, Server) else _DUCKDB
        found: dict[str, list[str]] = defaultdict(list)
        chosen, values = "", list(projects)
        if len(values) <= _NAMED_AT_MOST:
            marks = ", ".join(f"${place}" for place in range(1, len(values) + 1))
            chosen = f"WHERE t.project IN ({marks})"
        else:
            values = []
        for table in OWN:
            sql = (
                f"SELECT t.project, {_state(connection, table, hashed)} AS state FROM {table} t "
                f"{chosen} GROUP BY t.project"
            )
            rows = fetch(connection, sql, values)
            for project, state in zip(rows["project"], rows["state"], strict=True):
                found[str(project)].append(f"{table}:{state}")
        shared = _shared(connection, wave, hashed)
        types = fetch(connection, "SELECT project, property_type FROM projects")
        asked = set(projects)
        return {
            str(project): _digest([*found[str(project)], *shared[""], *shared[str(kind)]])
            for project, kind in zip(types["project"], types["property_type"], strict=True)
            if project in asked
        }


def _shared(connection: Connection, wave: str, hashed: str) -> dict[str, list[str]]:
    """States of what projects share: of all waves under "", of the peers by property type."""
    found: dict[str, list[str]] = defaultdict(list)
    until = "opened_on <= (SELECT opened_on FROM waves WHERE wave = $1)"
    sql = f"SELECT {_state(connection, 'waves', hashed)} AS state FROM waves t WHERE t.{until}"
    found[""] = [f"waves:{fetch(connection, sql, [wave])['state'].iloc[0]}"]
    for table in PEERS:
        rows = fetch(
            connection,
            f"SELECT p.property_type, {_state(connection, table, hashed)} AS state FROM {table} t "
            "JOIN projects p ON p.project = t.project "
            f"JOIN waves w ON w.wave = t.wave WHERE w.{until} GROUP BY p.property_type",
            [wave],
        )
        for kind, state in zip(rows["property_type"], rows["state"], strict=True):
            found[str(kind)].append(f"{table}:{state}")
    return found


_DUCKDB = "hash({columns})"
_POSTGRESQL = "hashtextextended(CAST(ROW({columns}) AS text), 0)"


def _state(connection: Connection, table: str, hashed: str) -> str:
    """SQL for the number of rows and the sum of their hashes, as text, whatever their order."""
    names = fetch_arrow(connection, f"SELECT * FROM {table} LIMIT 0").column_names
    columns = ", ".join(f"t.{name}" for name in names if name != "source")
    each = f"CAST({hashed.format(columns=columns)} AS numeric(38, 0))"
    return f"CAST(count(*) AS text) || '/' || CAST(sum({each}) AS text)"


def _digest(states: list[str]) -> str:
    return hashlib.sha256("\n".join(states).encode()).hexdigest()[:16]
