"""Bad input: every kind of it is told with row, column and value, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import Databases
from satisfaction.data.findings import problem_table, write_problems_csv
from satisfaction.problems import DataProblem, Problem
from small_workbook import HOUSEHOLDS, PROJECTS, WAVES, Workbook

HEAD = "project,wave,response,household,mode,overall,staff,first,why\n"


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Workbook:
    made = Workbook(tmp_path_factory.mktemp("home"), databases)
    made.fill()
    return made


def sheet(**cells: str) -> str:
    """One answer sheet that is right but for ``cells``."""
    right = {"project": "P1", "wave": "2025", "response": "X1", "household": "H3", "mode": "web"}
    right |= {"overall": "5", "staff": "4", "first": "1", "why": ""}
    return HEAD + ",".join((right | cells).values()) + "\n"


@pytest.mark.parametrize(
    ("cells", "column", "rule"),
    [
        ({"overall": "6"}, "overall", "the score is not on the scale (1 to 5)"),
        ({"overall": "0"}, "overall", "the score is not on the scale (1 to 5)"),
        ({"staff": "4.5"}, "staff", "the score is not a whole number"),
        ({"staff": "good"}, "staff", "the score is not a whole number"),
        ({"first": "3"}, "first", "the score is not on the codes of this item (1 to 9)"),
        ({"project": "P9"}, "project", "unknown project"),
        ({"wave": "2031"}, "wave", "unknown wave"),
        ({"household": "K1"}, "household", "this project has no such household"),
        ({"household": "3栋2单元1501"}, "household", "not an identifier (1 to 63 letters"),
        ({"mode": "fax"}, "mode", "not one of the words of this column"),
        ({"mode": ""}, "mode", "the cell is empty"),
        ({"response": ""}, "response", "the cell is empty"),
        ({"response": "R1"}, "response", "this key came already with responses.csv"),
        ({"household": "H1"}, "household", "an answer sheet of this household and wave came"),
        ({"why": "a\x00b"}, "why", "the text holds a NUL sign"),
        ({"why": "x" * 5001}, "why", "the text is longer than 5000 characters"),
    ],
)
def test_one_wrong_cell(workbook: Workbook, cells: dict[str, str], column: str, rule: str) -> None:
    problems = workbook.problems("responses", sheet(**cells), name="new.csv")
    assert len(problems) == 1
    assert problems[0][:3] == (2, column, cells[column][:80])
    assert problems[0][3].startswith(rule)


@pytest.mark.parametrize(
    ("content", "column", "rule"),
    [
        (sheet().replace("mode", "modus"), "modus", "extra column"),
        (sheet().replace(",staff", ",gone"), "gone", "extra column"),
        (sheet().replace(",staff", ",overall"), "overall (column G)", "overall stands twice"),
        (sheet().replace(",staff", ",总体"), "总体 (column G)", "overall stands twice"),
        (sheet().replace(",staff", ","), "column G", "a column without a heading"),
        (
            "project,wave,response\nP1,2025,X1\n",
            "",
            "the required column mode (收集方式) is missing",
        ),
    ],
)
def test_wrong_columns(workbook: Workbook, content: str, column: str, rule: str) -> None:
    problems = workbook.problems("responses", content, name="new.csv")
    assert any(one[1] == column and one[3].startswith(rule) for one in problems), problems


def test_all_problems_of_a_file_come_at_once_in_the_order_of_its_rows(workbook: Workbook) -> None:
    rows = [
        sheet(overall="6"),
        sheet(response="X2", household="H9"),
        sheet(response="X1", mode="?"),
    ]
    content = HEAD + "".join(one.removeprefix(HEAD) for one in rows)
    problems = workbook.problems("responses", content, name="new.csv")
    assert [(row, column) for row, column, _, _ in problems] == [
        (2, "overall"),
        (3, "household"),
        (4, "household"),
        (4, "mode"),
        (4, "response"),
    ]
    assert problems[-1][3] == "the same key as in row 2"


@pytest.mark.parametrize(
    ("project", "rule"),
    [
        ("../P", "not an identifier"),
        ("P" * 300, "not an identifier"),
        ("a\x00b", "not an identifier"),
        ("Р1", "not an identifier"),  # a Cyrillic look-alike
        ("Ｐ1", "not an identifier"),
        ("P1.", "not an identifier"),
        ("NUL", "the name is reserved by Windows"),
        ("com1.x", "the name is reserved by Windows"),
        ("p1", "P1 exists and differs only in upper and lower case"),
    ],
)
def test_project_ids_are_safe_in_file_names(workbook: Workbook, project: str, rule: str) -> None:
    content = f"project,name,property_type,region\n{project},x,住宅,华东\n"
    problems = workbook.problems("projects", content, name="more.csv")
    assert len(problems) == 1
    assert problems[0][3].startswith(rule)


def test_ids_of_one_file_that_differ_in_case(workbook: Workbook) -> None:
    content = "project,name,property_type,region\nQq,x,住宅,华东\nqQ,x,住宅,华东\n"
    problems = workbook.problems("projects", content, name="more.csv")
    assert [one[0] for one in problems] == [2, 3]


@pytest.mark.parametrize(
    ("table", "content", "column", "rule"),
    [
        (
            "waves",
            WAVES.replace("2025/10/1", "2025/2/30"),
            "opened_on",
            "not a day of the calendar",
        ),
        ("waves", WAVES.replace("2025/10/1", "2025/12/1"), "closed_on", "closed_on lies before"),
        ("waves", WAVES.replace("small-1", "none-1"), "questionnaire", "unknown questionnaire"),
        (
            "households",
            HOUSEHOLDS.replace("owner", "king"),
            "customer_group",
            "not a customer group",
        ),
        ("households", HOUSEHOLDS.replace("H2", "H1"), "household", "the same key as in row 2"),
        ("projects", PROJECTS.replace("一号", "一" * 81), "项目名称", "the text is longer than 80"),
        (
            "projects",
            PROJECTS.replace("P2,二号,商业,华东\n", ""),
            "project",
            "this project is no longer in the file, but 1 rows of households",
        ),
        (
            "households",
            HOUSEHOLDS.replace("P1,H1,1,owner,resident\n", ""),
            "household",
            "this household is no longer in the file, but 1 rows of responses (responses.csv)",
        ),
        (
            "household_flags",
            "project,household,flag,set_at,cleared_at\nP1,H1,blacklisted,2025-1-1,2025-1-1\n",
            "cleared_at",
            "cleared_at lies before set_at",
        ),
        (
            "answers",
            "project,wave,response,item,score\nP1,2025,R9,staff,1\n",
            "response",
            "this project",
        ),
        ("answers", "project,wave,response,item,score\nP1,2025,R1,why,1\n", "item", "not a closed"),
        (
            "answers",
            "project,wave,response,item,score\nP1,2025,R1,lifts,8\n",
            "score",
            "the score is",
        ),
        (
            "answers",
            "project,wave,response,item,score\nP1,2025,R1,staff,1\n",
            "item",
            "this key came",
        ),
        (
            "comments",
            "project,wave,response,item,text\nP1,2025,R2,staff,x\n",
            "item",
            "not an open",
        ),
    ],
)
def test_rules_of_other_tables(
    workbook: Workbook, table: str, content: str, column: str, rule: str
) -> None:
    problems = workbook.problems(table, content)
    assert any(one[1] == column and one[3].startswith(rule) for one in problems), problems


def test_no_more_than_a_thousand_problems_are_listed_but_all_are_counted(
    workbook: Workbook,
) -> None:
    rows = "".join(
        sheet(response=f"X{number}", household="", overall="6").removeprefix(HEAD)
        for number in range(1500)
    )
    problems = workbook.problems("responses", HEAD + rows, name="new.csv")
    assert len(problems) == 1001
    assert problems[-1][3] == "500 more problems are not listed"


def test_the_problem_list_is_safe_in_excel_and_on_the_terminal(tmp_path: Path) -> None:
    one = Problem("a.csv", "wrong", "mend", row=2, column="[red]x", value="=cmd|'/c calc'!A1")
    problem = DataProblem([one, Problem("a.csv", "bell", "mend", value="\x1b[2J")] * 15)
    write_problems_csv(problem, tmp_path / "out" / "problems.csv")
    raw = (tmp_path / "out" / "problems.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbffile,row,column,value,rule,remedy")
    assert b"'=cmd" in raw
    table = problem_table(problem)
    assert table.row_count == 20
    assert "10 more" in str(table.caption)
