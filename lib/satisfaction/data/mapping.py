"""Mappings: how the columns and codes of somebody else's file become ours.

``params/imports/<name>.yaml`` says which file column is which of our columns or items
(``rename``), which of its codes mean which of ours (``recode``; ``null`` = missing, don't know),
what holds for the whole file (``constants``) and what is left out (``ignore``).
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable
from collections.abc import Mapping as Dictionary
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic import Field as Key

from satisfaction.config.strict_yaml import load_model
from satisfaction.data.findings import Field, Findings
from satisfaction.data.reading import Sheet, cell_text, column_letter
from satisfaction.problems import DataProblem, Problem

Scalar = str | int | float | bool


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"unknown encoding {name!r}") from None


class Mapping(BaseModel):
    """``params/imports/<name>.yaml``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    table: str
    sheet: str | None = None
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = None
    rename: dict[Scalar, str] = Key(default_factory=dict)
    recode: dict[str, dict[Scalar, Scalar | None]] = Key(default_factory=dict)
    constants: dict[str, Scalar] = Key(default_factory=dict)
    ignore: list[str] = Key(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Hash of the content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def renamed(self, heading: str) -> str:
        """Our name of a file column, its heading where the mapping does not name it."""
        return {cell_text(old): new for old, new in self.rename.items()}.get(heading, heading)

    def recoding(self, *names: str) -> dict[str, str | None]:
        """Raw value -> ours (None: missing) for a column known under these names."""
        found: dict[str, str | None] = {}
        for pattern, values in self.recode.items():
            if any(fnmatchcase(name, pattern) for name in names):
                found |= {
                    _code(old): None if new is None else _code(new) for old, new in values.items()
                }
        return found

    def ignores(self, heading: str) -> bool:
        """Whether the file column is left out on purpose."""
        return any(fnmatchcase(heading, pattern) for pattern in self.ignore)


def _code(value: Scalar) -> str:
    return (
        cell_text(float(value))
        if isinstance(value, int) and not isinstance(value, bool)
        else cell_text(value)
    )


def load_mapping(path: Path | None, table: str) -> Mapping:
    """The mapping of a file for ``table``; without a file one that changes nothing."""
    if path is None:
        return Mapping(table=table)
    mapping = load_model(path, Mapping)
    if mapping.table != table:
        raise DataProblem(
            Problem(
                str(path),
                f"the mapping is for the table {mapping.table}, not {table}",
                "Name the other mapping or the other table.",
                column="table",
                value=mapping.table,
            )
        )
    return mapping


class Columns:
    """The columns of a sheet under our names, found step by step: table first, then items."""

    def __init__(self, sheet: Sheet, mapping: Mapping, findings: Findings) -> None:
        self.fields: dict[str, Field] = {}
        self._sheet = sheet
        self._mapping = mapping
        self._findings = findings
        self._open = {
            place: heading
            for place, heading in enumerate(sheet.headings)
            if heading and not mapping.ignores(heading)
        }
        for place, heading in enumerate(sheet.headings):
            if not heading:
                findings.add(
                    "a column without a heading",
                    "Name it.",
                    column=f"column {column_letter(place)}",
                )

    def take(self, known: Dictionary[str, str]) -> None:
        """Claim every column whose (renamed) heading is in ``known``: heading -> our name."""
        for place, heading in list(self._open.items()):
            renamed = self._mapping.renamed(heading)
            name = known.get(renamed) or known.get(renamed.casefold())
            if name is None:
                continue
            del self._open[place]
            if name in self.fields:
                self._findings.add(
                    f"{name} stands twice: also in {self.fields[name].heading!r}",
                    "Keep one of the columns, or ignore one in a mapping.",
                    column=f"{heading} (column {column_letter(place)})",
                )
                continue
            self.fields[name] = self._field(name, heading, self._sheet.cells[place])

    def add_constants(self, allowed: Iterable[str]) -> None:
        """Columns that the mapping fixes for the whole file."""
        names = set(allowed)
        for name, value in self._mapping.constants.items():
            if name not in names:
                self._findings.add(
                    "the mapping fixes an unknown column", "Correct constants.", column=name
                )
            elif name in self.fields:
                self._findings.add(
                    "the mapping fixes a column that the file has",
                    "Remove it from constants, or ignore the column.",
                    column=name,
                )
            else:
                text = pd.Series([cell_text(value)], dtype="str")
                text = text.take(np.zeros(len(self._sheet.rows), dtype=np.intp))
                text = text.reset_index(drop=True)
                none = pd.Series(np.zeros(len(text), dtype=bool))
                self.fields[name] = Field(name, name, text, text, none, constant=True)

    def report_rest(self) -> None:
        """Every column that nobody claimed is a problem."""
        for place, heading in self._open.items():
            renamed = self._mapping.renamed(heading)
            also = f" (renamed to {renamed!r})" if renamed != heading else ""
            # a contacts file without its heading row has names where headings should be
            hidden = self._findings.hidden
            self._findings.add(
                "extra column: neither the table nor the questionnaire knows it" + also,
                "Correct the heading, or list it under ignore: in a mapping.",
                column=f"column {column_letter(place)}" if hidden else heading,
            )

    def _field(self, name: str, heading: str, raw: pd.Series) -> Field:
        recoding = self._mapping.recoding(heading, name)
        if not recoding:
            return Field(name, heading, raw, raw, pd.Series(np.zeros(len(raw), dtype=bool)))
        codes, distinct = pd.factorize(raw)
        new = [recoding.get(str(one), str(one)) for one in distinct]
        text = pd.Series(pd.array([*new, None], dtype="str").take(codes))
        gone = np.array([*(one is None for one in new), False], dtype=bool)[codes]
        return Field(name, heading, text, raw, pd.Series(gone))


def table_headings(model: pa.DataFrameSchema) -> dict[str, str]:
    """Every accepted heading of a table's columns, English or Chinese -> our name."""
    names = {name.casefold(): name for name in model.columns}
    return names | {column.metadata["zh"]: name for name, column in model.columns.items()}
