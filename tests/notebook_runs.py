"""The report notebooks run cell by cell in this process, and the page that comes of them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from satisfaction.exhibits.bottom_line import MIME
from satisfaction.reports.html import Page, render
from satisfaction.reports.notebooks import read_notebook, reports_in, tags
from satisfaction.reports.provenance import versions
from satisfaction.reports.record import Record

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
REPORTS = [path for path in NOTEBOOKS if "satisfaction" in read_notebook(path)["metadata"]]


@dataclass(frozen=True)
class Shown:
    """What a code cell (by its place among them) displays, in the language of the run."""

    place: int
    tags: list[str]
    value: Any
    html: str


@cache
def compiled(path: Path) -> list[tuple[list[str], Any, Any]]:
    """Every code cell as statements and, as in Jupyter, a last expression that is displayed."""
    found = []
    for cell in read_notebook(path)["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(cell["source"])
        last = tree.body[-1] if tree.body else None
        shown = None
        if isinstance(last, ast.Expr):
            shown = compile(ast.Expression(tree.body.pop().value), path.name, "eval")
        found.append((tags(cell), compile(tree, path.name, "exec"), shown))
    return found


@cache
def run_notebook(path: Path, **parameters: object) -> tuple[list[Shown], dict[str, Any]]:
    """Run the cells one after the other in one namespace, the parameters replaced."""
    names: dict[str, Any] = {}
    displayed = []
    for place, (labels, statements, shown) in enumerate(compiled(path)):
        exec(statements, names)
        if "parameters" in labels:
            assert set(parameters) <= set(names)
            names |= parameters
        if shown is not None:
            value = eval(shown, names)
            html = str(value._repr_mimebundle_()["text/html"])
            displayed.append(Shown(place, labels, value, html))
    return displayed, names


def whole_page(path: Path, project: str, wave: str, lang: str) -> tuple[str, Any]:
    """The page of one report as a reader gets it, and its study."""
    displayed, names = run_notebook(path, project=project, wave=wave, lang=lang, seed=7)
    notebook = nbformat.from_dict(read_notebook(path))
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    verdict: dict[str, Any] = {}
    for shown in displayed:
        verdict = shown.value.bundle.get(MIME, verdict)
        codes[shown.place].outputs = [
            nbformat.v4.new_output("display_data", {"text/html": shown.html})
        ]
    report = next(each for each in reports_in(path.parent) if each.path == path)
    record = Record(
        run_id="20260102T030405Z-000000", report=path.stem, project=project, wave=wave, lang=lang,
        state="ok", started_at="2026-01-02T03:04:05+00:00", finished_at="2026-01-02T03:04:09+00:00",
        title=report.titles[lang], project_name=verdict["project_name"],
        wave_name=verdict["wave_name"], property_type=verdict["property_type"],
        region=verdict["region"], seed=7, versions=versions(), verdict=verdict,
        data_fingerprint=verdict["data_fingerprint"], html=f"{path.stem}.{lang}.html",
        settings_fingerprint=verdict["settings_fingerprint"], code_fingerprint="0123456789abcdef",
        certificate={"held": 48, "total": 48, "failed": []},
    )  # fmt: skip
    return render(Page(notebook, record, ("zh", "en"))), names["study"]
