"""CPU seconds and memory of a process with all that it starts, on Linux.

A process that is to be measured runs under ``python benchmarks/ways.py``: whatever loses its parent
there is handed to it (`adopt_orphans`) and waited for, so that no kernel's CPU time gets lost. The
memory is sampled from outside.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.2
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


@dataclass(frozen=True)
class Measured:
    """What a measured process told, and the largest memory of it and all its descendants."""

    said: list[dict[str, Any]]
    peak_megabytes: float


def measure(arguments: Sequence[str], environment: dict[str, str]) -> Measured:
    """Run Python with ``arguments``; what it prints is one JSON object a line."""
    with (
        tempfile.TemporaryFile("w+") as told,
        tempfile.TemporaryFile("w+", errors="replace") as messages,
    ):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=told,
            stderr=messages,
            env={**os.environ, **ONE_THREAD, **environment},
        )
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, megabytes(process.pid))
            time.sleep(SAMPLE_SECONDS)
        told.seek(0)
        messages.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(arguments)[:200]}:\n{messages.read()[-3000:]}")
        said = told.read()
    return Measured([json.loads(line) for line in said.splitlines()], peak)


def megabytes(pid: int) -> float:
    """Memory of a process and its descendants; pages that they share are counted once."""
    total = 0
    for process in family(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def largest_megabytes() -> float:
    """The largest memory of this process alone so far."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024


def family(pid: int) -> list[psutil.Process]:
    """A process and its descendants, as far as they still live."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for_all() -> None:
    """Wait until no child is left."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


class Clock:
    """CPU seconds of this process and all descendants, living and gone, without its own."""

    def __init__(self) -> None:
        self.spent = 0.0

    def now(self) -> float:
        """User and system seconds so far; of living descendants in steps of 0.01 s."""
        begun = time.thread_time()
        total = sum(
            used.ru_utime + used.ru_stime
            for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )
        for process in family(os.getpid())[1:]:
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        self.spent += time.thread_time() - begun
        return total - self.spent
