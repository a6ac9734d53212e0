"""Running notebooks: good ones, bad ones, and what is left behind (nothing)."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from satisfaction import i18n
from satisfaction.problems import DataProblem
from satisfaction.reports.batch import Batch, run_reports
from satisfaction.reports.certificate import KEPT
from satisfaction.reports.events import Event
from satisfaction.reports.fork_client import is_available
from satisfaction.reports.limits import Limits
from satisfaction.reports.notebooks import Report, reports_in
from satisfaction.reports.page_check import page_problems
from satisfaction.reports.progress import RunProgress
from satisfaction.reports.record import Record, failed, read_records
from satisfaction.reports.storage import storage_at
from satisfaction.reports.task import Task
from satisfaction.reports.workers import Workers
from small_reports import (
    FIXTURES,
    SOURCE,
    left_over,
    reports_of,
    small_database,
    task_of,
    write_bad,
)

REPORTS = reports_of(FIXTURES)
# the endless one first: the others run beside it
RUN = ["endless", "descriptive_statistics", "failing", "crashing", "killed", "leaving", "unsafe",
       "bomb", "flood", "daemon", "half"]  # fmt: skip
STOCK = ["endless", "descriptive_statistics", "crashing", "killed", "flood", "bomb"]
GOOD = {"descriptive_statistics", "daemon"}
LAST = 1 + len(json.loads(SOURCE)["cells"])  # the cell that `write_bad` adds
LIMITS = Limits(seconds=25, memory_bytes=1 << 30, output_bytes=2 << 20)
ENGINES = [
    pytest.param("warm", marks=pytest.mark.skipif(not is_available(), reason="no fork")),
    "stock",
]

pytestmark = pytest.mark.slow


def task(report: str, **more: object) -> Task:
    return task_of(REPORTS[report], **more)


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def names(engine: str) -> list[str]:
    """The notebooks that are run: with stock kernels, ten times slower, not all of them."""
    return RUN if engine == "warm" else STOCK


@pytest.fixture(scope="module")
def home(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home").resolve()
    write_bad(folder / "notebooks")
    return folder


@pytest.fixture(scope="module")
def temporary(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all temporary files of the runs go."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def events(engine: str) -> list[Event]:
    return []


@pytest.fixture(scope="module")
def out(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of an earlier, successful run of a report that now fails."""
    folder = tmp_path_factory.mktemp("out")
    (folder / "2025" / "yunqi").mkdir(parents=True)
    for kind in ("html", "ipynb", "json"):
        (folder / "2025" / "yunqi" / f"crashing.en.{kind}").write_text("old")
    return folder


@pytest.fixture(scope="module")
def batch(
    engine: str, names: list[str], home: Path, out: Path, temporary: Path, events: list[Event]
) -> Batch:
    known = REPORTS | reports_of(home / "notebooks")
    tasks = [task_of(known[name]) for name in names]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        return run_reports(tasks, home=home, out=out, on_event=events.append, limits=LIMITS,
                           engine=engine)  # fmt: skip


@pytest.fixture(scope="module")
def records(batch: Batch, out: Path) -> dict[str, Record]:
    found = dict(read_records(storage_at(out).records()))
    return {record.report: record for record in found.values() if record is not None}


def test_every_task_has_a_record_and_the_run_says_that_some_failed(
    batch: Batch, names: list[str], records: dict[str, Record], engine: str
) -> None:
    assert sorted(records) == sorted(names)
    made = {name for name in names if records[name].ok}
    assert made == GOOD & set(names)
    assert (batch.exit_code, batch.interrupted, batch.note) == (1, False, "")
    assert (batch.made, batch.skipped) == (len(made), 0)
    assert len(batch.failed) == len(names) - len(made)
    for record in batch.failed:
        assert Record(**json.loads(record.to_json())) == records[record.report]
    assert {record.engine for record in records.values()} == {engine}


@pytest.mark.parametrize(
    ("report", "error", "cell"),
    [
        ("failing", "plan.yaml: wave '2025' is not known", 6),
        ("crashing", "ZeroDivisionError: division by zero", 5),
        ("endless", "25 seconds", None),
        ("killed", "often for want of memory", None),
        ("unsafe", "<script>", None),
        ("bomb", "needed more memory than it may have (1 GB)", LAST),
        ("flood", "showed more than 2 MB", None),
        ("half", "half.ipynb: this is not a notebook", None),
    ],
)
def test_a_failure_is_told_in_words(
    records: dict[str, Record], report: str, error: str, cell: int | None
) -> None:
    if report not in records:
        pytest.skip("with warm processes only")
    record = records[report]
    assert error in record.error
    assert record.failed_cell == cell or (cell is None and report in ("flood",))
    for secret in ("\x1b", "/srv", str(FIXTURES.parent), "Traceback", "13800138000", "3栋"):
        assert secret not in record.to_json()


def test_a_failed_report_leaves_no_page_of_an_earlier_run(
    batch: Batch, names: list[str], out: Path
) -> None:
    made = {path.name for path in (out / "2025" / "yunqi").iterdir()}
    assert {name for name in made if not name.endswith(".json")} == {
        f"{name}.en.{kind}" for name in GOOD & set(names) for kind in ("html", "ipynb")
    }
    hidden = [path.name for path in out.rglob("*") if path.name.startswith(".")]
    assert hidden == [KEPT]


def test_nothing_is_left_running_or_lying_about(batch: Batch, home: Path, temporary: Path) -> None:
    assert left_over(home) == []
    assert list(temporary.iterdir()) == []


def test_a_report_whose_process_vanished_is_tried_once_more(
    batch: Batch, records: dict[str, Record]
) -> None:
    tried = {name: record.attempts for name, record in records.items()}
    assert tried["killed"] == 2
    assert {tried[name] for name in ("endless", "crashing", "bomb", "flood")} == {1}


def test_events_tell_every_start_and_end(
    batch: Batch, names: list[str], events: list[Event]
) -> None:
    kinds = [event.kind for event in events]
    counts = [kinds.count(kind) for kind in ("started", "finished", "failed", "skipped")]
    assert counts == [len(names), batch.made, len(batch.failed), 0]
    assert all((event.record is None) == (event.kind == "started") for event in events)
    reasons = {event.task.report.id: event.reason for event in events if event.reason}
    assert set(reasons.values()) == {"not made yet"}


def test_the_record_is_the_archive(records: dict[str, Record]) -> None:
    record = records["descriptive_statistics"]
    assert record.parameters == {"project": "yunqi", "wave": "2025", "lang": "en", "seed": 7}
    assert record.seed == 7
    assert record.data_fingerprint == "3fa9c1d2e4b50617"
    assert record.verdict["share"] == 0.83
    assert record.project_name["en"] == "Cloud Rest Garden"
    assert set(record.seconds) == {"execute", "convert"}
    assert set(record.cell_seconds) <= {str(number) for number in range(1, LAST)}
    assert record.sizes.keys() == {".html", ".ipynb"}
    assert {"python", "formula", "pandas", "papermill", "nbconvert"} <= set(record.versions)
    assert record.certificate == {"held": 48, "total": 48, "failed": []}
    assert len(record.code_fingerprint) == len(record.notebook_fingerprint) == 16
    assert any("a warning nobody should read" in warning for warning in record.warnings)


def test_the_page_and_its_notebook_do_not_know_this_machine(batch: Batch, out: Path) -> None:
    page = (out / "2025" / "yunqi" / "descriptive_statistics.en.html").read_text("utf-8")
    notebook = (out / "2025" / "yunqi" / "descriptive_statistics.en.ipynb").read_text("utf-8")
    for text in (page, notebook):
        assert str(FIXTURES) not in text
        assert "UserWarning" not in text
    assert "nobody should read" not in page
    assert page_problems(page) == []


def test_the_index_is_built_from_the_records(batch: Batch, out: Path) -> None:
    assert batch.index == str(out / "index.html")
    page = Path(batch.index).read_text("utf-8")
    assert 'href="2025/yunqi/descriptive_statistics.en.html"' in page
    assert "division by zero" in page


INTERRUPTED = """
import sys
from dataclasses import replace
from pathlib import Path
from satisfaction.reports.batch import run_reports
from satisfaction.reports.notebooks import reports_in
from satisfaction.reports.task import Task
if __name__ == "__main__":
    home, out, engine = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[4]
    reports = {report.id: report for report in reports_in(Path(sys.argv[3]))}
    tasks = [Task(f"p{n}", "2025", reports[name], "en", 7)
             for n, name in enumerate(["descriptive_statistics", "endless", "endless", "silent"])]
    run = run_reports(tasks, home=home, out=out, workers=2, engine=engine,
                      on_event=lambda event: print(event.kind, event.task.project, flush=True))
    sys.exit(run.exit_code)
"""


@pytest.mark.skipif(os.name != "posix", reason="process groups")
@pytest.mark.parametrize("how", ["ctrl-c", "killed"])
def test_a_run_stopped_in_the_middle_leaves_whole_reports_and_goes_on_where_it_was(
    tmp_path: Path, how: str, engine: str
) -> None:
    home, out, temporary = tmp_path / "home", tmp_path / "out", tmp_path / "temporary"
    small_database(home, [f"p{n}" for n in range(4)])
    temporary.mkdir()
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(home), str(out), str(FIXTURES), engine],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert run.stdout is not None
    seen = [run.stdout.readline()]
    while "started p2" not in seen[-1]:  # p0 is finished, p1 and p2 run
        seen.append(run.stdout.readline())
        assert seen[-1], seen
    deadline = time.monotonic() + 40
    while len(left_over(home)) < 4 and time.monotonic() < deadline:  # the cells' own processes
        time.sleep(0.2)
    os.killpg(run.pid, signal.SIGINT if how == "ctrl-c" else signal.SIGKILL)
    code = run.wait(timeout=20)
    run.stdout.close()
    assert code == (130 if how == "ctrl-c" else -signal.SIGKILL)
    deadline = time.monotonic() + 15
    while (left_over(home) or list(temporary.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.2)  # after a kill the others notice by themselves
    assert left_over(home) == []
    assert list(temporary.iterdir()) == []
    whole = [f"2025/p0/descriptive_statistics.en.{kind}" for kind in ("html", "ipynb", "json")]
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == [KEPT, *whole, *(["index.html"] if how == "ctrl-c" else [])]
    assert [path.name for path in out.iterdir() if path.name.startswith(".incoming")] == []
    kinds: list[str] = []
    again = [task("descriptive_statistics", project="p0"), task("silent", project="p3")]
    run_reports(
        again,
        home=home,
        out=out,
        on_event=lambda event: kinds.append(f"{event.kind} {event.reason}"),
    )
    assert kinds == ["skipped unchanged", "started not made yet", "failed "]


@pytest.mark.skipif(not is_available(), reason="no fork")
def test_a_killed_fork_server_costs_no_report(tmp_path: Path) -> None:
    write_bad(tmp_path / "notebooks")
    slow = reports_of(tmp_path / "notebooks")["slow"]
    killed = threading.Event()

    def kill(event: Event) -> None:
        if event.kind == "started" and not killed.is_set():
            killed.set()
            threading.Thread(target=kill_server, args=(tmp_path,)).start()

    tasks = [task_of(slow, project=f"p{n}") for n in range(3)]
    run = run_reports(tasks, home=tmp_path, out=tmp_path / "out", workers=2, on_event=kill)
    assert (run.made, run.failed, run.note) == (3, [], "")
    found = [record for _name, record in read_records(storage_at(tmp_path / "out").records())]
    assert sorted(record.attempts for record in found if record) == [1, 2, 2]
    assert left_over(tmp_path) == []


def kill_server(home: Path) -> None:
    """Kill the fork server of a run while its children work."""
    while True:
        time.sleep(0.2)
        for process in psutil.Process().children():
            with suppress(psutil.Error):
                started = "satisfaction.reports.fork_server" in process.cmdline()
                if started and len(process.children()) == 2:
                    time.sleep(1)
                    process.kill()
                    return


@pytest.mark.skipif(not is_available(), reason="no fork")
def test_a_fork_server_that_cannot_start_leaves_the_work_to_stock_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JE_ARROW_MALLOC_CONF", "x")
    monkeypatch.setattr(
        "satisfaction.reports.fork_client.SINGLE_THREADED", {"PYTHONPATH": str(tmp_path)}
    )
    (tmp_path / "papermill").mkdir()
    (tmp_path / "papermill" / "__init__.py").write_text("raise ImportError('not here')")
    tasks = [task("descriptive_statistics")]
    run = run_reports(tasks, home=tmp_path, out=tmp_path / "out", workers=1)
    assert run.made == 1
    assert "stock kernels were used" in run.note


def test_two_runs_into_one_folder_never_mix(tmp_path: Path) -> None:
    tasks = [task("descriptive_statistics", project=f"p{n}") for n in range(3)]
    runs: list[Batch] = []

    def run() -> None:
        runs.append(run_reports(tasks, home=tmp_path, out=tmp_path / "out", workers=1, force=True))

    both = [threading.Thread(target=run) for _n in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert [each.exit_code for each in runs] == [0, 0]
    for path in (tmp_path / "out" / "2025").glob("*/*.json"):
        run_id = json.loads(path.read_text())["run_id"]
        assert run_id in path.with_suffix(".html").read_text()
    assert not list((tmp_path / "out").glob(".incoming-*"))


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
    monkeypatch.setattr(Workers, "make", lambda *_: (made, {".html": b"x"}))
    (tmp_path / "2025").write_text("a file where a folder should be")
    i18n.use("en")
    shown = io.StringIO()
    with RunProgress(1, Console(file=shown, width=200)) as progress:
        run = run_reports([task("silent")], home=tmp_path, out=tmp_path, on_event=progress)
    assert run.exit_code == 1
    assert [record.state for record in run.failed] == ["failed"]
    assert "[1/1] failed 2025/yunqi/silent.en: The report could not be written" in shown.getvalue()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for the pages of one or two reports."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=240k", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system can be mounted by root on Linux only")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_red_rows_and_no_half_file(tmp_path: Path, small_disk: Path) -> None:
    tasks = [task("descriptive_statistics", project=f"p{n}") for n in range(4)]
    run = run_reports(tasks, home=tmp_path, out=small_disk, workers=1)
    assert run.exit_code == 1
    assert run.made
    assert run.made + len(run.failed) == 4
    assert all("No space left on device" in record.error for record in run.failed)
    for name, record in read_records(storage_at(small_disk).records()):
        assert record is not None, name
        sizes = {f".{kind}": (small_disk / f"{name.removesuffix('.json')}.{kind}") for kind in
                 ("html", "ipynb")}  # fmt: skip
        whole = {kind: path.stat().st_size for kind, path in sizes.items() if path.is_file()}
        assert whole == dict(record.sizes)
    assert not list(small_disk.glob(".incoming-*"))


def test_reports_are_the_notebooks_with_an_order() -> None:
    assert "explore" not in REPORTS
    first = REPORTS["descriptive_statistics"]
    assert isinstance(first, Report)
    assert first.titles == {"zh": "业主有多满意？", "en": "How satisfied are residents?"}
    assert first.order == 1


def test_a_file_that_is_no_notebook_is_the_last_report(tmp_path: Path) -> None:
    write_bad(tmp_path)
    assert [report.id for report in reports_in(tmp_path)][-1] == "half"
