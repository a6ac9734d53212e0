"""Canaries: personal data of a raw file reach the contacts database and no other place."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import pandas as pd
import pytest

from satisfaction import cli
from satisfaction.data.database import fetch, reader
from satisfaction.data.tables import TABLES
from satisfaction.problems import DataProblem
from satisfaction.study import Study, open_study
from small_workbook import Workbook
from test_edge_studies import REPORTS, run_notebook, tables_of

LIB = Path(__file__).parent.parent / "lib" / "satisfaction"
CANARIES = {
    "name": "欧阳金丝雀",
    "phone": "13955550199",
    "plate": "粤B·C4N4Y",
    "room": "3栋2单元1501",
}
CONTACTS = (
    "项目编号,户号,姓名,电话,房号,车牌\n"
    f"P1,H01,{CANARIES['name']},{CANARIES['phone']},{CANARIES['room']},{CANARIES['plate']}\n"
)
IGNORING = "table: contacts\nignore: [车牌]\n"
# only what stores or fetches contacts may name them
MAY_TOUCH = {"data/tables.py", "data/contacts.sql", "data/database.py", "data/importing.py",
             "data/storing.py", "data/dictionary.py", "data/validation.py",
             "data/postgresql.py", "data/exporting.py", "cli.py"}  # fmt: skip


def found_in(text: str | bytes) -> list[str]:
    raw = text.encode() if isinstance(text, str) else text
    return [
        name
        for name, canary in CANARIES.items()
        if any(canary.encode(code) in raw for code in ("utf-8", "gb18030", "utf-16-le"))
    ]


@pytest.fixture(scope="module")
def workbook(surveyed: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    copy = surveyed.copy(tmp_path_factory.mktemp("private") / "copy")
    copy.enter("contacts", CONTACTS, mapping=IGNORING)
    return copy


@pytest.fixture(scope="module")
def study(workbook: Workbook) -> Study:
    return open_study("P1", "2025", "zh", home=workbook.home)


def test_contacts_are_kept_in_their_own_file_alone(workbook: Workbook) -> None:
    contacts = workbook.rows("contacts", personal=True)
    stored = contacts[["name", "phone", "room"]].iloc[0].to_dict()
    assert stored == {name: CANARIES[name] for name in ("name", "phone", "room")}
    assert "phone" in found_in(workbook.contents())
    assert found_in(workbook.contents(personal=False)) == []
    other = workbook.home / "data" / "contacts.duckdb"
    for path in workbook.home.rglob("*"):
        if path.is_file() and path != other and path.parent != workbook.raw:
            assert found_in(path.read_bytes()) == [], path.name


def test_the_main_database_has_no_column_for_them(workbook: Workbook) -> None:
    with reader(workbook.database) as connection:
        columns = fetch(
            connection,
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema()",
        )
        tables = columns["table_name"].unique()
        assert len(tables) == len(TABLES) - 1
        for table in tables:
            rows = fetch(connection, f"SELECT * FROM {table}")
            assert found_in(rows.to_csv()) == [], table
    assert "contacts" not in set(tables)
    assert not {"phone", "room"} & set(columns["column_name"])


def test_a_column_that_is_not_wanted_is_not_kept_anywhere(workbook: Workbook) -> None:
    assert "plate" not in found_in(workbook.contents())


def test_a_study_holds_none_of_it(study: Study) -> None:
    earlier = vars(study.slice.earlier) if study.slice.earlier else {}
    frames = (
        vars(study.slice)
        | {f"earlier {name}": part for name, part in earlier.items()}
        | {
            "frame": study.frame,
            "sample": study.sample,
            "all": study.responses,
        }
    )
    for name, part in frames.items():
        if not isinstance(part, pd.DataFrame | pd.Series):
            continue
        table = part.to_frame() if isinstance(part, pd.Series) else part
        assert found_in(table.to_csv()) == [], name
        assert not {"phone", "room", "contact"} & set(table.columns), name
    assert found_in(repr(study)) == []


@pytest.mark.duckdb
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_no_report_shows_any_of_it(
    path: Path, workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATISFACTION_HOME", str(workbook.home))
    run_notebook.cache_clear()
    displayed, names = run_notebook(path, project="P1", wave="2025", lang="zh", seed=7)
    assert names["study"].home == workbook.home
    for cell in displayed:
        bundle = cell.value._repr_mimebundle_()
        assert found_in(str(bundle) + tables_of(cell.html)) == []
    run_notebook.cache_clear()


def refused(workbook: Workbook, table: str, content: str, **more: str) -> str:
    """Everything that is told about a refused file: the text, the table and its values."""
    with pytest.raises(DataProblem) as caught:
        workbook.enter(table, content, name=f"bad-{table}.csv", **more)
    shown = io.StringIO()
    caught.value.table().to_csv(shown)
    return str(caught.value) + shown.getvalue()


HEAD = "项目编号,户号,姓名,电话,房号\n"


@pytest.mark.parametrize(
    "row",
    [
        f"P1,H99,{CANARIES['name']},{CANARIES['phone']},{CANARIES['room']}",  # unknown household
        f"P1,{CANARIES['room']},{CANARIES['name']},{CANARIES['phone']},",  # shifted cells
        f"P9,H01,{CANARIES['name']},{CANARIES['phone']},{CANARIES['room']}",
        f"P1,H01,{CANARIES['name'] * 13},{CANARIES['phone'] * 5},{CANARIES['room'] * 9}",
        f"P1,H02,{CANARIES['name']},{CANARIES['phone']},x\nP1,H02,,{CANARIES['phone']},",
        f",,{CANARIES['name']},{CANARIES['phone']},{CANARIES['room']}",
        f"P1,H01,{CANARIES['name']}\x00,{CANARIES['phone']},{CANARIES['room']}",
    ],
    ids=["household", "shifted", "project", "long", "twice", "empty", "nul"],
)
def test_problems_of_a_contacts_file_hide_their_values(workbook: Workbook, row: str) -> None:
    told = refused(workbook, "contacts", HEAD + row + "\n")
    assert found_in(told) == []
    assert "(hidden)" in told or row.startswith(",,")  # nothing to hide in an empty cell


def test_headings_that_are_data_are_hidden(workbook: Workbook) -> None:
    # a file without a header: the first household is taken for the headings
    told = refused(workbook, "contacts", CONTACTS.splitlines()[1] + "\n" + "P1,H02,a,b,c,d\n")
    assert found_in(told) == []


def test_the_command_s_output_and_its_problem_list_hide_them(
    own_copy: Workbook, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SATISFACTION_HOME", str(own_copy.home))
    row = f"P1,H99,{CANARIES['name']},{CANARIES['phone']},{CANARIES['room']}\n"
    path = own_copy.file("contacts.csv", HEAD + row)
    assert cli.main(["import", "contacts", str(path)]) == 2
    assert found_in("".join(capfd.readouterr())) == []
    listed = own_copy.home / "reports" / "problems" / "contacts.csv"
    assert found_in(listed.read_bytes()) == []
    assert "(hidden)" in listed.read_text("utf-8-sig")


@pytest.mark.parametrize("room", ["3栋2单元1501", "3-2-1501室", "1501 号", "3/2/1501", "Ａ101"])
def test_households_that_look_like_rooms_are_refused(own_copy: Workbook, room: str) -> None:
    content = f"project,household,building,customer_group,occupancy\nP1,{room},1,owner,resident\n"
    told = refused(own_copy, "households", content)
    assert "rooms belong to contacts" in told


def test_rooms_as_households_of_answers_are_refused(own_copy: Workbook) -> None:
    content = "project,wave,response,household,mode,overall\nP1,2025,R900,3栋2单元1501,web,5\n"
    assert "rooms belong to contacts" in refused(own_copy, "responses", content)


def names_contacts(path: Path) -> bool:
    """Whether the code names contacts: strings and identifiers, not comments or docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        said = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            said = node.value
        elif isinstance(node, ast.Name | ast.Attribute):
            said = node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.keyword):
            said = "contacts" if node.arg == "personal" else ""
        if re.search(r"contacts", said, re.IGNORECASE):
            return True
    return False


def test_only_the_import_touches_contacts() -> None:
    users = {
        path.relative_to(LIB).as_posix()
        for path in LIB.rglob("*.py")
        if "portfolio" not in path.parts and names_contacts(path)
    }
    assert users <= MAY_TOUCH
    # the sample portfolio writes a raw file with invented names
    assert not [name for name in users if name.startswith(("reports", "exhibits", "methods"))]


def test_notebooks_do_not_name_contacts() -> None:
    for path in REPORTS:
        assert "contact" not in path.read_text("utf-8").lower(), path.name
