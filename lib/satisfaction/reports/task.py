"""What is to be made: one report of one project and wave in one language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from satisfaction.i18n import LANGUAGES
from satisfaction.problems import DataProblem, Problem
from satisfaction.reports.notebooks import Report

FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
# Windows opens devices under these names, whatever the extension
DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{kind}{n}" for kind in ("com", "lpt") for n in range(10)
}


@dataclass(frozen=True)
class Task:
    """One report to run.

    parameters    beyond project, wave, lang and seed
    languages     all languages of this run; two of them link to each other
    project_name, wave_name, property_type, region
                  for the record of a report that fails before it can say them itself
    """

    project: str
    wave: str
    report: Report
    lang: str
    seed: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    project_name: Mapping[str, str] = field(default_factory=dict)
    wave_name: Mapping[str, str] = field(default_factory=dict)
    property_type: str = ""
    region: str = ""

    @property
    def given(self) -> dict[str, Any]:
        """All parameters that the notebook gets."""
        own = {"project": self.project, "wave": self.wave, "lang": self.lang, "seed": self.seed}
        return {**self.parameters, **own}

    @property
    def folder(self) -> Path:
        """Where its files lie, relative to the output folder."""
        return Path(self.wave) / self.project

    @property
    def stem(self) -> str:
        """Name of its files without extension."""
        return f"{self.report.id}.{self.lang}"

    def as_json(self) -> dict[str, Any]:
        """Plain values for a file."""
        plain = asdict(self)
        plain["report"]["path"] = str(self.report.path)
        return plain


def task_from_json(plain: Mapping[str, Any]) -> Task:
    """The task that ``as_json`` wrote."""
    report = Report(**{**plain["report"], "path": Path(plain["report"]["path"])})
    return Task(**{**plain, "report": report, "languages": tuple(plain["languages"])})


def check_tasks(tasks: Iterable[Task]) -> None:
    """Raise ``DataProblem`` for tasks whose files could not lie safely side by side."""
    problems = []
    taken: dict[str, Task] = {}
    for task in tasks:
        for kind, name in (("project", task.project), ("wave", task.wave)):
            if not FOLDER_NAME.fullmatch(name) or name.endswith(".") or _is_device(name):
                problems.append(
                    Problem(
                        "reports",
                        f"this {kind} id cannot name a folder",
                        "Ids are 1-63 letters, digits, _ . or -, and start with a letter or digit.",
                        value=name[:80],
                    )
                )
        if task.lang not in LANGUAGES:
            remedy = f"Languages: {', '.join(LANGUAGES)}."
            problems.append(Problem("reports", "unknown language", remedy, value=task.lang[:20]))
        # two ids that differ in case share a folder on Windows and macOS
        other = taken.setdefault(str(task.folder / task.stem).casefold(), task)
        if other is not task:
            rule = "two reports of this run would have the same files"
            both = f"{other.project} / {other.wave} and {task.project} / {task.wave}"
            remedy = f"Name each only once, and no two ids that differ in case only: {both}."
            problems.append(Problem("reports", rule, remedy, value=task.stem))
    if problems:
        raise DataProblem(problems)


def _is_device(name: str) -> bool:
    return name.partition(".")[0].casefold() in DEVICES
