"""Which reports are out of date, and why; each reason in turn."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from satisfaction.data.database import execute, writer
from satisfaction.reports import inputs
from satisfaction.reports.inputs import plan
from satisfaction.reports.record import Record, about, publish
from satisfaction.reports.storage import Folder
from satisfaction.reports.task import Task
from small_reports import FIXTURES, reports_of, small_database, task_of

FILES = {".html": b"page", ".ipynb": b"notebook"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    small_database(home, ["p1", "p2"])
    (home / "notebooks").mkdir()
    shutil.copy(FIXTURES / "descriptive_statistics.ipynb", home / "notebooks" / "one.ipynb")
    return home


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "out")


def a_task(home: Path, **more: Any) -> Task:
    report = reports_of(home / "notebooks")["one"]
    return task_of(report, **{"project": "p1", "languages": ("zh", "en"), **more})


def reason(task: Task, home: Path, storage: Folder, *, force: bool = False) -> str:
    (planned,) = plan([task], home=home, storage=storage, force=force)
    return planned.reason


@pytest.fixture
def made(home: Path, storage: Folder) -> Record:
    """The record of a report that was made from what is there now."""
    task = a_task(home)
    (planned,) = plan([task], home=home, storage=storage)
    assert planned.reason == "not made yet"
    assert all(planned.inputs.values())
    record = Record(run_id="r", state="ok", started_at="", finished_at="",
                    inputs=planned.inputs, certificate={"held": 48}, **about(task))  # fmt: skip
    return publish(storage, record, FILES)


def test_a_report_made_from_the_same_is_not_made_again(
    made: Record, home: Path, storage: Folder
) -> None:
    assert reason(a_task(home), home, storage) == ""
    assert reason(a_task(home), home, storage, force=True) == "asked for anew"
    assert reason(a_task(home, project="p2"), home, storage) == "not made yet"


def test_another_notebook(made: Record, home: Path, storage: Folder) -> None:
    path = home / "notebooks" / "one.ipynb"
    path.write_text(path.read_text("utf-8").replace("0.83", "0.84"), encoding="utf-8")
    assert reason(a_task(home), home, storage) == "changed: notebook"


def test_another_parameter(made: Record, home: Path, storage: Folder) -> None:
    assert reason(a_task(home, seed=8), home, storage) == "changed: parameters"


def test_another_language_to_link_to(made: Record, home: Path, storage: Folder) -> None:
    assert reason(a_task(home, languages=("en",)), home, storage) == "changed: languages"


def test_another_policy(made: Record, home: Path, storage: Folder) -> None:
    path = home / "params" / "policy.yaml"
    text = path.read_text("utf-8")
    assert "target: 0.90" in text
    path.write_text(text.replace("target: 0.90", "target: 0.91"), encoding="utf-8")
    assert reason(a_task(home), home, storage) == "changed: settings"


def test_an_override_of_this_project_alone(made: Record, home: Path, storage: Folder) -> None:
    own = (
        "reason: x\napproved_by: x\napproved_on: 2026-01-01\n"
        "policy:\n  satisfaction: {target: 0.5}\n"
    )
    (home / "params" / "projects").mkdir()
    (home / "params" / "projects" / "p2.yaml").write_text(own, encoding="utf-8")
    assert reason(a_task(home), home, storage) == ""
    (home / "params" / "projects" / "p1.yaml").write_text(own, encoding="utf-8")
    assert reason(a_task(home), home, storage) == "changed: settings"


def test_other_data(made: Record, home: Path, storage: Folder) -> None:
    for project, said in (("p2", ""), ("p1", "changed: data")):
        with writer(home / "data" / "workbook.duckdb") as connection:
            statement = "UPDATE projects SET name = 'other' WHERE project = $1"
            execute(connection, statement, [project])
        assert reason(a_task(home), home, storage) == said


@pytest.mark.parametrize(
    ("name", "said"), [("code_fingerprint", "code"), ("all_versions", "versions")]
)
def test_other_code_or_libraries(
    made: Record, home: Path, storage: Folder, name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, name, lambda: "other")
    assert reason(a_task(home), home, storage) == f"changed: {said}"


def test_data_that_cannot_be_read_are_never_the_same(
    made: Record, home: Path, storage: Folder
) -> None:
    (home / "data" / "workbook.duckdb").unlink()
    assert reason(a_task(home), home, storage) == "changed: data"
    publish(storage, replace(made, inputs={**made.inputs, "data": ""}), FILES)
    assert reason(a_task(home), home, storage) == "changed: data"


def test_a_report_whose_methods_were_not_checked(made: Record, home: Path, storage: Folder) -> None:
    publish(storage, replace(made, certificate={}), FILES)
    assert reason(a_task(home), home, storage) == "its methods could not be checked"


def test_a_report_that_failed(made: Record, home: Path, storage: Folder) -> None:
    publish(storage, replace(made, state="failed"), {})
    assert reason(a_task(home), home, storage) == "failed last time"


@pytest.mark.parametrize("kind", FILES)
def test_files_that_are_missing_or_half(
    made: Record, home: Path, storage: Folder, kind: str
) -> None:
    path = storage.root / "2025" / "p1" / f"one.en{kind}"
    path.write_bytes(path.read_bytes()[:-1])
    assert reason(a_task(home), home, storage) == "its files are missing or not whole"
    path.unlink()
    assert reason(a_task(home), home, storage) == "its files are missing or not whole"


def test_a_record_that_cannot_be_read(made: Record, home: Path, storage: Folder) -> None:
    (storage.root / "2025" / "p1" / "one.en.json").write_text("{", encoding="utf-8")
    assert reason(a_task(home), home, storage) == "not made yet"
