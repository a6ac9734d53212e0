"""Households counted at each draw: what the exclusion audit reads of other projects."""

from __future__ import annotations

from collections.abc import Iterable

from satisfaction.data import storing
from satisfaction.data.database import Connection, fetch
from satisfaction.data.renewal import renew_counts

# tables whose rows change who was eligible, flagged or drawn
SOURCES = ("households", "household_flags", "waves", "samples", "responses")

_RENEW = """
INSERT INTO frames (
    project, wave, drawn_at, eligible, blacklisted, drawn, drawn_blacklisted
)
WITH pairs AS (
    SELECT project, wave FROM samples WHERE {chosen}
    UNION
    SELECT project, wave FROM responses WHERE {chosen}
),
draws AS (
    SELECT p.project, p.wave,
           COALESCE(s.drawn_at, CAST(max(w.opened_on) AS timestamp)) AS drawn_at
    FROM pairs p
    JOIN waves w ON w.wave = p.wave
    LEFT JOIN (
        SELECT project, wave, min(drawn_at) AS drawn_at FROM samples WHERE {chosen}
        GROUP BY project, wave
    ) s ON s.project = p.project AND s.wave = p.wave
    GROUP BY p.project, p.wave, s.drawn_at
),
flagged AS (
    SELECT DISTINCT d.project, d.wave, f.household
    FROM draws d
    JOIN household_flags f ON f.project = d.project
    WHERE f.flag = 'blacklisted' AND f.set_at <= d.drawn_at
      AND (f.cleared_at IS NULL OR f.cleared_at > d.drawn_at)
)
SELECT d.project, d.wave, d.drawn_at, count(h.household), count(b.household),
       count(s.household), count(CASE WHEN s.household IS NOT NULL THEN b.household END)
FROM draws d
LEFT JOIN households h
    ON h.project = d.project AND h.occupancy <> 'not_moved_in' AND h.handed_over_on <= d.drawn_at
LEFT JOIN flagged b
    ON b.project = d.project AND b.wave = d.wave AND b.household = h.household
LEFT JOIN samples s
    ON s.project = d.project AND s.wave = d.wave AND s.household = h.household
GROUP BY d.project, d.wave, d.drawn_at
ORDER BY d.project, d.wave
"""
_SURVEYED = """
SELECT DISTINCT project, wave FROM (
    SELECT project, wave FROM samples UNION SELECT project, wave FROM responses
) surveyed WHERE {column} IN (SELECT {column} FROM {table} WHERE source = $1)
"""


def frames_of(connection: Connection, table: str, source: str) -> set[tuple[str, str]]:
    """The (project, wave) pairs whose frame the rows of ``source`` in a table can change."""
    if table not in SOURCES:
        return set()
    if table in ("samples", "responses"):
        return storing.pairs_of(connection, table, source)
    column = "wave" if table == "waves" else "project"
    found = fetch(connection, _SURVEYED.format(column=column, table=table), [source])
    return set(zip(found["project"], found["wave"], strict=True))


def renew_frames(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Count the households of these (project, wave) pairs anew, as they were at the draw.

    Where none was drawn, what held on the first day of the field work counts.
    """
    renew_counts(connection, "frames", _RENEW, pairs)
