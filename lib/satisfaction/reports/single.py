"""One report: execute the notebook, convert it, leave the files for publishing.

``make_report(job.json)`` leaves ``report.html``, ``report.ipynb`` and ``record.json`` beside the
job. Whatever goes wrong becomes a record. The fork server's children call it;
``python -m satisfaction.reports.single <job.json>`` does the same in a process of its own, with a
stock kernel.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from satisfaction import i18n
from satisfaction.reports import engines, failures, processes
from satisfaction.reports.html import Page, render
from satisfaction.reports.limits import Limits, OutputTooLarge, hold
from satisfaction.reports.notebooks import read_notebook
from satisfaction.reports.provenance import fingerprint
from satisfaction.reports.record import Record, about, bilingual, failed, verdict_of
from satisfaction.reports.task import Task, task_from_json

KERNEL_ARGUMENTS = ["--HistoryManager.enabled=False"]  # kernels side by side lock the history file
OUT_OF_MEMORY = ("MemoryError", "_ArrayMemoryError", "ArrowMemoryError", "OutOfMemoryException")


def main(path: Path) -> None:
    """Make the report of the job in ``path``, and leave nothing behind if the starter dies."""
    leave = json.loads(path.read_text(encoding="utf-8"))["leave"]
    finish = processes.when_parent_dies(lambda: _leave_nothing(leave))
    code = make_report(path)
    finish()
    sys.exit(code)


def make_report(path: Path) -> int:
    """Make the report of the job in ``path``; the exit code, not 0 if there is no record."""
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    job = json.loads(path.read_text(encoding="utf-8"))
    limits = Limits(**job["limits"])
    hold(limits.memory_bytes, limits.file_bytes)
    try:
        record = make(task_from_json(job["task"]), path.parent, limits, job["fields"])
    except DeadKernelError:
        return failures.KERNEL_DIED
    # the record is what tells the starter that the report is complete
    part = path.parent / "record.part"
    part.write_text(record.to_json(), encoding="utf-8")
    part.replace(path.parent / "record.json")
    return 0


def make(task: Task, private: Path, limits: Limits, fields: Mapping[str, Any]) -> Record:
    """Execute and convert one report into the folder ``private``; a bad one is a record, too.

    Raises ``DeadKernelError`` alone.

    ``fields`` of the record that are known before: run, engine, inputs, code, versions.
    """
    started = _now()
    seconds: dict[str, float] = {}
    verdict: dict[str, Any] = {}
    cell = None
    numbers: dict[str, int] = {}
    made_with = dict(fields)
    i18n.use(task.lang)
    try:
        made_with["notebook_fingerprint"] = fingerprint(task.report.path.read_bytes())
        numbers = _numbers(read_notebook(task.report.path))
        begun = time.perf_counter()
        notebook = execute(task, private, str(fields["engine"]), limits)
        seconds["execute"] = round(time.perf_counter() - begun, 3)
        verdict = verdict_of(notebook)
        record = Record(
            state="ok",
            started_at=started,
            finished_at=_now(),
            html=f"{task.stem}.html",
            data_fingerprint=str(verdict.get("data_fingerprint", "")),
            settings_fingerprint=str(verdict.get("settings_fingerprint", "")),
            verdict=verdict,
            warnings=_warnings(notebook),
            cell_seconds=_cell_seconds(notebook, numbers),
            **{**about(task), **made_with, **_names(task, verdict)},
        )
        begun = time.perf_counter()
        page = render(Page(notebook, record, task.languages))
        seconds["convert"] = round(time.perf_counter() - begun, 3)
        (private / "report.html").write_text(page, encoding="utf-8", newline="\n")
        _keep(notebook, task, private / "report.ipynb")
        done = {"seconds": seconds, "finished_at": _now()}
        return Record(**{**record.__dict__, **done})
    except PapermillExecutionError as stopped:
        error = _in_words(stopped.ename, stopped.evalue, limits)
        cell = numbers.get(stopped.source, max(int(stopped.cell_index), 1))
    except DeadKernelError:
        raise  # a second attempt may help
    except (Exception, OutputTooLarge) as problem:  # a bad report must not end without a word
        error = _in_words(type(problem).__name__, str(problem), limits)
    return failed(task, error, started_at=started, finished_at=_now(), cell=cell,
                  seconds=seconds, verdict=verdict, **made_with)  # fmt: skip


def execute(task: Task, private: Path, engine: str, limits: Limits) -> nbformat.NotebookNode:
    """The executed notebook; papermill does the work, in an empty folder of its own."""
    empty = private / "cwd"
    empty.mkdir(exist_ok=True)
    stock: dict[str, Any] = {}
    if engine == "stock":
        stock["kernel_manager_class"] = engines.SocketKernelManager
        stock["extra_arguments"] = list(KERNEL_ARGUMENTS)
    return execute_notebook(
        task.report.path,
        None,
        parameters=task.given,
        engine_name=engines.NAMES[engine],
        kernel_name="python3",
        progress_bar=False,
        cwd=empty,
        output_bytes=limits.output_bytes,
        **stock,
    )


def _in_words(kind: str, message: str, limits: Limits) -> str:
    if kind in OUT_OF_MEMORY:
        return failures.out_of_memory(limits.memory_bytes)
    if kind == OutputTooLarge.__name__:
        return failures.too_much_output(limits.output_bytes)
    return failures.in_words(kind, message)


def _names(task: Task, verdict: dict[str, Any]) -> dict[str, Any]:
    """Names of project and wave: the notebook's own word, else the task's."""
    return {
        "project_name": bilingual(verdict.get("project_name")) or dict(task.project_name),
        "wave_name": bilingual(verdict.get("wave_name")) or dict(task.wave_name),
        "property_type": str(verdict.get("property_type") or task.property_type),
        "region": str(verdict.get("region") or task.region),
    }


def _warnings(notebook: nbformat.NotebookNode) -> tuple[str, ...]:
    """What the cells said on standard error, once each: for the record, never for the page."""
    said = [
        failures.shown(output["text"].strip().splitlines()[0])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr" and output["text"].strip()
    ]
    return tuple(dict.fromkeys(said))


def _cell_seconds(notebook: nbformat.NotebookNode, numbers: Mapping[str, int]) -> dict[str, float]:
    """Seconds of each code cell, by its number in the notebook itself."""
    return {
        str(numbers[cell.source]): round(cell.metadata["papermill"]["duration"] or 0.0, 3)
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.source in numbers
    }


def _keep(notebook: nbformat.NotebookNode, task: Task, place: Path) -> None:
    """The executed notebook for the archive, without this machine's folders."""
    notebook.metadata["papermill"]["input_path"] = task.report.path.name
    notebook.metadata["papermill"]["output_path"] = f"{task.stem}.ipynb"
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
    # nbformat would indent it, which Python's encoder in C cannot
    place.write_text(json.dumps(notebook, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def _numbers(notebook: Mapping[str, Any]) -> dict[str, int]:
    """Source of a cell -> its number in the notebook as it lies in the folder, from 1.

    papermill inserts a cell with the parameters, so its own count is another one.
    """
    cells = [*enumerate(notebook["cells"], 1)]
    return {cell["source"]: number for number, cell in reversed(cells)}


def _leave_nothing(folders: Sequence[str]) -> None:
    processes.end_marked(os.environ.get(processes.TOKEN, ""))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # others of this run are still at work in it
        Path(folders[0]).parent.rmdir()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
