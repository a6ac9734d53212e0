"""Which workers of a cluster take part in a run: those that would make the same reports."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

from satisfaction.problems import DataProblem, Problem
from satisfaction.reports.cluster_worker import CLOSE_SECONDS, Answer, Order, hold, let_go
from satisfaction.reports.storage import Storage

WORKER_SECONDS = 30.0  # for a first worker to appear
HOLD_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_NOT_SHARED = ("what it writes does not arrive in the output folder", "Share the output folder: it "
               "must have the same path on all machines; or give --out a URL of a shared "
               "storage.")  # fmt: skip
_SILENT = ("it does not answer", "Restart it.")
_NOT_INSTALLED = ("it has no satisfaction package, or another version", "Install the same version "
                  "on all machines, then restart the workers.")  # fmt: skip


class Roster:
    """Workers come and go: asks each new one whether it can hold the run, until the context ends.

    threads   of all workers that there are, by address
    fit       of those that take part
    last_fit  when there was one, by the monotonic clock
    """

    def __init__(self, client: Any, order: Order, storage: Storage) -> None:
        self.client = client
        self.order = order
        self.storage = storage
        self.run = order.run
        self.threads: dict[str, int] = {}
        self.fit: dict[str, int] = {}
        self.last_fit = time.monotonic()
        self._answers: dict[str, Answer] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._watching: Any = None

    def __enter__(self) -> Self:
        loop = self.client.loop.asyncio_loop
        self._watching = asyncio.run_coroutine_threadsafe(self._watch(), loop)
        return self

    def __exit__(self, *_ended: object) -> None:
        self._watching.cancel()
        with suppress(Exception):  # the scheduler is gone: the workers then end it by themselves
            self.client.sync(self._dismiss, callback_timeout=CLOSE_SECONDS)

    def wait(self, stop: threading.Event) -> None:
        """Until all workers of the cluster have answered; ``DataProblem`` if one does not fit."""
        deadline = time.monotonic() + WORKER_SECONDS
        while not stop.wait(0.05):
            threads, answers = self.threads, dict(self._answers)
            if threads and threads.keys() <= answers.keys():
                problems = [*self._problems()]
                if problems:
                    raise DataProblem(problems)
                if self.fit:
                    return
            elif not threads and time.monotonic() > deadline:
                rule = f"the cluster had no worker for {WORKER_SECONDS:g} seconds"
                remedy = "Start workers: dask worker <address of the scheduler>."
                raise DataProblem(Problem("--scheduler", rule, remedy))

    def ask_again(self) -> None:
        """No worker takes part until it has said once more that it holds the run."""
        self.client.sync(self._forget)

    @property
    def note(self) -> str:
        """Which workers do not take part, or are slower than they could be."""
        said = [str(problem) for problem in self._problems()]
        slower = {answer.note for answer in self._answers.values() if answer.note}
        return " ".join([*said, *sorted(slower)])

    def _problems(self) -> Iterator[Problem]:
        for address, answer in sorted(self._answers.items()):
            if answer.problem and address in self.threads:
                yield Problem(f"worker {address.partition('://')[2]}", *answer.problem)

    async def _watch(self) -> None:
        while True:
            with suppress(OSError, asyncio.TimeoutError):  # told by the client's status
                self.threads = dict(await self.client.nthreads())
            for address in self.threads:
                if address not in self._answers and address not in self._asked:
                    self._asked[address] = asyncio.create_task(self._ask(address))
            self._take_stock()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _ask(self, address: str) -> None:
        try:
            asked = self.client.run(hold, self.order, workers=[address], on_error="return")
            answer = (await asyncio.wait_for(asked, HOLD_SECONDS))[address]
            if isinstance(answer, Exception):
                raise answer
            if answer.probe and not await asyncio.to_thread(self._arrived, answer.probe):
                await self.client.run(let_go, self.run, workers=[address], on_error="ignore")
                answer = Answer(_NOT_SHARED)
            self._answers[address] = answer
        except TimeoutError:
            self._answers[address] = Answer(_SILENT)
        except (OSError, KeyError):
            pass  # it has left; if not, it is asked again at the next look
        except Exception:  # in whatever dress dask passes it on: the worker cannot load `hold`
            self._answers[address] = Answer(_NOT_INSTALLED)
        finally:
            del self._asked[address]
            self._take_stock()

    def _take_stock(self) -> None:
        answers = self._answers
        self.fit = {
            address: threads
            for address, threads in self.threads.items()
            if address in answers and not answers[address].problem
        }
        if self.fit:
            self.last_fit = time.monotonic()

    def _arrived(self, probe: str) -> bool:
        try:
            if self.storage.read(probe) is None:
                return False
            self.storage.remove([probe])
        except Exception:  # whatever a storage raises
            return False
        return True

    async def _forget(self) -> None:
        self._answers = {each: said for each, said in self._answers.items() if said.problem}
        self._take_stock()

    async def _dismiss(self) -> None:
        for task in self._asked.values():
            task.cancel()
        workers = sorted(self.threads.keys() & self._answers.keys())
        if workers:
            await self.client.run(let_go, self.run, workers=workers, on_error="ignore")
