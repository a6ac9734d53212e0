"""Mappings: other people's headings and codes, and how their mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from satisfaction.problems import DataProblem
from small_workbook import Workbook

FILE = "Nr,Dept,Q1,Q2,Q9,memo_a,memo_b\n1,X,A,B,,a,b\n2,X,C,Z,text,a,b\n"
MAPPING = """table: responses
rename: {Nr: response, Q1: overall, Q2: staff, Q9: why}
recode:
  "Q[12]": {A: 5, B: 4, C: 3, Z: null}
constants: {project: P1, wave: "2025", mode: paper}
ignore: [Dept, "memo_*"]
"""


@pytest.fixture
def workbook(filled: Workbook, tmp_path: Path) -> Workbook:
    return filled.copy(tmp_path)


def test_a_mapping_renames_recodes_fixes_and_ignores(workbook: Workbook) -> None:
    report = workbook.enter("responses", FILE, name="agency.csv", mapping=MAPPING)
    assert report.rows == {"responses": 2, "answers": 4, "comments": 1}
    answers = workbook.rows("answers").query("source == 'agency.csv'")
    found = answers.set_index(["response", "item"])["score"]
    assert found.dropna().to_dict() == {("1", "overall"): 5, ("1", "staff"): 4, ("2", "overall"): 3}
    assert found.isna().sum() == 1  # Z: declared don't know, so there is a row without a score


def test_another_mapping_reads_the_same_file_anew(workbook: Workbook) -> None:
    workbook.enter("responses", FILE, name="agency.csv", mapping=MAPPING)
    assert (
        workbook.enter("responses", FILE, name="agency.csv", mapping=MAPPING).state == "unchanged"
    )
    changed = MAPPING.replace("B: 4", "B: 2")
    assert workbook.enter("responses", FILE, name="agency.csv", mapping=changed).state == "replaced"
    answers = workbook.rows("answers").query("source == 'agency.csv' and item == 'staff'")
    assert answers["score"].dropna().tolist() == [2]


@pytest.mark.parametrize(
    ("change", "row", "rule"),
    [
        (("table: responses", "table: visits"), None, "the mapping is for the table visits"),
        (("ignore:", "ignored:"), 6, "unknown key"),
        (("ignore:", "encoding: klingon\nignore:"), 6, "unknown encoding 'klingon'"),
        (
            ("constants: {", "constants: {colour: red, "),
            None,
            "the mapping fixes an unknown column",
        ),
        (("constants: {", "constants: {response: R1, "), None, "fixes a column that the file has"),
        (("Dept, ", ""), None, "extra column"),
        (("Q9: why", "Q9: wy"), None, "extra column"),
        (("Q9: why", "Q9: staff"), None, "staff stands twice"),
    ],
)
def test_mistakes_in_a_mapping(
    workbook: Workbook, change: tuple[str, str], row: int | None, rule: str
) -> None:
    problems = workbook.problems(
        "responses", FILE, name="agency.csv", mapping=MAPPING.replace(*change)
    )
    assert any(rule in one[3] and one[0] == row for one in problems), problems


def test_a_missing_mapping(workbook: Workbook) -> None:
    from satisfaction.data.importing import import_file

    path = workbook.file("a.csv", FILE)
    with pytest.raises(DataProblem, match="does not exist"):
        import_file("responses", path, home=workbook.home, mapping=workbook.home / "none.yaml")


def test_the_encoding_may_be_named(workbook: Workbook) -> None:
    text = "项目编号,项目名称,物业类型,区域\nB5,臺北,住宅,北\n"
    mapping = "table: projects\nencoding: big5\n"
    content = text.replace("项目编号,项目名称,物业类型,区域", "project,name,property_type,region")
    content = content.replace("住宅", "residential")
    workbook.enter("projects", content.encode("big5"), name="b.csv", mapping=mapping)
    assert "臺北" in set(workbook.rows("projects")["name"])
