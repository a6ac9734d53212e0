"""Running notebooks: good ones, bad ones, and what is left behind (nothing)."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from satisfaction.problems import DataProblem
from satisfaction.reports.batch import Batch, Event, _Run, run_reports
from satisfaction.reports.certificate import KEPT
from satisfaction.reports.notebooks import Report, reports_in
from satisfaction.reports.page_check import page_problems
from satisfaction.reports.processes import TOKEN
from satisfaction.reports.progress import RunProgress
from satisfaction.reports.record import Record, failed, read_records
from satisfaction.reports.task import Task

NOTEBOOKS = Path(__file__).parent / "fixtures" / "notebooks"
REPORTS = {report.id: report for report in reports_in(NOTEBOOKS)}
# the endless one first: the others run beside it
RUN = ["endless", "descriptive_statistics", "failing", "crashing", "killed", "leaving", "unsafe"]

pytestmark = pytest.mark.slow


def task(report: str, **more: object) -> Task:
    plain = {"project": "yunqi", "wave": "2025", "lang": "en", "seed": 7, **more}
    return Task(report=REPORTS[report], **plain)  # type: ignore[arg-type]


def left_over(home: Path) -> list[str]:
    """Processes of a run that still live, found by their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            if environment.get("SATISFACTION_HOME") == str(home) and TOKEN in environment:
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home").resolve()


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return []


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of an earlier, successful run of a report that now fails."""
    folder = tmp_path_factory.mktemp("out")
    (folder / "2025" / "yunqi").mkdir(parents=True)
    for kind in ("html", "ipynb", "json"):
        (folder / "2025" / "yunqi" / f"crashing.en.{kind}").write_text("old")
    return folder


@pytest.fixture(scope="module")
def batch(home: Path, out: Path, events: list[Event]) -> Batch:
    tasks = [task(name) for name in RUN]
    return run_reports(tasks, home=home, out=out, on_event=events.append, limit_seconds=25)


@pytest.fixture(scope="module")
def records(batch: Batch) -> dict[str, Record]:
    return {record.report: record for record in batch.records}


def test_every_task_has_a_record_and_the_run_says_that_some_failed(
    batch: Batch, records: dict[str, Record], out: Path
) -> None:
    assert sorted(records) == sorted(RUN)
    assert [name for name in RUN if records[name].ok] == ["descriptive_statistics"]
    assert (batch.exit_code, batch.interrupted) == (1, False)
    on_disk, unreadable = read_records(out)
    assert {record.report: record for record in on_disk} == {
        name: json_round_trip(record) for name, record in records.items()
    }
    assert not unreadable


def json_round_trip(record: Record) -> Record:
    plain = json.loads(record.to_json())
    return Record(**plain)


@pytest.mark.parametrize(
    ("report", "error", "cell"),
    [
        ("failing", "plan.yaml: wave '2025' is not known", 6),
        ("crashing", "ZeroDivisionError: division by zero", 5),
        ("endless", "25 seconds", None),
        ("killed", "kernel", None),
        ("leaving", "kernel", None),
        ("unsafe", "<script>", None),
    ],
)
def test_a_failure_is_told_in_words(
    records: dict[str, Record], report: str, error: str, cell: int | None
) -> None:
    record = records[report]
    assert error in record.error
    assert record.failed_cell == cell
    for secret in ("\x1b", "/srv", str(NOTEBOOKS.parent), "Traceback", "13800138000", "3栋"):
        assert secret not in record.to_json()


def test_a_failed_report_leaves_no_page_of_an_earlier_run(batch: Batch, out: Path) -> None:
    made = {path.name for path in (out / "2025" / "yunqi").iterdir()}
    assert {name for name in made if not name.endswith(".json")} == {
        "descriptive_statistics.en.html",
        "descriptive_statistics.en.ipynb",
    }
    assert not [name for name in made if name.startswith(".")]


def test_nothing_is_left_running(batch: Batch, home: Path) -> None:
    assert left_over(home) == []


def test_events_tell_every_start_and_end(batch: Batch, events: list[Event]) -> None:
    kinds = [event.kind for event in events]
    assert (kinds.count("started"), kinds.count("finished"), kinds.count("failed")) == (7, 1, 6)
    assert all((event.record is None) == (event.kind == "started") for event in events)


def test_the_record_is_the_archive(records: dict[str, Record]) -> None:
    record = records["descriptive_statistics"]
    assert record.parameters == {"project": "yunqi", "wave": "2025", "lang": "en", "seed": 7}
    assert record.seed == 7
    assert record.data_fingerprint == "3fa9c1d2e4b50617"
    assert record.verdict["share"] == 0.83
    assert record.project_name["en"] == "Cloud Rest Garden"
    assert set(record.seconds) == {"execute", "convert"}
    assert {"python", "formula", "pandas", "papermill", "nbconvert"} <= set(record.versions)
    assert record.certificate == {"held": 48, "total": 48, "failed": []}
    assert len(record.code_fingerprint) == len(record.notebook_fingerprint) == 16
    assert any("a warning nobody should read" in warning for warning in record.warnings)


def test_the_page_and_its_notebook_do_not_know_this_machine(batch: Batch, out: Path) -> None:
    page = (out / "2025" / "yunqi" / "descriptive_statistics.en.html").read_text("utf-8")
    notebook = (out / "2025" / "yunqi" / "descriptive_statistics.en.ipynb").read_text("utf-8")
    for text in (page, notebook):
        assert str(NOTEBOOKS) not in text
        assert "UserWarning" not in text
    assert "nobody should read" not in page
    assert page_problems(page) == []


def test_the_index_is_built_from_the_records(batch: Batch, out: Path) -> None:
    assert batch.index == out / "index.html"
    page = batch.index.read_text("utf-8")
    assert 'href="2025/yunqi/descriptive_statistics.en.html"' in page
    assert "division by zero" in page
    assert "<script" not in page


INTERRUPTED = """
import sys
from dataclasses import replace
from pathlib import Path
from satisfaction.reports.batch import run_reports
from satisfaction.reports.notebooks import reports_in
from satisfaction.reports.task import Task
if __name__ == "__main__":
    home, out = Path(sys.argv[1]), Path(sys.argv[2])
    reports = {report.id: report for report in reports_in(Path(sys.argv[3]))}
    tasks = [Task(f"p{n}", "2025", reports[name], "en", 7)
             for n, name in enumerate(["descriptive_statistics", "endless", "endless", "silent"])]
    run = run_reports(tasks, home=home, out=out, workers=2,
                      on_event=lambda event: print(event.kind, event.task.project, flush=True))
    sys.exit(run.exit_code)
"""


@pytest.mark.skipif(os.name != "posix", reason="process groups")
@pytest.mark.parametrize("how", ["ctrl-c", "killed"])
def test_a_run_stopped_in_the_middle_leaves_whole_reports_and_no_process(
    tmp_path: Path, how: str
) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(home), str(out), str(NOTEBOOKS)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    seen = [run.stdout.readline()]
    while "started p2" not in seen[-1]:  # p0 is finished, p1 and p2 run
        seen.append(run.stdout.readline())
        assert seen[-1], seen
    deadline = time.monotonic() + 40
    while len(left_over(home)) < 3 and time.monotonic() < deadline:  # a kernel is up
        time.sleep(0.3)
    os.killpg(run.pid, signal.SIGINT if how == "ctrl-c" else signal.SIGKILL)
    code = run.wait(timeout=20)
    run.stdout.close()
    assert code == (130 if how == "ctrl-c" else -signal.SIGKILL)
    deadline = time.monotonic() + 10
    while left_over(home) and how == "killed" and time.monotonic() < deadline:
        time.sleep(0.2)  # the workers notice by themselves
    assert left_over(home) == []
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    whole = [f"2025/p0/descriptive_statistics.en.{kind}" for kind in ("html", "ipynb", "json")]
    assert files == [KEPT, *whole, *(["index.html"] if how == "ctrl-c" else [])]


def refused(tasks: list[Task], out: Path) -> str:
    with pytest.raises(DataProblem) as caught:
        run_reports(tasks, home=out, out=out)
    assert not list(out.rglob("*")) if out.is_dir() else True
    return str(caught.value)


def test_an_undeclared_parameter_is_refused_before_anything_runs(tmp_path: Path) -> None:
    name = "x = __import__('os').system('id')  #"
    said = refused([task("silent", parameters={name: 1})], tmp_path)
    assert "declares no parameter" in said
    assert "project, wave, lang, seed" in said


def test_a_parameter_of_another_type_is_refused(tmp_path: Path) -> None:
    assert "seed must be of type int" in refused([task("silent", seed="7")], tmp_path)
    assert "seed must be of type int" in refused([task("silent", seed=True)], tmp_path)


@pytest.mark.parametrize(
    "project",
    ["../x", "", ".", "a/b", "a\\b", "a\0b", "CON", "nul.txt", "p" * 300, "/etc", "项目", "a."],
)
def test_an_id_that_cannot_name_a_folder_is_refused(project: str, tmp_path: Path) -> None:
    assert "cannot name a folder" in refused([task("silent", project=project)], tmp_path)


def test_two_reports_with_the_same_files_are_refused(tmp_path: Path) -> None:
    both = [task("silent", project="Yunqi"), task("silent", project="yunqi")]
    assert "the same files" in refused(both, tmp_path)


def test_an_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.write_text("x")
    assert "cannot be written" in refused([task("silent")], place)


def test_a_disk_that_fails_in_the_middle_is_a_failed_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = replace(
        failed(task("silent"), "", run_id="r", started_at="", finished_at=""), state="ok"
    )
    monkeypatch.setattr(_Run, "_worked", lambda *_: (made, {".html": b"x"}))
    (tmp_path / "2025").write_text("a file where a folder should be")
    shown = io.StringIO()
    with RunProgress(1, Console(file=shown, width=200)) as progress:
        run = run_reports([task("silent")], home=tmp_path, out=tmp_path, on_event=progress)
    assert run.exit_code == 1
    assert run.records[0].state == "failed"
    assert "[1/1] failed 2025/yunqi/silent.en: The report could not be written" in shown.getvalue()


def test_reports_are_the_notebooks_with_an_order() -> None:
    assert "explore" not in REPORTS
    first = REPORTS["descriptive_statistics"]
    assert isinstance(first, Report)
    assert first.titles == {"zh": "业主有多满意？", "en": "How satisfied are residents?"}
    assert first.order == 1


def test_a_broken_notebook_is_named(tmp_path: Path) -> None:
    (tmp_path / "half.ipynb").write_text('{"cells": [')
    with pytest.raises(DataProblem, match=r"half\.ipynb: this is not a notebook"):
        reports_in(tmp_path)
