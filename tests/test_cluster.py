"""Reports on a cluster of dask.distributed: a real scheduler, its workers as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from satisfaction.problems import DataProblem
from satisfaction.reports import batch as batch_module
from satisfaction.reports import cluster as cluster_module
from satisfaction.reports import cluster_roster
from satisfaction.reports.batch import Batch, run_reports
from satisfaction.reports.cluster import ClusterPool
from satisfaction.reports.events import Event
from satisfaction.reports.inputs import Planned, plan
from satisfaction.reports.limits import Limits
from satisfaction.reports.notebooks import reports_in
from satisfaction.reports.record import Record, read_records
from satisfaction.reports.storage import Folder, storage_at
from satisfaction.reports.task import Task

pytest.importorskip("distributed")

NOTEBOOKS = Path(__file__).parent / "fixtures" / "notebooks"
PASSWORD = "opensesame"
DATABASE = f"postgresql://reader:{PASSWORD}@127.0.0.1:1/satisfaction"
# says which process runs it and what it was given, then waits: for the first time without end
HELD = """
import os, pathlib, time, psutil
mark = pathlib.Path(os.environ["SATISFACTION_HOME"], "begun")
if not mark.exists():
    said = [str(psutil.Process().parent().ppid()), os.environ["SATISFACTION_DATABASE"]]
    mark.with_suffix(".part").write_text(" ".join(said))
    mark.with_suffix(".part").rename(mark)
    time.sleep(600)
"""

pytestmark = pytest.mark.slow


@dataclass
class Cluster:
    """A scheduler and workers of one thread each, on loopback; messages and folders in ``room``."""

    room: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, program: str, *arguments: str, **environment: str) -> None:
        with (self.room / f"said-{len(self.processes)}").open("wb") as said:
            command = [sys.executable, "-m", f"distributed.cli.{program}", "--no-dashboard",
                       "--host", "127.0.0.1", "--scheduler-file", str(self.room / "scheduler"),
                       *arguments]  # fmt: skip
            scratch = self.room / "tmp"
            scratch.mkdir(exist_ok=True)
            self.processes.append(
                subprocess.Popen(command, stdout=said, stderr=said,
                                 env={**os.environ, "TMPDIR": str(scratch), **environment})
            )  # fmt: skip

    @property
    def address(self) -> str:
        file = self.room / "scheduler"
        soon(file.exists)
        return str(json.loads(file.read_text())["address"])

    def said(self) -> str:
        return "".join(file.read_text("utf-8", "replace") for file in self.room.glob("said-*"))

    def folders_left(self) -> list[str]:
        return [path.name for path in (self.room / "tmp").glob("satisfaction-*")]

    def end(self) -> None:
        for process in reversed(self.processes):
            kin = psutil.Process(process.pid).children(recursive=True)
            for each in (process, *kin):
                each.kill()
            process.wait()


def soon(come_true: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not come_true():
        assert time.monotonic() < deadline, "this did not come true"
        time.sleep(0.05)


def left_over(home: Path) -> list[str]:
    """Processes that work for this workbook, found by their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SATISFACTION_HOME") == str(home):
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


def workbook(place: Path) -> Path:
    """A home with two notebooks that wait, beside the usual ones."""
    (place / "notebooks").mkdir(parents=True)
    for path in NOTEBOOKS.glob("*.ipynb"):
        (place / "notebooks" / path.name).write_bytes(path.read_bytes())
    for name, cell in (("held", HELD), ("sleeping", "import time\ntime.sleep(600)")):
        usual = nbformat.read(NOTEBOOKS / "descriptive_statistics.ipynb", 4)
        usual.cells.insert(3, nbformat.v4.new_code_cell(cell))
        nbformat.write(usual, place / "notebooks" / f"{name}.ipynb")
    return place.resolve()


def tasks(home: Path, *names: str) -> list[Task]:
    reports = {report.id: report for report in reports_in(home / "notebooks")}
    return [Task(f"p{n}", "2025", reports[name], "en", 7) for n, name in enumerate(names)]


@pytest.fixture(scope="module", autouse=True)
def _certified() -> Iterator[None]:
    """The reference results are not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_module, "certificate", lambda *_asked: {})
        yield


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    running = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        running.start("dask_scheduler", "--port", "0")
        for _worker in range(2):
            running.start("dask_worker", "--nthreads", "1", "--nworkers", "1",
                          "--local-directory", str(running.room / "tmp"))  # fmt: skip
        yield running
    finally:
        running.end()


@dataclass
class Run:
    home: Path
    out: Path
    batch: Batch
    events: list[Event]

    def records(self) -> dict[str, Record]:
        found = dict(read_records(storage_at(self.out).records()))
        return {record.project: record for record in found.values() if record}


TIMES = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?")
# in this order: the first worker to be free is to be lost with the report that it makes
RUN = ["held", "descriptive_statistics", "failing", "sleeping", "descriptive_statistics", "killed"]


@pytest.fixture(scope="module")
def run(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Whose worker is killed in the middle of the first report."""
    home = workbook(tmp_path_factory.mktemp("run") / "home")
    out = home.parent / "out"
    events: list[Event] = []

    def kill() -> None:
        soon((home / "begun").exists, 200)
        os.kill(int((home / "begun").read_text().split()[0]), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SATISFACTION_DATABASE", DATABASE)
        batch = run_reports(
            tasks(home, *RUN), home=home, out=f"local://{out}", scheduler=cluster.address,
            limits=Limits(seconds=12), on_event=events.append,
        )  # fmt: skip
    killer.join()
    return Run(home, out, batch, events)


def test_no_report_is_lost_though_a_worker_is_killed(run: Run) -> None:
    assert (run.batch.made, run.batch.exit_code) == (3, 1)
    made = [run.records()[f"p{n}"].ok for n in range(len(RUN))]
    assert made == [True, True, False, False, True, False]
    assert sorted(record.project for record in run.batch.failed) == ["p2", "p3", "p5"]
    assert "12 seconds" in run.records()["p3"].error
    assert "wave '2025' is not known" in run.records()["p2"].error


def test_each_report_starts_and_ends_once(run: Run) -> None:
    kinds = {kind: [] for kind in ("started", "finished", "failed")}
    for event in run.events:
        kinds[event.kind].append(event.task.project)
    assert sorted(kinds["started"]) == [f"p{n}" for n in range(len(RUN))]
    assert sorted(kinds["finished"] + kinds["failed"]) == [f"p{n}" for n in range(len(RUN))]


def test_nothing_is_left_on_the_workers(run: Run, cluster: Cluster) -> None:
    soon(lambda: not left_over(run.home) and not cluster.folders_left(), 10)
    hidden = [path.name for path in run.out.rglob(".*") if not path.name.startswith(".methods")]
    assert [name for name in hidden if "probe" in name or "incoming" in name] == []


def test_the_workers_use_our_database_and_nobody_hears_its_password(
    run: Run, cluster: Cluster
) -> None:
    assert (run.home / "begun").read_text().split()[1] == DATABASE
    assert PASSWORD not in cluster.said()
    for path in run.out.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path.name


def test_reports_are_those_of_this_machine(run: Run, tmp_path: Path) -> None:
    local = run_reports(tasks(run.home, *RUN)[:2], home=run.home, out=tmp_path, workers=1)
    assert local.made == 2
    there, here = run.records(), Run(run.home, tmp_path, local, []).records()
    ours = {"run_id", "started_at", "finished_at", "seconds", "cell_seconds", "inputs", "sizes"}
    for project in ("p0", "p1"):
        pages = []
        for record, out in ((there[project], run.out), (here[project], tmp_path)):
            page = (out / "2025" / project / f"{record.stem}.html").read_text("utf-8")
            pages.append(TIMES.sub("…", page.replace(record.run_id, "…")))
        assert pages[0] == pages[1]
        same = [{key: value for key, value in each.__dict__.items() if key not in ours}
                for each in (there[project], here[project])]  # fmt: skip
        assert same[0] == same[1]


def test_a_stopped_run_leaves_nothing_running(cluster: Cluster, tmp_path: Path) -> None:
    home, stop = workbook(tmp_path / "home"), threading.Event()

    def press() -> None:
        soon((home / "begun").exists, 200)
        stop.set()

    pressing = threading.Thread(target=press)
    pressing.start()
    batch = run_reports(tasks(home, "held", "sleeping", "held"), home=home, out=tmp_path / "out",
                        scheduler=cluster.address, stop=stop)  # fmt: skip
    pressing.join()
    assert (batch.exit_code, batch.made, batch.failed) == (130, 0, [])
    assert left_over(home) == []
    assert cluster.folders_left() == []
    assert not [path for path in (tmp_path / "out").rglob("*") if "2025" in path.parts]


KILLED = """
import sys
from pathlib import Path
from satisfaction.reports import batch, cluster
from satisfaction.reports.batch import run_reports
from satisfaction.reports.notebooks import reports_in
from satisfaction.reports.task import Task
batch.certificate = lambda *_asked: {}
home, address = Path(sys.argv[1]), sys.argv[2]
cluster.IDLE_SECONDS = 3
reports = {report.id: report for report in reports_in(home / "notebooks")}
tasks = [Task(f"p{n}", "2025", reports["held"], "en", 7) for n in range(3)]
run_reports(tasks[:1], home=home, out=home.parent / "out", scheduler=address)
"""


@pytest.mark.skipif(os.name != "posix", reason="process groups")
def test_a_killed_client_leaves_nothing_running(cluster: Cluster, tmp_path: Path) -> None:
    home = workbook(tmp_path / "home")
    client = subprocess.Popen([sys.executable, "-c", KILLED, str(home), cluster.address])
    try:
        soon((home / "begun").exists, 200)
    finally:
        client.kill()
        client.wait()
    soon(lambda: not left_over(home) and not cluster.folders_left(), 20)
    assert not [path for path in (tmp_path / "out").rglob("*") if "2025" in path.parts]


def planned_reports(home: Path, out: Path) -> list[Planned]:
    return [*plan(tasks(home, "silent"), home=home, storage=Folder(out))]


FIELDS = {"run_id": "r1"}


def refused(pool: ClusterPool, due: list[Planned]) -> str:
    with pytest.raises(DataProblem) as caught, pool:
        list(pool.run(due, FIELDS, threading.Event()))
    return str(caught.value)


@pytest.mark.parametrize(
    ("what", "said"),
    [("code", "versions of satisfaction"), ("notebook", "the same workbook"),
     ("data", "the same data")],
)  # fmt: skip
def test_workers_that_would_make_other_reports_are_refused(
    cluster: Cluster, tmp_path: Path, what: str, said: str
) -> None:
    home = workbook(tmp_path / "home")
    due = planned_reports(home, tmp_path)
    due = [replace(each, inputs={**each.inputs, what: "other"}) for each in due]
    words = refused(ClusterPool(cluster.address, home, Folder(tmp_path)), due)
    assert said in words
    assert words.count("worker 127.0.0.1:") == 2


def test_an_output_folder_that_is_not_shared_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    home, ours, theirs = workbook(tmp_path / "home"), tmp_path / "ours", tmp_path / "theirs"
    storage = Folder(ours)
    storage.address = str(theirs)  # as the same path on another machine
    pool = ClusterPool(cluster.address, home, storage, engine="stock")
    assert "does not arrive in the output folder" in refused(pool, planned_reports(home, ours))
    assert [path.name for path in theirs.iterdir()] == []


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://", "foo://x:1"])
def test_a_scheduler_that_is_not_there(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.5)
    words = refused(ClusterPool(address, tmp_path, Folder(tmp_path)), [])
    assert "no scheduler of dask.distributed answers" in words


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    words = refused(ClusterPool("tcp://127.0.0.1:1", tmp_path, Folder(tmp_path)), [])
    assert "pip install 'satisfaction[cluster]'" in words


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    running = Cluster(tmp_path)
    try:
        running.start("dask_scheduler", "--port", "0")
        yield running
    finally:
        running.end()


def test_a_cluster_without_fit_workers(
    empty: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_roster, "WORKER_SECONDS", 1.0)
    assert "had no worker for 1 seconds" in refused(
        ClusterPool(empty.address, tmp_path, Folder(tmp_path)), []
    )
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "satisfaction.py").write_text("")  # not the package
    empty.start("dask_worker", "--no-nanny", "--nthreads", "1", PYTHONPATH=str(tmp_path / "other"))
    monkeypatch.setattr(cluster_roster, "WORKER_SECONDS", 60.0)
    assert "it has no satisfaction package, or another version" in refused(
        ClusterPool(empty.address, tmp_path, Folder(tmp_path)), []
    )


def test_a_scheduler_that_vanishes_ends_the_run_with_a_word(empty: Cluster, tmp_path: Path) -> None:
    home = workbook(tmp_path / "home")
    empty.start("dask_worker", "--nthreads", "1", "--nworkers", "1",
                "--local-directory", str(tmp_path / "tmp"))  # fmt: skip

    def kill() -> None:
        soon((home / "begun").exists, 200)
        empty.processes[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(DataProblem, match="the connection to the scheduler was lost"):
        run_reports(tasks(home, "held"), home=home, out=tmp_path / "out", scheduler=empty.address)
    killer.join()
    soon(lambda: not left_over(home) and not empty.folders_left(), 20)
