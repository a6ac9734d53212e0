"""How a run is told: on a terminal, in a log, in a notebook; and what it costs in memory."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from satisfaction.explore import ReportRunner, RunPanel
from satisfaction.problems import DataProblem, Problem
from satisfaction.reports import notebooks, rules
from satisfaction.reports.batch import Batch
from satisfaction.reports.events import Event
from satisfaction.reports.notebooks import Report
from satisfaction.reports.progress import RunProgress, display, duration
from satisfaction.reports.record import Record
from satisfaction.reports.summary import KEPT, RunSummary, Times, seconds_left
from satisfaction.reports.task import Task

EXPLORE = Path(__file__).parent.parent / "notebooks" / "explore.ipynb"
HOSTILE = "[bold red]KeyError[/] \x1b[2J\x07\x9b1m in\n[/nothing] <script>alert(1)</script> \u202e"


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def task(project: str = "cuihu", report: str = "voice") -> Task:
    return Task(project, "2025", Report(report, Path("x.ipynb"), {}, 1), "zh", 7)


def started(project: str) -> Event:
    return Event("started", task(project))


def skipped(project: str) -> Event:
    return Event("skipped", task(project), reason="unchanged")


def ended(project: str, report: str = "voice", error: str = "", **more: Any) -> Event:
    state = "failed" if error else "ok"
    record = Record("run", report, project, "2025", "zh", state, "", "", error=error, **more)
    return Event("failed" if error else "finished", task(project, report), record)


def told(summary: RunSummary, events: Sequence[Event]) -> RunSummary:
    for event in events:
        summary.add(event)
    return summary


def shown(total: int, events: Sequence[Event], cpu: float | None = None, **console: Any) -> str:
    text = io.StringIO()
    with RunProgress(total, Console(file=text, **{"width": 200, **console})) as progress:
        for event in events:
            progress(event)
        progress.cpu_seconds = cpu
    return text.getvalue()


def test_events_are_counted() -> None:
    events = [skipped("a"), started("b"), started("c"), started("d"), ended("b")]
    summary = told(RunSummary(9), [*events, ended("c", error="no")])
    assert (summary.made, summary.failed, summary.skipped, summary.done) == (1, 1, 1, 3)
    assert list(summary.running) == ["2025/d/voice.zh"]


def test_durations_are_kept_per_report() -> None:
    spent = {"a": 1.0, "b": 3.0, "c": 2.0}
    made = [ended(name, seconds={"execute": s - 0.5, "convert": 0.5}) for name, s in spent.items()]
    broken = ended("d", error="no", seconds={"execute": 600.0})
    times = told(RunSummary(4), [*made, broken]).reports["voice"]
    assert (times.count, times.median, times.largest, times.worst) == (3, 2.0, 3.0, "b")


def test_the_slowest_cells_are_those_slow_in_most_projects() -> None:
    summary = RunSummary(6)
    for project, once in (("a", 0.1), ("b", 9.0), ("c", 0.1)):
        slow = 2.0 if project != "c" else 4.0
        told(summary, [ended(project, cell_seconds={"3": once, "5": slow, "7": 0.5})])
        told(summary, [ended(project, "drivers", cell_seconds={"5": 1.0})])
    found = [(each.report, each.cell, each.times.median) for each in summary.slowest_cells(3)]
    assert found == [("voice", 5, 2.0), ("drivers", 5, 1.0), ("voice", 7, 0.5)]
    assert summary.slowest_cells(1)[0].times.worst == "c"
    everything = [each.times.median for each in summary.slowest_cells(99)]
    assert everything == pytest.approx([2.0, 1.0, 0.5, 0.1])  # the mean of the last is the largest


def test_reasons_are_grouped_and_retries_named() -> None:
    failures = [ended(name, error="died") for name in ("a", "b", "c")]
    summary = told(RunSummary(9), [ended("d", error="slow"), *failures, ended("e", attempts=3)])
    assert summary.reasons.commonest(2) == [
        ("died", 3, "2025/a/voice.zh"),
        ("slow", 1, "2025/d/voice.zh"),
    ]
    assert summary.retried == 1
    assert summary.attempts == {"2025/e/voice.zh": 3}


def test_memory_is_bounded() -> None:
    times = Times()
    for number in range(20 * KEPT):
        times.add(float(number), "p")
    assert len(times._kept) == KEPT
    # an even sample of 0 … 4,999: its median has a standard error of 160
    assert times.median == pytest.approx(10 * KEPT, abs=900)
    assert times.largest == 20 * KEPT - 1
    summary = RunSummary(10**6)
    for number in range(1000):
        summary.add(ended(f"p{number}", error=f"reason {number}", attempts=2))
    assert len(summary.reasons.counts) == len(summary.reasons.first) == 50
    assert len(summary.attempts) == 20
    assert not summary.running


def test_the_time_left_follows_from_the_pace() -> None:
    assert seconds_left([0.0, 2.0, 4.0], 10, 4.0) is None  # two reports are too few
    ends = [0.0, 2.0, 4.0, 6.0]
    assert seconds_left(ends, 10, 6.0) == 20.0
    assert seconds_left(ends, 10, 7.0) == 19.0  # runs down while nothing ends
    assert seconds_left(ends, 10, 8.0) == 18.0
    assert seconds_left(ends, 10, 24.0) == 9 * 24 / 4  # one hangs: the pace is worse
    assert seconds_left(ends, 0, 9.0) == 0.0


def test_the_time_left_is_not_taken_in_by_skipped_reports() -> None:
    clock = Clock()
    summary = told(RunSummary(120, clock), [skipped(f"s{number}") for number in range(100)])
    assert summary.left is None
    for number in range(10):
        summary.add(started(f"p{number}"))
        clock.now += 3
        summary.add(ended(f"p{number}"))
    assert summary.left == 30.0


def test_the_time_left_follows_recent_reports() -> None:
    clock = Clock()
    summary = RunSummary(300, clock)
    for number in range(200):
        clock.now += 10 if number < 100 else 1
        summary.add(ended(f"p{number}"))
    assert summary.left == pytest.approx(100)


def test_a_log_has_plain_lines() -> None:
    events = [skipped(f"s{number}") for number in range(2001)]
    events += [started("a"), ended("a", seconds={"execute": 0.75}, cell_seconds={"4": 0.5})]
    events += [ended("b", error="The report\ntook too long.")]
    lines = shown(2004, events, cpu=3.0).splitlines()
    assert lines[:4] == [
        "[1000/2004] 1,000 skipped",
        "[2000/2004] 2,000 skipped",
        "[2002/2004] 2025/a/voice.zh (0.8 s)",
        "[2003/2004] failed 2025/b/voice.zh: The report took too long.",
    ]
    assert lines[4] == (
        "1 made, 1 failed, 2,001 skipped, 1 not reached in 0:00 (CPU 3.00 s, 1.50 s a report)"
    )
    assert lines[5] == "failed: The report took too long. (2025/b/voice.zh)"
    assert [line.split() for line in lines[6:]] == [
        ["seconds", "a", "report", "reports", "median", "largest", "in", "project"],
        ["voice", "1", "0.75", "s", "0.75", "s", "a"],
        ["slowest", "cells", "cell", "median", "largest", "in", "project"],
        ["voice", "4", "0.50", "s", "0.50", "s", "a"],
    ]


def test_a_run_that_did_nothing_says_nothing() -> None:
    assert shown(3, []) == ""
    assert shown(3, [started("a")]) == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_errors_are_neither_markup_nor_commands(terminal: bool) -> None:
    said = shown(1, [ended("a", error=HOSTILE)], force_terminal=terminal, color_system=None)
    assert "[bold red]KeyError[/] [2J1m in [/nothing] <script>alert(1)</script>" in said
    assert not set(said) & set("\x07\x9b\u202e")
    assert "\x1b[2J" not in said
    assert terminal or said.replace("\n", "").isprintable()


def test_a_terminal_shows_the_state_of_the_run() -> None:
    clock = Clock()
    summary = RunSummary(8, clock)
    told(summary, [skipped("s"), started("a"), started("b"), started("c"), started("d")])
    clock.now += 61
    ends = [ended(name, seconds={"execute": 1.5}) for name in ("a", "b")]
    told(summary, [*ends, ended("c", error="no")])
    first, *lines = display(summary).plain.splitlines()
    assert first == "━" * 15 + "─" * 15 + "  4/8  1:01, about 1:21 left"
    assert lines == [
        "2 made, 1 failed, 1 skipped, 1 running",
        "  2025/d/voice.zh  1:01",
        "  voice: median 1.50 s of 2",
    ]
    assert display(summary, plain=True).plain.isascii()


def test_a_terminal_is_left_as_it_was() -> None:
    said = shown(1, [started("a"), ended("a")], force_terminal=True, color_system=None)
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h") == 1  # the cursor is back
    assert "1 made, 0 failed" in said.rpartition("\x1b[2K")[2]


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0:00"), (59.6, "1:00"), (3725, "1:02:05")])
def test_durations_read_like_a_clock(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def panel_text(panel: RunPanel) -> str:
    return "".join(part.value for part in (panel.counts, panel.running, panel.failed, panel.times))


def test_a_panel_shows_the_same_events() -> None:
    clock = Clock()
    panel = RunPanel(4, "en", clock)
    assert "0 of 4" in panel.counts.value
    events = [skipped("s"), started("a"), ended("a", cell_seconds={"4": 0.5}), started("b")]
    for event in [*events, ended("b", error=HOSTILE)]:
        clock.now += 1
        panel(event)
    assert panel.bar.value == 3
    assert panel.bar.bar_style == "danger"
    assert "3 of 4: 1 made, 1 failed, 1 skipped, 0 running" in panel.counts.value
    assert "2025/b/voice.zh" in panel.failed.value
    assert "&lt;script&gt;alert(1)" in panel.failed.value
    assert "<script" not in panel_text(panel)
    assert "0.50 s" in panel.times.value


def test_a_panel_is_drawn_seldom_but_at_the_end() -> None:
    clock = Clock()
    panel = RunPanel(50, "en", clock)
    drawn = []
    panel.counts.observe(lambda change: drawn.append(change["new"]), "value")
    for number in range(49):
        clock.now += 0.125
        panel(ended(f"p{number}"))
    assert len(drawn) == 6  # 49 events in six seconds
    panel(ended("last"))
    assert "50 of 50" in drawn[-1]


def test_a_panel_keeps_the_last_failures_only() -> None:
    panel = RunPanel(30, "en")
    for number in range(30):
        panel(ended(f"p{number}", error="no"))
    assert "the last 20 of 30" in panel.failed.value
    assert "2025/p29/" in panel.failed.value
    assert "2025/p9/" not in panel.failed.value


class FakeRun:
    """Instead of ``run_reports``: makes one report after the other until it is asked to stop."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.under_way = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, tasks: Any, *, on_event: Any, stop: Any, out: Path, **_more: Any) -> Batch:
        on_event(ended(tasks[0].project))
        self.under_way.set()
        assert self.go_on.wait(20)
        if self.error is not None:
            raise self.error
        if not stop.is_set():
            on_event(ended(tasks[1].project))
        return Batch(interrupted=stop.is_set(), index=str(out / "index.html"), note="A <note>.")


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[ReportRunner]:
    fake = FakeRun()
    made = ReportRunner([task("a"), task("b")], home=tmp_path, out=tmp_path / "reports", lang="en",
                        run=fake)  # fmt: skip
    made.fake = fake
    yield made
    fake.go_on.set()
    assert made.wait(20)


def test_nothing_runs_before_start_is_pressed(runner: ReportRunner) -> None:
    assert not runner.fake.under_way.is_set()
    assert "0 of 2" in runner.panel.counts.value
    assert (runner.start_button.disabled, runner.stop_button.disabled) == (False, True)


def test_a_run_goes_on_beside_the_notebook(runner: ReportRunner) -> None:
    runner.start_button.click()
    assert runner.fake.under_way.wait(20)
    assert (runner.start_button.disabled, runner.stop_button.disabled) == (True, False)
    first = runner.panel
    runner.start()  # a second click changes nothing
    assert runner.panel is first
    runner.fake.go_on.set()
    assert runner.wait(20)
    assert "2 of 2: 2 made" in runner.panel.counts.value
    assert runner.said.value == "Done. Open reports/index.html A &lt;note&gt;."
    assert (runner.start_button.disabled, runner.stop_button.disabled) == (False, True)


def test_stop_ends_a_run(runner: ReportRunner) -> None:
    runner.start()
    assert runner.fake.under_way.wait(20)
    runner.stop_button.click()
    runner.fake.go_on.set()
    assert runner.wait(20)
    assert runner.said.value.startswith("Stopped.")
    assert "1 of 2" in runner.panel.counts.value


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            DataProblem(Problem("out", "cannot be <b>written</b>", "Free space.")),
            "&lt;b&gt;written",
        ),
        (OSError("/home/someone/secret/file broke"), "OSError: file broke"),
    ],
)
def test_a_run_that_breaks_off_says_why(runner: ReportRunner, error: Exception, words: str) -> None:
    runner.fake.error = error
    runner.fake.go_on.set()
    runner.start()
    assert runner.wait(20)
    assert words in runner.said.value
    assert not runner.start_button.disabled


def test_the_notebook_to_explore_is_clean_and_no_report() -> None:
    (problem,) = rules.notebook_problems(EXPLORE)
    assert "order" in problem
    assert "explore" not in [report.id for report in notebooks.reports_in(EXPLORE.parent)]
