"""Many reports: one process each, a few at a time; none is lost without a word."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from satisfaction import i18n
from satisfaction.problems import DataProblem, Problem
from satisfaction.reports import failures, processes
from satisfaction.reports.certificate import certificate
from satisfaction.reports.index import build_index
from satisfaction.reports.notebooks import check_parameters
from satisfaction.reports.provenance import code_fingerprint, versions
from satisfaction.reports.record import Record, failed, publish, record_from_json, withdraw
from satisfaction.reports.task import Task, check_tasks

LIMIT_SECONDS = 600.0


@dataclass(frozen=True)
class Event:
    """Something that happened to a task: the same for a terminal, a log or a widget."""

    kind: Literal["started", "finished", "failed"]
    task: Task
    record: Record | None = None


@dataclass(frozen=True)
class Batch:
    """What came of a run.

    records      of all tasks that came to an end
    interrupted  Ctrl-C: the rest was not made
    index        the page over all reports in the folder; None if it could not be written
    """

    records: list[Record]
    interrupted: bool
    index: Path | None

    @property
    def exit_code(self) -> int:
        """0 all made, 1 something failed, 130 interrupted."""
        if self.interrupted:
            return 130
        return 0 if self.index and all(record.ok for record in self.records) else 1


def run_reports(
    tasks: Sequence[Task],
    *,
    home: Path,
    out: Path,
    workers: int | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    limit_seconds: float = LIMIT_SECONDS,
    index_lang: str | None = None,
) -> Batch:
    """Make the reports and the index; ``DataProblem`` before anything runs if they cannot be."""
    check_tasks(tasks)
    for task in {(each.report.id, json.dumps(each.given)): each for each in tasks}.values():
        check_parameters(task.report, task.given)
    check_writable(out)
    run = _Run(home.resolve(), out.resolve(), limit_seconds)
    records: list[Record] = []
    pool = ThreadPoolExecutor(max(1, workers or os.cpu_count() or 1), "report")
    with _interruptible() as asked_to_stop:
        try:
            run.made_with["certificate"] = certificate(run.out, asked_to_stop)
            for task in tasks:
                pool.submit(run.one, task)
            while len(records) < len(tasks) and not asked_to_stop.is_set():
                try:
                    event = run.events.get(timeout=0.2)
                except queue.Empty:
                    continue
                if event.record is not None:
                    records.append(event.record)
                on_event(event)
        finally:
            run.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            records += run.late()
            index = _index(out, index_lang)
    return Batch(records, asked_to_stop.is_set(), index)


def check_writable(out: Path) -> None:
    """Raise ``DataProblem`` unless files can be written into the output folder."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out, prefix=".probe") as probe:
            probe.write(bytes(65536))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataProblem(
            Problem(
                out.name,
                f"the output folder cannot be written: {reason}",
                "Free space, change its permissions, or name another folder with --out.",
            )
        ) from error


class _Run:
    """What the threads of one batch share."""

    def __init__(self, home: Path, out: Path, limit_seconds: float) -> None:
        self.home = home
        self.out = out
        self.limit_seconds = limit_seconds
        self.run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.stop = threading.Event()
        self.made_with: dict[str, Any] = {
            "code_fingerprint": code_fingerprint(), "versions": versions(),
        }  # fmt: skip

    def one(self, task: Task) -> None:
        """Make one report, in this thread; tell the queue what came of it."""
        if self.stop.is_set():
            return
        i18n.use(task.lang)  # of this thread only: in which language its failures are told
        self.events.put(Event("started", task))
        begun = _now()
        private = Path(tempfile.mkdtemp(prefix="report-"))
        try:
            record, files = self._worked(task, private, begun)
            if record is not None:
                record = self._published(task, record, files)
        except Exception as error:  # e.g. no more processes or disk space: the others go on
            record = self._failed(task, failures.in_words(type(error).__name__, str(error)), begun)
            record = self._published(task, record, {})
        finally:
            shutil.rmtree(private, ignore_errors=True)
        if record is not None:
            self.events.put(Event("finished" if record.ok else "failed", task, record))

    def late(self) -> list[Record]:
        """Records that came in after nobody listened any more."""
        found = []
        while not self.events.empty():
            event = self.events.get()
            if event.record is not None:
                found.append(event.record)
        return found

    def _worked(
        self, task: Task, private: Path, begun: str
    ) -> tuple[Record | None, dict[str, bytes]]:
        """Record and files that a worker made; no record if the batch was stopped meanwhile."""
        job = private / "job.json"
        plain = {
            "task": task.as_json(),
            "run_id": self.run_id,
            "made_with": self.made_with,
        }
        job.write_text(json.dumps(plain), encoding="utf-8")
        token = uuid.uuid4().hex
        worker = processes.start(
            "satisfaction.reports.single", job, token, self._environment(private), private / "said"
        )
        try:
            ended = self._wait(worker)
        finally:
            processes.end(worker, token)
        result = private / "record.json"
        if result.is_file():
            record = record_from_json(result.read_text(encoding="utf-8"))
            made = ("html", "ipynb") if record.ok else ()
            return record, {f".{kind}": (private / f"report.{kind}").read_bytes() for kind in made}
        if self.stop.is_set():
            return None, {}
        if not ended:
            return self._failed(task, failures.too_slow(self.limit_seconds), begun), {}
        said = (private / "said").read_text(encoding="utf-8", errors="replace")
        return self._failed(task, failures.ended_early(worker.returncode, said), begun), {}

    def _wait(self, worker: subprocess.Popen[bytes]) -> bool:
        """Whether the worker ended by itself, within its time and before the batch was stopped."""
        deadline = time.monotonic() + self.limit_seconds
        while time.monotonic() < deadline and not self.stop.is_set():
            try:
                worker.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            return True
        return False

    def _environment(self, private: Path) -> dict[str, str]:
        """A worker's settings: its own folders, and no chance in the order of sets."""
        return {
            "SATISFACTION_HOME": str(self.home),
            "JUPYTER_RUNTIME_DIR": str(private),
            "IPYTHONDIR": str(private / "ipython"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
        }

    def _failed(self, task: Task, error: str, begun: str) -> Record:
        return failed(task, error, run_id=self.run_id, started_at=begun, finished_at=_now(),
                      **self.made_with)  # fmt: skip

    def _published(self, task: Task, record: Record, files: dict[str, bytes]) -> Record:
        """The record as it now stands in the folder, or of the failure to put it there."""
        try:
            publish(self.out, record, files)
            return record
        except OSError as error:
            text = failures.not_written(error.strerror or type(error).__name__)
            record = self._failed(task, text, record.started_at)
        for attempt in (lambda: publish(self.out, record, {}), lambda: withdraw(self.out, record)):
            try:
                attempt()
                break
            except OSError:
                continue  # the caller has the record in hand; the run ends with an exit code of 1
        return record


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C (or a polite kill) sets, instead of an exception anywhere in between."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda *_: asked.set())
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _index(out: Path, lang: str | None) -> Path | None:
    try:
        return build_index(out, lang=lang)
    except OSError:
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
