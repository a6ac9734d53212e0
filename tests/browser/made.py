"""The reports that the tests look at: made once for all workers.

``CHECK_REPORTS=all`` (``make check-reports``) takes every report of the sample portfolio and of the
public survey; otherwise each kind in both languages, from projects that differ.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from satisfaction.data.importing import import_file
from satisfaction.data.portfolio import TRUTH
from satisfaction.demo import import_portfolio
from satisfaction.planning import plan_tasks
from satisfaction.reports.batch import run_reports
from satisfaction.reports.locks import locked

ROOT = Path(__file__).parents[2]
SURVEY = ROOT.parent / "shared" / "data" / "resident_survey"
ALL = os.environ.get("CHECK_REPORTS") == "all"
LANGUAGES = ("zh", "en")
CODES = {"zh": "zh-CN", "en": "en"}
REPORTS = ("sampling_design", "descriptive_statistics", "correlation_drivers", "year_over_year")
BROKEN = "qihang"  # its settings cannot be read, so that its rows in the index say why
# project -> reports: a whole one; one without an earlier wave; few answers; a declared exclusion
SOME = {
    "cuihu": REPORTS,
    "xinchen": ("descriptive_statistics", "year_over_year"),
    "lanting": ("descriptive_statistics", "correlation_drivers"),
    "jinhe": ("year_over_year",),
}
DISTRICTS = tuple(f"district-{number}" for number in range(1, 7))
SOME_DISTRICTS = {"district-4": ("descriptive_statistics", "year_over_year")}


@dataclass(frozen=True)
class Shown:
    """One page: of which project and report, in which language."""

    folder: str
    report: str
    lang: str

    def __str__(self) -> str:
        return f"{self.folder.rpartition('/')[2]}-{self.report}.{self.lang}"

    def within(self, reports: Path) -> Path:
        """Its file."""
        return reports / self.folder / f"{self.report}.{self.lang}.html"


def samples(report: str) -> list[Shown]:
    """The pages of a kind of report from the sample portfolio."""
    projects = [*TRUTH] if ALL else [name for name, kinds in SOME.items() if report in kinds]
    return [Shown(f"2025/{name}", report, lang) for name, lang in product(projects, LANGUAGES)]


def of_survey() -> list[Shown]:
    """The pages of the public survey."""
    wanted = dict.fromkeys(DISTRICTS, REPORTS) if ALL else SOME_DISTRICTS
    found = [
        Shown(f"2022Q1/{name}", report, lang)
        for name, reports in wanted.items()
        for report, lang in product(reports, LANGUAGES)
    ]
    return found if ALL else found[::3]  # one in Chinese, one in English


def once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """A folder that the first worker fills while the others wait."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / name
    folder.mkdir(exist_ok=True)
    with locked(folder):
        done = folder / ".done"
        if not done.exists():
            build(folder)
            done.touch()
    return folder


def make_samples(home: Path) -> None:
    """The sample portfolio's reports, and those of a project whose settings are broken."""
    _workbook(home)
    for _report in import_portfolio(home):
        pass
    _run(home, dict.fromkeys(TRUTH, REPORTS) if ALL else SOME)
    own = home / "params" / "projects" / f"{BROKEN}.yaml"
    own.write_text("reason: x\napproved_by: y\napproved_on: 2025-01-01\nsampling: {}\n", "utf-8")
    _run(home, {BROKEN: REPORTS[:1]}, out="broken", failed=len(LANGUAGES))


def make_survey(home: Path) -> None:
    """The reports of the public survey."""
    _workbook(home)
    frame = ROOT / "params" / "imports" / "resident_survey"
    for table in ("projects", "waves"):
        import_file(table, frame / f"{table}.csv", home=home, recorder="tests")
    for wave in ("2021q3", "2022q1"):
        file, mapping = SURVEY / f"wave_{wave}.csv", Path(f"{frame}.yaml")
        import_file("responses", file, home=home, mapping=mapping, recorder="tests")
    _run(home, dict.fromkeys(DISTRICTS, REPORTS) if ALL else SOME_DISTRICTS)


def _workbook(home: Path) -> None:
    for folder in ("params", "notebooks"):
        shutil.copytree(ROOT / folder, home / folder)


def _run(home: Path, wanted: Mapping[str, Sequence[str]], *, out: str = "reports",
         failed: int = 0) -> None:  # fmt: skip
    tasks = [
        task
        for project, reports in wanted.items()
        for task in plan_tasks(home, projects=[project], reports=[*reports], languages=[*LANGUAGES])
    ]
    batch = run_reports(tasks, home=home, out=home / out)
    assert len(batch.failed) == failed, batch.failed
