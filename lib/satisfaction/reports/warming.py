"""What every report does at first use, done once before the fork server forks.

No database is opened here (its threads would not survive a fork), and nothing of one report can
reach another: what is kept are modules, parsed settings keyed by their bytes, fonts and catalogs.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

import nbformat
from jupyter_core.utils import ensure_event_loop
from papermill import execute_notebook

from satisfaction import checks, drawing, exhibits, i18n, methods, study
from satisfaction.config.settings import load_settings
from satisfaction.data.duckdb_file import load_driver
from satisfaction.problems import DataProblem
from satisfaction.reports import engines, in_process
from satisfaction.reports.html import Page, render
from satisfaction.reports.record import Record

SAMPLE = """# Warm

## Up

A *sample* of **all** that `markdown` [can](#section-1) hold: S0-1.

- a
- b

1. c

> d

| e | f |
|---|--:|
| g | 1 |
"""
IMPORTED = (checks, drawing, exhibits, methods, study)


def warm_up(home: Path | None) -> None:
    """Import everything, run and convert a small notebook; read the settings of ``home``."""
    load_driver()
    for package in IMPORTED:
        for name in getattr(package, "__all__", ()):
            getattr(package, name)
    for lang in i18n.LANGUAGES:
        render(Page(_small_notebook(), _small_record(lang), i18n.LANGUAGES))
    in_process.shell().reset(new_session=True)
    ensure_event_loop().close()  # forks would share its pipe and wake each other
    asyncio.set_event_loop(None)
    if home is not None:
        with suppress(DataProblem):  # each report says so itself
            load_settings(home / "params", "")


def _small_notebook() -> nbformat.NotebookNode:
    """A notebook with all kinds of cells, executed."""
    cells = [
        nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_markdown_cell(SAMPLE),
        nbformat.v4.new_code_cell("print(x)\nx"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:
        path = Path(folder) / "small.ipynb"
        nbformat.write(notebook, path)
        return execute_notebook(
            path, None, parameters={"x": 2}, engine_name=engines.NAMES["warm"], progress_bar=False
        )


def _small_record(lang: str) -> Record:
    return Record(
        run_id="", report="small", project="none", wave="none", lang=lang, state="ok",
        started_at="", finished_at="", title="Warm: up",
    )  # fmt: skip
