"""What came of a run so far, in a few numbers: whoever shows it keeps no record."""

from __future__ import annotations

import random
import time
from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from satisfaction.exhibits.words import clean
from satisfaction.reports.events import Event
from satisfaction.reports.record import Record
from satisfaction.reports.task import Task

KEPT = 250  # durations of which a median is formed; beyond these an even sample
RECENT = 50  # reports that the pace is taken from
FEWEST = 3  # reports before a pace is known
SLOWEST = 5
MOST_REASONS = 50
MOST_RETRIED = 20
LONGEST_REASON = 200


class Times:
    """Durations of one kind in constant memory: count, median, and the largest and whose it was."""

    def __init__(self) -> None:
        self.count = 0
        self.largest = 0.0
        self.worst = ""
        self._kept = array("f")
        self._chance = random.Random(0)

    def add(self, seconds: float, whose: str) -> None:
        """Count one duration of a project."""
        self.count += 1
        if seconds > self.largest or not self.worst:
            self.largest, self.worst = seconds, whose
        if len(self._kept) < KEPT:
            self._kept.append(seconds)
        elif (place := int(self._chance.random() * self.count)) < KEPT:
            self._kept[place] = seconds

    @property
    def mean(self) -> float:
        """The mean of the durations that the median is formed of."""
        return sum(self._kept) / len(self._kept) if self._kept else 0.0

    @property
    def median(self) -> float:
        """The median; 0 without any."""
        return median(self._kept) if self._kept else 0.0


@dataclass(frozen=True)
class SlowCell:
    """A cell that takes long: number in the notebook, median over projects, slowest project."""

    report: str
    cell: int
    times: Times


@dataclass
class Reasons:
    """Why reports failed: how often each, and one of them to look at."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, name: str) -> None:
        """Count one failure; beyond the first reasons, new ones are not told apart."""
        if len(reason) > LONGEST_REASON:
            reason = reason[:LONGEST_REASON] + " …"
        if reason in self.counts or len(self.counts) < MOST_REASONS:
            self.counts[reason] = self.counts.get(reason, 0) + 1
            self.first.setdefault(reason, name)

    def commonest(self, most: int) -> list[tuple[str, int, str]]:
        """Reason, how often, and the first report with it."""
        ranked = sorted(self.counts.items(), key=lambda each: -each[1])
        return [(reason, count, self.first[reason]) for reason, count in ranked[:most]]


class RunSummary:
    """Counts the events of a run; the same for a terminal, a log or a widget.

    ``running`` holds what is being made and since when; ``reports`` the durations per report id.
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self.made = self.failed = self.skipped = self.retried = 0
        self.running: dict[str, float] = {}
        self.reports: dict[str, Times] = {}
        self.reasons = Reasons()
        self.attempts: dict[str, int] = {}
        self.clock = clock
        self.begun = clock()
        self._cells: dict[tuple[str, int], Times] = defaultdict(Times)
        self._ends: deque[float] = deque(maxlen=RECENT + 1)

    @property
    def done(self) -> int:
        """Reports that need no more work: made, failed or skipped."""
        return self.made + self.failed + self.skipped

    @property
    def seconds(self) -> float:
        """Since the summary was begun."""
        return self.clock() - self.begun

    @property
    def left(self) -> float | None:
        """Seconds until the run is done; None while nobody can tell."""
        return seconds_left(self._ends, self.total - self.done, self.clock())

    def add(self, event: Event) -> None:
        """Count one event."""
        name = task_name(event.task)
        if event.kind == "started":
            now = self.clock()
            self.running.setdefault(name, now)
            if not self._ends:
                self._ends.append(now)
            return
        self.running.pop(name, None)
        if event.kind == "skipped":
            self.skipped += 1
            return
        self._ends.append(self.clock())
        if event.kind == "failed":
            self.failed += 1
            self.reasons.add(failure(event), name)
        else:
            self.made += 1
        if event.record is not None:
            self._measure(event.record, name)

    def slowest_cells(self, most: int = SLOWEST) -> list[SlowCell]:
        """The cells with the largest medians over the projects, slowest first."""
        best: list[tuple[float, SlowCell]] = []
        cells = sorted(self._cells.items(), key=lambda each: -each[1].mean)
        for (report, cell), times in cells:
            # half of the durations reach the median, so it is at most twice the mean
            if len(best) == most and 2 * times.mean < best[-1][0]:
                break
            best.append((times.median, SlowCell(report, cell, times)))
            best = sorted(best, key=lambda each: -each[0])[:most]
        return [slow for _median, slow in best]

    def _measure(self, record: Record, name: str) -> None:
        if record.attempts > 1:
            self.retried += 1
            if len(self.attempts) < MOST_RETRIED:
                self.attempts[name] = record.attempts
        if not record.ok:
            return  # a report that broke off says nothing about how long it takes
        taken = self.reports.setdefault(record.report, Times())
        taken.add(sum(record.seconds.values()), record.project)
        for cell, seconds in record.cell_seconds.items():
            self._cells[record.report, int(cell)].add(seconds, record.project)


def task_name(task: Task) -> str:
    """A report of a run in one word: ``2025/cuihu/descriptive_statistics.zh``."""
    return clean(f"{task.wave}/{task.project}/{task.stem}")


def failure(event: Event) -> str:
    """Why a report failed, in one line that no terminal takes for a command."""
    return clean(event.record.error if event.record is not None else event.reason)


def seconds_left(ends: Sequence[float], remaining: int, now: float) -> float | None:
    """Seconds for ``remaining`` reports at the pace of the recent ones; None with too few of them.

    ``ends`` are the start and then the end of each report that took work: skipped ones take no
    time and are not among them. Every report to come counts as work.
    """
    reports = len(ends) - 1
    if reports < FEWEST:
        return None
    if remaining <= 0:
        return 0.0
    pace = (ends[-1] - ends[0]) / reports
    # since the last end time runs down; once a report is overdue, it lowers the pace
    overdue = (remaining - 1) * (now - ends[0]) / (reports + 1)
    return max(remaining * pace - (now - ends[-1]), overdue)
