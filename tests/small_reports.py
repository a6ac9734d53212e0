"""Small notebooks that behave well or badly, and tasks for them."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import psutil

from satisfaction.data.database import execute, writer
from satisfaction.reports.notebooks import reports_in
from satisfaction.reports.processes import TOKEN
from satisfaction.reports.task import Task

HOME = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures" / "notebooks"
SOURCE = (FIXTURES / "descriptive_statistics.ipynb").read_text(encoding="utf-8")

# id of a notebook -> what its last cell does
BAD = {
    "bomb": "held = []\nwhile True:\n    held.append(bytearray(50_000_000))",
    "flood": "while True:\n    print('x' * 10_000)",
    "daemon": (
        "import subprocess, sys\n"
        "code = 'import os, time\\nif os.fork() == 0:\\n    os.setsid()\\n    time.sleep(600)'\n"
        "subprocess.run([sys.executable, '-c', code])"
    ),
    "slow": "import time\ntime.sleep(3)",
}


def write_bad(folder: Path) -> None:
    """Notebooks that end badly each in their own way, and one that is none."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, code in BAD.items():
        notebook = nbformat.reads(SOURCE, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(code, id=f"bad-{name}"))
        nbformat.write(notebook, folder / f"{name}.ipynb")
    (folder / "half.ipynb").write_text(SOURCE[:500], encoding="utf-8")


def reports_of(*folders: Path) -> dict[str, object]:
    """Reports by id."""
    return {report.id: report for folder in folders for report in reports_in(folder)}


def task_of(report: object, **more: object) -> Task:
    """A task for a report of these."""
    plain = {"project": "yunqi", "wave": "2025", "lang": "en", "seed": 7, **more}
    return Task(report=report, **plain)  # type: ignore[arg-type]


def left_over(home: Path) -> list[str]:
    """Processes of a run that still live, found by their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and environment.get("SATISFACTION_HOME") == str(home) and TOKEN in environment:
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


def small_database(home: Path, projects: list[str]) -> None:
    """A workbook with these projects, a wave and no answers."""
    with writer(home / "data" / "workbook.duckdb") as connection:
        execute(
            connection,
            "INSERT INTO waves (wave, name, kind, opened_on, closed_on, questionnaire, source) "
            "VALUES ('2025', '2025', 'annual', '2025-10-01', '2025-11-01', 'none', 'test')",
        )
        for project in projects:
            execute(
                connection,
                "INSERT INTO projects (project, name, property_type, region, source) "
                "VALUES ($1, $1, 'residential', 'north', 'test')",
                [project],
            )
    (home / "params").mkdir(exist_ok=True)
    shutil.copy(HOME / "params" / "policy.yaml", home / "params")
