"""The commands: ``python -m satisfaction demo|import|plan|draw|run|export|check|new``.

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
from satisfaction.cli_run import add_projects, add_run, listed, relative, say
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
        say("interrupted")
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
    add_projects(draw)
    draw.add_argument(
        "--seed",
        type=int,
        required=True,
        help="of a project's first sample; rotation and panel go on with the seed on record",
    )
    draw.add_argument("--recorder", help="who draws (default: the account)")
    draw.set_defaults(command=_draw)

    add_run(commands.add_parser("run", help="run reports and build the index"))

    export = commands.add_parser("export", help="copy the database to a server, or to a file")
    export.add_argument(
        "--to", required=True, metavar="URL", help="postgresql://account@host/database, or a file"
    )
    export.add_argument("--contacts", action="store_true", help="personal data too")
    export.set_defaults(command=_export)

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


def _demo(_options: argparse.Namespace) -> int:
    from satisfaction.demo import import_portfolio

    home = find_home()
    for report in import_portfolio(home):
        say(f"{report.state:>9}  {report.table:<16} {report.source}  {_counts(report.rows)}")
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
            say(f"nothing was imported from {path.name}; all problems: {relative(listed, home)}")
            continue
        words = f"{report.state}: {report.table} from {report.source}"
        say(f"{words}  {_counts(report.rows)}  {report.seconds:.1f} s")
    return WRONG_INPUT if failed else 0


def _export(options: argparse.Namespace) -> int:
    from satisfaction.data.database import database_of, located
    from satisfaction.data.exporting import export

    target = located(options.to, "--to")
    for table, count in export(database_of(find_home()), target, contacts=options.contacts).items():
        say(f"{count:>12,}  {table}")
    say(f"all rows compared: {target.name} holds the same as the database")
    return 0


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
        say(f"all {plan.n:,} households are in; {options.budget - plan.n:,} interviews are left")
    widest = f"±{100 * plan.stages['largest_margin']:.1f} points"
    say(f"widest margin {widest}; sum of variances {plan.stages['sum_of_variances']:.6g}")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        plan.rows.to_csv(options.out, index=False, encoding="utf-8-sig")
        say(f"written: {relative(options.out, home)}")
    return 0


def _draw(options: argparse.Namespace) -> int:
    from satisfaction.drawing import planned_draw, store_sample
    from satisfaction.planning import projects_with_frame
    from satisfaction.study import open_study

    home = find_home()
    chosen = listed(options.projects) or projects_with_frame(home)
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
            shown = relative(path, home)
            say(f"drawn: {project} {options.wave}  {shown}  (seed {used['seed']}{after})")
    if problems:
        raise DataProblem(problems)
    return 0


def _check(options: argparse.Namespace) -> int:
    if options.methods:
        return _check_methods()
    from satisfaction.self_check import workbook_problems, write_generated

    home = find_home()
    if options.write:
        for path in write_generated(home):
            say(f"written: {relative(path, home)}")
    problems = workbook_problems(home)
    if problems:
        raise DataProblem(problems)
    say("settings, notebooks, catalogs and generated files are in order")
    return 0


def _check_methods() -> int:
    from satisfaction.certification.runner import certify
    from satisfaction.certification.summary import outcome_table, summary

    outcomes = certify()
    Console(highlight=False).print(outcome_table(outcomes))
    for remark in (remark for outcome in outcomes for remark in outcome.remarks):
        say(remark)
    say(summary(outcomes))
    return 0 if all(outcome.holds for outcome in outcomes) else 1


def _new(options: argparse.Namespace) -> int:
    from satisfaction.reports.skeleton import write_skeleton

    path = write_skeleton(find_home() / "notebooks", options.report)
    say(f"written: {path.name}; open it with: jupyter lab notebooks/{path.name}")
    return 0


def _counts(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in rows.items())


def _show(problem: DataProblem) -> None:
    from satisfaction.data.findings import problem_table

    Console(stderr=True, highlight=False).print(problem_table(problem))
