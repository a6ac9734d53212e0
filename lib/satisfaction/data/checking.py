"""One raw file against its table, its questionnaires and what the database already holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pandera
from numpy.typing import NDArray

from satisfaction.config.questionnaire import Questionnaire
from satisfaction.config.settings import Settings
from satisfaction.data import items, storing, validation
from satisfaction.data.database import Connection, fetch
from satisfaction.data.findings import Field, Findings
from satisfaction.data.mapping import Columns, Mapping
from satisfaction.data.reading import Sheet

SURVEY_TABLES = ("responses", "answers", "comments", "actions")  # their items need a questionnaire


@dataclass(frozen=True)
class IncomingFile:
    """A raw file on its way: where it comes from, its content, and what is wrong with it."""

    model: pandera.DataFrameSchema
    source: str
    fingerprint: str
    mapping: Mapping
    mapping_name: str | None
    sheet: Sheet
    columns: Columns
    settings: Settings
    params: Path
    findings: Findings

    @property
    def fields(self) -> dict[str, Field]:
        """The columns recognised so far, under our names."""
        return self.columns.fields

    @property
    def length(self) -> int:
        """Rows of the file."""
        return len(self.sheet.rows)


@dataclass(frozen=True)
class Content:
    """The checked content of a file: rows of its table, closed and open answers."""

    frame: pd.DataFrame
    scores: items.Scores | None
    comments: pd.DataFrame | None


def questionnaires_in(
    connection: Connection, file: IncomingFile
) -> tuple[dict[int, Questionnaire], NDArray[np.int64]]:
    """The questionnaires in use, numbered, and the number of each row (-1: none known)."""
    which = np.full(file.length, -1, dtype=np.int64)
    fields = file.fields
    if file.model.name not in SURVEY_TABLES or not {"project", "wave"} <= set(fields):
        return {}, which
    waves = fetch(connection, "SELECT wave, questionnaire FROM waves")
    projects = set(fetch(connection, "SELECT project FROM projects")["project"])
    keys = pd.DataFrame({"project": fields["project"].text, "wave": fields["wave"].text})
    grouped = keys.groupby(["project", "wave"], sort=True)
    groups = grouped.ngroup().to_numpy(np.int64)
    # only ids that the database knows may reach the file system
    pairs = {
        number: (str(project), str(wave))
        for number, (project, wave) in enumerate(grouped.size().index)
        if project in projects
    }
    known = dict(zip(waves["wave"], waves["questionnaire"], strict=True))
    found = items.questionnaires_of(pairs.values(), known, file.params, file.settings)
    used = sorted({questionnaire.key for questionnaire in found.values()})
    for number, (project, wave) in pairs.items():
        if (project, wave) not in found and wave in known:
            file.findings.add_cells(
                fields["wave"],
                groups == number,
                f"the questionnaire {known[wave]} of this wave has no file",
                "Put it into params/questionnaires.",
            )
    numbers = {
        number: used.index(found[pair].key) for number, pair in pairs.items() if pair in found
    }
    # rows without project or wave have the group -1 and so find the -1 at the end
    places = [numbers.get(number, -1) for number in range(grouped.ngroups)]
    which = np.array([*places, -1], dtype=np.int64)[groups]
    return {used.index(key): file.settings.questionnaires[key] for key in used}, which


def check_content(
    connection: Connection,
    file: IncomingFile,
    asked: dict[int, Questionnaire],
    which: NDArray[np.int64],
) -> Content:
    """Everything that can be checked inside the file and against the main database."""
    model, findings, fields = file.model, file.findings, file.fields
    table = model.name
    if table == "responses":
        # with an unknown wave the columns are still known: one problem, not one per item
        every = list(file.settings.questionnaires.values())
        chosen = list(asked.values()) if (which >= 0).all() else every
        file.columns.take(items.item_headings(chosen))
    file.columns.report_rest()
    scores = comments = None
    if table == "responses":
        scores = items.read_scores(fields, asked, which, findings)
        texts = items.read_comments(fields, asked, which, findings)
    elif table == "answers" and {"item", "score"} <= set(fields):
        fields["score"], fields["item"] = _long_scores(file, asked, which)
    elif table in ("comments", "actions") and "item" in fields:
        roles = ("open",) if table == "comments" else items.CLOSED
        ids = items.check_items(fields["item"].text, fields["item"], roles, asked, which, findings)
        fields["item"] = _with_text(fields["item"], ids)
    frame = validation.typed_frame(
        model, fields, file.length, file.settings, findings, is_excel=file.sheet.is_excel
    )
    validation.check_names(model, frame, fields, findings)
    validation.check_questionnaires(frame, fields, file.settings, findings)
    key = model.metadata["key"]
    validation.check_unique(frame, key, fields, findings, "the same key")
    if table == "responses":
        one = ["project", "wave", "household"]
        validation.check_unique(frame, one, fields, findings, "the same household in the same wave")
        comments = items.long_comments(frame[["project", "wave", "response"]], texts)
    frame["place"] = np.arange(file.length)
    # of personal data no more than the key leaves its own database
    seen = [*key, "place"] if findings.hidden else list(frame.columns)
    storing.stage(connection, model, frame[seen], storing.INCOMING)
    storing.check_references(connection, table, fields, findings)
    return Content(frame, scores, comments)


def _long_scores(
    file: IncomingFile, asked: dict[int, Questionnaire], which: NDArray[np.int64]
) -> tuple[Field, Field]:
    fields, findings = file.fields, file.findings
    item, score = fields["item"], fields["score"]
    ids = items.check_items(item.text, item, items.CLOSED, asked, which, findings)
    numbers = items.check_item_scores(ids, score, asked, which, findings)
    return _with_text(score, numbers.astype("str")), _with_text(item, ids)


def _with_text(field: Field, text: pd.Series) -> Field:
    return Field(field.name, field.heading, text, field.raw, field.declared, field.constant)


def check_stored(connection: Connection, file: IncomingFile) -> None:
    """Checks against the rows of other files, and of the earlier version of this one."""
    table, fields, findings = file.model.name, file.fields, file.findings
    key = file.model.metadata["key"]
    storing.check_other_sources(connection, table, key, file.source, fields, findings)
    if table == "responses":
        one = ["project", "wave", "household"]
        what = "an answer sheet of this household and wave"
        storing.check_other_sources(connection, table, one, file.source, fields, findings, what)
        storing.check_other_answers(connection, file.source, fields, findings)
    storing.check_shared_source(connection, table, file.source, findings)
    storing.check_twins(connection, table, file.source, fields, findings)
    storing.check_vanished(connection, table, file.source, findings)
