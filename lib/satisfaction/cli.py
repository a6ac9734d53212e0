"""The commands: ``python -m satisfaction demo|import|plan|draw|run|check|new``.

Exit codes: 0 all well, 1 something failed, 2 wrong arguments or input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console

from satisfaction import __version__
from satisfaction.config.home import find_home
from satisfaction.problems import DataProblem, Problem

WRONG_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # one thread a process: reports run side by side, and small matrices are slower on several
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Chinese names on a Windows console
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except DataProblem as problem:
        _show(problem)
        return WRONG_INPUT
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="satisfaction", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="write the invented sample portfolio and import it")
    demo.set_defaults(command=_demo)

    importing = commands.add_parser("import", help="import raw files into a table")
    importing.add_argument("table", help="for example projects, households, responses")
    importing.add_argument("files", nargs="+", type=Path, metavar="file")
    importing.add_argument("--mapping", type=Path, help="params/imports/<name>.yaml")
    importing.add_argument("--source", help="name of the file whose rows this one replaces")
    importing.add_argument("--recorder", help="who imports (default: the account)")
    importing.set_defaults(command=_import)

    plan = commands.add_parser("plan", help="share a budget of interviews out over all projects")
    plan.add_argument("--budget", type=int, required=True, help="interviews of the whole company")
    plan.add_argument("--wave", help="default: the newest annual wave")
    plan.add_argument(
        "--criterion",
        choices=["largest_margin", "sum_of_variances"],
        default="largest_margin",
        help="what is made as small as possible (default: largest_margin)",
    )
    plan.add_argument("--minimum", type=int, help="answers of every project (default: policy)")
    plan.add_argument("--out", type=Path, help="also write the plan as a CSV file")
    plan.set_defaults(command=_plan)

    draw = commands.add_parser("draw", help="draw and store the sample of a wave, once")
    draw.add_argument("--wave", required=True)
    _add_projects(draw)
    draw.add_argument(
        "--seed",
        type=int,
        required=True,
        help="of a project's first sample; rotation and panel go on with the seed on record",
    )
    draw.add_argument("--recorder", help="who draws (default: the account)")
    draw.set_defaults(command=_draw)

    run = commands.add_parser("run", help="run reports and build the index")
    run.add_argument("--wave", help="default: the newest annual wave with answers")
    _add_projects(run)
    run.add_argument("--reports", help="comma-separated report ids (default: all)")
    run.add_argument("--lang", default="zh", help="zh, en or zh,en (default: zh)")
    run.add_argument("--out", type=Path, help="output folder (default: reports/)")
    run.add_argument("--seed", type=int, help="default: as in the notebook")
    run.add_argument("--workers", type=int, help="reports at a time (default: one a core)")
    run.add_argument(
        "-p",
        dest="parameters",
        action="append",
        nargs=2,
        default=[],
        metavar=("NAME", "VALUE"),
        help="a further parameter of the notebook",
    )
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="check settings, notebooks, catalogs, dictionary")
    what = check.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="write the generated files anew")
    what.add_argument(
        "--methods", action="store_true", help="check the statistics against results of R, only"
    )
    check.set_defaults(command=_check)

    new = commands.add_parser("new", help="the skeleton of a new report")
    new.add_argument("report", help="id: the notebook's file name without .ipynb")
    new.set_defaults(command=_new)
    return parser


def _add_projects(command: argparse.ArgumentParser) -> None:
    which = command.add_mutually_exclusive_group()
    which.add_argument("--projects", help="comma-separated project ids")
    which.add_argument("--all", action="store_true", help="all projects (the default)")


def _demo(_options: argparse.Namespace) -> int:
    from satisfaction.demo import import_portfolio

    home = find_home()
    for report in import_portfolio(home):
        _say(f"{report.state:>9}  {report.table:<16} {report.source}  {_counts(report.rows)}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from satisfaction.data.findings import write_problems_csv
    from satisfaction.data.importing import import_file

    home = find_home()
    failed = False
    for path in options.files:
        try:
            report = import_file(
                options.table,
                path,
                home=home,
                mapping=options.mapping,
                source=options.source,
                recorder=options.recorder,
            )
        except DataProblem as problem:
            failed = True
            _show(problem)
            listed = home / "reports" / "problems" / f"{path.stem}.csv"
            write_problems_csv(problem, listed)
            _say(f"nothing was imported from {path.name}; all problems: {_relative(listed, home)}")
            continue
        words = f"{report.state}: {report.table} from {report.source}"
        _say(f"{words}  {_counts(report.rows)}  {report.seconds:.1f} s")
    return WRONG_INPUT if failed else 0


def _plan(options: argparse.Namespace) -> int:
    from satisfaction.budgeting import company_plan, plan_table

    home = find_home()
    for name in ("budget", "minimum"):
        given = getattr(options, name)
        if given is not None and given < 0:
            rule, remedy = f"{name} must not be negative", "Give a number of interviews."
            raise DataProblem(Problem("plan", rule, remedy, value=str(given)))
    plan = company_plan(
        home,
        options.budget,
        wave=options.wave,
        criterion=options.criterion,
        minimum=options.minimum,
    )
    Console(highlight=False).print(plan_table(plan))
    if plan.n < options.budget:
        _say(f"all {plan.n:,} households are in; {options.budget - plan.n:,} interviews are left")
    widest = f"±{100 * plan.stages['largest_margin']:.1f} points"
    _say(f"widest margin {widest}; sum of variances {plan.stages['sum_of_variances']:.6g}")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        plan.rows.to_csv(options.out, index=False, encoding="utf-8-sig")
        _say(f"written: {_relative(options.out, home)}")
    return 0


def _draw(options: argparse.Namespace) -> int:
    from satisfaction.drawing import planned_draw, store_sample
    from satisfaction.planning import projects_with_frame
    from satisfaction.study import open_study

    home = find_home()
    chosen = _listed(options.projects) or projects_with_frame(home)
    now = datetime.now().replace(microsecond=0)
    problems = []
    for project in chosen:
        try:
            study = open_study(project, options.wave, "en", home=home)
            path = store_sample(study, options.seed, recorder=options.recorder, now=now)
        except DataProblem as problem:
            problems += problem.problems
        else:
            used = planned_draw(study, options.seed).stages
            after = f", goes on from {used['follows']}" if used["follows"] else ""
            shown = _relative(path, home)
            _say(f"drawn: {project} {options.wave}  {shown}  (seed {used['seed']}{after})")
    if problems:
        raise DataProblem(problems)
    return 0


def _run(options: argparse.Namespace) -> int:
    from satisfaction.planning import plan_tasks
    from satisfaction.reports.batch import run_reports
    from satisfaction.reports.progress import RunProgress

    home = find_home()
    out = options.out or home / "reports"
    tasks = plan_tasks(
        home,
        wave=options.wave,
        projects=_listed(options.projects),
        reports=_listed(options.reports),
        languages=_listed(options.lang) or ["zh"],
        seed=options.seed,
        parameters=dict(options.parameters),
    )
    with RunProgress(len(tasks)) as shown:
        batch = run_reports(tasks, home=home, out=out, workers=options.workers, on_event=shown)
    failed = [record for record in batch.records if not record.ok]
    made = len(batch.records) - len(failed)
    _say(f"{made} reports made, {len(failed)} failed" + (", interrupted" * batch.interrupted))
    if batch.index is not None:
        _say(f"open {_relative(batch.index, home)}")
    return batch.exit_code


def _check(options: argparse.Namespace) -> int:
    if options.methods:
        return _check_methods()
    from satisfaction.self_check import workbook_problems, write_generated

    home = find_home()
    if options.write:
        for path in write_generated(home):
            _say(f"written: {_relative(path, home)}")
    problems = workbook_problems(home)
    if problems:
        raise DataProblem(problems)
    _say("settings, notebooks, catalogs and generated files are in order")
    return 0


def _check_methods() -> int:
    from satisfaction.certification.runner import certify
    from satisfaction.certification.summary import outcome_table, summary

    outcomes = certify()
    Console(highlight=False).print(outcome_table(outcomes))
    for remark in (remark for outcome in outcomes for remark in outcome.remarks):
        _say(remark)
    _say(summary(outcomes))
    return 0 if all(outcome.holds for outcome in outcomes) else 1


def _new(options: argparse.Namespace) -> int:
    from satisfaction.reports.skeleton import write_skeleton

    path = write_skeleton(find_home() / "notebooks", options.report)
    _say(f"written: {path.name}; open it with: jupyter lab notebooks/{path.name}")
    return 0


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()] if text else []


def _counts(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in rows.items())


def _relative(path: Path, home: Path) -> str:
    try:
        return path.resolve().relative_to(home).as_posix()
    except ValueError:
        return str(path)


def _say(words: str) -> None:
    Console(highlight=False, soft_wrap=True).print(words, markup=False)


def _show(problem: DataProblem) -> None:
    from satisfaction.data.findings import problem_table

    Console(stderr=True, highlight=False).print(problem_table(problem))
