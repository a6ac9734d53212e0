"""What a report is made from, as fingerprints: which reports are out of date, and why."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from satisfaction.config.settings import load_settings
from satisfaction.data.database import Location, database_of
from satisfaction.data.editions import editions
from satisfaction.problems import DataProblem
from satisfaction.reports.pdf import KIND
from satisfaction.reports.provenance import all_versions, code_fingerprint, fingerprint
from satisfaction.reports.record import Record, record_from_json
from satisfaction.reports.storage import Storage
from satisfaction.reports.task import Task

UNCHANGED = "unchanged"
FORCED = "asked for anew"
UNPRINTED = "its PDF is missing"


@dataclass(frozen=True)
class Planned:
    """A task and what it would be made from now.

    reason   why it is to be made; empty: it is there, made from the same
    made     the report as it is there, where nothing is missing but its PDF
    """

    task: Task
    inputs: Mapping[str, str]
    reason: str
    made: Record | None = None


def plan(
    tasks: Sequence[Task],
    *,
    home: Path,
    storage: Storage,
    force: bool = False,
    pdf: bool = False,
    database: Location | None = None,
) -> Iterator[Planned]:
    """Compare every task with the record of its last report, one after another.

    ``pdf``: a PDF is wanted of each.
    """
    data = _data(tasks, database or database_of(home))
    settings = {project: _settings(home, project) for project in {task.project for task in tasks}}
    notebooks = {
        path: fingerprint(path.read_bytes()) for path in {task.report.path for task in tasks}
    }
    made_with = {
        "code": code_fingerprint(),
        "versions": fingerprint(json.dumps(all_versions(), sort_keys=True).encode()),
    }
    for task in tasks:
        given = [task.given, task.report.titles, task.report.order]
        inputs = {
            "notebook": notebooks[task.report.path],
            "parameters": fingerprint(json.dumps(given, sort_keys=True, default=str).encode()),
            "languages": ",".join(task.languages) or task.lang,
            "settings": settings[task.project],
            "data": data.get((task.wave, task.project), ""),
            **made_with,
        }
        reason = FORCED if force else why(task, inputs, storage)
        made = _unprinted(task, storage) if pdf and not reason else None
        yield Planned(task, inputs, UNPRINTED if made else reason, made)


def why(task: Task, inputs: Mapping[str, str], storage: Storage) -> str:
    """Why a report has to be made; empty where the last one was made from the same."""
    name = f"{task.folder.as_posix()}/{task.stem}"
    last = _last(storage, f"{name}.json")
    if last is None:
        return "not made yet"
    if not last.ok:
        return "failed last time"
    if not last.certificate:
        return "its methods could not be checked"
    changed = [what for what, now in inputs.items() if last.inputs.get(what) != now or not now]
    if changed:
        return f"changed: {', '.join(changed)}"
    if any(storage.size(name + kind) != last.sizes.get(kind) for kind in (".html", ".ipynb")):
        return "its files are missing or not whole"
    return ""


def _unprinted(task: Task, storage: Storage) -> Record | None:
    """The record of a report whose PDF is not there, or not whole."""
    name = f"{task.folder.as_posix()}/{task.stem}"
    last = _last(storage, f"{name}.json")
    size = storage.size(name + KIND)
    return last if last and (size is None or size != last.sizes.get(KIND)) else None


def _last(storage: Storage, name: str) -> Record | None:
    text = storage.read(name)
    if text is None:
        return None
    try:
        return record_from_json(text.decode("utf-8"))
    except ValueError:
        return None


def _data(tasks: Iterable[Task], database: Location) -> dict[tuple[str, str], str]:
    """(wave, project) -> edition of its data; nothing where the database cannot be read."""
    projects: dict[str, set[str]] = defaultdict(set)
    for task in tasks:
        projects[task.wave].add(task.project)
    found = {}
    with suppress(DataProblem):  # each report then says so itself
        for wave, names in projects.items():
            for project, edition in editions(database, wave, sorted(names)).items():
                found[wave, project] = edition
    return found


def _settings(home: Path, project: str) -> str:
    try:
        settings = load_settings(home / "params", project)
    except DataProblem:  # each report then says so itself
        return ""
    own = json.dumps(settings.own_questionnaires, sort_keys=True)
    return fingerprint(settings.fingerprint.encode(), own.encode())
