"""What happens to the tasks of a run, told one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from satisfaction.reports.record import Record
from satisfaction.reports.task import Task


@dataclass(frozen=True)
class Event:
    """Something that happened to a task: the same for a terminal, a log or a widget."""

    kind: Literal["started", "finished", "failed", "skipped"]
    task: Task
    record: Record | None = None
    reason: str = ""
