"""The reports of a run on an existing cluster of dask.distributed: one task a report.

dask gives the tasks to its workers, one a thread, and to another one if a worker is lost. Here we
see to it that only workers take part that would make the same reports as this machine, and that no
more tasks are under way than the cluster can make at a time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from satisfaction.data.location import VARIABLE, located
from satisfaction.i18n import speaking
from satisfaction.problems import DataProblem, Problem
from satisfaction.reports import failures
from satisfaction.reports.events import Event
from satisfaction.reports.inputs import Planned
from satisfaction.reports.limits import Limits
from satisfaction.reports.pools import ended, tell_failed
from satisfaction.reports.record import Record, failed
from satisfaction.reports.storage import Storage
from satisfaction.reports.workers import now

CONNECT_SECONDS = 10.0
GONE_SECONDS = 300.0  # without any worker, in the middle of a run
IDLE_SECONDS = 60.0
TRIES = 3  # of a report that its worker did not make, for reasons that dask does not know
LOGGERS = ("distributed", "distributed.client")
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class _Flight:
    """A report that the cluster has; ``by``: the workers that may make it."""

    planned: Planned
    tries: int
    by: frozenset[str]
    future: Any


class ClusterPool:
    """The workers of a cluster; ``DataProblem`` on entering if there is no such cluster."""

    def __init__(self, scheduler: str, home: Path, storage: Storage, *, engine: str | None = None,
                 limits: Limits | None = None) -> None:  # fmt: skip
        self.scheduler = scheduler
        self.home = home
        self.storage = storage
        self.engine = engine
        self.limits = limits
        self.note = ""
        self.client: Any = None
        self._levels: dict[str, int] = {}  # of dask's messages, as they were

    def __enter__(self) -> Self:
        try:
            from distributed import Client
        except ImportError as error:
            rule, remedy = "this needs dask.distributed", "pip install 'satisfaction[cluster]'"
            raise DataProblem(Problem("--scheduler", rule, f"Install it: {remedy}.")) from error
        for name in LOGGERS:  # what is lost is told by us, in words
            self._levels[name] = logging.getLogger(name).level
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            with ThreadPoolExecutor(1) as thread:  # a notebook's own thread has a loop already
                thread.submit(asyncio.run, _reach(self.scheduler)).result()
            self.client = Client(
                self.scheduler, timeout=CONNECT_SECONDS, set_as_default=False, name="satisfaction"
            )
        except Exception as error:  # OSError, TimeoutError, ValueError, TypeError, ssl's own
            self.__exit__()
            rule = "no scheduler of dask.distributed answers at this address"
            remedy = "Start it, or correct the address: tcp://host:8786, or tls:// with dask's TLS."
            raise DataProblem(Problem("--scheduler", rule, remedy)) from error
        return self

    def __exit__(self, *_ended: object) -> None:
        if self.client is not None:
            self.client.close(timeout=CONNECT_SECONDS)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def run(
        self, due: Sequence[Planned], fields: Mapping[str, Any], stop: threading.Event
    ) -> Iterator[Event]:
        """Events of all reports, until the last one is made or ``stop`` is set."""
        from satisfaction.reports.cluster_roster import Roster

        waiting = deque((planned, 1) for planned in due)
        flying: dict[str, _Flight] = {}
        with Roster(self.client, self._order(due, fields), self.storage) as roster:
            roster.wait(stop)
            landed: queue.SimpleQueue[str] = queue.SimpleQueue()
            number = 0
            try:
                while (waiting or flying) and not stop.is_set():
                    self._check(roster)
                    self.note = roster.note
                    while waiting and len(flying) < sum(roster.fit.values()):
                        planned, tries = waiting.popleft()
                        number += 1
                        key = f"report-{roster.run}-{number}"
                        flying[key] = self._start(key, planned, tries, roster, landed)
                        if tries == 1:
                            yield Event("started", planned.task, reason=planned.reason)
                    for key in [*_landed(landed, flying, roster)]:
                        flight = flying.pop(key)
                        record = self._outcome(flight, fields)
                        if record is None and not stop.is_set():
                            roster.ask_again()
                            waiting.appendleft((flight.planned, flight.tries + 1))
                        elif record is not None:
                            yield ended(flight.planned.task, record)
            finally:
                if flying and self.client.status == "running":
                    self.client.cancel([flight.future for flight in flying.values()])

    def _order(self, due: Sequence[Planned], fields: Mapping[str, Any]) -> Any:
        from satisfaction.reports.cluster_worker import Order

        given = os.environ.get(VARIABLE, "")
        database = located(given, VARIABLE) if given else ""
        samples = {planned.task.report.path: planned for planned in reversed(due)}
        return Order(
            home=self.home,
            fields=dict(fields),
            samples=[*samples.values()],
            address=self.storage.address,
            database=str(database.resolve()) if isinstance(database, Path) else given,
            engine=self.engine,
            limits=self.limits,
            idle_seconds=IDLE_SECONDS,
        )

    def _start(self, key: str, planned: Planned, tries: int, roster: Any,
               landed: queue.SimpleQueue[str]) -> _Flight:  # fmt: skip
        from satisfaction.reports.cluster_worker import make_report

        by = frozenset(roster.fit)
        future = self.client.submit(
            make_report, roster.run, planned, key=key, pure=False, workers=sorted(by)
        )
        future.add_done_callback(lambda done: landed.put(done.key))
        return _Flight(planned, tries, by, future)

    def _check(self, roster: Any) -> None:
        """Raise if the run cannot go on."""
        if self.client.status != "running":
            rule = "the connection to the scheduler was lost"
            remedy = "Start it again, then run the same command: it goes on where it was."
            raise DataProblem(Problem("--scheduler", rule, remedy))
        if time.monotonic() - roster.last_fit > GONE_SECONDS:
            rule = f"the cluster has had no worker for {GONE_SECONDS:g} seconds"
            remedy = "Start workers, then run the same command: it goes on where it was."
            raise DataProblem(Problem("--scheduler", rule, remedy))

    def _outcome(self, flight: _Flight, fields: Mapping[str, Any]) -> Record | None:
        """The record of a report that has landed; None if it is to be tried once more."""
        error = None
        if flight.future.status == "finished":
            with suppress(Exception):  # its worker is lost since
                record: Record | None = flight.future.result(timeout=CONNECT_SECONDS)
                if record is not None:
                    return record
        elif flight.future.status == "error":
            error = flight.future.exception(timeout=CONNECT_SECONDS)
        if error is None and flight.tries < TRIES:
            return None
        task = flight.planned.task
        with speaking(task.lang):
            text = failures.worker_lost()
            if error is not None and type(error).__name__ != "KilledWorker":
                text = failures.in_words(type(error).__name__, str(error))
        known = {**fields, "inputs": dict(flight.planned.inputs), "attempts": flight.tries}
        record = failed(task, text, started_at=now(), finished_at=now(), **known)
        tell_failed(self.storage, record)
        return record


async def _reach(scheduler: str) -> None:
    """Raise unless the scheduler answers: a client that could not connect cannot be closed."""
    from distributed import Security
    from distributed.comm import connect

    arguments = Security().get_connection_args("client")
    comm = await connect(scheduler, timeout=CONNECT_SECONDS, **arguments)
    await comm.close()


def _landed(landed: queue.SimpleQueue[str], flying: Mapping[str, _Flight],
            roster: Any) -> Iterator[str]:  # fmt: skip
    """Keys of reports that the cluster is done with; waits a little for the first one."""
    for flight in flying.values():
        if not flight.by & roster.threads.keys() and flight.future.status == "pending":
            flight.future.cancel()  # none of those that may make it is left: it lands as cancelled
    with suppress(queue.Empty):
        yield landed.get(timeout=_LOOK_SECONDS)
        while True:
            yield landed.get_nowait()
