"""The outcomes for a terminal: a table and one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.table import Table

from satisfaction.certification.libraries import library_versions
from satisfaction.certification.runner import Outcome

STYLES = {"holds": "green", "fails": "bold red", "cannot run": "bold red"}


def summary(outcomes: Sequence[Outcome]) -> str:
    """``46 of 48 reference results hold (Python 3.13.1, numpy 2.4.6, ...)``."""
    held = sum(outcome.holds for outcome in outcomes)
    versions = ", ".join(f"{name} {number}" for name, number in library_versions().items())
    return f"{held} of {len(outcomes)} reference results hold ({versions})"


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """One row per reference result, with the R call that made it."""
    table = Table(highlight=False)
    table.add_column("result", no_wrap=True)
    table.add_column("R call", overflow="fold")
    table.add_column("deviation", justify="right", no_wrap=True)
    table.add_column("tolerance", justify="right", no_wrap=True)
    table.add_column("state", overflow="fold")
    for outcome in outcomes:
        ran = outcome.state != "cannot run"
        where = {"holds": "", "fails": f" at {outcome.value}", "cannot run": f": {outcome.error}"}
        table.add_row(
            outcome.id,
            _plain(outcome.call),
            _scientific(outcome.deviation) if ran else "",
            _scientific(outcome.tolerance) if ran else "",
            f"[{STYLES[outcome.state]}]{outcome.state}[/]{_plain(where[outcome.state])}",
        )
    return table


def _scientific(value: float) -> str:
    return "not comparable" if math.isinf(value) else f"{value:.1e}" if value else "0"


def _plain(text: str) -> str:
    """Square brackets of R are no markup."""
    return text.replace("[", r"\[")
