"""The commands: exit codes, and words instead of tracebacks for every bad input."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from satisfaction import __version__, cli, i18n, self_check
from satisfaction.reports.batch import Batch
from satisfaction.reports.rules import notebook_problems
from small_study import sheet, table
from small_workbook import HOUSEHOLDS, PROJECTS, RESPONSES, WAVES, Workbook

ROOT = Path(__file__).parent.parent
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def workbook(own_copy: Workbook) -> Workbook:
    (own_copy.home / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(path, own_copy.home / "notebooks")
    return own_copy


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")


@pytest.fixture
def run(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Run a command in the workbook -> exit code and all that was said, spaces collapsed."""
    monkeypatch.setenv("SATISFACTION_HOME", str(workbook.home))

    def command(*arguments: object) -> tuple[int, str]:
        code = cli.main([str(argument) for argument in arguments])
        said = "".join(capfd.readouterr())
        assert "Traceback" not in said
        return code, re.sub(r"[\s│┃]+", " ", said)

    return command


def state(workbook: Workbook) -> dict[str, bytes]:
    """Every file of the workbook but the lists of problems."""
    return {
        str(path.relative_to(workbook.home)): path.read_bytes()
        for path in workbook.home.rglob("*")
        if path.is_file() and "problems" not in path.parts
    }


def test_version_and_missing_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        cli.main(["--version"])
    assert done.value.code == 0
    assert __version__ in capsys.readouterr().out
    for arguments in ([], ["nonsense"], ["draw", "--wave", "2025"], ["import", "projects"]):
        with pytest.raises(SystemExit) as refused:
            cli.main(arguments)
        assert refused.value.code == 2


def test_outside_a_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SATISFACTION_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    for arguments in (["check"], ["run"], ["demo"], ["new", "x"], ["import", "waves", "w.csv"]):
        assert cli.main(arguments) == 2
        assert "not a workbook" in re.sub(r"[\s│]+", " ", capfd.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_importing_says_what_came_in(workbook: Workbook, run: Run) -> None:
    path = workbook.file("more.csv", table([sheet("P2", "2024", 1, overall=4)]))
    code, said = run("import", "responses", path)
    assert (code, "imported: responses from more.csv" in said) == (0, True)
    assert "1 responses" in said
    code, said = run("import", "responses", path)
    assert (code, "unchanged" in said) == (0, True)


BAD_FILES: list[tuple[str, str, str | bytes | None, str]] = [
    ("a missing file", "projects", None, "does not exist"),
    ("no spreadsheet", "projects", b"\x00\x01\x02\x03" * 200, ""),
    ("an empty file", "projects", b"", "empty"),
    ("an unknown table", "answerz", PROJECTS, "there is no table 'answerz'"),
    ("a derived table", "tallies", PROJECTS, "there is no table 'tallies'"),
    ("a missing column", "projects", "项目编号,物业类型\nQ1,住宅\n", "required column"),
    ("a score of 6", "responses", RESPONSES.replace(",5,4,9,9,", ",6,4,9,9,"), "6"),
    ("a 30 February", "waves", WAVES.replace("2024-10-01", "2025/2/30"), "2025/2/30"),
    ("an unknown project", "households", HOUSEHOLDS.replace("P1,H1", "P77,H1"), "P77"),
    ("a path as id", "projects", PROJECTS.replace("P1,", "../P1,"), "not an identifier"),
    ("a long id", "projects", PROJECTS.replace("P1,", "x" * 300 + ","), "not an identifier"),
    ("twins in case", "projects", PROJECTS.replace("P1,", "p2,"), "upper and lower case"),
]


@pytest.mark.parametrize(
    ("target", "content", "said"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES]
)
def test_a_bad_file_changes_nothing(
    workbook: Workbook, run: Run, target: str, content: str | bytes | None, said: str
) -> None:
    path = workbook.raw / "bad.csv"
    if content is not None:
        workbook.file("bad.csv", content)
    before = state(workbook)
    code, words = run("import", target, path)
    assert code == cli.WRONG_INPUT
    assert said in words
    assert "nothing was imported from bad.csv" in words
    assert state(workbook) == before
    listed = workbook.home / "reports" / "problems" / "bad.csv"
    assert listed.read_text("utf-8-sig").startswith("file,row,column,value,rule,remedy")


def test_a_good_file_beside_a_bad_one_is_imported(workbook: Workbook, run: Run) -> None:
    good = workbook.file("good.csv", table([sheet("P2", "2024", 1, overall=4)]))
    code, said = run("import", "responses", workbook.raw / "none.csv", good)
    assert code == cli.WRONG_INPUT
    assert "imported: responses from good.csv" in said


def test_a_mapping_that_does_not_exist(workbook: Workbook, run: Run) -> None:
    path = workbook.file("waves.csv", WAVES)
    code, said = run("import", "waves", path, "--mapping", "params/imports/none.yaml")
    assert (code, "does not exist" in said) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--projects", "P77"], "unknown project"),
        (["--projects", "../P1"], "unknown project"),
        (["--projects", "P1,p1"], "unknown project"),
        (["--wave", "1999"], "unknown wave"),
        (["--reports", "none"], "unknown report"),
        (["--reports", "../sampling_design"], "unknown report"),
        (["--lang", "de"], "lang"),
        (["--lang", "zh,de"], "lang"),
        (["-p", "undeclared", "1"], "declares no parameter 'undeclared'"),
        (["-p", "seed=1;import os", "1"], "declares no parameter"),
    ],
)
def test_wrong_arguments_of_a_run_change_nothing(
    workbook: Workbook, run: Run, arguments: list[str], said: str
) -> None:
    before = state(workbook)
    projects = [] if "--projects" in arguments else ["--projects", "P1"]
    code, words = run("run", *projects, *arguments)
    assert code == cli.WRONG_INPUT
    assert said in words
    assert state(workbook) == before


def test_an_output_folder_that_is_a_file(workbook: Workbook, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "taken"
    out.write_text("mine", encoding="utf-8")
    code, said = run("run", "--projects", "P1", "--reports", "sampling_design", "--out", out)
    assert code == cli.WRONG_INPUT
    assert "taken" in said
    assert out.read_text("utf-8") == "mine"


def test_a_run_without_any_answers_asks_for_a_wave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fresh = Workbook(tmp_path / "fresh")
    monkeypatch.setenv("SATISFACTION_HOME", str(fresh.home))
    assert cli.main(["run"]) == 2
    assert "does not exist" in re.sub(r"[\s│]+", " ", capfd.readouterr().err)
    fresh.enter("projects", PROJECTS)
    fresh.enter("waves", WAVES)
    assert cli.main(["run"]) == 2
    assert "no annual wave has answers yet" in re.sub(r"[\s│]+", " ", capfd.readouterr().err)


@pytest.mark.parametrize("exit_code", [0, 1, 130])
def test_the_run_s_exit_code_is_the_batch_s(
    workbook: Workbook, run: Run, monkeypatch: pytest.MonkeyPatch, exit_code: int
) -> None:
    seen = {}

    def pretend(tasks: list, **more: object) -> Batch:
        seen.update(more, tasks=tasks)
        return Batch(made=len(tasks), interrupted=exit_code == 130, note="slow today",
                     index="" if exit_code == 1 else f"{more['out']}/index.html")  # fmt: skip

    monkeypatch.setattr("satisfaction.reports.batch.run_reports", pretend)
    code, said = run("run", "--projects", "P1,P2", "--lang", "zh,en", "--seed", "3")
    assert code == exit_code
    assert "note: slow today" in said
    assert ("open reports/index.html" in said) == (exit_code != 1)
    assert ("run the same command again" in said) == (exit_code == 130)
    tasks = seen["tasks"]
    assert {(task.project, task.lang) for task in tasks} == {
        (project, lang) for project in ("P1", "P2") for lang in ("zh", "en")
    }
    assert {task.seed for task in tasks} == {3}
    assert {task.wave for task in tasks} == {"2025"}  # the newest annual wave with answers
    assert seen["out"] == str(workbook.home / "reports")


def test_a_dry_run_says_what_would_be_made_and_why_and_makes_nothing(
    workbook: Workbook, run: Run
) -> None:
    code, said = run("run", "--projects", "P1", "--reports", "year_over_year", "--dry-run")
    assert code == 0
    assert "would run 2025/P1/year_over_year.zh: not made yet" in said
    assert "1 of 1 reports would run" in said
    assert not list((workbook.home / "reports").rglob("*.*"))


@pytest.mark.parametrize("option", ["--workers", "--time-limit", "--memory-limit"])
def test_limits_must_be_positive(run: Run, option: str) -> None:
    code, said = run("run", option, "0")
    assert code == 2
    assert "must be positive" in re.sub(r"[\s│]+", " ", said)


def test_ctrl_c_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_given: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("satisfaction.planning.plan_tasks", interrupt)
    code, said = run("run")
    assert (code, said.strip()) == (130, "interrupted")


def test_drawing_twice(workbook: Workbook, run: Run) -> None:
    code, said = run("draw", "--wave", "2026", "--projects", "P4,P1", "--seed", "5")
    assert code == 0
    assert "drawn: P4 2026 data/raw/samples/2026-P4.csv" in said
    before = state(workbook)
    code, said = run("draw", "--wave", "2026", "--projects", "P4,P1", "--seed", "6")
    assert code == cli.WRONG_INPUT
    assert "P4 already has a sample in wave 2026" in said
    assert "P1 already has a sample in wave 2026" in said  # all problems at once
    assert state(workbook) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--wave", "1999", "--projects", "P4"], "unknown wave"),
        (["--wave", "2026", "--projects", "P77"], "unknown project"),
        (["--wave", "2026", "--projects", "E-frameless"], "no eligible household"),
        (["--wave", "2025", "--projects", "E-varied"], "already has responses"),
    ],
)
def test_wrong_arguments_of_a_draw_change_nothing(
    workbook: Workbook, run: Run, arguments: list[str], said: str
) -> None:
    before = state(workbook)
    code, words = run("draw", *arguments, "--seed", "5")
    assert (code, said in words) == (cli.WRONG_INPUT, True)
    assert state(workbook) == before


def test_a_negative_seed_is_refused(workbook: Workbook, run: Run) -> None:
    before = state(workbook)
    code, _said = run("draw", "--wave", "2026", "--projects", "P4", "--seed", "-1")
    assert code == cli.WRONG_INPUT
    assert state(workbook) == before


def test_a_new_report_keeps_the_rules_and_runs(workbook: Workbook, run: Run) -> None:
    from test_edge_studies import run_notebook

    code, said = run("new", "safety_first")
    assert code == 0
    assert "jupyter lab notebooks/safety_first.ipynb" in said
    path = workbook.home / "notebooks" / "safety_first.ipynb"
    assert notebook_problems(path) == []
    orders = [
        json.loads(each.read_text("utf-8"))["metadata"].get("satisfaction", {}).get("order", 0)
        for each in path.parent.glob("*.ipynb")
    ]
    assert orders.count(max(orders)) == 1
    shown, _names = run_notebook(path, project="P1", wave="2025", lang="en", seed=1)
    assert len(shown) == 2
    i18n.use("zh")


@pytest.mark.parametrize(
    "name", ["", "Big", "1st", "a b", "../x", "x/y", "a" * 41, "报告", "a.ipynb", "a-b", "a\0"]
)
def test_a_bad_id_makes_no_report(workbook: Workbook, run: Run, name: str) -> None:
    before = state(workbook)
    code, said = run("new", name)
    assert (code, "cannot be the id of a report" in said) == (cli.WRONG_INPUT, True)
    assert state(workbook) == before


def test_an_existing_report_is_not_overwritten(workbook: Workbook, run: Run) -> None:
    before = state(workbook)
    code, said = run("new", "sampling_design")
    assert (code, "exists already" in said) == (cli.WRONG_INPUT, True)
    assert state(workbook) == before


def test_this_repository_is_in_order() -> None:
    assert [str(problem) for problem in self_check.workbook_problems(ROOT)] == []


def test_check_names_everything_that_is_wrong(
    workbook: Workbook, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_check, "_catalog_problems", lambda: iter(()))
    own = workbook.home / "params" / "projects" / "P1.yaml"
    own.write_text("reason: x\n", encoding="utf-8")
    (workbook.home / "notebooks" / "bad.ipynb").write_text("{}", encoding="utf-8")
    code, said = run("check")
    assert code == cli.WRONG_INPUT
    assert "approved_by" in said  # the settings
    assert "bad.ipynb" in said  # the notebooks
    assert "README.md" in said  # the dictionary is missing here


def test_check_writes_what_is_generated(
    workbook: Workbook, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = workbook.home / "data" / "README.md"
    monkeypatch.setattr(
        self_check, "generated_files", lambda home: {home / "data" / "README.md": "text\n"}
    )
    monkeypatch.setattr(self_check, "_catalog_problems", lambda: iter(()))
    monkeypatch.setattr(self_check, "CATALOG", workbook.home / "catalog.po")
    assert run("check")[0] == cli.WRONG_INPUT
    code, said = run("check", "--write")
    assert (code, "written: data/README.md" in said) == (0, True)
    assert readme.read_text("utf-8") == "text\n"
    assert run("check")[0] == 0


@pytest.mark.parametrize("command", ["run", "draw"])
def test_a_corrupt_database_is_told(workbook: Workbook, run: Run, command: str) -> None:
    workbook.database.write_bytes(b"not a database" * 500)
    arguments = ["--wave", "2026", "--seed", "5"] if command == "draw" else []
    code, said = run(command, *arguments)
    assert (code, "not a readable database" in said) == (cli.WRONG_INPUT, True)
    assert workbook.database.read_bytes() == b"not a database" * 500


def test_a_budget_is_planned_and_nothing_stored(workbook: Workbook, run: Run) -> None:
    before = state(workbook)
    code, said = run("plan", "--budget", 300, "--minimum", 5)
    assert (code, "wave 2026: 300 interviews" in said) == (0, True)
    assert "E-frameless" in said
    assert "no household" in said
    assert state(workbook) == before
    path = workbook.home / "reports" / "plan.csv"
    code, said = run("plan", "--budget", 300, "--wave", "2025", "--minimum", 5,
                     "--criterion", "sum_of_variances", "--out", path)  # fmt: skip
    assert (code, "written: reports/plan.csv" in said) == (0, True)
    lines = path.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("project,name,name_en,population,proportion,n,")
    code, said = run("plan", "--budget", 100_000)
    assert code == 0
    assert "interviews are left" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--budget", "10"), "are needed; or lower --minimum"),
        (("--budget", "-1"), "budget must not be negative"),
        (("--budget", "10", "--minimum", "-1"), "minimum must not be negative"),
        (("--budget", "1000", "--wave", "1999"), "unknown wave"),
    ],
)
def test_a_plan_that_cannot_be_made(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, words = run("plan", *arguments)
    assert code == cli.WRONG_INPUT
    assert said in words


def test_a_later_draw_says_whose_seed_it_goes_on_with(workbook: Workbook, run: Run) -> None:
    code, said = run("draw", "--wave", "2026", "--projects", "P4", "--seed", 5)
    assert (code, "(seed 5)" in said) == (0, True)
    waves = (workbook.raw / "waves.csv").read_text("utf-8")
    row = "2027,年,,annual,2027-10-01,2027-11-30,small-2\n"
    workbook.enter("waves", waves + row)
    code, said = run("draw", "--wave", "2027", "--projects", "P4", "--seed", 6)
    assert (code, "(seed 5, goes on from 2026)" in said) == (0, True)
