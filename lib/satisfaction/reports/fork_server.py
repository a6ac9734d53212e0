"""``python -m satisfaction.reports.fork_server <descriptor> <settings>``: forks warm processes.

A small process that imports everything once, does once what every report would do at first use, and
then forks a child for each job: a report, or a kernel for Jupyter. It has one thread, never touches
a database, and lives as long as the socket to the process that started it. A job lives as long as
its own socket: closing it kills the job with all that it started. Linux only.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import random
import resource
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from satisfaction.reports.warming import warm_up

LONGEST = 1 << 18  # more than the system lets one send
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

Job = dict[str, Any]


def main(descriptor: int, settings: Job) -> None:
    """Warm up, say so, and serve until the socket closes."""
    control = socket.socket(fileno=descriptor)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    warm_up(Path(settings["home"]) if settings.get("home") else None)
    for name in settings["modules"]:
        importlib.import_module(name)
    threads = sum(1 for _thread in Path("/proc/self/task").iterdir())
    if threads != 1:
        raise RuntimeError(f"{threads} threads: forking would not be safe")
    gc.collect()
    gc.freeze()
    with suppress(OSError):  # the starter may be gone: to be noticed below
        control.send(b"ready")
    _Server(control, [Path(name) for name in settings["leave"]]).serve()


@dataclass
class _Running:
    pid: int
    connection: socket.socket


class _Server:
    """Jobs that run now, by process id."""

    def __init__(self, control: socket.socket, leave: list[Path]) -> None:
        self.control = control
        self.leave = leave
        self.jobs: dict[int, _Running] = {}
        self.selector = selectors.DefaultSelector()
        self.woken, bell = socket.socketpair()
        bell.setblocking(False)
        self.woken.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the starter's business
        signal.set_wakeup_fd(bell.fileno())
        self.bell = bell
        self.selector.register(control, selectors.EVENT_READ, self._accept)
        self.selector.register(self.woken, selectors.EVENT_READ, self._reap)
        self.open = True

    def serve(self) -> None:
        """Until the starter is gone; then end all jobs and remove what they left."""
        while self.open:
            for key, _events in self.selector.select():
                key.data()
        for job in list(self.jobs.values()):
            self._kill(job.pid)
        while self.jobs:
            with suppress(ChildProcessError, KeyError):
                self.jobs.pop(os.waitpid(-1, 0)[0])
        self._end_orphans()
        for folder in self.leave:
            shutil.rmtree(folder, ignore_errors=True)

    def _accept(self) -> None:
        message, descriptors = b"", list[int]()
        with suppress(OSError):  # what it has not read is an error here
            message, descriptors, _flags, _address = socket.recv_fds(self.control, LONGEST, 1)
        if not descriptors:
            self.open = False
            if message:  # a wish to end, not a death
                self.leave = []
            return
        connection = socket.socket(fileno=descriptors[0])
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # no more processes or memory
            _tell(connection, {"error": str(error)})
            connection.close()
            return
        if pid == 0:
            connection.close()
            self._in_child(json.loads(message), server)
        job = _Running(pid, connection)
        self.jobs[pid] = job
        _tell(connection, {"pid": pid})
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._message(job))

    def _message(self, job: _Running) -> None:
        """The client of a job asks for a signal, or is gone."""
        if self.jobs.get(job.pid) is not job:  # it has ended since we were woken
            return
        with suppress(OSError):
            asked = job.connection.recv(LONGEST)
            if asked:
                with suppress(ProcessLookupError):
                    os.killpg(job.pid, int(asked))
                return
        self.selector.unregister(job.connection)
        self._kill(job.pid)

    def _kill(self, pid: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        self.woken.recv(LONGEST)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.jobs:
                self._finished(self.jobs.pop(pid), os.waitstatus_to_exitcode(status))

    def _finished(self, job: _Running, code: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(job.pid, signal.SIGKILL)  # what it started and left behind
        self._end_orphans()
        with suppress(KeyError):
            self.selector.unregister(job.connection)
        _tell(job.connection, {"code": code})
        job.connection.close()

    def _end_orphans(self) -> None:
        """Kill what a job has put into a session of its own: the system hands it over to us."""
        while orphans := [pid for pid in _children() if pid not in self.jobs]:
            for pid in orphans:
                self._kill(pid)
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _in_child(self, job: Job, server: int) -> None:
        """Become the job; never returns."""
        code = 1
        try:
            os.setsid()
            _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != server:  # it was killed before that
                return
            _prctl(PR_SET_CHILD_SUBREAPER, 1)  # the server gets its orphans only when it has ended
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            if job["kind"] == "kernel":
                signal.signal(signal.SIGINT, signal.default_int_handler)
            for held in (self.control, self.woken, self.bell):
                held.close()
            for other in self.jobs.values():
                other.connection.close()
            self.selector.close()
            _redirect(job["said"])
            os.environ.update(job["environment"])
            os.chdir(job["folder"])
            tempfile.tempdir = None
            random.seed()
            numpy = sys.modules.get("numpy")
            if numpy is not None:
                numpy.random.seed()
            code = _TARGETS[job["kind"]](job)
        except BaseException:
            traceback.print_exc()
        finally:
            with suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)


def _report(job: Job) -> int:
    from satisfaction.reports.single import make_report

    return make_report(Path(job["job"]))


def _kernel(job: Job) -> int:
    from ipykernel import kernelapp
    from ipykernel.zmqshell import ZMQInteractiveShell

    os.environ.clear()
    os.environ.update(job["environment"])
    program = Path(kernelapp.__file__).parents[1] / "ipykernel_launcher.py"
    sys.argv = [str(program), *job["arguments"]]
    ZMQInteractiveShell.clear_instance()  # the one that warming up has used
    atexit._clear()
    try:
        parent = f"--IPKernelApp.parent_handle={os.getppid()}"
        kernelapp.IPKernelApp.launch_instance([*job["arguments"], parent])
    finally:
        atexit._run_exitfuncs()
    return 0


_TARGETS: dict[str, Callable[[Job], int]] = {"report": _report, "kernel": _kernel}


def _children() -> list[int]:
    """Process ids of our children."""
    me = os.getpid()
    text = Path(f"/proc/{me}/task/{me}/children").read_text()
    return [int(pid) for pid in text.split()]


def _tell(client: socket.socket, answer: Job) -> None:
    with suppress(OSError):  # it is gone
        client.send(json.dumps(answer).encode())


def _redirect(said: str | None) -> None:
    """Standard input from nothing; messages into the file ``said``, if one is given."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if said is not None:
        messages = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(messages, 1)
        os.dup2(messages, 2)
        os.close(messages)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.flags.safe_path:
        del sys.path[0]  # the starter's folder, put there by ``python -m``
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
