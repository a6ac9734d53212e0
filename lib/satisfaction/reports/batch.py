"""Many reports: those that are out of date, a few at a time; none is lost without a word."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from satisfaction.problems import DataProblem, Problem
from satisfaction.reports.certificate import certificate
from satisfaction.reports.events import Event
from satisfaction.reports.index import NAME, build_index
from satisfaction.reports.inputs import UNCHANGED, plan
from satisfaction.reports.limits import Limits
from satisfaction.reports.notebooks import check_parameters, parameters
from satisfaction.reports.pdf import NO_PDF, find_browser
from satisfaction.reports.pools import LocalPool, Pool
from satisfaction.reports.provenance import code_fingerprint, versions
from satisfaction.reports.record import Record
from satisfaction.reports.storage import Storage, storage_at
from satisfaction.reports.summary import task_name
from satisfaction.reports.task import Task, check_tasks

Listener = Callable[[Event], None]


@dataclass
class Batch:
    """What came of a run.

    made, skipped  how many were made, and how many were there already, made from the same
    failed         records of those that failed
    interrupted    Ctrl-C: the rest was not made
    unprinted      how many of those made have no PDF although one was asked for
    index          the page over all reports of the place; empty if it could not be written
    note           what whoever runs it should know, e.g. that processes cannot be forked here
    """

    made: int = 0
    skipped: int = 0
    failed: list[Record] = field(default_factory=list)
    interrupted: bool = False
    unprinted: int = 0
    index: str = ""
    note: str = ""

    @property
    def exit_code(self) -> int:
        """0 all made, 1 something failed or was not printed, 130 interrupted."""
        if self.interrupted:
            return 130
        return 0 if self.index and not self.failed and not self.unprinted else 1


def run_reports(
    tasks: Sequence[Task],
    *,
    home: Path,
    out: Path | str,
    workers: int | None = None,
    engine: str | None = None,
    scheduler: str | None = None,
    force: bool = False,
    pdf: bool = False,
    limits: Limits | None = None,
    on_event: Listener = lambda event: None,
    index_lang: str | None = None,
    stop: threading.Event | None = None,
) -> Batch:
    """Make the reports that are out of date, and the index.

    ``DataProblem`` before anything runs if they cannot be made. ``out``: a folder, or a URL that
    fsspec knows. ``engine``: "warm" or "stock" (default: warm where possible). ``scheduler``:
    address of a dask.distributed cluster. ``force``: also what is up to date. ``pdf``: print each
    report with the browser of this machine, too. ``stop``: set it to end the run early, as Ctrl-C
    does.
    """
    browser = _browser(scheduler) if pdf else ""
    storage = checked(tasks, out)
    batch = Batch()
    with closing(storage), _interruptible(stop) as asked_to_stop:
        fields = {
            "run_id": f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}",
            "code_fingerprint": code_fingerprint(),
            "versions": versions(),
            "certificate": certificate(storage, asked_to_stop),
        }
        try:
            due = []
            for planned in plan(tasks, home=home, storage=storage, force=force, pdf=pdf):
                if asked_to_stop.is_set():
                    break
                if planned.reason:
                    due.append(planned)
                else:
                    batch.skipped += 1
                    on_event(Event("skipped", planned.task, reason=UNCHANGED))
            if due and not asked_to_stop.is_set():
                with _pool(
                    home.resolve(), storage, workers, engine, scheduler, limits, browser
                ) as pool:
                    for event in pool.run(due, fields, asked_to_stop):
                        _count(batch, event)
                        on_event(event)
                    batch.note = "; ".join(filter(None, [batch.note, pool.note]))
        finally:
            batch.interrupted = asked_to_stop.is_set()
            batch.index = _index(storage, index_lang)
    return batch


def checked(tasks: Sequence[Task], out: Path | str) -> Storage:
    """The place for these reports; ``DataProblem`` if they cannot be made or put there."""
    check_tasks(tasks)
    declared: dict[Path, dict[str, Any]] = {}
    for task in tasks:
        if task.report.whole:
            if task.report.path not in declared:
                declared[task.report.path] = parameters(task.report)
            check_parameters(task.report, task.given, declared[task.report.path])
    storage = storage_at(out)
    storage.check()
    return storage


def _browser(scheduler: str | None) -> str:
    if scheduler is not None:
        remedy = "Run again without --scheduler to print what is missing: nothing else is redone."
        raise DataProblem(Problem("--pdf", "a cluster makes no PDFs", remedy))
    return find_browser()


def _pool(home: Path, storage: Storage, workers: int | None, engine: str | None,
          scheduler: str | None, limits: Limits | None, browser: str) -> Pool:  # fmt: skip
    if scheduler is not None:
        from satisfaction.reports.cluster import ClusterPool

        return ClusterPool(scheduler, home, storage, engine=engine, limits=limits)
    threads = workers or os.cpu_count() or 1
    return LocalPool(home, storage, threads, engine=engine, limits=limits, browser=browser)


def _count(batch: Batch, event: Event) -> None:
    if event.kind == "finished":
        batch.made += 1
        warnings = event.record.warnings if event.record is not None else ()
        why = next((words for words in warnings if words.startswith(NO_PDF)), "")
        batch.unprinted += bool(why)
        if why and not batch.note:
            batch.note = f"{task_name(event.task)} has {why}"
    elif event.kind == "failed" and event.record is not None:
        batch.failed.append(event.record)


@contextmanager
def _interruptible(stop: threading.Event | None) -> Iterator[threading.Event]:
    """An event that Ctrl-C (or a polite kill) sets, instead of an exception anywhere in between."""
    asked = stop or threading.Event()
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


def _index(storage: Storage, lang: str | None) -> str:
    try:
        build_index(storage, lang=lang)
    except Exception:  # a full disk, or whatever a storage raises
        return ""
    return f"{storage.place}/{NAME}"
