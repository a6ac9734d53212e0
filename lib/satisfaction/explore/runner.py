"""Running reports from a notebook: a start and a stop button over the panel of the run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from satisfaction import i18n
from satisfaction.config.home import find_home
from satisfaction.explore.run_panel import RunPanel
from satisfaction.i18n import _
from satisfaction.planning import plan_tasks
from satisfaction.problems import DataProblem
from satisfaction.reports import failures
from satisfaction.reports.batch import Batch, run_reports
from satisfaction.reports.task import Task


def report_runner(
    home: Path | None = None,
    *,
    wave: str | None = None,
    projects: Sequence[str] = (),
    reports: Sequence[str] = (),
    languages: Sequence[str] = (),
    lang: str = "zh",
    out: Path | str | None = None,
    workers: int | None = None,
) -> ReportRunner:
    """Plan reports and show the panel that makes them, as ``python -m satisfaction run`` does.

    ``home`` and ``out`` default to this workbook and its ``reports`` folder, ``languages`` of the
    reports to ``lang``, the language of the panel. Nothing runs before the start button is pressed.
    """
    home = home or find_home()
    tasks = plan_tasks(
        home, wave=wave, projects=projects, reports=reports, languages=tuple(languages) or (lang,)
    )
    return ReportRunner(tasks, home=home, out=out or home / "reports", lang=lang, workers=workers)


class ReportRunner(widgets.VBox):
    """Buttons over a ``RunPanel``; the run goes on in a thread while the notebook is used."""

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        home: Path,
        out: Path | str,
        lang: str = "zh",
        run: Callable[..., Batch] = run_reports,
        **options: Any,
    ) -> None:
        self.tasks = tasks
        self.home = home
        self.out = out
        self.lang = lang
        self.panel = RunPanel(len(tasks), lang)
        self._run = run
        self._options = options
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        with i18n.speaking(lang):
            self.start_button = widgets.Button(description=_("Start"), button_style="primary")
            self.stop_button = widgets.Button(description=_("Stop"), disabled=True)
        self.start_button.on_click(lambda _button: self.start())
        self.stop_button.on_click(lambda _button: self.stop())
        self.said = widgets.HTML()
        self.buttons = widgets.HBox([self.start_button, self.stop_button, self.said])
        super().__init__([self.buttons, self.panel])

    def start(self) -> None:
        """Begin the run, unless one is under way."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stop.clear()
        self.start_button.disabled, self.stop_button.disabled = True, False
        self.said.value = ""
        self.panel = RunPanel(len(self.tasks), self.lang)
        self.children = (self.buttons, self.panel)
        self._thread = threading.Thread(target=self._work, name="reports", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the run to stop; what is being made then is given up."""
        self._stop.set()
        self.stop_button.disabled = True
        with i18n.speaking(self.lang):
            self.said.value = escape(_("Stopping …"))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the run to end; whether it did."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def _work(self) -> None:
        with i18n.speaking(self.lang):  # a new thread speaks the default language
            try:
                batch = self._run(
                    self.tasks, home=self.home, out=self.out, on_event=self.panel,
                    stop=self._stop, **self._options,
                )  # fmt: skip
                words = _("Stopped.") if batch.interrupted else _("Done.")
                if batch.index:
                    words += " " + _("Open {index}").format(index=self._shown(batch.index))
                else:
                    words += " " + _("The index page could not be written.")
                words += f" {batch.note}" if batch.note else ""
            except DataProblem as problem:
                words = str(problem)
            except Exception as error:  # whoever sits at the notebook has only the panel to see it
                words = failures.in_words(type(error).__name__, str(error))
            self.panel.refresh()
            self.said.value = escape(words)
        self.start_button.disabled, self.stop_button.disabled = False, True

    def _shown(self, index: str) -> str:
        place = Path(index)
        inside = place.is_relative_to(self.home)
        return place.relative_to(self.home).as_posix() if inside else index
