"""The other end of the fork server: start it, ask it for warm processes, end them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from satisfaction.reports import processes

START_SECONDS = 120.0
END_SECONDS = 10.0
LOOK_SECONDS = 0.2  # between two looks at whether it is to stop
LAST_SECONDS = 1.0  # between the last word of a process and its end
# one thread a process: what has threads cannot be forked
SINGLE_THREADED = {**processes.ONE_THREAD, "JE_ARROW_MALLOC_CONF": "background_thread:false"}


def is_available() -> bool:
    """Whether processes can be forked safely here, and are ended with their parent."""
    return sys.platform == "linux"


class ForkServerLost(Exception):
    """The fork server ended, or could not be started."""


class ForkServer:
    """A fork server of our own: it ends when `close` is called or this process is gone.

    home         the workbook whose settings it reads beforehand
    leave        folders that it removes if this process is gone
    environment  of the server and all its children
    said         gets their messages; else they go where ours do
    modules      imported beforehand besides what every report uses
    """

    def __init__(self, home: Path | None, leave: Sequence[Path], environment: Mapping[str, str],
                 said: Path | None = None, modules: Sequence[str] = ()) -> None:  # fmt: skip
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {"home": str(home) if home else "", "leave": [str(path) for path in leave],
                    "modules": list(modules)}  # fmt: skip
        arguments = [str(theirs.fileno()), json.dumps(settings)]
        messages = said.open("wb") if said else None
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "satisfaction.reports.fork_server", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **SINGLE_THREADED, **environment},
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise ForkServerLost(str(error)) from error
        finally:
            theirs.close()
            if messages:
                messages.close()
        self.control = ours
        self._asking = threading.Lock()
        self._ready = False

    def wait_until_ready(self, stop: threading.Event | None = None) -> None:
        """Wait for the end of its warming up; ``ForkServerLost`` if it fails or ``stop`` is set."""
        deadline = time.monotonic() + START_SECONDS
        with self._asking:
            while not self._ready and time.monotonic() < deadline:
                if stop is not None and stop.is_set():
                    break
                try:
                    self.control.settimeout(LOOK_SECONDS)
                    self._ready = self.control.recv(16) == b"ready"
                    self.control.settimeout(END_SECONDS)
                except TimeoutError:
                    continue
                except OSError:
                    pass
                break
        if not self._ready:
            raise ForkServerLost("the fork server did not start")

    def start(self, job: Mapping[str, Any], stop: threading.Event | None = None) -> Child:
        """A new process for this job (see `fork_server`); ``ForkServerLost`` if there is none."""
        self.wait_until_ready(stop)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with self._asking:
                socket.send_fds(self.control, [json.dumps(job).encode()], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise ForkServerLost("the fork server is gone") from error
        finally:
            theirs.close()
        return Child(ours)

    def serves(self) -> bool:
        """Whether it is ready and lives; one that is dying has closed its sockets before."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=LAST_SECONDS)
            return False
        return self._ready

    def close(self) -> None:
        """End it with all its children; the folders that it would leave are then ours again."""
        with suppress(OSError):
            self.control.send(b"close")
            self.control.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for it
        self.control.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=END_SECONDS)
            return
        self.process.kill()
        self.process.wait()


class Child:
    """A warm process, ours as long as the connection lasts.

    code    exit code once it has ended; negative: the signal that ended it
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.code: int | None = None
        self.pid = 0
        answer = self._answer(END_SECONDS)
        if not answer or "pid" not in answer:
            connection.close()
            raise ForkServerLost((answer or {}).get("error", "the fork server is gone"))
        self.pid = answer["pid"]

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within this time; ``ForkServerLost`` if nobody knows."""
        if self.code is None:
            answer = self._answer(seconds)
            if answer is None:
                return False
            if not answer:
                raise ForkServerLost("the fork server is gone")
            self.code = answer["code"]
        return True

    def signal(self, number: int) -> None:
        """Send a signal to the process and those that it started."""
        with suppress(OSError):
            self.connection.send(str(int(number)).encode())

    def end(self) -> None:
        """Kill it, if it still runs, with all that it started; back when they are gone."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
        with suppress(ForkServerLost):
            self.wait(END_SECONDS)
        self.connection.close()

    def _answer(self, seconds: float) -> dict[str, Any] | None:
        """The server's next message; {} if it is gone, None if it says nothing."""
        deadline = time.monotonic() + seconds
        try:
            self.connection.settimeout(max(deadline - time.monotonic(), 0.001))
            message = self.connection.recv(1 << 16)
        except TimeoutError:
            return None
        except OSError:
            return {}
        return json.loads(message) if message else {}
