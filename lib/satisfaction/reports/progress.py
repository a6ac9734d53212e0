"""How a run is going: a live display on a terminal, plain lines in a log; then what came of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from satisfaction.reports.events import Event
from satisfaction.reports.summary import RunSummary, failure, task_name

REFRESHES = 1  # a second: each costs 1-2 ms, however many reports end in between
BAR = 30
MOST_RUNNING = 4
MOST_KINDS = 6
MOST_NAMED = 5
SKIPPED_A_LINE = 1000


class RunProgress:
    """Shows the events of a run: ``with RunProgress(total) as shown``, then ``on_event=shown``.

    On leaving it says what came of the run; set ``cpu_seconds`` before, where they are known.
    """

    def __init__(self, total: int, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.summary = RunSummary(total)
        self.cpu_seconds: float | None = None
        self._lock = threading.Lock()  # the display is drawn by a thread of its own
        self._live: Live | None = None

    def __enter__(self) -> RunProgress:
        if self.console.is_terminal and not self.console.is_dumb_terminal:
            self._live = Live(
                get_renderable=self._display,
                console=self.console,
                refresh_per_second=REFRESHES,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self.summary.done:
            for line in summary_lines(self.summary, self.cpu_seconds):
                self._print(line)

    def __call__(self, event: Event) -> None:
        """Show one event."""
        with self._lock:
            self.summary.add(event)
        counted = f"[{self.summary.done}/{self.summary.total}]"
        if event.kind == "failed":
            self._print(f"{counted} failed {task_name(event.task)}: {failure(event)}", "red")
        elif self._live is not None:
            return
        elif event.kind == "skipped" and self.summary.skipped % SKIPPED_A_LINE == 0:
            self._print(f"{counted} {self.summary.skipped:,} skipped")
        elif event.kind == "finished":
            spent = sum(event.record.seconds.values()) if event.record is not None else 0
            self._print(f"{counted} {task_name(event.task)} ({spent:.1f} s)")

    def _print(self, line: str, style: str = "") -> None:
        # as Text: what a task or an error says is never markup
        self.console.print(Text(line, style=style), soft_wrap=self._live is None)

    def _display(self) -> Text:
        with self._lock:
            return display(self.summary, plain=self.console.options.ascii_only)


def display(summary: RunSummary, *, plain: bool = False) -> Text:
    """The run at this moment: bar and time, counts, what runs, the time that each report takes."""
    share = summary.done / summary.total if summary.total else 1.0
    filled = int(BAR * share)
    full, empty = ("#", "-") if plain else ("━", "─")
    left = summary.left
    shown = Text(no_wrap=True, overflow="ellipsis")
    shown.append(full * filled, style="green")
    shown.append(empty * (BAR - filled), style="dim")
    shown.append(f"  {summary.done:,}/{summary.total:,}  {duration(summary.seconds)}")
    shown.append(f", about {duration(left)} left" if left else "")
    shown.append(f"\n{summary.made:,} made, ")
    shown.append(f"{summary.failed:,} failed", style="bold red" if summary.failed else "")
    shown.append(f", {summary.skipped:,} skipped, {len(summary.running):,} running")
    now = summary.clock()
    for name, since in list(summary.running.items())[:MOST_RUNNING]:
        shown.append(f"\n  {name}  {duration(now - since)}", style="cyan")
    for report, times in list(summary.reports.items())[:MOST_KINDS]:
        line = f"\n  {report}: median {in_seconds(times.median)} of {times.count:,}"
        shown.append(line, style="dim")
    return shown


def summary_lines(summary: RunSummary, cpu_seconds: float | None = None) -> list[str]:
    """What came of a run, as lines for a terminal or a log."""
    counts = f"{summary.made:,} made, {summary.failed:,} failed, {summary.skipped:,} skipped"
    missing = summary.total - summary.done
    if missing > 0:
        counts += f", {missing:,} not reached"
    took = f"in {duration(summary.seconds)}"
    if cpu_seconds is not None:
        worked = max(1, summary.made + summary.failed)
        took += f" (CPU {in_seconds(cpu_seconds)}, {in_seconds(cpu_seconds / worked)} a report)"
    return [
        f"{counts} {took}",
        *_reasons(summary),
        *_retried(summary),
        *_table(
            ["seconds a report", "reports", "median", "largest", "in project"],
            [
                [report, f"{times.count:,}", in_seconds(times.median), in_seconds(times.largest),
                 times.worst]
                for report, times in summary.reports.items()
            ],
        ),
        *_table(
            ["slowest cells", "cell", "median", "largest", "in project"],
            [
                [slow.report, str(slow.cell), in_seconds(slow.times.median),
                 in_seconds(slow.times.largest), slow.times.worst]
                for slow in summary.slowest_cells()
            ],
        ),
    ]  # fmt: skip


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: ``1:02:03``, ``0:07``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def in_seconds(seconds: float) -> str:
    """Seconds of one report or cell: two decimals below ten."""
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.1f} s"


def _reasons(summary: RunSummary) -> Iterator[str]:
    ranked = summary.reasons.commonest(MOST_NAMED)
    for reason, count, first in ranked:
        where = first if count == 1 else f"{first} and {count - 1:,} more"
        yield f"failed: {reason} ({where})"
    unnamed = summary.failed - sum(count for _reason, count, _first in ranked)
    if unnamed > 0:
        yield f"failed: {unnamed:,} more for other reasons"


def _retried(summary: RunSummary) -> Iterator[str]:
    if summary.retried:
        named = [f"{name} ({count} attempts)" for name, count in summary.attempts.items()]
        more = summary.retried - MOST_NAMED
        shown = ", ".join(named[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        yield f"tried again: {shown}"


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Columns of words on the left and of figures on the right; nothing without rows."""
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for first, *figures, last in [head, *rows]:
        middle = (figure.rjust(width) for figure, width in zip(figures, widths[1:-1], strict=True))
        yield "  ".join([first.ljust(widths[0]), *middle, last])
