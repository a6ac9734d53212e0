"""Answers counted by stratum and score: what trend and peers read instead of every answer."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from satisfaction.data.connection import Connection, fetch, is_server, run_script
from satisfaction.data.renewal import renew_counts

_RENEW = """
INSERT INTO tallies (project, wave, item, responses, counts)
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
    SELECT project, wave, stratum, COALESCE(max(stratum_population), -1) AS population,
           count(*) AS responses
    FROM counted GROUP BY project, wave, stratum
),
scores AS (
    SELECT a.project, a.wave, a.item, c.stratum, COALESCE(a.score, -1) AS score,
           count(*) AS answers
    FROM answers a
    JOIN counted c ON c.project = a.project AND c.wave = a.wave AND c.response = a.response
    GROUP BY a.project, a.wave, a.item, c.stratum, a.score
),
lines AS (
    SELECT project, wave, item, stratum,
           string_agg(concat(score, ':', answers, ','), '' ORDER BY score) AS line
    FROM scores GROUP BY project, wave, item, stratum
)
SELECT l.project, l.wave, l.item, CAST(sum(s.responses) AS integer),
       string_agg(concat(s.population, '/', s.responses, '=', l.line), '' ORDER BY l.stratum)
FROM lines l
JOIN strata s ON s.project = l.project AND s.wave = l.wave AND s.stratum = l.stratum
GROUP BY l.project, l.wave, l.item
ORDER BY l.item, l.wave, l.project
"""  # one item of all projects of a wave is what a report reads of its peers


SORT = """
CREATE TEMP TABLE sorted_tallies AS
    SELECT * FROM tallies ORDER BY item, wave, project;
DELETE FROM tallies;
INSERT INTO tallies SELECT * FROM sorted_tallies;
DROP TABLE sorted_tallies;
"""

UNSORTED_ROWS = 50_000  # of a file: a scan of so few costs nothing
GROWTH = 1.25  # from one sorting of a file to the next


_ENDS = b"/=:,"  # what stands behind a number of ``counts`` tells what it counts
_SPACES = bytes.maketrans(_ENDS, b"    ")
_IS_END = np.isin(np.arange(256), list(_ENDS))


def unfolded(rows: pd.DataFrame) -> pd.DataFrame:
    """Tallies with one row a stratum and score, as ``estimates_from_tallies`` takes them.

    ``counts`` becomes ``stratum`` (its number), ``stratum_population`` and ``score`` (NaN:
    unknown), ``n`` and ``responses`` (of the stratum).
    """
    text = "\n".join(rows["counts"].tolist()).encode()
    characters = np.frombuffer(text, dtype=np.uint8)
    places = np.flatnonzero(_IS_END[characters])
    numbers = np.fromstring(text.translate(_SPACES), dtype=np.int64, sep=" ")
    ends = characters[places]
    found = {chr(end): np.flatnonzero(ends == end) for end in _ENDS}
    population, responses, score, answers = (numbers[at].astype(float) for at in found.values())
    cells = found[","]
    stratum = np.searchsorted(found["/"], cells) - 1
    row = np.searchsorted(np.flatnonzero(characters == ord("\n")), places[cells])
    return (
        rows.drop(columns=["responses", "counts"])
        .iloc[row]
        .reset_index(drop=True)
        .assign(
            stratum=stratum,
            stratum_population=np.where(population < 0, np.nan, population)[stratum],
            score=np.where(score < 0, np.nan, score),
            n=answers,
            responses=responses[stratum],
        )
    )


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
        run_script(connection, SORT)


def _size(connection: Connection) -> int:
    """How often the table has grown by ``GROWTH`` beyond what needs no sorting."""
    rows = int(fetch(connection, "SELECT count(*) AS n FROM tallies")["n"].iloc[0])
    return math.floor(math.log(max(rows / UNSORTED_ROWS, 1), GROWTH))
