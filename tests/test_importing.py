"""From raw file to rows: wide to long, the same file again, corrected files, locks and secrets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import Databases, address
from satisfaction.data import database, tallies
from satisfaction.data.database import fetch, reader, writer
from satisfaction.problems import DataProblem
from small_workbook import HOUSEHOLDS, PROJECTS, RESPONSES, WAVES, Workbook


@pytest.fixture
def workbook(filled: Workbook, tmp_path: Path) -> Workbook:
    return filled.copy(tmp_path)


def test_wide_answers_become_long(workbook: Workbook) -> None:
    answers = workbook.rows("answers")
    scores = answers.set_index(["project", "response", "item"])["score"]
    assert scores.dropna().astype(int).to_dict() == {
        ("P1", "R1", "overall"): 5,
        ("P1", "R1", "staff"): 4,
        ("P1", "R1", "first"): 9,  # a code of this item, though 9 means don't know elsewhere
        ("P1", "R2", "overall"): 5,  # full-width
        ("P1", "R2", "lifts"): 3,  # 3.0
        ("P1", "R2", "first"): 1,
        ("P2", "R1", "overall"): 1,
        ("P2", "R1", "staff"): 2,
        ("P2", "R1", "lifts"): 3,
    }
    assert list(scores[scores.isna()].index) == [("P1", "R1", "lifts")]  # 9 = don't know
    assert sorted(workbook.rows("comments")["text"]) == ["引号, 换行\n第二行", "电梯太慢"]
    responses = workbook.rows("responses")
    assert list(responses["mode"]) == ["web", "paper", "phone"]
    assert list(responses["answered_at"].dt.hour.dropna()) == [9, 0]


def test_the_same_file_again_changes_nothing(workbook: Workbook) -> None:
    before = workbook.contents()
    for table, content in (("projects", PROJECTS), ("responses", RESPONSES)):
        report = workbook.enter(table, content)
        assert (report.state, report.rows) == ("unchanged", {})
    assert workbook.contents() == before


def test_a_corrected_file_replaces_its_own_rows_only(workbook: Workbook) -> None:
    workbook.enter(
        "responses", "project,wave,response,mode,overall\nP1,2025,Z1,app,2\n", name="other.csv"
    )
    head, first, *_ = RESPONSES.splitlines(keepends=True)
    report = workbook.enter("responses", head + first.replace(",5,4,9,", ",1,4,,"))
    assert report.state == "replaced"
    answers = workbook.rows("answers")
    assert answers[["response", "item", "score"]].to_numpy().tolist() == [
        ["R1", "first", 9],
        ["R1", "overall", 1],
        ["R1", "staff", 4],
        ["Z1", "overall", 2],
    ]
    assert len(workbook.rows("responses")) == 2
    assert len(workbook.rows("imports")) == 6


def test_households_may_be_corrected_under_their_responses(workbook: Workbook) -> None:
    corrected = HOUSEHOLDS.replace("H1,1,owner", "H1,7,landlord").replace(
        "P1,H3,2,owner,resident\n", ""
    )
    assert workbook.enter("households", corrected).state == "replaced"
    rows = workbook.rows("households").set_index("household")
    assert list(rows.index) == ["H1", "H2", "K1"]
    assert rows.loc["H1", "building"] == "7"


def test_tallies_count_sampled_households_only(workbook: Workbook) -> None:
    everyone = workbook.rows("tallies").query("project == 'P1' and item == 'overall'")
    assert everyone[["responses", "counts"]].values.tolist() == [[2, "-1/2=5:2,"]]
    head = (
        "project,wave,household,stratum,stratum_population,stratum_sample,probability,role,"
        "draw_order,invited,seed,design_version,drawn_at\n"
    )
    workbook.enter("samples", head + "P1,2025,H1,owner,2,1,0.5,正选,1,是,1,v1,2025-09-28 10:00\n")
    sampled = workbook.rows("tallies").query("project == 'P1' and item == 'overall'")
    assert sampled[["responses", "counts"]].values.tolist() == [[1, "2/1=5:1,"]]
    missing = workbook.rows("tallies").query("project == 'P1' and item == 'lifts'")
    assert missing["counts"].tolist() == ["2/1=-1:1,"]


@pytest.mark.duckdb
def test_a_file_that_has_grown_is_sorted_by_item(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "UNSORTED_ROWS", 1)
    before = workbook.rows("tallies")
    workbook.enter("answers", "project,wave,response,item,score\nP2,2025,R1,first,1\n")
    with reader(workbook.database) as connection:
        stored = fetch(connection, "SELECT item, wave, project FROM tallies")
    assert len(stored) > len(before)
    keys = list(stored.itertuples(index=False, name=None))
    assert keys == sorted(keys)
    after = workbook.rows("tallies").query("project != 'P2' or item != 'first'")
    pd.testing.assert_frame_equal(after.reset_index(drop=True), before)


def test_long_answers_join_their_sheets(workbook: Workbook) -> None:
    content = "project,wave,response,item,score\nP1,2025,R2,态度,9\nP2,2025,R1,first,1\n"
    assert workbook.enter("answers", content).rows == {"answers": 2}
    own = workbook.rows("answers").query("source == 'answers.csv'")
    assert own[["item", "score"]].fillna(-1).to_numpy().tolist() == [["staff", -1], ["first", 1]]
    staff = workbook.rows("tallies").query("item == 'staff' and project == 'P1'")
    assert staff["counts"].tolist() == ["-1/2=-1:1,4:1,"]


def test_contacts_go_to_their_own_file_and_never_into_a_message(workbook: Workbook) -> None:
    good = "project,household,姓名,phone,room\nP1,H1,张三丰,13800138000,3栋1501\n"
    assert workbook.enter("contacts", good).rows == {"contacts": 1}
    assert list(workbook.rows("contacts", personal=True)["name"]) == ["张三丰"]
    assert "张三丰".encode() not in workbook.contents(personal=False)
    before = workbook.contents()
    bad = [
        good.replace("H1", "H77").replace("1501", "1" * 70),
        "P1,H1,张三丰,13800138000,3栋1501\nP1,H2,李四,1,2\n",  # the heading row is missing
        good + "P1,H1,张三丰,1,2\n",
        good + "P1,H2,张三丰,1\n",
    ]
    for content in bad:
        with pytest.raises(DataProblem) as caught:
            workbook.enter("contacts", content)
        told = str(caught.value) + caught.value.table().to_string()
        for secret in ("张三丰", "13800138000", "1501", "1111", "李四", "H77"):
            assert secret not in told
    assert workbook.contents() == before


def test_a_first_refused_file_leaves_no_database(tmp_path: Path, databases: Databases) -> None:
    empty = Workbook(tmp_path, databases)
    with pytest.raises(DataProblem, match="unknown project"):
        empty.enter("households", HOUSEHOLDS)
    assert not database.exists(empty.database)


def test_a_corrupt_database_is_told(tmp_path: Path) -> None:
    broken = Workbook(tmp_path)
    broken.database.write_bytes(b"this is no database" * 1000)
    with pytest.raises(DataProblem, match="not a readable database"):
        broken.enter("projects", PROJECTS)
    assert broken.database.read_bytes().startswith(b"this is no database")


def test_a_database_held_by_another_process_is_told(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys\nfrom satisfaction.data.database import located, writer\n"
        "with writer(located(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    monkeypatch.setattr(database, "WRITER_WAIT_SECONDS", 0.3)
    monkeypatch.setattr(writer.__wrapped__, "__kwdefaults__", {"personal": False, "wait": 0.3})
    with subprocess.Popen(
        [sys.executable, "-c", code, address(workbook.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(DataProblem, match="the database is in use by"):
            workbook.enter("waves", WAVES.replace("annual", "special"))
        holder.communicate()
    assert set(workbook.rows("waves")["kind"]) == {"annual"}


def test_unknown_table(workbook: Workbook) -> None:
    with pytest.raises(DataProblem, match="there is no table 'tallies' to import"):
        workbook.enter("tallies", "a\n1\n")


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=20,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(names=st.lists(texts, min_size=1, max_size=5), kind=st.sampled_from(["csv", "xlsx"]))
def test_what_goes_in_is_what_is_stored(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, names: list[str], kind: str
) -> None:
    workbook = Workbook(tmp_path_factory.mktemp("home"), databases)
    frame = pd.DataFrame({"project": [f"p-{n}" for n in range(len(names))], "name": names})
    frame = frame.assign(property_type="residential", region="01", butlers=3, synthetic=True)
    path = workbook.raw / f"projects.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    else:
        with pd.ExcelWriter(
            path,
            engine_kwargs={"options": {"strings_to_formulas": False, "strings_to_urls": False}},
        ) as book:
            frame.to_excel(book, index=False)
    workbook.enter("projects", path.read_bytes(), name=path.name)
    with database.reader(workbook.database) as connection:
        stored = fetch(connection, "SELECT * FROM projects ORDER BY project")
    assert list(stored["name"]) == names
    assert set(stored["region"]) == {"01"}
    assert stored["butlers"].eq(3).all()
    assert stored["synthetic"].all()
