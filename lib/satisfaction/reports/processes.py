"""Worker processes that end with all they started, whatever happens.

Every process of a report carries the report's token in its environment; kernels live in sessions of
their own, so a process group would not reach them, and a parent's death would hide them from a
search among descendants.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

TOKEN = "SATISFACTION_TASK"
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1"
    for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS")
} | {"VECLIB_MAXIMUM_THREADS": "1"}


def start(module: str, argument: Path, token: str, environment: Mapping[str, str],
          said: Path) -> subprocess.Popen[bytes]:  # fmt: skip
    """Start ``python -m module argument`` in a session of its own; ``said`` gets its messages.

    Its standard input is a pipe that nobody writes to: when this process dies, it closes.
    """
    with said.open("wb") as messages:
        return subprocess.Popen(
            [sys.executable, "-m", module, str(argument)],
            stdin=subprocess.PIPE,
            stdout=messages,
            stderr=messages,
            env={**os.environ, **ONE_THREAD, **environment, TOKEN: token},
            start_new_session=os.name == "posix",
        )


def end(worker: subprocess.Popen[bytes], token: str) -> None:
    """Kill the worker, if it still runs, and everything that carries its token."""
    kin = []
    if worker.poll() is None:
        with suppress(psutil.Error):
            kin = psutil.Process(worker.pid).children(recursive=True)
        worker.kill()
    for process in kin:
        with suppress(psutil.Error):
            process.kill()
    if worker.stdin is not None:
        worker.stdin.close()
    worker.wait()
    end_marked(token)


def end_marked(token: str) -> None:
    """Kill every other process that carries ``token``, until there is none."""
    for _round in range(20):  # a process may be starting another one while we look
        marked = [process for process in psutil.process_iter() if _carries(process, token)]
        if not marked:
            return
        for process in marked:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(marked, timeout=0.5)


def when_parent_dies(act: Callable[[], None]) -> Callable[[], None]:
    """In a worker: run ``act`` and vanish as soon as the process that started us is gone.

    Call what this returns as the last thing: it lets an ``act`` that is under way come to its end.
    """
    alone = threading.Event()

    def watch() -> None:
        sys.stdin.buffer.read()
        alone.set()
        act()
        os._exit(1)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    return lambda: watcher.join() if alone.is_set() else None


def _carries(process: psutil.Process, token: str) -> bool:
    try:
        return (
            process.pid != os.getpid()
            and process.status() != psutil.STATUS_ZOMBIE
            and process.environ().get(TOKEN) == token
        )
    except (psutil.Error, OSError):  # gone meanwhile, or somebody else's
        return False
