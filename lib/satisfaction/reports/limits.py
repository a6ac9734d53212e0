"""How much one report may take: time, memory, output."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GIB = 1 << 30
MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What stops a report.

    seconds       from its start to its end, wall clock
    memory_bytes  that each of its processes may take; held by the system where it can (not Windows)
    output_bytes  that its cells may print or display
    file_bytes    of the largest file that it may write
    """

    seconds: float = 600.0
    memory_bytes: int = 4 * GIB
    output_bytes: int = 50 * MIB
    file_bytes: int = GIB


class OutputTooLarge(BaseException):
    """Raised inside a cell, where no ``except Exception`` can keep it from ending the report."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit / MIB:g} MiB of output")


def length_of(content: Mapping[str, Any]) -> int:
    """Characters that a kernel's message shows."""
    texts = [content.get("text"), *(content.get("data") or {}).values()]
    return sum(len(text) for text in texts if isinstance(text, str))


def hold(memory: int, files: int) -> None:
    """From now on this process can take ``memory`` bytes more; so can each that it starts.

    Beyond it an allocation fails with ``MemoryError``. What it has already does not count: a
    library of allocators may have reserved a gigabyte without using it. ``files``: the largest file
    that any of them can write.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError):  # not Linux
        pages = int(Path("/proc/self/statm").read_text().split()[5])
        memory += pages * resource.getpagesize()
    for what, limit in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, files)):
        _soft, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)  # ours may only be stricter than the system's
        resource.setrlimit(what, (limit, limit))
