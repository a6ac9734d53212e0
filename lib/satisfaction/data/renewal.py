"""Counts that the import keeps: what was counted before for a project and wave is counted anew."""

from __future__ import annotations

from collections.abc import Iterable

from satisfaction.data.database import Connection, execute

PAIRS_A_STATEMENT = 500


def renew_counts(
    connection: Connection, table: str, statement: str, pairs: Iterable[tuple[str, str]]
) -> None:
    """Replace the rows of these (project, wave) pairs by what ``statement`` counts."""
    ordered = sorted(set(pairs))
    for start in range(0, len(ordered), PAIRS_A_STATEMENT):
        part = ordered[start : start + PAIRS_A_STATEMENT]
        chosen = " OR ".join(
            f"(project = ${2 * place + 1} AND wave = ${2 * place + 2})"
            for place in range(len(part))
        )
        values = [text for pair in part for text in pair]
        execute(connection, f"DELETE FROM {table} WHERE {chosen}", values)
        execute(connection, statement.format(chosen=chosen), values)
