"""How a run is going: a bar with counts and time left on a terminal, plain lines in a log."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from satisfaction.reports.batch import Event


class RunProgress:
    """Shows the events of a run: ``with RunProgress(total) as shown``, then ``on_event=shown``."""

    def __init__(self, total: int, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.total = total
        self.done = 0
        self.failed = 0
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> RunProgress:
        if self.console.is_terminal:
            self._bar = Progress(
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[failed]} failed"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("{task.description}", markup=False),
                console=self.console,
            )
            self._task = self._bar.add_task("", total=self.total, failed=0)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        task = event.task
        name = f"{task.wave}/{task.project}/{task.stem}"
        if event.kind == "started":
            if self._bar is not None:
                self._bar.update(self._task, description=name)
            return
        self.done += 1
        self.failed += event.kind == "failed"
        counted = f"[{self.done}/{self.total}]"
        if event.kind == "failed" and event.record is not None:
            words = " ".join(event.record.error.split())
            self.console.print(Text(f"{counted} failed {name}: {words}", style="red"))
        elif self._bar is None:
            spent = sum(event.record.seconds.values()) if event.record is not None else 0
            self.console.print(Text(f"{counted} {name} ({spent:.1f} s)"), soft_wrap=True)
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, failed=self.failed)
