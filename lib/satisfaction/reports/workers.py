"""Making reports on this machine, each in a process that exists for it alone.

Warm: a child of our fork server. Stock: a fresh interpreter that starts a stock kernel. Whichever
it is, it gets a folder of its own, leaves record and files there, and is ended with all it started.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from satisfaction.reports import failures, fork_client, pdf, processes
from satisfaction.reports.limits import Limits
from satisfaction.reports.record import Record, failed, record_from_json
from satisfaction.reports.task import Task

ATTEMPTS = 2  # a report whose process vanished is tried once more
ENGINES = ("warm", "stock")
_LOOK_SECONDS = 0.2
_SAID_BYTES = 1 << 16

Files = dict[str, bytes]


class _Process(Protocol):
    @property
    def code(self) -> int | None: ...
    def wait(self, seconds: float) -> bool: ...
    def end(self) -> None: ...


@dataclass(frozen=True)
class _Outcome:
    """What came of one attempt; ``lost``: the process vanished, so that a second one may help."""

    record: Record | None
    files: Files
    lost: bool = False


class Workers:
    """Makes reports, from several threads at a time; to be closed, which ends all it started.

    engine       in use: "warm" where possible and not asked otherwise, else "stock"
    leave        folders of the run that have to go even if this process is killed
    environment  of all processes, beside that of this one
    """

    def __init__(self, home: Path, *, engine: str | None = None, limits: Limits | None = None,
                 leave: Sequence[Path] = (),
                 environment: Mapping[str, str] | None = None) -> None:  # fmt: skip
        self.home = home
        self.environment = dict(environment or {})
        self.limits = limits or Limits()
        self.root = Path(tempfile.mkdtemp(prefix="satisfaction-"))
        self.leave = [self.root, *leave]
        self.engine = engine or ("warm" if fork_client.is_available() else "stock")
        self.note = ""  # why the engine asked for could not be used
        self.token = uuid.uuid4().hex
        self._server: fork_client.ForkServer | None = None
        self._starting = threading.Lock()
        if self.engine == "warm" and not fork_client.is_available():
            self.engine = "stock"
            self.note = "stock kernels were used: this system cannot fork safely"
        if self.engine == "warm":
            self._start_server()

    def make(
        self, task: Task, fields: Mapping[str, Any], stop: threading.Event
    ) -> tuple[Record | None, Files]:
        """Record and files of a report; no record if ``stop`` was set meanwhile. Never raises."""
        begun = now()
        outcome = _Outcome(None, {})
        for attempt in range(1, ATTEMPTS + 1):
            known = {**fields, "engine": self.engine, "attempts": attempt}
            try:
                outcome = self._attempt(task, known, stop, begun)
            except Exception as error:  # e.g. no more processes or disk space: the others go on
                words = failures.in_words(type(error).__name__, str(error))
                outcome = _Outcome(_failed(task, words, known, begun), {})
            if not outcome.lost or stop.is_set():
                break
        return outcome.record, outcome.files

    def printed(self, page: bytes, browser: str, stop: threading.Event) -> bytes:
        """A page as PDF; ``NotPrinted`` says why there is none."""
        # the mark lets the fork server end the browser if this process is killed
        marked = {processes.TOKEN: self.token}
        return pdf.printed(page, browser, within=self.root, stop=stop, environment=marked)

    def close(self) -> None:
        """End all that runs and remove all folders."""
        with self._starting:
            if self._server is not None:
                self._end_server(self._server)
                self._server = None
        shutil.rmtree(self.root, ignore_errors=True)

    def _attempt(
        self, task: Task, known: Mapping[str, Any], stop: threading.Event, begun: str
    ) -> _Outcome:
        private = Path(tempfile.mkdtemp(prefix="report-", dir=self.root))
        job = private / "job.json"
        plain = {"task": task.as_json(), "limits": asdict(self.limits), "fields": dict(known),
                 "leave": [str(path) for path in (private, *self.leave[1:])]}  # fmt: skip
        job.write_text(json.dumps(plain), encoding="utf-8")
        server = self._server
        try:
            try:
                process = self._start(job, server, stop)
                try:
                    ended = self._wait(process, stop)
                finally:
                    process.end()
            except fork_client.ForkServerLost:
                if stop.is_set():
                    return _Outcome(None, {})
                self._replace(server)
                return _Outcome(_failed(task, failures.kernel_died(), known, begun), {}, lost=True)
            return self._outcome(task, private, process.code if ended else None, known, stop, begun)
        finally:
            shutil.rmtree(private, ignore_errors=True)

    def _outcome(self, task: Task, private: Path, code: int | None, known: Mapping[str, Any],
                 stop: threading.Event, begun: str) -> _Outcome:  # fmt: skip
        result = private / "record.json"
        if result.is_file():
            record = record_from_json(result.read_text(encoding="utf-8"))
            made = ("html", "ipynb") if record.ok else ()
            files = {f".{kind}": (private / f"report.{kind}").read_bytes() for kind in made}
            return _Outcome(record, files)
        if stop.is_set():
            return _Outcome(None, {})
        if code is None:
            return _Outcome(_failed(task, failures.too_slow(self.limits.seconds), known, begun), {})
        words = _end_of(private / "said")
        lost = code < 0 or code == failures.KERNEL_DIED
        return _Outcome(_failed(task, failures.ended_early(code, words), known, begun), {}, lost)

    def _start(self, job: Path, server: fork_client.ForkServer | None,
               stop: threading.Event) -> _Process:  # fmt: skip
        private = job.parent
        if server is not None:
            return server.start({
                "kind": "report", "job": str(job), "folder": str(private),
                "said": str(private / "said"), "environment": self._environment(private),
            }, stop)  # fmt: skip
        return _Interpreter(job, self._environment(private))

    def _start_server(self) -> None:
        """Start a fork server; where that fails, stock kernels do."""
        try:
            self._server = fork_client.ForkServer(
                self.home, self.leave, {**self._environment(None), processes.TOKEN: self.token},
                self.root / "fork-server",
            )  # fmt: skip
        except fork_client.ForkServerLost as error:
            self._do_without(error)

    def _replace(self, lost: fork_client.ForkServer | None) -> None:
        """Start another fork server, unless another thread has or the old one serves the rest."""
        with self._starting:
            if lost is None or lost is not self._server or lost.serves():
                return
            self._end_server(lost)
            self._start_server()
            try:
                if self._server is not None:
                    self._server.wait_until_ready()
            except fork_client.ForkServerLost as error:
                self._end_server(self._server)
                self._do_without(error)

    def _do_without(self, error: Exception) -> None:
        self._server, self.engine = None, "stock"
        self.note = f"stock kernels were used: {error}"

    def _end_server(self, server: fork_client.ForkServer) -> None:
        server.close()
        if server.process.returncode != 0:  # it could not end what its children started
            processes.end_marked(self.token)

    def _wait(self, process: _Process, stop: threading.Event) -> bool:
        """Whether the process ended by itself, within its time and before we were stopped."""
        deadline = time.monotonic() + self.limits.seconds
        while time.monotonic() < deadline and not stop.is_set():
            if process.wait(min(_LOOK_SECONDS, max(deadline - time.monotonic(), 0.001))):
                return True
        return False

    def _environment(self, private: Path | None) -> dict[str, str]:
        """A process's settings: its own folders, and no chance in the order of sets."""
        fixed = {
            "SATISFACTION_HOME": str(self.home),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
        }
        if private is None:
            private = self.root
        own = {"JUPYTER_RUNTIME_DIR": str(private), "IPYTHONDIR": str(private / "ipython"),
               "TMPDIR": str(private)}  # fmt: skip
        return {**fixed, **own, **self.environment}


class _Interpreter:
    """A fresh interpreter that makes one report with a stock kernel."""

    def __init__(self, job: Path, environment: Mapping[str, str]) -> None:
        self.token = uuid.uuid4().hex
        self.process = processes.start(
            "satisfaction.reports.single", job, self.token, environment, job.parent / "said"
        )

    @property
    def code(self) -> int | None:
        """Exit code once it has ended."""
        return self.process.returncode

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within this time."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=seconds)
            return True
        return False

    def end(self) -> None:
        """Kill it, if it still runs, with all that it started."""
        processes.end(self.process, self.token)


def now() -> str:
    """The time for a record."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _end_of(said: Path) -> str:
    """The end of what a process said: it may be much."""
    if not said.is_file():
        return ""
    with said.open("rb") as file:
        file.seek(max(0, said.stat().st_size - _SAID_BYTES))
        return file.read(_SAID_BYTES).decode("utf-8", errors="replace")


def _failed(task: Task, error: str, known: Mapping[str, Any], begun: str) -> Record:
    return failed(task, error, started_at=begun, finished_at=now(), **known)
