"""Which reports there are and what they ask for: the folder of notebooks is the only register."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from satisfaction.i18n import LANGUAGES
from satisfaction.problems import DataProblem, Problem

LAST = 1_000_000
H1 = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


@dataclass(frozen=True)
class Report:
    """A notebook that is run for projects.

    id      the file stem
    titles  the H1 in each language: the reader's question
    order   place among the reports of a project
    whole   whether the file is a notebook; what is not fails, each time it is run
    """

    id: str
    path: Path
    titles: Mapping[str, str]
    order: float
    whole: bool = True

    def title(self, lang: str) -> str:
        """The title in ``lang``; the id where the notebook gives none."""
        return self.titles.get(lang, self.id)


def reports_in(folder: Path) -> list[Report]:
    """The reports of a folder by their order; a notebook without an order is none.

    A file that is no notebook counts as a report, the last one: nobody can tell whether it was.
    """
    found = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            notebook = read_notebook(path)
        except DataProblem:
            found.append(Report(path.stem, path.resolve(), {}, LAST, whole=False))
            continue
        order = notebook.get("metadata", {}).get("satisfaction", {}).get("order")
        if isinstance(order, int | float) and not isinstance(order, bool):
            found.append(Report(path.stem, path.resolve(), titles(notebook), order))
    return sorted(found, key=lambda report: (report.order, report.id))


def read_notebook(path: Path) -> dict[str, Any]:
    """The notebook's JSON, with every cell's source as one text."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
            cell.setdefault("metadata", {})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataProblem(
            Problem(path.name, "this is not a notebook", "Restore it from version control.")
        ) from error
    return dict(notebook)


def tags(cell: Mapping[str, Any]) -> list[str]:
    """The tags of a cell."""
    return list(cell["metadata"].get("tags", []))


def titles(notebook: Mapping[str, Any]) -> dict[str, str]:
    """The H1 of the first markdown cell tagged with each language."""
    found: dict[str, str] = {}
    for cell in notebook["cells"]:
        heading = H1.search(cell["source"]) if cell["cell_type"] == "markdown" else None
        if heading:
            for lang in LANGUAGES:
                if lang in tags(cell):
                    found.setdefault(lang, heading.group(1).strip())
    return found


def parameters(report: Report) -> dict[str, Any]:
    """Names and defaults of the notebook's parameters cell, as papermill reads them; slow."""
    from papermill import inspect_notebook  # slow to import; only a run needs it

    logging.getLogger("papermill").setLevel(logging.ERROR)
    declared = inspect_notebook(report.path)
    return {name: _value(found["default"]) for name, found in declared.items()}


def check_parameters(report: Report, given: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
    """Raise ``DataProblem`` for what the notebook does not declare or holds in another type.

    papermill escapes the values it writes into a notebook, but not the names.
    """
    known = ", ".join(declared) or "none"
    problems = []
    for name, value in given.items():
        if name not in declared:
            problems.append(
                Problem(
                    report.path.name,
                    f"the notebook declares no parameter {str(name)[:60]!r}",
                    f"Its parameters: {known}.",
                )
            )
        elif not _fits(value, declared[name]):
            expected = type(declared[name]).__name__
            problems.append(
                Problem(
                    report.path.name,
                    f"the parameter {name} must be of type {expected}, not {type(value).__name__}",
                    f"Its default is {declared[name]!r}.",
                    value=str(value)[:60],
                )
            )
    if problems:
        raise DataProblem(problems)


def _value(default: str) -> Any:
    try:
        return ast.literal_eval(default)
    except (ValueError, SyntaxError):
        return None  # the rules forbid anything but literals; here it only means: any type


def _fits(value: Any, default: Any) -> bool:
    if default is None:
        return isinstance(value, str | int | float | bool | None)
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))
