"""The command ``run``: which reports, how they are made, and what the user is told."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

from rich.console import Console

from satisfaction.config.home import find_home
from satisfaction.problems import DataProblem, Problem

GIB = 1 << 30


def add_projects(command: argparse.ArgumentParser) -> None:
    """The options that choose projects."""
    which = command.add_mutually_exclusive_group()
    which.add_argument("--projects", help="comma-separated project ids")
    which.add_argument("--all", action="store_true", help="all projects (the default)")


def add_run(run: argparse.ArgumentParser) -> None:
    """The options of ``run``."""
    run.add_argument("--wave", help="default: the newest annual wave with answers")
    add_projects(run)
    run.add_argument("--reports", help="comma-separated report ids (default: all)")
    run.add_argument("--lang", default="zh", help="zh, en or zh,en (default: zh)")
    run.add_argument("--out", help="output folder, or an fsspec URL (default: reports/)")
    run.add_argument("--seed", type=int, help="default: as in the notebook")
    run.add_argument("--workers", type=int, help="reports at a time (default: one a core)")
    run.add_argument("--force", action="store_true", help="make also what is up to date")
    run.add_argument(
        "--pdf",
        action="store_true",
        help="also print each report as PDF with an installed Chromium, Chrome or Edge",
    )
    run.add_argument("--dry-run", action="store_true", help="only say what would be made, and why")
    run.add_argument(
        "--engine",
        choices=["warm", "stock"],
        help="warm: processes forked with everything loaded (default where possible); "
        "stock: a Jupyter kernel started for each report",
    )
    run.add_argument("--scheduler", help="tcp://host:port of a dask.distributed cluster")
    run.add_argument("--time-limit", type=float, help="seconds a report may take (default: 600)")
    run.add_argument("--memory-limit", type=float, help="GB a report may use (default: 4)")
    run.add_argument(
        "-p",
        dest="parameters",
        action="append",
        nargs=2,
        default=[],
        metavar=("NAME", "VALUE"),
        help="a further parameter of the notebook",
    )
    run.set_defaults(command=run_command)


def run_command(options: argparse.Namespace) -> int:
    """Make the reports, or say which would be made."""
    from satisfaction.planning import plan_tasks
    from satisfaction.reports.batch import run_reports
    from satisfaction.reports.limits import Limits
    from satisfaction.reports.progress import RunProgress

    home = find_home()
    for name in ("workers", "time_limit", "memory_limit"):
        given = getattr(options, name)
        if given is not None and given <= 0:
            rule, remedy = f"--{name.replace('_', '-')} must be positive", "Give a larger number."
            raise DataProblem(Problem("run", rule, remedy, value=str(given)))
    out = options.out or str(home / "reports")
    tasks = plan_tasks(
        home,
        wave=options.wave,
        projects=listed(options.projects),
        reports=listed(options.reports),
        languages=listed(options.lang) or ["zh"],
        seed=options.seed,
        parameters=dict(options.parameters),
    )
    if options.dry_run:
        return _dry_run(tasks, home, out, options.force, options.pdf)
    usual = Limits()
    limits = Limits(
        seconds=options.time_limit or usual.seconds,
        memory_bytes=int((options.memory_limit or 0) * GIB) or usual.memory_bytes,
    )
    with RunProgress(len(tasks)) as shown:
        batch = run_reports(
            tasks,
            home=home,
            out=out,
            workers=options.workers,
            engine=options.engine,
            scheduler=options.scheduler,
            force=options.force,
            pdf=options.pdf,
            limits=limits,
            on_event=shown,
        )
        shown.cpu_seconds = _cpu_seconds()
    if batch.note:
        say(f"note: {batch.note}")
    if batch.unprinted:
        say(f"{batch.unprinted} without PDF: run the same command again to print what is missing")
    if batch.interrupted:
        say("interrupted: run the same command again to go on")
    if batch.index:
        say(f"open {relative(batch.index, home)}")
    return batch.exit_code


def _dry_run(tasks: list, home: Path, out: str, force: bool, pdf: bool) -> int:
    from satisfaction.reports.batch import checked
    from satisfaction.reports.inputs import plan

    counts: Counter[str] = Counter()
    storage = checked(tasks, out)
    for planned in plan(tasks, home=home, storage=storage, force=force, pdf=pdf):
        task = planned.task
        counts[planned.reason] += 1
        if planned.reason:
            say(f"would run {task.wave}/{task.project}/{task.stem}: {planned.reason}")
    storage.close()
    say(f"{sum(counts.values()) - counts['']} of {len(tasks)} reports would run")
    return 0


def _cpu_seconds() -> float:
    """CPU seconds of this process and of all it has waited for."""
    return sum(os.times()[:4])


def listed(text: str | None) -> list[str]:
    """The parts of a comma-separated option."""
    return [part.strip() for part in text.split(",") if part.strip()] if text else []


def relative(path: str | Path, home: Path) -> str:
    """A path for the user: within the workbook as seen from there."""
    try:
        return Path(path).resolve().relative_to(home).as_posix()
    except ValueError:
        return str(path)


def say(words: str) -> None:
    """A line for the user."""
    Console(highlight=False, soft_wrap=True).print(words, markup=False)
