"""Answers counted by stratum and score: what trend and peers read instead of every answer."""

from __future__ import annotations

from collections.abc import Iterable

from satisfaction.data.database import Connection, execute

PAIRS_A_STATEMENT = 500

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
ORDER BY a.project, a.wave, a.item, c.stratum, a.score
"""


def renew_tallies(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Count the answers of these (project, wave) pairs anew.

    Where a sample was drawn, only answers of its households count; without one all do, in a single
    stratum of unknown size.
    """
    ordered = sorted(set(pairs))
    for start in range(0, len(ordered), PAIRS_A_STATEMENT):
        part = ordered[start : start + PAIRS_A_STATEMENT]
        chosen = " OR ".join(
            f"(project = ${2 * place + 1} AND wave = ${2 * place + 2})"
            for place in range(len(part))
        )
        values = [text for pair in part for text in pair]
        execute(connection, f"DELETE FROM tallies WHERE {chosen}", values)
        execute(connection, _RENEW.format(chosen=chosen), values)
