"""Answers counted by stratum and score: what trend and peers read instead of every answer."""

from __future__ import annotations

import math
from collections.abc import Iterable

from satisfaction.data.connection import Connection, fetch, is_server, run_script
from satisfaction.data.renewal import renew_counts

_RENEW = """
INSERT INTO tallies (
    project, wave, item, stratum, stratum_population, stratum_responses, score, answers
)
WITH pairs AS (SELECT DISTINCT project, wave FROM responses WHERE {chosen}),
sampled AS (SELECT DISTINCT project, wave FROM samples),
counted AS (
    SELECT r.project, r.wave, r.response,
           COALESCE(s.stratum, 'all') AS stratum, s.stratum_population
    FROM responses r
    JOIN pairs p ON p.project = r.project AND p.wave = r.wave
    LEFT JOIN sampled d ON d.project = r.project AND d.wave = r.wave
    LEFT JOIN samples s
        ON s.project = r.project AND s.wave = r.wave AND s.household = r.household
    WHERE d.project IS NULL OR s.household IS NOT NULL
),
strata AS (
    SELECT project, wave, stratum, max(stratum_population) AS stratum_population,
           count(*) AS stratum_responses
    FROM counted GROUP BY project, wave, stratum
)
SELECT a.project, a.wave, a.item, c.stratum, t.stratum_population, t.stratum_responses,
       a.score, count(*)
FROM answers a
JOIN counted c ON c.project = a.project AND c.wave = a.wave AND c.response = a.response
JOIN strata t ON t.project = c.project AND t.wave = c.wave AND t.stratum = c.stratum
GROUP BY a.project, a.wave, a.item, c.stratum, t.stratum_population, t.stratum_responses, a.score
ORDER BY a.item, a.wave, a.project, c.stratum, a.score
"""  # one item of all projects of a wave is what a report reads of its peers


_SORT = """
CREATE TEMP TABLE sorted_tallies AS
    SELECT * FROM tallies ORDER BY item, wave, project, stratum, score;
DELETE FROM tallies;
INSERT INTO tallies SELECT * FROM sorted_tallies;
DROP TABLE sorted_tallies;
"""

UNSORTED_ROWS = 250_000  # of a file: a scan of so few costs nothing
GROWTH = 1.25  # from one sorting of a file to the next


def renew_tallies(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Count the answers of these (project, wave) pairs anew.

    Where a sample was drawn, only answers of its households count; without one all do, in a single
    stratum of unknown size. A server finds rows by its indexes; a file that grew by many small
    imports is sorted now and then, so that a report need not read through all of it.
    """
    if is_server(connection):
        renew_counts(connection, "tallies", _RENEW, pairs)
        return
    before = _size(connection)
    renew_counts(connection, "tallies", _RENEW, pairs)
    if _size(connection) > before:
        run_script(connection, _SORT)


def _size(connection: Connection) -> int:
    """How often the table has grown by ``GROWTH`` beyond what needs no sorting."""
    rows = int(fetch(connection, "SELECT count(*) AS n FROM tallies")["n"].iloc[0])
    return math.floor(math.log(max(rows / UNSORTED_ROWS, 1), GROWTH))
