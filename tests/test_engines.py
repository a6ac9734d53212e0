"""Our engines for papermill: the same notebook, whichever runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import output_kinds
from satisfaction.reports import engines

# an in-process shell is for one notebook: each run in a process of its own
RUN = """
import sys
from papermill import PapermillExecutionError, execute_notebook
from satisfaction.reports import engines

source, target, engine = sys.argv[1:]
try:
    execute_notebook(source, target, engine_name=engine, kernel_name="python3", progress_bar=False)
except PapermillExecutionError as error:
    print(error.ename)
"""


def run(source: Path, target: Path, engine: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN, source, target, engines.NAMES[engine]],
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=300, check=True,
        cwd=target.parent,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    folder = tmp_path_factory.mktemp("engines")
    source = output_kinds.write(folder / "kinds.ipynb")
    found = {}
    for engine in engines.NAMES:
        assert run(source, folder / f"{engine}.ipynb", engine) == "RuntimeError"
        found[engine] = output_kinds.shown(folder / f"{engine}.ipynb")
    return found


@pytest.mark.parametrize("cell", output_kinds.KINDS)
def test_each_cell_shows_the_same(executed: dict[str, dict], cell: str) -> None:
    # papermill puts a cell of its own before a failing notebook: the numbers of ours stay
    assert executed["warm"]["cells"][cell] == executed["stock"]["cells"][cell]


def test_the_notebooks_say_the_same_of_themselves(executed: dict[str, dict]) -> None:
    for part in ("language", "widgets"):
        assert executed["warm"][part] == executed["stock"][part]
    assert any('"value": 5' in state for state in executed["stock"]["widgets"])


def test_the_stock_engine_showed_all_kinds(executed: dict[str, dict]) -> None:
    cells = {name: outputs for name, (_count, outputs) in executed["stock"]["cells"].items()}
    for cell, part in {
        "streams": "two", "table": "text/html", "update": "later", "figure": "image/png",
        "widget": "widget-view", "await": "'5'", "warning": "DeprecationWarning",
        "log_later": "second", "last": "the end",
    }.items():  # fmt: skip
        assert part in cells[cell], cell
    assert cells["never"] == "[]"
