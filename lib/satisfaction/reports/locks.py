"""Locks of folders, which end with the process that holds them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder; ``OSError`` if somebody else has it and we do not wait."""
    held = lock(folder, wait=wait)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def lock(folder: Path, *, wait: bool = True) -> int | None:
    """Take the lock of a folder; it ends when the descriptor closes, or with the process."""
    try:
        import fcntl
    except ImportError:  # Windows has none; what a killed run left is then not cleared away
        if not wait:
            raise OSError("cannot tell whether it is in use") from None
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
