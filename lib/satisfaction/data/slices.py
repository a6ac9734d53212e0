"""Reading one study out of the database: only the rows of this project, and counts of its peers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from satisfaction.data.database import Connection, fetch, reader
from satisfaction.problems import DataProblem, Problem

_TALLIES = """
    t.project, t.wave, t.item, t.stratum, t.stratum_population, t.score,
    t.answers AS n, t.stratum_responses AS responses"""

_FRAMES = "f.project, f.wave, f.drawn_at, f.eligible, f.blacklisted, f.drawn, f.drawn_blacklisted"


@dataclass(frozen=True)
class Slice:
    """All rows of one project in one wave, and the counts of its earlier waves and its peers."""

    project: pd.Series
    wave: pd.Series
    waves: pd.DataFrame
    monthly_waves: pd.DataFrame
    answered: pd.DataFrame
    households: pd.DataFrame
    flags: pd.DataFrame
    samples: pd.DataFrame
    other_samples: pd.DataFrame
    responses: pd.DataFrame
    answers: pd.DataFrame
    own_tallies: pd.DataFrame
    peer_tallies: pd.DataFrame
    visits: pd.DataFrame
    own_frames: pd.DataFrame
    peer_frames: pd.DataFrame

    @property
    def fingerprint(self) -> str:
        """SHA-256 over every value that was read, 16 hex digits: the same data, the same text."""
        digest = hashlib.sha256()
        for part in vars(self).values():
            table = part.to_frame().T.astype(str) if isinstance(part, pd.Series) else part
            digest.update(",".join(table.columns).encode())
            digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
        return digest.hexdigest()[:16]


def read_slice(path: Path, project: str, wave: str) -> Slice:
    """The slice of ``project`` in ``wave``; DataProblem for a name that the database lacks."""
    with reader(path) as connection:
        own = _named(connection, path, "projects", "project", project)
        this = _named(connection, path, "waves", "wave", wave)
        key = (project, wave)
        return Slice(
            project=own,
            wave=this,
            waves=_rows(
                connection,
                "SELECT w.* FROM waves w WHERE w.wave IN "
                "(SELECT r.wave FROM responses r WHERE r.project = $1) "
                "AND w.kind = $2 ORDER BY w.opened_on, w.wave",
                (project, this["kind"]),
            ),
            monthly_waves=_rows(
                connection,
                "SELECT w.* FROM waves w WHERE w.wave IN "
                "(SELECT r.wave FROM responses r WHERE r.project = $1) "
                "AND w.kind = 'monthly' ORDER BY w.opened_on, w.wave",
                (project,),
            ),
            answered=_rows(
                connection,
                "SELECT DISTINCT r.wave, r.household FROM responses r JOIN waves w "
                "ON w.wave = r.wave WHERE r.project = $1 AND w.kind = $2 "
                "AND r.household IS NOT NULL ORDER BY r.wave, r.household",
                (project, this["kind"]),
            ),
            households=_rows(
                connection,
                "SELECT * FROM households WHERE project = $1 ORDER BY household",
                (project,),
            ),
            flags=_rows(
                connection,
                "SELECT * FROM household_flags WHERE project = $1 ORDER BY household, flag, set_at",
                (project,),
            ),
            samples=_rows(
                connection,
                "SELECT * FROM samples WHERE project = $1 AND wave = $2 "
                "ORDER BY stratum, draw_order, household",
                key,
            ),
            other_samples=_rows(
                connection,
                "SELECT s.wave, w.kind, s.household, s.stratum, s.draw_order, s.invited, s.seed, "
                "s.drawn_at FROM samples s JOIN waves w ON w.wave = s.wave "
                "WHERE s.project = $1 AND s.wave <> $2 "
                "ORDER BY s.drawn_at, s.wave, s.stratum, s.draw_order, s.household",
                key,
            ),
            responses=_rows(
                connection,
                "SELECT * FROM responses WHERE project = $1 AND wave = $2 ORDER BY response",
                key,
            ),
            answers=_rows(
                connection,
                "SELECT response, item, score FROM answers WHERE project = $1 AND wave = $2 "
                "ORDER BY response, item",
                key,
            ),
            own_tallies=_rows(
                connection,
                f"SELECT {_TALLIES} FROM tallies t WHERE t.project = $1 "
                "ORDER BY t.wave, t.item, t.stratum, t.score",
                (project,),
            ),
            peer_tallies=_rows(
                connection,
                f"SELECT {_TALLIES} FROM tallies t JOIN projects p ON p.project = t.project "
                "WHERE t.wave = $1 AND p.property_type = $2 "
                "ORDER BY t.project, t.item, t.stratum, t.score",
                (wave, own["property_type"]),
            ),
            visits=_rows(
                connection,
                "SELECT v.household, v.visited_at FROM visits v WHERE v.project = $1 "
                "AND v.visited_at >= CAST($3 AS date) - INTERVAL 92 DAY AND v.visited_at <= "
                "(SELECT max(r.answered_at) FROM responses r "
                "WHERE r.project = $1 AND r.wave = $2) ORDER BY v.household, v.visited_at",
                (*key, this["opened_on"].date().isoformat()),
            ),
            own_frames=_rows(
                connection,
                f"SELECT {_FRAMES} FROM frames f WHERE f.project = $1 ORDER BY f.drawn_at, f.wave",
                (project,),
            ),
            peer_frames=_rows(
                connection,
                f"SELECT {_FRAMES} FROM frames f JOIN projects p ON p.project = f.project "
                "WHERE f.wave = $1 AND p.property_type = $2 ORDER BY f.project",
                (wave, own["property_type"]),
            ),
        )


def _rows(connection: Connection, sql: str, parameters: Iterable[object]) -> pd.DataFrame:
    return fetch(connection, sql, tuple(parameters)).drop(columns="source", errors="ignore")


def _named(connection: Connection, path: Path, table: str, column: str, name: str) -> pd.Series:
    """The one row of ``table`` with this id, or a problem that suggests what may be meant."""
    found = _rows(connection, f"SELECT * FROM {table} WHERE {column} = $1", (name,))
    if len(found):
        return found.iloc[0]
    known = fetch(connection, f"SELECT {column} FROM {table} ORDER BY {column}")[column].tolist()
    close = get_close_matches(name, known, n=3, cutoff=0.4) or known[:5]
    hint = f"Did you mean {', '.join(close)}?" if close else f"Import {table} first."
    raise DataProblem(
        Problem(path.name, f"unknown {column}", hint, column=column, value=str(name)[:80])
    )
