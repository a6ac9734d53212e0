"""Collecting all problems of a file, and showing them to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from satisfaction.problems import DataProblem, Problem

LISTED = 1000
SHOWN = 20
HIDDEN = "(hidden)"
VALUE_LENGTH = 80


@dataclass(frozen=True)
class Field:
    """A column of a file: what it is called there, what stands there, and what it is to us.

    text      the cells after recoding
    raw       the cells as the file has them
    declared  cells that the mapping declares missing (``recode: {...: null}``)
    constant  not in the file: one value from the mapping for all rows
    """

    name: str
    heading: str
    text: pd.Series
    raw: pd.Series
    declared: pd.Series
    constant: bool = False


class Findings:
    """Everything that is wrong in one file; values of personal tables are never kept."""

    def __init__(self, file: str, rows: NDArray[np.int64], *, hidden: bool = False) -> None:
        self.file = file
        self.rows = rows
        self.hidden = hidden
        self.problems: list[Problem] = []
        self.count = 0
        self._wrong: dict[str, NDArray[np.bool_]] = {}  # heading -> cells with a problem

    def add(self, rule: str, remedy: str, *, column: str = "", value: str = "") -> None:
        """A problem of the whole file or of a column."""
        self.problems.append(
            Problem(self.file, rule, remedy, column=column, value=self._shown(value))
        )
        self.count += 1

    def add_cells(
        self,
        field: Field,
        places: NDArray[np.int64] | NDArray[np.bool_],
        rule: str | Sequence[str],
        remedy: str,
    ) -> None:
        """The same problem in many cells of a column (places from 0, or a mask).

        A cell has one problem, the first that is found; ``rule`` may hold one text per place.
        """
        where = np.flatnonzero(places) if places.dtype == bool else np.asarray(places)
        known = self._wrong.setdefault(field.heading, np.zeros(len(self.rows), dtype=bool))
        fresh = ~known[where]
        if not fresh.any():
            return
        rules = [rule] * len(where) if isinstance(rule, str) else rule
        rules = [one for one, new in zip(rules, fresh, strict=False) if new]
        where = where[fresh]
        known[where] = True
        if field.constant:
            self.add(rules[0], remedy, column=f"{field.heading} (mapping)", value=field.raw.iloc[0])
            return
        self.count += len(where)
        for place, one in zip(where[:LISTED].tolist(), rules, strict=False):
            raw = field.raw.iloc[place]
            self.problems.append(
                Problem(
                    self.file,
                    one,
                    remedy,
                    row=int(self.rows[place]),
                    column=field.heading,
                    value=self._shown("" if pd.isna(raw) else str(raw)),
                )
            )

    def raise_if_any(self) -> None:
        """Raise everything found so far, in the order of the rows."""
        if not self.count:
            return
        listed = sorted(self.problems, key=lambda one: (one.row or 0, one.column))[:LISTED]
        more = self.count - len(listed)
        if more > 0:
            listed.append(
                Problem(
                    self.file, f"{more} more problems are not listed", "Mend those above first."
                )
            )
        raise DataProblem(listed)

    def _shown(self, value: str) -> str:
        if not value:
            return ""
        return HIDDEN if self.hidden else value[:VALUE_LENGTH]


def write_problems_csv(problem: DataProblem, path: Path) -> None:
    """All problems as a CSV that Excel opens as text in the right encoding."""
    table = problem.table()
    for column in ("file", "column", "value", "rule", "remedy"):
        table[column] = [_harmless(cell) for cell in table[column]]
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, encoding="utf-8-sig")


def _harmless(cell: str) -> str:
    """No cell that Excel would take for a formula."""
    return "'" + cell if cell.startswith(tuple("=+-@\t\r＝＋－＠")) else cell


def problem_table(problem: DataProblem) -> Table:
    """The first problems for the terminal, and how many there are."""
    count = len(problem.problems)
    caption = f"{count - SHOWN} more in the problem list" if count > SHOWN else None
    table = Table(caption=caption, title=f"{count} problem{'s' if count != 1 else ''}")
    shown = problem.problems[:SHOWN]
    # a place that no problem names takes no room
    headings = [
        heading
        for heading in ("file", "row", "column", "value", "rule", "remedy")
        if any(getattr(one, heading) not in (None, "") for one in shown)
    ]
    for heading in headings:
        table.add_column(heading, overflow="fold", justify="right" if heading == "row" else "left")
    for one in shown:
        cells = (getattr(one, heading) for heading in headings)
        table.add_row(*(Text("" if cell is None else _printable(str(cell))) for cell in cells))
    return table


def _printable(text: str) -> str:
    """No control characters: a file must not steer the terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)
