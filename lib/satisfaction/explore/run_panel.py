"""How a run is going, as a panel in a notebook: it takes the same events as the terminal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from html import escape

import ipywidgets as widgets
import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import html_table
from satisfaction.i18n import _
from satisfaction.reports.events import Event
from satisfaction.reports.progress import duration, in_seconds
from satisfaction.reports.summary import RunSummary, failure, task_name

REFRESH_SECONDS = 1.0
MOST_RUNNING = 4
MOST_FAILURES = 20
STYLE = """<style>
.run-panel p { margin: 0; line-height: 1.6; }
.run-panel table { border-collapse: collapse; line-height: 1.6; }
.run-panel th, .run-panel td { padding: 0 1.2em 0 0; text-align: left; vertical-align: top; }
.run-panel tbody th { font-weight: normal; }
.run-panel .num { text-align: right; }
</style>"""


class RunPanel(widgets.VBox):
    """Shows the events of a run: ``on_event=RunPanel(len(tasks))``; display it to see it.

    Events may come from any one thread. ``refresh`` shows what the last few events changed.
    """

    def __init__(
        self, total: int, lang: str = "zh", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.summary = RunSummary(total, clock)
        self.lang = lang
        self.failures: deque[tuple[str, str]] = deque(maxlen=MOST_FAILURES)
        self.bar = widgets.IntProgress(max=max(1, total), layout=widgets.Layout(width="100%"))
        self.counts = widgets.HTML()
        self.running = widgets.HTML()
        self.failed = widgets.HTML()
        self.times = widgets.HTML()
        self._shown_at = float("-inf")
        style = widgets.HTML(STYLE, layout=widgets.Layout(display="none"))
        super().__init__([style, self.bar, self.counts, self.running, self.failed, self.times])
        self.add_class("run-panel")
        self.refresh()

    def __call__(self, event: Event) -> None:
        """Take one event; the panel is drawn anew at most once a second, and after the last."""
        summary = self.summary
        summary.add(event)
        if event.kind == "failed":
            self.failures.append((task_name(event.task), failure(event)))
        late = summary.clock() - self._shown_at >= REFRESH_SECONDS
        if late or summary.done >= summary.total:
            self.refresh()

    def refresh(self) -> None:
        """Draw the panel anew."""
        summary = self.summary
        self._shown_at = summary.clock()
        with i18n.speaking(self.lang):
            self.bar.value = summary.done
            self.bar.bar_style = "danger" if summary.failed else ""
            self.counts.value = _paragraphs([_counts(summary), _clock(summary)])
            self.running.value = _paragraphs(list(summary.running)[:MOST_RUNNING])
            self.failed.value = self._failure_table()
            self.times.value = _report_table(summary) + _cell_table(summary)

    def _failure_table(self) -> str:
        title = _("Reports that failed")
        hidden = self.summary.failed - len(self.failures)
        if hidden > 0:
            title = _("Reports that failed, the last {shown} of {failed}").format(
                shown=len(self.failures), failed=i18n.number(self.summary.failed)
            )
        return _table(title, [_("Report"), _("Reason")], list(reversed(self.failures)))


def _counts(summary: RunSummary) -> str:
    return _(
        "{done} of {total}: {made} made, {failed} failed, {skipped} skipped, {running} running"
    ).format(
        done=i18n.number(summary.done),
        total=i18n.number(summary.total),
        made=i18n.number(summary.made),
        failed=i18n.number(summary.failed),
        skipped=i18n.number(summary.skipped),
        running=i18n.number(len(summary.running)),
    )


def _clock(summary: RunSummary) -> str:
    if not summary.done and not summary.running:
        return ""
    left = summary.left
    if not left:  # not known, or nothing is left
        return _("{spent} so far").format(spent=duration(summary.seconds))
    return _("{spent} so far, about {left} left").format(
        spent=duration(summary.seconds), left=duration(left)
    )


def _report_table(summary: RunSummary) -> str:
    return _table(
        _("Time a report takes"),
        [_("Report"), _("Made"), _("Median"), _("Largest"), _("in project")],
        [
            (report, i18n.number(times.count), in_seconds(times.median),
             in_seconds(times.largest), times.worst)
            for report, times in summary.reports.items()
        ],
    )  # fmt: skip


def _cell_table(summary: RunSummary) -> str:
    return _table(
        _("Slowest cells"),
        [_("Report"), _("Cell"), _("Median"), _("Largest"), _("in project")],
        [
            (slow.report, str(slow.cell), in_seconds(slow.times.median),
             in_seconds(slow.times.largest), slow.times.worst)
            for slow in summary.slowest_cells()
        ],
    )  # fmt: skip


def _table(title: str, head: list[str], rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of text under a title; nothing without rows."""
    if not rows:
        return ""
    figures = range(1, len(head) - 1)
    body = html_table(pd.DataFrame(rows, columns=head), figures=figures)
    return f"<p><b>{escape(title)}</b></p>{body}"


def _paragraphs(lines: Sequence[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines if line)
