"""The survey whose answers are on show: ambient like the language, so that every exhibit names it.

``open_study`` sets it; an exhibit shows it in its caption and in the name of its CSV file.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date

from satisfaction import i18n
from satisfaction.i18n import _


@dataclass(frozen=True)
class Origin:
    """One project in one wave: ids, and what a reader is told of the survey."""

    project: str
    wave: str
    survey: str
    opened_on: date | None = None
    closed_on: date | None = None

    def caption(self) -> str:
        """``2025 annual survey, 3–20 November 2025``."""
        period = i18n.period_text(self.opened_on, self.closed_on)
        if period == i18n.MISSING:
            return _("Source: {survey}").format(survey=self.survey)
        return _("Source: {survey}, {period}").format(survey=self.survey, period=period)


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def use(origin: Origin | None) -> None:
    """Make ``origin`` the source of everything shown from here on."""
    _origin.set(origin)


def current() -> Origin | None:
    """The survey in use, None where none was opened."""
    return _origin.get()
