"""The data checks under the bottom line: warnings in the open, the rest on demand."""

from __future__ import annotations

from html import escape

import pandas as pd

from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.words import clean
from satisfaction.i18n import _

SIGNS = {"ok": "✓", "warning": "!"}


def checks_note(checks: pd.DataFrame) -> Exhibit:
    """Rows ``state, detail``: every warning as a sentence, passed checks below them."""
    warnings = int((checks["state"] == "warning").sum())
    passed = len(checks) - warnings
    ordered = checks.sort_values("state", ascending=False, kind="stable")
    items = "".join(
        f'<li class="check {escape(state)}"><span aria-hidden="true">{SIGNS[state]}</span> '
        f"{escape(clean(detail))}</li>"
        for state, detail in zip(ordered["state"], ordered["detail"], strict=True)
    )
    title = (
        _("Data checks: {passed} passed, {warnings} to note").format(
            passed=passed, warnings=warnings
        )
        if warnings
        else _("Data checks: all {passed} passed").format(passed=passed)
    )
    tone = "warning" if warnings else "info"
    return Exhibit(f"note checks {tone}", title, f'<ul class="checks">{items}</ul>', alt=title)
