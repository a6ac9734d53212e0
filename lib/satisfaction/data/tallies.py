"""Answers counted by stratum and score: what trend and peers read instead of every answer."""

from __future__ import annotations

from collections.abc import Iterable

from satisfaction.data.database import Connection
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


def renew_tallies(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Count the answers of these (project, wave) pairs anew.

    Where a sample was drawn, only answers of its households count; without one all do, in a single
    stratum of unknown size.
    """
    renew_counts(connection, "tallies", _RENEW, pairs)
