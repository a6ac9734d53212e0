"""A cluster's worker process: what it holds of a run, and how it makes a report.

A worker holds a run from the moment it is asked to until the run's end: a fork server of its own
and the place of the reports. It lets go of it by itself if nobody asks for a report any more, and
the fork server ends with the process. A report that dask cancels, because the user has stopped the
run or the client has vanished, is stopped at once.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from satisfaction.data.location import VARIABLE, located
from satisfaction.problems import DataProblem
from satisfaction.reports.inputs import Planned, plan
from satisfaction.reports.limits import Limits
from satisfaction.reports.pools import one_report
from satisfaction.reports.record import Record
from satisfaction.reports.storage import Folder, Storage, storage_at
from satisfaction.reports.workers import Workers

CLOSE_SECONDS = 30.0
_DATABASE = ("it does not read the same data", "Share data/workbook.duckdb with the workers, or "
             f"keep the data on a PostgreSQL server that they reach ({VARIABLE}).")  # fmt: skip
_FOLDER = ("it does not see the same workbook", "Share the workbook's folder: it must have the "
           "same path on all machines.")  # fmt: skip
_INSTALLED = ("its versions of satisfaction and of the libraries are not ours", "Install the same "
              "versions on all machines, then restart the workers.")  # fmt: skip
# what a report is made from (see `inputs`) -> rule and remedy where a worker's differs from ours
DIFFERS = {"code": _INSTALLED, "versions": _INSTALLED, "notebook": _FOLDER, "settings": _FOLDER,
           "parameters": _FOLDER, "data": _DATABASE}  # fmt: skip


@dataclass(frozen=True)
class Order:
    """What a worker must know of a run. It may hold passwords, so its text form shows none.

    samples       a report of each kind: the worker must find that it would be made from the same
    address       where the reports go
    database      as in ``SATISFACTION_DATABASE``; empty: the workbook's own
    idle_seconds  after which a worker that is not asked for reports lets go of the run
    """

    home: Path
    fields: Mapping[str, Any] = field(repr=False)
    samples: Sequence[Planned] = field(repr=False)
    address: str = field(repr=False)
    database: str = field(repr=False)
    engine: str | None
    limits: Limits | None
    idle_seconds: float

    @property
    def run(self) -> str:
        """Id of the run."""
        return str(self.fields["run_id"])


@dataclass(frozen=True)
class Answer:
    """Whether a worker holds a run now.

    problem  rule and remedy if it cannot work for it
    probe    a file that it has put beside the reports, for us to see that we share the place
    note     why it is slower than it could be
    """

    problem: tuple[str, str] | None = None
    probe: str = ""
    note: str = ""


class Held(WorkerPlugin):
    """A run in a worker process; as a plugin it hears of cancelled reports and of the end."""

    def __init__(self, order: Order, storage: Storage, probe: str) -> None:
        self.order = order
        self.storage = storage
        self.probe = probe
        leave = [storage.incoming] if isinstance(storage, Folder) else []
        self.workers = Workers(order.home, engine=order.engine, limits=order.limits, leave=leave,
                               environment={VARIABLE: order.database})  # fmt: skip
        self.stops: dict[Any, threading.Event] = {}  # by key of the report that is being made
        self.changed = threading.Condition()
        self.closed = False
        self.asked = time.monotonic()

    def setup(self, worker: Worker) -> None:
        """Called by dask: watch for a run that nobody goes on with."""
        threading.Thread(target=self._watch, args=[worker], daemon=True).start()

    def make(self, key: Any, planned: Planned) -> Record | None:
        """Make a report; None if it was stopped."""
        stop = threading.Event()
        with self.changed:
            if self.closed:
                return None
            self.stops[key] = stop
        try:
            return one_report(self.workers, self.storage, planned, self.order.fields, stop)
        finally:
            with self.changed:
                del self.stops[key]
                self.asked = time.monotonic()
                self.changed.notify_all()

    def transition(self, key: Any, start: str, finish: str, **_more: Any) -> None:
        """Called by dask: stop a report that is being made and no longer wanted."""
        if start == "executing" and finish not in ("memory", "error") and key in self.stops:
            self.stops[key].set()

    async def teardown(self, worker: Worker) -> None:
        """Called by dask: stop all reports and leave nothing behind."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self.changed:
            self.closed = True
            for stop in self.stops.values():
                stop.set()
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self.stops, CLOSE_SECONDS)
        self.workers.close()
        with suppress(Exception):  # whatever a storage raises
            self.storage.remove([self.probe])
        self.storage.close()

    def _watch(self, worker: Worker) -> None:
        with self.changed:
            while not self.closed:
                left = self.asked + self.order.idle_seconds - time.monotonic()
                if left <= 0 and not self.stops:
                    break
                self.changed.wait(max(left, 1.0))
        if not self.closed:
            worker.loop.add_callback(worker.plugin_remove, self.order.run)


async def hold(order: Order, dask_worker: Worker) -> Answer:
    """In a worker: hold this run, if reports come out the same here as anywhere. Never raises."""
    held = dask_worker.plugins.get(order.run)
    if isinstance(held, Held):
        held.asked = time.monotonic()
        return Answer(note=held.workers.note)
    try:
        new = await asyncio.to_thread(_held, order)
    except DataProblem as problem:
        first = problem.problems[0]
        return Answer((first.rule, first.remedy))
    except _Misfit as misfit:
        return Answer((misfit.rule, misfit.remedy))
    except Exception as error:  # not to be raised: dask would log the order
        return Answer((f"it cannot take part: {type(error).__name__}", "See the worker's own log."))
    await dask_worker.plugin_add(plugin=new, name=order.run)
    return Answer(probe=new.probe, note=new.workers.note)


async def let_go(run: str, dask_worker: Worker) -> None:
    """In a worker: end all that runs for this run, and forget it."""
    if run in dask_worker.plugins:
        await dask_worker.plugin_remove(name=run)


def make_report(run: str, planned: Planned) -> Record | None:
    """The task of a cluster: make a report; None if it was stopped or the run is not held here."""
    worker = get_worker()
    held = worker.plugins.get(run)
    return held.make(worker.get_current_task(), planned) if isinstance(held, Held) else None


class _Misfit(Exception):
    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.rule, self.remedy = rule, remedy


def _held(order: Order) -> Held:
    storage = storage_at(order.address)
    database = located(order.database) if order.database else None
    try:
        tasks = [sample.task for sample in order.samples]
        found = [*plan(tasks, home=order.home, storage=storage, force=True, database=database)]
    except OSError:
        raise _Misfit(*_FOLDER) from None
    for sample, here in zip(order.samples, found, strict=True):
        for what, words in DIFFERS.items():
            if sample.inputs[what] != here.inputs[what]:
                raise _Misfit(*words)
    storage.check()
    probe = f".probe-{uuid.uuid4().hex[:12]}"
    storage.put({probe: b"x"})
    return Held(order, storage, probe)
