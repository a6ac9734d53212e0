"""From a raw file to the database: everything of it or nothing, and every problem at once.

Importing the same file again changes nothing; a corrected file under the same source name replaces
the rows that came from it and no others.
"""

from __future__ import annotations

import getpass
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from satisfaction.config.questionnaire import Questionnaire
from satisfaction.config.settings import load_settings
from satisfaction.data import items, storing
from satisfaction.data.checking import (
    Content,
    IncomingFile,
    check_content,
    check_stored,
    questionnaires_in,
)
from satisfaction.data.database import (
    Connection,
    Location,
    database_of,
    execute,
    exists,
    fetch,
    writer,
)
from satisfaction.data.findings import Findings
from satisfaction.data.frames import frames_of, renew_frames
from satisfaction.data.mapping import Columns, load_mapping, table_headings
from satisfaction.data.reading import read_sheet
from satisfaction.data.tables import IMPORTABLE, TABLES
from satisfaction.data.tallies import renew_tallies
from satisfaction.problems import DataProblem, Problem

TALLIED = ("responses", "answers", "samples")
SOURCE_LENGTH = 300


@dataclass(frozen=True)
class ImportReport:
    """What an import did; ``rows`` counts what was written, by table."""

    table: str
    source: str
    rows: dict[str, int]
    state: Literal["imported", "unchanged", "replaced"]
    seconds: float


def import_file(
    table: str,
    path: Path,
    *,
    home: Path,
    database: Location | None = None,
    mapping: Path | None = None,
    source: str | None = None,
    recorder: str | None = None,
) -> ImportReport:
    """Import one raw file into ``table``; DataProblem lists everything wrong with it.

    source     name under which the rows are kept; default: the path inside ``data/raw``
    recorder   who imports (S2-8); default: the account's name
    """
    began = time.perf_counter()
    file = _open(table, path, home, mapping, source)
    main = database or database_of(home)
    personal = file.model.metadata["personal"]
    with _guarded(file), writer(main) as connection:
        asked, which = questionnaires_in(connection, file)
        rules = _rules_fingerprint(file, asked)
        if _is_unchanged(connection, file, rules) and (not personal or exists(main, personal=True)):
            file.findings.raise_if_any()
            return ImportReport(table, file.source, {}, "unchanged", time.perf_counter() - began)
        content = check_content(connection, file, asked, which)
        if personal:
            with writer(main, personal=True) as other:
                storing.stage(other, file.model, content.frame, storing.INCOMING)
                check_stored(other, file)
                file.findings.raise_if_any()
                replaced = _has_rows(other, file)
                rows = _write(other, file, content)
        else:
            check_stored(connection, file)
            file.findings.raise_if_any()
            replaced = _has_rows(connection, file)
            rows = _write(connection, file, content)
        now = datetime.now(UTC).replace(tzinfo=None)
        used = (file.mapping_name, rules)
        who = recorder or _account()
        _record(connection, table, file.source, file.fingerprint, file.length, who, now, used)
    state: Literal["replaced", "imported"] = "replaced" if replaced else "imported"
    return ImportReport(table, file.source, rows, state, time.perf_counter() - began)


@contextmanager
def _guarded(file: IncomingFile) -> Iterator[None]:
    """Whatever the database still refuses is told as a problem of the file."""
    from adbc_driver_manager import Error

    try:
        yield
    except Error as error:
        hidden = file.findings.hidden
        reason = "" if hidden else f": {str(error).splitlines()[0][:300]}"
        raise DataProblem(
            Problem(
                file.findings.file,
                f"the database refused the rows{reason}",
                "Nothing was changed. Check free space and rights; then report it.",
            )
        ) from None


def _open(
    table: str, path: Path, home: Path, mapping: Path | None, source: str | None
) -> IncomingFile:
    if table not in IMPORTABLE:
        raise DataProblem(
            Problem(
                path.name,
                f"there is no table {table!r} to import",
                f"Tables: {', '.join(IMPORTABLE)}.",
            )
        )
    rules = load_mapping(mapping, table)
    sheet = read_sheet(path, rules.sheet, rules.encoding)
    model = TABLES[table]
    name = source or _source(path, home)
    if len(name) > SOURCE_LENGTH:
        raise DataProblem(
            Problem(
                path.name, "the name of the file is too long", "Give a short one with --source."
            )
        )
    findings = Findings(path.name, sheet.rows, hidden=model.metadata["personal"])
    columns = Columns(sheet, rules, findings)
    columns.take(table_headings(model))
    columns.add_constants(model.columns)
    return IncomingFile(
        model,
        name,
        hashlib.sha256(path.read_bytes()).hexdigest()[:32],
        rules,
        None if mapping is None else mapping.name,
        sheet,
        columns,
        load_settings(home / "params"),
        home / "params",
        findings,
    )


def _source(path: Path, home: Path) -> str:
    raw = (home / "data" / "raw").resolve()
    full = path.resolve()
    return full.relative_to(raw).as_posix() if full.is_relative_to(raw) else path.name


def _rules_fingerprint(file: IncomingFile, asked: dict[int, Questionnaire]) -> str:
    """Hash of all that decides how the file is read: mapping, questionnaires, customer groups."""
    parts = [file.mapping.fingerprint, *(one.model_dump_json() for one in asked.values())]
    if "customer_group" in file.model.columns:
        parts.append(repr(file.settings.policy.customer_groups))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _is_unchanged(connection: Connection, file: IncomingFile, rules: str) -> bool:
    last = fetch(
        connection,
        "SELECT fingerprint, mapping_fingerprint FROM imports "
        "WHERE table_name = $1 AND source = $2 ORDER BY imported_at DESC LIMIT 1",
        [file.model.name, file.source],
    )
    return len(last) == 1 and tuple(last.iloc[0]) == (file.fingerprint, rules)


def _has_rows(connection: Connection, file: IncomingFile) -> bool:
    found = fetch(
        connection,
        f"SELECT 1 AS one FROM {file.model.name} WHERE source = $1 LIMIT 1",
        [file.source],
    )
    return len(found) > 0


def _write(connection: Connection, file: IncomingFile, content: Content) -> dict[str, int]:
    table, source = file.model.name, file.source
    rows = {table: file.length}
    touched = storing.pairs_of(connection, table, source) if table in TALLIED else set()
    framed = frames_of(connection, table, source)
    if table == "answers":
        storing.replace_answers(connection, storing.staged_answers(connection, source), source)
    else:
        storing.replace_rows(connection, table, storing.INCOMING, source)
    if content.scores is not None and content.comments is not None:
        keys = content.frame[["project", "wave", "response"]]
        answers = items.long_answers(keys, content.scores, source)
        storing.replace_answers(connection, answers, source)
        storing.stage(connection, TABLES["comments"], content.comments, "incoming_comments")
        storing.replace_rows(connection, "comments", "incoming_comments", source)
        rows |= {"answers": len(answers), "comments": len(content.comments)}
    if table in TALLIED:
        renew_tallies(connection, touched | storing.pairs_of(connection, table, source))
    renew_frames(connection, framed | frames_of(connection, table, source))
    return rows


def _record(
    connection: Connection,
    table: str,
    source: str,
    fingerprint: str,
    rows: int,
    recorder: str,
    now: datetime,
    mapping: tuple[str | None, str | None] = (None, None),
) -> None:
    event = f"{table}\n{source}\n{fingerprint}\n{now.isoformat()}"
    name = hashlib.sha256(event.encode()).hexdigest()[:32]
    execute(
        connection,
        "INSERT INTO imports (import_id, table_name, source, fingerprint, mapping, "
        "mapping_fingerprint, rows, imported_at, imported_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS timestamp), $9)",
        [name, table, source, fingerprint, *mapping, rows, now.isoformat(" "), recorder],
    )


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "unknown"
