"""Ways to make the same reports: ``python benchmarks/ways.py WAY JOB`` makes them and measures.

commands  ``papermill``, then ``jupyter nbconvert --to html``, for one report after the other
pool      papermill's Python API in a process pool, nbconvert's exporter built once a process
ours      `run_reports`
bare      the code cells in this process, everything imported and every notebook run once before

JOB is a `Job` as JSON. The first report of a job is not measured.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from measuring import Clock, adopt_orphans, largest_megabytes, wait_for_all

Done = Callable[[str, str], None]


@dataclass(frozen=True)
class Job:
    """Reports to be made: (project, notebook), the folders, and how many at a time (ours only)."""

    home: str
    out: str
    reports: list[tuple[str, str]]
    wave: str = "2025"
    lang: str = "en"
    seed: int = 20251028
    workers: int = 1
    each: bool = True  # measure every report, not only the whole

    def given(self, project: str) -> dict[str, Any]:
        """Parameters of a report."""
        return {"project": project, "wave": self.wave, "lang": self.lang, "seed": self.seed}

    def places(self, project: str, report: str) -> tuple[Path, Path]:
        """The notebook, and where the executed one goes."""
        folder = Path(self.out) / project
        folder.mkdir(parents=True, exist_ok=True)
        return Path(self.home) / "notebooks" / f"{report}.ipynb", folder / f"{report}.ipynb"

    def as_json(self) -> str:
        """The argument of the program."""
        return json.dumps(asdict(self))


def commands(job: Job, done: Done) -> None:
    """The two commands in a loop."""
    programs = Path(sys.executable).parent
    for project, report in job.reports:
        notebook, executed = job.places(project, report)
        parameters = [
            part for name, value in job.given(project).items() for part in ("-r", name, str(value))
        ]
        parameters[-3:] = ["-p", "seed", str(job.seed)]  # a number; the others are texts
        for command in (
            [str(programs / "papermill"), str(notebook), str(executed), *parameters],
            [str(programs / "jupyter"), "nbconvert", "--to", "html", str(executed)],
        ):
            ended = subprocess.run(command, cwd=executed.parent, capture_output=True, text=True)
            if ended.returncode:
                raise SystemExit(f"{report} of {project}: {ended.stderr[-2000:]}")
        done(project, report)


def pool(job: Job, done: Done) -> None:
    """papermill's Python API in the worker of a process pool."""
    with ProcessPoolExecutor(1) as executor:
        for project, report in job.reports:
            executor.submit(_execute_and_convert, job, project, report).result()
            done(project, report)


def _execute_and_convert(job: Job, project: str, report: str) -> None:
    import papermill

    notebook, executed = job.places(project, report)
    papermill.execute_notebook(
        notebook,
        executed,
        parameters=job.given(project),
        progress_bar=False,
        cwd=executed.parent,
    )
    page, _resources = _exporter().from_filename(str(executed))
    executed.with_suffix(".html").write_text(page, encoding="utf-8")


@cache
def _exporter() -> Any:
    from nbconvert import HTMLExporter

    return HTMLExporter()


def ours(job: Job, done: Done) -> dict[str, int]:
    """The batch engine; planning, index and records included."""
    from satisfaction.planning import plan_tasks
    from satisfaction.reports.batch import run_reports

    home, out = Path(job.home), Path(job.out)
    planned = {
        (task.project, task.report.id): task
        for task in plan_tasks(
            home, wave=job.wave, projects=sorted({project for project, _report in job.reports}),
            reports=sorted({report for _project, report in job.reports}),
            languages=[job.lang], seed=job.seed,
        )
    }  # fmt: skip
    failed = []
    unchanged = 0

    def heard(event: Any) -> None:
        nonlocal unchanged
        unchanged += event.kind == "skipped"
        if event.kind == "failed":
            failed.append(f"{event.task.report.id} of {event.task.project}: {event.record.error}")
        elif event.kind != "started":
            done(event.task.project, event.task.report.id)

    tasks = [planned[key] for key in job.reports]
    run_reports(tasks, home=home, out=out, workers=job.workers, on_event=heard)
    if failed:
        raise SystemExit("\n".join(failed[:3]))
    return {"unchanged": unchanged}


def bare(job: Job, done: Done) -> None:
    """The code cells alone, in this process; what they show is rendered, as a kernel would."""
    first, *others = job.reports
    for report in dict.fromkeys(name for _project, name in job.reports):
        _run_cells(job, first[0], report)
    done(*first)
    for project, report in others:
        _run_cells(job, project, report)
        done(project, report)


def _run_cells(job: Job, project: str, report: str) -> None:
    names: dict[str, Any] = {"display": _shown}
    for code, is_parameters in _cells(job.places(project, report)[0]):
        _run_cell(code, names)
        if is_parameters:
            names.update(job.given(project))


def _cells(notebook: Path) -> Iterator[tuple[str, bool]]:
    """Code cells, and whether each holds the parameters."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"]), "parameters" in cell["metadata"].get("tags", ())


def _run_cell(code: str, names: dict[str, Any]) -> None:
    parsed = ast.parse(code)
    last = parsed.body.pop() if parsed.body and isinstance(parsed.body[-1], ast.Expr) else None
    exec(compile(parsed, "cell", "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        if value is not None:
            _shown(value)


def _shown(value: Any, raw: bool = False) -> None:
    if not raw:
        _formatter().format(value)


@cache
def _formatter() -> Any:
    from IPython.core.formatters import DisplayFormatter

    return DisplayFormatter()


def slices(job: Job, done: Done) -> None:
    """Only open the study, all imported and one study opened before."""
    from satisfaction.study import open_study

    for project, report in job.reports:
        open_study(project, job.wave, job.lang, home=job.home)
        done(project, report)


WAYS: dict[str, Callable[[Job, Done], dict[str, int] | None]] = {
    way.__name__: way for way in (commands, pool, ours, bare, slices)
}


def main(way: str, job: Job) -> None:
    """Print CPU and wall seconds of each report but the first, and then of all."""
    adopt_orphans()
    told = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # cells may print
    clock = Clock()
    begun_cpu, begun = clock.now(), time.perf_counter()
    marks: list[tuple[float, float]] = []

    def say(**values: Any) -> None:
        print(json.dumps(values), file=told, flush=True)

    def done(project: str, report: str) -> None:
        if not job.each:
            return
        marks.append((clock.now(), time.perf_counter()))
        if len(marks) > 1:
            (cpu, wall), (now_cpu, now) = marks[-2:]
            say(project=project, report=report, cpu=now_cpu - cpu, wall=now - wall)

    more = WAYS[way](job, done) or {}
    wall = time.perf_counter() - begun
    wait_for_all()
    say(
        reports=len(job.reports), cpu=clock.now() - begun_cpu, wall=wall,
        parent_megabytes=largest_megabytes(), **more,
    )  # fmt: skip


def job_from_json(text: str) -> Job:
    """The job that ``as_json`` wrote."""
    plain = json.loads(text)
    reports: Iterable[list[str]] = plain.pop("reports")
    return Job(**plain, reports=[(project, report) for project, report in reports])


if __name__ == "__main__":
    main(sys.argv[1], job_from_json(sys.argv[2]))
