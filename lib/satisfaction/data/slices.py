"""Reading one study out of the database: only the rows of this project, and counts of its peers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from satisfaction.config.settings import Settings
from satisfaction.data.connection import Connection, as_frame, fetch, fetch_arrow
from satisfaction.data.database import Location, reader
from satisfaction.data.tallies import unfolded
from satisfaction.problems import DataProblem, Problem

VISITS_BEFORE = pd.Timedelta(days=92)  # the opening: no check of the answers looks back farther

_WAVES = """
    SELECT w.*, r.wave IS NOT NULL AS answered FROM waves w
    LEFT JOIN (SELECT DISTINCT wave FROM responses WHERE project = $1) r ON r.wave = w.wave
    WHERE w.wave = $2 OR r.wave IS NOT NULL ORDER BY w.opened_on, w.wave"""

_TALLIES = "SELECT t.project, t.wave, t.item, t.responses, t.counts FROM tallies t"

_OF_PROJECT = {
    "households": "SELECT * FROM households WHERE project = $1 ORDER BY household",
    "flags": "SELECT * FROM household_flags WHERE project = $1 ORDER BY household, flag, set_at",
    "samples": "SELECT s.*, w.kind FROM samples s JOIN waves w ON w.wave = s.wave "
    "WHERE s.project = $1 ORDER BY s.wave, s.stratum, s.draw_order, s.household",
    "frames": "SELECT * FROM frames WHERE project = $1 ORDER BY drawn_at, wave",
}

_OF_WAVES = {
    "responses": "SELECT * FROM responses WHERE project = $1 AND wave IN ($2, $3) "
    "ORDER BY wave, response",
    "answers": "SELECT wave, response, item, score FROM answers WHERE project = $1 "
    "AND wave IN ($2, $3) ORDER BY wave, response, item",
}

_OWN_TALLIES = f"""
    {_TALLIES} WHERE t.project = $1 AND t.item IN ({{items}})
    ORDER BY t.wave, t.item"""

_PEER_TALLIES = f"""
    {_TALLIES} JOIN projects p ON p.project = t.project
    WHERE p.property_type = $1 AND (t.wave = $2 AND t.item = $3 OR t.wave = $4 AND t.item = $5)"""

_KEYS = ["wave", "project", "item"]  # of peers

_PEER_FRAMES = """
    SELECT f.project, f.wave, f.eligible, f.blacklisted
    FROM frames f JOIN projects p ON p.project = f.project
    WHERE p.property_type = $1 AND f.wave IN ($2, $3)"""

_VISITS = """
    SELECT household, visited_at FROM visits WHERE project = $1
    AND (visited_at BETWEEN CAST($2 AS timestamp) AND CAST($3 AS timestamp)
    OR visited_at BETWEEN CAST($4 AS timestamp) AND CAST($5 AS timestamp))
    ORDER BY household, visited_at"""

_ELSEWHERE = ["wave", "kind", "household", "stratum", "draw_order", "invited", "seed", "drawn_at"]


@dataclass(frozen=True)
class Slice:
    """All rows of one project in one wave, and the counts of its earlier waves and its peers.

    Tallies are of overall items only: those of the peers in this wave (as they are stored), all of
    its own (unfolded).

    earlier      the same of the wave before, read together with this one; None where there is
                 none, and in an earlier slice itself
    fingerprint  SHA-256 over every value that was read, for both: the same data, the same 16 digits
    """

    project: pd.Series
    wave: pd.Series
    waves: pd.DataFrame
    monthly_waves: pd.DataFrame
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
    fingerprint: str
    earlier: Slice | None = None

    @property
    def earlier_wave(self) -> str | None:
        """The last earlier wave of the same kind with answers of this project, or None."""
        found = _before(self.waves, self.wave)
        return None if found is None else str(found["wave"])


def read_slice(location: Location, project: str, wave: str, settings: Settings) -> Slice:
    """The slice of ``project`` in ``wave``, and that of the wave before.

    DataProblem for a name that the database lacks.
    """
    with reader(location) as connection:
        read = _Reading(connection)
        owned = read.rows("SELECT * FROM projects WHERE project = $1", project)
        if not len(owned):
            raise _unknown(connection, location, "projects", "project", project)
        waves = read.rows(_WAVES, project, wave)
        if wave not in set(waves["wave"]):
            raise _unknown(connection, location, "waves", "wave", wave)
        answered = waves.pop("answered").astype(bool)
        this = waves[waves["wave"] == wave].iloc[0]
        waves = waves[answered]
        before = _before(waves[waves["kind"] == this["kind"]], this)
        chosen = [this] if before is None else [this, before]
        tables = _tables(read, owned.iloc[0], chosen, settings)
    parts = [_slice(tables, owned.iloc[0], row, waves, read.fingerprint) for row in chosen]
    return replace(parts[0], earlier=parts[1] if len(parts) > 1 else None)


def _tables(
    read: _Reading, project: pd.Series, chosen: list[pd.Series], settings: Settings
) -> dict[str, pd.DataFrame]:
    """All tables of a slice, for one wave or two."""
    own, of_type = str(project["project"]), str(project["property_type"])
    first, last = chosen[0], chosen[-1]
    pair = (str(first["wave"]), str(last["wave"]))
    tables = {name: read.rows(sql, own) for name, sql in _OF_PROJECT.items()}
    tables |= {name: read.rows(sql, own, *pair) for name, sql in _OF_WAVES.items()}
    tables["peer_frames"] = read.coded(_PEER_FRAMES, of_type, *pair)
    known = settings.overall_items
    places = ", ".join(f"${place}" for place in range(2, len(known) + 2)) or "NULL"
    tables["tallies"] = unfolded(read.rows(_OWN_TALLIES.format(items=places), own, *known))
    asked = [
        (str(row["wave"]), settings.overall_item(str(row["wave"]), str(row["questionnaire"])))
        for row in (first, last)
    ]
    tables["peer_tallies"] = read.coded(
        _PEER_TALLIES, of_type, *(text or "" for pair in asked for text in pair)
    )
    spans = [_visiting(row, tables["responses"]) for row in (first, last)]
    texts = [moment.isoformat() for span in spans for moment in span]
    tables["visits"] = read.rows(_VISITS, own, *texts)
    return tables


class _Reading:
    """Queries on one connection, and the fingerprint of all that they returned."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.digest = hashlib.sha256()

    def rows(self, sql: str, *parameters: str) -> pd.DataFrame:
        """Rows as ``fetch`` returns them."""
        return self._kept(self._fetched(sql, parameters))

    def coded(self, sql: str, *parameters: str) -> pd.DataFrame:
        """Rows of thousands of peers in the order of their keys, these as categories."""
        return self._kept(_in_order(_coded(self._fetched(sql, parameters))))

    def _fetched(self, sql: str, parameters: tuple[str, ...]) -> pa.Table:
        # PostgreSQL refuses a NUL in a text, and no name has one
        given = [text.replace("\0", "\ufffd") for text in parameters]
        found = fetch_arrow(self.connection, sql, given)
        return found.select([name for name in found.column_names if name != "source"])

    def _kept(self, found: pa.Table) -> pd.DataFrame:
        self.digest.update(",".join(found.column_names).encode())
        for column in found.columns:
            self.digest.update(_bytes(column))
        return as_frame(found)

    @property
    def fingerprint(self) -> str:
        return self.digest.hexdigest()[:16]


def _coded(rows: pa.Table) -> pa.Table:
    """Keys as numbers of sorted words."""
    for place, name in enumerate(rows.column_names):
        if name in _KEYS:
            found = rows[name].combine_chunks().dictionary_encode()
            order = pc.sort_indices(found.dictionary)
            ranks = pc.take(pc.sort_indices(order), found.indices).cast(pa.int32())
            coded = pa.DictionaryArray.from_arrays(ranks, found.dictionary.take(order))
            rows = rows.set_column(place, name, coded)
    return rows


def _in_order(rows: pa.Table) -> pa.Table:
    """Rows sorted by their keys: quicker than a database sorts texts."""
    place = np.zeros(len(rows), dtype=np.int64)
    for name in _KEYS:
        if name in rows.column_names:
            codes = rows[name].combine_chunks().indices.to_numpy().astype(np.int64)
            place = place * (codes.max(initial=0) + 1) + codes
    return rows if (np.diff(place) > 0).all() else rows.take(np.argsort(place, kind="stable"))


def _bytes(column: pa.ChunkedArray) -> bytes:
    """All values of a column; the same whatever database and width of numbers they came in."""
    if pa.types.is_temporal(column.type):
        return column.cast(pa.timestamp("us")).to_numpy().tobytes()
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.cast(pa.float64()).to_numpy().tobytes()
    column = column.combine_chunks()
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    words = "\0".join(coded.dictionary.to_pylist())
    return words.encode() + coded.indices.to_numpy(zero_copy_only=False).tobytes()


def _slice(
    tables: dict[str, pd.DataFrame],
    project: pd.Series,
    wave: pd.Series,
    waves: pd.DataFrame,
    fingerprint: str,
) -> Slice:
    samples, visits = tables["samples"], tables["visits"]
    other = samples.loc[samples["wave"] != wave["wave"], _ELSEWHERE]
    here = {
        name: _of_wave(tables[name], str(wave["wave"]))
        for name in ("samples", "responses", "answers", "peer_tallies", "peer_frames")
    }
    since, until = _visiting(wave, here["responses"])
    return Slice(
        project=project,
        wave=wave,
        waves=_numbered(waves[waves["kind"] == wave["kind"]]),
        monthly_waves=_numbered(waves[waves["kind"] == "monthly"]),
        households=tables["households"],
        flags=tables["flags"],
        samples=here["samples"].drop(columns="kind"),
        other_samples=other.sort_values("drawn_at", kind="stable", ignore_index=True),
        responses=here["responses"],
        answers=here["answers"].drop(columns="wave"),
        own_tallies=tables["tallies"],
        peer_tallies=here["peer_tallies"],
        visits=_numbered(visits[visits["visited_at"].between(since, until)]),
        own_frames=tables["frames"],
        peer_frames=here["peer_frames"],
        fingerprint=fingerprint,
    )


def _of_wave(rows: pd.DataFrame, wave: str) -> pd.DataFrame:
    """Rows of one wave out of a table sorted by wave."""
    places = np.flatnonzero(rows["wave"] == wave)
    return _numbered(rows.iloc[places[0] : places[-1] + 1] if len(places) else rows.iloc[:0])


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.reset_index(drop=True)


def _before(waves: pd.DataFrame, wave: pd.Series) -> pd.Series | None:
    """The last of these waves that opened before this one; special waves have none."""
    earlier = waves[waves["opened_on"] < wave["opened_on"]]
    return None if wave["kind"] == "special" or not len(earlier) else earlier.iloc[-1]


def _visiting(wave: pd.Series, responses: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    """From when to when visits matter to a wave's answers; an empty span without answers."""
    since = wave["opened_on"] - VISITS_BEFORE
    last = responses.loc[responses["wave"] == wave["wave"], "answered_at"].max()
    return since, since - pd.Timedelta(days=1) if pd.isna(last) else last


def _unknown(
    connection: Connection, location: Location, table: str, column: str, name: str
) -> DataProblem:
    """A problem that suggests what may be meant."""
    known = fetch(connection, f"SELECT {column} FROM {table} ORDER BY {column}")[column].tolist()
    close = get_close_matches(name, known, n=3, cutoff=0.4) or known[:5]
    hint = f"Did you mean {', '.join(close)}?" if close else f"Import {table} first."
    return DataProblem(
        Problem(location.name, f"unknown {column}", hint, column=column, value=str(name)[:80])
    )
