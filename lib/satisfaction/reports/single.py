"""One report in a process of its own: ``python -m satisfaction.reports.single <job.json>``.

Reads the job, executes the notebook, converts it, and leaves ``report.html``, ``report.ipynb`` and
``record.json`` beside the job, for the parent to publish. Whatever goes wrong becomes a record.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from satisfaction import i18n
from satisfaction.exhibits import fonts
from satisfaction.reports import failures, processes
from satisfaction.reports.html import Page, render
from satisfaction.reports.provenance import fingerprint
from satisfaction.reports.record import Record, about, bilingual, failed, verdict_of
from satisfaction.reports.task import Task, task_from_json

KERNEL_ARGUMENTS = ["--HistoryManager.enabled=False"]  # kernels side by side lock the history file


class SocketKernelManager(AsyncKernelManager):
    """Talks to its kernel through socket files: two kernels can never be given the same port.

    The files lie in the working folder, which is the report's own; their names are relative and so
    never too long for the system.
    """

    def _transport_default(self) -> str:
        return "ipc" if os.name == "posix" else "tcp"


def main(path: Path) -> None:
    """Run the job in ``path``."""
    private = path.parent
    finish = processes.when_parent_dies(lambda: _leave_nothing(private))
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    job = json.loads(path.read_text(encoding="utf-8"))
    record = make(task_from_json(job["task"]), private, job["run_id"], job["made_with"])
    # the record is what tells the parent that the report is complete
    (private / "record.part").write_text(record.to_json(), encoding="utf-8")
    (private / "record.part").replace(private / "record.json")
    finish()


def make(task: Task, private: Path, run_id: str, code: Mapping[str, Any]) -> Record:
    """Execute and convert one report into the folder ``private``; never raises for a bad report.

    ``code``: the fields of the record that are the same for all reports of a batch.
    """
    started = _now()
    notebook_fingerprint = fingerprint(task.report.path.read_bytes())
    made_with = {**code, "notebook_fingerprint": notebook_fingerprint}
    seconds: dict[str, float] = {}
    verdict: dict[str, Any] = {}
    cell = None
    i18n.use(task.lang)
    try:
        begun = time.perf_counter()
        notebook = execute(task, private)
        seconds["execute"] = round(time.perf_counter() - begun, 3)
        verdict = verdict_of(notebook)
        record = Record(
            run_id=run_id,
            state="ok",
            started_at=started,
            finished_at=_now(),
            html=f"{task.stem}.html",
            data_fingerprint=str(verdict.get("data_fingerprint", "")),
            settings_fingerprint=str(verdict.get("settings_fingerprint", "")),
            verdict=verdict,
            warnings=_warnings(notebook),
            **{**about(task), **made_with, **_names(task, verdict)},
        )
        begun = time.perf_counter()
        page = render(Page(notebook, record, task.languages))
        seconds["convert"] = round(time.perf_counter() - begun, 3)
        (private / "report.html").write_text(page, encoding="utf-8", newline="\n")
        _keep(notebook, task, private / "report.ipynb")
        missing = tuple(fonts.missing_glyphs(page))
        done = {"seconds": seconds, "missing_glyphs": missing, "finished_at": _now()}
        return Record(**{**record.__dict__, **done})
    except PapermillExecutionError as stopped:
        error = failures.in_words(stopped.ename, stopped.evalue)
        cell = _place(task, stopped)
    except DeadKernelError:
        error = failures.kernel_died()
    except Exception as problem:  # one bad report must not end a batch without a word
        error = failures.in_words(type(problem).__name__, str(problem))
    return failed(task, error, run_id=run_id, started_at=started, finished_at=_now(), cell=cell,
                  seconds=seconds, verdict=verdict, **made_with)  # fmt: skip


def execute(task: Task, private: Path) -> nbformat.NotebookNode:
    """The executed notebook; papermill does the work, in an empty folder of its own."""
    empty = private / "cwd"
    empty.mkdir(exist_ok=True)
    return execute_notebook(
        task.report.path,
        None,
        parameters=task.given,
        kernel_name="python3",
        progress_bar=False,
        cwd=empty,
        kernel_manager_class=SocketKernelManager,
        extra_arguments=list(KERNEL_ARGUMENTS),
    )


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


def _keep(notebook: nbformat.NotebookNode, task: Task, place: Path) -> None:
    """The executed notebook for the archive, without this machine's folders."""
    notebook.metadata["papermill"]["input_path"] = task.report.path.name
    notebook.metadata["papermill"]["output_path"] = f"{task.stem}.ipynb"
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
    nbformat.write(notebook, place)


def _place(task: Task, stopped: PapermillExecutionError) -> int:
    """Number of the failing cell as one counts in the notebook itself (papermill inserts one)."""
    original = nbformat.read(task.report.path, as_version=4)
    sources = [cell.source for cell in original.cells]
    if stopped.source in sources:
        return sources.index(stopped.source) + 1
    return max(int(stopped.cell_index), 1)


def _leave_nothing(private: Path) -> None:
    processes.end_marked(os.environ.get(processes.TOKEN, ""))
    shutil.rmtree(private, ignore_errors=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
