"""Who makes the reports of a run: here, threads that each wait for a process of this machine."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Self

from satisfaction import i18n
from satisfaction.reports import failures
from satisfaction.reports.events import Event
from satisfaction.reports.inputs import Planned
from satisfaction.reports.limits import Limits
from satisfaction.reports.pdf import KIND, NO_PDF, NotPrinted
from satisfaction.reports.record import Record, failed, files_of, publish, withdraw
from satisfaction.reports.storage import Folder, Storage
from satisfaction.reports.task import Task
from satisfaction.reports.workers import Files, Workers, now


class Pool(Protocol):
    """Makes reports and tells what happens to them; a context that leaves nothing running.

    note    what the reader of the run should know, e.g. that warm processes are not available
    """

    @property
    def note(self) -> str:
        """See above."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_ended: object) -> None: ...

    def run(
        self, due: Sequence[Planned], fields: Mapping[str, Any], stop: threading.Event
    ) -> Iterator[Event]:
        """Events of all reports, until the last one is made or ``stop`` is set."""


class LocalPool:
    """As many reports at a time as there are threads, each made by a process of its own.

    ``browser``: the program that prints each as PDF; none if no PDF is wanted.
    """

    def __init__(self, home: Path, storage: Storage, threads: int, *, engine: str | None = None,
                 limits: Limits | None = None, browser: str = "") -> None:  # fmt: skip
        self.storage = storage
        self.threads = threads
        self.browser = browser
        leave = [storage.incoming] if isinstance(storage, Folder) else []
        self.workers = Workers(home, engine=engine, limits=limits, leave=leave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ended: object) -> None:
        self.workers.close()

    @property
    def note(self) -> str:
        """Why it is slower than it could be."""
        return self.workers.note

    def run(
        self, due: Sequence[Planned], fields: Mapping[str, Any], stop: threading.Event
    ) -> Iterator[Event]:
        """Events of all reports, until the last one is made or ``stop`` is set."""
        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        waiting: queue.SimpleQueue[Planned] = queue.SimpleQueue()
        for planned in due:
            waiting.put(planned)

        def work() -> None:
            try:
                while not stop.is_set():
                    planned = waiting.get_nowait()
                    events.put(Event("started", planned.task, reason=planned.reason))
                    record = one_report(
                        self.workers, self.storage, planned, fields, stop, self.browser
                    )
                    if record is not None:
                        events.put(ended(planned.task, record))
            except queue.Empty:
                pass
            finally:
                events.put(None)

        threads = [threading.Thread(target=work, name=f"report-{n}") for n in range(self.threads)]
        for thread in threads:
            thread.start()
        try:
            working = len(threads)
            while working:
                try:
                    event = events.get(timeout=0.2)  # a signal is handled in between
                except queue.Empty:
                    continue
                if event is None:
                    working -= 1
                else:
                    yield event
        except BaseException:
            stop.set()  # the one who listens failed: nobody is left to tell
            raise
        finally:
            for thread in threads:
                thread.join()


def ended(task: Task, record: Record) -> Event:
    """The event of a report that came to its end."""
    return Event("finished" if record.ok else "failed", task, record)


def one_report(workers: Workers, storage: Storage, planned: Planned, fields: Mapping[str, Any],
               stop: threading.Event, browser: str = "") -> Record | None:  # fmt: skip
    """Make one report and put it in its place; its record as it now stands there.

    None if it was stopped. Never raises: what cannot be written is a failed report, and one that
    cannot be printed says so in its warnings.
    """
    i18n.use(planned.task.lang)  # of this thread only: in which language its failures are told
    known = {**fields, "inputs": dict(planned.inputs)}
    record = planned.made
    files: Files = {}
    if record is None:
        record, files = workers.make(planned.task, known, stop)
    if record is None:
        return None
    try:
        if planned.made is not None:
            files = files_of(storage, record)
        if browser and record.ok:
            record, files = _with_pdf(workers, record, files, browser, stop)
        return publish(storage, record, files)
    except Exception as error:  # a full disk, or whatever a storage raises
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    text = failures.not_written(reason)
    known |= {"engine": record.engine, "attempts": record.attempts}
    record = failed(planned.task, text, started_at=record.started_at, finished_at=now(), **known)
    tell_failed(storage, record)
    return record


def _with_pdf(
    workers: Workers, record: Record, files: Files, browser: str, stop: threading.Event
) -> tuple[Record, Files]:
    said = tuple(words for words in record.warnings if not words.startswith(NO_PDF))
    files = {kind: content for kind, content in files.items() if kind != KIND}
    try:
        files[KIND] = workers.printed(files[".html"], browser, stop)
    except NotPrinted as error:
        said = (*said, f"{NO_PDF}{error}")
    return replace(record, warnings=said), files


def tell_failed(storage: Storage, record: Record) -> None:
    """Publish a report that failed; where not even that can be written, nothing old stays there."""
    for attempt in (lambda: publish(storage, record, {}), lambda: withdraw(storage, record)):
        try:
            attempt()
            break
        except Exception:
            continue  # the caller has the record in hand; the run ends with an exit code of 1
